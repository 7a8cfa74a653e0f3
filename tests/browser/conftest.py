"""A browser, and reports that are made once for all of these tests."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from salesops_helpers.report import handout

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def report(tmp_path_factory):
    """Make the report of a company; gives the month's folder."""

    def make(source, month, *options):
        out = tmp_path_factory.mktemp("out")
        command = [sys.executable, "-m", "salesops_helpers.cli", "report", source, "--month", month, "--out", out]
        command = [str(part) for part in (*command, *options)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=900)
        assert done.returncode == 0, done.stderr
        return out / month

    return make


@pytest.fixture(scope="session")
def on_paper(tmp_path_factory, chromium):
    """Print a month's pages, figures left out (they are slow to read back); gives the folder with the PDFs."""

    def make(folder):
        place = tmp_path_factory.mktemp("paper") / folder.name
        place.mkdir()
        for path in folder.glob("*.html"):
            light = re.sub(r'src="data:[^"]*"', 'src="data:,"', path.read_text(encoding="utf-8"))
            (place / path.name).write_text(light, encoding="utf-8")
        stems = sorted(path.stem for path in place.glob("*.html") if path.stem != "index")
        handout.pdf(place, stems, f"Sales report {folder.name}", chromium)
        return place

    return make


class Seen:
    """A page opened in the browser, and all that it said, asked for and tried."""

    def __init__(self, browser, path: Path, width: int = 1200, **context):
        self.context = browser.new_context(viewport={"width": width, "height": 900}, **context)
        self.page = self.context.new_page()
        self.said, self.asked, self.struck = [], [], []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("dialog", lambda dialog: (self.struck.append(dialog.message), dialog.dismiss()))
        self.page.goto(path.as_uri())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()

    def outside(self, path: Path) -> list[str]:
        """What was asked for beside the page itself and what it carries."""
        return [url for url in self.asked if url.split("#")[0] != path.as_uri() and not url.startswith("data:")]


@pytest.fixture(scope="session")
def rules():
    """The rules of axe-core."""
    from axe_playwright_python.sync_playwright import Axe

    return Axe()


@pytest.fixture(scope="session")
def see(browser):
    """Open a page in a browser of a given width."""
    return lambda path, width=1200, **context: Seen(browser, path, width, **context)
