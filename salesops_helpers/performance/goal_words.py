"""Goals in words: where bookings stand, and the table of every period."""

from __future__ import annotations

import pandas as pd

from salesops_helpers import words
from salesops_helpers.data.container import Tables
from salesops_helpers.measures import month_start, year_start
from salesops_helpers.performance.goals import monthly
from salesops_helpers.performance.shown import figure_text

MAIN = "bookings"
LONG = {"year": 12, "quarter": 3}


def goal_sentence(progress: pd.DataFrame, currency: str) -> str:
    """Where bookings stand against the goals of quarter and year."""
    rows = progress[(progress["kpi"] == MAIN) & progress["period"].isin(["quarter", "year"])].set_index("period")
    parts = []
    for period, row in rows.iloc[::-1].iterrows():
        size = figure_text(row["value"], "currency", currency)
        goal = figure_text(row["goal_so_far"], "currency", currency)
        parts.append(f"{period} so far {size}, {words.reached(row['reached'])} of {goal}")
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def measured_against(tables: Tables, currency: str, quotas: bool = False) -> str:
    """Against what attainment is measured, and what the other measure asks for: goals of bookings in the fiscal year so
    far.

    Parameters
    ----------
    quotas : bool
        Is it said where quotas are the measure? Else where the plan is. Empty where there is only one of the two.
    """
    last = month_start(tables.as_of)
    known = monthly(tables)
    first = year_start(last, tables.company.fiscal_year_start)
    plan = known[(known["kpi"] == MAIN) & known["month"].between(first, last)]
    theirs = tables.quotas[tables.quotas["month"].isin(plan["month"])]["amount"].sum()
    if plan.empty or not theirs or plan["source"].eq("quotas").all():
        return ""
    asked, summed = (words.short_money(amount, currency) for amount in (plan["goal"].sum(), theirs))
    if quotas:
        return (f"Attainment here is against the reps' quotas, {summed} in the fiscal year so far; the KPI scorecard "
                f"measures against the company's plan, {asked}.")
    return (f"Goals here are the company's plan, {asked} in the fiscal year so far; the reps' quotas, against which "
            f"rep feedback measures, add up to {summed}.")


def readable_goals(progress: pd.DataFrame, currency: str) -> pd.DataFrame:
    """Goals as texts: title, period, value, goal_so_far, reached, met (with "to date" where the period goes on, or its
    goal is known for some of its months only), goal (with the months that are known, where not all are)."""
    units = progress["unit"]
    texts = {c: [figure_text(v, u, currency) for v, u in zip(progress[c], units, strict=True)]
             for c in ("value", "goal_so_far", "goal")}
    named = [_span(*row) for row in progress[["period", "starts", "ends"]].itertuples(index=False)]
    long = progress["period"].map(LONG).fillna(1).astype(int)
    part = progress["months"] < long
    known = " (" + progress["months"].astype(str) + " of " + long.astype(str) + " months known)"
    texts["goal"] = pd.Series(texts["goal"], progress.index, dtype=object) + known.where(part, "")
    met = progress["met"].map({True: "yes", False: "no"}).astype(object)
    met = (met + ", to date").where(part | (progress["goal_so_far"] < progress["goal"]), met)
    found = progress[["title", "reached"]].assign(period=named, met=met, **texts)
    order = progress["period"].map({"month": 0, "week": 1, "quarter": 2, "year": 3})
    return found.assign(order=order).sort_values(["order"], kind="stable").drop(columns="order").reset_index(drop=True)


def of_bookings(progress: pd.DataFrame, currency: str) -> pd.DataFrame:
    """The periods of bookings for a chart: period (as printed), reached (share), said (the two figures)."""
    rows = progress[progress["kpi"] == MAIN].reset_index(drop=True)
    rows = readable_goals(rows, currency)
    share = rows["reached"].map(words.reached)
    return rows.assign(said=share + ": " + rows["value"] + " of " + rows["goal_so_far"])[["period", "reached", "said"]]


def _span(period: str, starts: pd.Timestamp, ends: pd.Timestamp) -> str:
    if period == "month":
        return words.month_name(starts)
    if period == "week":
        return f"week {starts.day}–{ends.day} {ends:%b}"
    return f"{period} {starts:%b} to {ends:%b %Y}"
