"""One component's payout in words, made from the same file that pays."""

from __future__ import annotations

from fractions import Fraction

from salesops_helpers.comp.numbers import Condition, Rate, plain
from salesops_helpers.comp.parts import Component, Measure
from salesops_helpers.comp.plans import Plan
from salesops_helpers.words import joined, money

WHOSE = {
    "individual": "the rep's own",
    "team": "the team's",
    "region": "the region's",
    "company": "the company's",
    "reports": "the rep's reports'",
}
COUNTED = {
    "bookings": "bookings",
    "commissionable": "commissionable bookings",
    "deals": "number of won deals",
    "activities": "number of activities",
    "score": "score of the set objectives",
    "commission": "commission",
    "weighted": "weighted attainment",
    "nothing": "result",
}
SIGNS = {"<": "below", "<=": "at most", ">": "above", ">=": "at least"}
SPANS = {"month": "month", "quarter": "fiscal quarter", "year": "fiscal year"}


def measured(component: Component) -> str:
    """What a component measures: ``The rep's own bookings against quota``."""
    return _upper(of(component.measure, component.unit not in ("money", "count", "fixed")))


def of(measure: Measure, goal: bool = True) -> str:
    """A measure in words, against its quota or goal where there is one."""
    if measure.of == "weighted":
        parts = [f"{percent(share)} of the attainment of {name}" for name, share in measure.parts.items()]
        return f"{joined(parts)}, added up"
    what = f"{WHOSE[measure.level]} {COUNTED[measure.of]}"
    if measure.objective:
        what = f"the rep's score of the objective “{measure.objective}”"
    said = [f"{column.replace('_', ' ')} {'' if taken else 'not '}{joined(values, 'or')}"
            for column, values, taken in measure.where]
    what += f" ({joined(said)})" if said else ""
    what += f" from {measure.days.first} to {measure.days.last}" if measure.days else ""
    against = f" against the goal “{measure.goal}”" if measure.goal else " against quota"
    return what + against if goal and (measure.of == "bookings" or measure.goal) else what


def pays(plan: Plan, c: Component) -> str:
    """What a component pays, in words."""
    say = {
        "flat": _flat, "marginal": _tiers, "retroactive": _tiers, "excess": _excess, "curve": _curve, "matrix": _matrix,
        "bonus": _bonus, "fixed": _fixed, "each": _each, "pool": _pool, "measured": _measured,
    }
    text = say[c.payout.kind](plan, c)
    each = " of each deal" if c.per else ""
    limits = [f"at least {amount(plan, c.floor)}"] if c.floor is not None else []
    if c.cap:
        limits.append(f"at most {amount(plan, c.cap[0])}" if c.cap[1] == "money" else
                      f"at most {percent(c.cap[0])} of its part of the target")
    if c.per:
        text += ", each deal on its own"
    return f"{text}; {joined(limits)}{each}" if limits else text


def rate(one: Rate) -> str:
    on_target = one.of == "target"
    return f"{plain(one.value)} × its part of the target" if on_target else f"{plain(one.value * 100)} % of the money"


def _flat(plan: Plan, c: Component) -> str:
    one = c.payout.rate
    if one.of == "target" and one.value == 1:
        return "its part of the target, in step with attainment"
    return f"{rate(one)}, times attainment" if one.of == "target" else f"{rate(one)} on every sale"


def _steps(plan: Plan, c: Component, tiers) -> str:
    on_target = c.unit == "target"
    rates = [f"{plain(tier.rate.value)} ×" if on_target else rate(tier.rate) for tier in tiers]
    return joined([f"{one} from {bound(tier.start, plan.currency)}" for one, tier in zip(rates, tiers, strict=True)])


def _tiers(plan: Plan, c: Component) -> str:
    tiers = c.payout.tiers
    how = (
        "each band at its own rate"
        if c.payout.kind == "marginal"
        else f"everything at the rate that is reached, exactly on a bound the {c.payout.tie} one"
    )
    below = "" if tiers[0].start[0] == 0 else f"; nothing below {bound(tiers[0].start, plan.currency)}"
    lead = "its part of the target in step with attainment, " if c.unit == "target" else ""
    return f"{lead}{_steps(plan, c, tiers)}, {how}{below}"


