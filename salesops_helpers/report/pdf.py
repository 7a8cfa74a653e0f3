"""PDF of finished pages, printed by a Chromium that is found on the machine: one file a page, and the month bound."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from salesops_helpers.errors import SalesOpsError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
TIME_LIMIT = 120.0
QUIET = (
    "--headless", "--disable-gpu", "--no-first-run", "--disable-extensions", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND",
)


def browser() -> str:
    """The path of a Chromium. Raises `SalesOpsError` where there is none on the PATH."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise SalesOpsError(
            "no Chromium to print with", f"one of {', '.join(NAMES)} on the PATH",
            "install it (Debian and Ubuntu: apt-get install chromium; elsewhere Chrome or Edge), or print the pages "
            "from any browser",
        )
    return found


def printed(files: Mapping[Path, Path], chromium: str = "") -> list[Path]:
    """Print finished pages, with their titles, bookmarks and page numbers; each PDF is put in place whole.

    Parameters
    ----------
    files : mapping
        The page (HTML file) → where its PDF goes.
    chromium : str
        The browser's path; empty: the one that `browser` finds.

    Returns
    -------
    list of Path
        The PDFs, in the given order.

    Raises
    ------
    SalesOpsError
        Where there is no Chromium, or it does not print.
    """
    from salesops_helpers.report.folder import replace

    chromium = chromium or browser()
    printer = _by_pipe if hasattr(os, "posix_spawn") else _one_by_one
    for target, content in zip(files.values(), printer(chromium, list(files)), strict=True):
        replace(target, content)
    return list(files.values())


def _by_pipe(chromium: str, pages: Sequence[Path]) -> Iterator[bytes]:
    """One start of the browser for all pages, spoken to through a pipe: no port that another user could reach."""
    with _started(chromium) as ask:
        for page in pages:
            target = ask("Target.createTarget", url="about:blank")["targetId"]
            session = ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            ask.open(session, page.absolute().as_uri())
            shown = ask("Page.printToPDF", session, printBackground=True, preferCSSPageSize=True,
                        generateTaggedPDF=True, generateDocumentOutline=True)
            ask("Target.closeTarget", targetId=target)
            yield base64.b64decode(shown["data"])


def _one_by_one(chromium: str, pages: Sequence[Path]) -> Iterator[bytes]:
    """One start of the browser a page, for systems without the pipe."""
    for page in pages:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "page.pdf"
            command = [*_command(chromium, folder), "--no-pdf-header-footer", "--generate-pdf-document-outline",
                       f"--print-to-pdf={file}", page.absolute().as_uri()]
            with suppress(subprocess.TimeoutExpired):
                subprocess.run(command, capture_output=True, timeout=TIME_LIMIT, check=False)
            if not file.is_file():
                raise _silent(chromium)
            yield file.read_bytes()


def _command(chromium: str, profile: str) -> list[str]:
    """The browser without its sandbox only where it would refuse to start with it (root)."""
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    return [chromium, *QUIET, *root, f"--user-data-dir={profile}"]


def _silent(chromium: str) -> SalesOpsError:
    return SalesOpsError(f"{chromium} does not print", "a Chromium that starts on this machine",
                         f"try {chromium} --headless --print-to-pdf=x.pdf about:blank to see why")


@contextmanager
def _started(chromium: str) -> Iterator[_Asked]:
    """A browser of our own, ended with everything that it wrote when the pages are printed."""
    profile = tempfile.mkdtemp(prefix="salesops-")
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    nothing = os.open(os.devnull, os.O_RDWR)
    # theirs may be 3 or 4 themselves: copies with high numbers come first
    high = [os.dup2(end, 100 + n, inheritable=False) for n, end in enumerate((theirs_in, theirs_out, nothing))]
    moves = [(os.POSIX_SPAWN_DUP2, high[n], to) for n, to in ((2, 0), (2, 1), (2, 2), (0, 3), (1, 4))]
    try:
        command = [*_command(chromium, profile), "--remote-debugging-pipe", "about:blank"]
        child = os.posix_spawn(chromium, command, dict(os.environ), file_actions=moves, setpgroup=0)
    finally:
        for end in (theirs_in, theirs_out, nothing, *high):
            os.close(end)
    try:
        yield _Asked(chromium, ours_in, ours_out)
    finally:
        os.close(ours_in)
        os.close(ours_out)
        with suppress(ProcessLookupError):
            os.killpg(child, 9)
        os.waitpid(child, 0)
        shutil.rmtree(profile, ignore_errors=True)


class _Asked:
    """Questions to the browser (Chrome DevTools Protocol) and its answers: JSON, each ended by a zero byte."""

    def __init__(self, chromium: str, answers: int, questions: int):
        self.chromium, self.answers, self.questions = chromium, answers, questions
        self.number, self.left, self.loaded = 0, b"", set()

    def __call__(self, method: str, session: str = "", **parameters) -> dict:
        self.number += 1
        question = {"id": self.number, "method": method, "params": parameters}
        question |= {"sessionId": session} if session else {}
        try:
            os.write(self.questions, json.dumps(question).encode() + b"\0")
        except BrokenPipeError:
            raise _silent(self.chromium) from None
        while (message := self._next()).get("id") != self.number:
            self._noted(message)
        if "result" not in message or "errorText" in message["result"]:
            raise _silent(self.chromium)
        return message["result"]

    def open(self, session: str, address: str) -> None:
        """Go to a page and wait until it is there with its pictures."""
        self("Page.enable", session)
        self.loaded.discard(session)
        self("Page.navigate", session, url=address)
        while session not in self.loaded:
            self._noted(self._next())

    def _noted(self, message: dict) -> None:
        if message.get("method") == "Page.loadEventFired":
            self.loaded.add(message["sessionId"])

    def _next(self) -> dict:
        import select

        while b"\0" not in self.left:
            ready, _, _ = select.select([self.answers], [], [], TIME_LIMIT)
            more = os.read(self.answers, 1 << 20) if ready else b""
            if not more:
                raise _silent(self.chromium)
            self.left += more
        message, _, self.left = self.left.partition(b"\0")
        return json.loads(message)
