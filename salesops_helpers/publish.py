"""Tables that a notebook hands on: to other notebooks, to the workbook, to whoever opens the CSV."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

RISKY = ("=", "+", "-", "@", "\t", "\r")
GUARDED = r"^'([=+\-@\t\r])"


def csv_safe(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame whose texts no spreadsheet takes for a formula: texts that begin with one of ``= + - @`` get a ``'``."""
    guarded = {}
    for name, values in frame.items():
        if pd.api.types.is_object_dtype(values) or pd.api.types.is_string_dtype(values):
            texts = values.astype(object)
            risky = texts.map(lambda v: isinstance(v, str) and v.startswith(RISKY)).astype(bool)
            guarded[name] = texts.where(~risky, "'" + texts.astype(str))
        else:
            guarded[name] = values
    return pd.DataFrame(guarded, index=frame.index)


def published(name: str, folder: str) -> pd.DataFrame | None:
    """The table that another page published as ``<folder>/<name>.csv``; None where it is not there, or `folder` empty.

    Columns called ``month`` and those that end in ``_on``, ``_at`` or ``_month`` are dates; a guard against formulas is
    taken off.
    """
    path = Path(folder) / f"{name}.csv"
    if not folder or not path.is_file():
        return None
    frame = pd.read_csv(path, float_precision="round_trip", keep_default_na=False, na_values=[""])
    dates = [c for c in frame if c == "month" or c.endswith(("_on", "_at", "_month"))]
    texts = [c for c in frame if c not in dates and not pd.api.types.is_numeric_dtype(frame[c])
             and not pd.api.types.is_bool_dtype(frame[c])]
    plain = {c: frame[c].str.replace(GUARDED, r"\1", regex=True) for c in texts}
    return frame.assign(**{c: pd.to_datetime(frame[c]) for c in dates}, **plain)


def publish(frame: pd.DataFrame, name: str, folder: str) -> None:
    """Write `frame` as ``<folder>/<name>.csv``, safe to open in a spreadsheet; nothing where `folder` is empty.

    The same frame gives the same bytes: floats as their shortest exact form, days as YYYY-MM-DD, line ends as ``\\n``.
    """
    if folder:
        path = Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        csv_safe(frame).to_csv(path / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8")
