"""HubSpot: deals, stage and property history, owners and engagements as the kit's tables."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from salesops_helpers.data.crm import history
from salesops_helpers.data.crm.export import Export, direct, kinds, owners_as_reps, share, users_as_reps
from salesops_helpers.data.crm.maps import plain
from salesops_helpers.data.crm.records import Records, Shaped, deleted, leave_out
from salesops_helpers.data.crm.times import minutes_between, moment, readable

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

DEALS, USERS = "deals", "owners"
NOT_DONE = ("not_started", "in_progress", "waiting", "deferred", "scheduled", "canceled")
DEFAULT_CLOSE = "open deals close on the last day of the month they were created in, which is HubSpot's default"


def opportunities(export: Export) -> list[Shaped]:
    """Stages by their labels where the pipeline's stages are there; closed by HubSpot's own marks, else by stage."""
    shaped = []
    pipeline = _pipeline(export)
    for records in export.owned(DEALS):
        reasons = [*deleted(records), *_merged(export, records)]
        records, aside = leave_out(records, "opportunity_id", reasons)
        closed, won = _outcome(export, records, pipeline)
        values = direct(records, "opportunities")
        values["stage"] = export.labelled(records.text("stage"), _labels(pipeline))
        if records.has("kind"):
            values["kind"] = kinds(export, records)
        if records.has("percent"):
            values.setdefault("probability", share(records, "percent", above=1.0))
        values.setdefault("status", closed.ifelse(won.ifelse("won", "lost"), "open"))
        facts = {}
        if records.has("close_date"):
            close = readable(records.value("close_date"))
            values.setdefault("closed_on", closed.ifelse(close, None))
            values.setdefault("expected_close_on", closed.ifelse(None, close))
            facts = _default_close(records, closed, close)
        if records.has("created_on"):
            values["created_on"] = readable(values["created_on"])
        shaped.append(Shaped(records, records.relation, values, aside, facts))
    return shaped


def _pipeline(export: Export) -> pd.DataFrame:
    """The pipelines' stages: id, label, closed, won."""
    import pandas as pd

    found = [
        stages.relation.select(id=stages.text("id"), label=stages.text("label"), closed=stages.flag("is_closed"),
                               won=stages.flag("is_won")).to_pandas()
        for stages in export.all("deal_pipeline_stage")
    ]
    return pd.concat(found) if found else pd.DataFrame(columns=["id", "label", "closed", "won"])


def _labels(pipeline: pd.DataFrame) -> dict[str, str]:
    return dict(zip(pipeline["id"], pipeline["label"], strict=True))


def _outcome(export: Export, records: Records, pipeline: pd.DataFrame) -> tuple[ir.BooleanValue, ir.BooleanValue]:
    """Is the deal closed, and is it won: by its own marks, else by the pipeline's, else by the company's stages."""
    import ibis

    stage = records.text("stage")
    label = export.labelled(stage, _labels(pipeline))
    known = stage.isin(list(pipeline["id"][pipeline["closed"].notna()])) if len(pipeline) else ibis.literal(False)
    closing = known.ifelse(stage.isin(list(pipeline["id"][pipeline["closed"].eq(True)])), None)
    winning = known.ifelse(stage.isin(list(pipeline["id"][pipeline["won"].eq(True)])), None)
    marked_won, marked_lost = records.flag("is_won"), records.flag("is_lost")
    either = (marked_won | marked_lost).ifelse(True, None)
    closed = ibis.coalesce(records.flag("is_closed"), either, closing, export.closing(label), False)
    won = ibis.coalesce(marked_won, winning, export.mapped(label).isin(export.company.won_stages), False)
    return closed, won


def _merged(export: Export, records: Records) -> list[tuple[ir.BooleanValue, str, str]]:
    """The reason to leave out deals that were merged into another one."""
    import ibis

    lists = []
    if records.has("merged_ids"):
        split = records.relation.select(deal=records.text("opportunity_id"),
                                        gone=records.text("merged_ids").split(";").unnest())
        lists.append(split.select("deal", gone=split.gone.strip()))
    lists += [m.relation.select(deal=m.text("opportunity_id"), gone=m.text("merged_id"))
              for m in export.all("merged_deal")]
    if not lists:
        return []
    gone = ibis.union(*lists) if len(lists) > 1 else lists[0]
    gone = gone.filter((gone.gone != gone.deal) & gone.gone.notnull())
    return [(records.text("opportunity_id").isin(gone.gone), "merged", "the deal was merged into another one")]


