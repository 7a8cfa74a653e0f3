"""Deals that stand still: too long in their stage, or without an activity."""

from __future__ import annotations

import pandas as pd

from salesops_helpers.performance.definitions.history import changes, standing
from salesops_helpers.performance.question import Question
from salesops_helpers.performance.ranges import KEYS

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
    return ask.sums(rows, numerator=(age > rows["_days"]).sum(), denominator=rows.count())


def untouched(ask: Question) -> pd.DataFrame:
    """Open deals without an activity in the last DAYS days of the period, of those at least that old."""
    import ibis

    acts = ask.tables.rows("activities")
    acts = acts.filter(acts["opportunity_id"].notnull())
    first = ask.months[0] - pd.Timedelta(days=DAYS)
    acts = acts.filter(acts["occurred_at"] >= first)
    acts = acts.group_by(_deal="opportunity_id", _on=acts["occurred_at"].truncate("D")).agg()
    if acts._find_backend(use_default=True) is not ask.tables.rows("opportunities")._find_backend(use_default=True):
        acts = ibis.memtable(ask.tables.rows_engine.collect(acts, "activities"))
    rows = standing(ask)
    near = rows.inner_join(acts, [rows["opportunity_id"] == acts["_deal"], acts["_on"] <= rows["_ends"],
                                  acts["_on"] > rows["_ends"] - ibis.interval(days=DAYS)])
    touched = near.group_by("opportunity_id", "period").agg()
    old = rows.filter(rows["created_on"] <= rows["_ends"] - ibis.interval(days=DAYS))
    every = ask.sums(old, denominator=old.count())
    idle = old.anti_join(touched, ["opportunity_id", "period"])
    found = every.merge(ask.sums(idle, numerator=idle.count()), on=KEYS, how="left")
    return found.fillna({"numerator": 0})
