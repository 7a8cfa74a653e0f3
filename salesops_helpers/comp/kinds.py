"""Payout functions: from a measured value to pay as a multiple of its base.

The same lines compute in exact rationals (object arrays of `Fraction`) and in float64 (the simulation path); `number`
says which. Every function takes an array or a single number and gives one of the same length.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from salesops_helpers.comp.numbers import Condition

Number = type[Fraction] | type[float]
PIECE = 30_000  # numbers that are worked on together: 240 kB
SIGNS: dict[str, Callable] = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def shape(payout, x, number: Number):
    """Pay as a multiple of its base at the measured value `x` (attainment, or money for rates with bounds in money).

    Raises ``KeyError`` for a kind that has no payout function of a measured value (a bonus has a condition instead).
    """
    return KINDS[payout.kind](payout, x, number)


def flat(payout, x, number: Number):
    """rate × x."""
    return x * number(payout.rate.value)


def marginal(payout, x, number: Number):
    """Σ over bands: rate × the part of x in the band. Below 0 (returns) the first rate holds on."""
    rates = [tier.rate.value for tier in payout.tiers]
    bounds = [tier.start[0] for tier in payout.tiers]
    if number is float and isinstance(x, np.ndarray):
        return _banded(x, rates, bounds)
    many = np.atleast_1d(np.asarray(x, dtype=object if number is Fraction else float))
    total = many * number(rates[0] if bounds[0] == 0 else 0)
    for n, bound in enumerate(bounds):
        step = rates[n] - (rates[n - 1] if n else 0)  # above each bound the rate changes by this
        above_it = (many > number(bound)).astype(bool)
        if (n or bound) and step and above_it.any():
            total[above_it] = total[above_it] + (many[above_it] - number(bound)) * number(step)
    return total if isinstance(x, np.ndarray) else total[0]


def _banded(x: np.ndarray, rates: list[Fraction], bounds: list[Fraction]) -> np.ndarray:
    """`marginal` on float64, without a branch, piece by piece: beside the result one small array, which stays in cache.

    Where rates only rise, the highest of the bands' lines is what is paid; where they only fall, the lowest.
    """
    first, lines, best = _lines(tuple(rates), tuple(bounds))
    flat = np.ravel(x)
    total, over = np.empty(flat.shape), np.empty(min(PIECE, flat.size))
    for low in range(0, flat.size, PIECE):
        some, paid = flat[low : low + PIECE], total[low : low + PIECE]
        _add_bands(some, paid, over[: len(some)], first, lines, best)
    return total.reshape(np.shape(x))


@lru_cache(maxsize=256)
def _lines(rates: tuple[Fraction, ...], bounds: tuple[Fraction, ...]):
    """First rate; step, rate, bound and offset of each band after it; which of the lines is what is paid, if any is."""
    if bounds[0] > 0:
        rates, bounds = (Fraction(0), *rates), (Fraction(0), *bounds)
    steps = [high - low for low, high in pairwise(rates)]
    best = np.maximum if min(steps, default=0) >= 0 else np.minimum if max(steps) <= 0 else None
    offsets = accumulate(step * bound for step, bound in zip(steps, bounds[1:], strict=True))
    lines = zip(steps, rates[1:], bounds[1:], offsets, strict=True)
    return float(rates[0]), [tuple(float(number) for number in line) for line in lines], best


def _add_bands(x: np.ndarray, paid: np.ndarray, over: np.ndarray, first: float, lines: list, best) -> None:
    """One piece of `_banded`, into `paid`."""
    np.multiply(x, first, out=paid)
    for step, rate, bound, start in lines:
        if best is not None:
            np.multiply(x, rate, out=over)
            np.subtract(over, start, out=over)
            best(paid, over, out=paid)
        elif step:
            np.subtract(x, bound, out=over)
            np.maximum(over, 0.0, out=over)
            np.multiply(over, step, out=over)
            np.add(paid, over, out=paid)


class Added:
    """A flat or marginal payout on float64, added up over the spans before its rates apply.

    What lies above a bound adds up to Σ max(x, bound) less as many bounds: where no x passes it, exactly 0, as both are
    added in the same order.
    """

    def __init__(self, payout, spans: int, seats: int):
        if payout.kind == "flat":
            self.first, lines = float(payout.rate.value), []
        else:
            tiers = payout.tiers
            self.first, lines, _ = _lines(tuple(t.rate.value for t in tiers), tuple(t.start[0] for t in tiers))
        self.bands = [(step, bound, np.full((1, spans, seats), bound).sum(axis=1)) for step, _, bound, _ in lines]

    def of(self, x: np.ndarray) -> np.ndarray:
        """Pay of each draw and seat as a multiple of its base, of `x` by draw, span and seat."""
        total, size = np.empty((len(x), x.shape[2])), max(PIECE // max(x[0].size, 1), 1)
        over = np.empty((min(size, len(x)), *x.shape[1:]))
        for low in range(0, len(x), size):
            some, paid = x[low : low + size], total[low : low + size]
            self._piece(some, paid, over[: len(some)])
        return total

    def _piece(self, x: np.ndarray, paid: np.ndarray, over: np.ndarray) -> None:
        np.add.reduce(x, axis=1, out=paid)
        paid *= self.first
        for step, bound, under in self.bands:  # bounds rise: what is above the last is all that is left of x
            x = np.maximum(x, bound, out=over)
            part = np.add.reduce(x, axis=1)
            part -= under
            part *= step
            paid += part


def retroactive(payout, x, number: Number, reach=None):
    """x × the rate of the tier that x (or `reach`) reaches; ``tie`` decides exactly on a bound."""
    return _alike(x * _reached(payout, x if reach is None else reach, number), x)


def excess(payout, x, number: Number):
    """What lies above quota (x above 1) × the rate of the tier that x reaches; below quota the first rate."""
    base = number(payout.tiers[0].rate.value) if payout.tiers[0].start[0] == 0 else number(0)
    return _alike(np.minimum(x, number(1)) * base + above(payout, x, np.maximum(x - number(1), number(0)), number), x)


def above(payout, reach, over, number: Number):
    """`over`, the part above quota, × the rate of the tier that `reach` reaches."""
    return over * _reached(payout, reach, number)


def _reached(payout, x, number: Number):
    reaches = operator.ge if payout.tie == "upper" else operator.gt
    first, *others = payout.tiers
    rate = number(first.rate.value)
    rates = np.where(reaches(x, number(first.start[0])), rate, number(0)) if first.start[0] > 0 else rate
    for tier in others:
        rates = np.where(reaches(x, number(tier.start[0])), number(tier.rate.value), rates)
    return rates


def matrix(payout, down, across, number: Number):
    """The percentage in the row that `down` reaches and the column that `across` reaches; below the first row 0."""
    reaches = operator.ge if payout.tie == "upper" else operator.gt
    right = payout.columns.bounds if payout.columns else [None]
    total = down * number(0)
    for low, row in zip(payout.rows.bounds, payout.pays, strict=True):
        cells = number(0)
        for bound, cell in zip(right, row, strict=True):
            cells = number(cell) if bound is None else np.where(reaches(across, number(bound)), number(cell), cells)
        total = np.where(reaches(down, number(low)), cells, total)
    return _alike(total, down)


def curve(payout, x, number: Number):
    """Straight lines between the points; beyond the last flat, or on along the last line."""
    xs, ys = ([number(p[side][0]) for p in payout.points] for side in (0, 1))
    total = x * number(0) + ys[0]
    for n in range(len(xs) - 1):
        slope = (ys[n + 1] - ys[n]) / (xs[n + 1] - xs[n])
        last = n == len(xs) - 2 and payout.beyond == "extrapolate"
        part = np.maximum(x, xs[n]) if last else np.clip(x, xs[n], xs[n + 1])
        total = total + (part - xs[n]) * slope
    floor = payout.threshold[0] if payout.threshold else payout.points[0][0][0] if payout.below else None
    return total if floor is None else _alike(np.where(x < number(floor), number(0), total), x)


def met(condition: Condition, attainment, number: Number):
    """True where the attainment meets the condition."""
    return SIGNS[condition.sign](attainment, number(condition.bound))


def _alike(values, x):
    """numpy's 0-dimensional results as plain numbers where a plain number was given."""
    return values if isinstance(x, np.ndarray) else values.item() if isinstance(values, np.ndarray) else values


KINDS = {"flat": flat, "marginal": marginal, "retroactive": retroactive, "excess": excess, "curve": curve}
