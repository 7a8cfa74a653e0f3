"""What makes a plan unpayable although each of its values is possible."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from salesops_helpers.comp.kinds import matrix, shape
from salesops_helpers.comp.numbers import Refused, plain
from salesops_helpers.comp.parts import GOALED
from salesops_helpers.comp.payout_parts import unit_of
from salesops_helpers.comp.rules_payout import check_measure, check_payout, place
from salesops_helpers.comp.rules_whole import check_whole

if TYPE_CHECKING:
    from salesops_helpers.comp.parts import WrittenPlan

RESERVED = ("cap", "total", "pay", "own_attainment", "unit_attainment", "guarantee", "adjustment", "clawback", "draw")


def check(plan: WrittenPlan) -> None:
    """Raises `Refused` where the parts of a plan do not fit together."""
    _ids(plan)
    for component in plan.components:
        check_payout(component)
    _target(plan)
    _references(plan)
    _modifiers(plan)
    check_whole(plan)


def _ids(plan: WrittenPlan) -> None:
    names = [c.id for c in plan.components]
    for name in names:
        if names.count(name) > 1 or name in RESERVED:
            raise Refused(
                f"id = {name!r} is taken",
                "a name of its own for each component, other than cap, total and pay",
                "rename one of the components",
                ("components", name, "id"),
            )


def _target(plan: WrittenPlan) -> None:
    weights, weighted = Fraction(0), False
    for c in plan.components:
        if c.weightless or not plan.on_target:
            if c.weight is not None:
                named = {"count": "payout per piece"}.get(c.unit, c.payout.kind)
                why = f"a {named} carries no weight" if c.weightless else "a weight needs a target_incentive"
                raise Refused(f"is given, but {why}", "no weight", "take the weight out", place(c, "weight"))
            if c.unit == "target":
                raise Refused(
                    "pays multiples of a target that the plan does not name",
                    "a target_incentive, or rates in %",
                    "add target_incentive: AMOUNT (or: assigned)",
                    place(c, "payout"),
                )
            continue
        if c.weight is None:
            raise Refused(
                "is not there",
                "a weight for each component of a plan with a target_incentive",
                "add for example weight: 75%",
                place(c, "weight"),
            )
        if c.weight < 0:
            raise Refused("is below 0", "weights of 0 % and more", "change the weights", place(c, "weight"))
        weights, weighted = weights + c.weight, True
        at_target = _at_target(c.payout) if c.unit == "target" else None
        if at_target != 1:
            seen = "a rate on money" if at_target is None else f"{plain(at_target * 100)} % of target"
            raise Refused(
                f"pays {seen} at 100 % attainment",
                "exactly the target incentive at 100 %",
                "change the rates or points so that 100 % pays 100 %",
                place(c, "payout"),
            )
    if plan.on_target and (weights != 1 or not weighted):
        raise Refused(
            f"add up to {plain(weights * 100)} %",
            "weights that add up to 100 %",
            "change the weights",
            ("components", None, "weight"),
        )


def _at_target(payout) -> Fraction:
    if payout.kind == "matrix":
        return matrix(payout, Fraction(1), Fraction(1), Fraction)
    return shape(payout, Fraction(1), Fraction)


def _references(plan: WrittenPlan) -> None:
    known = {c.id: c for c in plan.components}
    for where, name, measured, by in _named(plan):
        if name not in known:
            raise Refused(
                f"names the component {name!r}, which does not exist",
                ", ".join(known),
                "name a component of this plan",
                where,
            )
        if measured and not known[name].measure.goaled:
            raise Refused(
                f"needs the attainment of {name!r}, which does not measure bookings",
                "a component of: bookings, score or weighted, or one with a goal",
                "name another component",
                where,
            )
        if by is not None and plan.span(by) != plan.span(known[name]):
            raise Refused(
                f"names {name!r}, which is measured over another span",
                f"a component measured over the {plan.span(by)}",
                "give both the same span",
                where,
            )
    for c in plan.components:
        for name in c.measure.parts or {}:
            if known[name].measure.of == "weighted":
                raise Refused(
                    f"names {name!r}, whose attainment is weighted itself",
                    "components that measure something",
                    "name the parts of it",
                    place(c, "measure", "parts"),
                )


def _named(plan: WrittenPlan) -> list[tuple]:
    """Where a component is named: place, name, whether its attainment is needed, the component that needs it."""
    known = {c.id: c for c in plan.components}
    named = []
    for c in plan.components:
        payout = c.payout
        if c.unit == "bonus":
            named.append((place(c, "payout", "when"), payout.when.component, True, c))
        if c.unit == "pool" and payout.eligible:
            named.append((place(c, "payout", "eligible"), payout.eligible.component, True, c))
        if payout.kind == "matrix":
            named += [
                (place(c, "payout", side, "of"), getattr(payout, side).of, True, c)
                for side in ("rows", "columns")
                if getattr(payout, side)
            ]
        named += [(place(c, "measure", "parts"), name, True, c) for name in c.measure.parts or {}]
    for n, gate in enumerate(plan.gates):
        by = known.get(gate.effect.component)
        named.append((("gates", n, "then"), gate.effect.component, False, None))
        named.append((("gates", n, "if"), gate.condition.component, True, by))
        if gate.effect.most and by is not None and by.unit != "target":
            raise Refused(
                f"limits {by.id!r}, which pays no part of the target",
                "pays at most PERCENTAGE for a part of the target",
                "give the component a cap in money",
                ("gates", n, "then"),
            )
    return named


def _modifiers(plan: WrittenPlan) -> None:
    known = {c.id: c for c in plan.components}
    for n, modifier in enumerate(plan.modifiers.of if plan.modifiers else ()):
        where, factor = ("modifiers", "of", n), modifier.factor
        if unit_of(factor) != "target":
            raise Refused("is not a percentage", "1x, or a curve or matrix of percentages", "write rate: 1x",
                          (*where, "factor"))
        sides = [s for s in (factor.rows, factor.columns) if s] if factor.kind == "matrix" else []
        if unknown := [m for m in (*modifier.on, *(s.of for s in sides)) if m not in known]:
            raise Refused(
                f"names the component {unknown[0]!r}, which does not exist",
                ", ".join(known),
                "name a component of this plan",
                (*where, "on"),
            )
        if factor.kind != "matrix" and not modifier.measure.goaled:
            raise Refused(f"= {modifier.measure.of!r} with a factor", ", ".join(GOALED), "write of: score",
                          (*where, "measure", "of"))
        check_measure(modifier.measure, (*where, "measure"))
        if plan.on_target and _at_target(factor) != 1:
            raise Refused(
                f"is {plain(_at_target(factor) * 100)} % at 100 % attainment",
                "100 % at 100 % attainment, so that the target is what is paid there",
                "change the factor",
                (*where, "factor"),
            )
