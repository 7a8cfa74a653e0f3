"""Restated history: the same month as it was known at its own end, and as it is known now."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers import words
from salesops_helpers.data.container import Tables
from salesops_helpers.data.snapshot import snapshot
from salesops_helpers.measures import month_end, month_start, months_of
from salesops_helpers.performance.registry import Kpi, registry
from salesops_helpers.performance.scorecard import scorecard, scorecard_history
from salesops_helpers.performance.shown import figure_text

KEYS = ["month", "kpi", "form"]


def restated(tables: Tables, month: str | pd.Timestamp, months: int = 3, register: dict[str, Kpi] | None = None,
             history: pd.DataFrame | None = None, **handed) -> pd.DataFrame:
    """The company's KPIs for the months before `month`, as computed at the end of each and as computed now.

    Parameters
    ----------
    months : int
        How many months before `month`.
    history : DataFrame, optional
        `scorecard_history` as known now, where it is at hand.

    Returns
    -------
    DataFrame
        One row a month, KPI and form: month, kpi, form, then, now (values), change (now − then), moved (did it change
        by more than rounding, or appear or vanish?), still_open (share of its cases that are open now).

    Notes
    -----
    KPIs that are counted over the month from deals, unless `kpis` names others. *then* goes through the one cut:
    nothing created or closed later, deals at the stage, amount and owner that their history shows for that day.
    Further arguments go to `scorecard`.
    """
    register = registry() if register is None else register
    last = month_start(month)
    asked = [m for m in months_of(tables) if last - pd.DateOffset(months=months) <= m < last]
    if not asked:
        return pd.DataFrame(columns=[*KEYS, "then", "now", "change", "moved", "still_open"])
    handed = {"kpis": [name for name, kpi in register.items() if _by_deals(kpi)], **handed}
    then = pd.concat([
        scorecard(snapshot(tables, min(month_end(m), tables.as_of)), m, register=register, **handed) for m in asked])
    if history is None:
        history = scorecard_history(tables, asked[-1], len(asked), register=register, **handed)
    now = history[[*KEYS, "value", "still_open"]].rename(columns={"value": "now"})
    both = then[[*KEYS, "value"]].rename(columns={"value": "then"}).merge(now, on=KEYS, how="left")
    moved = ~np.isclose(both["then"], both["now"], rtol=1e-9, atol=1e-12, equal_nan=True)
    both = both.assign(change=both["now"] - both["then"], moved=moved)
    return both[[*KEYS, "then", "now", "change", "moved", "still_open"]].reset_index(drop=True)


def _by_deals(kpi: Kpi) -> bool:
    return kpi.reading == "period" and kpi.source.startswith("opportunities")


def readable(found: pd.DataFrame, currency: str, register: dict[str, Kpi] | None = None) -> pd.DataFrame:
    """The figures that moved, as texts, the latest month first: month, title, form, then, now, change."""
    register = registry() if register is None else register
    rows = found[found["moved"].astype(bool)].sort_values(
        "month", ascending=False, kind="stable", ignore_index=True)
    units = [register[name].unit for name in rows["kpi"]]
    texts = {c: [figure_text(v, unit, currency, signed=c == "change")
                 for v, unit in zip(rows[c], units, strict=True)] for c in ("then", "now", "change")}
    titles = [register[name].title for name in rows["kpi"]]
    return rows[["month"]].assign(title=titles, form=rows["form"].str.replace("_", " "), **texts)


def sentence(found: pd.DataFrame) -> str:
    """How many figures of past months read differently today."""
    if found.empty:
        return "There is no earlier month to compare."
    moved, months = int(found["moved"].sum()), found["month"].nunique()
    span = f"{words.counted(len(found), 'figure')} of the {words.counted(months, 'month')} before"
    if not moved:
        return f"None of the {span} reads differently today from what was known at the month's own end."
    verb = "reads" if moved == 1 else "read"
    return (f"{words.number(moved)} of the {span} {verb} differently today from what was known at the month's own "
            "end: deals were entered, closed or corrected later, or were still open then.")
