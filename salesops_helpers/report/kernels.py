"""How a kernel of the batch is started: forked from a process that has the imports where one runs, else by itself; this
Python, one BLAS thread, fixed hashing, socket files instead of ports."""

from __future__ import annotations

import asyncio
import logging
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import uuid
import weakref
from collections.abc import Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner

from salesops_helpers.report import forked, guard
from salesops_helpers.report.forked import SETTINGS

_alive: weakref.WeakSet[KernelManager] = weakref.WeakSet()
_ending = threading.Event()
also: ContextVar[Mapping[str, str]] = ContextVar("also", default=MappingProxyType({}))
"""Environment variables that the kernels started in this context get beside the others."""


class Provisioner(LocalProvisioner):
    """Kernels forked from the server of this process (see `forked.start`); plain ones where there is none."""

    async def launch_kernel(self, cmd, **options):
        server = forked.running()
        if server is None:
            return await super().launch_kernel(cmd, **options)
        argv = [*cmd[cmd.index("-m") + 1:]] if "-m" in cmd else cmd
        try:
            folder = options.get("cwd")
            self.process = await asyncio.to_thread(server.fork, argv, options["env"], folder and str(folder))
        except forked.Gone:
            return await super().launch_kernel(cmd, **options)
        self.pid, self.pgid, self.cwd = self.process.pid, None, folder or pathlib.Path.cwd()
        return self.connection_info

    async def wait(self):
        while self.process is not None and self.process.poll() is None:
            await asyncio.sleep(0.02)
        return await super().wait()


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

    async def _async_pre_start_kernel(self, **options):
        self.kernel_id = self.kernel_id or str(uuid.uuid4())
        if self.provisioner is None:
            self.provisioner = Provisioner(kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self)
        return await super()._async_pre_start_kernel(**options)

    async def _async_launch_kernel(self, kernel_cmd, **options):
        if _ending.is_set():
            raise InterruptedError("the run was ended")
        options |= {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        options["env"] = {**(options.get("env") or os.environ), **SETTINGS, **also.get()}
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
