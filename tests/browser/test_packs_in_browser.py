"""What is handed over, as each audience meets it: every page of every pack, of a company whose every name attacks."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from hostile import company
from looks import is_sound, links_within, pages_of

from salesops_helpers.report.audiences import read_audiences
from salesops_helpers.report.packs import packs

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]
AUDIENCES = ("leadership", "manager", "rep", "finance", "marketing")


@pytest.fixture(scope="module")
def handed(tmp_path_factory):
    """A pack of each audience of the sample's audiences.toml: audience → folder; the forecast in that of one alone."""
    home = company(ROOT / "data/sample", tmp_path_factory.mktemp("packs") / "acme")
    path, reps = home / "audiences.toml", pd.read_csv(home / "reps.csv", dtype=str)
    text, _, marketing = path.read_text(encoding="utf-8").partition("[marketing]")
    text = re.sub(r',\s*"forecast_modeling"', "", text)
    path.write_text(f"{text}[marketing]{marketing}", encoding="utf-8")
    here = reps[reps["left_on"].isna()].iloc[0]
    units = {"manager": f":{here['team']}", "rep": f":{here['rep_id']}"}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        made = packs(str(home), "2026-09", home.parent / "out", [f"{name}{units.get(name, '')}" for name in AUDIENCES])
    assert set(read_audiences(home)) == set(AUDIENCES)
    assert [(pack.status, pack.reasons) for pack in made] == [("complete", [])] * len(AUDIENCES)
    return dict(zip(AUDIENCES, (pack.folder for pack in made), strict=True))


@pytest.mark.parametrize("name", AUDIENCES)
def test_every_page_of_a_pack_is_sound_and_nothing_hostile_runs(name, handed, see, rules):
    pages = pages_of(handed[name])
    heaviest = max(pages, key=lambda path: path.stat().st_size)
    for path in pages:
        with see(path) as seen:
            is_sound(seen, rules, path, *[] if path.name == "index.html" or path == heaviest else [(1200,)])
            assert seen.page.evaluate("window.struck === undefined") and seen.struck == [], path


@pytest.mark.parametrize("name", AUDIENCES)
def test_a_pack_says_whom_it_is_for_and_its_links_stay_within(name, handed):
    label = read_audiences(ROOT / "data/sample")[name].label
    for path in pages_of(handed[name]):
        masthead = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").select_one(".masthead")
        assert label in masthead.get_text(), path
    letter = BeautifulSoup((handed[name] / "index.html").read_text(encoding="utf-8"), "html.parser")
    sections = {section["id"] for section in letter.select("section")}
    assert ({"figures", "attend"} <= sections) == (name in ("leadership", "manager")), "by the tables granted"
    assert links_within(handed[name]) > len(pages_of(handed[name]))
