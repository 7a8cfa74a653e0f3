"""What a caller may try to slip in: refused in one line before anything runs or is written, or taken as plain text."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pytest
from page_checks import faults
from soak import ANSWER, MONTH, add_notebook, company_folder, salesops

from salesops_helpers.errors import SalesOpsError
from salesops_helpers.report import runner
from salesops_helpers.report.month import report

ODD = "odd {month} {0!r} {x.__class__} %s $HOME 'quote' \"two\" \\n; import os #"
DECLARED = ('source = ""\nmonth = "2026-01"\npublished = ""\nmonths = 12\nshare = 0.5\nnames = []\nmore = {}\n'
            'day = "2026-01-31"')


@pytest.fixture
def company(tmp_path):
    home = company_folder(tmp_path / "acme")
    add_notebook(home, "own", ANSWER, f"open({str(tmp_path / 'ran')!r}, 'w').close()", parameters=DECLARED)
    return home


def deep(levels):
    value = "x"
    for _ in range(levels):
        value = [value]
    return value


def ring():
    value = []
    value.append(value)
    return value


@pytest.mark.parametrize("given", [
    {"month = 1\nimport os; os.system('touch /tmp/owned')\nx": 1}, {"os.system('x')": 1}, {"a b": 1}, {"": 1},
    {"1a": 1}, {"class": 1}, {"__builtins__": {}}, {"print": "x"}, {"mönth": "2026-01"}, {"month ": "2026-01"},
    {"MONTH": "2026-01"}, {"ｍonth": "2026-01"}, {"month\0": "2026-01"}, {"\ud800": 1}, {1: 2}, {None: 1},
    {("month",): 1}, {"moth": "2026-01"}, {"month": "2026-13"}, {"month": "2026-00"}, {"month": "2026-1"},
    {"month": "26-01"}, {"month": "2026-01-01"}, {"month": "2026-01\n"}, {"month": " 2026-01"},
    {"month": "2026-01'; import os; '"}, {"month": 202601}, {"month": None}, {"month": ["2026-01"]},
    {"month": {"x": "2026-01"}}, {"month": "٢٠٢٦-٠١"}, {"month": "9" * 10**6}, {"day": "2026-02-30"},
    {"day": "2025-02-29"}, {"day": "2026-01-31T00:00"}, {"months": float("nan")}, {"months": float("inf")},
    {"months": 1.0}, {"months": True}, {"months": "12"}, {"months": 1j}, {"share": float("nan")},
    {"share": -float("inf")}, {"share": "0.5"}, {"share": None}, {"names": "a"}, {"names": [object()]},
    {"names": [float("nan")]}, {"names": {1, 2}}, {"names": ["\udc80"]}, {"names": deep(100_000)},
    {"names": ring()}, {"more": {1: "a"}}, {"more": {"\ud800": 1}}, {"more": {"a": b"bytes"}},
    {"source": "\ud800"}, {"source": b"x"}, {"source": lambda: 1},
], ids=lambda given: ascii(next(iter(given)))[:30])
def test_the_runner_refuses_in_one_line_before_a_kernel_starts(company, tmp_path, given, monkeypatch):
    monkeypatch.setattr(runner, "_papermill", lambda *_: pytest.fail("it ran"))
    with pytest.raises(SalesOpsError) as caught:
        runner.execute(company / "notebooks/own.ipynb", {"source": str(company), "month": MONTH} | given)
    said = str(caught.value)
    assert said.isprintable() and len(said) < 1300 and "; allowed: " in said and "; do: " in said
    assert not (tmp_path / "ran").exists()


class Text(str):
    """Text that shows itself as code."""

    def __repr__(self):
        return "__import__('os').system('x')"


@pytest.mark.parametrize("value", [
    Text("plain"), "'; import os; '", "{x}", "a\nb = 1", "\\", '"""', "\u2028", "'" * 999])
