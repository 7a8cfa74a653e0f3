"""True values of units that stand in groups that stand in larger groups: reps in teams in regions.

Three kinds of evidence (`Rates`, `Counts`, `Levels`), one computation: a full-Bayes grid over the spread between units,
between groups and between larger groups, and exact draws of the units given the grid. Nothing is plugged in, so that
ranges stay honest where nothing differs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from salesops_helpers.ranks import summarise
from salesops_helpers.stats import SMALL

SEED, LEVEL = 20_261, 0.90
SPREADS, MEANS, STEPS, PASSES = 20, 48, 8, 3
GROUP_SPREAD = 0.3
_CELLS = 1 << 20


class Rates:
    """Successes out of trials: rate ~ Beta(m k, (1 − m) k), seen on the logit scale of m."""

    def __init__(self, successes, trials):
        self.won, self.n = np.asarray(successes, float), np.asarray(trials, float)
        raw = np.log((self.won + 0.5) / (self.n - self.won + 0.5))
        self.x, self.scale, self.weight = raw, 1.0, self.n

    def log_likelihood(self, x: np.ndarray, k: np.ndarray) -> np.ndarray:
        from scipy.special import expit, gammaln

        m = expit(x)[None, :]
        base = k[:, None] + 0 * m

        def rise(a, counts):
            values, at = np.unique(counts, return_inverse=True)
            return (gammaln(a[..., None] + values) - gammaln(a)[..., None])[..., at]

        up, down = rise(m * base, self.won), rise((1 - m) * base, self.n - self.won)
        return up + down - rise(k[:, None], self.n)

    def draw(self, x: np.ndarray, k: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        from scipy.special import expit

        m = expit(x).clip(1e-9, 1 - 1e-9)
        return rng.beta(m * k + self.won, (1 - m) * k + self.n - self.won)


class Counts:
    """Events over an exposure: events ~ Poisson(rate × exposure), rate ~ Gamma(shape k, mean m), on the log scale of m.

    With events = n α and exposure = α × the sum of n amounts it is the gamma model of sizes with coefficient of
    variation 1 ÷ √α: the rate is then 1 ÷ mean size.
    """

    def __init__(self, events, exposure, weight=None):
        self.events, self.exposure = np.asarray(events, float), np.asarray(exposure, float)
        total = max(self.events.sum(), 0.5) / max(self.exposure.sum(), 1e-12)
        self.x = np.log((self.events + 0.5) / (self.exposure + 0.5 / total))
        self.scale, self.weight = 1.0, self.exposure if weight is None else np.asarray(weight, float)

    def log_likelihood(self, x: np.ndarray, k: np.ndarray) -> np.ndarray:
        from scipy.special import gammaln

        k = k[:, None, None]
        base = k / np.exp(x)[None, :, None]
        shape = gammaln(k + self.events) - gammaln(k)
        return shape + k * np.log(base) - (k + self.events) * np.log(base + self.exposure)

    def draw(self, x: np.ndarray, k: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return rng.gamma(k + self.events) / (k / np.exp(x) + self.exposure)


class Levels:
    """Estimates with known variances: estimate ~ N(value, variance), value ~ N(m, v ÷ k), v the variance of one case.

    The variance of one case is Σ n² × variance ÷ Σ n over the units; a unit without cases has variance infinity.
    """

    def __init__(self, estimate, variance, n):
        self.n, self.weight = np.asarray(n, float), np.asarray(n, float)
        known = (self.n > 0) & np.isfinite(np.asarray(variance, float))
        self.precision = np.where(known, 1 / np.where(known, variance, 1.0), 0.0)
        mean = (self.precision @ np.where(known, estimate, 0.0)) / max(self.precision.sum(), 1e-300)
        self.x = np.where(known, estimate, mean)
        squares = np.where(known, self.n**2 / np.where(known, self.precision, 1.0), 0.0)
        self.case = squares.sum() / max(self.n[known].sum(), 1e-300)
        self.scale = float(np.sqrt(self.case))

    def log_likelihood(self, x: np.ndarray, k: np.ndarray) -> np.ndarray:
        noise = 1 / np.where(self.precision > 0, self.precision, 1.0)
        total = noise + self.case / k[:, None, None]
        fit = -0.5 * (np.log(total) + (self.x - x[None, :, None]) ** 2 / total)
        return np.where(self.precision > 0, fit, 0.0)

    def draw(self, x: np.ndarray, k: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        prior = k / self.case
        total = prior + self.precision
        return (prior * x + self.precision * self.x) / total + rng.standard_normal(x.shape) / np.sqrt(total)


@dataclass(frozen=True)
class Posterior:
    """Answer of `posterior`: `units` as `salesops_helpers.ranks.summarise` gives them, the standard deviation of the
    true values between units (median and range), and the joint draws (draws × units)."""

    units: pd.DataFrame
    spread_low: float
    spread: float
    spread_high: float
    draws: np.ndarray


def posterior(model: Rates | Counts | Levels, groups=(), level: float = LEVEL, draws: int = 4_000,
              seed: int = SEED) -> Posterior:
    """True values of units, each drawn toward its group, the groups toward their larger groups, and these together.

    Parameters
    ----------
    model : Rates, Counts or Levels
        The evidence, one entry a unit.
    groups : sequence of array-like
        None, one or two labels of each unit: its group, and the larger group that holds it.
    level : float
        Probability inside each range (on its tails: `salesops_helpers.ranks.summarise`).
    draws : int
        Joint draws; fewer (400 at least) where they would pass a million numbers.
    seed : int
        Of the draws.

    Notes
    -----
    Fixed before any data are seen: k, the number of cases that the prior is worth, by log(1 + spread ÷ 0.3) uniform,
    spread = 1 ÷ √(1 + k) from 0 to 1 (as in `stats.beta_binomial`);
    the mean uniform on its scale (logit, log, or as it is) over the range of the data; the standard deviation between
    groups half-normal with 0.3 (logit, log), or 0.3 standard deviations of one case (`Levels`).

    References
    ----------
    Gelman et al. (2013), Bayesian Data Analysis, 3rd ed., ch. 5.
    """
    leaf, parents = _nest(groups, len(model.x))
    order = np.argsort(leaf, kind="stable")
    starts = np.searchsorted(leaf[order], np.arange(leaf.max() + 1))
    root, x = (np.arange(SPREADS) + 0.5) / SPREADS, _around(model.x, model.scale)
    for _ in range(PASSES):
        k = 1 / (1e-4 + 0.9998 * root**2) ** 2 - 1
        seen = _summed(model.log_likelihood(x, k), order, starts)
        stack, weight = _climb(seen, root, x, model.scale, parents)
        last = (root, x, k, seen, stack, weight)
        root, x = _closer(root, weight, x, seen, len(parents) > 0)
    return _drawn(model, leaf, parents, last, level, draws, seed)


def _summed(values: np.ndarray, order: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Sums over the units of each group (last axis); of a single group without sorting."""
    if len(starts) == 1:
        return values.sum(axis=-1, keepdims=True)
    return np.add.reduceat(values[..., order], starts, axis=-1)


