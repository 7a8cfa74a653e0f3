"""Tables that a notebook hands on: to other notebooks, to the workbook, to whoever opens the CSV."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd

GUARDED = r"'*[=+\-@\t\r]"


def csv_safe(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame whose texts no spreadsheet takes for a formula: texts that begin with one of ``= + - @`` get a ``'``.

    So do those that begin so after ``'``, that `unguarded` gives back the true text of each.
    """
    return _texts_changed(frame, lambda texts: texts.where(~_begins(texts, GUARDED), "'" + texts.astype(str)))


def unguarded(frame: pd.DataFrame) -> pd.DataFrame:
    """The true texts of a frame that went through `csv_safe`."""
    return _texts_changed(frame, lambda texts: texts.where(~_begins(texts, "'" + GUARDED), texts.astype(str).str[1:]))


def _texts_changed(frame: pd.DataFrame, change: Callable[[pd.Series], pd.Series]) -> pd.DataFrame:
    changed = {
        name: change(values.astype(object))
        if pd.api.types.is_object_dtype(values) or pd.api.types.is_string_dtype(values) else values
        for name, values in frame.items()
    }
    return pd.DataFrame(changed, index=frame.index)


def _begins(texts: pd.Series, pattern: str) -> pd.Series:
    return texts.map(lambda v: isinstance(v, str) and re.match(pattern, v) is not None).astype(bool)


def published(name: str, folder: str) -> pd.DataFrame | None:
    """The table that another page published as ``<folder>/<name>.csv``; None where it is not there, or `folder` empty.

    Columns called ``month`` and those that end in ``_on``, ``_at`` or ``_month`` are dates where all their values are,
    those that end in ``_id`` or ``_key``, and ``unit``, texts; the guard against formulas is taken off.
    """
    path = Path(folder) / f"{name}.csv"
    if not folder or not path.is_file():
        return None
    columns = pd.read_csv(path, nrows=0).columns
    keys = {name: str for name in columns if name == "unit" or name.endswith(("_id", "_key"))}
    frame = pd.read_csv(path, float_precision="round_trip", keep_default_na=False, na_values=[""], dtype=keys)
    dates = [c for c in frame if (c == "month" or c.endswith(("_on", "_at", "_month"))) and _are_dates(frame[c])]
    texts = [c for c in frame if c not in dates and not pd.api.types.is_numeric_dtype(frame[c])
             and not pd.api.types.is_bool_dtype(frame[c])]
    return frame.assign(**{c: pd.to_datetime(frame[c]) for c in dates}, **unguarded(frame[texts]))


def _are_dates(values: pd.Series) -> bool:
    if pd.api.types.is_bool_dtype(values) or pd.api.types.is_numeric_dtype(values):
        return values.isna().all()
    return pd.to_datetime(values, errors="coerce", format="ISO8601").notna().sum() == values.notna().sum()


def publish(frame: pd.DataFrame, name: str, folder: str) -> None:
    """Write `frame` as ``<folder>/<name>.csv``, safe to open in a spreadsheet; nothing where `folder` is empty.

    The same frame gives the same bytes: floats as their shortest exact form, days as YYYY-MM-DD, line ends as ``\\n``.
    """
    if folder:
        path = Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        safe = csv_safe(frame)
        quoting = csv.QUOTE_NONNUMERIC if _any_return(safe) else csv.QUOTE_MINIMAL
        safe.to_csv(path / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8", quoting=quoting)


def _any_return(frame: pd.DataFrame) -> bool:
    """Does any text hold a carriage return, which a spreadsheet takes for the end of a row unless it is quoted?"""
    texts = [values for _, values in frame.items() if not pd.api.types.is_numeric_dtype(values)]
    return any(values.astype(str).str.contains("\r", regex=False).any() for values in texts)