def test_text_stays_text_whatever_is_in_it(company, tmp_path, value):
    add_notebook(company, "own", "name", parameters='name = ""')
    run = runner.execute(company / "notebooks/own.ipynb", {"name": value})
    assert run.complete, run.reason
    assert run.notebook.cells[-1].outputs[0].data["text/plain"] == repr(str.__str__(value))


@pytest.mark.parametrize("month", [
    '2026-09"; import os', "2026-02\nx = 1", "../etc", "2026-02/../x", "{month}", "2026-13", "2026-2", "", "-1", "NaN",
    "٢٠٢٦-٠٢", "2026-02-01", "9" * 5000, "2026-02\x1b[31m", "9999-12", "0000-01",
])
def test_a_month_that_is_none_is_refused(company, tmp_path, month):
    with pytest.raises(SalesOpsError) as caught:
        report(str(company), month, tmp_path / "new/out", only=["own"])
    assert str(caught.value).isprintable() and "; do: " in str(caught.value)
    assert not (tmp_path / "new").exists() and not (tmp_path / "ran").exists()


@pytest.mark.parametrize("arguments, seen", [
    (["--month", '2026-09"; import os'], "month '2026-09\"; import os'"),
    (["--month", "2026-02", "--only", "../own"], "no notebook is called ../own"),
    (["--month", "2026-02", "--only", "own; import os"], "no notebook is called own; import os"),
    (["--month", "2026-02", "--only", "{own}"], "no notebook is called {own}"),
    (["--month", "2026-02", "--by", "team'; x"], "--by team'; x"),
    (["--month", "2026-02", "--jobs", "1e9"], "--jobs"),
    (["--month", "2026-02", "--jobs", "-1"], "--jobs -1"),
])
def test_the_command_refuses_in_one_line_with_exit_code_2(company, tmp_path, arguments, seen):
    done = salesops("report", company, "--out", tmp_path / "new", *arguments)
    assert done.returncode == 2 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert seen in line and line.startswith("salesops: ") and "; do: " in line
    assert not (tmp_path / "new").exists() and not (tmp_path / "ran").exists()


@pytest.mark.parametrize("source", ["../../../../nowhere", "{x}/..", "no\ud800where", "a" * 5000, "; import os", ""])
def test_a_source_that_is_not_there_is_refused(company, tmp_path, source, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SalesOpsError) as caught:
        report(source, MONTH, tmp_path / "new")
    assert str(caught.value).isprintable() and not (tmp_path / "new").exists()


def test_folders_with_any_name_work_by_the_command(tmp_path):
    home = company_folder(tmp_path / ODD / "acme {source}" / ".." / ODD)
    add_notebook(home, "own", ANSWER, "from salesops_helpers.publish import publish\n"
                                      "publish(tables.reps, 'mine', published)")
    source = tmp_path / ODD / "." / ODD
    done = salesops("report", source, "--month", MONTH, "--out", tmp_path / "out {month} %d '", "--only", "own")
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "out {month} %d '" / MONTH
    page = json.loads((folder / "record.json").read_text())["pages"]["own"]
    assert page["status"] == "complete" and page["headline"] == "We have 20 deals."
    assert (folder / "tables/mine.csv").is_file()


NAMES = ["own {x}", "own'; import os", "<b>own", "-own", "ów n%20", "own$HOME", 'own"x']


def test_notebooks_with_any_name_are_run_and_shown_as_text(company, tmp_path):
    for name in NAMES:
        add_notebook(company, name, ANSWER)
    index, results = report(str(company), MONTH, tmp_path / "out", only=NAMES)
    assert {result.entry.stem: result.status for result in results} == dict.fromkeys(NAMES, "complete")
    html = index.read_text(encoding="utf-8")
    assert "<b>own" not in html and [fault for fault in faults(html) if not re.match(r"a\.href=[^:/]+$", fault)] == []
    for name in NAMES:
        assert (index.parent / f"{name}.html").is_file() and quote(f"{name}.html") in html
