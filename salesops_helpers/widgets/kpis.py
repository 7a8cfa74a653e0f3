"""The explorer of the KPI scorecard: any KPI, any form, any unit, held against its own past."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING

import pandas as pd

from salesops_helpers import show
from salesops_helpers.data.container import Tables
from salesops_helpers.performance.kpi_words import one, panel
from salesops_helpers.performance.own import registered
from salesops_helpers.performance.question import NONE
from salesops_helpers.performance.signals import known_history, signals
from salesops_helpers.show import Shown
from salesops_helpers.widgets.frame import explorer

if TYPE_CHECKING:
    from ipywidgets import Widget

COMPANY = "company"  # a value of its own: a list does not show a choice whose value is None
LEVELS = ((COMPANY, COMPANY), ("region", "region"), ("team", "team"), ("rep", "rep"), ("product", "product"),
          ("lead source", "lead_source"))
Histories = Callable[[str, str], pd.DataFrame]


def kpi_explorer(tables: Tables, month: str, history: pd.DataFrame | None = None, kpi: str = "win_rate") -> Widget:
    """A KPI over the months with what its own past allows: choose the KPI, its form, the level and the unit.

    Parameters
    ----------
    history : DataFrame, optional
        `known_history` of the company, where it is at hand; other levels are computed once a KPI, when first asked for.
    """
    import ipywidgets as ui

    company = known_history(tables, month) if history is None else history
    histories = cache(lambda level, kpi: company[company["kpi"] == kpi] if level == COMPANY
                      else known_history(tables, month, level, kpis=[kpi]))
    look, register = {"style": {"description_width": "60px"}}, registered(tables)
    known = [name for name in dict.fromkeys(company["kpi"]) if name in register]
    kpi = kpi if kpi in known else known[0]
    controls = {
        "kpi": ui.Dropdown(options=[(register[n].title, n) for n in known], value=kpi, description="KPI", **look),
        "form": ui.Dropdown(options=forms(company, kpi), description="form", **look),
        "level": ui.Dropdown(options=LEVELS, description="level", **look),
        "unit": ui.Dropdown(options=units(histories(COMPANY, kpi)), description="unit", **look)}

    def refill(change) -> None:
        rows = histories(controls["level"].value, controls["kpi"].value)
        if change["owner"] is controls["kpi"]:
            controls["form"].options = forms(company, change["new"])
        held, options = controls["unit"].value, units(rows)
        controls["unit"].options = options
        if held in [key for _, key in options]:
            controls["unit"].value = held

    for name in ("kpi", "level"):
        controls[name].observe(refill, names="value")
    return explorer(partial(view, tables, month, histories), **controls)


def forms(history: pd.DataFrame, kpi: str) -> list[tuple[str, str]]:
    """The forms of a KPI that the company's data can answer, as printed and by name."""
    names = dict.fromkeys(history.loc[history["kpi"] == kpi, "form"])
    return [(name.replace("_", " "), name) for name in names]


def units(history: pd.DataFrame) -> list[tuple[str, str]]:
    """The units of a level, as printed and by key."""
    pairs = history[history["unit"] != NONE].drop_duplicates("unit").sort_values("name")
    return list(zip(pairs["name"], pairs["unit"], strict=True))


def view(tables: Tables, month: str, histories: Histories, kpi: str, form: str | None, level: str,
         unit: str | None) -> tuple[str, Shown]:
    """The sentence and the chart of one choice."""
    from salesops_helpers.charts.kpis import one_kpi

    rows = histories(level, kpi)
    rows = rows[(rows["form"] == form) & (rows["unit"] == unit)]
    if rows.empty:
        return "This form of the KPI is not there for this unit.", show.note("Choose another form or another level.")
    found = signals(rows, tables, every_form=True)
    chosen = registered(tables)[kpi]
    said = one(rows, found, month, tables.company.currency, chosen)
    _, title, text = panel(chosen)
    fig = one_kpi(found, rows, f"{title}: {rows['name'].iloc[0]}", chosen.unit, text)
    return said, show.figure(fig, said, live=True)
