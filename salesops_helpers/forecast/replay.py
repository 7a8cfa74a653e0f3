"""What the pipeline forecast would have said on past days, and what became of each deal since: its record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from salesops_helpers.data.container import Tables
from salesops_helpers.data.snapshot import snapshot
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.forecast import features
from salesops_helpers.forecast.features import STEPS, months_ahead
from salesops_helpers.forecast.pipeline import Outlook, outlook
from salesops_helpers.stats import jeffreys

MONTHS = ["month", "ahead", "so_far", "open", "created", "forecast", "spread"]
WON, BASE = [f"won_{k}" for k in range(1, STEPS + 1)], [f"base_{k}" for k in range(1, STEPS + 1)]
TINY, GROUPS, FEWEST = 1e-6, 10, 100


@dataclass(frozen=True)
class Replay:
    """Past forecasts of `pipeline.outlook`, each from what was known on its cut.

    Attributes
    ----------
    months : DataFrame
        cut, month, ahead, so_far, open, created, forecast, spread (as `pipeline.Outlook.months`), actual (bookings;
        missing where the month is not over).
    deals : DataFrame
        cut, opportunity_id, won_1 … won_6 (probability to be won by the end of each month ahead), base_1 … base_6 (the
        share of deals open on earlier cuts that was), end, step (what is known of it today), over (months ahead that
        are over today, 0 to 6).
    made : dict of Timestamp to Outlook
        Each cut's outlook itself.
    """

    months: pd.DataFrame
    deals: pd.DataFrame
    made: dict[pd.Timestamp, Outlook] = field(default_factory=dict)


def replay(tables: Tables, origins: Iterable | None = None) -> Replay:
    """The pipeline forecast of past days; days that do not bear one are left out.

    Parameters
    ----------
    tables : Tables
        As known on the as-of day; each origin sees its `snapshot`.
    origins : iterable of Timestamp, optional
        Days before the as-of day; None: the 12 last ones at the same place in their months.
    """
    days = features.cuts(tables, 13)[:-1] if origins is None else pd.DatetimeIndex(origins)
    months = [pd.DataFrame(columns=["cut", *MONTHS])]
    deals = [pd.DataFrame(columns=["cut", "opportunity_id", *WON, *BASE])]
    every = {}
    for day in days:
        try:
            every[day] = made = outlook(snapshot(tables, day))
        except SalesOpsError:
            continue
        months.append(made.months[MONTHS].assign(cut=day))
        base = np.tile(made.base, (len(made.deals), 1))
        said = pd.DataFrame(np.column_stack([made.chance, base]), columns=WON + BASE)
        deals.append(said.assign(cut=day, opportunity_id=made.deals["opportunity_id"]))
    months, deals = (pd.concat(frames[1:] or frames, ignore_index=True) for frames in (months, deals))
    return Replay(_met(months, tables), _became(deals, tables), every)


def _met(months: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    deals = tables.opportunities
    won = deals[(deals["status"] == "won") & deals["closed_on"].notna()]
    actual = won.groupby(won["closed_on"].dt.to_period("M").dt.to_timestamp())["amount"].sum()
    over = pd.to_datetime(months["month"]) < months_ahead(tables.as_of)
    return months.assign(actual=actual.reindex(months["month"]).fillna(0.0).where(over.to_numpy()).to_numpy())


def _became(deals: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    now = tables.opportunities.set_index("opportunity_id")[["status", "closed_on"]]
    now = now.reindex(deals["opportunity_id"].to_numpy()).set_axis(deals.index)
    first, last = months_ahead(pd.to_datetime(deals["cut"])), months_ahead(tables.as_of)
    ended = now["status"].isin(["won", "lost"]) & now["closed_on"].notna()
    step = (now["closed_on"].dt.year - first.dt.year) * 12 + now["closed_on"].dt.month - first.dt.month + 1
    over = ((last.year - first.dt.year) * 12 + last.month - first.dt.month).clip(0, STEPS)
    return deals.assign(end=now["status"].where(ended, "open"), step=step.where(ended), over=over)


def won_within(deals: pd.DataFrame, ahead: int) -> pd.DataFrame:
    """Of each past deal whose month `ahead` is over: cut, chance, base (probabilities), won (bool)."""
    rows = deals[deals["over"] >= ahead]
    won = (rows["end"] == "won") & (rows["step"] <= ahead)
    return pd.DataFrame({"cut": rows["cut"], "chance": rows[f"won_{ahead}"].astype(float),
                         "base": rows[f"base_{ahead}"].astype(float), "won": won})


def reliability(deals: pd.DataFrame, ahead: int, groups: int = GROUPS) -> pd.DataFrame:
    """What was said against what came, in groups of equally many deals.

    Parameters
    ----------
    deals : DataFrame
        `Replay.deals`.
    ahead : int
        Won by the end of which month ahead, 1 to 6.

    Returns
    -------
    DataFrame
        deals, said (mean probability), came (share won), low, high (95 % range of the share, `stats.jeffreys`).
    """
    rows = won_within(deals, ahead)
    if rows.empty:
        return pd.DataFrame(columns=["deals", "said", "came", "low", "high"])
    group = (rows["chance"].rank(method="first") * groups / (len(rows) + 1)).astype(int)
    sums = rows.groupby(group).agg(deals=("won", "size"), said=("chance", "mean"), came=("won", "mean"),
                                   won=("won", "sum"))
    low, high = jeffreys(sums["won"], sums["deals"], 0.95)
    return sums.drop(columns="won").assign(low=low, high=high).reset_index(drop=True)


def calibration(deals: pd.DataFrame, ahead: Iterable[int] = (1, 3, 6)) -> pd.DataFrame:
    """How good the probabilities were, beside the base rate known on each cut.

    Returns
    -------
    DataFrame
        One row for each of `ahead` with 100 deals or more: ahead, cuts, deals, said, came (number expected, number
        won), brier, brier_base, log_loss, log_loss_base, slope, slope_low, slope_high (95 % range).

    Notes
    -----
    Brier = mean (p − won)²; log loss = −mean log of the probability of what came; slope: logistic regression of won on
    log odds of p (Cox 1958), 1 is right, below 1 the probabilities are too extreme. Its range is widened for deals that
    are seen on several cuts.
    """
    found = []
    for k in ahead:
        rows = won_within(deals, k)
        if len(rows) < FEWEST or rows["won"].nunique() < 2:
            continue
        p, base = (rows[c].clip(TINY, 1 - TINY).to_numpy() for c in ("chance", "base"))
        won = rows["won"].to_numpy(float)
        slope, error = _slope(np.log(p / (1 - p)), won, deals.loc[rows.index, "opportunity_id"])
        found.append({
            "ahead": k, "cuts": rows["cut"].nunique(), "deals": len(rows), "said": p.sum(), "came": won.sum(),
            "brier": np.mean((p - won) ** 2), "brier_base": np.mean((base - won) ** 2), "log_loss": log_loss(p, won),
            "log_loss_base": log_loss(base, won), "slope": slope, "slope_low": slope - 1.96 * error,
            "slope_high": slope + 1.96 * error})
    return pd.DataFrame(found, columns=["ahead", "cuts", "deals", "said", "came", "brier", "brier_base", "log_loss",
                                        "log_loss_base", "slope", "slope_low", "slope_high"])


def log_loss(p: np.ndarray, won: np.ndarray) -> float:
    return float(-np.mean(np.where(won > 0, np.log(p), np.log1p(-p))))


def _slope(odds: np.ndarray, won: np.ndarray, deal: pd.Series) -> tuple[float, float]:
    """Slope of a logistic regression, by Newton's method, and its standard error with deals as clusters."""
    x = np.column_stack([np.ones(len(odds)), odds])
    at = np.array([0.0, 1.0])
    for _ in range(25):
        p = 1 / (1 + np.exp(-np.clip(x @ at, -30, 30)))
        inverse = np.linalg.pinv((x * (p * (1 - p))[:, None]).T @ x)
        move = inverse @ (x.T @ (won - p))
        at = at + np.clip(move, -1, 1)
        if np.abs(move).max() < 1e-8:
            break
    by_deal = pd.DataFrame(x * (won - p)[:, None]).groupby(deal.to_numpy()).sum().to_numpy()
    return float(at[1]), float(np.sqrt((inverse @ (by_deal.T @ by_deal) @ inverse)[1, 1]))
