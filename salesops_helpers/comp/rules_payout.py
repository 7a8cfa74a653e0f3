"""What makes one component's payout unpayable although each of its values is possible: units, order, gaps."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from salesops_helpers.comp.numbers import Refused
from salesops_helpers.comp.parts import GOALED

if TYPE_CHECKING:
    from salesops_helpers.comp.parts import Component

TIERED = ("marginal", "retroactive", "excess")


def place(component: Component, *field: object) -> tuple:
    """The place of a component's field in the plan."""
    return ("components", component.id, *field)


def check_payout(component: Component) -> None:
    """Raises `Refused` where the parts of one component do not fit together."""
    payout = component.payout
    if payout.kind in TIERED:
        _tier_units(component)
        _tiers(component)
    if payout.kind == "curve":
        _curve(component)
    if payout.kind == "matrix":
        _matrix(component)
    _measured(component)
    _per_deal(component)
    _limits(component)


def _tier_units(component: Component) -> None:
    payout = component.payout
    for n, tier in enumerate(payout.tiers):
        for name, bound in (("from", tier.start), ("to", tier.end)):
            if bound is not None and bound[1] != payout.unit:
                wanted = "a percentage such as 80%" if payout.unit == "attainment" else "an amount such as 150000"
                where = place(component, "payout", "tiers", n, name)
                raise Refused(f"is in {bound[1]}, but unit: {payout.unit}", wanted, f"write {wanted}", where)
    kinds = {tier.rate.of for tier in payout.tiers}
    if len(kinds) > 1 or (payout.unit == "money" and kinds == {"target"}):
        wanted = "rates in % of the money" if payout.unit == "money" else "all rates in x, or all rates in %"
        said = "holds rates of different kinds" if len(kinds) > 1 else "holds multiples of a target on money"
        raise Refused(said, wanted, f"write {wanted}", place(component, "payout", "tiers"))


def _tiers(component: Component) -> None:
    tiers = component.payout.tiers
    _ascending([tier.start[0] for tier in tiers], component, "tiers")
    ends = [None if tier.end is None else tier.end[0] for tier in tiers]
    starts = [tier.start[0] for tier in tiers[1:]]
    for n, (end, start) in enumerate(zip(ends, [*starts, None], strict=True)):
        if end is not None and end != start:
            above = "leaves a gap to the next tier" if start is None or end < start else "overlaps the next tier"
            what = "leaves everything above it undefined" if start is None else above
            cure = "leave `to` out: a tier ends where the next begins"
            where = place(component, "payout", "tiers", n, "to")
            raise Refused(what, "tiers that meet; no `to` in the last", cure, where)
    first = tiers[0].start[0]
    if component.payout.kind == "excess" and component.payout.unit == "attainment":
        inside = [tier.start[0] for tier in tiers if 0 < tier.start[0] < 1]
        if inside or (first == 0 and (len(tiers) < 2 or tiers[1].start[0] != 1)):
            said = "have a bound below quota" if inside else "do not say what is paid above quota"
            allowed = "0% for what lies below quota, then 100% and higher bounds"
            raise Refused(said, allowed, "write the tiers from 0% and from 100%", place(component, "payout", "tiers"))
        first = Fraction(0) if first == 1 and component.payout.below else first
    _first(first, Fraction(1), component, "tiers")


def _curve(component: Component) -> None:
    payout = component.payout
    inner = {point[0][1] for point in payout.points} | ({payout.threshold[1]} if payout.threshold else set())
    if len(inner) > 1 or {p[1][1] for p in payout.points} != inner:
        allowed, cure = "all in percentages, or all in amounts", "write all points in one unit"
        raise Refused("mixes percentages and amounts", allowed, cure, place(component, "payout", "points"))
    xs, ys = [p[0][0] for p in payout.points], [p[1][0] for p in payout.points]
    _ascending(xs, component, "points")
    _first(xs[0], ys[0], component, "points")
    paying = next((x for x, y in zip(xs, ys, strict=True) if y > 0), None)
    if payout.threshold and paying is not None and payout.threshold[0] > paying:
        raise Refused(
            "is above the first point that pays",
            "a threshold at or below the first point that pays",
            "lower the threshold, or take out the points below it",
            place(component, "payout", "threshold"),
        )


def _matrix(component: Component) -> None:
    payout = component.payout
    wide = len(payout.columns.bounds) if payout.columns else 1
    if len(payout.pays) != len(payout.rows.bounds) or any(len(row) != wide for row in payout.pays):
        raise Refused(
            f"is not a table of {len(payout.rows.bounds)} rows of {wide}",
            "a row for each bound of rows, with a percentage for each bound of columns",
            "write the missing cells",
            place(component, "payout", "pays"),
        )
    for side in ("rows", "columns"):
        if (given := getattr(payout, side)) is not None:
            _ascending(list(given.bounds), component, side)


