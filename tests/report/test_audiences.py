"""audiences.toml: what is taken, what is refused and how that is said."""

from __future__ import annotations

import pytest

from salesops_helpers.errors import SalesOpsError
from salesops_helpers.report import catalog
from salesops_helpers.report.audiences import asked_for, read_audiences

GOOD = '[board]\nnotebooks = ["one"]\n'


@pytest.fixture
def home(kit, company):
    def write(text):
        (company / "audiences.toml").write_text(text, encoding="utf-8")
        return company

    return write


def test_an_audience_sees_no_names_and_no_tables_unless_it_is_said(home):
    board = read_audiences(home(GOOD))["board"]
    assert (board.names, board.tables, board.hand_outs, board.by, board.units) == ("replaced", {}, [], "", "each")
    assert not board.sight("board").whole and not board.sight("board").names


def test_only_who_is_named_the_whole_company_sees_it_whole(home):
    found = read_audiences(home(GOOD + 'names = "shown"\n[team]\nnotebooks = ["one"]\nby = "team"\nnames = "shown"\n'
                                '[part]\nnotebooks = ["one"]\nnames = "shown"\nwithhold = ["quotas"]\n'))
    assert [found[name].sight(name).whole for name in ("board", "team", "part")] == [True, False, False]


@pytest.mark.parametrize("text, said", [
    ("board = 3", "board = 3; allowed: a table [board] with settings"),
    ("[board", "cannot be read"),
    ('["../../etc"]\nnotebooks = ["one"]', "audience '../../etc'; allowed: a name of small letters"),
    ('["Board"]\nnotebooks = ["one"]', "audience 'Board'"), ('[nul]\nnotebooks = ["one"]', "audience 'nul'"),
    ('["<script>alert(1)</script>"]\nnotebooks = ["one"]', "audience '<script>"),
    ("[board]\n", "board.notebooks (Field required)"), ("[board]\nnotebooks = []\n", "board.notebooks = []"),
    (GOOD + 'names = "hidden"', "board.names = 'hidden' (Input should be 'shown' or 'replaced')"),
    (GOOD + 'hidden = ["x"]', "board.hidden = ['x'] (Extra inputs are not permitted); allowed: settings: label"),
    (GOOD + 'by = "county"', "board.by = 'county'"), (GOOD + 'units = ["East"]', "units need a level"),
    (GOOD + 'hand_outs = ["fax"]', "board.hand_outs = ['fax']"), (GOOD + "label = 3", "board.label = 3"),
    (GOOD + 'withhold = ["salaries"]', "'salaries' is neither a table nor a table.column"),
    (GOOD + 'withhold = ["reps.salary"]', "'reps.salary' is neither a table nor a table.column"),
    (GOOD + 'withhold = ["opportunities"]', "'opportunities' is needed by every page"),
    (GOOD + 'withhold = ["reps.name"]', "'reps.name' is needed by every page"),
    (GOOD + "tables = {reps = []}", "board.tables = {'reps': []}"),
    (GOOD + 'tables = {reps = "some"}', "board.tables = {'reps': 'some'}"),
])
def test_what_is_wrong_is_said_with_what_is_allowed(home, text, said):
    with pytest.raises(SalesOpsError) as caught:
        read_audiences(home(text))
    assert said in str(caught.value) and "; do: " in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("asked, said", [
    ("nobody", "--audience nobody; allowed: board, team, all of"),
    ("board:East", "--audience board:East; allowed: board: it is one of the company"),
    ("team:West", "--audience team:West; allowed: East"),
    ("all", "all.notebooks holds three"),
])
def test_who_is_asked_for_must_be_there(home, asked, said):
    text = GOOD + '[team]\nnotebooks = ["one"]\nby = "team"\nunits = ["East"]\n[all]\nnotebooks = ["three"]\n'
    with pytest.raises(SalesOpsError) as caught:
        asked_for(home(text), [asked])
    assert said in str(caught.value)


def test_without_a_file_there_is_nobody_to_ask_for(company, kit):
    with pytest.raises(SalesOpsError, match="audiences.toml is not there"):
        asked_for(company, ["board"])


def test_a_page_about_the_companys_files_is_for_those_who_see_them_whole(home, monkeypatch):
    one, two = catalog.CATALOG
    whole = catalog.Entry("one", "First", "Do we sell?", "everyone", publishes=("reps",), whole=True)
    monkeypatch.setattr(catalog, "CATALOG", (whole, two))
    with pytest.raises(SalesOpsError, match="holds one, which tells of the company's own files"):
        asked_for(home(GOOD), ["board"])
    assert asked_for(home(GOOD + 'names = "shown"'), ["board"])
    with pytest.raises(SalesOpsError, match="tables holds deals; allowed: reps"):
        asked_for(home(GOOD + 'names = "shown"\ntables = {deals = "all"}'), ["board"])


def test_the_audiences_of_the_sample_are_good():
    from salesops_helpers.data.home import find_source

    home = find_source("data/sample")
    assert list(read_audiences(home)) == ["leadership", "manager", "rep", "finance", "marketing"]
    assert len(asked_for(home, list(read_audiences(home)))) == 5
