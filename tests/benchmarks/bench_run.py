"""The run of a month: ours against a plain loop of stock papermill and nbconvert over the same notebooks.

Both sides start as a command on the same machine; ours with two jobs. The bound on a whole month follows from what no
run can go below on two processors: the longest chain of notebooks that depend on each other, or half of all cell
seconds, cells timed alone in kernels that have their imports and their tables already.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from graphlib import TopologicalSorter
from pathlib import Path

from salesops_helpers.report import catalog, forked, plan, runner

ROOT = Path(__file__).resolve().parents[2]
SOURCE, MONTH = ROOT / "data" / "sample", "2026-09"
RUNS, STARTS = 2, 5
UNITS = (50, 200)
STOCK = """
import sys, nbconvert, papermill
source, month, out, *notebooks = sys.argv[1:]
for number, path in enumerate(notebooks):
    parameters = {"source": source, "month": month, "published": f"{out}/tables"}
    papermill.execute_notebook(path, f"{out}/{number}.ipynb", parameters, progress_bar=False)
    html, _ = nbconvert.HTMLExporter().from_filename(f"{out}/{number}.ipynb")
    open(f"{out}/{number}.html", "w", encoding="utf-8").write(html)
"""
FIGURE = {"area": "run", "better": "lower", "kind": "gate"}
PYTHON = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "language_info": {"name": "python"}}


def begun(*command: object) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, *map(str, command)], cwd=ROOT, stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})


def seconds(*command: object) -> float:
    started = time.perf_counter()
    process = begun(*command)
    _, said = process.communicate(timeout=1800)
    assert process.returncode == 0, said[-2000:]
    return time.perf_counter() - started


def ours(out: Path, *more: object, source: Path = SOURCE, month: str = MONTH) -> list[object]:
    """The command that makes a month with two jobs."""
    return ["-m", "salesops_helpers.cli", "report", source, "--month", month, "--out", out, "--jobs", 2, *more]


# A whole month

def bench_whole_month(tmp_path: Path) -> list[dict]:
    """The sample's month from command to index, made anew, and unchanged; and the same notebooks by the stock loop."""
    entries = catalog.entries(SOURCE)
    made, stock = [], []
    for number in range(RUNS):
        (tmp_path / f"stock{number}").mkdir()
        stock.append(seconds("-c", STOCK, SOURCE, MONTH, tmp_path / f"stock{number}", *[e.path for e in entries]))
        made.append(seconds(*ours(tmp_path / f"ours{number}")))
    kept = min(seconds(*ours(tmp_path / "ours0")) for _ in range(RUNS))
    alone = cell_seconds(entries, tmp_path)
    graph = {task.entry.stem: {other.entry.stem for other in before}
             for task, before in plan.graph(plan.tasks(entries, []), entries).items()}
    chain, half = longest_chain(graph, alone), sum(alone.values()) / 2
    month, serial = min(made), min(stock)
    floor = max(chain, half)
    figure = {**FIGURE, "n": len(entries), "unit": "ratio"}
    terms = {"month": month, "month_stock": serial, "chain": chain, "half_of_cells": half, "unchanged": kept}
    return [
        {**figure, "name": "vs_stock", "value": month / serial, "goal": max(0.40, 1.25 * floor / serial)},
        {**figure, "name": "vs_stock_stretch", "value": month / serial, "goal": 0.25, "kind": "stretch"},
        {**figure, "name": "unchanged_vs_stock", "value": kept / serial, "goal": 0.03},
        {**figure, "name": "floor_vs_stock", "value": floor / serial, "goal": None},
        *({**figure, "name": name, "value": value, "unit": "seconds", "goal": None} for name, value in terms.items()),
    ]


