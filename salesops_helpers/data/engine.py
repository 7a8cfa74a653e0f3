"""The engine behind the tables: used rows as expressions, and the small results fetched from it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pandas as pd

from salesops_helpers.data.live import Live, live
from salesops_helpers.data.quality import Checker, framed
from salesops_helpers.errors import SalesOpsError, one_line

if TYPE_CHECKING:
    import ibis.expr.types as ir

LARGE = 250_000
"""From this many rows on, measures of a table are summed up in the engine instead of in a frame of all its rows."""


class Engine:
    """Where the rows of a company's tables are: in the engine here, or, for the event tables of a database, there."""

    is_cut = False

    def __init__(self, checker: Checker):
        self.checker, self._there = checker, {}

    def rows(self, name: str) -> ir.Table:
        """The used rows of a table up to the extract date, with exactly its columns."""
        there = self._live(name)
        return self.checker.table(name).rows if there is None else there.used

    def here(self, name: str) -> ir.Table:
        """The same rows, always in the engine here."""
        return self.checker.table(name).rows

    def in_frame(self, name: str) -> bool:
        """Are the rows of a table those of the frame that `Tables` holds, on whatever day?"""
        return False

    def large(self, name: str) -> bool:
        """Is this a table of LARGE rows or more, or an event table that stays in a database?"""
        return self._live(name) is not None or self.checker.table(name).rows_used >= LARGE

    def counts(self, name: str) -> tuple[int, int, dict[str, int]]:
        """Rows in, rows used, and rows set aside by reason, most frequent first."""
        there = self._live(name)
        if there is None:
            checked = self.checker.table(name)
            rows_in = checked.rows_in
            reasons = {} if checked.rows_used == rows_in else (
                checked.set_aside["reason"].str.split(": ").str[0].value_counts().to_dict())
        else:
            rows_in, reasons = there.rows_in, there.reasons
        ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
        return rows_in, rows_in - sum(reasons.values()), {str(reason): int(n) for reason, n in ordered}

    def state(self) -> str:
        """A text that changes when the rows of a database do; empty for files, which can be compared themselves."""
        source = self.checker.source
        if not hasattr(source, "state"):
            return ""
        found = {name: source.state(name) for name in source.names}
        return uuid.uuid4().hex if None in found.values() else json.dumps(found, sort_keys=True)

    def collect(self, expression: ir.Table, name: str) -> pd.DataFrame:
        """The rows of an expression over the rows of table `name`.

        Raises `SalesOpsError` where the file or the database does not give them.
        """
        con = self.checker.con
        if expression._find_backend() is not con:
            return framed(self.checker.source.collect(expression, self.checker.source.label(name)))
        with readable(self.checker.source.label(name)):
            return framed(con.to_pyarrow(expression))

    def held(self, name: str, expression: ir.Table) -> ir.Table:
        """A result that is used more than once, kept in the engine here; made when it is first asked for, and once."""
        con = self.checker.con
        if name not in con.list_tables():
            with readable(name):
                con.create_table(name, expression, temp=True)
        return con.table(name)

    def kept(self, name: str) -> ir.Table | None:
        """What `held` has made under this name; None where it has not."""
        con = self.checker.con
        return con.table(name) if name in con.list_tables() else None

    def _live(self, name: str) -> Live | None:
        if name not in getattr(self.checker.source, "events", ()):
            return None
        if name not in self._there:
            self._there[name] = live(self.checker, name)
        return self._there[name]


def apart(one: ir.Table, other: ir.Table) -> bool:
    """Do two relations lie in different engines, so that one must be brought to the other? Frames go anywhere."""
    (mine, _), (yours, _) = one._find_backends(), other._find_backends()
    return bool(mine and yours) and mine[0] is not yours[0]


@contextmanager
def readable(label: str) -> Iterator[None]:
    """Say in one line that a file turned out not to be readable, or that the machine has no room for it."""
    import duckdb

    try:
        yield
    except (duckdb.IOException, duckdb.InvalidInputException, duckdb.SerializationException) as error:
        raise SalesOpsError(f"{label} cannot be read ({one_line(error, 160)})", "a whole file",
                            "export the table again") from None
    except duckdb.OutOfMemoryException as error:
        raise SalesOpsError(f"{label} needs more memory or disk than there is ({one_line(error, 160)})",
                            "room in the temporary folder", "free some, or set TMPDIR to a larger disk") from None


class InFrames:
    """The same door to tables that are frames already, cut as they are to be.

    `frame_of`: a table's name → its frame; `checker`: what checked the rows behind them, where there is one.
    """

    is_cut = True

    def __init__(self, frame_of, checker: Checker | None = None):
        self._frame_of, self.checker, self._held = frame_of, checker, {}

    def rows(self, name: str) -> ir.Table:
        import ibis

        return ibis.memtable(self._frame_of(name))

    here = rows

    def in_frame(self, name: str) -> bool:
        return True

    def large(self, name: str) -> bool:
        return False

    def held(self, name: str, expression: ir.Table) -> ir.Table:
        import ibis

        if name not in self._held:
            self._held[name] = ibis.memtable(expression.to_pyarrow())
        return self._held[name]

    def kept(self, name: str) -> ir.Table | None:
        return self._held.get(name)

    def collect(self, expression: ir.Table, name: str) -> pd.DataFrame:
        return framed(expression.to_pyarrow())

