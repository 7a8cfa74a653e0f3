"""Changes of deals, from whatever log a CRM keeps, as rows that say how a deal stood from a moment on.

A log tells either whole states (stage, amount and close date after a change) or single fields with their old and new
value. Both become one row a deal and moment, each field carried forward from its last change. Before its first change
a field has that change's old value or, where no change of it was logged, the value that the deal still has: either only
as far back as the log is known to reach, and missing before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from salesops_helpers.data.crm.export import Export
from salesops_helpers.data.crm.people import named
from salesops_helpers.data.crm.records import Records, Shaped
from salesops_helpers.data.crm.times import moment, readable
from salesops_helpers.data.sources.base import FILE, LINE

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

MOVING = ("stage", "amount", "expected_close_on", "rep_id")
FIELDS = (*MOVING, "status")
FILE_STEP = 1 << 40
DIGITS, NOTHING = 18, "\ue000"
STATE, CHANGE, EVENT, START = "state", "change", "event", "start"


def states(records: Records) -> ir.Table:
    """The changes told by records that hold a deal's state after a change; what has no column is not told."""
    at = records.value("changed_at")
    return _changes(records, STATE, at, "changed_at", {f: records.text(f) for f in MOVING if records.has(f)})


def field_changes(records: Records) -> ir.Table:
    """The changes told by records that each hold one field's old and new value."""
    which, new, old = records.mapped("field"), records.text("new_value"), records.text("old_value")
    told = {f: (which == f).ifelse(new, None) for f in FIELDS}
    was = {f: (which == f).ifelse(old, None) for f in FIELDS}
    seen = {f: (which == f).fill_null(False) for f in FIELDS}
    return _changes(records, CHANGE, records.value("changed_at"), "changed_at", told, was, seen)


def events(records: Records, at: ir.Value, name: str, told: dict[str, ir.Value], kind: str = EVENT) -> ir.Table:
    """One change a record, at the moment `at` (called `name`); records without one tell none."""
    changes = _changes(records, kind, at, name, told)
    return changes.filter(changes.given_at.notnull())


def _changes(
    records: Records, kind: str, at: ir.Value, name: str, new: dict, old: dict | None = None, seen: dict | None = None
) -> ir.Table:
    import ibis

    nothing, read = ibis.null("string"), moment(records, readable(at), name)
    columns = {"kind": ibis.literal(kind), "deal": records.text("opportunity_id"), "at": read,
               "given_at": ibis.coalesce(read.cast("string"), at.cast("string"))}
    for name in FIELDS:
        columns[f"new_{name}"] = new.get(name, nothing)
        columns[f"old_{name}"] = (old or {}).get(name, nothing)
        columns[f"seen_{name}"] = (seen or {}).get(name, ibis.literal(name in new))
    for name in ("new_expected_close_on", "old_expected_close_on"):
        columns[name] = readable(columns[name])
    return records.relation.select(LINE, **columns)


def shaped(
    export: Export, logs: list[tuple[Records, ir.Table]], aside: list[list[ir.Table]], today: ir.Table | None,
    whole_log: bool,
) -> list[Shaped]:
    """The rows of stage_history that logs of changes make, by file.

    Parameters
    ----------
    logs : list of (Records, changes)
        The files, the likeliest to be shown as a row's source first.
    aside : list of list of ibis Table
        For each file the records that were left out before.
    today : ibis Table or None
        deal, and the values that the deals have now; None: a field without any change stays missing.
    whole_log : bool
        The log holds every field since its first record; otherwise each field since its own first record.
    """
    changes = _gathered(export.con, [changes for _, changes in logs], export.people)
    rows = _filled(_by_moment(changes), today, _reach(changes, whole_log))
    won, lost = export.company.won_stages[0], export.company.lost_stages[0]
    rows = rows.mutate(stage=rows.status.lower().cases(("won", won), ("lost", lost), else_=rows["stage"]))
    empty = rows["stage"].isnull() & rows.amount.isnull() & rows.expected_close_on.isnull() & rows.rep_id.isnull()
    rows = export.con.create_table("crm_history", rows.filter(~(rows.only_start & empty)), temp=True, overwrite=True)
    parts = []
    for place, (records, _) in enumerate(logs):
        first, end = place * FILE_STEP, (place + 1) * FILE_STEP
        own = rows.filter((rows.order >= first) & (rows.order < end)).mutate(**{LINE: rows.order - first})
        own = _told_apart(own, records.label)
        values = {"opportunity_id": own.deal, "changed_at": own.given_at, **{name: own[name] for name in MOVING}}
        parts.append(Shaped(records, own, values, aside[place], _counted(records, own)))
    return parts


