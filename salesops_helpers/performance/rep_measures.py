"""Measures of reps side by side, each with its range, the chance of a place, and whether reps differ at all."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from salesops_helpers import hierarchy, stats
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.measures import month_end, place_on
from salesops_helpers.performance import reps
from salesops_helpers.performance.difference import ALARMS, alarm
from salesops_helpers.performance.rep_cases import MEASURES, Measure, cases, spread_within
from salesops_helpers.ranks import summarise

COLUMNS = ["rep_id", "name", "team", "region", "measure", "n", "raw", "mean", "low", "high", "p_above", "p_below",
           "p_top_quarter", "p_bottom_quarter", "rank_low", "rank_high", "p_value", "differs"]
LEAST_GROUPS, LEAST_EACH, SHUFFLES = 3, 3, 1_999


def rep_measures(tables: Tables, months: int = 12, measures: Iterable[str] | None = None,
                 teams: bool = True, seed: int = stats.SEED) -> pd.DataFrame:
    """Each rep's measures over the last `months` months with the range of the true value behind them.

    Parameters
    ----------
    months : int
        Up to and including the as-of month.
    measures : iterable of str, optional
        Names out of `salesops_helpers.performance.rep_cases.MEASURES`; default: all for which the tables are there.
    teams : bool
        Draw estimates toward the rep's team, and teams toward their region, where there are three of them with three
        reps each on average (regions: two teams each); otherwise toward all reps.
    seed : int
        Of draws and shuffles.

    Returns
    -------
    DataFrame
        One row a measure and rep with cases, by name: rep_id, name, team, region (on the last day), measure, n (cases),
        raw, mean, low, high (the measure's unit; 90 % range), p_above, p_below (probability of being better, worse than
        all together), p_top_quarter, p_bottom_quarter, rank_low, rank_high (90 % range, 1 the best), p_value (of so
        much difference by chance), differs (bool, of the whole measure: false alarms at most 5 %).

    Raises
    ------
    SalesOpsError
        Where a measure is not known.

    Notes
    -----
    Models (`salesops_helpers.hierarchy`; the prior of the spread is stated there): rates beta-binomial; sizes gamma
    with the coefficient of variation of all reps; value per closed deal = win rate × size; waits Poisson-gamma with
    the days (activities) as exposure, shown as days (activities) ÷ events; attainment normal over months. Tests:
    `performance.difference.alarm` for rates, chi-square of events given exposure for waits, analysis of variance
    by shuffling cases for the others.
    """
    asked = list(MEASURES) if measures is None else list(measures)
    if unknown := [name for name in asked if name not in MEASURES]:
        raise SalesOpsError(f"measure {unknown[0]!r} is not known", ", ".join(MEASURES), "choose among these")
    period = reps.period(tables, months)
    parts = [measured(tables, MEASURES[name], period, cases(tables, MEASURES[name], period), teams, seed)
             for name in asked if all(tables.has(table) for table in MEASURES[name].needs)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)


def measured(tables: Tables, measure: Measure, period: reps.Period, found: pd.DataFrame, teams: bool = True,
             seed: int = stats.SEED) -> pd.DataFrame:
    """One measure of `rep_measures` from what `rep_cases.cases` gives, of all reps or of some."""
    if found.empty:
        return pd.DataFrame(columns=COLUMNS)
    ids = pd.Series(sorted(found["rep_id"].unique()), name="rep_id")
    day = pd.Series(min(month_end(period.end), tables.as_of), index=ids.index)
    place = place_on(tables, ids, day)[["team", "region"]]
    groups = group_levels(place) if teams else []
    if measure.kind in ("rate", "wait"):
        found = found.set_index("rep_id").reindex(ids).reset_index()
    estimate, p_value, differs = _ESTIMATES[measure.kind](found, ids, groups, seed)
    frame = pd.concat([ids, reps.labels(tables, ids).rename("name"), place, estimate], axis=1).assign(
        measure=measure.name, p_value=p_value, differs=differs)
    return frame[COLUMNS].sort_values(["name", "rep_id"], ignore_index=True)


def group_levels(place: pd.DataFrame) -> list[pd.Series]:
    """The groupings (team, then region) that the data carry: see `rep_measures`."""
    team, region = (place[c].astype(object).where(place[c].notna(), "(none)") for c in ("team", "region"))
    pairs = pd.DataFrame({"team": team, "region": region}).drop_duplicates()
    many = pairs["team"].nunique()
    if many < LEAST_GROUPS or len(place) < LEAST_EACH * many:
        return []
    held = pairs["region"].nunique()
    nested = len(pairs) == many and held >= LEAST_GROUPS and many >= 2 * held
    return [team, region] if nested else [team]


def _rates(found: pd.DataFrame, ids, groups, seed: int):
    differs, test, p = alarm(found["won"], found["n"])
    estimate = _rate_posterior(found, groups, seed)
    columns = estimate.units.assign(n=found["n"], raw=found["won"] / found["n"])
    return columns, min(test.p_value, float(p.min())), differs


def _rate_posterior(found: pd.DataFrame, groups, seed: int, draws: int = 4_000):
    if not groups:
        return stats.beta_binomial(found["won"], found["n"], draws=draws, seed=seed)
    return hierarchy.posterior(hierarchy.Rates(found["won"], found["n"]), groups, draws=draws, seed=seed)


def _sums(found: pd.DataFrame, ids: pd.Series) -> pd.DataFrame:
    return found.groupby("rep_id")["value"].agg(n="size", total="sum", mean="mean").reindex(ids).reset_index()


def _size_model(values: pd.DataFrame, ids: pd.Series) -> hierarchy.Counts:
    """Gamma sizes with the coefficient of variation within all reps."""
    positive = values[values["value"] > 0]
    sums = _sums(positive, ids).fillna({"n": 0, "total": 0.0})
    about = positive["value"] / positive.groupby("rep_id")["value"].transform("mean")
    variance, degrees = spread_within(about, positive["rep_id"])
    alpha = 1 / max(variance if degrees > 0 and variance == variance else 1.0, 1e-3)
    return hierarchy.Counts(sums["n"] * alpha, sums["total"] * alpha, weight=sums["n"])


def _sizes(found: pd.DataFrame, ids, groups, seed: int):
    draws = 1 / hierarchy.posterior(_size_model(found, ids), groups, seed=seed).draws
    sums = _sums(found, ids)
    estimate = summarise(draws, sums["n"].to_numpy(float), stats.LEVEL).assign(n=sums["n"], raw=sums["mean"])
    p = shuffled(np.log(found["value"]), found["rep_id"], seed)
    return estimate, p, p <= ALARMS


def _values(found: pd.DataFrame, ids, groups, seed: int):
    sums = _sums(found, ids)
    won = (found["value"] > 0).groupby(found["rep_id"]).sum().reindex(ids).to_numpy()
    rate = _rate_posterior(pd.DataFrame({"won": won, "n": sums["n"]}), groups, seed)
    rate = rate.rates if isinstance(rate, stats.RatePosterior) else rate.draws
    size = 1 / hierarchy.posterior(_size_model(found, ids), groups, seed=seed).draws
    some = min(len(rate), len(size))
    mixed = np.random.default_rng(seed).permutation(len(size))[:some]
    draws = rate[:some] * size[mixed]
    estimate = summarise(draws, sums["n"].to_numpy(float), stats.LEVEL).assign(n=sums["n"], raw=sums["mean"])
    p = shuffled(found["value"], found["rep_id"], seed)
    return estimate, p, p <= ALARMS


def _waits(found: pd.DataFrame, ids, groups, seed: int):
    from scipy.special import chdtrc

    model = hierarchy.Counts(found["events"], found["exposure"])
    draws = hierarchy.posterior(model, groups, seed=seed).draws
    ranked = summarise(draws, model.weight, stats.LEVEL)
    shown = 1 / draws
    raw = found["exposure"] / found["events"].where(found["events"] > 0)
    expected = found["events"].sum() * found["exposure"] / found["exposure"].sum()
    if found["events"].sum() == 0 or len(found) < 2:
        p = 1.0
    elif expected.min() >= 5:
        p = float(chdtrc(len(found) - 1, ((found["events"] - expected) ** 2 / expected).sum()))
    else:
        drawn = np.random.default_rng(seed).multinomial(found["events"].sum(), expected / expected.sum(), SHUFFLES)
        far = ((found["events"] - expected) ** 2 / expected).sum()
        p = (1 + int((((drawn - expected.to_numpy()) ** 2 / expected.to_numpy()).sum(axis=1) >= far - 1e-9).sum()))
        p /= 1 + SHUFFLES
    columns = ranked.assign(mean=np.median(shown, axis=0), low=1 / ranked["high"], high=1 / ranked["low"], n=found["n"],
                            raw=raw)
    return columns, p, p <= ALARMS


def _levels(found: pd.DataFrame, ids, groups, seed: int):
    sums = _sums(found, ids)
    variance, degrees = spread_within(found["value"], found["rep_id"])
    variance = variance * degrees / (degrees - 2) if degrees > 2 else np.nan
    if not variance > 0:
        empty = summarise(np.zeros((2, len(ids))), sums["n"].to_numpy(float), stats.LEVEL) * np.nan
        return empty.assign(n=sums["n"], raw=sums["mean"]), np.nan, False
    model = hierarchy.Levels(sums["mean"], variance / sums["n"], sums["n"])
    estimate = hierarchy.posterior(model, groups, seed=seed).units
    p = shuffled(found["value"], found["rep_id"], seed)
    return estimate.assign(n=sums["n"], raw=sums["mean"]), p, p <= ALARMS


_ESTIMATES = {"rate": _rates, "size": _sizes, "value": _values, "wait": _waits, "level": _levels}


def shuffled(values: pd.Series, rep_ids: pd.Series, seed: int = stats.SEED, most: int = 40_000_000) -> float:
    """p value of the differences between reps' mean values: one-way analysis of variance, cases shuffled over reps.

    199 times, and up to 1,999 (above 400,000 cases fewer, 99 at least) where these give less than 0.1.
    """
    codes, at = np.unique(rep_ids.to_numpy(dtype=object).astype(str), return_inverse=True)
    order = np.lexsort((values.to_numpy(), at))
    value, at = values.to_numpy(float)[order] - values.mean(), at[order]
    n = np.bincount(at)
    if len(codes) < 2 or np.ptp(value) == 0:
        return 1.0
    rng, starts = np.random.default_rng(seed), np.r_[0, np.cumsum(n)[:-1]]

    def between(v):
        return (np.add.reduceat(v, starts) ** 2 / n).sum()

    seen, times = between(value) * (1 - 1e-12), int(np.clip(most // len(value), 99, SHUFFLES))
    first = min(times, 199)
    as_far = sum(between(rng.permutation(value)) >= seen for _ in range(first))
    if 1 + as_far >= 0.1 * (1 + first):
        return (1 + as_far) / (1 + first)
    return (1 + as_far + sum(between(rng.permutation(value)) >= seen for _ in range(times - first))) / (1 + times)
