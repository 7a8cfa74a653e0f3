"""Published tables: the same bytes each time, and no cell that a spreadsheet takes for a formula."""

from __future__ import annotations

import pandas as pd
import pytest

from salesops_helpers.publish import csv_safe, publish, published, unguarded

FRAME = pd.DataFrame({
    "name": ["=cmd|' /C calc'!A0", "+1", "-2", "@x", "\tx", "plain", None], "amount": [-1.5, 2, 3, 4, 5, 6, 0.1],
    "month": pd.to_datetime("2026-09-01"),
})


def test_texts_that_begin_like_a_formula_are_guarded_and_numbers_left():
    safe = csv_safe(FRAME)
    assert safe["name"].tolist()[:6] == ["'=cmd|' /C calc'!A0", "'+1", "'-2", "'@x", "'\tx", "plain"]
    assert pd.isna(safe["name"].iloc[6])
    assert safe["amount"].tolist() == FRAME["amount"].tolist()
    assert FRAME["name"].iloc[0].startswith("=")


def test_every_text_can_be_had_back():
    texts = ["=1", "'=1", "''+x", "'tis", "'", "-", None, "plain"]
    guarded = csv_safe(pd.DataFrame({"text": texts}))
    assert guarded["text"].tolist()[:5] == ["'=1", "''=1", "'''+x", "'tis", "'"]
    assert unguarded(guarded)["text"].fillna("").tolist() == [text or "" for text in texts]


def test_a_line_end_within_a_text_begins_no_row(tmp_path):
    publish(pd.DataFrame({"text": ["x\r=1+1", "y"], "n": [1, 2]}), "t", str(tmp_path))
    assert (tmp_path / "t.csv").read_bytes() == b'"text","n"\n"x\r=1+1",1\n"y",2\n'


@pytest.mark.parametrize("dtype", ["object", "string", pd.StringDtype("pyarrow", na_value=float("nan"))])
def test_whatever_the_type_of_text(dtype):
    assert csv_safe(FRAME.astype({"name": dtype}))["name"].iloc[0] == "'=cmd|' /C calc'!A0"


def test_a_table_is_written_where_a_folder_is_given(tmp_path):
    publish(FRAME, "table", "")
    publish(FRAME, "table", str(tmp_path / "tables"))
    first = (tmp_path / "tables" / "table.csv").read_bytes()
    publish(FRAME, "table", str(tmp_path / "tables"))
    assert (tmp_path / "tables" / "table.csv").read_bytes() == first
    assert b"\r" not in first
    assert first.splitlines()[1] == b"'=cmd|' /C calc'!A0,-1.5,2026-09-01"


def test_what_was_published_is_read_back(tmp_path):
    frame = pd.DataFrame({
        "name": ["=A1", "plain", None, "'quoted", "NA"], "amount": [0.1, 1e-17, None, 3.0, 123456789.123456],
        "month": pd.to_datetime(["2026-01-01"] * 5),
        "closed_on": pd.to_datetime(["2026-01-31", None] + ["2026-02-01"] * 3),
        "deals": [1, 2, 3, 4, 5], "sure": [True, False, True, True, False]})
    publish(frame, "t", str(tmp_path))
    found = published("t", str(tmp_path))
    pd.testing.assert_frame_equal(found.drop(columns="name"), frame.drop(columns="name"), check_dtype=False)
    assert list(found["name"].fillna("?")) == ["=A1", "plain", "?", "'quoted", "NA"]


def test_a_table_that_is_not_there_is_none(tmp_path):
    assert published("t", str(tmp_path)) is None and published("t", "") is None


def test_a_column_that_only_sounds_like_a_date_stays_as_it_is(tmp_path):
    frame = pd.DataFrame({"looked_at": [True, False], "counted_on": [3, 4], "seen_at": ["2026-01-02", "soon"],
                          "due_on": ["2026-01-02", None]})
    publish(frame, "t", str(tmp_path))
    found = published("t", str(tmp_path))
    assert found["looked_at"].tolist() == [True, False] and found["counted_on"].tolist() == [3, 4]
    assert found["seen_at"].tolist() == ["2026-01-02", "soon"]
    assert found["due_on"].tolist()[0] == pd.Timestamp("2026-01-02") and found["due_on"].isna().tolist()[1]
