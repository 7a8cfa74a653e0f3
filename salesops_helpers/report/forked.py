"""The near end of the fork server: starts it, asks it for kernels, and hears how each ended.

Nothing heavy is imported here, so that a run starts the server first of all and its imports overlap with the check of
the source.
"""

from __future__ import annotations

import atexit
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

SETTINGS = {
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "NUMEXPR_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "PYTHONHASHSEED": "0",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
"""The environment of every kernel, forked or not: one thread for sums, fixed hashing."""
FIXED = ("PYTHON", "LD_", "MPL", "TZ", "LC_", "LANG", "ARROW_", *(name.partition("_")[0] + "_" for name in SETTINGS))
"""Variables that are read while things are imported: a kernel that is to have others cannot be forked."""
WAIT = 60.0
OFF = "SALESOPS_PLAIN_KERNELS"

_server: Server | None = None
_lock = threading.Lock()


class Gone(Exception):
    """The server cannot give a kernel; a plain one can be started instead."""


class Server:
    """A running fork server."""

    def __init__(self):
        near, far = socket.socketpair()
        env = {**os.environ, **SETTINGS}
        self._fixed = _fixed(env)
        self._folder = os.getcwd()
        with far:
            self._process = subprocess.Popen(
                [sys.executable, "-m", f"{__package__}.forkserver", str(far.fileno())], env=env,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                pass_fds=[far.fileno()], start_new_session=True)
        self.pid, self._wire = self._process.pid, near
        self._news, self._ids = threading.Condition(), itertools.count()
        self._ready, self._gone, self._forked, self._codes = False, False, {}, {}
        threading.Thread(target=self._listen, name="salesops-forkserver", daemon=True).start()

    def fork(self, argv: list[str], env: Mapping[str, str], folder: str | None = None) -> Forked:
        """A new kernel. Raises `Gone` where the server has ended, does not answer, or does not fit that environment."""
        if _fixed(env) != self._fixed or os.getcwd() != self._folder:
            raise Gone("another environment")
        with self._news:
            if not self._news.wait_for(lambda: self._ready or self._gone, WAIT) or self._gone:
                raise Gone("not there")
            number = next(self._ids)
            self._send(id=number, argv=argv, env=dict(env), cwd=os.path.abspath(folder or self._folder))
            if not self._news.wait_for(lambda: number in self._forked or self._gone, WAIT) or self._gone:
                raise Gone("no answer")
            return Forked(self, self._forked.pop(number))

    def signal(self, pid: int, number: int) -> None:
        with suppress(Gone), self._news:
            self._send(pid=pid, signal=int(number))

    def code(self, pid: int, timeout: float | None = 0) -> int | None:
        """How a kernel ended; None while it runs. A kernel ends with its server."""
        with self._news:
            self._news.wait_for(lambda: pid in self._codes or self._gone, timeout)
            return self._codes.get(pid, -signal.SIGKILL if self._gone else None)

    @property
    def usable(self) -> bool:
        return not self._gone

    def close(self) -> None:
        """End the server and its kernels, and wait for it; one that has not come to serve yet has none."""
        if not self._ready:
            self._process.kill()
        with suppress(OSError):
            self._wire.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._wire.close()

    def _send(self, **asked) -> None:
        try:
            self._wire.sendall(json.dumps(asked).encode() + b"\n")
        except OSError:
            raise Gone("the socket is closed") from None

    def _listen(self) -> None:
        with suppress(OSError, ValueError):
            for line in self._wire.makefile("rb"):
                news = json.loads(line)
                with self._news:
                    if "ready" in news:
                        self._ready, self._gone = news["ready"], not news["ready"]
                    elif "forked" in news:
                        self._forked[news["forked"]] = news["pid"]
                    else:
                        self._codes[news["ended"]] = news["code"]
                    self._news.notify_all()
        with self._news:
            self._gone = True
            self._news.notify_all()


class Forked:
    """A forked kernel, in the shape of a `subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, server: Server, pid: int):
        self._server, self.pid = server, pid

    @property
    def returncode(self) -> int | None:
        return self._server.code(self.pid)

    def poll(self) -> int | None:
        return self._server.code(self.pid)

    def wait(self, timeout: float | None = None) -> int:
        code = self._server.code(self.pid, timeout)
        if code is None:
            raise subprocess.TimeoutExpired("kernel", timeout)
        return code

    def send_signal(self, number: int) -> None:
        """To the kernel and what it has started."""
        self._server.signal(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


def possible() -> bool:
    """Can kernels be forked here? Not off Linux: a forked child of libraries that hold threads is not safe there."""
    return sys.platform == "linux" and not os.environ.get(OFF)


@contextmanager
def served() -> Iterator[None]:
    """A run at whose end the server of this process is ended, if one was started in it."""
    before = _server
    try:
        yield
    finally:
        if _server is not before:
            stop()


def start() -> Server | None:
    """Start the server of this process, or give the one that runs; at once, without waiting for it to be ready."""
    global _server
    with _lock:
        if _server is None and possible():
            try:
                _server = Server()
            except OSError:
                return None
            atexit.register(stop)
        return _server


def running() -> Server | None:
    """The server of this process, where one was started and lives."""
    return _server if _server is not None and _server.usable else None


def stop() -> None:
    """End the server of this process, where there is one."""
    global _server
    with _lock:
        server, _server = _server, None
    if server is not None:
        atexit.unregister(stop)
        server.close()


def _fixed(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name.startswith(FIXED)}
