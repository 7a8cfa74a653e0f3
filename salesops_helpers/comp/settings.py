"""The example with which a plan is shown where nobody's own target and quota are asked for."""

from __future__ import annotations

from fractions import Fraction

from salesops_helpers.comp.plans import Plan
from salesops_helpers.comp.spans import LENGTHS

YEARLY, QUOTA = Fraction(12_000), Fraction(50_000)  # target a year, quota a month: round figures, nobody's own


def example(plan: Plan, yearly: Fraction | None = None, monthly: Fraction | None = None) -> tuple[Fraction, Fraction]:
    """Target and quota of one measured span: the plan's own yearly target where it names one, else round figures."""
    months = LENGTHS[plan.period.measure]
    named = plan.target_incentive if isinstance(plan.target_incentive, Fraction) else None
    own = named * 12 / plan.effective.months if named is not None else YEARLY
    return (yearly if yearly is not None else own) * months / 12, (monthly if monthly is not None else QUOTA) * months
