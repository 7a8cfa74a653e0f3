"""A bad week or a bad rep: usual months by hand, false alarms, changes found, a bad month that is none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from rep_company import ACME

from salesops_helpers import Tables
from salesops_helpers.performance.rep_trend import change_sentences, changes, monthly

MONTHS = pd.date_range("2026-01-01", periods=12, freq="MS")


def tables(won: np.ndarray, closed: np.ndarray) -> Tables:
    """From wins and closed deals, reps × 12 months."""
    rep, month = (part.ravel() for part in np.indices(closed.shape))
    n = closed.ravel()
    at = np.arange(n.sum()) - np.repeat(n.cumsum() - n, n)
    status = np.where(at < np.repeat(won.ravel(), n), "won", "lost")
    frame = pd.DataFrame({
        "opportunity_id": [f"D{i}" for i in range(len(status))], "rep_id": np.repeat([f"R{r:02d}" for r in rep], n),
        "closed_on": np.repeat(MONTHS[month], n) + pd.Timedelta(days=10), "status": status,
        "stage": np.char.capitalize(status.astype(str)), "amount": 100.0})
    people = pd.DataFrame({"rep_id": [f"R{r:02d}" for r in range(len(closed))]})
    return Tables.from_frames(ACME, {"opportunities": frame, "reps": people.assign(name="Rep " + people["rep_id"])},
                              as_of="2026-12-31")


def drawn(seed: int, reps: int, deals: int, spread: float = 0.3, season: float = 0.3):
    rng = np.random.default_rng(seed)
    log_odds = 0.2 + rng.normal(0, spread, (reps, 1)) + rng.normal(0, season, (1, 12))
    closed = rng.poisson(deals, (reps, 12)) + 1
    return rng, 1 / (1 + np.exp(-log_odds)), closed


def test_usual_months_follow_the_company_and_add_up():
    won = np.tile([[8] + [5] * 11], (10, 1))
    found = monthly(tables(won, np.full((10, 12), 10)))
    by_month = found.groupby("month")["usual"].first()
    assert by_month.iloc[0] > by_month.iloc[1] + 0.1
    sums = found.assign(usual=found["usual"] * found["closed"]).groupby("rep_id")[["usual", "won"]].sum()
    np.testing.assert_allclose(sums["usual"], sums["won"], rtol=1e-6)
    assert not found["outside"].any()


def test_a_rep_who_starts_late_and_months_without_deals():
    closed = np.full((3, 12), 6)
    closed[1, :5] = 0
    closed[1, 8] = 0
    found = monthly(tables(closed // 2, closed)).query("rep_id == 'R01'")
    assert found["month"].min() == MONTHS[5] and len(found) == 7
    assert found.set_index("month").loc[MONTHS[8], ["raw", "limit_low"]].isna().all()


def test_false_alarms_stay_under_five_percent():
    alarms = 0
    for seed in range(40):
        rng, rate, closed = drawn(seed, reps=12, deals=12)
        alarms += changes(monthly(tables(rng.binomial(closed, rate), closed)), seed)["alarm"].any()
    # 5 % of 40 is 2; 6 is three standard deviations above.
    assert alarms <= 6


def test_a_lasting_change_is_found_and_dated():
    rng, rate, closed = drawn(3, reps=10, deals=25)
    rate[4, 7:] = rate[4, 7:] * 0.35
    found = changes(monthly(tables(rng.binomial(closed, rate), closed))).set_index("rep_id")
    assert found.index[found["alarm"]].tolist() == ["R04"]
    assert abs((found.at["R04", "since"] - MONTHS[7]).days) <= 62
    assert found.at["R04", "after"] < found.at["R04", "before"] - 0.2
    said = change_sentences(found.reset_index())
    assert said[0].startswith("A lasting change of the win rate shows in 1 rep: Rep R04: ")


def test_one_bad_month_is_outside_and_no_change():
    won, closed = np.full((10, 12), 12), np.full((10, 12), 20)
    won[2, 5] = 1
    history = monthly(tables(won, closed))
    assert history.loc[history["outside"], ["rep_id", "month"]].to_numpy().tolist() == [["R02", MONTHS[5]]]
    found = changes(history)
    assert not found["alarm"].any() and found["months_outside"].sum() == 1
    said = change_sentences(found)
    assert said[0] == "No lasting change of a win rate shows in any of 10 reps."
    assert said[1].startswith("1 single month of 120 lies outside")


def test_what_moves_all_reps_is_no_change_of_anyone():
    won, closed = np.full((8, 12), 12), np.full((8, 12), 20)
    won[:, 6:] = 6
    assert not changes(monthly(tables(won, closed)))["alarm"].any()


@pytest.mark.parametrize("share", [0, 1])
def test_all_won_and_all_lost(share):
    closed = np.full((2, 12), 4)
    won = closed // 2
    won[0] = share * closed[0]
    found = changes(monthly(tables(won, closed))).set_index("rep_id")
    assert found.at["R00", "p_value"] == 1 and pd.isna(found.at["R00", "since"])


def test_no_deals():
    empty = tables(np.zeros((2, 12), int), np.zeros((2, 12), int))
    found = changes(monthly(empty))
    assert len(found) == 0 and change_sentences(found) == ["No rep closed a deal in the period."]
