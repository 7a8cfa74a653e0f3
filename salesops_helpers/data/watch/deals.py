"""What marks a deal among the others, its history, its owner and its activities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from salesops_helpers.data.watch.said import amounts, days, like, nothing, times
from salesops_helpers.data.watch.spread import far

if TYPE_CHECKING:
    from salesops_helpers.data.container import Tables

LONG_PAST, SILENT = pd.Timedelta(days=90), pd.Timedelta(days=30)
SAME_SALE = ["account_id", "product", "rep_id", "created_on", "amount"]


def of_owner(tables: Tables, column: str) -> pd.Series:
    """A day of each deal's owner (``hired_on``, ``left_on``), on the index of the deals."""
    reps = tables.reps.drop_duplicates("rep_id").set_index("rep_id")[column]
    return pd.Series(reps.reindex(tables.opportunities["rep_id"].to_numpy()).to_numpy(), tables.opportunities.index)


def long_past(tables: Tables) -> pd.Series:
    deals = tables.opportunities
    hit = deals[(deals["status"] == "open") & (deals["expected_close_on"] < tables.as_of - LONG_PAST)]
    return days(hit["expected_close_on"], "expected on")


def owner_left(tables: Tables) -> pd.Series:
    deals, left = tables.opportunities, of_owner(tables, "left_on")
    hit = (deals["status"] == "open") & (left <= tables.as_of)
    return days(left[hit], "the owner left on")


def closed_outside(tables: Tables) -> pd.Series:
    deals, hired, left = tables.opportunities, of_owner(tables, "hired_on"), of_owner(tables, "left_on")
    hit = deals[(deals["status"] != "open") & ((deals["closed_on"] < hired) | (deals["closed_on"] > left))]
    return days(hit["closed_on"], "closed on")


def before_hire(tables: Tables) -> pd.Series:
    """Only where the history says who owned the deal first: a deal that was handed over is older than its owner."""
    deals, hired, history = tables.opportunities, of_owner(tables, "hired_on"), tables.stage_history
    named = history[history["rep_id"].notna()]
    first = named.sort_values("changed_at", kind="stable").drop_duplicates("opportunity_id")
    first = first.set_index("opportunity_id")["rep_id"].reindex(deals["opportunity_id"].to_numpy()).to_numpy()
    hit = deals[(deals["created_on"] < hired) & (deals["rep_id"].to_numpy() == first)]
    return days(hit["created_on"], "created on")


def won_for_nothing(tables: Tables) -> pd.Series:
    deals = tables.opportunities
    return nothing(deals[(deals["status"] == "won") & ~(deals["amount"] > 0)])


def open_without_amount(tables: Tables) -> pd.Series:
    deals = tables.opportunities
    return nothing(deals[(deals["status"] == "open") & deals["amount"].isna()])


def far_amount(tables: Tables) -> pd.Series:
    """Amounts against the list price of the deal or its product; without one against the other deals of the product,
    without a product against those of the customer."""
    deals = tables.opportunities
    price = tables.products.drop_duplicates("product").set_index("product")["list_price"]
    listed = deals["list_price"].fillna(pd.Series(price.reindex(deals["product"].to_numpy()).to_numpy(), deals.index))
    listed = listed.where(listed > 0)
    group = deals["product"].astype(object)
    group = group.where(group.notna(), deals["account_id"].astype(object))
    group = group.where(group.notna(), "").astype(str) + np.where(listed.notna(), "|list", "|deals")
    real = deals["amount"] > 0
    factor = far(deals["amount"].where(real) / listed.fillna(1), group)
    return times(factor, "usual")


def double_entry(tables: Tables) -> pd.Series:
    deals = tables.opportunities
    real = deals[(deals["amount"] > 0) & deals["account_id"].notna() & deals["created_on"].notna()]
    groups = real.groupby(SAME_SALE, dropna=False)["opportunity_id"]
    first, last = groups.transform("first"), groups.transform("last")
    twin = last.where(real["opportunity_id"] == first, first)
    hit = groups.transform("size") > 1
    return like(twin[hit])


def no_activity(tables: Tables) -> pd.Series:
    """Only deals created since activities are logged with their deal."""
    deals = tables.opportunities
    if "activities" not in tables.available:
        return nothing(deals.head(0))
    log = tables.rows("activities")
    log = log.filter(log["opportunity_id"].notnull())
    first = tables.rows_engine.collect(log.group_by("opportunity_id").agg(first=log["occurred_at"].min()), "activities")
    old = deals["created_on"] < tables.as_of - SILENT
    asked = (deals["status"] == "won") | ((deals["status"] == "open") & old)
    asked &= deals["created_on"] >= first["first"].min()
    silent = ~deals["opportunity_id"].astype(object).isin(first["opportunity_id"].astype(object))
    return nothing(deals[asked & silent])


def against_history(tables: Tables) -> pd.Series:
    """Only on the extract date: on an earlier day the deal is what its history says."""
    deals, history = tables.opportunities, tables.stage_history
    if tables.as_of < tables.extract_date or history.empty:
        return nothing(deals.head(0))
    last = history.sort_values("changed_at", kind="stable").drop_duplicates("opportunity_id", keep="last")
    last = last.set_index("opportunity_id")[["stage", "amount"]].reindex(deals["opportunity_id"].to_numpy())
    stage = pd.Series(last["stage"].to_numpy(dtype=object), deals.index)
    amount = pd.Series(last["amount"].to_numpy(), deals.index)
    hit = (stage.notna() & (stage != deals["stage"].astype(object))) | ((amount - deals["amount"]).abs() > 0.005)
    said = "history: " + stage.astype(str) + ", " + amounts(amount, "{:,.2f}")
    return said[hit].astype(object)
