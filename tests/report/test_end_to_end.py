"""The whole report, by the command: the sample company, and a real CRM export."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from page_checks import faults

from salesops_helpers.report import catalog

ROOT = Path(__file__).resolve().parents[2]
TIME = re.compile(r'<time class="run".*?</time>')
STEMS = [entry.stem for entry in catalog.CATALOG]


def salesops(*arguments):
    command = [sys.executable, "-m", "salesops_helpers.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=900)


def made(out, source, month, *more):
    done = salesops("report", source, "--month", month, "--out", out, *more)
    assert done.returncode == 0, done.stderr
    folder = Path(done.stdout.strip()).parent
    assert folder == out / month
    return folder


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    """The sample's report, made once for all tests of this file."""
    return made(tmp_path_factory.mktemp("sample"), "data/sample", "2026-09")


@pytest.fixture(scope="session")
def maven(cases, tmp_path_factory):
    return made(tmp_path_factory.mktemp("maven"), "tests/cases/maven", "2017-12")


def soup(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def hold(folder):
    """What every report must hold to, whatever the company."""
    record = json.loads((folder / "record.json").read_text())
    assert [page["status"] for page in record["pages"].values()] == ["complete"] * len(STEMS)
    assert all(row["rows_in"] == row["used"] + row["set_aside"] for row in record["tables"])
    index = soup(folder / "index.html")
    cards = index.select("article.card")
    assert [card["id"] for card in cards] == STEMS
    assert faults((folder / "index.html").read_text()) == []
    for card, stem in zip(cards, STEMS, strict=True):
        page = soup(folder / card.find("a")["href"])
        assert faults(str(page)) == [], stem
        quoted = card.find("blockquote").get_text()
        assert re.search(r"\d", quoted), f"no number in the headline of {stem}: {quoted}"
        assert len(page.select(".answer")) == 1 and page.select_one(".answer strong").get_text() == quoted
        assert page.find("a", href="index.html")
        without = re.sub(r'src="data:[^"]*"', "", str(page))
        assert len(without) < 150_000, f"{stem}: {len(without)} characters without figures"


def test_the_catalog_says_what_the_notebooks_say():
    for entry in catalog.entries():
        first = catalog.text_of(catalog.read_notebook(entry.path)["cells"][0])
        assert first.splitlines()[0] == f"# {entry.question}"
        assert set(catalog.declared(entry.path)) >= {"source", "month", "published"}


def test_the_sample_company(sample):
    hold(sample)


def test_the_notebooks_publish_what_the_catalog_says(sample):
    published = {path.stem for path in (sample / "tables").glob("*.csv")}
    assert published == {name for entry in catalog.CATALOG for name in entry.publishes}


@pytest.mark.slow
def test_a_forced_run_into_another_folder_is_the_same_but_for_its_time(sample, tmp_path):
    again = made(tmp_path, "data/sample", "2026-09", "--force", "--jobs", "1")
    names = [path.relative_to(sample) for kind in ("*.html", "tables/*.csv") for path in sample.glob(kind)]
    assert len(names) > len(STEMS)
    for name in names:
        first, second = ((folder / name).read_text(encoding="utf-8") for folder in (sample, again))
        assert TIME.sub("", first) == TIME.sub("", second), name


def test_the_executed_notebooks_hold_no_path_and_no_moment_of_the_run(sample):
    for stem in STEMS:
        text = (sample / f"{stem}.ipynb").read_text()
        assert str(sample) not in text and str(sample.parent.name) not in text and "start_time" not in text


def test_a_real_crm_export(maven):
    hold(maven)


def test_a_real_crm_export_shows_no_difference_between_reps(maven):
    assert "no detectable difference" in soup(maven / "rep_benchmarking.html").select_one(".answer strong").get_text()


def test_a_page_says_which_table_is_missing_and_what_it_would_show(maven):
    text = soup(maven / "comp_scenarios.html").get_text(" ")
    assert "quotas" in text and "is missing; it would show" in text


def test_pages_load_nothing_in_a_browser(sample, browser):
    for width in (1200, 400):
        page = browser.new_page(viewport={"width": width, "height": 900})
        seen, said = [], []
        page.on("request", lambda request, seen=seen: seen.append(request.url))
        page.on("console", lambda message, said=said: said.append(message.text))
        for name in ("index", *STEMS):
            page.goto((sample / f"{name}.html").as_uri())
            assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth"), (name, width)
        assert {url.split(":")[0] for url in seen} <= {"file", "data"} and said == []
        assert [url for url in seen if url.startswith("file")] == [
            (sample / f"{name}.html").as_uri() for name in ("index", *STEMS)]
        page.close()


def test_a_rep_whose_wins_are_raised_by_25_points_is_named_on_the_page(cases, tmp_path):
    deals = pd.read_csv(cases / "maven_crm" / "sales_pipeline.csv", dtype=str)
    name = "Lajuana Vencill"
    closed = deals[(deals["sales_agent"] == name) & deals["deal_stage"].isin(["Won", "Lost"])]
    lost = closed.index[closed["deal_stage"] == "Lost"][: round(0.25 * len(closed))]
    deals.loc[lost, ["deal_stage", "close_value"]] = ["Won", "1000"]
    shutil.copytree(cases / "maven_crm", tmp_path / "crm")
    deals.to_csv(tmp_path / "crm" / "sales_pipeline.csv", index=False)
    toml = (ROOT / "tests" / "cases" / "maven" / "company.toml").read_text()
    (tmp_path / "company.toml").write_text(toml.replace("${SALESOPS_CASES}/maven_crm", "crm"))
    folder = made(tmp_path / "out", tmp_path, "2017-12", "--only", "rep_benchmarking")
    text = soup(folder / "rep_benchmarking.html").get_text()
    assert "no detectable difference" not in text
    assert name in soup(folder / "rep_benchmarking.html").select_one(".answer strong").get_text()


OWN_KPIS = '''
from salesops_helpers.performance.registry import Form, Kpi


def demos(ask):
    rows = ask.tables.rows("activities")
    rows = rows.filter(rows["kind"] == "meeting")
    return ask.summed(ask.monthly().events(rows, "activities", "occurred_at", numerator=lambda t: t.count()))


def broken(ask):
    raise ValueError("this one is <b>broken</b>")


KPIS = [
    Kpi("demos", "Demos held", "How many demos were held.", "demos", "up", "activities.kind",
        (Form("held", "demos held", "demos in the period", "sum", demos, needs=("activities",)),)),
    Kpi("no_demos", "No demos", "How many demos were not held.", "demos", "down", "activities.kind",
        (Form("missed", "demos missed", "demos in the period", "sum", broken),
         Form("held", "demos held", "demos in the period", "sum", demos),)),
]
'''
OWN_PAGE = ("# How many people sell?", 'source = ""  # company folder\nmonth = ""  # closed month, YYYY-MM', (
    "from salesops_helpers import load\nfrom salesops_helpers.show import answer\n\n"
    'tables = load(source, month=month)\nanswer(f"{len(tables.reps)} people sell, or have sold.")'))


def own_page(path, title, parameters, code):
    import nbformat.v4 as v4

    cells = [v4.new_markdown_cell(title), v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}),
             v4.new_code_cell(code)]
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(v4.new_notebook(cells=cells, metadata={"kernelspec": {
        "name": "python3", "display_name": "Python 3", "language": "python"}})))


