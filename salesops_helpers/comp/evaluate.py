"""A plan's pay on blocks of simulated credit, in float64: the lines of the exact path, without its rounding."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from salesops_helpers.comp.component import component_pay, needs
from salesops_helpers.comp.footing import Absent, Block, Footing
from salesops_helpers.comp.measured import Measured
from salesops_helpers.comp.parts import Component, Measure
from salesops_helpers.comp.plans import Plan, one_span
from salesops_helpers.comp.spans import LENGTHS
from salesops_helpers.errors import SalesOpsError

DRAWN = ("bookings", "commissionable", "weighted", "nothing")
LEVELS = ("individual", "team", "region", "company")
NEVER = 1e-12


def uncovered(plan: Plan) -> str | None:
    """What in the plan the simulation does not cover; None where it covers all."""
    named = [*plan.components, *(plan.modifiers.of if plan.modifiers else ())]
    for one in named:
        measure = one.measure
        if measure.of not in DRAWN:
            return f"{one.id}: measure.of = {measure.of}"
        if measure.level not in LEVELS:
            return f"{one.id}: measure.level = {measure.level}"
        if narrow := next((n for n in ("where", "days", "goal", "objective") if getattr(measure, n)), None):
            return f"{one.id}: measure.{narrow}"
    for one in plan.components:
        if one.per or one.unit == "pool":
            return f"{one.id}: {'per: deal' if one.per else 'payout.kind = pool'}"
    if plan.period.true_up == "rate_only":
        return "period.true_up = rate_only"
    return "cap.excess = carried" if plan.cap and plan.cap.excess == "carried" else None


def covered(plan: Plan) -> Plan:
    """The plan, where the simulation covers it.

    Raises `SalesOpsError` where a part needs what is not drawn: single deals, activities, scores, other reps' pay,
    goals of their own, pools, carried caps, or a year-to-date rate.
    """
    if what := uncovered(plan):
        raise SalesOpsError(
            f"plan {plan.plan!r}: {what} is not simulated",
            "bookings of the rep, team, region or company against quota, or bounds in money",
            "compare this plan on past deals, where every part is paid exactly",
        )
    return plan


@dataclass(frozen=True)
class Payer:
    """A plan made ready to be evaluated on many blocks, over the goals and targets of `footing`."""

    plan: Plan
    footing: Footing

    @cached_property
    def parts(self) -> list[_Part]:
        return [_Part(part, self.footing) for part in one_span(covered(self.plan))]

    def pay(self, block: Block) -> np.ndarray:
        """Pay of each draw and seat over all months (draws × seats, currency), unrounded."""
        return sum(part.pay(block) for part in self.parts)


class _Part:
    """A part of a plan that measures one span."""

    def __init__(self, plan: Plan, footing: Footing):
        self.plan, self.footing = plan, footing
        months = len(footing.quota)
        ytd = plan.period.to_date
        self.length = months if ytd else LENGTHS[plan.period.measure]
        if months % self.length:
            raise SalesOpsError(f"{months} months for plan {plan.plan!r}", f"whole spans of {self.length} months",
                                "simulate a multiple of the span")
        self.target = footing.target * (self.length / 12)
        self.share = float(months // LENGTHS[plan.period.measure]) if ytd else 1.0
        self.measures = {c.id: c.measure for c in [*plan.components, *(plan.modifiers.of if plan.modifiers else ())]}
        self.shared = {c.id: level for c in plan.components if (level := self._level(c))}

    def _level(self, component: Component) -> str | None:
        """The unit on whose attainment alone a component depends; None where pay is not alike in the unit."""
        names = {component.id, *needs(self.plan, component)}
        levels = {self.measures[n].level for n in names if self.measures[n].of != "nothing"}
        plain = component.floor is None and component.unit in ("target", "bonus")
        plain &= not (component.cap and component.cap[1] == "money") and not self.plan.modifiers
        plain &= all(self.measures[n].of in ("bookings", "commissionable") for n in names)
        return levels.pop() if plain and len(levels) == 1 and "individual" not in levels else None

    def pay(self, block: Block) -> np.ndarray:
        own = {name: self._dense(block, measure) for name, measure in self.measures.items()
               if name not in self.shared or self._asked(name)}
        self._weighted(own)
        total = self._limited([self._one(block, c, own) for c in self.plan.components], self.target)
        away = block.absent
        if away is None or not len(away.seat):
            return total.sum(axis=1)
        if self.length == 1:  # a month has a rep or none
            total = total if total.flags.writeable else total.copy()
            total[away.empty] = 0.0
            return total.sum(axis=1)
        total = total.sum(axis=1)
        total[away.draw, away.seat] = self._rows(block, away)
        return total

    def _asked(self, name: str) -> bool:
        """Does a component that is not alike in its unit look at the component `name`?"""
        return any(name in needs(self.plan, c) or name in (c.measure.parts or {})
                   for c in self.plan.components if c.id not in self.shared)

    def _one(self, block: Block, component: Component, own: dict[str, Measured]) -> np.ndarray:
        level = self.shared.get(component.id)
        if level is None:
            pay = component_pay(self.plan, component, own, float)
            return pay if np.shape(pay) == (whole := block.sold("individual", self.length).shape) else np.broadcast_to(
                pay, whole)
        alike = {name: self._told(block, level) for name in {component.id, *needs(self.plan, component)}}
        each = component_pay(self.plan, component, alike, float)
        each = self.footing.of_seats(each, level)
        return np.multiply(each, self.target, out=each) if component.unit == "target" else each

    def _limited(self, parts: list, target: np.ndarray) -> np.ndarray:
        total = parts[0]
        for part in parts[1:]:  # what a part pays is held by nobody else
            total = np.add(total, part, out=total if total.flags.writeable else None)
        return np.minimum(total, target * float(self.plan.cap.at)) if self.plan.cap else total

    def _told(self, block: Block, level: str) -> Measured:
        """A unit's credit against its goal, for a target of 1."""
        goal = self.footing.goal(level, self.length)
        return _measured(block.sold(level, self.length), goal, 1.0, self.share, 1.0,
                         block.reached(self.footing, level, self.length))

    def _dense(self, block: Block, measure: Measure) -> Measured:
        """A measure by draw, span and seat."""
        level, length = measure.level, self.length
        if measure.of in ("nothing", "weighted"):
            nothing = np.zeros((len(block.credit), 1, 1))
            return _measured(nothing, 1.0, self.target, self.share, 1.0, nothing)
        sold, goal = block.sold(level, length), self.footing.goal(level, length)
        reached = block.reached(self.footing, level, length)
        if level != "individual":
            at = self.footing.unit[level]
            sold, goal, reached = sold.take(at, axis=2), goal.take(at, axis=1), reached.take(at, axis=2)
        return _measured(sold, goal, self.target, self.share, 1.0, reached)

    def _weighted(self, measured: dict[str, Measured]) -> None:
        for name, measure in self.measures.items():
            if measure.of == "weighted":
                reached = sum(measured[part].attainment * float(w) for part, w in measure.parts.items())
                old = measured[name]
                measured[name] = _measured(reached, 1.0, old.target, old.share, old.bounds, reached)

    def _rows(self, block: Block, absent: Absent) -> np.ndarray:
        """Pay of seats that are empty for a time: quota, target and bounds for the months with a rep."""
        spans = absent.present.shape[1] // self.length
        there = absent.present.reshape(len(absent.seat), spans, self.length)
        part = np.maximum(there.mean(axis=2), NEVER)
        target, share = self.target[absent.seat][:, None] * part, self.share * part
        measured = {name: self._row(block, absent, m, there, target, share, part) for name, m in self.measures.items()}
        self._weighted(measured)
        parts = [component_pay(self.plan, c, measured, float) + 0.0 * part for c in self.plan.components]
        return (self._limited(parts, target) * (part > NEVER)).sum(axis=1)

    def _row(self, block, absent, measure, there, target, share, part) -> Measured:
        level, at, length = measure.level, absent.seat, self.length
        if measure.of in ("nothing", "weighted"):
            return _measured(part * 0.0, 1.0, target, share, part, part * 0.0)
        if level == "individual":
            sold = block.sold(level, length)[absent.draw, :, at]
            monthly = self.footing.quota[:, at].T.reshape(there.shape)
            goal = np.maximum((monthly * there).sum(axis=2), NEVER)
        else:
            at = self.footing.unit[level][at]
            sold, goal = block.sold(level, length)[absent.draw, :, at], self.footing.goal(level, length)[:, at].T
        return _measured(sold, goal, target, share, part, sold / goal)


def _measured(credit, quota, target, share, bounds, reached) -> Measured:
    one = Measured(credit, quota, target, share, bounds)
    one.__dict__["attainment"] = reached  # computed once for all plans
    return one
