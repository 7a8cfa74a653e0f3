"""Exact arithmetic on whole columns: money as integers, rates as fractions, one rounding, shares that add up."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd

from salesops_helpers.errors import SalesOpsError

_fraction = np.frompyfunc(Fraction, 2, 1)
_floor = np.frompyfunc(lambda value: value.numerator // value.denominator, 1, 1)
_HALF = Fraction(1, 2)


def minor(values: pd.Series, minor_units: int, what: str) -> np.ndarray:
    """Money in major units as Python integers of minor units; missing as 0.

    Raises `SalesOpsError` where an amount is finer than the minor unit.
    """
    scaled = values.fillna(0.0).to_numpy(float) * 10**minor_units
    whole = np.rint(scaled)
    off = np.abs(scaled - whole) > 1e-3 + np.abs(scaled) * 1e-15
    if off.any():
        raise SalesOpsError(
            f"{what} = {float(values.fillna(0.0).to_numpy(float)[off][0])!r} is finer than the minor unit",
            f"at most {minor_units} decimals",
            "round the amounts in the source",
        )
    return whole.astype(np.int64).astype(object)


def shares(values: pd.Series) -> np.ndarray:
    """Shares as the exact decimals that were written; missing as 1."""
    known = {value: Fraction(repr(float(value))) for value in values.dropna().unique()}
    return values.map(known).astype(object).where(values.notna(), Fraction(1)).to_numpy(object)


def ratio(tops, bottoms) -> np.ndarray:
    """Whole numbers divided exactly, element by element."""
    return np.asarray(_fraction(tops, bottoms), dtype=object)


def floats(values) -> np.ndarray:
    """Exact numbers as the nearest float64, for reading and figures alone; None as missing."""
    return pd.to_numeric(pd.Series(values, dtype=object).astype("float64")).to_numpy()


def rounded(values, scale: int, mode: str) -> np.ndarray:
    """Major units rounded once to integers of 10^-scale.

    half_up: a half goes away from zero; half_down: towards zero; half_even: to the even neighbour.
    """
    scaled = np.asarray(values, dtype=object) * 10**scale
    size = np.abs(scaled)
    whole = _floor(size)
    rest = size - whole
    up = {
        "half_up": rest >= _HALF,
        "half_down": rest > _HALF,
        "half_even": (rest > _HALF) | ((rest == _HALF) & (whole % 2 == 1)),
    }[mode]
    whole = whole + up.astype(int).astype(object)
    return np.where(scaled < 0, -whole, whole).astype(object)


def floored(values, scale: int) -> np.ndarray:
    """Major units cut to integers of 10^-scale, never above the exact value."""
    return np.asarray(_floor(np.asarray(values, dtype=object) * 10**scale), dtype=object)


def spread(totals, parts, groups: pd.Series, keys: pd.Series) -> np.ndarray:
    """Integer totals spread over the lines of their group in proportion to `parts`, by largest remainder.

    Parameters
    ----------
    totals : array of int
        The total of the line's group, repeated on each line.
    parts : array of int
        The line's weight; the parts of a group must not add up to 0.
    groups, keys : Series
        The line's group and its key; between equal remainders the smaller key comes first.

    Returns
    -------
    array of int
        One amount a line; the lines of a group add up to its total exactly, whatever the order of the lines.
    """
    lines = pd.DataFrame({"total": totals, "part": parts}, dtype=object)
    lines["group"], lines["key"] = groups.to_numpy(), keys.astype(object).to_numpy()
    whole = lines.groupby("group")["part"].transform("sum").astype(object)
    sign = np.where(whole.to_numpy(object) < 0, -1, 1).astype(object)
    tops = lines["total"] * lines["part"] * sign
    lines["line"], lines["rest"] = tops // (whole * sign), tops % (whole * sign)
    lines["rest"] = -ratio(lines["rest"].to_numpy(object), (whole * sign).to_numpy(object))
    order = lines.sort_values(["group", "rest", "key"], kind="stable")
    left = order["total"] - order.groupby("group")["line"].transform("sum")
    extra = (order.groupby("group").cumcount() < left.astype("int64")).astype(int)
    return (order["line"] + extra.astype(object)).reindex(lines.index).to_numpy(object)
