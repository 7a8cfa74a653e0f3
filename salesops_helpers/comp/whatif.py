"""One plan, changed: another weight, accelerator or quota level, on the same deals and the same functions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd

from salesops_helpers.comp.compare import compare, cost
from salesops_helpers.comp.curves import findings, payout_curve
from salesops_helpers.comp.numbers import Rate
from salesops_helpers.comp.payout_parts import Flat, Marginal, Tier
from salesops_helpers.comp.plans import Plan
from salesops_helpers.comp.rules import check
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError

WRITTEN, CHANGED = "as written", "changed"


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


def what_if(
    plan: Plan,
    tables: Tables,
    start,
    end,
    weight: Fraction,
    accelerator: Fraction,
    quota_factor: Fraction = Fraction(1),
) -> pd.DataFrame:
    """Cost of a plan as written and changed, on the deals of `start` to `end`.

    Returns
    -------
    DataFrame
        case (as written, changed), own_weight, accelerator (multiple of the target), quota_factor, pay, sales
        (currency), cost_of_sales (share), more (pay less that as written).
    """
    rows = []
    cases = ((WRITTEN, plan, Fraction(1)), (CHANGED, vary(plan, weight, accelerator), quota_factor))
    for case, version, factor in cases:
        own, above = levers(version)
        found = cost(compare([version], tables, start, end, factor))[["pay", "sales", "cost_of_sales"]]
        rows.append(
            found.assign(case=case, own_weight=float(own), accelerator=float(above), quota_factor=float(factor))
        )
    frame = pd.concat(rows, ignore_index=True)
    frame["more"] = frame["pay"] - frame.loc[frame["case"] == WRITTEN, "pay"].sum()
    return frame[["case", "own_weight", "accelerator", "quota_factor", "pay", "sales", "cost_of_sales", "more"]]


def what_ifs(plan: Plan, tables: Tables, start, end) -> pd.DataFrame:
    """The plan as written, and one lever moved at a time: accelerator + 0.5, equal weights, quotas 10 % up and down."""
    weight, above = levers(plan)
    ten = Fraction(1, 10)
    moves = [(weight, above + Fraction(1, 2), Fraction(1)), (weight, above, 1 + ten), (weight, above, 1 - ten)]
    if any(c.weight is not None and c is not plan.own for c in plan.components):
        moves.insert(1, (Fraction(1, 2), above, Fraction(1)))
    frames = [what_if(plan, tables, start, end, *move) for move in moves]
    return pd.concat([frames[0].head(1), *(frame.tail(1) for frame in frames)], ignore_index=True)


def changed_curves(
    plan: Plan, weight: Fraction, accelerator: Fraction, target: Fraction, quota: Fraction
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Curves and findings of the plan as written and changed, as the figure of payout curves takes them."""
    at = np.round(np.arange(0, 201) / 100, 2)
    curves, found = [], []
    for case, version in ((WRITTEN, plan), (CHANGED, vary(plan, weight, accelerator))):
        found.append(findings(version, target, quota).assign(plan=case))
        for moves, (own, unit) in {"own": (at, 1.0), "unit": (1.0, at)}.items():
            pay = payout_curve(version, own, unit, target, quota)["pay"]
            curves.append(pd.DataFrame({"plan": case, "moves": moves, "attainment": at, "pay": pay}))
    return pd.concat(curves, ignore_index=True), pd.concat(found, ignore_index=True)