def _told_apart(rows: ir.Table, label: str) -> ir.Table:
    """Where one line of the file gave several changes, such as a column a stage, the moment tells them apart."""
    lines = rows[LINE].nunique().execute()
    if lines == rows.count().execute():
        return rows
    return rows.mutate(**{FILE: label + ", change of " + rows.given_at.cast("string")})


def _counted(records: Records, rows: ir.Table) -> dict[str, str]:
    """How many records made how many rows, for readers: the records of one moment are one row."""
    read, made = records.relation.count().execute(), rows.count().execute()
    return {"changes": f"{read:,} records, {made:,} rows of stage_history (one a deal and moment)"}


def _gathered(con, parts: list[ir.Table], people: ir.Table | None) -> ir.Table:
    """All changes in the engine, owners as reps, each with its place: the file's number and the line."""
    import ibis

    placed = [part.mutate(order=part[LINE].cast("int64") + i * FILE_STEP) for i, part in enumerate(parts)]
    changes = ibis.union(*placed) if len(placed) > 1 else placed[0]
    for column in ("new_rep_id", "old_rep_id") if people is not None else ():
        changes = named(changes, column, people)
    return con.create_table("crm_changes", changes, temp=True, overwrite=True)


def _reach(changes: ir.Table, whole_log: bool) -> dict[str, pd.Timestamp]:
    """The moment from which on the log is known to tell each field."""
    logged = changes.filter(changes.kind == CHANGE)
    first = {name: logged["at"].min() if whole_log else logged["at"].min(where=logged[f"seen_{name}"])
             for name in MOVING}
    return logged.agg(**first).to_pandas().iloc[0].to_dict()


def _by_moment(changes: ir.Table) -> ir.Table:
    """One row a deal and moment: of each field its last new and its first old value in that moment."""
    import ibis

    seen = [changes[f"seen_{name}"] for name in FIELDS]
    told = changes.filter(seen[0] | seen[1] | seen[2] | seen[3] | seen[4] | (changes.kind == START))
    told = told.mutate(key=ibis.coalesce(told["at"].cast("string"), told.given_at))
    values = {}
    for name in FIELDS:
        is_seen = told[f"seen_{name}"]
        values[f"new_{name}"] = _placed(told.order, told[f"new_{name}"]).max(where=is_seen)
        values[f"old_{name}"] = _placed(told.order, told[f"old_{name}"]).min(where=is_seen)
    rows = told.group_by(["deal", "key"]).agg(
        at=told["at"].min(), given_at=told.given_at.min(), order=told.order.min(),
        only_start=(told.kind == START).all(), **values,
    )
    position = ibis.row_number().over(ibis.window(group_by="deal", order_by=["at", "key"]))
    rows = rows.mutate(position=position)
    again = {c: _placed(rows.position, _value(rows[c]), rows[c].notnull()) for c in values}
    return rows.mutate(**again)


def _placed(place: ir.IntegerValue, value: ir.StringValue, there: ir.BooleanValue | None = None) -> ir.StringValue:
    """A value behind its place, so that the greatest text is the value of the last place."""
    text = place.cast("string").lpad(DIGITS, "0") + value.fill_null(NOTHING)
    return text if there is None else there.ifelse(text, None)


def _value(placed: ir.StringValue) -> ir.StringValue:
    return placed.substr(DIGITS).nullif(NOTHING)


def _filled(rows: ir.Table, today: ir.Table | None, since: dict[str, pd.Timestamp]) -> ir.Table:
    """Each field as it stood from that moment on: carried forward, and back as far as the log reaches."""
    import ibis
    import pandas as pd

    order = {"group_by": "deal", "order_by": ["at", "key"]}
    so_far, whole = ibis.window(**order, rows=(None, 0)), ibis.window(**order, rows=(None, None))
    rows = rows.mutate(**{f"carried_{name}": rows[f"new_{name}"].max().over(so_far) for name in FIELDS},
                       **{f"first_{name}": rows[f"old_{name}"].min().over(whole) for name in FIELDS})
    if today is not None:
        now = today.group_by("deal").agg(**{f"now_{name}": today[name].max() for name in MOVING})
        rows = rows.left_join(now, "deal").drop("deal_right")
    values = {}
    for name in FIELDS:
        carried, first = rows[f"carried_{name}"], rows[f"first_{name}"]
        back = _value(first)
        if today is not None and name in MOVING:
            back = first.isnull().ifelse(rows[f"now_{name}"], back)
        reach = since.get(name)
        known = rows["at"] >= ibis.literal(reach) if pd.notna(reach) else ibis.literal(False)
        values[name] = ibis.cases((carried.notnull(), _value(carried)), (known, back))
    return rows.select("deal", "given_at", "order", "only_start", **values)
