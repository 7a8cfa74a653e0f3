"""Complex exponential smoothing with the range that statsforecast simulates, without its loop over 5,000 paths.

A forecast is linear in the last states of the model, so all paths are one product of the same errors (the same seed)
with what each state adds. Source: Svetunkov and Kourentzes (2022), statsforecast 2.1 (`AutoCES`).
"""

from __future__ import annotations

import numpy as np

PATHS, SEED = 5_000, 1


def forecast(values: np.ndarray, horizon: int, season: int, level: int) -> dict[str, np.ndarray]:
    """What ``AutoCES(season).forecast(values, horizon, level=[level])`` gives, to the last digits of a float.

    Parameters
    ----------
    values : array of float
        One value a period, oldest first.
    horizon, season, level : int
        Periods ahead, periods of a season, percent that the range holds.

    Returns
    -------
    dict
        mean, and ``lo-<level>`` and ``hi-<level>``.
    """
    from statsforecast import ces
    from statsforecast.models import AutoCES

    if np.ptp(values) == 0:
        return AutoCES(season_length=season).forecast(y=values, h=horizon, level=[level])
    model = ces.auto_ces(values, m=season)
    mean = ces.forecast_ces(model, horizon)["mean"]
    first, last = model["n"], model["n"] + model["m"]
    errors = np.random.default_rng(SEED).normal(0.0, np.sqrt(model["sigma2"]), (PATHS, *model["states"].shape))
    paths = mean + np.tensordot(errors[:, first:last], _effects(model, horizon, first, last), axes=([1, 2], [0, 1]))
    low, high = np.quantile(paths, [0.5 - level / 200, 0.5 + level / 200], axis=0)
    return {"mean": mean, f"lo-{level}": low, f"hi-{level}": high}


def _effects(model: dict, horizon: int, first: int, last: int) -> np.ndarray:
    """What one unit of each of the last states adds to each period of the forecast."""
    from statsforecast import ces

    states = np.zeros_like(model["states"], dtype=float)
    effects = np.zeros((last - first, states.shape[1], horizon))
    for place in np.ndindex(effects.shape[:2]):
        states[first + place[0], place[1]] = 1.0
        ces.cesforecast(states=states, n=model["n"], m=model["m"], season=ces.switch_ces(model["seasontype"]),
                        h=horizon, f=effects[place], **model["par"])
        states[first + place[0], place[1]] = 0.0
    return effects
