"""What the same forecast would have said in the past, and how good that was."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers import words
from salesops_helpers.forecast.methods import LONGEST, MODELS_FROM, SEASON_FROM, check_horizon, fit_many
from salesops_helpers.forecast.ranges import LEVELS, apart, check_levels, months_each, with_ranges
from salesops_helpers.stats import jeffreys

WINDOWS, FIRST_CUT, ENOUGH = 18, 6, 6
ONE = ["by", "unit", "method"]


def fits(history: pd.DataFrame, horizon: int, cut: pd.Timestamp | None = None, jobs: int = 1) -> pd.DataFrame:
    """What each method says about the `horizon` months after `cut`, per unit, from the months up to `cut` alone.

    Parameters
    ----------
    history : DataFrame
        by, unit, month (first day, without gaps), actual.
    horizon : int
        Months.
    cut : Timestamp, optional
        Last month known; None: the last of `history`.
    jobs : int
        Processes, where there are 50 units or more.

    Returns
    -------
    DataFrame
        by, unit, cut, month, and the columns of `methods.fit`.
    """
    cut = history["month"].max() if cut is None else cut
    known = history[history["month"] <= cut].sort_values("month")
    units = {key: rows["actual"].to_numpy() for key, rows in known.groupby(["by", "unit"])}
    said = fit_many(list(units.values()), LONGEST, jobs)
    made = pd.concat([frame.assign(by=by, unit=unit) for (by, unit), frame in zip(units, said, strict=True)],
                     ignore_index=True)
    made = made[made["step"] <= horizon].reset_index(drop=True)
    months = pd.date_range(cut, periods=horizon + 1, freq="MS")
    return made.assign(cut=cut, month=months[made["step"]])


def backtest(history: pd.DataFrame, horizon: int = 3, level=LEVELS, windows: int = WINDOWS) -> pd.DataFrame:
    """Rolling-origin backtest: at each cut every method is fitted to the months up to the cut and meets what came.

    Parameters
    ----------
    history : DataFrame
        by, unit, month (first day, without gaps), actual: the unit of interest and those whose errors are pooled with
        its own for the ranges.
    horizon : int
        The horizon that the windows are chosen for: the last cuts that leave `horizon` months to meet, and those
        after; all of them long enough for the method that today's history bears where that leaves six or more.
    level : sequence of int
        Ranges in percent.
    windows : int
        Cuts at most; where more fit, they are spread evenly.

    Returns
    -------
    DataFrame
        by, unit, cut (last month known), month, step (1 to 18, as far as months are known), method, forecast, naive,
        actual, low_80, high_80, low_95, high_95 (as they would have been given at the cut), and the columns of
        `methods.fit`. No row where the history is shorter than 7 months.
    """
    levels = check_levels(level)
    months = pd.DatetimeIndex(np.sort(history["month"].unique()))
    known = _lengths(len(months), check_horizon(horizon), windows)
    cuts = [months[n - 1] for n in known]
    made = [fits(history, min(LONGEST, len(months) - n), cut) for n, cut in zip(known, cuts, strict=True)]
    if not made:
        made = [fits(history, 1).iloc[:0]]
    past = pd.concat(made, ignore_index=True).merge(history, on=["by", "unit", "month"], how="left")
    past = with_ranges(past, past, levels)
    first = ["by", "unit", "cut", "month", "step", "method", "forecast", "naive", "actual"]
    return past[first + [c for c in past if c not in first]]


def _lengths(months: int, horizon: int, windows: int) -> np.ndarray:
    """How many months each window knows: enough for today's method, where that leaves enough windows."""
    starts = [start for start in (SEASON_FROM, MODELS_FROM, FIRST_CUT) if start <= months]
    first = next((start for start in starts if months - horizon - start + 1 >= ENOUGH), FIRST_CUT)
    lengths = np.arange(max(first, months - horizon - windows + 3), months)[::-1]
    return lengths[:: max(1, -(-len(lengths) // windows))][::-1]


def totals(frame: pd.DataFrame, past: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """The sum over the horizon per unit, cut and method, its range calibrated on past sums.

    Parameters
    ----------
    frame : DataFrame
        Forecasts of `series.bookings`, or a backtest: then each complete window gives a row.
    past : DataFrame
        The backtest; only sums that were over at a row's cut are used for it.
    horizon : int
        Months, from the first one ahead.

    Returns
    -------
    DataFrame
        by, unit, cut, method, first_month, month (the last), step (= horizon), forecast, naive, low_L, high_L, actual
        or last_year where `frame` has it, and range_from.

    Notes
    -----
    Months of one horizon miss in the same direction, so the ends of months are not added and not combined as if
    they were independent: the quantile is that of past sums. Where no past sum is known, the ends are added,
    which is the widest that a range can be; and a range is never wider than that.
    """
    levels = sorted(int(c.removeprefix("high_")) for c in frame if c.startswith("high_"))
    made, known = _summed(frame, horizon), _summed(past, horizon)
    ranged = with_ranges(made, known, levels)
    for v in levels:
        half = np.where(ranged["range_from"] > 0, ranged[f"high_{v}"] - ranged["forecast"], np.inf)
        half = np.minimum(half, made[f"reach_{v}"])
        ranged[f"low_{v}"] = (ranged["forecast"] - half).clip(lower=0.0)
        ranged[f"high_{v}"] = ranged["forecast"] + half
    return ranged.drop(columns=["native", "freedom", "scale", *(f"reach_{v}" for v in levels)])


def _summed(frame: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """Rows of `frame` up to `horizon` summed per unit, cut and method; windows that are not whole are left out."""
    ends = [c for c in frame if c.startswith("high_")]
    also = [c for c in ("actual", "last_year") if c in frame]
    rows = frame[frame["step"] <= horizon]
    squares = {"native": rows["native"] ** 2, "scale": rows["scale"] ** 2}
    rows = rows.assign(**squares, **{c.replace("high", "reach"): rows[c] - rows["forecast"] for c in ends})
    groups = rows.groupby(["by", "unit", "cut", "method"], sort=False)
    summed = groups[["forecast", "naive", *also, "native", "scale", *(c.replace("high", "reach") for c in ends)]].sum(
        min_count=horizon
    )
    summed[["native", "scale"]] = np.sqrt(summed[["native", "scale"]])
    dates = groups.agg(first_month=("month", "min"), month=("month", "max"), freedom=("freedom", "min"))
    whole = summed.join(dates)[groups.size() == horizon].reset_index()
    return whole.assign(step=horizon)


def accuracy(past: pd.DataFrame, horizon: int | None = None) -> pd.DataFrame:
    """How good past forecasts were, one row a unit and method.

    Parameters
    ----------
    past : DataFrame
        `backtest`, or the `totals` of one.
    horizon : int, optional
        Only months up to this step.

    Returns
    -------
    DataFrame
        by, unit, method, windows (cuts), apart (windows without a month in common), forecasts, wape, naive_wape, skill
        (wape ÷ naive_wape: below 1 is better than naive), bias (share of actual), bias_words, mase (error ÷ mean change
        from season to season before the cut; where `past` has naive_error), and per level: inside_L and ranged_L
        (forecasts inside their range, forecasts with a range), coverage_L and its binomial 95 % range coverage_L_low,
        coverage_L_high.

    Notes
    -----
    WAPE = Σ|forecast − actual| ÷ Σ actual; bias = Σ(forecast − actual) ÷ Σ actual; the binomial range
    (`stats.jeffreys`) takes the forecasts as independent, which overlapping windows are not.
    """
    rows = past[past["actual"].notna()]
    rows = rows if horizon is None else rows[rows["step"] <= horizon]
    levels = sorted(int(c.removeprefix("high_")) for c in rows if c.startswith("high_"))
    error = rows["forecast"] - rows["actual"]
    parts = rows.assign(
        error=error, size=error.abs(), naive_size=(rows["naive"] - rows["actual"]).abs(),
        scaled=error.abs() / rows["naive_error"].where(rows["naive_error"] > 0) if "naive_error" in rows else np.nan,
        **{f"ranged_{v}": rows[f"high_{v}"].notna() for v in levels},
        **{f"inside_{v}": rows["actual"].between(rows[f"low_{v}"], rows[f"high_{v}"]) for v in levels},
    )
    counts = [f"{part}_{v}" for v in levels for part in ("inside", "ranged")]
    groups = parts.groupby(ONE, sort=False)
    sums = groups[["error", "size", "naive_size", "actual", *counts]].sum()
    sold = sums["actual"].where(sums["actual"] > 0)
    frame = groups.agg(windows=("cut", "nunique"), forecasts=("cut", "size"), mase=("scaled", "mean"))
    frame["apart"] = [apart(cuts, months_each(rows)) for _, cuts in groups["cut"]]
    frame["wape"], frame["naive_wape"] = sums["size"] / sold, sums["naive_size"] / sold
    frame["skill"] = sums["size"] / sums["naive_size"].where(sums["naive_size"] > 0)
    frame["bias"] = sums["error"] / sold
    frame["bias_words"] = frame["bias"].map(bias_words)
    for v in levels:
        frame = frame.join(_coverage(sums[f"inside_{v}"], sums[f"ranged_{v}"], v))
    return frame.reset_index()


def by_step(past: pd.DataFrame) -> pd.DataFrame:
    """`accuracy` for each number of months ahead, with step in front and per level held_L: ``27 of 33 (82 %)``."""
    steps = [accuracy(rows).assign(step=step) for step, rows in past.groupby("step")]
    frame = with_counts(pd.concat(steps or [accuracy(past).assign(step=0)], ignore_index=True))
    return frame[["step", *(c for c in frame if c != "step")]]


def with_counts(frame: pd.DataFrame) -> pd.DataFrame:
    """`accuracy` with held_L per level: ``27 of 33 (82 %)``."""
    frame = frame.copy()
    for name in [c for c in frame if c.startswith("ranged_")]:
        v = name.removeprefix("ranged_")
        counts = frame[f"inside_{v}"].astype(str) + " of " + frame[name].astype(str)
        shares = " (" + frame[f"coverage_{v}"].map(lambda share: words.percent(share, 0)).astype(str) + ")"
        frame[f"held_{v}"] = (counts + shares).where(frame[name] > 0, words.MISSING)
    return frame


def bias_words(bias: float) -> str:
    """``0.08`` as ``over-forecast by 8 %``."""
    if pd.isna(bias):
        return "bias not known"
    if round(abs(bias), 2) == 0:
        return "neither over- nor under-forecast on the whole"
    return f"{'over' if bias > 0 else 'under'}-forecast by {words.percent(abs(bias), 0)}"


def _coverage(inside: pd.Series, ranged: pd.Series, level: int) -> pd.DataFrame:
    name = f"coverage_{level}"
    low, high = jeffreys(inside, ranged, 0.95)
    return pd.DataFrame({
        f"inside_{level}": inside.astype(int), f"ranged_{level}": ranged.astype(int),
        name: inside / ranged.where(ranged > 0), f"{name}_low": low, f"{name}_high": high,
    })
