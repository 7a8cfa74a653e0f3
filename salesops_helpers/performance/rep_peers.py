"""Peers: reps who are like for like (role, main segment, tenure)."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pandas as pd

from salesops_helpers import stats, words
from salesops_helpers.data.container import Tables
from salesops_helpers.measures import month_end
from salesops_helpers.performance import reps
from salesops_helpers.performance.kpis import closed_deals

LEAST, RAMPED, ALL = 4, 12, "all reps"
LIKE = ("role", "segment", "tenure")
_STEPS = (LIKE, ("role", "segment"), ("role",), ())


def peer_groups(tables: Tables, months: int = 12, least: int = LEAST) -> pd.DataFrame:
    """The peers of each rep who closed deals in the period: same role, main segment and tenure.

    Parameters
    ----------
    least : int
        Reps that a group needs; a rep whose group has fewer is compared on fewer traits: role and segment, role alone,
        all reps.

    Returns
    -------
    DataFrame
        One row a rep, by name: rep_id, name, role, segment (of most of its closed deals), tenure ("under 12 months" or
        "12 months or more", on the last day), group (text; "all reps" where nothing is shared), like (the traits that
        are shared, as text), peers (reps in the group, this one among them).
    """
    period = reps.period(tables, months)
    deals = closed_deals(tables, period.start, period.end).dropna(subset="rep_id")
    ids = pd.Series(sorted(deals["rep_id"].unique()), dtype=deals["rep_id"].dtype)
    people = tables.reps.drop_duplicates("rep_id").set_index("rep_id").reindex(ids.to_numpy())
    last = min(month_end(period.end), tables.as_of)
    held = (last - people["hired_on"]).dt.days / 30.4375
    tenure = np.where(held < RAMPED, f"under {RAMPED} months", f"{RAMPED} months or more").astype(object)
    frame = pd.DataFrame({
        "rep_id": ids, "name": reps.labels(tables, ids), "role": people["role"].to_numpy(dtype=object),
        "segment": _main_segment(deals).reindex(ids.to_numpy()).to_numpy(dtype=object),
        "tenure": np.where(held.isna(), None, tenure),
    })
    group = pd.Series(None, index=frame.index, dtype=object)
    like, peers = group.copy(), group.copy()
    for traits in _STEPS:
        key = _key(frame, traits)
        size = key.map(key.value_counts())
        fits = group.isna() & ((size >= least) | (not traits))
        group, peers = group.mask(fits, key), peers.mask(fits, size)
        like = like.mask(fits, words.joined(traits) or "none")
    return frame.assign(group=group, like=like, peers=peers.astype(int)).sort_values(["name", "rep_id"],
                                                                                     ignore_index=True)


def _key(frame: pd.DataFrame, traits: tuple[str, ...]) -> pd.Series:
    """The traits of each rep as one text, missing where one of them is."""
    if not traits:
        return pd.Series(ALL, index=frame.index, dtype=object)
    texts = [frame[trait].astype(object) for trait in traits]
    known = frame[list(traits)].notna().all(axis=1)
    return reduce(lambda one, other: one + ", " + other, [text.where(known, "") for text in texts]).where(known)


def _main_segment(deals: pd.DataFrame) -> pd.Series:
    counts = deals.dropna(subset="segment").groupby(["rep_id", "segment"]).size().rename("n").reset_index()
    first = counts.sort_values(["rep_id", "n", "segment"], ascending=[True, False, True]).drop_duplicates("rep_id")
    return first.set_index("rep_id")["segment"]


def against_peers(rates: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Each rep's win rate against that of the other reps of its group.

    Parameters
    ----------
    rates : DataFrame
        rep_id, won, closed, such as `performance.reps.win_rates` gives.
    groups : DataFrame
        What `peer_groups` gives.

    Returns
    -------
    DataFrame
        `groups` and: won, closed, raw, others_closed (deals of the other reps of the group), others_raw, p_value (of so
        large a difference by chance, Fisher's exact test, Holm-adjusted over reps), apart (bool: at most 0.05).
    """
    frame = groups.merge(rates[["rep_id", "won", "closed"]], on="rep_id")
    sums = frame[["won", "closed"]] * 0.0
    for traits in _STEPS:
        mine = frame["like"] == (words.joined(traits) or "none")
        every = frame[["won", "closed"]].groupby(_key(frame, traits), dropna=False).transform("sum")
        sums = sums.mask(mine, every)
    sums = sums.astype(int)
    others = sums - frame[["won", "closed"]]
    p = stats.holm(_fisher(frame, sums))
    return frame.assign(raw=frame["won"] / frame["closed"], others_closed=others["closed"],
                        others_raw=others["won"] / others["closed"].where(others["closed"] > 0), p_value=p,
                        apart=p <= 0.05)


def _fisher(frame: pd.DataFrame, sums: pd.DataFrame) -> np.ndarray:
    from scipy.stats import hypergeom

    total = (sums["closed"].to_numpy(), sums["won"].to_numpy(), frame["closed"].to_numpy())
    won = frame["won"].to_numpy()
    return np.minimum(1.0, 2 * np.minimum(hypergeom.cdf(won, *total), hypergeom.sf(won - 1, *total)))
