"""Two plans, or two versions of one, in words: which rules are new, gone or changed."""

from __future__ import annotations

import pandas as pd

from salesops_helpers.comp.curves import payout_table
from salesops_helpers.comp.plans import Plan
from salesops_helpers.comp.settings import example
from salesops_helpers.comp.wording import plan_in_words
from salesops_helpers.words import money, percent

HEAD = {"version": "version", "status": "status", "approved_by": "approved by", "currency": "currency",
        "target_incentive": "target incentive"}


def plan_diff(one: Plan, two: Plan) -> pd.DataFrame:
    """What differs between two plans.

    Returns
    -------
    DataFrame
        part (component, gate, cap …), change (new, gone, changed), before, after (the rule in words; empty where there
        is none); first the head of the plan, then its rules, then pay at 50, 80, 100, 120 and 150 % of the own goal for
        the same example. No rows where nothing differs.
    """
    rows = [(said, str(getattr(one, name) or ""), str(getattr(two, name) or "")) for name, said in HEAD.items()]
    days = [f"{p.effective.first} to {p.effective.last}" for p in (one, two)]
    rounding = [f"{p.rounding.scale} decimals, {p.rounding.mode.replace('_', ' ')}" for p in (one, two)]
    rows += [("effective", *days), ("rounding", *rounding)]
    first, second = (_rules(p) for p in (one, two))
    rows += [(part, first.get(part, ""), second.get(part, "")) for part in dict.fromkeys([*first, *second])]
    rows += _pays(one, two)
    frame = pd.DataFrame(rows, columns=["part", "before", "after"])
    frame = frame[frame["before"] != frame["after"]].reset_index(drop=True)
    change = frame["before"].eq("").map({True: "new", False: "changed"}).where(frame["after"] != "", "gone")
    return frame.assign(change=change)[["part", "change", "before", "after"]]


def in_lines(diff: pd.DataFrame) -> str:
    """A difference as text, one rule a paragraph."""
    if not len(diff):
        return "Both plans say the same."
    told = []
    for part, change, before, after in zip(*(diff[c] for c in ("part", "change", "before", "after")), strict=True):
        lines = [f"{part}: {change}"]
        lines += [f"  before: {before}"] if before else []
        lines += [f"  after:  {after}"] if after else []
        told.append("\n".join(lines))
    return "\n".join(told)


def _rules(plan: Plan) -> dict[str, str]:
    """Each rule by its part; parts of the same name (gates) are numbered."""
    words = plan_in_words(plan)
    number = words.groupby("part").cumcount()
    many = words.groupby("part")["part"].transform("size") > 1
    names = words["part"].where(~many, words["part"] + " " + (number + 1).astype(str))
    weighted = ("weight " + words["weight"] + ". ").where(words["weight"] != "–", "")
    return dict(zip(names, weighted + words["rule"], strict=True))


def _pays(one: Plan, two: Plan) -> list[tuple[str, str, str]]:
    """Pay of one measured span for the same example, where both measure the same span in the same currency."""
    if one.period.measure != two.period.measure or one.currency != two.currency:
        return []
    target, quota = example(one)
    pays = [payout_table(p, target, quota)["pay_together"] for p in (one, two)]
    at = payout_table(one, target, quota)["attainment"]
    span = one.period.measure
    return [(f"pay of a {span} at {percent(a, 0)} of all goals, for a target of {money(float(target))} and a quota of "
             f"{money(float(quota))} a {span}", money(x, one.currency, 2), money(y, one.currency, 2))
            for a, x, y in zip(at, *pays, strict=True)]
