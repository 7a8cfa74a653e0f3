"""The process that use-once kernels are forked from: it has imported what notebooks use, and holds nothing else.

Started as ``python -m salesops_helpers.report.forkserver FD`` by `salesops_helpers.report.forked`; FD is a socket that
carries one JSON object a line. It has one thread, opens no connection and runs no code of a company. It ends, and its
kernels with it, when the socket closes or its parent is gone.
"""

from __future__ import annotations

import ast
import gc
import importlib
import importlib.util
import json
import os
import select
import signal
import socket
import sys
from contextlib import suppress

USED = (
    "ipykernel.kernelapp", "ipykernel.ipkernel", "IPython.core.pylabtools", "IPython.display", "numpy.random", "pandas",
    "pyarrow.compute", "pyarrow.feather", "_duckdb", "ibis", "ibis.backends.sql.compilers.duckdb", "matplotlib.pyplot",
    "matplotlib.backends.backend_agg", "matplotlib.colors", "matplotlib.ticker", "scipy.stats", "scipy.optimize",
    "statsforecast.models", "yaml", "pydantic", "salesops_helpers.data.load", "salesops_helpers.data.handover",
    "salesops_helpers.data.engine", "salesops_helpers.data.sources.files", "salesops_helpers.data.marks",
)
"""What notebooks and the helpers use, often inside functions. Two things are left to the kernel: the inline backend of
matplotlib, which looks for the shell that it draws into, and the package duckdb, which opens a connection with threads;
its library, the larger part, is here."""
DEATH_SIGNAL = 1


def main(fd: int) -> None:
    """Serve until the parent is gone; in a forked child: be a kernel."""
    parent = os.getppid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    os.environ["JPY_PARENT_PID"] = str(os.getpid())
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    with socket.socket(fileno=fd) as wire:
        place_working_folder()
        preload()
        gc.collect()
        gc.freeze()
        threads = len(os.listdir("/proc/self/task"))
        _say(wire, ready=threads == 1, threads=threads)
        asked = Keeper(wire, parent).serve() if threads == 1 else None
    if asked is not None:
        be_kernel(asked)


def place_working_folder() -> None:
    """The working directory stands in ``sys.path`` where a plain kernel has it: not first, but before site-packages."""
    if sys.flags.safe_path or not sys.path:
        return
    if sys.path[0] in ("", os.getcwd()):
        del sys.path[0]
    ends = [os.path.basename(path) in ("site-packages", "dist-packages") for path in sys.path]
    sys.path.insert(ends.index(True) if True in ends else 0, "")


def preload() -> None:
    """Import what notebooks use; what cannot be imported here will say so where it is used."""
    for name in (*USED, *named_in_notebooks()):
        with suppress(Exception):
            importlib.import_module(name)


def named_in_notebooks() -> list[str]:
    """The modules of this package that the notebooks of the kit import."""
    from salesops_helpers.errors import SalesOpsError
    from salesops_helpers.report import catalog

    found = {}
    with suppress(SalesOpsError, OSError):
        for path in sorted(catalog.notebooks_folder().glob("*.ipynb")):
            for cell in catalog.read_notebook(path)["cells"]:
                if cell["cell_type"] == "code":
                    found |= dict.fromkeys(_imported(catalog.text_of(cell)))
    return [name for name in found if name.split(".")[0] == __name__.split(".")[0]]


def _imported(code: str) -> list[str]:
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return []
    plain = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    whence = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
    return plain + [name for node in whence
                    for name in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names))]


class Keeper:
    """Forks kernels when asked, passes signals on, and tells how each kernel ended."""

    def __init__(self, wire: socket.socket, parent: int):
        self.wire, self.parent, self.alive, self.rest = wire, parent, set(), b""
        self.woken, self.bell = socket.socketpair()
        for end in (self.woken, self.bell):
            end.setblocking(False)

    def serve(self) -> dict | None:
        """None when all is over; in a forked child what was asked for."""
        signal.set_wakeup_fd(self.bell.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        try:
            while os.getppid() == self.parent:
                readable, _, _ = select.select([self.wire, self.woken], [], [], 1.0)
                if self.woken in readable:
                    self.woken.recv(4096)
                self._reap()
                for line in self._lines() if self.wire in readable else ():
                    if (asked := self._handled(line)) is not None:
                        return asked
                if self.rest is None:
                    break
        except OSError:
            pass
        self._end()
        return None

    def _lines(self) -> list[bytes]:
        """Whole lines that have come in; afterwards `rest` is None where the other end is gone."""
        data = self.wire.recv(1 << 20)
        if not data:
            self.rest = None
            return []
        *lines, self.rest = (self.rest + data).split(b"\n")
        return lines

    def _handled(self, line: bytes) -> dict | None:
        asked = json.loads(line)
        if "signal" in asked:
            if asked["pid"] in self.alive:
                _signal(asked["pid"], asked["signal"])
            return None
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            for end in (self.woken, self.bell):
                signal.set_wakeup_fd(-1)
                end.close()
            return {**asked, "server": os.getppid()}
        self.alive.add(pid)
        _say(self.wire, forked=asked["id"], pid=pid)
        return None

    def _reap(self) -> None:
        for pid in list(self.alive):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                self.alive.discard(pid)
                _say(self.wire, ended=pid, code=os.waitstatus_to_exitcode(status))

    def _end(self) -> None:
        for pid in self.alive:
            _signal(pid, signal.SIGKILL)
        for pid in self.alive:
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _signal(pid: int, number: int) -> None:
    """To the kernel's process group; to the kernel alone where it has not made its group yet."""
    with suppress(ProcessLookupError):
        try:
            os.killpg(pid, number)
        except (ProcessLookupError, PermissionError):
            os.kill(pid, number)


def be_kernel(asked: dict) -> None:
    """Go on as a kernel that is as if it had been started by itself."""
    import ctypes
    import random

    import numpy as np
    from ipykernel.kernelapp import IPKernelApp

    os.setsid()
    ctypes.CDLL(None).prctl(DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != asked["server"]:
        os._exit(1)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"], JPY_PARENT_PID=str(asked["server"]))
    module, *rest = asked["argv"]
    sys.argv = [getattr(importlib.util.find_spec(module), "origin", None) or module, *rest]
    random.seed()
    np.random.seed()
    IPKernelApp.launch_instance(sys.argv[1:])


def _say(wire: socket.socket, **facts) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):
        wire.sendall(json.dumps(facts).encode() + b"\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
