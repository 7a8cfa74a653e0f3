"""KPIs, each defined once: formula, unit, numerator, denominator, population."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from salesops_helpers import words
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.measures import month_end, month_start, months_of, won_deals
from salesops_helpers.stats import jeffreys

Month = str | pd.Timestamp | None


@dataclass(frozen=True)
class Rate:
    """A rate with what it rests on: won and closed (deals), rate, low and high (shares; missing where closed is 0)."""

    won: int
    closed: int
    rate: float
    low: float
    high: float

    def __str__(self) -> str:
        if not self.closed:
            return "no deal closed, so there is no win rate"
        deals = words.counted(self.closed, "closed deal")
        return f"{words.percent(self.rate)} of {deals} won (90 % range {words.percent_range(self.low, self.high, 1)})"


def closed_deals(tables: Tables, start: Month = None, end: Month = None) -> pd.DataFrame:
    """The deals won or lost in the months `start` to `end`, both included (None: from the first, to the as-of day).

    Raises `SalesOpsError` where a month is not written YYYY-MM or the end lies before the start.
    """
    deals = tables.opportunities
    within = deals["status"].isin(["won", "lost"]) & deals["closed_on"].between(*_days(tables, start, end))
    return deals[within].reset_index(drop=True)


def _days(tables: Tables, start: Month, end: Month) -> tuple[pd.Timestamp, pd.Timestamp]:
    first = pd.Timestamp(1900, 1, 1) if start is None else month_start(start)
    last = tables.as_of if end is None else month_end(end)
    if start is not None and last < first:
        raise SalesOpsError(
            f"the period from {first:%Y-%m} to {last:%Y-%m} ends before it starts",
            "a last month that is not before the first", "exchange the two months",
        )
    return first, last


def closed_sums(tables: Tables, start: Month = None, end: Month = None) -> pd.DataFrame:
    """What each rep closed in the months `start` to `end`; months and errors as in `closed_deals`.

    Returns
    -------
    DataFrame
        rep_id (missing: deals without a rep), won, closed (deals), won_value (currency), valued (won deals with an
        amount), by rep_id.
    """
    if tables.large("opportunities"):
        from salesops_helpers import sums

        frame = sums.closed(tables, *_days(tables, start, end))
    else:
        deals = closed_deals(tables, start, end)
        won = deals["status"] == "won"
        frame = deals.assign(won=won, amount=deals["amount"].where(won)).groupby("rep_id", dropna=False).agg(
            won=("won", "sum"), closed=("won", "size"), won_value=("amount", "sum"), valued=("amount", "count"),
        ).reset_index()
    return frame.astype({"won": "int64", "closed": "int64"}).sort_values("rep_id", ignore_index=True)


def win_rate(tables: Tables, start: Month = None, end: Month = None) -> Rate:
    """Win rate, form *closed*: won ÷ (won + lost), of the deals closed in the months `start` to `end`.

    Open deals are neither won nor lost and do not count. The range (90 %) is the Jeffreys interval; it takes deals as
    independent. Missing, never 0, where nothing closed.
    """
    sums = closed_sums(tables, start, end)
    won, closed = int(sums["won"].sum()), int(sums["closed"].sum())
    low, high = jeffreys(won, closed)
    return Rate(won, closed, won / closed if closed else float("nan"), float(low), float(high))


def won_value_by_month(tables: Tables) -> pd.DataFrame:
    """Won value and wins by month of closing, months without a win as 0.

    Returns
    -------
    DataFrame
        month (first day), won_value (currency), wins (deals), from the first closing month to the as-of month.
    """
    sums = won_deals(tables).groupby("month").agg(won_value=("amount", "sum"), wins=("opportunity_id", "count"))
    return sums.reindex(months_of(tables), fill_value=0).rename_axis("month").reset_index()
