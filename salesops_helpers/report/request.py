"""What is asked for, checked in full before anything is written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from salesops_helpers.errors import SalesOpsError
from salesops_helpers.report import catalog, folder, record, runner
from salesops_helpers.report.catalog import Entry

if TYPE_CHECKING:
    from salesops_helpers.data.container import Tables


@dataclass(frozen=True)
class Request:
    """A report that can be made.

    Attributes
    ----------
    source : str
        The source as it was given.
    home : Path
        The company's folder, absolute.
    month : str
        ``YYYY-MM``.
    folder : Path
        Where the report goes, absolute.
    entries, listed : list of Entry
        The notebooks asked for, and all that there are.
    hashes : dict
        Stem → hash over all that its page rests on.
    tables : Tables
        The company's tables as of the month.
    counts : list of dict
        For each table of the company: table, rows_in, used, set_aside, reasons (reason → rows).
    jobs : int
        How many notebooks run at the same time.
    force : bool
        Run also those whose page rests on the same inputs already.
    """

    source: str
    home: Path
    month: str
    folder: Path
    entries: list[Entry]
    listed: list[Entry]
    hashes: dict[str, str]
    tables: Tables
    counts: list[dict[str, object]]
    jobs: int
    force: bool

    def parameters(self, entry: Entry, published: str) -> dict[str, object]:
        """What the batch tells a notebook: source and month, and where to publish if it declares that it does."""
        given = {"source": str(self.home), "month": self.month, "published": published}
        names = catalog.declared(entry.path)
        return {name: value for name, value in given.items() if name in names or name != "published"}


def checked(source: str, month: str, out: Path, only: Sequence[str], jobs: int | None, force: bool) -> Request:
    """The request, where it can be met. Raises `SalesOpsError` for the first thing that is wrong with it."""
    from salesops_helpers.data.load import cut, read_all
    from salesops_helpers.periods import month_start

    month_start(month)
    if jobs is not None and jobs < 1:
        raise SalesOpsError(f"--jobs {jobs}", "a whole number from 1", "leave --jobs out for one job per processor")
    everything, checker = read_all(source)
    company = everything.company
    listed = catalog.entries(company.home)
    entries = catalog.chosen(listed, only)
    for entry in entries:
        runner.check_parameters(entry.path, {"source": str(company.home), "month": month})
    tables = cut(everything, month=month)
    counts = [_count(name, everything.engine) for name in checker.names]
    place = out.absolute() / month
    folder.refuse_unwritable(place)
    inputs = record.inputs_hash(company, everything.engine.state())
    hashes = {entry.stem: record.fingerprint(entry.path, {"month": month}, inputs) for entry in listed}
    jobs = min(jobs or _processors(), len(entries))
    return Request(source, company.home, month, place, entries, listed, hashes, tables, counts, jobs, force)


def _processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _count(name: str, engine) -> dict[str, object]:
    rows_in, used, reasons = engine.counts(name)
    return {"table": name, "rows_in": rows_in, "used": used, "set_aside": rows_in - used, "reasons": reasons}
