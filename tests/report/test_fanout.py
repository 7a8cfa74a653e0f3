"""Units, tables that pages read from each other, resuming, verifying: on a small kit of two notebooks."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys

import pytest
from bs4 import BeautifulSoup
from page_checks import faults

from salesops_helpers.errors import SalesOpsError
from salesops_helpers.report import catalog
from salesops_helpers.report.month import report

MONTH = "2026-02"
TIME = re.compile(rb'<time class="run".*?</time>')
WHO = 'source = ""\nmonth = "2026-01"\npublished = ""\nby = ""\nunit = ""'
READS = 'source = ""\nmonth = "2026-01"\ninputs = ""'
FIRST = (
    "md:# Do we sell?",
    "from salesops_helpers import load\nfrom salesops_helpers.publish import publish\n"
    "from salesops_helpers.show import answer, table\ntables = load(source, month=month, by=by, unit=unit)",
    'answer(f"{tables.unit or tables.company.name} has {len(tables.opportunities)} deals.")',
    'publish(tables.reps[["rep_id", "team"]], "reps", published)',
)
SECOND = (
    "md:# And?",
    "from salesops_helpers.publish import published\nfrom salesops_helpers.show import answer\n"
    "reps = published('reps', inputs)",
    "answer('No list of reps.' if reps is None else f'{len(reps)} reps: {sorted(reps.rep_id)}.')",
)


@pytest.fixture
def units(kit, monkeypatch):
    """The kit of `conftest` with a notebook that can be made for teams, and one that reads its table."""
    first, second = catalog.CATALOG
    entries = (dataclasses.replace(second, reads=("reps",)),
               dataclasses.replace(first, publishes=("reps",), by=("team",)))
    monkeypatch.setattr(catalog, "CATALOG", entries)
    kit(*FIRST, name="one", parameters=WHO)
    kit(*SECOND, name="two", parameters=READS)
    return kit


@pytest.fixture
def run(units, here, company, tmp_path):
    """Make the report; gives key → status, and the results by key under ``.results``."""

    def make(**options):
        run.lines = []
        index, results = report(str(company), MONTH, tmp_path / "out", jobs=2, say=run.lines.append, **options)
        run.results, run.place = {r.task.key: r for r in results}, index.parent
        return {key: result.status for key, result in run.results.items()}

    run = make
    return make


def soup(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def headline(place, key):
    return soup(place / f"{key}.html").select_one(".answer strong").get_text()


def files_of(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name != ".lock"}


def test_units_have_pages_and_an_index_of_their_own(run):
    assert run(by=["team"]) == {"one": "complete", "two": "complete", "team/north/one": "complete",
                                "team/south/one": "complete"}
    assert sorted(path.name for path in (run.place / "team/north").rglob("*") if path.is_file()) == [
        "index.html", "one.html", "one.ipynb", "one.json", "reps.csv"]
    assert headline(run.place, "one") == "Acme <b>& Sons</b> has 3 deals."
    assert headline(run.place, "team/north/one") == "North has 1 deals."
    assert headline(run.place, "two") == "2 reps: ['r1', 'r2']."
    links = [a["href"] for a in soup(run.place / "index.html").select("#by-team a")]
    assert links == ["team/north/index.html", "team/south/index.html"]
    said = soup(run.place / "index.html").get_text(" ")
    assert "has 3 deals." in said and "2 reps:" in said and "has 1 deals." not in said
    for name in ("index.html", "team/north/index.html", "team/north/one.html"):
        path = run.place / name
        assert [f for f in faults(path.read_text()) if "href" not in f] == []
        here = [a["href"].partition("#")[0] for a in soup(path).select("a[href]")]
        assert all((path.parent / link).is_file() for link in here if link), name
    masthead = soup(run.place / "team/north/one.html").select_one(".masthead").get_text(" ", strip=True)
    assert "Team North" in masthead
    page = json.loads((run.place / "team/north/one.json").read_text())
    assert page["unit"] == {"by": "team", "name": "North", "label": "North"}
    assert (page["parameters"]["by"], page["parameters"]["unit"]) == ("team", "North")


def test_an_unchanged_month_is_kept_whole_and_reads_no_data(run, monkeypatch):
    run(by=["team"])
    monkeypatch.setattr("salesops_helpers.data.load.read_all", None)
    assert set(run(by=["team"]).values()) == {"kept"} and len(run.lines) == 4
    assert run() == {"one": "kept", "two": "kept", "team/north/one": "earlier", "team/south/one": "earlier"}
    assert len(soup(run.place / "index.html").select("#by-team a")) == 2


def test_an_unchanged_month_imports_nothing_heavy():
    code = ("import sys, salesops_helpers.report.month, salesops_helpers.report.indexes, salesops_helpers.cli\n"
            "print(*{name.partition('.')[0] for name in sys.modules})")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"pandas", "numpy", "ibis", "duckdb", "pyarrow", "pydantic", "papermill", "nbformat", "nbconvert",
             "jupyter_client", "bs4"}
    assert heavy & set(done.stdout.split()) == set()


def test_a_level_that_is_asked_for_later_is_found(run):
    run(by=["team"])
    assert run(by=["region", "rep"])["one"] == "kept"
    assert run(by=["team"])["team/north/one"] == "kept"
    assert json.loads((run.place / "record.json").read_text())["outside"] == {"region": 3, "rep": 1, "team": 1}
    text = soup(run.place / "index.html").select_one("#by-team").get_text(" ")
    assert "1 deal whose team of the owner is not known for this day" in text


def test_a_page_is_made_anew_where_a_table_it_reads_has_changed_and_only_then(run, units):
    run()
    units(*FIRST, "1", name="one", parameters=WHO)
    assert run() == {"one": "complete", "two": "kept"}, "the same table"
    units(*FIRST, "publish(tables.reps.head(1), 'reps', published)", name="one", parameters=WHO)
    assert run() == {"one": "complete", "two": "complete"}
    assert headline(run.place, "two") == "1 reps: ['r1']."


def test_a_page_is_made_without_the_table_of_one_that_failed_and_again_with_it(run, units):
    units(*FIRST, "1 / 0", name="one", parameters=WHO)
    assert run() == {"one": "failed", "two": "complete"}
    assert headline(run.place, "two") == "No list of reps."
    assert json.loads((run.place / "two.json").read_text())["rests_on"]["reads"] == {"reps": None}
    units(*FIRST, name="one", parameters=WHO)
    assert run() == {"one": "complete", "two": "complete"}
    assert headline(run.place, "two") == "2 reps: ['r1', 'r2']."


def test_a_page_that_is_asked_for_alone_reads_what_is_there_and_of_now(run, units):
    assert run(only=["two"])["two"] == "complete"
    assert headline(run.place, "two") == "No list of reps."
    run(only=["one"])
    assert run(only=["two"])["two"] == "complete"
    assert headline(run.place, "two") == "2 reps: ['r1', 'r2']."


def test_a_table_that_another_notebook_publishes_is_refused(run, units):
    mine = ("import pandas as pd\nfrom salesops_helpers.publish import publish",
            "publish(pd.DataFrame({'a': [1]}), 'reps', published)")
    units("md:# And?", *mine, name="two", parameters='source = ""\nmonth = "2026-01"\npublished = ""\ninputs = ""')
    assert run()["two"] == "failed" and "which another notebook publishes" in run.results["two"].reason


def test_a_run_that_was_cut_off_goes_on_where_it_stopped(run, company, tmp_path):
    class CutOff(BaseException):
        pass

    def say(line):
        if ": complete" in line:
            raise CutOff

    with pytest.raises(CutOff):
        report(str(company), MONTH, tmp_path / "out", by=["team"], jobs=1, say=say)
    assert not (tmp_path / f"out/{MONTH}/record.json").exists()
    first = run(by=["team"])
    assert sorted(first.values()) == ["complete", "complete", "complete", "kept"]
    resumed = {name: TIME.sub(b"", data) for name, data in files_of(run.place).items() if not name.endswith(".json")}
    report(str(company), MONTH, tmp_path / "undisturbed", by=["team"], jobs=1)
    whole = files_of(tmp_path / f"undisturbed/{MONTH}")
    kept = b"complete, kept: its inputs have not changed"
    assert resumed.keys() == {name for name in whole if not name.endswith(".json")}
    different = {name for name in resumed if resumed[name] != TIME.sub(b"", whole[name])}
    assert all(name.endswith("index.html") and kept in resumed[name] for name in different)


def test_verify_reproduces_every_page_and_overwrites_nothing(run):
    run(by=["team"])
    before = files_of(run.place)
    assert set(run(by=["team"], verify=True).values()) == {"reproduced"}
    assert files_of(run.place) == before


def test_verify_names_the_pages_that_differ_after_one_changed_cell(run, company):
    run(by=["team"])
    text = (company / "reps.csv").read_text().replace("r2,<script>alert(1)</script>,South", "r2,Bob,East")
    (company / "reps.csv").write_text(text)
    before = files_of(run.place)
    found = run(by=["team"], verify=True)
    assert files_of(run.place) == before
    why = {key: result.reason for key, result in run.results.items()}
    assert found["one"] == "differs" and "its inputs have changed: reps.csv" in why["one"]
    assert "tables/reps.csv: was 'r2,South', is 'r2,East'" in why["one"]
    assert "table reps of another page" in why["two"] and "its content is the same" in why["two"]
    assert "there is no page to compare it with" in why["team/east/one"]


def test_verify_names_a_page_that_says_something_else_on_the_same_inputs(run, units, company, tmp_path):
    state = tmp_path / "state"
    state.write_text("one")
    units(*SECOND, f"print(open({str(state)!r}).read())", name="two", parameters=READS)
    run()
    state.write_text("two")
    assert run(verify=True) == {"one": "reproduced", "two": "differs"}
    assert "two.html: was 'one', is 'two'" in run.results["two"].reason
    state.write_text("one")
    (run.place / "two.html").write_text((run.place / "two.html").read_text().replace("2 reps", "3 reps"))
    assert run(verify=True)["two"] == "differs"
    assert "not as it was made: two.html" in run.results["two"].reason
    assert "was \"3 reps" in run.results["two"].reason


@pytest.mark.parametrize("options, seen", [
    ({"by": ["county"]}, "--by county; allowed: region, team, rep"),
    ({"verify": True}, "is not there; allowed: the report of a month that has been made"),
    ({"verify": True, "force": True}, "--force together with --verify"),
])
def test_what_cannot_be_asked_is_refused(run, options, seen):
    with pytest.raises(SalesOpsError, match=seen):
        run(**options)


@pytest.mark.parametrize("stated, seen", [
    ({"reads": ["reps"], "publishes": ["mine"]}, None), ({"reads": "reps"}, "lists of names"),
    ({"read": []}, "lists of names"), ({"by": ["county"]}, "by holds region, team, rep"),
    ({"publishes": ["../x"]}, "lists of names"), ([1], "lists of names"),
])
def test_a_notebook_of_the_company_says_itself_what_it_reads(run, company, notebook, stated, seen):
    path = notebook(*SECOND, name="acme/notebooks/own.ipynb", parameters=READS)
    found = json.loads(path.read_text())
    found["metadata"]["salesops"] = stated
    path.write_text(json.dumps(found))
    if seen:
        with pytest.raises(SalesOpsError, match=seen):
            run()
    else:
        assert run()["own"] == "complete" and headline(run.place, "own") == "2 reps: ['r1', 'r2']."
