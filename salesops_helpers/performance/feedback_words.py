"""What the page on one rep, or on every rep, says first."""

from __future__ import annotations

import pandas as pd

from salesops_helpers import words
from salesops_helpers.data.container import Tables
from salesops_helpers.performance import reps
from salesops_helpers.performance.coaching import focus, strengths
from salesops_helpers.performance.coaching_words import ALONE, titles
from salesops_helpers.performance.feedback import MOST, NONE, spans
from salesops_helpers.performance.rep_peers import RAMPED

FEW = 20
USE = ("This page is for a talk between a rep and the manager. It must not be used alone for decisions about pay, "
       "promotion, warning or dismissal: it does not see effort, help given to colleagues, or luck that the tables do "
       "not hold.")


def sentences(tables: Tables, rep: str, found: pd.DataFrame, deals: pd.DataFrame, months: int) -> list[str]:
    """The answer of the page: standing, who it is about, strengths, focus and open deals in a sentence each.

    Parameters
    ----------
    found : DataFrame
        What `coaching.looks` gives.
    deals : DataFrame
        What `feedback.attention` gives for this rep, or for all.
    """
    asks = attention_sentence(deals, tables.company.currency)
    if rep == NONE:
        return [f"{words.counted(len(deals), 'open deal')} without a rep "
                f"{'asks' if len(deals) == 1 else 'ask'} for something now.",
                "There is nobody to give feedback to.", asks]
    if not rep:
        return [*_of_all(tables, found), asks]
    return [standing_sentence(tables, rep), *_about(tables, rep, months), _in_short(found, rep, months), asks, USE]


def standing_sentence(tables: Tables, rep: str) -> str:
    """Bookings of the month and the fiscal year so far, against quota where there is one."""
    name = reps.labels(tables, pd.Series([rep])).iloc[0] if rep else tables.company.name
    table = spans(tables, rep)
    parts = [_span(span, sold, quota, wins, share, tables.company.currency)
             for span, sold, quota, wins, share in table.iloc[[0, 2]].itertuples(index=False)]
    return f"{name}: {'; '.join(parts)}."


def _span(span: str, sold: float, quota: float, wins: int, share: float, currency: str) -> str:
    won = f"{words.short_money(sold, currency)} booked with {words.counted(wins, 'deal')}"
    said = won if wins else "nothing booked"
    against = "no quota is known" if pd.isna(quota) else f"{words.reached(share)} of quota"
    return f"{span} {said}, {against}" if span.endswith("so far") else f"{said} in {span}, {against}"


def _about(tables: Tables, rep: str, months: int) -> list[str]:
    """Leaver, new hire, few deals: what to keep in mind."""
    people = tables.reps[tables.reps["rep_id"] == rep]
    hired, left = people["hired_on"].max(), people["left_on"].max()
    period = reps.period(tables, months)
    deals = tables.opportunities
    closed = deals[(deals["rep_id"] == rep) & (deals["status"] != "open") & (deals["closed_on"] >= period.start)]
    said = []
    if left <= tables.as_of:
        said.append(f"Left on {words.day_name(left)}: the figures end there, and open deals need a new owner.")
    elif (tables.as_of - hired).days < RAMPED * 30.4375:
        said.append(f"Joined on {words.day_name(hired)}: in the first {RAMPED} months the comparison is with others "
                    "who are new, where there are enough of them, and says little.")
    if len(closed) < FEW:
        said.append(f"Only {words.counted(len(closed), 'deal')} closed in {period}: too few to tell skill from chance.")
    return said


def _in_short(found: pd.DataFrame, rep: str, months: int) -> str:
    good, one = strengths(found, rep), focus(found, rep)
    if found.empty or found["rep_id"].nunique() < 2:
        return f"{ALONE} Shares in deals that colleagues own are not in them either."
    strong = f"Strong in: {words.joined(titles(good))}." if len(good) else "No strength stands out by more than chance."
    weak = f"One thing to work on: {titles(one)[0]}." if len(one) else "No single focus is named."
    return f"{strong} {weak} Compared are the last {words.counted(months, 'month')}."