def _measured(component: Component) -> None:
    measure, unit, of = component.measure, component.unit, component.measure.of
    needed = unit not in ("bonus", "fixed") and component.payout.kind != "matrix"
    if needed and of == "nothing":
        cure = "add for example measure: {of: bookings, level: individual}"
        raise Refused("is not there", "what is measured, and whose", cure, place(component, "measure"))
    fits = {
        "target": GOALED,
        "quota": ("bookings",),
        "count": ("deals", "activities"),
        "money": ("bookings", "commissionable", "commission"),
        "pool": ("bookings", "commissionable"),
    }.get(unit)
    if component.payout.kind == "excess":
        fits = ("bookings",)
    if needed and fits and of not in fits and not (unit == "target" and measure.goal):
        why = "attainment" if unit in ("target", "quota") else f"kind: {component.payout.kind}"
        allowed = "bookings, the credit that quotas are set for" if unit == "quota" else ", ".join(fits)
        cure = "write of: bookings, or rates on money" if unit in ("target", "quota") else f"write of: {fits[0]}"
        raise Refused(f"= {of!r} with {why}", allowed, cure, place(component, "measure", "of"))
    if component.payout.kind == "pool" and measure.own:
        where = place(component, "measure", "level")
        raise Refused("has no unit that shares it", "team, region, company or reports", "write level: team", where)
    check_measure(component.measure, place(component, "measure"))


def check_measure(measure, where: tuple) -> None:
    """Raises `Refused` where a measure holds a field that its `of` does not use, or lacks one that it needs."""
    money, of = ("bookings", "commissionable"), measure.of
    uses = {
        "where": (bool(measure.where), (*money, "deals", "activities")),
        "days": (measure.days is not None, (*money, "deals", "activities")),
        "goal": (measure.goal is not None, money),
        "objective": (measure.objective is not None, ("score",)),
        "parts": (measure.parts is not None, ("weighted",)),
    }
    for field, (given, allowed) in uses.items():
        if given and of not in allowed:
            raise Refused(f"does not go with of: {of}", f"{field} with of: {', '.join(allowed)}", "take it out",
                          (*where, field))
    if of == "weighted":
        if not measure.parts:
            raise Refused("is not there", "components and their shares", "add parts: {own: 75%, team: 25%}",
                          (*where, "parts"))
        if sum(measure.parts.values()) != 1:
            raise Refused("do not add up to 100 %", "shares that add up to 100 %", "change the shares",
                          (*where, "parts"))
    if of in ("score", "activities", "weighted", "deals") and not measure.own:
        raise Refused(f"= {measure.level!r} with of: {of}", "individual", "write level: individual", (*where, "level"))
    if of == "commission" and measure.own:
        raise Refused("= 'individual' with of: commission", "team, region, company or reports",
                      "write whose commission counts", (*where, "level"))


def _per_deal(component: Component) -> None:
    money = component.unit in ("money", "count") and component.payout.kind != "excess"
    if component.per and not (money and component.measure.own and component.measure.of in ("bookings", "commissionable",
                                                                                            "deals")):
        raise Refused(
            "= 'deal' where a deal has no pay of its own",
            "per: deal with rates on the money of the rep's own deals",
            "take per out, or write bounds in money",
            place(component, "per"),
        )


def _limits(component: Component) -> None:
    cap, floor = component.cap, component.floor
    if component.unit in ("pool", "none", "bonus", "fixed") and (cap or floor is not None):
        field = "cap" if cap else "floor"
        raise Refused(f"has no sense with kind: {component.payout.kind}", "no cap and no floor", "take it out",
                      place(component, field))
    if cap and cap[1] == "target" and component.unit != "target":
        raise Refused("needs a part of the target", "an amount such as 2000", "write the cap as an amount",
                      place(component, "cap"))
    if cap and cap[1] == "target" and cap[0] < 1:
        raise Refused("is below target", "100% of target or more", "raise the cap", place(component, "cap"))
    if cap and cap[1] == "money" and floor is not None and cap[0] < floor:
        raise Refused("is below the floor", "a cap above the floor", "raise the cap", place(component, "cap"))


def _ascending(values: list[Fraction], component: Component, field: str) -> None:
    if any(a >= b for a, b in zip(values, values[1:], strict=False)):
        raise Refused(
            "are not ascending",
            "each bound above the one before it",
            "put them in order, each bound once",
            place(component, "payout", field),
        )
    if values[0] < 0:
        raise Refused("begin below 0", "bounds of 0 and more", "begin at 0", place(component, "payout", field))


def _first(start: Fraction, pays: Fraction, component: Component, field: str) -> None:
    if start > 0 and pays != 0 and component.payout.below is None:
        raise Refused(
            "do not say what is paid below the first bound (a gap)",
            "a first bound of 0, or below: pays nothing",
            "add the line below: pays nothing",
            place(component, "payout", field),
        )
