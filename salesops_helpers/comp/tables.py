"""The tables of the pay page: plans side by side, findings in words, and an account of every credit."""

from __future__ import annotations

import pandas as pd

from salesops_helpers.comp.lines import USED
from salesops_helpers.comp.scenario import Scenario

KINDS = {"jump": "a jump", "nothing more": "more sales pay nothing more", "lower rate": "the rate falls above target"}
WARNINGS = {"jump": "a jump of more than 10 % of target", "lower rate": "a marginal rate that falls above target"}
MANY = 3


def labels(s: Scenario) -> dict[str, str]:
    """Headings, with units, for every column of the page's tables."""
    names, money = [plan.plan for plan in s.plans] + ["", ""], f"({s.currency})"
    span = s.plans[0].period.measure if s.plans else "span"
    return {
        "pay_a": f"{names[0]} {money}",
        "pay_b": f"{names[1]} {money}",
        "cost_a": f"{names[0]} ÷ bookings",
        "cost_b": f"{names[1]} ÷ bookings",
        "more": f"difference {money}",
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
    return {by: "text", "reps": "count", "sales": "money", "pay_a": "cents", "cost_a": "fine_percent", **second}


def abreast(s: Scenario, by: str) -> pd.DataFrame:
    """Cost by unit with the plans in columns: `by`, reps, sales, pay_a, pay_b, more, cost_a, cost_b, and a line for
    all."""
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
    first = {
        "reason": f"{USED}: in the cost of every plan",
        "reps": used["rep_id"].nunique(),
        "deals": used["deals"].sum(),
        "bookings": used["bookings"].sum(),
    }
    return pd.concat([pd.DataFrame([first]), s.set_aside, pd.DataFrame([total])], ignore_index=True)


def published(s: Scenario) -> pd.DataFrame:
    """Pay of each rep under each plan, for other pages: plan, rep_id, team, bookings, pay_minor, pay, difference."""
    columns = ["plan", "rep_id", "team", "region", "bookings", "attainment", "pay_minor", "pay", "difference"]
    return s.comparison.reps[columns] if s.comparison else pd.DataFrame(columns=columns)
