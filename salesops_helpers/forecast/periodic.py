"""Series of weeks, months and quarters: what was booked, won and created; and quarters to come from monthly draws."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers import measures
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError, listed
from salesops_helpers.forecast.series import COMPANY
from salesops_helpers.periods import quarter_start

WHATS, EVERY = ("bookings", "wins", "created"), ("week", "month", "quarter")


def series(tables: Tables, what: str = "bookings", every: str = "month", by: str | None = None) -> pd.DataFrame:
    """Bookings, wins or pipeline created in each period that is over on the as-of day.

    Parameters
    ----------
    what : {"bookings", "wins", "created"}
        Credited bookings (currency), deals won, or amount of the deals created in the period (currency, as it stood
        when they were created where stage_history tells, else as known on the as-of day).
    every : {"week", "month", "quarter"}
        Weeks begin on Monday; quarters are those of the fiscal year.
    by : {None, "rep", "team", "region", "product"}
        The unit; None: the company. Teams and regions are those of the day of closing or creation.

    Returns
    -------
    DataFrame
        by, unit, month (first day of the period; without gaps), actual. Months can go through `backtest` and `outlook`.

    Raises
    ------
    SalesOpsError
        For any other `what`, `every` or `by`, and where not a single period is over.
    """
    for name, value, allowed in (("what", what, WHATS), ("every", every, EVERY), ("by", by, (None, *measures.UNITS))):
        if value not in allowed:
            raise SalesOpsError(f"{name}={value!r} is not a choice", listed([str(v) for v in allowed]), "choose one")
    rows = _created(tables) if what == "created" else _won(tables)
    column = {None: None, "rep": "rep_id"}.get(by, by)
    unit = tables.company.name if column is None else rows[column].fillna("(none)")
    rows = rows.assign(unit=unit, start=_start(rows["day"], every, tables.company.fiscal_year_start))
    rows = rows[rows["overlay"].eq(False) | (by == "rep")]
    begun = rows["start"].min() if len(rows) else _start(pd.Series([tables.as_of]), every, 1).iloc[0]
    ends = pd.date_range(begun, tables.as_of + pd.Timedelta(days=1), freq=_frequency(every, begun))
    over = ends[:-1]
    if not len(over):
        raise SalesOpsError(f"rows up to {tables.as_of:%Y-%m-%d} hold no {every} that is over", f"one {every} or more",
                            "ask for a later month")
    groups = rows.groupby(["unit", "start"])
    sums = groups["opportunity_id"].nunique() if what == "wins" else groups["amount"].sum()
    grid = pd.MultiIndex.from_product([sorted(rows["unit"].unique()), over], names=["unit", "month"])
    frame = sums.rename_axis(["unit", "month"]).reindex(grid, fill_value=0).rename("actual").reset_index()
    return frame.assign(by=by or COMPANY, actual=frame["actual"].astype(float))[["by", "unit", "month", "actual"]]


def _won(tables: Tables) -> pd.DataFrame:
    credit = measures.credited(tables)
    return credit.assign(day=credit["closed_on"], amount=credit["bookings"])


def _created(tables: Tables) -> pd.DataFrame:
    deals = tables.opportunities
    deals = deals[deals["created_on"].notna()].reset_index(drop=True)
    if tables.has("stage_history"):
        first = tables.stage_history.sort_values("changed_at", kind="stable").drop_duplicates("opportunity_id")
        then = first.set_index("opportunity_id")[["amount", "rep_id"]].reindex(deals["opportunity_id"].to_numpy())
        then = then.set_axis(deals.index)
        deals = deals.assign(**{c: then[c].where(then[c].notna(), deals[c]) for c in then})
    place = measures.place_on(tables, deals["rep_id"], deals["created_on"])
    return deals.assign(team=place["team"], region=place["region"], day=deals["created_on"], overlay=False)


def _start(days: pd.Series, every: str, fiscal_year_start: int) -> pd.Series:
    if every == "week":
        return days.dt.normalize() - pd.to_timedelta(days.dt.weekday, unit="D")
    month = days.dt.to_period("M").dt.to_timestamp()
    return month if every == "month" else quarter_start(month, fiscal_year_start)


def _frequency(every: str, begun: pd.Timestamp) -> str | pd.DateOffset:
    return {"week": "7D", "month": "MS"}.get(every, pd.DateOffset(months=3))


def quarters(known: pd.DataFrame, drawn: np.ndarray, fiscal_year_start: int = 1) -> pd.DataFrame:
    """Each fiscal quarter of the months to come: what is booked so far, and where it may end.

    Parameters
    ----------
    known : DataFrame
        month, actual (currency) of one unit, without gaps.
    drawn : ndarray
        Draws of the months after it, draws × months (`draws.draws`).
    fiscal_year_start : int
        First month of the fiscal year.

    Returns
    -------
    DataFrame
        quarter (first month), months (that are to come and drawn), booked (so far), forecast (booked + mean of the
        draws), low_80, high_80, low_95, high_95 (currency), whole (bool: do known and drawn months cover it?).
    """
    months = pd.Series(pd.date_range(known["month"].max(), periods=drawn.shape[1] + 1, freq="MS")[1:])
    of = quarter_start(months, fiscal_year_start)
    before = known.groupby(quarter_start(known["month"], fiscal_year_start).to_numpy())["actual"].agg(["sum", "size"])
    names = of.drop_duplicates().to_numpy()
    booked = before.reindex(names).fillna(0)
    sums = np.column_stack([drawn[:, (of == name).to_numpy()].sum(axis=1) for name in names])
    ends = booked["sum"].to_numpy() + sums
    low, high, lowest, highest = np.quantile(ends, [0.1, 0.9, 0.025, 0.975], axis=0)
    count = of.value_counts().reindex(names).to_numpy()
    return pd.DataFrame({
        "quarter": names, "months": count, "booked": booked["sum"].to_numpy(), "forecast": ends.mean(axis=0),
        "low_80": low, "high_80": high, "low_95": lowest, "high_95": highest,
        "whole": count + booked["size"].to_numpy() == 3,
    })
