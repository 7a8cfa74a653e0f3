"""What all tests share: where the cases and the browser are, pandas as it will be, the rules on skipped tests.

Hypothesis tries the same examples at each run, so that a run says the same twice; ``make test-all`` draws new ones.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from house_rules import HouseRules
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]

pd.options.mode.copy_on_write = True
pd.options.future.infer_string = True

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("new", deadline=None, print_blob=True)
settings.load_profile("same")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(HouseRules(ROOT / "notebooks"), "house-rules")
    kept = tempfile.TemporaryDirectory(prefix="salesops-state-")
    os.environ["SALESOPS_STATE"] = kept.name
    config.add_cleanup(kept.cleanup)


@pytest.fixture(autouse=True)
def _state(monkeypatch, tmp_path_factory):
    """Each test has a state folder of its own: no forecast or locked month of another, none in the checkout."""
    monkeypatch.setenv("SALESOPS_STATE", str(tmp_path_factory.mktemp("state")))


@pytest.fixture(scope="session")
def cases() -> Path:
    """The folder of real cases that ``SALESOPS_CASES`` names."""
    if not os.environ.get("SALESOPS_CASES"):
        pytest.skip("needs SALESOPS_CASES")
    folder = Path(os.environ["SALESOPS_CASES"]).resolve()
    assert folder.is_dir(), f"SALESOPS_CASES names {folder}, which is no folder"
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium, for tests that look at pages as a reader does."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    return found or pytest.skip("needs chromium")


@pytest.fixture(scope="session")
def browser(chromium):
    """One browser for all tests of a process: two cannot be driven side by side."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tool:
        started = tool.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()
