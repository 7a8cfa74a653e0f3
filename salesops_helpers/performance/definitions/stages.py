"""Stages: which share of the entries moves on, and how long a stay lasts, over all open stages together."""

from __future__ import annotations

import pandas as pd

from salesops_helpers.performance.definitions.history import changes
from salesops_helpers.performance.kpi import Form, Kpi
from salesops_helpers.performance.question import Question
from salesops_helpers.performance.ranges import KEYS

ENTERED = "entries of deals into an open stage in the period, each deal and stage at its first entry"
STAYS = "stays in an open stage on some day of the period, from the age at which they came into it"


def entries(ask: Question) -> pd.DataFrame:
    """First entries into open stages: unit, month, entered, moved (reached a later stage or were won), open (still in
    an open stage and not moved)."""
    rows = changes(ask)
    rows = rows.filter(rows["open_stage"] & rows["entered"])
    firsts = rows.group_by(deal="opportunity_id", at_stage="stage").agg(at=rows["changed_at"].min())
    rows = rows.inner_join(firsts, [rows["opportunity_id"] == firsts["deal"], rows["stage"] == firsts["at_stage"],
                                    rows["changed_at"] == firsts["at"]])
    rows = ask.united(ask.dated(rows, "changed_at"), "changed_at")
    moved = (rows["reached"] > rows["rank"]) | rows["won"]
    return ask.sums(rows, entered=rows.count(), moved=moved.sum(), open=(~moved & (rows["status"] == "open")).sum())


def _cohort(ask: Question) -> pd.DataFrame:
    found = ask.once(entries)
    return found[KEYS].assign(numerator=found["moved"], denominator=found["entered"],
                              still_open=found["open"] / found["entered"])


def stays(ask: Question):
    """One row a stay: since, until (days; missing while it lasts), moved (to a later stage or won), lost."""
    def made(tables):
        import ibis

        rows = changes(ask)
        rows = rows.filter(rows["entered"])
        along = ibis.window(group_by="opportunity_id", order_by=["changed_at", "rank"])
        rows = rows.mutate(next_rank=rows["rank"].lead().over(along), left=rows["changed_at"].lead().over(along))
        rows = rows.filter(rows["open_stage"])
        until = ibis.coalesce(rows["left"].truncate("D"), rows["closed_on"])
        return rows.mutate(
            since=rows["changed_at"].truncate("D"), until=until,
            moved=rows["next_rank"].fill_null(rows["won"].ifelse(99, -1)) > rows["rank"]).select(
            "opportunity_id", "rep_id", "product", "lead_source", "bucket", "since", "until", "moved")
    return ask.held("kpi_stays", made)


def _ended(ask: Question) -> pd.DataFrame:
    rows = stays(ask)
    rows = ask.united(ask.dated(rows, "until"), "until")
    return ask.sums(rows, "bucket", n=rows.count(), moved=rows["moved"].sum(),
                    days=rows["until"].delta(rows["since"], unit="day").sum())


def _in_period(ask: Question) -> pd.DataFrame:
    found = ask.once(_ended).groupby(KEYS, as_index=False)[["moved", "n"]].sum()
    return found[KEYS].assign(numerator=found["moved"], denominator=found["n"])


def _mean(ask: Question) -> pd.DataFrame:
    found = ask.once(_ended)
    return found[[*KEYS, "bucket", "n"]].assign(numerator=found["days"], denominator=found["n"])


def _median(ask: Question) -> pd.DataFrame:
    from salesops_helpers.performance.definitions.cycle import at_risk

    return at_risk(ask, "kpi_stays_at_risk", stays(ask), "since", "until", events=lambda rows: rows["_ended"])


KPIS = (
    Kpi("stage_conversion", "Stage conversion", "Which share of the entries into a stage moves on from it, over all "
        "stages together; by stage: the stage flow.", "share", "up", "stage_history.stage", (
            Form("cohort", "entries that reached a later stage or a win by the as-of day ÷ entries, open ones included",
                 ENTERED, "rate", _cohort, needs=("stage_history",)),
            Form("in_period", "stays that ended in a later stage or a win ÷ stays that ended",
                 "stays that ended in the period", "rate", _in_period, needs=("stage_history",)),)),
    Kpi("time_in_stage", "Time in stage", "How many days a stay in a stage lasts, over all stages together; by stage: "
        "the stage flow.", "days", "down", "stage_history.stage, changed_at", (
            Form("km", "Kaplan–Meier median of days in a stage, stays that last censored", STAYS, "survival", _median,
                 needs=("stage_history",)),
            Form("mean_finished", "mean days of finished stays", "stays that ended in the period", "ratio", _mean,
                 needs=("stage_history",)),)),
)
