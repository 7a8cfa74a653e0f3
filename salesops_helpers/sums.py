"""The measures of tables too large for a frame of all their rows, summed up in the engine.

Each is the same measure as the one in `salesops_helpers.measures` or a wing that calls it; tests hold the two together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from salesops_helpers.data.columns import TEXT
from salesops_helpers.data.container import Tables
from salesops_helpers.data.reduce import EXACT

if TYPE_CHECKING:
    import ibis.expr.types as ir

PLACE = ["team", "manager", "region"]


def closed_span(tables: Tables) -> pd.Timestamp:
    """The first day on which a deal closed; missing where none did."""
    deals = tables.rows("opportunities")
    first = tables.rows_engine.held(f"closed_{tables.as_of:%Y%m%d}", deals.agg(first=deals["closed_on"].min()))
    return tables.rows_engine.collect(first, "opportunities")["first"].iloc[0]


def closed(tables: Tables, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """Deals closed from `first` to `last` by rep: rep_id (missing: without one), won, closed, won_value, valued (won
    deals with an amount)."""
    deals = tables.rows("opportunities")
    within = deals.filter(deals["status"].isin(["won", "lost"]) & deals["closed_on"].between(first, last))
    won = within["status"] == "won"
    amount = won.ifelse(within["amount"], None)
    sums = within.group_by("rep_id").agg(
        won=won.sum(), closed=within.count(), won_value=amount.cast(EXACT).sum().cast("float64").coalesce(0.0),
        valued=amount.count())
    return tables.rows_engine.collect(sums, "opportunities").astype({"rep_id": TEXT})


def credit(tables: Tables, unit: str | None) -> pd.DataFrame:
    """Credited bookings and wins by unit and month: unit, month, bookings, wins; see `measures.bookings`.

    `unit` is a column of the credit: rep_id, team, region, product; None: the company, by name.
    """
    import ibis

    relation = credit_rows(tables)
    if unit != "rep_id":
        relation = relation.filter(~relation["overlay"])
    name = ibis.literal(tables.company.name) if unit is None else relation[unit].fill_null("(none)")
    relation = relation.mutate(unit=name)
    sums = relation.group_by("unit", "month").agg(
        bookings=relation["bookings"].cast(EXACT).sum().cast("float64").coalesce(0.0),
        wins=relation["alone"].sum() + relation["opportunity_id"].nunique(where=~relation["alone"]))
    return tables.rows_engine.collect(sums, "opportunities").astype({"unit": object, "wins": "int64"})


def credit_rows(tables: Tables) -> ir.Table:
    """One row a won deal and rep: opportunity_id, rep_id, product, lead_source, month, bookings, overlay, alone (not
    split), team, region (on the day of closing); held in the engine."""
    deals = tables.rows("opportunities")
    won = deals.filter((deals["status"] == "won") & deals["closed_on"].notnull())
    columns = ["opportunity_id", "rep_id", "product", "lead_source"]
    won = won.select(*columns, "closed_on", "amount", month=won["closed_on"].truncate("M"))
    shared = _shared(won, tables) if tables.has("splits") else won.mutate(
        bookings=won["amount"], overlay=won["amount"].isnull() & False, alone=won["opportunity_id"].notnull())
    rows = _placed(shared, tables).select(*columns, "month", "bookings", "overlay", "alone", *PLACE[::2])
    return tables.rows_engine.held(f"credit_{tables.as_of:%Y%m%d}", rows)


def _shared(won: ir.Table, tables: Tables) -> ir.Table:
    import ibis

    shares = ibis.memtable(tables.splits[["opportunity_id", "rep_id", "quota_share", "overlay"]]).rename(
        _deal="opportunity_id", _rep="rep_id")
    credit = won.left_join(shares, won["opportunity_id"] == shares["_deal"])
    return credit.mutate(
        rep_id=ibis.coalesce(credit["_rep"], credit["rep_id"]), overlay=credit["overlay"].fill_null(False),
        bookings=credit["amount"] * credit["quota_share"].fill_null(1.0), alone=credit["_deal"].isnull())


def _placed(credit: ir.Table, tables: Tables) -> ir.Table:
    """Team and region of the rep on the day of closing, as `measures.place_on` finds them."""
    import ibis

    now = ibis.memtable(tables.reps[["rep_id", *PLACE]]).rename(_now="rep_id", **{f"_{c}": c for c in PLACE})
    credit = credit.left_join(now, credit["rep_id"] == now["_now"])
    if not tables.has("rep_history"):
        return credit.rename(**{c: f"_{c}" for c in PLACE})
    then = ibis.memtable(tables.rep_history[["rep_id", "valid_from", *PLACE]]).rename(_then="rep_id")
    credit = credit.asof_join(then, credit["closed_on"] >= then["valid_from"], credit["rep_id"] == then["_then"])
    reached = credit["valid_from"].notnull()
    return credit.mutate(**{c: reached.ifelse(credit[c], credit[f"_{c}"]) for c in PLACE})
