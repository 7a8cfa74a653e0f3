"""CSV text into the engine: delimiter and header found out, every record numbered, damaged records kept aside.

A file without damage is read by the engine; its count of records must then equal the count of lines. Any other file is
read record by record (`Records`).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pandas as pd

from salesops_helpers.data.company import Company
from salesops_helpers.data.sources.base import LINE, Raw, no_records
from salesops_helpers.data.sources.encoding import as_utf8, chunks
from salesops_helpers.data.sources.records import LONGEST, Records
from salesops_helpers.errors import SalesOpsError

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
HEADER_BYTES = 1 << 20
MOST_COLUMNS = 5_000
COMPARED = 50
BATCH_CELLS, BATCH_TEXT = 400_000, 1 << 26
BLANKS = " \t\r\n\u00a0\u2007\u2009\u202f\u200b\ufeff"


@dataclass(frozen=True)
class Header:
    """Column names, the delimiter, and how many records (blank lines, a line ``sep=;``) stand above the names."""

    names: list[str]
    delimiter: str
    above: int


def read_text(con, relation: str, path: Path, company: Company) -> Raw:
    """Read a CSV file (or a gzip file of one). Raises `SalesOpsError` where it is not text with a header."""
    with as_utf8(path, company.encoding) as (plain, encoding):
        header = find_header(path, plain, company.delimiter)
        facts = {"encoding": encoding, "delimiter": DELIMITERS.get(header.delimiter, repr(header.delimiter))}
        look = Look.at(plain)
        if look.clean and not header.above and _by_engine(con, relation, plain, header, look):
            return Raw(relation, header.names, no_records(), facts)
        unreadable = _by_record(con, relation, plain, header)
    return Raw(relation, header.names, unreadable, facts)


@dataclass(frozen=True)
class Look:
    """What the bytes of a text say: lines (without blank ones at the end), and whether all of them are harmless."""

    lines: int
    clean: bool
    spaces: bool

    @classmethod
    def at(cls, path: Path) -> Look:
        feeds = returns = both = 0
        nul = spaces = False
        tail = b""
        for chunk in chunks(path):
            both += (tail[-1:] + chunk).count(b"\r\n")
            feeds, returns = feeds + chunk.count(b"\n"), returns + chunk.count(b"\r")
            nul = nul or b"\x00" in chunk
            spaces = spaces or any(mark.encode() in tail + chunk for mark in BLANKS if ord(mark) > 127)
            tail = (tail + chunk)[-4096:]
        blank = tail[len(tail.rstrip(b"\r\n")):]
        ends = max(blank.count(b"\n"), blank.count(b"\r"))
        clean = not nul and returns == both and both in (0, feeds)
        return cls(feeds + 1 - ends, clean, spaces)


def find_header(path: Path, plain: Path, delimiter: str | None) -> Header:
    """The first record that is not blank, split by the delimiter that gives most columns and suits the lines below.

    Raises `SalesOpsError` where it is no header.
    """
    cure = "export the table again as CSV"
    with plain.open("rb") as file:
        head = file.read(HEADER_BYTES)
    text = head.decode("utf-8-sig", "ignore")
    above, asked = 0, delimiter
    for line in io.StringIO(text, newline=""):
        said = line.strip("\r\n")
        if said.strip() and said[:4].lower() != "sep=":
            break
        above, asked = above + 1, delimiter or said[4:5] or None
        text = text[len(line):]
    if "\x00" in said:
        raise SalesOpsError(f"{path} is not text (it holds NUL bytes)", "CSV text with a header line", cure)
    if len(head) == HEADER_BYTES and len(said) > len(text) - 8:
        raise SalesOpsError(f"{path} has no header: its first line is longer than {HEADER_BYTES:,} bytes",
                            "a header line of names", cure)
    found = {mark: _first_records(text, mark) for mark in ([asked] if asked else DELIMITERS)}
    best = max(found, key=lambda mark: _suits(found[mark]))
    if not found[best]:
        raise SalesOpsError(f"{path} has no readable header (a quote opens in it and does not close)",
                            "a header line of names", cure)
    return Header(_names(path, found[best][0]), best, above)


def _first_records(text: str, delimiter: str) -> list[list[str]]:
    return [fields for _, fields in islice(Records(io.StringIO(text, newline=""), delimiter, 0), COMPARED)]


def _suits(records: list[list[str]]) -> float:
    width = len(records[0]) if records else 0
    alike = sum(len(record) == width for record in records[1:])
    return width * (0.1 + alike / max(len(records) - 1, 1)) if width > 1 else 0.0


def _names(path: Path, fields: list[str]) -> list[str]:
    """The names without blanks around them; empty ones at the end are left out, others get one."""
    fields = [field.strip(BLANKS) for field in fields]
    while fields and not fields[-1]:
        fields.pop()
    if len(fields) > MOST_COLUMNS or not fields:
        raise SalesOpsError(f"{path} has {len(fields):,} columns", f"1 to {MOST_COLUMNS:,}",
                            "export only the columns that are needed")
    return unique(fields)


def unique(fields: list[str]) -> list[str]:
    """Names that differ also without regard to case: a second ``Type`` is called ``Type (2)``."""
    seen, names = set(), []
    for i, field in enumerate(fields, 1):
        name, n = field or f"column {i}", 1
        while name.lower() in seen or name.lower() == LINE:
            n += 1
            name = f"{field or 'column'} ({n})"
        seen.add(name.lower())
        names.append(name)
    return names


def _by_engine(con, relation: str, path: Path, header: Header, look: Look) -> bool:
    """Read by DuckDB; false (and nothing kept) where it meets an error or counts other records than there are lines."""
    import duckdb

    columns = ", ".join(f"{quote(name)}: 'VARCHAR'" for name in header.names)
    reader = (f"read_csv({quote(path)}, auto_detect=false, header=true, delim={quote(header.delimiter)}, quote='\"', "
              f"escape='\"', columns={{{columns}}}, max_line_size={LONGEST})")
    try:
        con.raw_sql(f"CREATE OR REPLACE TEMP TABLE {relation} AS "
                    f"SELECT row_number() OVER () + 1 AS {LINE}, {_trimmed(header.names, look.spaces)} FROM {reader}")
        rows = con.con.execute(f"SELECT count(*) FROM {relation}").fetchone()[0]
    except duckdb.Error:
        return False
    if rows == look.lines - 1:
        return True
    con.raw_sql(f"DROP TABLE {relation}")
    return False


def _by_record(con, relation: str, path: Path, header: Header) -> pd.DataFrame:
    with path.open(encoding="utf-8-sig", newline="") as file:
        records = Records(file, header.delimiter, 0)
        stream = iter(records)
        while records.number <= header.above:
            next(stream)
        records.width = len(header.names)
        into_engine(con, relation, header.names, stream)
    if not records.damaged:
        return no_records()
    said = [(number, f"the record cannot be read: {reason}", row) for number, reason, row in records.damaged]
    return pd.DataFrame(said, columns=[LINE, "reason", "row"])


def into_engine(con, relation: str, names: list[str], records: Iterator[tuple[int, list]]) -> None:
    """Stream records (number, texts) into a table of the engine."""
    import pyarrow as pa

    schema = pa.schema([(LINE, pa.int64()), *((name, pa.string()) for name in names)])
    reader = pa.RecordBatchReader.from_batches(schema, _batches(schema, records))
    con.con.register("incoming", reader)
    con.raw_sql(f"CREATE OR REPLACE TEMP TABLE {relation} AS SELECT {LINE}, {_trimmed(names, True)} FROM incoming")
    con.con.unregister("incoming")


def _batches(schema, records: Iterator[tuple[int, list]]):
    rows, cells, text = [], 0, 0
    for number, fields in records:
        rows.append((number, *fields))
        cells, text = cells + len(fields), text + sum(map(len, fields))
        if cells > BATCH_CELLS or text > BATCH_TEXT:
            yield _batch(schema, rows)
            rows, cells, text = [], 0, 0
    if rows:
        yield _batch(schema, rows)


def _batch(schema, rows: list[tuple]):
    import pyarrow as pa

    columns = zip(zip(*rows, strict=True), schema.types, strict=True)
    return pa.RecordBatch.from_arrays([pa.array(values, kind) for values, kind in columns], schema=schema)


def _trimmed(names: list[str], spaces: bool) -> str:
    if not spaces:
        return ", ".join(map(name_of, names))
    return ", ".join(f"nullif(trim({name_of(n)}, {quote(BLANKS)}), '') AS {name_of(n)}" for n in names)


def name_of(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def quote(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"
