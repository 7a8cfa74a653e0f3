"""Exact payouts: integers of the minor unit and exact fractions from the deal to the total, one rounding a component.

A plan's pay is computed in four steps, each of them a function on whole columns: what was measured (`measure`), what
each component pays (`component_pay`, the same lines as the simulation path), rounding, and the cap of the total.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd

from salesops_helpers.comp.component import component_pay, needs, pooled
from salesops_helpers.comp.exact import floats, floored, ratio, rounded, spread
from salesops_helpers.comp.measured import Ground, Measured, measure, ratio_or_zero
from salesops_helpers.comp.parts import Component
from salesops_helpers.comp.plans import Plan, fine, one_span
from salesops_helpers.data.container import Tables

CAP = "cap"
COMPUTED = "computed"
COLUMNS = ["rep_id", "period", "component", "bookings", "quota", "attainment", "earned_minor", "earned", "status"]


def payouts(
    plan: Plan,
    tables: Tables,
    start: str | pd.Timestamp,
    end: str | pd.Timestamp,
    replay: bool = False,
    quota_factor: Fraction = Fraction(1),
    others: pd.DataFrame | None = None,
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
    others : DataFrame, optional
        What others earn (rep_id, month, earned as exact major units), for measures ``of: commission``.

    Returns
    -------
    DataFrame
        rep_id, period (paying month), component (its id, or ``cap``: what the cap takes), bookings (credit measured:
        currency, or a count, or a score), quota (currency), attainment (share), earned_minor (integer minor units,
        exact; missing where not computed), earned (the same in major units, for reading), status (``computed``, or
        ``not computed: …``).

    Raises
    ------
    SalesOpsError
        Where a month lies outside the data, a rate of exchange is missing, an amount is finer than the minor unit, a
        rep has two plans on one day, managers form a circle, or plan_assignments is missing without `replay`.

    Notes
    -----
    earned = round(base × shape(measured)); with ``true_up: deduct_paid`` all is measured in the fiscal year to date and
    earned = round(F(to date)) − earned before. Each component is rounded once. With ``ytd``, bookings, quota and
    attainment are those of the year to date (with ``rate_only``: of the span, and attainment that of the year to date).
    """
    fine(plan, tables.company)
    frames = [one[0] for one in computed(plan, tables, start, end, replay, quota_factor, others)]
    order = {c.id: n for n, c in enumerate(plan.components)} | {CAP: len(plan.components)}
    frames = [f for f in frames if len(f)]
    if not frames:
        return _tidy(pd.DataFrame(columns=COLUMNS))
    frame = pd.concat(frames, ignore_index=True)
    frame = frame.assign(order=frame["component"].map(order)).sort_values(["rep_id", "period", "order"], kind="stable")
    return _tidy(frame[COLUMNS].reset_index(drop=True))


def computed(
    plan: Plan, tables: Tables, start, end, replay=False, quota_factor=Fraction(1), others=None
) -> list[tuple[pd.DataFrame, Ground, Plan]]:
    """Pay, ground and the part of the plan, one for each span that the plan measures; pay has the position `row` of its
    row in the ground and, beside the columns of `payouts`, to_date (integer minor units) and exact."""
    made = []
    for part in one_span(plan):
        ground = measure(part, tables, start, end, replay, quota_factor, others)
        if len(ground.rows):
            made.append((pay_on(part, ground), ground, part))
    return made


def pay_on(plan: Plan, ground: Ground) -> pd.DataFrame:
    """What a plan of one span pays on what was measured; columns as `computed`."""
    parts = _rounded(plan, ground)
    if plan.cap:
        parts.append(_capped(plan, ground, parts))
    return _paid(plan, pd.concat(parts, ignore_index=True))


def _rounded(plan: Plan, ground: Ground) -> list[pd.DataFrame]:
    """Each component's pay to date in integer minor units, with what it was measured on."""
    rows, measured, parts = ground.rows, {}, []
    names = {c.id: c for c in plan.components}
    for name in ground.results:
        measured[name] = _measured(ground, name, name in names and bool(names[name].per))
    for name, c in names.items():
        if c.unit == "pool":
            measured[name] = _pooled(c, ground, measured)
    for c in plan.components:
        problem = _problem(plan, c, ground)
        exact = np.asarray(component_pay(plan, c, measured, Fraction), dtype=object)
        found, used = ground.results[c.id], bool(needs(plan, c)) and c.measure.goaled
        there = used & (found["quota"] > 0) & found["problem"].isna()
        reached = measured[c.id].attainment if measured[c.id].reach is None else measured[c.id].reach
        reached = pd.Series(reached, index=rows.index, dtype=object).where(found["quota"] > 0, None)
        parts.append(
            rows[["rep_id", "window", "month", "year", "paid"]].assign(
                row=np.arange(len(rows)),
                component=c.id,
                problem=problem,
                exact=exact,
                credit=found["credit"],
                goal=whole_or_none(found["quota"]),
                reach=reached,
                target=rows["target"],
                share=rows["share"],
                bounds=rows["bounds"],
                to_date=pd.Series(_minor(plan, c, exact, measured[c.id], rows), index=rows.index).where(problem.isna()),
                bookings=floats(found["credit"]),
                quota=pd.Series(floats(found["quota"])).where(there),
                attainment=pd.Series(floats(reached)).where(there),
            )
        )
    return parts


def whole_or_none(quota: pd.Series) -> pd.Series:
    """Exact quotas; None where there is nothing to reach."""
    return quota.astype(object).where(quota > 0, None)


