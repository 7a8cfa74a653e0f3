"""How long deals take and how large they are: what medians and Kaplan–Meier curves need, counted in the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pandas as pd

from salesops_helpers.performance.definitions.deals import deals
from salesops_helpers.performance.question import Question
from salesops_helpers.performance.ranges import KEYS

if TYPE_CHECKING:
    import ibis.expr.types as ir


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
    """Deals at risk in the periods by age in days: unit, month, age, entered, left, closed, won (deals)."""
    rows = deals(ask)
    rows = rows.filter((rows["status"] == "open") | rows["closed_on"].notnull())
    return at_risk(ask, rows, "created_on", "closed_on", lambda rows, ended: {
        "closed": ended.sum(), "won": (ended & rows["won"]).sum()})


def at_risk(ask: Question, rows: ir.Table, since: str, until: str, events: Callable) -> pd.DataFrame:
    """Cases at risk in the periods by age in days: unit, month, age, entered, left, and what `events` counts of the
    rows and whether each ended.

    A case enters a period at its age on the first day of it (0 where it began in it) and leaves at its age when it
    ends, or on the last day of the period, then without having ended.
    """
    import ibis

    rows = ask.at_risk(rows, since, until).inner_join(spans(ask), "period")
    ends = rows[until].notnull() & (rows[until] <= rows["_ends"])
    rows = rows.mutate(_ended=ends, _day=ends.ifelse(rows[until], rows["_ends"]))
    rows = ask.united(rows, "_day")
    coming = rows.mutate(age=ibis.greatest(rows["_starts"].delta(rows[since], unit="day"), 0))
    going = rows.mutate(age=rows["_day"].delta(rows[since], unit="day"))
    entered = ask.sums(coming, "age", entered=coming.count())
    left = ask.sums(going, "age", left=going.count(), **events(going, going["_ended"]))
    both = pd.concat([entered, left], ignore_index=True).fillna(0)
    return both.groupby([*KEYS, "age"], as_index=False).sum()


def spans(ask: Question) -> ir.Table:
    """The periods in the engine: period, _starts, _ends (first and last known day)."""
    import ibis

    ends = pd.Series(ask.months)
    return ibis.memtable(pd.DataFrame({
        "period": ends.dt.year * 12 + ends.dt.month - 1, "_ends": ask.ends(ends),
        "_starts": ends - pd.DateOffset(months=ask.length - 1)}))


def kaplan_meier(won_only: bool):
    """Cells of the Kaplan–Meier median to won, or to closed."""
    def cells(ask: Question) -> pd.DataFrame:
        found = ask.once(ages)
        return found[[*KEYS, "age", "entered", "left"]].assign(events=found["won" if won_only else "closed"])
    return cells