def _default_close(records: Records, closed: ir.BooleanValue, close: ir.Value) -> dict[str, str]:
    """How many open deals still close on the day that HubSpot fills in for a new deal."""
    import ibis

    expected = moment(records, close, "expected_close_on")
    created = moment(records, readable(records.value("created_on")), "created_on")
    last_day = expected.month() != (expected + ibis.interval(days=1)).month()
    suspect = ~closed & last_day & (expected.truncate("M") == created.truncate("M"))
    counted = records.relation.agg(n=suspect.sum(), open=(~closed).sum()).to_pandas().iloc[0].fillna(0).astype(int)
    return {"close dates": f"{counted['n']:,} of {counted['open']:,} {DEFAULT_CLOSE}"} if counted["n"] else {}


def stage_history(export: Export) -> list[Shaped]:
    """Property history, and for deals whose stages it does not tell the stage history, and for the rest the columns
    that date a stage's (last) entry."""
    labels = _labels(_pipeline(export))
    logs = [(r, history.field_changes(r)) for r in export.all("deal_property_history")]
    for more in ([(r, history.states(r)) for r in export.all("deal_stage")],
                 [(r, _entered(r, labels)) for r in export.all(DEALS) if entered_columns(r)]):
        told = [changes.filter(changes.seen_stage).select("deal") for _, changes in logs]
        logs += [(r, _not_told(changes, told)) for r, changes in more]
    logs = [(r, _labelled(export, changes, labels)) for r, changes in logs]
    return history.shaped(export, logs, [[] for _ in logs], None, whole_log=True)


def _not_told(changes: ir.Table, told: list[ir.Table]) -> ir.Table:
    for deals in told:
        changes = changes.anti_join(deals, "deal")
    return changes


def _labelled(export: Export, changes: ir.Table, labels: dict[str, str]) -> ir.Table:
    stages = {c: export.labelled(changes[c], labels, "stage_history") for c in ("new_stage", "old_stage")}
    return changes.mutate(**stages)


def entered_columns(records: Records) -> dict[str, str]:
    """Column that dates the entry into a stage → the stage, as its header writes it."""
    found = {c: re.fullmatch(records.known.entered, c, re.IGNORECASE) for c in records.columns}
    stages = {c: match["stage"] for c, match in found.items() if match}
    return {c: stage for c, stage in stages.items() if stage.casefold() not in records.known.not_entered}


def _entered(records: Records, labels: dict[str, str]) -> ir.Table:
    """One change for each stage that a deal has entered, from one column a stage."""
    import ibis

    here = records.relation.select(stage=records.text("stage")).distinct().to_pandas()["stage"].dropna()
    known = {plain(stage): stage for stage in (*labels.values(), *labels, *here)}
    parts = []
    for column, written in entered_columns(records).items():
        short = re.sub(r"\s*\([^()]*\)$", "", written)
        stage = known.get(plain(written)) or known.get(plain(short)) or short
        parts.append(history.events(records, records.column(column), "changed_at", {"stage": ibis.literal(stage)}))
    return ibis.union(*parts) if len(parts) > 1 else parts[0]


def reps(export: Export) -> list[Shaped]:
    return users_as_reps(export) or owners_as_reps(export, DEALS)


def activities(export: Export) -> list[Shaped]:
    """Engagements; tasks and calls that are not done are left out."""
    import ibis

    shaped = []
    for records in export.owned("engagements"):
        reasons = deleted(records)
        if records.has("status"):
            open_still = records.text("status").lower().isin(NOT_DONE)
            reasons.append((open_still, "not done", "the activity is not done"))
        records, aside = leave_out(records, "activity_id", reasons)
        if not records.has("opportunity_id"):
            records = _with_deal(records, export.all("engagement_deal"))
        happened = readable(records.value("occurred_at"))
        lasted = minutes_between(records, happened, readable(records.value("ended_at")))
        values = {
            "kind": records.text("type").lower(), "occurred_at": happened,
            "minutes": ibis.coalesce(records.number("milliseconds") / 60_000, lasted),
        }
        values = {**direct(records, "activities"), **values}
        if records.has("opportunity_id"):
            values["opportunity_id"] = records.text("opportunity_id").split(";")[0].strip()
        shaped.append(Shaped(records, records.relation, values, aside))
    return shaped


def _with_deal(records: Records, links: list[Records]) -> Records:
    """The engagements with the deal that they are linked to (the first, where there are several)."""
    if not links:
        return records
    link = links[0].relation.select(activity=links[0].text("activity_id"), deal=links[0].text("opportunity_id"))
    link = link.group_by("activity").agg(linked=link.deal.min())
    keyed = records.relation.mutate(**{"linked activity": records.text("activity_id")})
    found = keyed.left_join(link, keyed["linked activity"] == link.activity)
    relation = found.select(*records.relation.columns, **{"linked deal": found.linked})
    return replace(records, relation=relation, headers={**records.headers, "opportunity_id": "linked deal"})


SHAPES = {"opportunities": opportunities, "stage_history": stage_history, "reps": reps, "activities": activities}
