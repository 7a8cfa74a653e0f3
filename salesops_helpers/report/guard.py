"""Inside each kernel of the batch: what a cell shows is kept within bounds, and what it leaves running is told.

An IPython extension. What it has to tell goes back with the reply to each cell, as a payload that the runner reads.
"""

from __future__ import annotations

import concurrent.futures.thread
import os
import sys
import threading
import time
from contextlib import suppress

from salesops_helpers.errors import one_line

NAME = "salesops_helpers.report.guard"
MOST_TEXT, MOST_SHOWN, MOST_OUTPUTS = 1_000_000, 25_000_000, 2_000
LONGEST_ERROR = 10_000
GRACE = 0.5
OUTPUTS = {"stream", "display_data", "execute_result", "update_display_data"}
HELPERS = ("multiprocessing", "loky")


def load_ipython_extension(shell) -> None:
    _Guard(shell)


class _Guard:
    """What one kernel has shown so far, what of it was withheld, and which threads were there from the start."""

    def __init__(self, shell):
        self.shell, self.lock = shell, threading.Lock()
        self.text = self.shown = self.outputs = 0
        self.withheld = {"lines": 0, "characters": 0, "outputs": 0}
        self.known = set(threading.enumerate())
        self.session = shell.kernel.session
        self.send = self.session.send
        self.session.send = self._send
        shell.events.register("post_run_cell", self._tell)

    def _send(self, stream, msg_or_type, content=None, *more, **options):
        """Send a message, but for output beyond the bounds; what is no valid text in it is replaced."""
        whole = isinstance(msg_or_type, dict)
        kind = msg_or_type["header"]["msg_type"] if whole else msg_or_type
        inner = msg_or_type["content"] if whole else content
        if kind in OUTPUTS and not self._fits(kind, inner):
            return None
        if kind in ("error", "execute_reply") and "traceback" in inner:
            inner = {**inner, "evalue": _short(inner["evalue"]), "traceback": list(map(_short, inner["traceback"]))}

        def send(inner):
            first = ({**msg_or_type, "content": inner}, None) if whole else (msg_or_type, inner)
            return self.send(stream, *first, *more, **options)

        try:
            return send(inner)
        except UnicodeEncodeError:
            return send(_encodable(inner))

    def _fits(self, kind: str, content: dict) -> bool:
        """Count an output; is there still room for it on the page?"""
        printed = kind == "stream"
        size = len(content["text"]) if printed else sum(len(str(value)) for value in content["data"].values())
        with self.lock:
            if printed and self.text + size <= MOST_TEXT:
                self.text += size
                return True
            if not printed and self.outputs < MOST_OUTPUTS and self.shown + size <= MOST_SHOWN:
                self.shown, self.outputs = self.shown + size, self.outputs + 1
                return True
            self.withheld["lines"] += content["text"].count("\n") if printed else 0
            self.withheld["outputs"] += not printed
            self.withheld["characters"] += size
            return False

    def _tell(self, result) -> None:
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
        with self.lock:
            withheld, self.withheld = self.withheld, dict.fromkeys(self.withheld, 0)
        self.shell.payload_manager.write_payload({
            "source": NAME, "withheld": withheld, "threads": self._threads(), "processes": _processes(),
        })

    def _threads(self) -> dict[str, str]:
        """Ident → name of the threads begun by a cell that are still at work, after a moment for those about to end."""
        until = time.monotonic() + GRACE
        for thread in set(threading.enumerate()) - self.known:
            if _at_work(thread):
                thread.join(max(0.0, until - time.monotonic()))
            self.known.add(thread)
        return {str(thread.ident): one_line(thread.name, 80) for thread in threading.enumerate() if _at_work(thread)}


def _at_work(thread: threading.Thread) -> bool:
    """Is it one that a plain Python would wait for at its end, or one that runs the notebook's own code?

    Not so the idle threads of a pool, and those that a library keeps in the background.
    """
    code = getattr(thread, "_target", None) or type(thread)
    frame = sys._current_frames().get(thread.ident)
    if thread is threading.main_thread() or not thread.is_alive() or frame is None:
        return False
    idle = frame.f_code.co_filename == concurrent.futures.thread.__file__
    return not idle and (not thread.daemon or getattr(code, "__module__", "") == "__main__")


def _processes() -> dict[str, list]:
    """Id → moment of birth and command of the child processes that are still there, without the helpers of a pool."""
    import psutil

    found, kernel = {}, psutil.Process()
    for child in kernel.children(recursive=True) if _has_children() else ():
        with suppress(psutil.Error):
            command = child.cmdline()
            said = "a fork of the kernel" if command == kernel.cmdline() else one_line(" ".join(command), 80)
            if child.status() != psutil.STATUS_ZOMBIE and not any(name in said for name in HELPERS):
                found[str(child.pid)] = [child.create_time(), said]
    return found


def _has_children() -> bool:
    """Asked of the system in one step: to list them, all processes of the machine are looked through."""
    if not hasattr(os, "waitid"):
        return True
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _short(text: object) -> str:
    return str(text)[:LONGEST_ERROR]


def _encodable(value):
    """The same with lone surrogates, which no file and no message can hold, as replacement signs."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    return [_encodable(item) for item in value] if isinstance(value, (list, tuple)) else value
