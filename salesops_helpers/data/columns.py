"""What a column and a table are: types, units, keys, references and time classes.

A column's *time class* says when its value was known. ``fixed``: since the row exists. ``dated``: since the day in
the column that `since` names. ``current``: it holds today's value, unknown for an earlier day unless a history
covers it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

TEXT = pd.StringDtype("pyarrow", na_value=np.nan)
DTYPES = {
    "text": TEXT,
    "date": np.dtype("datetime64[ns]"),
    "moment": np.dtype("datetime64[ns]"),
    "month": np.dtype("datetime64[ns]"),
    "money": np.dtype("float64"),
    "number": np.dtype("float64"),
    "boolean": np.dtype("bool"),
}
TYPE_WORDS = {
    "text": "text",
    "date": "date (naive, midnight)",
    "moment": "moment (naive UTC)",
    "month": "month (its first day)",
    "money": "money (major units of the company's currency)",
    "number": "number",
    "boolean": "true / false",
}


@dataclass(frozen=True)
class Column:
    """One column: its name, type, unit, meaning, time class, what it refers to and which values it may hold."""

    name: str
    type: str
    words: str
    unit: str = ""
    time: str = "fixed"
    since: str = ""
    refers_to: str = ""
    required: bool = False
    allowed: tuple[str, ...] = ()

    @property
    def dtype(self):
        return DTYPES[self.type]


@dataclass(frozen=True)
class Table:
    """One table: its name, what a row is, its key, its columns, and the column that dates a row (empty: undated)."""

    name: str
    words: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    dated_by: str = ""
    required: bool = False
    shows: str = ""

    def column(self, name: str) -> Column:
        return next(c for c in self.columns if c.name == name)

    @property
    def names(self) -> list[str]:
        return [c.name for c in self.columns]

    @property
    def must_have(self) -> list[str]:
        """Columns that a file of this table cannot do without."""
        return [c.name for c in self.columns if c.required or c.name in self.key]


def text(name: str, words: str, **more) -> Column:
    return Column(name, "text", words, **more)


def date(name: str, words: str, **more) -> Column:
    return Column(name, "date", words, **more)


def moment(name: str, words: str, **more) -> Column:
    return Column(name, "moment", words, **more)


def month(words: str = "the month") -> Column:
    return Column("month", "month", words, required=True)


def money(name: str, words: str, **more) -> Column:
    return Column(name, "money", words, unit="currency", **more)


def number(name: str, words: str, unit: str = "", **more) -> Column:
    return Column(name, "number", words, unit=unit, **more)


def rep(words: str = "the rep", **more) -> Column:
    return Column("rep_id", "text", words, refers_to="reps", **more)


def deal(**more) -> Column:
    return Column("opportunity_id", "text", "the deal", refers_to="opportunities", **more)


def product(**more) -> Column:
    return Column("product", "text", "the product's name", refers_to="products", **more)
