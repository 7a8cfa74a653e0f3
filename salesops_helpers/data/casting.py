"""From what a file says to typed values: names mapped, values mapped, texts read as dates, money, numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salesops_helpers.data.columns import Column, Table
from salesops_helpers.data.company import Company
from salesops_helpers.data.sources.base import FILE, LINE, Part

if TYPE_CHECKING:
    import ibis.expr.types as ir

TRUE, FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
FIRST_DAY, LAST_DAY = "1900-01-01", "2199-12-31"


def gathered(parts: list[Part], table: Table, company: Company) -> ir.Table:
    """The records of all parts, one below the other: ``given_<column>`` as the source gives it (trimmed, empty as
    missing, its value mapped or its constant added), ``source_line`` and ``source_file``."""
    import ibis

    held = {c for part in parts for c in part.names} | set(company.constants.get(table.name, {}))
    columns = [c for c in table.names if c in held]
    selected = []
    for part in parts:
        given = {f"given_{c}": _given(part, c, table.name, company) for c in columns}
        if len(parts) > 1:
            given = {name: value.cast("string") for name, value in given.items()}
        selected.append(part.relation.select(part.relation[LINE], **{FILE: ibis.literal(part.label)}, **given))
    return selected[0] if len(parts) == 1 else ibis.union(*selected)


def _given(part: Part, column: str, table: str, company: Company) -> ir.Value:
    import ibis

    constants, values = company.constants.get(table, {}), company.values.get(table, {})
    if column not in part.names:
        return ibis.literal(str(constants[column])) if column in constants else ibis.null("string")
    value = part.relation[part.names[column]]
    value = value.strip().nullif("") if value.type().is_string() else value
    return value.substitute(values[column]) if column in values else value


def typed(given: ir.Table, table: Table, company: Company) -> ir.Table:
    """Beside what was given each column of the table, typed; what cannot be cast is missing there."""
    import ibis

    columns = {
        c.name: _cast(given[f"given_{c.name}"], c) if f"given_{c.name}" in given.columns
        else ibis.null(_engine_type(c)) for c in table.columns
    }
    if table.name == "opportunities":
        columns["status"] = _status(columns, company)
    return given.mutate(**columns)


def _status(columns: dict[str, ir.Value], company: Company) -> ir.StringValue:
    """The status that the file gives, else what the stage means."""
    import ibis

    stage = columns["stage"]
    by_stage = ibis.cases((stage.isin(company.won_stages), "won"), (stage.isin(company.lost_stages), "lost"),
                          (stage.isin(company.stages), "open"))
    return ibis.coalesce(columns["status"], by_stage)


def _engine_type(column: Column) -> str:
    types = {"text": "string", "date": "timestamp", "moment": "timestamp", "month": "timestamp", "boolean": "boolean"}
    return types.get(column.type, "float64")


def _cast(value: ir.Value, column: Column) -> ir.Value:
    is_text = value.type().is_string()
    if column.type == "text":
        value = value if is_text else value.cast("string")
        return value.lower() if column.allowed else value
    if column.type == "boolean":
        return _boolean(value) if is_text else value.cast("boolean")
    if column.type in ("money", "number"):
        number = value.try_cast("float64") if is_text else value.cast("float64")
        return (number.isnan() | number.isinf()).ifelse(None, number)
    return _time(value, column.type, is_text)


def _boolean(value: ir.StringValue) -> ir.BooleanValue:
    import ibis

    low = value.lower()
    return ibis.cases((low.isin(TRUE), True), (low.isin(FALSE), False))


def _time(value: ir.Value, kind: str, is_text: bool) -> ir.TimestampValue:
    """ISO days, months and moments (an offset is taken into account) within FIRST_DAY to LAST_DAY."""
    import ibis

    if is_text:
        whole = (value.length() == 7).ifelse(value + "-01", value) if kind == "month" else value
        moment = whole.try_cast("timestamp('UTC')").cast("timestamp")
        day = whole.substr(0, 10).try_cast("date").cast("timestamp")
        moment = moment if kind == "moment" else moment.notnull().ifelse(day, None)
    else:
        moment = value.cast("timestamp")
        moment = moment if kind == "moment" else moment.truncate("D")
    moment = moment.truncate("M") if kind == "month" else moment
    inside = moment.between(ibis.timestamp(FIRST_DAY), ibis.timestamp(LAST_DAY))
    return inside.ifelse(moment, None)
