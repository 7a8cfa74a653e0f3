"""Deals that have stopped, by each rule; pipeline inflation against the published case."""

from __future__ import annotations

import pandas as pd
import pytest
from process_company import ACME, REPS, company

from salesops_helpers import Tables, load
from salesops_helpers.performance.stages import waiting
from salesops_helpers.performance.stale import closing_ages, inflation, rule_counts, stalled

# 20 wins after 1 to 20 days in A; one loss after 100 days
LOG = [(f"w{n:02}", "2026-01-01", "A", 10) for n in range(20)]
LOG += [(f"w{n:02}", f"2026-01-{n + 2:02}", "Won") for n in range(20)]
LOG += [("lost", "2025-10-01", "A", 10), ("lost", "2026-01-09", "Lost"),
        ("fresh", "2026-03-20", "A", 300), ("stopped", "2026-03-01", "A", 200), ("ancient", "2025-12-01", "A", 100),
        ("moved lately", "2025-12-02", "A", 50), ("moved lately", "2026-03-30", "B")]


def tables(history: bool = True, **more) -> Tables:
    t = company(LOG, "2026-03-31", history=history, account_id={"stopped": "c1"})
    if not more:
        return t
    frames = {"opportunities": t.opportunities, "reps": REPS} | ({"stage_history": t.stage_history} if history else {})
    return Tables.from_frames(ACME, frames | more, as_of="2026-03-31")


def test_ages_at_closing_are_never_negative():
    t = tables()
    deals = t.opportunities.copy()
    deals.loc[deals["opportunity_id"] == "w00", "closed_on"] = pd.Timestamp("2025-12-01")
    early = Tables.from_frames(ACME, {"opportunities": deals, "reps": REPS}, as_of="2026-03-31")
    ages = closing_ages(early).set_index("opportunity_id")["days"]
    assert ages["w00"] == 0 and ages["w19"] == 20 and ages["lost"] == 100


def test_open_deals_older_than_any_and_than_nearly_any_that_closed():
    found = inflation(tables(), share=0.9)
    total = found.iloc[-1]
    # ages at closing: 1 … 20 and 100; the 90th percentile of 21 is the 19th
    assert total[["limit_most", "limit_all"]].tolist() == [19, 100]
    assert total[["open", "amount"]].tolist() == [4, 650]
    assert total[["older_most", "older_amount"]].tolist() == [3, 350]
    assert total[["older_all", "older_all_amount"]].tolist() == [2, 150]
    assert found["stage"].tolist()[:2] == ["A", "B"] and found["older_all"].tolist() == [1, 1, 2]


def test_nothing_closed_no_limit():
    row = inflation(company([("a", "2026-01-01", "A", 5)], "2026-03-31")).iloc[-1]
    assert row["older_all"] == 0 and pd.isna(row["limit_all"]) and row["open"] == 1


def test_a_deal_has_stopped_where_it_is_too_long_in_its_stage():
    found = stalled(tables()).set_index("opportunity_id")
    assert found.index.tolist() == ["fresh", "stopped", "ancient", "moved lately"]  # largest first
    assert found["stalled"].to_dict() == {"fresh": False, "stopped": True, "ancient": True, "moved lately": False}
    assert found.loc["stopped", ["days", "in_stage_limit"]].tolist() == pytest.approx([30, 18.1])
    assert found["age_rule"].to_dict() == {"fresh": False, "stopped": True, "ancient": True, "moved lately": True}
    assert pd.isna(found.loc["moved lately", "in_stage"])  # no twenty won stays in B
    assert found["advice"].tolist() == ["work on", "work on", "requalify", "requalify"]
    assert found.loc["stopped", ["owner", "account"]].tolist() == ["Ada", "c1"]
    assert found["silent"].isna().all()


def test_where_the_stage_tells_nothing_the_age_does():
    log = [row for row in LOG if row[0] != "moved lately"] + [("late in B", "2026-01-01", "B", 5)]
    found = stalled(company(log, "2026-03-31")).set_index("opportunity_id")
    assert pd.isna(found.loc["late in B", "in_stage"]) and found.loc["late in B", "stalled"]
    assert not stalled(tables(history=False)).set_index("opportunity_id").loc["fresh", "stalled"]
    assert stalled(tables(history=False)).set_index("opportunity_id").loc["moved lately", "stalled"]


def test_silence_is_counted_from_the_last_activity_else_from_creation():
    log = pd.DataFrame({"activity_id": ["1", "2", "3"], "opportunity_id": ["ancient", "stopped", "stopped"],
                        "rep_id": "r1", "kind": "call",
                        "occurred_at": pd.to_datetime(["2026-03-25 09:00", "2026-02-01 00:00", "2026-03-01 08:00"])})
    t = tables(activities=log, accounts=pd.DataFrame({"account_id": ["c1"], "name": ["<Ltd>"]}))
    found = stalled(t, silent_days=29).set_index("opportunity_id")
    assert found["silent"].dropna().to_dict() == {"stopped": True, "ancient": False, "moved lately": True}
    assert pd.isna(found.loc["fresh", "silent"])  # too young to be silent
    assert found.loc["stopped", "last_activity"] == pd.Timestamp("2026-03-01") and pd.isna(
        found.loc["fresh", "last_activity"])
    assert found.loc["stopped", "account"] == "<Ltd>"
    edge = stalled(t, silent_days=30).set_index("opportunity_id")["silent"]
    assert edge["stopped"] and pd.isna(stalled(t, silent_days=31).set_index("opportunity_id")["silent"]["stopped"])
    counts = rule_counts(stalled(t, silent_days=29), 29).set_index("rule")
    assert counts["deals"].tolist() == [2, 2, 1, 3, 2] and counts["of"].tolist() == [3, 3, 2, 4, 4]
    assert counts.loc["no activity in the last 29 days", "amount"] == 250
    assert counts.loc["both of these", ["deals", "amount"]].tolist() == [1, 200]


def test_a_rule_that_the_tables_do_not_tell_is_missing():
    counts = rule_counts(stalled(tables(history=False)))
    assert counts["of"].tolist() == [0, 0, 0, 4, 4] and counts["deals"].isna().tolist() == [True] * 3 + [False] * 2


def test_maven_1291_of_1589_open_deals_are_older_than_any_that_closed(cases):
    t = load("tests/cases/maven", month="2017-12")
    waits = waiting(t)
    total = inflation(t, waits=waits).iloc[-1]
    assert total[["open", "older_all", "limit_all"]].tolist() == [1589, 1291, 138]
    found = stalled(t, waits=waits)
    assert len(found) == 2089 and found["past_all"].isna().sum() == 500
    assert found["owner"].notna().all() and found["amount"].notna().all() and found["at_list"].all()
