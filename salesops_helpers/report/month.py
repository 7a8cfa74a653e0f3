"""The report of one month: every notebook run, every page rendered, an index that says what became of each."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from salesops_helpers.report import folder, forked, runner
from salesops_helpers.report.facts import checked
from salesops_helpers.report.making import COMPLETE, EARLIER, FAILED, KEPT, Making, Opened, Result, with_earlier
from salesops_helpers.report.progress import Progress
from salesops_helpers.report.request import Request, asked

__all__ = ["COMPLETE", "EARLIER", "FAILED", "KEPT", "Result", "report"]


def report(
    source: str, month: str, out: str | Path = "reports", only: Sequence[str] = (), jobs: int | None = None,
    force: bool = False, by: Sequence[str] = (), verify: bool = False, pdf: bool = False,
    say: Callable[[str], None] | Progress = lambda line: None, limit: float = runner.TIME_LIMIT,
    opened: Opened | None = None,
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
    by : sequence of {"region", "team", "rep"}
        Also make pages for each unit of these levels, from the notebooks that can be made for it.
    verify : bool
        Run everything anew and compare it with what is there; nothing is overwritten.
    pdf : bool
        Also print every page, and all of them bound, with a Chromium.
    say : callable or Progress
        Takes a line of progress; or a `salesops_helpers.report.progress.Progress`, which is told what happens.
    limit : float
        Seconds that one notebook may take.
    opened : callable, optional
        Number of jobs → context manager that gives an executor and how many jobs it takes at a time; default: threads.

    Returns
    -------
    index : Path
        The finished index.
    results : list of Result
        One per page: complete, kept, earlier (not asked for now) or failed; with `verify` reproduced or differs.

    Raises
    ------
    SalesOpsError
        Where the request is wrong or another run holds the folder; then nothing has been written.
    """
    started = time.monotonic()
    run_at = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
    wanted = asked(source, month, Path(out), only, jobs, force, by, verify)
    if pdf:
        from salesops_helpers.report.pdf import browser

        browser()
    opened = _threads if opened is None else opened
    with folder.held(wanted.folder) as staging, forked.served():
        request = checked(wanted)
        with handing_over(request, staging / "given"):
            if verify:
                from salesops_helpers.report.verify import Verifying

                return wanted.folder / "index.html", Verifying(request, staging, run_at, say, limit).results(opened)
            making = Making(request, staging, run_at, say, limit)
            results = with_earlier(making, making.results(opened))

            from salesops_helpers.report.indexes import write

            return write(request.read_through(), results, run_at, time.monotonic() - started, pdf), results


@contextmanager
def handing_over(request: Request, folder: Path) -> Iterator[None]:
    """The tables are counted and handed over meanwhile, where they are read at all."""
    if request.reading is None:
        yield
        return
    request.reading.start(folder)
    try:
        yield
    finally:
        request.reading.stop()


def _threads(jobs: int):
    from salesops_helpers.report.executors import opened

    return opened(jobs)
