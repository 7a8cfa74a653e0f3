"""Ranges from the errors that the same method made before, pooled over series."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers.errors import SalesOpsError

LEVELS = (80, 95)
OWN, NOW, ASKED = 0.2, 0.5, {80: 0.98, 95: 1.01}


def check_levels(level) -> tuple[int, ...]:
    """The levels as a tuple of whole percents. Raises `SalesOpsError` for anything but whole numbers from 50 to 99."""
    levels = tuple(level) if isinstance(level, (tuple, list)) else (level,)
    if not levels or any(isinstance(v, bool) or not isinstance(v, int) or not 50 <= v <= 99 for v in levels):
        raise SalesOpsError(f"level={level!r} is not a list of percents", "whole numbers from 50 to 99", "use (80, 95)")
    return levels


def with_ranges(made: pd.DataFrame, past: pd.DataFrame, level=LEVELS) -> pd.DataFrame:
    """`made` with low and high ends per level, from the errors of `past` that were known at each row's cut.

    Parameters
    ----------
    made : DataFrame
        Forecasts: cut (last month known), method, step, forecast, native, freedom, scale.
    past : DataFrame
        Earlier forecasts whose month is over: the same columns and month, actual.
    level : sequence of int
        Percents.

    Returns
    -------
    DataFrame
        `made` and per level low_L, high_L (missing where neither the past nor the method can tell), and range_from
        (how many past errors at that step or one beside it the range rests on; 0: the method's own range).

    Notes
    -----
    Half-width = max(q × scale, the method's own half-width), where q is a quantile of \\|error\\| ÷ scale over all
    series, at the step and the steps beside it, not smaller than at shorter steps. It is taken at level × (1 + 1/n)
    for n errors and widened by Student's t ÷ normal quantile with as many degrees of freedom as windows have no
    month in common (2 at least): the fewer they are, the wider. Low ends are cut at 0.
    """
    from scipy.stats import t

    levels = check_levels(level)
    groups = [
        _ranged(rows, past[(past["method"] == method) & (past["month"] <= cut)], levels)
        for (cut, method), rows in made.groupby(["cut", "method"], sort=False)
    ]
    factors = pd.concat(groups) if groups else made.assign(range_from=0, **{f"q_{v}": 0.0 for v in levels})
    frame = made.assign(range_from=factors["range_from"])
    moves = frame["scale"] > 0
    for v in levels:
        own = t.ppf(0.5 + v / 200, frame["freedom"]) * frame["native"]
        half = np.fmax(factors[f"q_{v}"] * frame["scale"], own).where(moves)
        frame[f"low_{v}"] = (frame["forecast"] - half).clip(lower=0.0)
        frame[f"high_{v}"] = frame["forecast"] + half
    return frame


def _ranged(rows: pd.DataFrame, known: pd.DataFrame, levels) -> pd.DataFrame:
    """Per row of one cut and method: the quantiles of |error| ÷ scale that its step has seen, and how many errors."""
    known = known[(known["scale"] > 0) & known["actual"].notna()]
    size = ((known["actual"] - known["forecast"]).abs() / known["scale"]).to_numpy()
    at, cuts = known["step"].to_numpy(), known["cut"]
    steps = np.arange(1, rows["step"].max() + 1)
    near = [np.abs(at - step) <= 1 for step in steps]
    table = pd.DataFrame({"range_from": [int(n.sum()) for n in near]}, index=steps)
    free = [apart(cuts[n], months_each(rows)) for n in near]
    for v in levels:
        quantiles = [_quantile(size[n], windows, v / 100) for n, windows in zip(near, free, strict=True)]
        table[f"q_{v}"] = np.maximum.accumulate(quantiles)
    return table.reindex(rows["step"]).set_axis(rows.index)


def months_each(frame: pd.DataFrame) -> int:
    """How many months each forecast of a frame covers: 1, or the horizon where the rows are sums."""
    return int(frame["step"].max()) if "first_month" in frame else 1


def apart(cuts: pd.Series, months: int) -> int:
    """How many forecasts of `months` months each, made after some of `cuts`, have no month in common."""
    if cuts.empty:
        return 0
    numbers = cuts.dt.year * 12 + cuts.dt.month
    return min(cuts.nunique(), int(numbers.max() - numbers.min()) // months + 1)


def _quantile(sizes: np.ndarray, windows: int, level: float) -> float:
    """Quantile of past errors, widened for the number of errors and, by Student's t, for that of windows apart."""
    from scipy.special import ndtri, stdtrit

    if not windows:
        return 0.0
    tail = (1 + level) / 2
    widened = stdtrit(max(windows, 2), tail) / ndtri(tail)
    return float(np.quantile(sizes, min(1.0, level * (1 + 1 / len(sizes))), method="higher") * widened)


def for_unrelated(made: pd.DataFrame, past: pd.DataFrame, level=LEVELS) -> pd.DataFrame:
    """`made` with low and high ends for many series that have nothing to do with each other (100 or more).

    Parameters
    ----------
    made : DataFrame
        unit, method, step, forecast, scale.
    past : DataFrame
        The same series forecast from a horizon earlier: unit, method, step, forecast, scale, actual.
    level : sequence of int
        Percents.

    Returns
    -------
    DataFrame
        `made` with low_L and high_L; ends are not below 0.

    Notes
    -----
    Half-width = q × scale × own, where q is the quantile of \\|error\\| ÷ (scale × own) over all series at the step and
    those beside it. The scale of a past error is the geometric mean of that of its time and that of today (today's to
    the power of NOW, 0.5); own says how the past errors of the series compare with those of all (mean \\|error\\| ÷
    scale, relative to the median series, between 0.2 and 5), to the power of OWN (0.2). The quantile is asked for at
    ASKED (0.98 at 80 %, 1.01 at 95 %) times the level. All three were chosen on the training part of the benchmark (see
    ``make bench AREA=forecast``). Errors of unrelated series are independent, so the quantile is not widened for the
    number of windows; the methods' own ranges, which are too narrow, are no floor.
    """
    levels = check_levels(level)
    key = ["unit", "method", "step"]
    today = made.set_index(key)["scale"].rename("today")
    known = past.join(today, on=key)
    scale = known["scale"] ** (1 - NOW) * known["today"].fillna(known["scale"]) ** NOW
    size = (known["actual"] - known["forecast"]).abs() / scale.where(scale > 0)
    of_unit = size.groupby([known["unit"], known["method"]]).mean()
    own = (of_unit / of_unit.groupby(level="method").transform("median")).clip(0.2, 5.0) ** OWN
    relative = known.assign(size=size / known.join(own.rename("own"), on=["unit", "method"])["own"])
    relative = relative.dropna(subset="size")
    frame = made.join(own.rename("own"), on=["unit", "method"])
    reach = frame["scale"] * frame["own"].fillna(1.0)
    for v in levels:
        half = reach * made.join(_at_steps(relative, v / 100 * ASKED.get(v, 1.0)), on=["method", "step"])["q"]
        frame[f"low_{v}"] = (frame["forecast"] - half).clip(lower=0.0)
        frame[f"high_{v}"] = frame["forecast"] + half
    return frame.drop(columns="own")


def _at_steps(relative: pd.DataFrame, level: float) -> pd.Series:
    """Per method and step the quantile of size at the step and those beside it."""
    near = pd.concat([relative.assign(step=relative["step"] + move) for move in (-1, 0, 1)])
    near = near[near["step"].between(1, relative["step"].max())]
    return near.groupby(["method", "step"])["size"].quantile(level).rename("q")
