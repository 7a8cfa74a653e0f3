"""Reps: are ranges and announcements honest, do estimates beat raw rates, is the adjustment earned, how fast."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import spearmanr

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "performance"))

from rep_company import simulated

from salesops_helpers import hierarchy, load, stats
from salesops_helpers.performance.difference import alarm
from salesops_helpers.performance.kpis import closed_deals
from salesops_helpers.performance.rep_expected import adjusted

ROOT = Path(__file__).resolve().parents[2]
SETS, DRAWS, SEED = 400, 1_000, 7
SPREADS, DEALS, REPS = (0.15, 0.3, 0.6), (10, 30, 130), (6, 30, 300)
# Efron, Morris (1975), Data analysis using Stein's estimator and its generalizations, JASA 70, table 1: hits in the
# first 45 times at bat of 1970, and the batting average over the rest of the season.
HITS = np.array([18, 17, 16, 15, 14, 14, 13, 12, 11, 11, 10, 10, 10, 10, 10, 9, 8, 7])
REST = np.array([0.346, 0.298, 0.276, 0.222, 0.273, 0.270, 0.263, 0.210, 0.269, 0.230, 0.264, 0.256, 0.303, 0.264,
                 0.226, 0.286, 0.316, 0.200])


def figure(name: str, value: float, goal: float | None, better: str, n: int, unit: str = "share") -> dict:
    return {"area": "reps", "name": f"reps.{name}", "value": float(value), "unit": unit, "goal": goal,
            "better": better, "kind": "gate", "n": int(n)}


def companies(rng: np.random.Generator, spread: float, deals: int, reps: int):
    """True rates about a common one between 25 and 65 %, and wins out of the same number of deals."""
    centre = rng.uniform(-1.1, 0.6)
    true = expit(centre + rng.normal(0, spread, reps))
    return true, rng.binomial(deals, true)


def covered(spread: float, deals: int, reps: int) -> tuple[float, float]:
    """Share of true rates inside their 90 % range, and its standard error over data sets."""
    rng = np.random.default_rng([SEED, int(spread * 100), deals, reps])
    shares = np.empty(SETS)
    for at in range(SETS):
        true, won = companies(rng, spread, deals, reps)
        units = stats.beta_binomial(won, np.full(reps, deals), draws=DRAWS, seed=at).units
        shares[at] = ((units["low"] <= true) & (true <= units["high"])).mean()
    return float(shares.mean()), float(shares.std(ddof=1) / np.sqrt(SETS))


def bench_false_announcements():
    """How often reps who are all alike are said to differ."""
    rng = np.random.default_rng(SEED)
    cells = {(deals, reps): np.mean([alarm(companies(rng, 0.0, deals, reps)[1], np.full(reps, deals))[0]
                                     for _ in range(SETS)]) for deals in DEALS for reps in REPS}
    return [figure("false_announcements", np.mean(list(cells.values())), 0.05, "lower", SETS * len(cells)),
            figure("false_announcements_worst_cell", max(cells.values()), None, "lower", SETS)]


def bench_coverage():
    """The share of true rates that the 90 % ranges hold, cell by cell."""
    cells = {(spread, deals, reps): covered(spread, deals, reps)
             for spread in (0.0, *SPREADS) for deals in DEALS for reps in REPS}
    for (spread, deals, reps), (share, error) in cells.items():
        print(f"spread {spread:4}  deals {deals:3}  reps {reps:3}: covers {share:.3f} ± {error:.3f}")
    null = [share for (spread, *_), (share, _) in cells.items() if spread == 0]
    some = [share for (spread, *_), (share, _) in cells.items() if spread > 0]
    return [figure("coverage_null", min(null), 0.90, "higher", SETS * len(null)),
            figure("coverage_min", min(some), 0.84, "higher", SETS * len(some)),
            figure("coverage_max", max(some), 0.96, "lower", SETS * len(some)),
            figure("coverage_mean", np.mean(some), None, "higher", SETS * len(some)),
            figure("coverage_error", max(error for _, error in cells.values()), None, "lower", SETS)]


def bench_ranking():
    """Spread 0.5, about 60 deals a rep, 40 reps: the order of the estimates against the true one."""
    rng, reps, top = np.random.default_rng(SEED), 40, 4
    order, found = np.empty(SETS), np.empty(SETS)
    for at in range(SETS):
        true, n = expit(rng.normal(0.3, 0.5, reps)), rng.poisson(60, reps)
        mean = stats.beta_binomial(rng.binomial(n, true), n, draws=DRAWS, seed=at).units["mean"].to_numpy()
        order[at] = spearmanr(mean, true).statistic
        found[at] = len(set(np.argsort(-mean)[:top]) & set(np.argsort(-true)[:top])) / top
    return [figure("rank_correlation", order.mean(), 0.80, "higher", SETS, "rank correlation"),
            figure("top_tenth_found", found.mean(), 0.55, "higher", SETS)]


def bench_next_half():
    """Rates of one half of the deals as forecasts of the other half: 40 reps, spread 0.3, 10 to 40 deals a half."""
    rng, reps = np.random.default_rng(SEED), 40
    errors = np.zeros(3)
    for at in range(SETS):
        true = expit(rng.uniform(-1.1, 0.6) + rng.normal(0, 0.3, reps))
        n, later = rng.integers(10, 41, reps), rng.integers(10, 41, reps)
        errors += squared(rng.binomial(n, true), n, rng.binomial(later, true), later, at)
    return [figure("next_half_vs_raw", errors[0] / errors[1], 0.70, "lower", SETS, "squared error ÷ raw rates'"),
            figure("next_half_vs_pooled", errors[0] / errors[2], 0.95, "lower", SETS, "squared error ÷ common rate's")]


def squared(won, n, won_later, later, seed: int = 1) -> np.ndarray:
    """Squared errors about the later rates, weighted by their deals: of the estimates, raw rates, the common rate."""
    ahead, rate = won_later / later, won.sum() / n.sum()
    mean = stats.beta_binomial(won, n, draws=DRAWS, seed=seed).units["mean"].to_numpy()
    return np.array([(later * (guess - ahead) ** 2).sum() for guess in (mean, won / n, np.full(len(n), rate))])


def bench_maven(cases):
    """The public CRM case: the deals closed up to each of six months as forecasts of the later ones."""
    deals = closed_deals(load(ROOT / "tests" / "cases" / "maven", month="2017-12"))
    won = (deals["status"] == "won").astype(int)
    month = deals["closed_on"].dt.month
    errors = np.zeros(3)
    for last in range(5, 11):
        early, late = (won[side].groupby(deals.loc[side, "rep_id"]).agg(["sum", "size"])
                       for side in (month <= last, month > last))
        both = early.join(late, rsuffix="_later", how="inner").to_numpy()
        errors += squared(*both.T)
    return [figure("maven_vs_pooled", errors[0] / errors[2], 1.02, "lower", 6, "squared error ÷ common rate's"),
            figure("maven_vs_raw", errors[0] / errors[1], None, "lower", 6, "squared error ÷ raw rates'")]


def bench_baseball():
    """Eighteen batters: Efron and Morris' data."""
    mean = stats.beta_binomial(HITS, np.full(18, 45), seed=1).units["mean"].to_numpy()
    grid = hierarchy.posterior(hierarchy.Rates(HITS, np.full(18, 45)), seed=1).units["mean"].to_numpy()
    pooled, raw = HITS.sum() / 18 / 45, HITS / 45
    errors = [float(((guess - REST) ** 2).sum()) for guess in (mean, grid, pooled, raw)]
    return [figure("baseball_sse", errors[0], 0.0225, "lower", 18, "squared error"),
            figure("baseball_sse_grid", errors[1], None, "lower", 18, "squared error"),
            figure("baseball_sse_pooled", errors[2], None, "lower", 18, "squared error"),
            figure("baseball_sse_raw", errors[3], None, "lower", 18, "squared error")]


