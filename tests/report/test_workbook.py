"""The workbook: every table typed and true, no formula, the same bytes each time."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from io import BytesIO

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from salesops_helpers.publish import publish
from salesops_helpers.report import typed, workbook

HOSTILE = ["=cmd|'/C calc'!A0", "+1+1", "-2", "@SUM(A1)", "'=1", "\t=1", "{=1}", "https://a.example/x", "0012", "<b>"]
FRAME = pd.DataFrame({
    "rep_id": ["007", "008", None], "name": HOSTILE[:3], "won": [1, 2, 3], "pay": [1.5, None, 3.25], "month": "2026-09",
    "win_rate": [0.25, 0.5, None], "kept": [True, False, True],
    "closed_on": pd.to_datetime(["2026-09-01", None, "2026-09-30"]),
    "value": [1e6, 0.123, 7.0], "kpi": ["bookings", "win_rate", "days"], "gone": [float("nan")] * 3,
    "freedom": [float("inf"), 2.0, 3.0],
})
UNITS = {"bookings": "currency", "win_rate": "share", "days": "days"}


def written(tmp_path, **frames):
    for name, frame in frames.items():
        publish(frame, name, str(tmp_path))
    return [tmp_path / f"{name}.csv" for name in frames]


def parts(content):
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def sheet(content, name):
    return CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_name(name).to_python()


def test_cells_have_their_types_and_texts_are_the_true_ones(tmp_path):
    rows = sheet(workbook.workbook(written(tmp_path, deals=FRAME), "x"), "deals")
    head, first, second = rows[0], dict(zip(rows[0], rows[1], strict=True)), dict(zip(rows[0], rows[2], strict=True))
    assert head == list(FRAME)
    assert (first["rep_id"], first["name"], first["won"], first["pay"]) == ("007", HOSTILE[0], 1.0, 1.5)
    assert (first["closed_on"], first["kept"], first["month"]) == (dt.date(2026, 9, 1), True, "2026-09")
    assert second["pay"] == second["closed_on"] == second["gone"] == "" and second["kept"] is False
    assert first["freedom"] == "inf" and second["freedom"] == 2.0


def test_numbers_wear_the_format_of_their_unit(tmp_path):
    content = parts(workbook.workbook(written(tmp_path, deals=FRAME), "x", units=UNITS))
    codes = dict(re.findall(r'numFmtId="(\d+)" formatCode="([^"]+)"', content["xl/styles.xml"]))
    styles = re.findall(r'<xf numFmtId="(\d+)"', content["xl/styles.xml"].split("<cellXfs")[1])
    built_in = {"3": "#,##0", "4": "#,##0.00", "49": "@", "0": "General"}
    cells = dict(re.findall(r'<c r="([A-Z]+\d+)" s="(\d+)"', content["xl/worksheets/sheet2.xml"]))

    def code(column, row):
        number = styles[int(cells[f"{chr(65 + list(FRAME).index(column))}{row}"])]
        return codes.get(number) or built_in[number]

    assert code("win_rate", 2) == "0.0%" and code("won", 2) == "#,##0" and code("pay", 2) == "#,##0.00"
    assert [code("value", row) for row in (2, 3, 4)] == ["#,##0", "0.0%", "#,##0.0"]
    assert code("closed_on", 2) == "yyyy-mm-dd"


def test_no_cell_is_a_formula_and_no_text_a_link(tmp_path):
    hostile = pd.DataFrame(dict.fromkeys(HOSTILE, HOSTILE))
    content = workbook.workbook(written(tmp_path, **{"=1+1": hostile, "plain": hostile}), "=1", {"plain": "=2"})
    for name, text in parts(content).items():
        assert "<f>" not in text and "<f " not in text, name
        assert 'TargetMode="External"' not in text and "externalLink" not in text, name
        assert "vbaProject" not in name
    assert [row[0] for row in sheet(content, "plain")[1:]] == HOSTILE
    assert sheet(content, "plain")[0] == HOSTILE


def test_the_head_stays_and_can_be_filtered(tmp_path):
    text = parts(workbook.workbook(written(tmp_path, deals=FRAME), "x"))["xl/worksheets/sheet2.xml"]
    assert 'state="frozen"' in text and 'topLeftCell="A2"' in text and '<autoFilter ref="A1:L4"/>' in text


def test_the_same_tables_give_the_same_bytes_and_nothing_of_the_machine(tmp_path):
    files = written(tmp_path, deals=FRAME, more=FRAME)
    first = workbook.workbook(files, "Acme")
    assert workbook.workbook(files, "Acme") == first
    core = parts(first)["docProps/core.xml"]
    assert set(re.findall(r"\d{4}-\d\d-\d\dT[\d:]+Z", core)) == {"2000-01-01T00:00:00Z"}
    assert "<dc:creator></dc:creator>" in core and str(tmp_path) not in "".join(parts(first).values())


def test_the_first_sheet_lists_every_table(tmp_path):
    files = written(tmp_path, deals=FRAME, none=FRAME[:0])
    rows = sheet(workbook.workbook(files, "Acme", {"deals": "Pipeline"}), "Contents")
    assert rows[0][0] == "Acme"
    assert rows[-2:] == [["deals", 3.0, 12.0, "Pipeline", ""], ["none", 0.0, 12.0, "", ""]]


def test_a_table_without_columns_is_an_empty_sheet(tmp_path):
    assert sheet(workbook.workbook(written(tmp_path, none=pd.DataFrame()), "x"), "none") == []


def test_what_excel_cannot_hold_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "MOST_ROWS", 2)
    long = pd.DataFrame({"text": ["x" * 40_000, "y", "z"]})
    content = workbook.workbook(written(tmp_path, long=long), "x")
    assert len(sheet(content, "long")) == 3 and len(sheet(content, "long")[1][0]) == 32_767
    assert sheet(content, "Contents")[-1][-1] == "1 row and 1 long text: Excel holds no more; the CSV has all"


def test_sheet_names_are_taken_by_excel_and_differ():
    stems = ["a" * 40, "a" * 41, "A" * 40, "history", "contents", "x[y]:*?/\\z", "", "'q'"]
    names = list(workbook.sheet_names(stems).values())
    assert all(0 < len(name) <= 31 and not re.search(r"[\[\]:*?/\\]", name) for name in names)
    assert len({name.lower() for name in names} | {"history", "contents"}) == len(names) + 2


@pytest.mark.parametrize(("texts", "kind"), [
    (["1", "2.50", "-3"], "float64"), (["1", "2"], "int64"), (["007", "1"], "object"), (["1", None], "float64"),
    (["12345678901234567"], "object"), (["2026-09-01"], "datetime64[ns]"), (["2026-13-01"], "object"),
    (["1815-12-10"], "object"), (["True", "False"], "bool"), (["2026-09-01 10:00:00"], "datetime64[ns]"),
    (["nan"], "object"), (["NA"], "object"), (["1e5"], "float64"), ([None], "object"),
])
def test_types_are_those_that_all_values_bear(tmp_path, texts, kind):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "".join(f"{'' if text is None else text},x\n" for text in texts), encoding="utf-8")
    found = typed.read(path)["a"].dtype
    assert str(found) == kind or (kind == "object" and pd.api.types.is_string_dtype(found))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1), min_size=1))
def test_a_text_comes_back_as_it_was_published(tmp_path_factory, texts):
    folder = tmp_path_factory.mktemp("texts")
    publish(pd.DataFrame({"text": ["x", *texts]}), "t", str(folder))
    assert typed.read(folder / "t.csv")["text"].tolist() == ["x", *texts]
