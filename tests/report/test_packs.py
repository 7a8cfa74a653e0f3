"""Packs as runs: kept, made anew, verified, taken away."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from leaks import files_of

from salesops_helpers.report import catalog
from salesops_helpers.report.packs import packs

TOML = """
[board]
notebooks = ["one", "two"]
tables = {reps = "all"}
hand_outs = ["workbook"]

[team]
label = "=cmd|'/C calc'!A0 <b>"
notebooks = ["one"]
by = "team"
names = "shown"
"""


@pytest.fixture
def audience(kit, here, company, tmp_path):
    """Make packs of the company, with other settings where they are given."""
    lines = []

    def make(*names, toml=TOML, **more):
        (company / "audiences.toml").write_text(toml)
        lines.clear()
        return packs(str(company), "2026-02", tmp_path / "out", names, jobs=1, say=lines.append, **more)

    make.lines, make.place, make.company = lines, tmp_path / "out/2026-02", company
    return make


def test_a_pack_is_kept_while_nothing_it_rests_on_has_changed(audience):
    (first,) = audience("board")
    before = files_of(first.folder)
    assert first.status == "complete" and set(before) == {
        "index.html", "one.html", "two.html", "tables/reps.csv", "tables-2026-02.xlsx"}
    assert [pack.status for pack in audience("board")] == ["kept"] and files_of(first.folder) == before
    (first.folder / "one.html").write_text("changed")
    assert [pack.status for pack in audience("board")] == ["complete"] and "made for" in \
        (first.folder / "index.html").read_text().lower()
    assert (first.folder / "one.html").read_bytes() == before["one.html"], "the page itself was kept"
    assert any("one: kept" in line for line in audience.lines)


def test_another_definition_makes_the_pack_anew(audience):
    audience("board")
    (pack,) = audience("board", toml=TOML.replace('tables = {reps = "all"}', 'tables = {reps = ["rep_id"]}'))
    assert pack.status == "complete" and not any("kept" in line for line in audience.lines)
    assert (pack.folder / "tables/reps.csv").read_text() == "rep_id\nRep 01\nRep 02\n"
    (pack,) = audience("board", toml=TOML.replace('tables = {reps = "all"}', "").replace('["one", "two"]', '["one"]'))
    assert set(files_of(pack.folder)) == {"index.html", "one.html"}, "what it may no longer see is gone"


def test_each_team_has_a_folder_and_those_of_another_definition_go(audience):
    found = audience("team")
    assert sorted(pack.folder.name for pack in found) == ["north", "south"]
    assert [pack.status for pack in audience("team:North")] == ["kept"]
    audience("team:North", toml=TOML.replace('names = "shown"', ""))
    assert [path.name for path in (audience.place / "audiences/team").iterdir()] == ["north"]
    page = (audience.place / "audiences/team/north/index.html").read_text()
    assert "&lt;b&gt;, North" in page and "<b>," not in page


def test_a_reps_folder_has_no_name_where_names_are_replaced(audience):
    found = audience("rep", toml='[rep]\nnotebooks = ["one"]\nby = "rep"\n')
    assert sorted(pack.folder.name.rpartition("-")[0] or pack.folder.name for pack in found) != ["r1", "r2"]
    names = " ".join(name for pack in found for name in [pack.folder.name, *files_of(pack.folder)])
    assert "r1" not in names and "r2" not in names and "rep-0" in names


def test_verifying_says_what_differs_and_overwrites_nothing(audience):
    (pack,) = audience("board")
    assert [(found.status, found.reasons) for found in audience("board", verify=True)] == [("reproduced", [])]
    (pack.folder / "index.html").write_text("forged")
    (found,) = audience("board", verify=True)
    assert found.status == "differs" and "index.html is not as it was made" in found.reasons[0]
    assert (pack.folder / "index.html").read_text() == "forged"


def test_a_page_that_fails_is_not_in_the_pack_and_its_reason_neither(audience, kit):
    audience("board")
    kit("md:# And?", "raise ValueError(f'secret of {source}')")
    (pack,) = audience("board")
    assert pack.status == "failed" and "secret of" in pack.reasons[0]
    files = files_of(pack.folder)
    assert "two.html" not in files and "one.html" in files
    assert b"secret" not in b"".join(files.values()) and b"1 of 2 pages complete" in files["index.html"]
    assert [pack.status for pack in audience("board")] == ["failed"], "it is tried again"


def test_a_page_reads_tables_of_its_own_audiences_pages_only(audience, kit, monkeypatch):
    reader = catalog.Entry("two", "Second", "And?", "us", reads=("reps",))
    one = catalog.Entry("one", "First", "Do we sell?", "everyone", publishes=("reps",))
    monkeypatch.setattr(catalog, "CATALOG", (one, reader))
    kit("md:# And?", "from pathlib import Path\nfrom salesops_helpers.show import answer",
        "answer(f'{sorted(path.name for path in Path(inputs).glob(\"*\"))} is there.')",
        parameters='source = ""\nmonth = "2026-01"\npublished = ""\ninputs = ""')
    (pack,) = audience("board")
    assert "reps.csv" in (pack.folder / "two.html").read_text()
    (pack,) = audience("board", toml='[board]\nnotebooks = ["two"]\n')
    assert "[] is there" in (pack.folder / "two.html").read_text()


def test_who_sees_the_company_whole_gets_the_companys_own_pages(audience, tmp_path):
    from salesops_helpers.report.month import report

    (pack,) = audience("board", toml='[board]\nnotebooks = ["one"]\nnames = "shown"\n')
    index, _ = report(str(audience.company), "2026-02", tmp_path / "all", ["one"], jobs=1)
    page, own = ((place / "one.html").read_text() for place in (pack.folder, index.parent))
    assert page.partition("<main>")[2].partition("<footer>")[0] == own.partition("<main>")[2].partition("<footer>")[0]
    assert "6 in = 5 used + 1 set aside" in page, "rows set aside are counted"
    assert "one.json" not in page and "record.json" not in (pack.folder / "index.html").read_text()


def test_settings_of_audiences_do_not_make_the_companys_own_pages_anew(audience, tmp_path):
    from salesops_helpers.report.month import report

    def statuses():
        return [result.status for result in report(str(audience.company), "2026-02", tmp_path / "all", jobs=1)[1]]

    (audience.company / "audiences.toml").write_text(TOML)
    assert statuses() == ["complete", "complete"]
    (audience.company / "audiences.toml").write_text(TOML + "\n# changed\n")
    assert statuses() == ["kept", "kept"]


def test_the_command_makes_report_and_pack_and_refuses_a_wrong_audience_first(audience, capsys):
    from salesops_helpers import cli

    (audience.company / "audiences.toml").write_text(TOML)
    asked = ["report", str(audience.company), "--month", "2026-02", "--out", str(audience.place.parent), "--jobs", "1"]
    assert cli._exit_code([*asked, "--audience", "nobody"]) == 2 and not audience.place.exists()
    assert "--audience nobody; allowed: board, team" in capsys.readouterr().err
    assert cli._exit_code([*asked, "--audience", "board", "--audience", "team:South"]) == 0
    assert capsys.readouterr().out.split() == [
        str(audience.place / place / "index.html") for place in ("", "audiences/board", "audiences/team/south")]


@pytest.mark.parametrize("team", ["../../../escaped", "<script>alert(1)</script>", "CON", "x" * 300, "\u202egnirts",
                                  "=cmd|'/C calc'!A0", "a/b\\c:d*?\"|", ".packs"])
def test_a_team_of_any_name_has_a_folder_of_its_own_inside(audience, team):
    reps = audience.company / "reps.csv"
    frame = pd.read_csv(reps)
    frame.assign(team=[team, "South"]).to_csv(reps, index=False)
    (pack,) = audience(f"team:{team}")
    top = audience.place / "audiences" / "team"
    assert pack.folder.parent == top and re.fullmatch(r"[a-z0-9-]{1,60}", pack.folder.name)
    assert [path.name for path in top.iterdir()] == [pack.folder.name]
    page = (pack.folder / "one.html").read_text()
    assert "<script>alert" not in page, "only escaped"
    assert "We have 1 deals." in page
    outside = {path.name for path in audience.place.parent.parent.iterdir()}
    assert outside <= {"acme", "kit", "out"}
