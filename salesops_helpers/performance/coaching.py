"""Strengths and one coaching focus of each rep: what happened against what comparable peers would have got."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers import hierarchy, stats, words
from salesops_helpers.data.container import Tables
from salesops_helpers.performance import reps
from salesops_helpers.performance.coaching_cases import ANSWER, LEADS, PRICE, STAGE, cases
from salesops_helpers.performance.rep_peers import LIKE, peer_groups

LEAST_CASES, LEAST_PEER_CASES, LEAST_PEERS, FALSE = 10, 30, 3, 0.05
FOCUS, SHOWN = (STAGE, ANSWER, PRICE), (LEADS,)
COLUMNS = ["rep_id", "name", "kind", "level", "n", "observed", "expected", "peers", "peer_cases", "like", "difference",
           "low", "high", "p_value", "credible", "worth", "value", "value_low", "value_high"]


def looks(tables: Tables, months: int = 12, found: pd.DataFrame | None = None, seed: int = stats.SEED) -> pd.DataFrame:
    """Each rep in each stage, segment, product and habit against comparable peers.

    Parameters
    ----------
    months : int
        Up to and including the as-of month.
    found : DataFrame, optional
        `coaching_cases.cases`, where they are there already.

    Returns
    -------
    DataFrame
        One row a rep and look with cases, by name: rep_id, name, kind, level (see `coaching_cases.cases`), n (cases),
        observed, expected (shares; expected: of a peer with these cases), peers, peer_cases (how many are behind it),
        like (the traits that the peers share, "none": all reps), difference, low, high (of the true shares, estimate
        and 90 % range), p_value (two-sided), credible (bool), worth (currency a case), value, value_low, value_high
        (difference × cases × worth, currency over the period; missing where nothing tells the worth). Missing
        difference: fewer than 10 cases, or fewer than 3 peers with 30 cases.

    Notes
    -----
    Expected is the models' expectation moved by what the peers (`rep_peers.peer_groups`, else all other reps) got
    beyond theirs. The p value is that of the count under a beta-binomial whose parameters are the peers' cases (for
    prices, Student's t). Credible: p passes Benjamini and Hochberg's step-up rule at 5 % over all reps and looks, and
    the range, drawn toward all reps by `hierarchy.Levels`, leaves out 0. Whether leads are qualified (`SHOWN`) is shown
    and never credible: it rests on how good the leads given were, which source and score tell in part. So where reps
    do not differ anything at all is credible in at most 5 % of months, and elsewhere at most 5 % of what is credible is
    false on average.

    References
    ----------
    Benjamini and Hochberg (1995), Controlling the false discovery rate, J. R. Statist. Soc. B 57.
    """
    found = cases(tables, months) if found is None else found
    if found.empty:
        return pd.DataFrame(columns=COLUMNS)
    sums = _sums(found)
    frame = _against(sums, peer_groups(tables, months))
    frame = _judged(frame.assign(p_value=_p_values(frame)), seed)
    frame = frame.assign(name=reps.labels(tables, frame["rep_id"]), worth=frame["worth"])
    order = frame["kind"].map({kind: at for at, kind in enumerate(found["kind"].unique())})
    frame = frame.assign(order=order, place=_places(tables, frame)).sort_values(
        ["name", "rep_id", "order", "place", "level"], ignore_index=True)
    return frame[COLUMNS]


def _places(tables: Tables, frame: pd.DataFrame) -> pd.Series:
    ranks = {stage: at for at, stage in enumerate(tables.company.stages)}
    return frame["level"].astype(object).map(ranks).where(frame["kind"] == STAGE).astype(float)


def _sums(found: pd.DataFrame) -> pd.DataFrame:
    """Cases of each rep and look added up; levels that fewer than two reps have stay out."""
    by = found.groupby(["kind", "level", "rep_id"], sort=False)
    sums = by[["observed", "expected", "variance"]].sum().assign(n=by.size(), worth=by["worth"].mean()).reset_index()
    return sums[sums.groupby(["kind", "level"])["rep_id"].transform("size") > 1].reset_index(drop=True)


def _against(sums: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Shares observed, and expected with what the peers got beyond the models' expectation."""
    frame = sums.merge(groups[["rep_id", *LIKE, "like"]], on="rep_id", how="left").fillna({"like": "none"})
    look = ["kind", "level"]
    parts = frame.assign(beyond=frame["observed"] - frame["expected"], one=1)[["beyond", "n", "one"]]
    peers, like = parts * np.nan, frame["like"].astype(object)
    for size in range(len(LIKE), -1, -1):
        traits = list(LIKE[:size])
        known = frame[traits].notna().all(axis=1)
        if not known.any():
            continue
        every = parts[known].groupby([frame.loc[known, c] for c in look + traits]).transform("sum")
        here = (every - parts[known]).reindex(parts.index)
        enough = (here["n"] >= LEAST_PEER_CASES) & (here["one"] >= LEAST_PEERS)
        use = peers["n"].isna() & enough & (like.map(_traits) >= size)
        peers = peers.where(~use, here)
        like = like.mask(use, words.joined(traits) or "none")
    n = frame["n"]
    expected = frame["expected"] / n + peers["beyond"] / peers["n"]
    binary = frame["kind"] != PRICE
    frame = frame.assign(observed=frame["observed"] / n, expected=expected.where(~binary, expected.clip(0.005, 0.995)),
                         one_case=frame["variance"] / n, peers=peers["one"], peer_cases=peers["n"], like=like)
    frame["difference"] = (frame["observed"] - frame["expected"]).where(n >= LEAST_CASES)
    return frame


