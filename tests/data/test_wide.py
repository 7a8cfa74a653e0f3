"""Quotas and demand with one column a month become one row a month."""

from __future__ import annotations

import datetime as dt
import io

import pytest
import xlsxwriter
from damaged import outcome
from folders import TOML

MONTHS = [f"M{n:02d}" for n in range(1, 13)]
FISCAL = TOML + "fiscal_year_start = 4\n"


def quotas(tmp_path, text, more="", toml=TOML):
    return outcome(tmp_path / "acme", text, "quotas.csv", "quotas", toml + more)


def cells(found) -> list[list]:
    rows = found.used.sort_values(["rep_id", "month"])
    return rows.assign(month=rows["month"].dt.strftime("%Y-%m"))[["rep_id", "month", "amount"]].to_numpy().tolist()


@pytest.mark.parametrize("header", [
    "2026-01,2026-02", "2026/01,2026/02", "202601,202602", "2026M01,2026M02", "2026-01-01,2026-02-01",
    "Jan 2026,Feb 2026",
    "jan-26,feb-26", "January 2026,February 2026",
])
def test_months_with_their_year(tmp_path, header):
    found = quotas(tmp_path, f"rep_id,{header}\nr1,100,200\nr2,,400\n")
    assert cells(found) == [["r1", "2026-01", 100], ["r1", "2026-02", 200], ["r2", "2026-02", 400]]
    assert found.rows_in == 3
    assert found.facts["months"] == "2 columns, one row for each cell that is not empty"


@pytest.mark.parametrize("header", [",".join(MONTHS), ",".join(m.lower() for m in MONTHS),
                                    "Jan,Feb,Mar,Apr,May,Jun,Jul,Aug,Sep,Oct,Nov,Dec",
                                    "January,February,March,April,May,June,July,August,Sept,October,November,December"])
@pytest.mark.parametrize(("more", "year", "value"), [
    ("", "year,", "2026,"), ('[wide.quotas]\nyear = "FY"\n', "FY,", "2026,"), ("[wide.quotas]\nyear = 2026\n", "", "")])
def test_months_and_a_year(tmp_path, header, more, year, value):
    found = quotas(tmp_path, f"rep_id,{year}{header}\nr1,{value}" + ",".join(str(n) for n in range(1, 13)) + "\n", more)
    assert cells(found) == [["r1", f"2026-{n:02d}", n] for n in range(1, 13)]


def test_bad_cells_are_set_aside_one_by_one(tmp_path):
    found = quotas(tmp_path, "rep_id,2026-01,2026-02,2026-03\nr1,x,200,-5\nr9,1,2,\n")
    assert found.rows_in == 5
    assert found.counts == (1, 4)
    assert found.aside[["file", "source_line"]].to_numpy().tolist() == [
        ["quotas.csv, column 2026-01", 2], ["quotas.csv, column 2026-01", 3], ["quotas.csv, column 2026-02", 3],
        ["quotas.csv, column 2026-03", 2]]
    assert "amount is not an amount: 'x'" in found.reasons
    assert "rep_id is not in the table reps: 'r9'" in found.reasons


def test_bad_cells_of_a_table_too_large_to_hold(tmp_path, monkeypatch):
    monkeypatch.setattr("salesops_helpers.data.decide.HELD", 2)
    found = quotas(tmp_path, "rep_id,2026-01,2026-02,2026-03\nr1,x,200,-5\nr9,1,2,\n")
    assert (found.rows_in, *found.counts) == (5, 1, 4)


def test_numbers_of_all_months_are_decided_together(tmp_path):
    found = quotas(tmp_path, "rep_id;2026-01;2026-02\nr1;1.234;0,50\n")
    assert cells(found) == [["r1", "2026-01", 1234], ["r1", "2026-02", 0.5]]


def test_other_columns_stay(tmp_path):
    text = "product,2026-01,2026-02,revenue\nA,10,20,7\n"
    found = outcome(tmp_path / "acme", text, "demand.csv", "demand")
    rows = found.used
    assert rows[["product", "units", "revenue"]].to_numpy().tolist() == [["A", 10, 7], ["A", 20, 7]]
    found = outcome(tmp_path / "b", "product,2026-01,2026-02\nA,10,20\n", "demand.csv", "demand",
                    TOML + '[wide.demand]\nvalue = "revenue"\n[constants.demand]\nunits = 1\n')
    assert found.used["revenue"].tolist() == [10, 20]


def test_the_first_month_of_a_fiscal_year_is_said_not_guessed(tmp_path):
    text = "rep_id,year," + ",".join(MONTHS) + "\nr1,2026," + ",".join(str(n) for n in range(1, 13)) + "\n"
    assert "M01 can be January or the first month of the fiscal year" in quotas(tmp_path, text, toml=FISCAL).refusal
    calendar = quotas(tmp_path, text, '[wide.quotas]\nmonths = "calendar"\n', FISCAL)
    assert cells(calendar)[0] == ["r1", "2026-01", 1]
    fiscal = quotas(tmp_path, text, '[wide.quotas]\nmonths = "fiscal"\n', FISCAL)
    assert cells(fiscal)[0] == ["r1", "2025-04", 1]
    assert cells(fiscal)[-1] == ["r1", "2026-03", 12]


@pytest.mark.parametrize(("text", "more", "said"), [
    ("rep_id,M01,M02\nr1,1,2\n", "", "has months as columns and no year"),
    ("rep_id,M01,M02\nr1,1,2\n", '[wide.quotas]\nyear = "FY"\n', "no column 'FY'"),
    ("rep_id,2026-01,Jan 2026\nr1,1,2\n", "", "'2026-01' and 'Jan 2026' are the same month"),
    ("rep_id,a,b\nr1,1,2\n", "[wide.quotas]\nyear = 2026\n", "no columns such as M01, Jan or 2026-01"),
    ("rep_id,M13,M14\nr1,1,2\n", "", "has no column 'month'"),
    ("rep_id,2026-01,2026-02\nr1,1,2\n", '[wide.quotas]\nvalue = "money"\n', "could be quotas.money"),
])
def test_what_cannot_be_read_is_refused(tmp_path, text, more, said):
    assert said in quotas(tmp_path, text, more).refusal


def test_a_year_that_is_none_is_set_aside(tmp_path):
    found = quotas(tmp_path, "rep_id,year,M01,M02\nr1,2026,1,2\nr1,soon,1,2\n")
    assert found.counts == (2, 2)
    assert "month is not a month: 'soon-01'" in found.reasons


def test_a_long_table_with_a_column_called_may_stays_long(tmp_path):
    found = quotas(tmp_path, "rep_id,month,amount,May,Jun\nr1,2026-01,5,x,y\n")
    assert cells(found) == [["r1", "2026-01", 5]]


def test_days_as_headers_of_a_workbook(tmp_path):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "mmm yy"}) as book:
        sheet = book.add_worksheet()
        for j, value in enumerate(["rep_id", dt.date(2026, 1, 1), dt.date(2026, 2, 1)]):
            sheet.write(0, j, value)
        for j, value in enumerate(["r1", 100, 250.5]):
            sheet.write(1, j, value)
    found = outcome(tmp_path / "acme", out.getvalue(), "quotas.xlsx", "quotas")
    assert cells(found) == [["r1", "2026-01", 100], ["r1", "2026-02", 250.5]]
