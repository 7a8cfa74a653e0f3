"""Forecasts of one monthly series: which methods its length bears, and what each of them says.

Nothing here knows about dates or companies: values in, oldest first, and values out.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from salesops_helpers.errors import SalesOpsError, listed
from salesops_helpers.forecast import ces

LONGEST = 18
MODELS_FROM, CES_FROM, YEAR, SEASON_FROM, NAIVE_MEMBER_TO = 8, 10, 12, 24, 36
MEMBERS = ("theta", "ets", "ces")
METHODS = ("mean", *MEMBERS, "naive")
NAMES = {"theta": "Theta", "ets": "ETS", "ces": "CES", "naive": "seasonal naive"}
EXACT = 1e-5
A_PROCESS_PAYS = 25
NAIVE_SHARE = 0.05
Z80 = 1.2815515655446004
LAGS = {12: "the same month last year", 3: "the same place in the last quarter", 1: "the last month"}


@dataclass(frozen=True)
class Rule:
    """What a history of some length bears.

    Attributes
    ----------
    season : int
        Months of the season that is estimated: 12, 3 (place in the quarter) or 1 (none).
    members : tuple of str
        What the default forecast is the mean of; empty: the mean of the months known.
    naive_lag : int
        How many months back the seasonal naive line looks: 12, 3 or 1.
    reason : str
        Why it is not more; empty where nothing is held back.
    naive_share : float or None
        Weight of seasonal naive in the mean, the models sharing the rest evenly; None: all members weigh the same.
    """

    season: int
    members: tuple[str, ...]
    naive_lag: int
    reason: str = ""
    naive_share: float | None = None


def rule(months: int) -> Rule:
    """What a history of `months` months bears.

    Notes
    -----
    A season of 12 needs two years. Seasonal naive is a full member up to three years: measured on the M1 and M3 monthly
    series it helps there. With longer histories it has a twentieth of the weight (0.4 % less error on the training part
    of the benchmark; more helps M1 and tourism and harms M3). Between one and two years it carries last year's months,
    which no model can estimate yet (M1: 6 % less error). CES needs ten months to give a range, ETS seven.
    """
    lag = YEAR if months >= YEAR else 3 if months >= 3 else 1
    if months >= SEASON_FROM:
        share = None if months <= NAIVE_MEMBER_TO else NAIVE_SHARE
        return Rule(YEAR, (*MEMBERS, "naive"), lag, naive_share=share)
    known = f"{months} months of history are known" if months != 1 else "1 month of history is known"
    if months >= MODELS_FROM:
        members = (MEMBERS if months >= CES_FROM else MEMBERS[:2]) + ("naive",)
        why = f"{known}; the season of the year needs {SEASON_FROM}, so the place in the quarter stands in for it"
        return Rule(3, members, lag, why)
    why = f"{known}; models need {MODELS_FROM}, so the mean of the months known stands in for them"
    return Rule(3 if months >= 6 else 1, (), lag, why)


def fit(values: np.ndarray, horizon: int) -> pd.DataFrame:
    """What each method says about the next `horizon` months of one series.

    Parameters
    ----------
    values : array
        One value a month, oldest first; months before the first value other than 0 are left out.
    horizon : int
        Months to forecast.

    Returns
    -------
    DataFrame
        One row a method and step: method, step (months ahead), forecast, native (standard deviation of the error, as
        the method itself sees it; missing where it cannot tell), freedom (its degrees of freedom), naive, scale
        (typical error, for calibration: √(native × naive_error)), naive_error (mean absolute change from season to
        season inside the history), season, naive_lag, history_months, made_of, reason. Forecasts are not below 0.
    """
    values = np.asarray(values, float)
    values = values[np.argmax(values != 0):] if (values != 0).any() else values
    known = rule(len(values))
    naive = values[len(values) - known.naive_lag + np.arange(horizon) % known.naive_lag]
    error = _naive_error(values, known.season)
    said, failed = _said(values, horizon, known, naive)
    frames = [
        pd.DataFrame({"method": name, "step": np.arange(1, horizon + 1), "forecast": np.maximum(mean, 0.0),
                      "native": native, "freedom": freedom, "made_of": made_of})
        for name, (mean, native, freedom, made_of) in said.items()
    ]
    frame = pd.concat(frames, ignore_index=True)
    frame["naive"] = np.tile(naive, len(frames))
    frame["naive_error"] = error
    frame["native"] = frame["native"].mask(frame["native"] <= EXACT * values.max(), 0.0)
    frame["scale"] = np.sqrt(frame["native"] * (error if error > 0 else frame["native"]))
    frame["season"], frame["naive_lag"], frame["history_months"] = known.season, known.naive_lag, len(values)
    frame["reason"] = "; ".join(r for r in (known.reason, failed, _silent(values, frame["scale"])) if r)
    return frame


def fit_many(series: Sequence[np.ndarray], horizon: int, jobs: int = 1) -> list[pd.DataFrame]:
    """`fit` for many series, in as many processes as `jobs` says where there are enough series to pay for them; each on
    one thread, since on matrices this small more of them only wait for each other."""
    from threadpoolctl import threadpool_limits

    if any(len(values) >= MODELS_FROM for values in series):
        import statsforecast.models  # noqa: F401  before threads are limited and processes are forked
    jobs = min(jobs, len(series) // A_PROCESS_PAYS)
    with threadpool_limits(1):
        if jobs < 2:
            return [fit(values, horizon) for values in series]
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor

        way = multiprocessing.get_context("fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn")
        chunk = max(1, len(series) // (jobs * 8))
        with ProcessPoolExecutor(jobs, way, initializer=threadpool_limits, initargs=(1,)) as pool:
            return list(pool.map(fit, series, [horizon] * len(series), chunksize=chunk))


def _said(values: np.ndarray, horizon: int, known: Rule, naive: np.ndarray):
    """Per method: forecast, native error, degrees of freedom, what it is made of; and which members failed."""
    members = {"naive": (naive, _naive_native(values, known, horizon))}
    asked = [name for name in known.members if name != "naive"]
    members |= {name: answer for name in asked if (answer := _model(name, values, horizon, known.season)) is not None}
    said = {name: (*answer, np.inf, _made_of([name], known)) for name, answer in members.items()}
    used = [name for name in known.members if name in members]
    if used:
        point, native = (_combined(np.array([members[name][part] for name in used]), known) for part in (0, 1))
        said["mean"] = (point, native, np.inf, _made_of(used, known))
    else:
        spread = values.std(ddof=1) * np.sqrt(1 + 1 / len(values)) if len(values) > 1 else np.nan
        ones = np.ones(horizon)
        said["mean"] = (ones * values.mean(), ones * spread, max(len(values) - 1, 1), "mean of the months known")
    failed = [NAMES[name] for name in asked if name not in members]
    return said, f"left out, as it could not be fitted: {', '.join(failed)}" if failed else ""


def _made_of(names: list[str], known: Rule) -> str:
    share = "" if known.naive_share is None or len(names) == 1 else f", with a weight of {known.naive_share:.0%}"
    naive = f"{NAMES['naive']} ({LAGS[known.naive_lag]}{share.replace('%', ' %')})"
    words = [naive if name == "naive" else NAMES[name] for name in names]
    return words[0] if len(words) == 1 else f"mean of {', '.join(words[:-1])} and {words[-1]}"


def _combined(rows: np.ndarray, known: Rule) -> np.ndarray:
    """The members' mean, seasonal naive (the last row) with its share where the rule gives it one."""
    if known.naive_share is None or len(rows) == 1:
        return _mean(rows)
    return (1 - known.naive_share) * _mean(rows[:-1]) + known.naive_share * rows[-1]


