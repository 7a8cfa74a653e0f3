"""What follows from a forecast: the figure to plan by, and the year against its plan."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from salesops_helpers.errors import SalesOpsError
from salesops_helpers.periods import year_start

OVER, UNDER = "over_forecast", "under_forecast"
RATIOS = ((1.0, 3.0), (1.0, 1.0), (3.0, 1.0))


def quantile_to_plan_by(over: float, under: float) -> float:
    """The quantile that costs least on average: under ÷ (over + under), the newsvendor's critical ratio.

    Parameters
    ----------
    over, under : float
        What one unit of currency costs that was forecast and does not come (stock, heads, rebates), and one that comes
        and was not forecast (margin lost, capacity short).

    Raises
    ------
    SalesOpsError
        Where a cost is negative or missing, or both are 0.
    """
    if not (over >= 0 and under >= 0 and 0 < over + under < float("inf")):
        raise SalesOpsError(f"costs of {over!r} and {under!r}", "numbers from 0, one of them above 0",
                            "say what a unit of currency costs that was forecast and did not come, and the reverse")
    return under / (over + under)


def plan_by(sums: np.ndarray, costs: Mapping[str, float] | None = None) -> pd.DataFrame:
    """The figure to plan by, for the company's own costs of being wrong, or for three typical ratios of them.

    Parameters
    ----------
    sums : ndarray
        Draws of the bookings planned for (currency).
    costs : mapping, optional
        over_forecast and under_forecast: cost of a unit of currency too much, and too little.

    Returns
    -------
    DataFrame
        over, under (cost of a unit), quantile, amount (to plan by, currency), cost (mean over the draws), cost_at_mean
        (mean cost where the mean of the draws is planned by instead), stated (do the costs come from the company?).
    """
    own = costs or {}
    pairs = [(float(own[OVER]), float(own[UNDER]))] if {OVER, UNDER} <= set(own) else list(RATIOS)
    rows = [(over, under, q := quantile_to_plan_by(over, under),
             amount := float(np.quantile(sums, q, method="inverted_cdf")),
             mean_cost(sums, amount, over, under), mean_cost(sums, float(sums.mean()), over, under))
            for over, under in pairs]
    frame = pd.DataFrame(rows, columns=["over", "under", "quantile", "amount", "cost", "cost_at_mean"])
    return frame.assign(stated=len(pairs) == 1)


def mean_cost(sums: np.ndarray, planned: float, over: float, under: float) -> float:
    """Mean over the draws of what planning by `planned` costs."""
    return float((over * np.maximum(planned - sums, 0) + under * np.maximum(sums - planned, 0)).mean())


def months_to_go(known: pd.DataFrame, fiscal_year_start: int = 1) -> int:
    """How many months follow the last one known (month) up to the end of a fiscal year: 1 to 12."""
    return 12 - (known["month"].max().month % 12 + 1 - fiscal_year_start) % 12


def year_outlook(known: pd.DataFrame, drawn: np.ndarray, plan: pd.DataFrame, fiscal_year_start: int = 1) -> pd.Series:
    """The fiscal year that holds the first month to come: what is booked, what is to go, the chance to make the plan.

    Parameters
    ----------
    known : DataFrame
        month, actual (currency) of one unit, without gaps.
    drawn : ndarray
        Draws of the months from the one after `known` to the end of the fiscal year, draws × months.
    plan : DataFrame
        month, goal (currency) of the unit; a year with fewer than 12 has no plan.
    fiscal_year_start : int
        First month of the fiscal year.

    Returns
    -------
    Series
        first, last (months of the year), months_left, booked (so far), to_go, to_go_low, to_go_high, year_end,
        year_end_low, year_end_high (means and 80 % ranges of the draws), last_year (bookings of the fiscal year before,
        where all of it is known), plan, plan_months (with a goal), plan_so_far (goals of the months booked), gap
        (year_end − plan), chance (share of draws that reach the plan), needed (plan − booked, not below 0),
        needed_a_month, same_months (bookings of the months left a year before).

    Raises
    ------
    SalesOpsError
        Where the draws do not end with the fiscal year.
    """
    start = known["month"].max() + pd.DateOffset(months=1)
    first, left = year_start(start, fiscal_year_start), months_to_go(known, fiscal_year_start)
    if drawn.shape[1] != left:
        raise SalesOpsError(f"draws of {drawn.shape[1]} months", f"{left} months, to the end of the fiscal year",
                            "forecast as many months as months_to_go says")
    actual = known.set_index("month")["actual"]
    year = pd.date_range(first, periods=12, freq="MS")
    before = year - pd.DateOffset(years=1)
    goals = plan.groupby("month")["goal"].sum().reindex(year)
    booked = float(actual.reindex(year).sum())
    sums = drawn.sum(axis=1)
    ends, planned = booked + sums, float(goals.sum(min_count=12))
    low, high = np.quantile(sums, [0.1, 0.9])
    needed = max(planned - booked, 0.0) if planned == planned else float("nan")
    return pd.Series({
        "first": first, "last": year[-1], "months_left": left, "booked": booked, "to_go": sums.mean(),
        "to_go_low": low, "to_go_high": high, "year_end": ends.mean(), "year_end_low": booked + low,
        "year_end_high": booked + high, "last_year": actual.reindex(before).sum(min_count=12), "plan": planned,
        "plan_months": int(goals.notna().sum()), "plan_so_far": goals[goals.index < start].sum(min_count=12 - left),
        "gap": ends.mean() - planned, "chance": float((ends >= planned).mean()) if planned == planned else float("nan"),
        "needed": needed, "needed_a_month": needed / left,
        "same_months": actual.reindex(before[12 - left:]).sum(min_count=left),
    })