def cell_seconds(entries: list, folder: Path) -> dict[str, float]:
    """Stem → seconds in the cells of a notebook that runs alone, imports done and tables there."""
    import papermill

    from salesops_helpers.data import handover
    from salesops_helpers.data.load import cut, read_all
    from salesops_helpers.report.kernels import KernelManager, also, quiet

    tables = cut(read_all(SOURCE)[0], month=MONTH)
    handover.describe(tables, MONTH, folder / "given")
    handover.hand_over(tables, folder / "given")
    quiet()
    before, found = also.set({handover.FOLDER: str(folder / "given")}), {}
    with forked.served():
        forked.start()
        for entry in entries:
            notebook = catalog.read_notebook(entry.path)
            notebook["cells"] = [cell for cell in notebook["cells"] if not catalog.tagged(cell, runner.DROPPED)]
            copy = folder / f"{entry.stem}.ipynb"
            copy.write_text(json.dumps(notebook), encoding="utf-8")
            done = papermill.execute_notebook(
                str(copy), None, {"source": str(SOURCE), "month": MONTH}, kernel_name="python3", progress_bar=False,
                kernel_manager_class=KernelManager, shutdown_kernel="immediate")
            found[entry.stem] = sum(cell.metadata.papermill.get("duration") or 0.0 for cell in done.cells)
    also.reset(before)
    return found


def longest_chain(graph: dict[str, set[str]], alone: dict[str, float]) -> float:
    """Seconds of the longest way through notebooks that read from each other."""
    until: dict[str, float] = {}
    for stem in TopologicalSorter(graph).static_order():
        until[stem] = alone[stem] + max((until[before] for before in graph[stem]), default=0.0)
    return max(until.values())


# From the start of a page to its first own cell

def bench_start(tmp_path: Path) -> list[dict]:
    """Seconds from the start of a page until its imports are done: ours, and in a cold kernel of stock papermill."""
    import papermill

    imports = "\n".join(dict.fromkeys(line for entry in catalog.entries() for line in own_imports(entry.path)))
    page = tmp_path / "page.ipynb"
    cells = [("parameters", 'source = ""', ["parameters"]), ("imports", imports + "\nimport pandas, scipy.stats", []),
             ("first", "import matplotlib.pyplot, time\nprint(time.time())", [])]
    page.write_text(json.dumps({
        "nbformat": 4, "nbformat_minor": 5, "metadata": PYTHON,
        "cells": [{"id": name, "cell_type": "code", "source": text, "metadata": {"tags": tags}, "outputs": [],
                   "execution_count": None} for name, text, tags in cells]}), encoding="utf-8")
    warm, cold = [], []
    with forked.served():
        forked.start()
        assert runner.execute(page, {}).complete and forked.running() is not None
        for _ in range(STARTS):
            started = time.time()
            warm.append(first_own_cell(runner.execute(page, {}).notebook) - started)
            started = time.time()
            done = papermill.execute_notebook(str(page), None, {}, kernel_name="python3", progress_bar=False)
            cold.append(first_own_cell(done) - started)
    ours, stock = statistics.median(warm), statistics.median(cold)
    figure = {**FIGURE, "n": STARTS}
    return [
        {**figure, "name": "start_seconds_vs_cold", "value": ours / stock, "unit": "ratio", "goal": 0.35},
        {**figure, "name": "start", "value": ours, "unit": "seconds", "goal": None},
        {**figure, "name": "start_cold", "value": stock, "unit": "seconds", "goal": None},
    ]


def own_imports(path: Path) -> list[str]:
    """The import lines of a notebook."""
    cells = catalog.read_notebook(path)["cells"]
    lines = [line for cell in cells if cell["cell_type"] == "code" for line in catalog.text_of(cell).splitlines()]
    return [line for line in lines if line.startswith(("import ", "from "))]


def first_own_cell(notebook) -> float:
    return float(notebook.cells[-1].outputs[0].text)


# Memory

COMPANY = """
name = "Bench"
currency = "EUR"
stages = ["Open", "Won", "Lost"]
won_stages = ["Won"]
lost_stages = ["Lost"]
extract_date = 2026-09-30
"""
PAGES = {
    "own_deals": 'answer(f"{len(tables.opportunities)} deals.")',
    "own_bookings": "from salesops_helpers import measures\n"
                    'answer(f"{measures.bookings(tables)[\'bookings\'].sum():.0f} booked.")',
    "own_team": 'answer(f"{len(tables.reps)} reps.")\ntable(tables.reps, {"rep_id": "text", "name": "text"})',
}


