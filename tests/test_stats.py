"""Rates with their uncertainty, against hand-computed figures, laws, and simulated truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from salesops_helpers import stats

counts = st.lists(
    st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=2, max_size=15
)


def simulate(rng, reps: int, mean: float, spread: float, fewest: int, most: int):
    """True rates of `reps` reps with standard deviation `spread`, and their wins among fewest to most deals."""
    n = rng.integers(fewest, most + 1, reps)
    k = mean * (1 - mean) / spread**2 - 1 if spread else 0
    truth = rng.beta(mean * k, (1 - mean) * k, reps) if spread else np.full(reps, mean)
    return truth, rng.binomial(n, truth), n


def covered(seed: int, sets: int, *cell, draws: int = 1_000) -> float:
    rng, shares = np.random.default_rng(seed), []
    for _ in range(sets):
        truth, won, n = simulate(rng, *cell)
        units = stats.beta_binomial(won, n, draws=draws).units
        shares.append(((units["low"] <= truth) & (truth <= units["high"])).mean())
    return float(np.mean(shares))


def test_jeffreys_is_the_published_range():
    # Brown, Cai, DasGupta 2001: 0 of n has low 0; the inside is the quantile of Beta(x + 1/2, n - x + 1/2).
    low, high = stats.jeffreys([0, 5, 10, 0], [10, 10, 10, 0], level=0.95)
    assert low[:3] == pytest.approx([0, scipy_stats.beta.ppf(0.025, 5.5, 5.5), 1 - 0.2172], abs=1e-4)
    assert high[:3] == pytest.approx([0.2172, scipy_stats.beta.ppf(0.975, 5.5, 5.5), 1], abs=1e-4)
    assert np.isnan([low[3], high[3]]).all()


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.63, 0.97])
@pytest.mark.parametrize(("level", "tail"), [(0.95, 0.025), (0.998, 0.001)])
def test_funnel_limits_are_exact_binomial(rate, level, tail):
    for n in (1, 2, 3, 7, 20, 220):
        low, high = stats.funnel_limits([n], rate, level)
        won = np.arange(n + 1)
        below = scipy_stats.binom.cdf(won, n, rate) < tail
        above = scipy_stats.binom.sf(won - 1, n, rate) < tail
        assert ((won / n < low - 1e-12) == below).all()
        assert ((won / n > high + 1e-12) == above).all()


def test_funnel_limits_at_the_ends():
    assert np.ravel(stats.funnel_limits([5], 0.0)) == pytest.approx([0, 0], abs=1e-9)
    assert np.ravel(stats.funnel_limits([5], 1.0)) == pytest.approx([1, 1], abs=1e-9)


def test_homogeneity_by_hand():
    # 2 x 2: 30 of 50 and 20 of 50; each expected 25; chi-square = 4 x 5^2 / 25 = 4 on 1 degree of freedom.
    test = stats.homogeneity([30, 20], [50, 50])
    assert (test.chi_square, test.degrees, test.simulated) == (pytest.approx(4.0), 1, False)
    assert test.p_value == pytest.approx(0.0455, abs=1e-4)


def test_homogeneity_is_simulated_where_counts_are_small():
    # 3 of 3 and 0 of 3: 2 of the 20 tables with these margins lie as far out.
    test = stats.homogeneity([3, 0], [3, 3])
    assert test.simulated
    assert test.p_value == pytest.approx(2 / 20, abs=4 * np.sqrt(0.1 * 0.9 / 9_999))


@pytest.mark.parametrize(("won", "n"), [([], []), ([3], [9]), ([0, 0], [4, 9]), ([4, 9], [4, 9]), ([2, 0], [4, 0])])
def test_homogeneity_without_anything_to_compare(won, n):
    assert stats.homogeneity(won, n).p_value == 1


def test_deviations_are_fisher_then_holm():
    won, n = np.array([9, 5, 5]), np.array([10, 10, 10])
    rest = n.sum() - n, won.sum() - won
    tails = [
        min(1, 2 * min(scipy_stats.fisher_exact([[w, m - w], [b, a - b]], alternative=side).pvalue
                       for side in ("less", "greater")))
        for w, m, a, b in zip(won, n, *rest, strict=True)
    ]
    assert stats.deviations(won, n)[0] == pytest.approx(3 * tails[0])
    assert stats.deviations(won, n)[1:] == pytest.approx([min(1, 2 * tails[1])] * 2)


def test_impossible_counts_are_refused():
    with pytest.raises(ValueError, match="between 0 and trials"):
        stats.beta_binomial([3], [2])


def test_beta_binomial_agrees_with_brute_force():
    """Against a plain 400 x 400 grid of the same model, summed without any of its short cuts."""
    won, n = np.array([3, 14, 40, 70]), np.array([10, 40, 60, 100])
    mean = ((np.arange(400) + 0.5) / 400)[:, None, None]
    spread = ((np.arange(400) + 0.5) / 400)[None, :, None]
    k = 1 / spread**2 - 1
    like = scipy_stats.betabinom.logpmf(won, n, mean * k, (1 - mean) * k).sum(axis=2)
    weight = np.exp(like - like.max()) / (0.3 + spread[..., 0])
    weight /= weight.sum()
    exact = [(weight * ((mean * k + w) / (k + m))[..., 0]).sum() for w, m in zip(won, n, strict=True)]
    found = stats.beta_binomial(won, n, draws=40_000)
    assert found.units["mean"].to_numpy() == pytest.approx(exact, abs=0.002)
    below, above = ([(weight[..., None] * scipy_stats.beta.cdf(end, mean * k + w, (1 - mean) * k + m - w)).sum()
                     for end, w, m in zip(found.units[side], won, n, strict=True)] for side in ("low", "high"))
    assert np.subtract(above, below) == pytest.approx([0.90] * 4, abs=0.006)
    assert [1 - above[3], below[3]] == pytest.approx([0.04, 0.06], abs=0.004), "surely above all: 6 % at the inner end"
    sd = (spread * np.sqrt(mean * (1 - mean)))[..., 0].ravel()
    order = np.argsort(sd)
    wanted = np.interp([0.05, 0.5, 0.95], np.cumsum(weight.ravel()[order]), sd[order])
    assert [found.spread_low, found.spread, found.spread_high] == pytest.approx(wanted, abs=0.006)


@settings(max_examples=40, deadline=None)
@given(counts, st.randoms(use_true_random=False))
def test_order_changes_nothing(pairs, random):
    mixed = list(range(len(pairs)))
    random.shuffle(mixed)
    won, n = np.array(pairs).T
    first, second = (stats.beta_binomial(won[i], n[i], draws=300).units for i in (np.arange(len(n)), mixed))
    pd.testing.assert_frame_equal(first.iloc[mixed].reset_index(drop=True), second)
    assert stats.homogeneity(won[mixed], n[mixed]).chi_square == pytest.approx(stats.homogeneity(won, n).chi_square)
    assert stats.deviations(won[mixed], n[mixed]) == pytest.approx(stats.deviations(won, n)[mixed])


@settings(max_examples=60, deadline=None)
@given(counts)
def test_laws_of_ranges(pairs):
    won, n = np.array(pairs).T
    found = stats.beta_binomial(won, n, draws=500)
    units, m = found.units, len(n)
    assert np.isfinite(units.to_numpy()).all()
    assert ((units["low"] <= units["mean"]) & (units["mean"] <= units["high"])).all()
    assert (units["p_above"] + units["p_below"]).to_numpy() == pytest.approx(1)
    assert units["p_top_quarter"].sum() == pytest.approx(-(-m // 4))
    assert units["p_bottom_quarter"].sum() == pytest.approx(-(-m // 4))
    assert units[["rank_low", "rank_high"]].stack().between(1, m).all()
    assert 0 < found.spread_low <= found.spread <= found.spread_high < 0.5
    same = units.groupby([won, n]).nunique()
    assert (same == 1).all(axis=None)


@settings(max_examples=30, deadline=None)
@given(counts)
def test_losses_mirror_wins(pairs):
    won, n = np.array(pairs).T
    wins, losses = stats.beta_binomial(won, n, draws=4_000), stats.beta_binomial(n - won, n, draws=4_000)
    assert wins.units["mean"].to_numpy() == pytest.approx(1 - losses.units["mean"].to_numpy(), abs=0.03)
    assert stats.homogeneity(won, n).chi_square == pytest.approx(stats.homogeneity(n - won, n).chi_square, abs=1e-6)


def test_one_unit_has_no_rank_to_speak_of():
    units = stats.beta_binomial([6], [10]).units
    assert units[["p_above", "p_below"]].isna().all(axis=None)
    assert units.loc[0, "low"] < 0.6 < units.loc[0, "high"]


def test_input_is_untouched_and_seed_decides():
    won, n = pd.Series([3, 4, 9], index=[7, 8, 9]), pd.Series([9, 9, 12], index=[7, 8, 9])
    before = won.copy(), n.copy()
    first, again, other = (stats.beta_binomial(won, n, seed=s).units for s in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)
    pd.testing.assert_series_equal(won, before[0])
    pd.testing.assert_series_equal(n, before[1])


def test_more_deals_make_narrower_ranges_that_lean_less():
    few = stats.beta_binomial([3, 5, 7], [10] * 3).units
    many = stats.beta_binomial([300, 500, 700], [1_000] * 3).units
    assert ((many["high"] - many["low"]) < (few["high"] - few["low"])).all()
    assert (many["mean"] - [0.3, 0.5, 0.7]).abs().max() < 0.01
    assert few.loc[0, "mean"] > 0.33


def test_large_companies_are_quick():
    from time import perf_counter

    rng = np.random.default_rng(2)
    _, won, n = simulate(rng, 3_000, 0.4, 0.08, 20, 400)
    start = perf_counter()
    found = stats.beta_binomial(won, n)
    assert perf_counter() - start < 5  # 0.4 s on a quiet core
    assert found.spread == pytest.approx(0.08, abs=0.006)


# Coverage. Over data sets of 30 reps the share covered has a standard deviation of 0.072 at most; at 60 data sets 0.028
# is three standard errors.
@pytest.mark.parametrize(("spread", "least", "most"), [(0.0, 0.90, 1.0), (0.05, 0.84, 0.96), (0.10, 0.84, 0.96)])
def test_ranges_cover(spread, least, most):
    share = covered(5, 60, 30, 0.63, spread, 100, 340, draws=500)
    assert least - 0.028 <= share <= most + 0.028


CELLS = [
    (reps, mean, spread, few, many)
    for reps in (10, 30) for few, many in ((100, 340), (30, 120)) for mean in (0.3, 0.63) for spread in (0.05, 0.10)
]


@pytest.mark.slow
@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_ranges_cover_in_long_simulations(cell):
    assert 0.84 <= covered(17, 400, *cell) <= 0.96


@pytest.mark.slow
@pytest.mark.parametrize("reps", [4, 10, 30, 100])
def test_ranges_do_not_claim_too_much_without_a_difference(reps):
    assert covered(23, 400, reps, 0.63, 0.0, 50, 340) >= 0.90
