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
    deal size; 1 % more deal size 1 % of what is won a month. One day less of cycle is worth won a month ÷ (cycle − 1) by the
    velocity formula, which takes for granted that the freed time brings as many deals more; without that it only brings
    won a month ÷ 30.44 sooner, once (`sooner`). All are first-order: nothing is said about how a lever is moved.
    """
    if isinstance(months, bool) or int(months) != months or months < 1:
        raise SalesOpsError(f"months = {months!r} is no length of a period", "a whole number from 1", "set months = 12")
    held = months_of(tables)[-int(months):]
    first, months = held[0], len(held)
    deals = deals_on(tables, since=first - DAY)
    for by, value in (only or {}).items():
        deals = deals[(unit_of(tables, deals, by, tables.as_of) == value).fillna(False).astype(bool)]
    closed = deals[(deals["status"] != "open") & deals["closed_on"].notna()].reset_index(drop=True)
    point = _factors(closed, np.ones(len(closed)), months)
    drawn = pd.DataFrame([_factors(closed, weights, months) for weights in draws(closed, seed)], columns=FACTORS)
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


def _factors(closed: pd.DataFrame, weights: np.ndarray, months: int) -> dict[str, float]:
    """The four factors of the closed deals, each as often as `weights` says."""
    won = (closed["status"] == "won").to_numpy()
    amount = closed["amount"].to_numpy(dtype=float)
    sized, all_won, count = won & ~np.isnan(amount), (weights * won).sum(), weights.sum()
    n_sized = weights[sized].sum()
    days = ((closed["closed_on"] - closed["created_on"]) / DAY).to_numpy(dtype=float)
    dated = won & ~np.isnan(days)
    return {
        "closed": count / months, "win_rate": all_won / count if count else np.nan,
        "deal_size": (weights[sized] * amount[sized]).sum() / n_sized if n_sized else np.nan,
        "cycle": _median(np.maximum(days[dated], 0), weights[dated]),
    }


def _median(values: np.ndarray, weights: np.ndarray) -> float:
    """The median of whole days, each as often as its weight."""
    if not weights.sum():
        return float("nan")
    times = np.bincount(values.astype(np.int64), weights=weights).cumsum()
    low, high = (np.searchsorted(times, half) for half in _halves(times[-1]))
    return (low + high) / 2


def _halves(total: float) -> tuple[float, float]:
    """The places of the middle one, or of the two in the middle."""
    return np.ceil(total / 2), np.floor(total / 2) + 1


def _levers(point: dict[str, float], drawn: pd.DataFrame) -> pd.DataFrame:
    worth = {name: _worth(point)[name] for name in _worth(point)}
    spread = pd.DataFrame(_worth(drawn)) if len(drawn) else pd.DataFrame(columns=list(worth), dtype=float)
    low, high = (spread.quantile(q) for q in ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    frame = pd.DataFrame({"lever": list(worth), "worth": list(worth.values()), "low": low.to_numpy(),
                          "high": high.to_numpy()})
    times = np.where(frame["lever"] == "sooner", 1, 3)
    return frame.assign(quarter=frame["worth"] * times, quarter_low=frame["low"] * times,
                        quarter_high=frame["high"] * times)


def _worth(of) -> dict:
    won = of["closed"] * of["win_rate"] * of["deal_size"]
    longer = of["cycle"] - 1
    longer = longer if not isinstance(longer, pd.Series) else longer.where(longer > 0)
    longer = np.nan if np.isscalar(longer) and not longer > 0 else longer
    return {"win_rate": of["closed"] * 0.01 * of["deal_size"], "deal_size": 0.01 * won, "cycle": won / longer,
            "sooner": won / MONTH}
