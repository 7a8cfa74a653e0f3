"""What a source gives: for each table some parts, each the records of one file or view, nothing interpreted yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import pandas as pd

if TYPE_CHECKING:
    import ibis.expr.types as ir

LINE, FILE = "source_line", "source_file"


def no_records() -> pd.DataFrame:
    """The empty frame of unreadable records: source_line, reason, row."""
    return pd.DataFrame({LINE: pd.Series([], dtype="int64"), "reason": [], "row": []})


@dataclass(frozen=True)
class Raw:
    """One file in the engine.

    Attributes
    ----------
    relation : str
        Name of its table in the engine: the file's own columns and ``source_line``.
    columns : list of str
        The file's own columns. A name that stands there twice is kept once; the second is called ``name (2)``.
    unreadable : DataFrame
        source_line, reason, row: records that could not be read at all.
    facts : dict of str
        What was found out about the file, for readers: ``{"encoding": "UTF-8", "delimiter": "comma"}``.
    """

    relation: str
    columns: list[str]
    unreadable: pd.DataFrame = field(default_factory=no_records)
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """The records of one table that one file (or view) holds.

    Attributes
    ----------
    label : str
        The file's or view's name, for readers.
    relation : ibis Table
        The source's own columns, and ``source_line``: the record's number as a spreadsheet counts (header: line 1).
    columns : list of str
        The source's own column names.
    names : dict
        Column of the table → the source's column that holds it.
    unreadable : DataFrame
        source_line, reason, row: records that could not be read at all.
    facts : dict of str
        What was found out about the file, for readers. How its dates and numbers are written is added on reading.
    """

    label: str
    relation: ir.Table
    columns: list[str]
    names: dict[str, str]
    unreadable: pd.DataFrame = field(default_factory=no_records)
    facts: dict[str, str] = field(default_factory=dict)


class Source(Protocol):
    """Where the tables of a company come from.

    Attributes
    ----------
    con : ibis backend
        The engine that holds the records.
    names : list of str
        The tables that there are.
    """

    con: object
    names: list[str]

    def label(self, name: str) -> str:
        """The file or view of a table, for readers."""

    def parts(self, name: str) -> list[Part]:
        """The records of a table. Raises `SalesOpsError` where they cannot be that table at all."""
