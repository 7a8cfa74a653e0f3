"""Goals by year, quarter, month and week: from targets and quotas, or from company.toml phased by seasonality."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.measures import bookings, month_start, place_on, quarter_start, year_start
from salesops_helpers.performance.kpi import PEOPLE
from salesops_helpers.performance.registry import registry
from salesops_helpers.performance.targets import stated

PERIODS = ("year", "quarter", "month", "week")
STANDING = ("open_deals", "open_pipeline", "weighted_pipeline")


def adds_up(kpi: str) -> bool:
    """Is a longer period's goal of this KPI the sum of its months' (bookings, counts), and not the same (rates)?"""
    known = registry().get(kpi)
    return known is not None and known.default.kind == "sum" and kpi not in STANDING


def monthly(tables: Tables, by: str | None = None) -> pd.DataFrame:
    """The goal of each month: unit, kpi, month, goal, source ("targets", "quotas" or "company.toml").

    `targets` goes first; bookings without a target are the sum of the quotas of the reps who stand in the unit at the
    month's end (the as-of day, for later months); what company.toml says for the company's fiscal year comes last,
    phased over its months by `phasing`.
    """
    parts = [stated(tables, by).assign(source="targets")]
    if by in (None, *PEOPLE) and tables.has("quotas"):
        parts.append(_from_quotas(tables, by).assign(source="quotas"))
    if by is None:
        parts.append(_from_company(tables).assign(source="company.toml"))
    parts = [part for part in parts if len(part)]
    if not parts:
        return pd.DataFrame({"unit": [], "kpi": [], "month": pd.to_datetime([]), "goal": [], "source": []})
    every = pd.concat(parts, ignore_index=True)
    return every.drop_duplicates(["unit", "kpi", "month"]).sort_values(["kpi", "unit", "month"], ignore_index=True)


def _from_quotas(tables: Tables, by: str | None) -> pd.DataFrame:
    rows = tables.quotas.dropna(subset="amount")
    days = (rows["month"] + pd.offsets.MonthEnd(0)).clip(upper=tables.as_of)
    if by is None:
        unit = pd.Series(tables.company.name, index=rows.index, dtype=object)
    else:
        unit = rows["rep_id"] if by == "rep" else place_on(tables, rows["rep_id"], days)[by]
    rows = rows.assign(unit=unit.astype(object).fillna("(none)"), kpi="bookings")
    return rows.groupby(["unit", "kpi", "month"])["amount"].sum().rename("goal").reset_index()


def _from_company(tables: Tables) -> pd.DataFrame:
    company, rows = tables.company, []
    for kpi, years in company.goals.items():
        for name, amount in years.items():
            first = pd.Timestamp(int(name), company.fiscal_year_start, 1)
            months = pd.date_range(first, periods=12, freq="MS")
            goal = spread(amount, phasing(tables, first), company.minor_units) if adds_up(kpi) else amount
            rows.append(pd.DataFrame({"unit": company.name, "kpi": kpi, "month": months, "goal": goal}))
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=["unit", "kpi", "month", "goal"])


def phasing(tables: Tables, first: pd.Timestamp) -> np.ndarray:
    """Shares of a fiscal year that fall on its twelve months; they add up to 1.

    The mean share of each month in the bookings of the whole fiscal years before `first` that the data holds and that
    had ended by the as-of day, drawn towards one twelfth as if one even year had been seen beside them.
    """
    found = bookings(tables).groupby("month")["bookings"].sum()
    start = tables.company.fiscal_year_start
    shares = [np.full(12, 1 / 12)]
    for year in sorted({year_start(month, start) for month in found.index}):
        months = pd.date_range(year, periods=12, freq="MS")
        whole = months[0] in found.index and months[-1] + pd.offsets.MonthEnd(0) <= tables.as_of and year < first
        if whole and found.reindex(months).sum() > 0:
            shares.append((found.reindex(months).fillna(0.0) / found.reindex(months).sum()).to_numpy())
    return np.mean(shares, axis=0)


def spread(amount: float, shares: np.ndarray, minor_units: int = 2) -> np.ndarray:
    """An amount split by shares into whole minor units that add up to it exactly (each running total is rounded)."""
    scale = 10**minor_units
    reached = np.rint(np.cumsum(shares) / np.sum(shares) * round(amount * scale))
    return np.diff(np.concatenate([[0.0], reached])) / scale


def goals(tables: Tables, month: str | pd.Timestamp, by: str | None = None) -> pd.DataFrame:
    """Goals of the fiscal year, the fiscal quarter, the month and the weeks that hold or lie in `month`.

    Parameters
    ----------
    month : str
        ``YYYY-MM``.
    by : {None, "region", "team", "rep"}
        The unit.

    Returns
    -------
    DataFrame
        unit, kpi, period ("year", "quarter", "month", "week"), starts, ends (days), goal (unit of the KPI), months
        (with a goal, of those in the period), source. Goals of sums add up exactly: weeks to the month, months to
        quarter and year. A week is Monday to Sunday, cut at the month's ends, and gets the month's goal by its working
        days (Monday to Friday). Goals of rates and medians are the same for every period: the last month's.

    Raises
    ------
    SalesOpsError
        Where `by` is not a unit with goals or the month is not one.
    """
    if by not in (None, *PEOPLE):
        raise SalesOpsError(f"by={by!r} has no goals", f"None, {', '.join(PEOPLE)}", "choose one of these")
    start, fiscal = month_start(month), tables.company.fiscal_year_start
    known, parts = monthly(tables, by), []
    spans = {"year": (year_start(start, fiscal), 12), "quarter": (quarter_start(start, fiscal), 3), "month": (start, 1)}
    for period, (first, long) in spans.items():
        last = first + pd.DateOffset(months=long - 1)
        inside = known[known["month"].between(first, last)]
        parts.append(_over(inside, period, first, last + pd.offsets.MonthEnd(0)))
    parts.append(_weeks(known[known["month"] == start], start, tables.company.minor_units))
    found = pd.concat(parts, ignore_index=True)
    found["period"] = pd.Categorical(found["period"], PERIODS, ordered=True)
    found = found.sort_values(["kpi", "unit", "period", "starts"], ignore_index=True)
    return found.astype({"period": object})


def _over(rows: pd.DataFrame, period: str, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    grouped = rows.sort_values("month").groupby(["unit", "kpi"])
    found = grouped.agg(total=("goal", "sum"), latest=("goal", "last"), months=("month", "nunique"),
                        source=("source", "last")).reset_index()
    goal = found["total"].where(found["kpi"].map(adds_up).astype(bool), found["latest"])
    return found.assign(goal=goal, period=period, starts=first, ends=last)[_COLUMNS]


def _weeks(rows: pd.DataFrame, start: pd.Timestamp, minor_units: int) -> pd.DataFrame:
    days = pd.Series(pd.date_range(start, start + pd.offsets.MonthEnd(0)))
    week = days - pd.to_timedelta(days.dt.dayofweek, unit="D")
    work = (days.dt.dayofweek < 5).astype(float).groupby(week).sum()
    edges = days.groupby(week).agg(["min", "max"])
    parts = [pd.DataFrame({
        "unit": unit, "kpi": kpi, "period": "week", "starts": edges["min"], "ends": edges["max"], "months": 1,
        "goal": spread(goal, work.to_numpy(), minor_units) if adds_up(kpi) else goal, "source": source,
    }) for unit, kpi, goal, source in rows[["unit", "kpi", "goal", "source"]].to_numpy().tolist()]
    return pd.concat(parts, ignore_index=True)[_COLUMNS] if parts else pd.DataFrame(columns=_COLUMNS)


_COLUMNS = ["unit", "kpi", "period", "starts", "ends", "goal", "months", "source"]
