"""Goals as the table of targets states them, for the company and its units."""

from __future__ import annotations

import pandas as pd

from salesops_helpers.data.container import Tables
from salesops_helpers.performance.kpi import PEOPLE


def stated(tables: Tables, by: str | None = None) -> pd.DataFrame:
    """The rows of `targets` for the company, or for units: unit, kpi, month, goal."""
    rows = tables.targets.dropna(subset=["unit", "amount"])
    known = _units(tables, by)
    named = rows["unit"].astype(object).map(known)
    found = rows.assign(unit=named, goal=rows["amount"])[named.notna()]
    return found[["unit", "kpi", "month", "goal"]].astype({"kpi": object}).reset_index(drop=True)


def _units(tables: Tables, by: str | None) -> dict[str, str]:
    """Names that targets may use → unit."""
    if by is None:
        return dict.fromkeys([tables.company.name, "company", "Company"], tables.company.name)
    if by not in PEOPLE:
        return {}
    reps = tables.reps
    if by == "rep":
        alone = reps.drop_duplicates("name", keep=False)
        return {**dict(zip(alone["name"], alone["rep_id"], strict=True)),
                **dict(zip(reps["rep_id"], reps["rep_id"], strict=True))}
    places = pd.concat([reps[by], tables.rep_history[by]]).dropna().unique()
    return dict(zip(places, places, strict=True))
