"""The run of a month: ours against a plain loop of stock papermill and nbconvert over the same notebooks."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from salesops_helpers.report import catalog

ROOT = Path(__file__).resolve().parents[2]
SOURCE, MONTH = ROOT / "data" / "sample", "2026-09"
STOCK = """
import sys, nbconvert, papermill
source, month, out, *notebooks = sys.argv[1:]
for number, path in enumerate(notebooks):
    parameters = {"source": source, "month": month, "published": f"{out}/tables"}
    papermill.execute_notebook(path, f"{out}/{number}.ipynb", parameters, progress_bar=False)
    html, _ = nbconvert.HTMLExporter().from_filename(f"{out}/{number}.ipynb")
    open(f"{out}/{number}.html", "w", encoding="utf-8").write(html)
"""


def seconds(*command: str) -> float:
    started = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stderr[-2000:]
    return time.perf_counter() - started


def bench_whole_month(tmp_path: Path) -> list[dict]:
    """The sample's month from command to index, forced, two jobs, and the same notebooks by the stock loop."""
    notebooks = [str(entry.path) for entry in catalog.entries(SOURCE)]
    (tmp_path / "stock").mkdir()
    ours = seconds(sys.executable, "-m", "salesops_helpers.cli", "report", str(SOURCE), "--month", MONTH,
                   "--out", str(tmp_path / "ours"), "--jobs", "2", "--force")
    stock = seconds(sys.executable, "-c", STOCK, str(SOURCE), MONTH, str(tmp_path / "stock"), *notebooks)
    figure = {"area": "run", "better": "lower", "kind": "stretch", "n": len(notebooks)}
    return [
        {**figure, "name": "vs_stock", "value": ours / stock, "unit": "ratio", "goal": 0.40},
        {**figure, "name": "month", "value": ours, "unit": "seconds", "goal": None},
        {**figure, "name": "month_stock", "value": stock, "unit": "seconds", "goal": None},
    ]
