"""The tables of one unit: every deal in one unit, each row where its day puts it."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salesops_helpers import SalesOpsError, load
from salesops_helpers.data.company import Company
from salesops_helpers.data.container import Tables
from salesops_helpers.data.scope import NONE, NOTE, scoped, units
from salesops_helpers.measures import bookings

COMPANY = Company(name="Acme", currency="EUR", stages=["Open", "Won", "Lost"], won_stages=["Won"], lost_stages=["Lost"])
REPS = pd.DataFrame([
    ("r1", "Ann", "West", "Coast"), ("r2", "Bob", "East", "Coast"), ("r3", "Ann", "East", "Coast"),
    ("r4", "Dan", None, "Inland"),
], columns=["rep_id", "name", "team", "region"])
HISTORY = pd.DataFrame([
    ("r1", "2026-01-01", "East", "Coast"), ("r1", "2026-03-01", "West", "Coast"), ("r2", "2026-01-01", "East", "Coast"),
], columns=["rep_id", "valid_from", "team", "region"])
DEALS = pd.DataFrame([
    ("d1", "a1", "r1", "won", 100.0, "2026-02-28"), ("d2", "a1", "r1", "won", 50.0, "2026-03-01"),
    ("d3", "a2", "r1", "open", 10.0, None), ("d4", "a2", "r2", "lost", 0.0, "2026-03-05"),
    ("d5", "a3", "r4", "won", 7.0, "2026-03-05"), ("d6", "a3", None, "won", 3.0, "2026-03-06"),
], columns=["opportunity_id", "account_id", "rep_id", "status", "amount", "closed_on"])


def tables(**more):
    frames = {
        "reps": REPS, "opportunities": DEALS.assign(created_on=pd.Timestamp("2026-01-05"),
                                                    closed_on=pd.to_datetime(DEALS["closed_on"])),
        "rep_history": HISTORY.assign(valid_from=pd.to_datetime(HISTORY["valid_from"])), **more}
    return Tables.from_frames(COMPANY, {k: v for k, v in frames.items() if v is not None}, as_of="2026-03-31")


def deals_of(found):
    return list(found.opportunities["opportunity_id"])


def test_a_closed_deal_is_where_its_owner_was_on_that_day_an_open_one_where_the_owner_is():
    assert deals_of(scoped(tables(), "team", "East")) == ["d1", "d4"]
    assert deals_of(scoped(tables(), "team", "West")) == ["d2", "d3"]
    assert deals_of(scoped(tables(), "team", NONE)) == ["d5", "d6"]
    assert deals_of(scoped(tables(), "region", "Coast")) == ["d1", "d2", "d3", "d4"]
    assert deals_of(scoped(tables(), "rep", "r1")) == ["d1", "d2", "d3"]
    assert deals_of(scoped(tables(), "rep", NONE)) == ["d6"]


def test_without_history_the_place_is_todays_and_a_note_says_so():
    found = scoped(tables(rep_history=None), "team", "West")
    assert deals_of(found) == ["d1", "d2", "d3"] and NOTE in found.notes
    assert NOTE not in scoped(tables(), "team", "West").notes
    assert NOTE not in scoped(tables(rep_history=None), "rep", "r1").notes


def test_the_company_is_as_it_was_and_inputs_are_untouched():
    whole = tables()
    before = whole.opportunities.copy()
    assert scoped(whole) is whole and whole.unit == ""
    assert scoped(whole, "rep", "r2").unit == "Bob"
    pd.testing.assert_frame_equal(whole.opportunities, before)


def test_reps_are_members_and_those_whom_the_deals_name():
    splits = pd.DataFrame({"opportunity_id": ["d2", "d2"], "rep_id": ["r1", "r2"], "quota_share": [0.5, 0.5]})
    found = scoped(tables(splits=splits), "team", "West")
    assert list(found.reps["rep_id"]) == ["r1", "r2"] and list(found.splits["rep_id"]) == ["r1", "r2"]
    assert len(scoped(tables(splits=splits), "team", "East").splits) == 0
    assert list(scoped(tables(), "team", "East").reps["rep_id"]) == ["r1", "r2", "r3"], "r1 closed d1 there"
    assert len(found.rep_history) == 3, "the whole history of its reps"


def test_rows_of_reps_follow_their_day_and_rows_of_deals_their_deal():
    moment = pd.to_datetime
    found = scoped(tables(
        quotas=pd.DataFrame({"rep_id": ["r1", "r1", "r2"], "month": moment(["2026-02-01", "2026-03-01", "2026-03-01"]),
                             "amount": [1.0, 2.0, 4.0]}),
        activities=pd.DataFrame({
            "activity_id": ["x1", "x2", "x3", "x4"], "rep_id": ["r2", "r1", "r1", "r2"],
            "opportunity_id": ["d2", None, None, None],
            "occurred_at": moment(["2026-03-02", "2026-02-02", "2026-03-02", "2026-03-02"])}),
        stage_history=pd.DataFrame({"opportunity_id": ["d1", "d3"], "changed_at": moment(["2026-02-01", "2026-02-01"]),
                                    "stage": ["Open", "Open"]}),
        targets=pd.DataFrame({"unit": ["West", "Acme"], "kpi": "win_rate", "month": moment("2026-03-01"),
                              "amount": [0.5, 0.6]}),
        accounts=pd.DataFrame({"account_id": ["a1", "a2", "a3", "a4"], "rep_id": [None, "r2", "r4", "r1"]}),
        products=pd.DataFrame({"product": ["p"], "list_price": [1.0]}),
    ), "team", "West")
    assert list(found.quotas["amount"]) == [2.0]
    assert list(found.activities["activity_id"]) == ["x1", "x3"]
    assert list(found.stage_history["opportunity_id"]) == ["d3"]
    assert list(found.targets["amount"]) == [0.5]
    assert list(found.accounts["account_id"]) == ["a1", "a2", "a4"]
    assert len(found.products) == 1


@pytest.mark.parametrize("by, seen", [
    ("region", {"Coast": "Coast", "Inland": "Inland", NONE: NONE}),
    ("team", {"East": "East", "West": "West", NONE: NONE}),
    ("rep", {"r1": "Ann (r1)", "r3": "Ann (r3)", "r2": "Bob", "r4": "Dan", NONE: NONE}),
])
def test_units_are_named_for_readers_in_order(by, seen):
    assert list(units(tables(), by).items()) == list(seen.items())


@pytest.mark.parametrize("by, unit, seen", [
    ("team", "North", "unit 'North' is no team of Acme; allowed: East, West, (none)"),
    ("rep", "Bob", "unit 'Bob' is no rep of Acme; allowed: r1 (Ann (r1)), r3"),
    ("county", "X", "by='county' is no level"), ("", "West", "by='' is no level"), ("team", "", "unit '' is no team"),
])
def test_an_unknown_unit_is_refused_with_the_list(by, unit, seen):
    with pytest.raises(SalesOpsError) as caught:
        scoped(tables(), by, unit)
    assert seen in str(caught.value)


@settings(max_examples=20)
@given(st.lists(st.tuples(
    st.sampled_from(["r1", "r2", "r3", "r4", None]), st.sampled_from(["won", "lost", "open"]),
    st.dates(pd.Timestamp("2025-12-01").date(), pd.Timestamp("2026-03-31").date())), min_size=1, max_size=20))
def test_the_units_of_every_level_add_up_to_the_company(rows):
    deals = pd.DataFrame(rows, columns=["rep_id", "status", "day"]).assign(
        opportunity_id=[f"d{i}" for i in range(len(rows))], amount=[2.0**i for i in range(len(rows))],
        created_on=pd.Timestamp("2025-11-01"))
    deals["closed_on"] = pd.to_datetime(deals["day"]).where(deals["status"] != "open")
    whole = tables(opportunities=deals.drop(columns="day"))
    for by in ("region", "team", "rep"):
        parts = [scoped(whole, by, unit) for unit in units(whole, by)]
        assert sorted(sum(map(deals_of, parts), [])) == sorted(deals_of(whole))
        assert sum(bookings(part)["bookings"].sum() for part in parts) == bookings(whole)["bookings"].sum()


def test_load_gives_the_tables_of_a_unit():
    found = load("data/sample", month="2026-09", by="region", unit="North")
    whole = load("data/sample", month="2026-09")
    assert 0 < len(found.opportunities) < len(whole.opportunities)
    assert found.unit == "North" and found.has("quotas") and found.as_of == whole.as_of
    assert set(bookings(found, "region")["unit"]) <= set(whole.reps["region"])


def test_a_large_table_is_fetched_in_part_and_gives_the_same_rows(monkeypatch):
    whole = load("data/sample", month="2026-09")
    frame = scoped(whole, "team", "North Commercial").activities
    monkeypatch.setattr("salesops_helpers.data.engine.LARGE", 5_000)
    large = load("data/sample", month="2026-09")
    assert large.large("activities")
    found = scoped(large, "team", "North Commercial").activities
    assert sorted(found["activity_id"]) == sorted(frame["activity_id"]) and len(found) < len(whole.activities)
