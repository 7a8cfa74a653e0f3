"""Candidates on the same past days, and the rule that chooses among them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from salesops_helpers.data.company import Company
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.forecast import blend

ACME = Company(name="Acme", currency="EUR", stages=["Open", "Won", "Lost"], won_stages=["Won"], lost_stages=["Lost"])


def won_each_month(amounts: list[float], as_of: str | None = None) -> Tables:
    months = pd.date_range("2025-01-01", periods=len(amounts), freq="MS")
    deals = pd.DataFrame({"opportunity_id": [str(i) for i in range(len(amounts))], "rep_id": "A", "status": "won",
                          "stage": "Won", "amount": amounts, "created_on": months, "closed_on": months})
    reps = pd.DataFrame({"rep_id": ["A"], "name": ["Ann"]})
    end = as_of or months[-1] + pd.offsets.MonthEnd(0)
    return Tables.from_frames(ACME, {"reps": reps, "opportunities": deals}, as_of=end)


def said(cuts: int, naive_miss: float, other_miss: float) -> pd.DataFrame:
    """The naive line and one other on `cuts` month ends, one month ahead, missing by turns above and below 100."""
    days = pd.date_range("2024-01-31", periods=cuts, freq="ME")
    sign = np.where(np.arange(cuts) % 2, 1.0, -1.0)
    return pd.concat([pd.DataFrame({"cut": days, "month": days + pd.Timedelta(days=1), "ahead": 1, "method": name,
                                    "forecast": 100 + miss * sign, "actual": 100.0})
                      for name, miss in (("naive", naive_miss), ("pipeline", other_miss))], ignore_index=True)


def test_the_naive_line_is_the_same_place_of_the_last_quarter():
    found = blend.naive(won_each_month([1.0, 2, 3, 4, 5, 6]))
    assert found["month"].iloc[0] == pd.Timestamp("2025-07-01")
    assert found["forecast"].tolist() == [4, 5, 6, 4, 5, 6]


def test_in_the_middle_of_a_month_the_open_month_is_no_past():
    found = blend.naive(won_each_month([1.0, 2, 3, 4, 5, 6], as_of="2025-06-10"))
    assert found["month"].iloc[0] == pd.Timestamp("2025-06-01")
    assert found["forecast"].tolist() == [3, 4, 5, 3, 4, 5]


def test_backtest_sees_each_day_as_it_was():
    found = blend.backtest(won_each_month([float(v) for v in range(1, 11)]), ["naive", "recent"],
                           ["2025-06-30", "2025-09-30"], [1, 2])
    rows = found.set_index(["cut", "method", "ahead"])
    assert rows.loc[("2025-06-30", "naive", 1), ["forecast", "actual"]].tolist() == [4, 7]
    assert rows.loc[("2025-06-30", "recent", 2), ["forecast", "actual"]].tolist() == [5, 8]
    assert np.isnan(rows.loc[("2025-09-30", "naive", 2), "actual"])


def test_a_method_that_is_none_is_refused():
    with pytest.raises(SalesOpsError, match="naive, recent, series, pipeline, calls"):
        blend.backtest(won_each_month([1.0, 2]), "prophecy")


def test_thin_evidence_stays_with_the_naive_line():
    choice = blend.chosen(said(12, naive_miss=20.0, other_miss=1.0))
    early, late = choice[choice["windows"] < 8], choice[choice["windows"] >= 8]
    assert len(early) == 8 and (early["weight_naive"] == 1).all() and (early["forecast"] == early["naive"]).all()
    np.testing.assert_allclose(late["weight_pipeline"], 400**2 / (400**2 + 1))


def test_the_choice_never_looks_at_its_own_month():
    past = said(12, naive_miss=20.0, other_miss=1.0)
    other = past.assign(actual=past["actual"].where(past["cut"] < past["cut"].max(), 5_000.0))
    mine, theirs = blend.chosen(past), blend.chosen(other)
    pd.testing.assert_frame_equal(mine.drop(columns="actual"), theirs.drop(columns="actual"), check_exact=True)


def test_a_candidate_that_is_worse_gets_little():
    choice = blend.chosen(said(14, naive_miss=5.0, other_miss=50.0)).iloc[-1]
    assert choice["weight_naive"] > 0.999 and choice["forecast"] == pytest.approx(choice["naive"], rel=0.001)


def test_a_candidate_that_does_not_speak_now_is_left_out():
    past = said(14, naive_miss=20.0, other_miss=1.0)
    past = past[(past["method"] == "naive") | (past["cut"] < past["cut"].max())]
    last = blend.chosen(past).iloc[-1]
    assert last["weight_naive"] == 1 and last["forecast"] == last["naive"]


def test_the_record_compares_on_windows_that_all_met():
    past = said(12, naive_miss=20.0, other_miss=1.0)
    past = past[(past["method"] == "naive") | (past["cut"] > past["cut"].min())]
    found = blend.record(past, blend.chosen(past)).set_index("method")
    assert found["windows"].tolist() == [11, 11, 11]
    assert found.loc["pipeline", "ratio"] == pytest.approx(0.05) and found.loc["naive", "wape"] == pytest.approx(0.2)
    assert 0.05 < found.loc["chosen", "ratio"] < 1


def test_ranges_come_from_earlier_choices():
    choice = blend.chosen(said(12, naive_miss=20.0, other_miss=20.0))
    assert choice["low_80"].iloc[:6].isna().all() and choice["low_80"].iloc[6:].notna().all()
    assert (choice["low_80"].iloc[6:] < choice["forecast"].iloc[6:]).all()
