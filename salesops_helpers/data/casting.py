"""From what a file says to typed values: names mapped, values mapped, texts read as dates, money, numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salesops_helpers.data.columns import Column, Table
from salesops_helpers.data.company import FILE_NAME, Company
from salesops_helpers.data.sources.files import LINE, RawFile
from salesops_helpers.errors import SalesOpsError, listed

if TYPE_CHECKING:
    import ibis.expr.types as ir

TRUE, FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
FIRST_DAY, LAST_DAY = "1900-01-01", "2199-12-31"


def source_columns(raw: RawFile, table: Table, company: Company) -> dict[str, str]:
    """Column of the table → column of the file. Raises `SalesOpsError` where a mapped or required one is missing."""
    mapped, constants = company.columns.get(table.name, {}), company.constants.get(table.name, {})
    lost = [c for c, source in mapped.items() if source not in raw.columns]
    if lost:
        raise SalesOpsError(
            f"{raw.path.name} has no column {mapped[lost[0]]!r}, which {FILE_NAME} names for {table.name}.{lost[0]}",
            f"its columns: {listed(raw.columns, 30)}", f"mend [columns.{table.name}] in {FILE_NAME}",
        )
    found = {c: mapped.get(c, c) for c in table.names if mapped.get(c, c) in raw.columns}
    if without := [c for c in table.must_have if c not in found and c not in constants]:
        raise SalesOpsError(
            f"{raw.path.name} has no column {without[0]!r}, which the table {table.name} needs",
            f"its columns: {listed(raw.columns, 30)}",
            f"add it, or name the column that holds it: [columns.{table.name}] {without[0]} = \"…\" in {FILE_NAME}",
        )
    return found


def read_typed(relation: ir.Table, table: Table, found: dict[str, str], company: Company) -> ir.Table:
    """Each column of the table typed, and beside it ``given_<column>``: what the file gives, trimmed, empty as missing,
    its value mapped or its constant added. What cannot be cast is missing in the typed column alone."""
    import ibis

    given = {c: _given(relation, c, table.name, found, company) for c in table.names}
    columns = {c.name: _cast(given[c.name], c) if given[c.name] is not None else ibis.null(_engine_type(c))
               for c in table.columns}
    if table.name == "opportunities":
        columns["status"] = _status(columns, company)
    shown = {f"given_{c}": value for c, value in given.items() if value is not None}
    return relation.select(relation[LINE], **columns, **shown)


def _given(relation: ir.Table, column: str, table: str, found: dict[str, str], company: Company) -> ir.Value | None:
    import ibis

    constants, values = company.constants.get(table, {}), company.values.get(table, {})
    if column not in found:
        return ibis.literal(str(constants[column])) if column in constants else None
    value = relation[found[column]]
    value = value.strip().nullif("") if value.type().is_string() else value
    return value.substitute(values[column]) if column in values else value


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
