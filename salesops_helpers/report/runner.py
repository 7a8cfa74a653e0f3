"""One notebook executed by papermill, with a status that can be believed.

papermill's own record of a run says "completed" after a dead kernel, a time limit or ``sys.exit(0)``; here the status
comes from what was raised and from every code cell having been executed.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from salesops_helpers.errors import one_line
from salesops_helpers.report import catalog
from salesops_helpers.report.parameters import check_parameters
from salesops_helpers.report.seen import EXITED, Seen

if TYPE_CHECKING:
    from nbformat import NotebookNode

DROPPED = "explorer"
TIME_LIMIT = 900.0


@dataclass
class Run:
    """What became of one notebook: executed (`notebook`), or failed with the cell and the reason in one line each."""

    notebook: NotebookNode | None
    seconds: float
    cell: str = ""
    reason: str = ""

    @property
    def complete(self) -> bool:
        return not self.reason


def execute(path: Path, parameters: Mapping[str, object], limit: float = TIME_LIMIT) -> Run:
    """Execute a notebook with these parameters in a kernel of its own, without its explorer cells.

    Parameters
    ----------
    path : Path
        The notebook; it is not changed, and nothing is written.
    parameters : mapping
        Checked by `check_parameters`; every path among them absolute.
    limit : float
        Seconds that the whole notebook may take.

    Returns
    -------
    Run
        Failed where a cell raised, the kernel died, the time was up, a code cell was left unexecuted, more was shown
        than a page can hold, or a thread or process was left running. A kernel that dies before any cell has run is
        started once more.
    """
    import nbformat

    check_parameters(path, parameters)
    source = catalog.read_notebook(path)
    kept = {**source, "cells": [cell for cell in source["cells"] if not catalog.tagged(cell, DROPPED)]}
    started = time.monotonic()
    for attempt in (1, 2):
        seen = Seen(started + limit)
        try:
            notebook = _papermill(nbformat.reads(json.dumps(kept), as_version=4), parameters, seen)
            cell, reason = _unfinished(notebook)
        except Exception as error:
            notebook, cell, reason = None, seen.cell, _said(error, limit)
            if attempt == 1 and not seen.ran and _kernel_died(error):
                continue
        break
    seen.end_processes()
    cell, reason = seen.exit() or ((cell, reason) if reason else seen.fault())
    return Run(notebook, time.monotonic() - started, _place(source, cell), reason)


def saved(notebook: NotebookNode, parameters: Mapping[str, object]) -> bytes:
    """The executed notebook as a file without times and paths of the run; its injected cell shows `parameters`."""
    import nbformat

    plain = nbformat.from_dict(notebook)
    plain.metadata.pop("papermill", None)
    for cell in plain.cells:
        cell.metadata.pop("papermill", None)
        if catalog.tagged(cell, "injected-parameters"):
            cell.id, cell.source = "injected-parameters", "\n".join(f"{k} = {v!r}" for k, v in parameters.items())
    return nbformat.writes(plain).encode()


def _papermill(notebook: NotebookNode, parameters: Mapping[str, object], seen: Seen) -> NotebookNode:
    import papermill

    from salesops_helpers.report.kernels import KernelManager, quiet

    quiet()
    return papermill.execute_notebook(
        notebook, None, dict(parameters), kernel_name="python3", progress_bar=False,
        request_save_on_cell_execute=False, start_timeout=math.ceil(min(60, seen.left())),
        kernel_manager_class=KernelManager, shutdown_kernel="immediate", timeout_func=seen.left, iopub_timeout=60,
        record_timing=False, force_raise_errors=True, on_cell_execute=seen.starts, on_cell_executed=seen.done,
    )


def _unfinished(notebook: NotebookNode) -> tuple[NotebookNode | None, str]:
    """The first code cell that was not executed and why, where there is one."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    left = [cell for cell in code if cell.execution_count is None]
    stopped = next((cell for cell in code for out in cell.outputs if out.get("ename") == "SystemExit"), None)
    if stopped is not None:
        return stopped, EXITED
    return (left[0], f"{len(left)} of {len(code)} code cells were not executed") if left else (None, "")


def _kernel_died(error: Exception) -> bool:
    return type(error).__name__ == "DeadKernelError" or (type(error) is RuntimeError and "ernel" in str(error))


def _said(error: Exception, limit: float) -> str:
    """What was raised, in one line without a traceback."""
    if getattr(error, "ename", "") == "CellExecutionError":
        return "an exception that says nothing of itself"
    if hasattr(error, "ename"):
        return one_line(f"{error.ename}: {error.evalue}" if error.evalue else error.ename)
    if isinstance(error, TimeoutError):
        return f"not finished within the {limit:g} seconds that a notebook may take"
    if "respond in" in str(error) and _kernel_died(error):
        return f"the kernel did not start in time ({one_line(error).rstrip('.')})"
    if _kernel_died(error):
        return f"the kernel died ({one_line(error).rstrip('.')}): killed, out of memory, or ended by the cell"
    return one_line(f"{type(error).__name__}: {error}")


def _place(source: dict, cell: NotebookNode | None) -> str:
    """``cell 7 (win-rates)``: the cell's place among all cells of the notebook as it is written, and its id."""
    if cell is None:
        return ""
    ids = [other.get("id") for other in source["cells"]]
    same = [n for n, other in enumerate(source["cells"], 1) if catalog.text_of(other) == cell.source]
    if cell.get("id") in ids:
        return f"cell {ids.index(cell.id) + 1} ({cell.id})"
    return f"cell {same[0]}" if same else "the parameters given"
