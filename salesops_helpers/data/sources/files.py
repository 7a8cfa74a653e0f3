"""The files of a company folder: found, opened by their kind, every record numbered, nothing interpreted yet."""

from __future__ import annotations

from pathlib import Path

from salesops_helpers.data.company import FILE_NAME, Company
from salesops_helpers.data.sources.base import LINE, Part, Raw
from salesops_helpers.data.sources.encoding import chunks
from salesops_helpers.data.sources.excel import read_excel
from salesops_helpers.data.sources.local import connect
from salesops_helpers.data.sources.names import resolve
from salesops_helpers.data.sources.text import name_of, quote, read_text
from salesops_helpers.data.sources.wide import is_wide, long
from salesops_helpers.data.tables import TABLES
from salesops_helpers.errors import SalesOpsError, listed, one_line

TEXT_SUFFIXES = (".csv", ".csv.gz", ".tsv", ".txt")
SUFFIXES = (".csv", ".parquet", ".xlsx", ".csv.gz", ".tsv", ".txt")
LARGE_BYTES = 32 << 20
KINDS = "CSV, Parquet or Excel (.xlsx)"


class FileSource:
    """The tables of a company folder: one or more files a table, read into DuckDB when asked for."""

    def __init__(self, company: Company, required: bool = True):
        self.company, self.files = company, find_files(company, required)
        self.names = list(self.files)
        self.con = connect()

    def label(self, name: str) -> str:
        return listed([path.name for path, _ in self.files[name]], 3)

    def parts(self, name: str) -> list[Part]:
        found = self.files[name]
        return [self._part(name, i if len(found) > 1 else 0, *file) for i, file in enumerate(found, 1)]

    def _label(self, name: str, path: Path, sheet: str | None) -> str:
        """The file's name; its path within the folder where two files of the table have the same name."""
        twins = {other for other, _ in self.files[name] if other.name == path.name}
        label = str(path.relative_to(self.company.data_folder)) if len(twins) > 1 else path.name
        return f"{label}#{sheet}" if sheet else label

    def _part(self, name: str, number: int, path: Path, sheet: str | None) -> Part:
        raw = read_file(self.con, f"raw_{name}" + (f"_{number}" if number else ""), path, self.company, sheet)
        table, label = TABLES[name], self._label(name, path, sheet)
        if is_wide(raw, table, self.company):
            raw = long(self.con, raw, table, self.company, label)
        names = resolve(label, raw.columns, table, self.company)
        return Part(label, self.con.table(raw.relation), raw.columns, names, raw.unreadable, raw.facts)


def read_file(con, relation: str, path: Path, company: Company, sheet: str | None = None) -> Raw:
    """Read one file into the engine as the table `relation`, every record numbered, nothing interpreted.

    Parameters
    ----------
    con : ibis DuckDB backend
    relation : str
        Name for the table in the engine; one that is there is replaced.
    sheet : str, optional
        Sheet of a workbook; default: its first.

    Raises
    ------
    SalesOpsError
        Where it is not a readable file of its kind.
    """
    low = path.name.lower()
    try:
        if low.endswith(TEXT_SUFFIXES):
            return read_text(con, relation, path, company)
        if low.endswith(".xlsx"):
            return read_excel(con, relation, path, sheet)
        if low.endswith(".parquet"):
            return _read_parquet(con, relation, path)
    except OSError as error:
        raise SalesOpsError(f"{path} cannot be read ({error.strerror or error})", "a file that can be read",
                            "look at its rights and its disk") from None
    raise SalesOpsError(f"{path} is a {path.suffix or 'nameless'} file", KINDS, "export it as CSV")


def find_files(company: Company, required: bool = True) -> dict[str, list[tuple[Path, str | None]]]:
    """The files (and sheets) of each table that the company has.

    Raises `SalesOpsError` where a named file is missing, or, unless `required` is false, one that every company needs.
    """
    folder = company.data_folder
    if not folder.is_dir():
        raise SalesOpsError(
            f"{company.home / FILE_NAME}: folder {str(folder)!r} is not there", "a folder that exists", "mend folder"
        )
    found = {}
    for name, table in TABLES.items():
        named = company.files.get(name)
        tried = ([named] if isinstance(named, str) else named) if named else [f"{name}{suffix}" for suffix in SUFFIXES]
        files = [match(folder, text) for text in tried]
        missing = [t for t, f in zip(tried, files, strict=True) if not f][: None if named else 3]
        there = sum(files, []) if named else next(filter(None, files), [])
        if there and (not named or all(files)):
            found[name] = list(dict.fromkeys(there))
        elif named or (table.required and required):
            raise SalesOpsError(
                f"table {name}: no file {listed(missing)} in {folder}",
                f"{name} as {KINDS}; files there: {listed(sorted(p.name for p in folder.iterdir())) or 'none'}",
                f"add the file, or name it under [files] in {FILE_NAME}",
            )
    return found


def match(folder: Path, text: str) -> list[tuple[Path, str | None]]:
    """The files that a name, a pattern (``deals-*.csv``) or a name with a sheet (``book.xlsx#Deals``) stands for."""
    if (folder / text).is_file():
        return [(folder / text, None)]
    book, _, sheet = text.partition("#")
    if sheet and (folder / book).is_file():
        return [(folder / book, sheet)]
    if any(mark in text for mark in "*?[") and not Path(text).is_absolute():
        return [(path, None) for path in sorted(folder.glob(text)) if path.is_file()]
    return []


def _read_parquet(con, relation: str, path: Path) -> Raw:
    """A small file is taken in whole; a large one stays where it is, read column by column when it is asked for."""
    import duckdb

    kind = "VIEW" if path.stat().st_size > LARGE_BYTES else "TABLE"
    reader = f"read_parquet({quote(path)}, file_row_number=true)"
    try:
        kinds = [(c, k) for c, k, *_ in con.con.execute(f"DESCRIBE SELECT * FROM {reader}").fetchall()]
        kinds = [(c, k) for c, k in kinds if c.lower() not in ("file_row_number", LINE)]
        columns = ", ".join(_plain(*column) for column in kinds)
        con.raw_sql(f"CREATE OR REPLACE TEMP {kind} {relation} AS "
                    f"SELECT file_row_number + 2 AS {LINE}, {columns} FROM {reader}")
    except duckdb.Error as error:
        head = next(chunks(path), b"")[:4]
        why = one_line(error, 160) if head == b"PAR1" else "it does not begin as one"
        raise SalesOpsError(f"{path} is not a whole Parquet file ({why})", "a whole Parquet file",
                            "export the table again") from None
    return Raw(relation, [c for c, _ in kinds], facts={"kind": "Parquet"})


SIMPLE = ("VARCHAR", "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
          "UINTEGER", "UBIGINT", "FLOAT", "DOUBLE", "DECIMAL", "DATE", "TIMESTAMP")


def _plain(column: str, kind: str) -> str:
    """Lists, structures, bytes and other types that no table has come in as text."""
    return name_of(column) if kind.startswith(SIMPLE) and "[" not in kind else \
        f"CAST({name_of(column)} AS VARCHAR) AS {name_of(column)}"
