"""Goals in words: where bookings stand, and the table of every period."""

from __future__ import annotations

import pandas as pd

from salesops_helpers import words
from salesops_helpers.performance.shown import figure_text

MAIN = "bookings"


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


def readable_goals(progress: pd.DataFrame, currency: str) -> pd.DataFrame:
    """Goals as texts: title, period, until, value, goal_so_far, reached, met, goal."""
    units = progress["unit"]
    texts = {c: [figure_text(v, u, currency) for v, u in zip(progress[c], units, strict=True)]
             for c in ("value", "goal_so_far", "goal")}
    named = [_span(*row) for row in progress[["period", "starts", "ends"]].itertuples(index=False)]
    met = progress["met"].map({True: "yes", False: "no"}).astype(object)
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
