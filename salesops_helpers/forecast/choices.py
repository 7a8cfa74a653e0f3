"""The same forecast by each method, side by side: what the explorer moves through and what the page prints of it."""

from __future__ import annotations

import pandas as pd

from salesops_helpers.forecast.backtest import fits, totals
from salesops_helpers.forecast.methods import LONGEST, METHODS
from salesops_helpers.forecast.series import outlook

CHOICES = {
    "mean": "mean of several (default)", "theta": "Theta", "ets": "ETS (exponential smoothing)",
    "ces": "CES (complex smoothing)", "naive": "seasonal naive",
}


def scenarios(known: pd.DataFrame, past: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The forecast of each method that this history bears, 18 months ahead.

    Parameters
    ----------
    known : DataFrame
        The history of one unit: by, unit, month, actual.
    past : DataFrame
        The backtest whose errors set the ranges, from `backtest.backtest`.
    """
    made = fits(known, LONGEST)
    bears = [name for name in METHODS if name in set(made["method"])]
    return {name: outlook(known, past, LONGEST, method=name, made=made) for name in bears}


def side_by_side(made: dict[str, pd.DataFrame], past: pd.DataFrame, record: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """What each method says for the next `horizon` months together, and how far it missed on past windows.

    Parameters
    ----------
    made : dict
        `scenarios`.
    past : DataFrame
        The backtest whose errors set the ranges.
    record : DataFrame
        `backtest.accuracy` of the unit's past totals, one row a method.
    horizon : int
        Months.

    Returns
    -------
    DataFrame
        choice, method, forecast, low_80, high_80 (currency), windows, wape, skill (wape ÷ that of the naive line).
    """
    sums = [totals(frame[frame["step"] <= horizon], past[past["method"] == name], horizon)
            for name, frame in made.items()]
    frame = pd.concat(sums, ignore_index=True)
    frame["choice"] = frame["method"].map(CHOICES)
    frame = frame[["choice", "method", "forecast", "low_80", "high_80"]]
    return frame.merge(record[["method", "windows", "wape", "skill"]], on="method", how="left")
