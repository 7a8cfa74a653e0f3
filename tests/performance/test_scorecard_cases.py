"""The scorecard on real data whose figures are known."""

from __future__ import annotations

import pytest

from salesops_helpers import load
from salesops_helpers.performance.scorecard import scorecard


@pytest.fixture(scope="module")
def maven(cases):
    tables = load("tests/cases/maven", month="2017-12")
    return scorecard(tables, "2017-12", length=15).set_index(["kpi", "form"])


def test_maven_win_rate(maven):
    closed = maven.loc[("win_rate", "closed")]
    assert (closed["numerator"], closed["denominator"], round(closed["value"], 4)) == (4_238, 6_711, 0.6315)
    assert maven.loc[("win_rate", "created"), "still_open"] == pytest.approx(1_589 / 8_300)


@pytest.mark.parametrize(
    ("form", "days"), [("won_median", 57), ("closed_median", 45), ("km_closed", 69), ("km_won", 93)])
def test_maven_days_to_close_in_four_forms(maven, form, days):
    row = maven.loc[("sales_cycle", form)]
    assert row["value"] == days
    assert row["low"] <= days <= row["high"]


def test_maven_lost_deals_carry_no_amount_so_the_rate_by_value_is_missing(maven):
    assert maven.loc[("win_rate_value", "amount")].isna()["value"]
    assert 0.6 < maven.loc[("win_rate_value", "list_price"), "value"] < 0.66
