"""Rules that look at a row among others, on the tables as they were known on a day: they flag, they never set aside.

Each is declared once, in `WATCHES`. A rule finds nothing where a table that it needs is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from salesops_helpers.data.tables import TABLES
from salesops_helpers.data.watch import deals, goals, people

if TYPE_CHECKING:
    from salesops_helpers.data.container import Tables

FOUND = ["table", "key", "rule", "reason", "doubts"]


@dataclass(frozen=True)
class Watch:
    """One rule for a row among others.

    Attributes
    ----------
    name, table, column, words, means, doubts : str
        As of `rules.Rule`.
    finds : callable
        The rows that it marks: what was seen, on the index of the table's frame.
    """

    name: str
    table: str
    column: str
    words: str
    means: str
    doubts: str
    finds: Callable[[Tables], pd.Series]


WATCHES = (
    Watch("expected close long past", "opportunities", "expected_close_on",
          f"open, and expected to close more than {deals.LONG_PAST.days} days ago",
          "probably over and never closed in the CRM: the pipeline is overstated", "stage", deals.long_past),
    Watch("owner has left", "opportunities", "rep_id", "open, and its owner has left",
          "nobody works on it: pipeline without an owner", "owner", deals.owner_left),
    Watch("closed outside employment", "opportunities", "closed_on",
          "closed before its owner was hired or after the owner left",
          "credited to the wrong rep, or a wrong closing date: pay is affected", "owner", deals.closed_outside),
    Watch("deal before hire", "opportunities", "created_on",
          "created before its owner was hired, and its history names no earlier owner",
          "credited to the wrong rep, or a wrong date", "owner", deals.before_hire),
    Watch("won without an amount", "opportunities", "amount", "won, with no amount or an amount of 0",
          "bookings are understated by what is missing", "amount", deals.won_for_nothing),
    Watch("open without an amount", "opportunities", "amount", "open, without an amount",
          "it counts at its list price where there is one, else as nothing", "amount", deals.open_without_amount),
    Watch("amount far from usual", "opportunities", "amount",
          "its amount is far from what is usual for its product, or for its customer where it names no product",
          "a slipped decimal or a number of zeros too many or too few", "amount", deals.far_amount),
    Watch("possible double entry", "opportunities", "opportunity_id",
          "another deal has the same customer, product, owner, created day and amount",
          "one sale may be counted twice", "amount", deals.double_entry),
    Watch("no activity", "opportunities", "opportunity_id",
          f"won, or open for more than {deals.SILENT.days} days, without one logged activity",
          "work is not logged, or nobody works on it; activity per win is off", "record", deals.no_activity),
    Watch("history against deal", "opportunities", "stage",
          "its last change of stage or amount is not what the deal says",
          "changed without a trace, or a history that is not complete", "record", deals.against_history),
    Watch("shares do not add up", "splits", "quota_share", "the shares of the deal beside overlays do not sum to 100 %",
          "more or less than the deal is credited and paid", "amount", goals.shares),
    Watch("quota far from usual", "quotas", "amount",
          "about 10, 100 or 1,000 times the rep's quotas around that month, or that part",
          "a slipped decimal: attainment and pay of that month are wrong", "amount", goals.far_quota),
    Watch("quota outside employment", "quotas", "month", "the rep is not employed in that month",
          "the sum of quotas holds a goal that nobody can meet", "owner", goals.quota_outside),
    Watch("target far from usual", "targets", "amount",
          "about 10, 100 or 1,000 times the unit's goals around that month, or that part of them",
          "a slipped decimal: the goal of that month is wrong", "amount", goals.far_target),
    Watch("demand far from usual", "demand", "units",
          "about 10, 100 or 1,000 times the product's demand around it, or that part",
          "a slipped decimal: the demand forecast learns from it", "amount", goals.far_demand),
    Watch("goal against its parts", "targets", "amount",
          f"the quotas of its members are less than the goal, or more than {goals.MOST_ASSIGNED:.2f} times it",
          "if every rep met the quota, the goal would still be missed; or quotas were raised without it", "amount",
          goals.against_quotas),
    Watch("goal against its regions", "targets", "amount", "the regions' goals do not sum to the company's",
          "two goals for one thing: attainment depends on who adds up", "amount", goals.against_regions),
    Watch("plans overlap", "plan_assignments", "starts_on", "the rep's plan before it has not ended",
          "two plans pay for the same days", "amount", people.plans_overlap),
    Watch("same name", "reps", "name", "another rep has the same name",
          "one person under two ids: rates by rep are split", "record", people.same_name),
    Watch("probable duplicate", "accounts", "account_id", "probably the same customer as another",
          "one customer counted twice: customers, territories and retention are off", "customer", people.same_account),
    Watch("probable duplicate", "leads", "lead_id", "the same source, score and minute as another lead",
          "one enquiry counted twice: conversion and response are off", "customer", people.same_lead),
)


def watched(tables: Tables, only: str | None = None) -> pd.DataFrame:
    """What the rules of `WATCHES` (those of the table `only`, or all) mark in these tables, as known on their day.

    Returns
    -------
    DataFrame
        table, key, rule, reason (with the value seen), doubts; one row a row and rule, in the order of the rules.
    """
    parts = [_found(tables, watch) for watch in WATCHES
             if tables.has(watch.table) and only in (None, watch.table)]
    parts = [part for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True)[FOUND] if parts else pd.DataFrame(columns=FOUND)


def _found(tables: Tables, watch: Watch) -> pd.DataFrame:
    seen = watch.finds(tables)
    rows = getattr(tables, watch.table).loc[seen.index]
    reason = watch.words + seen.astype(object).map(lambda text: f": {text}" if text else "").astype(object)
    return pd.DataFrame({"table": watch.table, "key": keys(rows, watch.table), "rule": watch.name, "reason": reason,
                         "doubts": watch.doubts})


def keys(rows: pd.DataFrame, table: str) -> pd.Series:
    """The key of each row as one text: its columns joined by " / ", months as YYYY-MM, days as YYYY-MM-DD."""
    texts = [_text(rows[c], TABLES[table].column(c).type) for c in TABLES[table].key]
    return texts[0].str.cat(texts[1:], sep=" / ") if len(texts) > 1 else texts[0]


def _text(values: pd.Series, kind: str) -> pd.Series:
    form = {"month": "%Y-%m", "date": "%Y-%m-%d", "moment": "%Y-%m-%dT%H:%M:%S"}.get(kind)
    return (values.dt.strftime(form) if form else values).astype(object).fillna("?").astype(str)
