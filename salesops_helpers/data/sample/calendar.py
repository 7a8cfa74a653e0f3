"""The sample's calendar: days as whole numbers from `FIRST` on, working days, and how busy each day is for closing."""

from __future__ import annotations

import numpy as np

FIRST = np.datetime64("2021-10-01")  # the simulation warms up for two years before the extract begins
DAYS = FIRST + np.arange(2765)
NEVER = len(DAYS) - 1


def day(text: str) -> int:
    """The number of a day written ``YYYY-MM-DD``."""
    return int((np.datetime64(text) - FIRST).astype(int))


WINDOW, EXTRACT = day("2023-10-01"), day("2026-09-30")
MONTH = DAYS.astype("datetime64[M]").astype(int)  # months since 1970
MONTHS = np.arange(MONTH[WINDOW], MONTH[EXTRACT] + 1)
YEAR, MONTH_OF_YEAR = MONTH // 12 + 1970, MONTH % 12

_day_of_month = (DAYS - DAYS.astype("datetime64[M]")).astype(int) + 1
_holiday = ((MONTH_OF_YEAR == 11) & np.isin(_day_of_month, (24, 25, 26, 31))) | (
    (MONTH_OF_YEAR == 0) & (_day_of_month == 1)
)
WORKING = np.is_busday(DAYS) & ~_holiday
WORKING_DAYS = np.flatnonzero(WORKING)
ORDER = np.cumsum(WORKING) - 1  # the latest working day up to each day, as a place in WORKING_DAYS


def _last_of(period: np.ndarray) -> np.ndarray:
    """For each day, the last day of its period (`period` rises with the days)."""
    return np.searchsorted(period, period, side="right") - 1


MONTH_END = _last_of(MONTH)
_left_in_month = ORDER[MONTH_END] - ORDER
_left_in_quarter = ORDER[_last_of(MONTH // 3)] - ORDER

SEASON_CREATE = np.array([1.02, 1.00, 1.00, 0.98, 1.00, 0.99, 0.88, 0.80, 1.14, 1.14, 1.10, 0.84])
SEASON_CLOSE = np.array([0.86, 0.92, 0.94, 0.96, 1.00, 1.02, 0.88, 0.70, 1.06, 1.12, 1.14, 1.42])
PHASING = np.array([0.75, 0.78, 1.48, 0.90, 1.02, 1.49, 0.76, 0.63, 1.25, 0.69, 0.80, 1.45])  # of a year's quota

_rush = np.where(_left_in_quarter < 8, 2.7, np.where(_left_in_quarter < 20, 1.15, 0.85))
WON_WEIGHT = WORKING * SEASON_CLOSE[MONTH_OF_YEAR] * _rush * np.where(_left_in_month < 4, 1.35, 1.0)
LOST_WEIGHT = WORKING * np.where(_left_in_quarter < 8, 1.5, 1.0) * np.where(MONTH_OF_YEAR == 7, 0.75, 1.0)


def dates(days: np.ndarray) -> np.ndarray:
    """Day numbers as datetime64[ns]; `NEVER` as missing."""
    days = np.asarray(days)
    return np.where(days >= NEVER, np.datetime64("NaT"), FIRST + days.astype(int)).astype("datetime64[ns]")


def months(numbers: np.ndarray) -> np.ndarray:
    """Months since 1970 as datetime64[ns] of their first days."""
    return np.asarray(numbers).astype("datetime64[M]").astype("datetime64[ns]")


def moments(times: np.ndarray) -> np.ndarray:
    """Times on the scale of working days (2.5: noon of the third working day) as moments from 08:00 to 18:00.

    The scale keeps the order of events and never falls on a weekend.
    """
    times = np.asarray(times)
    place = np.floor(times).astype(int)
    minutes = 480 + np.floor((times - place) * 600).astype(int)
    return (DAYS[WORKING_DAYS[place]].astype("datetime64[m]") + minutes).astype("datetime64[ns]")


def working(days: np.ndarray) -> np.ndarray:
    """Each day, or the working day before it."""
    return WORKING_DAYS[ORDER[days]]


def settle(rng: np.random.Generator, raw: np.ndarray, earliest: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The day on which something planned for day `raw` really happens: near it, where the calendar is busy."""
    offset = np.arange(-24, 43)
    asked = np.clip(np.asarray(raw)[:, None] + offset, 0, NEVER - 1)
    chance = weight[asked] * np.exp(-np.abs(offset) / 14) * (asked >= np.asarray(earliest)[:, None])
    ends = np.cumsum(chance, axis=1)
    place = (rng.random(len(raw))[:, None] * ends[:, -1:] >= ends).sum(axis=1)
    return asked[np.arange(len(raw)), np.minimum(place, len(offset) - 1)]
