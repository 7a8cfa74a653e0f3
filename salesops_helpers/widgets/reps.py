"""The explorer of the rep benchmark: which reps, which measure, which period, adjusted or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pandas as pd

from salesops_helpers import show, words
from salesops_helpers.data.container import Tables
from salesops_helpers.measures import months_of
from salesops_helpers.performance import reps
from salesops_helpers.performance.rep_cases import MEASURES
from salesops_helpers.performance.rep_explore import Explored, offered, questions
from salesops_helpers.performance.rep_page import shortened
from salesops_helpers.show import Shown
from salesops_helpers.widgets.frame import explorer

if TYPE_CHECKING:
    from ipywidgets import Widget


def rep_explorer(tables: Tables, months: int = 12) -> Widget:
    """Reps side by side with choices of measure, period, adjustment, team and reps; at the start as on the page."""
    import ipywidgets as ui

    held, people = len(months_of(tables)), _people(tables)
    teams = sorted(people["team"].dropna().unique())
    look, titles = {"style": {"description_width": "80px"}}, [(MEASURES[n].title, n) for n in offered(tables)]
    controls = {
        "measure": ui.Dropdown(options=titles, description="measure", **look),
        "months": ui.IntSlider(min(months, held), 1, held, description="months", continuous_update=False, **look),
        "adjusted": ui.Checkbox(False, description="adjusted for what each rep was given", indent=False),
        "team": ui.Dropdown(options=[("all teams", ""), *((t, t) for t in teams)], description="team", **look),
        "rep_ids": ui.SelectMultiple(options=_options(people), description="reps", rows=10, **look)}

    def refill(change) -> None:
        controls["rep_ids"].options = _options(people, change["new"])

    controls["team"].observe(refill, names="value")
    ask = questions(tables)
    return explorer(lambda **chosen: view(tables, ask, **chosen), **controls)


def _people(tables: Tables) -> pd.DataFrame:
    people = tables.reps.drop_duplicates("rep_id")
    return people.assign(name=reps.labels(tables, people["rep_id"])).sort_values(["name", "rep_id"])


def _options(people: pd.DataFrame, team: str = "") -> list[tuple[str, str]]:
    some = people[people["team"] == team] if team else people
    return list(zip(some["name"], some["rep_id"], strict=True))


def view(tables: Tables, ask: Callable[..., Explored], measure: str, months: int, adjusted: bool, team: str,
         rep_ids: tuple[str, ...]) -> tuple[str, Shown]:
    """The sentence of one choice and the table of its reps; `ask` comes from `rep_explore.questions`."""
    chosen = rep_ids or (tuple(key for _, key in _options(_people(tables), team)) if team else ())
    found = ask(measure, months, chosen, adjusted)
    by = "estimates" if found.differ else "names"
    about = (f"{reps.period(tables, months)}. {words.counted(len(found.frame), 'rep')}, in the order of their {by}. "
             "Each further choice that is tried has its own chance, up to 5 %, of showing a difference that is none.")
    if found.frame.empty:
        return found.sentence, show.note(about)
    some, left = shortened(found.frame, pd.Series(False, found.frame.index), found.differ, "the controls at the left")
    return found.sentence, show.table(some, found.formats, found.labels, f"{about} {left}".strip())
