"""A plan in words: what a rep reads, made from the same file that pays."""

from __future__ import annotations

from fractions import Fraction

import pandas as pd

from salesops_helpers.comp.numbers import Condition, Rate, plain
from salesops_helpers.comp.parts import ASSIGNED, Component
from salesops_helpers.comp.plans import Plan
from salesops_helpers.words import joined, money

WHOSE = {"individual": "the rep's own", "team": "the team's", "region": "the region's", "company": "the company's"}
COUNTED = {"bookings": "bookings", "commissionable": "commissionable bookings"}
SIGNS = {"<": "below", "<=": "at most", ">": "above", ">=": "at least"}
SPANS = {"month": "month", "quarter": "fiscal quarter", "year": "fiscal year"}


def plan_in_words(plan: Plan) -> pd.DataFrame:
    """Every rule of a plan as a sentence: plan, part, weight (text), rule (text)."""
    rows = [
        (c.id, _percent(c.weight) if c.weight is not None else "–", f"{_measured(c)}: {_pays(plan, c)}.")
        for c in plan.components
    ]
    rows += [
        (
            "gate",
            "–",
            f"If {_condition(plan, g.condition)}, {g.effect.component} pays {_percent(g.effect.share)} "
            "of what it would pay.",
        )
        for g in plan.gates
    ]
    if plan.cap:
        rows.append(
            (
                "cap",
                "–",
                f"The total of a {SPANS[plan.period.measure]} is at most {_percent(plan.cap.at)} of target; the "
                "rest is forfeited.",
            )
        )
    rows.append(("period", "–", _period(plan)))
    return pd.DataFrame(rows, columns=["part", "weight", "rule"]).assign(plan=plan.plan)[
        ["plan", "part", "weight", "rule"]
    ]


def _measured(component: Component) -> str:
    against = "" if component.unit == "money" else " against quota"
    what = f"{WHOSE[component.measure.level]} {COUNTED[component.measure.of]}{against}"
    return what[0].upper() + what[1:]


def _pays(plan: Plan, c: Component) -> str:
    say = {"flat": _flat, "marginal": _tiers, "retroactive": _tiers, "curve": _curve, "bonus": _bonus}
    return say[c.payout.kind](plan, c)


def _rate(rate: Rate) -> str:
    return (
        f"{plain(rate.value)} × its part of the target"
        if rate.of == "target"
        else f"{plain(rate.value * 100)} % of the money"
    )


def _flat(plan: Plan, c: Component) -> str:
    rate = c.payout.rate
    if rate.of == "target" and rate.value == 1:
        return "its part of the target, in step with attainment"
    return f"{_rate(rate)}, times attainment" if rate.of == "target" else f"{_rate(rate)} on every sale"


def _tiers(plan: Plan, c: Component) -> str:
    tiers, currency = c.payout.tiers, plan.currency
    on_target = c.unit == "target"
    rates = [f"{plain(tier.rate.value)} ×" if on_target else _rate(tier.rate) for tier in tiers]
    steps = [f"{rate} from {_bound(tier.start, currency)}" for rate, tier in zip(rates, tiers, strict=True)]
    how = (
        "each band at its own rate"
        if c.payout.kind == "marginal"
        else (f"everything at the rate that is reached, exactly on a bound the {c.payout.tie} one")
    )
    below = "" if tiers[0].start[0] == 0 else f"; nothing below {_bound(tiers[0].start, currency)}"
    lead = "its part of the target in step with attainment, " if on_target else ""
    return f"{lead}{joined(steps)}, {how}{below}"


def _curve(plan: Plan, c: Component) -> str:
    payout, currency = c.payout, plan.currency
    points = [
        f"{_bound(y, currency)} of its part at {_bound(x, currency)}"
        if c.unit == "target"
        else f"{_bound(y, currency)} at {_bound(x, currency)}"
        for x, y in payout.points
    ]
    beyond = "no more beyond" if payout.beyond == "flat" else "on along the same line beyond"
    floor = payout.threshold or (payout.points[0][0] if payout.below else None)
    below = f"; nothing below {_bound(floor, currency)}" if floor else ""
    return f"{joined(points)}, straight lines between, {beyond}{below}"


def _bonus(plan: Plan, c: Component) -> str:
    amount = money(float(c.payout.pays), plan.currency, _digits(c.payout.pays))
    return f"{amount} for each {SPANS[plan.period.measure]} in which {_condition(plan, c.payout.when)}"


def _period(plan: Plan) -> str:
    span = SPANS[plan.period.measure]
    if plan.period.accumulate == "ytd":
        how = (
            f"At the end of each {span} the fiscal year to date is computed anew, and what was paid before is deducted"
        )
    else:
        how = f"Each {span} is measured on its own and paid with its last month"
    if plan.target_incentive == ASSIGNED:
        return f"{how}. The target is each rep's own."
    if isinstance(plan.target_incentive, Fraction):
        amount = money(float(plan.target_incentive), plan.currency, _digits(plan.target_incentive))
        return f"{how}. The target is {amount} over {plan.effective.first} to {plan.effective.last}."
    return f"{how}."


def _condition(plan: Plan, condition: Condition) -> str:
    level = WHOSE[plan.component(condition.component).measure.level]
    return f"{level} attainment is {SIGNS[condition.sign]} {_percent(condition.bound)}"


def _percent(value: Fraction) -> str:
    return f"{plain(value * 100)} %"


def _bound(bound: tuple[Fraction, str], currency: str) -> str:
    value, unit = bound
    return _percent(value) if unit == "attainment" else money(float(value), currency, _digits(value))


def _digits(value: Fraction) -> int:
    return 0 if value.denominator == 1 else 2
