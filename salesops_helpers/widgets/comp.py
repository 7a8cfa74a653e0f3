"""The explorer of the pay page: quota level, own weight and accelerator, with cost and payout curve at once."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from salesops_helpers.comp.scenario import Scenario
from salesops_helpers.comp.whatif import can_vary, changed_curves, levers, what_if
from salesops_helpers.data.container import Tables
from salesops_helpers.show import Shown, figure, note
from salesops_helpers.words import money, percent, short_money

if TYPE_CHECKING:
    from ipywidgets import Widget


def pay_explorer(scenario: Scenario, tables: Tables) -> Widget | Shown:
    """Sliders over the first plan that has an own part with a rate; a note where there is nothing to compute.

    Quotas (× 0.70 to 1.30), weight of the own part, accelerator above 100 % → cost on the past deals, and the payout
    curve of a typical rep. The same functions as the page (`comp.whatif`).
    """
    plan = next((p for p in scenario.drawn if can_vary(p)), None)
    if plan is None or not scenario.computed:
        return note(*scenario.lacking, "There is nothing to explore: no plan's pay can be computed.")
    import ipywidgets as ui

    from salesops_helpers.widgets.frame import explorer

    weight, accelerator = levers(plan)
    others = any(c.weight is not None and c is not plan.own for c in plan.components)
    wide = {"style": {"description_width": "150px"}, "continuous_update": False}
    return explorer(
        lambda **values: pay_what_if(scenario, tables, plan.plan, **values),
        quota_factor=ui.FloatSlider(value=1.0, min=0.7, max=1.3, step=0.05, description="quotas ×", **wide),
        own_weight=ui.IntSlider(
            value=round(weight * 100),
            min=0 if others else 100,
            max=100,
            step=5,
            description="own weight (%)",
            disabled=not others,
            **wide,
        ),
        accelerator=ui.FloatSlider(
            value=float(accelerator), min=0.5, max=3.0, step=0.1, description="rate above 100 % (×)", **wide
        ),
    )


def pay_what_if(
    scenario: Scenario, tables: Tables, name: str, quota_factor: float, own_weight: int, accelerator: float
) -> tuple[str, Shown]:
    """The sentence and the figure for one setting of the explorer's controls."""
    from salesops_helpers.charts.comp import payout_curves

    plan = next(p for p in scenario.plans if p.plan == name)
    factor, rate = Fraction(f"{quota_factor:.2f}"), Fraction(f"{accelerator:.2f}")
    weight = Fraction(own_weight, 100)
    found = what_if(plan, tables, scenario.start, scenario.end, weight, rate, factor).iloc[-1]
    how = "more" if found["more"] > 0 else "less"
    said = (
        f"{plan.plan} with quotas × {quota_factor:.2f}, own weight {own_weight} % and rate {accelerator:.1f} "
        "above 100 %: "
        f"{short_money(found['pay'], scenario.currency)}, {percent(found['cost_of_sales'], 2)} of bookings, "
        f"{money(abs(found['more']), scenario.currency)} {how} than as written."
    )
    curves, marks = changed_curves(plan, weight, rate, scenario.target[name], scenario.quota[name])
    fig = payout_curves(curves, marks, scenario.currency, plan.period.measure)
    return said, figure(fig, alt=f"Payout curve of {plan.plan} as written and changed. {said}")
