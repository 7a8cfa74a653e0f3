"""Which forecast to believe: candidates tested on the same past days, and a rule that stays with the naive line as long
as nothing has proved better."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from salesops_helpers import measures
from salesops_helpers.data.container import Tables
from salesops_helpers.data.snapshot import snapshot
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.forecast import features, pipeline
from salesops_helpers.forecast.backtest import fits
from salesops_helpers.forecast.features import STEPS, months_ahead
from salesops_helpers.forecast.series import history

NAIVE = "naive"


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


def open_deals(tables: Tables) -> pd.DataFrame:
    """The forecast from open deals and those still to be created (`pipeline.outlook`), with its parts."""
    try:
        made = pipeline.outlook(tables)
    except SalesOpsError:
        return _said(pd.DatetimeIndex([]), np.array([]))
    return made.months.assign(value=made.months["forecast"])


def _said(months: pd.DatetimeIndex, values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"month": months, "ahead": np.arange(1, len(months) + 1), "forecast": values})


METHODS = {NAIVE: naive, "recent": recent, "series": series, "pipeline": open_deals}


def backtest(tables: Tables, method: str | Iterable[str] = (), origins: Iterable | None = None,
             horizons: Iterable[int] = range(1, STEPS + 1)) -> pd.DataFrame:
    """What each method would have said on past days, from what was known then, beside what came."""
    names = [method] if isinstance(method, str) else list(method or METHODS)
    days = features.cuts(tables, 25)[:-1] if origins is None else pd.DatetimeIndex(origins)
    frames = []
    for day in days:
        then = snapshot(tables, day)
        frames += [METHODS[name](then).assign(cut=day, method=name) for name in names]
    made = pd.concat(frames, ignore_index=True)
    actual = measures.bookings(tables).rename(columns={"bookings": "actual"})
    actual = actual[actual["month"] < months_ahead(tables.as_of)]
    made = made.merge(actual[["month", "actual"]], on="month", how="left")
    return made[made["ahead"].isin(list(horizons))].reset_index(drop=True)
