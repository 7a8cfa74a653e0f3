"""The life of each deal: stages with skips and returns, pushed dates, amounts and owners that change."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers.data.sample import calendar as cal
from salesops_helpers.data.sample.people import People
from salesops_helpers.data.sample.streams import Streams

_PATHS = {  # of stages Q, D, P, N, W, L: with how often each is taken
    "won": {"QDPNW": 48, "QDPW": 11, "QPNW": 11, "QDPDPNW": 7, "QDPNPNW": 8, "QPW": 5, "DPNW": 9, "QDPLPNW": 1},
    "lost": {"QL": 24, "QDL": 26, "QDPL": 25, "QDPNL": 14, "QPL": 5, "QDPDL": 3, "QDPNPL": 3},
    "forgotten": {"QL": 45, "QDL": 35, "QDPL": 16, "QDPNL": 4},
    "renewed": {"PNW": 70, "PW": 30},
    "churned": {"PL": 60, "PNL": 40},
}
_LETTERS = "QDPNWL"
_WIDTH = 7
_STAY = np.array([1.0, 1.3, 1.5, 1.0, 0.0, 0.0])  # relative length of a stay


def history(streams: Streams, who: People, deals: pd.DataFrame) -> pd.DataFrame:
    """Every change of every deal up to the extract day.

    Returns
    -------
    DataFrame
        deal (row of `deals`), time (working-day scale), stage (place in STAGES), amount, expected (day number), owner
        (row of `who.reps`), in order of deal and time; each row holds all values from then on.
    """
    starts = cal.ORDER[deals["created"]] + streams("clock").uniform(0.02, 0.3, len(deals))
    ends = cal.ORDER[deals["close"]] + streams("bell").uniform(0.6, 0.99, len(deals))
    stages = _stages(streams("stages"), deals, starts, ends)
    pushes = _pushes(streams("pushes"), who, deals, starts, ends)
    log = pd.concat([stages, pushes, _owners(who, deals, starts, ends)], ignore_index=True)
    log = log[log["time"] < cal.ORDER[cal.EXTRACT] + 1]
    log = log.assign(minute=cal.moments(log["time"])).sort_values(["deal", "time", "stage"], kind="stable")
    values = ["stage", "amount", "expected", "owner"]
    log[values] = log.groupby("deal")[values].ffill()
    log = log.drop_duplicates(["deal", "minute"], keep="last").drop(columns="minute")
    return log.astype({"stage": int, "expected": int, "owner": int}).reset_index(drop=True)


def _paths(rng: np.random.Generator, deals: pd.DataFrame) -> np.ndarray:
    """The stages that each deal goes through, deals × 7, -1 where there is none."""
    renewal, won = deals["kind"] == 2, deals["won"]
    groups = {
        "won": won & ~renewal,
        "lost": ~won & ~renewal & ~deals["forgotten"],
        "forgotten": deals["forgotten"],
        "renewed": won & renewal,
        "churned": ~won & renewal,
    }
    paths = np.full((len(deals), _WIDTH), -1)
    for name, mine in groups.items():
        coded = np.array([[_LETTERS.index(x) for x in path] + [-1] * (_WIDTH - len(path)) for path in _PATHS[name]])
        share = np.array(list(_PATHS[name].values()), float)
        paths[mine] = coded[rng.choice(len(coded), int(mine.sum()), p=share / share.sum())]
    return paths


def _stages(rng: np.random.Generator, deals: pd.DataFrame, starts: np.ndarray, ends: np.ndarray) -> pd.DataFrame:
    """One row a stage entered, with the amount and at times the date that are set there."""
    paths = _paths(rng, deals)
    shape, there = paths.shape, paths >= 0
    stay = _STAY[paths] * rng.gamma(2.0, 0.5, shape) * there
    share = np.column_stack([np.zeros(len(deals)), np.cumsum(stay, axis=1)[:, :-1]]) / stay.sum(axis=1)[:, None]
    worked = np.minimum(ends - starts, 45 * np.exp(rng.normal(0, 0.4, len(deals))))
    span = np.where(deals["forgotten"], worked, ends - starts)[:, None]
    last = paths >= 4
    last &= np.cumsum(last[:, ::-1], axis=1)[:, ::-1] == 1  # the closing one, not one that is reopened
    time = np.where(last, ends[:, None], starts[:, None] + share * span * 0.995)
    factor = np.select(
        [paths == 2, paths == 3, paths == 4],
        [
            np.where(rng.random(shape) < 0.45, np.exp(rng.normal(0, 0.16, shape)), 1),
            np.where(rng.random(shape) < 0.40, 1 - rng.uniform(0, 0.10, shape), 1),
            np.where(rng.random(shape) < 0.30, 1 - rng.uniform(0, 0.06, shape), 1),
        ],
        1.0,
    )
    factor[:, 0] = 1
    amount = np.round(deals["amount"].to_numpy()[:, None] * np.cumprod(factor, axis=1) / 10) * 10
    unpriced = (rng.random(len(deals)) < 0.04) & (paths[:, 0] == 0)
    amount[unpriced, 0] = np.nan
    expected = np.full(shape, np.nan)
    soon = cal.ORDER[cal.EXTRACT] + 200
    hurried = (paths == 3) & (rng.random(shape) < 0.3)
    near = cal.WORKING_DAYS[
        np.minimum(np.floor(np.minimum(time, soon)).astype(int) + rng.integers(6, 20, shape), len(cal.WORKING_DAYS) - 1)
    ]
    expected[hurried] = near[hurried]
    expected[last] = np.broadcast_to(deals["close"].to_numpy()[:, None], shape)[last]
    deal, place = np.nonzero(there)
    return pd.DataFrame(
        {
            "deal": deal,
            "time": time[deal, place],
            "stage": paths[deal, place].astype(float),
            "amount": amount[deal, place],
            "expected": expected[deal, place],
        }
    )


def _hoped(rng: np.random.Generator, days: np.ndarray) -> np.ndarray:
    """A planned close: half of them on the last working day of the month."""
    days = np.minimum(days.astype(int), cal.NEVER - 60)
    return cal.working(np.where(rng.random(len(days)) < 0.5, cal.MONTH_END[days], days))


def _pushes(
    rng: np.random.Generator, who: People, deals: pd.DataFrame, starts: np.ndarray, ends: np.ndarray
) -> pd.DataFrame:
    """The first expected close, and each time that it is moved later because it comes near or has passed."""
    n = len(deals)
    hope = deals["typical"].to_numpy() * np.where(deals["kind"] == 2, 1.0, rng.uniform(0.75, 1.7, n))
    expected = np.maximum(_hoped(rng, deals["created"].to_numpy() + hope), deals["created"] + 3).to_numpy()
    rows = [pd.DataFrame({"deal": np.arange(n), "time": starts, "expected": expected})]
    discipline = who.reps["discipline"].to_numpy()[who.holder[deals["seat"], deals["created"]]]
    patience = np.where(deals["forgotten"], rng.integers(0, 4, n), 12)
    time, alive = starts, np.arange(n)
    for turn in range(10):
        late = np.where(rng.random(n) < discipline, rng.uniform(-5, 2, n), rng.uniform(1, 12, n))
        time = np.maximum(cal.ORDER[np.minimum(expected, cal.NEVER)] + 0.3 + late, time + 1)
        alive = alive[
            (time[alive] < ends[alive] - 1) & (time[alive] < cal.ORDER[cal.EXTRACT] + 1) & (patience[alive] > turn)
        ]
        if not len(alive):
            break
        moved = cal.WORKING_DAYS[np.floor(time[alive]).astype(int)] + rng.integers(12, 60, n)[alive]
        expected = expected.copy()
        expected[alive] = np.maximum(_hoped(rng, moved), expected[alive] + 1)
        rows.append(pd.DataFrame({"deal": alive, "time": time[alive], "expected": expected[alive]}))
    return pd.concat(rows, ignore_index=True)


def _owners(who: People, deals: pd.DataFrame, starts: np.ndarray, ends: np.ndarray) -> pd.DataFrame:
    """The first owner, and each change of owner when a seat changes hands."""
    seat, created = deals["seat"].to_numpy(), deals["created"].to_numpy()
    rows = [pd.DataFrame({"deal": np.arange(len(deals)), "time": starts, "owner": who.holder[seat, created]})]
    for at, day in np.argwhere(np.diff(who.holder, axis=1) != 0) + [0, 1]:
        time = cal.ORDER[day - 1] + 1.01
        mine = np.flatnonzero((seat == at) & (created < day) & (ends > time))
        rows.append(pd.DataFrame({"deal": mine, "time": time, "owner": who.holder[at, day]}))
    return pd.concat(rows, ignore_index=True)
