"""Hygiene in money: how much of each figure rests on rows that were flagged, and how far it moves without them."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from salesops_helpers.data.container import Tables
from salesops_helpers.data.marks import counted, rulebook
from salesops_helpers.data.watch import keys
from salesops_helpers.measures import credited, month_start
from salesops_helpers.performance.aside import aside_deals

MATERIAL = ("amount", "date", "stage", "owner")  # doubts that put money in question; others are about the record
FIGURES = ["pipeline", "bookings", "history", "pay"]


def flagged_deals(
    tables: Tables, rules: Iterable[str] | None = None, flags: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Deals with a flag of their own or on their splits: opportunity_id, rule, doubts, material (bool).

    Parameters
    ----------
    rules : iterable of str, optional
        Only these rules; default: all.
    flags : DataFrame, optional
        Default: the tables' own.
    """
    flags = tables.flags if flags is None else flags
    own = flags.loc[flags["table"] == "opportunities", ["key", "rule", "doubts"]].rename(
        columns={"key": "opportunity_id"})
    shares = pd.DataFrame({"key": keys(tables.splits, "splits"), "opportunity_id": tables.splits["opportunity_id"]})
    split = flags[flags["table"] == "splits"].merge(shares.astype(object), on="key")[list(own)]
    found = pd.concat([own.astype(object), split.astype(object)]).drop_duplicates(["opportunity_id", "rule"])
    found = found if rules is None else found[found["rule"].isin(list(rules))]
    return found.assign(material=found["doubts"].isin(MATERIAL)).reset_index(drop=True)


def money(tables: Tables, months: int = 12) -> pd.DataFrame:
    """The money behind four figures, one row a deal and figure (pay: a deal, rep and figure).

    Returns
    -------
    DataFrame
        figure (pipeline: amounts of open deals; bookings: credited bookings of the month; history: the same over the
        last `months` months, which a forecast learns from; pay: credited bookings of the month with overlays, which pay
        is computed on), opportunity_id, rep_id, amount (currency; unknown amounts count 0).

    Notes
    -----
    An open deal without an amount is valued at its list price, where there is one, and is flagged.
    """
    deals, credit = valued(tables), credited(tables)
    last = month_start(tables.as_of)
    base = credit[~credit["overlay"]]
    columns = {"bookings": "amount"}
    parts = {
        "pipeline": deals.loc[deals["status"] == "open", ["opportunity_id", "rep_id", "amount"]],
        "bookings": base[base["month"] == last].drop(columns="amount").rename(columns=columns),
        "history": base[base["month"].between(last - pd.DateOffset(months=months - 1), last)].drop(
            columns="amount").rename(columns=columns),
        "pay": credit[credit["month"] == last].drop(columns="amount").rename(columns=columns),
    }
    every = [part[["opportunity_id", "rep_id", "amount"]].assign(figure=name) for name, part in parts.items()]
    return pd.concat(every, ignore_index=True).fillna({"amount": 0.0})


def valued(tables: Tables) -> pd.DataFrame:
    """The deals, open ones without an amount at their own list price, else at that of their product."""
    deals = tables.opportunities
    price = tables.products.drop_duplicates("product").set_index("product")["list_price"]
    price = pd.Series(price.reindex(deals["product"].to_numpy()).to_numpy(dtype=float), deals.index)
    listed = deals["list_price"].fillna(price).where(deals["status"] == "open")
    return deals.assign(amount=deals["amount"].fillna(listed))


def at_risk(tables: Tables, months: int = 12) -> pd.DataFrame:
    """How much of each figure rests on flagged rows.

    Returns
    -------
    DataFrame
        figure, total, flagged (where amount, date, stage or owner is in doubt; currency), share (of the total; missing
        where that is 0), record (currency: flagged for the record alone), record_share, deals, flagged_deals (counts).
    """
    rows = _marked(tables, money(tables, months))
    flagged, record = rows["amount"].where(rows["material"], 0.0), rows["amount"].where(rows["record"], 0.0)
    ids = rows["opportunity_id"].astype(object)
    frame = rows.assign(flagged=flagged, on_record=record, hit=ids.where(rows["material"])).groupby("figure").agg(
        total=("amount", "sum"), flagged=("flagged", "sum"), record=("on_record", "sum"),
        deals=("opportunity_id", "nunique"), flagged_deals=("hit", "nunique"),
    ).reindex(FIGURES).fillna(0)
    total = frame["total"].where(frame["total"] != 0)
    frame = frame.assign(share=frame["flagged"] / total, record_share=frame["record"] / total)
    columns = ["total", "flagged", "share", "record", "record_share", "deals", "flagged_deals"]
    return frame[columns].astype({"deals": int, "flagged_deals": int}).reset_index()


def _marked(tables: Tables, rows: pd.DataFrame) -> pd.DataFrame:
    """`money` with material and record (bool): does the row rest on a flag of the deal or, for pay, of the quota."""
    marks = flagged_deals(tables)
    material = rows["opportunity_id"].isin(marks.loc[marks["material"], "opportunity_id"])
    material |= (rows["figure"] == "pay") & rows["rep_id"].isin(_quota_reps(tables)["rep_id"])
    return rows.assign(material=material, record=rows["opportunity_id"].isin(marks["opportunity_id"]) & ~material)


