"""How long deals take and how large they are: what medians and Kaplan–Meier curves need, counted in the engine."""

from __future__ import annotations

import pandas as pd

from salesops_helpers.performance.definitions.deals import deals
from salesops_helpers.performance.question import Question
from salesops_helpers.performance.ranges import KEYS


def lengths(ask: Question) -> pd.DataFrame:
    """Deals closed in the periods by days from created to closed: unit, month, at (days), closed, won (deals)."""
    rows = deals(ask)
    rows = rows.filter((rows["status"] != "open") & rows["created_on"].notnull())
    rows = ask.united(ask.dated(rows, "closed_on"), "closed_on")
    rows = rows.mutate(at=rows["closed_on"].delta(rows["created_on"], unit="day"))
    return ask.sums(rows, "at", closed=rows.count(), won=rows["won"].sum())


def days(won_only: bool):
    """Cells of the median of days over won deals, or over all closed ones."""
    def cells(ask: Question) -> pd.DataFrame:
        found = ask.once(lengths)
        return found[[*KEYS, "at"]].assign(times=found["won" if won_only else "closed"])
    return cells


def amounts(ask: Question) -> pd.DataFrame:
    """Deals won in the periods by amount: unit, month, at (currency), times (deals)."""
    rows = deals(ask)
    rows = rows.filter(rows["won"] & rows["amount"].notnull())
    rows = ask.united(ask.dated(rows, "closed_on"), "closed_on").mutate(at=lambda t: t["amount"])
    return ask.sums(rows, "at", times=rows.count())


def ages(ask: Question) -> pd.DataFrame:
    """Deals at risk in the periods, by age in days: unit, month, age, entered, left, closed, won (deals).

    A deal enters a period at its age on the first day of it (0 where it was created in it) and leaves at its age when
    it closes, or on the last day of the period, then without having closed.
    """
    import ibis

    rows = deals(ask)
    rows = rows.filter(rows["created_on"].notnull() & ((rows["status"] == "open") | rows["closed_on"].notnull()))
    rows = ask.at_risk(rows, "created_on", "closed_on")
    ends = pd.Series(ask.months)
    calendar = ibis.memtable(pd.DataFrame({
        "period": ends.dt.year * 12 + ends.dt.month - 1, "_ends": ask.ends(ends),
        "_starts": ends - pd.DateOffset(months=ask.length - 1)}))
    rows = rows.inner_join(calendar, "period")
    closes = rows["closed_on"].notnull() & (rows["closed_on"] <= rows["_ends"])
    rows = rows.mutate(_closes=closes, _day=closes.ifelse(rows["closed_on"], rows["_ends"]))
    rows = ask.united(rows, "_day")
    since = rows["created_on"]
    rows = rows.mutate(
        _in=ibis.greatest(rows["_starts"].delta(since, unit="day"), 0), _out=rows["_day"].delta(since, unit="day"))
    coming, going = rows.mutate(age=rows["_in"]), rows.mutate(age=rows["_out"])
    entered = ask.sums(coming, "age", entered=coming.count())
    left = ask.sums(going, "age", left=going.count(), closed=going["_closes"].sum(),
                    won=(going["_closes"] & going["won"]).sum())
    both = pd.concat([entered, left], ignore_index=True).fillna(0)
    return both.groupby([*KEYS, "age"], as_index=False).sum()


def kaplan_meier(won_only: bool):
    """Cells of the Kaplan–Meier median to won, or to closed."""
    def cells(ask: Question) -> pd.DataFrame:
        found = ask.once(ages)
        return found[[*KEYS, "age", "entered", "left"]].assign(events=found["won" if won_only else "closed"])
    return cells
