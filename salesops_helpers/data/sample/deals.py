"""Deals as they truly are: for whom, for what, how likely the win is, when each closes, known or still to come."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers.data.sample import calendar as cal
from salesops_helpers.data.sample.catalog import (
    GOOD_SOURCES,
    POOR_SOURCES,
    PRODUCT_EFFECT,
    PRODUCT_WEIGHT,
    RECURRING,
    SEAT_ENTERPRISE,
    SEATS,
    SOURCE_EFFECT,
    SOURCE_WEIGHT,
    SOURCES,
)
from salesops_helpers.data.sample.market import account_of, price_on
from salesops_helpers.data.sample.people import LATE_SEATS, People
from salesops_helpers.data.sample.streams import Streams, pick

OLDEST = cal.day("2022-10-01")  # older deals were not taken over into the CRM
GROWTH = 0.05  # more deals a year; prices add about three points
BASE = np.array([-0.88, -0.05, 1.75])  # log odds of winning by kind
SEGMENT_EFFECT = np.array([-0.20, 0.0, 0.15])
TYPICAL = np.array([108, 70, 46])  # median days to a win by segment
SIZE = np.array([66e3, 20e3, 8.5e3])  # median list value by segment
FORGOTTEN = 0.048  # share of deals that nobody works on or closes any more
EARLY_LOSS = 0.40
WON_SPREAD, EARLY_SPREAD, LATE_SPREAD = 0.50, 0.70, 0.62


def deals(streams: Streams, who: People, found: pd.DataFrame) -> pd.DataFrame:
    """Every deal that was open (and not older than a year) on the first day of the extract, or created since.

    Returns
    -------
    DataFrame
        seat, account, segment, kind, source, product, units, list_price, amount (first), created, close (day
        numbers; `NEVER`: never), p (chance of winning at creation), won, forgotten (bool); in order of creation.
    """
    first = _business(streams, who, found)
    rounds = [first]
    contracts = pd.concat([_installed(streams("installed"), found), _contracts(first)], ignore_index=True)
    for year in range(5):
        renewed = _renewals(streams(f"renewals {year}"), who, contracts)
        rounds.append(renewed)
        contracts = _contracts(renewed)
    every = pd.concat(rounds, ignore_index=True)
    every = every[(every["close"] >= cal.WINDOW) & every["created"].between(OLDEST, cal.EXTRACT)]
    return every.sort_values(["created", "seat", "account"], kind="stable", ignore_index=True)


def _rates(streams: Streams, who: People) -> np.ndarray:
    """Expected new deals by seat and month of the simulation."""
    rng = streams("rates")
    numbers = np.arange(cal.MONTH[0], cal.MONTH[cal.EXTRACT] + 1)
    middle = np.searchsorted(cal.MONTH, numbers) + 14
    seats = np.arange(len(SEATS))
    rep = who.holder[:, middle]
    ramp = who.ramp(rep, np.broadcast_to(middle, rep.shape))
    load = np.where(who.vacant[:, middle], 0.6, 0.5 + 0.5 * ramp)
    opened = np.array([LATE_SEATS.get(s, -1) for s in seats])[:, None] <= middle
    level = np.where(SEAT_ENTERPRISE, 2.3, 4.4) * np.exp(rng.normal(0, 0.12, len(SEATS)))
    market = np.exp(rng.normal(0, 0.05, len(numbers)))
    season = cal.SEASON_CREATE[numbers % 12] * (1 + GROWTH) ** ((numbers - cal.MONTHS[0]) / 12)
    return level[:, None] * load * opened * season * market


def _business(streams: Streams, who: People, found: pd.DataFrame) -> pd.DataFrame:
    """New and expansion deals with their fate."""
    rng = streams("deals")
    rates = _rates(streams, who)
    expected = np.stack([rates, rates * 0.25])
    kind, seat, month = np.nonzero(np.ones(expected.shape, bool))
    counts = rng.poisson(expected.ravel())
    kind, seat, month = (np.repeat(values, counts) for values in (kind, seat, month))
    number = month + cal.MONTH[0]
    first, last = (np.searchsorted(cal.MONTH, number, side=side) for side in ("left", "right"))
    opening, closing = cal.ORDER[first] + (~cal.WORKING[first]), cal.ORDER[last - 1] + 1
    created = cal.WORKING_DAYS[rng.integers(opening, closing)]
    account = account_of(rng, found, seat)
    segment = found["segment"].to_numpy()[account]
    luck = who.reps["luck"].to_numpy()[who.holder[seat, created]]
    weights = np.select(
        [(luck == "poor")[:, None], (luck == "good")[:, None]], [POOR_SOURCES, GOOD_SOURCES], SOURCE_WEIGHT
    )
    source = np.where(kind == 0, pick(rng, weights), len(SOURCES) - 1)
    product = pick(rng, PRODUCT_WEIGHT[segment])
    frame = pd.DataFrame(
        {
            "seat": seat,
            "account": account,
            "segment": segment,
            "kind": kind,
            "source": source,
            "product": product,
            "created": created,
        }
    )
    return _fate(streams("fate"), who, _priced(rng, frame))


def _priced(rng: np.random.Generator, frame: pd.DataFrame) -> pd.DataFrame:
    """Units, list value and first amount."""
    n, product = len(frame), frame["product"].to_numpy()
    size = SIZE[frame["segment"]] * np.where(frame["kind"] == 1, 0.6, 1.0) * np.where(RECURRING[product], 0.6, 1.0)
    price = price_on(product, frame["created"].to_numpy())
    units = np.maximum(np.round(size * np.exp(rng.normal(0, 0.5, n)) / price), 1)
    worth = units * price
    return frame.assign(units=units, list_price=worth, amount=np.round(worth * (1 - rng.beta(2, 16, n)) / 10) * 10)


def _fate(rng: np.random.Generator, who: People, frame: pd.DataFrame) -> pd.DataFrame:
    """Won, lost or forgotten, and on which day."""
    n, created = len(frame), frame["created"].to_numpy()
    typical = TYPICAL[frame["segment"]] * np.where(frame["kind"] == 1, 0.75, 1.0)
    to_win = np.clip(typical * np.exp(WON_SPREAD * rng.normal(size=n)), 6, 700)
    win_day = cal.settle(rng, created + to_win.astype(int), created + 5, cal.WON_WEIGHT)
    early = rng.random(n) < EARLY_LOSS
    spread = np.where(early, EARLY_SPREAD, LATE_SPREAD)
    to_loss = np.clip(np.where(early, 0.4, 1.15) * typical * np.exp(spread * rng.normal(size=n)), 4, 800)
    loss_day = cal.settle(rng, created + to_loss.astype(int), created + 3, cal.LOST_WEIGHT)
    odds = log_odds(who, frame, who.holder[frame["seat"], win_day], created) + rng.normal(0, 0.35, n)
    p = 1 / (1 + np.exp(-odds))
    forgotten = rng.random(n) < FORGOTTEN
    won = (rng.random(n) < p) & ~forgotten
    close = np.where(won, win_day, loss_day)
    return frame.assign(
        p=p, won=won, forgotten=forgotten, typical=typical, close=np.where(forgotten, _clean_up(rng, created), close)
    )


def log_odds(who: People, frame: pd.DataFrame, rep: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Log odds of winning: kind, segment, source, product, the rep's true skill (half on renewals), and ramp."""
    kind = frame["kind"].to_numpy()
    given = SEGMENT_EFFECT[frame["segment"]] + SOURCE_EFFECT[frame["source"]] + PRODUCT_EFFECT[frame["product"]]
    own = who.reps["skill"].to_numpy()[rep] - 0.6 * (1 - who.ramp(rep, days)) / 0.65
    return BASE[kind] + np.where(kind == 2, 0.0, given) + own * np.where(kind == 2, 0.5, 1.0)


