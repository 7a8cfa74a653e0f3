"""Owners: an id, an e-mail address or a name in a file becomes the id of the rep."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from salesops_helpers.data.crm.records import Records

if TYPE_CHECKING:
    import ibis.expr.types as ir


def full_name(users: Records) -> ir.StringValue:
    """The name that a user's record gives, else first and last name, else the e-mail address."""
    import ibis

    both = (users.text("first_name").fill_null("") + " " + users.text("last_name").fill_null("")).strip().nullif("")
    return ibis.coalesce(users.text("name"), both, users.text("email"))


def directory(users: list[Records], roster: list[ir.Table]) -> ir.Table | None:
    """Who is meant by what: ``known_as`` (lower case) → ``person``, for ids, e-mail addresses, logins and names that
    stand for one person only. None where there are neither users nor a roster.

    Parameters
    ----------
    users : list of Records
        The CRM's users.
    roster : list of ibis Table
        rep_id and name of the company's own table reps; a user who is found there goes by its rep_id.
    """
    import ibis

    own = [table.select(known_as=table[c].lower(), person="rep_id") for table in roster for c in ("rep_id", "name")]
    own = _one_person_each(ibis.union(*own)) if own else None
    called = [
        known.relation.select(known_as=value.lower(), user=known.text("rep_id"))
        for known in users
        for value in (known.text("rep_id"), known.text("email"), known.text("login"), full_name(known))
    ]
    if not called:
        return own
    called = ibis.union(*called).filter(lambda t: t.known_as.notnull() & t.user.notnull()).distinct()
    if own is None:
        return _one_person_each(called.select("known_as", person="user"))
    met = called.join(own, "known_as").group_by("user")
    met = met.agg(rep=lambda t: t.person.min(), n=lambda t: t.person.nunique())
    met = met.filter(met.n == 1).select("user", "rep")
    theirs = called.left_join(met, "user").select("known_as", person=lambda t: ibis.coalesce(t.rep, t.user))
    theirs = _one_person_each(theirs)
    return ibis.union(own, theirs.anti_join(own, "known_as"))


def _one_person_each(aliases: ir.Table) -> ir.Table:
    grouped = aliases.filter(aliases.known_as.notnull() & aliases.person.notnull()).group_by("known_as")
    counted = grouped.agg(n=lambda t: t.person.nunique(), person=lambda t: t.person.min())
    return counted.filter(counted.n == 1).select("known_as", "person")


def with_person(records: Records, name: str, people: ir.Table | None) -> Records:
    """The records with the field `name` holding the rep's id wherever the directory knows who is meant."""
    if people is None or not records.has(name):
        return records
    column = f"person {name}"
    relation = named(records.relation.mutate(**{column: records.text(name)}), column, people)
    return replace(records, relation=relation, headers={**records.headers, name: column})


def named(relation: ir.Table, column: str, people: ir.Table) -> ir.Table:
    """The relation with `column` (ids, addresses or names) as the persons meant; who is not known stays as given."""
    import ibis

    people = people.view()
    found = relation.left_join(people, relation[column].lower() == people.known_as)
    kept = [c for c in relation.columns if c != column]
    return found.select(*kept, **{column: ibis.coalesce(found["person"], found[column])})
