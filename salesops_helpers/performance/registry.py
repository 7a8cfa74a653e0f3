"""The register that holds every KPI once."""

from __future__ import annotations

import pandas as pd

from salesops_helpers.performance.kpi import KINDS, PEOPLE, UNITS, Form, Kpi, additive

__all__ = ["KINDS", "PEOPLE", "UNITS", "Form", "Kpi", "additive", "dictionary", "registry"]


def registry() -> dict[str, Kpi]:
    """Every KPI of the package by name, in the order in which they are shown."""
    from salesops_helpers.performance import definitions

    return {kpi.name: kpi for module in definitions.MODULES for kpi in module.KPIS}


def dictionary(kpis: dict[str, Kpi] | None = None) -> pd.DataFrame:
    """The KPI dictionary.

    Returns
    -------
    DataFrame
        One row a KPI and form, the default first: kpi, title, form, formula, population, unit, direction, kind, range
        (how it is found), words, source.
    """
    return pd.DataFrame([
        {"kpi": kpi.name, "title": kpi.title, "form": form.name, "formula": form.formula,
         "population": form.population, "unit": kpi.unit, "direction": kpi.direction, "kind": form.kind,
         "range": KINDS[form.kind], "words": kpi.words, "source": kpi.source}
        for kpi in (registry() if kpis is None else kpis).values() for form in kpi.forms
    ])
