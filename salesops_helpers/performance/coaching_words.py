"""Strengths, focus and what is not known, in the words of a coach: plain, kind, concrete."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers import ranks, words
from salesops_helpers.performance.coaching import FOCUS, LEAST_CASES, SHOWN, focus, strengths
from salesops_helpers.performance.coaching_cases import (
    ANSWER,
    ANSWERED_HOURS,
    LEADS,
    PRICE,
    PRODUCT,
    QUALIFIED_DAYS,
    SEGMENT,
    STAGE,
)

TITLES = {
    STAGE: "{level}: moving on", SEGMENT: "{level}: winning", PRODUCT: "{level}: winning",
    LEADS: f"Leads: qualified within {QUALIFIED_DAYS} days", ANSWER: f"Leads: answered within {ANSWERED_HOURS} hours",
    PRICE: "Price: list price kept",
}
DONE = {
    STAGE: "of {n} deals in {level}, {seen} moved on", SEGMENT: "of {n} {level} deals that closed, {seen} were won",
    PRODUCT: "of {n} {level} deals that closed, {seen} were won",
    LEADS: f"of {{n}} leads, {{seen}} were qualified within {QUALIFIED_DAYS} days",
    ANSWER: f"of {{n}} leads, {{seen}} were answered within {ANSWERED_HOURS} hours",
    PRICE: "over {n} won deals, {seen} of the list price was kept",
}
START = {
    STAGE: "A start: go through the last deals that ended in {level}, and ask for each what the customer still needed.",
    ANSWER: "A start: keep half an hour a day free for new leads, or agree who answers while you are on the road.",
    PRICE: "A start: before the next discount, name what the customer gives for it: a date, a term, a reference.",
}
NEEDED_GAP = 0.10
LIKELY = "likely, but one of many looks"
ALONE = "Nothing is compared with colleagues here: these tables hold no other rep with cases."


def titles(rows: pd.DataFrame) -> list[str]:
    """What each row of `coaching.looks` looks at."""
    return [TITLES[kind].format(level=level) for kind, level in zip(rows["kind"], rows["level"], strict=True)]


def done(rows: pd.DataFrame) -> list[str]:
    """What happened in each row of `coaching.looks`, against peers with like cases."""
    columns = ("kind", "level", "n", "observed", "expected")
    return [
        f"{DONE[kind].format(level=level, n=words.number(n), seen=words.percent(seen, 0))}; with like cases, "
        f"comparable colleagues would have had {words.percent(expected, 0)}"
        for kind, level, n, seen, expected in zip(*(rows[c] for c in columns), strict=True)]


def readable(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of `coaching.looks` with texts: look, shown (observed share), against (expected share), range (of the true
    difference in points; missing where too few cases), said ("more than chance", `LIKELY` where the range leaves
    out zero and so many looks may yet bring that about, "no more than chance", "too few cases", "depends on the leads
    given")."""
    judged = rows["difference"].notna()
    ranges = [points(low, high) if known else words.MISSING
              for low, high, known in zip(rows["low"], rows["high"], judged, strict=True)]
    said = np.select([~judged, rows["kind"].isin(SHOWN), rows["credible"].astype(bool), likely(rows) != 0],
                     ["too few cases", "depends on the leads given", "more than chance", LIKELY], "no more than chance")
    texts = {"look": titles(rows), "range": ranges, "said": list(said)}
    return rows.assign(**{c: pd.Series(t, index=rows.index, dtype=object) for c, t in texts.items()})


def likely(rows: pd.DataFrame) -> np.ndarray:
    """For each row of `coaching.looks`: 1 where its range, in whole points, lies above zero, −1 below, 0 otherwise."""
    low, high = (np.round(100 * rows[end].to_numpy(float)) for end in ("low", "high"))
    return (low > 0).astype(int) - (high < 0)


def points(low: float, high: float) -> str:
    """``-0.12, 0.034`` as ``−12 to +3 points``."""
    signed = [f"{'+' if value > 0 and words.number(value) != '0' else ''}{words.number(value)}"
              for value in (100 * low, 100 * high)]
    return f"{signed[0]} to {signed[1]}\u00a0points"


def strength_sentences(found: pd.DataFrame, rep: str) -> list[str]:
    """What a rep does credibly better than comparable peers, one sentence each, or that nothing is known yet."""
    rows = strengths(found, rep)
    if found.empty:
        return [ALONE]
    if len(rows) == 0:
        mine = found[found["rep_id"] == rep]
        return [_no_strength(mine), *_leaning(mine)]
    ranges = [points(low, high) for low, high in zip(rows["low"], rows["high"], strict=True)]
    return [f"{title}. {text[0].upper()}{text[1:]}. The true difference lies between {between}."
            for title, text, between in zip(titles(rows), done(rows), ranges, strict=True)]


