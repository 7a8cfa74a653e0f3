"""A plan's pay on blocks of simulated credit, in float64: the lines of the exact path, without its rounding."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from salesops_helpers.comp.component import component_pay, needs
from salesops_helpers.comp.footing import Absent, Block, Footing
from salesops_helpers.comp.kinds import Added
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
        self.needs = {c.id: {c.id, *needs(plan, c)} for c in plan.components}
        self.shared = {c.id: level for c in plan.components if (level := self._level(c))}
        self.added = {c.id: Added(c.payout, months // self.length, footing.quota.shape[1])
                      for c in plan.components if self._linear(c)}
        first = {*self.added, *(() if plan.cap else self.shared)}
        self.first = [c for c in plan.components if c.id in first]
        self.others = [c for c in plan.components if c.id not in first]
        self.dense = [name for name in self.measures if self._asked(name)]

    def _level(self, component: Component) -> str | None:
        """The unit on whose attainment alone a component depends; None where pay is not alike in the unit."""
        names = self.needs[component.id]
        levels = {self.measures[n].level for n in names if self.measures[n].of != "nothing"}
        plain = component.floor is None and component.unit in ("target", "bonus")
        plain &= not (component.cap and component.cap[1] == "money") and not self.plan.modifiers
        plain &= all(self.measures[n].of in ("bookings", "commissionable") for n in names)
        return levels.pop() if plain and len(levels) == 1 and "individual" not in levels else None

    def _linear(self, component: Component) -> bool:
        """May the spans be added up before the rates apply? An empty month counts as nothing sold there."""
        plan, measure = self.plan, component.measure
        own = measure.level == "individual" and measure.of in ("bookings", "commissionable")
        free = not (plan.cap or plan.modifiers or component.cap) and component.floor is None
        free &= all(gate.effect.component != component.id for gate in plan.gates)
        return own and free and component.unit in ("target", "money") and component.payout.kind in ("flat", "marginal")

    def _asked(self, name: str) -> bool:
        """Is the measure `name` needed by seat, for a component that is neither alike in a unit nor added up first?"""
        early = {*self.shared, *self.added}
        return name not in early or any(name in self.needs[c.id] or name in (c.measure.parts or {})
                                        for c in self.plan.components if c.id not in early)

    def pay(self, block: Block) -> np.ndarray:
        """Pay of each draw and seat over all spans (draws × seats)."""
        parts = [self._added(block, c) if c.id in self.added else self._spread(block, c) for c in self.first]
        total = sum(parts, self._by_span(block) if self.others else 0.0)
        away = block.absent
        if away is not None and len(away.seat) and self.length > 1:
            total[away.draw, away.seat] = self._rows(block, away)
        return total

    def _added(self, block: Block, component: Component) -> np.ndarray:
        """Pay over all spans where they are added up first."""
        if component.unit == "money":
            return self.added[component.id].of(block.sold("individual", self.length))
        total = self.added[component.id].of(block.reached(self.footing, "individual", self.length))
        return np.multiply(total, self.target * float(component.weight), out=total)

    def _spread(self, block: Block, component: Component) -> np.ndarray:
        """Pay over all spans where it is alike in a unit: added up there, then given to each seat."""
        level, away = self.shared[component.id], block.absent
        each, at = self._alike(block, component), self.footing.unit[level]
        total = each.sum(axis=1).take(at, axis=1)
        if away is not None and self.length == 1:  # a month has a rep or none
            total[away.draw, away.seat] = np.einsum("rm,rm->r", each[away.draw, :, at[away.seat]], away.present)
        return np.multiply(total, self.target, out=total) if component.unit == "target" else total

    def _by_span(self, block: Block) -> np.ndarray:
        """Pay over all spans of the other components, each span within the plan's cap."""
        own = {name: self._dense(block, self.measures[name]) for name in self.dense}
        self._weighted(own)
        total, away = self._limited([self._one(block, c, own) for c in self.others], self.target), block.absent
        if away is not None and len(away.seat) and self.length == 1:
            total = total if total.flags.writeable else total.copy()
            total[away.empty] = 0.0
        return total.sum(axis=1)

    def _one(self, block: Block, component: Component, own: dict[str, Measured]) -> np.ndarray:
        if component.id not in self.shared:
            pay, whole = component_pay(self.plan, component, own, float), block.sold("individual", self.length).shape
            return pay if np.shape(pay) == whole else np.broadcast_to(pay, whole)
        each = self.footing.of_seats(self._alike(block, component), self.shared[component.id])
        return np.multiply(each, self.target, out=each) if component.unit == "target" else each

    def _alike(self, block: Block, component: Component) -> np.ndarray:
        """What a component that is alike in a unit pays there, by draw, span and unit, for a target of 1."""
        told = self._told(block, self.shared[component.id])
        return component_pay(self.plan, component, dict.fromkeys(self.needs[component.id], told), float)

    def _limited(self, parts: list, target: np.ndarray) -> np.ndarray:
        total = parts[0]
        for part in parts[1:]:  # what a part pays is held by nobody else
            total = np.add(total, part, out=total if total.flags.writeable else None)
        free = total if total.flags.writeable else None
        return np.minimum(total, target * float(self.plan.cap.at), out=free) if self.plan.cap else total

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
