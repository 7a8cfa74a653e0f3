"""Workbooks: sheets, serial days, numbers as texts, and what a reader must not unpack."""

from __future__ import annotations

import datetime as dt
import io

import pandas as pd
import pytest
import xlsxwriter
from damaged import outcome
from folders import DEALS, TOML

from salesops_helpers.data.sources.excel import guard

HEAD = ["opportunity_id", "rep_id", "stage", "created_on", "closed_on", "amount"]
FILE = "opportunities.xlsx"


def book(*sheets: tuple[str, list[list]], options: dict | None = None, hidden: str = "") -> bytes:
    """A workbook with sheets of cells; a date cell gets a date format, as a spreadsheet gives it."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "dd/mm/yy", **(options or {})}) as made:
        for name, rows in sheets:
            sheet = made.add_worksheet(name)
            if name == hidden:
                sheet.hide()
            for i, row in enumerate(rows):
                for j, value in enumerate(row):
                    if value is not None:
                        sheet.write(i, j, value)
        if hidden:
            made.get_worksheet_by_name(sheets[-1][0]).activate()
            made.get_worksheet_by_name(sheets[-1][0]).set_first_sheet()
    return out.getvalue()


def deals(*rows) -> list[list]:
    return [HEAD, *map(list, rows)]


WON = ("d1", "r1", "Won", dt.date(2026, 1, 5), dt.date(2026, 2, 10), 100.5)


def test_a_sheet_gives_what_the_csv_gives(tmp_path):
    frame = pd.read_csv(io.StringIO(DEALS), parse_dates=["created_on", "closed_on"])
    out = io.BytesIO()
    frame.to_excel(out, index=False, engine="xlsxwriter")
    from_excel, from_csv = outcome(tmp_path / "a", out.getvalue(), FILE), outcome(tmp_path / "b", DEALS)
    pd.testing.assert_frame_equal(from_excel.used, from_csv.used)
    assert from_excel.facts["sheet"] == "Sheet1"


@pytest.mark.parametrize("days", [
    (dt.date(2026, 1, 5), dt.date(2026, 2, 10)), (dt.datetime(2026, 1, 5, 9, 30), dt.datetime(2026, 2, 10, 23, 59)),
    (46027, 46063), (46027.4, 46063.9), ("2026-01-05", "2026-02-10"), ("05/01/2026", "10/02/2026 23:00"),
    ("5 Jan 2026", 46063), (20260105, "2026-02-10"),
])
def test_days_in_every_form(tmp_path, days):
    rows = deals(WON, ("d2", "r1", "Won", *days, 7), ("d3", "r1", "Won", "13/01/2026", "13/02/2026", 8))
    found = outcome(tmp_path / "acme", book(("Deals", rows)), FILE)
    assert found.used["created_on"].dt.strftime("%Y-%m-%d").tolist() == ["2026-01-05", "2026-01-05", "2026-01-13"]
    assert found.used["closed_on"].dt.strftime("%Y-%m-%d").tolist() == ["2026-02-10", "2026-02-10", "2026-02-13"]


def test_a_workbook_that_counts_from_1904(tmp_path):
    serial = (dt.date(2026, 1, 5) - dt.date(1904, 1, 1)).days
    rows = deals(WON, ("d2", "r1", "Won", serial, dt.date(2026, 2, 10), 7))
    found = outcome(tmp_path / "acme", book(("Deals", rows), options={"date_1904": True}), FILE)
    assert found.used["created_on"].dt.strftime("%Y-%m-%d").tolist() == ["2026-01-05", "2026-01-05"]
    assert found.facts["date system"] == "1904"


def test_numbers_as_texts_beside_numbers(tmp_path):
    rows = deals(WON, ("d2", "r1", "Won", *WON[3:5], "1,234.50"), ("d3", "r1", "Won", *WON[3:5], "€ 7"),
                 ("d4", "r1", "Won", *WON[3:5], 1234567.89), ("d5", "r1", "Won", *WON[3:5], "n/a"))
    found = outcome(tmp_path / "acme", book(("Deals", rows)), FILE)
    assert found.used["amount"].tolist()[:4] == [100.5, 1234.5, 7, 1234567.89]
    assert pd.isna(found.used["amount"].iloc[4])


def test_a_number_with_three_decimals_is_not_ambiguous_in_a_workbook(tmp_path):
    rows = [["product", "lead_time_months"], ["a", 1.234], ["b", "2"], ["c", 5]]
    found = outcome(tmp_path / "acme", book(("P", rows)), "products.xlsx", "products")
    assert found.used["lead_time_months"].tolist() == [1.234, 2, 5]


def test_ids_are_whole_numbers_or_texts(tmp_path):
    rows = [["rep_id", "name"], [1001, "Ada"], ["A7", "Bo"], [1002.0, 5]]
    found = outcome(tmp_path / "acme", book(("R", rows)), "reps.xlsx", "reps")
    assert found.used[["rep_id", "name"]].to_numpy().tolist() == [["1001", "Ada"], ["A7", "Bo"], ["1002", "5"]]


@pytest.mark.parametrize(("named", "amount"), [("book.xlsx", 1.0), ("book.xlsx#Second", 2.0)])
def test_the_first_sheet_or_the_named_one(tmp_path, named, amount):
    sheets = [(name, deals((*WON[:5], i))) for i, name in enumerate(("First", "Second"), 1)]
    toml = TOML + f'[files]\nopportunities = "{named}"\n'
    found = outcome(tmp_path / "acme", book(*sheets), "book.xlsx", toml=toml)
    assert found.used["amount"].tolist() == [amount]
    assert found.facts["sheets"] == "1 of 2 read"


def test_a_hidden_sheet_is_not_the_first(tmp_path):
    data = book(("Hidden", [["x"], [1]]), ("Deals", deals(WON)), hidden="Hidden")
    assert outcome(tmp_path / "acme", data, FILE).facts["sheet"] == "Deals"


def test_a_sheet_that_is_not_there_is_refused(tmp_path):
    toml = TOML + '[files]\nopportunities = "book.xlsx#Third"\n'
    line = outcome(tmp_path / "acme", book(("First", deals(WON))), "book.xlsx", toml=toml).refusal
    assert "has no sheet 'Third'; allowed: its sheets: First" in line


def test_line_numbers_are_the_rows_of_the_sheet(tmp_path):
    rows = [[], ["A title", None], [], HEAD, WON, [], ("d2", "r9", *WON[2:]), ("d3", "r1", *WON[2:])]
    found = outcome(tmp_path / "a", book(("Deals", [[], [], [], HEAD, *rows[4:]])), FILE)
    assert found.aside["source_line"].tolist() == [7]
    assert found.counts == (2, 1)
    assert "has no column" in outcome(tmp_path / "b", book(("Deals", rows)), FILE).refusal


def test_truth_values(tmp_path):
    rows = [["opportunity_id", "rep_id", "quota_share", "commission_share", "overlay"],
            ["d1", "r1", 1, 0.5, True], ["d2", "r1", "50%", "50 %", False], ["d3", "r2", 1, 1, "yes"]]
    found = outcome(tmp_path / "acme", book(("S", rows)), "splits.xlsx", "splits")
    assert found.used["overlay"].tolist() == [True, False, True]
    assert found.used["quota_share"].tolist() == [1, 0.5, 1]


def test_a_large_sheet_passes_the_guard(tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(book(("Deals", [[f"a{i}", i, i * 1.5] for i in range(20_000)])))
    assert guard(path) is False
