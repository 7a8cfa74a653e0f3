"""The KPI scorecard: every KPI and form by unit, with what it rests on, its range, its goal and the period before."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError, listed
from salesops_helpers.measures import month_start
from salesops_helpers.performance.definitions.deals import deals
from salesops_helpers.performance.goals import adds_up, monthly
from salesops_helpers.performance.own import FILE_NAME, failed, own
from salesops_helpers.performance.question import Question
from salesops_helpers.performance.ranges import COLUMNS, KEYS, answered
from salesops_helpers.performance.registry import UNITS, Form, Kpi, registry

ORDER = ["month", "kpi", "form", "unit", "name", *COLUMNS, "goal", "previous", "change", "on_list_price", "still_open",
         "note"]


def scorecard(
    tables: Tables, month: str | pd.Timestamp, by: str | None = None, length: int = 1,
    kpis: Iterable[str] | None = None, forecasts: pd.DataFrame | None = None, pay: pd.DataFrame | None = None,
    probabilities: pd.DataFrame | None = None, register: dict[str, Kpi] | None = None,
) -> pd.DataFrame:
    """Every KPI and form of one period, by unit.

    Parameters
    ----------
    month : str
        ``YYYY-MM``, the last month of the period; not later than the as-of month.
    by : {None, "region", "team", "rep", "product", "lead_source"}
        The unit; None: the company. Teams and regions are the rep's on the day of what is counted.
    length : int
        Months in the period: 1, 3 for a quarter's, 12 for a year's.
    kpis : names, optional
        Only these.
    forecasts : DataFrame, optional
        Frozen forecasts: month, forecast, and where there are any unit, low, high.
    pay : DataFrame, optional
        Cash compensation: rep_id, month, base, variable.
    probabilities : DataFrame, optional
        Win probabilities of open deals: opportunity_id, probability.
    register : dict, optional
        The KPIs by name; default: `registry()`.

    Returns
    -------
    DataFrame
        One row a KPI, form and unit: month, kpi, form, unit (rep_id for reps, else the name), name (as printed),
        value, numerator, denominator, n (cases), low, high (90 % range; missing where nothing is estimated), goal,
        previous (the period before, as known on the same as-of day), change (value − previous), on_list_price (share
        of the figure that rests on list prices), still_open (share of the cases that are still open), note (text; what
        keeps a KPI of the company's own kpis.py from being computed). A figure whose denominator is 0 is missing,
        never 0. A form whose table or frame is missing has no row.

    Raises
    ------
    SalesOpsError
        Where the month lies after the as-of day, or `by`, `length` or a KPI is not known.
    """
    found = scorecard_history(tables, month, 1, by, length, kpis, forecasts, pay, probabilities, register)
    return found.reset_index(drop=True)


def scorecard_history(
    tables: Tables, month: str | pd.Timestamp, months: int = 24, by: str | None = None, length: int = 1,
    kpis: Iterable[str] | None = None, forecasts: pd.DataFrame | None = None, pay: pd.DataFrame | None = None,
    probabilities: pd.DataFrame | None = None, register: dict[str, Kpi] | None = None,
) -> pd.DataFrame:
    """`scorecard` of the periods that end in each of the `months` months up to `month`, all as known on the as-of day.

    Columns and errors as in `scorecard`; sorted by KPI, form, unit and month.
    """
    last = _checked(tables, month, months, by, length)
    own_kpis, lines = own(tables) if register is None else ({}, [])
    register = {**registry(), **own_kpis} if register is None else register
    start = last - pd.DateOffset(months=months + length)
    frames = {"forecasts": forecasts, "pay": pay, "probabilities": probabilities}
    ask = Question(tables, pd.date_range(start, last, freq="MS"), by, length, frames)
    parts, broken = {}, {FILE_NAME: lines} if lines and kpis is None else {}
    for kpi in (register[name] for name in _chosen(kpis, register)):
        for form in kpi.forms:
            try:
                if asked(form, ask):
                    parts[kpi.name, form.name] = answered(form.kind, form.cells(ask))
            except Exception as error:
                if kpi.name not in own_kpis:
                    raise
                broken.setdefault(kpi.name, []).append(failed(error))
    found = with_goals(_stacked(parts, ask, register), tables, by, length)
    found = pd.concat([found, _lines(broken, ask)], ignore_index=True) if broken else found
    found["name"] = names(tables, found["unit"], by)
    return found[found["month"] > last - pd.DateOffset(months=months)][ORDER].reset_index(drop=True)


def with_goals(found: pd.DataFrame, tables: Tables, by: str | None, length: int) -> pd.DataFrame:
    """The figures with their goal: of the default form of each KPI, for the whole period."""
    known = monthly(tables, by)
    sums = known["kpi"].map(adds_up).astype(bool)
    parts = [known[sums].assign(month=known.loc[sums, "month"] + pd.DateOffset(months=n)) for n in range(length)]
    goal = pd.concat([*parts, known[~sums]]).groupby(["unit", "kpi", "month"]).agg(
        goal=("goal", "sum"), held=("goal", "size")).reset_index()
    goal = goal[goal["held"] == goal["kpi"].map(adds_up).map({True: length, False: 1})]
    goal = goal[["unit", "kpi", "month", "goal"]].astype({"unit": object, "kpi": object})
    default = ~found.duplicated(["month", "kpi", "unit"])
    both = found.drop(columns="goal").merge(goal, on=["unit", "kpi", "month"], how="left")
    return both.assign(goal=both["goal"].where(default.to_numpy()))


def _lines(broken: dict[str, list[str]], ask: Question) -> pd.DataFrame:
    """Rows without figures that say what failed."""
    rows = [{"month": ask.months[-1], "kpi": kpi, "form": "", "unit": ask.tables.company.name, "note": line}
            for kpi, lines in broken.items() for line in lines]
    return pd.DataFrame(rows)


def asked(form: Form, ask: Question) -> bool:
    """Can this form be answered: for the unit, with the tables and frames that there are?"""
    given = not form.frame or form.frame in ask.frames
    carried = given and (ask.by is None or ask.by in form.by) and all(map(ask.tables.has, form.needs))
    return carried and (form.when is None or form.when(ask.tables))


def _stacked(parts: dict[tuple[str, str], pd.DataFrame], ask: Question, register: dict[str, Kpi]) -> pd.DataFrame:
    """The answers one below the other, each on every unit and month, with the period before."""
    units = sorted({unit for part in parts.values() for unit in part.index.unique("unit")})
    units = units or ([ask.tables.company.name] if ask.by is None else [])
    grid = pd.MultiIndex.from_product([units, ask.months], names=KEYS)
    if not parts or not units:
        return pd.DataFrame(columns=ORDER)
    frames, begins = [], first_month(ask)
    for (kpi, form), part in parts.items():
        part = part.reindex(grid)
        if register[kpi].form(form).kind == "sum":
            filled = part[["value", "numerator"]].fillna(0.0)
            part[["value", "numerator"]] = filled[part.index.get_level_values("month") >= begins].reindex(grid)
        before = part["value"].groupby(level="unit").shift(ask.length)
        before = before.where(grid.get_level_values("month") - pd.DateOffset(months=2 * ask.length - 1) >= begins)
        frames.append(part.assign(kpi=kpi, form=form, previous=before, change=part["value"] - before).reset_index())
    found = pd.concat(frames, ignore_index=True).reindex(columns=ORDER).assign(note="")
    numbers = [c for c in ORDER if c not in ("month", "kpi", "form", "unit", "name", "note")]
    return found.astype(dict.fromkeys(numbers, "float64"))


def first_month(ask: Question) -> pd.Timestamp:
    """The first month of the data: that in which the first deal was created or closed."""
    rows = deals(ask)
    found = ask.tables.rows_engine.collect(
        rows.agg(created=rows["created_on"].min(), closed=rows["closed_on"].min()), "opportunities")
    first = found.iloc[0].min()
    return ask.months[0] if pd.isna(first) else month_start(pd.Timestamp(first))


def names(tables: Tables, units: pd.Series, by: str | None) -> pd.Series:
    """Units as printed: reps by name, with the id where two share one."""
    if by != "rep":
        return units
    reps = tables.reps.drop_duplicates("rep_id").set_index("rep_id")["name"].astype(object)
    twice = reps[reps.duplicated(keep=False) & reps.notna()]
    reps.loc[twice.index] = twice + " (" + twice.index.astype(object) + ")"
    found = units.astype(object).map(reps)
    return found.where(found.notna(), units)


def _checked(tables: Tables, month, months: int, by: str | None, length: int) -> pd.Timestamp:
    if by not in (None, *UNITS):
        raise SalesOpsError(f"by={by!r} is not a unit", f"None, {', '.join(UNITS)}", "choose one of these")
    for what, given in (("months", months), ("length", length)):
        if isinstance(given, bool) or not isinstance(given, int) or given < 1:
            raise SalesOpsError(f"{what} = {given!r} is no number of months", "a whole number from 1", f"set {what}")
    last = month_start(month)
    if last > tables.as_of:
        raise SalesOpsError(f"month {last:%Y-%m} lies after the day up to which these tables are known",
                            f"months up to {tables.as_of:%Y-%m}", "choose one of them, or load a later day")
    return last


def _chosen(kpis: Iterable[str] | None, register: dict[str, Kpi]) -> list[str]:
    asked_for = list(register) if kpis is None else list(kpis)
    if unknown := [name for name in asked_for if name not in register]:
        raise SalesOpsError(f"no KPI is called {unknown[0]!r}", listed(list(register), 60), "choose some of these")
    return asked_for
