"""Flags of rows beside their rep, flags and set-aside rows as of a day, and what `check` says about them."""

from __future__ import annotations

import pandas as pd
import pytest
from folders import DEALS, TOML, write_company

from salesops_helpers import load
from salesops_helpers.data.check import check
from salesops_helpers.data.marks import counted, rulebook

HEAD = "opportunity_id,rep_id,stage,created_on,closed_on,amount"
REPS = "rep_id,name,team,hired_on,left_on\nr1,Ada,North,2025-01-01,\nr2,Bo,South,2025-01-01,2026-02-28\n"
ACTIVITIES = "activity_id,rep_id,occurred_at,minutes\n"


def flags(tmp_path, table, **files):
    report = check(write_company(tmp_path / "acme", **files))
    here = report.flags[report.flags["table"] == table]
    return here[["key", "rule"]].to_numpy().tolist()


@pytest.mark.parametrize(
    ("row", "rules"),
    [
        ("a,r1,2024-12-31T23:59,10", ["before hire"]),
        ("a,r1,2025-01-01T00:00,10", []),
        ("a,r2,2026-03-01T00:00,10", ["after leaving"]),
        ("a,r2,2026-02-28T18:00,10", []),
        ("a,r1,2026-03-01T00:00,1441", ["out of range"]),
        ("a,r1,2026-03-01T00:00,1440", []),
    ],
)
def test_activities_beside_their_rep(tmp_path, row, rules):
    found = flags(tmp_path, "activities", reps=REPS, activities=ACTIVITIES + row + "\n")
    assert found == [["a", rule] for rule in rules]


def test_without_dates_of_reps_nothing_is_said(tmp_path):
    assert flags(tmp_path, "activities", activities=ACTIVITIES + "a,r1,2001-01-01T00:00,10\n") == []


@pytest.mark.parametrize(
    ("table", "header", "row", "rules"),
    [
        ("leads", "lead_id,created_at,first_touch_at", "l,2026-02-02T10:00,2026-02-01T23:00", ["odd order"]),
        ("leads", "lead_id,created_at,first_touch_at", "l,2026-02-02T10:00,2026-02-02T09:00", []),
        ("leads", "lead_id,created_at,qualified_on", "l,2026-02-02T10:00,2026-02-02", []),
        (
            "forecast_calls",
            "rep_id,month,called_on,commit,best_case",
            "r1,2026-03,2026-03-01,10,9",
            ["commit above best case"],
        ),
        ("forecast_calls", "rep_id,month,called_on,commit,best_case", "r1,2026-03,2026-03-01,9,9", []),
        ("stage_history", "opportunity_id,changed_at,stage", "d1,2026-01-05T10:00,Old stage", ["unknown stage"]),
        ("accounts", "account_id,name,latitude", "c,Acme,91", ["out of range"]),
        ("accounts", "account_id,name,latitude", "c,Acme,90", []),
    ],
)
def test_flags_of_single_rows(tmp_path, table, header, row, rules):
    found = flags(tmp_path, table, **{table: f"{header}\n{row}\n"})
    assert [rule for _, rule in found] == rules


def test_deals_without_a_customer_only_where_the_file_names_customers(tmp_path):
    rows = [line + f",{c}" for line, c in zip(DEALS.splitlines(), ("account_id", "c1", "", "c1"), strict=True)]
    assert ["d2", "no customer"] in flags(tmp_path, "opportunities", opportunities="\n".join(rows) + "\n")
    assert flags(tmp_path, "opportunities", opportunities=DEALS) == []


def test_an_expected_close_before_the_creation(tmp_path):
    rows = f"{HEAD},expected_close_on\nd1,r1,Open,2026-03-01,,5,2026-02-28\nd2,r1,Open,2026-03-01,,5,2026-03-01\n"
    assert flags(tmp_path, "opportunities", opportunities=rows) == [["d1", "odd order"]]


@pytest.fixture
def company(tmp_path):
    rows = (
        f"{HEAD},account_id\nd1,r1,Won,2026-01-05,2026-02-10,100,c\nd2,r1,Won,2026-02-05,2026-02-10,100,\n"
        "early,r9,Won,2026-01-05,2026-02-10,1,c\nlate,r9,Won,2026-03-05,2026-03-10,1,c\n"
        "undated,r1,Open,soon,,1,c\nd3,r1,Open,,,5,c\n"
    )
    log = "a1,r1,2024-12-31T10:00,10\na2,r2,2026-03-05T10:00,10\n"
    return write_company(tmp_path / "acme", opportunities=rows, activities=ACTIVITIES + log, reps=REPS)


