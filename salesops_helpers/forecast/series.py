"""Bookings of the months to come, from complete months alone, with ranges and a naive line beside them."""

from __future__ import annotations

import pandas as pd

from salesops_helpers import measures
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.forecast.backtest import backtest, fits
from salesops_helpers.forecast.methods import check_horizon, check_method
from salesops_helpers.forecast.ranges import LEVELS, check_levels, with_ranges

COMPANY = "company"
POOLED = ("region", "team", "product")
UNITS_AT_MOST = 12


def history(tables: Tables, by: str | None = None) -> pd.DataFrame:
    """Bookings of every complete month known on the as-of day.

    Parameters
    ----------
    by : {None, "rep", "team", "region", "product"}
        The unit; None: the company.

    Returns
    -------
    DataFrame
        by ("company" or the kind of unit), unit, month (first day), actual (bookings, currency).

    Raises
    ------
    SalesOpsError
        Where not a single month is complete, or `by` is no unit.
    """
    months = measures.months_of(tables)
    complete = months[[measures.month_end(month) <= tables.as_of for month in months]]
    if not len(complete):
        raise SalesOpsError(
            f"bookings up to {tables.as_of:%Y-%m-%d} hold no complete month", "one complete month or more",
            "ask for a later month, or set extract_date in company.toml when the data covers the month to its end",
        )
    known = measures.bookings(tables, by).rename(columns={"bookings": "actual"})
    if known.empty:
        known = pd.DataFrame({"unit": tables.company.name, "month": months, "actual": 0.0})
    known = known[known["month"].isin(complete)].reset_index(drop=True)
    return known.assign(by=by or COMPANY)[["by", "unit", "month", "actual"]]


def left_out(tables: Tables) -> pd.DatetimeIndex:
    """The months with closed deals that are not complete on the as-of day."""
    months = measures.months_of(tables)
    return months[[measures.month_end(month) > tables.as_of for month in months]]


def pooled(tables: Tables, by: str | None = None) -> pd.DataFrame:
    """The histories whose past errors set the ranges: the company and its units, as `history` gives them.

    The units are those of `by` where there are 2 to 12 of them, else the first of regions, teams, products of which
    that is true, else none.
    """
    company = history(tables)
    for unit in dict.fromkeys((by, *POOLED) if by else POOLED):
        units = history(tables, unit)
        if 2 <= units["unit"].nunique() <= UNITS_AT_MOST:
            return pd.concat([company, units], ignore_index=True)
    return company


def bookings(
    tables: Tables, horizon: int = 3, level=LEVELS, by: str | None = None, method: str = "mean",
    past: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Bookings expected in each of the next months, with ranges and the naive line.

    Parameters
    ----------
    tables : Tables
        As known on the as-of day; a month that is not complete then is not used.
    horizon : int
        Months after the last complete one, 1 to 18.
    level : sequence of int
        Ranges in percent, each from 50 to 99.
    by : {None, "rep", "team", "region", "product"}
        The unit; None: the company. Units are forecast one by one and need not add up to the company.
    method : {"mean", "theta", "ets", "ces", "naive"}
        The default is the mean of DynamicOptimizedTheta, AutoETS, AutoCES and seasonal naive (with more than 36 months
        of history only a twentieth of it); shorter histories bear less, see `methods.rule` and the columns made_of and
        reason.
    past : DataFrame, optional
        The backtest whose errors set the ranges; None: it is made here, over `pooled(tables, by)`.

    Returns
    -------
    DataFrame
        by, unit, month, step, forecast, low_80, high_80, low_95, high_95 (currency; as many pairs as levels), naive
        (same place in the last season; naive_lag says how many months back), last_year (actual of the same month a
        year before, where known), and how it was made: method, made_of, season (months), naive_lag, history_months,
        reason, cut (last month known), native, freedom, scale, range_from (past errors behind the range).

    Raises
    ------
    SalesOpsError
        For a horizon, level, unit or method that is not allowed, and where no month is complete.
    """
    check_horizon(horizon)
    levels = check_levels(level)
    check_method(method)
    known = history(tables, by)
    past = backtest(pooled(tables, by), horizon, levels) if past is None else past
    return outlook(known, past, horizon, levels, method)


def outlook(
    known: pd.DataFrame, past: pd.DataFrame, horizon: int = 3, level=LEVELS, method: str = "mean",
    made: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """`bookings` for histories at hand: any frame of by, unit, month, actual whose last month is complete.

    `made` may hold what `backtest.fits` says about them already, over `horizon` months.
    """
    made = fits(known, check_horizon(horizon)) if made is None else made
    made = made[made["method"] == check_method(method)].reset_index(drop=True)
    if made.empty:
        raise SalesOpsError(
            f"method={method!r} needs a longer history than {known['month'].nunique()} months", "mean or naive",
            "use method='mean', which takes what the history bears",
        )
    before = known.assign(month=known["month"] + pd.DateOffset(years=1)).rename(columns={"actual": "last_year"})
    made = made.merge(before, on=["by", "unit", "month"], how="left")
    return _ordered(with_ranges(made, past, level))


def _ordered(frame: pd.DataFrame) -> pd.DataFrame:
    ends = [c for c in frame if c.startswith(("low_", "high_"))]
    first = ["by", "unit", "month", "step", "forecast", *ends, "naive", "last_year"]
    made = ["method", "made_of", "season", "naive_lag", "history_months", "reason", "cut", "native", "freedom", "scale"]
    return frame[[*first, *made, "range_from"]]
