"""The cut of `salesops_helpers.data.snapshot`, said to an engine; tests hold the two together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from salesops_helpers.data.tables import TABLES

if TYPE_CHECKING:
    import ibis.expr.types as ir

MOVING = ["stage", "amount", "expected_close_on", "rep_id"]


def cut(engine, name: str, day: pd.Timestamp, names: list[str]) -> ir.Table:
    """The used rows of table `name` as they were known at the end of a day before the extract date.

    `names`: the tables that there are.
    """
    if name == "opportunities":
        history = engine.here("stage_history") if "stage_history" in names else None
        return _opportunities(engine.rows(name), history, day)
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


def _opportunities(deals: ir.Table, history: ir.Table | None, day: pd.Timestamp) -> ir.Table:
    """Deals created by the day; those that closed later are open, with what their history shows."""
    import ibis

    deals = deals.filter(deals["created_on"] <= day)
    closed = deals["closed_on"] <= day
    current = [c.name for c in TABLES["opportunities"].columns if c.time == "current"]
    known = {c: closed.ifelse(deals[c], None) for c in current}
    dated = {"status": closed.ifelse(deals["status"], "open"), "closed_on": closed.ifelse(deals["closed_on"], None)}
    dated["status"] = ibis.coalesce(dated["status"], "open")
    cut = deals.mutate(**known, **dated)
    if history is None:
        return cut
    then = _last(history, day)
    joined = cut.left_join(then, cut["opportunity_id"] == then["_deal"])
    return joined.mutate(**{c: ibis.coalesce(joined[f"_{c}"], joined[c]) for c in MOVING}).select(deals.columns)


def _last(history: ir.Table, day: pd.Timestamp) -> ir.Table:
    """The last change of each deal up to `day`: _deal, and the moving columns with a _ before."""
    past = history.filter(history["changed_at"] < day + pd.Timedelta(days=1))
    last = past.group_by("opportunity_id").agg(_at=past["changed_at"].max())
    rows = past.inner_join(last, [past["opportunity_id"] == last["opportunity_id"], past["changed_at"] == last["_at"]])
    return rows.select(_deal=past["opportunity_id"], **{f"_{c}": past[c] for c in MOVING})
