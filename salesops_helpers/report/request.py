"""What is asked for, checked before anything is written.

Where the last run in the folder had the same inputs, what it found out about them is taken from its record: nothing
is read twice, and a month that has not changed costs no more than its hashes.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from salesops_helpers.data.home import find_source
from salesops_helpers.errors import SalesOpsError, listed
from salesops_helpers.report import catalog, folder, inputs, plan, record
from salesops_helpers.report.catalog import Entry
from salesops_helpers.report.inputs import Inputs
from salesops_helpers.report.parameters import check_parameters
from salesops_helpers.report.units import LEVELS, Unit

if TYPE_CHECKING:
    from salesops_helpers.report.reading import Reading

FACTS = ("company", "month_name", "as_of", "as_of_name", "currency", "extract_date", "tables", "notes")
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Asked:
    """What the command line says, as far as it can be checked without reading data.

    Attributes
    ----------
    source, month : str
        The source as it was given; ``YYYY-MM``.
    home, folder : Path
        The company's folder, and where the report goes, absolute.
    entries, listed : list of Entry
        The notebooks asked for, and all that there are.
    by : tuple of str
        The levels whose units get pages of their own.
    jobs : int or None
        How many notebooks run at the same time; None: one per processor.
    force, verify : bool
        Run also what could be kept; run everything anew and compare it with what is there.
    audience : str
        Whom the pages are made for, as they say themselves; empty: everybody who sees the month's folder.
    """

    source: str
    month: str
    home: Path
    folder: Path
    entries: list[Entry]
    listed: list[Entry]
    by: tuple[str, ...] = ()
    jobs: int | None = None
    force: bool = False
    verify: bool = False
    audience: str = ""

    @cached_property
    def last(self) -> dict[str, object]:
        """The record of the last run in the folder."""
        return record.read_run(self.folder)


@dataclass(frozen=True)
class Request:
    """A report that can be made.

    Attributes
    ----------
    asked : Asked
    inputs : Inputs
        What every page rests on.
    facts : mapping
        What a page says of the data, plain JSON: company, month_name, as_of, as_of_name, currency, extract_date,
        tables (for each table rows_in, used, set_aside, reasons), notes.
    units : list of Unit
        The units that get pages of their own.
    outside : mapping
        Level → deals that are in none of its units.
    reading : Reading or None
        What reads the tables while the notebooks start: then `facts` lack the tables until `read_through`.
    """

    asked: Asked
    inputs: Inputs
    facts: Mapping[str, object]
    units: list[Unit]
    outside: Mapping[str, int]
    reading: Reading | None = None

    def read_through(self) -> Request:
        """The request with the facts of all tables. Raises `SalesOpsError` where one cannot be read."""
        if self.facts["tables"] is not None:
            return self
        return replace(self, facts={**self.facts, "tables": self.reading.counts()})

    @cached_property
    def tasks(self) -> list[plan.Task]:
        return plan.tasks(self.asked.entries, self.units)


def asked(
    source: str, month: str, out: Path, only: Sequence[str] = (), jobs: int | None = None, force: bool = False,
    by: Sequence[str] = (), verify: bool = False,
) -> Asked:
    """What is asked. Raises `SalesOpsError` for the first thing that is wrong with it whatever the data hold."""
    _refuse_wrong(month, jobs, force, by, verify)
    home = find_source(source)
    everything = catalog.entries(home)
    entries = catalog.chosen(everything, only)
    for entry in entries:
        check_parameters(entry.path, _told(entry, home, month))
    plan.refuse_tangled(everything)
    place = out.absolute() / month
    if verify and not place.is_dir():
        raise SalesOpsError(f"--verify: {place} is not there", "the report of a month that has been made",
                            "make it first, without --verify")
    folder.refuse_unwritable(place)
    return Asked(source, month, home, place, entries, everything, tuple(dict.fromkeys(by)), jobs, force, verify)


def _refuse_wrong(month: str, jobs: int | None, force: bool, by: Sequence[str], verify: bool) -> None:
    if not MONTH.fullmatch(month):
        from salesops_helpers.periods import month_start

        month_start(month)
    if jobs is not None and jobs < 1:
        raise SalesOpsError(f"--jobs {jobs}", "a whole number from 1", "leave --jobs out for one job per processor")
    if wrong := [level for level in by if level not in LEVELS]:
        raise SalesOpsError(f"--by {listed(wrong)}", listed(LEVELS), "choose one of these, or leave --by out")
    if force and verify:
        raise SalesOpsError("--force together with --verify", "one of them", "leave one out: --verify runs everything")


def _told(entry: Entry, home: Path, month: str) -> dict[str, object]:
    """The parameters that a notebook must declare for what its entry says of it."""
    extra = ({"inputs": ""} if entry.reads else {}) | ({"by": "", "unit": ""} if entry.by else {})
    extra |= {"ledger": ""} if entry.freezes else {}
    return {"source": str(home), "month": month, **extra}


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def unchanged(wanted: Asked) -> Request | None:
    """The request as the last run in the folder met it, where that had the same inputs and knew the units asked for.

    A month that has a record is a month of the data. A database has to be asked anew whether it has changed.
    """
    last = wanted.last
    try:
        if not last or inputs.Home.of(wanted.home).is_database:
            return None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        return None
    found = inputs.inputs(wanted.home)
    if found.hash != last.get("inputs") or not set(wanted.by) <= set(last.get("outside", ())):
        return None
    units = [Unit(**unit) for unit in last["units"] if unit["by"] in wanted.by]
    return Request(wanted, found, {name: last[name] for name in FACTS}, units,
                   {level: last["outside"][level] for level in wanted.by})
