"""How a column of dates is written, found out from all its values, and its texts turned into ISO dates.

ISO dates, dates that begin with the year, names of months, and counts of milliseconds are read as they are. For dates
such as 05/01/2026 the column's values decide: 13/01/2026 can be day first only. Where they do not tell, or contradict
each other, the run stops; nothing is guessed. A year of two digits is 1969 to 2068.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from salesops_helpers.data.columns import Column, Table
from salesops_helpers.data.company import FILE_NAME, Company
from salesops_helpers.data.normalise import untouched
from salesops_helpers.data.sources.base import LINE
from salesops_helpers.errors import SalesOpsError

if TYPE_CHECKING:
    import ibis.expr.types as ir

FIRST_DAY, LAST_DAY = "1900-01-01", "2199-12-31"
ISO, DAY, MONTH, YEAR = "ISO", "day first", "month first", "year first"
PARTS = {DAY: (r"\3", r"\2", r"\1"), MONTH: (r"\3", r"\1", r"\2"), YEAR: (r"\1", r"\2", r"\3")}
SPACES = r"[ \x{00A0}\x{202F}\x{2009}]+"
REST = r"((?:[ ,T].*)?)$"
FOUR = r"^(\d{1,2})[./-](\d{1,2})[./-](\d{4})" + REST
TWO = r"^(\d{1,2})[./-](\d{1,2})[./-](\d{2})" + REST
NAMES = ("jan(?:uary)?", "feb(?:ruary)?", "mar(?:ch)?", "apr(?:il)?", "may", "june?", "july?", "aug(?:ust)?",
         "sept?(?:ember)?", "oct(?:ober)?", "nov(?:ember)?", "dec(?:ember)?")
NAMED = "(" + "|".join(NAMES) + ")"
HALVES = r"(?i)\d ?[ap]\.?m\.?(?:\W|$)"
CLOCK = r"(?i)^(\S+) (\d{1,2})(:\d{2}(?::\d{2}(?:\.\d+)?)?) ?([ap])\.?m\.?(.*)$"


@dataclass(frozen=True)
class Written:
    """How one column is written: the order of its figures, and whether names of months and 12-hour clocks occur."""

    order: str = ISO
    names: bool = False
    clock: bool = False
    serial: int | None = None


def look(given: ir.Table, table: Table, columns: list[Column], company: Company, label: str, serial: int | None
         ) -> dict[str, Written]:
    """How the text columns `columns` (held as ``given_<column>``; ``raw_<column>``: untouched) are written.

    Parameters
    ----------
    serial : int, optional
        Numbers of five digits are days, as a workbook counts them, this many days later than Excel's count.

    Raises
    ------
    SalesOpsError
        Where values of a column can be read in two ways and none tells, or they contradict each other.
    """
    if not columns:
        return {}
    raw = {c: untouched(given, c.name) for c in columns}
    odd = {c.name: (value.notnull() & ~_is_iso(value, c)).sum() for c, value in raw.items()}
    found = given.aggregate(**odd).to_pyarrow().to_pylist()[0]
    return {c.name: _closely(given, table, c, company, label, serial) if found[c.name] else Written() for c in columns}


def _is_iso(value: ir.StringValue, column: Column) -> ir.BooleanValue:
    whole = value.like("____-__-__%") & ~value.endswith(" ")
    return whole | value.like("____-__") if column.type == "month" else whole


def _closely(given, table: Table, column: Column, company: Company, label: str, serial: int | None) -> Written:
    value = given[f"given_{column.name}"].re_replace(SPACES, " ")
    held = given.select(value=value, line=given[LINE], one=_day(iso(value, column, Written(DAY))),
                        other=_day(iso(value, column, Written(MONTH))), back=_day(iso(value, column, Written(YEAR))),
                        first=value.re_extract(TWO, 1).nullif(""), last=value.re_extract(TWO, 3).nullif(""))
    figures = held["value"].re_search(f"{FOUR}|{TWO}")
    kinds = {
        DAY: figures & held["one"].notnull() & held["other"].isnull(),
        MONTH: figures & held["one"].isnull() & held["other"].notnull(),
        "unclear": figures & (held["one"] != held["other"]),
        YEAR: held["first"].notnull() & held["back"].notnull() & (held["one"].notnull() | held["other"].notnull()),
        "not year": held["first"].notnull() & held["back"].isnull() & (held["one"].notnull() | held["other"].notnull()),
    }
    asked = {"names": held["value"].re_search("(?i)" + NAMED).any(), "clock": held["value"].re_search(HALVES).any(),
             "firsts": held["first"].nunique(), "lasts": held["last"].nunique()}
    for kind, hit in kinds.items():
        asked |= {f"{kind}:from": held["line"].min(where=hit), f"{kind}:to": held["line"].max(where=hit),
                  f"{kind}:one": held["value"].argmin(held["line"], where=hit),
                  f"{kind}:two": held["value"].argmax(held["line"], where=hit)}
    row = held.aggregate(**asked).to_pyarrow().to_pylist()[0]
    places = {kind: ((row[f"{kind}:from"], row[f"{kind}:one"]), (row[f"{kind}:to"], row[f"{kind}:two"]))
              for kind in kinds if row[f"{kind}:from"] is not None}
    if row["lasts"] < row["firsts"] or "not year" in places:
        places.pop(YEAR, None)
    order = _order(places, company.written("dates", table.name, column.name), f"{table.name}.{column.name}", label)
    return Written(order, bool(row["names"]), bool(row["clock"]), serial)


def _order(places: dict, said: str | None, column: str, label: str) -> str:
    """The order that the values show; `said` settles what they do not show."""
    shown = [order for order in (DAY, MONTH) if order in places]
    if said == YEAR and (YEAR in places or not shown):
        return YEAR
    said = None if said == YEAR else said
    if YEAR in places and not said:
        raise _stop(column, label, "have years of two digits, which may stand first or last", *places[YEAR])
    if said and shown and said not in shown:
        raise _stop(column, label, f"contradict the setting {said!r} of {FILE_NAME}", *places[shown[0]])
    if said:
        return said
    if len(shown) == 2:
        raise _stop(column, label, "are day first in one row and month first in another",
                    *(places[order][0] for order in shown))
    if shown:
        return shown[0]
    if "unclear" in places:
        raise _stop(column, label, "can be day first or month first, and no value tells", *places["unclear"])
    return DAY


def _stop(column: str, label: str, what: str, first: tuple, second: tuple) -> SalesOpsError:
    rows = " and ".join(f"{value!r} (line {line})" for line, value in dict.fromkeys((first, second)))
    return SalesOpsError(
        f"{label}: the dates in {column} {what}: {rows}",
        "ISO dates (YYYY-MM-DD), or one order that the values show or company.toml names",
        f'say which it is in {FILE_NAME}: [dates] "{column}" = "{DAY}" (or "{MONTH}", "{YEAR}"; order = … for all)',
    )


def iso(value: ir.StringValue, column: Column, how: Written) -> ir.StringValue:
    """Texts as ISO texts, as far as they are dates of that order; others as they are."""
    if how == Written():
        return _whole_month(value) if column.type == "month" else value
    year, month, day = PARTS[how.order if how.order in PARTS else DAY]
    text = value.re_replace(SPACES, " ").strip()
    text = text.re_replace(r"^(\d{4})[./-](\d{1,2})[./-](\d{1,2})" + REST, r"\1-\2-\3\4")
    text = text.re_replace(r"^(\d{4})(\d{2})(\d{2})$", r"\1-\2-\3")
    if how.order != YEAR:
        text = text.re_replace(FOUR, rf"{year}-{month}-{day}\4")
    text = text.re_replace(TWO, rf"yy{year}-{month}-{day}\4")
    if how.names:
        text = _named(text, column)
    text = text.re_replace(r"^yy([0-5]\d|6[0-8])-", r"20\1-").re_replace(r"^yy(\d\d)-", r"19\1-")
    if column.type == "month":
        text = _whole_month(text.re_replace(r"^(\d{1,2})[./-](\d{4})$", r"\2-\1")
                            .re_replace(r"^(\d{4})[./ -]?M?(\d{1,2})$", r"\1-\2"))
    text = text.re_replace(r"^(\d{4}-\d{1,2}-\d{1,2})[ ,T]+", r"\1 ")
    return _counted(_clock(text) if how.clock else text, value, how)


def _whole_month(text: ir.StringValue) -> ir.StringValue:
    return text.re_search(r"^\d{4}-\d{1,2}$").ifelse(text + "-01", text)


def _named(text: ir.StringValue, column: Column) -> ir.StringValue:
    """``5 Jan 2026``, ``05-Jan-26``, ``Jan 5, 2026``; a column of months also ``Jan 2026`` and ``Jan-26``."""
    text = text.re_replace(rf"(?i)^(\d{{1,2}})[ .-]*{NAMED}[ .,-]*(\d{{4}})" + REST, r"\3-\2-\1\4")
    text = text.re_replace(rf"(?i)^(\d{{1,2}})[ .-]*{NAMED}[ .,-]*(\d{{2}})" + REST, r"yy\3-\2-\1\4")
    text = text.re_replace(rf"(?i)^{NAMED}\.? (\d{{1,2}})(?:st|nd|rd|th)?,? (\d{{4}})" + REST, r"\3-\1-\2\4")
    if column.type == "month":
        text = text.re_replace(rf"(?i)^{NAMED}[ .,'-]*(\d{{4}})$", r"\2-\1-01")
        text = text.re_replace(rf"(?i)^{NAMED}[ .,'-]*(\d{{2}})$", r"yy\2-\1-01")
    for number, name in enumerate(NAMES, 1):
        text = text.re_replace(rf"(?i)^((?:yy)?\d+)-{name}-", rf"\1-{number:02d}-")
    return text


def _clock(text: ir.StringValue) -> ir.StringValue:
    """A 12-hour clock as a 24-hour one."""
    hour = text.re_extract(CLOCK, 2).try_cast("int64")
    later = text.re_extract(CLOCK, 4).lower() == "p"
    whole = (hour % 12 + later.ifelse(12, 0)).cast("string")
    turned = text.re_extract(CLOCK, 1) + " " + whole + text.re_extract(CLOCK, 3) + text.re_extract(CLOCK, 5)
    return text.re_search(CLOCK).ifelse(hour.between(1, 12).ifelse(turned, None), text)


def _counted(text: ir.StringValue, value: ir.StringValue, how: Written) -> ir.StringValue:
    """Milliseconds since 1970 (13 digits), and a workbook's days."""
    import ibis

    count = value.re_search(r"^\d{13}$").ifelse(value, None).try_cast("int64").as_timestamp("ms").cast("string")
    parts = [(value.re_search(r"^\d{13}$"), count)]
    if how.serial is not None:
        is_day = value.re_search(r"^\d{5}(?:\.\d+)?$")
        parts.append((is_day, moment_of(is_day.ifelse(value, None).try_cast("float64"), how.serial).cast("string")))
    return ibis.cases(*parts, else_=text)


