"""A published table read back from its CSV file with its types: numbers, days, moments, yes and no, true texts."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from salesops_helpers.publish import unguarded

NUMBER = r"[+-]?(?:(?:0|[1-9]\d{0,14})(?:\.\d+)?(?:[eE][+-]?\d+)?|inf)"
DAY = r"\d{4}-\d{2}-\d{2}"
MOMENT = DAY + r"[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?"
IDENTITY = re.compile(r"(?:^|_)(?:id|key|code)$")
SHARES = {"share", "rate", "attainment", "probability", "percent", "p", "raw", "weight"}
SMALLEST_DAY, TENTHS = pd.Timestamp("1900-01-01"), 0.01


def read(path: Path) -> pd.DataFrame:
    """The table in `path`, each column with the type that all its values bear.

    A number has no leading zero and at most 15 digits before the point, so that no key changes; columns that are named
    as a key (``…_id``, ``…_key``) stay texts. Texts come without the guard against spreadsheets.
    """
    try:
        texts = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""], encoding="utf-8")
    except pd.errors.EmptyDataError:
        return pd.DataFrame()
    typed = {name: _typed(str(name), values) for name, values in unguarded(texts).items()}
    return pd.DataFrame(typed, index=texts.index)


def _typed(name: str, texts: pd.Series) -> pd.Series:
    given = texts.dropna()
    if given.empty or IDENTITY.search(name):
        return texts
    if given.isin(["True", "False"]).all():
        return texts.map({"True": True, "False": False}).astype("boolean" if texts.hasnans else bool)
    if given.str.fullmatch(NUMBER).all():
        whole = given.str.fullmatch(r"[+-]?\d+").all() and not texts.hasnans
        return pd.to_numeric(texts).astype("int64" if whole else "float64")
    if given.str.fullmatch(f"{DAY}|{MOMENT}").all():
        moments = pd.to_datetime(texts, errors="coerce", format="ISO8601")
        kept = moments.notna().sum() == len(given) and (moments.dropna() >= SMALLEST_DAY).all()
        return moments if kept else texts
    return texts


def unit_of(name: str, values: pd.Series) -> str:
    """The unit in which a column of numbers reads best: share, count, cents, currency or number.

    By its name (a share is called one: ``win_rate``, ``flagged_share``), else by its numbers.
    """
    there = values.dropna().astype(float)
    there = there[there.abs() != float("inf")]
    if set(name.lower().split("_")) & SHARES and (there.abs() <= 10).all() and not _whole(there, 1).all():
        return "share"
    if there.empty or _whole(there, 1).all():
        return "count"
    if _whole(there, 100).all():
        return "cents"
    return "currency" if there.abs().median() >= 1000 else "number"


def _whole(values: pd.Series, parts: int) -> pd.Series:
    scaled = values * parts
    return (scaled - scaled.round()).abs() <= 1e-9 * scaled.abs().clip(lower=1)
