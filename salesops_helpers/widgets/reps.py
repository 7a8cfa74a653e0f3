"""The explorer of the rep benchmark: another period, another minimum of deals, one team alone."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from salesops_helpers import show, words
from salesops_helpers.data.container import Tables
from salesops_helpers.measures import months_of
from salesops_helpers.performance import reps
from salesops_helpers.performance.difference import detectable, in_order
from salesops_helpers.show import Shown
from salesops_helpers.widgets.frame import explorer

if TYPE_CHECKING:
    from ipywidgets import Widget


def win_rates(tables: Tables, months: int = 12) -> Widget:
    """Win rates by rep with sliders for the length of the period and the least number of closed deals, and the team."""
    import ipywidgets as ui

    held = len(months_of(tables))
    teams = sorted(tables.reps["team"].dropna().unique())
    look = {"style": {"description_width": "130px"}}
    return explorer(
        partial(view, tables),
        months=ui.IntSlider(min(months, held), 1, held, description="months", continuous_update=False, **look),
        minimum=ui.IntSlider(1, 1, 100, description="least closed deals", continuous_update=False, **look),
        team=ui.Dropdown(options=[("all teams", None), *((t, t) for t in teams)], description="team", **look),
    )


def view(tables: Tables, months: int, minimum: int, team: str | None) -> tuple[str, Shown]:
    """The headline of one choice, and the ranges of its reps."""
    from salesops_helpers.charts.reps import intervals

    rates = reps.chosen(tables, months, minimum, team)
    found = detectable(rates)
    about = (
        f"{reps.period(tables, months)}. {words.counted(len(rates), 'rep')} with at least "
        f"{words.counted(minimum, 'closed deal')}. Each further choice that is tried has its own chance, up to 5 %, "
        "of showing a difference that is none."
    )
    if found.reps < 2:
        return found.headline, show.note(about)
    return found.headline, show.figure(intervals(in_order(rates, found), found.rate), found.headline, about)
