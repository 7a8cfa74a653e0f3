"""Exact payouts: integers of the minor unit and exact fractions from the deal to the total, one rounding a component.

A plan's pay is computed in four steps, each of them a function on whole columns: what was measured (`ground`), what
each component pays (`component_pay`, the same lines as the simulation path), gates and rounding, and the cap.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd

from salesops_helpers.comp.credit import exact_credit, own_result, quotas, unit_result
from salesops_helpers.comp.exact import floats, floored, rounded
from salesops_helpers.comp.kinds import Number, met, shape
from salesops_helpers.comp.parts import Component
from salesops_helpers.comp.plans import Plan, fits
from salesops_helpers.comp.spans import gathered, presence, stays, windows
from salesops_helpers.data.container import Tables

CAP = "cap"
COMPUTED = "computed"
COLUMNS = ["rep_id", "period", "component", "bookings", "quota", "attainment", "earned_minor", "earned", "status"]


@dataclass(frozen=True)
class Measured:
    """What one component is paid on: arrays of one length, exact or float64."""

    credit: object
    quota: object
    target: object
    share: object
    bounds: object

    @property
    def attainment(self):
        return self.credit / self.quota


@dataclass(frozen=True)
class Ground:
    """The reps and spans that a plan pays (`rows`), and what each component measures there (`results`)."""

    rows: pd.DataFrame
    results: Mapping[str, pd.DataFrame]
    spans: pd.DataFrame
    stays: pd.DataFrame


def payouts(
    plan: Plan,
    tables: Tables,
    start: str | pd.Timestamp,
    end: str | pd.Timestamp,
    replay: bool = False,
    quota_factor: Fraction = Fraction(1),
) -> pd.DataFrame:
    """What a plan pays each rep in the months `start` to `end`, exact to the minor unit.

    Parameters
    ----------
    plan : Plan
        The plan.
    start, end : str or Timestamp
        First and last paying month; a quarter or year is paid in its last month.
    replay : bool
        False: reps on the plan by plan_assignments, on their days, within the plan's effective span. True: as if every
        rep had been on the plan on every employed day.
    quota_factor : Fraction
        Every rep's quota is multiplied by it (what-if).

    Returns
    -------
    DataFrame
        rep_id, period (paying month), component (its id, or ``cap``: what the cap takes), bookings (credit measured,
        currency), quota (currency), attainment (share), earned_minor (integer minor units, exact; missing where not
        computed), earned (the same in major units, for reading), status (``computed``, or ``not computed: …``).

    Raises
    ------
    SalesOpsError
        Where a month lies outside the data, the currency differs, an amount is finer than the minor unit, a rep has two
        plans on one day, or plan_assignments is missing without `replay`.

    Notes
    -----
    earned = round(base × shape(measured)); with ``accumulate: ytd`` all is measured in the fiscal year to date and
    earned = round(F(to date)) − earned before. Each component is rounded once. With ``ytd``, bookings, quota and
    attainment are those of the year to date.
    """
    fits(plan, tables.company)
    ground = measure(plan, tables, start, end, replay, quota_factor)
    if not len(ground.rows):
        return _tidy(pd.DataFrame(columns=COLUMNS))
    parts = _rounded(plan, ground)
    if plan.cap:
        parts.append(_capped(plan, ground, parts))
    frame = _paid(plan, ground, pd.concat(parts, ignore_index=True))
    order = {c.id: n for n, c in enumerate(plan.components)} | {CAP: len(plan.components)}
    frame = frame.assign(order=frame["component"].map(order)).sort_values(["rep_id", "period", "order"], kind="stable")
    return _tidy(frame[COLUMNS].reset_index(drop=True))


def measure(plan: Plan, tables: Tables, start, end, replay: bool, quota_factor: Fraction) -> Ground:
    """What a plan measures: the rows (rep_id, window, target, share, bounds) and, by component, credit and quota."""
    spans = windows(plan, tables, start, end)
    paid = stays(plan, tables, replay)
    present = presence(plan, spans, paid)
    pairs = gathered(plan, spans).merge(present, on="part")
    pairs = present[["rep_id", "part"]].rename(columns={"part": "window"}).merge(pairs, on=["rep_id", "window"])
    pairs["unknown"] = pairs["target"].isna()
    pairs["target"] = pairs["target"].where(~pairs["unknown"], Fraction(0))
    rows = pairs.groupby(["rep_id", "window"], as_index=False).agg(
        target=("target", "sum"), share=("share", "sum"), unknown=("unknown", "any")
    )
    latest = present.rename(columns={"part": "window"})[["rep_id", "window", "bounds"]]
    rows = rows.merge(latest, on=["rep_id", "window"]).merge(spans[["window", "month", "year", "paid"]], on="window")
    credit, monthly = exact_credit(tables), quotas(tables, Fraction(quota_factor))
    results = {}
    for key in {(c.measure.level, c.measure.of) for c in plan.components} if len(rows) else ():
        level, of = key
        found = (
            own_result(tables, of, credit, monthly, spans, paid)
            if level == "individual"
            else unit_result(tables, level, of, credit, monthly, spans, present, Fraction(quota_factor))
        )
        results[key] = _to_date(rows, pairs, found)
    by_component = {c.id: results[(c.measure.level, c.measure.of)] for c in plan.components} if results else {}
    return Ground(rows, by_component, spans, paid)


def _to_date(rows: pd.DataFrame, pairs: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Credit and quota added up over the parts of each window, on the lines of `rows`."""
    both = pairs[["rep_id", "window", "part"]].merge(found, on=["rep_id", "part"])
    sums = both.groupby(["rep_id", "window"], as_index=False).agg(
        credit=("credit", "sum"), quota=("quota", "sum"), problem=("problem", "first")
    )
    return rows[["rep_id", "window"]].merge(sums, on=["rep_id", "window"], how="left")


