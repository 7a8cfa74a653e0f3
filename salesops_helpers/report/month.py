"""The report of one month: every notebook run, every page rendered, an index that says what became of each."""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from salesops_helpers import words
from salesops_helpers.errors import one_line
from salesops_helpers.report import folder, record, runner
from salesops_helpers.report.catalog import Entry
from salesops_helpers.report.request import Request, checked

COMPLETE, KEPT, EARLIER, FAILED = "complete", "kept", "earlier", "failed"


@dataclass
class Result:
    """What became of one page: its status, why it failed, and the last good page (nothing where there is none)."""

    entry: Entry
    status: str
    reason: str = ""
    seconds: float = 0.0
    page: Mapping[str, object] = field(default_factory=dict)


def report(
    source: str, month: str, out: str | Path = "reports", only: Sequence[str] = (), jobs: int | None = None,
    force: bool = False, say: Callable[[str], None] = lambda line: None, limit: float = runner.TIME_LIMIT,
) -> tuple[Path, list[Result]]:
    """Make the report of a month in ``out/month/``.

    Parameters
    ----------
    source, month : str
        The company's folder and the closed month, ``YYYY-MM``.
    out : str or Path
        The folder that holds one folder per month.
    only : sequence of str
        Stems of the notebooks to run; empty: all.
    jobs : int, optional
        How many run at the same time; default: one per processor.
    force : bool
        Run also those whose page rests on the same inputs already.
    say : callable
        Takes a line of progress.
    limit : float
        Seconds that one notebook may take.

    Returns
    -------
    index : Path
        The finished index.
    results : list of Result
        One per notebook: complete, kept, earlier (not asked for now) or failed.

    Raises
    ------
    SalesOpsError
        Where the request is wrong or another run holds the folder; then nothing has been written.
    """
    started = time.monotonic()
    run_at = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
    request = checked(source, month, Path(out), only, jobs, force)
    with folder.held(request.folder) as staging:
        results = _Month(request, staging, run_at, say, limit).results()
        _write_record(request, results, run_at, time.monotonic() - started)
        return _write_index(request, results, run_at), results


