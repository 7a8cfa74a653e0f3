"""The pipeline waterfall: every bucket by hand, and the law that it closes over random histories."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from process_company import ACME, company

from salesops_helpers import SalesOpsError, Tables, load
from salesops_helpers.performance.waterfall import (
    BUCKETS,
    compare,
    deal_moves,
    gaps,
    lines,
    passed_through,
    together,
    waterfall,
)

S, E = "2026-01-31", "2026-03-31"
OLD, MID = "2026-01-05", "2026-02-15"
LOG = [
    ("new", MID, "A", 7, "2026-06-01"),
    ("won", OLD, "A", 100, "2026-03-01"), ("won", MID, "Won", 90),
    ("lost", OLD, "A", 50, "2026-03-01"), ("lost", MID, "Lost"),
    ("up", OLD, "A", 10, "2026-05-01"), ("up", MID, "B", 12.5),
    ("down", OLD, "A", 10, "2026-05-01"), ("down", MID, "A", 9.99),
    ("in", OLD, "A", 30, "2026-06-15"), ("in", MID, "A", 30, "2026-04-10"),
    ("out", OLD, "A", 40, "2026-04-15"), ("out", MID, "A", 40, "2026-06-10"),
    ("handed", OLD, "A", 20, "2026-04-15", "r1"), ("handed", MID, "A", 25, "2026-04-15", "r3"),
    ("again", OLD, "A", 60, "2026-04-15"), ("again", "2026-01-20", "Lost"), ("again", MID, "B", 61),
    ("same", OLD, "A", 5, "2026-04-15"), ("same", MID, "A", 5, "2026-04-20"),
    ("through", MID, "A", 999, "2026-03-01"), ("through", "2026-03-01", "Won"),
    ("gone before", OLD, "A", 70), ("gone before", "2026-01-20", "Won"),
]


def tables(history: bool = True) -> Tables:
    return company(LOG, "2026-04-30", history=history)


def test_each_deal_is_in_its_bucket():
    moves = deal_moves(tables(), S, E).set_index("opportunity_id")
    assert moves["bucket"].to_dict() == {
        "new": "new", "won": "won", "lost": "lost", "up": "increased", "down": "decreased", "in": "pulled in",
        "out": "pushed out", "handed": "changed owner", "again": "reopened", "same": "unchanged"}
    assert moves.loc["won", ["before", "after"]].tolist() == [10_000, 0]
    assert moves.loc["down", ["before", "after"]].tolist() == [1_000, 999]


def test_the_lines_add_up_by_hand():
    found = waterfall(tables(), S, E).set_index("line")
    assert found["amount"].to_dict() == {
        "opening": 265, "new": 7, "reopened": 61, "pulled in": 0, "increased": 2.5, "won": -100, "lost": -50,
        "pushed out": 0, "decreased": -0.01, "removed": 0, "changed owner": 5, "not known": 0, "unchanged": 0,
        "closing": 190.49}
    assert found["deals"].to_dict() == {
        "opening": 8, "new": 1, "reopened": 1, "pulled in": 1, "increased": 1, "won": 1, "lost": 1, "pushed out": 1,
        "decreased": 1, "removed": 0, "changed owner": 1, "not known": 0, "unchanged": 1, "closing": 8}
    assert found.loc["closing", "net_deals"] == 8
    through = passed_through(tables(), S, E).set_index("status")
    assert through.loc["won"].tolist() == [1, 999] and through.loc["lost"].tolist() == [0, 0]


def test_a_deal_that_changes_its_owner_leaves_one_unit_and_enters_another():
    by_team = waterfall(tables(), S, E, by="team").set_index(["unit", "line"])["amount"]
    assert by_team[("North", "changed owner")] == -20 and by_team[("South", "changed owner")] == 25
    assert by_team[("South", "opening")] == 0 and by_team[("South", "closing")] == 25
    assert by_team[("North", "closing")] == 165.49
    by_rep = waterfall(tables(), S, E, by="rep").set_index(["unit", "line"])["amount"]
    assert by_rep[("r1", "changed owner")] == -20 and by_rep[("r3", "changed owner")] == 25


def test_a_rep_who_changes_the_team_takes_the_pipeline_along():
    t = tables()
    moved = pd.DataFrame({"rep_id": "r1", "valid_from": ["2025-01-01", "2026-02-01"], "team": ["North", "South"]})
    placed = Tables.from_frames(ACME, {"opportunities": t.opportunities, "reps": t.reps, "rep_history": moved,
                                       "stage_history": t.stage_history}, as_of="2026-04-30")
    found = waterfall(placed, S, E, by="team").set_index(["unit", "line"])["amount"]
    assert found[("North", "opening")] == 265 and found[("North", "closing")] == 0
    assert found[("South", "closing")] == 190.49


def test_only_what_is_due_by_a_day():
    found = waterfall(tables(), S, E, due_by="2026-04-30").set_index("line")
    # due at the start: won 100, lost 50, out 40, handed 20, same 5; at the end: in 30, handed 25, again 61, same 5
    assert found.loc[["opening", "closing"], "amount"].tolist() == [215, 121]
    assert found.loc["pulled in", ["deals", "net_deals", "amount"]].tolist() == [1, 1, 30]
    assert found.loc["pushed out", ["deals", "net_deals", "amount"]].tolist() == [1, -1, -40]
    assert found.loc[["reopened", "changed owner", "won", "lost"], "amount"].tolist() == [61, 5, -100, -50]


def test_a_deal_that_is_no_more_was_removed():
    state = pd.DataFrame({
        "opportunity_id": ["stays", "goes"], "status": "open", "scope": True, "value": [100, 900], "rep_id": "r1",
        "expected_close_on": pd.NaT, "unit": "u", "stage": "A", "created_on": pd.Timestamp("2026-01-01")})
    moves = compare(state, state[state["opportunity_id"] == "stays"], pd.Timestamp(S))
    assert moves.set_index("opportunity_id")["bucket"].to_dict() == {"stays": "unchanged", "goes": "removed"}
    found = lines(moves).set_index("line")["amount"]
    assert found[["opening", "removed", "closing"]].tolist() == [10, -9, 1]


def test_without_history_deals_are_counted_and_nothing_more_is_said():
    t = tables(history=False)
    found = waterfall(t, S, E).set_index("line")
    assert found["amount"].drop("closing").isna().all()
    assert found["net_deals"].drop(["opening", "closing"]).sum() == found.loc["closing", "deals"] - found.loc[
        "opening", "deals"]
    assert found.loc["not known", "deals"] == 7 and found.loc["won", "deals"] == 1
    assert "Without stage_history" in gaps(t, S)[0] and gaps(tables(), S) == []
    with pytest.raises(SalesOpsError, match="not known without stage_history"):
        waterfall(t, S, E, due_by="2026-04-30")


def test_a_deal_that_the_history_does_not_know_is_not_known():
    t = tables()
    history = t.stage_history[t.stage_history["opportunity_id"] != "same"]
    partly = Tables.from_frames(ACME, {"opportunities": t.opportunities, "reps": t.reps, "stage_history": history},
                                as_of="2026-04-30")
    assert waterfall(partly, S).set_index("line").loc["not known", ["deals", "amount"]].tolist() == [1, 5]
    assert "knows nothing of 1 deal that was open" in gaps(partly, S)[0]


@pytest.mark.parametrize(("start", "end"), [(E, S), (S, S), (S, "2026-05-01")])
def test_days_in_the_wrong_order_are_refused(start, end):
    with pytest.raises(SalesOpsError, match="two days in order, up to 2026-04-30"):
        waterfall(tables(), start, end)


def test_a_unit_that_is_none_is_refused():
    with pytest.raises(SalesOpsError, match="by='colour' is not a unit"):
        waterfall(tables(), S, E, by="colour")


def test_company_and_units_in_one_frame():
    found = together(waterfall(tables(), S, E), waterfall(tables(), S, E, by="team"))
    assert found.groupby("level")["unit"].nunique().to_dict() == {"company": 1, "unit": 2}


change = st.tuples(
    st.integers(0, 119), st.sampled_from(["A", "B", "C", "Won", "Lost"]), st.none() | st.integers(0, 10_000_000),
    st.integers(0, 200), st.sampled_from(["r1", "r2", "r3"]))
histories = st.lists(st.lists(change, min_size=1, max_size=5, unique_by=lambda c: c[0]), min_size=1, max_size=12)


def random_company(deals) -> Tables:
    first = pd.Timestamp("2026-01-01")
    log = [(f"d{n}", first + pd.Timedelta(days=day), stage, None if cents is None else cents / 100,
            first + pd.Timedelta(days=due), rep)
           for n, changes in enumerate(deals) for day, stage, cents, due, rep in sorted(changes, key=lambda c: c[0])]
    return company(log, "2026-04-30")


@settings(max_examples=25)
@given(histories, st.integers(0, 100), st.integers(1, 19), st.booleans(), st.sampled_from(["rep", "team"]))
def test_it_closes_to_the_cent_whatever_happens(deals, day, later, scoped, by):
    t = random_company(deals)
    start = pd.Timestamp("2026-01-01") + pd.Timedelta(days=day)
    end, due_by = start + pd.Timedelta(days=later), pd.Timestamp("2026-04-01") if scoped else None
    company_lines = waterfall(t, start, end, due_by=due_by).set_index("line")
    cents = (company_lines["amount"] * 100).round().astype("int64")
    assert cents["opening"] + cents[BUCKETS].sum() == cents["closing"]
    assert company_lines.loc["opening", "deals"] + company_lines.loc[BUCKETS, "net_deals"].sum() == company_lines.loc[
        "closing", "deals"]
    moves = deal_moves(t, start, end, due_by=due_by)
    assert moves["opportunity_id"].is_unique and moves["bucket"].isin(BUCKETS).all()
    units = waterfall(t, start, end, by=by, due_by=due_by)
    each = units.assign(cents=(units["amount"] * 100).round().astype("int64")).pivot(
        index="unit", columns="line", values="cents")
    if len(each):
        assert (each["opening"] + each[BUCKETS].sum(axis=1) == each["closing"]).all()
        assert each["opening"].sum() == cents["opening"] and each["closing"].sum() == cents["closing"]
        assert by == "team" or each[BUCKETS].sum().to_dict() == cents[BUCKETS].to_dict()


def test_maven_counts_close(cases):
    t = load("tests/cases/maven", month="2017-12")
    found = waterfall(t, "2017-09-30").set_index("line")
    assert found.loc["closing", "deals"] == 2089
    assert found.loc["opening", "deals"] + found.loc[BUCKETS, "net_deals"].sum() == 2089
    assert found["amount"].drop("closing").isna().all()
    assert "500 open deals without a date of creation stand under not known too." in gaps(t, "2017-09-30")
