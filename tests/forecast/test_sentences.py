"""A forecast in words: every number is the frame's, and what is not known is not said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from salesops_helpers.forecast import sentences

MADE = pd.DataFrame({
    "naive_lag": [12], "season": [12], "history_months": [36], "cut": [pd.Timestamp("2026-09-01")], "reason": [""],
    "made_of": ["mean of Theta, ETS and CES"],
})
TOTAL = pd.Series({
    "first_month": pd.Timestamp("2026-10-01"), "month": pd.Timestamp("2026-12-01"), "step": 3, "forecast": 4.1e6,
    "low_80": 3.4e6, "high_80": 4.8e6, "naive": 3.9e6, "last_year": 3.7e6, "range_from": 50,
})
RECORD = pd.DataFrame({
    "windows": [10], "apart": [4], "wape": [0.07], "naive_wape": [0.09], "bias_words": ["over-forecast by 2 %"],
    "inside_80": [9], "ranged_80": [10], "coverage_80": [0.9], "coverage_80_low": [0.62], "coverage_80_high": [0.99],
})


def test_headline():
    assert sentences.headline(TOTAL, MADE, "EUR") == (
        "Bookings of EUR 4.10 m are expected for October to December 2026 (80 % range EUR 3.40 m to 4.80 m); the same "
        "months last year brought EUR 3.70 m; the naive line (the same month last year) says EUR 3.90 m.")


def test_headline_where_the_naive_line_is_last_year():
    said = sentences.headline(TOTAL.replace({3.9e6: 3.7e6}), MADE, "EUR")
    assert said.endswith("; the same months last year, which is also the seasonal naive line, brought EUR 3.70 m.")


def test_headline_without_last_year_and_without_a_range():
    total = pd.Series({**TOTAL, "last_year": np.nan, "high_80": np.nan, "low_80": np.nan})
    said = sentences.headline(total, MADE.assign(naive_lag=3), "EUR")
    assert "(no range can be given)" in said
    assert said.endswith("; the naive line (the same place in the last quarter) says EUR 3.90 m.")


@pytest.mark.parametrize("first, last, said", [
    ("2026-10-01", "2026-12-01", "October to December 2026"), ("2026-10-01", "2026-10-01", "October 2026"),
    ("2026-11-01", "2027-01-01", "November 2026 to January 2027"),
])
def test_span(first, last, said):
    assert sentences.span(pd.Timestamp(first), pd.Timestamp(last)) == said


def test_growth():
    assert sentences.growth(TOTAL) == (
        "That is 11 % more than the same months last year (80 % range −8 % to +30 %).")
    assert "7 % less than" in sentences.growth(pd.Series({**TOTAL, "last_year": 4.4e6}))
    assert "about as much as the same months" in sentences.growth(pd.Series({**TOTAL, "last_year": 4.1e6}))
    assert sentences.growth(pd.Series({**TOTAL, "last_year": np.nan})) == ""
    assert sentences.growth(pd.Series({**TOTAL, "last_year": 0.0})) == ""


def test_skill_says_which_was_closer_and_that_nothing_is_settled():
    assert sentences.skill(RECORD, 3) == (
        "On the last 10 windows of 3 months the forecast was closer: the naive line missed by 9.0 % on average, the "
        "forecast by 7.0 % (over-forecast by 2 %). The windows overlap and count like 4 independent ones: nothing is "
        "settled.")
    worse = sentences.skill(RECORD.assign(wape=0.2), 3)
    assert "the naive line was closer: it missed by 9.0 % on average, the forecast by 20.0 %" in worse
    assert "missed by the same 9.0 %" in sentences.skill(RECORD.assign(wape=0.0901), 3)
    assert "the last window of one month" in sentences.skill(RECORD.assign(windows=1, apart=1), 1)
    assert sentences.skill(RECORD.assign(windows=10, apart=10), 1).endswith("With 10 windows nothing is settled.")
    assert "nothing is settled" not in sentences.skill(RECORD.assign(windows=30, apart=30), 1)


def test_skill_and_coverage_without_a_window():
    assert "not known" in sentences.skill(RECORD.iloc[:0], 3)
    assert "could not be tested" in sentences.coverage(RECORD.iloc[:0])
    assert "could not be tested" in sentences.coverage(RECORD.assign(ranged_80=0))


def test_coverage_says_the_share_and_its_range():
    assert sentences.coverage(RECORD) == (
        "The 80 % range, as it would have been given at the time, held 9 of 10 (90 %; the true share may be 62 to 99 "
        "%, and further off still where windows overlap).")


def test_cost_of_being_wrong():
    low, high, usual = sentences.cost(TOTAL, RECORD, "EUR")
    assert "EUR 700 k (17 %) below the forecast" in low
    assert "EUR 700 k above" in high
    assert usual == "A miss of the usual size (7.0 % on past windows) is EUR 287 k."
    assert sentences.cost(pd.Series({**TOTAL, "high_80": np.nan}), RECORD, "EUR") == [
        "Without a range, the cost of being wrong cannot be put in numbers."]
    assert len(sentences.cost(TOTAL, RECORD.iloc[:0], "EUR")) == 2


def test_range_basis():
    assert "50 past errors" in sentences.range_basis(TOTAL)
    assert "adds the ends of the months" in sentences.range_basis(pd.Series({**TOTAL, "range_from": 0}))
    assert sentences.range_basis(pd.Series({**TOTAL, "high_80": np.nan})) == ""


def test_method_names_the_history_the_reason_and_the_months_left_out():
    said = sentences.method(MADE, pd.DatetimeIndex([]))
    assert said == [
        "The forecast is the mean of Theta, ETS and CES, with a season of 12 months, on 36 months of bookings (October "
        "2023 to September 2026).",
        "The naive line is the same month last year.",
    ]
    short = MADE.assign(reason="10 months of history are known", season=3, history_months=10)
    said = sentences.method(short, pd.DatetimeIndex(["2026-10-01"]))
    assert "place in the quarter" in said[0] and "(December 2025 to September 2026)" in said[0]
    assert said[1] == "10 months of history are known."
    assert said[3].startswith("October 2026 is left out: the data does not reach its last day (31 October 2026).")


def test_windows_of_a_shorter_rule_are_counted():
    own = pd.DataFrame({"cut": pd.to_datetime(["2026-01-01", "2026-01-01", "2026-02-01"]), "season": [3, 3, 12]})
    assert sentences.windows(own, MADE).startswith("In 1 of 2 windows")
    assert sentences.windows(own.assign(season=12), MADE) == ""
    assert "too short for a backtest" in sentences.windows(own.iloc[:0], MADE)