def _mean(rows: np.ndarray) -> np.ndarray:
    """Column means over what is known; missing where nothing is."""
    known = np.isfinite(rows)
    return np.where(known.any(axis=0), np.where(known, rows, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1), np.nan)


def _model(name: str, values: np.ndarray, horizon: int, season: int):
    """Forecast and native error of one model of statsforecast; None where it cannot be fitted to these values."""
    from statsforecast.models import AutoETS, DynamicOptimizedTheta

    model = {"theta": DynamicOptimizedTheta, "ets": AutoETS}
    factors = _quarter_factors(values) if name == "theta" and season == 3 else np.ones(3)
    place = np.arange(len(values) + horizon) % 3
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            known = values / factors[place[: len(values)]]
            said = (ces.forecast(known, horizon, season, 80) if name == "ces"
                    else model[name](season_length=season).forecast(y=known, h=horizon, level=[80]))
        except Exception:  # whatever a model stumbles on, the others stand, and the reason names the one left out
            return None
    again = factors[place[len(values):]]
    mean, native = said["mean"] * again, (said["hi-80"] - said["lo-80"]) / 2 / Z80 * again
    good = np.isfinite(mean).all() and np.isfinite(native).all()
    return (mean, np.maximum(native, 0.0)) if good else None


def _quarter_factors(values: np.ndarray) -> np.ndarray:
    """Multiplicative factors of the three places in the quarter, the first for the first value; ones where there is no
    sign of them (autocorrelation at lag 3, one-sided test at 10 %) or a month without bookings.

    statsforecast's Theta looks for seasons of four months or more only, as it does here for 12.
    """
    n = len(values)
    if n < MODELS_FROM or values.min() <= 0 or np.ptp(values) == 0:
        return np.ones(3)
    apart = values - values.mean()
    lags = np.array([apart[k:] @ apart[: n - k] for k in (1, 2, 3)]) / (apart @ apart)
    if lags[2] / np.sqrt((1 + 2 * (lags[:2] ** 2).sum()) / n) <= Z80:
        return np.ones(3)
    ratios = values[1:-1] / ((values[:-2] + values[1:-1] + values[2:]) / 3)
    factors = np.array([ratios[(np.arange(1, n - 1) % 3) == place].mean() for place in range(3)])
    return factors / factors.mean()


