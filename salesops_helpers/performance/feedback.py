"""The page on one rep, or on every rep of a company: standing, open deals that need attention, pay, overview."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers import measures, words
from salesops_helpers.data.columns import TEXT
from salesops_helpers.data.container import Tables
from salesops_helpers.data.veil import ELSEWHERE
from salesops_helpers.errors import SalesOpsError, listed
from salesops_helpers.performance import coaching_words, reps
from salesops_helpers.performance.coaching import focus, strengths
from salesops_helpers.performance.kpis import closed_sums
from salesops_helpers.performance.stages import waiting
from salesops_helpers.performance.stale import stalled
from salesops_helpers.performance.stays import stays
from salesops_helpers.publish import published

NONE = "(none)"
SILENT_DAYS, PUSHED, MOST = 30, 2, 12
PAY = {"earned": "earned this month", "corrected": "corrections of earlier months", "guarantee": "up to the guarantee",
       "draw": "paid as a draw and owed", "forgiven": "paid as a draw, not owed",
       "owed_before": "owed from earlier months", "paid": "paid with this month's payroll",
       "owed": "owed after this month"}


def shown_rep(tables: Tables, by: str = "", unit: str = "") -> str:
    """The rep_id that a page is about; empty: all reps.

    Where nothing is asked for, the only rep whose place these tables know: tables cut to one rep are about that rep.
    Raises `SalesOpsError` where `by` is not rep, or there is no such rep.
    """
    if by not in ("", "rep"):
        raise SalesOpsError(f"by = {by!r} for feedback", "rep, or empty for all reps", 'write by = "rep"')
    people = tables.reps["rep_id"]
    if by:
        if unit not in {*people, NONE}:
            raise SalesOpsError(f"rep {unit!r} is not in reps", listed(people), "name one of these")
        return unit
    place = tables.reps["team"].astype(object)
    own = people[(place != ELSEWHERE) | place.isna()]
    return str(own.iloc[0]) if len(own) == 1 else ""


def standing(tables: Tables, rep: str = "", months: int = 12) -> pd.DataFrame:
    """Credited bookings against quota month by month, of one rep or (empty) of all together.

    Returns
    -------
    DataFrame
        One row a month, the last `months` up to the as-of month, of a rep those since the month of hire: month,
        bookings, quota (currency; missing where there is none), wins (deals credited), attainment (bookings ÷ quota).
    """
    last = measures.month_start(tables.as_of)
    first, hired = last - pd.DateOffset(months=months - 1), tables.reps.loc[tables.reps["rep_id"] == rep, "hired_on"]
    joined = measures.month_start(hired.iloc[0]) if hired.notna().any() else first
    grid = pd.date_range(min(max(first, joined), last), last, freq="MS")
    credit, quotas = measures.credited(tables), tables.quotas
    credit = credit[credit["rep_id"] == rep] if rep else credit[~credit["overlay"]]
    quotas = quotas[quotas["rep_id"] == rep] if rep else quotas
    quota = quotas.groupby("month")["amount"].sum().reindex(grid)
    sold = credit.groupby("month").agg(bookings=("bookings", "sum"), wins=("opportunity_id", "nunique")).reindex(grid)
    frame = sold.fillna(0.0).astype({"wins": int}).assign(quota=quota.where(quota > 0)).rename_axis("month")
    return frame.assign(attainment=frame["bookings"] / frame["quota"]).reset_index()


def spans(tables: Tables, rep: str = "") -> pd.DataFrame:
    """Standing over the month, the fiscal quarter and the fiscal year so far.

    Returns
    -------
    DataFrame
        span (text), bookings, quota (currency), wins (deals), attainment (share; of the months that have a quota).
    """
    months, start = standing(tables, rep), tables.company.fiscal_year_start
    last = measures.month_start(tables.as_of)
    firsts = {words.month_name(last): last, "quarter so far": measures.quarter_start(last, start),
              "fiscal year so far": measures.year_start(last, start)}
    rows = []
    for span, first in firsts.items():
        part = months[months["month"] >= first]
        quota = part["quota"].sum(min_count=1)
        met = part.loc[part["quota"].notna(), "bookings"].sum()
        rows.append((span, part["bookings"].sum(), quota, part["wins"].sum(), met / quota))
    return pd.DataFrame(rows, columns=["span", "bookings", "quota", "wins", "attainment"])


def attention(tables: Tables, rep: str = "") -> pd.DataFrame:
    """Open deals that ask for something now, of one rep or (empty) of all; the largest first.

    Returns
    -------
    DataFrame
        rep_id, owner, opportunity_id, account, product, stage, amount (currency; missing: not known), stalled (bool: it
        has stopped, by the rule of `stale.stalled`), why (text: stopped, silent for 30 days, past its expected close,
        pushed at least twice), ask (text: what to do).
    """
    found = stays(tables, tables.as_of) if tables.has("stage_history") else None
    deals = stalled(tables, SILENT_DAYS, waits=waiting(tables, found))
    deals = deals[deals["rep_id"] == rep] if rep and rep != NONE else deals[deals["rep_id"].notna() ^ (rep == NONE)]
    days, age = (deals[c].map(words.number).astype(object) for c in ("days", "age"))
    late = (tables.as_of - deals["expected_close_on"]).dt.days
    quiet = (tables.as_of - deals["last_activity"]).dt.days
    reasons = {
        "stalled": deals["stalled"], "silent": deals["silent"].fillna(False).astype(bool), "late": late > 0,
        "pushed": deals["pushes"] >= PUSHED,
    }
    limit = deals["in_stage_limit"].map(words.number).astype(object)
    stands = "for " + days + " days in " + deals["stage"].astype(object) + " (nine of ten wins: at most " + limit + ")"
    stands = stands.where(deals["in_stage"].notna(), "open for " + age + " days, longer than nine of ten wins took")
    ago = quiet.map(lambda n: "no activity so far" if pd.isna(n) else f"no activity for {words.number(n)} days")
    texts = {
        "stalled": stands,
        "silent": ago.astype(object),
        "late": "expected close passed " + late.map(words.number).astype(object) + " days ago",
        "pushed": "close put off " + deals["pushes"].map(words.number).astype(object) + " times",
    }
    parts = [texts[name].where(holds, "") for name, holds in reasons.items()]
    why = ["; ".join(filter(None, some)) for some in zip(*parts, strict=True)]
    dead = (deals["advice"] == "requalify") | (reasons["stalled"] & reasons["silent"] & reasons["late"])
    ask = np.where(dead, "ask whether it is still alive; if not, close it",
                   np.where(reasons["silent"], "call the customer and agree the next step",
                            np.where(reasons["late"], "agree a date that the customer confirms",
                                     "agree the next step and its day")))
    frame = deals.assign(why=pd.Series(why, deals.index, dtype=object), ask=pd.Series(ask, deals.index, dtype=object))
    columns = ["rep_id", "owner", "opportunity_id", "account", "product", "stage", "amount", "stalled", "why", "ask"]
    return frame.loc[pd.DataFrame(reasons).any(axis=1), columns].reset_index(drop=True)


def pay(tables: Tables, rep: str, folder: str) -> pd.DataFrame:
    """The rep's month of pay as another page published it: what (text), amount (major units), currency; without rows
    where there is no such table, no line for the rep, or no rep is asked for. Amounts of 0 other than the pay are left
    out."""
    empty = pd.DataFrame({"what": pd.Series(dtype=object), "amount": pd.Series(dtype=float),
                          "currency": pd.Series(dtype=object)})
    rows = published("payroll", folder) if rep else None
    if rows is None or not {"rep_id", "month", "currency", "paid"} <= set(rows):
        return empty
    rows = rows[(rows["rep_id"] == rep) & (rows["month"] == measures.month_start(tables.as_of))]
    kinds = [c for c in PAY if c in rows]
    long = rows.melt(["currency"], kinds, "kind", "amount", ignore_index=False)
    long = long[(long["amount"] != 0) | (long["kind"] == "paid")]
    long = long.sort_values("currency", kind="stable")
    return long.assign(what=long["kind"].map(PAY).astype(object))[["what", "amount", "currency"]].reset_index(drop=True)


def compared(found: pd.DataFrame, rep: str) -> pd.DataFrame:
    """The comparisons of a rep (`coaching_words.readable`) that have cases enough to be judged; all of `coaching.looks`
    where `rep` is empty."""
    rows = all_looks(found, rep)
    return rows[rows["difference"].notna()].reset_index(drop=True)


def all_looks(found: pd.DataFrame, rep: str) -> pd.DataFrame:
    """Every comparison of a rep, few cases or many, as texts and figures (`coaching_words.readable`)."""
    rows = found[found["rep_id"] == rep] if rep else found
    return coaching_words.readable(rows.reset_index(drop=True))


def columns(rep: str, currency: str, shown: pd.DataFrame | None = None) -> tuple[dict[str, str], dict[str, str]]:
    """Formats and labels of `all_looks` of a rep, or of `overview` where `rep` is empty; without the columns of `shown`
    in which nothing is known."""
    if rep:
        return ({"look": "text", "n": "count", "observed": "whole_percent", "expected": "whole_percent",
                 "range": "text", "said": "text"},
                {"look": "what is compared", "n": "your cases", "observed": "you", "expected": "comparable colleagues",
                 "range": "true difference (90 %)", "said": "more than chance?"})
    formats = {"name": "text", "team": "text", "booked": "money", "quota": "money", "attainment": "whole_percent",
               "closed": "count", "strengths": "text", "focus": "text", "worth": "text", "attention": "count"}
    known = formats if shown is None else {c: kind for c, kind in formats.items() if shown[c].notna().any()}
    return (known,
            {"booked": f"booked in the quarter ({currency})", "quota": f"quota so far ({currency})",
             "attainment": "of quota", "closed": "closed deals", "strengths": "strengths that stand out",
             "focus": "one focus", "worth": f"what it is worth ({currency}, 90 %)",
             "attention": "open deals that ask for something"})


def overview(tables: Tables, found: pd.DataFrame, deals: pd.DataFrame, months: int) -> pd.DataFrame:
    """One row a rep who is here or left open deals: the largest gap to the quarter's quota first, else by name.

    Parameters
    ----------
    found : DataFrame
        What `coaching.looks` gives.
    deals : DataFrame
        What `attention` gives of all reps.

    Returns
    -------
    DataFrame
        rep_id, name, team, booked, quota (currency, fiscal quarter so far; missing without a quota), attainment
        (booked ÷ quota), closed (deals in the period), attention (open deals that ask for something), strengths
        (text), focus (text), worth (text: range of what is lost, currency).
    """
    period = reps.period(tables, months)
    sums = closed_sums(tables, period.start, period.end).dropna(subset="rep_id").set_index("rep_id")["closed"]
    asks = deals["rep_id"].value_counts()
    everybody = tables.reps.drop_duplicates("rep_id")
    people, left = everybody[["rep_id", "team"]], everybody["left_on"] <= tables.as_of
    seen = people["rep_id"].isin(asks.index) | ~left
    people = people[seen & (people["team"].astype(object) != ELSEWHERE)]
    good, one = strengths(found), focus(found)
    said = pd.Series(coaching_words.titles(good), index=good["rep_id"], dtype=object).groupby(level=0).agg("; ".join)
    ranges = [words.money_range(low, high, tables.company.currency)
              for low, high in zip(one["lost_low"], one["lost_high"], strict=True)]
    named = {"focus": coaching_words.titles(one), "worth": ranges}
    texts = {c: pd.Series(text, index=one["rep_id"].astype(object), dtype=object) for c, text in named.items()}
    ids = people["rep_id"].astype(object)
    frame = people.assign(
        name=reps.labels(tables, people["rep_id"]), closed=ids.map(sums).fillna(0).astype(int),
        attention=ids.map(asks).fillna(0).astype(int), strengths=ids.map(said).astype(object),
        **{c: ids.map(text).astype(object) for c, text in texts.items()}).merge(_quarter(tables), "left", "rep_id")
    order = ["rep_id", "name", "team", "booked", "quota", "attainment", "closed", "attention", "strengths", "focus",
             "worth"]
    frame = frame.assign(gap=frame["quota"] - frame["booked"]).sort_values(
        ["gap", "name", "rep_id"], ascending=[False, True, True], ignore_index=True)
    return frame[order].astype({"rep_id": TEXT})


def _quarter(tables: Tables) -> pd.DataFrame:
    """Credited bookings against quota in the fiscal quarter so far, one row a rep with a quota."""
    last = measures.month_start(tables.as_of)
    first = measures.quarter_start(last, tables.company.fiscal_year_start)
    sold, asked = (frame[frame["month"].between(first, last)] for frame in (measures.credited(tables), tables.quotas))
    quota = asked.groupby(asked["rep_id"].astype(object))["amount"].sum()
    booked = sold.groupby(sold["rep_id"].astype(object))["bookings"].sum().reindex(quota.index, fill_value=0.0)
    frame = pd.DataFrame({"booked": booked, "quota": quota.where(quota > 0)}).astype(float)
    frame = frame.assign(booked=frame["booked"].where(frame["quota"].notna()))
    return frame.assign(attainment=frame["booked"] / frame["quota"]).rename_axis("rep_id").reset_index()
