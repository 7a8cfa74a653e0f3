"""Pipeline coverage against what history says is needed, and when in the quarter pipeline is made."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers.data.columns import TEXT
from salesops_helpers.data.container import Tables
from salesops_helpers.performance.pipeline import deals_on
from salesops_helpers.performance.slippage import periods_before
from salesops_helpers.periods import month_start, quarter_start
from salesops_helpers.stats import LEVEL

DAY = pd.Timedelta(days=1)
FEWEST = 4


def coverage_history(tables: Tables, quarters: int = 8) -> pd.DataFrame:
    """Open pipeline during past fiscal quarters, beside what was won in the rest of the quarter.

    Returns
    -------
    DataFrame
        One row a quarter that has ended and place in it (0, 1, 2 months gone): quarter (first day), place, day (the
        state is that of its end), pipeline (currency: open and expected to close by the quarter's end; no overdue
        deals, as in the KPI pipeline_coverage), deals, won_from_it (currency: won by the quarter's end from these
        deals, at the value then known), won_rest (currency: all that was won in the rest of the quarter, from
        whichever deals), needed (pipeline ÷ won_rest: the coverage that went with what was then won), yielded
        (won_from_it ÷ pipeline). Empty without stage_history.
    """
    if not tables.has("stage_history"):
        return pd.DataFrame(columns=_HISTORY)
    spans = periods_before(tables, "quarter", quarters)
    first_created = tables.rows("opportunities")
    begin = tables.rows_engine.collect(
        first_created.agg(first=first_created["closed_on"].min()), "opportunities")["first"].iloc[0]
    spans = [(first, last) for first, last in spans if first > begin]
    won = deals_on(tables, since=spans[0][0] - DAY) if spans else deals_on(tables).head(0)
    won = won[won["status"] == "won"].set_index("opportunity_id")
    rows = [_place(tables, won, first, last, place) for first, last in spans for place in range(3)]
    return pd.DataFrame(rows, columns=_HISTORY)


_HISTORY = ["quarter", "place", "day", "pipeline", "deals", "won_from_it", "won_rest", "needed", "yielded"]


def _place(tables: Tables, won: pd.DataFrame, first, last, place: int) -> tuple:
    day = first + pd.DateOffset(months=place) - DAY
    due = _due(deals_on(tables, day, since=day), day, last)
    later = won[won["closed_on"].between(day + DAY, last)]
    pipeline, rest = float(due["amount"].sum()), float(later["amount"].sum())
    from_it = float(later.loc[later.index.isin(due["opportunity_id"]), "amount"].sum())
    return (first, place, day, pipeline, len(due), from_it, rest, pipeline / rest if rest > 0 else np.nan,
            from_it / pipeline if pipeline > 0 else np.nan)


def _due(deals: pd.DataFrame, day: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """The open deals that are expected to close after `day`, by `last`; those overdue are expected on no day."""
    within = (deals["expected_close_on"] > day) & (deals["expected_close_on"] <= last)
    return deals[(deals["status"] == "open") & within]


def coverage_needed(history: pd.DataFrame, level: float = LEVEL) -> pd.DataFrame:
    """By place in the quarter: the coverage that went with what was won, with the range in which the next quarter's
    may lie.

    Parameters
    ----------
    history : DataFrame
        What `coverage_history` gives.

    Returns
    -------
    DataFrame
        place, quarters (with anything won), needed (geometric mean of pipeline ÷ won in the rest of the quarter), low,
        high (range for one more quarter, t distribution on the logarithms; missing below 4 quarters), yielded (Σ won
        from it ÷ Σ pipeline).
    """
    from scipy.special import stdtrit

    rows = history[(history["needed"] > 0)].astype({"needed": float, "pipeline": float, "won_from_it": float})
    logs = np.log(rows["needed"]).groupby(rows["place"])
    n, mean, spread = logs.size(), logs.mean(), logs.std()
    half = stdtrit(np.maximum(n - 1, 1), (1 + level) / 2) * spread * np.sqrt(1 + 1 / n)
    half = half.where(n >= FEWEST)
    sums = rows.groupby("place")[["won_from_it", "pipeline"]].sum()
    return pd.DataFrame({
        "quarters": n, "needed": np.exp(mean), "low": np.exp(mean - half), "high": np.exp(mean + half),
        "yielded": sums["won_from_it"] / sums["pipeline"]}).rename_axis("place").reset_index()


def coverage_now(tables: Tables) -> pd.Series:
    """Where the coverage stands for the fiscal quarter that the day after the as-of day lies in.

    Returns
    -------
    Series
        quarter (first day), last (day), place (months gone), pipeline (currency; open, expected by the quarter's end,
        not overdue), deals, quota (currency, Σ over reps; of the quarter before where that of this one is not known
        yet, missing without quotas), quota_of (first day of the quarter that the quota is of), won (currency, in the
        quarter so far), coverage (pipeline ÷ (quota − won); missing where nothing is left to win).
    """
    today = month_start(tables.as_of + DAY)
    first = quarter_start(today, tables.company.fiscal_year_start)
    last = first + pd.DateOffset(months=3) - DAY
    place = (today.year - first.year) * 12 + today.month - first.month
    deals = deals_on(tables, since=first - DAY)
    due = _due(deals, tables.as_of, last)
    won = deals.loc[(deals["status"] == "won") & (deals["closed_on"] >= first), "amount"].sum()
    quota, quota_of = _quota(tables, first)
    left, pipeline = quota - won, float(due["amount"].sum())
    return pd.Series({"quarter": first, "last": last, "place": place, "pipeline": pipeline, "deals": len(due),
                      "quota": quota, "quota_of": quota_of, "won": float(won),
                      "coverage": pipeline / left if left > 0 else np.nan})


def _quota(tables: Tables, first: pd.Timestamp) -> tuple[float, pd.Timestamp]:
    """The quota of the quarter that begins on `first`, else of the one before, and which it is."""
    quotas = tables.quotas.dropna(subset="month")
    for begin in (first, first - pd.DateOffset(months=3)):
        mine = quotas[quotas["month"].between(begin, begin + pd.DateOffset(months=2))]
        if mine["month"].nunique() == 3:
            return float(mine["amount"].sum()), begin
    return float("nan"), pd.NaT


def created_by_place(tables: Tables, quarters: int = 8) -> pd.DataFrame:
    """Pipeline created by month of the fiscal quarter: amounts as they stood at creation, closed since or not.

    Returns
    -------
    DataFrame
        quarter (first day), place (0, 1, 2), deals, amount (currency; a deal without history at its amount, or list
        price, of today), unvalued (deals without any), won_within, won_within_amount (of these deals: won by the end of
        the same quarter, at creation value), share (of the quarter's deals). Amounts are missing without stage_history:
        what deals were worth at creation is not known, and lost deals often carry no amount.
    """
    spans = periods_before(tables, "quarter", quarters)
    first, last = spans[0][0], spans[-1][1]
    deals = deals_on(tables, since=first - DAY)
    deals = deals[deals["created_on"].between(first, last)]
    deals = deals.merge(_first_amounts(tables), on="opportunity_id", how="left")
    quarter = quarter_start(deals["created_on"], tables.company.fiscal_year_start)
    month = deals["created_on"].dt.to_period("M").dt.to_timestamp()
    place = (month.dt.year - quarter.dt.year) * 12 + month.dt.month - quarter.dt.month
    within = (deals["status"] == "won") & (deals["closed_on"] < quarter + pd.DateOffset(months=3))
    at_creation = deals["first_amount"].fillna(deals["amount"])
    rows = pd.DataFrame({"quarter": quarter, "place": place, "deals": 1, "amount": at_creation.fillna(0.0),
                         "unvalued": at_creation.isna().astype(int), "won_within": within.astype(int),
                         "won_within_amount": at_creation.where(within, 0.0).fillna(0.0)})
    grid = pd.MultiIndex.from_product([[a for a, _ in spans], range(3)], names=["quarter", "place"])
    frame = rows.groupby(["quarter", "place"]).sum().reindex(grid).fillna(0)
    frame = frame.astype({"deals": int, "unvalued": int, "won_within": int}).reset_index()
    if not tables.has("stage_history"):
        frame[["amount", "won_within_amount"]] = np.nan
    total = frame.groupby("quarter")["deals"].transform("sum")
    return frame.assign(share=frame["deals"] / total.where(total > 0))


def _first_amounts(tables: Tables) -> pd.DataFrame:
    """opportunity_id, first_amount (the first that its history gives)."""
    if not tables.has("stage_history"):
        return pd.DataFrame({"opportunity_id": pd.Series(dtype=TEXT), "first_amount": pd.Series(dtype=float)})
    rows = tables.rows("stage_history")
    rows = rows.filter(rows["amount"].notnull())
    sums = rows.group_by("opportunity_id").agg(first_amount=rows["amount"].argmin(rows["changed_at"]))
    frame = tables.rows_engine.collect(sums, "stage_history")
    return frame.astype({"opportunity_id": TEXT, "first_amount": float})
