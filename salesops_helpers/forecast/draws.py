"""Possible futures: draws of the months to come, and those of units, which always sum to the company's.

A draw has the quantiles that the forecast's ranges state; months of one draw move together as far as the range of their
sum says.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers.errors import SalesOpsError

KNOTS = {95: 1.959963984540054, 90: 1.6448536269514722, 80: 1.2815515655446004, 50: 0.6744897501960817}
DRAWS, SEED, MOST = 2_000, 7, 0.98


def draws(expected: pd.DataFrame, total: pd.Series, size: int = DRAWS, seed: int = SEED) -> np.ndarray:
    """Draws of one unit's months.

    Parameters
    ----------
    expected : DataFrame
        `series.bookings` of one unit with the levels 50, 80, 90 and 95, in the order of months.
    total : Series
        Its row of `backtest.totals` over the same months: how far their sum spreads.
    size, seed : int
        Number of draws; of the random numbers.

    Returns
    -------
    ndarray
        size × months (currency), not below 0. Where no range can be given every draw is the forecast.

    Notes
    -----
    Each month: a normal score, taken through the quantiles that the ranges state (straight lines between them and
    beyond). Scores of different months share a common part (one correlation for all pairs), found so that the 80 %
    range of the sum is as wide as `total` says, or as near as 0 to 0.98 comes.
    """
    rng = np.random.default_rng(seed)
    months = len(expected)
    common, own = rng.standard_normal((size, 1)), rng.standard_normal((size, months))

    def made(share: float) -> np.ndarray:
        return through(expected, np.sqrt(share) * common + np.sqrt(1 - share) * own)

    if months == 1 or pd.isna(total["high_80"]):
        return made(0.0)
    wanted = 2 * (total["high_80"] - total["forecast"])
    low, high = 0.0, MOST
    for _ in range(12):
        share = (low + high) / 2
        wide = np.subtract(*np.quantile(made(share).sum(axis=1), [0.9, 0.1]))
        low, high = (share, high) if wide < wanted else (low, share)
    return made((low + high) / 2)


def through(expected: pd.DataFrame, scores: np.ndarray) -> np.ndarray:
    """Normal scores (draws × months) as amounts, by the quantiles that the ranges of each month state; the forecast
    itself where it has none. Ends that were cut at 0 are taken as far below the forecast as the high end is above."""
    places = np.array([-z for z in KNOTS.values()] + [0.0] + [*KNOTS.values()][::-1])
    halves = [(expected[f"high_{v}"] - expected["forecast"]).fillna(0.0).to_numpy() for v in KNOTS]
    knots = np.column_stack([-h for h in halves] + [np.zeros(len(expected))] + halves[::-1])
    moved = np.column_stack([np.interp(scores[:, m], places, knots[m]) for m in range(len(expected))])
    beyond = np.abs(scores) - places[-1]
    slope = (knots[:, -1] - knots[:, -2]) / (places[-1] - places[-2])
    moved = moved + np.where(beyond > 0, np.sign(scores) * beyond * slope, 0.0)
    return np.maximum(expected["forecast"].to_numpy() + moved, 0.0)


def shared(company: np.ndarray, units: pd.DataFrame, seed: int = SEED) -> tuple[list[str], np.ndarray]:
    """The company's draws shared out to its units: they sum to the company in every draw and month.

    Parameters
    ----------
    company : ndarray
        `draws` of the company, size × months.
    units : DataFrame
        `series.bookings` of the units, by month, with the levels 50, 80, 90 and 95.

    Returns
    -------
    names : list of str
        The units, sorted.
    amounts : ndarray
        units × size × months (currency).

    Raises
    ------
    SalesOpsError
        Where a unit lacks a month.

    Notes
    -----
    Each unit has draws from its own ranges; a unit's share of a draw is its own amount ÷ the sum of all units'. So a
    month that is high for the company is high for its units, and how far units differ from each other follows their
    own errors. Where all units draw 0 the forecasts are the shares, and equal parts where these are 0 too.
    """
    names = sorted(units["unit"].unique())
    size, months = company.shape
    if (units.groupby("unit")["month"].nunique() != months).any():
        raise SalesOpsError("units whose forecasts do not cover the company's months", f"{months} months of each",
                            "forecast the company and its units over the same horizon")
    rng = np.random.default_rng([seed, 1])
    each = [units[units["unit"] == name].sort_values("month") for name in names]
    own = np.stack([through(frame, rng.standard_normal((size, months))) for frame in each])
    means = np.stack([frame["forecast"].to_numpy() for frame in each])[:, None, :]
    even = np.where(means.sum(axis=0) > 0, means, 1.0)
    weights = np.where(own.sum(axis=0) > 0, own, even)
    return names, weights / weights.sum(axis=0) * company


def unit_table(by: str, names: list[str], amounts: np.ndarray, months: pd.DatetimeIndex) -> pd.DataFrame:
    """Quantiles of the units' draws by month and for all months together.

    Returns
    -------
    DataFrame
        by, unit, month (missing: all of them together), forecast (mean of the draws), low_80, high_80, low_95, high_95
        (currency). The forecasts of the units sum to the mean of the company's draws.
    """
    every = np.concatenate([amounts, amounts.sum(axis=2, keepdims=True)], axis=2)
    at = np.quantile(every, [0.1, 0.9, 0.025, 0.975], axis=1)
    index = pd.MultiIndex.from_product([names, [*months, pd.NaT]], names=["unit", "month"])
    columns = {"forecast": every.mean(axis=1), **dict(zip(("low_80", "high_80", "low_95", "high_95"), at, strict=True))}
    frame = pd.DataFrame({name: values.ravel() for name, values in columns.items()}, index=index).reset_index()
    return frame.assign(by=by)[["by", "unit", "month", *columns]]


def draw_table(by: str, names: list[str], amounts: np.ndarray, months: pd.DatetimeIndex, size: int = 200):
    """The first draws as a table to hand on: by, unit, month, draw (1 to `size`), bookings (currency, whole cents)."""
    some = amounts[:, :size]
    index = pd.MultiIndex.from_product([names, range(1, some.shape[1] + 1), months], names=["unit", "draw", "month"])
    frame = pd.DataFrame({"bookings": some.ravel().round(2)}, index=index).reset_index()
    return frame.assign(by=by)[["by", "unit", "month", "draw", "bookings"]]
