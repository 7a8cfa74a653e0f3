"""Where the company stands against its goals for the year, the quarter, the month and its weeks."""

from __future__ import annotations

import pandas as pd

from salesops_helpers.data.container import Tables
from salesops_helpers.measures import month_end, month_start
from salesops_helpers.performance.definitions.deals import deals
from salesops_helpers.performance.goals import adds_up, goals, monthly
from salesops_helpers.performance.question import Question
from salesops_helpers.performance.registry import registry
from salesops_helpers.performance.scorecard import scorecard

COLUMNS = ["kpi", "title", "unit", "period", "starts", "ends", "value", "goal_so_far", "reached", "met", "goal",
           "months"]


def progress(tables: Tables, month: str | pd.Timestamp) -> pd.DataFrame:
    """What was reached up to the end of `month`, beside the goal.

    Returns
    -------
    DataFrame
        One row a KPI with a goal and period ("year", "quarter", "month"; for bookings also "week"), the periods that
        hold or lie in the month: kpi, title, unit, period, starts, ends (days), value (so far, in the unit of the KPI),
        goal_so_far (the part of the goal that falls on the months up to `month`; for rates and medians the goal
        itself), reached (value ÷ goal_so_far), met (bool, by the direction of the KPI; missing without a value), goal
        (of the whole period), months (with a goal in it). Empty where there are no goals.
    """
    start = month_start(month)
    found = goals(tables, month)
    found = found[(found["period"] != "week") | (found["kpi"] == "bookings")]
    if found.empty:
        return pd.DataFrame(columns=COLUMNS)
    register = registry()
    found = found[found["kpi"].isin(register)]
    known = monthly(tables)
    parts = []
    for period, rows in found[found["period"] != "week"].groupby("period", sort=False):
        first = rows["starts"].iloc[0]
        length = (start.year - first.year) * 12 + start.month - first.month + 1
        card = scorecard(tables, month, length=length, kpis=rows["kpi"].unique())
        value = card.drop_duplicates("kpi").set_index("kpi")["value"]
        until = known[known["month"].between(first, start)].groupby("kpi")["goal"].sum()
        sums = rows["kpi"].map(adds_up).astype(bool)
        parts.append(rows.assign(value=rows["kpi"].map(value), period=period,
                                 goal_so_far=rows["goal"].where(~sums, rows["kpi"].map(until))))
    parts.append(_weeks(tables, found[found["period"] == "week"], start))
    every = pd.concat([part for part in parts if len(part)], ignore_index=True)
    every["reached"] = every["value"] / every["goal_so_far"].where(every["goal_so_far"] > 0)
    kpis = every["kpi"].map(register)
    up = pd.Series([k.direction != "down" for k in kpis], index=every.index)
    met = (every["value"] >= every["goal_so_far"]).where(up, every["value"] <= every["goal_so_far"])
    every["met"] = met.astype("boolean").where(every["value"].notna() & every["goal_so_far"].notna())
    return every.assign(title=[k.title for k in kpis], unit=[k.unit for k in kpis])[COLUMNS]


def _weeks(tables: Tables, rows: pd.DataFrame, start: pd.Timestamp) -> pd.DataFrame:
    """Bookings credited in each week of the month."""
    if rows.empty:
        return rows
    credit = _credited(tables, start)
    at = pd.IntervalIndex.from_arrays(rows["starts"], rows["ends"], closed="both").get_indexer(credit["closed_on"])
    value = credit["credited"].groupby(at).sum().reindex(range(len(rows))).fillna(0.0)
    begun = (rows["starts"] <= tables.as_of).to_numpy()
    return rows.assign(value=pd.Series(value.to_numpy(), rows.index).where(begun), goal_so_far=rows["goal"])


def _credited(tables: Tables, start: pd.Timestamp) -> pd.DataFrame:
    """The deals won in the month: closed_on, credited (amount × quota shares that are not overlay)."""
    rows = deals(Question(tables, pd.DatetimeIndex([start])))
    rows = rows.filter(rows["won"] & rows["closed_on"].between(start, month_end(start)))
    won = tables.rows_engine.collect(rows.select("opportunity_id", "closed_on", "amount"), "opportunities")
    splits = tables.splits
    own = splits[~splits["overlay"]].groupby("opportunity_id")["quota_share"].sum()
    split = won["opportunity_id"].isin(splits["opportunity_id"])
    share = won["opportunity_id"].map(own).astype(float).fillna(0.0).where(split, 1.0)
    return won.assign(credited=won["amount"].astype(float).fillna(0.0) * share)
