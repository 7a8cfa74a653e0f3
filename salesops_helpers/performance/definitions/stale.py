"""Deals that stand still: too long in their stage, or without an activity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from salesops_helpers.performance.definitions.deals import deals
from salesops_helpers.performance.definitions.history import calendar, changes, standing
from salesops_helpers.performance.question import Question, index

if TYPE_CHECKING:
    import ibis.expr.types as ir

SHARE, DAYS = 0.9, 30


def limits(ask: Question) -> pd.DataFrame:
    """By stage, the days within which nine in ten stays of deals that were won had ended: stage, days, stays.

    As known on the as-of day, for earlier periods too.
    """
    rows = changes(ask)
    stays = rows.filter(rows["won"] & rows["open_stage"]).group_by("opportunity_id", "stage", "stage_since").agg(
        until=lambda t: t["next_at"].max())
    stays = stays.filter(stays["until"].notnull())
    days = stays["until"].truncate("D").delta(stays["stage_since"], unit="day")
    found = stays.group_by("stage").agg(days=days.quantile(SHARE), stays=stays.count())
    return ask.tables.rows_engine.collect(found, "stage_history")


def stale(ask: Question) -> pd.DataFrame:
    """Open deals beyond the limit of their stage, of those in stages that have one."""
    import ibis

    known = ask.once(limits)
    if known.empty:
        return pd.DataFrame({"unit": [], "month": pd.to_datetime([]), "numerator": [], "denominator": []})
    limit = ibis.memtable(known[["stage", "days"]].rename(columns={"stage": "_stage", "days": "_days"}))
    rows = standing(ask)
    rows = rows.inner_join(limit, rows["stage"] == limit["_stage"])
    age = rows["_ends"].delta(rows["stage_since"], unit="day")
    return ask.state("kpi_stale", rows, numerator=(age > rows["_days"]).sum(), denominator=rows.count())


def untouched(ask: Question) -> pd.DataFrame:
    """Open deals without an activity in the last DAYS days of the period, of those at least that old."""
    import ibis

    rows = standing(ask)
    old = rows.filter(rows["created_on"] <= rows["_ends"] - ibis.interval(days=DAYS))
    near = touched(ask)
    idle = old.left_join(near, [old["opportunity_id"] == near["_deal"], old["period"] == near["_period"]])
    return ask.state("kpi_idle", idle, numerator=idle["_deal"].isnull().sum(), denominator=idle.count())


def touched(ask: Question) -> ir.Table:
    """Deals with an activity in the last DAYS days of a period: _deal, _period; held in the engine."""
    import ibis

    from salesops_helpers.data.engine import apart

    acts, engine = ask.tables.rows("activities"), ask.tables.rows_engine
    first = ask.months[0] - pd.Timedelta(days=DAYS)
    acts = acts.filter(acts["opportunity_id"].notnull() & (acts["occurred_at"] >= first))
    acts = acts.group_by(_deal="opportunity_id", _on=acts["occurred_at"].truncate("D")).agg()
    if apart(acts, deals(ask)):
        acts = ibis.memtable(engine.collect(acts, "activities"))
    acts = acts.mutate(period=(index(acts["_on"]) + ibis.array([0, 1]).unnest()).cast("int64"))
    acts = acts.inner_join(calendar(ask), "period")
    acts = acts.filter((acts["_on"] <= acts["_ends"]) & (acts["_on"] > acts["_ends"] - ibis.interval(days=DAYS)))
    return ask.held(f"kpi_touched_{ask.first}_{ask.last}", lambda tables: acts.group_by(
        _deal="_deal", _period="period").agg())
