"""Cells that do what no cell should: each is told with its cell and its reason, and the other pages are there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import psutil
import pytest
from bs4 import BeautifulSoup
from page_checks import faults
from soak import ANSWER, MONTH, ROOT, add_notebook, company_folder, salesops

from salesops_helpers.report.month import report

SHOW = "from IPython.display import HTML, display\n"
HANGS = {
    "sleeps": "import time; time.sleep(10**6)",
    "ignores_interrupts": "import signal, time\nsignal.signal(2, signal.SIG_IGN)\nwhile True: time.sleep(1)",
    "swallows": "import time\nwhile True:\n    try: time.sleep(1)\n    except BaseException: pass",
    "regex": "import re; re.match(r'(a+)+$', 'a' * 60 + 'b')",
    "sums": "sum(range(10**13))",
    "stops_itself": "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
}
DIED = r"the kernel died \(.*\): killed, out of memory, or ended by the cell"
BAD = {
    "exits": ("import sys; sys.exit(0)", r"the cell ended the notebook \(exit\)"),
    "exits_by_name": ("exit()", r"the cell ended the notebook \(exit\)"),
    "ends_its_process": ("import os; os._exit(0)", DIED),
    "kills_its_kernel": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", DIED),
    "crashes": ("import ctypes; ctypes.string_at(0)", DIED),
    "closes_everything": ("import os; os.closerange(3, 300)", DIED),
    "divides": ("1 / 0", "ZeroDivisionError: division by zero"),
    "misspelt": ("x = = 3", r"SyntaxError: invalid syntax.*"),
    "base": ("raise BaseException('no more')", "BaseException: no more"),
    "interrupts": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "cancels": ("import asyncio; raise asyncio.CancelledError('gone')", "CancelledError: gone"),
    "cannot_say": ("class E(Exception):\n    def __str__(self): raise ValueError('silent')\nraise E()",
                   "ValueError: silent"),
    "exits_when_asked": ("class E(Exception):\n    def __str__(self): raise SystemExit(3)\nraise E()",
                         "an exception that says nothing of itself"),
    "long_winded": ("raise ValueError('x' * 10_000_000)", "ValueError: x+…"),
    "hostile": ("raise ValueError('<script>alert(1)</script>\\x1b[31m\\n\\ud800\\x00 end')",
                r"ValueError: <script>alert\(1\)</script> \[31m � end"),
    "tolerated": ("raise ValueError('tagged as allowed')", "ValueError: tagged as allowed"),
    "asks": ("input('your name')", "StdinNotImplementedError: .*"),
    "memory": ("import resource\nresource.setrlimit(resource.RLIMIT_AS, (4 * 10**9, 4 * 10**9))\nx = bytearray(10**11)",
               "MemoryError"),
    "prints": ("for i in range(1_000_000): print('line', i)",
               r"the cell shows more than a page can hold: 9\d\d,\d{3} printed lines \(10,[89]\d\d,\d{3} characters\) "
               r"were cut; a page holds 1,000,000 printed characters .*"),
    "shows": (SHOW + "for i in range(5_000): display(i)",
              r"the cell shows more than a page can hold: 3,001 outputs \([\d,]+ characters\) were cut; .*"),
    "shows_much": (SHOW + "display(HTML('x' * 60_000_000))",
                   r"the cell shows more than a page can hold: 1 output \(60,0\d\d,\d{3} characters\) were cut; .*"),
    "returns_much": ("'x' * 60_000_000", r"the cell shows more than a page can hold: 1 output .*"),
    "leaves_a_thread": ("import threading as t, time\nt.Thread(target=time.sleep, args=(10**6,), name='<b>').start()",
                        r"the cell left 1 thread running \(<b>\)"),
    "leaves_a_daemon": ("import threading, time\ndef work(): time.sleep(10**6)\n"
                        "threading.Thread(target=work, daemon=True, name='worker').start()",
                        r"the cell left 1 thread running \(worker\)"),
    "forks": ("import os, time\nif os.fork() == 0:\n    time.sleep(4321)\n    os._exit(0)",
              r"the cell left 1 process running \(a fork of the kernel\)"),
    "forks_into_the_rest": ("import os\nos.fork()", r"the cell left 1 process running \(a fork of the kernel\)"),
    "leaves_a_process": ("import subprocess; subprocess.Popen(['sleep', '4321.25'], start_new_session=True)",
                         r"the cell left 1 process running \(sleep 4321.25\)"),
    "closes_its_output": ("import sys; sys.stdout.close(); print('lost')", "ValueError: I/O operation on closed file"),
    "unreadable": (SHOW + "display(HTML('ok'), metadata={1: object()})", r"\w+: .*"),
}
HARMLESS = {
    "moves": ("import os, tempfile; os.chdir(tempfile.mkdtemp())", ""),
    "closes_descriptors": ("import os; os.close(1); os.close(2); print('still heard')", "still heard"),
    "no_text": ("print('half\\ud800\\x00 a pair')\n" + SHOW + "display(HTML('<p>\\udfff\\x00</p>'))", "half� a pair"),
    "pool": ("from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(2)\n"
             "print(sum(pool.map(abs, range(10))))", "45"),
    "short_thread": ("import threading, time\nthreading.Thread(target=time.sleep, args=(0.1,)).start()", ""),
    "short_process": ("import subprocess as s; print(s.run(['echo', 'hello'], capture_output=True).stdout)", "hello"),
    "some_lines": ("for i in range(2000): print('line', i)", "line 1999"),
    "warns": ("import os; os.write(2, b'a warning from below'); import time; time.sleep(0.5)", ""),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """One run of the command over all of them: the folder of the month, the record's pages, what was said."""
    home = company_folder(tmp_path_factory.mktemp("cells") / "acme")
    add_notebook(home, "good", ANSWER)
    for name, (cell, _) in {**BAD, **HARMLESS}.items():
        add_notebook(home, name, "'before'", cell, ANSWER)
    path = home / "notebooks/tolerated.ipynb"
    allowed = json.loads(path.read_text())
    allowed["cells"][3]["metadata"]["tags"] = ["raises-exception"]
    path.write_text(json.dumps(allowed))
    only = [part for name in ("good", *BAD, *HARMLESS) for part in ("--only", name)]
    done = salesops("report", home, "--month", MONTH, "--out", home.parent / "out", "--jobs", 3, *only)
    folder = home.parent / "out" / MONTH
    return folder, json.loads((folder / "record.json").read_text())["pages"], done


