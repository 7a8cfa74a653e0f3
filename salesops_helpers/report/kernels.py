"""How a kernel of the batch is started: this Python, one BLAS thread, fixed hashing, no port where sockets are files."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tempfile

from jupyter_client.manager import AsyncKernelManager

SETTINGS = {
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "NUMEXPR_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "PYTHONHASHSEED": "0",
}


class KernelManager(AsyncKernelManager):
    """A kernel in the Python that runs the batch. On POSIX it is reached through socket files in a folder of its own,
    so that kernels that start at the same moment cannot take each other's port."""

    def __init__(self, **traits):
        self._sockets = None if sys.platform == "win32" else tempfile.mkdtemp(prefix="salesops-")
        if self._sockets:
            traits |= {"transport": "ipc", "ip": os.path.join(self._sockets, "k")}
        super().__init__(**traits)

    def format_kernel_cmd(self, extra_arguments=None):
        command = super().format_kernel_cmd(extra_arguments)
        return [sys.executable, *command[1:]]

    async def _async_launch_kernel(self, kernel_cmd, **options):
        options["env"] = {**(options.get("env") or os.environ), **SETTINGS}
        await super()._async_launch_kernel(kernel_cmd, **options)

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        await super()._async_cleanup_resources(restart=restart)
        if self._sockets and not restart:
            shutil.rmtree(self._sockets, ignore_errors=True)

    cleanup_resources = _async_cleanup_resources


def quiet() -> None:
    """Keep the chatter of papermill off the terminal: what matters is in the `Run`."""
    for name in ("papermill", "asyncio"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [logging.NullHandler()], False