def _measured(ground: Ground, name: str, per_deal: bool) -> Measured:
    found, rows = ground.results[name], ground.rows
    whole = found["quota"].where(found["quota"] > 0, Fraction(1)).to_numpy(object)
    target, share, bounds = (rows[column].to_numpy(object) for column in ("target", "share", "bounds"))
    reach = None if found["reach"].isna().any() else found["reach"].to_numpy(object)
    deals = ground.deals.get(name) if per_deal else None
    if deals is not None:
        credit = ratio(deals["value"].to_numpy(object), deals["grain"].to_numpy(object)) if len(deals) else np.array(
            [], dtype=object)
        deals = (credit, deals["row"].to_numpy(), len(rows))
    return Measured(found["credit"].to_numpy(object), whole, target, share, bounds, reach, deals)


def _pooled(component: Component, ground: Ground, measured: dict[str, Measured]) -> Measured:
    """A pool's measure with the fund of each row, and the row's share of it."""
    from dataclasses import replace

    from salesops_helpers.comp.kinds import met

    payout, found, rows = component.payout, ground.results[component.id], ground.rows
    credit = ground.shares[component.id] if component.id in ground.shares else None
    weights = {"equal": rows["share"], "target": rows["target"], "bookings": credit}[payout.share].to_numpy(object)
    eligible = found["problem"].isna() | found["unit"].notna()
    if payout.eligible:
        told = ground.results[payout.eligible.component]
        eligible &= met(payout.eligible, ratio_or_zero(told["credit"], told["quota"]), Fraction).astype(bool)
    keys = rows["window"].astype(str) + " " + found["unit"].astype(str)
    return replace(measured[component.id], pool=pooled(component, keys, weights, eligible.to_numpy(bool)))


def _minor(plan: Plan, component: Component, exact, own: Measured, rows: pd.DataFrame) -> np.ndarray:
    """Exact pay rounded once: each row's, or a fund's as a whole, shared out by largest remainder."""
    scale, mode = plan.rounding.scale, plan.rounding.mode
    if component.unit != "pool":
        return rounded(exact, scale, mode)
    fund = pd.Series(own.pool[0])
    whole = pd.Series(exact, dtype=object).groupby(fund).transform("sum").astype(object)
    some = ((fund >= 0) & (whole != 0)).to_numpy(bool)
    minor = np.zeros(len(rows), dtype=object)
    if some.any():
        totals = rounded(whole.to_numpy(object)[some], scale, mode)
        minor[some] = spread(totals, exact[some], fund[some], rows["rep_id"][some])
    return minor


def _problem(plan: Plan, component: Component, ground: Ground) -> pd.Series:
    """Why a component cannot be computed, row by row; None where it can."""
    problem = pd.Series(None, index=ground.rows.index, dtype=object)
    if component.unit == "target":
        problem = problem.mask(ground.rows["unknown"], "no target incentive")
    for name in needs(plan, component):
        problem = problem.where(problem.notna(), ground.results[name]["problem"])
    if component.measure.of == "commission":
        problem = problem.where(problem.notna(), ground.results[component.id]["problem"])
    return problem.where(problem.notna(), None)


def _capped(plan: Plan, ground: Ground, parts: list[pd.DataFrame]) -> pd.DataFrame:
    """What the cap takes (0 or less), or gives back of what it carried; the total never passes the exact cap."""
    total = sum(part["to_date"].where(part["problem"].isna(), 0).to_numpy(object) for part in parts)
    problem = ground.rows["unknown"].map({True: "no target incentive", False: None}).astype(object)
    for part in parts:
        problem = problem.where(problem.notna(), part["problem"])
    limit = floored(ground.rows["target"].to_numpy(object) * plan.cap.at, plan.rounding.scale)
    taken = pd.Series(np.minimum(limit - total, 0), index=ground.rows.index, dtype=object)
    if plan.cap.excess == "carried":
        taken = _carried(ground.rows, total, limit)
    return parts[0].assign(
        component=CAP, problem=problem, to_date=taken.where(problem.isna()), exact=None, bookings=np.nan,
        quota=np.nan, attainment=np.nan, credit=None, goal=None, reach=None,
    )


def _carried(rows: pd.DataFrame, total, limit) -> pd.Series:
    """What the cap takes in each span goes on to the next ones of the fiscal year, as far as their cap allows."""
    frame = rows[["rep_id", "window", "year"]].assign(total=total, limit=limit)
    frame["line"] = pd.Series(0, index=frame.index, dtype=object)
    carry = pd.Series(0, index=pd.MultiIndex.from_frame(frame[["rep_id", "year"]].drop_duplicates()), dtype=object)
    for _, part in frame.groupby("window", sort=True):
        key = pd.MultiIndex.from_frame(part[["rep_id", "year"]])
        whole = part["total"].to_numpy(object) + carry.reindex(key).to_numpy(object)
        given = np.minimum(whole, np.maximum(part["limit"].to_numpy(object), part["total"].to_numpy(object) * 0))
        frame.loc[part.index, "line"] = given - part["total"].to_numpy(object)
        carry.loc[key] = whole - given
    return frame["line"].astype(object)


def _paid(plan: Plan, frame: pd.DataFrame) -> pd.DataFrame:
    """Pay of each period: to date less what was paid before, for the months that were asked for."""
    frame["earned_minor"] = frame["to_date"].astype("Int64")
    frame = frame.sort_values(["rep_id", "component", "window"], kind="stable")
    if plan.period.to_date:
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