def _naive_native(values: np.ndarray, known: Rule, horizon: int) -> np.ndarray:
    """Standard deviation of the naive line's errors, growing with each season ahead; missing for a single month."""
    lag = next((lag for lag in (known.naive_lag, 3, 1) if len(values) - lag >= 3), 1)
    errors = values[lag:] - values[:-lag]
    if not len(errors):
        return np.full(horizon, np.nan)
    return np.sqrt(np.mean(errors**2) * (np.arange(horizon) // known.naive_lag + 1))


def _naive_error(values: np.ndarray, season: int) -> float:
    """Mean absolute change from one season to the next; missing for a single month."""
    return float(np.abs(values[season:] - values[:-season]).mean()) if len(values) > season else float("nan")


def _silent(values: np.ndarray, scale: pd.Series) -> str:
    """Why the past says nothing about errors, empty where it does."""
    if not values.any():
        return "nothing was ever booked, so the past says nothing about errors and no range is given"
    if len(values) == 1:
        return "one month says nothing about errors, so no range is given"
    exact = "every month was the same" if np.ptp(values) == 0 else "the history follows its pattern without an error"
    return "" if (scale > 0).any() else f"{exact}, so the past says nothing about errors and no range is given"


def check_horizon(horizon: int) -> int:
    """`horizon`, where it is a whole number from 1 to 18. Raises `SalesOpsError` elsewhere."""
    if isinstance(horizon, bool) or not isinstance(horizon, int) or not 1 <= horizon <= LONGEST:
        raise SalesOpsError(
            f"horizon={horizon!r} is not a number of months to forecast", f"a whole number from 1 to {LONGEST}",
            "use horizon = 3 for a quarter",
        )
    return horizon


def check_method(method: str) -> str:
    """`method`, where it is one. Raises `SalesOpsError` elsewhere."""
    if method not in METHODS:
        raise SalesOpsError(f"method={method!r} is not a method", listed(METHODS), "use method='mean'")
    return method
