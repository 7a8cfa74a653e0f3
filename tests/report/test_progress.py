"""What is said while a run goes on: live lines on a terminal, plain ones elsewhere, nothing that steers a terminal."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys

from soak import ANSWER, MONTH, ROOT, add_notebook, command, company_folder

from salesops_helpers.report.progress import Live, Progress, shown

HOSTILE = "\x1b[2J\x1b]0;title\x07 [bold red]x[/] :smile: \u202e\n\r\x9b31m end"
UPWARDS = re.compile(r"\x1b\[1A")


def test_plain_lines_are_one_line_an_event_whatever_is_in_them():
    said = []
    progress = Progress(said.append)
    progress.started("team/north/one")
    progress.kept("two")
    progress.settled("one", "complete", "", 1.26, 1, 2)
    progress.settled(f"odd{HOSTILE}", "failed", f"cell 2 (x): ValueError: {HOSTILE}", 0.04, 2, 2)
    assert said[:3] == ["team/north/one: started", "two: kept, made from the same inputs",
                        "one: complete (1.3 s, 1 of 2)"]
    assert len(said) == 4 and all(line.isprintable() for line in said)
    assert "[bold red]x[/] :smile:" in said[3]


def test_what_is_no_terminal_gets_plain_lines(monkeypatch):
    said = []
    monkeypatch.setenv("TERM", "xterm")
    with shown(io.StringIO(), said.append) as progress:
        assert type(progress) is Progress
    assert "rich" not in {name.split(".")[0] for name in said}


def test_a_line_belongs_to_a_worker_and_is_freed_when_its_page_is_settled():
    from rich.console import Console

    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    live = Live(console)
    for key in ("a", "b"):
        live.started(key)
    live.settled("a", "failed", f"cell 1: {HOSTILE}", 1.0, 1, 3)
    live.started("c")
    text = live._drawn().plain
    assert re.fullmatch(r"1  c  \d+ s\n2  b  \d+ s\n1 of 3 pages, 1 failed", text), text
    for key in ("b", "c"):
        live.settled(key, "complete", "", 1.0, 3, 3)
    assert live._drawn().plain == "1  –\n2  –\n3 of 3 pages, 1 failed"
    assert "[bold red]x[/] :smile:" in console.file.getvalue()
    assert not re.search(r"\x1b\[2J|\x1b\]|\x07|\u202e|\x9b", console.file.getvalue())


def test_the_command_on_a_terminal_draws_a_line_for_each_page_being_made(tmp_path):
    home = company_folder(tmp_path / "acme")
    add_notebook(home, "quick", ANSWER)
    add_notebook(home, "slow", ANSWER, "import time; time.sleep(3)")
    add_notebook(home, "wrong", f"raise ValueError({HOSTILE!r})")
    only = [part for name in ("quick", "slow", "wrong") for part in ("--only", name)]
    code, text = on_a_terminal(command("report", home, "--month", MONTH, "--out", tmp_path / "out", "--jobs", 2, *only))
    assert code == 1
    assert UPWARDS.search(text) and re.search(r"1  \w+  \d+ s\s+(\x1b\[\w+)*2  \w+  \d+ s", text), text
    lines = [line.strip() for line in re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text))]
    assert sum(bool(re.fullmatch(r"(quick|slow): complete \(\d+\.\d s, \d of 3\)", line)) for line in lines) == 2
    (wrong,) = [line for line in lines if line.startswith("wrong: failed: cell 3 (c0): ValueError: ")]
    assert "[bold red]x[/] :smile:" in wrong and "title" in wrong
    assert "\x1b[2J" not in text and "\x1b]" not in text and "\x07" not in text and "\u202e" not in text
    assert not any(": started" in line for line in lines)
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") == 1, "the cursor is given back"
    assert str(tmp_path / "out" / MONTH / "index.html") in text.replace("\r\n", "")


def test_without_a_terminal_rich_is_not_imported():
    code = ("import io, sys\nfrom salesops_helpers.report.progress import shown\n"
            "with shown(io.StringIO(), print) as progress: progress.started('x')\n"
            "print([name for name in sys.modules if name.startswith('rich')])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.stdout.splitlines() == ["x: started", "[]"], done.stderr


def on_a_terminal(arguments) -> tuple[int, str]:
    """Exit code and all that a terminal of 120 columns was sent."""
    near, far = pty.openpty()
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"}
    process = subprocess.Popen(arguments, stdin=far, stdout=far, stderr=far, cwd=ROOT, env=env, close_fds=True)
    os.close(far)
    chunks = []
    try:
        while chunk := os.read(near, 65536):
            chunks.append(chunk)
    except OSError:
        pass
    os.close(near)
    return process.wait(timeout=300), b"".join(chunks).decode("utf-8", "replace")
