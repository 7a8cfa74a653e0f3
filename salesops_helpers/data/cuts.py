"""The cut of `salesops_helpers.data.snapshot`, said to an engine; tests hold the two together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from salesops_helpers.data.tables import TABLES

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from salesops_helpers.data.company import Company

MOVING = ["stage", "amount", "expected_close_on", "rep_id"]


def cut(engine, name: str, day: pd.Timestamp, names: list[str], company: Company) -> ir.Table:
    """The used rows of table `name` as they were known at the end of a day before the extract date.

    `names`: the tables that there are.
    """
    if name == "opportunities":
        history = engine.here("stage_history") if "stage_history" in names else None
        return _opportunities(engine.rows(name), history, day, company)
    return _cut(engine.rows(name), name, day)


def _cut(relation: ir.Table, name: str, day: pd.Timestamp) -> ir.Table:
    """Rows dated up to `day`; dated columns of a later date and current columns are missing."""
    import ibis

    table, after = TABLES[name], day + pd.Timedelta(days=1)
    masked = {c.name: (relation[c.since] < after).ifelse(relation[c.name], None)
              for c in table.columns if c.time == "dated"}
    masked |= {c.name: ibis.null(relation[c.name].type()) for c in table.columns if c.time == "current"}
    if table.dated_by == "month":
        after = _months_before(after)
        dated = relation["month"] <= after
    elif table.dated_by:
        dated = relation[table.dated_by] < after
    else:
        return relation.mutate(**masked)
    return relation.mutate(**masked).filter(relation[table.dated_by].isnull() | dated)


def _months_before(after: pd.Timestamp) -> pd.Timestamp:
    """The first day of the last month that has ended before the moment `after`."""
    return after.normalize().replace(day=1) - pd.DateOffset(months=1)


def _opportunities(deals: ir.Table, history: ir.Table | None, day: pd.Timestamp, company: Company) -> ir.Table:
    """Deals created by the day, by their history where it reaches, else by their closing date."""
    import ibis

    deals = deals.filter(deals["created_on"] <= day)
    if history is None:
        both = deals.mutate(_status=ibis.null("string"), _closed_at=ibis.null("timestamp"))
    else:
        then = _last(history, day, company)
        both = deals.left_join(then, deals["opportunity_id"] == then["_deal"])
    closed = both["closed_on"].notnull() & (both["closed_on"] <= day)
    status = ibis.coalesce(both["_status"], closed.ifelse(both["status"], "open"))
    as_now = (status != "open") & (status == both["status"]) & closed
    current = [c.name for c in TABLES["opportunities"].columns if c.time == "current"]
    known = {c: as_now.ifelse(both[c], None) for c in current}
    if history is not None:
        known |= {c: ibis.coalesce(both[f"_{c}"], known[c]) for c in MOVING}
    since = both["_closed_at"].truncate("D")
    closed_on = as_now.ifelse(both["closed_on"], (status != "open").ifelse(since, None))
    return both.mutate(**known, status=status, closed_on=closed_on).select(deals.columns)


def _last(history: ir.Table, day: pd.Timestamp, company: Company) -> ir.Table:
    """The last change of each deal up to `day`: _deal, the moving columns, the status that the stage means (missing
    where no closings are recorded by then) and the moment at which the last closing began, with a _ before."""
    import ibis

    past = history.filter(history["changed_at"] < day + pd.Timedelta(days=1))
    stage = past["stage"]
    past = past.mutate(_status=ibis.cases(
        (stage.isin(company.won_stages), "won"), (stage.isin(company.lost_stages), "lost"),
        (stage.isin(company.stages), "open")))
    opened = past["changed_at"].max(where=past["_status"] == "open").over(ibis.window(group_by="opportunity_id"))
    past = past.mutate(_opened=opened)
    since_open = past["_opened"].isnull() | (past["changed_at"] > past["_opened"])
    closing = past["_status"].isin(["won", "lost"]) & since_open
    last = past.group_by("opportunity_id").agg(
        _at=past["changed_at"].max(), _began=past["changed_at"].min(where=closing))
    records_closings = past["_status"].isin(["won", "lost"]).any().as_scalar()
    rows = past.inner_join(last, [past["opportunity_id"] == last["opportunity_id"], past["changed_at"] == last["_at"]])
    return rows.select(
        _deal=past["opportunity_id"], **{f"_{c}": past[c] for c in MOVING}, _closed_at=last["_began"],
        _status=records_closings.ifelse(past["_status"], None),
    )
