"""Coverage that history says is needed, and pipeline created by place in the quarter: by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from process_company import ACME, REPS, company

from salesops_helpers import Tables
from salesops_helpers.performance.coverage import coverage_history, coverage_needed, coverage_now, created_by_place

LOG = [
    ("old win", "2025-09-01", "A", 1, "2025-09-20"), ("old win", "2025-09-30", "Won"),
    # due in the first quarter of 2026
    ("a", "2025-11-01", "A", 100, "2026-02-15"), ("a", "2026-01-20", "Won", 90),
    ("b", "2025-11-01", "A", 200, "2026-03-15"), ("b", "2026-03-20", "Won"),
    ("c", "2025-11-01", "A", 300, "2026-03-15"), ("c", "2026-02-20", "Lost"),
    ("late", "2025-11-01", "A", 400, "2026-06-15"), ("late", "2026-03-25", "Won"),  # expected later, won in it
    ("d", "2026-01-10", "A", 50, "2026-02-10"), ("d", "2026-02-10", "Won", 60),  # created and won in it
    ("overdue", "2025-10-01", "A", 10, "2025-12-01"),
    ("next", "2026-03-10", "A", 500, "2026-05-10"),
]


def test_pipeline_at_each_place_and_what_was_then_won():
    found = coverage_history(company(LOG, "2026-03-31"), quarters=2)
    found = found[found["quarter"] == "2026-01-01"].set_index("place")
    assert found["pipeline"].tolist() == [600, 550, 200]  # a, b, c; b, c, d; b: what is overdue is expected on no day
    assert found["won_from_it"].tolist() == [290, 260, 200]
    assert found["won_rest"].tolist() == [750, 660, 600]
    assert found["needed"].tolist() == pytest.approx([600 / 750, 550 / 660, 200 / 600])
    assert found["yielded"].tolist() == pytest.approx([290 / 600, 260 / 550, 200 / 200])


def test_quarters_before_the_first_closing_are_left_out():
    found = coverage_history(company(LOG, "2026-03-31"), quarters=8)
    assert found["quarter"].unique().tolist() == [pd.Timestamp("2025-10-01"), pd.Timestamp("2026-01-01")]
    assert found.set_index(["quarter", "place"]).loc[("2025-10-01", 0), ["pipeline", "won_rest"]].tolist() == [0, 0]
    assert coverage_history(company(LOG, "2026-03-31", history=False)).empty


def test_the_range_is_that_of_one_more_quarter():
    history = pd.DataFrame({"place": 0, "needed": [2.0, 4.0, 2.0, 4.0], "pipeline": 100.0, "won_from_it": 25.0})
    found = coverage_needed(history).iloc[0]
    logs = np.log([2, 4, 2, 4])
    # t with 3 degrees, 95 %: 2.353363; √(1 + 1/4)
    half = 2.353363 * logs.std(ddof=1) * np.sqrt(1.25)
    assert found["needed"] == pytest.approx(np.sqrt(8)) and found["quarters"] == 4 and found["yielded"] == 0.25
    assert np.log(found["high"]) == pytest.approx(logs.mean() + half, abs=1e-5)
    assert np.log(found["low"]) == pytest.approx(logs.mean() - half, abs=1e-5)
    few = coverage_needed(history.head(3)).iloc[0]
    assert pd.isna(few["low"]) and few["quarters"] == 3


def test_quarters_without_a_win_tell_nothing():
    history = pd.DataFrame({"place": [0, 0], "needed": [2.0, np.nan], "pipeline": [10.0, 5.0], "won_from_it": [5.0, 0]})
    assert coverage_needed(history).iloc[0][["quarters", "needed"]].tolist() == [1, 2]
    assert coverage_needed(history.head(0)).empty


def with_quotas(as_of: str, *months: str) -> Tables:
    t = company(LOG, as_of)
    quotas = pd.DataFrame({"rep_id": "r1", "month": pd.to_datetime(list(months)), "amount": 400.0})
    return Tables.from_frames(ACME, {"opportunities": t.opportunities, "reps": REPS, "quotas": quotas,
                                     "stage_history": t.stage_history}, as_of=as_of)


def test_coverage_is_pipeline_over_what_is_still_to_win():
    now = coverage_now(with_quotas("2026-04-30", "2026-04-01", "2026-05-01", "2026-06-01"))
    # second quarter, one month gone: due by 30 June: next 500; the deal due in December is overdue; nothing won yet
    assert now[["place", "pipeline", "deals", "quota", "won"]].tolist() == [1, 500, 1, 1200, 0]
    assert now["coverage"] == pytest.approx(500 / 1200) and now["quota_of"] == now["quarter"]


def test_the_quota_of_the_quarter_before_stands_in_and_says_so():
    now = coverage_now(with_quotas("2026-03-31", "2026-01-01", "2026-02-01", "2026-03-01"))
    assert now["quarter"] == pd.Timestamp("2026-04-01") and now["quota_of"] == pd.Timestamp("2026-01-01")
    assert now["coverage"] == pytest.approx(500 / 1200) and now["place"] == 0
    assert pd.isna(coverage_now(company(LOG, "2026-03-31"))["coverage"])


def test_pipeline_created_counts_as_it_stood_at_creation_closed_since_or_not():
    found = created_by_place(company(LOG, "2026-03-31"), quarters=1).set_index("place")
    assert found["deals"].tolist() == [1, 0, 1] and found["amount"].tolist() == [50, 0, 500]
    assert found["won_within"].tolist() == [1, 0, 0] and found["won_within_amount"].tolist() == [50, 0, 0]
    assert found["share"].tolist() == [0.5, 0, 0.5]
    untold = created_by_place(company(LOG, "2026-03-31", history=False), quarters=1)
    assert untold["amount"].isna().all() and untold["deals"].tolist() == [1, 0, 1]
