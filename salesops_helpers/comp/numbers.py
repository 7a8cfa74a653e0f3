"""Numbers of a plan, read from their text and kept exact; no float is ever made of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Annotated

from pydantic import BeforeValidator

_PLAIN = re.compile(r"[+-]?\d{1,15}(\.\d{1,12})?")
_CONDITION = re.compile(r"([A-Za-z][\w-]*)\.attainment\s*(<=|>=|<|>)\s*(\S+\s?%)")
_EFFECT = re.compile(r"([A-Za-z][\w-]*)\s+pays\s+(at most\s+)?(\S+\s?%)")
_PART = re.compile(r"[1-9]\d{0,3}/[1-9]\d{0,3}")
_CAP = re.compile(r"(\S+\s?%)\s+of\s+target")


class Refused(ValueError):
    """A plan that cannot be paid on: what is wrong, what is allowed, what to do, and where it stands in the plan."""

    def __init__(self, said: str, allowed: str, cure: str, where: tuple = ()):
        super().__init__(said)
        self.said, self.allowed, self.cure, self.where = said, allowed, cure, where


@dataclass(frozen=True)
class Rate:
    """A rate: ``1.5x`` is a multiple of the target incentive per 100 % of attainment, ``5%`` a share of the money."""

    value: Fraction
    of: str  # target | money

    def __str__(self) -> str:
        return f"{plain(self.value)}x" if self.of == "target" else f"{plain(self.value * 100)} %"


@dataclass(frozen=True)
class Condition:
    """``team.attainment >= 100%``: a component's attainment beside a bound."""

    component: str
    sign: str
    bound: Fraction

    def __str__(self) -> str:
        return f"{self.component}.attainment {self.sign} {plain(self.bound * 100)} %"


@dataclass(frozen=True)
class Effect:
    """``team pays 0%``: a share of what the component would pay; ``team pays at most 100%``: of its target."""

    component: str
    share: Fraction
    most: bool = False

    def __str__(self) -> str:
        return f"{self.component} pays {'at most ' if self.most else ''}{plain(self.share * 100)} %"


def plain(value: Fraction) -> str:
    """An exact number as a reader writes it: ``1.5``, ``7.25``, or ``1/3`` where no decimal holds it."""
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return str(value)
    with localcontext() as exact:
        exact.prec = len(str(value.numerator)) + value.denominator.bit_length()
        text = f"{Decimal(value.numerator) / Decimal(value.denominator):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _exact(text: object, shape: str, example: str) -> Fraction:
    if not isinstance(text, str) or not _PLAIN.fullmatch(text.strip()):
        raise Refused(
            f"is not {shape}",
            f"{shape} such as {example}, in plain digits with a point for decimals",
            f"write {shape}, for example {example}",
        )
    return Fraction(Decimal(text.strip()))


def to_money(text: object) -> Fraction:
    """``40000`` or ``1250.50``, in major units."""
    return _exact(text, "an amount", "40000")


def to_share(text: object) -> Fraction:
    """``75%`` as 3/4, and ``1/3`` where no percentage holds it."""
    if isinstance(text, str) and _PART.fullmatch(text.strip()):
        return Fraction(text.strip())
    if not isinstance(text, str) or not text.strip().endswith("%"):
        raise Refused(
            "is not a percentage", "a percentage such as 75%", "write it with a percent sign, for example 75%"
        )
    return _exact(text.strip()[:-1].strip(), "a percentage", "75%") / 100


def to_bound(text: object) -> tuple[Fraction, str]:
    """A bound with its unit: ``80%`` is attainment, ``150000`` is money."""
    percent = isinstance(text, str) and text.strip().endswith("%")
    return (to_share(text), "attainment") if percent else (to_money(text), "money")


def to_rate(text: object) -> Rate:
    """``1.5x``, ``5%`` or ``0.05``."""
    given = text.strip() if isinstance(text, str) else text
    if isinstance(given, str) and given.endswith("x"):
        return Rate(_exact(given[:-1], "a multiple of the target", "1.5x"), "target")
    if isinstance(given, str) and given.endswith("%"):
        return Rate(to_share(given), "money")
    return Rate(_exact(given, "a rate", "5% (of the money) or 1.5x (of the target)"), "money")


def to_condition(text: object) -> Condition:
    """``own.attainment < 50%``."""
    found = _CONDITION.fullmatch(text.strip()) if isinstance(text, str) else None
    if not found:
        raise Refused(
            "is not a condition",
            "COMPONENT.attainment, one of < <= > >=, and a percentage",
            "write for example: own.attainment < 50%",
        )
    return Condition(found[1], found[2], to_share(found[3]))


def to_effect(text: object) -> Effect:
    """``team pays 0%``, or ``team pays at most 100%``."""
    found = _EFFECT.fullmatch(text.strip()) if isinstance(text, str) else None
    if not found:
        raise Refused("is not an effect", "COMPONENT pays PERCENTAGE", "write for example: team pays 0%")
    return Effect(found[1], to_share(found[3]), found[2] is not None)


def to_cap(text: object) -> Fraction:
    """``250% of target`` as 5/2."""
    found = _CAP.fullmatch(text.strip()) if isinstance(text, str) else None
    if not found:
        raise Refused("is not a cap", "PERCENTAGE of target", "write for example: 250% of target")
    return to_share(found[1])


def to_limit(text: object) -> tuple[Fraction, str]:
    """``2000`` in money, or ``150% of target`` of a component's part of the target."""
    if isinstance(text, str) and text.strip().endswith("target"):
        return to_cap(text), "target"
    return to_money(text), "money"


def to_fund(text: object) -> tuple[Fraction, str]:
    """``10%`` of what is measured, or ``10000`` in money."""
    percent = isinstance(text, str) and text.strip().endswith("%")
    return (to_share(text), "measured") if percent else (to_money(text), "money")


def to_where(given: object) -> tuple[tuple[str, tuple[str, ...], bool], ...]:
    """``{product: Gold}``, ``{product: [Gold, Silver]}`` or ``{product: not Gold}``: column, values, taken (or not)."""
    if not isinstance(given, dict) or not given or set(given) - set(FILTERS):
        raise Refused(
            "is not a choice of deals",
            f"one or more of {', '.join(FILTERS)}, each with a value or a list of values",
            "write for example where: {product: Gold}, or {product: not Gold}",
        )
    found = []
    for column, asked in given.items():
        values = [str(v).strip() for v in (asked if isinstance(asked, list) else [asked])]
        out = [value.startswith("not ") for value in values]
        if not all(values) or any(out) != all(out):
            raise Refused("mixes values and their opposite", "values, or `not` before each", "write one of the two")
        found.append((column, tuple(v[4:].strip() if o else v for v, o in zip(values, out, strict=True)), not any(out)))
    return tuple(found)


FILTERS = ("product", "segment", "kind", "lead_source")
Money = Annotated[Fraction, BeforeValidator(to_money)]
Share = Annotated[Fraction, BeforeValidator(to_share)]