def test_the_run_ends_with_1_and_says_each_in_one_line(made):
    folder, pages, done = made
    assert done.returncode == 1 and done.stdout.strip() == str(folder / "index.html")
    lines = done.stderr.splitlines()
    for name in BAD:
        (line,) = [line for line in lines if line.startswith(f"{name}: failed")]
        assert line.isprintable() and len(line) < 600
    assert "Traceback" not in done.stderr and all("Error" not in line or ": failed:" in line for line in lines)
    assert len(lines) == 2 * (1 + len(BAD) + len(HARMLESS)), "two lines a notebook, and nothing of the kernels"


@pytest.mark.parametrize("name", BAD)
def test_a_bad_cell_is_told_with_its_place_and_its_reason(made, name):
    folder, pages, _ = made
    assert pages[name]["status"] == "failed"
    place, reason = re.fullmatch(r"(cell \d+ \(\w+\)): (.*)", pages[name]["reason"]).groups()
    assert place == "cell 4 (c1)" and re.fullmatch(BAD[name][1], reason), reason
    card = BeautifulSoup((folder / "index.html").read_text(), "html.parser").find(id=name)
    assert " ".join(pages[name]["reason"].split()) in " ".join(card.get_text().split())
    assert not (folder / f"{name}.html").exists() and not (folder / f"{name}.ipynb").exists()


@pytest.mark.parametrize("name", ["good", *HARMLESS])
def test_the_other_pages_are_there_and_whole(made, name):
    folder, pages, _ = made
    html = (folder / f"{name}.html").read_text(encoding="utf-8")
    assert pages[name]["status"] == "complete" and pages[name]["reason"] == ""
    assert faults(html) == [] and "We have 20 deals." in html
    assert HARMLESS.get(name, ("", ""))[1] in html and len(html) < 200_000
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]", html)


def test_the_index_is_whole_and_small(made):
    html = (made[0] / "index.html").read_text(encoding="utf-8")
    assert faults(html) == [] and len(html) < 200_000 and html.rstrip().endswith("</html>")


def test_nothing_that_a_cell_started_is_left(made):
    left = [process.info["cmdline"] for process in psutil.process_iter(["cmdline"])
            if any(part.startswith("4321") for part in process.info["cmdline"] or [])]
    assert left == []


def test_a_cell_that_hangs_is_ended_by_the_time_limit(tmp_path):
    home = company_folder(tmp_path / "acme")
    add_notebook(home, "good", ANSWER)
    for name, cell in HANGS.items():
        add_notebook(home, name, "'before'", cell)
    index, results = report(str(home), MONTH, tmp_path / "out", only=["good"])
    assert [result.status for result in results] == ["complete"]
    index, results = report(str(home), MONTH, tmp_path / "out", only=list(HANGS), jobs=len(HANGS), limit=14)
    told = {result.entry.stem: result.reason for result in results}
    for name in HANGS:
        assert told[name] == "cell 4 (c1): not finished within the 14 seconds that a notebook may take", name
    text = index.read_text()
    assert text.count("not finished within the 14 seconds") == 2 * len(HANGS) and 'href="good.html"' in text


def test_the_memory_of_the_run_does_not_grow_with_what_a_cell_shows(tmp_path):
    home = company_folder(tmp_path / "acme")
    add_notebook(home, "loud", "for i in range(100_000): print('x' * 1000)", "'y' * 100_000_000")
    peak = ("import re, runpy, sys; sys.argv[0] = 'salesops'\n"
            "try: runpy.run_module('salesops_helpers.cli', run_name='__main__')\n"
            "finally: print('peak', int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]) // 1024)")
    asked = ["report", str(home), "--month", MONTH, "--out", str(tmp_path / "o"), "--only", "loud"]
    done = subprocess.run([sys.executable, "-c", peak, *asked], capture_output=True, text=True, timeout=600, cwd=ROOT,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 1 and "cell 3 (c0): the cell shows more than a page can hold" in done.stderr
    assert int(re.search(r"peak (\d+)", done.stdout).group(1)) < 450, done.stdout
