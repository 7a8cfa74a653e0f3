"""Demand per product: sales of months without stock are not demand, and rare sales are no series."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from salesops_helpers.errors import SalesOpsError
from salesops_helpers.forecast.backtest import backtest
from salesops_helpers.forecast.methods import check_horizon
from salesops_helpers.forecast.ranges import LEVELS, check_levels
from salesops_helpers.forecast.series import outlook

PRODUCT = "product"
RARE = 1.32
BEFORE, WINDOWS, LEAST = 3, 6, 4


def masked(sales: pd.DataFrame, stocked_out: pd.DataFrame | None = None) -> pd.DataFrame:
    """Demand as far as sales show it: months in which a product ran out of stock are put right.

    Parameters
    ----------
    sales : DataFrame
        product, month (first day), units (sold; a month that is missing sold nothing).
    stocked_out : DataFrame, optional
        product, month, stocked_out (bool).

    Returns
    -------
    DataFrame
        product, month (without gaps, from the first one sold), sold, out (did it run out?), demand: what was sold, or,
        where it ran out, the mean of the three months before in which it had stock, if that is more.

    Notes
    -----
    Only months before are used, so that a backtest does not see what came later. What is sold is a lower bound of
    demand where stock ran out.
    """
    if sales.empty:
        raise SalesOpsError("no sales", "a row a product and month", "give the table demand, or leave this part out")
    months = pd.date_range(sales["month"].min(), sales["month"].max(), freq="MS")
    wide = sales.pivot_table(index="month", columns=PRODUCT, values="units", aggfunc="sum").reindex(months).fillna(0.0)
    out = pd.DataFrame(False, index=months, columns=wide.columns)
    if stocked_out is not None and len(stocked_out):
        flags = stocked_out.assign(flag=stocked_out["stocked_out"].fillna(False).astype(bool))
        found = flags.pivot_table(index="month", columns=PRODUCT, values="flag", aggfunc="max")
        out = found.reindex(index=months, columns=wide.columns).fillna(0).astype(bool)
    usual = wide.where(~out).apply(_mean_before)
    demand = wide.where(~(out & (usual > wide)), usual)
    long = pd.concat({"sold": wide.T.stack(), "out": out.T.stack(), "demand": demand.T.stack()}, axis=1)
    long = long.rename_axis(["product", "month"]).reset_index()
    begun = long["sold"].ne(0).groupby(long["product"]).cummax()
    return long[begun].astype({"out": bool}).reset_index(drop=True)


def _mean_before(values: pd.Series) -> pd.Series:
    """For each month the mean of the last three known values before or in it."""
    return values.dropna().rolling(BEFORE, min_periods=1).mean().reindex(values.index).ffill()


def rare(history: pd.DataFrame) -> pd.Series:
    """Per product: do its months with demand lie more than 1.32 months apart on average (Syntetos and Boylan 2005)?"""
    groups = history.assign(some=history["demand"] > 0).groupby("product")["some"]
    return (groups.size() / groups.sum().where(groups.sum() > 0)).gt(RARE).rename("rare")


def demand(history: pd.DataFrame, horizon: int = 3, level=LEVELS) -> pd.DataFrame:
    """Demand expected per product in each of the next months, with ranges.

    Parameters
    ----------
    history : DataFrame
        `masked`.
    horizon : int
        Months, 1 to 18.
    level : sequence of int
        Ranges in percent.

    Returns
    -------
    DataFrame
        product, month, step, forecast, low_L, high_L (units), naive, made_of, rare, out_months (months put right).

    Notes
    -----
    Products that sell in most months: the default forecast of `series`, its ranges from the past errors of all of
    them. Rare ones: TSB, whose probability of a sale falls with each month without one (Teunter, Syntetos and Babai
    2011); their ranges are quantiles of the months known, as they are sums of few sales.
    """
    check_horizon(horizon)
    levels = check_levels(level)
    seldom = rare(history)
    often = history[~history["product"].map(seldom).astype(bool)]
    frames = [_often(often, horizon, levels)] if len(often) else []
    months = pd.date_range(history["month"].max(), periods=horizon + 1, freq="MS")[1:]
    for name in seldom.index[seldom]:
        rows = history[history["product"] == name]
        frames.append(_seldom(rows["demand"].to_numpy(), months, levels).assign(product=name))
    frame = pd.concat(frames, ignore_index=True)
    of = frame["product"]
    out = history.groupby("product")["out"].sum()
    frame = frame.assign(rare=of.map(seldom).astype(bool), out_months=of.map(out).astype(int))
    ends = [f"{end}_{v}" for v in levels for end in ("low", "high")]
    return frame[["product", "month", "step", "forecast", *ends, "naive", "made_of", "rare", "out_months"]]


def _often(rows: pd.DataFrame, horizon: int, levels) -> pd.DataFrame:
    known = rows.rename(columns={"product": "unit", "demand": "actual"}).assign(by=PRODUCT)
    known = known[["by", "unit", "month", "actual"]]
    made = outlook(known, backtest(known, horizon, levels, WINDOWS), horizon, levels)
    return made.rename(columns={"unit": "product"})


def _seldom(values: np.ndarray, months: pd.DatetimeIndex, levels) -> pd.DataFrame:
    """TSB and quantiles of the months known; the mean of the months where there are fewer than four."""
    from statsforecast.models import TSB

    rate = float(values.mean())
    if len(values) >= LEAST:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rate = float(TSB(alpha_d=0.2, alpha_p=0.1).forecast(y=values, h=1)["mean"][0])
    ends = {}
    for v in levels:
        ends[f"low_{v}"], ends[f"high_{v}"] = np.quantile(values, [0.5 - v / 200, 0.5 + v / 200], method="inverted_cdf")
    return pd.DataFrame({"month": months, "step": np.arange(1, len(months) + 1), "forecast": rate, **ends,
                         "naive": values[-1], "made_of": "TSB (rare sales)" if len(values) >= LEAST else "mean"})
