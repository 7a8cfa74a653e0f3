"""A real Dask cluster on loopback for tests: a scheduler and worker processes, each of which can be killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from soak import ROOT

QUIET = {"DASK_DISTRIBUTED__DIAGNOSTICS__NVML": "False", "DASK_DISTRIBUTED__ADMIN__LOG_LENGTH": "0"}


class DaskCluster:
    """A scheduler and `workers` workers of one thread each, without nannies; all gone at the end."""

    def __init__(self, folder: Path, workers: int = 2, options: tuple[str, ...] = (), scheme: str = "tcp",
                 **environment: str):
        self.folder, self.options, self.environment, self.processes = folder, options, environment, []
        log = folder / "scheduler.log"
        self._start(log, "scheduler", "--host", f"{scheme}://127.0.0.1", "--port", "0", "--no-dashboard", *options)
        self.address = _found(log, rf"Scheduler at:\s+({scheme}://127\.0\.0\.1:\d+)")
        self.workers = [self.add_worker() for _ in range(workers)]

    def add_worker(self, cwd: Path = ROOT, **environment) -> subprocess.Popen:
        log = self.folder / f"worker-{len(self.processes)}.log"
        process = self._start(log, "worker", self.address, "--no-nanny", "--nthreads", "1", "--no-dashboard",
                              "--local-directory", str(self.folder / f"local-{len(self.processes)}"), *self.options,
                              cwd=cwd, **environment)
        _found(log, r"(Registered to)")
        return process

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        for process in self.processes:
            process.wait()

    def _start(self, log: Path, *arguments: str, cwd: Path = ROOT, **environment) -> subprocess.Popen:
        env = {**os.environ, "PYTHONPATH": str(ROOT), **QUIET, **self.environment, **environment}
        with log.open("wb") as file:
            process = subprocess.Popen([sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:]],
                                       stdout=file, stderr=file, stdin=subprocess.DEVNULL, cwd=cwd, env=env,
                                       start_new_session=True)
        self.processes.append(process)
        return process


def _found(log: Path, pattern: str, patience: float = 120) -> str:
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if match := re.search(pattern, log.read_text(errors="replace")):
            return match.group(1)
        time.sleep(0.1)
    raise AssertionError(f"{pattern} not in: {log.read_text(errors='replace')[-2000:]}")
