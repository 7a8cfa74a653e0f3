"""The company's tables, read once by a run: counted for its pages, handed over to its notebooks, while these start."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from salesops_helpers.errors import SalesOpsError, one_line

if TYPE_CHECKING:
    from salesops_helpers.data.container import Tables

ROWS, STEP, WAIT = "rows.json", 0.02, 1800.0
KEYS = (("in", "rows_in"), ("used", "used"), ("set_aside", "set_aside"))


class Reading:
    """Tables as of a month, `everything` before the cut, and a thread that goes through them.

    The thread leaves the tables in a folder for `salesops_helpers.data.handover`, and how many rows there are in
    ``rows.json``.
    """

    def __init__(self, tables: Tables, everything: Tables, names: Sequence[str], month: str):
        self.tables, self.everything, self.names, self.month = tables, everything, list(names), month
        self._counts: dict[str, Mapping[str, object]] = {}
        self._error: Exception | None = None
        self._stopped, self._thread, self.folder = threading.Event(), None, ""

    def start(self, folder: Path) -> None:
        """Begin, and leave everything in `folder`."""
        from salesops_helpers.data.handover import describe

        describe(self.tables, self.month, folder)
        self.folder = str(folder)
        self._thread = threading.Thread(target=self._go, args=[folder], name="salesops-reading", daemon=True)
        self._thread.start()

    def counts(self) -> list[Mapping[str, object]]:
        """For each table: table, rows_in, used, set_aside, reasons. Raises what could not be read."""
        while self._thread is not None and self._thread.is_alive() and len(self._counts) < len(self.names):
            time.sleep(STEP)
        if len(self._counts) < len(self.names) and self._error is not None:
            raise self._error
        for name in self.names:
            self._count(name)
        return [self._counts[name] for name in self.names]

    def refuse_broken(self) -> None:
        """Raise what could not be read, where that is known already."""
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Leave the rest."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _go(self, folder: Path) -> None:
        from salesops_helpers.data.handover import hand_over, put

        def counted(name: str) -> None:
            self._count(name)
            if len(self._counts) == len(self.names):
                put(folder / ROWS, json.dumps(rows_of(self._counts.values())).encode())

        try:
            hand_over(self.tables, folder, counted, self._stopped)
        except Exception as error:
            self._error = error
        if not (folder / ROWS).exists():
            why = "the run was ended" if self._error is None else one_line(self._error)
            put(folder / ROWS, json.dumps({"error": why}).encode())

    def _count(self, name: str) -> None:
        if name not in self._counts:
            rows_in, used, reasons = self.everything.engine.counts(name)
            self._counts[name] = {
                "table": name, "rows_in": rows_in, "used": used, "set_aside": rows_in - used, "reasons": reasons}


def rows_of(counts) -> dict[str, int]:
    """Rows of all tables together: in, used, set_aside."""
    return {short: sum(count[key] for count in counts) for short, key in KEYS}


def said(rows: Mapping[str, int]) -> str:
    """The same in words, for the head of a page."""
    counted = f"{rows['in']:,} {'row' if rows['in'] == 1 else 'rows'}"
    if rows["set_aside"]:
        return f"{rows['used']:,} of {counted} used, {rows['set_aside']:,} set aside"
    return f"all {counted} used, none set aside"


def awaited(folder: Path) -> dict[str, int]:
    """The rows that a run's reading has counted, as soon as it has. Raises `SalesOpsError` where it could not."""
    until = time.monotonic() + WAIT
    while not (folder / ROWS).is_file():
        if time.monotonic() > until:
            raise SalesOpsError(f"{folder / ROWS} has not come", "the counts of the run's tables", "run it again")
        time.sleep(STEP)
    rows = json.loads((folder / ROWS).read_text(encoding="utf-8"))
    if "error" in rows:
        raise SalesOpsError(f"the company's tables could not be read ({rows['error']})", "tables that can be read",
                            "mend the source and run again")
    return rows
