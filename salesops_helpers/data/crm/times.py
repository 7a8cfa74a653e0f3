"""Moments as CRMs write them, for the few places that must order or subtract them before they are cast."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salesops_helpers.data.casting import _time

if TYPE_CHECKING:
    import ibis.expr.types as ir

EPOCH_MILLISECONDS = r"^\d{12,13}$"


def moment(value: ir.Value) -> ir.TimestampValue:
    """The value as a moment (naive UTC); missing where it is none."""
    return _time(value, "moment", value.type().is_string())


def readable(value: ir.Value) -> ir.Value:
    """The value, with milliseconds since 1970 (as some APIs write moments) turned into a moment's text."""
    if not value.type().is_string():
        return value
    counted = value.re_search(EPOCH_MILLISECONDS).ifelse(value, None).try_cast("int64").as_timestamp("ms")
    return counted.isnull().ifelse(value, counted.cast("string"))


def minutes_between(start: ir.Value, end: ir.Value) -> ir.FloatingValue:
    """Minutes from `start` to `end`; missing where either is no moment."""
    return (moment(end).epoch_seconds() - moment(start).epoch_seconds()) / 60
