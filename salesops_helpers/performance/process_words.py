"""The answer of the sales-process page, in sentences."""

from __future__ import annotations

import pandas as pd

from salesops_helpers import words
from salesops_helpers.data.container import Tables
from salesops_helpers.performance.velocity import Velocity

CLEAR = 0.05
DIMENSION_NAMES = {"product": "product", "segment": "segment", "team": "team", "lead_source": "lead source",
                   "region": "region", "kind": "kind", "rep": "owner"}


def verdict(
    tables: Tables, waits: pd.DataFrame, deals: pd.DataFrame, levers: Velocity, cycle: pd.DataFrame,
    inflation: pd.DataFrame, times: pd.DataFrame | None = None, slips: pd.DataFrame | None = None,
    cells: pd.DataFrame | None = None,
) -> list[str]:
    """The answer of the page: where deals wait, what has stopped, what a change is worth, what slips, who differs.

    Parameters
    ----------
    waits, deals, levers, cycle, inflation, times, slips, cells
        What `stages.where_value_waits`, `stale.stalled`, `velocity.velocity`, `stages.created_to_closed`,
        `stale.inflation` (the headline where most open deals are older than any that closed), `stages.time_in_stage`,
        `slippage.slip_rates` and `transitions.transitions` give.
    """
    currency, aged = tables.company.currency, inflation.iloc[-1]
    how_long = times_sentences(times) or [cycle_sentence(cycle)]
    where = [waits_sentence(waits, tables), share_sentence(waits, tables)]
    dead = aged["open"] and aged["older_all"] > aged["open"] / 2
    first = [inflation_sentence(inflation), *where] if dead else where
    said = [*first, *how_long, stalled_sentence(deals, currency), levers_sentence(levers, currency),
            slips_sentence(slips), *cells_sentences(cells)]
    return [s for s in said if s]


def waits_sentence(waits: pd.DataFrame, tables: Tables) -> str:
    """Where most money × days waits, and how much of it longer than is usual."""
    currency, told = tables.company.currency, tables.has("stage_history")
    if waits.empty:
        return "0 deals are open, so none waits."
    if not waits["money_days"].sum():
        return (f"{words.counted(int(waits['deals'].sum()), 'deal')} are open, worth "
                f"{words.short_money(waits['amount'].sum(), currency)}; how long they have waited is not known.")
    top = waits.loc[waits["money_days"].idxmax()]
    days = words.number(top["median_days"])
    money, deals = words.short_money(top["amount"], currency), words.counted(int(top["deals"]), "deal")
    if not told:
        return f"Deals wait in {top['stage']}: {money} in {deals}, half of them created {days} days ago or earlier."
    if not top["beyond"]:
        return f"Deals wait in {top['stage']}: {money} in {deals} has stood there for a median of {days} days."
    late = words.short_money(top["beyond_amount"], currency)
    return (f"Deals wait in {top['stage']}: {late} of the {money} there has stood longer than nine of ten stays that "
            "were part of a win.")


def share_sentence(waits: pd.DataFrame, tables: Tables) -> str:
    """The same stage's deals, days and share of all money × days; nothing where the history does not tell."""
    if len(waits) < 2 or not waits["money_days"].sum() or not tables.has("stage_history"):
        return ""
    top = waits.loc[waits["money_days"].idxmax()]
    verb = "stands" if top["deals"] == 1 else "stand"
    return (f"{words.counted(int(top['deals']), 'deal')} {verb} in {top['stage']}, for a median of "
            f"{words.number(top['median_days'])} days: {words.percent(top['share'], 0)} of all open money × days.")


def cycle_sentence(cycle: pd.DataFrame) -> str:
    """How long deals take from creation to closing and to a win, those not there yet counted as lasting."""
    said = {"closed": "closed", "won": "won"}
    parts = []
    for row in cycle.to_dict("records"):
        if pd.notna(row["median"]):
            span = f"{words.number(row['low'])} to {words.number(row['high'])}"
            parts.append(f"half are {said[row['end']]} within {words.number(row['median'])} days (90 % range {span})")
    deals = words.counted(int(cycle["n"].iloc[0]), "deal")
    return (f"Of {deals} created in the last {cycle['months'].iloc[0]} months, {words.joined(parts)}, those still open "
            "counted as lasting." if parts else "")


