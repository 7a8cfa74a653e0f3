"""What a rule saw in the rows that it marks, as texts on their index."""

from __future__ import annotations

import numpy as np
import pandas as pd


def nothing(rows: pd.DataFrame) -> pd.Series:
    """Nothing more to say about these rows."""
    return pd.Series("", index=rows.index, dtype=object)


def days(values: pd.Series, words: str) -> pd.Series:
    """Days as ``words 2026-03-01``."""
    return (words + " " + values.dt.strftime("%Y-%m-%d").astype(object)).fillna("").astype(object)


def amounts(values: pd.Series, form: str = "{:,.0f}") -> pd.Series:
    return values.map(form.format).astype(object)


def times(factor: pd.Series, of: str) -> pd.Series:
    """Factors such as 10.2 or 0.1 as ``10 times the usual``, ``one 10th of the usual``."""
    up = factor >= 1
    size = amounts(factor.where(up, 1 / factor))
    return pd.Series(np.where(up, size + f" times the {of}", "one " + size + f"th of the {of}"), factor.index, object)


def like(other: pd.Series) -> pd.Series:
    return ("like " + other.astype(object)).astype(object)
