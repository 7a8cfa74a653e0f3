"""What makes a row unusable (set aside) or worth a mark (flagged): each rule declared once, run in the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from salesops_helpers.data.columns import Column, Table
from salesops_helpers.data.company import Company
from salesops_helpers.errors import listed

if TYPE_CHECKING:
    import ibis.expr.types as ir

CALLED = {"date": "a date", "moment": "a moment", "month": "a month", "money": "an amount", "number": "a number",
          "boolean": "true or false"}
EXACT = ("opportunities.amount", "stage_history.amount", "quotas.amount", "adjustments.amount",
         "plan_assignments.target_incentive", "plan_assignments.base_pay", "forecast_calls.commit",
         "forecast_calls.best_case")
NOT_NEGATIVE = ("opportunities.amount", "opportunities.list_price", "stage_history.amount", "quotas.amount",
                "products.list_price", "product_prices.list_price", "demand.units", "activities.minutes",
                "splits.quota_share", "splits.commission_share", "plan_assignments.target_incentive",
                "plan_assignments.base_pay", "tool_usage.active_days", "fx_rates.rate")
NOT_LATER = ("opportunities.created_on", "opportunities.closed_on", "activities.occurred_at",
             "stage_history.changed_at", "leads.created_at", "forecast_calls.called_on")
ORDERED = {
    "opportunities": [("created_on", "closed_on")], "reps": [("hired_on", "left_on")],
    "plan_assignments": [("starts_on", "ends_on")], "leads": [("created_at", "assigned_at")],
    "disputes": [("raised_on", "settled_on")],
}


@dataclass(frozen=True)
class Rule:
    """One rule: its name, the column it looks at, what it says to a reader, and the condition in the engine.

    ``sets_aside``: the row is not used. Otherwise the row is used and flagged.
    """

    name: str
    column: str
    words: str
    when: Callable[[ir.Table], ir.BooleanValue]
    sets_aside: bool = True


def rules_for(
    table: Table, company: Company, extract_date, known: dict[str, ir.Column], given: list[str]
) -> list[Rule]:
    """The rules of one table, in the order in which they are tried.

    Parameters
    ----------
    extract_date : Timestamp or None
        Rows dated later are set aside; None: no such rule.
    known : dict
        Table → the engine's column of its used keys; references to tables that are not in it are not checked.
    given : list of str
        Columns that the file gives.
    """
    rules = [_missing_key(c) for c in table.key]
    for column in table.columns:
        rules += _column_rules(table, column, company, extract_date, known) if column.name in given else []
    for first, second in ORDERED.get(table.name, []):
        if {first, second} <= set(given):
            rules.append(_order(first, second))
    return rules + (_deal_rules(company) if table.name == "opportunities" else [])


def _column_rules(table: Table, column: Column, company: Company, extract_date, known) -> list[Rule]:
    name, full = column.name, f"{table.name}.{column.name}"
    rules = []
    if column.type != "text":
        rules.append(_not_typed(column))
    if column.allowed and name != "status":
        rules.append(_not_allowed(column))
    if full in EXACT:
        rules.append(_too_fine(name, company.minor_units))
    if full in NOT_NEGATIVE:
        rules.append(Rule("negative", name, f"{name} is negative", lambda t: t[name] < 0))
    if full in NOT_LATER and extract_date is not None:
        rules.append(_after_extract(name, extract_date))
    if column.refers_to in known:
        rules.append(_unknown(table, column, known[column.refers_to]))
    return rules


def _missing_key(name: str) -> Rule:
    return Rule("missing key", name, f"the key {name} is empty", lambda t: t[f"given_{name}"].isnull())


def _not_typed(column: Column) -> Rule:
    name, kind = column.name, CALLED[column.type]
    return Rule(f"not {kind}", name, f"{name} is not {kind}",
                lambda t: t[f"given_{name}"].notnull() & t[name].isnull())


def _not_allowed(column: Column) -> Rule:
    words = f"{column.name} is none of {listed(column.allowed)}"
    return Rule("unknown value", column.name, words, lambda t: t[column.name].notnull() & t[column.name].notin(
        column.allowed))


def _too_fine(name: str, digits: int) -> Rule:
    def when(t):
        units = t[name] * 10**digits
        return (units - units.round()).abs() > 1e-4
    return Rule("too fine", name, f"{name} is finer than the currency's minor unit", when)


def _after_extract(name: str, day) -> Rule:
    import ibis

    end = ibis.timestamp(f"{day:%Y-%m-%d} 23:59:59.999999")
    return Rule("after the extract date", name, f"{name} is after the extract date {day:%Y-%m-%d}",
                lambda t: t[name] > end)


def _unknown(table: Table, column: Column, keys) -> Rule:
    needed = column.required or column.name in table.key
    name, to = column.name, column.refers_to
    return Rule(f"unknown in {to}", name, f"{name} is not in the table {to}",
                lambda t: t[name].notnull() & t[name].notin(keys), sets_aside=needed)


def _order(first: str, second: str) -> Rule:
    return Rule("impossible order", second, f"{second} is before {first}", lambda t: t[second] < t[first])


def _deal_rules(company: Company) -> list[Rule]:
    stages = f"stage is none of the company's: {listed(company.stages)}"
    closing = company.won_stages + company.lost_stages
    return [
        Rule("unknown stage", "stage", stages, lambda t: t["stage"].isnull() | t["stage"].notin(company.stages)),
        Rule("unknown status", "status", "status is none of open, won, lost",
             lambda t: t["status"].isnull() | t["status"].notin(("open", "won", "lost"))),
        Rule("closed without a date", "closed_on", "the deal is won or lost but has no closing date",
             lambda t: (t["status"] != "open") & t["closed_on"].isnull()),
        Rule("stage against status", "stage", "the stage says closed and the status open, or the other way round",
             lambda t: t["stage"].isin(closing) == (t["status"] == "open")),
        Rule("no date", "created_on", "no created date: the deal counts only on the extract date",
             lambda t: t["created_on"].isnull(), sets_aside=False),
        Rule("no owner", "rep_id", "the deal has no owner", lambda t: t["rep_id"].isnull(), sets_aside=False),
        Rule("open with a closing date", "closed_on", "the deal is open; its closing date is not used",
             lambda t: (t["status"] == "open") & t["closed_on"].notnull(), sets_aside=False),
    ]