def times_sentences(times: pd.DataFrame | None) -> list[str]:
    """Which stage takes longest, with its range."""
    if times is None or not times["median"].notna().any():
        return []
    top = times.loc[times["median"].idxmax()]
    low, high = words.number(top["low"]), words.number(top["high"])
    return [f"The stage that takes longest is {top['stage']}: half of the stays last more than "
            f"{words.number(top['median'])} days (90 % range {low} to {high}; {words.number(top['n'])} stays, those "
            "not over yet counted as lasting)."]


def stalled_sentence(deals: pd.DataFrame, currency: str) -> str:
    """How much of the pipeline has stopped, and how much of that is past all hope by its age."""
    if deals.empty:
        return ""
    stopped, old = deals[deals["stalled"]], deals[deals["advice"] != "work on"]
    have = "has" if len(stopped) == 1 else "have"
    money, total, aged = (words.short_money(part["amount"].sum(), currency) for part in (stopped, deals, old))
    are = "is" if len(old) == 1 else "are"
    aged = (f" {words.number(len(old))} ({aged}) {are} older than nearly all deals that ever closed: requalify or "
            "close." if len(old) else "")
    return (f"{words.number(len(stopped))} of {words.counted(len(deals), 'open deal')} {have} stopped, {money} of "
            f"{total}.{aged}")


def levers_sentence(levers: Velocity, currency: str) -> str:
    """What each lever is worth a month, with ranges."""
    worth = levers.levers.set_index("lever")
    if not worth["worth"].notna().any():
        return "Nothing was won in the period, so no lever can be valued."
    names = {"win_rate": "one point of win rate", "cycle": "one day of cycle", "deal_size": "1 % of deal size"}
    each = {name: worth.loc[name] for name in names}
    parts = [f"{names[name]} {words.short_money(row['worth'], currency)} "
             f"({words.money_range(row['low'], row['high'])})" for name, row in each.items()]
    return f"What a small change is worth a month (90 % range): {words.joined(parts)}."


def slips_sentence(slips: pd.DataFrame | None) -> str:
    """The share of deals that slipped, over all periods, with its range."""
    if slips is None or not slips["due"].iloc[-1]:
        return ""
    row = slips.iloc[-1]
    rate, value, won = (words.percent(x, 0) for x in (row["rate"], row["rate_value"], row["won"] / row["due"]))
    span = words.percent_range(row["low"], row["high"], 1)
    return (f"Of {words.counted(int(row['due']), 'deal')} expected to close within the month when it began, {rate} "
            f"slipped (90 % range {span}; by value {value}), {won} were won in it.")


def cells_sentences(cells: pd.DataFrame | None, most: int = 2) -> list[str]:
    """The clearest differences between segments, or that there is none; with how many were looked at."""
    if cells is None or cells.empty:
        return []
    clear = cells[cells["p_all"] <= CLEAR]
    looked = f"{words.number(len(cells))} combinations of stage and segment looked at"
    if clear.empty:
        return ["No step of any product, segment, team, lead source or region differs from the company's beyond "
                f"chance ({looked})."]
    said = [f"{row['value']} ({DIMENSION_NAMES[row['dimension']]}): {words.percent(row['rate'], 0)} of "
            f"{words.number(row['n'])} deals move on from {row['stage']}, {words.percent(row['company'], 0)} would at "
            f"the company's rates" for row in clear.head(most).to_dict("records")]
    more = f"; {words.number(len(clear) - most)} more below" if len(clear) > most else ""
    return [f"Beyond chance ({looked}): {words.joined(said)}{more}."]


def inflation_sentence(rows: pd.DataFrame) -> str:
    """How many open deals are older than any, and than nearly any, that ever closed."""
    row = rows.iloc[-1]
    if not row["open"] or pd.isna(row["limit_all"]):
        return ""
    every, most = words.number(row["limit_all"]), words.number(row["limit_most"])
    return (f"{words.number(row['older_all'])} of {words.counted(int(row['open']), 'open deal')} with a date are older "
            f"than any deal that ever closed ({every} days), {words.number(row['older_most'])} older than nearly all "
            f"({most} days).")