def test_tables_hold_what_was_set_aside_and_flagged(company):
    tables = load(company)
    assert tables.set_aside["key"].tolist() == ["early", "late", "undated"]
    assert tables.flags[["key", "rule"]].to_numpy().tolist() == [
        ["d3", "no date"],
        ["d2", "no customer"],
        ["a1", "before hire"],
        ["a2", "after leaving"],
    ]
    assert tables.flags.loc[0, "source_line"] == 7


def test_flags_of_rows_among_others_say_where_the_row_stands(tmp_path):
    rows = f"{HEAD}\nd1,r1,Won,2026-01-05,2026-02-10,0\nd2,r1,Open,2026-01-05,,5\nd3,r1,Won,2026-01-05,2026-02-10,0\n"
    quotas = "rep_id,month,amount\nr1,2025-12,5\nr2,2026-03,5\n"
    flags = load(write_company(tmp_path / "acme", opportunities=rows, quotas=quotas, reps=REPS)).flags
    assert flags[["file", "source_line", "key", "rule"]].to_numpy().tolist() == [
        ["opportunities.csv", 2, "d1", "won without an amount"],
        ["opportunities.csv", 4, "d3", "won without an amount"],
        ["quotas.csv", 3, "r2 / 2026-03", "quota outside employment"],
    ]


def test_an_earlier_day_knows_no_later_row(company):
    tables = load(company, month="2026-02")
    assert tables.set_aside["key"].tolist() == ["early", "undated"]
    assert tables.flags["key"].tolist() == ["d2", "a1"]


def test_flags_of_an_earlier_day_are_judged_on_that_day(tmp_path):
    rows = (
        f"{HEAD},expected_close_on\nd1,r1,Won,2025-06-01,2026-03-10,5,2025-09-01\nd2,r1,Won,2026-01-01,2026-01-31,5,\n"
    )
    history = "opportunity_id,changed_at,stage,amount,expected_close_on,rep_id\n"
    history += "d1,2025-06-01T09:00,Open,5,2025-09-01,r1\n"
    folder = write_company(tmp_path / "acme", opportunities=rows, stage_history=history)
    assert "expected close long past" in load(folder, month="2026-02").flags["rule"].tolist()
    assert "expected close long past" not in load(folder).flags["rule"].tolist()


def test_tables_from_frames_have_flags_but_no_set_aside_rows(company):
    tables = load(company)
    from salesops_helpers import Tables

    made = Tables.from_frames(tables.company, {"opportunities": tables.opportunities, "reps": tables.reps})
    assert made.set_aside.empty and "row" in made.set_aside
    assert set(made.flags["rule"]) <= set(rulebook(tables.company)["rule"])


def test_check_writes_flags_and_says_what_each_rule_means(company, tmp_path):
    report = check(company, tmp_path / "out")
    written = pd.read_csv(tmp_path / "out" / "flags.csv")
    assert written["key"].tolist() == report.flags["key"].tolist()
    assert "1  activities: occurred_at is after its rep left" in report.text
    assert "logged under a colleague's name, or a wrong date" in report.text
    means = counted(report.set_aside, load(company).company)
    assert (means["means"].str.len() > 0).all() and means["rows"].sum() == 3


def test_every_rule_that_marks_a_row_is_in_the_catalogue(company):
    tables = load(company)
    rules = set(rulebook(tables.company)["rule"])
    assert set(tables.flags["rule"]) | set(tables.set_aside["rule"]) <= rules


def test_the_source_as_a_whole(tmp_path):
    toml = TOML.replace("extract_date = 2026-03-31\n", "")
    slip = DEALS + "d9,r1,Won,2026-01-05,2062-01-05,1\n"
    said = check(write_company(tmp_path / "slip", toml=toml, opportunities=slip)).text
    assert "The last day in the data, 5 January 2062, lies 13,112 days after the day before it." in said
    assert "January 2062 is not complete" in said
    orders = "".join(f"o{i},r1,Won,{m}-10,{m}-10,5\n" for i, m in enumerate(["2025-12", "2026-02", "2026-03"] * 10))
    said = check(write_company(tmp_path / "orders", opportunities=f"{HEAD}\n{orders}")).text
    assert "None of 30 closed deals was lost" in said
    assert "100.0 % of closed deals were closed on the day they were created" in said
    assert "No deal closed in January 2026" in said
    assert "Look at this" not in check(write_company(tmp_path / "plain")).text


def test_nothing_found_is_an_empty_table(tmp_path):
    tables = load(write_company(tmp_path / "plain"))
    for rows in (tables.set_aside, tables.flags):
        assert list(counted(rows, tables.company)) == ["table", "rule", "reason", "rows", "means"]