def _traits(like: str) -> int:
    """How many traits of `LIKE` are shared."""
    return next((size for size in range(len(LIKE), 0, -1) if words.joined(LIKE[:size]) == like), 0)


def _p_values(frame: pd.DataFrame) -> np.ndarray:
    """Two-sided probability of so large a distance where the rep is like the peers; missing where nothing is judged."""
    from scipy.stats import betabinom
    from scipy.stats import t as student

    judged = frame["difference"].notna().to_numpy()
    some = frame[judged]
    n, m, e = (some[c].to_numpy(float) for c in ("n", "peer_cases", "expected"))
    price = (some["kind"] == PRICE).to_numpy()
    noise = np.sqrt(some["one_case"].to_numpy(float) * (1 / n + 1 / m))
    ratio = some["difference"].to_numpy() / np.where(noise > 0, noise, np.inf)
    seen = np.rint(some["observed"].to_numpy() * n)
    shape = np.clip(e, 0.005, 0.995)
    a, b = shape * m + 0.5, (1 - shape) * m + 0.5
    below, above = betabinom.cdf(seen, n, a, b), betabinom.sf(seen - 1, n, a, b)
    counted = np.minimum(1.0, 2 * np.minimum(below, above))
    p = np.full(len(frame), np.nan)
    p[judged] = np.where(price, 2 * student.sf(np.abs(ratio), n + m - 2), counted)
    return p


def _judged(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Estimates with ranges, look by look, and what is credible over all of them."""
    parts = [_estimated(part, seed) for _, part in frame.groupby(["kind", "level"], sort=False)]
    frame = pd.concat(parts).sort_index()
    known = frame["p_value"].notna() & ~frame["kind"].isin(SHOWN)
    passed = pd.Series(False, frame.index)
    passed[known] = _step_up(frame.loc[known, "p_value"].to_numpy())
    apart = (frame["low"] > 0) | (frame["high"] < 0)
    times = frame["n"] * frame["worth"]
    return frame.assign(credible=passed & apart, value=frame["difference"] * times, value_low=frame["low"] * times,
                        value_high=frame["high"] * times)


def _step_up(p: np.ndarray, rate: float = FALSE) -> np.ndarray:
    """Which p values pass Benjamini and Hochberg's step-up rule."""
    order = np.sort(p)
    good = np.flatnonzero(order <= rate * np.arange(1, len(p) + 1) / max(len(p), 1))
    return p <= order[good[-1]] if len(good) else np.zeros(len(p), bool)


def _estimated(part: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Differences of one look drawn toward those of all reps."""
    known = part["difference"].notna()
    empty = part.assign(low=np.nan, high=np.nan)
    if known.sum() < 2:
        return empty.assign(difference=np.nan, p_value=np.nan)
    some = part[known]
    variance = (some["one_case"] * (1 / some["n"] + 1 / some["peer_cases"])).clip(lower=1e-12)
    units = hierarchy.posterior(hierarchy.Levels(some["difference"], variance, some["n"]), seed=seed).units
    empty.loc[known, ["difference", "low", "high"]] = units[["mean", "low", "high"]].to_numpy()
    return empty


def strengths(found: pd.DataFrame, rep: str = "") -> pd.DataFrame:
    """The rows of `looks` in which a rep (empty: every rep) is credibly above what peers would have got, by name."""
    rows = found[found["credible"].astype(bool) & (found["difference"] > 0)]
    return rows[rows["rep_id"] == rep].reset_index(drop=True) if rep else rows.reset_index(drop=True)


def focus(found: pd.DataFrame, rep: str = "") -> pd.DataFrame:
    """The stage or habit of a rep (empty: of every rep) in which most money is credibly lost against peers.

    Returns
    -------
    DataFrame
        The row of `looks` (at most one a rep), by name, with lost, lost_low, lost_high (currency over the period).
    """
    rows = found[found["credible"].astype(bool) & (found["difference"] < 0) & found["kind"].isin(FOCUS)
                 & found["value"].notna()]
    rows = rows if not rep else rows[rows["rep_id"] == rep]
    rows = rows.sort_values(["value", "kind", "level"]).drop_duplicates("rep_id")
    rows = rows.assign(lost=-rows["value"], lost_low=-rows["value_high"], lost_high=-rows["value_low"])
    return rows.sort_values(["name", "rep_id"], ignore_index=True)
