"""Salesforce: Opportunity, OpportunityHistory, OpportunityFieldHistory, User, Task, Event, Lead, OpportunitySplit,
ForecastingQuota and Account as the kit's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salesops_helpers.data.crm import history
from salesops_helpers.data.crm.export import Export, direct, kinds, owners_as_reps, share, users_as_reps
from salesops_helpers.data.crm.records import Records, Shaped, deleted, leave_out
from salesops_helpers.data.crm.times import minutes_between

if TYPE_CHECKING:
    import ibis.expr.types as ir

DEALS, USERS = "Opportunity", "User"
DEAL_PREFIX = "006"


def opportunities(export: Export) -> list[Shaped]:
    """CloseDate is the day of closing where the deal is closed, else the day on which it is expected to."""
    shaped = []
    for records in export.owned(DEALS):
        records, aside = leave_out(records, "opportunity_id", deleted(records))
        closed = _closed(export, records)
        values = direct(records, "opportunities")
        if records.has("kind"):
            values["kind"] = kinds(export, records)
        if records.has("percent"):
            values.setdefault("probability", share(records, "percent"))
        if records.has("close_date"):
            close = records.value("close_date")
            values.setdefault("closed_on", closed.ifelse(close, None))
            values.setdefault("expected_close_on", closed.ifelse(None, close))
        if records.has("is_won") and "status" not in values:
            values["status"] = _status(closed, records.flag("is_won"))
        shaped.append(Shaped(records, records.relation, values, aside))
    return shaped


def _closed(export: Export, records: Records) -> ir.BooleanValue:
    """Closed by IsClosed, else won by IsWon, else by the company's stages."""
    import ibis

    won = records.flag("is_won").ifelse(True, None) if records.has("is_won") else ibis.null("boolean")
    return ibis.coalesce(records.flag("is_closed"), won, export.closing(records.text("stage")), False)


def _status(closed: ir.BooleanValue, won: ir.BooleanValue) -> ir.StringValue:
    import ibis

    return ibis.cases((won, "won"), (closed & ~won, "lost"), (~closed, "open"))


def stage_history(export: Export) -> list[Shaped]:
    """OpportunityHistory (states, without owner) and OpportunityFieldHistory (single fields) as one history."""
    logs, aside = [], []
    for name, told in (("OpportunityHistory", history.states), ("OpportunityFieldHistory", history.field_changes)):
        for records in export.all(name):
            records, out = leave_out(records, "opportunity_id", deleted(records))
            logs.append((records, told(records)))
            aside.append(out)
    deals = export.owned(DEALS)
    if not export.all("OpportunityHistory"):
        starts = [(d, history.events(d, d.value("created_on"), "created_on", {}, history.START)) for d in deals]
        logs, aside = logs + starts, aside + [[] for _ in starts]
    return history.shaped(export, logs, aside, _today(deals), whole_log=False)


def _today(deals: list[Records]) -> ir.Table | None:
    import ibis

    now = [d.relation.select(
        deal=d.text("opportunity_id"), stage=d.text("stage"), amount=d.text("amount"),
        expected_close_on=d.text("close_date"), rep_id=d.text("rep_id")) for d in deals]
    return ibis.union(*now) if len(now) > 1 else now[0] if now else None


def reps(export: Export) -> list[Shaped]:
    return users_as_reps(export) or owners_as_reps(export, DEALS)


def activities(export: Export) -> list[Shaped]:
    """Tasks that are done, and events."""
    return [_tasks(export, r) for r in export.owned("Task")] + [_events(export, r) for r in export.owned("Event")]


