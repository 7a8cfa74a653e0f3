"""Nothing that happened after the cut moves a forecast; and the leaks that look like skill would be found."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from salesops_helpers.data.company import Company
from salesops_helpers.data.container import Tables
from salesops_helpers.data.snapshot import snapshot
from salesops_helpers.forecast import backtest, history, outlook, pooled
from salesops_helpers.forecast.ranges import with_ranges

COMPANY = Company(name="Acme", currency="EUR", stages=["Open", "Won", "Lost"], won_stages=["Won"], lost_stages=["Lost"])
START, MONTHS, DEALS = pd.Timestamp("2023-01-01"), 20, 160
END = START + pd.DateOffset(months=MONTHS) - pd.Timedelta(days=1)
OUTCOMES = np.array(["Won", "Lost", "Open"])


def truth(seed: int = 1) -> dict[str, pd.DataFrame]:
    """Tables as known at the end: deals with a history from creation to closing, reps of two regions."""
    rng = np.random.default_rng(seed)
    opened = START + pd.to_timedelta(rng.integers(0, MONTHS * 30 - 10, DEALS), unit="D")
    closed = opened + pd.to_timedelta(rng.integers(5, 80, DEALS), unit="D")
    stage = np.where(closed <= END, rng.choice(OUTCOMES[:2], DEALS, p=[0.7, 0.3]), "Open")
    ids = pd.Series([f"d{i}" for i in range(DEALS)])
    owner = rng.choice(["r0", "r1", "r2"], DEALS)
    amount = rng.integers(10, 100, DEALS) * 100.0
    begun = pd.DataFrame({"opportunity_id": ids, "changed_at": opened, "stage": "Open", "amount": amount * 0.8,
                          "rep_id": owner})
    ended = begun.assign(changed_at=closed, stage=stage, amount=amount)[stage != "Open"]
    deals = pd.DataFrame({"opportunity_id": ids, "rep_id": owner, "stage": stage, "created_on": opened,
                          "closed_on": pd.Series(closed).where(stage != "Open"), "amount": amount,
                          "product": "Widget", "status": pd.Series(stage).str.lower()})
    reps = pd.DataFrame({"rep_id": ["r0", "r1", "r2"], "name": ["A", "B", "C"], "team": "One",
                         "region": ["North", "South", "South"]})
    places = reps.drop(columns="name").assign(valid_from=START - pd.Timedelta(days=400))
    return {"opportunities": deals, "stage_history": pd.concat([begun, ended], ignore_index=True), "reps": reps,
            "rep_history": places}


def altered(frames: dict[str, pd.DataFrame], cut: pd.Timestamp, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """The same past, another future: after `cut` deals close otherwise, are opened again, revalued, handed to another
    rep, created or never created, and reps change their region."""
    deals, past = frames["opportunities"].copy(), frames["stage_history"]
    past = past[past["changed_at"] < cut + pd.Timedelta(days=1)]
    deals = deals[(deals["created_on"] <= cut) | (rng.random(len(deals)) < 0.7)].reset_index(drop=True)
    n = len(deals)
    moment = deals["created_on"].clip(lower=cut) + pd.to_timedelta(1 + rng.integers(0, 40, n), unit="D")
    touched = (deals["created_on"] > cut) | (rng.random(n) < 0.6)
    new = deals.assign(
        stage=rng.choice(OUTCOMES, n), amount=deals["amount"] * rng.choice([0.1, 3.0, 7.0], n),
        rep_id=rng.choice(["r0", "r1", "r2"], n), closed_on=moment)
    new["closed_on"] = new["closed_on"].where(new["stage"] != "Open")
    new["status"] = new["stage"].str.lower()
    changes = new.assign(changed_at=moment)[touched][list(past)]
    deals[list(new)] = new.where(touched, deals)
    moved = frames["reps"].assign(region=["South", "North", "West"])
    places = moved.drop(columns="name").assign(valid_from=cut + pd.Timedelta(days=1))
    return {"opportunities": deals, "stage_history": pd.concat([past, changes], ignore_index=True), "reps": moved,
            "rep_history": pd.concat([frames["rep_history"], places], ignore_index=True)}


def tables(frames: dict[str, pd.DataFrame]) -> Tables:
    return Tables.from_frames(COMPANY, frames, as_of=END + pd.DateOffset(months=3))


def with_past(now: Tables, cut: pd.Timestamp) -> bytes:
    """Company and regions as they are forecast: methods, sums and ranges."""
    known = pooled(snapshot(now, cut))
    return said(outlook(known, backtest(known, 2, windows=1), 2))


def said(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False).encode()


@pytest.mark.parametrize("seed", range(30))
def test_no_alteration_of_the_future_moves_a_forecast_by_a_byte(seed):
    rng = np.random.default_rng([8, seed])
    cut = START + pd.Timedelta(days=int(rng.integers(200, (END - START).days)))
    frames = truth(seed)
    other = altered(frames, cut, rng)
    assert with_past(tables(other), cut) == with_past(tables(frames), cut)
    assert said(history(tables(other))) != said(history(tables(frames))), "the future is another one"


# Leaks that look like skill, each put into the short forecast below: a history by region and what it says.


def short(known: pd.DataFrame) -> bytes:
    rows = known[known["month"] > known["month"].max() - pd.DateOffset(months=6)]
    return said(outlook(rows, nothing(rows), 1))


def nothing(known: pd.DataFrame) -> pd.DataFrame:
    return known.assign(cut=pd.NaT, method="", step=1, scale=0.0, forecast=0.0).iloc[:0]


def honest(now: Tables, cut: pd.Timestamp) -> bytes:
    return short(pooled(snapshot(now, cut)))


def replaced(now: Tables, cut: pd.Timestamp, **columns: str) -> bytes:
    """The deals of the cut with columns of today."""
    then = snapshot(now, cut)
    today = now.opportunities.set_index("opportunity_id")
    deals = then.opportunities
    deals = deals.assign(**{c: today[c].reindex(deals["opportunity_id"]).to_numpy() for c in columns.values()})
    frames = {"opportunities": deals, "reps": then.reps, "rep_history": then.rep_history}
    return short(pooled(Tables.from_frames(COMPANY, frames, as_of=cut)))


def todays_stage(now: Tables, cut: pd.Timestamp) -> bytes:
    known = history(now)
    return short(known[known["month"] + pd.offsets.MonthEnd(1) <= cut])


def todays_amount(now: Tables, cut: pd.Timestamp) -> bytes:
    return replaced(now, cut, amount="amount")


def todays_owner(now: Tables, cut: pd.Timestamp) -> bytes:
    return replaced(now, cut, owner="rep_id")


def todays_region(now: Tables, cut: pd.Timestamp) -> bytes:
    then = snapshot(now, cut)
    frames = {"opportunities": then.opportunities, "reps": now.reps}
    return short(pooled(Tables.from_frames(COMPANY, frames, as_of=cut)))


def only_deals_closed_in_the_end(now: Tables, cut: pd.Timestamp) -> bytes:
    then, today = snapshot(now, cut), now.opportunities
    closed = today.loc[today["status"] != "open", "opportunity_id"]
    deals = then.opportunities
    frames = {"opportunities": deals[deals["opportunity_id"].isin(closed)].reset_index(drop=True), "reps": then.reps,
              "rep_history": then.rep_history}
    return short(pooled(Tables.from_frames(COMPANY, frames, as_of=cut)))


def amounts_of_deals_that_were_open_then(now: Tables, cut: pd.Timestamp) -> bytes:
    deals = now.opportunities
    won = deals[(deals["created_on"] <= cut) & (deals["closed_on"] > cut) & (deals["status"] == "won")]
    return honest(now, cut) + str(won["amount"].sum()).encode()


def the_month_that_is_not_over(now: Tables, cut: pd.Timestamp) -> bytes:
    known, whole = history(snapshot(now, cut)), history(now)
    this = whole[whole["month"] == cut.replace(day=1)]
    return short(pd.concat([known, this], ignore_index=True))


def scaled_by_the_whole_series(now: Tables, cut: pd.Timestamp) -> bytes:
    known, whole = history(snapshot(now, cut)), history(now)
    return short(known.assign(actual=known["actual"] / whole["actual"].mean()))


def ranges_from_errors_to_come(now: Tables, cut: pd.Timestamp) -> bytes:
    known, whole = history(snapshot(now, cut)), history(now)
    made = outlook(known, nothing(known), 1).assign(scale=1.0)
    later = whole[whole["month"] > known["month"].max()].assign(
        cut=made["cut"].iloc[0], month=made["cut"].iloc[0], method="mean", step=1, scale=1.0, forecast=0.0)
    return said(with_ranges(made, later))


LEAKS = (todays_stage, todays_amount, todays_owner, todays_region, only_deals_closed_in_the_end,
         amounts_of_deals_that_were_open_then, the_month_that_is_not_over, scaled_by_the_whole_series,
         ranges_from_errors_to_come)
CUT = pd.Timestamp("2024-03-14")


@pytest.fixture(scope="module")
def futures():
    """One past with six futures."""
    frames = truth()
    return [tables(frames), *(tables(altered(frames, CUT, np.random.default_rng(seed))) for seed in range(5))]


def test_the_short_forecast_is_moved_by_no_future(futures):
    assert len({honest(now, CUT) for now in futures}) == 1
    assert len({replaced(now, CUT) for now in futures}) == 1, "what is put into it is the leak, not the way"


@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: leak.__name__)
def test_a_leak_that_looks_like_skill_is_found(futures, leak):
    assert len({leak(now, CUT) for now in futures}) > 1
