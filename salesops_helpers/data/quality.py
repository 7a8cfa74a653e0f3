"""Use or set aside: every row of every table, decided in the engine, counted and explained.

Rows in = rows used + rows set aside, for each table, always.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_
from typing import TYPE_CHECKING

import pandas as pd

from salesops_helpers.data.casting import gathered, typed
from salesops_helpers.data.columns import TEXT, Table
from salesops_helpers.data.company import Company
from salesops_helpers.data.decide import decide
from salesops_helpers.data.rules import AT_WORK, Rule, rules_for
from salesops_helpers.data.sources import open_source
from salesops_helpers.data.sources.base import FILE, LINE, Part
from salesops_helpers.data.tables import TABLES, conform
from salesops_helpers.errors import SalesOpsError

if TYPE_CHECKING:
    import ibis.expr.types as ir

SET_ASIDE = ["table", "file", LINE, "key", "rule", "reason", "dated", "row"]
FLAGS = ["table", "file", LINE, "key", "rule", "reason", "dated", "doubts"]
SAME, OTHER = "identical duplicate", "conflicting duplicate"
UNREADABLE = "unreadable record"
DUPLICATES = {
    SAME: "the same row stands above it", OTHER: "a row above it has the same key and other values; that one is used",
}


@dataclass(frozen=True)
class Checked:
    """One table after its check; what is not the used rows is fetched from the engine when it is asked for, and once.

    Attributes
    ----------
    rows : ibis Table
        The used rows in the engine: exactly the columns of the table.
    rows_in, rows_used : int
        Rows of the source, and how many of them are used.
    used : DataFrame
        The used rows, conforming to the table, in the order of the source.
    set_aside, flags : DataFrame
        The columns SET_ASIDE and FLAGS: one row a row that is not used; one row a used row and rule that marks it.
    mapped : DataFrame
        table, column, was, now, rows: how often each value map of company.toml was used.
    """

    rows: ir.Table
    rows_in: int
    rows_used: int
    makers: dict[str, Callable[[], pd.DataFrame]]

    @cached_property
    def used(self) -> pd.DataFrame:
        return self.makers["used"]()

    @cached_property
    def set_aside(self) -> pd.DataFrame:
        return self.makers["set_aside"]()

    @cached_property
    def flags(self) -> pd.DataFrame:
        return self.makers["flags"]()

    @cached_property
    def mapped(self) -> pd.DataFrame:
        return self.makers["mapped"]()


class Checker:
    """The tables of one company, each read and checked when it is first asked for, and once.

    ``facts``: table → file → what was found out about the file (its encoding, delimiter, how its dates are written).
    """

    def __init__(self, company: Company):
        self.company, self.source = company, open_source(company)
        self.con, self.names = self.source.con, self.source.names
        self.extract_date = None if company.extract_date is None else pd.Timestamp(company.extract_date)
        self.facts: dict[str, dict[str, dict[str, str]]] = {}
        self._done: dict[str, Checked] = {}
        self._parts: dict[str, list[Part]] = {}

    def table(self, name: str) -> Checked:
        """Read and check one table. Raises `SalesOpsError` where the file cannot be read as that table at all."""
        if name not in self._done:
            self._done[name] = self._check(TABLES[name])
        return self._done[name]

    def parts(self, name: str) -> list[Part]:
        """The records of a table, not checked yet. Raises `SalesOpsError` where they cannot be that table at all."""
        if name not in self._parts:
            self._parts[name] = self.source.parts(name)
        return self._parts[name]

    def refuse_unreadable(self) -> None:
        """Raise `SalesOpsError` where a file of any table cannot be read as that table: a look at each, no check of
        rows. Tables that stay in a database are left out."""
        for name in self.names:
            if name not in getattr(self.source, "events", ()):
                gathered(self.parts(name), TABLES[name], self.company)

    def flags(self) -> pd.DataFrame:
        """The flags of every table, as of the extract date: the columns FLAGS."""
        return stacked([self.table(name).flags for name in self.names], FLAGS)

    def places(self, name: str, keys: list[str]) -> pd.DataFrame:
        """Where used rows with these keys stand in the source: key, file, source_line; keys as in FLAGS."""
        import ibis

        self.table(name)
        rows = self.con.table(f"used_{name}")
        named = rows.select(LINE, file=rows[FILE], key=_key(rows, TABLES[name]))
        wanted = ibis.memtable(pd.DataFrame({"key": keys}, dtype=object))
        return _pandas(named.semi_join(wanted, "key")).drop_duplicates("key")

    def set_aside(self) -> pd.DataFrame:
        """The set-aside rows of every table: the columns SET_ASIDE."""
        marred = [name for name in self.names if self.table(name).rows_used < self.table(name).rows_in]
        return stacked([self.table(name).set_aside for name in marred], SET_ASIDE)

    def _check(self, table: Table) -> Checked:
        parts = self.parts(table.name)
        values = typed(gathered(parts, table, self.company), table, self.company)
        self.facts[table.name] = {part.label: part.facts for part in parts}
        rules = [rule for rule in self.rules(table, values, needed(table)) if rule.sets_aside]
        decided = decide(self.con, table, values, rules, {part.label: part.relation for part in parts})
        kept, aside = decided.used, _explained(decided.aside, table, rules)
        lost = [part.unreadable.assign(file=part.label) for part in parts if len(part.unreadable)]
        checked = Checked(
            tidy(kept, table), decided.rows + sum(map(len, lost)), decided.rows - decided.rows_aside, {
                "used": lambda: _used(kept, table),
                "set_aside": lambda: _set_aside(aside, lost, table),
                "flags": lambda: _flags(self._beside_rep(kept, table), table, self.rules(table, values)),
                "mapped": lambda: _mapped(parts, table, self.company),
            },
        )
        self._refuse_nothing_usable(checked, table)
        self.con.create_view(f"used_{table.name}", kept)
        return checked

    def rules(
        self, table: Table, values: ir.Table, to: set[str] | None = None, known: dict | None = None,
    ) -> list[Rule]:
        """The rules of a table; `to`: check references to these tables only (None: to all); see `rules_for`."""
        referred = {c.refers_to for c in table.columns} if to is None else to
        if known is None:
            known = {name: self._keys(name) for name in sorted(referred & set(self.names))}
        given = [c for c in table.names if f"given_{c}" in values.columns]
        return rules_for(table, self.company, self.extract_date, known, given)

    def _beside_rep(self, kept: ir.Table, table: Table) -> ir.Table:
        """The used rows of a table of events with the first and the last day of the rep each names."""
        if table.name not in AT_WORK or "reps" not in self.names:
            return kept
        self.table("reps")
        reps = self.con.table("used_reps").select(_rep="rep_id", _hired_on="hired_on", _left_on="left_on")
        return kept.left_join(reps, kept["rep_id"] == reps["_rep"])

    def _refuse_nothing_usable(self, checked: Checked, table: Table) -> None:
        if checked.rows_used or not table.required:
            return
        top = checked.set_aside["reason"].value_counts()
        why = f"none of its {checked.rows_in} rows can be used, most often: {top.index[0]}" if len(top) else "no rows"
        raise SalesOpsError(
            f"{self.source.label(table.name)}: {why}", f"a source with usable rows of {table.name}",
            "mend it, or the column map in company.toml",
        )

    def _keys(self, name: str) -> ir.Column:
        self.table(name)
        return self.con.table(f"used_{name}")[TABLES[name].key[0]]


def needed(table: Table) -> set[str]:
    """Tables that a row must refer to, or be set aside."""
    return {c.refers_to for c in table.columns if c.refers_to and (c.required or c.name in table.key)}


def _explained(aside: ir.Table, table: Table, rules: list[Rule]) -> ir.Table:
    """The set-aside rows with the name of the rule, its words, and the value that it looked at."""
    import ibis

    names = [rule.name for rule in rules] + list(DUPLICATES)
    reasons = [rule.words for rule in rules] + list(DUPLICATES.values())
    columns = [rule.column for rule in rules] + [table.key[0]] * 2
    shown = [(aside["_rule"] == i, aside[f"given_{c}"].cast("string")) for i, c in enumerate(columns)
             if f"given_{c}" in aside.columns]
    return aside.mutate(
        _rule=aside["_rule"].cases(*enumerate(names)), _reason=aside["_rule"].cases(*enumerate(reasons)),
        _seen=ibis.cases(*shown),
    )


def tidy(kept: ir.Table, table: Table) -> ir.Table:
    """Exactly the columns of the table; an open deal has no closing date."""
    if table.name == "opportunities":
        kept = kept.mutate(closed_on=(kept["status"] == "open").ifelse(None, kept["closed_on"]))
    return kept.select(table.names)


def stacked(parts: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """Frames of the same columns one below the other, empty ones left out."""
    parts = [part for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _used(kept: ir.Table, table: Table) -> pd.DataFrame:
    """The used rows as a conforming frame, in the order of the source."""
    return conform(table.name, _pandas(tidy(kept.order_by([FILE, LINE]), table)))


def _pandas(relation: ir.Table) -> pd.DataFrame:
    return framed(relation.to_pyarrow())


def framed(arrow) -> pd.DataFrame:
    """An Arrow table as a frame with the kit's types."""
    import pyarrow as pa

    arrow = arrow.cast(pa.schema([
        (f.name, pa.timestamp("ns") if pa.types.is_timestamp(f.type) else f.type) for f in arrow.schema]))
    return arrow.to_pandas(types_mapper={pa.string(): TEXT}.get)


