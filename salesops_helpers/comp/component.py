"""What one component pays, before rounding: its payout, then gates, modifiers, and its own cap and floor.

The same lines compute in exact rationals and in float64 (the simulation path).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import pandas as pd

from salesops_helpers.comp.kinds import KINDS, Number, above, matrix, met, retroactive, shape
from salesops_helpers.comp.measured import Measured
from salesops_helpers.comp.parts import Component
from salesops_helpers.comp.plans import Plan


def component_pay(plan: Plan, component: Component, measured: Mapping[str, Measured], number: Number):
    """What one component pays after gates, modifiers and its own limits, before rounding."""
    own = measured[component.id]
    pay = _deals(component, own, number) if component.per else _payout(plan, component, measured, number)
    for gate in plan.gates:
        if gate.effect.component == component.id:
            shut = met(gate.condition, measured[gate.condition.component].attainment, number)
            most = own.target * number(component.weight or 0) * number(gate.effect.share) if gate.effect.most else None
            other = pay * number(gate.effect.share) if most is None else np.minimum(pay, most)
            pay = np.where(shut, other, pay)
    if plan.modifiers:
        pay = pay * factor(plan, component, measured, number)
    return pay if component.per else _limited(component, pay, own, number)


def _payout(plan: Plan, component: Component, measured: Mapping[str, Measured], number: Number):
    own, payout, unit = measured[component.id], component.payout, component.unit
    if unit == "bonus":
        told = measured[payout.when.component].attainment
        return own.share * number(payout.pays) * np.where(met(payout.when, told, number), number(1), number(0))
    if unit == "fixed":
        return own.share * number(payout.pays)
    if unit == "none":
        return own.share * number(0)
    if unit == "pool":
        return own.share * number(0) if own.pool is None else _pool(payout, own, number)
    if unit == "count":
        return own.credit * number(payout.pays)
    if payout.kind == "excess" and unit == "money":
        over = np.maximum(own.credit - own.quota, own.share * number(0))
        return own.bounds * above(payout, over / own.bounds, over / own.bounds, number)
    base = own.bounds if unit == "money" else own.quota if unit == "quota" else own.target
    base = base * number(component.weight) if unit == "target" and component.weight != 1 else base
    if payout.kind == "matrix":
        return base * _cell(payout, measured, number)
    x = own.credit / own.bounds if unit == "money" else own.attainment
    if own.reach is not None and payout.kind == "retroactive":
        return base * retroactive(payout, x, number, own.reach / own.bounds if unit == "money" else own.reach)
    return _times(base, shape(payout, x, number))


def _times(base, multiple):
    """base × multiple; float64 multiples, which nobody else holds, become the product themselves."""
    if isinstance(multiple, np.ndarray) and multiple.dtype == float and multiple.ndim > np.ndim(base):
        return np.multiply(base, multiple, out=multiple)
    return base * multiple


def _cell(payout, measured: Mapping[str, Measured], number: Number):
    down = measured[payout.rows.of].attainment
    across = measured[payout.columns.of].attainment if payout.columns else None
    return matrix(payout, down, across, number)


def _pool(payout, own: Measured, number: Number):
    """A row's part of the fund of its unit; see `pooled`."""
    value, of = payout.fund
    fund = own.credit * number(value) if of == "measured" else number(value)
    return fund * own.pool[1]


def factor(plan: Plan, component: Component, measured: Mapping[str, Measured], number: Number):
    """The product of the modifiers on a component, or 100 % and their differences from it."""
    total = number(1)
    for modifier in plan.modifiers.of:
        if component.id not in modifier.on:
            continue
        asked = modifier.factor
        one = (
            _cell(asked, measured, number)
            if asked.kind == "matrix"
            else KINDS[asked.kind](asked, measured[modifier.id].attainment, number)
        )
        total = total * one if plan.modifiers.combine == "multiply" else total + (one - number(1))
    return total


def deal_pay(component: Component, credit, number: Number):
    """What each deal of a component with ``per: deal`` pays on its own, within floor and cap of a deal."""
    payout = component.payout
    pay = credit * number(payout.pays) if component.unit == "count" else shape(payout, credit, number)
    if component.floor is not None:
        pay = np.where(credit > 0, np.maximum(pay, number(component.floor)), pay)
    return pay if component.cap is None else np.minimum(pay, number(component.cap[0]))


def _deals(component: Component, own: Measured, number: Number):
    if own.deals is None:  # no single deals here: all credit stands for one
        return deal_pay(component, own.credit, number)
    credit, row, size = own.deals
    pay = pd.Series(deal_pay(component, credit, number), dtype=object).groupby(np.asarray(row)).sum()
    return pay.reindex(np.arange(size), fill_value=number(0)).to_numpy(object)


def _limited(component: Component, pay, own: Measured, number: Number):
    """Within the component's cap; at least its floor where there is credit."""
    if component.cap is not None:
        value, of = component.cap
        whole = own.share if of == "money" else own.target * number(component.weight)
        pay = np.minimum(pay, whole * number(value))
    if component.floor is not None:
        pay = np.where(own.credit > 0, np.maximum(pay, own.share * number(component.floor)), pay)
    return pay


def needs(plan: Plan, component: Component) -> list[str]:
    """The components and modifiers whose attainment decides what this one pays."""
    payout = component.payout
    own = [component.id] if component.unit in ("target", "quota") or payout.kind == "excess" else []
    own = own if payout.kind != "matrix" else _sides(payout)
    if component.unit == "bonus":
        own.append(payout.when.component)
    if component.unit == "pool" and payout.eligible:
        own.append(payout.eligible.component)
    own += [g.condition.component for g in plan.gates if g.effect.component == component.id]
    for modifier in plan.modifiers.of if plan.modifiers else ():
        if component.id in modifier.on:
            own += _sides(modifier.factor) if modifier.factor.kind == "matrix" else [modifier.id]
    return own


def _sides(payout) -> list[str]:
    return [side.of for side in (payout.rows, payout.columns) if side]


def pooled(component: Component, unit: pd.Series, weights, eligible) -> tuple[np.ndarray, np.ndarray]:
    """The fund of each row (a number; −1 where there is none) and the row's share of it.

    Parameters
    ----------
    unit : Series
        The fund's key of each row.
    weights : array of Fraction
        What the fund is shared by; below 0 counts as 0.
    eligible : array of bool
        Who shares.
    """
    weights = np.where(np.asarray(eligible, dtype=bool), np.maximum(weights, Fraction(0)), Fraction(0))
    frame = pd.DataFrame({"unit": unit.to_numpy(), "weight": weights})
    frame["weight"] = frame["weight"].astype(object)
    whole = frame.groupby("unit", dropna=False)["weight"].transform("sum").astype(object)
    share = (frame["weight"] / whole.where(whole > 0, Fraction(1))).to_numpy(object)
    fund = frame.groupby("unit", dropna=False).ngroup().to_numpy()
    return np.where((whole > 0).to_numpy(bool), fund, -1), share
