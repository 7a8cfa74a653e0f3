"""The parts of a plan's YAML as strict models: period, measures, payouts, gates and cap."""

from __future__ import annotations

import datetime as dt
import re
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from salesops_helpers.comp.numbers import (
    Condition,
    Effect,
    Money,
    Rate,
    Refused,
    Share,
    to_bound,
    to_cap,
    to_condition,
    to_effect,
    to_money,
    to_rate,
)

ASSIGNED = "assigned"
Id = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,39}$")]


def _day(text: object) -> dt.date:
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(text)):
            raise ValueError
        return dt.date.fromisoformat(str(text))
    except ValueError:
        raise Refused("is not a day", "a day written YYYY-MM-DD", "write for example 2026-01-01") from None


def _whole(text: object) -> int:
    if not re.fullmatch(r"\d{1,6}", str(text)):
        raise Refused("is not a whole number", "a whole number such as 1", "write a whole number")
    return int(str(text))


def target(text: object) -> object:
    """``assigned``, an amount, or nothing."""
    return text if text in (None, ASSIGNED) else to_money(text)


Day = Annotated[dt.date, BeforeValidator(_day)]
Whole = Annotated[int, BeforeValidator(_whole)]
Bound = Annotated[tuple[Fraction, str], BeforeValidator(to_bound)]


class Strict(BaseModel):
    """A part of a plan: unknown keys are refused, and it never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


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
    month in which that span ends. `accumulate: ytd`: at each such end the fiscal year to date is computed anew, and
    what was paid before is deducted.
    """

    measure: Literal["month", "quarter", "year"]
    pay: Literal["month"]
    accumulate: Literal["none", "ytd"]
    true_up: Literal["deduct_paid"] | None = None


class Rounding(Strict):
    scale: Annotated[Whole, Field(le=4)]
    mode: Literal["half_up", "half_even", "half_down"]


class Measure(Strict):
    """What is counted (`bookings`: quota credit; `commissionable`: commission credit), and whose."""

    of: Literal["bookings", "commissionable"]
    level: Literal["individual", "team", "region", "company"]


class Tier(Strict):
    start: Bound = Field(alias="from")
    end: Bound | None = Field(default=None, alias="to")
    rate: Annotated[Rate, BeforeValidator(to_rate)]


class Flat(Strict):
    """One rate on everything: ``5%`` of the money, or ``1x`` of the target per 100 % of attainment."""

    kind: Literal["flat"]
    rate: Annotated[Rate, BeforeValidator(to_rate)]


class Tiered(Strict):
    unit: Literal["attainment", "money"]
    tiers: Annotated[list[Tier], Field(min_length=1)]
    below: Literal["pays nothing"] | None = None


class Marginal(Tiered):
    """Each band at its own rate."""

    kind: Literal["marginal"]


class Retroactive(Tiered):
    """Everything at the rate of the tier that is reached; `tie` says which tier holds exactly on a bound."""

    kind: Literal["retroactive"]
    tie: Literal["upper", "lower"]


class Curve(Strict):
    """Straight lines between points; `threshold`: below it nothing is paid, whatever the line says."""

    kind: Literal["curve"]
    points: Annotated[list[tuple[Bound, Bound]], Field(min_length=2)]
    beyond: Literal["flat", "extrapolate"]
    below: Literal["pays nothing"] | None = None
    threshold: Bound | None = None


class Bonus(Strict):
    """An amount for each measured span in which a condition is met; it carries no weight."""

    kind: Literal["bonus"]
    when: Annotated[Condition, BeforeValidator(to_condition)]
    pays: Money


class Component(Strict):
    id: Id
    weight: Share | None = None
    measure: Measure
    payout: Annotated[Flat | Marginal | Retroactive | Curve | Bonus, Field(discriminator="kind")]

    @property
    def unit(self) -> str:
        """``target``: pay is a multiple of the target; ``quota``: a rate on money, with bounds in attainment;
        ``money``: a rate on money, with bounds in money; ``bonus``: an amount."""
        payout = self.payout
        if isinstance(payout, Bonus):
            return "bonus"
        if isinstance(payout, Curve):
            return "target" if payout.points[0][0][1] == "attainment" else "money"
        if isinstance(payout, Flat):
            return payout.rate.of
        return "money" if payout.unit == "money" else "target" if payout.tiers[0].rate.of == "target" else "quota"


class Gate(Strict):
    condition: Annotated[Condition, BeforeValidator(to_condition)] = Field(alias="if")
    effect: Annotated[Effect, BeforeValidator(to_effect)] = Field(alias="then")


class Cap(Strict):
    of: Literal["total"]
    at: Annotated[Fraction, BeforeValidator(to_cap)]
    excess: Literal["forfeited"]


class WrittenPlan(Strict):
    """A pay plan as it is written, one version of it: each value is possible, whether they fit together is not checked.

    Attributes
    ----------
    plan : str
        Its name, which is also the name of its file.
    version, status, effective, currency
        Which version, ``draft`` or ``approved``, from when to when, ISO 4217.
    target_incentive : Fraction, "assigned" or None
        Variable pay at 100 %: per effective span in major units, or each rep's own yearly amount in plan_assignments,
        or None where the plan pays plain rates on money.
    components, gates, cap, period, rounding
        How it pays. `draw` and `clawback` may only be null: they are not computed yet.
    """

    plan: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
    version: Whole
    status: Literal["draft", "approved"]
    effective: Effective
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    period: Period
    rounding: Rounding
    target_incentive: Annotated[Fraction | Literal["assigned"] | None, BeforeValidator(target)] = None
    components: Annotated[list[Component], Field(min_length=1)]
    gates: list[Gate] = []
    cap: Cap | None = None
    draw: None = None
    clawback: None = None

    def component(self, name: str) -> Component:
        return next(c for c in self.components if c.id == name)

    @property
    def own(self) -> Component | None:
        """The first component that pays on the rep's own result, if there is one."""
        mine = [c for c in self.components if c.measure.level == "individual" and c.unit != "bonus"]
        return mine[0] if mine else None

    @property
    def on_target(self) -> bool:
        return self.target_incentive is not None
