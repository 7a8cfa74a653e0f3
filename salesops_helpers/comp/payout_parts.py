"""The payouts of a plan's YAML as strict models: how a measured value turns into pay."""

from __future__ import annotations

import datetime as dt
import re
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from salesops_helpers.comp.numbers import (
    Condition,
    Money,
    Rate,
    Refused,
    Share,
    to_bound,
    to_condition,
    to_fund,
    to_rate,
)

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


Day = Annotated[dt.date, BeforeValidator(_day)]
Whole = Annotated[int, BeforeValidator(_whole)]
Bound = Annotated[tuple[Fraction, str], BeforeValidator(to_bound)]
Given = Annotated[Condition, BeforeValidator(to_condition)]


class Strict(BaseModel):
    """A part of a plan: unknown keys are refused, and it never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


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


class Excess(Tiered):
    """Everything above quota at the rate of the tier that is reached.

    `unit: attainment`: the tier is found by attainment, and what lies below quota is paid at the first rate.
    `unit: money`: the tier is found by the amount above quota, and what lies below quota pays nothing.
    """

    kind: Literal["excess"]
    tie: Literal["upper", "lower"]


class Curve(Strict):
    """Straight lines between points; `threshold`: below it nothing is paid, whatever the line says."""

    kind: Literal["curve"]
    points: Annotated[list[tuple[Bound, Bound]], Field(min_length=2)]
    beyond: Literal["flat", "extrapolate"]
    below: Literal["pays nothing"] | None = None
    threshold: Bound | None = None


class Side(Strict):
    """One side of a matrix: whose attainment, and the bounds of its rows or columns."""

    of: Id
    bounds: Annotated[list[Share], Field(alias="from", min_length=1)]


class Matrix(Strict):
    """A table of percentages by one attainment (rows), or by two (rows and columns); `tie` as in retroactive tiers."""

    kind: Literal["matrix"]
    rows: Side
    columns: Side | None = None
    pays: Annotated[list[list[Share]], Field(min_length=1)]
    tie: Literal["upper", "lower"]


class Bonus(Strict):
    """An amount for each measured span in which a condition is met; it carries no weight."""

    kind: Literal["bonus"]
    when: Given
    pays: Money


class Fixed(Strict):
    """An amount for each measured span, whatever is sold."""

    kind: Literal["fixed"]
    pays: Money


class Each(Strict):
    """An amount for each deal or activity that is counted: a SPIF, or a fee."""

    kind: Literal["each"]
    pays: Money


class Pool(Strict):
    """A fund that the eligible reps of the unit who are on this plan share."""

    kind: Literal["pool"]
    fund: Annotated[tuple[Fraction, str], BeforeValidator(to_fund)]
    share: Literal["equal", "bookings", "target"]
    eligible: Given | None = None


class Measured(Strict):
    """Measured, for gates, bonuses, matrices and weighted attainments to refer to; it pays nothing itself."""

    kind: Literal["measured"]


Payout = Annotated[
    Flat | Marginal | Retroactive | Excess | Curve | Matrix | Bonus | Fixed | Each | Pool | Measured,
    Field(discriminator="kind"),
]
Factor = Annotated[Flat | Curve | Matrix, Field(discriminator="kind")]
UNITS = {"bonus": "bonus", "fixed": "fixed", "each": "count", "pool": "pool", "measured": "none", "matrix": "target"}


def unit_of(payout) -> str:
    """What a payout is a multiple of: ``target``; ``quota`` (a rate on money, bounds in attainment); ``money`` (a rate
    on money, bounds in money); ``count``; or ``bonus``, ``fixed``, ``pool``, ``none``."""
    if payout.kind in UNITS:
        return UNITS[payout.kind]
    if payout.kind == "curve":
        return "target" if payout.points[0][0][1] == "attainment" else "money"
    if payout.kind == "flat":
        return payout.rate.of
    return "money" if payout.unit == "money" else "target" if payout.tiers[0].rate.of == "target" else "quota"
