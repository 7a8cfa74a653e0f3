"""Statements of a month: what each rep earned, by plan, component and deal, and what is paid and owed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from salesops_helpers.comp.aside import payable, set_aside
from salesops_helpers.comp.changes import ADJUSTMENT, differences
from salesops_helpers.comp.plans import Plan, read_versions
from salesops_helpers.comp.run import Run, computed_run
from salesops_helpers.comp.settle import settle
from salesops_helpers.data.container import Tables
from salesops_helpers.measures import month_start


@dataclass(frozen=True)
class Statements:
    """The pay of one month, exact.

    Attributes
    ----------
    month : Timestamp
    digits : dict
        Decimals of each currency's minor unit.
    summary : DataFrame
        One row a rep and currency: rep_id, name, month, currency, earned (of this month), corrected (adjustments and
        differences to earlier months), guarantee, draw (lent), forgiven, paid, owed_before, owed; in integer minor
        units.
    components : DataFrame
        One row a rep, plan and component: rep_id, period, plan, version, currency, component, bookings, quota,
        attainment, minor, status, exact (unrounded, to date), before (minor units paid to date before).
    lines : DataFrame
        One row a deal (or a component without deals) of this month: `LINE`; `refers` is the month that a correction is
        about, `why` its reason. A rep's lines add up to earned + corrected.
    paid : DataFrame
        Earlier months as they were paid: rep_id, month, currency, earned, guarantee, draw, forgiven, paid, owed.
    plans : dict
        (plan, version) → the plan.
    aside : DataFrame
        Deals that cannot be paid as they stand, one row a deal and rep whom it names: `aside.ASIDE`. All else is
        computed as if there were no such deal.
    """

    month: pd.Timestamp
    digits: dict[str, int]
    summary: pd.DataFrame
    components: pd.DataFrame
    lines: pd.DataFrame
    paid: pd.DataFrame
    plans: dict[tuple[str, int], Plan]
    aside: pd.DataFrame


def statements(tables: Tables, month, plans: Mapping[str, Sequence[Plan]] | None = None, book=None) -> Statements:
    """The statements of a month, on each rep's plan by plan_assignments.

    Parameters
    ----------
    tables : Tables
        As known at the month's end or later.
    month : str or Timestamp
        The month that is paid.
    plans : mapping, optional
        Plan → its versions; default: those of the plans folder.
    book : Book, optional
        Months that are locked: they stay as they were paid, and differences to them are booked in `month`.

    Raises
    ------
    SalesOpsError
        As `payouts`; where an assignment names a plan that is not there.

    Notes
    -----
    A deal whose credit cannot be told (its shares do not add up, it has no amount) stops nobody else's pay: it is set
    aside with its reason (`aside`), and is paid as a correction once it is mended.
    """
    last = month_start(month)
    versions = dict(plans) if plans is not None else read_versions(tables.company)
    first = _first(tables, versions, last)
    before = book.before(last) if book is not None else None
    aside = set_aside(tables, first, last, before)
    known = payable(tables, aside, before)
    run = computed_run(known, versions, first, last)
    lines, locked = differences(tables, known, versions, run, last, before)
    return settled(tables, run, lines, locked, last, aside)


def nothing(tables: Tables, month) -> Statements:
    """The statements of a month in which nobody is on a plan."""
    last = month_start(month)
    run = computed_run(tables, {}, last, last)
    lines, locked = differences(tables, tables, {}, run, last, None)
    return settled(tables, run, lines, locked, last, set_aside(tables, last, last).head(0))


def _first(tables: Tables, versions: Mapping[str, Sequence[Plan]], last: pd.Timestamp) -> pd.Timestamp:
    """The first month in which somebody is on a plan and something was sold."""
    starts = tables.plan_assignments["starts_on"].min()
    began = min((pd.Timestamp(v.effective.first) for many in versions.values() for v in many), default=last)
    sold = tables.opportunities["closed_on"].min()
    known = [day for day in (starts, began, sold) if pd.notna(day)]
    return min(month_start(max(known)), last) if known else last


def settled(
    tables: Tables, run: Run, lines: pd.DataFrame, locked: pd.DataFrame, last: pd.Timestamp, aside: pd.DataFrame
) -> Statements:
    """Statements from all lines of the months, with those of locked months as they were paid.

    `lines` holds the lines of every month that is not locked; `locked` the paid months of the book.
    """
    parts = [_settled(lines, run, locked, currency) for currency in run.digits]
    paid = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    now = lines[lines["month"] == last].reset_index(drop=True)
    parts = run.components[run.components["period"] == last].reset_index(drop=True)
    summary = _summary(tables, now, paid, last)
    return Statements(last, run.digits, summary, parts, now, paid[paid["month"] < last].reset_index(drop=True),
                      run.plans, aside)


def _settled(lines: pd.DataFrame, run: Run, locked: pd.DataFrame, currency: str) -> pd.DataFrame:
    """Paid and owed by rep and month in one currency, locked months first, as they were."""
    earned = lines[lines["currency"] == currency].groupby(["rep_id", "month"], as_index=False)["minor"].sum()
    earned = earned.rename(columns={"minor": "earned"})
    earned["earned"] = earned["earned"].astype(np.int64).astype(object) if len(earned) else earned["earned"]
    given = run.terms[run.terms["currency"] == currency].drop(columns="currency")
    given = given.groupby(["rep_id", "month"], as_index=False).agg(
        draw=("draw", "sum"), guarantee=("guarantee", "sum"), recoverable=("recoverable", "last"),
        above=("above", "last"),
    )
    past = locked[locked["currency"] == currency]
    opening = past.sort_values("month").groupby("rep_id")["owed"].last()
    until = past["month"].max() if len(past) else pd.Timestamp.min
    fresh = settle(earned[earned["month"] > until], given[given["month"] > until], opening)
    whole = pd.concat([f for f in (past.drop(columns="currency"), fresh) if len(f)] or [fresh], ignore_index=True)
    return whole.assign(currency=currency)


def _summary(tables: Tables, lines: pd.DataFrame, paid: pd.DataFrame, last: pd.Timestamp) -> pd.DataFrame:
    key = ["rep_id", "currency"]
    own = (lines["refers"] == last) & (lines["component"] != ADJUSTMENT)
    sums = lines.assign(corrected=lines["minor"].where(~own, 0), own=lines["minor"].where(own, 0))
    sums = sums.groupby(key, as_index=False)[["own", "corrected"]].sum()
    now = paid[paid["month"] == last].drop(columns="earned").merge(sums, on=key, how="left")
    before = paid[paid["month"] < last].sort_values("month").groupby(key, as_index=False)["owed"].last()
    now = now.merge(before.rename(columns={"owed": "owed_before"}), on=key, how="left")
    now = now.rename(columns={"own": "earned"})
    numbers = ["earned", "corrected", "guarantee", "draw", "forgiven", "paid", "owed_before", "owed"]
    for name in numbers:
        now[name] = now[name].astype(object).where(now[name].notna(), 0).astype("Int64")
    names = tables.reps[["rep_id", "name"]].astype(object)
    return now.merge(names, on="rep_id", how="left")[["rep_id", "name", "month", "currency", *numbers]].sort_values(
        key).reset_index(drop=True)
