"""Pipedrive: deals, dealflow, activities, users and stages as the kit's tables.

A closed deal keeps the pipeline's stage and is Won or Lost by its status; here it stands in the company's first won or
lost stage, as the other CRMs have it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from salesops_helpers.data.crm import history
from salesops_helpers.data.crm.export import Export, direct, owners_as_reps, share, users_as_reps
from salesops_helpers.data.crm.records import DELETED, Records, Shaped, deleted, leave_out

if TYPE_CHECKING:
    import ibis.expr.types as ir

DEALS, USERS = "deals", "users"


def opportunities(export: Export) -> list[Shaped]:
    """Won and lost by status, closed on the day of winning or losing."""
    import ibis

    shaped = []
    for records in export.owned(DEALS):
        records, aside = leave_out(records, "opportunity_id", _gone(records))
        status = _status(records)
        values = direct(records, "opportunities")
        label = _label(export, records.text("stage"))
        values["stage"] = _closing_stage(export, label, status)
        if status is not None:
            values["status"] = status
            then = [records.text(name) for name in ("won_at", "lost_at", "closed_at")]
            day = ibis.cases((status == "won", ibis.coalesce(then[0], then[2])),
                             (status == "lost", ibis.coalesce(then[1], then[2])))
            values.setdefault("closed_on", day)
        elif records.has("closed_at"):
            values.setdefault("closed_on", records.value("closed_at"))
        if records.has("percent"):
            values.setdefault("probability", share(records, "percent"))
        shaped.append(Shaped(records, records.relation, values, aside))
    return shaped


def _gone(records: Records) -> list[tuple[ir.BooleanValue, str, str]]:
    return [*deleted(records), (records.text("status").lower() == "deleted", "deleted", DELETED)]


def _status(records: Records) -> ir.StringValue | None:
    """The status word, else what the times of winning and losing say; None where the file tells neither."""
    import ibis

    if records.has("status"):
        return records.text("status").lower()
    if not (records.has("won_at") or records.has("lost_at")):
        return None
    return ibis.cases((records.value("won_at").notnull(), "won"), (records.value("lost_at").notnull(), "lost"),
                      else_="open")


def _closing_stage(export: Export, label: ir.StringValue, status: ir.StringValue | None) -> ir.StringValue:
    import ibis

    if status is None:
        return label
    company, inside = export.company, ~export.closing(label).fill_null(False)
    return ibis.cases(((status == "won") & inside, company.won_stages[0]),
                      ((status == "lost") & inside, company.lost_stages[0]), else_=label)


def _label(export: Export, stage: ir.StringValue, table: str = "opportunities") -> ir.StringValue:
    """The stage's name where the export holds the stages."""
    labels = {}
    for stages in export.all("stages"):
        found = stages.relation.select(id=stages.text("id"), label=stages.text("label")).to_pandas()
        labels |= dict(zip(found["id"], found["label"], strict=True))
    return export.labelled(stage, labels, table)


def stage_history(export: Export) -> list[Shaped]:
    """The deal flow; a deal whose closing it does not tell closes when the deal itself says."""
    import ibis

    logs = [(r, history.field_changes(r)) for r in export.all("dealflow")]
    told = [changes.filter(changes.seen_status).select("deal") for _, changes in logs]
    deals = [leave_out(records, "opportunity_id", _gone(records))[0] for records in export.owned(DEALS)]
    for records in deals:
        status = _status(records)
        closing = [] if status is None else [
            history.events(records, (status == word).ifelse(records.text(at, "closed_at"), None), "closed_on",
                           {"status": ibis.literal(word)})
            for word, at in (("won", "won_at"), ("lost", "lost_at"))
        ]
        for changes in told:
            closing = [part.anti_join(changes, "deal") for part in closing]
        start = history.events(records, records.value("created_on"), "created_on", {}, history.START)
        logs.append((records, ibis.union(start, *closing) if closing else start))
    logs = [(r, changes.mutate(**{c: _label(export, changes[c], "stage_history") for c in ("new_stage", "old_stage")}))
            for r, changes in logs]
    return history.shaped(export, logs, [[] for _ in logs], _today(export, deals), whole_log=True)


def _today(export: Export, deals: list[Records]) -> ir.Table | None:
    import ibis

    now = [d.relation.select(
        deal=d.text("opportunity_id"), stage=_label(export, d.text("stage"), "stage_history"), amount=d.text("amount"),
        expected_close_on=d.text("expected_close_on"), rep_id=d.text("rep_id")) for d in deals]
    return ibis.union(*now) if len(now) > 1 else now[0] if now else None


def reps(export: Export) -> list[Shaped]:
    return users_as_reps(export) or owners_as_reps(export, DEALS)


def activities(export: Export) -> list[Shaped]:
    """Activities that are done, when they were marked as done, else when they were due."""
    import ibis

    shaped = []
    for records in export.owned("activities"):
        reasons = deleted(records)
        if records.has("done"):
            done = records.flag("done")
            by_word = records.text("done").lower() == "done"
            reasons.append((~ibis.coalesce(done, by_word, False), "not done", "the activity is not done"))
        records, aside = leave_out(records, "activity_id", reasons)
        time = (" " + records.text("due_time")).fill_null("") if records.has("due_time") else ""
        values = direct(records, "activities")
        values["occurred_at"] = ibis.coalesce(records.text("done_at"), records.text("due_on").substr(0, 10) + time)
        if records.has("type"):
            values["kind"] = records.text("type").lower()
        if records.has("duration"):
            values["minutes"] = _minutes(records.text("duration"))
        shaped.append(Shaped(records, records.relation, values, aside))
    return shaped


def _minutes(duration: ir.StringValue) -> ir.FloatingValue:
    """Minutes of a duration written HH:MM or HH:MM:SS."""
    parts = duration.split(":")
    return parts[0].try_cast("float64") * 60 + parts[1].try_cast("float64")


SHAPES = {"opportunities": opportunities, "stage_history": stage_history, "reps": reps, "activities": activities}
