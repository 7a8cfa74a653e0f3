"""What the sales-process page says, in sentences and in tables for reading."""

from __future__ import annotations

import pandas as pd

from salesops_helpers import words
from salesops_helpers.data.container import Tables
from salesops_helpers.performance.stages import Steps
from salesops_helpers.performance.velocity import Velocity

CLEAR = 0.05
DIMENSION_NAMES = {"product": "product", "segment": "segment", "team": "team", "lead_source": "lead source",
                   "region": "region", "kind": "kind", "rep": "owner"}


def verdict(
    tables: Tables, waits: pd.DataFrame, deals: pd.DataFrame, levers: Velocity, cycle: pd.DataFrame,
    inflation: pd.DataFrame, times: pd.DataFrame | None = None, slips: pd.DataFrame | None = None, cells: pd.DataFrame | None = None,
) -> list[str]:
    """The answer of the page: where deals wait, what has stopped, what a change is worth, what slips, who differs.

    Parameters
    ----------
    waits, deals, levers, cycle, inflation, times, slips, cells
        What `stages.where_value_waits`, `stale.stalled`, `velocity.velocity`, `stages.created_to_closed`,
        `stale.inflation` (the headline where most open deals are older than any that closed), `stages.time_in_stage`, `slippage.slip_rates` and `transitions.transitions` give.
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
    return (f"{words.counted(int(top['deals']), 'deal')} stand in {top['stage']}, for a median of "
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


def steps_sentence(steps: Steps) -> str:
    """What the product of step rates would have predicted, beside what happened."""
    if not steps.actual or pd.isna(steps.predicted):
        return ""
    return (f"Do not multiply step rates: for the deals that began in these months that would give "
            f"{words.number(steps.predicted)} wins so far, and {words.number(steps.actual)} were won, because deals "
            "skip stages and come back.")


def waterfall_sentence(lines: pd.DataFrame, start, end, currency: str) -> str:
    """Opening, the largest movements and closing of the company's pipeline."""
    rows = lines.set_index("line")
    told = rows["amount"].notna().all()
    value = (lambda line: words.short_money(rows.loc[line, "amount"], currency)) if told else (
        lambda line: words.counted(int(rows.loc[line, "net_deals"]), "deal"))
    moved = rows["amount" if told else "net_deals"].drop(["opening", "closing", "unchanged"])
    largest = moved[moved != 0].abs().sort_values(ascending=False, kind="stable").index[:3]
    signs = [f"{'+' if moved[name] > 0 else ''}{value(name)} {name}" for name in largest]
    return (f"The open pipeline went from {value('opening')} on {words.day_name(start)} to {value('closing')} on "
            f"{words.day_name(end)}: {words.joined(signs) or 'nothing moved'}.")


def inflation_sentence(rows: pd.DataFrame) -> str:
    """How many open deals are older than any, and than nearly any, that ever closed."""
    row = rows.iloc[-1]
    if not row["open"] or pd.isna(row["limit_all"]):
        return ""
    every, most = words.number(row["limit_all"]), words.number(row["limit_most"])
    return (f"{words.number(row['older_all'])} of {words.counted(int(row['open']), 'open deal')} with a date are older "
            f"than any deal that ever closed ({every} days), {words.number(row['older_most'])} older than nearly all "
            f"({most} days).")


def coverage_sentence(now: pd.Series, needed: pd.DataFrame, currency: str) -> str:
    """The pipeline due in the quarter against what history says it turns into, and against the quota."""
    places = needed[needed["place"] == now["place"]]
    if places.empty or not now["pipeline"] > 0:
        return ""
    past = places.iloc[0]
    sum_now = words.short_money(now["pipeline"], currency)
    span = "" if pd.isna(past["low"]) else (
        f" (90 % range {words.number(past['low'], 1)} to {words.number(past['high'], 1)})")
    comes = words.short_money(now["pipeline"] / past["needed"], currency)
    between = "" if pd.isna(past["low"]) else (
        f" ({words.money_range(now['pipeline'] / past['high'], now['pipeline'] / past['low'])})")
    said = (f"{sum_now} of open pipeline is expected to close by {words.day_name(now['last'])}. At this place in the "
            f"quarter it took {words.number(past['needed'], 1)} of pipeline for each 1 that was then won{span}, over "
            f"{words.counted(int(past['quarters']), 'quarter')}: that would be {comes}{between} in the rest of the "
            "quarter.")
    if pd.isna(now["coverage"]):
        return said
    own = now["quota_of"] == now["quarter"]
    quota = "the quota still to win" if own else "the quota of the quarter before (this quarter's is not known yet)"
    return f"{said} Coverage: {words.number(now['coverage'], 1)} times {quota}."


