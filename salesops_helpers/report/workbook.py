"""The Excel workbook of a month: every published table on a sheet of its own, typed, and no formula anywhere."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from salesops_helpers import words
from salesops_helpers.report import typed

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

MOST_ROWS, MOST_COLUMNS, LONGEST, NAME = 1_048_575, 16_384, 32_767, 31
UNSAFE = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
CONTENTS = "Contents"
MADE = dt.datetime(2000, 1, 1)
FORMATS = {
    "share": "0.0%", "currency": "#,##0", "cents": "#,##0.00", "days": "#,##0.0", "number": "#,##0.0##",
    "count": "#,##0", "day": "yyyy-mm-dd", "moment": "yyyy-mm-dd hh:mm", "text": "@",
}
FIGURES = ("value", "low", "high", "goal", "previous", "change", "now", "expected")


def workbook(
    tables: Sequence[Path], title: str, about: Mapping[str, str] | None = None, units: Mapping[str, str] | None = None,
) -> bytes:
    """The workbook of published tables, the same bytes for the same tables.

    Parameters
    ----------
    tables : sequence of Path
        CSV files as `publish.publish` writes them; the texts in the workbook are the true ones, without the guard that
        the CSV needs, and stay texts whatever they begin with.
    title : str
        What stands above the list of tables, such as the company and the month.
    about : mapping, optional
        Table → what page it comes from, for the list.
    units : mapping, optional
        KPI → unit ("share", "currency", "days", …), for tables with a column ``kpi``.

    Returns
    -------
    bytes
        An .xlsx file. Rows, columns and texts beyond what Excel can hold are left out or cut, and the list says so.
    """
    import xlsxwriter

    content = BytesIO()
    book = xlsxwriter.Workbook(content, {
        "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
        "nan_inf_to_errors": False,
    })
    book.set_properties({"title": title, "author": "", "created": MADE})
    styles = {name: book.add_format({"num_format": code, "valign": "top"}) for name, code in FORMATS.items()}
    styles |= {"head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
               "title": book.add_format({"bold": True, "font_size": 14}), "link": book.get_default_url_format()}
    first = book.add_worksheet(CONTENTS)
    names = sheet_names([path.stem for path in tables])
    listed = [{"sheet": names[path.stem], "from": (about or {}).get(path.stem, ""),
               **_sheet(book, styles, names[path.stem], typed.read(path), units or {})} for path in tables]
    _contents(first, styles, title, listed)
    book.close()
    return content.getvalue()


def sheet_names(stems: Sequence[str]) -> dict[str, str]:
    """For each table a sheet name that Excel takes: at most 31 characters, none of ``[]:*?/\\``, no two alike."""
    names, taken = {}, {CONTENTS.lower(), "history"}
    for stem in stems:
        plain = UNSAFE.sub("_", stem).strip("'")[:NAME] or "table"
        name, number = plain, 1
        while name.lower() in taken:
            number += 1
            name = f"{plain[: NAME - len(str(number)) - 1]} {number}"
        taken.add(name.lower())
        names[stem] = name
    return names


def _sheet(
    book: Workbook, styles: Mapping, name: str, frame: pd.DataFrame, units: Mapping[str, str],
) -> dict[str, object]:
    """One table; gives its numbers of rows and columns, and what of it Excel could not hold."""
    sheet = book.add_worksheet(name)
    shown = frame.iloc[:MOST_ROWS, :MOST_COLUMNS]
    cut = 0
    for place, column in enumerate(shown.columns):
        values = shown[column]
        kind = _kind(values)
        sheet.write_string(0, place, str(column)[:LONGEST], styles["head"])
        formats = _formats(shown, column, kind, units).map(styles.get)
        cut += _column(sheet, place, values, kind, formats.tolist())
        sheet.set_column(place, place, _width(str(column), values, kind))
    if len(shown.columns):
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, len(shown), len(shown.columns) - 1)
    return {"rows": len(frame), "columns": len(frame.columns), "left out": _left_out(frame, shown, cut)}


def _left_out(frame: pd.DataFrame, shown: pd.DataFrame, cut: int) -> str:
    said = [(len(frame) - len(shown), "row"), (len(frame.columns) - len(shown.columns), "column"), (cut, "long text")]
    missing = [words.counted(n, one) for n, one in said if n]
    return f"{words.joined(missing)}: Excel holds no more; the CSV has all" if missing else ""


def _kind(values: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(values):
        return "bool"
    if pd.api.types.is_datetime64_any_dtype(values):
        return "day" if (values.dropna() == values.dropna().dt.normalize()).all() else "moment"
    return "number" if pd.api.types.is_numeric_dtype(values) else "text"


def _formats(frame: pd.DataFrame, column: str, kind: str, units: Mapping[str, str]) -> pd.Series:
    """For each row the format of this column: by the unit of the row's KPI, else by the column's name and numbers."""
    usual = typed.unit_of(column, frame[column]) if kind == "number" else "text" if kind == "bool" else kind
    formats = pd.Series(usual, index=frame.index, dtype=object)
    if kind == "number" and column in FIGURES and "kpi" in frame:
        of_kpi = frame["kpi"].astype(object).map(lambda kpi: units.get(kpi, usual))
        formats = of_kpi.where(of_kpi.isin(FORMATS), "number")
    return formats


def _column(sheet: Worksheet, place: int, values: pd.Series, kind: str, formats: list) -> int:
    """Write one column, each cell by its type; gives how many texts had to be cut."""
    cut = 0
    for row, (value, style) in enumerate(zip(values.astype(object), formats, strict=True), 1):
        if pd.isna(value):
            continue
        if kind == "bool":
            sheet.write_boolean(row, place, bool(value))
        elif kind in ("day", "moment"):
            sheet.write_datetime(row, place, value.to_pydatetime(), style)
        elif kind == "number" and abs(value) != float("inf"):
            sheet.write_number(row, place, value, style)
        else:
            text = str(value)
            cut += len(text) > LONGEST
            sheet.write_string(row, place, text[:LONGEST], style if kind == "text" else None)
    return cut


def _width(name: str, values: pd.Series, kind: str) -> float:
    """Wide enough for the heading's longest word and nine of ten values, within reason."""
    sizes = {"day": 11, "moment": 17, "bool": 7, "number": 13}
    usual = sizes.get(kind) or (values.dropna().astype(str).str.len().quantile(0.9) if values.notna().any() else 8)
    return min(max(usual, max(map(len, re.split(r"[_ ]", name)), default=0) + 3, 6), 60)


def _contents(sheet: Worksheet, styles: Mapping, title: str, listed: Sequence[Mapping[str, object]]) -> None:
    """The first sheet: every table with its size, what page it comes from, and a way to it."""
    sheet.write_string(0, 0, title[:LONGEST], styles["title"])
    for place, (head, width) in enumerate({"sheet": 32, "rows": 9, "columns": 9, "from": 40, "left out": 40}.items()):
        sheet.write_string(2, place, head, styles["head"])
        sheet.set_column(place, place, width)
        for row, table in enumerate(listed, 3):
            value = table[head]
            if head == "sheet":
                target = str(value).replace("'", "''")
                sheet.write_url(row, place, f"internal:'{target}'!A1", styles["link"], str(value))
            elif isinstance(value, int):
                sheet.write_number(row, place, value, styles["count"])
            elif value:
                sheet.write_string(row, place, str(value), styles["text"])
    sheet.freeze_panes(3, 0)
