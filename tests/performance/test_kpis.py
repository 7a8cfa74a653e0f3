"""The closed win rate and won value by month, by hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from salesops_helpers import SalesOpsError, Tables, load
from salesops_helpers.data.company import Company
from salesops_helpers.performance.kpis import win_rate, won_value_by_month

ACME = Company(name="Acme", currency="EUR", stages=["Open", "Won", "Lost"], won_stages=["Won"], lost_stages=["Lost"])


def tables(as_of="2026-03-31") -> Tables:
    deals = pd.DataFrame({
        "opportunity_id": list("abcdef"), "rep_id": ["R1", "R1", "R2", "R2", None, "R1"],
        "stage": ["Won", "Lost", "Won", "Lost", "Won", "Open"], "status": ["won", "lost", "won", "lost", "won", "open"],
        "amount": [100.0, None, 250.0, 0.0, 50.0, 900.0], "created_on": pd.to_datetime(["2026-01-01"] * 6),
        "closed_on": pd.to_datetime(["2026-01-31", "2026-01-31", "2026-03-01", "2026-03-31", "2026-03-15", None]),
    })
    reps = pd.DataFrame({"rep_id": ["R1", "R2"], "name": ["Ann", "Bob"]})
    return Tables.from_frames(ACME, {"opportunities": deals, "reps": reps}, as_of=as_of)


def test_win_rate_is_won_of_closed():
    found = win_rate(tables())
    assert (found.won, found.closed, found.rate) == (3, 5, 0.6)
    assert found.low < 0.6 < found.high
    assert str(found).startswith("60.0 % of 5 closed deals won (90 % range ")


@pytest.mark.parametrize(
    ("start", "end", "won", "closed"),
    [("2026-01", "2026-01", 1, 2), ("2026-03", None, 2, 3), (None, "2026-02", 1, 2), ("2026-01", "2026-03", 3, 5)],
)
def test_months_are_included_whole(start, end, won, closed):
    found = win_rate(tables(), start, end)
    assert (found.won, found.closed) == (won, closed)


def test_nothing_closed_is_missing_not_zero():
    found = win_rate(tables(), "2026-02", "2026-02")
    assert (found.won, found.closed) == (0, 0)
    assert math.isnan(found.rate) and math.isnan(found.low) and math.isnan(found.high)
    assert str(found) == "no deal closed, so there is no win rate"


def test_a_period_that_ends_before_it_starts_is_refused():
    with pytest.raises(SalesOpsError, match="2026-03 to 2026-01 ends before it starts"):
        win_rate(tables(), "2026-03", "2026-01")
    with pytest.raises(SalesOpsError, match="2026-13"):
        win_rate(tables(), "2026-13")


def test_won_value_by_month_shows_empty_months():
    found = won_value_by_month(tables())
    assert found["month"].dt.strftime("%Y-%m").tolist() == ["2026-01", "2026-02", "2026-03"]
    assert found["won_value"].tolist() == [100, 0, 300]
    assert found["wins"].tolist() == [1, 0, 2]


def test_maven_known_figures(cases):
    maven = load("tests/cases/maven", month="2017-12")
    found = win_rate(maven)
    assert (found.won, found.closed, round(found.rate, 4)) == (4_238, 6_711, 0.6315)
    assert won_value_by_month(maven)["won_value"].tolist() == [
        1134672, 721932, 1025713, 1338466, 696932, 1050059, 1235264, 731980, 938943, 1131573,
    ]
