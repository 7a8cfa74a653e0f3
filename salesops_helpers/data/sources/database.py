"""Tables and views of a database, by URL: read once into the engine here, or, where they are large, used in place.

Small tables are taken in whole, only the columns that are mapped, in one streamed read: after that every rule runs in
one engine for files and databases alike. Event tables stay where they are; `live` gives their rows as an expression of
the database's own engine, to be filtered and reduced there (see `salesops_helpers.data.live`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from salesops_helpers.data.columns import Table
from salesops_helpers.data.company import FILE_NAME, Company
from salesops_helpers.data.secrets import filled, place, scrubbed
from salesops_helpers.data.sources.base import LINE, Part, Raw
from salesops_helpers.data.sources.connect import connected, driver_errors
from salesops_helpers.data.sources.local import connect
from salesops_helpers.data.sources.names import resolve
from salesops_helpers.data.tables import TABLES
from salesops_helpers.errors import SalesOpsError, listed, one_line

if TYPE_CHECKING:
    import ibis.expr.types as ir

BATCH = 50_000
FIRST_DAY, LAST_DAY, NO_DAY = "1900-01-01", "2199-12-31", "2250-12-31"


class DatabaseSource:
    """The tables that a database holds; `con` is the engine here, `remote` the database, `events` stay in it."""

    events = ("activities", "stage_history", "tool_usage", "leads")

    def __init__(self, company: Company, required: bool = True):
        self.company = company
        url, self._secrets = filled(company.source, f"{company.home / FILE_NAME}: source")
        self.where = place(url)
        self.con = connect()
        self.remote = connected(url, self.where, company.timeout, self._secrets)
        self.there: list[str] = []
        self.names = self._found(required)

    def label(self, name: str) -> str:
        return self.company.views.get(name, name)

    def parts(self, name: str) -> list[Part]:
        part = self._part(name)
        self._take_in(f"raw_{name}", part, [part.names[c] for c in TABLES[name].names if c in part.names])
        return [Part(part.label, self.con.table(f"raw_{name}"), part.columns, part.names)]

    def live(self, name: str) -> list[Part] | None:
        """The records of a table where they are; None where its columns are not typed there, so that it has to be read
        as text."""
        part = self._part(name)
        return [part] if _is_typed(part, TABLES[name]) and not self.company.units.get(name) else None

    def collect(self, expression, what: str = "a table"):
        """The rows of an expression as an Arrow table. Raises `SalesOpsError` where the database does not give them."""
        import pyarrow as pa

        with self.guarded(what), expression.as_table().to_pyarrow_batches(chunk_size=BATCH) as batches:
            return pa.Table.from_batches(list(batches), schema=batches.schema)

    def state(self, name: str) -> str | None:
        """A checksum over what a table holds now; None where the database cannot make one."""
        if self.remote.name != "postgres":
            return None
        relation = self._relation(name).get_name()
        schema, view = self._named(name)
        quoted = ".".join('"' + part.replace('"', '""') + '"' for part in (schema, view) if part)
        sql = f"SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM {quoted} AS t"
        with self.guarded(relation):
            return "/".join(map(str, self.remote.con.execute(sql).fetchone()))

    @contextmanager
    def guarded(self, what: str) -> Iterator[None]:
        """Turn whatever the driver says into one line without credentials."""
        try:
            yield
        except SalesOpsError:
            raise
        except driver_errors() as error:
            raise self._lost(what, error) from None

    def _lost(self, what: str, error: Exception) -> SalesOpsError:
        said = one_line(scrubbed(error, self._secrets), 200)
        if "statement timeout" in said:
            return SalesOpsError(f"{self.where}: {what} took more than {self.company.timeout} seconds",
                                 f"statements of at most timeout = {self.company.timeout} seconds",
                                 f"raise timeout in {FILE_NAME}, or give a smaller view")
        if "permission denied" in said:
            return SalesOpsError(f"{self.where}: {what} may not be read ({said})", "a login that may read it",
                                 "have the right granted, or name another view")
        return SalesOpsError(f"{self.where}: reading {what} broke off ({said})", "a connection that holds",
                             "run it again; nothing was kept of this read")

    def taken(self, view: str, relation: str) -> Raw:
        """A table or view, whatever it holds, read into the engine here as `relation`."""
        found = self._relation(view)
        columns = list(found.columns)
        self._take_in(relation, Part(view, _readable(found), columns, {}), [])
        return Raw(relation, columns, facts={"kind": "database"})

    def _found(self, required: bool) -> list[str]:
        with self.guarded("the list of tables"):
            there = set(self.remote.list_tables())
        self.there = sorted(there)
        names = [name for name in TABLES if name in self.company.views or name in there]
        if lost := [name for name, table in TABLES.items() if required and table.required and name not in names]:
            raise SalesOpsError(
                f"{self.where} has no table or view called {lost[0]!r}", f"those there: {listed(sorted(there), 30)}",
                f"name the one that holds it: [views] {lost[0]} = \"…\" in {FILE_NAME}",
            )
        return names

    def _named(self, name: str) -> tuple[str | None, str]:
        schema, _, view = self.label(name).rpartition(".")
        return schema or None, view

    def _relation(self, name: str) -> ir.Table:
        import ibis

        schema, view = self._named(name)
        with self.guarded(self.label(name)):
            try:
                return self.remote.table(view, database=schema)
            except ibis.common.exceptions.TableNotFound:
                there = [f"{schema}.{t}" if schema else t for t in self.remote.list_tables(database=schema)]
        raise SalesOpsError(
            f"{self.where} has no table or view {self.label(name)!r}, which {FILE_NAME} names for {name}",
            f"those there: {listed(sorted(there), 30) or 'none'}", f"mend [views] {name} in {FILE_NAME}",
        )

    def _part(self, name: str) -> Part:
        relation, label = self._relation(name), self.label(name)
        names = resolve(label, list(relation.columns), TABLES[name], self.company)
        return Part(label, _readable(relation.select(*dict.fromkeys(names.values()))), list(relation.columns), names)

    def _take_in(self, name: str, part: Part, first: list[str]) -> None:
        """Read the records into the engine here as the table `name`, numbered in the order of their content (of the
        columns `first` before others): a database has no other."""
        columns = [c for c in part.relation.columns if c != LINE]
        quoted = ", ".join('"' + c.replace('"', '""') + '"' for c in dict.fromkeys([*first, *columns]))
        with self.guarded(part.label), part.relation.select(columns).to_pyarrow_batches(chunk_size=BATCH) as batches:
            self.con.con.register(f"incoming_{name}", batches)
            try:
                self.con.raw_sql(f"CREATE TEMP TABLE {name} AS SELECT row_number() OVER (ORDER BY {quoted}) "
                                 f"AS {LINE}, * FROM incoming_{name}")
            finally:
                self.con.con.unregister(f"incoming_{name}")


def _readable(relation: ir.Table) -> ir.Table:
    """Only types that every engine reads alike; a day that no calendar here holds becomes one that is set aside."""
    import ibis

    def plain(column: ir.Column) -> ir.Column:
        kind = column.type()
        if kind.is_date() or kind.is_timestamp():
            moment = column.cast("timestamp")
            inside = moment.between(ibis.timestamp(FIRST_DAY), ibis.timestamp(LAST_DAY))
            return (moment.isnull() | inside).ifelse(moment, ibis.timestamp(NO_DAY))
        if kind.is_decimal() or kind.is_floating():
            return column.cast("float64")
        return column if kind.is_integer() or kind.is_boolean() or kind.is_string() else column.cast("string")

    return relation.select(**{c: plain(relation[c]) for c in relation.columns}, **{LINE: ibis.null("int64")})


def _is_typed(part: Part, table: Table) -> bool:
    """Does every column that must be a moment, number or truth value have such a type in the database?"""
    types = {c: part.relation[source].type() for c, source in part.names.items()}
    fits = {"text": lambda t: not t.is_floating(), "boolean": lambda t: t.is_boolean(),
            "money": lambda t: t.is_numeric(),
            "number": lambda t: t.is_numeric()}
    return all(fits.get(table.column(c).type, lambda t: t.is_timestamp())(t) for c, t in types.items())
