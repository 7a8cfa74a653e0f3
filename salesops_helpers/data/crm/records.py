"""The records of one CRM object: fields by name, whatever the file's headers are called."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pandas as pd

from salesops_helpers.data.casting import FALSE, TRUE
from salesops_helpers.data.company import Company
from salesops_helpers.data.crm.maps import CrmObject
from salesops_helpers.data.sources.base import LINE

if TYPE_CHECKING:
    import ibis.expr.types as ir

EXACT_IN_FLOAT = 2**53
DELETED = "the CRM has marked it as deleted"


@dataclass(frozen=True)
class Records:
    """One file (or view) of one CRM object.

    Attributes
    ----------
    known : CrmObject
        What the packaged map says of it.
    label : str
        The file's name, for readers.
    relation : ibis Table
        Its own columns and ``source_line``.
    columns : list of str
        Its own columns.
    headers : dict
        Field → its column.
    unreadable : DataFrame
        Records that could not be read at all.
    company : Company
        Whose records they are.
    facts : dict
        What was found out about the file.
    """

    known: CrmObject
    label: str
    relation: ir.Table
    columns: list[str]
    headers: dict[str, str]
    unreadable: pd.DataFrame
    company: Company
    facts: dict[str, str] = field(default_factory=dict)

    def has(self, *fields: str) -> bool:
        """Are all these fields there?"""
        return set(fields) <= set(self.headers)

    def value(self, *fields: str) -> ir.Value:
        """The first of `fields` that is there, trimmed, empty as missing, with its own type; missing where none is."""
        import ibis

        name = next((f for f in fields if f in self.headers), None)
        return ibis.null("string") if name is None else self.column(self.headers[name])

    def column(self, name: str) -> ir.Value:
        """One of the file's own columns, trimmed, empty as missing."""
        value = self.relation[name]
        return value.strip().nullif("") if value.type().is_string() else value

    def text(self, *fields: str) -> ir.StringValue:
        """The same as text; a whole number without decimals, so that an id stays an id."""
        return as_text(self.value(*fields))

    def number(self, name: str) -> ir.FloatingValue:
        """The field as a number; missing where it is none."""
        value = self.value(name)
        if not value.type().is_string():
            return value.cast("float64")
        return value.re_replace(r"\s*%$", "").replace(",", ".").try_cast("float64")

    def flag(self, name: str) -> ir.BooleanValue:
        """The field as true or false, written as a boolean, a word or 0 / 1; missing where it is neither."""
        import ibis

        low = self.text(name).lower()
        return ibis.cases((low.isin(TRUE), True), (low.isin(FALSE), False))

    def mapped(self, name: str) -> ir.StringValue:
        """The field by the object's value map, case apart; missing where the map does not hold it."""
        values = self.known.values[name]
        low = self.text(name).lower()
        return low.cases(*values.items()) if values else low


def as_text(value: ir.Value) -> ir.StringValue:
    if value.type().is_floating():
        whole = (value == value.round()) & (value.abs() < EXACT_IN_FLOAT)
        return whole.ifelse(value.cast("int64").cast("string"), value.cast("string"))
    return value if value.type().is_string() else value.cast("string")


@dataclass(frozen=True)
class Shaped:
    """Records on their way into a table.

    Attributes
    ----------
    records : Records
        Where they come from.
    relation : ibis Table
        The rows, with ``source_line``.
    values : dict
        Column of the table → its value, from `relation`.
    aside : list of ibis Table
        Records that do not get there: source_line, rule, reason, key, and the record.
    facts : dict
        What a reader should know about them.
    """

    records: Records
    relation: ir.Table
    values: dict[str, ir.Value]
    aside: list[ir.Table] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)


def leave_out(
    records: Records, key: str, reasons: list[tuple[ir.BooleanValue, str, str]]
) -> tuple[Records, list[ir.Table]]:
    """The records without those that one of `reasons` (condition, rule, words) meets, and those, each with the first
    that it meets."""
    import ibis

    if not reasons:
        return records, []
    rules = [(condition.fill_null(False), i) for i, (condition, _, _) in enumerate(reasons)]
    which = "left out"
    marked = records.relation.mutate(**{which: ibis.cases(*rules)})
    out = marked.filter(marked[which].notnull())
    aside = out.select(
        LINE, rule=out[which].cases(*enumerate(rule for _, rule, _ in reasons)),
        reason=out[which].cases(*enumerate(words for _, _, words in reasons)),
        key=replace(records, relation=out).text(key),
        **{f"record {c}": out[c].cast("string") for c in records.columns},
    )
    return replace(records, relation=marked.filter(marked[which].isnull()).drop(which)), [aside]


def deleted(records: Records) -> list[tuple[ir.BooleanValue, str, str]]:
    """The reason to leave out what the CRM has marked as deleted, where the file says so."""
    return [(records.flag("is_deleted"), "deleted", DELETED)] if records.has("is_deleted") else []
