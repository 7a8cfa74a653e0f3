"""Companies whose deals follow known rules, week by week: growth, a yearly season, a lasting shock.

Deals advance by stages, wait, are pushed, lost or won; owners, quality, the end of the quarter and a common shock of
the month, which wanders, move the odds of all of them. Nothing of these rules is known to the forecast.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from salesops_helpers.data.company import Company
from salesops_helpers.data.container import Tables
from salesops_helpers.data.snapshot import snapshot

REGIMES = ("growth", "seasonal", "shock")
STAGES = ["First", "Second", "Third", "Fourth"]
COMPANY = Company(name="Simulated", currency="EUR", stages=[*STAGES, "Won", "Lost"], won_stages=["Won"],
                  lost_stages=["Lost"])
START, BURN, REPS, WEEK = pd.Timestamp("2020-01-01"), 35, 12, pd.Timedelta(days=7)
LOST, ADVANCE, WON, SHARED, CARRIED = np.array([0.045, 0.04, 0.03, 0.025]), 0.22, 0.2, 0.15, 0.5
AMOUNT, QUALITY, KEPT, UNEVEN = (9.2, 0.8), 0.5, (0.85, 1.0), 0.1


@dataclass(frozen=True)
class Hidden:
    """What no forecast is told: regime, months simulated, deals a week, the odds of each deal and rep, the common shock
    by month from `first` on (months since `START`), the month of the lasting shock (None: there is none)."""

    regime: str
    months: int
    a_week: float
    odds: pd.Series
    reps: np.ndarray
    first: int
    shocks: np.ndarray
    change: int | None


def company(regime: str, seed: int, months: int = 60, a_week: float = 11.0) -> Tables:
    """A company of one regime: reps, opportunities, stage_history, activities, calls; as of its last month's end."""
    return simulated(regime, seed, months, a_week)[0]


def simulated(regime: str, seed: int, months: int = 60, a_week: float = 11.0) -> tuple[Tables, Hidden]:
    """`company`, and what is hidden of it."""
    rng = np.random.default_rng([seed, REGIMES.index(regime)])
    end = START + pd.DateOffset(months=months) - pd.Timedelta(days=1)
    weeks = (end - START).days // 7 + 1
    week = np.arange(-BURN, weeks + 1)
    on = pd.DatetimeIndex(START + week * WEEK)
    inflow, pace, shocks, change = _movement(regime, on, months, rng)
    count = rng.poisson(a_week * inflow)
    born = np.repeat(np.arange(len(week)), count)
    n = len(born)
    rep, quality = rng.integers(0, REPS, n), rng.normal(0, QUALITY, n)
    reps = np.exp(rng.normal(0, 0.3, REPS))
    odds = reps[rep] * np.exp(quality)
    amount = np.round(np.exp(rng.normal(*AMOUNT, n)), -1)
    due = on.to_numpy()[born] + (rng.normal(80, 25, n).clip(10) * 86_400).astype("timedelta64[s]")
    stage, state, closed = np.zeros(n, int), np.zeros(n, int), np.full(n, np.datetime64("NaT", "ns"))
    started = on.to_numpy()[born] + rng.integers(0, 7 * 86_400, n).astype("timedelta64[s]")
    events = [_event(np.arange(n), started, stage, amount, due)]
    touched = []
    for w in range(len(week)):
        alive = np.flatnonzero((state == 0) & (born < w))
        moment = on.to_numpy()[w] + rng.integers(0, 7 * 86_400, len(alive)).astype("timedelta64[s]")
        u = rng.random((3, len(alive)))
        win = (stage[alive] == 3) & (u[0] < 1 - np.exp(-WON * odds[alive] * pace[w]))
        lose = ~win & (u[1] < LOST[stage[alive]] / np.sqrt(odds[alive]))
        up = ~win & ~lose & (stage[alive] < 3) & (u[2] < ADVANCE)
        late = ~win & ~lose & (due[alive] < moment)
        stage[alive[up]] += 1
        due[alive[late]] = moment[late] + np.timedelta64(30, "D")
        moved = up | late
        events.append(_event(alive[moved], moment[moved], stage, amount, due))
        state[alive[win]], state[alive[lose]] = 1, 2
        amount[alive[win]] = np.round(amount[alive[win]] * rng.uniform(*KEPT, win.sum()), -1)
        ended = win | lose
        closed[alive[ended]] = moment[ended]
        events.append(_event(alive[ended], moment[ended], 3 + state, amount, closed))
        calls = rng.poisson(0.7 * np.exp(0.6 * quality[alive]))
        touched.append((np.repeat(alive, calls), np.repeat(moment, calls)))
    made = _tables(rep, amount, stage, state, started, closed, due, events, touched, end)
    return made, Hidden(regime, months, a_week, pd.Series(odds, _ids(n)), reps, month_of(on).min(), shocks, change)


