"""Deals as the KPIs count them, prepared once in the engine: closed, created, and credited."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from salesops_helpers.data.container import Tables
from salesops_helpers.data.reduce import EXACT
from salesops_helpers.performance.question import Question
from salesops_helpers.performance.ranges import BUCKETS

if TYPE_CHECKING:
    import ibis.expr.types as ir

ROWS = ["opportunity_id", "account_id", "kind", "rep_id", "product", "lead_source", "status", "created_on", "closed_on",
        "amount", "expected_close_on", "probability", "bucket", "won", "price", "zero_lost"]


def total(column):
    """An exact sum, 0 without rows."""
    return column.cast(EXACT).sum().cast("float64").coalesce(0.0)


def deals(ask: Question) -> ir.Table:
    """Every deal, with its bucket of accounts (0 to 255), won (boolean), price (list price of the offer, else of the
    product), born (amount at creation by the history), passed (did it get past the qualifying stage?)."""
    return ask.held("kpi_deals", _deals)


def _deals(tables: Tables) -> ir.Table:
    import ibis

    rows = tables.rows("opportunities")
    prices = ibis.memtable(tables.products.drop_duplicates("product")[["product", "list_price"]]).rename(
        _product="product", _price="list_price")
    rows = rows.left_join(prices, rows["product"] == prices["_product"])
    cluster = ibis.coalesce(rows["account_id"], rows["opportunity_id"])
    rows = rows.mutate(
        bucket=cluster.hash().abs() % BUCKETS, won=rows["status"] == "won",
        price=ibis.coalesce(rows["list_price"], rows["_price"]),
        zero_lost=(rows["status"] == "lost") & (rows["amount"].fill_null(0.0) == 0.0))
    if not tables.has("stage_history"):
        return rows.select(*ROWS, born=ibis.null("float64"), passed=ibis.null("boolean"))
    past = _past(tables)
    both = rows.left_join(past, rows["opportunity_id"] == past["_deal"])
    return both.select(*ROWS, born=both["_born"], passed=both["_passed"])


def _past(tables: Tables) -> ir.Table:
    """By deal: its first amount, and whether it ever stood past the first open stage (`qualifying`)."""
    history = tables.rows("stage_history")
    return history.group_by(_deal="opportunity_id").agg(
        _born=history["amount"].argmin(history["changed_at"]),
        _passed=history["stage"].isin(beyond(tables)).any())


def beyond(tables: Tables) -> list[str]:
    """The stages past the first one: a lost deal that stood in one of them had been qualified."""
    company = tables.company
    return [stage for stage in company.stages if stage not in company.lost_stages][1:]


def closed(ask: Question) -> pd.DataFrame:
    """Deals closed in the periods, by unit, month and bucket.

    won, closed (deals), won_amount, closed_amount (currency; of deals with an amount), won_list, closed_list (list
    prices of deals that have one), valued (won deals with an amount), lost_valued (lost deals with an amount above 0),
    listed (deals with a list price), qualified_lost (lost deals that had passed the first stage).
    """
    rows = deals(ask)
    rows = ask.united(ask.dated(rows.filter(rows["status"] != "open"), "closed_on"), "closed_on")
    won, amount, price = rows["won"], rows["amount"], rows["price"]
    return ask.sums(
        rows, "bucket", won=won.sum(), closed=rows.count(), won_amount=total(won.ifelse(amount, None)),
        closed_amount=total(amount), won_list=total(won.ifelse(price, None)), closed_list=total(price),
        valued=won.ifelse(amount, None).count(), lost_valued=(~won & (amount > 0)).sum().coalesce(0),
        listed=price.count(), qualified_lost=(~won & rows["passed"]).sum().coalesce(0))


def created(ask: Question) -> pd.DataFrame:
    """Deals created in the periods, closed since or not, by unit and month.

    created, won, lost, open (deals), pipeline (currency: the amount at creation), pipeline_open (of those still open),
    resting, resting_open (the part that rests on list prices).
    """
    import ibis

    rows = deals(ask)
    rows = ask.united(ask.dated(rows, "created_on"), "created_on")
    known = ibis.coalesce(rows["born"], rows["zero_lost"].ifelse(None, rows["amount"]))
    worth, stand_in = ibis.coalesce(known, rows["price"]), known.isnull().ifelse(rows["price"], None)
    is_open = rows["status"] == "open"
    return ask.sums(
        rows, created=rows.count(), won=rows["won"].sum(), lost=(rows["status"] == "lost").sum(),
        open=is_open.sum(), pipeline=total(worth), pipeline_open=total(is_open.ifelse(worth, None)),
        resting=total(stand_in), resting_open=total(is_open.ifelse(stand_in, None)))


def credit(ask: Question) -> pd.DataFrame:
    """Credited bookings of every month there is, by unit: unit, month, bookings (overlay credit left out, so that each
    deal counts once), with_overlay."""
    from salesops_helpers.sums import credit_rows

    rows = credit_rows(ask.tables)
    unit = {None: None, "rep": "rep_id"}.get(ask.by, ask.by)
    rows = rows if unit is None else rows.mutate(unit=rows[unit].fill_null("(none)"))
    keys = {"period": (rows["month"].year() * 12 + rows["month"].month() - 1).cast("int64")}
    keys |= {} if unit is None else {"unit": rows["unit"]}
    found = rows.group_by(**keys).agg(
        bookings=total(rows["overlay"].ifelse(None, rows["bookings"])), with_overlay=total(rows["bookings"]))
    return ask.framed(ask.tables.rows_engine.collect(found, "opportunities"))