def _clean_up(rng: np.random.Generator, created: np.ndarray) -> np.ndarray:
    """The day on which a forgotten deal is closed as lost in one of January's clean-ups; two of five never are."""
    n = len(created)
    later = np.minimum(created + rng.integers(200, 800, n), cal.NEVER - 1)
    january = np.array([cal.day(f"{year}-01-08") for year in range(2021, 2030)])
    chosen = january[np.searchsorted(january, later)] + rng.integers(0, 10, n)
    chosen = cal.working(np.minimum(chosen, cal.NEVER - 1))
    return np.where((rng.random(n) < 0.4) | (chosen > cal.NEVER - 60), cal.NEVER, chosen)


def _installed(rng: np.random.Generator, found: pd.DataFrame, contracts: int = 210) -> pd.DataFrame:
    """Contracts signed in the year before the simulation."""
    account = rng.choice(len(found), contracts)
    segment = found["segment"].to_numpy()[account]
    product = np.where(rng.random(contracts) < 0.5, 6, 7)
    frame = pd.DataFrame(
        {
            "seat": found["seat"].to_numpy()[account],
            "account": account,
            "segment": segment,
            "kind": 2,
            "product": product,
            "created": 0,
        }
    )
    return _priced(rng, frame).assign(close=rng.integers(-365, 0, contracts))


def _contracts(frame: pd.DataFrame) -> pd.DataFrame:
    """The won deals that come up for renewal a year later."""
    return frame[frame["won"] & RECURRING[frame["product"]] & (frame["kind"] != 1)]


def _renewals(rng: np.random.Generator, who: People, contracts: pd.DataFrame) -> pd.DataFrame:
    """The renewal of each contract, opened two to three months before it runs out."""
    due = contracts["close"].to_numpy() + 365
    n = len(due)
    created = cal.working(np.maximum(due - rng.integers(55, 100, n), 0))
    close = cal.settle(rng, np.minimum(due - rng.integers(-10, 35, n), cal.NEVER - 60), created + 5, cal.WON_WEIGHT)
    units = np.maximum(np.round(contracts["units"] * rng.choice([0.9, 1, 1, 1, 1.15], n)), 1).to_numpy()
    worth = units * price_on(contracts["product"].to_numpy(), created)
    frame = contracts[["seat", "account", "segment", "product"]].assign(
        kind=2,
        source=len(SOURCES) - 1,
        created=created,
        close=close,
        units=units,
        list_price=worth,
        amount=np.round(worth * (1 - rng.beta(2, 20, n)) / 10) * 10,
        forgotten=False,
        typical=75.0,
    )
    p = 1 / (1 + np.exp(-log_odds(who, frame, who.holder[frame["seat"], close], created)))
    return frame.assign(p=p, won=rng.random(n) < p).loc[created <= cal.EXTRACT]
