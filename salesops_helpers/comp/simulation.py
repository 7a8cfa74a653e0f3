"""Possible years of pay: the credit of all seats drawn in blocks, every plan evaluated on the same draws.

A draw's credit of a seat in a month = what is expected there × a multiple drawn from a stated distribution × the common
market. With the forecast's draws, the seats of each draw and month sum to the forecast's bookings instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np

from salesops_helpers.comp.evaluate import Payer
from salesops_helpers.comp.footing import Absent, Block, Footing
from salesops_helpers.comp.plans import Plan

CELLS, KEPT = 120_000, 1_500_000  # seats × months × draws of a block, and of the draws that are kept
STEPS, WIDEST = 2_048, 5.0  # the multiples stand in a table of so many normal scores on either side


@dataclass(frozen=True)
class Assumptions:
    """What the draws rest on beside the past.

    Attributes
    ----------
    shock : float
        Standard deviation of the market that all seats share over the year, as a share of bookings.
    leaving : float
        Share of seats whose rep leaves within twelve months.
    vacant : int
        Months that such a seat stays empty.
    ramp : tuple of float
        Share of the expected credit in a new rep's first months.
    """

    shock: float = 0.10
    leaving: float = 0.0
    vacant: int = 3
    ramp: tuple[float, ...] = (0.25, 0.5, 0.75)


@dataclass(frozen=True)
class Market:
    """Where credit is drawn from.

    Attributes
    ----------
    expected : ndarray
        Expected credit, months × seats (currency).
    multiples : ndarray
        `table_of` past multiples: a month's credit ÷ what was expected.
    footing : Footing
        Goals and targets, and the units of the seats.
    forecast : ndarray or None
        The forecast's draws of all seats' credit, draws × first months (currency).
    """

    expected: np.ndarray
    multiples: np.ndarray
    footing: Footing
    forecast: np.ndarray | None = None


def table_of(multiples: Sequence[float]) -> np.ndarray:
    """Multiples by normal score, from −5 to 5 in steps of 1/2048 of that: the quantiles of what was seen, mean 1."""
    scores = (np.arange(2 * STEPS) - STEPS + 0.5) * (WIDEST / STEPS)
    normal = NormalDist()
    below = np.array([normal.cdf(z) for z in np.append(scores - WIDEST / STEPS / 2, WIDEST)])
    found = np.quantile(np.asarray(multiples, dtype=float), (below[:-1] + below[1:]) / 2)
    return found / np.average(found, weights=np.diff(below))


@dataclass
class Simulated:
    """Plans on the same draws.

    Attributes
    ----------
    plans : list of Plan
    market, assumptions, seed
        What was drawn.
    cost : ndarray
        plans × draws: pay of all seats over all months (currency, unrounded).
    bookings : ndarray
        Credit of all seats in each draw (currency).
    by_seat : ndarray
        plans × seats: mean pay (currency).
    kept : Block
        The first draws themselves.
    lift : list of float
        By how much each plan's people sell more, as a share: the response that was assumed.
    """

    plans: list[Plan]
    market: Market
    assumptions: Assumptions
    seed: int
    cost: np.ndarray
    bookings: np.ndarray
    by_seat: np.ndarray
    kept: Block
    lift: list[float]
    _pay: dict = field(default_factory=dict, repr=False)

    @property
    def independent(self) -> int:
        """Draws that differ in their common market: all of them, or as many as the forecast gives."""
        given = self.market.forecast
        return len(self.bookings) if given is None else min(len(given), len(self.bookings))

    def kept_pay(self, n: int) -> np.ndarray:
        """Pay under plan `n` of each kept draw and seat (currency)."""
        if n not in self._pay:
            self._pay[n] = Payer(self.plans[n], self.market.footing).pay(self.kept.lifted(self.lift[n]))
        return self._pay[n]


def simulate(
    plans: Sequence[Plan], market: Market, assumptions: Assumptions, size: int = 10_000, seed: int = 7,
    common: bool = True, lift: Sequence[float] | None = None,
) -> Simulated:
    """Cost of every plan in `size` possible years.

    Parameters
    ----------
    plans : sequence of Plan
        Evaluated on the same draws. Raises `SalesOpsError` for a plan with a part that is not simulated.
    market, assumptions
        What is drawn.
    size, seed : int
        Number of draws; of the random numbers: the same seed gives the same draws whatever the plans are.
    common : bool
        False: without the common market (each seat's own chance alone), on the same own chances.
    lift : sequence of float, optional
        How much more is sold under each plan than is drawn, as a share: an assumption on behaviour; none by default.

    Notes
    -----
    Memory does not grow with `size` but for one number a plan and draw: credit lives in blocks, and at most 1.5 million
    cells of it are kept.
    """
    payers = [Payer(plan, market.footing) for plan in plans]
    cost = np.empty((len(plans), size))
    by_seat = np.zeros((len(plans), market.expected.shape[1]))
    lift = [0.0] * len(plans) if lift is None else list(lift)
    bookings, kept, first = np.empty(size), [], 0
    most = max(KEPT // market.expected.size, 2)
    for block in blocks(market, assumptions, size, seed, common):
        last = first + len(block.credit)
        bookings[first:last] = block.credit.sum(axis=(1, 2))
        for n, payer in enumerate(payers):
            pay = payer.pay(block.lifted(lift[n]))
            cost[n, first:last] = pay.sum(axis=1)
            by_seat[n] += pay.sum(axis=0)
        if first < most:
            kept.append((first, block))
        first = last
    joined = _joined(kept, most)
    return Simulated(list(plans), market, assumptions, seed, cost, bookings, by_seat / size, joined, lift)


def blocks(market: Market, assumptions: Assumptions, size: int, seed: int, common: bool = True) -> Iterator[Block]:
    """The draws, block by block."""
    own, gone, shared = (np.random.default_rng([seed, part]) for part in range(3))
    months, seats = market.expected.shape
    step = max(CELLS // (months * seats), 1)
    factor, forecast = _common(market, assumptions, size, shared, common)
    course = turnover(assumptions, months)
    buffer = np.empty((min(step, size), months, seats))
    places = np.empty(buffer.shape, dtype=np.intp)
    for first in range(0, size, step):
        n = min(step, size - first)
        z = buffer[:n]
        own.standard_normal(out=z)
        z *= STEPS / WIDEST
        z += STEPS
        np.copyto(places[:n], z, casting="unsafe")
        credit = market.multiples.take(places[:n], mode="clip")
        credit *= market.expected
        absent = _leave(*course, gone, credit) if assumptions.leaving else None
        totals = None if forecast is None else forecast[first:first + n]
        _shaken(credit, market, assumptions, factor[first:first + n], totals)
        yield Block(credit, market.footing.unit, absent)


def _common(market: Market, assumptions: Assumptions, size: int, rng, common: bool):
    """The market's factor of each draw, and the forecast's bookings of its first months (None without them)."""
    given, shock = market.forecast, assumptions.shock if common else 0.0
    if given is None:
        return np.exp(shock * rng.standard_normal(size) - shock**2 / 2), None
    rank = np.argsort(np.argsort(given.sum(axis=1))) + 0.5
    score = np.array([NormalDist().inv_cdf(r) for r in rank / len(given)])
    which = np.arange(size) % len(given)
    factor = np.exp(shock * score - shock**2 / 2)
    return (factor / factor.mean())[which], given[which] if common else None


def _shaken(credit: np.ndarray, market: Market, assumptions: Assumptions, factor: np.ndarray, totals) -> None:
    """The common market put on the credit, in place: the forecast's sums in its months, the factor in the others."""
    given = 0 if market.forecast is None else market.forecast.shape[1]
    credit[:, given:] *= factor[:, None, None]
    if totals is not None:
        sold = credit[:, :given].sum(axis=2)
        credit[:, :given] *= (totals / np.where(sold > 0, sold, 1.0))[:, :, None]
    elif given:
        chances, courses = turnover(assumptions, credit.shape[1])
        filled = (1 - chances.sum() + chances @ courses)[:given]
        level = market.forecast.mean(axis=0) / (market.expected[:given].sum(axis=1) * filled)
        credit[:, :given] *= level[:, None]


def _leave(chances: np.ndarray, courses: np.ndarray, rng, credit: np.ndarray) -> Absent:
    """Seats whose rep leaves in some month: empty, then filled by a rep who ramps up; changes `credit` in place."""
    n, months, seats = credit.shape
    chance = rng.random((n, seats), dtype=np.float32)
    draw, seat = np.nonzero(chance < chances.sum())
    left = np.searchsorted(np.cumsum(chances), chance[draw, seat], side="right")
    factor = courses[np.minimum(left, months - 1)]
    credit[draw, :, seat] *= factor
    return Absent(draw, seat, factor > 0)


def turnover(assumptions: Assumptions, months: int) -> tuple[np.ndarray, np.ndarray]:
    """The chance that a seat's rep leaves at the start of each month, and the share of the expected credit that the
    seat then gives in every month (months of leaving × months)."""
    monthly = 1 - (1 - assumptions.leaving) ** (1 / 12)
    after = np.r_[np.zeros(assumptions.vacant), assumptions.ramp, np.ones(months)]
    courses = np.array([np.r_[np.ones(month), after][:months] for month in range(months)])
    return monthly * (1 - monthly) ** np.arange(months), courses


def _joined(parts: list[tuple[int, Block]], most: int) -> Block:
    credit = np.concatenate([block.credit for _, block in parts])[:most]
    absent = [(first, block.absent) for first, block in parts if block.absent is not None]
    if not absent:
        return Block(credit, parts[0][1].unit)
    draw = np.concatenate([first + one.draw for first, one in absent])
    keep = draw < len(credit)
    seat, present = (np.concatenate([getattr(one, name) for _, one in absent])[keep] for name in ("seat", "present"))
    return Block(credit, parts[0][1].unit, Absent(draw[keep], seat, present))


def quantile_error(values: np.ndarray, at: float, independent: int) -> float:
    """Standard error of a quantile of draws (in their unit): half the distance between the quantiles one standard error
    of the share apart."""
    step = np.sqrt(at * (1 - at) / independent)
    low, high = np.quantile(values, [max(at - step, 0.0), min(at + step, 1.0)])
    return float(high - low) / 2
