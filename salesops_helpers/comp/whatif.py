"""One plan, changed: another weight of the own part, another accelerator."""

from __future__ import annotations

from fractions import Fraction

from salesops_helpers.comp.numbers import Rate
from salesops_helpers.comp.payout_parts import Flat, Marginal, Tier
from salesops_helpers.comp.plans import Plan
from salesops_helpers.comp.rules import check
from salesops_helpers.errors import SalesOpsError


def can_vary(plan: Plan) -> bool:
    """Has the plan a target incentive and an individual part with a rate above 100 % of attainment?"""
    return plan.on_target and plan.own is not None and isinstance(plan.own.payout, (Flat, Marginal))


def levers(plan: Plan) -> tuple[Fraction, Fraction]:
    """The plan's own weight and accelerator (rate from 100 % on, in multiples of the target), as written."""
    payout = plan.own.payout
    above = (
        [t.rate.value for t in payout.tiers if t.start[0] <= 1] if isinstance(payout, Marginal) else [payout.rate.value]
    )
    return plan.own.weight, above[-1]


def vary(plan: Plan, weight: Fraction, accelerator: Fraction) -> Plan:
    """The plan with another weight of the rep's own part (the others share the rest as before) and another accelerator.

    Raises `SalesOpsError` where the plan has no such part, or no other part could take the rest of the weight.
    """
    others = [c for c in plan.components if c.weight is not None and c is not plan.own]
    if not can_vary(plan) or not 0 <= weight <= 1 or (not others and weight != 1):
        raise SalesOpsError(
            f"own weight {float(weight):.0%} in plan {plan.plan!r}",
            "0 to 100 % in a plan with weights of an own and another part, else 100 %",
            "choose another weight or plan",
        )
    rest = sum(c.weight for c in others)
    share = {c.id: (1 - weight) * (c.weight / rest if rest else Fraction(1, len(others))) for c in others}
    share[plan.own.id] = weight
    parts = [c.model_copy(update={"weight": share[c.id]}) if c.id in share else c for c in plan.components]
    place = parts.index(next(c for c in parts if c.id == plan.own.id))
    parts[place] = parts[place].model_copy(update={"payout": _accelerated(plan.own.payout, accelerator)})
    changed = plan.model_copy(update={"components": parts, "status": "draft"})
    check(changed)
    return changed


def _accelerated(payout: Flat | Marginal, accelerator: Fraction) -> Marginal:
    below = [t for t in payout.tiers if t.start[0] < 1] if isinstance(payout, Marginal) else [_tier("0%", payout.rate)]
    kept = [tier.model_copy(update={"end": None}) for tier in below]
    return Marginal(kind="marginal", unit="attainment", tiers=[*kept, _tier("100%", Rate(accelerator, "target"))])


def _tier(start: str, rate: Rate) -> Tier:
    return Tier.model_validate({"from": start, "rate": "1x"}).model_copy(update={"rate": rate})
