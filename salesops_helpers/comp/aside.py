"""Deals that cannot be paid as they stand: set aside with their reason, that everybody else can be paid."""

from __future__ import annotations

from collections import ChainMap

import numpy as np
import pandas as pd

from salesops_helpers.comp.credit import CREDITS
from salesops_helpers.comp.exact import shares
from salesops_helpers.comp.numbers import plain
from salesops_helpers.data.container import Tables
from salesops_helpers.data.tables import conform
from salesops_helpers.measures import won_deals, year_start
from salesops_helpers.words import counted, joined, money, month_name

DEAL = ["opportunity_id", "rep_id", "closed_on", "amount"]
SPLIT = ["opportunity_id", "rep_id", "quota_share", "commission_share", "overlay"]
ASIDE = ["opportunity_id", "rep_id", "closed_on", "currency", "amount", "quota_share", "commission_share", "overlay",
         "reason", "allowed", "do", "status"]
UNPAID, HELD = "not yet paid", "stays as it was paid"
NO_AMOUNT = ("it has no amount", "a won deal with its amount", "enter the amount of the deal")
SHARES = ("shares that add up to 100 %, beside those with overlay: true",
          "correct the table splits, or mark the share beside the owners' as overlay")
CALLED = {"quota_share": "quota shares", "commission_share": "commission shares"}


def faults(tables: Tables) -> pd.DataFrame:
    """The won deals whose credit cannot be told: opportunity_id, reason, allowed, do.

    A deal without an amount; one whose owners' shares, of quota or of commission, add up to something else than 100 %
    (shares that are all 0 say that a deal counts for nobody); one that has overlay shares alone.
    """
    won = won_deals(tables)[["opportunity_id", "amount"]].astype({"opportunity_id": object})
    none = pd.DataFrame({"opportunity_id": won.loc[won["amount"].isna(), "opportunity_id"]})
    why = _wrong_shares(tables.splits)
    why = why[why.index.isin(won.loc[won["amount"].notna(), "opportunity_id"])]
    wrong = pd.DataFrame({"opportunity_id": why.index.to_numpy(object), "reason": why.to_numpy(object)})
    found = [none.assign(reason=NO_AMOUNT[0], allowed=NO_AMOUNT[1], do=NO_AMOUNT[2]),
             wrong.assign(allowed=SHARES[0], do=SHARES[1])]
    return pd.concat([part for part in found if len(part)] or found[:1], ignore_index=True).astype(object)


def _wrong_shares(splits: pd.DataFrame) -> pd.Series:
    """Why the shares of a deal cannot be used, by opportunity_id; deals whose shares are right are left out."""
    if not len(splits):
        return pd.Series(dtype=object)
    owned = splits[~splits["overlay"]].astype({"opportunity_id": object})
    why = pd.Series("", index=pd.Index(splits["opportunity_id"].astype(object).unique()), dtype=object)
    why[~why.index.isin(owned["opportunity_id"])] = "it has overlay shares alone, and none of its owners"
    for share in CREDITS.values():
        sums = owned.assign(exact=shares(owned[share])).groupby("opportunity_id")["exact"].sum()
        wrong = sums[((sums != 1) & (sums != 0)).to_numpy(bool)]
        said = [f"its {CALLED[share]} add up to {plain(v * 100)} %" for v in wrong]
        why[wrong.index] = [joined(filter(None, both)) for both in zip(why[wrong.index], said, strict=True)]
    return why[(why != "").to_numpy(bool)].sort_index()


def set_aside(tables: Tables, first: pd.Timestamp, last: pd.Timestamp, book=None) -> pd.DataFrame:
    """The deals won up to the month `last` whose credit cannot be told, one row a deal and rep whom it names: `ASIDE`.

    Deals of the fiscal year of the month `first` and later ones count. A deal that a locked month of `book` has paid
    stays as it was paid there; its status says so. All others are not yet paid.
    """
    wrong = faults(tables)
    won = won_deals(tables).astype({"opportunity_id": object, "rep_id": object})
    won = won[won["month"].between(year_start(first, tables.company.fiscal_year_start), last)]
    frame = won[DEAL].merge(wrong, on="opportunity_id")
    named = tables.splits[SPLIT].astype({"opportunity_id": object, "rep_id": object}).rename(columns={"rep_id": "of"})
    frame = frame.merge(named, on="opportunity_id", how="left")
    frame["rep_id"] = frame["of"].where(frame["of"].notna(), frame["rep_id"])
    frame["overlay"] = frame["overlay"].astype("boolean").fillna(False).astype(bool)
    paid = frame["opportunity_id"].isin(book.deals["opportunity_id"] if book is not None else [])
    frame = frame.assign(currency=tables.company.currency, status=np.where(paid, HELD, UNPAID))
    return frame[ASIDE].sort_values(["closed_on", "opportunity_id", "rep_id"], kind="stable").reset_index(drop=True)


