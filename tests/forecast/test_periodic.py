"""Weeks, months and quarters by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from salesops_helpers.data.company import Company
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.forecast import history
from salesops_helpers.forecast.periodic import quarters, series

COMPANY = Company(name="Acme", currency="EUR", stages=["Open", "Won", "Lost"], won_stages=["Won"], lost_stages=["Lost"],
                  fiscal_year_start=2)


def tables(as_of="2026-04-30"):
    deals = pd.DataFrame({
        "opportunity_id": list("abcd"), "rep_id": ["r", "r", "s", "s"], "product": ["W", "V", "W", "W"],
        "stage": ["Won", "Won", "Won", "Open"], "status": ["won", "won", "won", "open"],
        "amount": [100.0, 40, 60, 500],
        "created_on": pd.to_datetime(["2026-01-05", "2026-02-10", "2026-02-11", "2026-04-01"]),
        "closed_on": pd.to_datetime(["2026-02-02", "2026-04-06", "2026-04-12", None])})
    past = pd.DataFrame({"opportunity_id": ["a", "a"], "changed_at": pd.to_datetime(["2026-01-05", "2026-02-02"]),
                         "stage": ["Open", "Won"], "amount": [70.0, 100], "rep_id": ["s", "r"]})
    reps = pd.DataFrame({"rep_id": ["r", "s"], "name": ["A", "B"], "team": "T", "region": ["North", "South"]})
    return Tables.from_frames(COMPANY, {"opportunities": deals, "stage_history": past, "reps": reps}, as_of=as_of)


def told(frame):
    return dict(zip(frame["month"].dt.strftime("%Y-%m-%d"), frame["actual"], strict=True))


def test_months_are_the_history_that_is_forecast():
    pd.testing.assert_frame_equal(series(tables()), history(tables()), check_dtype=False)
    assert told(series(tables(), "wins")) == {"2026-02-01": 1, "2026-03-01": 0, "2026-04-01": 2}


def test_created_is_what_it_was_worth_and_whose_it_was_on_that_day():
    company = told(series(tables(), "created"))
    assert company == {"2026-01-01": 70, "2026-02-01": 100, "2026-03-01": 0, "2026-04-01": 500}
    south = series(tables(), "created", by="region").query("unit == 'South'")
    assert told(south) == {"2026-01-01": 70, "2026-02-01": 60, "2026-03-01": 0, "2026-04-01": 500}


def test_weeks_begin_on_monday_and_only_those_that_are_over_count():
    weeks = told(series(tables(), every="week"))
    assert list(weeks)[0] == "2026-02-02" and list(weeks)[-1] == "2026-04-20", "the week of 27 April is not over"
    assert {day: value for day, value in weeks.items() if value} == {"2026-02-02": 100, "2026-04-06": 100}


def test_quarters_follow_the_fiscal_year():
    assert told(series(tables(), every="quarter", by="product").query("unit == 'W'")) == {"2026-02-01": 160}
    with pytest.raises(SalesOpsError, match="no quarter that is over"):
        series(tables("2026-04-29"), every="quarter")


@pytest.mark.parametrize("choice", [{"what": "calls"}, {"every": "day"}, {"by": "planet"}])
def test_other_choices_are_refused(choice):
    with pytest.raises(SalesOpsError, match="is not a choice"):
        series(tables(), **choice)


def test_quarters_of_draws_hold_what_is_booked():
    known = pd.DataFrame({"month": pd.date_range("2026-01-01", periods=2, freq="MS"), "actual": [10.0, 20]})
    drawn = np.array([[1.0, 2, 3], [3.0, 4, 5]])
    frame = quarters(known, drawn, 2)
    assert frame["quarter"].tolist() == [pd.Timestamp("2026-02-01"), pd.Timestamp("2026-05-01")]
    assert frame["booked"].tolist() == [20, 0] and frame["forecast"].tolist() == [25, 4]
    assert frame["months"].tolist() == [2, 1] and frame["whole"].tolist() == [True, False]
    assert (frame["low_80"] < frame["forecast"]).all() and (frame["forecast"] < frame["high_80"]).all()