def _of_all(tables: Tables, found: pd.DataFrame) -> list[str]:
    here = found[~found["rep_id"].isin(tables.reps.loc[tables.reps["left_on"] <= tables.as_of, "rep_id"])]
    people, good, one = (frame["rep_id"].nunique() for frame in (here, strengths(here), focus(here)))
    if people < 2:
        return [f"{words.counted(people, 'rep')}: there is nobody to compare with, and so no strength and no focus."]
    judged = int(found["difference"].notna().sum())
    strong = f"a strength for {words.number(good)}" if good else "no strength"
    return [
        f"A coaching focus stands out for {words.number(one) if one else 'none'} of {words.counted(people, 'rep')}, "
        f"and {strong}; for the others the figures do not say.",
        f"{words.counted(judged, 'comparison')} with peers were made. Named is only what would be named in at most 5 % "
        "of months if all reps were alike.", USE]


def order_sentence(tables: Tables, shown: pd.DataFrame) -> str:
    """In which order the table of all reps stands, and who is in it; `shown` as `feedback.overview` gives it."""
    gone = tables.reps.drop_duplicates("rep_id")
    gone = gone.loc[gone["left_on"] <= tables.as_of, "rep_id"]
    order = ("by what is lacking to the quota of the fiscal quarter so far, the largest gap first"
             if shown["quota"].notna().any() else "in the order of their names")
    left, all_reps = int(shown["rep_id"].isin(gone).sum()), tables.reps["rep_id"].nunique()
    out = all_reps - len(shown)
    who = (f"{words.counted(len(shown), 'rep')} of {words.number(all_reps)}: {words.number(len(shown) - left)} who "
           f"{'is' if len(shown) - left == 1 else 'are'} here and {words.number(left)} who left open deals")
    return f"Reps stand {order}. The table holds {who}; {words.number(out)} who left none or are of other units do not."


def attention_sentence(deals: pd.DataFrame, currency: str) -> str:
    """How many open deals ask for something now, how many of them have stopped, and how many the table shows."""
    if len(deals) == 0:
        return "No open deal asks for something now."
    unknown = int(deals["amount"].isna().sum())
    more = f", {words.number(unknown)} of them without an amount" if unknown else ""
    shown = f"; the table shows the {words.number(MOST)} largest" if len(deals) > MOST else ""
    verb = "asks" if len(deals) == 1 else "ask"
    stopped = int(deals["stalled"].sum())
    parts = [f"{words.number(stopped)} {'has' if stopped == 1 else 'have'} stopped"] * bool(stopped)
    others = "silent, past the expected close or put off twice"
    if rest := len(deals) - stopped:
        parts.append(f"{words.number(rest)} {'is' if rest == 1 else 'are'} {others}")
    return (f"{words.counted(len(deals), 'open deal')} {verb} for something now, worth "
            f"{words.short_money(deals['amount'].sum(), currency)}{more}: {words.joined(parts)}{shown}.")


def standing_alt(months: pd.DataFrame, currency: str) -> str:
    """What the chart of `feedback.standing` shows."""
    total = words.short_money(months["bookings"].sum(), currency)
    reached = int((months["attainment"] >= 1).sum())
    known = int(months["attainment"].notna().sum())
    said = f"the quota was reached in {words.number(reached)} of {words.counted(known, 'month')} that have one"
    return f"{total} booked in {words.counted(len(months), 'month')}; {said if known else 'no month has a quota'}."


def pay_sentence(rows: pd.DataFrame, rep: str) -> str:
    """Where the pay comes from, or why it is not here."""
    if not rep:
        return ("Pay is on the page of pay statements, which only those audiences receive that audiences.toml gives it "
                "to.")
    if len(rows) == 0:
        return "No page of this month has published pay for this rep; the pay statement would show it."
    return "The pay statement of the month shows every part and every deal behind these figures."
