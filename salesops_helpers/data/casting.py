"""From what a file says to typed values: names mapped, values mapped, texts read as dates, money, numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salesops_helpers.data import dates, normalise
from salesops_helpers.data.columns import Column, Table
from salesops_helpers.data.company import FILE_NAME, Company
from salesops_helpers.data.sources.base import FILE, LINE, Part
from salesops_helpers.errors import SalesOpsError

if TYPE_CHECKING:
    import ibis.expr.types as ir

TRUE, FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
TIMES, NUMBERS = ("date", "moment", "month"), ("money", "number")
FROM_1904 = 1462


def gathered(parts: list[Part], table: Table, company: Company) -> ir.Table:
    """The records of all parts, one below the other.

    Of each column ``given_<column>`` as the source gives it (trimmed, missing where it says so, its value mapped or its
    constant added) and ``read_<column>`` of the column's type, missing where it cannot be read; ``source_line`` and
    ``source_file``. How a part's dates and numbers are written is decided from all its values, and said in its facts.

    Raises `SalesOpsError` where the values do not tell how they are written.
    """
    import ibis

    held = {c for part in parts for c in part.names} | set(company.constants.get(table.name, {}))
    columns = [table.column(c) for c in table.names if c in held]
    read = [_read(part, columns, table, company) for part in parts]
    if len(read) == 1:
        return read[0]
    read = [r.drop(*[c for c in r.columns if c.startswith("raw_")]) for r in read]
    same = [r.mutate(**{f"given_{c.name}": r[f"given_{c.name}"].cast("string") for c in columns}) for r in read]
    return ibis.union(*same)


def _read(part: Part, columns: list[Column], table: Table, company: Company) -> ir.Table:
    import ibis

    _refuse_ambiguous(part)
    file = part.relation[FILE] if FILE in part.relation.columns else ibis.literal(part.label)
    given = part.relation.select(
        part.relation[LINE], **{FILE: file},
        **{f"given_{c.name}": _given(part, c, table, company) for c in columns},
        **{f"raw_{c.name}": _raw(part, c, table, company) for c in columns if c.type in NUMBERS + TIMES},
    )
    texts = [c for c in columns if c.name in part.names and given[f"given_{c.name}"].type().is_string()]
    numbers = normalise.look(given, table, [c for c in texts if c.type in NUMBERS], company)
    signs = normalise.decimals(numbers, table, company, part.label)
    plain = {seen.column for seen in numbers if seen.plain}
    later = (FROM_1904 if "date system" in part.facts else 0) if part.facts.get("kind") == "Excel" else None
    written = dates.look(given, table, [c for c in texts if c.type in TIMES], company, part.label, later)
    part.facts.update({f"dates in {c}": how.order for c, how in written.items() if how.order != dates.ISO})
    part.facts.update({f"decimal sign in {c}": sign for c, sign in signs.items() if sign != "."})

    def value(column: Column) -> ir.Value:
        name, here = column.name, given[f"given_{column.name}"]
        if column.type in NUMBERS:
            is_plain = name in plain or name not in signs
            here = given[f"raw_{name}"] if is_plain else here
            return _number(here, column, signs.get(name, "."), is_plain, table, company)
        if column.type in TIMES:
            how = written.get(name, dates.Written()) if here.type().is_string() else None
            here = given[f"raw_{name}"] if how == dates.Written() else here
            return dates.moment(here, column, how, later)
        return _boolean(here) if column.type == "boolean" else _text(here, column)

    return given.mutate(**{f"read_{c.name}": value(c).cast(_engine_type(c)) for c in columns})


def _raw(part: Part, column: Column, table: Table, company: Company) -> ir.Value:
    """The value without any care for blanks and missing words: where all are plain numbers or ISO, none is needed."""
    if column.name not in part.names or column.name in company.values.get(table.name, {}):
        return _given(part, column, table, company)
    return part.relation[part.names[column.name]]


def _refuse_ambiguous(part: Part) -> None:
    """A header that stands twice in a file matters only where the column is used."""
    there = {column.lower() for column in part.columns}
    if twice := [(c, source) for c, source in part.names.items() if f"{source} (2)".lower() in there]:
        column, source = twice[0]
        raise SalesOpsError(f"{part.label} has the column {source} more than once, and {column} is read from it",
                            "one column of that name", f"take one out, or map {column} to another in {FILE_NAME}")


def _given(part: Part, column: Column, table: Table, company: Company) -> ir.Value:
    import ibis

    constants, values = company.constants.get(table.name, {}), company.values.get(table.name, {})
    if column.name not in part.names:
        return ibis.literal(str(constants[column.name])) if column.name in constants else ibis.null("string")
    value = part.relation[part.names[column.name]]
    if value.type().is_string():
        value = normalise.present(value, column, table)
    return value.substitute(values[column.name]) if column.name in values else value


def typed(given: ir.Table, table: Table, company: Company) -> ir.Table:
    """Beside what was given each column of the table, typed; what cannot be read is missing there."""
    import ibis

    columns = {
        c.name: given[f"read_{c.name}"] if f"read_{c.name}" in given.columns else ibis.null(_engine_type(c))
        for c in table.columns
    }
    if table.name == "opportunities":
        columns["status"] = _status(columns, company)
    return given.select(*[c for c in given.columns if not c.startswith(("read_", "raw_"))], **columns)


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


def _number(value: ir.Value, column: Column, sign: str, plain: bool, table: Table, company: Company) -> ir.Value:
    import ibis

    if value.type().is_string():
        read = normalise.number(value, column, sign, plain, company)
    elif value.type().is_numeric() or value.type().is_boolean():
        read = value.cast("float64")
        read = (read.isnan() | read.isinf()).ifelse(None, read)
    else:
        return ibis.null("float64")
    return normalise.scaled(read, company.units.get(table.name, {}).get(column.name, 1))


def _text(value: ir.Value, column: Column) -> ir.StringValue:
    """A whole number in a column of fractions is an id that the source could not keep whole: 1001.0 is 1001."""
    if value.type().is_floating():
        whole = value == value.floor()
        value = whole.ifelse(value.try_cast("int64").cast("string"), value.cast("string"))
    value = value if value.type().is_string() else value.cast("string")
    return value.lower() if column.allowed else value


def _time(value: ir.Value, kind: str, is_text: bool) -> ir.TimestampValue:
    """ISO days, months and moments; see `dates.moment`."""
    return dates.moment(value, Column("", kind, ""), dates.Written() if is_text else None, None)


def _boolean(value: ir.Value) -> ir.BooleanValue:
    import ibis

    if not value.type().is_string():
        return value.cast("boolean") if value.type().is_numeric() or value.type().is_boolean() else ibis.null("boolean")
    low = value.lower()
    return ibis.cases((low.isin(TRUE), True), (low.isin(FALSE), False))