def _movement(regime: str, on: pd.DatetimeIndex, months: int, rng: np.random.Generator):
    """Deals created and the pace of winning, relative to usual, week by week; the shocks by month, and when the lasting
    one came."""
    month = month_of(on)
    shocks, level = [], 0.0
    for _ in range(month.max() - month.min() + 1):
        level = CARRIED * level + rng.normal(0, SHARED)
        shocks.append(level)
    uneven = np.exp(rng.normal(0, UNEVEN, len(on)))
    change = int(rng.integers(months // 2, months - 8)) if regime == "shock" else None
    inflow, pace = usual(regime, on, change)
    return uneven * inflow, np.exp(np.array(shocks)[month - month.min()]) * pace, np.array(shocks), change


def usual(regime: str, on: pd.DatetimeIndex, change: int | np.ndarray | None):
    """Deals created and the pace of winning without what is left to chance, one value a week."""
    month = month_of(on)
    pace, inflow = np.where(on.month % 3 == 0, 1.7, 0.75), np.ones(len(on))
    if regime == "growth":
        inflow = 1.015 ** np.maximum(month, 0) * 0.7
    elif regime == "seasonal":
        year = 2 * np.pi * on.dayofyear.to_numpy() / 365.25
        inflow, pace = 1 + 0.3 * np.sin(year), pace * (1 + 0.2 * np.cos(year))
    else:
        inflow, pace = np.where(month >= change, 0.65, 1.0), pace * np.where(month >= change, 0.7, 1.0)
    return inflow, pace


def month_of(on: pd.DatetimeIndex) -> np.ndarray:
    """Months since `START`."""
    return ((on.year - START.year) * 12 + on.month - START.month).to_numpy()


def _ids(count: int) -> np.ndarray:
    return np.char.add("D-", np.char.zfill(np.arange(count).astype(str), 6)).astype(object)


def _event(deal: np.ndarray, moment: np.ndarray, stage: np.ndarray, amount: np.ndarray, due: np.ndarray):
    return pd.DataFrame({"deal": deal, "changed_at": moment, "stage": stage[deal], "amount": amount[deal],
                         "expected_close_on": due[deal]})


def _tables(rep, amount, stage, state, started, closed, due, events, touched, end) -> Tables:
    """What a CRM would have recorded up to `end`; deals that ended before the first day are left out."""
    names = np.array([*STAGES, "Won", "Lost"], dtype=object)
    ids = _ids(len(rep))
    reps = np.char.add("R-", np.char.zfill(np.arange(REPS).astype(str), 2)).astype(object)
    keep = ~(closed < START.to_datetime64())
    history = pd.concat(events, ignore_index=True).sort_values(["deal", "changed_at"], kind="stable")
    history = history[keep[history["deal"]]]
    last = due.astype("datetime64[D]")
    deals = pd.DataFrame({
        "opportunity_id": ids, "account_id": "A", "rep_id": reps[rep], "product": np.where(rep % 2, "One", "Two"),
        "created_on": started.astype("datetime64[D]"), "stage": names[np.where(state > 0, 3 + state, stage)],
        "status": np.array(["open", "won", "lost"], dtype=object)[state], "amount": amount,
        "expected_close_on": last, "closed_on": closed.astype("datetime64[D]")})[keep]
    deal, moment = (np.concatenate(part) for part in zip(*touched, strict=True))
    kept = keep[deal]
    deal, moment = deal[kept], moment[kept]
    activities = pd.DataFrame({"activity_id": np.arange(len(deal)).astype(str), "rep_id": reps[rep[deal]],
                               "opportunity_id": ids[deal], "kind": "call", "occurred_at": moment})
    rows = history["deal"].to_numpy()
    changes = history.assign(opportunity_id=ids[rows], rep_id=reps[rep[rows]],
                             stage=names[history["stage"]]).drop(columns="deal")
    changes["expected_close_on"] = changes["expected_close_on"].astype("datetime64[s]").dt.normalize()
    people = pd.DataFrame({"rep_id": reps, "name": reps, "team": "Team", "region": np.where(
        np.arange(REPS) % 3, "North", "South"), "hired_on": START - pd.DateOffset(years=3)})
    frames = {"reps": people, "opportunities": deals, "stage_history": changes.sort_values(
        ["opportunity_id", "changed_at"]).drop_duplicates(["opportunity_id", "changed_at"], keep="last"),
        "activities": activities}
    return snapshot(Tables.from_frames(COMPANY, frames, as_of=end + 2 * WEEK), end)
