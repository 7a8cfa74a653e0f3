"""Exact arithmetic on whole columns: money as integers, rates as fractions, one rounding, shares that add up."""

from __future__ import annotations

from fractions import Fraction
from math import lcm

import numpy as np
import pandas as pd

from salesops_helpers.errors import SalesOpsError

_fraction = np.frompyfunc(Fraction, 2, 1)
_floor = np.frompyfunc(lambda value: value.numerator // value.denominator, 1, 1)
_numerator = np.frompyfunc(lambda value: value.numerator, 1, 1)
_denominator = np.frompyfunc(lambda value: value.denominator, 1, 1)


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
    values = np.asarray(values, dtype=object)
    top, bottom = _numerator(values), _denominator(values)
    size = np.abs(top) * 10**scale
    whole = size // bottom
    rest = (size - whole * bottom) * 2
    up = {
        "half_up": rest >= bottom,
        "half_down": rest > bottom,
        "half_even": (rest > bottom) | ((rest == bottom) & (whole % 2 == 1)),
    }[mode]
    whole = whole + up.astype(int).astype(object)
    return np.where(top < 0, -whole, whole).astype(object)


def floored(values, scale: int) -> np.ndarray:
    """Major units cut to integers of 10^-scale, never above the exact value."""
    return np.asarray(_floor(np.asarray(values, dtype=object) * 10**scale), dtype=object)


def spread(totals, parts, groups: pd.Series, keys: pd.Series) -> np.ndarray:
    """Integer totals spread over the lines of their group in proportion to `parts`, by largest remainder.

    Parameters
    ----------
    totals : array of int
        The total of the line's group, repeated on each line.
    parts : array of int or Fraction
        The line's weight; the parts of a group must not add up to 0.
    groups, keys : Series
        The line's group and its key; between equal remainders the smaller key comes first.

    Returns
    -------
    array of int
        One amount a line; the lines of a group add up to its total exactly, whatever the order of the lines.
    """
    group = pd.factorize(groups, sort=False)[0]
    rank = pd.factorize(pd.Series(keys, dtype=object), sort=True)[0]
    totals, parts = small(totals), small(whole_numbers(parts))
    if totals.dtype != object and parts.dtype != object and _largest(totals) * _largest(parts) >= 2**62:
        totals = totals.astype(object)
    whole = _added(parts, group)[group]
    tops, whole = np.where(whole < 0, -totals * parts, totals * parts), np.abs(whole)
    line, rest = tops // whole, tops % whole
    left = _added(totals * 0 + line, group)
    first = np.zeros(len(left), dtype=totals.dtype)
    first[group] = totals
    order = np.lexsort((rank, -rest, group)) if rest.dtype != object else _ordered(group, rest, rank)
    place = np.empty(len(group), dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(np.bincount(group))])
    place[order] = np.arange(len(group)) - starts[group[order]]
    extra = place < (first - left)[group]
    return (line + extra).astype(object)


def whole_numbers(values) -> np.ndarray:
    """Exact numbers, all multiplied by their common denominator."""
    values = np.asarray(values)
    if values.dtype != object:
        return values
    bottoms = {v.denominator for v in values.tolist()}
    common = lcm(1, *bottoms)
    if common == 1:
        return _numerator(values)
    return _numerator(values * common)


def small(values) -> np.ndarray:
    """Python integers as int64 where products of two of them fit it, else as they are."""
    values = np.asarray(values)
    if values.dtype != object:
        return values.astype(np.int64)
    return values.astype(np.int64) if _largest(values) < 2**62 else values


def _largest(values: np.ndarray) -> int:
    return max((int(values.max()), -int(values.min())), default=0) if len(values) else 0


def _added(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    total = np.zeros(int(group.max()) + 1 if len(group) else 0, dtype=values.dtype)
    np.add.at(total, group, values)
    return total


def _ordered(group: np.ndarray, rest: np.ndarray, rank: np.ndarray) -> np.ndarray:
    frame = pd.DataFrame({"group": group, "rest": -rest, "rank": rank})
    return frame.sort_values(["group", "rest", "rank"], kind="stable").index.to_numpy()
