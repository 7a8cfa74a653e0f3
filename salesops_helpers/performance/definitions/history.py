"""Deals through time, prepared once in the engine: what stood open on a day, at what value, in which stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from salesops_helpers.data.container import Tables
from salesops_helpers.performance.definitions.deals import deals
from salesops_helpers.performance.question import Question, index

if TYPE_CHECKING:
    import ibis.expr.types as ir

KEPT = ["opportunity_id", "rep_id", "product", "lead_source", "bucket", "since", "until", "amount", "price",
        "expected_close_on", "stage", "stage_since", "created_on", "closed_on", "won", "probability", "current"]


def intervals(ask: Question) -> ir.Table:
    """Spans of days over which a deal stood open unchanged: KEPT.

    With stage_history one row a change, at the values from then on; without it, and for deals that it lacks, one row a
    deal, at the values of today. An undated open deal stands open on the as-of day alone.
    """
    return ask.held("kpi_intervals", lambda tables: _intervals(ask, tables))


def _intervals(ask: Question, tables: Tables) -> ir.Table:
    import ibis

    rows = deals(ask)
    rows = rows.mutate(since=rows["created_on"].fill_null((rows["status"] == "open").ifelse(ibis.literal(tables.as_of),
                                                                                         None)),
                       until=rows["closed_on"], stage=ibis.null("string"), stage_since=rows["created_on"],
                       current=rows["status"] == "open")
    if not tables.has("stage_history"):
        return rows.select(KEPT)
    past = changes(ask)
    is_open = past["open_stage"] | (past["next_at"].isnull() & (past["status"] == "open"))
    past = past.filter(is_open & past["created_on"].notnull())
    until = ibis.least(past["next_at"].truncate("D").fill_null(past["closed_on"]), past["closed_on"])
    past = past.mutate(
        since=past["first"].ifelse(past["created_on"], past["changed_at"].truncate("D")),
        until=(past["status"] == "open").ifelse(past["next_at"].truncate("D"), until),
        current=past["next_at"].isnull() & (past["status"] == "open"))
    alone = rows.anti_join(changes(ask), "opportunity_id")
    return past.select(KEPT).union(alone.select(KEPT))


def changes(ask: Question) -> ir.Table:
    """Every recorded change of a deal: its values from then on, the change before and after it, and the deal."""
    return ask.held("kpi_changes", lambda tables: _changes(ask, tables))


def _changes(ask: Question, tables: Tables) -> ir.Table:
    import ibis

    company, past = tables.company, tables.rows("stage_history")
    lost = company.lost_stages
    order = ibis.cases(*[(past["stage"] == stage, -1 if stage in lost else n)
                         for n, stage in enumerate(company.stages)])
    past = past.mutate(rank=order.cast("int64"), deal=past["opportunity_id"])
    along = ibis.window(group_by="deal", order_by=["changed_at", "rank"])
    past = past.mutate(
        next_at=past["changed_at"].lead().over(along), before=past["stage"].lag().over(along),
        before_close=past["expected_close_on"].lag().over(along), first=past["changed_at"].lag().over(along).isnull())
    entered = (past["before"].isnull() | (past["before"] != past["stage"]))
    past = past.mutate(entered=entered, _began=entered.ifelse(past["changed_at"], None))
    after = ibis.window(group_by="deal", order_by=["changed_at", "rank"], preceding=None, following=0)
    later = ibis.window(group_by="deal", order_by=["changed_at", "rank"], preceding=0, following=None)
    moves = past["entered"].ifelse(past["changed_at"], None)
    past = past.mutate(
        stage_since=past["_began"].max().over(after).truncate("D"), reached=past["rank"].max().over(later),
        left_at=moves.lead().over(along))
    own = deals(ask).rename(owner="rep_id", worth="amount", id="opportunity_id", now_expected="expected_close_on")
    both = past.inner_join(own, past["deal"] == own["id"])
    closing = company.won_stages + lost
    return both.select(
        "opportunity_id", "changed_at", "stage", "rank", "next_at", "before", "before_close", "first", "entered",
        "stage_since", "reached", "product", "lead_source", "bucket", "price", "closed_on", "created_on", "won",
        "status", "probability", expected_close_on=both["expected_close_on"],
        amount=ibis.coalesce(both["amount"], both["next_at"].isnull().ifelse(both["worth"], None)),
        rep_id=ibis.coalesce(both["rep_id"], both["owner"]), open_stage=~both["stage"].isin(closing))


def calendar(ask: Question):
    """The periods in the engine: period, _ends (its last known day), _quarter (number of the first month after the
    fiscal quarter that holds the next month)."""
    import ibis

    ends = pd.Series(ask.months)
    period = ends.dt.year * 12 + ends.dt.month - 1
    into = (period + 1 - (ask.tables.company.fiscal_year_start - 1)) % 3
    return ibis.memtable(pd.DataFrame({"period": period, "_ends": ask.ends(ends), "_quarter": period + 4 - into}))


def standing(ask: Question) -> ir.Table:
    """The deals open at the end of each period, with `worth` (amount, else list price), `resting` (the part that is
    a list price), `closes` (number of the month of the expected close) and `overdue` (it has passed)."""
    import ibis

    rows = ask.during(intervals(ask), "since", "until").inner_join(calendar(ask), "period")
    return rows.mutate(
        worth=ibis.coalesce(rows["amount"], rows["price"]),
        resting=rows["amount"].isnull().ifelse(rows["price"], None),
        closes=index(rows["expected_close_on"]), overdue=rows["expected_close_on"] <= rows["_ends"])
