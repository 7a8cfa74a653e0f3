"""Did anything change? Each KPI held against limits from its own past, and how many cells were looked at."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from salesops_helpers.data.container import Tables
from salesops_helpers.measures import month_end, month_start, months_of
from salesops_helpers.performance.own import registered
from salesops_helpers.performance.question import NONE
from salesops_helpers.performance.registry import Form, Kpi, registry
from salesops_helpers.performance.scorecard import scorecard_history
from salesops_helpers.stats_control import ALARMS, LEAST, LOOKS, WINDOW, limits

BASIS = {(False, False): "its own level", (True, False): "the same month of other quarters",
         (False, True): "its own trend", (True, True): "trend and month of the quarter"}
FEWEST = 10
CELL = ["kpi", "form", "unit", "name"]


def known_history(tables: Tables, month: str | pd.Timestamp, by: str | None = None, **handed) -> pd.DataFrame:
    """`scorecard_history` of the last 36 months, or of as many as lie after the first closed deal.

    Further arguments (kpis, forecasts, pay, probabilities, register) go to `scorecard_history`.
    """
    last = month_start(month)
    held = int((months_of(tables) <= last).sum())
    return scorecard_history(tables, month, min(WINDOW + LOOKS, max(held, 1)), by, **handed)


def scale(kpi: Kpi, form: Form, negative: bool = False) -> tuple[str, bool]:
    """The scale of `stats_control.limits` for a form, and whether its months weigh by their cases."""
    if negative:
        return "signed", False
    if form.kind in ("sum", "today"):
        return ("sum" if kpi.unit.startswith("currency") else "count"), False
    if form.kind == "rate":
        return "rate", True
    kind = "share" if form.kind == "ratio" and kpi.unit == "share" else "typical"
    return kind, form.kind not in ("quotient", "given")


def signals(history: pd.DataFrame, tables: Tables, looks: int = LOOKS, register: dict[str, Kpi] | None = None,
            every_form: bool = False) -> pd.DataFrame:
    """Control limits of each KPI and unit for the last months, from its own past alone.

    Parameters
    ----------
    history : DataFrame
        Such as `known_history` gives.
    tables : Tables
        For the fiscal calendar, the as-of day and reps who have left.
    looks : int
        For how many of the last months.
    every_form : bool
        False: the default form of each KPI alone.

    Returns
    -------
    DataFrame
        One row a KPI, form, unit and month: kpi, form, unit, name, month, value, n, usual (what its past lets expect),
        limit_low, limit_high (limit_low not below 0 where no value is), distance (from usual; 1 is at a limit), signal
        (−1, 0, 1), good (1 where the signal is in the better direction, −1 where in the worse, else 0), seen_low,
        seen_high (a true level here would be found with a chance of 80 %), months (learnt from), basis (what the month
        is compared with), looked_at (are there limits?). A month that is not over has no limits. Figures that are read
        off at a month's end are compared with the month before; what plans set, and figures of which some cases are
        still open (they still ripen), are left out, and so are means, medians and shares of value of fewer than 10
        cases.
    """
    register = registered(tables) if register is None else register
    history = _ready(history, tables, register, every_form)
    months = pd.DatetimeIndex(np.sort(history["month"].unique()))
    place = (months.month - tables.company.fiscal_year_start).to_numpy() % 3
    parts = []
    for (kpi, form), rows in history.groupby(["kpi", "form"], sort=False):
        value, n = (rows.pivot(index="unit", columns="month", values=column).reindex(columns=months)
                    for column in ("value", "n"))
        kind, weighted = scale(register[kpi], register[kpi].form(form), bool((value < 0).any(axis=None)))
        value = value.mask(n < FEWEST) if weighted and kind != "rate" else value
        stock = register[kpi].reading == "end"
        found = limits(value, n if weighted else None, place, kind, looks, stock)
        found["low"] = found["low"] if kind == "signed" else found["low"].clip(lower=0.0)
        parts.append(found.assign(kpi=kpi, form=form, unit=value.index.to_numpy()[found["series"]],
                                  month=months[found["at"]], stock=stock, n=n.to_numpy()[found["series"], found["at"]]))
    return _worded(pd.concat(parts, ignore_index=True), history, tables, register) if parts else _none()


def _ready(history, tables: Tables, register: dict[str, Kpi], every_form: bool) -> pd.DataFrame:
    """The rows to be charted: chosen forms, units that are still there, without the time before a unit began."""
    default = {name: kpi.default.name for name, kpi in register.items()}
    charted = [name for name, kpi in register.items() if kpi.reading != "plan"]
    rows = history[history["kpi"].isin(charted)]
    rows = rows if every_form else rows[rows["form"] == rows["kpi"].map(default)]
    gone = tables.reps.loc[tables.reps["left_on"] <= tables.as_of, "rep_id"]
    rows = rows[~rows["unit"].isin({*gone, NONE})].sort_values("month", kind="stable")
    ripening = rows["still_open"].fillna(0) > 0
    rows = rows[~ripening.groupby([rows["kpi"], rows["form"]]).transform("any")]
    begun = (rows["value"].fillna(0) != 0).groupby([rows[c] for c in CELL[:3]]).cummax()
    return rows.assign(value=rows["value"].where(begun))


def _worded(found, history, tables: Tables, register: dict[str, Kpi]) -> pd.DataFrame:
    names = history.drop_duplicates("unit").set_index("unit")["name"]
    better = found["kpi"].map({name: {"up": 1, "down": -1}.get(kpi.direction, 0) for name, kpi in register.items()})
    pairs = zip(found["season"], found["trend"], strict=True)
    basis = pd.Series([BASIS[bool(s), bool(t)] for s, t in pairs], index=found.index, dtype=object)
    found = found.assign(name=found["unit"].map(names), basis=basis.where(~found["stock"], "the month before"))
    over = found["month"] + pd.offsets.MonthEnd(0) <= tables.as_of
    known = ["distance", "low", "high", "seen_low", "seen_high"]
    found[known] = found[known].where(over)
    found["signal"] = found["signal"].where(over, 0).astype(int)
    found["good"], found["looked_at"] = found["signal"] * better, found["distance"].notna()
    order = {name: at for at, name in enumerate(register)}
    found = found.assign(place=found["kpi"].map(order)).sort_values(["place", "form", "unit", "month"], kind="stable")
    found = found.rename(columns={"centre": "usual", "low": "limit_low", "high": "limit_high"})
    return found[_none().columns].reset_index(drop=True)


def _none() -> pd.DataFrame:
    return pd.DataFrame(columns=[*CELL, "month", "value", "n", "usual", "limit_low", "limit_high", "distance", "signal",
                                 "good", "seen_low", "seen_high", "months", "basis", "looked_at"])


def of_month(found: pd.DataFrame, month: str | pd.Timestamp) -> pd.DataFrame:
    """The rows of one month, signals first, the farthest from their usual level before the others."""
    rows = found[found["month"] == month_start(month)]
    order = rows.assign(far=rows["distance"].abs().fillna(-1)).sort_values("far", ascending=False, kind="stable")
    return order.drop(columns="far").reset_index(drop=True)


def expected_alarms(found: pd.DataFrame, month: str | pd.Timestamp) -> tuple[int, int, float]:
    """Cells (KPI × unit) looked at in a month, signals among them, and signals to expect if nothing had changed."""
    rows = found[(found["month"] == month_start(month)) & found["looked_at"]]
    return len(rows), int((rows["signal"] != 0).sum()), len(rows) * ALARMS / LOOKS


def ripening(history: pd.DataFrame, register: dict[str, Kpi] | None = None, kpis: Iterable[str] = ()) -> list[str]:
    """Titles of the KPIs whose default form has cases that are still open, so that recent months still change."""
    register = registry() if register is None else register
    default = {name: kpi.default.name for name, kpi in register.items()}
    rows = history[(history["form"] == history["kpi"].map(default)) & (history["still_open"].fillna(0) > 0)]
    return [register[name].title for name in dict.fromkeys(rows["kpi"])]


def is_over(tables: Tables, month: str | pd.Timestamp) -> bool:
    """Has the month ended by the as-of day?"""
    return tables.as_of >= month_end(month)


__all__ = ["ALARMS", "LEAST", "LOOKS", "expected_alarms", "is_over", "known_history", "of_month", "ripening", "signals"]
