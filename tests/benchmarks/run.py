"""Runs the benchmarks and holds their figures against their goals.

``python tests/benchmarks/run.py [AREA]`` (or ``make bench [AREA=x]``) prints a table and writes ``bench.json``. A
missed goal is printed, not punished: the exit code is 1 only where a benchmark could not run, 2 for an unknown area.

A benchmark is a function ``bench_*`` in ``bench_<area>.py``. It gives a list of figures, each a mapping with

======  =====================================================================================================
area    the area
name    short name, unique in its area
value   what was measured, a number: a ratio against a peer or a floor of the same run wherever one exists
unit    unit of value and goal
goal    what it is held against; None: printed, not judged, not written (absolute seconds)
better  ``lower`` or ``higher``
kind    ``gate`` (must hold) or ``stretch`` (is aimed at)
n       number of runs, series or cases behind the figure
======  =====================================================================================================

It may take pytest fixtures as arguments: ``cases``, ``chromium``, ``tmp_path``, or ``benchmark`` of pytest-benchmark,
which times a function (``benchmark(function); benchmark.stats.stats.median``).
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from numbers import Real
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

AREAS = ("run", "data", "kpis", "reps", "forecast", "pay", "plan")
KEYS = ("area", "name", "value", "unit", "goal", "better", "kind", "n")
HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def wrong(row: object, area: str) -> str | None:
    """What keeps `row` from being a figure of `area`; None where nothing does."""
    if not isinstance(row, dict) or set(row) != set(KEYS):
        return f"gave {row!r}; a figure has exactly {', '.join(KEYS)}"
    goal_fits = row["goal"] is None or is_number(row["goal"])
    fits = {
        "area": row["area"] == area, "name": isinstance(row["name"], str) and bool(row["name"]),
        "value": is_number(row["value"]), "unit": isinstance(row["unit"], str), "goal": goal_fits,
        "better": row["better"] in ("lower", "higher"), "kind": row["kind"] in ("gate", "stretch"),
        "n": is_number(row["n"]),
    }
    bad = [key for key, fit in fits.items() if not fit]
    return f"{row['name']!r}: {bad[0]} is {row[bad[0]]!r}" if bad else None


def is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def met(row: dict) -> bool | None:
    """Whether the goal is met; None for a figure that is not judged."""
    if row["goal"] is None:
        return None
    return bool(row["value"] <= row["goal"] if row["better"] == "lower" else row["value"] >= row["goal"])


class Figures:
    """A pytest plugin that keeps what the benchmarks give, and why one could not run."""

    def __init__(self):
        self.rows: list[dict] = []
        self.failed: dict[str, str] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool:
        wanted = pyfuncitem._fixtureinfo.argnames
        rows = pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in wanted})
        area = pyfuncitem.path.stem.removeprefix("bench_")
        if not isinstance(rows, list) or not rows:
            raise ValueError(f"gave {rows!r}; a benchmark gives a list of figures")
        if fault := next(filter(None, (wrong(row, area) for row in rows)), None):
            raise ValueError(fault)
        known = {row["name"] for row in self.rows if row["area"] == area}
        if twice := [row["name"] for row in rows if row["name"] in known]:
            raise ValueError(f"two figures are called {twice[0]!r}")
        self.rows += rows
        return True

    def pytest_exception_interact(self, node, call, report) -> None:
        error = call.excinfo.value
        if isinstance(error, pytest.Collector.CollectError):
            self.failed[node.path.name] = str(error).strip().splitlines()[-1].removeprefix("E").strip()
        else:
            self.failed[f"{node.path.name}::{node.name}"] = f"{type(error).__name__}: {error}".splitlines()[0]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped:
            name = f"{Path(report.location[0]).name}::{report.nodeid.rpartition('::')[2]}"
            self.failed[name] = str(report.longrepr[2]).removeprefix("Skipped: ")


def collect(files: list[Path]) -> Figures:
    """Run the benchmarks in `files`."""
    figures = Figures()
    options = ["-q", "-q", "--no-header", "--no-summary", "--tb=short", "-s", "-c", str(ROOT / "pyproject.toml")]
    options += ["-o", "python_files=bench_*.py", "-o", "python_functions=bench_*", "-p", "no:cacheprovider"]
    options += ["--continue-on-collection-errors", "-p", "no:xdist", "--benchmark-disable-gc"]
    pytest.main([*options, *map(str, files)], plugins=[figures])
    return figures


def show(rows: list[dict], console: Console) -> None:
    """The figures as a table: what was measured, the goal, met or not."""
    table = Table(box=None, pad_edge=False)
    for heading in ("benchmark", "value", "goal", "unit", "kind", "n", ""):
        table.add_column(heading, justify="right" if heading in ("value", "goal", "n") else "left")
    said = {True: "met", False: "missed", None: "not judged"}
    for row in rows:
        sign = "≤" if row["better"] == "lower" else "≥"
        goal = "–" if row["goal"] is None else f"{sign} {row['goal']:.4g}"
        name = row["name"] if row["name"].startswith(f"{row['area']}.") else f"{row['area']}.{row['name']}"
        table.add_row(name, f"{row['value']:.4g}", goal, row["unit"], row["kind"], f"{row['n']:,}", said[met(row)])
    console.print(table)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Run the benchmarks and hold their figures against their goals.")
    parser.add_argument("area", nargs="?", default="", help=f"one of {', '.join(AREAS)}; all where left out")
    parser.add_argument("--folder", type=Path, default=HERE, help="where bench_<area>.py lie")
    parser.add_argument("--out", type=Path, default=Path("bench.json"), help="file for the figures")
    asked = parser.parse_args(argv)
    if asked.area and asked.area not in AREAS:
        print(f"area {asked.area!r}; allowed: {', '.join(AREAS)}; do: make bench AREA=run", file=sys.stderr)
        return 2
    areas = [asked.area] if asked.area else list(AREAS)
    files = {area: asked.folder / f"bench_{area}.py" for area in areas}
    there = [file for file in files.values() if file.is_file()]
    figures = collect(there) if there else Figures()
    console = Console(width=None if sys.stdout.isatty() else 120)
    if figures.rows:
        show(figures.rows, console)
    for area in (area for area, file in files.items() if file not in there):
        print(f"{area}: no benchmarks yet")
    judged = [row for row in figures.rows if row["goal"] is not None]
    asked.out.write_text(json.dumps(judged, indent=2, default=lambda number: number.item()) + "\n", "utf-8")
    for name, why in figures.failed.items():
        print(f"could not run: {name}: {why}", file=sys.stderr)
    return 1 if figures.failed else 0


if __name__ == "__main__":
    sys.exit(main())