class _Month:
    """One run over the notebooks of a month."""

    def __init__(self, request: Request, staging: Path, run_at: dt.datetime, say, limit: float):
        self.request, self.staging, self.run_at, self.say, self.limit = request, staging, run_at, say, limit
        self.last = record.read(request.folder)
        self.edition = edition(request)

    def results(self) -> list[Result]:
        """Each notebook's result in the order of the catalog; those that must run, run at the same time."""
        request, done = self.request, {}
        for entry in request.entries:
            good = record.still_good(self.last, entry.stem, request.hashes[entry.stem], request.folder)
            if good and not request.force:
                done[entry.stem] = Result(entry, KEPT, page=self.last[entry.stem])
                self.say(f"{entry.stem}: kept, made from the same inputs")
        to_run = [entry for entry in request.entries if entry.stem not in done]
        to_run.sort(key=self._last_seconds, reverse=True)
        for number, result in enumerate(self._run(to_run), 1):
            done[result.entry.stem] = result
            why = f": {result.reason}" if result.reason else ""
            self.say(f"{result.entry.stem}: {result.status}{why} ({result.seconds:.1f} s, {number} of {len(to_run)})")
        for entry in request.listed:
            if entry.stem not in done and entry.stem in self.last:
                done[entry.stem] = Result(entry, EARLIER, page=self.last[entry.stem])
        return [done[entry.stem] for entry in request.listed if entry.stem in done]

    def _last_seconds(self, entry: Entry) -> float:
        """How long it took last time, so that the longest starts first."""
        return self.last.get(entry.stem, {}).get("seconds", 0.0)

    def _run(self, to_run: Sequence[Entry]):
        """The results as they come in."""
        if not to_run:
            return
        from salesops_helpers.report import kernels

        with kernels.ended_together(), ThreadPoolExecutor(min(self.request.jobs, len(to_run))) as pool:
            running: dict[Future, Entry] = {pool.submit(self._execute, entry): entry for entry in to_run}
            try:
                for future in as_completed(running):
                    yield self._finished(running[future], future.result())
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                kernels.end_all()
                raise

    def _execute(self, entry: Entry) -> runner.Run:
        self.say(f"{entry.stem}: started")
        parameters = self.request.parameters(entry, published=str(self.staging / entry.stem))
        return runner.execute(entry.path, parameters, self.limit)

    def _finished(self, entry: Entry, run: runner.Run) -> Result:
        """Render and put in place what a run gave; where that fails the last good page stays."""
        reason = f"{run.cell}: {run.reason}" if run.cell else run.reason
        if run.complete:
            try:
                return Result(entry, COMPLETE, seconds=run.seconds, page=self._put(entry, run))
            except Exception as error:
                reason = one_line(f"the page could not be made ({type(error).__name__}: {error})")
        return Result(entry, FAILED, reason, run.seconds, self.last.get(entry.stem, {}))

    def _put(self, entry: Entry, run: runner.Run) -> dict[str, object]:
        """Write page, executed notebook and tables, each whole; tables that are no longer published go."""
        from salesops_helpers.report.pages import render

        request, published = self.request, sorted((self.staging / entry.stem).glob("*.csv"))
        page = render(run.notebook, entry, self.edition, self.run_at)
        shown = request.parameters(entry, published="tables") | {"source": request.source}
        contents = {f"tables/{path.name}": path.read_bytes() for path in published}
        contents[f"{entry.stem}.ipynb"] = runner.saved(run.notebook, shown)
        contents[f"{entry.stem}.html"] = page.html.encode()
        for name, content in contents.items():
            folder.replace(request.folder / name, content)
        for name in set(self.last.get(entry.stem, {}).get("files", {})) - set(contents):
            (request.folder / name).unlink(missing_ok=True)
        return {
            "headline": page.headline, "inputs": request.hashes[entry.stem], "finished": f"{self.run_at.isoformat()}Z",
            "seconds": round(run.seconds, 2), "parameters": shown,
            "files": {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
        }


def edition(request: Request):
    """The head of every page of this month."""
    from salesops_helpers.measures import month_start
    from salesops_helpers.report.pages import Edition

    rows, used, aside = (sum(count[key] for count in request.counts) for key in ("rows_in", "used", "set_aside"))
    said = f"{words.number(used)} of {words.counted(rows, 'row')} used, {words.number(aside)} set aside"
    said = said if aside else f"all {words.counted(rows, 'row')} used, none set aside"
    return Edition(request.tables.company.name, words.month_name(month_start(request.month)),
                   words.day_name(request.tables.as_of), said)


def _write_record(request: Request, results: Sequence[Result], run_at: dt.datetime, seconds: float) -> None:
    tables = request.tables
    run = {"at": f"{run_at.isoformat()}Z", "seconds": round(seconds, 2), "jobs": request.jobs, "force": request.force}
    record.write(request.folder, {
        "company": tables.company.name, "month": request.month, "as_of": f"{tables.as_of:%Y-%m-%d}",
        "extract_date": f"{tables.extract_date:%Y-%m-%d}", "run": run, "tables": request.counts,
        "versions": record.versions(),
        "pages": {r.entry.stem: {**r.page, "title": r.entry.title, "status": r.status, "reason": r.reason}
                  for r in results},
    })


def _write_index(request: Request, results: Sequence[Result], run_at: dt.datetime) -> Path:
    from salesops_helpers.report import pages

    rows = [{"table": count["table"], **{key: words.number(count[key]) for key in ("rows_in", "used", "set_aside")},
             "reasons": _reasons(count["reasons"])} for count in request.counts]
    cards = [_card(result, request) for result in results]
    html = pages.index(cards, edition(request), rows, request.tables.notes, _summary(results), run_at)
    folder.replace(request.folder / "index.html", html.encode())
    return request.folder / "index.html"


def _reasons(counts: Mapping[str, int], most: int = 3) -> str:
    """The most frequent reasons with their numbers of rows, and how many more there are."""
    named = [f"{reason} ({words.number(n)})" for reason, n in list(counts.items())[:most]]
    more = len(counts) - most
    return "; ".join([*named, *([f"and {words.counted(more, 'more reason')}"] if more > 0 else [])])


def _card(result: Result, request: Request) -> dict[str, str]:
    entry, page = result.entry, result.page
    fresh = page.get("inputs") == request.hashes[entry.stem]
    said = {
        COMPLETE: "complete", KEPT: "complete, kept: its inputs have not changed",
        EARLIER: "complete, from an earlier run" if fresh else "from an earlier run, on inputs that have changed since",
        FAILED: "failed; the page is the last good one" if page else "failed; there is no page",
    }[result.status]
    return {
        "stem": entry.stem, "title": entry.title, "question": entry.question, "reader": entry.reader,
        "status": "stale" if result.status == EARLIER and not fresh else result.status, "said": said,
        "page": f"{entry.stem}.html" if page else "", "headline": str(page.get("headline", "")),
        "reason": result.reason,
    }


def _summary(results: Sequence[Result]) -> str:
    failed = [result for result in results if result.status == FAILED]
    if not failed:
        return f"{words.counted(len(results), 'page')}, all complete."
    names = words.joined([result.entry.title for result in failed])
    return f"{len(results) - len(failed)} of {words.counted(len(results), 'page')} complete. Failed: {names}."
