"""Activities of reps against what they win and open, and the use of tools."""

from __future__ import annotations

import pandas as pd

from salesops_helpers.performance.definitions.deals import created
from salesops_helpers.performance.definitions.wins import closed_sums
from salesops_helpers.performance.kpi import PEOPLE, Form, Kpi
from salesops_helpers.performance.question import Question
from salesops_helpers.performance.ranges import KEYS

DONE = "activities that took place in the period"


def done(ask: Question) -> pd.DataFrame:
    """Activities in the periods: unit, month, activities, meetings (kind "meeting", however it is written)."""
    return ask.summed(ask.monthly().events(
        ask.tables.rows("activities"), "activities", "occurred_at", keep="kpi_done", activities=lambda t: t.count(),
        meetings=lambda t: t["kind"].lower().strip().startswith("meeting").sum().coalesce(0)))


def _sum(column: str):
    return lambda ask: ask.once(done)[KEYS].assign(numerator=ask.once(done)[column])


def _per(column: str, beneath, of: str):
    def cells(ask: Question) -> pd.DataFrame:
        both = ask.once(done).merge(ask.once(beneath)[[*KEYS, of]], on=KEYS, how="outer").fillna({column: 0, of: 0})
        return both[KEYS].assign(numerator=both[column], denominator=both[of])
    return cells


def used(ask: Question) -> pd.DataFrame:
    """Licences by month: unit, month, rep_id, licences, active (with an active day)."""
    rows = ask.tables.rows("tool_usage")
    found = rows.group_by("rep_id", "month").agg(
        licences=rows.count(), active=(rows["active_days"] > 0).sum().coalesce(0))
    frame = ask.tables.rows_engine.collect(found, "tool_usage")
    frame = frame.assign(unit=ask.by_place(frame, ask.ends(frame["month"])))
    return frame.assign(reps=1, active_reps=(frame["active"] > 0).astype(int))


def _adoption(numerator: str, denominator: str):
    def cells(ask: Question) -> pd.DataFrame:
        found = ask.once(used).groupby(KEYS, as_index=False)[[numerator, denominator]].sum()
        found = ask.summed(found)
        return found[KEYS].assign(numerator=found[numerator], denominator=found[denominator])
    return cells


KPIS = (
    Kpi("activities", "Activities", "How many activities reps had.", "activities", "none", "activities", (
        Form("done", "activities", DONE, "sum", _sum("activities"), by=PEOPLE, needs=("activities",)),)),
    Kpi("activity_per_win", "Activities per win", "How many activities stand against one win.", "activities", "down",
        "activities; opportunities.status", (
            Form("all", "activities ÷ deals won", DONE + "; deals won in it", "counts",
                 _per("activities", closed_sums, "won"), by=PEOPLE, needs=("activities",)),)),
    Kpi("meetings_per_deal", "Meetings per opportunity", "How many meetings stand against one deal created.",
        "meetings", "none", "activities.kind; opportunities.created_on", (
            Form("created", "meetings ÷ deals created", DONE + "; deals created in it", "counts",
                 _per("meetings", created, "created"), by=PEOPLE, needs=("activities",)),)),
    Kpi("tool_adoption", "Tool adoption", "Which share of the licences for tools is used.", "share", "up",
        "tool_usage.active_days", (
            Form("licences", "licences with an active day in the month ÷ licences (a rep, a tool and a month)",
                 "licences listed in tool_usage", "rate", _adoption("active", "licences"), by=PEOPLE,
                 needs=("tool_usage",)),
            Form("reps", "reps with an active day in any tool ÷ reps with a licence", "reps listed in tool_usage",
                 "rate", _adoption("active_reps", "reps"), by=PEOPLE, needs=("tool_usage",)),)),
)
