"""The pipeline: what is open, what was created, what covers the quota, what is stale."""

from __future__ import annotations

import pandas as pd

from salesops_helpers.measures import quarter_start
from salesops_helpers.performance.definitions.deals import created, credit, total
from salesops_helpers.performance.definitions.history import intervals, standing
from salesops_helpers.performance.definitions.quota import quotas
from salesops_helpers.performance.definitions.stale import stale, untouched
from salesops_helpers.performance.kpi import PEOPLE, UNITS, Form, Kpi
from salesops_helpers.performance.question import Question
from salesops_helpers.performance.ranges import KEYS

OPEN = "deals open at the end of the period, at their amounts of that day"
OPEN_NOW = "deals open on the as-of day"
CREATED = "deals created in the period, closed since or not, at their first recorded amount"
GOING_IN = "on the first day of the month: deals open then and expected to close by the end of its fiscal quarter"


def open_sums(ask: Question) -> pd.DataFrame:
    """Open at the end of each period: deals, worth, resting (currency), closing (worth expected to close by the end of
    the fiscal quarter that holds the next day), weighted, closing_weighted (× CRM probability; today's deals only)."""
    rows = standing(ask)
    closing = (rows["closes"] < rows["_quarter"]) & ~rows["overdue"]
    chance = rows["current"].ifelse(rows["probability"], None)
    return ask.state(
        "kpi_open", rows, deals=rows.count(), worth=total(rows["worth"]), resting=total(rows["resting"]),
        closing=total(closing.ifelse(rows["worth"], None)), rated=chance.count(),
        weighted=total(rows["worth"] * chance), closing_weighted=total(closing.ifelse(rows["worth"] * chance, None)))


def _open(column: str, rests: bool = False):
    def cells(ask: Question) -> pd.DataFrame:
        found = ask.once(open_sums)
        share = found["resting"] / found["worth"].where(found["worth"] > 0)
        return found[KEYS].assign(numerator=found[column], **({"on_list_price": share} if rests else {}))
    return cells


def _created(column: str, resting: str):
    def cells(ask: Question) -> pd.DataFrame:
        found = ask.once(created)
        share = found[resting] / found[column].where(found[column] > 0)
        return found[KEYS].assign(numerator=found[column], on_list_price=share)
    return cells


def going_in(ask: Question) -> pd.DataFrame:
    """On the first day of each month: closing and closing_weighted (currency) of the pipeline, quota of the fiscal
    quarter, won (credited bookings of the quarter before that day)."""
    found = ask.once(open_sums)
    found = found.assign(month=found["month"] + pd.DateOffset(months=1))
    start = ask.tables.company.fiscal_year_start
    sides = {"quota": ask.once(quotas).rename(columns={"quota": "amount"}),
             "won": ask.once(credit).rename(columns={"bookings": "amount"})}
    asked = found[["unit", "month"]].assign(quarter=quarter_start(found["month"], start))
    for name, side in sides.items():
        side = side[["unit", "month", "amount"]].rename(columns={"month": "of"})
        side = side.assign(quarter=quarter_start(side["of"], start))
        both = asked.merge(side, on=["unit", "quarter"], how="inner")
        both = both if name == "quota" else both[both["of"] < both["month"]]
        found = found.merge(both.groupby(KEYS)["amount"].sum().rename(name).reset_index(), on=KEYS, how="left")
    return found[found["quota"] > 0].fillna({"won": 0.0})


def _coverage(left: bool):
    def cells(ask: Question) -> pd.DataFrame:
        found = ask.once(going_in)
        needed = found["quota"] - found["won"] if left else found["quota"]
        share = found["resting"] / found["worth"].where(found["worth"] > 0)
        return found[KEYS].assign(numerator=found["closing"], denominator=needed.clip(lower=0), n=found["deals"],
                                  on_list_price=share)
    return cells


