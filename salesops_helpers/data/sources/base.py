"""What a source gives: for each table some parts, each the records of one file or view, nothing interpreted yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import pandas as pd

if TYPE_CHECKING:
    import ibis.expr.types as ir

LINE, FILE = "source_line", "source_file"


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
        What was found out about the file, for readers: ``{"encoding": "UTF-8", "delimiter": "comma"}``.
    """

    label: str
    relation: ir.Table
    columns: list[str]
    names: dict[str, str]
    unreadable: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=[LINE, "reason", "row"]))
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
