"""A plan in words: what a rep reads, made from the same file that pays."""

from __future__ import annotations

from fractions import Fraction

import pandas as pd

from salesops_helpers.comp.parts import ASSIGNED
from salesops_helpers.comp.plans import Plan
from salesops_helpers.comp.wording_payouts import (
    SPANS,
    amount,
    condition,
    digits,
    grid,
    measured,
    of,
    pays,
    percent,
)
from salesops_helpers.words import counted, joined, money

NONE = "–"


def plan_in_words(plan: Plan) -> pd.DataFrame:
    """Every rule of a plan as a sentence: plan, part, weight (text), rule (text)."""
    rows = [(c.id, percent(c.weight) if c.weight is not None else NONE, _component(plan, c)) for c in plan.components]
    rows += [(name, NONE, rule) for name, rule in [*_modifiers(plan), *_gates(plan), *_limits(plan), *_terms(plan)]]
    rows.append(("period", NONE, _period(plan)))
    return pd.DataFrame(rows, columns=["part", "weight", "rule"]).assign(plan=plan.plan)[
        ["plan", "part", "weight", "rule"]
    ]


def _component(plan: Plan, c) -> str:
    alone = c.payout.kind == "fixed" or c.measure.of == "nothing"
    text = pays(plan, c)
    text = text[0].upper() + text[1:] if alone else f"{measured(c)}: {text}"
    return f"{text}{f', by {SPANS[c.span]}' if c.span else ''}."


def _modifiers(plan: Plan) -> list[tuple[str, str]]:
    if not plan.modifiers:
        return []
    rows = []
    for m in plan.modifiers.of:
        what = of(m.measure)
        if m.factor.kind == "matrix":
            factor = grid(m.factor)
        elif m.factor.kind == "flat":
            factor = f"the attainment of {what}"
        else:
            points = [f"{percent(y[0])} at {percent(x[0])}" for x, y in m.factor.points]
            factor = f"a percentage by the attainment of {what}: {joined(points)}, straight lines between"
        rows.append((m.id, f"What {joined(m.on)} {'pay' if len(m.on) > 1 else 'pays'} is multiplied by {factor}."))
    if len(rows) > 1:
        how = "multiplied with each other" if plan.modifiers.combine == "multiply" else (
            "added up by their differences from 100 %")
        rows.append(("factors", f"Several factors on one part are {how}."))
    return rows


def _gates(plan: Plan) -> list[tuple[str, str]]:
    found = []
    for g in plan.gates:
        share = percent(g.effect.share)
        what = f"at most {share} of its part of the target" if g.effect.most else f"{share} of what it would pay"
        found.append(("gate", f"If {condition(plan, g.condition)}, {g.effect.component} pays {what}."))
    return found


def _limits(plan: Plan) -> list[tuple[str, str]]:
    if not plan.cap:
        return []
    later = "is paid in later spans of the fiscal year, as far as their cap allows"
    rest = "is forfeited" if plan.cap.excess == "forfeited" else later
    return [("cap", f"The total of a {SPANS[plan.period.measure]} is at most {percent(plan.cap.at)} of target; the "
             f"rest {rest}.")]


def _terms(plan: Plan) -> list[tuple[str, str]]:
    rows = []
    if plan.ramp:
        steps = joined([percent(s) for s in plan.ramp.quota])
        first = counted(len(plan.ramp.quota), "month")
        rows.append(("ramp", f"In the first {first} on the plan the quota is {steps} of the full one."))
    if plan.guarantee:
        rows.append(("guarantee", f"In the first {counted(plan.guarantee.months, 'month')} on the plan earnings are at "
                     f"least {amount(plan, plan.guarantee.amount)} a month, for a part of a month that part of it."))
    if plan.draw:
        rows.append(("draw", _draw(plan)))
    if plan.clawback:
        rows.append(("clawback", _clawback(plan)))
    return rows


def _draw(plan: Plan) -> str:
    draw = plan.draw
    until = f" until {draw.ends}" if draw.ends else ""
    each = f"{amount(plan, draw.amount)} a month{until}"
    if draw.kind == "non_recoverable":
        return f"Pay is at least {each}; what is not earned is not owed."
    if draw.recovery == "above_draw":
        return (f"Pay is at least {each}; what is not earned is owed, and taken from later pay, but only from what "
                "exceeds the draw.")
    return f"{each} is paid beside earnings as an advance, owed, and taken from the earnings of the months after it."


def _clawback(plan: Plan) -> str:
    back = plan.clawback
    window = f"A deal that is cancelled within {counted(back.window_days, 'day')} of its closing"
    if back.method == "recompute_period":
        return f"{window} is taken out, its period is computed again, and the difference is booked."
    steps = [f"{percent(s.share)} within {s.within_days} days" for s in back.shares] or ["100 %"]
    return f"{window} costs a share of what was paid for it: {joined(steps)}."


def _period(plan: Plan) -> str:
    span = SPANS[plan.period.measure]
    if plan.period.to_date:
        goals = ", against the goals of the whole year" if plan.period.goals == "full_year" else ""
        how = (f"At the end of each {span} the fiscal year to date is computed anew{goals}, and what was paid before "
               "is deducted")
    elif plan.period.accumulate == "ytd":
        how = f"Each {span} is paid on its own; the fiscal year to date decides which rate holds for it"
    else:
        how = f"Each {span} is measured on its own and paid with its last month"
    if plan.target_incentive == ASSIGNED:
        return f"{how}. The target is each rep's own."
    if isinstance(plan.target_incentive, Fraction):
        given = money(float(plan.target_incentive), plan.currency, digits(plan.target_incentive))
        return f"{how}. The target is {given} over {plan.effective.first} to {plan.effective.last}."
    return f"{how}."