def company(folder: Path, reps: int) -> Path:
    """A company with this many reps, twelve deals each, and three small notebooks for each rep."""
    (folder / "notebooks").mkdir(parents=True)
    (folder / "company.toml").write_text(COMPANY, encoding="utf-8")
    rows = [f"r{n:03},Rep {n},Team {n % 9},2025-01-01" for n in range(reps)]
    (folder / "reps.csv").write_text("\n".join(["rep_id,name,team,hired_on", *rows]), encoding="utf-8")
    rows = [f"d{n:03}-{k},a{n},r{n:03},2025-{k:02}-03,{'Won' if k % 2 else 'Lost'},{100 * k},2026-0{1 + k % 9}-11"
            for n in range(reps) for k in range(1, 13)]
    head = "opportunity_id,account_id,rep_id,created_on,stage,amount,closed_on"
    (folder / "opportunities.csv").write_text("\n".join([head, *rows]), encoding="utf-8")
    load = ("from salesops_helpers import load\nfrom salesops_helpers.show import answer, table\n"
            "tables = load(source, month=month, by=by, unit=unit)")
    parameters = 'source = ""\nmonth = "2026-01"\nby = ""\nunit = ""'
    for stem, text in PAGES.items():
        cells = [{"id": "title", "cell_type": "markdown", "metadata": {}, "source": f"# {stem}?"}]
        cells += [{"id": name, "cell_type": "code", "source": source, "outputs": [], "execution_count": None,
                   "metadata": {"tags": ["parameters"]} if name == "parameters" else {}}
                  for name, source in (("parameters", parameters), ("load", load), ("answer", text))]
        (folder / "notebooks" / f"{stem}.ipynb").write_text(json.dumps({
            "nbformat": 4, "nbformat_minor": 5, "cells": cells,
            "metadata": {**PYTHON, "salesops": {"by": ["rep"]}}}), encoding="utf-8")
    return folder


def bench_memory(tmp_path: Path) -> list[dict]:
    """The largest memory of a run and all its processes, with few units and with many; three notebooks for each."""
    peaks, took = [], []
    for units in UNITS:
        source = company(tmp_path / f"company{units}", units)
        started = time.perf_counter()
        only = [part for stem in PAGES for part in ("--only", stem)]
        process = begun(*ours(tmp_path / f"out{units}", "--by", "rep", *only, source=source, month="2026-09"))
        peaks.append(peak(process))
        took.append(time.perf_counter() - started)
        pages = list((tmp_path / f"out{units}" / "2026-09" / "rep").rglob("own_*.html"))
        assert process.returncode == 0 and len(pages) == units * len(PAGES), (process.returncode, len(pages))
    figure = {**FIGURE, "n": UNITS[1] * len(PAGES)}
    return [
        {**figure, "name": "memory_growth", "value": peaks[1] / peaks[0], "unit": "ratio", "goal": 1.15},
        {**figure, "name": "memory_peak", "value": peaks[1] / 1e9, "unit": "GB", "goal": None},
        {**figure, "name": "seconds_a_small_page", "value": took[1] / figure["n"], "unit": "seconds", "goal": None},
    ]


def peak(process: subprocess.Popen) -> float:
    """The largest memory in bytes, shared pages counted once, of a process and those below it, while it runs."""
    said = threading.Thread(target=process.communicate)
    said.start()
    largest = 0.0
    while said.is_alive():
        largest = max(largest, sum(map(proportional, below(process.pid))))
        said.join(0.2)
    return largest


def below(pid: int) -> list[int]:
    """A process and its descendants."""
    import psutil

    try:
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    except psutil.NoSuchProcess:
        return []


def proportional(pid: int) -> float:
    """Bytes of a process, pages that several share counted in part for each; 0 where it has just ended."""
    import psutil

    try:
        full = psutil.Process(pid).memory_full_info()
    except (psutil.Error, OSError):
        return 0.0
    return float(getattr(full, "pss", full.uss))