def created_sentence(created: pd.DataFrame) -> str:
    """Which share of the quarter's new deals, and of those won within it, comes from each of its months."""
    sums = created.groupby("place")[["deals", "won_within"]].sum()
    if not sums["deals"].sum():
        return ""
    come = words.joined(words.number(100 * share) for share in sums["deals"] / sums["deals"].sum())
    won = words.joined(words.number(100 * share) for share in sums["won_within"] / sums["deals"])
    return (f"Of a quarter's new deals {come} % come in its first, second and third month; {won} % of these are won "
            "within the quarter.")


def pushes_sentence(rows: pd.DataFrame) -> str:
    """Win rates of deals never pushed and of those pushed most."""
    some = rows[rows["closed"] > 0]
    parts = [f"{words.percent(row['win_rate'], 0)} of the {words.number(row['closed'])} closed deals with "
             f"{row['pushes']} pushes" for row in some.to_dict("records")]
    return f"Won: {words.joined(parts)}." if parts else ""


def velocity_sentence(levers: Velocity, currency: str) -> str:
    """The four factors multiplied, in both forms, beside what was won."""
    if pd.isna(levers.velocity):
        return ""
    closed, still, won = (words.short_money(x, currency) for x in (levers.velocity, levers.open_velocity,
                                                                   levers.won_a_month))
    return (f"Velocity, opportunities × win rate × deal size ÷ cycle: {closed} a day with the "
            f"{words.number(levers.closed)} deals closed in {words.counted(levers.months, 'month')}, {still} a day "
            f"with the {words.number(levers.open)} deals open now. Neither is a forecast: {won} a month was won.")


def list_price_sentence(waits: pd.DataFrame, tables: Tables) -> str:
    """How much of the open money is list price, how many deals have no value or no date, and from when days count."""
    total = waits["amount"].sum()
    listed = (waits["amount"] * waits["at_list"].fillna(0)).sum() / total if total else 0.0
    unvalued, undated = int(waits["unvalued"].sum()), int(waits["undated"].sum())
    return " ".join(filter(None, [
        f"{words.percent(listed, 0)} of the money is list price." if listed else "",
        f"{words.counted(unvalued, 'deal')} without amount or list price count 0." if unvalued else "",
        f"How long {words.counted(undated, 'deal')} without a date have waited is not known." if undated else "",
        "" if tables.has("stage_history") else "Without stage_history days count from creation."]))


def flow_sentence(flow: pd.DataFrame) -> str:
    """The stage that loses the largest share of what enters it."""
    share = (flow["lost"] / flow["entered"].where(flow["entered"] > 0)).dropna()
    if share.empty:
        return "No deal entered a stage in these months."
    row = flow.loc[share.idxmax()]
    rate, lost = words.percent(row["rate"], 0), words.percent(share.max(), 0)
    deals, span = words.counted(int(row["entered"]), "deal"), words.percent_range(row["low"], row["high"])
    return (f"{row['stage']} loses most: of {deals} that entered it {rate} moved on (90 % range {span}), {lost} were "
            f"lost there and {words.percent(row['open_share'], 0)} are still open.")


def through_sentence(through: pd.DataFrame, currency: str) -> str:
    """Deals created and closed between the two dates."""
    rows = through.set_index("status")
    if not rows["deals"].sum():
        return ""
    won = f"{words.number(rows.loc['won', 'deals'])} won ({words.short_money(rows.loc['won', 'amount'], currency)})"
    return (f"{words.counted(int(rows['deals'].sum()), 'deal')} more came and went in between: {won}, "
            f"{words.number(rows.loc['lost', 'deals'])} lost.")


def list_sentence(deals: pd.DataFrame, shown: pd.DataFrame) -> str:
    """How many of the stalled deals a list shows."""
    number = int(deals["stalled"].sum())
    if number == len(shown):
        return f"{words.counted(number, 'deal')} that {'has' if number == 1 else 'have'} stopped."
    return (f"{words.number(len(shown))} of {words.counted(number, 'deal')} that have stopped: the largest to work on, "
            "then the largest to requalify or close; all are in the published table of stalled deals.")
