"""How a column of numbers is written, found out from all its values, and its texts turned into numbers.

A value tells by itself where it can be read one way only: ``1.234,50``, ``0.5``, ``1234,5``, ``1.234.567``. ``1.234``
can be read two ways. Then another value of the column tells; else the other columns of the same file; else, for money,
the currency's minor unit (three decimals of EUR do not exist); else company.toml; else the run stops.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from salesops_helpers.data.columns import Column, Table
from salesops_helpers.data.company import FILE_NAME, Company
from salesops_helpers.data.sources.base import LINE
from salesops_helpers.errors import SalesOpsError

if TYPE_CHECKING:
    import ibis.expr.types as ir

MISSING = ("-", "—", "–", "N/A", "n/a", "null", "NULL", "None", "#N/A", "NaN")
SIGNS = {
    "EUR": "€", "USD": "US$ $", "GBP": "£", "JPY": "JP¥ ¥", "CNY": "CN¥ ¥ RMB", "CHF": "SFr. Fr. Fr", "INR": "₹ Rs. Rs",
    "SEK": "kr", "NOK": "kr", "DKK": "kr. kr", "PLN": "zł", "CZK": "Kč", "BRL": "R$", "CAD": "CA$ C$ $", "ZAR": "R",
    "AUD": "AU$ A$ $", "NZD": "NZ$ $", "SGD": "S$ $", "HKD": "HK$ $", "MXN": "MX$ $", "KRW": "₩", "ILS": "₪",
    "TRY": "₺", "HUF": "Ft", "THB": "฿", "VND": "₫", "PHP": "₱", "UAH": "₴", "RUB": "₽",
}
SPACES = r"[ \x{00A0}\x{202F}\x{2009}\x{2007}]+"
EDGE = "\ue000"
BODY = (rf"^(?:{EDGE} ?)?(?:[-+(] ?)?(?:{EDGE} ?)?([\d.,](?:[\d.,'’ ]*[\d.,])?)"
        rf" ?%?(?: ?{EDGE})?(?: ?[-)])?(?: ?{EDGE})?$")
BELOW = rf"^(?:{EDGE} ?)?-|-(?: ?{EDGE})?$|^(?:{EDGE} ?)?\(.*\)(?: ?{EDGE})?$"
HALF = rf"^[^()]*\)|\([^()]*$|^(?:{EDGE} ?)?[-+].*-(?: ?{EDGE})?$"
POWER = r"^[-+]?\d+(?:\.\d*)?[eE][-+]?\d+$"
TELLS = {
    ".": r"\d+\.\d{0,2}|\d+\.\d{4,}|\d{4,}\.\d+|0\d*\.\d+|\.\d+|\d{1,3}(?:,\d{2,3})+\.\d*|\d{1,3}(?:['’ ]\d{3})+\.\d*"
         r"|\d{1,3}(?:,\d{2,3})*,\d{2,3},\d{3}",
    ",": r"\d+,\d{0,2}|\d+,\d{4,}|\d{4,},\d+|0\d*,\d+|,\d+|\d{1,3}(?:\.\d{2,3})+,\d*|\d{1,3}(?:['’ ]\d{3})+,\d*"
         r"|\d{1,3}(?:\.\d{2,3})*\.\d{2,3}\.\d{3}",
}
UNCLEAR = {"1.": r"[1-9]\d{0,2}\.\d{3}", "1,": r"[1-9]\d{0,2},\d{3}"}
Place = tuple[int, str]


@dataclass(frozen=True)
class Seen:
    """What the values of one column say.

    ``plain``: the engine reads all of them as they are. ``places``: kind (the decimal sign that a value shows; ``1.``
    and ``1,`` for values that can be read two ways) → line and value of the first and of the last value of the kind.
    """

    column: str
    plain: bool
    places: dict[str, tuple[Place, Place]]


def is_id(column: Column, table: Table) -> bool:
    return column.name in table.key or bool(column.refers_to)


def present(value: ir.StringValue, column: Column, table: Table) -> ir.StringValue:
    """The text without blanks around it; empty is missing, and so are MISSING in ids and in what is not text.

    In other texts, such as a name, only the empty text is missing: somebody may be called None. (A list looked into
    only where the text is short: DuckDB makes a join of a long IN, over every row, asked for or not.)
    """
    import ibis

    value = stripped(value).nullif("")
    if column.type == "text" and not is_id(column, table):
        return value
    short = value.length() <= max(map(len, MISSING))
    return short.ifelse(ibis.array(MISSING).contains(value).ifelse(None, value), value)


def stripped(value: ir.StringValue) -> ir.StringValue:
    """The text without blanks at its ends; most texts have none, and looking is cheaper than stripping."""
    ends = value.endswith(" ") | value.endswith("\t") | value.endswith("\n") | value.endswith("\r")
    return ((value.ascii_str() <= 32) | ends).ifelse(value.strip(), value)


def tidy(value: ir.StringValue, company: Company) -> ir.StringValue:
    """One kind of space and of minus, and one sign for the company's own currency (another's makes it no number)."""
    own = (*SIGNS.get(company.currency, "").split(), company.currency)
    value = value.re_replace(SPACES, " ").replace("\u2212", "-").strip()
    return value.re_replace("(?i)" + "|".join(map(re.escape, own)), EDGE)


def look(given: ir.Table, table: Table, columns: list[Column], company: Company) -> list[Seen]:
    """What all values of the text columns `columns` (held as ``given_<column>``; ``raw_<column>``: untouched) say of
    how they are written.

    One pass over cheap signs; a second one, with patterns, for columns that are not plain numbers with a point.
    """
    if not columns:
        return []
    quick = {}
    for c in columns:
        value = untouched(given, c.name)
        third = value.substr(value.length() - 4, 1) == "."
        quick |= {f"{c.name}:odd": value.count() - value.try_cast("float64").count(), f"{c.name}:three": third.sum(),
                  f"{c.name}:other": (value.contains(".") & ~third).sum()}
    found = given.aggregate(**quick).to_pyarrow().to_pylist()[0]
    seen = []
    for c in columns:
        odd, three, other = (found[f"{c.name}:{kind}"] or 0 for kind in ("odd", "three", "other"))
        comma = company.written("numbers", table.name, c.name) == "," and three + other
        plain = not odd and not comma and (other or not three)
        seen.append(Seen(c.name, True, {".": ((0, ""), (0, ""))} if other else {}) if plain
                    else Seen(c.name, False, _places(given, c, company)))
    return seen


def untouched(given: ir.Table, column: str) -> ir.Column:
    """The column as the source holds it, which is quicker to look at, where the table has it."""
    return given[f"raw_{column}"] if f"raw_{column}" in given.columns else given[f"given_{column}"]


def _places(given: ir.Table, column: Column, company: Company) -> dict[str, tuple[Place, Place]]:
    value = given[f"given_{column.name}"]
    held = given.select(value=value, line=given[LINE], body=tidy(value, company).re_extract(BODY, 1))
    kinds = TELLS | UNCLEAR
    asked = {}
    for kind, pattern in kinds.items():
        hit = held["body"].re_search(f"^(?:{pattern})$")
        asked |= {f"{kind}first": held["line"].min(where=hit), f"{kind}last": held["line"].max(where=hit),
                  f"{kind}one": held["value"].argmin(held["line"], where=hit),
                  f"{kind}two": held["value"].argmax(held["line"], where=hit)}
    row = held.aggregate(**asked).to_pyarrow().to_pylist()[0]
    return {kind: ((row[f"{kind}first"], row[f"{kind}one"]), (row[f"{kind}last"], row[f"{kind}two"]))
            for kind in kinds if row[f"{kind}first"] is not None}


def decimals(seen: list[Seen], table: Table, company: Company, label: str) -> dict[str, str]:
    """The decimal sign of each column: ``.`` or ``,``.

    Raises `SalesOpsError` where a column's values contradict each other, or do not tell and nothing else does.
    """
    own = {s.column: _own(s, table, company, label) for s in seen}
    of_file = {sign for sign in own.values() if sign}
    return {s.column: own[s.column] or _else(s, table, company, label, of_file) for s in seen}


def _own(s: Seen, table: Table, company: Company, label: str) -> str | None:
    said, shown = company.written("numbers", table.name, s.column), [sign for sign in TELLS if sign in s.places]
    if len(shown) == 2 and not said:
        raise _stop(s, table, label, "are written in two ways", *(s.places[sign][0] for sign in shown))
    if said and shown and said not in shown:
        raise _stop(s, table, label, f"contradict the decimal sign {said!r} of {FILE_NAME}", *s.places[shown[0]])
    return said or (shown[0] if shown else None)


def _else(s: Seen, table: Table, company: Company, label: str, of_file: set[str]) -> str:
    unclear = [kind for kind in UNCLEAR if kind in s.places]
    if not unclear:
        return "."
    if len(of_file) == 1:
        return next(iter(of_file))
    unit = company.units.get(table.name, {}).get(s.column, 1)
    if table.column(s.column).type == "money" and company.minor_units < 3 and unit == 1 and len(unclear) == 1:
        return "," if unclear == ["1."] else "."
    places = [s.places[kind][0] for kind in unclear] if len(unclear) == 2 else s.places[unclear[0]]
    raise _stop(s, table, label, "can be read in two ways", *places)


def _stop(s: Seen, table: Table, label: str, what: str, first: Place, second: Place) -> SalesOpsError:
    rows = " and ".join(f"{value!r} (line {line})" for line, value in dict.fromkeys((first, second)))
    return SalesOpsError(
        f"{label}: the numbers in {table.name}.{s.column} {what}: {rows}",
        'a decimal sign that the values show, or that company.toml names: "." or ","',
        f'say which it is in {FILE_NAME}: [numbers] "{table.name}.{s.column}" = "," (or "."; decimal = "," for all)',
    )


def number(value: ir.StringValue, column: Column, sign: str, plain: bool, company: Company) -> ir.FloatingValue:
    """Texts as numbers, `sign` being the decimal sign; what is no number, or of another currency, is missing.

    A per cent sign divides by 100 where the column is a share, and makes it no number elsewhere.
    """
    import ibis

    if plain:
        return _finite(value.try_cast("float64"))
    text, group = tidy(value, company), re.escape("," if sign == "." else ".")
    body = text.re_extract(BODY, 1)
    shape = (rf"^(?:\d+|\d{{1,3}}(?:{group}\d{{2,3}})*{group}\d{{3}}|\d{{1,3}}(?:['’]\d{{3}})+|\d{{1,3}}(?: \d{{3}})+)?"
             rf"(?:{re.escape(sign)}\d*)?$")
    bare = body.re_replace(f"[{group}'’ ]", "").replace(sign, ".")
    size = (body.re_search(shape) & ~text.re_search(HALF)).ifelse(bare.try_cast("float64"), None)
    share = size / 100 if column.unit.startswith("share") else ibis.null("float64")
    size = text.contains("%").ifelse(share, size)
    power = text.re_search(POWER).ifelse(_finite(value.try_cast("float64")), None)
    return ibis.coalesce(_finite(text.re_search(BELOW).ifelse(-size, size)), power)


def _finite(value: ir.FloatingValue) -> ir.FloatingValue:
    return (value.isnan() | value.isinf()).ifelse(None, value)


def scaled(value: ir.NumericValue, unit: float | int) -> ir.NumericValue:
    """A number in the source's units times what one of them stands for: exact, to eight decimals."""
    import ibis

    if unit == 1:
        return value
    places = Decimal(str(unit))
    factor = ibis.literal(places, type=f"decimal(12, {max(-places.as_tuple().exponent, 0)})")
    return (value.try_cast("decimal(26, 8)") * factor).cast("float64")