def _nest(groups, units: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """The leaf group of each unit, and for each level above the parent of each group; the whole is at the top."""
    codes = [np.unique(np.asarray(g).astype(str), return_inverse=True)[1] for g in groups]
    if not codes:
        return np.zeros(units, int), []
    if len(codes) == 1:
        return codes[0], [np.zeros(codes[0].max() + 1, int)]
    pairs, leaf = np.unique(np.column_stack(codes[::-1]), axis=0, return_inverse=True)
    return leaf.ravel(), [pairs[:, 0], np.zeros(pairs[:, 0].max() + 1, int)]


def _around(x: np.ndarray, scale: float) -> np.ndarray:
    room = 0.5 * scale + 0.1 * np.ptp(x)
    return np.linspace(x.min() - room, x.max() + room, MEANS)


def _kernels(x: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """For each spread between groups (weights: half-normal): the chance of a group's mean given the mean above it."""
    sizes = (np.arange(STEPS) + 0.5) / STEPS * 2.5
    z = (x[:, None] - x) / (sizes * GROUP_SPREAD * scale)[:, None, None]
    density = np.exp(-0.5 * z**2)
    return density / density.sum(axis=2, keepdims=True), -0.5 * sizes**2


def _climb(seen, root, x, scale: float, parents: list[np.ndarray]) -> tuple[list[np.ndarray], np.ndarray]:
    """Evidence of the groups at each level, and the weights over (spread, [between groups, …,] mean)."""
    stack, level = [seen], seen
    kernels, prior = _kernels(x, scale)
    for parent in parents:
        most = level.max(axis=-2, keepdims=True)
        held = kernels @ np.exp(level - most)[..., None, :, :]  # …, step, mean above, group
        log_held = np.log(np.maximum(held, 1e-300)) + most[..., None, :, :]
        order = np.argsort(parent, kind="stable")
        starts = np.searchsorted(parent[order], np.arange(parent.max() + 1))
        level = _summed(log_held, order, starts)
        stack.append(level)
    total = level[..., 0]
    total = total + np.log(root / (SMALL + root**2)).reshape(-1, *[1] * (total.ndim - 1))
    for axis in range(1, total.ndim - 1):
        total = total + prior.reshape([STEPS if a == axis else 1 for a in range(total.ndim)])
    weight = np.exp(total - total.max())
    return stack, weight / weight.sum()


def _closer(root, weight, x, seen, grouped: bool) -> tuple[np.ndarray, np.ndarray]:
    """Grids drawn together around what the data allow."""
    by_root = weight.reshape(len(root), -1).sum(axis=1)
    step = root[1] - root[0]
    held = root[by_root > 1e-5]
    low, high = max(held[0] - step, 0.0), min(held[-1] + step, 1.0)
    if grouped:
        likely = seen[by_root > 1e-3]
        here = ((likely - likely.max(axis=1, keepdims=True)) > -9).any(axis=(0, 2))
    else:
        here = weight.reshape(-1, len(x)).sum(axis=0) > 1e-6
    inside, width = x[here], x[1] - x[0]
    return (low + (np.arange(SPREADS) + 0.5) / SPREADS * (high - low),
            np.linspace(inside[0] - width, inside[-1] + width, MEANS))


def _drawn(model, leaf, parents, last, level: float, draws: int, seed: int) -> Posterior:
    _, x, k, seen, stack, weight = last
    rng = np.random.default_rng(seed)
    most = max(len(leaf), MEANS * seen.shape[-1] if parents else 0, 1)
    size = int(np.clip(_CELLS // most, min(400, draws), draws))
    flat = weight.ravel()
    at = np.searchsorted(np.cumsum(flat), (np.arange(size) + rng.random()) / size).clip(max=len(flat) - 1)
    place = np.unravel_index(at, weight.shape)
    kernels, _ = _kernels(x, model.scale)
    group = place[-1][:, None]
    for depth in range(len(parents), 0, -1):
        evidence = stack[depth - 1][place[:depth]]  # draw, mean, group
        above = kernels[place[depth][:, None], group[:, parents[depth - 1]]]  # draw, group, mean
        chance = np.exp(evidence - evidence.max(axis=1, keepdims=True)).transpose(0, 2, 1) * above
        total = chance.cumsum(axis=2)
        group = (total < rng.random(total.shape[:2])[..., None] * total[..., -1:]).sum(axis=2).clip(max=len(x) - 1)
    jitter = (rng.random(group.shape) - 0.5) * (x[1] - x[0])
    values = model.draw((x[group] + jitter)[:, leaf], k[place[0]][:, None], rng)
    between = np.quantile(values.std(axis=1), [(1 - level) / 2, 0.5, (1 + level) / 2])
    middle = (float(between[0]), float(between[1]), float(between[2]))
    return Posterior(summarise(values, model.weight, level), *middle, values)
