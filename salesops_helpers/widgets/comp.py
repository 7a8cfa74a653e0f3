"""The explorer of the pay page: quotas, targets, weights and rates moved, with cost and one rep's pay at once."""

from __future__ import annotations

import base64
from fractions import Fraction
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from salesops_helpers.comp.curves import payout_curve
from salesops_helpers.comp.evaluate import Payer
from salesops_helpers.comp.outlook import SOME, Outlook
from salesops_helpers.comp.plans import Plan
from salesops_helpers.comp.solver import carried
from salesops_helpers.comp.spans import LENGTHS
from salesops_helpers.comp.whatif import can_vary, levers, vary
from salesops_helpers.show import Shown, note
from salesops_helpers.words import money, percent, short_money

if TYPE_CHECKING:
    from ipywidgets import Widget

AT = np.round(np.arange(0, 201) / 100, 2)
SHARES = np.arange(1, 100) / 100


class Changed:
    """One simulated plan with its levers moved: cost on the page's own draws, and any rep's pay."""

    def __init__(self, o: Outlook, n: int):
        self.o, self.plan = o, o.made.plans[n]
        self.block = o.made.kept.head(SOME).lifted(o.made.lift[n])
        self.cost, self.sold = o.made.cost[n], o.made.bookings.mean() * (1 + o.made.lift[n])
        self.months = LENGTHS[self.plan.period.measure]

    def turned(self, weight: int, rate: float) -> Plan:
        """The plan with another own weight (percent) and rate above 100 %."""
        return vary(self.plan, Fraction(weight, 100), Fraction(f"{rate:.2f}"))

    def costs(self, plan: Plan, quota: float, target: float) -> np.ndarray:
        """Cost of each possible year of the page (currency), from some of them."""
        found = Payer(plan, self.o.made.market.footing.changed(quota, target)).pay(self.block).sum(axis=1)
        return carried(self.cost, found)[0]

    def pays(self, plan: Plan, seat: int, at, quota: float = 1.0, target: float = 1.0) -> np.ndarray:
        """Pay of a seat in one measured span at attainments of today's quota, the team at 100 % (currency)."""
        yearly = self.o.made.market.footing.target[seat] * target
        goal = self.o.made.market.footing.quota[:, seat].mean() * self.months * quota
        own = np.asarray(at, dtype=float) / quota
        return payout_curve(plan, own, 1.0 / quota, yearly * self.months / 12, goal)["pay"].to_numpy(float)


def pay_explorer(o: Outlook) -> Widget | Shown:
    """Sliders over the first plan that has an own part with a rate; a note where there is nothing to compute."""
    n = next((n for n, plan in enumerate(o.made.plans) if can_vary(plan)), None) if o.computed else None
    if n is None:
        return note(*o.scenario.lacking, *o.lacking, "There is nothing to explore: no plan's pay can be simulated.")
    import ipywidgets as ui

    from salesops_helpers.charts.outlook import Live
    from salesops_helpers.widgets.frame import explorer

    changed = Changed(o, n)
    plan = changed.plan
    weight, rate = levers(plan)
    live = Live(o.scenario.currency, plan.period.measure)
    others = any(c.weight is not None and c is not plan.own for c in plan.components)
    wide = {"style": {"description_width": "150px"}, "continuous_update": False}
    names = [(str(name), seat) for seat, name in enumerate(o.seats.people["name"])]
    return explorer(
        lambda **values: pay_what_if(changed, live, **values),
        quota=ui.FloatSlider(value=1.0, min=0.7, max=1.3, step=0.05, description="quotas ×", **wide),
        target=ui.FloatSlider(value=1.0, min=0.7, max=1.3, step=0.05, description="target incentives ×", **wide),
        own_weight=ui.IntSlider(value=round(weight * 100), min=0 if others else 100, max=100, step=5,
                                description="own weight (%)", disabled=not others, **wide),
        rate=ui.FloatSlider(value=float(rate), min=0.5, max=3.0, step=0.1, description="rate above 100 % (×)", **wide),
        seat=ui.Dropdown(options=names, value=0, description="what would … earn", style=wide["style"]),
        reached=ui.IntSlider(value=100, min=0, max=200, step=5, description="at attainment (%)", **wide),
    )


def pay_what_if(
    changed: Changed, live, quota: float, target: float, own_weight: int, rate: float, seat: int, reached: int
) -> tuple[str, Shown]:
    """The sentence and the figure for one setting of the explorer's controls."""
    plan, currency = changed.turned(own_weight, rate), changed.o.scenario.currency
    cost, at = changed.costs(plan, quota, target), reached / 100
    more = np.median(cost) - np.median(changed.cost)
    curves = [changed.pays(changed.plan, seat, AT), changed.pays(plan, seat, AT, quota, target)]
    before, after = (float(np.interp(at, AT, curve)) for curve in curves)
    picture = live.png([(SHARES, np.quantile(c, SHARES)) for c in (changed.cost, cost)],
                       [(AT, curve) for curve in curves], at, after)
    who = changed.o.seats.people["name"].iloc[seat]
    how = f"{money(abs(more), currency)} {'more' if more > 0 else 'less'} than as" if abs(more) >= 1 else "the same as"
    same_pay = abs(after - before) < 0.005
    head, against = (" as written", "") if abs(more) < 1 and same_pay else (", changed", f", {how} written")
    said = (f"{plan.plan}{head}: {short_money(np.median(cost), currency)} in the middle and "
            f"{short_money(np.quantile(cost, 0.8))} in four of five years, "
            f"{percent(cost.mean() / changed.sold, 2)} of bookings{against}. {who} at {reached} % would earn "
            f"{money(after, currency)} a {plan.period.measure}"
            f"{'' if same_pay else f' instead of {money(before, currency)}'}.")
    source = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    alt = escape(f"Cost of a year and payout curve, as written and changed. {said}")
    return said, Shown(f'<figure><img src="{source}" alt="{alt}"></figure>', said)
