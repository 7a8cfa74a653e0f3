"""Which step of which segment differs from the company's: with the mix of kinds, chance and many looks taken out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers.data.container import Tables
from salesops_helpers.performance.pipeline import unit_of
from salesops_helpers.performance.stages import entries
from salesops_helpers.stats import LEVEL, jeffreys
from salesops_helpers.survival import medians

DIMENSIONS = ("product", "segment", "team", "lead_source", "region")
EXACT_UP_TO = 20_000


def transitions(
    tables: Tables, start: pd.Timestamp, end: pd.Timestamp, found: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Share that moved on from each stage, by product, segment, team, lead source and region, beside the share
    that the company's rates would give for the same mix of kinds.

    Entries of the days `start` to `end` count once they moved on or were lost.

    Returns
    -------
    DataFrame
        One row a stage, dimension and value: stage, dimension, value, n (resolved entries), moved_on, still_open
        (deals), rate, company (shares; the company's at the same mix of kinds), difference (shares: rate − company as
        estimated, drawn toward 0 the more the fewer deals there are), low, high (its 90 % range), p (exact, this value
        against chance), p_all (Holm-adjusted over all rows of the frame), extra (deals more, or fewer, that moved on
        than at the company's rate), amount (currency: Σ amount of these entries); by p.

    Notes
    -----
    p: twice the smaller tail of the number that moved on, given the totals of each kind of deal (the exact conditional
    test of Mantel, Haenszel and Birch for strata). difference: empirical Bayes over the values of one dimension and
    stage, spread by DerSimonian and Laird; deals of one account are taken as independent.

    References
    ----------
    Birch (1964), The detection of partial association, JRSS B 26; DerSimonian, Laird (1986), Meta-analysis in clinical
    trials, Controlled Clinical Trials 7; Holm (1979), A simple sequentially rejective multiple test procedure,
    Scandinavian Journal of Statistics 6.
    """
    rows = entries(tables, start, end, found)
    rows = rows.assign(stratum=rows["kind"].astype(object).fillna(""), **{
        d: unit_of(tables, rows, d, tables.as_of) for d in ("team", "region")})
    parts = [_cells(rows, d) for d in DIMENSIONS if rows[d].nunique() > 1]
    if not parts:
        return pd.DataFrame(columns=COLUMNS)
    frame = pd.concat(parts, ignore_index=True)
    frame = frame.assign(p_all=_holm(frame["p"].to_numpy()))
    return frame.sort_values(["p", "stage", "dimension", "value"], ignore_index=True)[COLUMNS]


COLUMNS = ["stage", "dimension", "value", "n", "moved_on", "still_open", "rate", "company", "difference", "low", "high",
           "p", "p_all", "extra", "amount"]


def _cells(rows: pd.DataFrame, dimension: str) -> pd.DataFrame:
    """The cells of one dimension, every stage."""
    rows = rows.dropna(subset=dimension).assign(value=rows[dimension])
    settled = rows[~rows["still_open"]]
    cells = settled.groupby(["rank", "stage", "stratum", "value"]).agg(
        n=("moved_on", "size"), moved_on=("moved_on", "sum"), amount=("amount", "sum")).reset_index()
    by = cells.groupby(["stage", "stratum"])
    cells["of"], cells["of_moved"] = by["n"].transform("sum"), by["moved_on"].transform("sum")
    rate = cells["of_moved"] / cells["of"]
    cells["expected"] = cells["n"] * rate
    left = (cells["of"] - cells["n"]) / (cells["of"] - 1).clip(lower=1)
    cells["variance"] = cells["n"] * rate * (1 - rate) * left
    unit = ["rank", "stage", "value"]
    frame = cells.groupby(unit, as_index=False)[["n", "moved_on", "expected", "variance", "amount"]].sum()
    several = frame.groupby("stage")["value"].transform("size") > 1
    frame = frame[several].reset_index(drop=True)
    strata = dict(list(cells.groupby(["stage", "value"])))
    keys = zip(frame["stage"], frame["value"], strict=True)
    frame["p"] = [_chance(strata[key]) for key in keys]
    still = rows[rows["still_open"]].groupby(["stage", "value"]).size()
    index = pd.MultiIndex.from_frame(frame[["stage", "value"]])
    frame["still_open"] = still.reindex(index).fillna(0).astype(int).to_numpy()
    frame["extra"] = frame["moved_on"] - frame["expected"]
    frame["rate"], frame["company"] = frame["moved_on"] / frame["n"], frame["expected"] / frame["n"]
    shrunk = [_shrunk(part) for _, part in frame.groupby("rank")]
    return frame.join(pd.concat(shrunk) if shrunk else None).assign(dimension=dimension)


