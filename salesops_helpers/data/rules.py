"""What makes a row unusable (set aside) or worth a mark (flagged): each rule declared once, run in the engine.

Rules here look at one row (and the rep it names). Rules that look at a row among others are in `watch`.
"""

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
MAY_BE_EMPTY = ("opportunities.amount",)  # not known yet while a deal is open
WITHIN = {  # column → least and most that can be; beyond it the row is flagged
    "opportunities.probability": (0, 1), "activities.minutes": (0, 1440), "tool_usage.active_days": (0, 31),
    "accounts.employees": (0, 5e6), "accounts.revenue": (0, 1e15), "accounts.latitude": (-90, 90),
    "accounts.longitude": (-180, 180), "products.unit_cost": (0, 1e12), "demand.revenue": (0, 1e15),
    "supply.on_hand": (0, 1e12), "supply.capacity": (0, 1e12), "supply.in_transit": (0, 1e12),
    "tools.seats": (0, 1e7), "tools.cost": (0, 1e12),
}
NOT_LATER = ("opportunities.created_on", "opportunities.closed_on", "activities.occurred_at",
             "stage_history.changed_at", "leads.created_at", "forecast_calls.called_on")
ORDERED = {
    "opportunities": [("created_on", "closed_on")], "reps": [("hired_on", "left_on")],
    "plan_assignments": [("starts_on", "ends_on")], "leads": [("created_at", "assigned_at")],
    "disputes": [("raised_on", "settled_on")],
}
ODD_ORDER = {
    "opportunities": [("created_on", "expected_close_on")],
    "leads": [("created_at", "first_touch_at"), ("created_at", "qualified_on")],
}
AT_WORK = {"activities": "occurred_at"}  # table → the day on which its rep must have been employed


@dataclass(frozen=True)
class Rule:
    """One rule for a row.

    Attributes
    ----------
    name, column : str
        What it is called, and the column it looks at.
    words : str
        What it says about a row.
    means : str
        What that means for a reader of the figures.
    when : callable
        The condition in the engine; the row's rep, where there is one, stands beside it as ``_hired_on``, ``_left_on``.
    sets_aside : bool
        The row is not used. Otherwise it is used and flagged.
    doubts : str
        What a flag puts in doubt: amount, date, stage, owner, customer or record.
    """

    name: str
    column: str
    words: str
    means: str
    when: Callable[[ir.Table], ir.BooleanValue]
    sets_aside: bool = True
    doubts: str = ""


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
    for first, second in ODD_ORDER.get(table.name, []):
        if {first, second} <= set(given):
            rules.append(_odd_order(first, second))
    if table.name in AT_WORK and "reps" in known:
        rules += _employed(AT_WORK[table.name])
    whole = {"opportunities": _deal_rules, "stage_history": _history_rules, "forecast_calls": _call_rules}
    rules += whole[table.name](company) if table.name in whole else []
    return [rule for rule in rules if rule.name != "no customer" or "account_id" in given]


def _column_rules(table: Table, column: Column, company: Company, extract_date, known) -> list[Rule]:
    name, full = column.name, f"{table.name}.{column.name}"
    rules = []
    if column.type != "text":
        rules.append(_not_typed(column))
    if column.allowed and name != "status":
        rules.append(_not_allowed(column))
    if full in EXACT:
        rules += [_too_large(name, company.minor_units), _too_fine(name, company.minor_units)]
    if column.required and column.type != "text" and column.name not in table.key and full not in MAY_BE_EMPTY:
        rules.append(_no_value(name))
    if full in NOT_NEGATIVE:
        rules.append(Rule("negative", name, f"{name} is negative", "a sum or a count that cannot be below zero would "
                          "lower totals unseen", lambda t: t[name] < 0))
    if full in WITHIN:
        rules.append(_beyond(name, *WITHIN[full]))
    if full in NOT_LATER and extract_date is not None:
        rules.append(_after_extract(name, extract_date))
    if column.refers_to in known:
        rules.append(_unknown(table, column, known[column.refers_to]))
    return rules


def _missing_key(name: str) -> Rule:
    return Rule("missing key", name, f"the key {name} is empty", "a row without its id can be neither counted once nor "
                "found again", lambda t: t[f"given_{name}"].isnull())


def _not_typed(column: Column) -> Rule:
    name, kind = column.name, CALLED[column.type]
    return Rule(f"not {kind}", name, f"{name} is not {kind}", f"where {kind} should stand is something to which no "
                "figure can be put", lambda t: t[f"given_{name}"].notnull() & t[name].isnull())


def _not_allowed(column: Column) -> Rule:
    words = f"{column.name} is none of {listed(column.allowed)}"
    return Rule("unknown value", column.name, words, "the row would be missing from every breakdown by this column",
                lambda t: t[column.name].notnull() & t[column.name].notin(column.allowed))


def _no_value(name: str) -> Rule:
    return Rule("no value", name, f"{name} is empty", "the row exists for this value; without it a total would lack it "
                "unseen", lambda t: t[f"given_{name}"].isnull())