def moment_of(days: ir.NumericValue, later: int = 0) -> ir.TimestampValue:
    """A workbook's count of days (45000 is 2023-03-15) as a moment; `later` is 1462 where it counts from 1904."""
    return ((days.cast("float64") + later - 25569) * 86400).round().cast("int64").as_timestamp("s")


def _day(text: ir.StringValue) -> ir.TimestampValue:
    return inside(text.re_extract(r"^(\d{4}-\d{1,2}-\d{1,2})", 1).try_cast("date").cast("timestamp"))


def inside(moment: ir.TimestampValue) -> ir.TimestampValue:
    """Moments within FIRST_DAY to LAST_DAY; others are missing."""
    import ibis

    return moment.between(ibis.timestamp(FIRST_DAY), ibis.timestamp(LAST_DAY)).ifelse(moment, None)


def moment(value: ir.Value, column: Column, how: Written | None, later: int | None) -> ir.TimestampValue:
    """Days, months and moments (an offset is taken into account; a day is the one that is written).

    `how` says how texts are written. Numbers are YYYYMMDD, milliseconds since 1970, or a workbook's days.
    """
    if how is not None:
        text = iso(value, column, how)
        read = text.try_cast("timestamp('UTC')").cast("timestamp")
        head = text.substr(0, 10) if how == Written() else text.re_extract(r"^(\d{4}-\d{1,2}-\d{1,2})", 1)
        day = head.try_cast("date").cast("timestamp")
        read = read if column.type == "moment" else read.notnull().ifelse(day, None)
    else:
        read = _from_number(value, later or 0) if value.type().is_numeric() else value.cast("timestamp")
        read = read if column.type == "moment" else read.truncate("D")
    return inside(read.truncate("M") if column.type == "month" else read)


def _from_number(value: ir.NumericValue, later: int) -> ir.TimestampValue:
    import ibis

    whole = value.cast("float64")
    text = whole.round().try_cast("int64").cast("string")
    dashed = text.re_replace(r"^(\d{4})(\d{2})(\d{2})$", r"\1-\2-\3").re_replace(r"^(\d{4})(\d{2})$", r"\1-\2-01")
    return ibis.cases(
        (whole.between(10_000, 99_999), moment_of(whole, later)),
        (whole.between(190_000, 22_000_000), dashed.try_cast("date").cast("timestamp")),
        (whole.between(1e11, 1e13), whole.between(1e11, 1e13).ifelse(whole, None).try_cast("int64").as_timestamp("ms")),
    )
