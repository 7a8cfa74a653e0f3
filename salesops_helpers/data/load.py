"""The one door to the data: a source and a day in, trusted tables out."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from salesops_helpers.data.company import read_company
from salesops_helpers.data.container import Later, Tables
from salesops_helpers.data.currency import converted
from salesops_helpers.data.scope import scoped
from salesops_helpers.data.snapshot import snapshot
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.periods import month_end, month_start


def load(source: str | Path, as_of=None, month: str | None = None, by: str = "", unit: str = "") -> Tables:
    """The tables of a company, read, checked and cut to what was known at the end of a day.

    Parameters
    ----------
    source : str or Path
        A folder that holds a company.toml; a relative one is tried against the working directory, then against the
        nearest parent that holds pyproject.toml.
    as_of : date-like, optional
        The day; default: the extract date.
    month : str, optional
        ``YYYY-MM`` instead of `as_of`: the earlier of the month's last day and the extract date.

    by, unit : str
        ``region``, ``team`` or ``rep``, and which one (of a rep the rep_id): the tables of that unit, see
        `salesops_helpers.data.scope`. Empty: the company.

    Returns
    -------
    Tables
        Each table is read when it is first used; rows that cannot be used are left out here and kept, with their
        reasons, by ``salesops check``.

    Raises
    ------
    SalesOpsError
        Where the source cannot be read, the day or month lies outside the data, or there is no such unit.
    """
    from salesops_helpers.data.handover import handed_over

    def ordinary() -> Tables:
        return cut(read_all(source)[0], as_of, month)

    return scoped(handed_over(source, as_of, month, ordinary) or ordinary(), by, unit)


def read_all(source: str | Path):
    """The tables as of the extract date, and the `Checker` that holds counts, set-aside rows and flags."""
    from salesops_helpers.data.engine import Engine
    from salesops_helpers.data.quality import Checker

    checker = Checker(read_company(source))
    engine = Engine(checker)
    frames = Later({name: lambda name=name: checker.table(name).used for name in checker.names})
    last = checker.extract_date or _days(engine).iloc[0][["created_last", "closed_last"]].max()
    return Tables(checker.company, frames, last, notes=checker.company.notes, engine=engine), checker


def _days(engine) -> pd.DataFrame:
    """First and last day on which a used deal was created and closed: one row."""
    deals = engine.rows("opportunities")
    return engine.collect(deals.agg(
        created_first=deals["created_on"].min(), created_last=deals["created_on"].max(),
        closed_first=deals["closed_on"].min(), closed_last=deals["closed_on"].max()), "opportunities")


def cut(tables: Tables, as_of=None, month: str | None = None) -> Tables:
    """Tables cut to a day or to the end of a month that lies inside the data; see `load`."""
    first, first_closed, last = _span(tables)
    if month is not None:
        start, end = month_start(month), month_end(month)
        if not month_start(first_closed) <= start <= last:
            raise SalesOpsError(
                f"month {month} lies outside the data of {tables.company.name}",
                f"months from {first_closed:%Y-%m} to {last:%Y-%m}", f"choose one of them, such as {last:%Y-%m}",
            )
        return converted(snapshot(tables, min(end, last)))
    day = last if as_of is None else _day(as_of)
    if not first <= day <= last:
        raise SalesOpsError(
            f"as_of {day:%Y-%m-%d} lies outside the data of {tables.company.name}",
            f"days from {first:%Y-%m-%d} to {last:%Y-%m-%d}", "choose one of them",
        )
    return converted(snapshot(tables, day))


def _span(tables: Tables) -> tuple[pd.Timestamp, pd.Timestamp, pd.Timestamp]:
    """First day of the data, first day on which a deal closed, extract date."""
    if tables.large("opportunities"):
        created, closed = _days(tables.engine).iloc[0][["created_first", "closed_first"]]
    else:
        created, closed = tables.opportunities[["created_on", "closed_on"]].min()
    last = tables.extract_date
    first = min((day for day in (created, closed) if pd.notna(day)), default=last)
    return first, (closed if pd.notna(closed) else first), last


def _day(as_of) -> pd.Timestamp:
    try:
        return pd.Timestamp(as_of).normalize()
    except (ValueError, TypeError):
        raise SalesOpsError(f"as_of {as_of!r} is not a day", "YYYY-MM-DD", "write the day as YYYY-MM-DD") from None