def _too_large(name: str, digits: int) -> Rule:
    most = 2**53 / 10**digits
    return Rule("too large", name, f"{name} is too large to be exact to the minor unit", "an id or a slip of the "
                "keyboard in place of an amount", lambda t: t[name].abs() > most)


def _too_fine(name: str, digits: int) -> Rule:
    def when(t):
        units = t[name] * 10**digits
        return (units - units.round(0)).abs() > 1e-4
    return Rule("too fine", name, f"{name} is finer than the currency's minor unit", "nobody books fractions of a "
                "cent: another currency, a computed value or a wrong column", when)


def _beyond(name: str, low: float, high: float) -> Rule:
    return Rule("out of range", name, f"{name} is outside what can be ({low:,.0f} to {high:,.0f})",
                "a slip of the keyboard or another unit; averages that use it are off",
                lambda t: (t[name] < low) | (t[name] > high), sets_aside=False, doubts="record")


def _after_extract(name: str, day) -> Rule:
    import ibis

    end = ibis.timestamp(f"{day:%Y-%m-%d} 23:59:59.999999")
    return Rule("after the extract date", name, f"{name} is after the extract date {day:%Y-%m-%d}", "it cannot have "
                "happened yet: a wrong date, or a plan entered as a fact", lambda t: t[name] > end)


def _unknown(table: Table, column: Column, keys) -> Rule:
    needed = column.required or column.name in table.key
    name, to = column.name, column.refers_to
    means = ("nobody can be credited with it" if to == "reps" and needed else
             "its place in the company, and what it adds up to, is not known")
    return Rule(f"unknown in {to}", name, f"{name} is not in the table {to}", means,
                lambda t: t[name].notnull() & t[name].notin(keys), needed, "" if needed else "record")


def _order(first: str, second: str) -> Rule:
    return Rule("impossible order", second, f"{second} is before {first}", "one of the two dates is wrong, and with it "
                "the month or the length that it goes into", lambda t: t[second] < t[first])


def _odd_order(first: str, second: str) -> Rule:
    return Rule("odd order", second, f"{second} is before {first}", "entered afterwards or copied; lengths measured "
                "from these days are off", lambda t: t[second].truncate("D") < t[first].truncate("D"),
                sets_aside=False, doubts="date" if second == "expected_close_on" else "record")


def _employed(day: str) -> list[Rule]:
    means = "logged under a colleague's name, or a wrong date; counts by rep are off"
    return [
        Rule("before hire", day, f"{day} is before its rep was hired", means,
             lambda t: t[day] < t["_hired_on"], sets_aside=False, doubts="record"),
        Rule("after leaving", day, f"{day} is after its rep left", means,
             lambda t: t[day].truncate("D") > t["_left_on"], sets_aside=False, doubts="record"),
    ]


def _deal_rules(company: Company) -> list[Rule]:
    stages = f"stage is none of the company's: {listed(company.stages)}"
    closing = company.won_stages + company.lost_stages
    return [
        Rule("unknown stage", "stage", stages, "won, lost or open cannot be told; name the stage in company.toml",
             lambda t: t["stage"].isnull() | t["stage"].notin(company.stages)),
        Rule("unknown status", "status", "status is none of open, won, lost", "won, lost or open cannot be told",
             lambda t: t["status"].isnull() | t["status"].notin(("open", "won", "lost"))),
        Rule("closed without a date", "closed_on", "the deal is won or lost but has no closing date",
             "it belongs to no month, so no month's figure can hold it",
             lambda t: (t["status"] != "open") & t["closed_on"].isnull()),
        Rule("stage against status", "stage", "the stage says closed and the status open, or the other way round",
             "booked or not booked: the row says both",
             lambda t: t["stage"].isin(closing) == (t["status"] == "open")),
        Rule("no date", "created_on", "no created date: the deal counts only on the extract date",
             "its age is unknown, and no earlier month can show it",
             lambda t: t["created_on"].isnull(), sets_aside=False, doubts="date"),
        Rule("no owner", "rep_id", "the deal has no owner", "it counts for the company and for nobody in it",
             lambda t: t["rep_id"].isnull(), sets_aside=False, doubts="owner"),
        Rule("no customer", "account_id", "the deal names no customer", "it is missing from every count and range by "
             "customer", lambda t: t["account_id"].isnull(), sets_aside=False, doubts="customer"),
        Rule("open with a closing date", "closed_on", "the deal is open; its closing date is not used",
             "closed and not marked so, or reopened: the pipeline may hold what is over",
             lambda t: (t["status"] == "open") & t["closed_on"].notnull(), sets_aside=False, doubts="stage"),
    ]


def _history_rules(company: Company) -> list[Rule]:
    return [Rule("unknown stage", "stage", "stage is none of the company's; the rest of the change is used",
                 "a stage of an older process: conversion and time in stage leave it out",
                 lambda t: t["stage"].notin(company.stages), sets_aside=False, doubts="record")]


def _call_rules(company: Company) -> list[Rule]:
    return [Rule("commit above best case", "commit", "commit is above best_case", "the two are exchanged or one is a "
                 "slip; the rep's own forecast cannot be judged by it",
                 lambda t: t["commit"] > t["best_case"], sets_aside=False, doubts="record")]
