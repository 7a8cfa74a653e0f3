"""Rows filtered and summed up where they are: what comes back is a small tidy frame, as of the tables' day."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from salesops_helpers.data.columns import DTYPES
from salesops_helpers.data.container import Tables
from salesops_helpers.data.tables import TABLES
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.periods import month_start

PERIODS = {"day": "D", "month": "M", "quarter": "Q", "year": "Y"}
EXACT = "decimal(38, 6)"
"""Sums are made in decimals: the same whatever the order in which an engine adds."""


def counted(
    tables: Tables, name: str, by: Sequence[str] = (), per: str | None = None, sums: Sequence[str] = (),
    start: str | pd.Timestamp | None = None, end: str | pd.Timestamp | None = None,
) -> pd.DataFrame:
    """How many rows a table has, by columns and period, counted in the engine.

    Parameters
    ----------
    by : sequence of str
        Columns of the table.
    per : {None, "day", "month", "quarter", "year"}
        Also by the period in which a row is dated; rows without a date are not counted then.
    sums : sequence of str
        Columns of amounts or numbers to add up beside (missing counts as nothing).
    start, end : month, optional
        Only rows dated in these months, both included.

    Returns
    -------
    DataFrame
        The columns of `by`, the period's first day (in a column named like `per`), rows, and one column a sum; sorted.

    Raises
    ------
    SalesOpsError
        Where a column or the period is none of the table's, or the rows cannot be read.
    """
    table, relation = TABLES[name], tables.rows(name)
    _refuse_unknown(name, [*by, *sums], per, dated=start is not None or end is not None)
    if start is not None:
        relation = relation.filter(relation[table.dated_by] >= month_start(start))
    if end is not None:
        relation = relation.filter(relation[table.dated_by] < month_start(end) + pd.DateOffset(months=1))
    keys = {c: relation[c] for c in by}
    if per is not None:
        relation = relation.filter(relation[table.dated_by].notnull())
        keys |= {per: relation[table.dated_by].truncate(PERIODS[per])}
    sought = {c: relation[c].cast(EXACT).sum().cast("float64").coalesce(0.0) for c in sums}
    sought = {"rows": relation.count(), **sought}
    sums_of = relation.group_by(**keys).agg(**sought) if keys else relation.agg(**sought)
    frame = tables.rows_engine.collect(sums_of, name)
    types = {c: table.column(c).dtype for c in by} | ({per: DTYPES["date"]} if per else {}) | {"rows": "int64"}
    return frame.astype(types).sort_values(list(keys) or "rows", ignore_index=True)


def _refuse_unknown(name: str, columns: list[str], per: str | None, dated: bool) -> None:
    table = TABLES[name]
    if unknown := [c for c in columns if c not in table.names]:
        raise SalesOpsError(f"{name} has no column {unknown[0]!r}", ", ".join(table.names), "choose one of these")
    if per is not None and per not in PERIODS:
        raise SalesOpsError(f"per={per!r} is no period", f"None, {', '.join(PERIODS)}", "choose one of these")
    if (per is not None or dated) and not table.dated_by:
        raise SalesOpsError(f"the rows of {name} have no date", "no period, start or end", "leave them out")
