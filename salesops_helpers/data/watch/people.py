"""What marks reps, plans, customers and leads among their like."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from salesops_helpers.data.duplicates import cleaned, probable_duplicates
from salesops_helpers.data.watch.said import days, like, nothing

if TYPE_CHECKING:
    from salesops_helpers.data.container import Tables

TEXTS = ("name", "industry", "region", "territory")
NUMBERS = ("employees", "revenue", "latitude", "longitude")


def plans_overlap(tables: Tables) -> pd.Series:
    plans = tables.plan_assignments.sort_values(["rep_id", "starts_on"], kind="stable")
    before = plans["ends_on"].fillna(pd.Timestamp.max.normalize()).groupby(plans["rep_id"]).shift()
    return days(plans["starts_on"], "from")[before >= plans["starts_on"]]


def same_name(tables: Tables) -> pd.Series:
    reps = tables.reps
    name = pd.Series(cleaned(reps["name"]).to_numpy(), reps.index)
    return nothing(reps[name.notna() & name.duplicated(keep=False)])


def account_pairs(tables: Tables) -> pd.DataFrame:
    """Customers that are probably one, by name, industry, place and size: left, right, score, reasons."""
    return probable_duplicates(tables.accounts, "account_id", TEXTS, NUMBERS, needed=["name"])


def named_pairs(tables: Tables) -> pd.DataFrame:
    """The pairs of `account_pairs` with left_name and right_name."""
    if not tables.has("accounts"):
        return pd.DataFrame(columns=["left", "right", "score", "reasons", "left_name", "right_name"])
    names = tables.accounts.set_index("account_id")["name"].astype(object)
    pairs = account_pairs(tables)
    return pairs.assign(left_name=pairs["left"].map(names), right_name=pairs["right"].map(names))


def same_account(tables: Tables) -> pd.Series:
    pairs, accounts = account_pairs(tables), tables.accounts
    names = ({"left": "id", "right": "other"}, {"right": "id", "left": "other"})
    both = pd.concat([pairs.rename(columns=side) for side in names]).astype(object)
    said = (like(both["other"]) + " (" + both["reasons"] + ")").groupby(both["id"].to_numpy()).first()
    hit = accounts.loc[accounts["account_id"].isin(said.index), "account_id"]
    return pd.Series(said.reindex(hit.to_numpy()).to_numpy(), hit.index, dtype=object)


def same_lead(tables: Tables) -> pd.Series:
    leads = tables.leads
    known = leads[leads["source"].notna() & leads["score"].notna()]
    minute = known["created_at"].dt.floor("min")
    hour = minute.dt.hour * 60 + minute.dt.minute
    groups = known.assign(minute=minute).groupby(["source", "score", "minute"])["lead_id"]
    first, last = groups.transform("first"), groups.transform("last")
    hit = (groups.transform("size") > 1) & (hour > 0)
    twin = last.where(known["lead_id"] == first, first)
    return like(twin[hit])
