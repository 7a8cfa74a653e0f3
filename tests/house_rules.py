"""A pytest plugin: no test is skipped for another reason than a missing resource, and no notebook goes unrun.

- A run fails where a test was skipped for a reason that `REASONS` does not hold, and where ``SALESOPS_NO_SKIPS=1``
  is set and any test was skipped at all.
- A run with nbval over the notebooks' folder says ``nbval: N of N notebooks`` and fails where a notebook did not pass:
  a cell failed, or none ran.

It sees the reports of pytest-xdist's workers as well as those of one process.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REASONS = ("needs SALESOPS_CASES", "needs chromium", "needs postgres")


def reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Why a test was skipped, as its author wrote it."""
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


class HouseRules:
    """Keeps what was skipped and which notebooks passed, and judges it at the end of the session."""

    def __init__(self, notebooks: Path):
        self.notebooks = notebooks
        self.skipped: list[tuple[str, str]] = []
        self.cells: dict[str, list[bool]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._keep(report)
        file, _, _cell = report.nodeid.partition("::")
        if file.endswith(".ipynb") and (report.when == "call" or not report.passed):
            self.cells.setdefault(Path(file).name, []).append(report.passed)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._keep(report)

    def _keep(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            self.skipped.append((report.nodeid, reason(report)))

    def refused(self) -> list[str]:
        """The skips that this run does not allow, one line each."""
        none_at_all = os.environ.get("SALESOPS_NO_SKIPS") == "1"
        return [f"{test}: {why}" for test, why in self.skipped if none_at_all or why not in REASONS]

    def notebooks_passed(self) -> tuple[int, int]:
        """How many notebooks passed, of how many there are."""
        names = [path.name for path in self.notebooks.glob("*.ipynb")]
        return sum(all(self.cells.get(name, [False])) for name in names), len(names)

    def _asked_for_notebooks(self, config: pytest.Config) -> bool:
        asked = [Path(str(arg).partition("::")[0]).resolve() for arg in config.args]
        return config.getoption("nbval_lax", False) and self.notebooks.resolve() in asked

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if hasattr(session.config, "workerinput") or session.config.option.collectonly:
            return
        passed, there = self.notebooks_passed()
        incomplete = self._asked_for_notebooks(session.config) and passed < max(there, 1)
        if exitstatus == pytest.ExitCode.OK and (self.refused() or incomplete):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter, config: pytest.Config) -> None:
        for line in self.refused():
            terminalreporter.write_line(f"not allowed to skip: {line}", red=True)
        if self._asked_for_notebooks(config) and not config.option.collectonly:
            passed, there = self.notebooks_passed()
            terminalreporter.write_line(f"nbval: {passed} of {there} notebooks", bold=True)
