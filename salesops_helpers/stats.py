"""Rates with their uncertainty: shrinkage, ranges, control limits, and the question whether units differ at all.

A *unit* is whatever has a count of successes out of trials: a rep with wins out of closed deals, a team, a lead source.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from salesops_helpers.ranks import summarise

SEED = 20_261
LEVEL = 0.90
SMALL = 0.3
_CELLS, _DRAWN, _FEWEST = 1 << 22, 1 << 20, 400


def jeffreys(successes, trials, level: float = LEVEL) -> tuple[np.ndarray, np.ndarray]:
    """Range of a single rate: the Jeffreys interval, equal tails of Beta(successes + ½, failures + ½).

    Parameters
    ----------
    successes, trials : array-like of int
        Counts; the range is missing where trials is 0.
    level : float
        Share of the probability inside, 0 to 1.

    Returns
    -------
    low, high : ndarray
        Shares 0 to 1; low is 0 without a success, high is 1 without a failure.

    References
    ----------
    Brown, Cai, DasGupta (2001), Interval estimation for a binomial proportion, Statistical Science 16.
    """
    from scipy.special import betaincinv

    won, n = np.broadcast_arrays(np.asarray(successes, float), np.asarray(trials, float))
    tail = (1 - level) / 2
    low = np.where(won > 0, betaincinv(won + 0.5, n - won + 0.5, tail), 0.0)
    high = np.where(won < n, betaincinv(won + 0.5, n - won + 0.5, 1 - tail), 1.0)
    return np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)


def funnel_limits(trials, rate: float, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Control limits for the share of successes among `trials` when the true rate is `rate`.

    A unit lies below the low limit exactly when P(this many successes or fewer) < (1 − level) ÷ 2, and above the high
    limit exactly when P(this many or more) < (1 − level) ÷ 2, both from the binomial distribution; between whole counts
    the limits follow its continuation by the incomplete beta function.

    Parameters
    ----------
    trials : array-like of int
        Number of trials of each unit, 1 or more.
    rate : float
        The common rate, 0 to 1.
    level : float
        Usually 0.95 and 0.998.

    References
    ----------
    Spiegelhalter (2005), Funnel plots for comparing institutional performance, Statistics in Medicine 24.
    """
    from scipy.special import bdtrik

    n, tail = np.asarray(trials, float), (1 - level) / 2
    low, failures = (np.nan_to_num(bdtrik(tail, n, p)) for p in (rate, 1 - rate))
    return low / n, 1 - failures / n


@dataclass(frozen=True)
class Homogeneity:
    """Answer of `homogeneity`: chi-square, its degrees of freedom, p value, and whether that came from simulation."""

    chi_square: float
    degrees: int
    p_value: float
    simulated: bool


