"""Every notebook runs alone, under the stock papermill command."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem)
def test_runs_under_stock_papermill(path, tmp_path):
    command = shutil.which("papermill", path=str(Path(sys.executable).parent))
    assert command, "papermill stands beside the Python that runs the tests"
    out = tmp_path / "out.ipynb"
    asked = ["-p", "source", "data/sample", "-p", "month", "2026-09", "--no-progress-bar"]
    done = subprocess.run(
        [command, path.relative_to(ROOT), out, *asked], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    cells = [cell for cell in nbformat.read(out, as_version=4).cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in cells)
    shown = [output.data.get("text/html", "") for cell in cells for output in cell.outputs if "data" in output]
    assert any('class="answer"' in html for html in shown)
    assert any('src="data:image/' in html for html in shown)
