"""Reps against what could be expected, given their deals: observed ÷ expected, and what the adjustment moved."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

import numpy as np
import pandas as pd

from salesops_helpers import hierarchy, stats
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.performance import reps
from salesops_helpers.performance.difference import ALARMS, alarm
from salesops_helpers.performance.kpis import closed_deals
from salesops_helpers.performance.rep_given import every, refuse_telling, varying
from salesops_helpers.performance.rep_measures import shuffled
from salesops_helpers.performance.rep_models import Gamma, Logistic, fitted, folds_of

OUTCOMES = ("win_rate", "value_per_opportunity")


def expected_deals(tables: Tables, months: int = 12, outcome: str = "win_rate",
                   features: Iterable[str] | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What each closed deal could be expected to give, by models that saw other reps' deals alone.

    Parameters
    ----------
    outcome : {"win_rate", "value_per_opportunity"}
        Won or not; value won (currency, 0 where lost).
    features : iterable of str, optional
        Out of `salesops_helpers.performance.rep_given.FEATURES`; default: all that the tables know.

    Returns
    -------
    deals : DataFrame
        opportunity_id, rep_id, observed, expected (share, or currency), variance (of one deal about its expectation, up
        to a common factor).
    moved : DataFrame
        On the same index, one column a feature: its part in the deal's expectation (share, or currency), 0 on average
        over all deals.

    Raises
    ------
    SalesOpsError
        Where the outcome is not one of these, fewer than two reps closed deals, or a feature knows the outcome.

    Notes
    -----
    Logistic regression of won, gamma regression (log link) of the amounts of won deals, both with an L2 penalty whose
    strength (up to no slope at all) is chosen by cross-validation over whole reps; expected value = chance × amount.
    Slopes come from other reps' deals; the one level for all is that at which expectations add up to what all reps
    gave together.
    """
    return expecting(tables, months, features)(months, outcome)


