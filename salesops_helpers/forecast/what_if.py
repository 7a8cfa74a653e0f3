"""What a change of price, win rate, cycle or pipeline creation would do to the forecast, and what a goal asks of each.

Arithmetic on the forecast, not an estimate: it says what follows if the lever moves and nothing else does.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers import measures, words
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.forecast.methods import LONGEST

LEVERS = {"win_rate": "win rate", "price": "price", "creation": "pipeline created a month"}
MOVED = 0.1
DAYS = 10
MONTH_DAYS = 30.4375
LOOK_BACK = 24


def new_share(tables: Tables, months: int = LOOK_BACK) -> np.ndarray:
    """How much of the bookings 1, 2, … 18 months ahead comes from deals that are not created yet.

    Parameters
    ----------
    tables : Tables
        As known on the as-of day.
    months : int
        Complete months of closings that it is measured on, the last ones.

    Returns
    -------
    ndarray
        18 shares of amount; missing where nothing was won, or no deal has a date of creation.
    """
    won = measures.won_deals(tables)
    won = won[won["created_on"].notna() & (won["closed_on"] > tables.as_of - pd.DateOffset(months=months))]
    if won.empty or not won["amount"].sum() > 0:
        return np.full(LONGEST, np.nan)
    closed, created = (won[c].dt.year * 12 + won[c].dt.month for c in ("closed_on", "created_on"))
    ahead = np.arange(1, LONGEST + 1)
    new = (closed - created).to_numpy()[:, None] < ahead
    return won["amount"].to_numpy(float) @ new / won["amount"].sum()


def scenario(
    expected: pd.DataFrame, new: np.ndarray, horizon: int, win_rate: float = 0.0, price: float = 0.0,
    creation: float = 0.0, cycle_days: float = 0.0,
) -> pd.DataFrame:
    """The forecast with levers moved from the day after the last month known.

    Parameters
    ----------
    expected : DataFrame
        `series.bookings` of one unit, 18 months in order.
    new : ndarray
        `new_share`.
    horizon : int
        Months.
    win_rate, price, creation : float
        Relative change: 0.1 is 10 % more.
    cycle_days : float
        Days that every deal closes later (below 0: earlier).

    Returns
    -------
    DataFrame
        The first `horizon` rows; forecast, low_L and high_L moved, and change (currency, against `expected`).

    Raises
    ------
    SalesOpsError
        For a change below −100 %, and a cycle moved by more than 180 days.

    Notes
    -----
    Win rate and price multiply a month by (1 + change) each; creation by 1 + change × the share of its bookings that
    comes from deals not created yet. A cycle that is d days shorter reads cumulated bookings d days later; what was to
    close before is pulled into the first month. Ranges keep their width relative to the forecast.
    """
    if min(win_rate, price, creation) < -1 or abs(cycle_days) > 180:
        raise SalesOpsError(f"win_rate={win_rate}, price={price}, creation={creation}, cycle_days={cycle_days}",
                            "changes from −1 (−100 %), days from −180 to 180", "choose a smaller change")
    share = np.nan_to_num(new[: len(expected)])
    factor = (1 + win_rate) * (1 + price) * (1 + creation * share)
    moved = _shifted(expected["forecast"].to_numpy() * factor, cycle_days)
    before = expected["forecast"].to_numpy()
    relative = np.divide(moved, before, out=np.ones_like(moved), where=before > 0)
    ends = [c for c in expected if c.startswith(("low_", "high_"))]
    frame = expected.assign(forecast=moved, change=moved - before, **{c: expected[c] * relative for c in ends})
    return frame[:horizon]


def _shifted(monthly: np.ndarray, days: float) -> np.ndarray:
    """Months of cumulated bookings read `days` earlier (below 0: later); beyond the last month it runs on evenly."""
    ends = np.arange(len(monthly) + 1.0)
    cumulated = np.concatenate([[0.0], monthly.cumsum()])
    at = np.maximum(ends - days / MONTH_DAYS, 0.0)
    beyond = np.maximum(at - ends[-1], 0.0) * monthly[-1]
    read = np.interp(at, ends, cumulated) + beyond
    return np.diff(np.concatenate([[0.0], read[1:]]))


def goal_seek(expected: pd.DataFrame, new: np.ndarray, horizon: int, goal: float) -> pd.DataFrame:
    """How far each lever alone has to move for the bookings of `horizon` months to reach `goal` on average.

    Returns
    -------
    DataFrame
        lever, change (relative), reach (bookings with 10 % more of it, currency); change is missing where the lever
        moves nothing.
    """
    rows = expected[:horizon]
    total = float(rows["forecast"].sum())
    moves = {"win_rate": total, "price": total,
             "creation": float(rows["forecast"].to_numpy() @ np.nan_to_num(new[:horizon]))}
    return pd.DataFrame({
        "lever": [LEVERS[name] for name in moves],
        "change": [(goal - total) / moved if moved > 0 else np.nan for moved in moves.values()],
        "reach": [total + MOVED * moved for moved in moves.values()],
    })


def standard(expected: pd.DataFrame, new: np.ndarray, horizon: int, goal: float = float("nan")) -> pd.DataFrame:
    """Each lever moved by itself, and how far it would have to move for a goal: what the explorer starts from.

    Returns
    -------
    DataFrame
        what (in words), forecast (of the months together) and change (against the forecast as it stands), currency;
        needed (relative change of this lever alone that reaches `goal`; missing without a goal, and for the cycle).
    """
    moved = {f"{name} {words.percent(MOVED, 0)} higher": {lever: MOVED} for lever, name in LEVERS.items()}
    moved[f"deals close {DAYS} days earlier"] = {"cycle_days": -DAYS}
    rows = [scenario(expected, new, horizon, **levers)[["forecast", "change"]].sum() for levers in moved.values()]
    needed = goal_seek(expected, new, horizon, goal)["change"].tolist()
    frame = pd.DataFrame(rows).assign(what=list(moved), needed=[*needed, np.nan])
    return frame[["what", "forecast", "change", "needed"]]


def to_reach(sought: pd.DataFrame, goal: float, currency: str) -> str:
    """`goal_seek` in a sentence; empty without a goal."""
    if pd.isna(goal):
        return ""
    by = [f"{lever} by {'+' if change > 0 else ''}{words.percent(change, 0)}"
          for lever, change in zip(sought["lever"], sought["change"], strict=True) if pd.notna(change)]
    return f"To reach {words.short_money(goal, currency)}, one of these alone would have to move: {', '.join(by)}."


def goal_of(plan: pd.DataFrame, expected: pd.DataFrame) -> float:
    """The plan of the months of `expected`, or, where one of them has none, what they brought a year before.

    Parameters
    ----------
    plan : DataFrame
        month, goal (currency) of the unit.
    expected : DataFrame
        month, last_year.
    """
    goals = plan.groupby("month")["goal"].sum().reindex(expected["month"])
    return float((goals if goals.notna().all() else expected["last_year"]).sum(min_count=len(expected)))