def _quota_reps(tables: Tables) -> pd.DataFrame:
    """Reps whose quota of the month is flagged: rep_id, rule, doubts."""
    flags, quotas = tables.flags, tables.quotas
    mine = quotas[quotas["month"] == month_start(tables.as_of)]
    named = pd.DataFrame({"key": keys(mine, "quotas"), "rep_id": mine["rep_id"]}).astype(object)
    return flags[flags["table"] == "quotas"].merge(named, on="key")[["rep_id", "rule", "doubts"]]


def by_rule(tables: Tables, months: int = 12) -> pd.DataFrame:
    """The money that rests on each rule, most first; a deal with two flags counts under both.

    Returns
    -------
    DataFrame
        rule, doubts, deals (flagged, in any of the figures), pipeline, bookings, history, pay (currency), means.
    """
    rows, marks, quota = money(tables, months), flagged_deals(tables), _quota_reps(tables)
    hits = rows.merge(marks, on="opportunity_id")
    paid = rows[rows["figure"] == "pay"].merge(quota, on="rep_id") if len(quota) else hits.head(0)
    hits = pd.concat([hits, paid]) if len(paid) else hits
    sums = hits.pivot_table(index=["rule", "doubts"], columns="figure", values="amount", aggfunc="sum", fill_value=0)
    deals = hits.groupby(["rule", "doubts"])["opportunity_id"].nunique().rename("deals")
    frame = sums.reindex(columns=FIGURES, fill_value=0).join(deals).reset_index()
    means = rulebook(tables.company).query("doubts != ''").drop_duplicates("rule").set_index("rule")["means"]
    frame = frame.assign(means=frame["rule"].map(means), most=frame[FIGURES].max(axis=1))
    order = frame.sort_values(["most", "rule"], ascending=[False, True], ignore_index=True)
    return order[["rule", "doubts", "deals", *FIGURES, "means"]]


def headline(tables: Tables, without: Iterable[str] = (), within: pd.DataFrame | None = None) -> pd.Series:
    """The month's headline figures, with some deals left out and others taken in.

    Parameters
    ----------
    without : iterable of str
        Ids of deals to leave out.
    within : DataFrame, optional
        Deals to take in beside the used ones: status, closed_on, amount.

    Returns
    -------
    Series
        bookings (credited, of the month, currency), won, closed (deals of the month), win_rate (won ÷ closed), pipeline
        (amounts of open deals, currency), open (deals).
    """
    month = month_start(tables.as_of)
    gone = set(without)
    credit, deals = credited(tables), valued(tables)
    credit = credit[~credit["overlay"] & (credit["month"] == month) & ~credit["opportunity_id"].isin(gone)]
    deals = deals.loc[~deals["opportunity_id"].isin(gone), ["status", "closed_on", "amount"]]
    more = deals.head(0) if within is None else within[["status", "closed_on", "amount"]]
    bookings = credit["bookings"].sum() + more.loc[_closed(more, tables) & (more["status"] == "won"), "amount"].sum()
    every = pd.concat([deals, more]) if len(more) else deals
    ended = every[_closed(every, tables)]
    won, closed = int((ended["status"] == "won").sum()), len(ended)
    still = every[every["status"] == "open"]
    return pd.Series({"bookings": float(bookings), "won": won, "closed": closed,
                      "win_rate": won / closed if closed else float("nan"),
                      "pipeline": float(still["amount"].sum()), "open": len(still)})


def _closed(deals: pd.DataFrame, tables: Tables) -> pd.Series:
    return (deals["status"] != "open") & deals["closed_on"].between(month_start(tables.as_of), tables.as_of)


def moves(tables: Tables, rules: Iterable[str] | None = None) -> pd.DataFrame:
    """How far the headline moves: without the flagged deals, and with the set-aside rows taken in as they are given.

    Parameters
    ----------
    rules : iterable of str, optional
        Leave out deals with these flags; default: every flag that puts amount, date, stage or owner in doubt.

    Returns
    -------
    DataFrame
        figure (bookings, win_rate, pipeline), reported, without, change_without, within, change_within: currency, or
        shares for win_rate.
    """
    marks = flagged_deals(tables, rules)
    gone = marks["opportunity_id"] if rules is not None else marks.loc[marks["material"], "opportunity_id"]
    columns = {"reported": headline(tables), "without": headline(tables, gone),
               "within": headline(tables, within=aside_deals(tables))}
    frame = pd.DataFrame(columns).loc[["bookings", "win_rate", "pipeline"]].rename_axis("figure").reset_index()
    frame.insert(3, "change_without", frame["without"] - frame["reported"])
    return frame.assign(change_within=frame["within"] - frame["reported"])


def set_aside_counts(tables: Tables) -> pd.DataFrame:
    """Set-aside rows by table and rule: table, rule, reason, rows, means."""
    return counted(tables.set_aside, tables.company)


def first_set_aside(tables: Tables, rows: int = 20) -> pd.DataFrame:
    """The first set-aside rows, deals before other tables: the columns of ``tables.set_aside``."""
    every = tables.set_aside
    return every.assign(_later=every["table"] != "opportunities").sort_values("_later", kind="stable").head(rows)


def flag_counts(tables: Tables) -> pd.DataFrame:
    """Flags by table and rule: table, rule, reason, rows, means."""
    return counted(tables.flags, tables.company)