def _excess(plan: Plan, c: Component) -> str:
    tiers = c.payout.tiers
    if c.unit == "money":
        return f"on all that is above quota {_steps(plan, c, tiers)} above it, all at the rate that is reached"
    first, above = (tiers[0], tiers[1:]) if tiers[0].start[0] == 0 else (None, tiers)
    low = f"up to quota {_one(c, first.rate)}" if first else "nothing up to quota"
    return f"{low}; on all that is above quota {_steps(plan, c, above)}, all at the rate that is reached"


def _one(c: Component, one: Rate) -> str:
    return f"{plain(one.value)} × its part of the target" if c.unit == "target" else rate(one)


def _curve(plan: Plan, c: Component) -> str:
    payout, currency = c.payout, plan.currency
    points = [
        f"{bound(y, currency)} of its part at {bound(x, currency)}"
        if c.unit == "target"
        else f"{bound(y, currency)} at {bound(x, currency)}"
        for x, y in payout.points
    ]
    beyond = "no more beyond" if payout.beyond == "flat" else "on along the same line beyond"
    floor = payout.threshold or (payout.points[0][0] if payout.below else None)
    below = f"; nothing below {bound(floor, currency)}" if floor else ""
    return f"{joined(points)}, straight lines between, {beyond}{below}"


def _matrix(plan: Plan, c: Component) -> str:
    return f"its part of the target times {grid(c.payout)}"


def grid(payout) -> str:
    """A matrix in words, row by row."""
    across = payout.columns
    rows = []
    for low, cells in zip(payout.rows.bounds, payout.pays, strict=True):
        if across is None:
            rows.append(f"{percent(cells[0])} from {percent(low)}")
        else:
            said = [f"{percent(cell)} with {across.of} from {percent(b)}" for b, cell in zip(across.bounds, cells,
                                                                                              strict=True)]
            rows.append(f"from {percent(low)}: {joined(said)}")
    return f"a percentage by the attainment of {payout.rows.of}: {'; '.join(rows)}"


def _bonus(plan: Plan, c: Component) -> str:
    span = SPANS[plan.span(c)]
    return f"{amount(plan, c.payout.pays)} for each {span} in which {condition(plan, c.payout.when)}"


def _fixed(plan: Plan, c: Component) -> str:
    return f"{amount(plan, c.payout.pays)} for each {SPANS[plan.span(c)]}, whatever is sold"


def _each(plan: Plan, c: Component) -> str:
    return f"{amount(plan, c.payout.pays)} for each"


def _pool(plan: Plan, c: Component) -> str:
    value, of_what = c.payout.fund
    fund = f"{percent(value)} of it" if of_what == "measured" else amount(plan, value)
    by = {"equal": "in equal parts, by days on the plan", "bookings": "in proportion to their own credit",
          "target": "in proportion to their targets"}[c.payout.share]
    who = f" whose {_lower(condition(plan, c.payout.eligible))}" if c.payout.eligible else ""
    return f"a fund of {fund} is shared out {by} among the reps on this plan{who}"


def _measured(plan: Plan, c: Component) -> str:
    return "pays nothing itself; other rules refer to it"


def condition(plan: Plan, one: Condition) -> str:
    """``the team's attainment is at least 100 %``."""
    measure = plan.component(one.component).measure
    plain_one = measure.of == "bookings" and not measure.where and not measure.goal
    whose = f"{WHOSE[measure.level]} attainment" if plain_one else f"the attainment of {one.component}"
    return f"{whose} is {SIGNS[one.sign]} {percent(one.bound)}"


def percent(value: Fraction) -> str:
    return f"{plain(value * 100)} %"


def amount(plan: Plan, value: Fraction) -> str:
    return money(float(value), plan.currency, digits(value))


def bound(one: tuple[Fraction, str], currency: str) -> str:
    value, unit = one
    return percent(value) if unit == "attainment" else money(float(value), currency, digits(value))


def digits(value: Fraction) -> int:
    return 0 if value.denominator == 1 else 2


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]


def _lower(text: str) -> str:
    return text.replace("the rep's own ", "own ")
