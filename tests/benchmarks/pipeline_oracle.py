"""What could be known at best of a simulated company: its own rules, run on from a day many times.

The oracle is told what no forecast can know: the rules, the odds of each deal and rep, the common shock up to the day,
whether the lasting one has come. Only chance is left to it, so no forecast can be expected to score better.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pipeline_truth as truth

from salesops_helpers.data.container import Tables
from salesops_helpers.forecast.features import months_ahead

DRAWS = 200


def crps(draws: np.ndarray, actual: float) -> float:
    """Continuous ranked probability score of draws (lower is better): E|X − actual| − E|X − X'| ÷ 2, for however many
    draws alike."""
    x = np.sort(draws)
    n = len(x)
    apart = 2 * ((2 * np.arange(1, n + 1) - n - 1) * x).sum() / (n * (n - 1))
    return float(np.abs(x - actual).mean() - apart / 2)


def draws(hidden: truth.Hidden, then: Tables, months: int = 3, size: int = DRAWS, seed: int = 7) -> np.ndarray:
    """size × months: what is booked after the as-of day of `then` in each of the months that follow, by the rules."""
    rng = np.random.default_rng([seed, then.as_of.toordinal()])
    now = (then.as_of - truth.START).days // 7
    end = months_ahead(then.as_of) + pd.DateOffset(months=months)
    week = np.arange(now, (end - truth.START).days // 7 + 1)
    on = pd.DatetimeIndex(truth.START + week * truth.WEEK)
    gone = ((then.as_of - on[0]).days + 1) / 7
    inflow, pace = _movement(hidden, on, size, rng)
    stage, odds, amount, waits = _state(hidden, then, on[0])
    draw = np.repeat(np.arange(size), len(stage))
    stage, odds, amount, waits = (np.tile(values, size) for values in (stage, odds, amount, waits))
    booked = np.zeros((size, months))
    for w, first in enumerate(on):
        u = rng.random((4, len(stage)))
        won = np.where(stage == 3, 1 - np.exp(-truth.WON * odds * pace[draw, w]), 0.0)
        lost, up = truth.LOST[stage] / np.sqrt(odds), np.where(stage < 3, truth.ADVANCE, 0.0)
        if w == 0:  # part of the week is over: deals which have not moved may have had their moment
            moved = 1 - (1 - won) * (1 - lost) * (1 - up)
            acts = waits & (u[3] < (1 - gone) / (1 - gone * moved))
        else:
            acts = np.ones(len(stage), dtype=bool)
        win = acts & (u[0] < won)
        lose = acts & ~win & (u[1] < lost)
        stage = stage + (acts & ~win & ~lose & (u[2] < up))
        _book(booked, draw[win], amount[win] * rng.uniform(*truth.KEPT, win.sum()), first,
              gone if w == 0 else 0.0, months_ahead(then.as_of), rng)
        new = np.repeat(np.arange(size), rng.poisson(inflow[:, w] * (1 - gone if w == 0 else 1.0)))
        more = hidden.reps[rng.integers(0, truth.REPS, len(new))] * np.exp(rng.normal(0, truth.QUALITY, len(new)))
        stay = ~win & ~lose
        draw, stage = np.append(draw[stay], new), np.append(stage[stay], np.zeros(len(new), int))
        odds = np.append(odds[stay], more)
        amount = np.append(amount[stay], np.exp(rng.normal(*truth.AMOUNT, len(new))))
    return booked


def _state(hidden: truth.Hidden, then: Tables, week: pd.Timestamp):
    """Of each open deal: stage, odds, amount; and has it not moved yet in the week that begins with `week`?"""
    deals = then.opportunities[then.opportunities["status"] == "open"]
    history = then.stage_history
    moved = history.loc[history["changed_at"] >= week, "opportunity_id"].unique()
    odds = hidden.odds.reindex(deals["opportunity_id"]).to_numpy()
    stage = pd.Index(truth.STAGES).get_indexer(deals["stage"])
    return stage, odds, deals["amount"].to_numpy(float), ~deals["opportunity_id"].isin(moved).to_numpy()


def _movement(hidden: truth.Hidden, on: pd.DatetimeIndex, size: int, rng: np.random.Generator):
    """Deals created and the pace of winning, size × weeks: the shock wanders on from where it is."""
    month = truth.month_of(on)
    level = np.full(size, hidden.shocks[month[0] - hidden.first])
    levels = [level]
    for _ in range(month[-1] - month[0]):
        level = truth.CARRIED * level + rng.normal(0, truth.SHARED, size)
        levels.append(level)
    change = hidden.change
    if change is not None and change > month[0]:
        earliest = max(hidden.months // 2, month[0] + 1)
        change = rng.integers(earliest, hidden.months - 8, size)[:, None]
    inflow, pace = truth.usual(hidden.regime, on, change)
    uneven = np.exp(rng.normal(0, truth.UNEVEN, (size, len(on))))
    return hidden.a_week * inflow * uneven, np.exp(np.column_stack(levels))[:, month - month[0]] * pace


def _book(booked: np.ndarray, draw: np.ndarray, amount: np.ndarray, week: pd.Timestamp, gone: float,
          month: pd.Timestamp, rng: np.random.Generator) -> None:
    """Add what is won in a week to the months of the days it falls on; later months are left out."""
    days = pd.DatetimeIndex(week + pd.to_timedelta(np.floor(7 * rng.uniform(gone, 1, len(draw))), unit="D"))
    at = ((days.year - month.year) * 12 + days.month - month.month).to_numpy()
    within = (at >= 0) & (at < booked.shape[1])
    np.add.at(booked, (draw[within], at[within]), amount[within])
