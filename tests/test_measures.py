"""Credited bookings and attainment, by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from salesops_helpers import measures
from salesops_helpers.data.company import Company
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError

COMPANY = Company(name="Acme", currency="EUR", stages=["Open", "Won", "Lost"], won_stages=["Won"], lost_stages=["Lost"],
                  extract_date="2026-03-31")
REPS = pd.DataFrame({"rep_id": ["r1", "r2"], "name": ["Ada", "Bo"], "team": ["North", "South"], "region": ["N", "S"]})
DEALS = pd.DataFrame({
    "opportunity_id": ["d1", "d2", "d3", "d4"], "rep_id": ["r1", "r1", "r2", "r2"], "product": ["A", "B", "A", None],
    "status": ["won", "won", "won", "lost"], "closed_on": ["2026-01-15", "2026-03-02", "2026-03-31", "2026-03-03"],
    "amount": [100.0, 50.0, 30.0, 0.0],
})
SPLITS = pd.DataFrame({"opportunity_id": ["d2", "d2", "d3", "d3"], "rep_id": ["r1", "r2", "r2", "r1"],
                       "quota_share": [0.6, 0.4, 1.0, 0.5], "commission_share": [0.5, 0.5, 1.0, 0.0],
                       "overlay": [False, False, False, True]})


def tables(**frames) -> Tables:
    return Tables.from_frames(COMPANY, {"reps": REPS, "opportunities": DEALS, **frames})


def test_bookings_by_month_fill_empty_months_with_zero():
    frame = measures.bookings(tables())
    assert frame["unit"].tolist() == ["Acme"] * 3
    assert frame["month"].dt.month.tolist() == [1, 2, 3]
    assert frame["bookings"].tolist() == [100.0, 0.0, 80.0]
    assert frame["wins"].tolist() == [1, 0, 2]


def test_splits_share_credit_and_overlay_counts_for_the_rep_alone():
    by_rep = measures.bookings(tables(splits=SPLITS), by="rep").groupby("unit")["bookings"].sum()
    assert by_rep.to_dict() == {"r1": 100.0 + 30.0 + 15.0, "r2": 20.0 + 30.0}
    assert measures.bookings(tables(splits=SPLITS))["bookings"].sum() == 180.0
    credit = measures.credited(tables(splits=SPLITS)).set_index(["opportunity_id", "rep_id"])["commissionable"]
    assert credit.to_dict() == {("d1", "r1"): 100.0, ("d2", "r1"): 25.0, ("d2", "r2"): 25.0, ("d3", "r2"): 30.0,
                                ("d3", "r1"): 0.0}


@pytest.mark.parametrize("by", ["rep", "team", "region", "product"])
def test_units_sum_to_the_company(by):
    assert measures.bookings(tables(), by=by)["bookings"].sum() == 180.0


def test_credit_goes_to_the_team_of_the_day():
    moves = pd.DataFrame({"rep_id": ["r1", "r1"], "valid_from": ["2026-02-01", "2026-03-01"], "team": ["South", "East"],
                          "region": ["S", "E"]})
    credit = measures.credited(tables(rep_history=moves)).set_index("opportunity_id")["team"]
    assert credit.to_dict() == {"d1": "North", "d2": "East", "d3": "South"}


def test_attainment_is_bookings_over_quota_and_missing_without_a_quota():
    quotas = pd.DataFrame({"rep_id": ["r1", "r1", "r2"], "month": ["2026-01-01", "2026-02-01", "2026-01-01"],
                           "amount": [80.0, 20.0, 0.0]})
    frame = measures.attainment(tables(quotas=quotas), "2026-01", "2026-02").set_index("rep_id")
    assert frame.loc["r1", ["quota", "bookings", "attainment"]].tolist() == [100.0, 100.0, 1.0]
    assert pd.isna(frame.loc["r2", "attainment"])


@pytest.mark.parametrize(("month", "start", "quarter", "year"), [
    ("2026-03", 1, "2026-01-01", "2026-01-01"), ("2026-03", 2, "2026-02-01", "2026-02-01"),
    ("2026-01", 2, "2025-11-01", "2025-02-01"), ("2026-12", 4, "2026-10-01", "2026-04-01"),
])
def test_fiscal_quarters_and_years(month, start, quarter, year):
    day = measures.month_start(month)
    assert measures.quarter_start(day, start) == pd.Timestamp(quarter)
    assert measures.quarter_start(pd.Series([day]), start).tolist() == [pd.Timestamp(quarter)]
    assert measures.year_start(day, start) == pd.Timestamp(year)


def test_an_unknown_unit_is_refused():
    with pytest.raises(SalesOpsError, match="by='country' is not a unit; allowed: None, rep, team, region, product"):
        measures.bookings(tables(), by="country")