def unpaid(aside: pd.DataFrame) -> pd.DataFrame:
    """The deals that are not yet paid, one row a deal."""
    return aside[aside["status"] == UNPAID].drop_duplicates("opportunity_id").reset_index(drop=True)


def aside_of(aside: pd.DataFrame, rep: str = "") -> pd.DataFrame:
    """The rows of a frame `ASIDE` that name a rep (empty: all), for reading."""
    mine = aside[aside["rep_id"] == rep] if rep else aside
    return mine[[c for c in ASIDE if c not in ("currency", "allowed")]].reset_index(drop=True)


def aside_words(aside: pd.DataFrame, rep: str = "") -> list[str]:
    """What a statement lacks, or pays as before, in sentences; none where nothing is set aside."""
    mine = aside[aside["rep_id"] == rep] if rep else aside
    waiting, held = unpaid(mine), mine[mine["status"] == HELD]
    said = []
    if len(waiting):
        said.append(f"Set aside and not yet paid: {counted(len(waiting), 'deal')} of "
                    f"{money(waiting['amount'].sum(), waiting['currency'].iloc[0], 2)}; {reasons(waiting)}.")
    if len(held):
        said.append(f"Paid as in an earlier month until it is mended: {reasons(held)}.")
    return said


def account(aside: pd.DataFrame, tables: Tables, month: pd.Timestamp) -> pd.DataFrame:
    """The deals won in a month: what (used, set aside, all), deals (count), amount (currency); the two add up."""
    won = won_deals(tables)
    won = won[won["month"] == month]
    gone = won["opportunity_id"].isin(unpaid(aside)["opportunity_id"])
    parts = {"used for pay": won[~gone], "set aside, not yet paid": won[gone], "all won deals": won}
    return pd.DataFrame([{"what": name, "deals": len(part), "amount": part["amount"].sum()}
                         for name, part in parts.items()])


def account_words(aside: pd.DataFrame, tables: Tables, month: pd.Timestamp) -> str:
    """`account` as a sentence."""
    rows = account(aside, tables, month)
    used, gone, every = (f"{counted(n, 'deal')} of {money(a, tables.company.currency, 2)}"
                         for n, a in zip(rows["deals"], rows["amount"], strict=True))
    return f"Of the {every} won in {month_name(month)}, {used} are used for pay and {gone} are set aside."


def payable(tables: Tables, aside: pd.DataFrame, book=None) -> Tables:
    """The tables without the deals that are not yet paid, and with those that stay as they were paid as they were."""
    if not len(aside):
        return tables
    gone = unpaid(aside)["opportunity_id"]
    kept = tables.opportunities[~tables.opportunities["opportunity_id"].isin(gone)]
    known = replaced(tables, opportunities=kept.reset_index(drop=True))
    held = aside.loc[aside["status"] == HELD, "opportunity_id"]
    return as_paid(known, book, held) if len(held) else known


def as_paid(tables: Tables, book, ids) -> Tables:
    """The tables with these deals, and their shares, as they were when `book` last paid them."""
    now = tables.opportunities
    deals = book.deals[book.deals["opportunity_id"].isin(ids)]
    old = deals.drop_duplicates("opportunity_id", keep="last").set_index("opportunity_id")
    at = now["opportunity_id"].isin(old.index)
    ids = now.loc[at, "opportunity_id"].to_numpy()
    fresh = now.assign(status=now["status"].mask(at, "won"))
    for name in ("closed_on", "amount", "rep_id"):
        fresh.loc[at, name] = old[name].reindex(ids).astype(now[name].dtype).to_numpy()
    others = tables.splits[~tables.splits["opportunity_id"].isin(old.index)]
    splits = book.splits[book.splits["opportunity_id"].isin(old.index)]
    parts = [part for part in (others, conform("splits", splits)) if len(part)]
    return replaced(tables, opportunities=fresh, splits=pd.concat(parts, ignore_index=True) if parts else others)


def replaced(tables: Tables, **frames: pd.DataFrame) -> Tables:
    """The tables with some frames in place of theirs; the others are not read until they are asked for."""
    return Tables(tables.company, ChainMap(frames, tables._frames), tables.as_of, tables.extract_date, tables.notes)


def reasons(aside: pd.DataFrame, most: int = 5) -> str:
    """The deals of a frame `ASIDE` with their reasons: ``O-1: its quota shares add up to 90 %; and 3 more``."""
    deals = aside.drop_duplicates("opportunity_id")
    said = [f"{deal}: {why}" for deal, why in zip(deals["opportunity_id"], deals["reason"], strict=True)]
    return "; ".join([*said[:most], *([f"and {len(said) - most} more"] if len(said) > most else [])])
