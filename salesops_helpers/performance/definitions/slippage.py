"""Deals that do not close when they were expected to."""

from __future__ import annotations

import pandas as pd

from salesops_helpers.performance.definitions.deals import total
from salesops_helpers.performance.definitions.history import changes, standing
from salesops_helpers.performance.kpi import Form, Kpi
from salesops_helpers.performance.question import Question, index
from salesops_helpers.performance.ranges import KEYS

DUE = "deals open on the first day of a month and expected then to close in it"


def due(ask: Question) -> pd.DataFrame:
    """Deals due in the periods, by unit, month and bucket: due, slipped, lost (deals), due_value, slipped_value
    (currency; amounts of the month's first day, list price where there is none), resting (what is list price)."""
    ask_monthly = ask.monthly()
    rows = standing(ask_monthly)
    rows = rows.filter((rows["closes"] == rows["period"] + 1) & ~rows["overdue"])
    closed = rows["closed_on"].notnull() & (index(rows["closed_on"]) == rows["period"] + 1)
    found = ask_monthly.state(
        "kpi_due", rows, "bucket", due=rows.count(), slipped=(~closed).sum(), lost=(closed & ~rows["won"]).sum(),
        due_value=total(rows["worth"]), slipped_value=total(closed.ifelse(None, rows["worth"])),
        resting=total(rows["resting"]))
    return ask.summed(found.assign(month=found["month"] + pd.DateOffset(months=1)))


def _count(*columns: str):
    def cells(ask: Question) -> pd.DataFrame:
        found = ask.once(due).drop(columns="bucket").groupby(KEYS, as_index=False).sum()
        return found[KEYS].assign(numerator=found[list(columns)].sum(axis=1), denominator=found["due"])
    return cells


def _value(ask: Question) -> pd.DataFrame:
    found = ask.once(due)
    return found[[*KEYS, "bucket"]].assign(
        numerator=found["slipped_value"], denominator=found["due_value"], n=found["due"])


def _pushes(across: bool):
    def cells(ask: Question) -> pd.DataFrame:
        rows = changes(ask)
        rows = rows.filter(rows["expected_close_on"] > rows["before_close"])
        if across:
            rows = rows.filter(index(rows["expected_close_on"]) > index(rows["before_close"]))
        rows = ask.united(ask.dated(rows, "changed_at"), "changed_at")
        return ask.sums(rows, numerator=rows.count())
    return cells


KPIS = (
    Kpi("slip_rate", "Slip rate", "Which share of the deals due in the month neither won nor lost in it.", "share",
        "down", "stage_history.expected_close_on, amount", (
            Form("count", "deals due and neither won nor lost ÷ deals due", DUE, "rate", _count("slipped"),
                 needs=("stage_history",)),
            Form("value", "the same, by amount", DUE, "ratio", _value, needs=("stage_history",)),
            Form("lost_as_slipped", "deals due and not won ÷ deals due", DUE, "rate", _count("slipped", "lost"),
                 needs=("stage_history",)),)),
    Kpi("push_count", "Pushes", "How often the expected close of a deal was moved later.", "pushes", "down",
        "stage_history.expected_close_on", (
            Form("across_months", "times the expected close moved to a later month", "changes recorded in the period",
                 "sum", _pushes(across=True), needs=("stage_history",)),
            Form("any_later", "times the expected close moved to a later day", "changes recorded in the period", "sum",
                 _pushes(across=False), needs=("stage_history",)),)),
)
