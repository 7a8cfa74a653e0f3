"""The rules on skipped tests and unrun notebooks hold, in one process and under pytest-xdist."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

HERE = Path(__file__).resolve().parent
PLUGINS = ["-p", "no:cacheprovider", "-p", "xdist.plugin", "-p", "nbval.plugin"]
CONFTEST = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(HERE)!r})
from house_rules import HouseRules

def pytest_configure(config):
    config.pluginmanager.register(HouseRules(Path(__file__).parent / "notebooks"), "house-rules")
"""


@pytest.fixture
def run(tmp_path):
    """Runs pytest on `body` in a folder of its own; gives its exit code and what it printed."""
    (tmp_path / "conftest.py").write_text(CONFTEST, encoding="utf-8")

    def go(body: str, *options: str, no_skips: bool = False, notebooks: dict[str, list[str]] | None = None):
        (tmp_path / "test_it.py").write_text(f"import pytest\n{body}", encoding="utf-8")
        for name, sources in (notebooks or {}).items():
            (tmp_path / "notebooks").mkdir(exist_ok=True)
            kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
            cells = [new_code_cell(source) for source in sources]
            nbformat.write(new_notebook(metadata=kernel, cells=cells), tmp_path / "notebooks" / f"{name}.ipynb")
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("SALESOPS_", "PYTEST_"))}
        environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "SALESOPS_NO_SKIPS": str(int(no_skips))}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *PLUGINS, "--rootdir", ".", "test_it.py", *options],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300,
        )
        return done.returncode, done.stdout

    return go


ALLOWED = "def test_a():\n    pytest.skip('needs chromium')\ndef test_b():\n    pass\n"
UNKNOWN = "def test_a():\n    pytest.skip('flaky today')\ndef test_b():\n    pass\n"
MARKED = "@pytest.mark.skipif(True, reason='not on this machine')\ndef test_a():\n    pass\n"
WHOLE_FILE = f"pytest.skip('not now', allow_module_level=True)\n{ALLOWED}"


@pytest.mark.parametrize("processes", ["0", "2"])
def test_allowed_reason_passes(run, processes):
    code, said = run(ALLOWED, "-n", processes)
    assert code == 0 and "1 passed, 1 skipped" in said


def test_allowed_reason_fails_where_nothing_may_be_skipped(run):
    code, said = run(ALLOWED, "-n", "2", no_skips=True)
    assert code == 1 and "not allowed to skip: test_it.py::test_a: needs chromium" in said


@pytest.mark.parametrize(
    "body, processes, said",
    [
        (UNKNOWN, "0", "test_it.py::test_a: flaky today"), (MARKED, "2", "test_it.py::test_a: not on this machine"),
        (WHOLE_FILE, "2", "test_it.py: not now"),
    ],
)
def test_other_reason_fails(run, body, processes, said):
    code, printed = run(body, "-n", processes)
    assert code != 0 and f"not allowed to skip: {said}" in printed


def test_notebooks_are_counted(run):
    body = "def test_b():\n    pass\n"
    both = {"good": ["x = 1", "x + 1"], "bad": ["1 / 0", "2"]}
    code, said = run(body, "-n", "2", "--dist", "loadscope", "--nbval-lax", "notebooks", notebooks=both)
    assert code == 1 and "nbval: 1 of 2 notebooks" in said
    code, said = run(body, "--nbval-lax", "notebooks", notebooks={"bad": ["1 + 1"]})
    assert code == 0 and "nbval: 2 of 2 notebooks" in said
    assert said.splitlines()[-1].startswith("4 passed in ")


def test_notebook_without_a_run_cell_has_not_passed(run):
    code, said = run("def test_b():\n    pass\n", "--nbval-lax", "notebooks", notebooks={"idle": []})
    assert code == 1 and "nbval: 0 of 1 notebooks" in said


def test_skipped_notebook_cell_is_refused(run):
    half = {"half": ["# NBVAL_SKIP\n1 / 0", "2"]}
    code, said = run("def test_b():\n    pass\n", "--nbval-lax", "notebooks", notebooks=half)
    assert code == 1 and "not allowed to skip" in said and "nbval: 0 of 1 notebooks" in said
