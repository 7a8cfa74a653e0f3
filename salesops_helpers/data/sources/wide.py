"""Tables with one column a month (``M01``, ``Jan``, ``2026-01``) turned into one row a month."""

from __future__ import annotations

import re

from salesops_helpers.data.columns import Table
from salesops_helpers.data.company import FILE_NAME, Company
from salesops_helpers.data.sources.base import FILE, LINE, Raw
from salesops_helpers.data.sources.text import name_of, quote
from salesops_helpers.errors import SalesOpsError, listed

NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
FULL = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
        "december")
NUMBERED = re.compile(r"m(\d{1,2})")
DATED = re.compile(r"(\d{4})[-/.]?m?(\d{1,2})(?:[-/.]01(?:[ t]00:00(?::00)?)?)?")
NAMED = re.compile(r"([a-z]{3,9})\.?(?:[-/ ]?(\d{4}|\d{2}))?")
FEWEST = 2


def month_of(header: str) -> tuple[int | None, int, bool] | None:
    """Year (None: not said), month, and whether it is a bare number ``M01``; None where the header is no month."""
    text = header.strip().lower()
    if found := NUMBERED.fullmatch(text):
        return (None, int(found[1]), True) if 1 <= int(found[1]) <= 12 else None
    if found := DATED.fullmatch(text):
        year, month = int(found[1]), int(found[2])
        return (year, month, False) if 1900 <= year < 2200 and 1 <= month <= 12 else None
    found = NAMED.fullmatch(text)
    name = found[1] if found else ""
    name = "sep" if name == "sept" else name
    if not found or name not in (*NAMES, *FULL):
        return None
    year = None if found[2] is None else int(found[2]) + (2000 if len(found[2]) == 2 else 0)
    return year, NAMES.index(name[:3]) + 1, False


def is_wide(raw: Raw, table: Table, company: Company) -> bool:
    """Does the file hold months as columns, as company.toml says or as its header shows?"""
    if "month" not in table.names:
        return False
    if table.name in company.wide:
        return True
    has_month = "month" in company.columns.get(table.name, {}) or any(c.strip().lower() == "month" for c in raw.columns)
    return not has_month and len(_months(raw)) >= FEWEST


def _months(raw: Raw) -> dict[str, tuple[int | None, int, bool]]:
    return {column: found for column in raw.columns if (found := month_of(column))}


def long(con, raw: Raw, table: Table, company: Company, label: str) -> Raw:
    """One row a cell that is not empty, with the columns ``month`` (YYYY-MM) and the value's, and ``source_file``:
    the file and the column of the cell.

    Raises `SalesOpsError` where no month is there, a year is missing or two columns mean the same month.
    """
    setting, months = company.wide.get(table.name), _months(raw)
    value = (setting and setting.value) or next(c.name for c in table.columns if c.required and c.name not in table.key)
    cure = f"set [wide.{table.name}] in {FILE_NAME}"
    if value not in table.names or not months:
        raise SalesOpsError(f"{label}: no columns such as M01, Jan or 2026-01 that could be {table.name}.{value}",
                            f"its columns: {listed(raw.columns, 30)}", cure)
    year = None if all(y for y, *_ in months.values()) else _year(raw, setting.year if setting else None, label, cure)
    fiscal = _fiscal(months, setting.months if setting else None, company, label, table.name)
    others = [c for c in raw.columns if c not in months and c != year]
    _refuse_twice(months, label)
    parts = " UNION ALL ".join(
        f"SELECT {LINE}, {quote(f'{label}, column {column}')} AS {FILE}, "
        f"{''.join(name_of(c) + ', ' for c in others)}{_month(found, year, fiscal)} AS month, "
        f"CAST({name_of(column)} AS VARCHAR) AS {name_of(value)} FROM {raw.relation} "
        f"WHERE trim(CAST({name_of(column)} AS VARCHAR)) <> ''"
        for column, found in months.items()
    )
    relation = f"{raw.relation}_long"
    con.raw_sql(f"CREATE OR REPLACE TEMP TABLE {relation} AS {parts}")
    facts = raw.facts | {"months": f"{len(months)} columns, one row for each cell that is not empty"}
    return Raw(relation, [*others, "month", value], raw.unreadable, facts)


def _year(raw: Raw, said: int | str | None, label: str, cure: str) -> int | str:
    """The year itself, or the column that holds it."""
    if isinstance(said, int):
        return said
    found = [c for c in raw.columns if c == said] or [c for c in raw.columns if c.lower() == (said or "year").lower()]
    if found:
        return found[0]
    raise SalesOpsError(f"{label} has months as columns and no year" + (f" (no column {said!r})" if said else ""),
                        f"a column with the year; its columns: {listed(raw.columns, 30)}", f"{cure}: year = 2026, "
                        "or year = \"the column\"")


def _fiscal(months: dict, said: str | None, company: Company, label: str, table: str) -> int:
    """Months by which M01 lies behind January."""
    if not any(bare for *_, bare in months.values()) or company.fiscal_year_start == 1 or said == "calendar":
        return 0
    if said == "fiscal":
        return company.fiscal_year_start - 1
    raise SalesOpsError(f"{label}: M01 can be January or the first month of the fiscal year", "calendar or fiscal",
                        f"say which: [wide.{table}] months = \"calendar\" in {FILE_NAME}")


def _refuse_twice(months: dict, label: str) -> None:
    seen: dict = {}
    for column, found in months.items():
        if (other := seen.setdefault(found[:2], column)) != column:
            raise SalesOpsError(f"{label}: the columns {other!r} and {column!r} are the same month", "each month once",
                                "take one of them out")


def _month(found: tuple[int | None, int, bool], year: int | str | None, fiscal: int) -> str:
    """SQL text for YYYY-MM; a fiscal year is called by the year in which it ends."""
    own, month, bare = found
    shift = fiscal if bare else 0
    back = 1 if shift and month + shift <= 12 else 0
    month = (month + shift - 1) % 12 + 1
    if own is not None:
        return quote(f"{own:04d}-{month:02d}")
    if isinstance(year, int):
        return quote(f"{year - back:04d}-{month:02d}")
    number = f"TRY_CAST(regexp_extract(CAST({name_of(year)} AS VARCHAR), '^\\s*(\\d{{4}})(\\.0*)?\\s*$', 1) AS INTEGER)"
    given = f"CAST({name_of(year)} AS VARCHAR)"
    return f"coalesce(printf('%04d-{month:02d}', {number} - {back}), {given} || '-{month:02d}')"
