"""The parts of a plan's YAML as strict models: period, measures, components, and what holds for the whole plan."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from salesops_helpers.comp.numbers import (
    Effect,
    Money,
    Share,
    to_cap,
    to_effect,
    to_limit,
    to_money,
    to_where,
)
from salesops_helpers.comp.payout_parts import Day, Factor, Given, Id, Payout, Strict, Whole, unit_of

ASSIGNED = "assigned"
WEIGHTLESS = ("bonus", "fixed", "count", "pool", "none")
GOALED = ("bookings", "score", "weighted")  # measures that have an attainment; others need a goal
Spans = Literal["month", "quarter", "year"]


def target(text: object) -> object:
    """``assigned``, an amount, or nothing."""
    return text if text in (None, ASSIGNED) else to_money(text)


class Effective(Strict):
    """First and last day on which the plan holds."""

    first: Day = Field(alias="from")
    last: Day = Field(alias="to")

    @property
    def months(self) -> int:
        return (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1


class Period(Strict):
    """The span that is measured, and how its pay is settled.

    `measure`: goals and tiers hold for a month, a fiscal quarter or a fiscal year; it is paid with the payroll of the
    month in which that span ends. `accumulate: ytd`: at each such end the fiscal year to date is computed anew;
    `true_up: deduct_paid` then deducts what was paid before, `rate_only` lets the year to date pick the rate for the
    span alone. `goals: full_year`: the year to date stands against the goals and the target of the whole year.
    """

    measure: Spans
    pay: Literal["month"]
    accumulate: Literal["none", "ytd"]
    true_up: Literal["deduct_paid", "rate_only"] | None = None
    goals: Literal["to_date", "full_year"] = "to_date"

    @property
    def to_date(self) -> bool:
        """True where what is paid is the year to date less what was paid before."""
        return self.true_up == "deduct_paid"


class Rounding(Strict):
    scale: Annotated[Whole, Field(le=4)]
    mode: Literal["half_up", "half_even", "half_down"]


class Days(Strict):
    """First and last day on which a deal or activity counts."""

    first: Day = Field(alias="from")
    last: Day = Field(alias="to")


class Measure(Strict):
    """What is counted, and whose.

    `of`: ``bookings`` (quota credit), ``commissionable`` (commission credit), ``deals`` or ``activities`` (their
    number), ``score`` (of a set `objective`, from mbo_scores), ``commission`` (what the others of the unit earn),
    ``weighted`` (the attainments of other components, by `parts`). `where` and `days` choose deals or activities;
    `goal` names a KPI of the table targets that takes the place of the quota.
    """

    of: Literal["bookings", "commissionable", "deals", "activities", "score", "commission", "weighted", "nothing"]
    level: Literal["individual", "team", "region", "company", "reports"] = "individual"
    where: Annotated[tuple, BeforeValidator(to_where)] = ()
    days: Days | None = None
    goal: str | None = None
    objective: str | None = None
    parts: dict[Id, Share] | None = None

    @property
    def own(self) -> bool:
        return self.level == "individual"

    @property
    def goaled(self) -> bool:
        """True where there is something to reach: a quota, a goal, a score's 100 %."""
        return self.of in GOALED or self.goal is not None


NOTHING = Measure(of="nothing")


class Component(Strict):
    """One part of a plan: what it measures, over which span, what it pays, and its own floor and cap.

    `per: deal`: each deal is paid on its own, and floor and cap hold for each deal.
    """

    id: Id
    weight: Share | None = None
    span: Spans | None = None
    per: Literal["deal"] | None = None
    measure: Measure = NOTHING
    payout: Payout
    floor: Money | None = None
    cap: Annotated[tuple[Fraction, str], BeforeValidator(to_limit)] | None = None

    @property
    def unit(self) -> str:
        """What pay is a multiple of; see `payout_parts.unit_of`."""
        return unit_of(self.payout)

    @property
    def weightless(self) -> bool:
        return self.unit in WEIGHTLESS


class Gate(Strict):
    condition: Given = Field(alias="if")
    effect: Annotated[Effect, BeforeValidator(to_effect)] = Field(alias="then")


class Modifier(Strict):
    """A factor on what components pay: ``1x`` makes it the attainment itself, a curve or matrix a percentage of it."""

    id: Id
    measure: Measure = NOTHING
    factor: Factor
    on: Annotated[list[Id], Field(min_length=1)]


class Modifiers(Strict):
    """Several factors multiply, or their differences from 100 % add."""

    combine: Literal["multiply", "add"]
    of: Annotated[list[Modifier], Field(min_length=1)]


class Cap(Strict):
    of: Literal["total"]
    at: Annotated[Fraction, BeforeValidator(to_cap)]
    excess: Literal["forfeited", "carried"]


class Draw(Strict):
    """Pay of at least `amount` a month, prorated by days on the plan, until the day `ends`.

    ``recoverable``: the top-up is owed, and recovered from later pay, either only from what exceeds the draw
    (``above_draw``) or from all earnings beside which the draw is paid (``from_earnings``).
    """

    amount: Money
    kind: Literal["recoverable", "non_recoverable"]
    recovery: Literal["above_draw", "from_earnings"] | None = None
    ends: Day | None = None


class Guarantee(Strict):
    """Earnings of at least `amount` a month in the first `months` on the plan, prorated by days on the plan."""

    amount: Money
    months: Whole


class Ramp(Strict):
    """The quota of the first months on the plan as shares of the full one: ``[50%, 75%]``."""

    quota: Annotated[list[Share], Field(min_length=1)]


class Step(Strict):
    within_days: Whole
    share: Share


class Clawback(Strict):
    """What is taken back where a deal is cancelled within `window_days` of its closing.

    ``recompute_period``: its period is computed again without it, and the difference is booked. ``pro_rata``: the share
    of `shares` by the deal's age (100 % without) of what was paid for the deal.
    """

    window_days: Whole | None = None
    method: Literal["recompute_period", "pro_rata"]
    shares: list[Step] = []


class WrittenPlan(Strict):
    """A pay plan as it is written, one version of it: each value is possible, whether they fit together is not checked.

    Attributes
    ----------
    plan : str
        Its name, which is also the name of its file.
    version, status, approved_by, effective, currency
        Which version, ``draft`` or ``approved`` and by whom, from when to when, ISO 4217.
    target_incentive : Fraction, "assigned" or None
        Variable pay at 100 %: per effective span in major units, or each rep's own yearly amount in plan_assignments,
        or None where the plan pays plain rates on money.
    components, modifiers, gates, cap, period, rounding, ramp, guarantee, draw, clawback
        How it pays.
    """

    plan: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
    version: Whole
    status: Literal["draft", "approved"]
    approved_by: str | None = None
    effective: Effective
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    period: Period
    rounding: Rounding
    target_incentive: Annotated[Fraction | Literal["assigned"] | None, BeforeValidator(target)] = None
    components: Annotated[list[Component], Field(min_length=1)]
    modifiers: Modifiers | None = None
    gates: list[Gate] = []
    cap: Cap | None = None
    ramp: Ramp | None = None
    guarantee: Guarantee | None = None
    draw: Draw | None = None
    clawback: Clawback | None = None

    def component(self, name: str) -> Component:
        return next(c for c in self.components if c.id == name)

    def span(self, component: Component) -> str:
        return component.span or self.period.measure

    @property
    def own(self) -> Component | None:
        """The first component that pays on the rep's own result, if there is one."""
        mine = [c for c in self.components if c.measure.own and not c.weightless]
        return mine[0] if mine else None

    @property
    def on_target(self) -> bool:
        return self.target_incentive is not None