def strength_notes(found: pd.DataFrame, rep: str = "") -> list[str]:
    """`strength_sentences` of a rep; over all reps, how many have a strength."""
    if rep:
        return strength_sentences(found, rep)
    people = strengths(found)["rep_id"].nunique()
    where = "; the table of reps below names it" if people else ""
    who = f"A strength stands out for {words.counted(people, 'rep')}" if people else "No strength stands out"
    return [f"{who}{where}. That none stands out for a rep does not "
            "mean that there is none."]


def focus_notes(found: pd.DataFrame, rep: str, currency: str, months: int) -> list[str]:
    """`focus_sentences` of a rep; over all reps, how many have a focus."""
    if rep:
        return focus_sentences(found, rep, currency, months)
    people = len(focus(found))
    where = ("; the table of reps below names it, with the range of what it is worth. A page for each rep "
             "(salesops report with --by rep) says how to start" if people else "")
    who = f"A focus stands out for {words.counted(people, 'rep')}" if people else "No focus stands out"
    return [f"{who}{where}."]


def compared_alt(rows: pd.DataFrame) -> str:
    """What the chart of comparisons shows; `rows` as `readable` gives them."""
    if len(rows) == 0:
        return ""
    sure = rows.loc[rows["credible"].astype(bool), "look"]
    which = f": {words.joined(sure)}" if len(sure) else ""
    return (f"{words.number(len(sure))} of {words.counted(len(rows), 'comparison')} with colleagues "
            f"{'differs' if len(sure) == 1 else 'differ'} by more than chance{which}.")


def _no_strength(mine: pd.DataFrame) -> str:
    judged = int(mine["difference"].notna().sum())
    if judged == 0:
        return ("No segment, product, stage or habit has enough cases to be compared yet. That says nothing about you: "
                "it takes numbers and peers to see a strength this way.")
    return (f"None of the {words.counted(judged, 'comparison')} shows you above colleagues by more than chance. That "
            "is so for most reps; it does not mean that there are no strengths, only that counts do not show them.")


def _leaning(mine: pd.DataFrame) -> list[str]:
    """What is likely good, though not sure: ranges above zero."""
    good = titles(mine[~mine["kind"].isin(SHOWN) & (likely(mine) > 0)])
    return [f"Likely above colleagues, though among so many looks one may seem so by chance: {words.joined(good)}. "
            "Worth a word on how you do it."] if good else []


def focus_sentences(found: pd.DataFrame, rep: str, currency: str, months: int) -> list[str]:
    """The one coaching focus of a rep with its worth, or what is not known and what would be needed."""
    rows = focus(found, rep)
    if found.empty:
        return [ALONE]
    if len(rows) == 0:
        return _no_focus(found[found["rep_id"] == rep], currency)
    kind, level, n = rows[["kind", "level", "n"]].iloc[0]
    text = done(rows)[0]
    lost, low, high = rows[["lost", "lost_low", "lost_high"]].iloc[0]
    more = " If quicker answers bring what goes along with them, t" if kind == ANSWER else " T"
    return [
        f"{titles(rows)[0]}. {text[0].upper()}{text[1:]}.{more}hat is about {words.short_money(lost, currency)} over "
        f"{words.counted(months, 'month')} ({words.money_range(low, high, currency)}). No other gap that stands out "
        "costs more.",
        START[kind].format(level=level),
    ]


def _no_focus(mine: pd.DataFrame, currency: str) -> list[str]:
    rows = mine[mine["kind"].isin(FOCUS) & mine["difference"].notna() & mine["value"].notna()]
    if len(rows) == 0:
        return ["No focus can be named: no stage or habit has enough cases, on your side and on that of your "
                f"colleagues, to be compared. At least {LEAST_CASES} decided cases in a stage would be needed, and "
                "three colleagues with thirty."]
    said = (f"No focus is named: in none of {words.counted(len(rows), 'stage or habit', 'stages and habits')} are you "
            "below comparable colleagues by more than chance.")
    open_ = rows.sort_values(["value_low", "kind", "level"]).head(1)
    low, high, n = open_[["value_low", "value_high", "n"]].iloc[0]
    return [said, f"Most is still open in “{titles(open_)[0]}”: {words.counted(n, 'case')} leave room for "
            f"{_against(low, currency)} to {_against(high, currency)} than colleagues would have got."
            f"{_needed(open_)}"]


def _against(value: float, currency: str) -> str:
    return f"{words.short_money(abs(value), currency)} {'more' if value > 0 else 'less'}"


def _needed(row: pd.DataFrame) -> str:
    """How many cases would show a gap of ten points with a chance of 80 %."""
    expected = float(row["expected"].iloc[0])
    if row["kind"].iloc[0] == PRICE or expected <= NEEDED_GAP:
        return ""
    cases = float(ranks.cases_to_tell(expected, expected - NEEDED_GAP))
    return (f" To see a gap of {words.number(100 * NEEDED_GAP)} points there, if there is one, takes about "
            f"{words.number(cases)} cases.")
