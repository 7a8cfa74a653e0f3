"""The cut: nothing that was not known on the day."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salesops_helpers.data.company import Company
from salesops_helpers.data.container import Tables
from salesops_helpers.data.snapshot import history_gaps, snapshot
from salesops_helpers.errors import SalesOpsError

COMPANY = Company(name="Acme", currency="EUR", stages=["Open", "Offer", "Won", "Lost"], won_stages=["Won"],
                  lost_stages=["Lost"], extract_date="2026-03-31")
REPS = pd.DataFrame({
    "rep_id": ["r1", "r2", "r3"], "name": ["Ada", "Bo", "Cy"], "team": ["North", "South", "North"],
    "hired_on": ["2025-01-01", "2025-01-01", "2026-03-01"], "left_on": [None, "2026-03-15", None],
})
DEALS = pd.DataFrame({
    "opportunity_id": ["early", "late", "open", "new", "undated"], "rep_id": ["r1", "r1", "r2", "r3", "r1"],
    "stage": ["Won", "Lost", "Offer", "Open", "Open"], "status": ["won", "lost", "open", "open", "open"],
    "created_on": ["2026-01-01", "2026-01-10", "2026-01-20", "2026-03-05", None],
    "closed_on": ["2026-02-01", "2026-03-10", None, None, None], "amount": [100.0, 0.0, 300.0, 50.0, 10.0],
    "expected_close_on": ["2026-02-01", "2026-03-01", "2026-06-30", "2026-05-01", None],
    "probability": [1.0, 0.0, 0.6, 0.1, 0.1],
})
HISTORY = pd.DataFrame({
    "opportunity_id": ["late", "late", "late", "open", "open"],
    "changed_at": ["2026-01-10T09:00", "2026-02-15T12:00", "2026-03-10T10:00", "2026-01-20T08:00", "2026-03-20T08:00"],
    "stage": ["Open", "Offer", "Lost", "Open", "Offer"], "amount": [80.0, 90.0, 0.0, 250.0, 300.0],
    "expected_close_on": ["2026-02-15", "2026-03-31", "2026-03-10", "2026-04-30", "2026-06-30"],
    "rep_id": ["r2", "r1", "r1", "r2", "r2"],
})


def tables(**frames) -> Tables:
    return Tables.from_frames(COMPANY, {"reps": REPS, "opportunities": DEALS, **frames})


def deals_on(day, **frames) -> pd.DataFrame:
    return snapshot(tables(**frames), day).opportunities.set_index("opportunity_id")


def test_a_deal_that_closed_later_is_open_as_its_history_shows():
    then = deals_on("2026-02-28", stage_history=HISTORY)
    assert then.index.tolist() == ["early", "late", "open"]
    assert then.loc["late", ["status", "stage", "amount", "rep_id"]].tolist() == ["open", "Offer", 90.0, "r1"]
    assert then.loc["late", "expected_close_on"] == pd.Timestamp("2026-03-31")
    assert pd.isna(then.loc["late", "closed_on"])
    assert then.loc["open", ["stage", "amount"]].tolist() == ["Open", 250.0]
    assert then.loc["early", ["status", "stage", "amount"]].tolist() == ["won", "Won", 100.0]


def test_an_earlier_owner_is_shown_on_an_earlier_day():
    assert deals_on("2026-01-31", stage_history=HISTORY).loc["late", "rep_id"] == "r2"


def test_without_history_later_values_are_unknown_and_a_note_says_so():
    cut = snapshot(tables(), "2026-02-28")
    then = cut.opportunities.set_index("opportunity_id")
    assert then.loc["late", ["stage", "amount", "expected_close_on", "rep_id", "probability"]].isna().all()
    assert any("stage_history" in note and "2026-02-28" in note for note in cut.notes)


def test_a_column_without_history_is_unknown_for_open_deals():
    assert pd.isna(deals_on("2026-02-28", stage_history=HISTORY).loc["open", "probability"])


def test_the_last_moment_of_the_day_counts():
    history = HISTORY.assign(changed_at=pd.to_datetime(HISTORY["changed_at"]))
    history.loc[1, "changed_at"] = pd.Timestamp("2026-02-28T23:59:59")
    assert deals_on("2026-02-28", stage_history=history).loc["late", "stage"] == "Offer"
    assert deals_on("2026-02-27", stage_history=history).loc["late", "stage"] == "Open"


def test_undated_deals_count_on_the_extract_date_only():
    assert "undated" in deals_on("2026-03-31").index
    assert "undated" not in deals_on("2026-03-30").index


def test_on_the_extract_date_everything_is_as_it_is():
    whole = tables(stage_history=HISTORY)
    assert snapshot(whole, "2026-03-31") is whole
    with pytest.raises(SalesOpsError, match="later than these tables"):
        snapshot(whole, "2026-04-01")


def test_reps_hired_later_and_leavers():
    reps = snapshot(tables(), "2026-02-28").reps.set_index("rep_id")
    assert reps.index.tolist() == ["r1", "r2"]
    assert pd.isna(reps.loc["r2", "left_on"])
    assert snapshot(tables(), "2026-03-20").reps.set_index("rep_id").loc["r2", "left_on"] == pd.Timestamp("2026-03-15")


def test_team_comes_from_history_where_it_reaches_else_from_the_extract_with_a_note():
    moves = pd.DataFrame({"rep_id": "r1", "valid_from": ["2025-01-01", "2026-03-01"], "team": ["East", "North"]})
    cut = snapshot(tables(rep_history=moves), "2026-02-28")
    assert cut.reps["team"].tolist() == ["East", "South"]
    assert not any("rep_history" in note for note in cut.notes)
    assert any("rep_history" in note for note in snapshot(tables(), "2026-02-28").notes)


def test_list_prices_are_those_of_the_day():
    products = pd.DataFrame({"product": ["A", "B"], "list_price": [12.0, 7.0], "unit_cost": [1.0, 2.0]})
    prices = pd.DataFrame({"product": "A", "valid_from": ["2025-01-01", "2026-03-01"], "list_price": [10.0, 12.0]})
    cut = snapshot(tables(products=products, product_prices=prices), "2026-02-28").products
    assert cut["list_price"].tolist()[0] == 10.0
    assert cut[["list_price", "unit_cost"]].isna().to_numpy().tolist() == [[False, True], [True, True]]


def test_events_and_months_after_the_day_are_not_known():
    activities = pd.DataFrame({"activity_id": ["a", "b"], "rep_id": "r1", "kind": "call",
                               "occurred_at": ["2026-02-28T23:00", "2026-03-01T00:00"]})
    demand = pd.DataFrame({"product": "A", "month": ["2026-01-01", "2026-02-01", "2026-03-01"], "units": [1, 2, 3]})
    leads = pd.DataFrame({"lead_id": ["l"], "created_at": ["2026-02-01T08:00"], "assigned_at": ["2026-02-01T09:00"],
                          "rep_id": ["r1"], "first_touch_at": ["2026-03-02T09:00"], "qualified_on": ["2026-03-03"]})
    quotas = pd.DataFrame({"rep_id": "r1", "month": ["2026-02-01", "2026-12-01"], "amount": 1.0})
    cut = snapshot(tables(activities=activities, demand=demand, leads=leads, quotas=quotas), "2026-02-28")
    assert cut.activities["activity_id"].tolist() == ["a"]
    assert cut.demand["units"].tolist() == [1, 2]
    assert snapshot(tables(demand=demand), "2026-02-27").demand["units"].tolist() == [1]
    assert cut.leads[["first_touch_at", "qualified_on"]].isna().all(axis=None)
    assert cut.leads["rep_id"].tolist() == ["r1"]
    assert len(cut.quotas) == 2


def test_the_frames_given_are_left_as_they_are():
    whole = tables(stage_history=HISTORY)
    before = whole.opportunities.copy()
    _ = snapshot(whole, "2026-02-28").opportunities
    pd.testing.assert_frame_equal(whole.opportunities, before)


def test_a_deal_that_was_opened_again_later_was_closed_on_the_day():
    history = pd.DataFrame({
        "opportunity_id": "late", "rep_id": "r1", "amount": [80.0, 90.0, 95.0, 95.0, 99.0],
        "changed_at": ["2026-01-10T09:00", "2026-02-03T12:00", "2026-02-05T09:00", "2026-02-20T10:00",
                       "2026-03-10T10:00"],
        "stage": ["Open", "Won", "Won", "Offer", "Lost"],
    })
    then = deals_on("2026-02-10", stage_history=history)
    assert then.loc["late", ["status", "stage", "amount"]].tolist() == ["won", "Won", 95.0]
    assert then.loc["late", "closed_on"] == pd.Timestamp("2026-02-03")
    assert deals_on("2026-02-28", stage_history=history).loc["late", "status"] == "open"
    assert then.loc["early", "status"] == "won"


def test_a_closing_date_that_was_entered_later_is_not_known_on_the_day():
    history = pd.DataFrame({
        "opportunity_id": ["early", "early", "late", "late"], "rep_id": "r1", "amount": 100.0,
        "changed_at": ["2026-01-01T09:00", "2026-02-04T09:00", "2026-01-10T09:00", "2026-01-12T09:00"],
        "stage": ["Open", "Won", "Open", "Lost"],
    })
    assert deals_on("2026-02-02", stage_history=history).loc["early", ["status", "stage"]].tolist() == ["open", "Open"]
    assert deals_on("2026-02-04", stage_history=history).loc["early", "closed_on"] == pd.Timestamp("2026-02-01")


def test_gaps_of_the_history_are_counted():
    gaps = history_gaps(snapshot(tables(stage_history=HISTORY[HISTORY["changed_at"] > "2026-01-15"]), "2026-02-28"))
    assert gaps.iloc[0].tolist() == [2, 0, 1, pd.Timestamp("2026-01-20T08:00")]
    assert history_gaps(snapshot(tables(), "2026-02-28"))[["deals", "without_history"]].iloc[0].tolist() == [2, 2]


DAYS = st.integers(0, 88).map(lambda n: pd.Timestamp("2026-01-01") + pd.Timedelta(days=n))
STAGES = st.sampled_from(["Open", "Offer", "Won", "Lost"])
CHANGES = st.lists(st.tuples(st.sampled_from(DEALS["opportunity_id"].tolist()), st.integers(0, 89 * 24), STAGES,
                             st.sampled_from(["r1", "r2"]), st.integers(0, 1000)), max_size=25)


@settings(max_examples=60, deadline=None)
@given(CHANGES, st.data())
def test_nothing_after_the_cut_changes_the_snapshot(changes, data):
    """Altering, adding or deleting what happened after the cut gives the same snapshot, whatever the history."""
    cut = data.draw(DAYS)
    history = pd.DataFrame(changes, columns=["opportunity_id", "hours", "stage", "rep_id", "amount"])
    history["changed_at"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(history["hours"], unit="h")
    history = history.drop_duplicates(["opportunity_id", "changed_at"]).drop(columns="hours")
    whole = tables(stage_history=history)
    deals, history = whole.opportunities.copy(), whole.stage_history.copy()
    late_close = deals["closed_on"] > cut
    deals.loc[late_close, "closed_on"] += pd.Timedelta(days=data.draw(st.integers(0, 9)))
    deals.loc[late_close, "status"] = data.draw(st.sampled_from(["won", "lost"]))
    still_open = late_close | deals["closed_on"].isna()
    deals.loc[still_open, "amount"] = data.draw(st.floats(0, 1e6).map(lambda x: round(x, 2)))
    deals.loc[still_open, "stage"] = data.draw(st.sampled_from(["Open", "Offer"]))
    deals.loc[still_open, "rep_id"] = "r1"
    deals = deals[~(deals["created_on"] > cut)] if data.draw(st.booleans()) else deals
    later = history["changed_at"] >= cut + pd.Timedelta(days=1)
    history.loc[later, "amount"] = data.draw(st.floats(0, 1e6))
    history = history[~later] if data.draw(st.booleans()) else history
    if data.draw(st.booleans()):
        row = {"opportunity_id": "late", "changed_at": cut + pd.Timedelta(days=1, hours=1), "stage": data.draw(STAGES)}
        history = pd.concat([history, pd.DataFrame([row])], ignore_index=True)
    changed = tables(opportunities=deals, stage_history=history)
    ours, theirs = snapshot(whole, cut), snapshot(changed, cut)
    pd.testing.assert_frame_equal(ours.opportunities, theirs.opportunities)
    pd.testing.assert_frame_equal(ours.stage_history, theirs.stage_history)
