"""A CRM's export as a source: its objects found by name and header, each table made from them in the engine."""

from __future__ import annotations

import json
from importlib import import_module

import pandas as pd

from salesops_helpers.data.columns import TEXT
from salesops_helpers.data.company import FILE_NAME, Company
from salesops_helpers.data.crm.export import Export
from salesops_helpers.data.crm.maps import CrmObject, header, object_named, objects_of, title
from salesops_helpers.data.crm.records import Records, Shaped
from salesops_helpers.data.sources.base import FILE, LINE, Part, Raw
from salesops_helpers.data.sources.shelves import Shelf
from salesops_helpers.data.tables import TABLES
from salesops_helpers.errors import SalesOpsError, listed

PREFIX = "crm "


class CrmSource:
    """The tables that a CRM's export gives, beside those that the company writes as the kit's own.

    Raises `SalesOpsError` where the export holds no deals, or two items could be the same object.
    """

    def __init__(self, company: Company, shelf: Shelf):
        self.company, self.shelf, self.con = company, shelf, shelf.own.con
        self.objects = objects_of(company.crm)
        self.shapes = import_module(f"salesops_helpers.data.crm.{company.crm}")
        self._raws: dict[str, Raw] = {}
        self._labels: dict[str, str] = {}
        self._own_read: dict[str, list[Part]] = {}
        self.own, found = self._sorted()
        self.found = {name: [self._records(name, item) for item in items] for name, items in found.items()}
        self.export = Export(company, self.con, self.found, self._roster(), self.shapes.USERS)
        given = self._given()
        self.names = [name for name in TABLES if name in self.own or name in given]
        if "opportunities" not in self.names:
            raise SalesOpsError(
                f"{shelf.place} holds no {title(company.crm)} deals",
                f"{listed(self.objects[self.shapes.DEALS].fields['opportunity_id'])}, … in a file named "
                f"{self.shapes.DEALS}; there: {listed(sorted(self.shelf.items())) or 'nothing'}",
                f"add it, or name it under [files] in {FILE_NAME}: opportunities = \"…\"",
            )

    def label(self, name: str) -> str:
        if name in self.own:
            return self.shelf.own.label(name)
        self.parts(name) if name not in self._labels else None
        return self._labels[name]

    def parts(self, name: str) -> list[Part]:
        if name in self.own:
            return self._own_parts(name)
        parts = [self._part(name, shaped) for shaped in self.shapes.SHAPES[name](self.export)]
        self._labels[name] = ", ".join(dict.fromkeys(part.label for part in parts))
        self._must_have(name, parts)
        return parts

    def _own_parts(self, name: str) -> list[Part]:
        if name not in self._own_read:
            self._own_read[name] = self.shelf.own.parts(name)
        return self._own_read[name]

    def _sorted(self) -> tuple[list[str], dict[str, list[str]]]:
        """The tables that are written as the kit's own, and the items of each object: by [files], else by name."""
        feeds = {known.table for known in self.objects.values()} - {""}
        own, found, taken = [], {}, set()
        for table in self.shelf.own.names:
            items = self.shelf.items_of(table)
            taken |= set(items)
            if table in feeds and not all(self._is_own(table, item) for item in items):
                for item in items:
                    found.setdefault(self._best(table, item), []).append(item)
            else:
                own.append(table)
        for name, items in self.shelf.named(set(self.objects) - set(TABLES)).items():
            found[name] = items
            taken |= set(found[name])
        for name, items in self._by_name(set(self.shelf.items()) - taken).items():
            found.setdefault(name, items)
        return own, found

    def _by_name(self, items: set[str]) -> dict[str, list[str]]:
        """Object → the item that its name means; a name without a prefix comes first."""
        meant: dict[str, dict[bool, list[str]]] = {}
        stems = self.shelf.items()
        for item in sorted(items):
            if met := object_named(stems[item], self.objects):
                meant.setdefault(met[0], {}).setdefault(met[1], []).append(item)
        found = {name: ways.get(True) or ways[False] for name, ways in meant.items()}
        for name, candidates in found.items():
            if len(candidates) > 1:
                raise SalesOpsError(
                    f"{self.shelf.place}: {listed(candidates)} could each be {title(self.company.crm)}'s {name}",
                    "one of them", f"name it under [files] in {FILE_NAME}: {name} = \"{candidates[0]}\"",
                )
        return found

    def _raw(self, item: str) -> Raw:
        if item not in self._raws:
            self._raws[item] = self.shelf.raw(item, f"crm_raw_{len(self._raws)}")
        return self._raws[item]

    def _is_own(self, table: str, item: str) -> bool:
        """Does the item hold the columns that the kit's own table needs?"""
        columns, mapped = self._raw(item).columns, self.company.columns.get(table, {})
        given = self.company.constants.get(table, {})
        return all(mapped.get(c, c) in columns or c in given for c in TABLES[table].must_have)

    def _best(self, table: str, item: str) -> str:
        """The object of a table that the item's headers fit best."""
        columns = self._raw(item).columns
        fitting = [known for known in self.objects.values() if known.table == table]
        return max(fitting, key=lambda known: (known.fits(columns), len(known.found(columns)))).name

    def _records(self, name: str, item: str) -> Records:
        """The records of one object, its fields found among the item's headers; company.toml's columns come first."""
        known, raw = self.objects[name], self._raw(item)
        headers = known.found(raw.columns)
        for column, source in self.company.columns.get(known.table, {}).items():
            if (is_there := header([source], raw.columns)) is not None:
                headers[column] = is_there
        if without := [field for field in known.needs if field not in headers]:
            raise SalesOpsError(
                f"{item} is {title(self.company.crm)}'s {name} by its name and has no column for {without[0]}",
                f"{listed(known.fields[without[0]])}; its columns: {listed(raw.columns, 30)}",
                self._cure(known, without[0]),
            )
        relation = self.con.table(raw.relation)
        return Records(known, item, relation, raw.columns, headers, raw.unreadable, self.company, raw.facts)

    def _cure(self, known: CrmObject, field: str) -> str:
        if known.table and field in TABLES[known.table].names:
            return f"name the column in {FILE_NAME}: [columns.{known.table}] {field} = \"…\""
        return f"rename the file, or export {known.name} with that column"

    def _roster(self) -> list:
        if "reps" not in self.own:
            return []
        parts = self._own_parts("reps")
        return [
            part.relation.select(**{c: part.relation[part.names[c]].cast("string").strip() for c in ("rep_id", "name")})
            for part in parts if {"rep_id", "name"} <= set(part.names)
        ]

    def _given(self) -> set[str]:
        """The tables that the objects can fill."""
        given = {self.objects[name].table for name in self.found} - {""}
        deals = self.found.get(self.shapes.DEALS, [])
        entered = getattr(self.shapes, "entered_columns", lambda records: {})
        return given | ({"reps"} if deals else set()) | ({"stage_history"} if any(map(entered, deals)) else set())

    def _part(self, name: str, shaped: Shaped) -> Part:
        """The rows as a part of the table: company.toml's columns and constants come before what the map gives."""
        records, overrides = shaped.records, self.company.columns.get(name, {})
        values = {c: v for c, v in shaped.values.items()
                  if c in TABLES[name].names and (c not in self.company.constants.get(name, {}) or c in overrides)}
        apart = [FILE] if FILE in shaped.relation.columns else []
        relation = shaped.relation.select(LINE, *apart, **{f"{PREFIX}{c}": value for c, value in values.items()})
        names = {c: f"{PREFIX}{c}" for c in values}
        unreadable = _unreadable(records, shaped.aside)
        return Part(records.label, relation, records.columns, names, unreadable, {**records.facts, **shaped.facts})

    def _must_have(self, name: str, parts: list[Part]) -> None:
        """Refuse a table without a column that it needs, and a column of company.toml that no file has."""
        columns = [c for part in parts for c in part.columns]
        for column, source in self.company.columns.get(name, {}).items():
            if header([source], columns) is None:
                raise SalesOpsError(
                    f"{self._labels[name]} has no column {source!r}, which {FILE_NAME} names for {name}.{column}",
                    f"its columns: {listed(columns, 30)}", f"mend [columns.{name}] in {FILE_NAME}",
                )
        held = {c for part in parts for c in part.names} | set(self.company.constants.get(name, {}))
        if without := [c for c in TABLES[name].must_have if c not in held]:
            raise SalesOpsError(
                f"{self._labels[name]} has no column for {name}.{without[0]}", f"its columns: {listed(columns, 30)}",
                f"name the column that holds it: [columns.{name}] {without[0]} = \"…\" in {FILE_NAME}",
            )


def _unreadable(records: Records, aside: list) -> pd.DataFrame:
    """Records that could not be read, and those that are set aside before they become rows, each with its rule."""
    parts = [records.unreadable] if len(records.unreadable) else []
    for relation in aside:
        found = relation.to_pandas()
        if len(found):
            given = {c: c.removeprefix("record ") for c in found.columns if c.startswith("record ")}
            rows = found[list(given)].rename(columns=given).astype(object)
            rows = rows.where(rows.notna(), "").to_dict("records")
            parts.append(found[[LINE, "rule", "reason", "key"]].assign(
                key=found["key"].fillna("").astype(TEXT), row=[json.dumps(row, ensure_ascii=False) for row in rows]))
    return pd.concat(parts, ignore_index=True) if parts else records.unreadable
