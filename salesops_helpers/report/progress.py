"""What a run says while it goes on: plain lines, or on a terminal one live line for each page that is being made."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TextIO

from salesops_helpers.errors import one_line

LONGEST = 900


class Progress:
    """Plain lines, one an event, given to `say`; names and reasons come from data and are made printable."""

    def __init__(self, say: Callable[[str], None]):
        self.say = say

    @classmethod
    def of(cls, say: Progress | Callable[[str], None]) -> Progress:
        """What is given, where it is progress already, else plain lines given to it."""
        return say if isinstance(say, Progress) else cls(say)

    def started(self, key: str) -> None:
        self.line(f"{key}: started")

    def kept(self, key: str) -> None:
        self.line(f"{key}: kept, made from the same inputs")

    def settled(self, key: str, status: str, reason: str, seconds: float, number: int, of: int) -> None:
        """`number` of the `of` pages that had to be made are settled."""
        why = f": {reason}" if reason else ""
        self.line(f"{key}: {status}{why} ({seconds:.1f} s, {number} of {of})")

    def line(self, text: str) -> None:
        self.say(one_line(text, LONGEST))


class Live(Progress):
    """The same lines on a terminal, but for those of the start: below them stand the pages being made, each in the line
    of its worker with the seconds it has taken, and how many pages are settled."""

    def __init__(self, console):
        from rich.live import Live as Lines

        super().__init__(lambda line: console.print(line, markup=False, highlight=False, emoji=False, soft_wrap=True))
        self.workers: list[tuple[str, float] | None] = []
        self.settled_of, self.failed = (0, 0), 0
        self.lines = Lines(console=console, get_renderable=self._drawn, refresh_per_second=4, transient=True,
                           redirect_stdout=False, redirect_stderr=False)

    def started(self, key: str) -> None:
        free = next((n for n, worker in enumerate(self.workers) if worker is None), None)
        if free is None:
            self.workers.append(None)
            free = len(self.workers) - 1
        self.workers[free] = (one_line(key, 200), time.monotonic())

    def settled(self, key: str, status: str, reason: str, seconds: float, number: int, of: int) -> None:
        name = one_line(key, 200)
        self.workers = [None if worker and worker[0] == name else worker for worker in self.workers]
        self.settled_of, self.failed = (number, of), self.failed + (status in ("failed", "differs"))
        super().settled(key, status, reason, seconds, number, of)

    def _drawn(self):
        from rich.text import Text

        now, (number, of) = time.monotonic(), self.settled_of
        rows = [f"{n}  {worker[0]}  {now - worker[1]:.0f} s" if worker else f"{n}  –"
                for n, worker in enumerate(list(self.workers), 1)]
        total = [f"{number} of {of} pages" + (f", {self.failed} failed" if self.failed else "")] if of else []
        return Text("\n".join(rows + total), no_wrap=True, overflow="ellipsis")


@contextmanager
def shown(stream: TextIO, echo: Callable[[str], None]) -> Iterator[Progress]:
    """Live lines where `stream` is a terminal that can move its cursor, else plain ones given to `echo`."""
    if not stream.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        progress, lines = Progress(echo), nullcontext()
    else:
        from rich.console import Console

        progress = Live(Console(file=stream))
        lines = progress.lines
    with lines:
        yield progress
