"""Numbers as a reader wants them."""

from __future__ import annotations

import pandas as pd
import pytest

from salesops_helpers import words

NONE = float("nan")


@pytest.mark.parametrize(("value", "digits", "said"), [
    (1234567.8, 0, "1,234,568"), (0, 0, "0"), (0, 1, "0.0"), (-3.4, 1, "−3.4"), (-0.04, 1, "0.0"), (NONE, 0, "–"),
    (-1234.5, 1, "−1,234.5"), (10, 1, "10.0"), (-10, 0, "−10"),
])
def test_numbers(value, digits, said):
    assert words.number(value, digits) == said


@pytest.mark.parametrize(("value", "said"), [
    (1234567.8, "EUR 1.23 m"), (999_999, "EUR 1.00 m"), (45_600, "EUR 45.6 k"), (456_000, "EUR 456 k"), (0, "EUR 0"),
    (-12.3, "EUR −12"), (2.5e9, "EUR 2.50 bn"), (99_960, "EUR 100 k"), (NONE, "–"),
])
def test_short_money_has_three_digits(value, said):
    assert words.short_money(value, "EUR") == said


def test_shares_ranges_counts_and_lists():
    assert words.percent(0.6315) == "63.1 %"
    assert words.percent(-0.004, 0) == "0 %"
    assert words.percent(NONE) == "–"
    assert words.percent_range(0.581, 0.679) == "58 to 68 %"
    assert words.money_range(1.1e6, 1.4e6, "EUR") == "EUR 1.10 m to 1.40 m"
    assert words.money(1234.5, "EUR", 2) == "EUR 1,234.50"
    assert words.money(NONE, "EUR") == "–"
    assert [words.counted(n, "deal") for n in (0, 1, 2000)] == ["0 deals", "1 deal", "2,000 deals"]
    assert words.counted(2, "currency", "currencies") == "2 currencies"
    assert [words.joined(items) for items in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b",
                                                                                         "a, b and c"]


def test_months_and_days():
    assert words.month_name(pd.Timestamp("2026-09-01")) == "September 2026"
    assert words.day_name(pd.Timestamp("2026-09-03")) == "3 September 2026"


def test_a_goal_is_100_percent_only_where_it_is_reached():
    assert [words.reached(v) for v in (1.17, 1.0, 0.99999, 0.9951, 0.994, 0.5)] == [
        "117 %", "100 %", "99.9 %", "99.5 %", "99 %", "50 %"]
    assert words.reached(float("nan")) == words.MISSING
