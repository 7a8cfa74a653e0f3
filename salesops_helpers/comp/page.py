"""The document about a plan that everybody on it can look up: rules in words, a payout table, a picture."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from salesops_helpers.comp.approval import plan_hash
from salesops_helpers.comp.curves import findings, payout_curve, payout_table
from salesops_helpers.comp.plans import Plan
from salesops_helpers.comp.settings import example
from salesops_helpers.comp.wording import plan_in_words
from salesops_helpers.words import money, percent

if TYPE_CHECKING:
    from salesops_helpers.show import Shown

AT = np.round(np.arange(0, 201) / 100, 2)
WORDS = [
    ("attainment", "what was sold ÷ the goal for the same time: 60 of 80 is 75 %."),
    ("target", "the variable pay that the parts with a weight bring where all goals are at exactly 100 %; a bonus "
     "comes on top."),
    ("weight", "the part of the target that a part of the plan can bring at 100 %."),
    ("a part of a span", "who is on the plan for a part of a month, quarter or year has that part of target, amounts "
     "(days on the plan ÷ calendar days) and quota."),
    ("rounding", "each part is computed exactly and rounded once, at its end."),
]


@dataclass(frozen=True)
class PlanPage:
    """The pieces of a plan's page: its heading, the answer's sentences, and titled pieces in order."""

    heading: str
    answer: list[str]
    pieces: list[tuple[str, str, Shown]]


def plan_page(plan: Plan, yearly: Fraction | None = None, monthly: Fraction | None = None) -> PlanPage:
    """The page of a plan, with pay at round goals or for a yearly target and a monthly quota.

    Parameters
    ----------
    yearly, monthly : Fraction, optional
        Target incentive of a year and quota of a month (major units) that the table and the picture are made for;
        default: the plan's own target, else round figures.
    """
    from salesops_helpers import show
    from salesops_helpers.charts import comp as charts

    target, quota = example(plan, yearly, monthly)
    span, currency = plan.period.measure, plan.currency
    table = payout_table(plan, target, quota)
    curves = pd.concat([
        pd.DataFrame({"plan": plan.plan, "moves": moves, "attainment": AT,
                      "pay": payout_curve(plan, own, unit, target, quota)["pay"]})
        for moves, (own, unit) in {"own": (AT, 1.0), "unit": (1.0, AT)}.items()], ignore_index=True)
    found = findings(plan, target, quota)
    given = f"a target of {money(float(target), currency)} and a quota of {money(float(quota), currency)} a {span}"
    given = given if plan.on_target else f"a quota of {money(float(quota), currency)} a {span}"
    picture = show.figure(charts.payout_curves(curves, found, currency, span), alt=_alt(plan, table))
    formats = {"attainment": "whole_percent", "pay_alone": "cents", "pay_together": "cents"}
    formats |= {"share_together": "percent"} if plan.on_target else {}
    labels = {"pay_alone": f"pay a {span}, team at 100 % ({currency})",
              "pay_together": f"pay a {span}, all goals at it ({currency})", "share_together": "share of target"}
    rules, glossary = plan_in_words(plan), pd.DataFrame(WORDS, columns=["word", "meaning"])
    pieces = [
        ("What the plan says", "Each rule as the engine pays it; the file of the plan says the same.",
         show.table(rules, {"part": "text", "weight": "text", "rule": "text"})),
        ("What it pays", f"With {given}; attainment is that of the own goal.", show.table(table, formats, labels)),
        ("The same as a picture", "Left the own result moves, right the result of the unit; the other stays at 100 %.",
         picture),
        ("Words", "", show.table(glossary, {"word": "text", "meaning": "text"})),
        ("Which plan this is", "", show.table(_about(plan), {"what": "text", "is": "text"})),
    ]
    return PlanPage(f"How does {plan.plan} pay?", [_headline(plan, table, given)], pieces)


def _headline(plan: Plan, table: pd.DataFrame, given: str) -> str:
    at = table.set_index("attainment")["pay_together"]
    span, currency = plan.period.measure, plan.currency
    half, full, more = (_to_the_cent(at[a], currency) for a in (0.5, 1.0, 1.5))
    return f"With all goals at 100 % it pays {full} a {span}, at 50 % {half} and at 150 % {more} (for {given})."


def _to_the_cent(amount: float, currency: str) -> str:
    """As the table shows it, without the cents where there are none."""
    return money(amount, currency, 0 if float(amount).is_integer() else 2)


def _alt(plan: Plan, table: pd.DataFrame) -> str:
    at = table.set_index("attainment")["pay_alone"]
    said = [f"{_to_the_cent(pay, plan.currency)} at {percent(a, 0)}" for a, pay in at.items()]
    return f"Pay against the own attainment, with the team at 100 %: {', '.join(said)}."


def _about(plan: Plan) -> pd.DataFrame:
    approved = f"{plan.status}, by {plan.approved_by}" if plan.approved_by else plan.status
    rows = [("plan", plan.plan), ("version", str(plan.version)), ("status", approved),
            ("holds", f"{plan.effective.first} to {plan.effective.last}"), ("currency", plan.currency),
            ("fingerprint", plan_hash(plan))]
    return pd.DataFrame(rows, columns=["what", "is"])