def test_an_analysts_own_kpi_and_notebook_join_and_broken_ones_fail_alone(tmp_path):
    company = tmp_path / "company"
    shutil.copytree(ROOT / "data/sample", company)
    (company / "kpis.py").write_text(OWN_KPIS)
    own_page(company / "notebooks/our_people.ipynb", *OWN_PAGE)
    own_page(company / "notebooks/our_mistake.ipynb", "# What went wrong?", OWN_PAGE[1], "1 / 0")
    out = tmp_path / "out"
    done = salesops("report", company, "--month", "2026-09", "--out", out, "--only",
                    "kpi_scorecard", "our_people", "our_mistake")
    assert done.returncode != 0 and "Traceback" not in done.stderr, done.stderr
    record = json.loads((out / "2026-09/record.json").read_text())
    status = {stem: page["status"] for stem, page in record["pages"].items()}
    assert status == {"kpi_scorecard": "complete", "our_people": "complete", "our_mistake": "failed"}
    scorecard, index = soup(out / "2026-09/kpi_scorecard.html"), soup(out / "2026-09/index.html")
    assert any("Demos held" in row.get_text() for row in scorecard.select("tr"))
    assert "kpis.py failed: ValueError: this one is <b>broken</b>" in scorecard.get_text()
    assert "ZeroDivisionError" in index.get_text() and "people sell" in index.get_text()
    assert faults(str(soup(out / "2026-09/our_people.html"))) == []
