"""One page made: a piece of work that can be sent to another process or machine.

Everything comes in with the `Job` and everything is left in its staging folder, which both sides see; what goes back
is a few facts. A notebook never travels.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from salesops_helpers.errors import one_line
from salesops_helpers.report import reading

if TYPE_CHECKING:
    from salesops_helpers.report.catalog import Entry
    from salesops_helpers.report.pages import Edition
    from salesops_helpers.report.runner import Run


@dataclass(frozen=True)
class Job:
    """All that is needed to make one page.

    Attributes
    ----------
    key : str
        The page's place within the month's folder, without ending.
    notebook : str
        Path of the notebook, absolute.
    entry, edition : Entry, Edition
        What the page is; what stands in its head.
    parameters, shown : mapping
        What the notebook is told (paths absolute), and the same as the page's record and the executed notebook show it.
    staging : str
        A folder for this page alone, absolute; on a file system that the run sees too.
    passport : mapping
        What the page rests on, known before it is made: see `salesops_helpers.report.passport`.
    run_at : datetime
        Moment of the run (UTC).
    limit : float
        Seconds that the notebook may take.
    taken : tuple of str
        Names of tables that other notebooks publish.
    given : str
        A folder in which the run hands tables over, and says how many rows there are where edition and passport do not
        say it yet; empty: none.
    """

    key: str
    notebook: str
    entry: Entry
    edition: Edition
    parameters: Mapping[str, object]
    shown: Mapping[str, object]
    staging: str
    passport: Mapping[str, object]
    run_at: dt.datetime
    limit: float
    taken: tuple[str, ...] = ()
    given: str = ""


@dataclass(frozen=True)
class Done:
    """What became of a job: `files` (name → sha256) lie in its staging folder; or the cell and the reason why not."""

    key: str
    seconds: float = 0.0
    cell: str = ""
    reason: str = ""
    headline: str = ""
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        return not self.reason


def record_name(stem: str) -> str:
    """The file that says what a page was made from."""
    return f"{stem}.json"


def perform(job: Job) -> Done:
    """Execute the notebook and leave the page, the executed notebook, its tables and its record in the staging folder.

    Whatever goes wrong is said in what is given back; nothing is raised but what ends the process.
    """
    started = time.monotonic()
    try:
        Path(job.staging).mkdir(parents=True, exist_ok=True)
        run = _run(job)
    except Exception as error:
        reason = one_line(f"{type(error).__name__}: {error}")
        return Done(job.key, time.monotonic() - started, reason=reason)
    if not run.complete:
        return Done(job.key, time.monotonic() - started, run.cell, run.reason)
    try:
        return _left(job, run, started)
    except Exception as error:
        reason = one_line(f"the page could not be made ({type(error).__name__}: {error})")
        return Done(job.key, time.monotonic() - started, reason=reason)


def _run(job: Job) -> Run:
    """The notebook executed, in a kernel that knows where the run hands tables over."""
    from salesops_helpers.report import forked, runner

    forked.start()
    if not job.given:
        return runner.execute(Path(job.notebook), job.parameters, job.limit)
    from salesops_helpers.data.handover import FOLDER
    from salesops_helpers.report.kernels import also

    before = also.set({FOLDER: job.given})
    try:
        return runner.execute(Path(job.notebook), job.parameters, job.limit)
    finally:
        also.reset(before)


def _with_rows(job: Job) -> Job:
    """The job with the numbers of rows that were not known yet when it began."""
    if job.passport["rows"] is not None:
        return job
    rows = reading.awaited(Path(job.given))
    return replace(job, edition=replace(job.edition, rows=reading.said(rows)), passport={**job.passport, "rows": rows})


def _left(job: Job, run: Run, started: float) -> Done:
    """Write what the page consists of; its record last."""
    from salesops_helpers.report import runner
    from salesops_helpers.report.pages import render
    from salesops_helpers.report.passport import lines

    job = _with_rows(job)
    place, stem = Path(job.staging), job.entry.stem
    published = sorted((place / "tables").glob("*.csv"))
    if clash := [path.stem for path in published if path.stem in job.taken]:
        return Done(job.key, run.seconds, reason=f"it publishes the table {clash[0]}, which another notebook publishes")
    page = render(run.notebook, job.entry, job.edition, job.run_at, lines(job.passport, job.shown))
    contents = {f"{stem}.ipynb": runner.saved(run.notebook, job.shown), f"{stem}.html": page.html.encode()}
    for name, content in contents.items():
        (place / name).write_bytes(content)
    files = {f"tables/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest() for path in published}
    files |= {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    seconds = {"execute": round(run.seconds, 2), "all": round(time.monotonic() - started, 2)}
    record = {"page": job.key, "title": job.entry.title, "question": job.entry.question, "headline": page.headline,
              **job.passport, "parameters": dict(job.shown), "finished": f"{job.run_at.isoformat()}Z",
              "seconds": seconds, "files": files}
    text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    (place / record_name(stem)).write_text(text, encoding="utf-8", newline="\n")
    return Done(job.key, run.seconds, headline=page.headline, files=files)
