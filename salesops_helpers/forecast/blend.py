"""Which forecast to believe: candidates tested on the same past days, and a rule that stays with the naive line as long
as nothing has proved better."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from salesops_helpers import measures
from salesops_helpers.data.container import Tables
from salesops_helpers.data.snapshot import snapshot
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.forecast import calls, features, pipeline
from salesops_helpers.forecast.backtest import fits
from salesops_helpers.forecast.features import STEPS, months_ahead
from salesops_helpers.forecast.series import COMPANY, history

NAIVE, CHOSEN, CANDIDATES = "naive", "chosen", ("naive", "series", "pipeline", "calls")
ENOUGH, APART, POWER, FOR_RANGE = 8, 3, 2, 6


def naive(tables: Tables) -> pd.DataFrame:
    """Bookings at the same place of the last quarter: the month three months before, or six where that is not over."""
    known = measures.bookings(tables).set_index("month")["bookings"]
    first = months_ahead(tables.as_of)
    known = known[known.index < first]
    months = pd.date_range(first, periods=STEPS, freq="MS")
    near, far = (known.reindex(months - pd.DateOffset(months=n)).to_numpy() for n in (3, 6))
    return _said(months, np.where(months - pd.DateOffset(months=3) < first, near, far))


def recent(tables: Tables) -> pd.DataFrame:
    """The mean of the last three complete months."""
    known = measures.bookings(tables).set_index("month")["bookings"]
    first = months_ahead(tables.as_of)
    known = known[known.index < first]
    months = pd.date_range(first, periods=STEPS, freq="MS")
    return _said(months, np.full(STEPS, known.tail(3).mean() if len(known) >= 3 else np.nan))


def series(tables: Tables) -> pd.DataFrame:
    """The forecast of the series of bookings (`forecast.bookings`)."""
    try:
        made = fits(history(tables), STEPS)
    except SalesOpsError:
        return _said(pd.DatetimeIndex([]), np.array([]))
    made = made[made["method"] == "mean"]
    return _said(pd.DatetimeIndex(made["month"]), made["forecast"].to_numpy())


def of_series(past: pd.DataFrame) -> pd.DataFrame:
    """What the series said by `backtest.backtest` or `series.bookings`, as `backtest` here takes it: cut (the last day
    known), month, ahead, forecast of the company."""
    rows = past[(past["by"] == COMPANY) & (past["method"] == "mean") & (past["step"] <= STEPS)]
    return pd.DataFrame({"cut": rows["cut"] + pd.offsets.MonthEnd(0), "month": rows["month"], "ahead": rows["step"],
                         "forecast": rows["forecast"]}).reset_index(drop=True)


def open_deals(tables: Tables) -> pd.DataFrame:
    """The forecast from open deals and those still to be created (`pipeline.outlook`)."""
    try:
        return pipeline.outlook(tables).months[["month", "ahead", "forecast"]]
    except SalesOpsError:
        return _said(pd.DatetimeIndex([]), np.array([]))


def _said(months: pd.DatetimeIndex, values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"month": months, "ahead": np.arange(1, len(months) + 1), "forecast": values})


def called(tables: Tables) -> pd.DataFrame:
    """The reps' calls, corrected for how such calls came out (`calls.corrected`)."""
    return calls.corrected(tables, STEPS)


METHODS = {NAIVE: naive, "recent": recent, "series": series, "pipeline": open_deals, "calls": called}


def backtest(tables: Tables, method: str | Iterable[str] = CANDIDATES, origins: Iterable | None = None,
             horizons: Iterable[int] = range(1, STEPS + 1), told: Mapping[str, pd.DataFrame] | None = None):
    """What each method would have said on past days, from what was known then, beside what came.

    Parameters
    ----------
    tables : Tables
        As known on the as-of day; each origin sees its `snapshot`.
    method : str or iterable of str
        naive (same place in the last quarter), recent (mean of the last three months), series (`forecast.bookings`),
        pipeline (`pipeline.outlook`), calls (`calls.corrected`).
    origins : iterable of Timestamp, optional
        The as-of day may be one of them; None: it and the 24 days before it at the same place in their months.
    horizons : iterable of int
        Months ahead, 1 to 6.
    told : mapping of str to DataFrame, optional
        What methods said on some of the origins, where that is known already (cut, month, ahead, forecast, of the same
        tables): `replay.Replay.months` of the pipeline, `of_series` of the series.

    Returns
    -------
    DataFrame
        cut, month, ahead, method, forecast, actual (currency; missing where the month is not over). A method that a day
        does not bear has no row.

    Raises
    ------
    SalesOpsError
        For a method that is none of these.
    """
    from threadpoolctl import threadpool_limits

    names = [method] if isinstance(method, str) else list(method)
    if unknown := [name for name in names if name not in METHODS]:
        raise SalesOpsError(f"method={unknown[0]!r} is not known", ", ".join(METHODS), "choose one of these")
    days = features.cuts(tables, 25) if origins is None else pd.DatetimeIndex(origins)
    columns = ["month", "ahead", "forecast"]
    told = {(name, day): rows[columns] for name, frame in (told or {}).items() for day, rows in frame.groupby("cut")}
    frames = []
    for day in days:
        then = snapshot(tables, day)
        with threadpool_limits(1):  # small fits are faster so, and the same on any machine
            said = {name: told[name, day] if (name, day) in told else METHODS[name](then) for name in names}
        frames += [rows.assign(cut=day, method=name) for name, rows in said.items() if len(rows)]
    made = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=[*columns, "cut", "method"])
    actual = measures.bookings(tables).set_index("month")["bookings"]
    actual = actual[actual.index < months_ahead(tables.as_of)]
    made = made[made["ahead"].isin(list(horizons)) & made["forecast"].notna()]
    made = made.assign(actual=actual.reindex(made["month"]).to_numpy(dtype=float))
    return made[["cut", "month", "ahead", "method", "forecast", "actual"]].reset_index(drop=True)