def bench_adjustment():
    """Companies in which only the mix differs, and companies in which skill differs too."""
    runs, found, order = 60, np.zeros(2), np.zeros((2, 60))
    for at in range(runs):
        frame = adjusted(simulated(at, mix=0.6)[0])
        found += frame[["raw_differs", "differs"]].iloc[0].to_numpy(float)
        tables, true = simulated(1_000 + at, mix=0.6, skill=0.4)
        frame = adjusted(tables)
        order[:, at] = [spearmanr(frame[column], true).statistic for column in ("raw", "mean")]
    gain = order[1] - order[0]
    return [figure("mix_only_raw_differs", found[0] / runs, None, "higher", runs),
            figure("mix_only_adjusted_differs", found[1] / runs, 0.10, "lower", runs),
            figure("truth_rank_raw", order[0].mean(), None, "higher", runs, "rank correlation"),
            figure("truth_rank_adjusted", order[1].mean(), None, "higher", runs, "rank correlation"),
            figure("truth_rank_gain", gain.mean(), 0.0, "higher", runs, "rank correlation"),
            figure("truth_rank_gain_error", gain.std(ddof=1) / np.sqrt(runs), None, "lower", runs, "rank correlation")]


def bench_speed():
    """3,000 reps × 5 measures, against statsmodels' mixed model on the same deals: seconds of one processor."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        return speed()


def speed() -> list[dict]:
    from statsmodels.regression.mixed_linear_model import MixedLM

    rng, reps = np.random.default_rng(SEED), 3_000
    n = rng.poisson(30, reps) + 1
    rep = np.repeat(np.arange(reps), n)
    true = rng.normal(0, 0.3, (5, reps))
    won = [(rng.random(len(rep)) < expit(true[m][rep])).astype(float) for m in (0, 1)]
    size, wait = (np.exp(true[m][rep] + rng.normal(0, 0.6, len(rep))) for m in (2, 3))
    level = true[4][rep] + rng.normal(0, 1, len(rep))
    sums = {name: np.bincount(rep, values) for name, values in
            (("won", won[0]), ("quick", won[1]), ("size", size), ("wait", wait), ("level", level))}
    stats.beta_binomial([1, 1], [2, 3])  # imports are not counted, theirs neither
    started = time.process_time()
    stats.beta_binomial(sums["won"].astype(int), n)
    stats.beta_binomial(sums["quick"].astype(int), n)
    hierarchy.posterior(hierarchy.Counts(n * 2.5, sums["size"] * 2.5))
    hierarchy.posterior(hierarchy.Counts(n, sums["wait"]))
    hierarchy.posterior(hierarchy.Levels(sums["level"] / n, 1 / n, n))
    ours = time.process_time() - started
    started = time.process_time()
    for values in (*won, np.log(size), np.log(wait), level):
        MixedLM(values, np.ones((len(rep), 1)), groups=pd.Series(rep)).fit()
    theirs = time.process_time() - started
    return [figure("vs_mixed_model", ours / theirs, 0.05, "lower", reps, "seconds ÷ statsmodels' seconds"),
            figure("seconds", ours, None, "lower", reps, "s"),
            figure("seconds_mixed_model", theirs, None, "lower", reps, "s")]
