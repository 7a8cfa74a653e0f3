"""The figure to plan by and the year against its plan, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesops_helpers.errors import SalesOpsError
from salesops_helpers.forecast import decision_words
from salesops_helpers.forecast.decisions import (
    mean_cost,
    months_to_go,
    plan_by,
    quantile_to_plan_by,
    year_outlook,
)

YEAR = pd.date_range("2026-01-01", periods=12, freq="MS")


def known(*values, start="2025-01-01"):
    months = pd.date_range(start, periods=len(values), freq="MS")
    return pd.DataFrame({"month": months, "actual": np.array(values, float)})


def plan(*goals):
    return pd.DataFrame({"month": YEAR[: len(goals)], "goal": np.array(goals, float)})


TO_OCTOBER = known(*[10] * 12, *[12] * 10)
DRAWN = np.array([[5.0, 5], [10, 10], [15, 15], [20, 20]])


def test_the_year_by_hand():
    year = year_outlook(TO_OCTOBER, DRAWN, plan(*[12] * 12))
    assert (year["first"], year["last"], year["months_left"]) == (YEAR[0], YEAR[-1], 2)
    assert (year["booked"], year["to_go"], year["year_end"], year["plan"]) == (120, 25, 145, 144)
    assert (year["gap"], year["chance"], year["needed"], year["needed_a_month"]) == (1, 0.5, 24, 12)
    assert (year["last_year"], year["same_months"]) == (120, 20)


def test_the_year_in_words():
    said = decision_words.year(year_outlook(TO_OCTOBER, DRAWN, plan(*[12] * 12)), "EUR")
    assert said[0].startswith("The year January to December 2026 ends at EUR 145 (80 % range EUR ")
    assert "21 % more than the year before" in said[0]
    assert said[1] == "That is EUR 1 above the plan of EUR 144; the chance to make the plan is 50 %."
    assert said[2] == ("For the plan each month to go has to bring EUR 12, 4 % less than is expected; the same months "
                       "of last year brought EUR 10 a month.")


def test_a_plan_that_lacks_months_gives_no_chance():
    year = year_outlook(TO_OCTOBER, DRAWN, plan(*[10] * 10))
    assert pd.isna(year["plan"]) and pd.isna(year["chance"]) and year["plan_months"] == 10
    said = decision_words.year(year, "EUR")
    assert said[1].startswith("A plan is known for 10 of the year's 12 months")
    assert said[1].endswith("What is booked is 120 % of the plan of those months (EUR 100).")


def test_a_plan_that_is_reached_needs_nothing_more():
    assert decision_words.year(year_outlook(TO_OCTOBER, DRAWN, plan(*[10] * 12)), "EUR")[1] == (
        "The plan of EUR 120 is reached already.")


def test_a_closed_year_looks_at_the_next():
    year = year_outlook(known(*[10] * 12), np.ones((3, 12)), plan())
    assert (year["first"], year["booked"], year["year_end"], year["last_year"]) == (YEAR[0], 0, 12, 120)


@pytest.mark.parametrize(("last", "start", "left"), [("2026-09", 1, 3), ("2026-12", 1, 12), ("2026-03", 4, 12),
                                                     ("2026-02", 4, 1), ("2026-06", 7, 12)])
def test_months_to_the_end_of_the_fiscal_year(last, start, left):
    assert months_to_go(known(1, start=f"{last}-01"), start) == left


def test_draws_must_end_with_the_year():
    with pytest.raises(SalesOpsError, match="2 months, to the end of the fiscal year"):
        year_outlook(TO_OCTOBER, np.ones((3, 3)), plan())


@given(st.floats(0.01, 100), st.floats(0.01, 100), st.integers(0, 99))
def test_no_other_figure_costs_less_than_the_one_to_plan_by(over, under, seed):
    sums = np.random.default_rng(seed).lognormal(0, 0.5, 200)
    best = plan_by(sums, {"over_forecast": over, "under_forecast": under}).iloc[0]
    others = [mean_cost(sums, planned, over, under) for planned in sums]
    assert best["cost"] <= min(others) + 1e-9 and best["cost"] <= best["cost_at_mean"] + 1e-9


def test_costs_by_hand():
    assert quantile_to_plan_by(1, 3) == 0.75
    assert mean_cost(np.array([80.0, 120]), 100, over=1, under=3) == (20 + 60) / 2
    unstated = plan_by(np.arange(101.0))
    assert unstated["amount"].tolist() == [75, 50, 25] and not unstated["stated"].any()
    assert "company.toml" in decision_words.plan_by(unstated, "EUR")
    own = plan_by(np.arange(101.0), {"over_forecast": 1, "under_forecast": 4})
    assert "Plan by EUR 80, which is not reached with a probability of 80 %" in decision_words.plan_by(own, "EUR")
    with pytest.raises(SalesOpsError, match="one of them above 0"):
        quantile_to_plan_by(0, 0)


def test_the_record_in_words():
    row = {"step": 1, "ranged_80": 24, "inside_80": 19, "coverage_80_low": 0.6, "coverage_80_high": 0.91,
           "bias_words": "over-forecast by 3 %", "wape": 0.08}
    live, replayed = ({"kind": "live", **row}, {"kind": "replayed", **row, "inside_80": 20})
    said = decision_words.held(pd.DataFrame([replayed, live]))
    assert said.startswith("80 % ranges held 19 of 24 months (forecasts frozen before their month was over")
    assert "held 20 of 24 months (forecasts replayed later" in said and "39" not in said and "48" not in said
    assert decision_words.held(pd.DataFrame([{**live, "step": 2}])).startswith("No frozen forecast has met its month")


def test_the_plan_of_the_months_ahead_or_that_there_is_none():
    months = pd.DataFrame({"month": pd.date_range("2026-11-01", periods=3, freq="MS")})
    assert decision_words.planned(months, plan(*[12] * 12), "EUR") == "A plan is known for only 2 of these months."
    assert decision_words.planned(months.iloc[:2], plan(*[12] * 12), "EUR") == "The plan for these months is EUR 24."
    assert decision_words.planned(months, plan(*[12] * 12).iloc[:0], "EUR") == "No plan is known for these months."


def test_the_figure_for_the_budget_is_said():
    sums, ranged, unranged = np.arange(101.0), pd.Series({"high_80": 90.0}), pd.Series({"high_80": np.nan})
    said = decision_words.to_budget(plan_by(sums), sums, ranged, "EUR")
    assert said == "For the budget: EUR 20 is reached in four of five cases, EUR 50 in one of two."
    assert decision_words.to_budget(plan_by(sums), sums, unranged, "EUR") == ""
    own = plan_by(sums, {"over_forecast": 1, "under_forecast": 4})
    assert decision_words.to_budget(own, sums, ranged, "EUR") == decision_words.plan_by(own, "EUR")
