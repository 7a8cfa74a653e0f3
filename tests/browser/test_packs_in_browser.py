"""What is handed over, as each audience meets it: the pages of every pack, of a company whose every name attacks."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from hostile import company
from looks import is_sound, links_within, pages_of

from salesops_helpers.report import catalog
from salesops_helpers.report.packs import packs

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]
AUDIENCES = tomllib.loads((ROOT / "data/sample/audiences.toml").read_text(encoding="utf-8"))
PAGES = {  # some for each audience: the pages of all would cost minutes, the forecast's alone half of one
    "leadership": ["kpi_scorecard", "sales_process"],
    "manager": ["rep_benchmarking", "rep_feedback"],
    "rep": ["rep_feedback"],
    "finance": ["comp_scenarios"],
    "marketing": ["executive_summary"],
}


def rights(name):
    """The audience as the sample has it, with these pages and what they publish alone."""
    settings, stems = AUDIENCES[name], PAGES[name]
    assert set(stems) <= set(settings["notebooks"])
    made = {table for entry in catalog.CATALOG if entry.stem in stems for table in entry.publishes}
    tables = {table: columns for table, columns in settings.get("tables", {}).items() if table in made}
    lines = [f"{key} = {json.dumps(value)}" for key, value in {**settings, "notebooks": stems}.items()
             if key != "tables"]
    return "\n".join([f"[{name}]", *lines, *(f"tables.{table} = {json.dumps(c)}" for table, c in tables.items())])


@pytest.fixture(scope="module")
def handed(tmp_path_factory):
    """A pack of each audience of the sample: audience → folder."""
    home = company(ROOT / "data/sample", tmp_path_factory.mktemp("packs") / "acme")
    (home / "audiences.toml").write_text("\n".join(map(rights, PAGES)), encoding="utf-8")
    reps = pd.read_csv(home / "reps.csv", dtype=str)
    here = reps[reps["left_on"].isna()].iloc[0]
    units = {"manager": f":{here['team']}", "rep": f":{here['rep_id']}"}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        made = packs(str(home), "2026-09", home.parent / "out", [f"{name}{units.get(name, '')}" for name in PAGES])
    assert [(pack.status, pack.reasons) for pack in made] == [("complete", [])] * len(PAGES)
    return dict(zip(PAGES, (pack.folder for pack in made), strict=True))


def test_no_audience_of_the_sample_is_left_out():
    assert set(PAGES) == set(AUDIENCES)


@pytest.mark.parametrize("name", PAGES)
def test_every_page_of_a_pack_is_sound_and_nothing_hostile_runs(name, handed, see, rules):
    pages = pages_of(handed[name])
    heaviest = max(pages, key=lambda path: path.stat().st_size)
    for path in pages:
        with see(path) as seen:
            is_sound(seen, rules, path, *[] if path.name == "index.html" or path == heaviest else [(1200,)])
            assert seen.page.evaluate("window.struck === undefined") and seen.struck == [], path


@pytest.mark.parametrize("name", PAGES)
def test_a_pack_says_whom_it_is_for_and_its_links_stay_within(name, handed):
    pages = pages_of(handed[name])
    assert {path.stem for path in pages} == {"index", *PAGES[name]}
    for path in pages:
        masthead = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").select_one(".masthead")
        assert AUDIENCES[name]["label"] in masthead.get_text(), path
    letter = BeautifulSoup((handed[name] / "index.html").read_text(encoding="utf-8"), "html.parser")
    sections = {section["id"] for section in letter.select("section")}
    granted = {"leadership": {"figures", "attend"}, "manager": {"attend"}}.get(name, set())
    assert sections & {"figures", "attend"} == granted, "its letter says what the tables that it gets say"
    assert links_within(handed[name]) >= len(pages)