def _tasks(export: Export, records: Records) -> Shaped:
    import ibis

    reasons = deleted(records)
    by_status = records.text("status").lower().isin(("completed", "done", "closed"))
    dated = records.text("completed_at").notnull().ifelse(True, None)
    done = ibis.coalesce(records.flag("is_closed"), dated, by_status)
    reasons.append((~done, "not done", "the task is not done"))
    records, aside = leave_out(records, "activity_id", reasons)
    values = {
        "kind": ibis.coalesce(records.text("type"), records.text("subtype")).lower(),
        "occurred_at": ibis.coalesce(records.text("completed_at"), records.text("due_on"), records.text("created_at")),
        "opportunity_id": _deal(export, records), "minutes": records.number("seconds") / 60,
        **direct(records, "activities"),
    }
    return Shaped(records, records.relation, values, aside)


def _events(export: Export, records: Records) -> Shaped:
    import ibis

    records, aside = leave_out(records, "activity_id", deleted(records))
    subtype = records.text("subtype").lower()
    values = {
        "kind": ibis.coalesce(records.text("type").lower(), (subtype == "event").ifelse(None, subtype), "meeting"),
        "minutes": minutes_between(records, records.value("occurred_at"), records.value("ended_at")),
        "opportunity_id": _deal(export, records), **direct(records, "activities"),
    }
    return Shaped(records, records.relation, values, aside)


def _deal(export: Export, records: Records) -> ir.StringValue:
    """The deal that WhatId names; empty where it names an account or something else."""
    what = records.text("what_id")
    is_deal = what.startswith(DEAL_PREFIX)
    for deals in export.all(DEALS):
        is_deal = is_deal | what.isin(deals.relation.select(deal=deals.text("opportunity_id")).deal)
    return is_deal.ifelse(what, None)


def leads(export: Export) -> list[Shaped]:
    """A lead is qualified on the day of its conversion."""
    import ibis

    shaped = []
    for records in export.owned("Lead"):
        records, aside = leave_out(records, "lead_id", deleted(records))
        converted = ibis.coalesce(records.flag("is_converted"), True)
        values = direct(records, "leads")
        values.setdefault("qualified_on", converted.ifelse(records.value("converted_on"), None))
        shaped.append(Shaped(records, records.relation, values, aside))
    return shaped


def splits(export: Export) -> list[Shaped]:
    """One share for quota and commission; an overlay where the split type's total need not be 100 %."""
    shaped = []
    own = export.company.values.get("splits", {}).get("overlay", {})
    free = [code for kinds in export.all("OpportunitySplitType") for code in _not_validated(kinds)]
    for records in export.owned("OpportunitySplit"):
        records, aside = leave_out(records, "opportunity_id", deleted(records))
        part, kind = share(records, "percent"), records.text("split_type")
        overlay = kind.isin(list(own)).ifelse(kind, kind.isin(free).cast("string")) if own or free else None
        values = {"quota_share": part, "commission_share": part, **direct(records, "splits")}
        values |= {} if overlay is None else {"overlay": overlay}
        shaped.append(Shaped(records, records.relation, values, aside))
    return shaped


def _not_validated(kinds: Records) -> list[str]:
    free = kinds.relation.filter(~kinds.flag("is_total_validated"))
    found = free.select(id=kinds.text("id"), label=kinds.text("label"))
    return found.to_pandas().stack().dropna().tolist()


def quotas(export: Export) -> list[Shaped]:
    """Quotas of money; quotas of units are left out."""
    shaped = []
    for records in export.owned("ForecastingQuota"):
        reasons = [(~records.flag("is_amount"), "not money", "a quota of units, not of money")]
        records, aside = leave_out(records, "rep_id", reasons if records.has("is_amount") else [])
        shaped.append(Shaped(records, records.relation, direct(records, "quotas"), aside))
    return shaped


def accounts(export: Export) -> list[Shaped]:
    shaped = []
    for records in export.owned("Account"):
        records, aside = leave_out(records, "account_id", deleted(records))
        shaped.append(Shaped(records, records.relation, direct(records, "accounts"), aside))
    return shaped


SHAPES = {
    "opportunities": opportunities, "stage_history": stage_history, "reps": reps, "activities": activities,
    "leads": leads, "splits": splits, "quotas": quotas, "accounts": accounts,
}
