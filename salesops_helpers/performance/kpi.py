"""What a KPI is: its words, formula, unit, direction, source and forms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from salesops_helpers.errors import SalesOpsError, listed

if TYPE_CHECKING:
    from salesops_helpers.data.container import Tables
    from salesops_helpers.performance.question import Question

UNITS = ("region", "team", "rep", "product", "lead_source")
PEOPLE = ("region", "team", "rep")
KINDS = {
    "sum": "counted in full; a sum over units is the company's; no range, nothing is estimated",
    "today": "counted in full, on the as-of day alone; a sum over units is the company's; no range",
    "quotient": "one full count or sum ÷ another, such as a plan; no range, nothing is estimated",
    "rate": "a share of counted cases; range: Jeffreys' beta-binomial interval",
    "counts": "one count ÷ another; range: both taken as Poisson, so the share of the first is binomial (Jeffreys)",
    "ratio": "a money ratio or a mean; range: bootstrap of whole accounts",
    "median": "a median; range: exact, from the order statistics",
    "survival": "a Kaplan–Meier median, cases without the event censored; range: log-log, by Greenwood's variance",
    "given": "worked out with its own range by the function that gives it",
}


@dataclass(frozen=True)
class Form:
    """One way to compute a KPI.

    Attributes
    ----------
    name : str
        Name of the form, unique in its KPI.
    formula, population : str
        In words: the numerator and the denominator; which cases count.
    kind : str
        One of `KINDS`: what the figure is, which decides how its range is found.
    cells : callable
        Question → frame with unit, month, and what the kind needs: numerator (sum, today); numerator, denominator
        (quotient, rate, counts, ratio); the columns of `ranges.medians` or `ranges.survival`; n (cases) where it is
        not the denominator. ratio: one row a bucket of accounts (column bucket).
    by : tuple of str
        Units for which the form can be asked.
    needs : tuple of str
        Tables without which there is no figure.
    frame : str
        Name of the frame that must be handed over (`forecasts`, `pay`, `probabilities`); empty: none.
    when : callable, optional
        Tables → whether they carry what the form needs, where having the tables does not say so.
    """

    name: str
    formula: str
    population: str
    kind: str
    cells: Callable[[Question], pd.DataFrame]
    by: tuple[str, ...] = UNITS
    needs: tuple[str, ...] = ()
    frame: str = ""
    when: Callable[[Tables], bool] | None = None


@dataclass(frozen=True)
class Kpi:
    """One KPI; its first form is the default.

    Attributes
    ----------
    name, title, words : str
        Key, as printed, and what it says in one sentence.
    unit : str
        "share", "currency", "days", "deals", …
    direction : {"up", "down", "none"}
        Which way is better.
    source : str
        The tables and columns behind it.
    forms : tuple of Form
        Ways to compute it, the default first.
    reading : {"period", "end", "plan"}
        Whether it is counted over the period, read off at its end (or over a longer window that ends there), or set by
        plans: the first is compared with its usual level, the second with the month before, the third with neither.
    """

    name: str
    title: str
    words: str
    unit: str
    direction: str
    source: str
    forms: tuple[Form, ...]
    reading: str = "period"

    @property
    def default(self) -> Form:
        return self.forms[0]

    def form(self, name: str) -> Form:
        """The form called `name`. Raises `SalesOpsError` where the KPI has none of that name."""
        found = next((form for form in self.forms if form.name == name), None)
        if found is None:
            raise SalesOpsError(f"{self.name} has no form {name!r}", listed([f.name for f in self.forms]),
                                "choose one of these")
        return found


def additive(form: Form) -> bool:
    """Is the company's figure the sum of the units'?"""
    return form.kind in ("sum", "today")
