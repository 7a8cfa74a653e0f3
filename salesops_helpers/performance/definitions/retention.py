"""Revenue kept: what the customers of a year buy in the next one."""

from __future__ import annotations

import pandas as pd

from salesops_helpers.data.container import Tables
from salesops_helpers.performance.definitions.deals import deals, total
from salesops_helpers.performance.kpi import Form, Kpi
from salesops_helpers.performance.question import Question, index
from salesops_helpers.performance.ranges import KEYS

YEAR = 12
KINDS = ("new", "renewal", "expansion")
BASE = "accounts that bought in the twelve months before the last twelve, and what they bought then"


def _account_months(ask: Question) -> pd.DataFrame:
    """Won value by account and month: account_id, month, bucket, new, renewal, expansion, all (currency)."""
    rows = deals(ask).filter(lambda t: t["won"] & t["account_id"].notnull() & t["closed_on"].notnull())
    rows = rows.mutate(period=index(rows["closed_on"]))
    rows = rows.filter(rows["period"].between(ask.first - 2 * YEAR + 1, ask.last))
    kinds = {kind: total((rows["kind"] == kind).ifelse(rows["amount"], None)) for kind in KINDS}
    found = rows.group_by("account_id", "bucket", "period").agg(**kinds, all=total(rows["amount"]))
    return ask.tables.rows_engine.collect(found, "opportunities")


def years(ask: Question) -> pd.DataFrame:
    """By period and account of the base: begin, kept (begin or what renewals bring, the smaller), grown (renewals
    above begin, and expansions), ending (all but new): currency; unit, month, bucket."""
    monthly = ask.once(_account_months)
    parts = []
    for month, at in zip(ask.months, range(ask.first, ask.last + 1), strict=True):
        now = monthly[monthly["period"].between(at - YEAR + 1, at)].groupby("account_id")[
            ["renewal", "expansion", "new", "all"]].sum()
        then = monthly[monthly["period"].between(at - 2 * YEAR + 1, at - YEAR)]
        base = then.groupby("account_id").agg(begin=("all", "sum"), bucket=("bucket", "first")).query("begin > 0")
        parts.append(base.join(now).fillna(0.0).assign(month=month))
    found = pd.concat(parts)
    found["kept"] = found[["begin", "renewal"]].min(axis=1)
    found["grown"] = (found["renewal"] - found["begin"]).clip(lower=0) + found["expansion"]
    found["ending"] = found["all"] - found["new"]
    columns = ["begin", "kept", "grown", "ending"]
    cells = found.assign(n=1).groupby(["month", "bucket"])[[*columns, "n"]].sum().reset_index()
    return cells.assign(unit=ask.tables.company.name)


def _kept(*columns: str):
    def cells(ask: Question) -> pd.DataFrame:
        found = ask.once(years)
        return found[[*KEYS, "bucket", "n"]].assign(
            numerator=found[list(columns)].sum(axis=1), denominator=found["begin"])
    return cells


def has_kinds(tables: Tables) -> bool:
    """Are renewals told apart from new deals?"""
    rows = tables.rows("opportunities")
    found = rows.filter(rows["kind"] == "renewal").limit(1).select("kind")
    return len(tables.rows_engine.collect(found, "opportunities")) > 0


KPIS = (
    Kpi("net_retention", "Net revenue retention", "How much of last year's revenue its customers still bring, growth "
        "included.", "share", "up", "opportunities.kind, account_id, amount", (
            Form("components", "(begin + expansion − contraction − churn) ÷ begin", BASE, "ratio",
                 _kept("kept", "grown"), by=(), when=has_kinds),
            Form("ending", "what these accounts bought in the last twelve months without new deals ÷ begin", BASE,
                 "ratio", _kept("ending"), by=(), when=has_kinds),), reading="end"),
    Kpi("gross_retention", "Gross revenue retention", "How much of last year's revenue its customers still bring, "
        "growth left out.", "share", "up", "opportunities.kind, account_id, amount", (
            Form("components", "(begin − contraction − churn) ÷ begin", BASE, "ratio", _kept("kept"), by=(),
                 when=has_kinds),), reading="end"),
)
