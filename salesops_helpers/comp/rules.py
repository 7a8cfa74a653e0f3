"""What makes a plan unpayable although each of its values is possible."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from salesops_helpers.comp.kinds import shape
from salesops_helpers.comp.numbers import Refused, plain

if TYPE_CHECKING:
    from salesops_helpers.comp.parts import Component, WrittenPlan

RESERVED = ("cap", "total", "pay", "own_attainment", "unit_attainment")


def check(plan: WrittenPlan) -> None:
    """Raises `Refused` where the parts of a plan do not fit together."""
    _ids(plan)
    for component in plan.components:
        _units(component)
        _order(component)
    _target(plan)
    _references(plan)
    _settling(plan)
    _amounts(plan)


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


def _at(component: Component, *field: object) -> tuple:
    return ("components", component.id, *field)


def _units(component: Component) -> None:
    payout, kind = component.payout, component.payout.kind
    if kind in ("marginal", "retroactive"):
        for n, tier in enumerate(payout.tiers):
            for name, bound in (("from", tier.start), ("to", tier.end)):
                if bound is not None and bound[1] != payout.unit:
                    wanted = "a percentage such as 80%" if payout.unit == "attainment" else "an amount such as 150000"
                    raise Refused(
                        f"is in {bound[1]}, but unit: {payout.unit}",
                        wanted,
                        f"write {wanted}",
                        _at(component, "payout", "tiers", n, name),
                    )
        kinds = {tier.rate.of for tier in payout.tiers}
        if len(kinds) > 1 or (payout.unit == "money" and kinds == {"target"}):
            wanted = "rates in % of the money" if payout.unit == "money" else "all rates in x, or all rates in %"
            raise Refused(
                "holds rates of different kinds" if len(kinds) > 1 else "holds multiples of a target on money",
                wanted,
                f"write {wanted}",
                _at(component, "payout", "tiers"),
            )
    if kind == "curve":
        inner = {point[0][1] for point in payout.points} | ({payout.threshold[1]} if payout.threshold else set())
        if len(inner) > 1 or {p[1][1] for p in payout.points} != inner:
            raise Refused(
                "mixes percentages and amounts",
                "all in percentages, or all in amounts",
                "write all points in one unit",
                _at(component, "payout", "points"),
            )
    if component.unit in ("target", "quota") and component.measure.of != "bookings":
        raise Refused(
            f"= {component.measure.of!r} with attainment",
            "bookings, the credit that quotas are set for",
            "write of: bookings, or rates on money",
            _at(component, "measure", "of"),
        )


def _order(component: Component) -> None:
    payout = component.payout
    if payout.kind in ("marginal", "retroactive"):
        _ascending([tier.start[0] for tier in payout.tiers], component, "tiers")
        ends = [None if tier.end is None else tier.end[0] for tier in payout.tiers]
        starts = [tier.start[0] for tier in payout.tiers[1:]]
        for n, (end, start) in enumerate(zip(ends, [*starts, None], strict=True)):
            if end is not None and end != start:
                what = (
                    "leaves everything above it undefined"
                    if start is None
                    else "leaves a gap to the next tier"
                    if end < start
                    else "overlaps the next tier"
                )
                raise Refused(
                    what,
                    "tiers that meet; no `to` in the last",
                    "leave `to` out: a tier ends where the next begins",
                    _at(component, "payout", "tiers", n, "to"),
                )
        _first(payout.tiers[0].start[0], Fraction(1), component, "tiers")
    if payout.kind == "curve":
        xs, ys = [p[0][0] for p in payout.points], [p[1][0] for p in payout.points]
        _ascending(xs, component, "points")
        _first(xs[0], ys[0], component, "points")
        paying = next((x for x, y in zip(xs, ys, strict=True) if y > 0), None)
        if payout.threshold and paying is not None and payout.threshold[0] > paying:
            raise Refused(
                "is above the first point that pays",
                "a threshold at or below the first point that pays",
                "lower the threshold, or take out the points below it",
                _at(component, "payout", "threshold"),
            )


def _ascending(values: list[Fraction], component: Component, field: str) -> None:
    if any(a >= b for a, b in zip(values, values[1:], strict=False)):
        raise Refused(
            "are not ascending",
            "each bound above the one before it",
            "put them in order, each bound once",
            _at(component, "payout", field),
        )
    if values[0] < 0:
        raise Refused("begin below 0", "bounds of 0 and more", "begin at 0", _at(component, "payout", field))


def _first(start: Fraction, pays: Fraction, component: Component, field: str) -> None:
    if start > 0 and pays != 0 and component.payout.below is None:
        raise Refused(
            "do not say what is paid below the first bound (a gap)",
            "a first bound of 0, or below: pays nothing",
            "add the line below: pays nothing",
            _at(component, "payout", field),
        )


def _target(plan: WrittenPlan) -> None:
    weights = Fraction(0)
    for c in plan.components:
        if c.unit == "bonus" or not plan.on_target:
            if c.weight is not None:
                why = "a bonus carries no weight" if c.unit == "bonus" else "a weight needs a target_incentive"
                raise Refused(f"is given, but {why}", "no weight", "take the weight out", _at(c, "weight"))
            if c.unit == "target":
                raise Refused(
                    "pays multiples of a target that the plan does not name",
                    "a target_incentive, or rates in %",
                    "add target_incentive: AMOUNT (or: assigned)",
                    _at(c, "payout"),
                )
            continue
        if c.weight is None:
            raise Refused(
                "is not there",
                "a weight for each component of a plan with a target_incentive",
                "add for example weight: 75%",
                _at(c, "weight"),
            )
        if c.weight < 0:
            raise Refused("is below 0", "weights of 0 % and more", "change the weights", _at(c, "weight"))
        weights += c.weight
        at_target = shape(c.payout, Fraction(1), Fraction) if c.unit == "target" else None
        if at_target != 1:
            seen = "a rate on money" if at_target is None else f"{plain(at_target * 100)} % of target"
            raise Refused(
                f"pays {seen} at 100 % attainment",
                "exactly the target incentive at 100 %",
                "change the rates or points so that 100 % pays 100 %",
                _at(c, "payout"),
            )
    if plan.on_target and weights != 1:
        raise Refused(
            f"add up to {plain(weights * 100)} %",
            "weights that add up to 100 %",
            "change the weights",
            ("components", None, "weight"),
        )
    if plan.cap and not plan.on_target:
        raise Refused(
            "needs a target_incentive", "a cap in plans with a target_incentive", "take the cap out", ("cap", "at")
        )
    if plan.cap and plan.cap.at < 1:
        raise Refused("is below target", "100% of target or more", "raise the cap", ("cap", "at"))


def _references(plan: WrittenPlan) -> None:
    known = {c.id: c for c in plan.components}
    named = [(_at(c, "payout", "when"), c.payout.when.component, True) for c in plan.components if c.unit == "bonus"]
    for n, gate in enumerate(plan.gates):
        named += [
            (("gates", n, "if"), gate.condition.component, True),
            (("gates", n, "then"), gate.effect.component, False),
        ]
    for where, name, measured in named:
        if name not in known:
            raise Refused(
                f"names the component {name!r}, which does not exist",
                ", ".join(known),
                "name a component of this plan",
                where,
            )
        if measured and known[name].measure.of != "bookings":
            raise Refused(
                f"needs the attainment of {name!r}, which does not measure bookings",
                "a component of: bookings",
                "name another component",
                where,
            )


def _settling(plan: WrittenPlan) -> None:
    period, span = plan.period, plan.effective
    if (period.accumulate == "ytd") != (period.true_up is not None):
        raise Refused(
            "is not there" if period.true_up is None else "needs accumulate: ytd",
            "true_up: deduct_paid together with accumulate: ytd",
            "give both or neither",
            ("period", "true_up"),
        )
    if span.first > span.last:
        raise Refused("ends before it begins", "a last day after the first", "change the days", ("effective", "to"))
    next_day = span.last.toordinal() + 1
    if span.first.day != 1 or type(span.last).fromordinal(next_day).day != 1:
        raise Refused(
            "is not made of whole months",
            "the first day of a month to the last day of a month",
            "begin on the 1st and end on the last day of a month",
            ("effective",),
        )


def _amounts(plan: WrittenPlan) -> None:
    grain = 10**plan.rounding.scale
    amounts = (
        [] if not isinstance(plan.target_incentive, Fraction) else [(("target_incentive",), plan.target_incentive)]
    )
    for c in plan.components:
        bounds = [(("tiers", n, "from"), t.start) for n, t in enumerate(getattr(c.payout, "tiers", []))]
        bounds += [(("points", n), b) for n, point in enumerate(getattr(c.payout, "points", [])) for b in point]
        amounts += [(_at(c, "payout", *where), value) for where, (value, unit) in bounds if unit == "money"]
        amounts += [(_at(c, "payout", "pays"), c.payout.pays)] if c.unit == "bonus" else []
    for where, amount in amounts:
        if (amount * grain).denominator != 1:
            raise Refused(
                f"= {plain(amount)} is finer than the minor unit",
                f"at most {plan.rounding.scale} decimals",
                "round the amount",
                where,
            )
    if isinstance(plan.target_incentive, Fraction) and plan.target_incentive <= 0:
        raise Refused(
            "is not above 0", "an amount above 0, or assigned", "give the yearly amount", ("target_incentive",)
        )
