"""One run over the pages of a month: what is kept, what is made, and what becomes of each."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

from salesops_helpers.errors import one_line
from salesops_helpers.report import catalog, folder, frozen, inputs, plan, reading, record
from salesops_helpers.report.catalog import Entry
from salesops_helpers.report.pages import Edition
from salesops_helpers.report.passport import passport
from salesops_helpers.report.plan import Task
from salesops_helpers.report.progress import Progress
from salesops_helpers.report.request import Request, processors
from salesops_helpers.report.units import COMPANY, Unit
from salesops_helpers.report.work import Done, Job, record_name

COMPLETE, KEPT, EARLIER, FAILED = "complete", "kept", "earlier", "failed"
KEEP = ("headline", "inputs", "finished", "seconds", "files")
Opened = Callable[[int], AbstractContextManager]


@dataclass
class Result:
    """What became of one page: its status, why it failed, and the last good page (nothing where there is none)."""

    entry: Entry
    status: str
    reason: str = ""
    seconds: float = 0.0
    page: Mapping[str, object] = field(default_factory=dict)
    unit: Unit = COMPANY
    fresh: bool = True

    @property
    def task(self) -> Task:
        return Task(self.entry, self.unit)


def edition(request: Request, unit: Unit = COMPANY) -> Edition:
    """The head of every page of this month, of the company or of a unit."""
    facts = request.facts
    rows = "" if facts["tables"] is None else reading.said(reading.rows_of(facts["tables"]))
    return Edition(facts["company"], facts["month_name"], facts["as_of_name"], rows, unit.by, unit.label, unit.up,
                   request.asked.audience)


class Making:
    """One run over the pages asked for; the folder is held, and `staging` is a place in it for unfinished files."""

    def __init__(self, request: Request, staging: Path, run_at: dt.datetime, say: Callable[[str], None], limit: float):
        self.request, self.staging, self.run_at, self.limit = request, staging, run_at, limit
        self.progress = Progress.of(say)
        self.asked, self.folder = request.asked, request.asked.folder
        self.done: dict[Task, Result] = {}
        self.last, self.notebook_hash = cache(self._last), cache(inputs.digest)
        self.fresh_page = cache(self._fresh_page)

    def results(self, opened: Opened) -> list[Result]:
        """Each page's result, in the order of the plan; `opened`: number of jobs → executor and its slots."""
        graph = plan.graph(self.request.tasks, self.asked.listed)
        left = self._keep_what_is_good(graph)
        if left:
            from salesops_helpers.report.schedule import in_order

            jobs = min(self.asked.jobs or processors(), len(left))
            with opened(jobs) as (executor, slots):
                for task, done in in_order(left, self.begin, executor, slots, self._expected_seconds):
                    if self.request.reading and not done.complete:
                        self.request.reading.refuse_broken()
                    self._settle(task, self.finished(task, done), len(left))
        return [self.done[task] for task in self.request.tasks]

    def begin(self, task: Task) -> Job | None:
        """What has to be done for a page, now that those it reads from are settled; None where it can be kept."""
        reads = self.reads(task)
        page_inputs = self.page_inputs(task, reads)
        if self._is_good(task, page_inputs):
            self._keep(task)
            return None
        self.progress.started(task.key)
        return self._job(task, page_inputs, reads)

    def finished(self, task: Task, done: Done) -> Result:
        """Put in place what a job left; where that fails the last good page stays."""
        reason = f"{done.cell}: {done.reason}" if done.cell else done.reason
        if done.complete:
            try:
                return Result(task.entry, COMPLETE, "", done.seconds, self._put(task, done), task.unit)
            except OSError as error:
                reason = one_line(f"the page could not be put in place ({type(error).__name__}: {error})")
        return Result(task.entry, FAILED, reason, done.seconds, self.last(task), task.unit)

    def reads(self, task: Task) -> dict[str, str | None]:
        """The tables that a page reads from others → hash; None where the other page is not there or not of now. And of
        the ledger, where it reads from it, the hash of what was frozen as of an earlier day."""
        suppliers = {name: plan.supplier(task, name, self.asked.listed) for name in task.entry.reads}
        found = {name: None if other is None else self.fresh(other).get("files", {}).get(f"tables/{name}.csv")
                 for name, other in suppliers.items()}
        if task.entry.freezes and (files := frozen.earlier(self.ledger(task), self.request.facts["as_of"])):
            found[frozen.LEDGER] = inputs.hashed(files)
        return found

    def ledger(self, task: Task) -> Path:
        """Where the forecasts of a page are kept."""
        return frozen.place(self.asked, str(self.request.facts["company"]), task.unit)

    def fresh(self, task: Task) -> Mapping[str, object]:
        """The page of a task where it was made from the present inputs; empty otherwise."""
        if task in self.done:
            return self.done[task].page if self.done[task].status in (COMPLETE, KEPT) else {}
        return self.fresh_page(task)

    def tables(self, task: Task) -> Path:
        """The folder with the tables of a page that is fresh."""
        return self.folder / task.unit.folder / "tables"

    def page_inputs(self, task: Task, reads: Mapping[str, str | None]) -> str:
        """The hash by which a page is kept."""
        parameters = {"month": self.asked.month, "by": task.unit.by, "unit": task.unit.name}
        return inputs.fingerprint(self.notebook_hash(task.entry.path), parameters, self.request.inputs.hash, reads)

    def _fresh_page(self, task: Task) -> Mapping[str, object]:
        page, place = self.last(task), self.folder / task.unit.folder
        return page if record.good(page, self.page_inputs(task, self.reads(task)), place) else {}

    def _last(self, task: Task) -> Mapping[str, object]:
        """What the record of the page that is there says, in short."""
        page = record.read_page(self.folder / task.unit.folder, task.entry.stem)
        return {key: page[key] for key in KEEP if key in page}

    def _is_good(self, task: Task, page_inputs: str) -> bool:
        place = self.folder / task.unit.folder
        return not self.asked.force and record.good(self.last(task), page_inputs, place)

    def _keep_what_is_good(self, graph: plan.Graph) -> dict[Task, set[Task]]:
        """Keep the pages that rest on the same inputs; the graph of what is left, or not yet known."""
        left: dict[Task, set[Task]] = {}
        for task in TopologicalSorter(graph).static_order():
            if not graph[task] & set(left) and self._is_good(task, self.page_inputs(task, self.reads(task))):
                self._keep(task)
            else:
                left[task] = graph[task] & set(left)
        return left

    def _keep(self, task: Task) -> None:
        self.done[task] = Result(task.entry, KEPT, page=self.last(task), unit=task.unit)
        self.progress.kept(task.key)

    def _settle(self, task: Task, result: Result, left: int) -> None:
        self.done[task] = result
        number = sum(result.status != KEPT for result in self.done.values())
        self.progress.settled(task.key, result.status, result.reason, result.seconds, number, left)
        self.clear(task)

    def clear(self, task: Task) -> None:
        """What a job left in the staging folder and nobody needs any more."""
        shutil.rmtree(self._staging(task), ignore_errors=True)

    def _staging(self, task: Task) -> Path:
        return self.staging / task.key.replace("/", "+")

    def _expected_seconds(self, task: Task) -> float:
        """How long it took last time (the company's page, for a unit that has none)."""
        page = self.last(task) or self.last(Task(task.entry))
        with suppress(KeyError, TypeError, ValueError):
            return float(page["seconds"]["all"])
        return 0.0

    def _job(self, task: Task, page_inputs: str, reads: Mapping[str, str | None]) -> Job:
        place, entry = self._staging(task), task.entry
        if frozen.LEDGER in reads:
            frozen.hand_over(self.ledger(task), self.request.facts["as_of"], place / frozen.LEDGER)
        for name in (name for name in entry.reads if reads[name]):
            source = self.tables(plan.supplier(task, name, self.asked.listed)) / f"{name}.csv"
            (place / "inputs").mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, place / "inputs" / f"{name}.csv")
        given = {"source": str(self.asked.home), "month": self.asked.month, "published": str(place / "tables"),
                 "inputs": str(place / "inputs"), "ledger": str(place / frozen.LEDGER),
                 "by": task.unit.by, "unit": task.unit.name}
        names = set(catalog.declared(entry.path)) - ({"by", "unit"} if not task.unit.by else set())
        parameters = {name: value for name, value in given.items() if name in names}
        shown = catalog.declared(entry.path) | parameters | {"source": self.source_shown(task)}
        shown |= {name: "tables" for name in ("published", "inputs") if name in parameters}
        shown |= {frozen.LEDGER: frozen.LEDGER} if frozen.LEDGER in parameters else {}
        others = [name for other in self.asked.listed if other.stem != entry.stem for name in other.publishes]
        return Job(task.key, str(entry.path), entry, edition(self.request, task.unit), parameters, shown, str(place),
                   passport(self.request, task, page_inputs, reads, self.commit(task)), self.run_at, self.limit,
                   tuple(others), self.request.reading.folder if self.request.reading else "")

    def source_shown(self, task: Task) -> str:
        """The source as a page's record and the executed notebook give it."""
        return self.asked.source

    def commit(self, task: Task) -> str:
        """The git commit that a page's passport gives."""
        return inputs.commit()

    def _put(self, task: Task, done: Done) -> Mapping[str, object]:
        """Move page, executed notebook and tables where they belong, the record last; tables no longer published go.
        What it forecasts is frozen before anybody can read it."""
        place, staging = self.folder / task.unit.folder, self._staging(task)
        if task.entry.freezes:
            frozen.freeze(task.entry.freezes, staging, self.ledger(task), self.request, self.run_at)
        page = record.read_page(staging, task.entry.stem)
        folder.place(staging, place, [*done.files, record_name(task.entry.stem)])
        for name in set(self.last(task).get("files", {})) - set(done.files):
            (place / name).unlink(missing_ok=True)
        return {key: page[key] for key in KEEP}


def with_earlier(making: Making, results: list[Result]) -> list[Result]:
    """The results, and the pages of earlier runs that were not asked for now."""
    asked = making.asked
    known = [unit for unit in earlier_units(making.request) if unit.by not in asked.by]
    every = plan.tasks(asked.listed, [*making.request.units, *known])
    found = {result.task: result for result in results}
    for task in every:
        if task not in found and (page := making.last(task)):
            fresh = bool(making.fresh(task))
            found[task] = Result(task.entry, EARLIER, page=page, unit=task.unit, fresh=fresh)
    return [replace(found[task]) for task in every if task in found]


def earlier_units(request: Request) -> list[Unit]:
    """The units of the last run in the folder."""
    try:
        return [Unit(**unit) for unit in request.asked.last.get("units", [])]
    except TypeError:
        return []