def _key(relation: ir.Table, table: Table):
    parts = [relation[f"given_{c}"].cast("string").fill_null("?") for c in table.key]
    return parts[0].concat(*[text for part in parts[1:] for text in (" / ", part)]) if parts[1:] else parts[0]


def _set_aside(bad: ir.Table, lost: list[pd.DataFrame], table: Table) -> pd.DataFrame:
    """The set-aside rows: where they stand, why (with the value seen), and the row as it was given."""
    given = [c for c in bad.columns if c.startswith("given_")]
    texts = {c: bad[c].cast("string") for c in given}
    frame = _pandas(bad.select(LINE, FILE, "_rule", "_reason", "_seen", **texts, _key=_key(bad, table),
                               _dated=_dated(bad, table)))
    rows = frame[given].rename(columns=lambda c: c.removeprefix("given_")).astype(object)
    records = rows.where(rows.notna(), "").to_dict("records")
    found = pd.DataFrame({
        LINE: frame[LINE], "file": frame[FILE], "key": frame["_key"], "rule": frame["_rule"],
        "dated": frame["_dated"], "reason": frame["_reason"].astype(object)
        + frame["_seen"].map(lambda v: "" if pd.isna(v) else f": {v!r}").astype(object),
        "row": [json.dumps(record, ensure_ascii=False) for record in records],
    })
    blank = {"rule": UNREADABLE, "key": "", "dated": pd.NaT}
    lost = [part.assign(**{c: part[c].fillna(v) if c in part else v for c, v in blank.items()}) for part in lost]
    parts = [part for part in (*lost, found) if len(part)]
    frame = pd.concat(parts).sort_values(["file", LINE]) if parts else found
    return frame.assign(table=table.name)[SET_ASIDE].reset_index(drop=True)


