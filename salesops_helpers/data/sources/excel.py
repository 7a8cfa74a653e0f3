"""A sheet of an Excel workbook (.xlsx) into the engine: looked at before it is unpacked, then read by calamine."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
import zlib
from pathlib import Path

from salesops_helpers.data.sources.base import LINE, Raw, no_records
from salesops_helpers.data.sources.text import BLANKS, MOST_COLUMNS, unique
from salesops_helpers.errors import SalesOpsError, listed, one_line

LARGEST, RATIO, RATIO_FROM = 512 << 20, 200, 1 << 22
MOST_CELLS = 30_000_000
CHUNK = 1 << 20
CURE = "export the table again as .xlsx, or as CSV"
CELL = re.compile(rb"""\br\s*=\s*["']([A-Z]{0,4})(\d{1,8})["']""")


def read_excel(con, relation: str, path: Path, sheet: str | None) -> Raw:
    """Read one sheet (default: the first), its first row that is not empty as the header.

    Raises `SalesOpsError` where it is not a whole .xlsx workbook, holds no such sheet, or unpacks out of proportion.
    """
    old = guard(path)
    rows, name, sheets = _rows(path, sheet)
    top = next((i for i, row in enumerate(rows) if any(not _empty(v) for v in row)), None)
    if top is None:
        raise SalesOpsError(f"{path}: sheet {name!r} is empty", "a sheet with a header row", CURE)
    names = [_text(value) for value in rows[top]]
    while not names[-1]:
        names.pop()
    if len(names) > MOST_COLUMNS:
        raise SalesOpsError(f"{path} has {len(names):,} columns", f"1 to {MOST_COLUMNS:,}", CURE)
    names = unique(names)
    lost = _into_engine(con, relation, names, rows, top)
    facts = {"kind": "Excel", "sheet": name} | ({"sheets": f"1 of {sheets} read"} if sheets > 1 else {})
    return Raw(relation, names, lost, facts | ({"date system": "1904"} if old else {}))


def _rows(path: Path, sheet: str | None) -> tuple[list[list], str, int]:
    import python_calamine as calamine

    try:
        with calamine.CalamineWorkbook.from_path(path) as book:
            names = book.sheet_names
            if not names or sheet is not None and sheet not in names:
                raise SalesOpsError(f"{path} has no sheet {sheet!r}", f"its sheets: {listed(names)}",
                                    "mend the sheet's name in company.toml")
            name = sheet or _first_shown(book)
            found = book.get_sheet_by_name(name)
            return found.to_python(skip_empty_area=False), name, len(names)
    except SalesOpsError:
        raise
    except BaseException as error:
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
        raise _not_whole(path, error) from None


def _first_shown(book) -> str:
    shown = [s.name for s in book.sheets_metadata if str(s.visible).endswith("Visible")]
    return (shown or book.sheet_names)[0]


def _not_whole(path: Path, error: object) -> SalesOpsError:
    return SalesOpsError(f"{path} is not a whole Excel workbook ({one_line(error, 160)})", "an .xlsx workbook", CURE)


def guard(path: Path) -> bool:
    """Unpack every member once, keeping nothing, before anything parses it; does the workbook count days from 1904?

    Raises `SalesOpsError` where the file is no .xlsx, is damaged or encrypted, unpacks to more than 512 MB or to more
    than 200 times its size, or names cells so far apart that they would fill the memory.
    """
    with path.open("rb") as file:
        head = file.read(8)
        if head.startswith(b"\xd0\xcf\x11\xe0"):
            raise SalesOpsError(f"{path} is an old or an encrypted Excel file", "an .xlsx workbook without a password",
                                "save it as .xlsx without a password, or as CSV")
        if not head.startswith(b"PK"):
            raise SalesOpsError(f"{path} is not an Excel workbook", "an .xlsx workbook", CURE)
        try:
            members, old, total = zipfile.ZipFile(path).infolist(), False, 0
            for member in members:
                total += member.file_size
                _refuse_bomb(path, total)
            total = 0
            for member in members:
                size, old_here = _unpack(path, file, member, total)
                total, old = total + size, old or old_here
        except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError, NotImplementedError) as error:
            if isinstance(error, SalesOpsError):
                raise
            raise _not_whole(path, error) from None
    return old


def _refuse_bomb(path: Path, size: int) -> None:
    ratio = size / max(path.stat().st_size, 1)
    if size > LARGEST or (size > RATIO_FROM and ratio > RATIO):
        raise SalesOpsError(
            f"{path} unpacks to {size:,} bytes or more, {ratio:,.0f} times its size",
            f"at most {LARGEST:,} bytes and {RATIO} times", "look where it comes from; export large tables as CSV",
        )


