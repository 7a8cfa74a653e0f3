"""What stands under the figures and tables of the sales-process page, in sentences."""

from __future__ import annotations

import pandas as pd

from salesops_helpers import words
from salesops_helpers.data.container import Tables
from salesops_helpers.performance.stages import Steps
from salesops_helpers.performance.velocity import Velocity

STOPPED = "longer in their stage, or without a stage history longer open, than nine of ten wins"


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
    still = [f"{words.counted(int(rows.loc[line, 'deals']), 'deal')} {line}" for line in ("pushed out", "pulled in")
             if told and rows.loc[line, "deals"] and not rows.loc[line, "amount"]]
    same = f" Past a month's end at the same value: {words.joined(still)}." if still else ""
    return (f"The open pipeline went from {value('opening')} on {words.day_name(start)} to {value('closing')} on "
            f"{words.day_name(end)}: {words.joined(signs) or 'nothing moved'}.{same}")


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
            "quarter, by this rule of thumb; the figure to plan by is the forecast's.")
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
    parts = [f"{words.percent(row['win_rate'], 0)} with {row['pushes']}" for row in some.to_dict("records")]
    return f"Share of closed deals that were won, by number of pushes: {words.joined(parts)}." if parts else ""


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
        return f"{words.counted(number, 'deal')} that {'has' if number == 1 else 'have'} stopped ({STOPPED})."
    return (f"{words.number(len(shown))} of {words.counted(number, 'deal')} that have stopped ({STOPPED}): the largest "
            "to work on, then the largest to requalify or close; all are in the published table of stalled deals. Rep "
            "feedback counts these and also deals that are silent, past their expected close or put off twice.")