def _dated(relation: ir.Table, table: Table):
    import ibis

    return relation[table.dated_by].truncate("D") if table.dated_by else ibis.null("timestamp")


def _flags(kept: ir.Table, table: Table, rules: list[Rule]) -> pd.DataFrame:
    """One row a used row and flag, in the order of the rules; the engine goes over the rows once."""
    marking = {f"_flag_{i}": rule for i, rule in enumerate(rules) if not rule.sets_aside}
    if not marking:
        return pd.DataFrame(columns=FLAGS)
    tried = kept.mutate(**{name: rule.when(kept).fill_null(False) for name, rule in marking.items()})
    hits = tried.filter(reduce(or_, (tried[name] for name in marking))).order_by([FILE, LINE])
    rows = _pandas(hits.select(LINE, *marking, key=_key(hits, table), file=hits[FILE], dated=_dated(hits, table)))
    parts = [rows[rows[name].astype(bool)].assign(rule=rule.name, reason=rule.words, doubts=rule.doubts)
             for name, rule in marking.items()]
    return stacked(parts, FLAGS[1:]).assign(table=table.name)[FLAGS].reset_index(drop=True)


def _mapped(parts: list[Part], table: Table, company: Company) -> pd.DataFrame:
    """How often each value map of company.toml was used: table, column, value in the file, value used, rows."""
    maps = company.values.get(table.name, {})
    found = []
    for part, column in ((part, column) for part in parts for column in maps if column in part.names):
        source = part.relation[part.names[column]].cast("string").strip()
        hits = part.relation.filter(source.isin(list(maps[column]))).select(was=source)
        counts = _pandas(hits.was.value_counts(name="rows"))
        found.append(counts.assign(table=table.name, column=column, now=counts["was"].map(maps[column])))
    columns = ["table", "column", "was", "now", "rows"]
    frame = pd.concat(found) if found else pd.DataFrame(columns=columns)
    return frame.groupby(columns[:4], as_index=False)["rows"].sum()