def _unpack(path: Path, file, member: zipfile.ZipInfo, total: int) -> tuple[int, bool]:
    """Size of one member by its own bytes, whatever the directory says of it."""
    file.seek(member.header_offset)
    head = file.read(30)
    if len(head) < 30 or head[:4] != b"PK\x03\x04" or member.flag_bits & 1:
        raise ValueError(f"its part {member.filename} is encrypted or damaged")
    file.seek(int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little"), 1)
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"its part {member.filename} is packed in an unusual way")
    packed = zlib.decompressobj(-15) if member.compress_type == zipfile.ZIP_DEFLATED else None
    left, size, tail, span = member.compress_size, 0, b"", Span()
    is_sheet, old = "worksheets/" in member.filename, False
    while left > 0 and (data := file.read(min(CHUNK, left))):
        left -= len(data)
        while data:
            out = packed.decompress(data, CHUNK) if packed else data
            data = packed.unconsumed_tail if packed else b""
            size += len(out)
            _refuse_bomb(path, total + size)
            if is_sheet:
                span.see(path, tail + out)
            old = old or b'date1904="1"' in tail + out or b'date1904="true"' in tail + out
            tail = out[-64:]
    if size != member.file_size or left > 0:
        raise ValueError(f"its part {member.filename} is cut off, or not of the size that it states")
    return size, old and member.filename.endswith("workbook.xml")


class Span:
    """The furthest row and column that a sheet names: a reader sets up everything between them."""

    row = column = 1

    def see(self, path: Path, text: bytes) -> None:
        found = CELL.findall(text)
        if not found:
            return
        self.row = max(self.row, *(int(row) for _, row in found), 1)
        self.column = max(self.column, *(_column(letters) for letters in {letters for letters, _ in found}), 1)
        if self.row * self.column > MOST_CELLS:
            raise SalesOpsError(f"{path} names cells up to row {self.row:,} and column {self.column:,}",
                                f"at most {MOST_CELLS:,} cells", "export large tables as CSV")


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _empty(value) -> bool:
    return value is None or (isinstance(value, str) and not value.strip(BLANKS))


def _text(value) -> str:
    """A cell as text: whole numbers without a point, days as ISO days. A decimal fraction of three digits gets a
    fourth, so that its point cannot be taken for a thousands separator."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        text = repr(value)
        return text + "0" if re.fullmatch(r"-?\d{1,3}\.\d{3}", text) else text
    if isinstance(value, dt.datetime):
        return value.isoformat(" ") if value.time() != dt.time() else value.date().isoformat()
    return str(value).strip(BLANKS)


def _into_engine(con, relation: str, names: list[str], rows: list[list], top: int):
    """The rows below the header; a row with values beyond the header's columns is kept aside."""
    import pandas as pd
    import pyarrow as pa

    width = len(names)
    body = [(i, row) for i, row in enumerate(rows[top + 1:], top + 2) if any(not _empty(v) for v in row)]
    beyond = [i for i, row in body if any(not _empty(v) for v in row[width:])]
    lost = pd.DataFrame({
        LINE: beyond, "reason": f"the record cannot be read: it has values beyond the header's {width:,} columns",
        "row": [" | ".join(map(_text, rows[i - 1]))[:1000] for i in beyond],
    }) if beyond else no_records()
    body = [(i, row) for i, row in body if i not in set(beyond)]
    columns = zip(*(row[:width] for _, row in body), strict=True) if body else ([] for _ in names)
    arrays = [pa.array([i for i, _ in body], pa.int64()), *map(_column_of, columns)]
    con.con.register("incoming", pa.Table.from_arrays(arrays, names=[LINE, *names]))
    con.raw_sql(f"CREATE OR REPLACE TEMP TABLE {relation} AS SELECT * FROM incoming")
    con.con.unregister("incoming")
    return lost


def _column_of(values) -> object:
    """One column: of one type where all its cells are, else text."""
    import pyarrow as pa

    kinds = {type(v) for v in values if not _empty(v)}
    values = [None if _empty(v) else v for v in values]
    if kinds and kinds <= {int, float}:
        whole = all(v is None or (float(v).is_integer() and abs(v) < 2**53) for v in values)
        return pa.array([v if v is None else (int(v) if whole else float(v)) for v in values],
                        pa.int64() if whole else pa.float64())
    if kinds and kinds <= {dt.date, dt.datetime}:
        return pa.array([v if v is None or isinstance(v, dt.datetime) else dt.datetime(v.year, v.month, v.day)
                         for v in values], pa.timestamp("us"))
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    return pa.array([None if v is None else _text(v) for v in values], pa.string())
