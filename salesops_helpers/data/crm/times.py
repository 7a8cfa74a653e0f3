"""Moments as CRMs write them, for the few places that must order or subtract them before they are cast."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salesops_helpers.data import dates
from salesops_helpers.data.columns import moment as moments
from salesops_helpers.data.crm.records import Records
from salesops_helpers.data.sources.base import LINE
from salesops_helpers.data.tables import TABLES

if TYPE_CHECKING:
    import ibis.expr.types as ir

EPOCH_MILLISECONDS = r"^\d{12,13}$"


def moment(records: Records, value: ir.Value, name: str) -> ir.TimestampValue:
    """A value of the records as a moment (naive UTC); missing where it is none.

    How a text column is written is found out from all its values, and settled under the name `name` of the table's
    column where they do not tell; raises `SalesOpsError` where nothing does.
    """
    column, how = moments(name, ""), None
    if value.type().is_string():
        given = records.relation.select(LINE, **{f"given_{name}": value})
        table = TABLES[records.known.table]
        how = dates.look(given, table, [column], records.company, records.label, _later(records))[name]
    return dates.moment(value, column, how, _later(records))


def _later(records: Records) -> int | None:
    """How many days later a workbook counts; None: it is no workbook."""
    from salesops_helpers.data.casting import FROM_1904

    later = FROM_1904 if "date system" in records.facts else 0
    return later if records.facts.get("kind") == "Excel" else None


def readable(value: ir.Value) -> ir.Value:
    """The value, with milliseconds since 1970 (as some APIs write moments) turned into a moment's text."""
    if not value.type().is_string():
        return value
    counted = value.re_search(EPOCH_MILLISECONDS).ifelse(value, None).try_cast("int64").as_timestamp("ms")
    return counted.isnull().ifelse(value, counted.cast("string"))


def minutes_between(records: Records, start: ir.Value, end: ir.Value) -> ir.FloatingValue:
    """Minutes from `start` to `end`; missing where either is no moment."""
    first, last = moment(records, start, "occurred_at"), moment(records, end, "occurred_at")
    return (last.epoch_seconds() - first.epoch_seconds()) / 60
