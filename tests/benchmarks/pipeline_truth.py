"""Companies whose deals follow known rules, week by week: growth, a yearly season, a lasting shock.

Deals advance by stages, wait, are pushed, lost or won; owners, quality, the end of the quarter and a common shock of
the month, which wanders, move the odds of all of them. Nothing of these rules is known to the forecast.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers.data.company import Company
from salesops_helpers.data.container import Tables
from salesops_helpers.data.snapshot import snapshot
from salesops_helpers.forecast import blend, features, replay
from salesops_helpers.forecast.drawn import draw
from salesops_helpers.forecast.periods_ahead import split
from salesops_helpers.measures import bookings

REGIMES = ("growth", "seasonal", "shock")
STAGES = ["First", "Second", "Third", "Fourth"]
COMPANY = Company(name="Simulated", currency="EUR", stages=[*STAGES, "Won", "Lost"], won_stages=["Won"],
                  lost_stages=["Lost"])
START, BURN, REPS, WEEK = pd.Timestamp("2020-01-01"), 35, 12, pd.Timedelta(days=7)
LOST, ADVANCE, WON, SHARED, CARRIED = np.array([0.045, 0.04, 0.03, 0.025]), 0.22, 0.2, 0.15, 0.5


def company(regime: str, seed: int, months: int = 60, a_week: float = 11.0) -> Tables:
    """A company of one regime: reps, opportunities, stage_history, activities, calls; as of its last month's end."""
    rng = np.random.default_rng([seed, REGIMES.index(regime)])
    end = START + pd.DateOffset(months=months) - pd.Timedelta(days=1)
    weeks = (end - START).days // 7 + 1
    week = np.arange(-BURN, weeks + 1)
    on = pd.DatetimeIndex(START + week * WEEK)
    inflow, pace = _movement(regime, week, on, months, rng)
    count = rng.poisson(a_week * inflow)
    born = np.repeat(np.arange(len(week)), count)
    n = len(born)
    rep, quality = rng.integers(0, REPS, n), rng.normal(0, 0.5, n)
    odds = np.exp(rng.normal(0, 0.3, REPS))[rep] * np.exp(quality)
    amount = np.round(np.exp(rng.normal(9.2, 0.8, n)), -1)
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
        amount[alive[win]] = np.round(amount[alive[win]] * rng.uniform(0.85, 1.0, win.sum()), -1)
        ended = win | lose
        closed[alive[ended]] = moment[ended]
        events.append(_event(alive[ended], moment[ended], 3 + state, amount, closed))
        calls = rng.poisson(0.7 * np.exp(0.6 * quality[alive]))
        touched.append((np.repeat(alive, calls), np.repeat(moment, calls)))
    return _tables(rep, amount, stage, state, started, closed, due, events, touched, end)


def _movement(regime: str, week: np.ndarray, on: pd.DatetimeIndex, months: int, rng: np.random.Generator):
    """Deals created and the pace of winning, relative to usual, week by week."""
    month = (on.year - START.year) * 12 + on.month - START.month
    shocks, level = [], 0.0
    for _ in range(month.max() - month.min() + 1):
        level = CARRIED * level + rng.normal(0, SHARED)
        shocks.append(level)
    pace = np.exp(np.array(shocks)[month - month.min()]) * np.where(on.month % 3 == 0, 1.7, 0.75)
    inflow = np.exp(rng.normal(0, 0.1, len(week)))
    if regime == "growth":
        inflow = inflow * 1.015 ** np.maximum(month, 0) * 0.7
    elif regime == "seasonal":
        year = 2 * np.pi * on.dayofyear.to_numpy() / 365.25
        inflow, pace = inflow * (1 + 0.3 * np.sin(year)), pace * (1 + 0.2 * np.cos(year))
    else:
        after = month >= rng.integers(months // 2, months - 8)
        inflow, pace = inflow * np.where(after, 0.65, 1.0), pace * np.where(after, 0.7, 1.0)
    return inflow, pace


def _event(deal: np.ndarray, moment: np.ndarray, stage: np.ndarray, amount: np.ndarray, due: np.ndarray):
    return pd.DataFrame({"deal": deal, "changed_at": moment, "stage": stage[deal], "amount": amount[deal],
                         "expected_close_on": due[deal]})


def _tables(rep, amount, stage, state, started, closed, due, events, touched, end) -> Tables:
    """What a CRM would have recorded up to `end`; deals that ended before the first day are left out."""
    names = np.array([*STAGES, "Won", "Lost"], dtype=object)
    ids = np.char.add("D-", np.char.zfill(np.arange(len(rep)).astype(str), 6)).astype(object)
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


def measured(regime: str, seed: int, warm: int = 10, judged: int = 30) -> dict[str, pd.DataFrame]:
    """What the forecast of one company was worth on its last months, one month apart: windows do not overlap.

    Returns
    -------
    dict
        months: cut, ahead, method (chosen and the candidates), forecast, actual of the cuts judged; ranges: cut, period
        (month, or quarter at its start), inside (bool); deals: `replay.Replay.deals`.
    """
    tables = company(regime, seed)
    days = features.cuts(tables, warm + judged + 1)[:-1]
    past = replay.replay(tables, days)
    said = blend.backtest(tables, origins=days, told={"pipeline": past.months})
    every = [said, blend.chosen(said).assign(method="chosen")[said.columns], blend.backtest(tables, "recent", days)]
    every = pd.concat(every, ignore_index=True)
    ranges = [_inside(tables, past, day) for day in days[warm:]]
    return {"months": every[every["cut"].isin(days[warm:])].assign(regime=regime, seed=seed),
            "ranges": pd.concat(ranges, ignore_index=True).assign(regime=regime), "deals": past.deals}


def _inside(tables: Tables, past: replay.Replay, day: pd.Timestamp) -> pd.DataFrame:
    """Did the 80 % range that the pipeline gave on `day` hold the month, and the quarter where it starts?"""
    then, now = snapshot(tables, day), features.months_ahead(day)
    known = past.months[past.months["cut"] < day]
    known = known.assign(actual=known["actual"].where(known["month"] < now))
    rows = split(draw(past.made[day], then, known), then)
    whole = (rows["period"] == "month") | ((rows["period"] == "quarter") & (rows["first"] == now))
    rows = rows[whole & rows["low_80"].notna() & (rows["last"] <= tables.as_of)]
    came = bookings(tables).set_index("month")["bookings"]
    spans = zip(rows["first"], rows["last"], strict=True)
    actual = np.array([came[(came.index >= first) & (came.index <= last)].sum() for first, last in spans])
    return pd.DataFrame({"cut": day, "period": rows["period"],
                         "inside": (actual >= rows["low_80"]) & (actual <= rows["high_80"])})


def against(months: pd.DataFrame, ahead_to: int, base: str = "naive") -> pd.Series:
    """Per method, Σ|miss| ÷ that of the base, of the sums of the first `ahead_to` months, cuts as far apart as that."""
    rows = months[months["ahead"] <= ahead_to]
    if ahead_to > 1:
        rows = rows[rows["cut"].dt.month % ahead_to == 0]
    sums = rows.groupby(["regime", "seed", "cut", "method"])[["forecast", "actual"]].sum(min_count=ahead_to)
    sums["whole"] = rows.groupby(["regime", "seed", "cut", "method"]).size() == ahead_to
    sums = sums[sums["whole"] & sums["actual"].notna()]
    miss = (sums["forecast"] - sums["actual"]).abs().unstack("method")
    return miss.sum() / miss[base].sum()
