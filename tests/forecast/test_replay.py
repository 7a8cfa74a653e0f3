"""The record of past probabilities: counted by hand, and on probabilities that are right by construction."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from salesops_helpers.forecast import replay


def deals(chance: np.ndarray, won: np.ndarray) -> pd.DataFrame:
    n = len(chance)
    said = {f"won_{k}": chance for k in range(1, 7)} | {f"base_{k}": np.full(n, won.mean()) for k in range(1, 7)}
    return pd.DataFrame({"cut": pd.Timestamp("2026-01-31"), "opportunity_id": np.arange(n).astype(str), **said,
                         "end": np.where(won, "won", "open"), "step": np.where(won, 1.0, np.nan), "over": 3})


def test_scores_by_hand():
    chance, won = np.tile([0.5, 0.25], 60), np.tile([True, False], 60)
    row = replay.calibration(deals(chance, won), [1]).iloc[0]
    assert row[["said", "came", "deals"]].tolist() == [45.0, 60.0, 120]
    assert row["brier"] == pytest.approx((0.25 + 0.0625) / 2) and row["brier_base"] == pytest.approx(0.25)
    assert row["log_loss"] == pytest.approx(-(np.log(0.5) + np.log(0.75)) / 2)
    assert row["log_loss_base"] == pytest.approx(np.log(2))


@pytest.mark.parametrize("power, slope", [(1.0, 1.0), (2.0, 0.5), (0.5, 2.0)])
def test_the_slope_tells_too_sure_from_too_timid(power, slope):
    rng = np.random.default_rng(5)
    odds = rng.normal(-0.5, 1.2, 30_000)
    won = rng.random(len(odds)) < 1 / (1 + np.exp(-odds))
    row = replay.calibration(deals(1 / (1 + np.exp(-power * odds)), won), [1]).iloc[0]
    assert row["slope"] == pytest.approx(slope, rel=0.05) and row["slope_low"] < slope < row["slope_high"]


def test_reliability_has_groups_of_equal_size_and_holds_right_probabilities():
    rng = np.random.default_rng(6)
    chance = rng.uniform(0.05, 0.95, 5_000)
    found = replay.reliability(deals(chance, rng.random(5_000) < chance), 1)
    assert len(found) == 10 and found["deals"].between(499, 501).all() and found["said"].is_monotonic_increasing
    assert found["said"].between(found["low"] - 0.03, found["high"] + 0.03).all()


def test_months_that_are_not_over_are_not_judged():
    found = deals(np.full(150, 0.5), np.arange(150) % 2 == 0)
    assert replay.calibration(found, [1, 3, 6])["ahead"].tolist() == [1, 3]
    assert replay.reliability(found, 6).empty


def test_few_deals_are_not_judged():
    assert replay.calibration(deals(np.full(50, 0.5), np.arange(50) % 2 == 0)).empty
