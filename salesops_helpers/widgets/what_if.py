"""The explorer of levers: unit, horizon, win rate, price, creation, cycle, and a goal to reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from salesops_helpers import show, words
from salesops_helpers.charts.forecast import fan
from salesops_helpers.forecast.backtest import fits
from salesops_helpers.forecast.ledger import LEVELS
from salesops_helpers.forecast.methods import LONGEST
from salesops_helpers.forecast.sentences import span
from salesops_helpers.forecast.series import outlook
from salesops_helpers.forecast.what_if import LEVERS, goal_seek, scenario, to_reach
from salesops_helpers.widgets.frame import explorer

if TYPE_CHECKING:
    from ipywidgets import Widget


def levers(family: pd.DataFrame, past: pd.DataFrame, new: np.ndarray, currency: str, horizon: int = 3) -> Widget:
    """The forecast of the company or a unit with levers moved, and what each would have to do for a goal.

    Parameters
    ----------
    family : DataFrame
        The company and its units: by, unit, month, actual, from `forecast.pooled`.
    past : DataFrame
        Their backtest.
    new : ndarray
        `forecast.what_if.new_share`.
    currency : str
        Of the amounts.
    horizon : int
        Where the slider starts.
    """
    import ipywidgets as ui

    look = {"style": {"description_width": "165px"}, "continuous_update": False}
    names = family.drop_duplicates(["by", "unit"])[["by", "unit"]].itertuples(index=False, name=None)
    options = [(unit if by == "company" else f"{by} {unit}", (by, unit)) for by, unit in names]
    share = {name: ui.FloatSlider(0.0, min=-0.5, max=0.5, step=0.01, readout_format="+.0%", description=said, **look)
             for name, said in LEVERS.items()}
    return explorer(
        view(family, past, new, currency),
        unit=ui.Dropdown(options=options, description="unit", style=look["style"]),
        horizon=ui.IntSlider(horizon, 1, LONGEST, description="months", **look),
        **share,
        cycle_days=ui.IntSlider(0, -60, 60, description="days to close", **look),
        goal=ui.FloatText(0.0, description=f"goal ({currency})", **look),
    )


def view(family: pd.DataFrame, past: pd.DataFrame, new: np.ndarray, currency: str):
    """What the explorer draws; ``goal=0`` asks for none."""
    made = outlook(family, past, LONGEST, LEVELS, made=fits(family, LONGEST))

    def draw(unit: tuple[str, str], horizon: int, goal: float, **moved: float):
        of = [frame[(frame["by"] == unit[0]) & (frame["unit"] == unit[1])].reset_index(drop=True)
              for frame in (family, made)]
        known, expected = of
        now = scenario(expected, new, horizon, **moved)
        when = span(now["month"].iloc[0], now["month"].iloc[-1])
        change = now["change"].sum()
        said = f"{words.short_money(now['forecast'].sum(), currency)} would be booked in {when}"
        beside = f"{words.short_money(abs(change), currency)} {'more' if change > 0 else 'less'} than is expected"
        said = f"{said}, {beside if abs(change) >= 0.5 else 'as is expected'}."
        sought = to_reach(goal_seek(expected, new, horizon, goal), goal, currency) if goal > 0 else ""
        said = f"{said} {sought}".strip()
        return said, show.figure(fan(known, now, currency), alt=said, live=True)

    return draw
