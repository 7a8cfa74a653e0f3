"""What the habits of reps who win more say, in words: associations with their ranges, or that nothing can be said."""

from __future__ import annotations

import pandas as pd

from salesops_helpers import words
from salesops_helpers.performance.practices import LEAST_REPS, SURE, Practices

MOST = 4


def practice_sentences(found: Practices) -> list[str]:
    """The finding first, then how it is to be read; nothing about sides where there are none."""
    if not found.differs:
        return ["Adjusted win rates do not differ by more than chance: there is no group of reps to compare habits"
                " with, and nothing is compared."]
    sides = (f"{words.counted(found.above, 'rep')} {'wins' if found.above == 1 else 'win'} more than could be "
             f"expected, each with a probability of at least {words.percent(SURE, 0)} "
             f"(last {words.counted(found.months, 'month')}); {words.number(found.rest)} others do not")
    if found.frame.empty:
        return [f"{sides}. Habits are compared from {words.number(LEAST_REPS)} reps on each side."]
    sure = found.frame[found.frame["credible"]]
    looks = words.counted(len(found.frame), "habit")
    if len(sure) == 0:
        return [f"In none of {looks} do reps who win more differ from like colleagues by more than "
                "chance.", f"{sides}.",
                "That does not show that they work alike: with so few reps only large differences can be seen."]
    named = words.joined([difference_words(row) for row in sure.head(MOST).itertuples()])
    more = f", and {words.number(len(sure) - MOST)} more" if len(sure) > MOST else ""
    return [
        f"Reps who win more differ from like colleagues in {words.number(len(sure))} of {looks}: {named}{more}.",
        f"{sides}.",
        "This is what goes along with winning, not what brings it: whoever wins may work otherwise because of it, and "
        "a habit that is copied need not bring the result.",
    ]


def difference_words(row) -> str:
    """One habit: both means and the range of the difference between like reps."""
    return (f"“{row.habit}” {value_words(row.mine, row.unit)} against "
            f"{value_words(row.theirs, row.unit)} (difference between like reps {range_words(row)})")


def range_words(row) -> str:
    """The range of one habit's difference, its unit said once."""
    low, high = (value_words(value, row.unit, signed=True) for value in (row.low, row.high))
    return f"{low.partition(' ')[0]} to {high}"


def value_words(value: float, unit: str, signed: bool = False) -> str:
    """A habit's value in its unit: ``62 %``, ``3.1``, ``14.2 days``; a difference of shares in points."""
    sign = "+" if signed and value > 0 else ""
    if unit == "share":
        return f"{sign}{words.number(100 * value, 1)} points" if signed else words.percent(value, 0)
    return f"{sign}{words.number(value, 1)}{f' {unit}' if unit in ('days', 'hours') else ''}"


def readable(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of `Practices.frame` as texts: habit, reps, mine, theirs, range, chance, said."""
    rows = list(frame.itertuples())
    ranges = [range_words(r) for r in rows]
    texts = {"mine": [value_words(r.mine, r.unit) for r in rows],
             "theirs": [value_words(r.theirs, r.unit) for r in rows],
             "range": ranges, "sides": [f"{words.number(r.reps)} / {words.number(r.others)}" for r in rows],
             "chance": ["below 0.001" if r.p_value < 0.001 else words.number(r.p_value, 3) for r in rows],
             "said": ["more than chance" if r.credible else "no more than chance" for r in rows]}
    return frame[["habit"]].assign(**{c: pd.Series(t, index=frame.index, dtype=object) for c, t in texts.items()})


FORMATS = dict.fromkeys(("habit", "sides", "mine", "theirs", "range", "chance", "said"), "text")
LABELS = {"sides": "reps on each side", "mine": "reps who win more", "theirs": "other reps",
          "range": "difference between like reps (90 %)", "chance": "probability by chance, for all habits at once",
          "said": "more than chance?"}
