"""What runs the pages of a month: threads here, each with a kernel of its own."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager


@contextmanager
def opened(jobs: int) -> Iterator[tuple[Executor, int]]:
    """An executor, and how many jobs it takes at a time. Where the run is ended, so are the kernels that still run."""
    from salesops_helpers.report import kernels

    with kernels.ended_together(), ThreadPoolExecutor(jobs) as pool:
        try:
            yield pool, jobs
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            kernels.end_all()
            raise
