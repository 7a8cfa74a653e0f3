"""Values and 90 % ranges by kind of figure; never a normal guess on a rate."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers.stats import LEVEL, SEED, jeffreys

BUCKETS = 256
DRAWS = 800
KEYS = ["unit", "month"]
COLUMNS = ["value", "numerator", "denominator", "n", "low", "high"]


def answered(kind: str, cells: pd.DataFrame) -> pd.DataFrame:
    """Cells of a form with value, numerator, denominator, n, low and high, by unit and month (the index)."""
    found = {"sum": _sum, "today": _sum, "quotient": _quotient, "rate": _rate, "counts": _counts, "ratio": ratios,
             "median": medians, "survival": survival, "given": lambda frame: frame.set_index(KEYS)}[kind](cells)
    return found.reindex(columns=[*COLUMNS, *(c for c in found.columns if c not in COLUMNS)])


def divided(numerator, denominator):
    """numerator ÷ denominator; missing where the denominator is 0."""
    return numerator / denominator.where(denominator != 0)


def _sum(cells: pd.DataFrame) -> pd.DataFrame:
    found = cells.set_index(KEYS)
    return found.assign(value=found["numerator"])


def _quotient(cells: pd.DataFrame) -> pd.DataFrame:
    found = cells.set_index(KEYS)
    return found.assign(value=divided(found["numerator"], found["denominator"]))


def _rate(cells: pd.DataFrame) -> pd.DataFrame:
    """Jeffreys' range of each unit on its own: shrinking towards the others is for comparing units, not for stating
    what one did."""
    found = cells.set_index(KEYS)
    low, high = jeffreys(found["numerator"], found["denominator"])
    value = divided(found["numerator"], found["denominator"])
    return found.assign(value=value, n=found["denominator"], low=low, high=high)


def _counts(cells: pd.DataFrame) -> pd.DataFrame:
    """Two Poisson counts a and b: a is binomial out of a + b, and a ÷ b = share ÷ (1 − share)."""
    found = cells.set_index(KEYS)
    a, b = found["numerator"], found["denominator"]
    low, high = (pd.Series(side, found.index).where(b > 0) for side in jeffreys(a, a + b))
    return found.assign(value=divided(a, b), n=b, low=low / (1 - low), high=high / (1 - high))


def ratios(cells: pd.DataFrame) -> pd.DataFrame:
    """Ratio of sums over accounts, with the range of a Bayesian bootstrap of whole accounts.

    Each bucket of accounts (an account, or several where there are more than 256) gets a weight drawn from an
    exponential distribution, the same for all cells; the range is that of the weighted ratios, its distance from the
    value widened by t ÷ z of the number of buckets and √((k + 1) ÷ (k − 1)), which small samples need.

    Parameters
    ----------
    cells : DataFrame
        unit, month, bucket (0 to 255), numerator, denominator, n.

    References
    ----------
    Rubin (1981), The Bayesian bootstrap, Annals of Statistics 9; Hesterberg (2015), What teachers should know about
    the bootstrap, The American Statistician 69.
    """
    sums = cells.groupby(KEYS)[["numerator", "denominator", "n"]].sum()
    k = cells[cells["n"] > 0].groupby(KEYS).size().reindex(sums.index, fill_value=0).to_numpy()
    sums["value"] = divided(sums["numerator"], sums["denominator"])
    low, high = _weighted(cells, sums, k)
    known = sums["value"].notna() & (k > 1)
    return sums.assign(low=pd.Series(low, sums.index).where(known), high=pd.Series(high, sums.index).where(known))


def _weighted(cells: pd.DataFrame, sums: pd.DataFrame, k: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from scipy.special import ndtri, stdtrit

    weights = np.random.default_rng(SEED).standard_exponential((DRAWS, BUCKETS))
    at = sums.index.get_indexer(pd.MultiIndex.from_frame(cells[KEYS]))
    low, high, step = np.full(len(sums), np.nan), np.full(len(sums), np.nan), 1_024
    tail = (1 - LEVEL) / 2
    wide = stdtrit(np.maximum(k - 1, 1), 1 - tail) / ndtri(1 - tail) * np.sqrt((k + 1) / np.maximum(k - 1, 1))
    for start in range(0, len(sums), step):
        here = (at >= start) & (at < start + step)
        size = min(step, len(sums) - start)
        table = np.zeros((2, BUCKETS, size))
        place = (cells.loc[here, "bucket"].to_numpy(int), at[here] - start)
        np.add.at(table[0], place, cells.loc[here, "numerator"].to_numpy(float))
        np.add.at(table[1], place, cells.loc[here, "denominator"].to_numpy(float))
        above, below = weights @ table[0], weights @ table[1]
        drawn = np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)
        value = sums["value"].to_numpy(float)[start:start + size]
        for side, found in zip((low, high), np.quantile(drawn, [tail, 1 - tail], axis=0), strict=True):
            side[start:start + size] = value + (found - value) * wide[start:start + size]
    share = bool((cells["numerator"] <= cells["denominator"] + 1e-9).all())
    low = np.where(sums["numerator"] >= 0, np.maximum(low, 0), low)
    return low, np.minimum(high, 1.0) if share else high


def order_ranks(n: np.ndarray, level: float = LEVEL) -> tuple[np.ndarray, np.ndarray]:
    """Ranks (from 1) of the two order statistics between which the median lies with at least `level`; 0: none does.

    P(x₍ᵣ₎ ≤ median ≤ x₍ₙ₊₁₋ᵣ₎) = 1 − 2·P(Binomial(n, ½) < r).
    """
    from scipy.stats import binom

    low = binom.ppf((1 - level) / 2, n, 0.5)
    low = np.where(binom.cdf(low - 1, n, 0.5) > (1 - level) / 2, low - 1, low)
    low = np.where(binom.cdf(low - 1, n, 0.5) <= (1 - level) / 2, low, low - 1).astype(int)
    return low, np.where(low > 0, n + 1 - low, 0).astype(int)


def medians(cells: pd.DataFrame) -> pd.DataFrame:
    """Medians with exact ranges, from how often each value occurs.

    Parameters
    ----------
    cells : DataFrame
        unit, month, at (the value), times (how often).
    """
    cells = cells[cells["times"] > 0].sort_values([*KEYS, "at"])
    groups = cells.groupby(KEYS, sort=True)
    n = groups["times"].sum()
    sizes = n.to_numpy(int)
    along, values = np.cumsum(cells["times"].to_numpy(int)), cells["at"].to_numpy(float)
    total = np.cumsum(sizes) - sizes

    def ranked(rank):
        found = np.searchsorted(along, total + np.maximum(rank, 1), side="left")
        return values[np.minimum(found, len(values) - 1)] if len(values) else np.array([])

    low, high = order_ranks(sizes)
    middle = (ranked((sizes + 1) // 2) + ranked(sizes // 2 + 1)) / 2
    return pd.DataFrame({
        "value": middle, "n": sizes, "low": np.where(low > 0, ranked(low), np.nan),
        "high": np.where(low > 0, ranked(high), np.nan)}, index=n.index)


def survival(cells: pd.DataFrame) -> pd.DataFrame:
    """Kaplan–Meier medians with log-log ranges, of cases that enter and leave at an age.

    Parameters
    ----------
    cells : DataFrame
        unit, month, age, entered (cases that come under observation at this age), left (cases last seen at it),
        events (of those, with the event).

    Returns
    -------
    DataFrame
        value (age at which half are through; missing where fewer ever are), low, high (missing: beyond what was seen),
        n (cases), numerator (events).

    References
    ----------
    Kaplan, Meier (1958), JASA 53; Brookmeyer, Crowley (1982), Biometrics 38, on the log(−log S) scale.
    """
    from scipy.special import ndtri

    cells = cells.groupby([*KEYS, "age"], as_index=False)[["entered", "left", "events"]].sum()
    by = [cells["unit"], cells["month"]]
    under = cells["entered"].groupby(by).cumsum() - cells["left"].groupby(by).cumsum() + cells["left"]
    hazard = (cells["events"] / under.where(under > 0)).fillna(0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_s = np.log1p(-hazard).clip(lower=-1_000.0).groupby(by).cumsum()
        variance = (cells["events"] / (under * (under - cells["events"])).where(cells["events"] > 0)).fillna(0.0)
        spread, z = np.sqrt(variance.groupby(by).cumsum()) / log_s.abs(), ndtri((1 + LEVEL) / 2)
        low_s, high_s = np.exp(log_s * np.exp(z * spread)), np.exp(log_s * np.exp(-z * spread))
    curve = pd.DataFrame({"value": np.exp(log_s), "low": low_s, "high": high_s})
    # The curve's lower limit reaches one half first: there the range of the median begins.
    ages = {name: cells["age"].where((curve[name] <= 0.5 + 1e-12) & (log_s < 0)).groupby(by).min() for name in curve}
    found = pd.DataFrame(ages).assign(
        n=cells["entered"].groupby(by).sum(), numerator=cells["events"].groupby(by).sum())
    return found.rename_axis(KEYS)
