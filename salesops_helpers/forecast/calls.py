"""What reps and their managers call, how such calls came out before, and the call corrected for it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers import measures
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.forecast.features import months_ahead

MONTHS, FEWEST, LEVELS = 12, 4, ("rep", "manager", "company")
AMOUNTS = ["commit", "best_case", "actual"]


def matched(tables: Tables, month: pd.Timestamp | None = None) -> pd.DataFrame:
    """The last call of each rep for a month, and for earlier months the last one made as long before.

    Parameters
    ----------
    tables : Tables
        As known on the as-of day.
    month : Timestamp, optional
        First day of the month called; None: the month of the day after the as-of day.

    Returns
    -------
    DataFrame
        rep_id, manager (on the day of the call), month, called_on, commit, best_case, actual (credited bookings of the
        rep, currency; missing for the month called), over (bool), for the month and up to twelve before it that are
        over. Empty where nobody called.

    Notes
    -----
    A call that was changed during its month is compared as it stood at the same place in time: so a call for October
    made in September is judged by calls for earlier months that were made before those months began.
    """
    after = months_ahead(tables.as_of)
    target = after if month is None else measures.month_start(month)
    calls = tables.forecast_calls
    lead = (target.year - calls["month"].dt.year) * 12 + target.month - calls["month"].dt.month
    back = calls["month"] + (tables.as_of - target)
    if tables.as_of.is_month_end:
        distance = (target.year - after.year) * 12 + target.month - after.month
        back = calls["month"] - pd.DateOffset(months=distance) - pd.Timedelta(days=1)
    calls = calls[(calls["called_on"] <= back) & (lead >= 0) & ((lead == 0) | (calls["month"] < after))]
    calls = calls.sort_values("called_on").drop_duplicates(["rep_id", "month"], keep="last")
    calls = calls[calls["month"] >= after - pd.DateOffset(months=MONTHS)].reset_index(drop=True)
    own = measures.bookings(tables, "rep").rename(columns={"unit": "rep_id", "bookings": "actual"})
    calls = calls.astype({"rep_id": object}).merge(own[["rep_id", "month", "actual"]].astype({"rep_id": object}),
                                                   on=["rep_id", "month"], how="left")
    over = calls["month"] < after
    place = measures.place_on(tables, calls["rep_id"], calls["called_on"])
    actual = calls["actual"].fillna(0.0).where(over)
    return calls.assign(manager=place["manager"].astype(object), over=over, actual=actual)


def table(tables: Tables, by: str = "rep", month: pd.Timestamp | None = None) -> pd.DataFrame:
    """Commit and best case by caller, each caller's bias and accuracy, and the corrected call.

    Parameters
    ----------
    by : {"rep", "manager", "company"}
        A manager's and the company's call is the sum of their reps' calls.

    Returns
    -------
    DataFrame
        unit, commit, best_case (currency, for the month; missing where not called), months (calls that are over), ratio
        (booked ÷ committed), shrunk (the same, drawn to that of all callers as far as callers do not differ beyond
        chance), wape (of the commit), within (share of months booked between commit and best case), corrected (commit ×
        shrunk, currency). Sorted by commit.

    Raises
    ------
    SalesOpsError
        Where `by` is no level.

    Notes
    -----
    shrunk = common + B × (ratio − common), B = τ² ÷ (τ² + s²), s² the variance of a caller's ratio from its months, τ²
    that between callers (DerSimonian and Laird 1986). A caller with fewer than four months has the common ratio.
    """
    if by not in LEVELS:
        raise SalesOpsError(f"by={by!r} is not a level of callers", ", ".join(LEVELS), "choose one of these")
    calls = matched(tables, month)
    unit = {"rep": calls["rep_id"], "manager": calls["manager"], "company": tables.company.name}[by]
    calls = calls.assign(unit=unit)
    if by == "manager":
        calls = calls[calls["unit"].notna()]
    sums = calls.groupby(["unit", "month", "over"])[AMOUNTS].sum(min_count=1).reset_index()
    now = sums[~sums["over"]].set_index("unit")[["commit", "best_case"]]
    rows = _biases(sums[sums["over"]])
    rows = now.join(rows, how="outer").rename_axis("unit").reset_index()
    common = rows.attrs.get("common", _common(sums[sums["over"]]))
    rows["shrunk"] = rows["shrunk"].fillna(common)
    rows["corrected"] = rows["commit"] * rows["shrunk"]
    return rows.sort_values(["commit", "unit"], ascending=[False, True], ignore_index=True)[
        ["unit", "commit", "best_case", "months", "ratio", "shrunk", "wape", "within", "corrected"]]


def _common(past: pd.DataFrame) -> float:
    total = past["commit"].sum()
    return past["actual"].sum() / total if total > 0 else np.nan


def _biases(past: pd.DataFrame) -> pd.DataFrame:
    """Per unit: months, ratio, shrunk, wape, within."""
    common = _common(past)
    sums = past.groupby("unit")[["commit", "actual"]].sum()
    committed = sums["commit"].where(sums["commit"] > 0)
    ratio = sums["actual"] / committed
    off = past["actual"] - past["unit"].map(ratio) * past["commit"]
    n = past.groupby("unit").size()
    few = n < FEWEST
    square = (off**2).groupby(past["unit"]).sum() / committed**2 * n / (n - 1).clip(1)
    missed = (past["actual"] - past["commit"]).abs().groupby(past["unit"]).sum()
    booked = sums["actual"].where(sums["actual"] > 0)
    inside = past["actual"].between(past["commit"], past["best_case"]).groupby(past["unit"]).mean()
    return pd.DataFrame({"months": n, "ratio": ratio, "shrunk": _shrunk(ratio.mask(few), square, common),
                         "wape": missed / booked, "within": inside})


def _shrunk(ratio: pd.Series, square: pd.Series, common: float) -> pd.Series:
    known = ratio.notna() & (square > 0)
    weight = 1 / square[known]
    if known.sum() < 2:
        return pd.Series(common, index=ratio.index)
    center = (weight * ratio[known]).sum() / weight.sum()
    excess = (weight * (ratio[known] - center) ** 2).sum() - (known.sum() - 1)
    between = max(0.0, excess / (weight.sum() - (weight**2).sum() / weight.sum()))
    return (common + between / (between + square) * (ratio - common)).where(known, common)


def corrected(tables: Tables, months: int) -> pd.DataFrame:
    """The company's bookings by its reps' calls: month, ahead, forecast of the first `months` months ahead.

    Notes
    -----
    forecast = Σ commits × (Σ company's bookings ÷ Σ commits of earlier months), so it counts what reps without a call
    bring; missing where nobody called, or fewer than four earlier months were.
    """
    first = months_ahead(tables.as_of)
    ahead = pd.date_range(first, periods=months, freq="MS")
    known = measures.bookings(tables).set_index("month")["bookings"]
    said = []
    for month in ahead if tables.has("forecast_calls") else []:
        calls = matched(tables, month)
        if calls["over"].all():
            break
        past = calls[calls["over"]].groupby("month")["commit"].sum()
        now = calls[~calls["over"]]["commit"].sum(min_count=1)
        enough = len(past) >= FEWEST and past.sum() > 0
        said.append(now * known.reindex(past.index).sum() / past.sum() if enough else np.nan)
    return pd.DataFrame({"month": ahead[: len(said)], "ahead": range(1, len(said) + 1), "forecast": said}).dropna()
