"""Possible futures of the pipeline: draws that share one shock, and periods, units and deals read from the same draws.

Deals are never drawn as independent coins alone: in each draw one common shock moves all of them and what is still to
be created, as far as past forecasts missed by more than independent deals would.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from salesops_helpers.data.container import Tables
from salesops_helpers.forecast.features import STEPS
from salesops_helpers.forecast.pipeline import Outlook
from salesops_helpers.periods import quarter_start

DRAWS, SEED, FEWEST, CHUNK, CELLS = 1_000, 7, 3, 2_000, 500_000
HALF_LIFE = 6.0  # cuts


def shocks(past: pd.DataFrame) -> np.ndarray:
    """How far the common shock reaches: standard deviation of its log for the sum of the first, first two … six months.

    Parameters
    ----------
    past : DataFrame
        `replay.Replay.months`: cut, ahead, forecast, spread, actual.

    Returns
    -------
    ndarray
        Six numbers; missing where fewer than three windows, none of them overlapping, are over.

    Notes
    -----
    Of log(actual ÷ forecast) of past sums, the mean square less what independent deals explain (log(1 + (spread ÷
    forecast)²)). The mean over all cuts, or the one in which a cut counts half as much as one six cuts later, whichever
    is more: after a lasting change the range opens at once and closes slowly. Sums of two months and more are pooled
    with those one month shorter and longer; the first month, which the common shock moves most, stands alone. Widened
    by (Student's t ÷ normal quantile)² at 80 % for as many windows as count and do not overlap, 3 at least.

    Chosen on 18 simulated companies that no benchmark looks at, by 80 % ranges of 540 months and 180 quarters.
    """
    from scipy.special import ndtri, stdtrit

    sums = cumulated(past)
    age = sums["cut"].rank(method="dense", ascending=False) - 1
    sums["weight"] = 0.5 ** (age / HALF_LIFE)
    found = np.full(STEPS, np.nan)
    for k in range(1, STEPS + 1):
        near = sums[(sums["ahead"] - k).abs() <= (k > 1)]
        weight = sums.loc[sums["ahead"] == k, "weight"]
        if len(weight) / k < min(FEWEST, FEWEST - k / 3 + 1 / 3) or near.empty:
            continue
        plain = near.groupby("ahead")["square"].mean().mean()
        square, alone = (_weighted(near, column) for column in ("square", "alone"))
        count = weight.sum() ** 2 / (weight**2).sum() / k
        wide = (stdtrit(max(count, FEWEST), 0.9) / ndtri(0.9)) ** 2
        found[k - 1] = np.sqrt(max(max(square, plain) * wide - alone, 0.0))
    return pd.Series(found).ffill().to_numpy() if np.isfinite(found[0]) else found


def _weighted(sums: pd.DataFrame, column: str) -> float:
    """Mean over sums of as many months, recent cuts counting more, and of these means over their lengths."""
    both = sums.assign(product=sums[column] * sums["weight"]).groupby("ahead")[["product", "weight"]].sum()
    return float((both["product"] / both["weight"]).mean())


def cumulated(past: pd.DataFrame) -> pd.DataFrame:
    """Past sums of the first, first two … months of each cut that are over: cut, ahead, forecast, actual, square (of
    their log ratio), alone (what independent deals explain of it)."""
    rows = past.sort_values(["cut", "ahead"])
    sums = rows.groupby("cut")[["forecast", "actual"]].cumsum(skipna=False)
    sums = rows[["cut", "ahead", "spread"]].assign(**sums)
    sums = sums[(sums["forecast"] > 0) & (sums["actual"] > 0)]
    square = np.log(sums["actual"] / sums["forecast"]) ** 2
    return sums.assign(square=square, alone=np.log1p((sums["spread"] / sums["forecast"]) ** 2))


@dataclass(frozen=True)
class Drawn:
    """Draws of the six months ahead.

    Attributes
    ----------
    months : DatetimeIndex
        First days.
    units : DataFrame
        One row a group of deals that have owner, product and region in common: rep_id, product, region.
    so_far : DataFrame
        One row a group, one column a month from the start of the quarter on: currency booked.
    open, created : ndarray
        groups × draws × 6: currency from deals open now, from deals to come.
    ranged : bool
        Is the common shock known? If not, quantiles of the draws are no ranges.
    """

    months: pd.DatetimeIndex
    units: pd.DataFrame
    so_far: pd.DataFrame
    open: np.ndarray
    created: np.ndarray
    ranged: bool


def draw(made: Outlook, tables: Tables, past: pd.DataFrame, size: int = DRAWS, seed: int = SEED) -> Drawn:
    """Draws of what open deals and deals to come bring, by month and group of deals.

    Parameters
    ----------
    made : Outlook
        `pipeline.outlook(tables)`.
    past : DataFrame
        `replay.Replay.months`.
    size, seed : int
        Number of draws; of the random numbers.

    Notes
    -----
    One normal score a draw gives the shock u of each horizon (log standard deviation `shocks`, mean 1). A deal is won
    by then with probability 1 − (1 − p)^u, one uniform number for all horizons; its amount varies by the noise of past
    amounts. What is to be created is its mean × u × a gamma factor with the spread of as many deals; it is shared to
    groups in the proportions of the deals won in the last twelve months, by gamma weights. All sums are sums of the
    same draws, so units add up to the company in each.
    """
    rng = np.random.default_rng(seed)
    groups, of_deal, won = _groups(made.deals, tables)
    reach = shocks(past)
    ranged, reach = bool(np.isfinite(reach).all()), np.nan_to_num(reach)
    score = rng.standard_normal(min(size, max(200, CELLS // len(groups))))
    power = np.exp(np.outer(score, reach) - reach**2 / 2)
    opened = _open(made, of_deal, len(groups), power, rng)
    share = _shares(groups, won, made.months["month"].iloc[0])
    new = _created(made.months, share, power, rng)
    month = pd.DatetimeIndex(made.months["month"])
    since = pd.date_range(quarter_start(month[0], tables.company.fiscal_year_start), month[-1], freq="MS")
    booked = won.groupby(["group", won["closed_on"].dt.to_period("M").dt.to_timestamp()])["amount"].sum()
    so_far = booked.unstack().reindex(index=range(len(groups)), columns=since).fillna(0.0)
    return Drawn(month, groups, so_far, opened, new, ranged)


def _groups(deals: pd.DataFrame, tables: Tables):
    """All groups; the group of each open deal; the won deals with theirs."""
    region = tables.reps.set_index("rep_id")["region"]
    every = tables.opportunities
    won = every[(every["status"] == "won") & every["closed_on"].notna()]
    both = pd.concat([deals[["rep_id", "product"]], won[["rep_id", "product"]]], ignore_index=True)
    both["region"] = region.reindex(both["rep_id"].to_numpy()).to_numpy()
    both = both.fillna("(none)").astype(object)
    number = both.groupby(["rep_id", "product", "region"]).ngroup().to_numpy()
    groups = both.assign(group=number).drop_duplicates("group").sort_values("group", ignore_index=True)
    return groups.drop(columns="group"), number[: len(deals)], won.assign(group=number[len(deals):])


def _open(made: Outlook, of_deal: np.ndarray, groups: int, power: np.ndarray, rng) -> np.ndarray:
    """groups × draws × 6: what open deals bring in each month."""
    by = np.zeros((groups, len(power), STEPS))
    order = np.argsort(of_deal, kind="stable")
    for some in np.array_split(order, max(1, -(-len(order) // CHUNK))):
        within, first = np.unique(of_deal[some], return_index=True)
        later = np.log1p(-rng.random((len(some), len(power))))
        amount = np.exp(made.noise * rng.standard_normal(later.shape) - made.noise**2 / 2)
        amount *= made.deals["value"].to_numpy()[some, None]
        before = np.zeros(later.shape, dtype=bool)
        for k in range(STEPS):
            hurdle = np.log1p(-np.clip(made.chance[some, k, None], 0, 1 - 1e-9))
            won = before | (later > power[:, k] * hurdle)
            by[within, :, k] += np.add.reduceat(np.where(won & ~before, amount, 0.0), first, axis=0)
            before = won
    return by


def _created(months: pd.DataFrame, share: np.ndarray, power: np.ndarray, rng) -> np.ndarray:
    """groups × draws × 6: what deals still to be created bring."""
    mean, count = months["created"].fillna(0.0).to_numpy(), months["deals"].fillna(0.0).to_numpy()
    size = months["size"].to_numpy()
    shape = np.where(mean > 0, np.maximum(mean / np.maximum(size, 1e-9), 0.05), 1.0)
    total = rng.gamma(shape, 1 / shape, power.shape) * mean * power
    weights = rng.gamma(np.maximum(share[:, None, None] * count.clip(1.0), 1e-3), 1.0, (len(share), *power.shape))
    return weights / np.maximum(weights.sum(axis=0), 1e-300) * total


def _shares(groups: pd.DataFrame, won: pd.DataFrame, first: pd.Timestamp) -> np.ndarray:
    recent = won[won["closed_on"] >= first - pd.DateOffset(months=12)]
    sums = recent.groupby("group")["amount"].sum().reindex(range(len(groups))).fillna(0.0).to_numpy()
    return sums / sums.sum() if sums.sum() > 0 else np.full(len(groups), 1 / max(len(groups), 1))
