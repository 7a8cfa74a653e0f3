"""The benchmark harness: figures, goals, exit codes, on a small folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HARNESS = Path(__file__).resolve().parent / "run.py"
FIGURE = {
    "area": "run", "name": "speed", "value": 0.5, "unit": "ratio",
    "goal": 0.8, "better": "lower", "kind": "gate", "n": 3,
}

PAY = f"""
import numpy as np

def bench_timed(benchmark):
    assert benchmark(lambda: 2 + 2) == 4
    assert benchmark.stats.stats.median > 0
    return [{FIGURE!r} | {{"area": "pay", "n": np.int64(7), "value": np.float64(4)}}]
"""


@pytest.fixture
def bench(tmp_path):
    """Runs the harness on `files`; gives exit code, output, errors and what bench.json holds."""

    def go(files: dict[str, str], *asked: str):
        for name, body in files.items():
            (tmp_path / name).write_text(body, encoding="utf-8")
        out = tmp_path / "bench.json"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        done = subprocess.run(
            [sys.executable, HARNESS, *asked, "--folder", tmp_path, "--out", out],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300,
        )
        return done.returncode, done.stdout, done.stderr, json.loads(out.read_text()) if out.exists() else None

    return go


def giving(**changes) -> str:
    return f"def bench_speed():\n    return [{FIGURE | changes!r}]\n"


def test_figures_are_printed_judged_and_written(bench):
    missed = FIGURE | {"name": "recall", "better": "higher", "value": 0.7, "kind": "stretch"}
    seconds = FIGURE | {"name": "seconds", "value": 12.25, "goal": None, "unit": "s"}
    body = f"def bench_all(tmp_path):\n    assert tmp_path.is_dir()\n    return {[FIGURE, missed, seconds]!r}\n"
    code, said, _, written = bench({"bench_run.py": body})
    lines = {line.split()[0]: line for line in said.splitlines() if line.startswith("run.")}
    assert code == 0
    assert lines["run.speed"].split()[1:] == ["0.5", "≤", "0.8", "ratio", "gate", "3", "met"]
    assert lines["run.recall"].split()[1:] == ["0.7", "≥", "0.8", "ratio", "stretch", "3", "missed"]
    assert lines["run.seconds"].split()[1:] == ["12.25", "–", "s", "gate", "3", "not", "judged"]
    assert written == [FIGURE, missed]
    assert all(f"{area}: no benchmarks yet" in said for area in ("data", "kpis", "reps", "forecast", "pay", "plan"))


def test_one_area_alone(bench):
    files = {"bench_run.py": "def bench_it():\n    raise RuntimeError\n", "bench_pay.py": PAY}
    code, said, _, written = bench(files, "pay")
    assert code == 0 and "pay.speed" in said and written == [FIGURE | {"area": "pay", "n": 7, "value": 4.0}]


def test_area_without_benchmarks(bench):
    code, said, _, written = bench({}, "plan")
    assert (code, said.strip(), written) == (0, "plan: no benchmarks yet", [])


def test_unknown_area(bench):
    code, said, error, written = bench({}, "speed")
    assert code == 2 and not said and written is None
    assert error == "area 'speed'; allowed: run, data, kpis, reps, forecast, pay, plan; do: make bench AREA=run\n"


def test_benchmark_that_cannot_run_leaves_the_others(bench):
    broken = "def bench_broken():\n    raise OSError('disk is full')\n"
    code, said, error, written = bench({"bench_run.py": broken + giving(), "bench_pay.py": "import nowhere_at_all\n"})
    assert code == 1 and written == [FIGURE] and "run.speed" in said
    assert "could not run: bench_run.py::bench_broken: OSError: disk is full" in error
    assert "could not run: bench_pay.py: ModuleNotFoundError: No module named 'nowhere_at_all'" in error


def test_benchmark_that_is_skipped_could_not_run(bench):
    skipped = "import pytest\n\ndef bench_a():\n    pytest.skip('needs SALESOPS_CASES')\n"
    code, _, error, _ = bench({"bench_run.py": skipped})
    assert code == 1 and error == "could not run: bench_run.py::bench_a: needs SALESOPS_CASES\n"


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"value": float("nan")}, "value is nan"), ({"goal": "fast"}, "goal is 'fast'"),
        ({"area": "pay"}, "area is 'pay'"), ({"better": "more"}, "better is 'more'"),
        ({"more": 1}, "a figure has exactly"),
    ],
)
def test_what_is_no_figure_is_refused(changes, said):
    sys.path.insert(0, str(HARNESS.parent))
    try:
        from run import wrong
    finally:
        sys.path.remove(str(HARNESS.parent))
    assert wrong(FIGURE, "run") is None
    assert said in wrong(FIGURE | changes, "run")
