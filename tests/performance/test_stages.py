"""Stays, conversion by entry cohort, time in stage and where value waits: by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from process_company import company

from salesops_helpers import Tables
from salesops_helpers.performance.stages import (
    created_to_closed,
    entries,
    flow,
    step_product,
    time_in_stage,
    usual_limits,
    waiting,
    where_value_waits,
)
from salesops_helpers.performance.stays import WON, stays

YEAR = (pd.Timestamp("2026-01-01"), pd.Timestamp("2026-12-31"))
LOG = [
    ("through", "2026-01-01", "A", 100), ("through", "2026-01-11", "B"), ("through", "2026-01-15", "B", 120),
    ("through", "2026-01-21", "C"), ("through", "2026-02-10", "Won"),
    ("skips", "2026-01-01", "A", 10), ("skips", "2026-01-05", "C"), ("skips", "2026-01-06", "Won"),
    ("returns", "2026-01-01", "A", 10), ("returns", "2026-01-03", "B"), ("returns", "2026-01-04", "A"),
    ("returns", "2026-01-06", "Lost"),
    ("stands", "2026-01-01", "A", 50), ("stands", "2026-01-02", "B"),
    ("starts late", "2026-01-10", "C", 5), ("starts late", "2026-01-20", "Lost"),
    ("still at first", "2026-01-31", "A", 1000),
]


@pytest.fixture
def tables() -> Tables:
    return company(LOG, "2026-03-01")


def test_stays_are_changes_of_stage_alone(tables):
    found = stays(tables).set_index(["opportunity_id", "stage", "visit"])
    assert len(found) == 12
    assert found["days"].to_dict() == {
        ("returns", "A", 1): 2, ("returns", "A", 2): 2, ("returns", "B", 1): 1, ("skips", "A", 1): 4,
        ("skips", "C", 1): 1, ("stands", "A", 1): 1, ("stands", "B", 1): 59, ("starts late", "C", 1): 10,
        ("still at first", "A", 1): 30, ("through", "A", 1): 10, ("through", "B", 1): 10, ("through", "C", 1): 20}
    assert not found.loc[("stands", "B", 1), "ended"] and found.loc[("returns", "A", 2), "ended"]
    assert found.loc[("through", "B", 1), ["next_rank", "best_rank"]].tolist() == [2, WON]
    assert found.loc[("returns", "B", 1), ["before_rank", "next_rank", "best_rank"]].tolist() == [0, 0, 0]
    assert pd.isna(found.loc[("stands", "B", 1), "next_rank"])


def test_stays_since_a_day_keep_those_that_are_not_over(tables):
    some = stays(tables, pd.Timestamp("2026-01-15"))
    assert some[["opportunity_id", "stage"]].to_numpy().tolist() == [
        ["stands", "B"], ["still at first", "A"], ["through", "C"]]
    pd.testing.assert_frame_equal(
        where_value_waits(tables, waiting(tables, some)), where_value_waits(tables, waiting(tables, stays(tables))))


def test_input_is_untouched(tables):
    before = tables.stage_history.copy(), tables.opportunities.copy()
    stays(tables), flow(tables, *YEAR)
    pd.testing.assert_frame_equal(before[0], tables.stage_history)
    pd.testing.assert_frame_equal(before[1], tables.opportunities)


def test_conversion_counts_skips_and_returns_as_they_are(tables):
    found = flow(tables, *YEAR).set_index("stage")
    counts = found[["entered", "moved_on", "lost", "still_open", "won", "skipped", "returned"]]
    assert counts.loc["A"].tolist() == [5, 4, 0, 1, 2, 0, 1]  # who returned had moved on; one is still there
    assert counts.loc["B"].tolist() == [3, 1, 1, 1, 1, 1, 0]  # "skips" came past it
    assert counts.loc["C"].tolist() == [3, 2, 1, 0, 2, 0, 0]
    assert found["rate"].tolist() == pytest.approx([0.8, 1 / 3, 2 / 3])
    assert found["open_share"].tolist() == pytest.approx([0.2, 1 / 3, 0])
    assert (found["low"] < found["rate"]).all() and (found["rate"] < found["high"]).all()


def test_every_entry_has_one_outcome(tables):
    found = entries(tables, *YEAR)
    assert (found[["moved_on", "lost", "still_open"]].sum(axis=1) == 1).all()


def test_a_cohort_is_of_entries_in_its_days(tables):
    found = flow(tables, pd.Timestamp("2026-01-10"), pd.Timestamp("2026-01-31")).set_index("stage")
    assert found["entered"].tolist() == [1, 1, 2]
    assert found.loc["A", ["moved_on", "still_open"]].tolist() == [0, 1]
    everything = stays(tables)
    pd.testing.assert_frame_equal(flow(tables, *YEAR), flow(tables, *YEAR, found=everything))
    pd.testing.assert_frame_equal(found.reset_index(), flow(
        tables, pd.Timestamp("2026-01-10"), pd.Timestamp("2026-01-31"), everything))


def test_a_stage_that_no_deal_entered_has_no_rate():
    found = flow(company([("a", "2026-01-01", "A", 1)], "2026-01-31"), *YEAR).set_index("stage")
    assert found.loc["B", "entered"] == 0 and pd.isna(found.loc["B", "rate"]) and pd.isna(found.loc["B", "low"])


def test_the_product_of_step_rates_predicts_7_wins_where_89_happened():
    # 100 deals: 7 go A, B, C, Won; 7 stop in B; 82 jump from A to Won; 4 are lost in A.
    log = []
    for n in range(100):
        path = ["A", "B", "C", "Won"] if n < 7 else ["A", "B", "Lost"] if n < 14 else (
            ["A", "Won"] if n < 96 else ["A", "Lost"])
        log += [(f"d{n:03}", f"2026-01-{day + 1:02}", stage, 1) for day, stage in enumerate(path)]
    tables = company(log, "2026-03-01")
    steps = step_product(tables, *YEAR)
    assert steps.rates == pytest.approx((14 / 100, 7 / 14, 7 / 7))
    assert (round(steps.predicted, 9), steps.actual) == (7, 89)
    assert flow(tables, *YEAR).set_index("stage").loc["A", "moved_on"] == 96  # what the page shows instead


def test_time_in_stage_takes_open_stays_as_lasting(tables):
    found = time_in_stage(tables, *YEAR).set_index("stage")
    # A: stays of 1, 2, 2, 4, 10 and 30+; at risk 6: S(1) = 5/6, S(2) = 5/6 × 3/5 = 1/2
    assert found.loc["A", ["n", "ended", "median", "mean_finished"]].tolist() == [6, 5, 2, 3.8]
    # B: 1, 10, 59+: S(1) = 2/3, S(10) = 1/3
    assert found.loc["B", ["n", "ended", "median", "mean_finished"]].tolist() == [3, 2, 10, 5.5]
    assert found.index.tolist() == ["A", "B", "C"]


def test_where_value_waits_is_money_times_days(tables):
    found = where_value_waits(tables).set_index("stage")
    # A: 1,000 for 29 days; B: 50 for 58 days
    assert found["money_days"].to_dict() == {"A": 29_000, "B": 2_900}
    assert found["share"].round(4).tolist() == [0.9091, 0.0909]
    assert found["deals"].tolist() == [1, 1] and found["median_days"].tolist() == [29, 58]


def test_the_usual_limit_needs_twenty_won_stays():
    log = [(f"w{n:02}", "2026-01-01", "A", 10) for n in range(20)]
    log += [(f"w{n:02}", f"2026-01-{n + 2:02}", "Won") for n in range(20)]
    log += [("old", "2026-01-01", "A", 70), ("young", "2026-01-25", "A", 30)]
    tables = company(log, "2026-01-31")
    # stays of 1 … 20 days: the 90th percentile is 1 + 0.9 × 19 = 18.1
    assert usual_limits(tables)["A"] == pytest.approx(18.1) and pd.isna(usual_limits(tables)["B"])
    row = where_value_waits(tables).set_index("stage").loc["A"]
    assert row[["deals", "amount", "beyond", "beyond_amount"]].tolist() == [2, 100, 1, 70]
    fewer = company([row for row in log if row[0] != "w19"], "2026-01-31")
    assert pd.isna(usual_limits(fewer)["A"]) and where_value_waits(fewer)["beyond"].tolist() == [0]


def test_without_history_days_count_from_creation():
    tables = company(LOG, "2026-03-01", history=False)
    assert stays(tables).empty and flow(tables, *YEAR)["entered"].tolist() == [0, 0, 0]
    waits = waiting(tables).set_index("opportunity_id")
    assert waits.loc["stands", ["days", "in_stage"]].tolist() == [59, False]
    assert where_value_waits(tables)["beyond"].tolist() == [0, 0]


def test_amounts_at_list_are_marked():
    tables = company([("a", "2026-01-01", "A"), ("b", "2026-01-01", "A", 60)], "2026-01-11", list_price={"a": 40.0})
    row = where_value_waits(tables).iloc[0]
    assert row[["amount", "at_list", "unvalued"]].tolist() == [100, 0.4, 0]


def test_a_closing_that_only_the_deal_tells_ends_its_last_stay(tables):
    deals = tables.opportunities.copy()
    history = tables.stage_history[~tables.stage_history["stage"].isin(["Won", "Lost"])]
    silent = Tables.from_frames(tables.company, {"opportunities": deals, "reps": tables.reps, "stage_history": history},
                                as_of="2026-03-01")
    found = stays(silent).set_index(["opportunity_id", "stage", "visit"])
    assert found.loc[("through", "C", 1), ["days", "ended", "best_rank"]].tolist() == [20, True, WON]
    pd.testing.assert_frame_equal(flow(silent, *YEAR), flow(tables, *YEAR))


def test_created_to_closed_by_hand(tables):
    found = created_to_closed(tables).set_index("end")
    # to closing: 5 (skips), 5 (returns), 10 (starts late), 40 (through), 29+ (still at first), 59+ (stands)
    assert found.loc["closed", ["n", "ended", "median"]].tolist() == [6, 4, 10]
    # to a win: 5, 40; lost and open censored: S(5) = 5/6, S(40) = 5/6 × 1/2
    assert found.loc["won", ["n", "ended", "median"]].tolist() == [6, 2, 40]


def test_maven_half_close_within_69_days_and_are_won_within_93(cases):
    from salesops_helpers import load

    tables = load("tests/cases/maven", month="2017-12")
    found = created_to_closed(tables).set_index("end")
    assert found["median"].to_dict() == {"closed": 69, "won": 93} and found["n"].tolist() == [8300, 8300]
    assert where_value_waits(tables).set_index("stage")["deals"].to_dict() == {"Prospecting": 500, "Engaging": 1589}
