"""What a notebook may be told: names that it declares, values of the kind that it declares.

papermill itself only warns of unknown names, writes them into the notebook as they are, and turns values that are not
JSON into text.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import reprlib
from collections.abc import Mapping
from pathlib import Path

from salesops_helpers.errors import SalesOpsError, listed
from salesops_helpers.report import catalog

DATED = {
    "a month, YYYY-MM": (re.compile(r"[0-9]{4}-[0-9]{2}"), "-01"),
    "a day, YYYY-MM-DD": (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), ""),
}
DEEPEST = 50
SEEN = reprlib.Repr()
SEEN.maxstring = SEEN.maxother = SEEN.maxlong = 200
PLAIN = "text, a number, true, false, none, or a list or mapping of these"


def check_parameters(path: Path, parameters: Mapping[str, object]) -> None:
    """Raise `SalesOpsError` unless each name is declared in the notebook and each value is of the declared kind.

    A value is plain JSON and of the kind of its default: text, a whole number (true and false are none), a number,
    true or false, a list, a mapping. A default that is a month or a day takes another one, a default ``None`` anything.
    """
    declared = catalog.declared(path)
    if unknown := [name for name in parameters if name not in declared]:
        raise SalesOpsError(f"{path.name} has no parameter {listed(unknown)}", listed(declared, 40),
                            "pass one of these, or declare it in the notebook's parameters cell")
    for name, value in parameters.items():
        allowed = kind(declared[name])
        if not (_is_plain(value) and _fits(value, declared[name])):
            raise SalesOpsError(f"{path.name}: parameter {name} = {SEEN.repr(value)}", allowed, f"pass {allowed}")


def kind(default: object) -> str:
    """What a parameter with this default may be, in words."""
    if isinstance(default, str):
        return next((words for words, (form, _) in DATED.items() if form.fullmatch(default)), "text")
    if default is None:
        return PLAIN
    words = {bool: "true or false", int: "a whole number", float: "a number", list: "a list", dict: "a mapping"}
    return words.get(type(default), PLAIN)


def _fits(value: object, default: object) -> bool:
    """Is a plain value of the kind of the default?"""
    if default is None:
        return True
    if isinstance(default, str):
        form = DATED.get(kind(default))
        return isinstance(value, str) and (form is None or _is_date(value, *form))
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    wanted = {int: int, float: (int, float), list: (list, tuple), tuple: (list, tuple), dict: dict}
    return isinstance(value, wanted.get(type(default), object))


def _is_date(value: str, form: re.Pattern, rest: str) -> bool:
    try:
        return bool(form.fullmatch(value)) and dt.date.fromisoformat(value + rest) is not None
    except ValueError:
        return False


def _is_plain(value: object, levels: int = DEEPEST) -> bool:
    """Can JSON in UTF-8 hold it, in so many levels?"""
    if isinstance(value, str):
        return not re.search(r"[\ud800-\udfff]", value)
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, (list, tuple)):
        return levels > 0 and all(_is_plain(item, levels - 1) for item in value)
    if isinstance(value, dict):
        keys = all(isinstance(key, str) and _is_plain(key) for key in value)
        return levels > 0 and keys and all(_is_plain(item, levels - 1) for item in value.values())
    return value is None or isinstance(value, int)
