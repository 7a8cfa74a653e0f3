"""The tables of the pay page: plans side by side, findings in words, and an account of every credit."""

from __future__ import annotations

import pandas as pd

from salesops_helpers.comp.assigned import AS_ASSIGNED
from salesops_helpers.comp.lines import USED
from salesops_helpers.comp.scenario import Scenario
from salesops_helpers.comp.sentences import MINOR
from salesops_helpers.words import money

KINDS = {"jump": "a jump", "nothing more": "more sales pay nothing more", "lower rate": "the rate falls above target"}
WARNINGS = {"jump": "a jump of more than 10 % of target", "lower rate": "a marginal rate that falls above target"}
MANY = 3


def labels(s: Scenario) -> dict[str, str]:
    """Headings, with units, for every column of the page's tables."""
    names, money = [plan.plan for plan in s.plans] + ["", ""], f"({s.currency})"
    span = s.plans[0].period.measure if s.plans else "span"
    return {
        "pay_now": f"as assigned {money}",
        "cost_now": "as assigned ÷ bookings",
        "pay_a": f"{names[0]} {money}",
        "pay_b": f"{names[1]} {money}",
        "cost_a": f"{names[0]} ÷ bookings",
        "cost_b": f"{names[1]} ÷ bookings",
        "more": f"last plan less the one before {money}",
        "difference": f"difference {money}",
        "change": "difference ÷ pay",
        "sales": f"bookings {money}",
        "bookings": f"bookings {money}",
        "pay": f"pay {money}",
        "pay_alone": f"pay a {span}, team at 100 % {money}",
        "share_alone": "÷ target",
        "pay_together": f"pay a {span}, team alike {money}",
        "share_together": "÷ target ",
        "span": f"{span} to",
        "moves": "what moves",
        "what": "what happens",
        "start": "from",
        "end": "to",
        "own_weight": "own weight",
        "accelerator": "rate above 100 % (×)",
        "quota_factor": "quotas (×)",
        "cost_of_sales": "pay ÷ bookings",
    }


def cost_columns(s: Scenario, by: str) -> dict[str, str]:
    """Columns of `abreast` and how they are shown."""
    second = {"pay_b": "cents", "cost_b": "fine_percent", "more": "cents"} if len(s.plans) > 1 else {}
    now = {"pay_now": "cents", "cost_now": "fine_percent"} if len(s.paid_by(None)) else {}
    first = {"pay_a": "cents", "cost_a": "fine_percent"}
    return {by: "text", "reps": "count", "sales": "money", **now, **first, **second}


def abreast(s: Scenario, by: str) -> pd.DataFrame:
    """Cost by unit with the plans in columns: `by`, reps, sales, pay_a, pay_b, more, cost_a, cost_b, and a line for
    all; pay_now and cost_now are those of the plans as assigned, where they are computed."""
    total = s.cost.assign(**{by: "all"})
    long = s.cost_by(by)
    long[by] = long[by].dt.strftime("%Y-%m") if by == "span" else long[by]
    both = pd.concat([long, total], ignore_index=True)
    names = [plan.plan for plan in s.plans]
    wide = (
        both[both["plan"] == names[0]][[by, "reps", "sales", "pay", "cost_of_sales"]]
        .rename(columns={"pay": "pay_a", "cost_of_sales": "cost_a"})
        .reset_index(drop=True)
    )
    if len(s.paid_by(None)):
        now = pd.concat([s.paid_by(by), s.paid_by(None)], ignore_index=True)
        wide = wide.assign(pay_now=now["pay"], cost_now=now["cost_of_sales"])
    if len(names) > 1:
        other = both[both["plan"] == names[1]].reset_index(drop=True)
        wide = wide.assign(pay_b=other["pay"], cost_b=other["cost_of_sales"], more=other["more"])
    return wide


def findings_in_words(s: Scenario) -> pd.DataFrame:
    """Jumps, dead zones, falling rates and plans of many parts: plan, moves, what, start, end (share), pay, warning."""
    found = s.findings
    columns = ["plan", "moves", "what", "start", "end", "pay", "warning"]
    if len(found):
        found["what"] = found["kind"].map(KINDS)
        found["warning"] = found["kind"].map(WARNINGS).where(found["warn"], "")
        found["moves"] = found["moves"].map({"own": "own result", "unit": "team's result"})
    many = [
        {
            "plan": p.plan,
            "moves": "",
            "what": f"{len(p.components)} components",
            "warning": f"more than {MANY} components",
        }
        for p in s.plans
        if len(p.components) > MANY
    ]
    parts = [part for part in (found, pd.DataFrame(many)) if len(part)]
    return pd.concat(parts, ignore_index=True).reindex(columns=columns) if parts else pd.DataFrame(columns=columns)


def accounts(s: Scenario) -> pd.DataFrame:
    """All credited bookings of the months: those in the plans' cost, those set aside by reason, and their sum.

    Returns
    -------
    DataFrame
        reason, reps, deals (count), bookings (currency).
    """
    total = {
        "reason": "all",
        "reps": len(s.credit),
        "deals": s.credit["deals"].sum(),
        "bookings": s.credit["bookings"].sum(),
    }
    if s.comparison is None:
        return pd.DataFrame([{**total, "reason": "nothing is computed"}])
    used = s.comparison.used
    total["reps"] = len({*used["rep_id"], *s.comparison.set_aside["rep_id"]})
    sold = s.comparison.spans
    overlay = used["bookings"].sum() - sold.loc[sold["plan"] == s.comparison.plans[0], "sales"].sum()
    twice = f", {money(overlay, s.currency)} of overlay credit included, which bookings in the tables of cost leave " \
        "out so that each deal counts once" if overlay > MINOR else ""
    first = {
        "reason": f"{USED}: in the cost of every plan{twice}",
        "reps": used["rep_id"].nunique(),
        "deals": used["deals"].sum(),
        "bookings": used["bookings"].sum(),
    }
    return pd.concat([pd.DataFrame([first]), s.set_aside, pd.DataFrame([total])], ignore_index=True)


def published(s: Scenario) -> pd.DataFrame:
    """Pay of each rep as assigned and under each plan, for other pages: plan (`AS_ASSIGNED` first), rep_id, team,
    bookings, pay_minor, pay, difference (from the first plan)."""
    columns = ["plan", "rep_id", "team", "region", "bookings", "attainment", "pay_minor", "pay", "difference"]
    if not s.comparison:
        return pd.DataFrame(columns=columns)
    reps = s.comparison.reps
    if s.assigned is None or not s.assigned.computed:
        return reps[columns]
    paid = s.assigned.spans.groupby("rep_id")["pay_minor"].sum()
    now = reps[reps["plan"] == s.comparison.plans[0]].assign(plan=AS_ASSIGNED, difference=float("nan"))
    now["pay_minor"] = now["rep_id"].map(paid).astype("Int64")
    now["pay"] = now["pay_minor"].astype(float) / 10**s.comparison.minor_units
    return pd.concat([now, reps], ignore_index=True)[columns]
