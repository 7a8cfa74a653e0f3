"""One question about reps at a time: some of them or all, one measure, one period, adjusted or not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

import pandas as pd

from salesops_helpers import words
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.measures import months_of
from salesops_helpers.performance import reps
from salesops_helpers.performance.difference import detectable
from salesops_helpers.performance.rep_cases import MEASURES, cases
from salesops_helpers.performance.rep_expected import OUTCOMES, against_expected, expecting
from salesops_helpers.performance.rep_measures import measured


@dataclass(frozen=True)
class Explored:
    """Answer of one question: `sentence`, `frame` (one row a rep, in the order in which it may be shown), whether reps
    `differ` by more than chance, and how the `frame` is read: `formats` and `labels` for a table."""

    sentence: str
    frame: pd.DataFrame
    differ: bool
    formats: dict[str, str]
    labels: dict[str, str]


def offered(tables: Tables) -> list[str]:
    """Names of the measures that the tables can answer."""
    return [name for name, m in MEASURES.items() if all(tables.has(table) for table in m.needs)]


def questions(tables: Tables) -> Callable[..., Explored]:
    """A function of measure, months, rep_ids and adjusted that answers from `tables` and keeps what it has read.

    Parameters of the function
    --------------------------
    measure : str
        Out of `offered`.
    months : int
        Length of the period up to the as-of month.
    rep_ids : iterable of str
        The reps who are compared, with each other alone; none: all.
    adjusted : bool
        Against what the deals given let expect; win rate and value per closed deal alone can be. What is expected comes
        from the deals of all reps, chosen or not, and adds up to what the chosen ones gave.

    Raises
    ------
    SalesOpsError
        By the function: where the measure is not offered.
    """
    held = cache(lambda measure, months: cases(tables, MEASURES[measure], reps.period(tables, months)))
    expected = expecting(tables, len(months_of(tables)))

    def explored(measure: str = "win_rate", months: int = 12, rep_ids: Iterable[str] = (),
                 adjusted: bool = False) -> Explored:
        if measure not in offered(tables):
            raise SalesOpsError(f"measure {measure!r} cannot be answered", ", ".join(offered(tables)),
                                "choose one of these")
        some = tuple(rep_ids)
        if adjusted and measure in OUTCOMES:
            try:
                return _against(tables, expected(months, measure)[0], measure, some)
            except SalesOpsError as error:
                return Explored(f"Nothing is adjusted: {error}.", pd.DataFrame(), False, {}, {})
        found = _some(held(measure, months), some)
        shown = measured(tables, MEASURES[measure], reps.period(tables, months), found, teams=not some)
        answer = _raw(tables, shown, measure)
        if adjusted:
            only = words.joined([MEASURES[name].title.lower() for name in OUTCOMES])
            return Explored(f"{answer.sentence} Not adjusted: only {only} can be.", *_rest(answer))
        return answer

    return explored


def _rest(answer: Explored) -> tuple:
    return answer.frame, answer.differ, answer.formats, answer.labels


def _some(frame: pd.DataFrame, rep_ids: tuple[str, ...]) -> pd.DataFrame:
    return frame[frame["rep_id"].isin(rep_ids)].reset_index(drop=True) if rep_ids else frame


def _raw(tables: Tables, found: pd.DataFrame, name: str) -> Explored:
    measure, currency = MEASURES[name], tables.company.currency
    kind = {"share": "percent", "currency": "money"}.get(measure.unit, "number")
    formats = {"name": "text", "n": "count", "raw": kind, "mean": kind, "range": "text"}
    unit = "" if measure.unit == "share" else f" ({currency if measure.unit == 'currency' else measure.unit})"
    labels = {"name": "rep", "n": measure.cases, "raw": f"raw{unit}", "mean": f"estimate{unit}",
              "range": f"90 % range{unit}"}
    differ = len(found) > 1 and bool(found["differs"].iloc[0])
    ordered = _ordered(found, differ, measure.better == "up").assign(range=_ranges(found, measure.unit))
    if name == "win_rate" and len(found):
        rates = found.assign(won=(found["raw"] * found["n"]).round().astype(int), closed=found["n"].astype(int))
        return Explored(detectable(rates).headline, ordered, differ, formats, labels)
    said = _sentence(measure.title, found, differ, lambda v: _shown(v, measure.unit, currency))
    return Explored(said, ordered, differ, formats, labels)


def _against(tables: Tables, deals: pd.DataFrame, name: str, some: tuple[str, ...]) -> Explored:
    deals = _some(deals, some)
    scale = deals["observed"].sum() / deals["expected"].sum() if deals["expected"].sum() > 0 else 1.0
    deals = deals.assign(expected=deals["expected"] * scale, variance=deals["variance"] * scale**2)
    kind = "percent" if name == OUTCOMES[0] else "money"
    formats = {"name": "text", "n": "count", "raw": kind, "expected": kind, "range": "text"}
    unit = "" if kind == "percent" else f" ({tables.company.currency})"
    labels = {"name": "rep", "n": MEASURES[name].cases, "raw": f"raw{unit}", "expected": f"expected{unit}",
              "range": "observed ÷ expected (90 %)"}
    title = f"{MEASURES[name].title}, against what each rep was given"
    if deals["rep_id"].nunique() < 2 or deals["observed"].sum() == 0:
        return Explored(f"{title}: there are no two reps to compare.", pd.DataFrame(), False, {}, {})
    found = against_expected(tables, deals)
    differ = bool(found["differs"].iloc[0])
    said = _sentence(title, found, differ, lambda v: f"{words.number(v, 2)} × what was expected")
    return Explored(said, _ordered(found, differ, True).assign(range=_ranges(found, "ratio")), differ, formats, labels)


def _sentence(title: str, found: pd.DataFrame, differ: bool, shown: Callable[[float], str]) -> str:
    if len(found) < 2:
        return f"{title}: there are no two reps to compare."
    p = found["p_value"].iloc[0]
    chance = "" if pd.isna(p) else f" (probability by chance {'below 0.001' if p < 0.001 else words.number(p, 3)})"
    if not differ:
        return f"{title}: no detectable difference between the {words.number(len(found))} reps{chance}."
    low, high = found["mean"].quantile([0.25, 0.75])
    return (f"{title}: the {words.number(len(found))} reps differ by more than chance{chance}; half of their estimates "
            f"lie between {shown(low)} and {shown(high)}.")


def _ordered(found: pd.DataFrame, differ: bool, up: bool) -> pd.DataFrame:
    by, ascending = (["mean", "name"], [not up, True]) if differ else (["name", "rep_id"], [True, True])
    return found.sort_values(by, ascending=ascending)


def _ranges(found: pd.DataFrame, unit: str) -> pd.Series:
    pairs = zip(found["low"], found["high"], strict=True)
    texts = [_pair(low, high, unit).replace(" ", "\u00a0") for low, high in pairs]
    return pd.Series(texts, index=found.index, dtype=object)


def _pair(low: float, high: float, unit: str) -> str:
    if unit == "share":
        return words.percent_range(low, high)
    places = {"currency": 0, "ratio": 2}.get(unit, 1)
    return f"{words.number(low, places)} to {words.number(high, places)}"


def _shown(value: float, unit: str, currency: str) -> str:
    if unit == "currency":
        return words.money(value, currency)
    return words.percent(value, 0) if unit == "share" else f"{words.number(value, 1)} {unit}"
