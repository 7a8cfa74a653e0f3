"""What is seen of a notebook while it runs: how far it is, and what its cells did that makes its page unfit."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from salesops_helpers.errors import listed
from salesops_helpers.report import guard

if TYPE_CHECKING:
    from nbformat import NotebookNode

EXITED = "the cell ended the notebook (exit)"


class Seen:
    """One execution: `cell` being executed, whether any has `ran`, seconds `left`; then its `fault`, if it has one."""

    def __init__(self, deadline: float):
        self.deadline, self.cell, self.ran = deadline, None, False
        self._exited = self._excess = None
        self._begun: dict[str, NotebookNode] = {}
        self._last: dict[str, dict] = {}

    def starts(self, cell, cell_index) -> None:
        self.cell = cell

    def done(self, cell, cell_index, execute_reply) -> None:
        self.ran = True
        for part in execute_reply["content"].get("payload") or []:
            if part.get("source") == "ask_exit":
                self._exited = cell
            elif part.get("source") == guard.NAME:
                self._last = part
                if any(part["withheld"].values()) and not self._excess:
                    self._excess = cell, _excess(part["withheld"])
                for name in (*part["threads"], *part["processes"]):
                    self._begun.setdefault(name, cell)

    def left(self, _cell=None) -> float:
        return max(0.1, self.deadline - time.monotonic())

    def exit(self) -> tuple[NotebookNode, str] | None:
        """The cell that asked for the end, and that as the reason."""
        return (self._exited, EXITED) if self._exited is not None else None

    def fault(self) -> tuple[NotebookNode | None, str]:
        """The cell and the reason for which a notebook that ran to its end is not complete; none: nothing."""
        from salesops_helpers import words

        if self._excess:
            return self._excess
        for kind, one in (("threads", "thread"), ("processes", "process")):
            if running := self._last.get(kind):
                named = [value if isinstance(value, str) else value[1] for value in running.values()]
                said = f"the cell left {words.counted(len(running), one, kind)} running ({listed(named, 3)})"
                return self._begun[next(iter(running))], said
        return None, ""

    def end_processes(self) -> None:
        """End the child processes that were there when the last cell was done."""
        import psutil

        for pid, (created, _) in self._last.get("processes", {}).items():
            with suppress(psutil.Error):
                process = psutil.Process(int(pid))
                if abs(process.create_time() - created) < 1:
                    process.kill()


def _excess(withheld: dict[str, int]) -> str:
    from salesops_helpers import words

    what = [words.counted(withheld["lines"], "printed line"), words.counted(withheld["outputs"], "output")]
    return (f"the cell shows more than a page can hold: {' and '.join(w for w in what if not w.startswith('0 '))} "
            f"({words.counted(withheld['characters'], 'character')}) were cut; a page holds "
            f"{words.number(guard.MOST_TEXT)} printed characters and {words.number(guard.MOST_OUTPUTS)} outputs "
            f"of {words.number(guard.MOST_SHOWN)} characters in all")
