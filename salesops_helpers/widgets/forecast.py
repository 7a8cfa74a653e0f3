"""The explorer of the forecast: another horizon, another method, the naive line alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from salesops_helpers import show
from salesops_helpers.charts.forecast import fan
from salesops_helpers.forecast import totals
from salesops_helpers.forecast.choices import CHOICES, scenarios
from salesops_helpers.forecast.methods import LONGEST
from salesops_helpers.forecast.sentences import headline
from salesops_helpers.widgets.frame import explorer

if TYPE_CHECKING:
    from ipywidgets import Widget


def bookings(known: pd.DataFrame, past: pd.DataFrame, currency: str, horizon: int = 3) -> Widget:
    """The forecast with a slider for the horizon and a choice of method, both on frames made when it is built.

    Parameters
    ----------
    known : DataFrame
        The history of one unit: by, unit, month, actual.
    past : DataFrame
        The backtest whose errors set the ranges, from `forecast.backtest`.
    currency : str
        Of the amounts.
    horizon : int
        Where the slider starts.
    """
    import ipywidgets as ui

    made = scenarios(known, past)
    options = [(CHOICES[name], name) for name in made]
    look = {"style": {"description_width": "80px"}}
    return explorer(
        view(known, past, made, currency),
        horizon=ui.IntSlider(horizon, 1, LONGEST, description="months", continuous_update=False, **look),
        method=ui.Dropdown(options=options, value="mean", description="method", **look),
    )


def view(known: pd.DataFrame, past: pd.DataFrame, made: dict[str, pd.DataFrame], currency: str):
    """What the explorer draws, as a function of horizon and method: the sentence, and the fan below it."""
    drawn: dict[tuple[int, str], tuple[str, show.Shown]] = {}

    def draw(horizon: int, method: str):
        if (horizon, method) not in drawn:
            chosen = made[method][made[method]["step"] <= horizon]
            said = headline(totals(chosen, past[past["method"] == method], horizon).iloc[0], chosen, currency)
            shown = show.figure(fan(known, chosen, currency), alt=said, live=True)
            drawn[horizon, method] = said, shown
        return drawn[horizon, method]

    return draw
