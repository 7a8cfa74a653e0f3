"""Every row is used or set aside, with its reason."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from folders import DEALS, TOML, write_company
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from salesops_helpers.data.check import check
from salesops_helpers.errors import SalesOpsError

HEAD = "opportunity_id,rep_id,stage,created_on,closed_on,amount\n"


def outcome(tmp_path, **files):
    report = check(write_company(tmp_path / "acme", **files))
    counts = report.counts.set_index("table")
    assert (counts["rows_in"] == counts["used"] + counts["set_aside"]).all()
    return report, counts


def test_clean_rows_are_all_used(tmp_path):
    report, counts = outcome(tmp_path)
    assert counts.loc["opportunities", ["rows_in", "used", "set_aside"]].tolist() == [3, 3, 0]
    assert counts.loc["reps", "used"] == 2
    assert "Closed win rate: 50.00 % (1 won of 2 closed)" in report.text


@pytest.mark.parametrize(("row", "rule", "said"), [
    (",r1,Won,2026-01-05,2026-02-10,1", "missing key", "the key opportunity_id is empty"),
    ("x,r9,Won,2026-01-05,2026-02-10,1", "unknown in reps", "rep_id is not in the table reps: 'r9'"),
    ("x,r1,Dreaming,2026-01-05,,1", "unknown stage", "'Dreaming'"),
    ("x,r1,Won,2026-01-05,,1", "closed without a date", "no closing date"),
    ("x,r1,Won,2026-02-05,2026-01-10,1", "impossible order", "closed_on is before created_on"),
    ("x,r1,Won,2026-01-05,2026-02-10,-1", "negative", "amount is negative: '-1'"),
    ("x,r1,Won,2026-01-05,2026-02-10,many", "not an amount", "amount is not an amount: 'many'"),
    ("x,r1,Won,2026-01-05,2026-02-10,nan", "not an amount", "'nan'"),
    ("x,r1,Won,2026-01-05,2026-02-10,1.005", "too fine", "minor unit: '1.005'"),
    ("x,r1,Won,2026-01-05,2026-02-10,1e300", "too large", "amount is too large to be exact"),
    ("x,r1,Won,2026-01-05,2026-02-10,99999999999999999999", "too large", "too large"),
    ("x,r1,Won,2026-01-05,2026-02-30,1", "not a date", "closed_on is not a date: '2026-02-30'"),
    ("x,r1,Won,0001-01-05,2026-02-10,1", "not a date", "'0001-01-05'"),
    ("x,r1,Won,2026-01-05,2026-04-01,1", "after the extract date", "closed_on is after the extract date 2026-03-31"),
    ("d1,r1,Won,2026-01-05,2026-02-10,100.50", "identical duplicate", "the same row stands above it"),
    ("d1,r2,Won,2026-01-05,2026-02-10,100.50", "conflicting duplicate", "same key and other values"),
    ("x,r1,Won", "unreadable record", "it has 3 fields, the header 6"),
    ("x,r1,Won,2026-01-05,2026-02-10,1,2", "unreadable record", "it has 7 fields, the header 6"),
])
def test_a_bad_row_is_set_aside_with_rule_reason_and_line(tmp_path, row, rule, said):
    report, counts = outcome(tmp_path, opportunities=DEALS + row + "\nlast,r1,Open,2026-03-01,,5\n")
    assert counts.loc["opportunities", ["rows_in", "used", "set_aside"]].tolist() == [5, 4, 1]
    aside = report.set_aside.iloc[0]
    assert (aside["table"], aside["file"], aside["source_line"]) == ("opportunities", "opportunities.csv", 5)
    assert aside["rule"] == rule
    assert said in aside["reason"]
    if rule != "unreadable record":
        assert json.loads(aside["row"])["stage"] == row.split(",")[2]


def test_a_good_row_below_a_bad_one_with_its_key_is_used(tmp_path):
    rows = HEAD + "d1,r1,Won,2026-01-05,2026-02-10,oops\nd1,r1,Won,2026-01-05,2026-02-10,7\n"
    report, counts = outcome(tmp_path, opportunities=rows)
    assert counts.loc["opportunities", "used"] == 1
    assert report.set_aside["source_line"].tolist() == [2]


def test_line_numbers_stay_right_below_unreadable_records(tmp_path):
    rows = DEALS + "short\nx1,r9,Open,2026-01-05,,1\nshort\nx2,r9,Open,2026-01-05,,1\n"
    report, _ = outcome(tmp_path, opportunities=rows)
    assert report.set_aside["source_line"].tolist() == [5, 6, 7, 8]
    assert report.set_aside.set_index("source_line").loc[[6, 8], "key"].tolist() == ["x1", "x2"]


def test_rows_worth_a_mark_are_used_and_flagged(tmp_path):
    rows = DEALS + "x1,r1,Open,,,5\nx2,,Open,2026-03-01,,5\nx3,r1,Open,2026-03-01,2026-03-20,5\n"
    report, counts = outcome(tmp_path, opportunities=rows)
    assert counts.loc["opportunities", ["used", "flagged"]].tolist() == [6, 3]
    assert report.flags[["key", "rule"]].to_numpy().tolist() == [
        ["x1", "no date"], ["x2", "no owner"], ["x3", "open with a closing date"]]


def test_references_to_used_rows_only(tmp_path):
    quotas = "rep_id,month,amount\nr1,2026-01,10\nr1,2026-01-15,20\nr3,2026-01,10\n"
    reps = "rep_id,name,team,hired_on,left_on\nr1,Ada,North,,\nr2,Bo,South,,\nr3,Cy,South,2026-02-01,2026-01-01\n"
    report, counts = outcome(tmp_path, reps=reps, quotas=quotas)
    assert counts.loc["quotas", ["used", "set_aside"]].tolist() == [1, 2]
    rules = report.set_aside[report.set_aside["table"] == "quotas"]["rule"].tolist()
    assert rules == ["conflicting duplicate", "unknown in reps"]


def test_a_status_column_is_read_and_must_agree_with_the_stage(tmp_path):
    rows = (HEAD.strip() + ",status\nd1,r1,Won,2026-01-05,2026-02-10,1,Won\nd2,r1,Offer,2026-01-05,2026-02-10,1,lost\n"
            "d3,r1,Open,2026-01-05,,1,maybe\n")
    report, counts = outcome(tmp_path, opportunities=rows)
    assert counts.loc["opportunities", "used"] == 1
    assert report.set_aside["rule"].tolist() == ["stage against status", "unknown status"]


def test_value_maps_are_counted(tmp_path):
    toml = TOML + '[values.reps.team]\nNorth = "Nord"\n'
    report, _ = outcome(tmp_path, toml=toml)
    assert report.mapped.to_numpy().tolist() == [["reps", "team", "North", "Nord", 1]]
    assert "reps.team: North → Nord, 1 rows" in report.text


def test_the_set_aside_file_is_safe_for_spreadsheets_and_never_lands_in_the_source(tmp_path):
    row = "=cmd|' /C calc'!A0,r9,Won,2026-01-05,2026-02-10,1\n"
    folder = write_company(tmp_path / "acme", opportunities=DEALS + row)
    check(folder, tmp_path / "out")
    rows = pd.read_csv(tmp_path / "out" / "set_aside.csv")
    assert rows["key"].tolist() == ["'=cmd|' /C calc'!A0"]
    with pytest.raises(SalesOpsError, match="lies inside the data folder"):
        check(folder, folder / "out")
    assert not (folder / "out").exists()


def test_a_parquet_file_gives_the_same_rows(tmp_path):
    folder = write_company(tmp_path / "acme")
    before = check(folder)
    (folder / "opportunities.csv").unlink()
    frame = pd.DataFrame({
        "opportunity_id": ["d1", "d2", "d3"], "rep_id": ["r1", "r2", "r1"], "stage": ["Won", "Lost", "Offer"],
        "created_on": pd.to_datetime(["2026-01-05", "2026-01-06", "2026-02-01"]),
        "closed_on": pd.to_datetime(["2026-02-10", "2026-02-11", None]), "amount": [100.5, 0.0, 200.0],
    })
    frame.to_parquet(folder / "opportunities.parquet")
    after = check(folder)
    assert after.counts["used"].tolist() == before.counts["used"].tolist()
    assert after.text.split("Closed")[1] == before.text.split("Closed")[1]


CELLS = st.one_of(
    st.sampled_from(["d1", "d2", "r1", "r2", "Won", "Lost", "Offer", "2026-01-05", "2026-02-10", "", "-1", "1e309"]),
    st.text(st.characters(codec="utf-8", exclude_characters='\x00\r\n",'), max_size=6),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(CELLS, min_size=1, max_size=8), max_size=6))
def test_rows_in_are_rows_used_plus_rows_set_aside_whatever_the_rows(tmp_path, rows):
    lines = [",".join(cells) for cells in rows]
    lines = [line for line in lines if line.strip()]
    report = check(write_company(tmp_path / "acme", opportunities=DEALS + "".join(f"{line}\n" for line in lines)))
    counts = report.counts.set_index("table").loc["opportunities"]
    assert counts["rows_in"] == 3 + len(lines)
    assert counts["rows_in"] == counts["used"] + counts["set_aside"]
    assert (report.set_aside["reason"].str.len() > 0).all()


def test_a_row_without_the_value_it_exists_for_is_set_aside(tmp_path):
    report, counts = outcome(tmp_path, quotas="rep_id,month,amount\nr1,2026-01,10\nr1,2026-02,\nr2,2026-01,n/a\n")
    assert counts.loc["quotas", ["used", "set_aside"]].tolist() == [1, 2]
    assert set(report.set_aside["rule"]) == {"no value"}
