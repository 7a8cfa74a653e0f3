"""What has to be made for a month, and in which order: notebook × unit, readers of a table after its publisher."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from salesops_helpers.errors import SalesOpsError, listed
from salesops_helpers.report.catalog import Entry
from salesops_helpers.report.units import COMPANY, Unit


@dataclass(frozen=True)
class Task:
    """One page: a notebook for the company or for a unit."""

    entry: Entry
    unit: Unit = COMPANY

    @property
    def key(self) -> str:
        """Where its page lies within the month's folder, without ending: ``forecast``, ``team/north/forecast``."""
        return f"{self.unit.folder}/{self.entry.stem}" if self.unit.by else self.entry.stem


Graph = Mapping[Task, set[Task]]


def tasks(entries: Sequence[Entry], units: Iterable[Unit]) -> list[Task]:
    """The pages of the company, then those of each unit for which a notebook can be made."""
    return [Task(entry) for entry in entries] + [
        Task(entry, unit) for unit in units for entry in entries if unit.by in entry.by]


def supplier(task: Task, table: str, listed_entries: Sequence[Entry]) -> Task | None:
    """The page whose table `task` reads: the same unit's where there can be one, else the company's."""
    entry = next((entry for entry in listed_entries if table in entry.publishes), None)
    if entry is None:
        return None
    return Task(entry, task.unit if task.unit.by in entry.by else COMPANY)


def graph(asked: Sequence[Task], listed_entries: Sequence[Entry]) -> dict[Task, set[Task]]:
    """For each page asked for, those among them that it reads from."""
    among = set(asked)
    suppliers = {task: {supplier(task, name, listed_entries) for name in task.entry.reads} for task in asked}
    return {task: found & among for task, found in suppliers.items()}


def refuse_tangled(entries: Sequence[Entry]) -> None:
    """Raise `SalesOpsError` where two notebooks publish the same table, or read from each other in a ring."""
    names = [name for entry in entries for name in entry.publishes]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        stems = [entry.stem for entry in entries if set(twice) & set(entry.publishes)]
        raise SalesOpsError(f"table {listed(twice)} is published by {listed(stems)}", "one notebook a table",
                            "rename the table in one of them")
    try:
        TopologicalSorter(graph(tasks(entries, []), entries)).prepare()
    except CycleError as error:
        ring = " → ".join(task.entry.stem for task in reversed(error.args[1]))
        raise SalesOpsError(f"notebooks read from each other in a ring: {ring}",
                            "a table is published before it is read", "leave out one of the reads") from None
