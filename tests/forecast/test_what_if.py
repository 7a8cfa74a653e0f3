"""Levers and what a goal asks of them, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesops_helpers.data.company import Company
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.forecast.what_if import MONTH_DAYS, goal_of, goal_seek, new_share, scenario, standard, to_reach

COMPANY = Company(name="Acme", currency="EUR", stages=["Open", "Won", "Lost"], won_stages=["Won"], lost_stages=["Lost"])
NEW = np.linspace(0.1, 0.95, 18)


def expected(values=(100.0,) * 18):
    values = np.asarray(values, float)
    return pd.DataFrame({"month": pd.date_range("2026-01-01", periods=len(values), freq="MS"), "forecast": values,
                         "low_80": values * 0.8, "high_80": values * 1.2})


def test_the_share_of_deals_to_be_created_by_hand():
    """Won in March: one created in March (20), one in February (30), one in the year before (50)."""
    deals = pd.DataFrame({
        "opportunity_id": list("abc"), "rep_id": "r", "stage": "Won", "status": "won", "amount": [20.0, 30, 50],
        "created_on": pd.to_datetime(["2026-03-02", "2026-02-20", "2025-03-05"]),
        "closed_on": pd.to_datetime(["2026-03-10"] * 3), "product": "W"})
    reps = pd.DataFrame({"rep_id": ["r"], "name": ["A"], "team": ["T"], "region": ["R"]})
    found = new_share(Tables.from_frames(COMPANY, {"opportunities": deals, "reps": reps}, as_of="2026-03-31"))
    assert found[[0, 1, 2, 11, 12]].tolist() == [0.2, 0.5, 0.5, 0.5, 1.0]
    none = Tables.from_frames(COMPANY, {"opportunities": deals.iloc[:0], "reps": reps}, as_of="2026-03-31")
    assert np.isnan(new_share(none)).all()


def test_win_rate_and_price_multiply_and_creation_counts_for_deals_to_come():
    moved = scenario(expected(), NEW, 3, win_rate=0.1, price=-0.05)
    assert moved["forecast"].tolist() == pytest.approx([104.5] * 3) and moved["high_80"].iloc[0] == pytest.approx(125.4)
    moved = scenario(expected(), NEW, 2, creation=0.2)
    assert moved["change"].tolist() == pytest.approx([2.0, 3.0])


def test_a_shorter_cycle_pulls_bookings_forward_once():
    moved = scenario(expected([100, 200, 300, *[400] * 15]), NEW, 3, cycle_days=-MONTH_DAYS / 2)
    assert moved["forecast"].tolist() == pytest.approx([200, 250, 350]), "half of February closes in January"
    later = scenario(expected([100, 200, 300, *[400] * 15]), NEW, 3, cycle_days=MONTH_DAYS)
    assert later["forecast"].tolist() == pytest.approx([0, 100, 200])


@given(st.floats(-0.5, 1), st.floats(-0.5, 1), st.floats(-0.5, 1), st.floats(-90, 90))
def test_no_lever_makes_bookings_negative_and_none_moved_changes_nothing(win_rate, price, creation, days):
    moved = scenario(expected(), NEW, 12, win_rate, price, creation, days)
    assert (moved["forecast"] >= -1e-9).all() and (moved["low_80"] <= moved["forecast"] + 1e-9).all()
    assert scenario(expected(), NEW, 12)["change"].abs().max() < 1e-9


@given(st.floats(0, 1000))
def test_a_lever_moved_as_the_goal_asks_reaches_it(goal):
    sought = goal_seek(expected(), NEW, 3, goal).set_index("lever")["change"]
    for name, lever in (("win_rate", "win rate"), ("price", "price"), ("creation", "pipeline created a month")):
        if sought[lever] >= -1:
            reached = scenario(expected(), NEW, 3, **{name: sought[lever]})["forecast"].sum()
            assert reached == pytest.approx(goal, abs=1e-6)
    assert goal_seek(expected(), np.full(18, np.nan), 3, goal)["change"].isna().tolist() == [False, False, True]


def test_changes_that_cannot_be_are_refused():
    with pytest.raises(SalesOpsError, match="−100 %"):
        scenario(expected(), NEW, 3, price=-1.5)


def test_what_the_explorer_starts_from_by_hand():
    frame = standard(expected(), NEW, 3, 330.0)
    assert frame["what"].tolist() == ["win rate 10 % higher", "price 10 % higher",
                                      "pipeline created a month 10 % higher", "deals close 10 days earlier"]
    assert frame["forecast"].tolist() == pytest.approx([330, 330, 304.5, 300 + 100 * 10 / MONTH_DAYS])
    assert frame["change"].tolist() == pytest.approx([30, 30, 4.5, 100 * 10 / MONTH_DAYS])
    assert frame["needed"].tolist() == pytest.approx([0.1, 0.1, 30 / 45, np.nan], nan_ok=True)
    said = to_reach(goal_seek(expected(), NEW, 3, 330.0), 330.0, "EUR")
    assert said == ("To reach EUR 330, one of these alone would have to move: win rate by +10 %, price by +10 %, "
                    "pipeline created a month by +67 %.")
    assert standard(expected(), NEW, 3)["needed"].isna().all() and to_reach(frame, float("nan"), "EUR") == ""


def test_the_goal_is_the_plan_of_the_same_months():
    plan = pd.DataFrame({"month": pd.date_range("2026-01-01", periods=2, freq="MS"), "goal": [110.0, 120]})
    made = expected().assign(last_year=90.0)
    assert goal_of(plan, made[:2]) == 230 and goal_of(plan, made[:3]) == 270, "last year where a month has no plan"
    assert np.isnan(goal_of(plan, made.assign(last_year=np.nan)[:3]))
