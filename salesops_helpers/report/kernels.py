"""How a kernel of the batch is started: this Python, one BLAS thread, fixed hashing, socket files instead of ports."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import weakref
from contextlib import contextmanager

from jupyter_client.manager import AsyncKernelManager

from salesops_helpers.report import guard

SETTINGS = {
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "NUMEXPR_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "PYTHONHASHSEED": "0",
}

_alive: weakref.WeakSet[KernelManager] = weakref.WeakSet()
_ending = threading.Event()


class KernelManager(AsyncKernelManager):
    """A kernel in the Python that runs the batch. On POSIX it is reached through socket files in a folder of its own,
    so that kernels that start at the same moment cannot take each other's port."""

    def __init__(self, **traits):
        self._sockets = None if sys.platform == "win32" else tempfile.mkdtemp(prefix="salesops-")
        if self._sockets:
            weakref.finalize(self, shutil.rmtree, self._sockets, ignore_errors=True)
            traits |= {"transport": "ipc", "ip": os.path.join(self._sockets, "k")}
        super().__init__(**traits)

    def format_kernel_cmd(self, extra_arguments=None):
        command = super().format_kernel_cmd(extra_arguments)
        return [sys.executable, *command[1:], f"--ext={guard.NAME}"]

    async def _async_launch_kernel(self, kernel_cmd, **options):
        if _ending.is_set():
            raise InterruptedError("the run was ended")
        options |= {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        options["env"] = {**(options.get("env") or os.environ), **SETTINGS}
        await super()._async_launch_kernel(kernel_cmd, **options)
        _alive.add(self)

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        await super()._async_cleanup_resources(restart=restart)
        if self._sockets and not restart:
            shutil.rmtree(self._sockets, ignore_errors=True)

    cleanup_resources = _async_cleanup_resources


@contextmanager
def ended_together():
    """A run in which `end_all` may be called: within it, no kernel starts any more once it has been."""
    _ending.clear()
    try:
        yield
    finally:
        _ending.clear()


def end_all() -> None:
    """Kill the kernels of this process that are still running, and let no other start."""
    _ending.set()
    for manager in list(_alive):
        process = getattr(manager.provisioner, "process", None)
        if process is not None:
            process.kill()


def quiet() -> None:
    """Keep the chatter of papermill off the terminal: what matters is in the `Run`."""
    for name in ("papermill", "asyncio"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [logging.NullHandler()], False
