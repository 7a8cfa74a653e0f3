"""Where the process page and the scorecard speak of the same thing, they say the same number."""

import pandas as pd
import pytest

from salesops_helpers import load
from salesops_helpers.performance import coverage, kpis, slippage, stale, waterfall
from salesops_helpers.performance.pipeline import ends_of_months
from salesops_helpers.performance.scorecard import scorecard

MONTH = "2026-09"
KPIS = ["win_rate", "slip_rate", "stale_deals", "open_pipeline", "open_deals", "pipeline_coverage"]


@pytest.fixture(scope="module")
def tables():
    return load("data/sample", month=MONTH)


@pytest.fixture(scope="module")
def card(tables):
    return scorecard(tables, MONTH, kpis=KPIS).set_index(["kpi", "form"])


def test_win_rate(tables, card):
    rate, row = kpis.win_rate(tables, MONTH, MONTH), card.loc[("win_rate", "closed")]
    assert (rate.won, rate.closed) == (row["numerator"], row["denominator"]) and rate.closed > 0
    assert [rate.rate, rate.low, rate.high] == pytest.approx([row["value"], row["low"], row["high"]], abs=0.02)


def test_slip_rate(tables, card):
    rates = slippage.slip_rates(slippage.due_deals(tables, "month", 1)).iloc[0]
    row = card.loc[("slip_rate", "count")]
    assert (rates["slipped"], rates["due"]) == (row["numerator"], row["denominator"]) and rates["due"] > 0


def test_stale_deals(tables, card):
    deals = stale.stalled(tables, 30)
    counts = stale.rule_counts(deals, 30)
    for form, column, rule in (("long_stay", "in_stage", 0), ("no_activity", "silent", 1)):
        row, known = card.loc[("stale_deals", form)], deals[column].dropna().astype(bool)
        assert (known.sum(), len(known)) == (row["numerator"], row["denominator"]), form
        assert counts.loc[rule, "deals"] == row["numerator"] > 0


def test_open_pipeline(tables, card):
    lines = waterfall.waterfall(tables, ends_of_months(tables, 1)[0]).set_index("line")
    assert lines.loc["closing", "amount"] == pytest.approx(card.loc[("open_pipeline", "open"), "value"], abs=0.005)
    assert lines.loc["closing", "deals"] == card.loc[("open_deals", "open"), "value"]


def test_coverage_on_the_first_day_of_the_month(card):
    before = coverage.coverage_now(load("data/sample", month="2026-08"))
    row = card.loc[("pipeline_coverage", "remaining")]
    assert pd.notna(before["coverage"]) and before["coverage"] == pytest.approx(row["value"], rel=1e-9)