def expecting(tables: Tables, longest: int, features: Iterable[str] | None = None) -> Callable[[int, str], tuple]:
    """`expected_deals` as a function of months (up to `longest`) and outcome, for many questions about the same tables.

    What was given is read once, and no model is fitted twice.
    """
    asked = None if features is None else tuple(features)

    @cache
    def known() -> tuple[pd.DataFrame, pd.DataFrame]:
        period = reps.period(tables, longest)
        deals = closed_deals(tables, period.start, period.end).dropna(subset="rep_id").reset_index(drop=True)
        return deals, every(tables, deals, asked)

    @cache
    def chances(months: int, valued: bool) -> tuple:
        deals, frame = known()
        within = deals["closed_on"] >= reps.period(tables, months).start
        without = (deals["status"] == "won") & ~(deals["amount"] > 0)
        if valued and not (within & without).any():
            return chances(months, False)
        keep = within & ~without if valued else within
        deals, frame = (table[keep].reset_index(drop=True) for table in (deals, frame))
        if deals["rep_id"].nunique() < 2:
            raise SalesOpsError(f"{deals['rep_id'].nunique()} rep closed deals in the period", "two reps or more",
                                "choose a longer period")
        frame, won = varying(frame) if asked is None else frame, (deals["status"] == "won").to_numpy()
        refuse_telling(frame, pd.Series(won))
        folds = folds_of(deals["rep_id"])
        return deals, frame, folds, won, *fitted(Logistic, frame, won.astype(float), folds, np.ones(len(won), bool))

    @cache
    def answers(months: int, outcome: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        if outcome not in OUTCOMES:
            raise SalesOpsError(f"outcome={outcome!r} cannot be adjusted", ", ".join(OUTCOMES), "choose one of these")
        return _expected(*chances(months, outcome != OUTCOMES[0]), outcome)

    return answers


def _expected(deals, frame, folds, won, chance, parts, outcome: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    from scipy.special import expit, logit

    total, expected = sum(parts.values()), chance
    slope = _chord(chance - expit(logit(chance) - total), total, chance * (1 - chance))
    observed, variance = pd.Series(won.astype(float)), chance * (1 - chance)
    if outcome != OUTCOMES[0]:
        size, more = fitted(Gamma, frame, deals["amount"].fillna(0).to_numpy(float), folds, won)
        parts = {name: (1 - chance) * parts[name] + more[name] for name in parts}
        observed, expected = deals["amount"].where(won, 0.0), chance * size
        total, variance = sum(parts.values()), expected**2 / chance
        slope = _chord(-expected * np.expm1(-total), total, expected)
    scale = observed.sum() / expected.sum() if expected.sum() > 0 else 1.0
    result = pd.DataFrame({"opportunity_id": deals["opportunity_id"], "rep_id": deals["rep_id"], "observed": observed,
                           "expected": expected * scale, "variance": variance * scale**2})
    moved = pd.DataFrame({name: parts[name] * slope * scale for name in parts}, index=deals.index)
    return result, moved - moved.mean()


def _chord(rise, run, slope):
    """rise ÷ run, the slope itself where the run is next to nothing."""
    small = np.abs(run) < 1e-9
    return np.where(small, slope, rise / np.where(small, 1.0, run))


def adjusted(tables: Tables, months: int = 12, outcome: str = "win_rate", features: Iterable[str] | None = None,
             seed: int = stats.SEED) -> pd.DataFrame:
    """Each rep's outcome beside what could be expected of the deals it was given.

    Returns
    -------
    DataFrame
        One row a rep, by name: rep_id, name, n (closed deals), raw (share, or currency a deal), expected (the same of
        an average rep with these deals), ratio (observed ÷ expected), mean, low, high (of the true ratio, 90 %),
        adjusted, adjusted_low, adjusted_high (ratio × what all reps gave a deal), moved (ratio × all − raw: what the
        adjustment moves), why (the features that move it most), p_above, p_below, p_top_quarter, p_bottom_quarter,
        rank_low, rank_high, raw_p_value, p_value (of so much difference by chance, before and after), raw_differs,
        differs (bool; after, at most 2.5 % false alarms, and so 5 % for both outcomes together).

    Notes
    -----
    The ratio's posterior is normal with the variance of its deals, shrunk as `hierarchy.Levels` says. Chance is judged
    by shuffling over reps: values before, deviations ÷ their standard deviation after; for win rates before, as
    `performance.difference.alarm` does.
    """
    return adjusted_of(tables, *expected_deals(tables, months, outcome, features), outcome, seed)


def adjusted_of(tables: Tables, deals: pd.DataFrame, moved: pd.DataFrame, outcome: str = "win_rate",
                seed: int = stats.SEED) -> pd.DataFrame:
    """`adjusted` from what `expected_deals` gives."""
    overall, sums = deals["observed"].mean(), deals.groupby("rep_id")["observed"].agg(["sum", "size"])
    differs, p_value = _before(deals, sums["sum"], sums["size"].to_numpy(), outcome, seed)
    why = pd.Series(_why(moved, deals["rep_id"], sums.index, outcome), sums.index, dtype=object)
    return against_expected(tables, deals, seed).assign(
        adjusted=lambda f: f["mean"] * overall, adjusted_low=lambda f: f["low"] * overall,
        adjusted_high=lambda f: f["high"] * overall, moved=lambda f: f["ratio"] * overall - f["raw"],
        why=lambda f: f["rep_id"].map(why), raw_differs=differs, raw_p_value=p_value)


def against_expected(tables: Tables, deals: pd.DataFrame, seed: int = stats.SEED) -> pd.DataFrame:
    """What `adjusted` says of observed ÷ expected after the adjustment, from the deals that `expected_deals` gives, or
    those of some reps."""
    by = deals["rep_id"]
    apart = (deals["observed"] - deals["expected"]) / np.sqrt(deals["variance"])
    factor = float((apart**2).mean())
    sums = deals.groupby("rep_id")[["observed", "expected", "variance"]].sum()
    n = by.value_counts().reindex(sums.index).to_numpy()
    ratio = (sums["observed"] / sums["expected"]).to_numpy()
    noise = (factor * sums["variance"] / sums["expected"] ** 2).to_numpy()
    found = hierarchy.posterior(hierarchy.Levels(ratio, noise, n), seed=seed)
    p_value = shuffled(apart, by, seed)
    frame = pd.DataFrame({"rep_id": sums.index.to_numpy(), "n": n, "raw": sums["observed"].to_numpy() / n,
                          "expected": sums["expected"].to_numpy() / n, "ratio": ratio})
    frame.insert(1, "name", reps.labels(tables, frame["rep_id"]))
    frame = pd.concat([frame, found.units], axis=1).assign(p_value=p_value, differs=p_value <= ALARMS / len(OUTCOMES))
    return frame.sort_values(["name", "rep_id"], ignore_index=True)


def _before(deals: pd.DataFrame, won: pd.Series, n: np.ndarray, outcome: str, seed: int) -> tuple[bool, float]:
    """Do the raw figures differ, and the probability of so much difference by chance."""
    if outcome == OUTCOMES[0]:
        differs, test, _ = alarm(won.to_numpy(), n)
        return differs, test.p_value
    p = shuffled(deals["observed"], deals["rep_id"], seed)
    return p <= ALARMS, p


def moves(tables: Tables, months: int = 12, outcome: str = "win_rate",
          features: Iterable[str] | None = None) -> pd.DataFrame:
    """How much each feature moves what is expected of reps.

    Returns
    -------
    DataFrame
        feature, spread (standard deviation over reps of the feature's mean effect on a deal's expectation: share, or
        currency), most (largest effect on any rep, signed), rep_id (whose); largest spread first.
    """
    return moves_of(*expected_deals(tables, months, outcome, features))


def moves_of(deals: pd.DataFrame, moved: pd.DataFrame) -> pd.DataFrame:
    """`moves` from what `expected_deals` gives."""
    mean = moved.groupby(deals["rep_id"]).mean()
    largest = mean.abs().idxmax()
    frame = pd.DataFrame({"feature": mean.columns, "spread": mean.std(ddof=0).to_numpy(),
                          "most": [mean.at[rep, name] for name, rep in largest.items()],
                          "rep_id": largest.to_numpy()})
    return frame.sort_values(["spread", "feature"], ascending=[False, True], ignore_index=True)


def _why(moved: pd.DataFrame, by: pd.Series, order: pd.Index, outcome: str, most: int = 2) -> list[str]:
    """For each rep the features that raise or lower its expectation most, in words."""
    from salesops_helpers import words

    mean = moved.groupby(by).mean().reindex(order)
    if mean.shape[1] == 0:
        return [""] * len(order)
    points = outcome == OUTCOMES[0]
    values, names = mean.to_numpy() * (100 if points else 1), mean.columns.to_numpy(dtype=object)
    least = 0.5 if points else 0.01 * max(abs(float(np.abs(values).max())), 1e-12)
    first = np.argsort(-np.abs(values), axis=1, kind="stable")[:, :most]

    def said(name, value):
        sign = "+" if value > 0 else ""
        amount = f"{words.number(value, 1)} points" if points else words.short_money(value)
        return f"{name.replace('_', ' ')} {sign}{amount}"

    return ["; ".join(said(names[c], row[c]) for c in some if abs(row[c]) >= least)
            for some, row in zip(first, values, strict=True)]
