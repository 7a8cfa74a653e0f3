"""Pay: plans as data, exact payouts, plans compared.

Start at `scenario` (two plans on a company's past deals), `payouts` (what one plan pays each rep) and `read_plans`.
"""

from salesops_helpers.comp.compare import Comparison, compare, cost, sides
from salesops_helpers.comp.curves import findings, payout_curve, payout_table
from salesops_helpers.comp.lines import pay_lines, used_credit
from salesops_helpers.comp.payouts import payouts
from salesops_helpers.comp.plans import Plan, read_plan, read_plans
from salesops_helpers.comp.scenario import Scenario, scenario
from salesops_helpers.comp.sentences import (
    answer_sentences,
    curve_words,
    limits,
    moved_words,
    span_word,
    uncomputed,
    undrawn,
)
from salesops_helpers.comp.tables import (
    abreast,
    accounts,
    cost_columns,
    default_cases,
    findings_in_words,
    labels,
    published,
)
from salesops_helpers.comp.whatif import can_vary, vary, what_if, what_ifs

__all__ = [
    "Comparison",
    "Plan",
    "Scenario",
    "abreast",
    "accounts",
    "answer_sentences",
    "can_vary",
    "compare",
    "cost",
    "cost_columns",
    "curve_words",
    "default_cases",
    "findings",
    "findings_in_words",
    "labels",
    "limits",
    "moved_words",
    "pay_lines",
    "payout_curve",
    "payout_table",
    "payouts",
    "published",
    "read_plan",
    "read_plans",
    "scenario",
    "sides",
    "span_word",
    "uncomputed",
    "undrawn",
    "used_credit",
    "vary",
    "what_if",
    "what_ifs",
]