def _chance(strata: pd.DataFrame) -> float:
    """Twice the smaller tail of the sum of hypergeometric counts; by the normal curve where the counts are large."""
    from scipy.special import ndtr
    from scipy.stats import hypergeom

    moved, mean, variance = strata["moved_on"].sum(), strata["expected"].sum(), strata["variance"].sum()
    if variance <= 0:
        return 1.0
    if strata["n"].sum() > EXACT_UP_TO:
        far = max(abs(moved - mean) - 0.5, 0) / np.sqrt(variance)
        return float(min(1.0, 2 * ndtr(-far)))
    total = np.ones(1)
    for of, of_moved, n in strata[["of", "of_moved", "n"]].to_numpy():
        total = np.convolve(total, hypergeom.pmf(np.arange(n + 1), of, of_moved, n))
    return float(min(1.0, 2 * min(total[: moved + 1].sum(), total[moved:].sum())))


def _shrunk(part: pd.DataFrame) -> pd.DataFrame:
    """Differences of one family drawn toward 0: difference, low, high."""
    from scipy.special import ndtri

    raw = (part["extra"] / part["n"]).to_numpy()
    rate = part["moved_on"].sum() / part["n"].sum()
    noise = np.maximum(part["variance"].to_numpy(), rate * (1 - rate) / 4 + 1e-9) / part["n"].to_numpy() ** 2
    weight = 1 / noise
    away = (weight * raw**2).sum() - (weight * raw).sum() ** 2 / weight.sum()
    spare = weight.sum() - (weight**2).sum() / weight.sum()
    spread = max(0.0, (away - (len(raw) - 1)) / spare) if spare > 0 else 0.0
    drawn = spread / (spread + noise)
    half = ndtri((1 + LEVEL) / 2) * np.sqrt(drawn * noise)
    middle = drawn * raw
    return pd.DataFrame({"difference": middle, "low": middle - half, "high": middle + half}, index=part.index)


def _holm(p: np.ndarray) -> np.ndarray:
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1.0)
    return adjusted


def stage_by(
    tables: Tables, stage: str, by: str, start: pd.Timestamp, end: pd.Timestamp, found: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """One stage by a unit, for the entries of the days `start` to `end`; the company in the last row.

    Parameters
    ----------
    by : str
        A unit of `pipeline.UNITS`; team and region are the owner's on the as-of day.

    Returns
    -------
    DataFrame
        value, entered, moved_on, lost, still_open (deals), rate (moved on ÷ entered), low, high (90 %, Jeffreys),
        median, days_low, days_high (days in the stage, Kaplan–Meier with 90 % range; missing where not reached).
    """
    rows = entries(tables, start, end, found)
    rows = rows[rows["stage"] == stage]
    rows = rows.assign(value=unit_of(tables, rows, by, tables.as_of).astype(object))
    both = pd.concat([rows, rows.assign(value=_ALL)], ignore_index=True)
    flags = ["moved_on", "lost", "still_open"]
    sums = both.groupby("value")[flags].sum().astype(int)
    sums.insert(0, "entered", both.groupby("value").size())
    low, high = jeffreys(sums["moved_on"], sums["entered"])
    times = medians(both["days"], both["ended"], both["value"]).rename(columns={"low": "days_low", "high": "days_high"})
    frame = sums.assign(rate=sums["moved_on"] / sums["entered"], low=low, high=high).join(
        times[["median", "days_low", "days_high"]]).reset_index()
    last = frame["value"] == _ALL
    return pd.concat([frame[~last], frame[last].assign(value=tables.company.name)], ignore_index=True)


_ALL = "\uffff"
