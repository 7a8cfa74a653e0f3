"""CSV and Parquet files as they are: found, opened, every record numbered, nothing interpreted yet."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from salesops_helpers.data.company import FILE_NAME, Company
from salesops_helpers.data.sources.base import LINE, Part
from salesops_helpers.data.sources.local import connect
from salesops_helpers.data.sources.names import resolve
from salesops_helpers.data.tables import TABLES
from salesops_helpers.errors import SalesOpsError, listed, one_line

SUFFIXES = (".csv", ".parquet")
HEADER_BYTES = 1 << 20
LARGE_BYTES = 32 << 20


class FileSource:
    """The tables of a company folder: one file a table, read into DuckDB when asked for."""

    def __init__(self, company: Company):
        self.company, self.files = company, find_files(company)
        self.names = list(self.files)
        self.con = connect()

    def label(self, name: str) -> str:
        return self.files[name].name

    def parts(self, name: str) -> list[Part]:
        path = self.files[name]
        raw = read_file(self.con, f"raw_{name}", path, self.company)
        names = resolve(path.name, raw.columns, TABLES[name], self.company)
        return [Part(path.name, self.con.table(raw.relation), raw.columns, names, raw.unreadable, raw.facts)]


@dataclass(frozen=True)
class Raw:
    """One file in the engine.

    Attributes
    ----------
    relation : str
        Name of its table in the engine: the file's own columns and ``source_line``.
    columns : list of str
        The file's own columns.
    unreadable : DataFrame
        source_line, reason, row: records that could not be read at all.
    facts : dict of str
        What was found out about the file, for readers: ``{"encoding": "UTF-8", "delimiter": "comma"}``.
    """

    relation: str
    columns: list[str]
    unreadable: pd.DataFrame
    facts: dict[str, str] = field(default_factory=dict)


def read_file(con, relation: str, path: Path, company: Company, sheet: str | None = None) -> Raw:
    """Read one file into the engine as the table `relation`, every record numbered, nothing interpreted.

    Raises `SalesOpsError` where it is not a readable file of its kind.
    """
    readers = {".csv": _read_csv, ".parquet": _read_parquet}
    if path.suffix.lower() not in readers:
        raise SalesOpsError(f"{path} is a {path.suffix or 'nameless'} file", "CSV or Parquet", "export it as CSV")
    columns, unreadable = readers[path.suffix.lower()](con, relation, path)
    return Raw(relation, columns, unreadable)


def find_files(company: Company) -> dict[str, Path]:
    """The file of each table that the company has. Raises `SalesOpsError` where a named or required file is missing."""
    folder = company.data_folder
    if not folder.is_dir():
        raise SalesOpsError(
            f"{company.home / FILE_NAME}: folder {str(folder)!r} is not there", "a folder that exists", "mend folder"
        )
    found = {}
    for name, table in TABLES.items():
        named = company.files.get(name)
        tried = [folder / named] if named else [folder / f"{name}{suffix}" for suffix in SUFFIXES]
        path = next((p for p in tried if p.is_file()), None)
        if path is not None:
            found[name] = path
        elif named or table.required:
            raise SalesOpsError(
                f"table {name}: no file {listed(p.name for p in tried)} in {folder}",
                f"{name} as CSV or Parquet; files there: {listed(sorted(p.name for p in folder.iterdir())) or 'none'}",
                f"add the file, or name it under [files] in {FILE_NAME}",
            )
    return found


def _header(path: Path) -> list[str]:
    """Column names in the first record of a CSV file, refused where the file is not CSV text."""
    with path.open("rb") as file:
        head = file.read(HEADER_BYTES)
    cure = "export the table again as CSV (UTF-8, comma)"
    if not head.strip():
        raise SalesOpsError(f"{path} is empty", "a CSV file with a header line", cure)
    signature = next((kind for mark, kind in SIGNATURES.items() if head.startswith(mark)), None)
    if signature or b"\x00" in head:
        raise SalesOpsError(f"{path} is not text ({signature or 'it holds NUL bytes'})", "CSV text in UTF-8", cure)
    try:
        text = head.decode("utf-8-sig", errors="strict" if len(head) < HEADER_BYTES else "ignore")
    except UnicodeDecodeError as error:
        text = head[: error.start].decode("utf-8-sig")
        if "\n" not in text:
            raise SalesOpsError(f"{path} is not UTF-8 (byte {error.start})", "CSV text in UTF-8", cure) from None
    try:
        names = [n.strip() for n in next(csv.reader(io.StringIO(text, newline="")))]
    except (csv.Error, StopIteration) as error:
        raise SalesOpsError(f"{path} has no readable header ({error})", "a header line of names", cure) from None
    if twice := sorted({n for n in names if names.count(n) > 1}):
        raise SalesOpsError(f"{path} has the column {listed(twice)} more than once", "each name once", cure)
    return names


SIGNATURES = {
    b"\x89PNG": "a PNG picture", b"\xff\xd8\xff": "a JPEG picture", b"GIF8": "a GIF picture", b"%PDF": "a PDF",
    b"PK\x03\x04": "a zip or Excel file", b"\xd0\xcf\x11\xe0": "an old Excel file", b"PAR1": "a Parquet file",
    b"\x1f\x8b": "a gzip file", b"\xff\xfe": "UTF-16 text", b"\xfe\xff": "UTF-16 text",
}


def _read_csv(con, name: str, path: Path) -> tuple[list[str], pd.DataFrame]:
    names = _header(path)
    columns = ", ".join(f"{_quote(n)}: 'VARCHAR'" for n in names)
    reader = (
        f"read_csv({_quote(path)}, auto_detect=false, header=true, delim=',', quote='\"', escape='\"', "
        f"columns={{{columns}}}, store_rejects=true, rejects_table='rejected_{name}', "
        f"rejects_scan='rejected_scan_{name}', max_line_size=16000000)"
    )
    _run(con, path, f"CREATE TEMP TABLE {name} AS SELECT row_number() OVER () AS {LINE}, * FROM {reader}")
    rejected = con.con.execute(
        f"SELECT line AS {LINE}, first(error_message) AS reason, first(csv_line) AS row "
        f"FROM rejected_{name} GROUP BY line ORDER BY line"
    ).df()
    rejected["reason"] = "the record cannot be read: " + rejected["reason"].map(one_line)
    _number_lines(con, name, rejected[LINE].tolist())
    return names, rejected


def _number_lines(con, name: str, rejected: list[int]) -> None:
    """Turn record numbers into line numbers: the header is line 1, rejected lines are left out."""
    if not rejected:
        con.raw_sql(f"UPDATE {name} SET {LINE} = {LINE} + 1")
        return
    con.raw_sql(
        f"UPDATE {name} SET {LINE} = lines.line FROM ("
        f"SELECT line, row_number() OVER (ORDER BY line) AS n FROM range(2, (SELECT count(*) FROM {name}) "
        f"+ {len(rejected)} + 2) AS numbers(line) WHERE line NOT IN ({', '.join(map(str, rejected))})"
        f") AS lines WHERE lines.n = {name}.{LINE}"
    )


def _read_parquet(con, name: str, path: Path) -> tuple[list[str], pd.DataFrame]:
    """A small file is taken in whole; a large one stays where it is, read column by column when it is asked for."""
    kind = "VIEW" if path.stat().st_size > LARGE_BYTES else "TABLE"
    _run(con, path, f"CREATE TEMP {kind} {name} AS SELECT file_row_number + 2 AS {LINE}, * EXCLUDE (file_row_number) "
                    f"FROM read_parquet({_quote(path)}, file_row_number=true)")
    columns = [c for c in con.table(name).columns if c != LINE]
    return columns, pd.DataFrame(columns=[LINE, "reason", "row"])


def _run(con, path: Path, sql: str) -> None:
    import duckdb

    try:
        con.raw_sql(sql)
    except duckdb.Error as error:
        raise SalesOpsError(
            f"{path} cannot be read ({one_line(error, 160)})", "a whole CSV (UTF-8, comma) or Parquet file",
            "export the table again",
        ) from None


def _quote(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"
