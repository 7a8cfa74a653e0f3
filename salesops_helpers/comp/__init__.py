"""Pay: plans as data, exact payouts, plans compared.

Start at `statements` (a month's pay, exact, with every line), `scenario` (two plans on a company's past deals),
`payouts` (what one plan pays each rep) and `read_plans`.
"""

from salesops_helpers.comp.aside import account_words, aside_of
from salesops_helpers.comp.book import month_of_pay
from salesops_helpers.comp.compare import Comparison, compare, cost, sides
from salesops_helpers.comp.curves import findings, payout_curve, payout_table
from salesops_helpers.comp.fairness import by_group, follows
from salesops_helpers.comp.lines import pay_lines, used_credit
from salesops_helpers.comp.outlook import (
    Outlook,
    answers,
    break_even,
    costs,
    outlook,
    pay_shares,
    people,
    responses,
    spread,
)
from salesops_helpers.comp.outlook_tables import cases, outlook_labels, solved_table
from salesops_helpers.comp.outlook_words import (
    break_even_words,
    follows_words,
    outlook_limits,
    outlook_sentences,
    solved_words,
    spread_words,
)
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
from salesops_helpers.comp.simulation import Assumptions, simulate
from salesops_helpers.comp.statement_page import (
    accrual,
    brief,
    brief_columns,
    deals_of,
    disputes_of,
    goals_of,
    history_of,
    next_of,
    parts_of,
    payroll,
    rules_of,
    shown_rep,
    standing_words,
    stated,
    tiers_of,
    unstated,
)
from salesops_helpers.comp.statement_page import limits as statement_limits
from salesops_helpers.comp.statement_page import sentences as statement_sentences
from salesops_helpers.comp.statements import Statements, statements
from salesops_helpers.comp.tables import (
    abreast,
    accounts,
    cost_columns,
    findings_in_words,
    labels,
    published,
)
from salesops_helpers.comp.whatif import can_vary, vary

__all__ = [
    "Assumptions",
    "Comparison",
    "Outlook",
    "Plan",
    "Scenario",
    "Statements",
    "abreast",
    "account_words",
    "accounts",
    "accrual",
    "answer_sentences",
    "answers",
    "aside_of",
    "break_even",
    "break_even_words",
    "brief",
    "brief_columns",
    "by_group",
    "can_vary",
    "cases",
    "compare",
    "cost",
    "cost_columns",
    "costs",
    "curve_words",
    "deals_of",
    "disputes_of",
    "findings",
    "findings_in_words",
    "follows",
    "follows_words",
    "goals_of",
    "history_of",
    "labels",
    "limits",
    "month_of_pay",
    "moved_words",
    "next_of",
    "outlook",
    "outlook_labels",
    "outlook_limits",
    "outlook_sentences",
    "parts_of",
    "pay_lines",
    "pay_shares",
    "payout_curve",
    "payout_table",
    "payouts",
    "payroll",
    "people",
    "published",
    "read_plan",
    "read_plans",
    "responses",
    "rules_of",
    "scenario",
    "shown_rep",
    "sides",
    "simulate",
    "solved_table",
    "solved_words",
    "span_word",
    "spread",
    "spread_words",
    "standing_words",
    "stated",
    "statement_limits",
    "statement_sentences",
    "statements",
    "tiers_of",
    "uncomputed",
    "undrawn",
    "unstated",
    "used_credit",
    "vary",
]
