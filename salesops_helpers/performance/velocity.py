"""Pipeline velocity and its levers: what one point of win rate, one day of cycle, one percent of deal size is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.measures import months_of
from salesops_helpers.performance.pipeline import deals_on, unit_of
from salesops_helpers.performance.resample import draws
from salesops_helpers.stats import LEVEL, SEED

DAY = pd.Timedelta(days=1)
MONTH = 365.25 / 12
FACTORS = ["closed", "win_rate", "deal_size", "cycle"]


@dataclass(frozen=True)
class Velocity:
    """Answer of `velocity`.

    Attributes
    ----------
    factors : DataFrame
        One row a factor: factor (closed: deals closed a month; win_rate; deal_size: mean amount of won deals; cycle:
        median days from creation to win), value, low, high (90 %, bootstrap by account), n (deals it rests on).
    levers : DataFrame
        One row a lever: lever (win_rate, deal_size, cycle, sooner), worth a month (currency), low, high (90 %), and
        quarter, quarter_low, quarter_high (three times as much; `sooner` is won once and the same in both).
    won_a_month : float
        closed × win_rate × deal_size (currency).
    velocity, open_velocity : float
        Currency a day: closed deals of the period × win rate × deal size ÷ cycle, and the other form, with the open
        deals of today as the first factor.
    months, closed, open : int
        Length of the period, and the deals closed in it and open today.
    """

    factors: pd.DataFrame
    levers: pd.DataFrame
    won_a_month: float
    velocity: float
    open_velocity: float
    months: int
    closed: int
    open: int


def velocity(tables: Tables, months: int = 12, only: Mapping[str, str] | None = None, seed: int = SEED) -> Velocity:
    """The four factors of pipeline velocity over the last `months` months, and what a small change of each is worth.

    Parameters
    ----------
    months : int
        Length of the period up to the as-of month, or as many as the data holds.
    only : mapping, optional
        Unit → value (such as {"segment": "Enterprise"}): only these deals; units as in `unit_of`.

    Raises
    ------
    SalesOpsError
        Where `months` is no whole number of 1 or more, or a unit is none.

    Notes
    -----
    Won a month = closed a month × win rate × deal size. One more point of win rate is worth closed a month × 0.01 ×
    deal size; 1 % more deal size 1 % of what is won a month. One day less of cycle is worth won a month ÷ (cycle − 1)
    by the velocity formula, which takes for granted that the freed time brings as many deals more; without that it only
    brings won a month ÷ 30.44 sooner, once (`sooner`). All are first-order: nothing is said about how a lever is moved.
    """
    if isinstance(months, bool) or int(months) != months or months < 1:
        raise SalesOpsError(f"months = {months!r} is no length of a period", "a whole number from 1", "set months = 12")
    held = months_of(tables)[-int(months):]
    first, months = held[0], len(held)
    deals = deals_on(tables, since=first - DAY)
    for by, value in (only or {}).items():
        deals = deals[(unit_of(tables, deals, by, tables.as_of) == value).fillna(False).astype(bool)]
    closed = deals[(deals["status"] != "open") & deals["closed_on"].notna()].reset_index(drop=True)
    point = _factors(closed, np.ones((1, len(closed)), int), months).iloc[0]
    drawn = [_factors(closed, weights, months) for weights in draws(closed, seed)]
    drawn = pd.concat(drawn, ignore_index=True) if drawn else pd.DataFrame(columns=FACTORS, dtype=float)
    low, high = (drawn.quantile(q) for q in ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    n = _resting_on(closed)
    factors = pd.DataFrame({"factor": FACTORS, "value": [point[f] for f in FACTORS],
                            "low": low.reindex(FACTORS).to_numpy(), "high": high.reindex(FACTORS).to_numpy(),
                            "n": [n[f] for f in FACTORS]})
    still = int((deals["status"] == "open").sum())
    a_deal = point["win_rate"] * point["deal_size"] / point["cycle"]
    return Velocity(factors, _levers(point, drawn), point["closed"] * point["win_rate"] * point["deal_size"],
                    len(closed) * a_deal, still * a_deal, int(months), len(closed), still)


def _resting_on(closed: pd.DataFrame) -> dict[str, int]:
    won = closed["status"] == "won"
    dated = won & closed["created_on"].notna()
    return {"closed": len(closed), "win_rate": len(closed), "deal_size": int((won & closed["amount"].notna()).sum()),
            "cycle": int(dated.sum())}


def _factors(closed: pd.DataFrame, weights: np.ndarray, months: int) -> pd.DataFrame:
    """The four factors of the closed deals, one row a draw, each deal as often as its weight (draws × deals)."""
    won = (closed["status"] == "won").to_numpy()
    amount = closed["amount"].to_numpy(dtype=float)
    days = ((closed["closed_on"] - closed["created_on"]) / DAY).to_numpy(dtype=float)
    sized, dated = np.flatnonzero(won & ~np.isnan(amount)), np.flatnonzero(won & ~np.isnan(days))
    count, wins, size = weights.sum(axis=1), weights[:, won].sum(axis=1), weights[:, sized].sum(axis=1)
    dated = dated[np.argsort(days[dated], kind="stable")]
    frame = pd.DataFrame({"closed": count / months, "win_rate": wins, "deal_size": weights[:, sized] @ amount[sized],
                          "cycle": _medians(np.maximum(days[dated], 0), weights[:, dated])}, dtype=float)
    frame["win_rate"] /= np.where(count > 0, count, np.nan)
    frame["deal_size"] /= np.where(size > 0, size, np.nan)
    return frame[FACTORS]


def _medians(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The median of ascending values in each draw, each value as often as its weight: the middle one, or the mean of
    the two in the middle."""
    if not len(values):
        return np.full(len(weights), np.nan)
    so_far = weights.cumsum(axis=1)
    total = so_far[:, -1]
    places = ((total + 1) // 2, total // 2 + 1)
    low, high = (values[(so_far >= place[:, None]).argmax(axis=1)] for place in places)
    return np.where(total > 0, (low + high) / 2, np.nan)


def _levers(point: pd.Series, drawn: pd.DataFrame) -> pd.DataFrame:
    worth, spread = _worth(point.to_frame().T).iloc[0], _worth(drawn)
    low, high = (spread.quantile(q) for q in ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    frame = pd.DataFrame({"lever": worth.index, "worth": worth.to_numpy(), "low": low.to_numpy(),
                          "high": high.to_numpy()})
    times = np.where(frame["lever"] == "sooner", 1, 3)
    return frame.assign(quarter=frame["worth"] * times, quarter_low=frame["low"] * times,
                        quarter_high=frame["high"] * times)


def _worth(of: pd.DataFrame) -> pd.DataFrame:
    won = of["closed"] * of["win_rate"] * of["deal_size"]
    return pd.DataFrame({
        "win_rate": of["closed"] * 0.01 * of["deal_size"], "deal_size": 0.01 * won,
        "cycle": won / (of["cycle"] - 1).where(of["cycle"] > 1), "sooner": won / MONTH})
