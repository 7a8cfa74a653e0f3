"""Hierarchical estimates: against the conjugate answer, recovery of known truth, coverage, groups, speed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from salesops_helpers import stats
from salesops_helpers.hierarchy import Counts, Levels, Rates, posterior


def held(units: pd.DataFrame, true: np.ndarray) -> float:
    return float(((units["low"] <= true) & (true <= units["high"])).mean())


def test_rates_agree_with_the_beta_binomial():
    rng = np.random.default_rng(1)
    n = rng.integers(20, 130, 30)
    won = rng.binomial(n, expit(rng.normal(0.4, 0.4, 30)))
    one, other = stats.beta_binomial(won, n), posterior(Rates(won, n))
    for column in ("mean", "low", "high"):
        np.testing.assert_allclose(one.units[column], other.units[column], atol=0.012)
    assert one.spread == pytest.approx(other.spread, rel=0.15)


def model(kind: str, rng, true, n):
    """Evidence about `true`, and the true values on the model's scale."""
    if kind == "rates":
        rate = expit(true)
        return Rates(rng.binomial(n, rate), n), rate
    if kind == "counts":
        return Counts(rng.poisson(n * np.exp(true)), n), np.exp(true)
    return Levels(rng.normal(true, 1 / np.sqrt(n)), 1 / n, n), true


@pytest.mark.parametrize("kind", ["rates", "counts", "levels"])
@pytest.mark.parametrize("spread", [0.0, 0.4])
def test_ranges_hold_the_truth(kind, spread):
    shares = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        evidence, true = model(kind, rng, rng.normal(0.2, spread, 30), rng.integers(15, 60, 30))
        shares.append(held(posterior(evidence, draws=1_000).units, true))
    assert np.mean(shares) >= 0.90 if spread == 0 else 0.82 <= np.mean(shares) <= 0.97


@pytest.mark.parametrize("kind", ["rates", "counts", "levels"])
def test_estimates_are_nearer_the_truth_than_raw_ones_and_than_one_for_all(kind):
    rng = np.random.default_rng(4)
    evidence, true = model(kind, rng, rng.normal(0, 0.4, 200), np.full(200, 12))
    raw = {"rates": lambda: evidence.won / evidence.n, "counts": lambda: evidence.events / evidence.exposure,
           "levels": lambda: evidence.x}[kind]()
    mean = posterior(evidence, draws=1_000).units["mean"]
    error = ((mean - true) ** 2).mean()
    assert error < 0.8 * ((raw - true) ** 2).mean() and error < 0.8 * ((raw.mean() - true) ** 2).mean()


def test_teams_that_differ_help_reps_with_few_deals():
    team = np.repeat(np.arange(20), 6)
    gain, shares = [], []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        true = expit(rng.normal(0, 0.6, 20)[team] + rng.normal(0, 0.15, 120))
        n = np.full(120, 12)
        won = rng.binomial(n, true)
        alone, grouped, nested = (posterior(Rates(won, n), groups, draws=1_000).units
                                  for groups in ([], [team], [team, team // 4]))
        gain.append(((grouped["mean"] - true) ** 2).mean() / ((alone["mean"] - true) ** 2).mean())
        shares.append((held(grouped, true), held(nested, true)))
    assert np.mean(gain) < 0.85
    assert (np.mean(shares, axis=0) >= 0.83).all() and (np.mean(shares, axis=0) <= 0.97).all()


def test_teams_that_do_not_differ_cost_nothing():
    rng = np.random.default_rng(2)
    team, n = np.repeat(np.arange(6), 5), np.full(30, 60)
    true = expit(rng.normal(0, 0.3, 30))
    won = rng.binomial(n, true)
    alone, grouped = posterior(Rates(won, n)).units, posterior(Rates(won, n), [team]).units
    assert np.abs(alone["mean"] - grouped["mean"]).max() < 0.02


def test_a_unit_without_evidence_has_the_range_of_an_unknown_one():
    found = posterior(Levels([1.0, 1.2, 0.9, np.nan], [0.01, 0.01, 0.01, np.inf], [5, 5, 5, 0])).units
    width = found["high"] - found["low"]
    assert width.iloc[3] > width.iloc[:3].max() and 0.8 < found["mean"].iloc[3] < 1.3


def test_sizes_as_counts():
    """n amounts with coefficient of variation 1 ÷ √α: events n α, exposure α × their sum."""
    rng = np.random.default_rng(3)
    true, n = 1_000 * np.exp(rng.normal(0, 0.4, 40)), rng.integers(5, 40, 40)
    total = rng.gamma(n * 2.0, true / 2.0)
    draws = 1 / posterior(Counts(2.0 * n, 2.0 * total)).draws
    low, high = np.quantile(draws, [0.05, 0.95], axis=0)
    assert 0.8 <= ((low <= true) & (true <= high)).mean()


def test_the_same_seed_gives_the_same_and_inputs_stay():
    won, n = np.array([3, 9, 5]), np.array([10, 12, 11])
    first, second = posterior(Rates(won, n), seed=5), posterior(Rates(won, n), seed=5)
    pd.testing.assert_frame_equal(first.units, second.units)
    assert won.tolist() == [3, 9, 5] and n.tolist() == [10, 12, 11]
