"""One CRM export: its objects as they were found, and what all of its tables need to know."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from salesops_helpers.data.company import Company
from salesops_helpers.data.crm import people
from salesops_helpers.data.crm.records import Records, Shaped
from salesops_helpers.data.sources.base import LINE
from salesops_helpers.data.tables import TABLES

if TYPE_CHECKING:
    import ibis.expr.types as ir


class Export:
    """The objects of one CRM export.

    Parameters
    ----------
    con : ibis backend
        The engine that holds the records.
    objects : mapping
        Object → its records, one entry a file.
    roster : list of ibis Table
        The company's own table reps, where it has one: rep_id, name.
    users : str
        Name of the object that holds the CRM's users.
    """

    def __init__(self, company: Company, con, objects, roster: list[ir.Table], users: str):
        self.company, self.con, self._objects, self.roster, self.users = company, con, objects, roster, users

    def all(self, name: str) -> list[Records]:
        """The records of an object; empty where the export does not have it."""
        return self._objects[name] if name in self._objects else []

    @cached_property
    def people(self) -> ir.Table | None:
        """Who is meant by which id, address or name."""
        found = people.directory(self.all(self.users), self.roster)
        return None if found is None else self.con.create_table("crm_people", found, temp=True, overwrite=True)

    def owned(self, name: str) -> list[Records]:
        """The records of an object with their field rep_id as the rep's id."""
        return [people.with_person(records, "rep_id", self.people) for records in self.all(name)]

    def closing(self, stage: ir.StringValue) -> ir.BooleanValue:
        """Is this stage (by the company's value map) one that closes a deal?"""
        return self.mapped(stage).isin(self.company.won_stages + self.company.lost_stages)

    def mapped(self, stage: ir.StringValue) -> ir.StringValue:
        """The stage by the company's own value map."""
        values = self.company.values.get("opportunities", {}).get("stage", {})
        return stage.substitute(values) if values else stage

    def labelled(self, stage: ir.StringValue, labels: dict[str, str], table: str = "opportunities") -> ir.StringValue:
        """The label of a stage's id; an id that the company's own value map names stays, for that map."""
        own = self.company.values.get(table, {}).get("stage", {})
        labels = {key: label for key, label in labels.items() if key not in own}
        return stage.substitute(labels) if labels else stage


def direct(records: Records, table: str) -> dict[str, ir.Value]:
    """The columns of a table that the object holds as they are."""
    return {c: records.value(c) for c in TABLES[table].names if records.has(c)}


def kinds(export: Export, records: Records) -> ir.StringValue:
    """New, renewal or expansion by the packaged map; a word that neither it nor the company's own value map knows is
    left empty."""
    import ibis

    raw, known = records.text("kind"), records.known.values["kind"]
    low, own = raw.lower(), list(export.company.values.get("opportunities", {}).get("kind", {}))
    allowed = TABLES["opportunities"].column("kind").allowed
    return ibis.cases((raw.isin(own), raw), (low.isin(list(known)), low.substitute(known)), (low.isin(allowed), low))


def share(records: Records, name: str, above: float = 0.0) -> ir.Value:
    """A percentage as a share; numbers up to `above` are shares already, what is no number stays as it is."""
    import ibis

    number, raw = records.number(name), records.text(name)
    part = (number > above).ifelse(number / 100, number)
    return ibis.coalesce(part.cast("string"), raw)


def users_as_reps(export: Export) -> list[Shaped]:
    """The table reps from the CRM's users: managers by name."""
    shaped = []
    for users in export.all(export.users):
        users = _with_managers(users) if users.has("manager_id") else users
        values = {**direct(users, "reps"), "name": people.full_name(users)}
        shaped.append(Shaped(users, users.relation, values))
    return shaped


def _with_managers(users: Records) -> Records:
    """The users with a field manager: the name of the user whom manager_id names."""
    names = users.relation.select(known_as=users.text("rep_id").lower(), person=people.full_name(users))
    names = names.group_by("known_as").agg(person=names.person.max())
    managers = users.relation.mutate(**{"manager name": users.text("manager_id")})
    relation = people.named(managers, "manager name", names)
    return replace(users, relation=relation, headers={**users.headers, "manager": "manager name"})


def owners_as_reps(export: Export, deals: str) -> list[Shaped]:
    """The table reps from the owners of deals, for an export without users: one row an owner, the name as given."""
    shaped = []
    for records in export.all(deals):
        owners = records.relation.select(LINE, owner=records.text("rep_id"))
        owners = owners.filter(owners.owner.notnull()).group_by("owner").agg(**{LINE: owners[LINE].min()})
        facts = {"reps": f"made from the owners of deals in {records.label}; the export holds no users"}
        shaped.append(Shaped(records, owners, {"rep_id": owners.owner, "name": owners.owner}, facts=facts))
    return shaped