def _weighted_coverage(ask: Question) -> pd.DataFrame:
    """Of the as-of day, for the fiscal quarter that holds the next one: the CRM's probabilities are today's."""
    found = ask.once(going_in)
    found = found[(found["month"] == ask.now + pd.DateOffset(months=1)) & (found["rated"] > 0)]
    return found[["unit"]].assign(month=ask.now, numerator=found["closing_weighted"], denominator=found["quota"],
                                  n=found["deals"])


def _modelled(ask: Question) -> pd.DataFrame:
    import ibis

    given = ask.frames["probabilities"][["opportunity_id", "probability"]].rename(columns={
        "opportunity_id": "_deal", "probability": "_chance"})
    rows = standing(ask).filter(lambda t: t["current"])
    chances = ibis.memtable(given)
    both = ask.united_at_end(rows.inner_join(chances, rows["opportunity_id"] == chances["_deal"]))
    found = ask.sums(both, numerator=total(both["worth"] * both["_chance"]))
    return found[found["month"] == ask.now]


def _by_stage(ask: Question) -> pd.DataFrame:
    found = ask.once(open_sums)
    found = found[(found["rated"] > 0) & (found["month"] == ask.now)]
    return found[[*KEYS, "weighted"]].rename(columns={"weighted": "numerator"})


KPIS = (
    Kpi("open_deals", "Open deals", "How many deals stand open at the end of the period.", "deals", "none",
        "opportunities, stage_history", (Form("open", "deals open", OPEN, "sum", _open("deals")),), reading="end"),
    Kpi("open_pipeline", "Open pipeline", "What the open deals are worth.", "currency", "up",
        "opportunities.amount, list_price; stage_history.amount", (
            Form("open", "Σ amount of open deals, list price where there is none", OPEN, "sum",
                 _open("worth", rests=True)),), reading="end"),
    Kpi("pipeline_created", "Pipeline created", "What the deals created are worth, as they stood at creation.",
        "currency", "up", "opportunities.created_on, amount, list_price; stage_history.amount", (
            Form("created", "Σ amount at creation, list price where there is none", CREATED, "sum",
                 _created("pipeline", "resting")),
            Form("still_open", "the same of those still open on the as-of day", "of these, the deals still open", "sum",
                 _created("pipeline_open", "resting_open")),)),
    Kpi("weighted_pipeline", "Weighted pipeline", "Open pipeline, each deal times its chance of being won.", "currency",
        "up", "a win model's probabilities; opportunities.probability", (
            Form("model", "Σ amount × win probability of the model handed over", OPEN_NOW, "today",
                 _modelled, frame="probabilities"),
            Form("crm", "Σ amount × the CRM's stage probability, a setting and no estimate",
                 OPEN_NOW, "today", _by_stage),), reading="end"),
    Kpi("pipeline_coverage", "Coverage going into the month",
        "How many times the pipeline covers what is still to be sold.", "times", "up",
        "opportunities, stage_history, quotas", (
            Form("remaining", "open pipeline closing in the quarter ÷ (quota − already won); missing once it is met",
                 GOING_IN, "quotient", _coverage(left=True), by=PEOPLE, needs=("quotas",)),
            Form("quota", "open pipeline closing in the quarter ÷ quota", GOING_IN, "quotient",
                 _coverage(left=False), by=PEOPLE, needs=("quotas",)),
            Form("weighted", "open pipeline closing in the quarter, each deal × the CRM's probability, ÷ quota",
                 "on the as-of day alone, for the fiscal quarter that holds the next day", "quotient",
                 _weighted_coverage, by=PEOPLE, needs=("quotas",)),), reading="end"),
    Kpi("stale_deals", "Stale deals", "Which share of the open deals has stood still for too long.", "share", "down",
        "opportunities, stage_history, activities", (
            Form("long_stay", "open deals older in their stage than nine in ten stays of deals that were won ÷ open "
                 "deals in such stages", OPEN, "rate", stale, needs=("stage_history",)),
            Form("no_activity", "open deals without an activity in the last 30 days ÷ open deals", OPEN, "rate",
                 untouched, by=UNITS, needs=("activities",)),), reading="end"),
)

__all__ = ["KPIS", "going_in", "intervals", "open_sums"]