def component_pay(plan: Plan, component: Component, measured: Mapping[str, Measured], number: Number):
    """One component's pay before rounding, with its gates, in exact fractions or in float64.

    Parameters
    ----------
    measured : mapping
        What each component of the plan measures, by its id.
    number : type
        `Fraction` for the exact path, ``float`` for the simulation path.
    """
    own, payout, unit = measured[component.id], component.payout, component.unit
    if unit == "bonus":
        told = measured[payout.when.component].attainment
        pay = own.share * number(payout.pays) * np.where(met(payout.when, told, number), number(1), number(0))
    elif unit == "money":
        pay = own.bounds * shape(payout, own.credit / own.bounds, number)
    elif unit == "quota":
        pay = own.quota * shape(payout, own.attainment, number)
    else:
        pay = own.target * number(component.weight) * shape(payout, own.attainment, number)
    for gate in plan.gates:
        if gate.effect.component == component.id:
            shut = met(gate.condition, measured[gate.condition.component].attainment, number)
            pay = pay * np.where(shut, number(gate.effect.share), number(1))
    return pay


def needs(plan: Plan, component: Component) -> list[str]:
    """The components whose attainment decides what this one pays."""
    own = [component.id] if component.unit in ("target", "quota") else []
    told = [component.payout.when.component] if component.unit == "bonus" else []
    return own + told + [g.condition.component for g in plan.gates if g.effect.component == component.id]


def _rounded(plan: Plan, ground: Ground) -> list[pd.DataFrame]:
    """Each component's pay to date in integer minor units, with what it was measured on."""
    rows, measured, parts = ground.rows, {}, []
    for c in plan.components:
        found = ground.results[c.id]
        whole = found["quota"].where(found["quota"] > 0, Fraction(1)).to_numpy(object)
        target, share, bounds = (rows[name].to_numpy(object) for name in ("target", "share", "bounds"))
        measured[c.id] = Measured(found["credit"].to_numpy(object), whole, target, share, bounds)
    for c in plan.components:
        problem = _problem(plan, c, ground)
        exact = component_pay(plan, c, measured, Fraction)
        minor = rounded(exact, plan.rounding.scale, plan.rounding.mode)
        found, used = ground.results[c.id], bool(needs(plan, c))
        there = used & (found["quota"] > 0) & found["problem"].isna()
        parts.append(
            rows[["rep_id", "window", "month", "year", "paid"]].assign(
                component=c.id,
                problem=problem,
                to_date=pd.Series(minor, index=rows.index).where(problem.isna()),
                bookings=floats(found["credit"]),
                quota=pd.Series(floats(found["quota"])).where(there),
                attainment=pd.Series(floats(measured[c.id].attainment)).where(there),
            )
        )
    return parts


def _problem(plan: Plan, component: Component, ground: Ground) -> pd.Series:
    """Why a component cannot be computed, row by row; None where it can."""
    problem = pd.Series(None, index=ground.rows.index, dtype=object)
    if component.unit == "target":
        problem = problem.mask(ground.rows["unknown"], "no target incentive")
    for name in needs(plan, component):
        problem = problem.where(problem.notna(), ground.results[name]["problem"])
    return problem.where(problem.notna(), None)


def _capped(plan: Plan, ground: Ground, parts: list[pd.DataFrame]) -> pd.DataFrame:
    """What the cap takes to date (0 or less), a line of its own; the capped total never passes the exact cap."""
    total = sum(part["to_date"].where(part["problem"].isna(), 0).to_numpy(object) for part in parts)
    problem = ground.rows["unknown"].map({True: "no target incentive", False: None}).astype(object)
    for part in parts:
        problem = problem.where(problem.notna(), part["problem"])
    limit = floored(ground.rows["target"].to_numpy(object) * plan.cap.at, plan.rounding.scale)
    taken = pd.Series(np.minimum(limit - total, 0), index=ground.rows.index, dtype=object).where(problem.isna())
    return parts[0].assign(
        component=CAP, problem=problem, to_date=taken, bookings=np.nan, quota=np.nan, attainment=np.nan
    )


def _paid(plan: Plan, ground: Ground, frame: pd.DataFrame) -> pd.DataFrame:
    """Pay of each period: to date less what was paid before, for the months that were asked for."""
    frame["earned_minor"] = frame["to_date"].astype("Int64")
    frame = frame.sort_values(["rep_id", "component", "window"], kind="stable")
    if plan.period.accumulate == "ytd":
        before = frame.groupby(["rep_id", "component", "year"])["earned_minor"].shift(1, fill_value=0)
        frame["earned_minor"] = frame["earned_minor"] - before
    frame["earned"] = frame["earned_minor"].astype("Float64").astype(float) / 10**plan.rounding.scale
    frame["status"] = COMPUTED
    frame["status"] = frame["status"].where(frame["problem"].isna(), "not computed: " + frame["problem"].astype(str))
    return frame[frame["paid"]].rename(columns={"month": "period"})


def _tidy(frame: pd.DataFrame) -> pd.DataFrame:
    kinds = {
        "rep_id": object,
        "period": "datetime64[ns]",
        "component": object,
        "bookings": float,
        "quota": float,
        "attainment": float,
        "earned_minor": "Int64",
        "earned": float,
        "status": object,
    }
    return frame.astype(kinds)
