"""What the page on reps says beside win rates: measures, adjustment, groups, peers, changes; no order where none is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from salesops_helpers import ranks, stats, words
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.performance.difference import Comparison
from salesops_helpers.performance.rep_cases import MEASURES
from salesops_helpers.performance.rep_expected import OUTCOMES, adjusted_of, expecting, moves_of

RANKED = ("p_top_quarter", "p_bottom_quarter", "rank_range", "rank_low", "rank_high")
GAPS, MOST_ROWS = (0.05, 0.10), 50


def without_ranking(formats: Mapping[str, str], differs: bool) -> dict[str, str]:
    """Columns of a table as they may be shown: those that speak of places alone where reps differ."""
    return {c: kind for c, kind in formats.items() if differs or c not in RANKED}


def shortened(frame: pd.DataFrame, stands_out: pd.Series, differs: bool, where: str) -> tuple[pd.DataFrame, str]:
    """The rows of a long table that a reader looks for, in their order, and the sentence on those left out.

    Parameters
    ----------
    frame : DataFrame
        One row a rep, in the order in which it may be shown; up to `MOST_ROWS` rows stay as they are.
    stands_out : Series of bool
        Rows that come first in the choice.
    differs : bool
        Does the order mean something? Then the rest comes from both ends of it, otherwise from its beginning.
    where : str
        Where all rows are, in words.
    """
    if len(frame) <= MOST_ROWS:
        return frame, ""
    place = np.arange(len(frame))
    far = np.minimum(place, place[::-1] + 0.5) if differs else place
    kept = np.sort(np.lexsort((far, ~stands_out.to_numpy(bool)))[:MOST_ROWS])
    out, rest = int(stands_out.sum()), "nearest to both ends of the order" if differs else "first by name"
    who = (f"of the {words.number(out)} who stand out those {rest}" if out > MOST_ROWS else
           f"those who stand out, and of the others those {rest}" if out else f"those {rest}")
    return frame.iloc[kept], (f"Shown are {words.number(MOST_ROWS)} of {words.number(len(frame))} reps: {who}. All of "
                              f"them are in {where}.")


def measure_summary(found: pd.DataFrame, currency: str) -> pd.DataFrame:
    """The measures of `rep_measures`, one row each: title, reps, cases (median a rep, as text), typical (median of the
    estimates), between (range of the middle half of the estimates), chance (probability of so much difference by
    chance), verdict; all but reps as texts."""
    rows = []
    for name, part in found.groupby("measure", sort=False):
        measure, p = MEASURES[name], part["p_value"].iloc[0]
        middle = part["mean"].quantile([0.25, 0.5, 0.75])
        low, typical, high = (_shown(value, measure.unit, currency) for value in middle)
        n = part["n"].median()
        rows.append({
            "title": measure.title, "reps": len(part), "cases": f"{words.number(n)} {measure.cases}",
            "typical": typical, "between": f"{low} to {high}",
            "chance": words.MISSING if pd.isna(p) else "below 0.001" if p < 0.001 else words.number(p, 3),
            "verdict": "differs by more than chance" if part["differs"].iloc[0] else "no more than chance",
        })
    return pd.DataFrame(rows, columns=["title", "reps", "cases", "typical", "between", "chance", "verdict"])


def _shown(value: float, unit: str, currency: str) -> str:
    if unit == "currency":
        return words.short_money(value, currency)
    return words.percent(value, 0) if unit == "share" else words.number(value, 1)


def measure_sentence(found: pd.DataFrame) -> str:
    """In which measures reps differ by more than chance before anything is adjusted."""
    if found.empty or found.groupby("measure")["rep_id"].size().max() < 2:
        return "There are no two reps to compare."
    first = found.drop_duplicates("measure")
    titles = first["measure"].map(lambda name: MEASURES[name].title.lower())
    apart = titles[first["differs"]].tolist()
    said = f"reps differ by more than chance in {words.joined(apart) if apart else 'none'}"
    return (f"Of {words.counted(len(first), 'measure')}, before anything is adjusted, {said}; with so many looks, "
            f"{words.number(0.05 * len(first), 1)} would seem to differ by chance alone.")


@dataclass(frozen=True)
class Adjustment:
    """Answer of `adjustment`: `frame` (one row a rep, in the order in which it may be shown; without rows where
    it could not be made), `moved` (what each feature moves of the value), `sentences`, and whether value differs after
    it."""

    frame: pd.DataFrame
    moved: pd.DataFrame
    sentences: list[str]
    differs: bool


def adjustment(tables: Tables, months: int = 12) -> Adjustment:
    """Win rate and value per closed deal against what the deals given let expect, and in words what is left.

    Returns
    -------
    Adjustment
        Its frame has rep_id, name, n (closed deals) and for each outcome, with the prefix win_ or value_: raw,
        expected (share, or currency a deal), ratio, low, high, range (text), why; differs (bool).
    """
    try:
        asked = expecting(tables, months)
        parts = {name: adjusted_of(tables, *asked(months, name), name) for name in OUTCOMES}
        moved = {name: moves_of(*asked(months, name)) for name in OUTCOMES}
    except SalesOpsError as error:
        return Adjustment(pd.DataFrame(columns=_COLUMNS), pd.DataFrame(columns=["feature", "spread"]),
                          [f"Nothing is adjusted: {error}."], False)
    win, value = (_part(parts[name], short) for name, short in zip(OUTCOMES, ("win", "value"), strict=True))
    frame = parts[OUTCOMES[0]][["rep_id", "name", "n"]].merge(win, on="rep_id", how="left").merge(
        value, on="rep_id", how="left")
    differs = bool(parts[OUTCOMES[1]]["differs"].iloc[0])
    by, up = (["value_mean", "name"], [False, True]) if differs else (["name", "rep_id"], [True, True])
    said = [_left(parts[name], name, moved[name]) for name in OUTCOMES]
    return Adjustment(frame.sort_values(by, ascending=up, ignore_index=True), moved[OUTCOMES[1]], said, differs)


def off_one(frame: pd.DataFrame) -> pd.Series:
    """Rows of an `Adjustment` whose range of value, observed ÷ expected, leaves out 1."""
    return (frame["value_low"] > 1) | (frame["value_high"] < 1)


def headline(found: Comparison, adjusted: Adjustment) -> str:
    """The answer on win rates, with what the adjusted comparison leaves of it where one was made."""
    rows = adjusted.frame
    if not found.difference or rows.empty:
        return found.headline
    sides = {"above": rows["win_low"] > 1, "below": rows["win_high"] < 1}
    parts = []
    for side, off in sides.items():
        names, more = rows.loc[off, "name"].sort_values().tolist(), max(int(off.sum()) - 3, 0)
        named = words.joined([*names[:3], *([words.counted(more, "other")] if more else [])])
        if names:
            parts.append(f"{named} {'stands' if len(names) == 1 else 'stand'} {side} what was to be expected")
    apart = f"{'; '.join(parts)} (90 % range)" if parts else "no single rep stands apart"
    return f"{found.headline[:-1]}. Once what they were given is taken out, {apart}."


_KEPT = ["raw", "expected", "ratio", "mean", "low", "high", "range", "why"]
_COLUMNS = ["rep_id", "name", "n", *(f"{short}_{c}" for short in ("win", "value") for c in _KEPT)]


def _part(found: pd.DataFrame, short: str) -> pd.DataFrame:
    pairs = zip(found["low"], found["high"], strict=True)
    texts = [f"{words.number(low, 2)} to {words.number(high, 2)}".replace(" ", "\u00a0") for low, high in pairs]
    texts = pd.Series(texts, index=found.index, dtype=object)
    return found.assign(range=texts)[["rep_id", *_KEPT]].rename(columns={c: f"{short}_{c}" for c in _KEPT})


def _left(found: pd.DataFrame, outcome: str, moved: pd.DataFrame) -> str:
    """What differed before, what is left after, and what made the difference."""
    title = MEASURES[outcome].title
    before, after = found["raw_p_value"].iloc[0], found["p_value"].iloc[0]
    some = moved[(moved["spread"] > 0) & (moved["spread"] >= 0.2 * moved["spread"].max())]["feature"].head(2)
    given = f"the {words.joined(some.str.replace('_', ' '))} of the deals given" if len(some) else "what was given"
    chance = f"(probability by chance {_chance(before)} before, {_chance(after)} after)"
    raw = found["raw_differs"].iloc[0]
    if found["differs"].iloc[0]:
        again = "still " if raw else ""
        return f"{title}: adjusted for what each rep was given, reps {again}differ by more than chance {chance}."
    if raw:
        return (f"{title}: the raw figures differ, and {given} accounts for it; what is left is no more than chance "
                f"{chance}.")
    return f"{title}: no more than chance, raw or adjusted {chance}."


def _chance(p: float) -> str:
    return "below 0.001" if p < 0.001 else words.number(p, 3)


def needed_sentence(rates: pd.DataFrame) -> str:
    """How many closed deals it takes to tell two reps apart, against what a rep closes."""
    if len(rates) < 2 or not rates["closed"].sum():
        return ""
    rate = rates["won"].sum() / rates["closed"].sum()
    parts = []
    for gap in GAPS:
        high, low = min(rate + gap / 2, 0.99), max(rate - gap / 2, 0.01)
        deals = words.number(float(ranks.cases_to_tell(high, low)))
        parts.append(f"about {deals} closed deals for {words.number(gap * 100)} points")
    return (f"To tell two reps apart with a chance of 80 %, each needs {words.joined(parts, 'or')} between their true "
            f"rates; half of the reps closed {words.number(rates['closed'].median())} or fewer in the period.")


def more_deals(rates: pd.DataFrame, first: str, second: str) -> float:
    """Further closed deals that each of two reps (rep_id) would need to be told apart, if their estimates are true.

    0 where both have them already, infinite where the estimates are equal; by `ranks.cases_to_tell`.
    """
    two = rates.set_index("rep_id").loc[[first, second]]
    needed = float(ranks.cases_to_tell(*two["mean"]))
    return max(needed - float(two["closed"].min()), 0.0)


def groups_sentence(rates: pd.DataFrame, differs: bool) -> str:
    """How many reps stand in groups within which nobody can be told from another; nothing where reps do not differ."""
    if not differs or len(rates) < 2:
        return ""
    found = ranks.alike(stats.beta_binomial(rates["won"], rates["closed"]).rates)
    sizes, several = found.groupby("group").size(), int((found.groupby("unit").size() > 1).sum())
    if len(sizes) == 1:
        return f"No two of the {words.number(len(rates))} reps can be told apart from each other, one by one."
    overlap = f"{words.number(several)} of {words.number(len(rates))} reps stand in more than one" if several else (
        "no rep stands in two")
    return (f"Reps fall into {words.counted(len(sizes), 'group')} within which no two can be told apart; the largest "
            f"holds {words.counted(sizes.max(), 'rep')}, and {overlap}.")


def peers_sentence(found: pd.DataFrame) -> str:
    """Who stands apart from its peers, and how alike they are; `found` as `rep_peers.against_peers` gives it."""
    if len(found) < 2:
        return ""
    apart = found[found["apart"]].sort_values("name")
    like = found["like"].value_counts()
    kinds = [f"{words.number(n)} on {traits}" if traits != "none" else f"{words.number(n)} with all reps"
             for traits, n in like.items()]
    sides = np.where(apart["raw"] > apart["others_raw"], "above", "below")
    names = [f"{name} ({side})" for name, side in zip(apart["name"], sides, strict=True)]
    often = {("above",): "more often", ("below",): "less often"}.get(tuple(sorted(set(sides))))
    named = words.joined((names if often is None else apart["name"].tolist())[:6])
    who = f"{named} won {often or 'more or less often'} than their peers by more than chance" if len(names) else (
        "no rep's win rate differs from its peers' by more than chance")
    return f"Like for like ({words.joined(kinds)} compared): {who}."