def homogeneity(successes, trials, seed: int = SEED) -> Homogeneity:
    """Test that all units share one rate: Pearson's chi-square over units × (success, failure).

    The p value is the chi-square distribution's where every expected count is at least 5; otherwise it is simulated
    with both margins held fixed (999 tables, up to 9,999 where these give less than 0.1), which is exact for small
    counts too.

    Parameters
    ----------
    successes, trials : array-like of int
        Counts per unit; units without trials are left out.
    """
    from scipy.special import chdtrc

    won, n = _counts(successes, trials)
    order = np.lexsort((won, n))  # the same draws whatever the order of the units
    won, n = won[order], n[order]
    degrees, rate = max(len(n) - 1, 0), won.sum() / max(n.sum(), 1)
    if degrees == 0 or rate in (0, 1):
        return Homogeneity(0.0, degrees, 1.0, False)
    scale = n * rate * (1 - rate)
    statistic = float((((won - n * rate) ** 2) / scale).sum())
    if n.min() * min(rate, 1 - rate) >= 5:
        return Homogeneity(statistic, degrees, float(chdtrc(degrees, statistic)), False)
    rng, most = np.random.default_rng(seed), int(np.clip(_CELLS // len(n), 999, 9_999))
    tables = as_far = 0
    while tables < most and as_far < 0.1 * (1 + tables):
        more = min(most - tables, 999 if tables == 0 else most)
        drawn = rng.multivariate_hypergeometric(n, won.sum(), more, method="marginals")
        as_far += int(((((drawn - n * rate) ** 2) / scale).sum(axis=1) >= statistic * (1 - 1e-9)).sum())
        tables += more
    return Homogeneity(statistic, degrees, (1 + as_far) / (1 + tables), True)


def deviations(successes, trials) -> np.ndarray:
    """Holm-adjusted p value of each unit's distance from all the others together, by Fisher's exact test (two-sided,
    twice the smaller tail): the chance of naming any unit wrongly is at most the level that is asked of them."""
    from scipy.stats import hypergeom

    won, n = _counts(successes, trials, keep=True)
    total = (n.sum(), won.sum(), n)
    return holm(np.minimum(1.0, 2 * np.minimum(hypergeom.cdf(won, *total), hypergeom.sf(won - 1, *total))))


def holm(p) -> np.ndarray:
    """Holm-adjusted p values: naming those at most 5 % names any wrongly in at most 5 % of cases (Holm 1979)."""
    p = np.asarray(p, float)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1.0)
    return adjusted


@dataclass(frozen=True)
class RatePosterior:
    """Answer of `beta_binomial`.

    Attributes
    ----------
    units : DataFrame
        One row a unit, in the order given: mean, low, high (of the true rate), p_above, p_below (probability that it is
        above, below the rate of all units together), p_top_quarter, p_bottom_quarter (probability that it is among the
        highest, lowest ⌈units ÷ 4⌉), rank_low, rank_high (range of its rank, 1 the highest).
    spread_low, spread, spread_high : float
        Standard deviation of the true rates between units: range and median.
    rates : ndarray
        Draws of the true rates, one row a draw, one column a unit.
    """

    units: pd.DataFrame
    spread_low: float
    spread: float
    spread_high: float
    rates: np.ndarray


def beta_binomial(successes, trials, level: float = LEVEL, draws: int = 4_000, seed: int = SEED) -> RatePosterior:
    """True rates of units that may or may not differ: full-Bayes beta-binomial model over a grid of (mean, spread).

    successes ~ Binomial(trials, rate), rate ~ Beta(mean × k, (1 − mean) × k), k = 1 ÷ spread² − 1; the mean is uniform
    on 0 to 1, and log(1 + spread ÷ 0.3) is uniform, the spread (0 to 1) being the standard deviation between units ÷
    √(mean × (1 − mean)): below 0.3 (about 15 points) each size is as likely, above it each doubling. Averaging over the
    spread, in place of plugging in one value, keeps the ranges honest where units do not differ. 0.3 was one of 46
    priors tried on simulated companies; those that decided had the benchmark's numbers of deals, and reps near its.

    Parameters
    ----------
    successes, trials : array-like of int
        Counts per unit; a unit without trials gets the range of an unknown unit of this kind.
    level : float
        Probability inside each range (on its tails: `salesops_helpers.ranks.summarise`).
    draws : int
        Joint draws of all rates; fewer (at least 400) where units × draws would pass a million.
    seed : int
        Of the draws. Units with the same counts get the same answer, whatever their order.

    References
    ----------
    Gelman et al. (2013), Bayesian Data Analysis, 3rd ed., ch. 5; Goldstein, Spiegelhalter (1996), League tables and
    their limitations, JRSS A 159.
    """
    won, n = _counts(successes, trials, keep=True)
    pairs, unit = np.unique(np.column_stack([n, won]), axis=0, return_inverse=True)
    order = np.argsort(unit, kind="stable")
    mean, spread, weight = _grid(won[order], n[order])
    rng, size = np.random.default_rng(seed), int(np.clip(_DRAWN // max(len(n), 1), min(_FEWEST, draws), draws))
    at = np.searchsorted(np.cumsum(weight), (np.arange(size) + rng.random()) / size).clip(max=len(weight) - 1)
    k = 1 / spread[at] ** 2 - 1
    a, b = (mean[at] * k)[:, None], ((1 - mean[at]) * k)[:, None]
    sorted_rates = rng.beta(a + won[order], b + n[order] - won[order])
    rates = np.empty_like(sorted_rates)
    rates[:, order] = sorted_rates
    units = summarise(sorted_rates, n[order], level).set_axis(order).sort_index()
    units = units.groupby(unit).transform("mean") if len(pairs) < len(n) else units
    tails = [(1 - level) / 2, 0.5, (1 + level) / 2]
    low, middle, high = np.quantile(spread[at] * np.sqrt(mean[at] * (1 - mean[at])), tails)
    return RatePosterior(units, float(low), float(middle), float(high), rates)


def _counts(successes, trials, keep: bool = False) -> tuple[np.ndarray, np.ndarray]:
    won, n = np.asarray(successes, np.int64), np.asarray(trials, np.int64)
    if (won < 0).any() or (won > n).any():
        raise ValueError("successes must lie between 0 and trials")
    return (won, n) if keep else (won[n > 0], n[n > 0])


def _grid(won: np.ndarray, n: np.ndarray, spreads: int = 40, means: int = 15) -> tuple[np.ndarray, ...]:
    """Posterior of (mean, spread): points and weights, the spread's grid drawn together around its mass once."""
    low, high = 0.0, 1.0
    for _ in range(2):
        root = low + (np.arange(spreads) + 0.5) / spreads * (high - low)
        mean, spread, log_density = _log_posterior(won, n, 1e-4 + 0.9998 * root**2, means)
        log_density += np.log(root / (SMALL + root**2))[:, None]
        weight = np.exp(log_density - log_density.max())
        weight /= weight.sum()
        held = root[weight.sum(axis=1) > 1e-5]
        step = (high - low) / spreads
        low, high = max(held[0] - step, 0.0), min(held[-1] + step, 1.0)
    return mean.ravel(), spread.ravel(), weight.ravel()


def _log_posterior(won, n, spreads, means) -> tuple[np.ndarray, ...]:
    """Log posterior at `means` points for each spread, placed where the mean must lie, corrected for the placing."""
    from scipy.special import betaincinv, betaln, gammaln

    share = spreads**2
    weight = n / (1 + np.maximum(n - 1, 0) * share[:, None])
    size = weight.sum(axis=1)
    centre = (weight @ (won / np.maximum(n, 1))) / np.maximum(size, 1e-12)
    # From half the information, so that the points reach further out than the posterior does.
    up, down = 0.5 * size * centre + 0.5, 0.5 * size * (1 - centre) + 0.5
    levels = (np.arange(means) + 0.5) / means
    mean = betaincinv(up[:, None], down[:, None], levels).clip(1e-9, 1 - 1e-9)
    placed = (up - 1)[:, None] * np.log(mean) + (down - 1)[:, None] * np.log1p(-mean) - betaln(up, down)[:, None]
    spread = np.broadcast_to(spreads[:, None], mean.shape)
    k = 1 / spread**2 - 1
    a, b = mean * k, (1 - mean) * k

    def total(base, counts):
        values, times = np.unique(counts, return_counts=True)
        return (gammaln(base[..., None] + values) - gammaln(base)[..., None]) @ times.astype(float)

    return mean, spread, total(a, won) + total(b, n - won) - total(k, n) - placed