def chosen(past: pd.DataFrame) -> pd.DataFrame:
    """The forecast to believe on each cut, from what the candidates had shown by then.

    Parameters
    ----------
    past : DataFrame
        `backtest`; a cut whose months are not over may be in it.

    Returns
    -------
    DataFrame
        cut, month, ahead, forecast, low_80, high_80 (currency; missing before six windows have been met), naive,
        actual, windows, apart (past windows behind the choice; how many of them count as independent), and one column
        weight_M for each method M in `past`.

    Notes
    -----
    The rule: the named naive line (same place in the last quarter), until eight past windows of that many months ahead
    are over on which all candidates spoke, and three of them are as far apart as the months ahead; from then on the
    mean of the candidates, weighted by (1 ÷ mean squared miss)² on those windows and on those of one month more and
    less. Ranges: log errors of the earlier choices, standard deviation about 0 × Student's t.
    """
    wide = past.pivot_table(index=["cut", "month", "ahead"], columns="method", values="forecast").reset_index()
    actual = past.drop_duplicates(["cut", "ahead"]).set_index(["cut", "ahead"])["actual"]
    wide["actual"] = actual.reindex(pd.MultiIndex.from_frame(wide[["cut", "ahead"]])).to_numpy()
    wide = wide if NAIVE in wide else wide.assign(**{NAIVE: np.nan})
    methods = [m for m in METHODS if m in wide]
    wide = wide[wide[NAIVE].notna()].sort_values(["cut", "ahead"], ignore_index=True)
    rows = [_choice(row, wide, methods) for row in wide.to_dict("records")]
    made = pd.DataFrame(rows, columns=["windows", "apart", *(f"weight_{m}" for m in methods)])
    forecast = (wide[methods].fillna(0.0).to_numpy() * made[[f"weight_{m}" for m in methods]].to_numpy()).sum(axis=1)
    made = pd.concat([wide[["cut", "month", "ahead"]].assign(forecast=forecast, naive=wide[NAIVE],
                                                             actual=wide["actual"]), made], axis=1)
    return _ranged(made)


def _choice(now: dict, wide: pd.DataFrame, methods: list[str]) -> dict:
    """Windows and weights for one cut and month ahead."""
    speak = [m for m in methods if pd.notna(now[m])]
    met = wide[(wide["month"] < months_ahead(now["cut"])) & wide["actual"].notna()]
    met = met[(met["ahead"] - now["ahead"]).abs() <= 1].dropna(subset=speak)
    windows = int((met["ahead"] == now["ahead"]).sum())
    found = {"windows": windows, "apart": -(-windows // now["ahead"]), **{f"weight_{m}": 0.0 for m in methods}}
    if windows < ENOUGH or found["apart"] < APART or len(speak) == 1:
        return {**found, f"weight_{NAIVE}": 1.0}
    square = met[speak].sub(met["actual"], axis=0).pow(2).mean().clip(lower=1e-9)
    weight = (square.min() / square) ** POWER
    return {**found, **{f"weight_{m}": w for m, w in (weight / weight.sum()).items()}}


def _ranged(made: pd.DataFrame) -> pd.DataFrame:
    from scipy.special import stdtrit

    known = made[(made["actual"] > 0) & (made["forecast"] > 0)]
    error = np.log(known["actual"] / known["forecast"])
    half = np.full(len(made), np.nan)
    for place, (cut, ahead) in enumerate(zip(made["cut"], made["ahead"], strict=True)):
        near = (known["month"] < months_ahead(cut)) & ((known["ahead"] - ahead).abs() <= 1)
        n = int((near & (known["ahead"] == ahead)).sum())
        if n >= FOR_RANGE:
            half[place] = np.sqrt((error[near] ** 2).mean()) * stdtrit(max(2, n // ahead), 0.9)
    return made.assign(low_80=made["forecast"] * np.exp(-half), high_80=made["forecast"] * np.exp(half))


def record(past: pd.DataFrame, choice: pd.DataFrame | None = None) -> pd.DataFrame:
    """How far each method missed on windows that all of them met which spoke so far ahead, by months ahead.

    Returns
    -------
    DataFrame
        ahead, method (with "chosen" where `choice` is given), windows, apart (as if independent: windows ÷ months
        ahead), wape, ratio (÷ that of the naive line; below 1 is closer), bias (share of what came).
    """
    rows = past[["cut", "month", "ahead", "method", "forecast", "actual"]]
    if choice is not None:
        rows = pd.concat([rows, choice.assign(method=CHOSEN)[rows.columns]], ignore_index=True)
    rows = rows[rows["actual"].notna()]
    spoke = rows.groupby(["cut", "ahead"])["method"].transform("nunique")
    rows = rows[spoke == rows.groupby("ahead")["method"].transform("nunique")]
    off = rows["forecast"] - rows["actual"]
    sums = rows.assign(off=off, size=off.abs()).groupby(["ahead", "method"]).agg(
        windows=("cut", "nunique"), off=("off", "sum"), size=("size", "sum"), actual=("actual", "sum")).reset_index()
    base = sums[sums["method"] == NAIVE].set_index("ahead")["size"]
    base = sums["ahead"].map(base)
    return sums.assign(apart=-(-sums["windows"] // sums["ahead"]), wape=sums["size"] / sums["actual"],
                       ratio=sums["size"] / base.where(base > 0), bias=sums["off"] / sums["actual"])[
        ["ahead", "method", "windows", "apart", "wape", "ratio", "bias"]]
