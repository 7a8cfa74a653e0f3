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
    return at_risk(ask, "kpi_ages", rows, "created_on", "closed_on", closed=lambda t: t["_ended"],
                   won=lambda t: t["_ended"] & t["won"])


def at_risk(ask: Question, name: str, rows: ir.Table, since: str, until: str, **events: Callable) -> pd.DataFrame:
    """Cases at risk in the periods by age in days: unit, month, age, entered, left, and what `events` says of those
    that left (rows → boolean; `_ended`: the case ended in the period).

    A case enters a period at its age on the first day of it (0 where it began in it) and leaves at its age when it
    ends, or on the last day of the period, then without having ended. Its unit is that of the period's last day.
    """
    import ibis

    rows = ask.at_risk(rows, since, until).inner_join(spans(ask), "period")
    ended = rows[until].notnull() & (rows[until] <= rows["_ends"])
    rows = rows.mutate(_ended=ended, _in=ibis.greatest(rows["_starts"].delta(rows[since], unit="day"), 0),
                       _out=ended.ifelse(rows[until], rows["_ends"]).delta(rows[since], unit="day"))
    rows = rows.mutate(_both=ibis.array([rows["_in"], rows["_out"]]), _which=ibis.array([0, 1]))
    rows = rows.mutate(age=rows["_both"].unnest(), _side=rows["_which"].unnest())
    left = rows["_side"] == 1
    return ask.state(name, rows, "age", entered=(~left).sum(), left=left.sum(),
                     **{event: (left & says(rows)).sum() for event, says in events.items()})


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
