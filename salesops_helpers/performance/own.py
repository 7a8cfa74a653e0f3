"""A company's own KPIs: the file kpis.py beside its company.toml.

It defines ``KPIS``, a list of `Kpi`, each with forms whose `cells` take the `Question`::

    from salesops_helpers.performance.registry import Form, Kpi

    def demos(ask):  # unit, month, numerator
        rows = ask.tables.rows("activities")
        rows = rows.filter(rows["kind"] == "demo")
        return ask.summed(ask.monthly().events(rows, "activities", "occurred_at", numerator=lambda t: t.count()))

    KPIS = [Kpi("demos", "Demos", "How many demos were held.", "demos", "up", "activities.kind",
                (Form("held", "demos held", "demos in the period", "sum", demos, needs=("activities",)),))]

The file is code of the company and runs with the rights of whoever runs the report. One that cannot be read, or a KPI
that cannot be computed, leaves a line on the scorecard and nothing else.
"""

from __future__ import annotations

import runpy
from pathlib import Path

import pandas as pd

from salesops_helpers.data.container import Tables
from salesops_helpers.errors import one_line
from salesops_helpers.performance.registry import KINDS, Kpi, registry

FILE_NAME = "kpis.py"


def own(tables: Tables) -> tuple[dict[str, Kpi], list[str]]:
    """The company's own KPIs by name, and a line on each thing in its kpis.py that cannot be used."""
    path = Path(tables.company.home) / FILE_NAME
    if not path.is_absolute() or not path.is_file():
        return {}, []
    try:
        given = list(runpy.run_path(str(path))["KPIS"])
    except KeyError as error:
        return {}, [f"{FILE_NAME} defines no KPIS" if error.args == ("KPIS",) else failed(error)]
    except Exception as error:  # the company's code may raise anything
        return {}, [failed(error)]
    faults = [_fault(kpi) for kpi in given]
    good = {kpi.name: kpi for kpi, fault in zip(given, faults, strict=True) if fault is None}
    return good, [fault for fault in faults if fault is not None]


def registered(tables: Tables) -> dict[str, Kpi]:
    """The KPIs of the kit and the company's own, by name."""
    return {**registry(), **own(tables)[0]}


def failures(card: pd.DataFrame) -> str:
    """A sentence on each of the company's own KPIs that could not be computed, from a scorecard; empty where none."""
    lines = card["note"].dropna().astype(str) if "note" in card else pd.Series(dtype=object)
    return " ".join(f"{line.rstrip('.')}." for line in lines[lines.str.startswith(FILE_NAME)].unique())


def failed(error: Exception) -> str:
    """One line on what went wrong in the company's code."""
    return f"{FILE_NAME} failed: {type(error).__name__}: {one_line(error, 160)}"


def _fault(kpi) -> str | None:
    if not isinstance(kpi, Kpi):
        return f"{FILE_NAME}: KPIS holds {type(kpi).__name__}, which is no Kpi"
    if kpi.name in registry():
        return f"{FILE_NAME}: {kpi.name!r} is a KPI of the kit; give yours another name"
    if not kpi.forms:
        return f"{FILE_NAME}: {kpi.name!r} has no form"
    wrong = next((form.kind for form in kpi.forms if form.kind not in KINDS), None)
    return None if wrong is None else f"{FILE_NAME}: {kpi.name!r} is of kind {wrong!r}; allowed: {', '.join(KINDS)}"
