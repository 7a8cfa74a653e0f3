"""Leads: how many, how soon they are touched, how many qualify."""

from __future__ import annotations

import pandas as pd

from salesops_helpers.performance.kpi import Form, Kpi
from salesops_helpers.performance.question import Question
from salesops_helpers.performance.ranges import KEYS

BY = ("region", "team", "rep", "lead_source")
ASSIGNED = "leads assigned in the period"
OPENS, CLOSES = 8 * 60, 18 * 60
WEEK = 7


def given(ask: Question) -> pd.DataFrame:
    """Leads assigned in the periods: unit, month, assigned, qualified (leads)."""
    monthly = ask.monthly()
    return ask.summed(monthly.events(
        ask.tables.rows("leads"), "leads", "assigned_at", source="source", keep="kpi_leads",
        assigned=lambda t: t.count(), qualified=lambda t: t["qualified_on"].count()))


def _rate(ask: Question) -> pd.DataFrame:
    found = ask.once(given)
    return found[KEYS].assign(numerator=found["qualified"], denominator=found["assigned"])


def working(minutes, opens: int, closes: int):
    """Working minutes (Monday to Friday, `opens` to `closes`) from the first Monday of 1970 on, up to a moment in
    minutes since 1970."""
    import ibis

    day = (minutes / 1440).floor().cast("int64")
    of_day, since_monday = minutes - day * 1440, day + 3
    weekday, long = since_monday % WEEK, closes - opens
    today = (weekday < 5).ifelse(of_day.clip(lower=opens, upper=closes) - opens, 0)
    weeks = ((since_monday - weekday) / WEEK).cast("int64")
    return weeks * 5 * long + ibis.least(weekday, 5) * long + today


def hours(ask: Question) -> tuple[int, int]:
    """Opening and closing minute of the day: the most frequent hours of routing_policy ("08:00-18:00"), else these."""
    known = ask.tables.routing_policy["hours"].dropna().str.extract(r"^(\d\d):(\d\d)-(\d\d):(\d\d)$").dropna()
    if known.empty:
        return OPENS, CLOSES
    a, b, c, d = known.astype(int).value_counts().index[0]
    return a * 60 + b, c * 60 + d


def _response(business: bool):
    def cells(ask: Question) -> pd.DataFrame:
        monthly = ask.monthly()
        rows = ask.tables.rows("leads")
        now = int(pd.Timestamp(ask.tables.as_of + pd.Timedelta(days=1)).timestamp() // 60)
        rows = rows.filter(rows["assigned_at"].notnull())
        start, end = (rows[c].epoch_seconds() / 60 for c in ("assigned_at", "first_touch_at"))
        end = end.fill_null(now)
        took = working(end, *hours(ask)) - working(start, *hours(ask)) if business else end - start
        rows = rows.mutate(age=took.round().cast("int64").clip(lower=0), touched=rows["first_touch_at"].notnull())
        found = monthly.events(rows, "leads", "assigned_at", source="source", more="age",
                               keep="kpi_working" if business else "kpi_response",
                               left=lambda t: t.count(), events=lambda t: t["touched"].sum())
        return _under_observation(ask, found)
    return cells


def _under_observation(ask: Question, frame: pd.DataFrame) -> pd.DataFrame:
    """Cells of a Kaplan–Meier curve in which all enter at age 0."""
    parts = [frame.assign(month=frame["month"] + pd.DateOffset(months=n)) for n in range(ask.length)]
    frame = pd.concat(parts, ignore_index=True)
    frame = frame[frame["month"].between(ask.months[0], ask.months[-1])]
    born = frame.groupby(KEYS, as_index=False)["left"].sum().rename(columns={"left": "entered"}).assign(age=0)
    return pd.concat([born, frame], ignore_index=True).fillna({"entered": 0, "left": 0, "events": 0})


KPIS = (
    Kpi("leads_assigned", "Leads assigned", "How many leads were given to reps.", "leads", "none",
        "leads.assigned_at", (
            Form("assigned", "leads assigned", ASSIGNED, "sum", lambda ask: ask.once(given)[KEYS].assign(
                numerator=ask.once(given)["assigned"]), by=BY, needs=("leads",)),)),
    Kpi("lead_response", "Lead response time", "How many minutes a lead waits for its first touch.", "minutes", "down",
        "leads.assigned_at, first_touch_at; routing_policy.hours", (
            Form("km", "Kaplan–Meier median of minutes from assigned to first touch, untouched leads censored",
                 ASSIGNED, "survival", _response(business=False), by=BY, needs=("leads",)),
            Form("business_hours", "the same in working minutes, Monday to Friday", ASSIGNED, "survival",
                 _response(business=True), by=BY, needs=("leads",)),)),
    Kpi("lead_qualification", "Lead qualification rate", "Which share of the leads assigned is qualified.", "share",
        "up", "leads.assigned_at, qualified_on", (
            Form("cohort", "leads qualified by the as-of day ÷ leads assigned", ASSIGNED, "rate", _rate, by=BY,
                 needs=("leads",)),)),
)
