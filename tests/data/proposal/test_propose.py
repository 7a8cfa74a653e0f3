"""``salesops map``: what it proposes is a company.toml that reads, and says what it guessed."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "crm"))
from crm_company import WRITERS, crm_of, write

from salesops_helpers import cli
from salesops_helpers.data.check import check
from salesops_helpers.data.company import read_company
from salesops_helpers.data.proposal import stages
from salesops_helpers.data.proposal.propose import propose
from salesops_helpers.data.proposal.propose import write as write_proposal
from salesops_helpers.errors import SalesOpsError


def proposed(folder: Path) -> dict:
    """The proposal for a folder, written into it."""
    (folder / "company.toml").unlink(missing_ok=True)
    text = propose(folder)
    (folder / "company.toml").write_text(text, encoding="utf-8")
    read_company(folder)
    return tomllib.loads(text)


LEFT_OUT = {"canonical": 0, "salesforce-labels": 4, "hubspot-warehouse": 2, "pipedrive-list": 1}
"""Deleted records, activities that are not done, quotas of units."""


@pytest.mark.parametrize("dialect", WRITERS)
def test_a_crms_export_is_recognised_and_reads_at_once(tmp_path, dialect):
    given = proposed(write(tmp_path / "acme", dialect))
    assert given.get("crm") == (None if dialect == "canonical" else crm_of(dialect))
    closing = ("Won", "Lost") if dialect.startswith("pipedrive") else ("Closed Won", "Closed Lost")
    assert given["stages"] == ["Qualify", "Propose", "Negotiate", *closing]
    assert (given["won_stages"], given["lost_stages"]) == ([closing[0]], [closing[1]])
    assert "files" not in given
    if dialect not in LEFT_OUT:
        return
    counts = check(tmp_path / "acme").counts.set_index("table")
    assert (counts["rows_in"] == counts["used"] + counts["set_aside"]).all()
    assert counts["set_aside"].sum() == LEFT_OUT[dialect]
    assert counts["used"].to_dict() == {"reps": 6, "opportunities": 60, "stage_history": 256, "activities": 150, "leads": 20,
                                "quotas": 36, "splits": 8}


def test_files_of_a_crm_under_other_names_are_named(tmp_path):
    folder = write(tmp_path / "acme", "salesforce-api", without=("Task", "Event"))
    (folder / "Opportunity.csv").rename(folder / "our pipeline.csv")
    given = proposed(folder)
    assert given["crm"] == "salesforce" and given["files"] == {"Opportunity": "our pipeline.csv"}
    assert check(folder).counts.set_index("table").loc["opportunities", "used"] == 60


DEALS = ("Deal No,Sales Person,Phase,Deal Value,Opened,Closing Date,Comment\n"
         "A1,Ada,Signed,100.50,2026-01-05,2026-02-10,x\nA2,Bo,Dead end,50,2026-01-06,2026-02-11,\n"
         "A3,Ada,Talking,70,2026-02-01,,y\n")
PEOPLE = "Sales Person,Regional Office,Shoe size\nAda,North,38\nBo,South,44\n"


@pytest.fixture
def unknown(tmp_path):
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "pipeline.csv").write_text(DEALS)
    (folder / "people.csv").write_text(PEOPLE)
    return folder


def test_unknown_headers_get_the_closest_columns_and_the_rest_is_said(unknown):
    given = proposed(unknown)
    assert given["files"] == {"opportunities": "pipeline.csv", "reps": "people.csv"}
    deals = given["columns"]["opportunities"]
    assert {c: deals[c] for c in ("opportunity_id", "rep_id", "stage", "amount", "created_on", "closed_on")} == {
        "opportunity_id": "Deal No", "rep_id": "Sales Person", "stage": "Phase", "amount": "Deal Value",
        "created_on": "Opened", "closed_on": "Closing Date"}
    assert given["columns"]["reps"] == {"rep_id": "Sales Person", "name": "Sales Person", "region": "Regional Office"}
    assert given["stages"] == ["Talking", "Signed", "Dead end"]
    text = (unknown / "company.toml").read_text()
    assert "# won_stages: guessed by name" in text
    assert '# segment = "Comment"  (perhaps)' in text and "# people.csv (reps): Shoe size" in text
    assert check(unknown).counts["used"].tolist() == [2, 3]


def test_values_speak_against_a_name(tmp_path):
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "deals.csv").write_text(DEALS.replace("2026-02-10,x", "soon,x").replace("2026-02-11,", "later,"))
    (folder / "people.csv").write_text(PEOPLE)
    assert "closed_on" not in proposed(folder)["columns"]["opportunities"]


def test_the_maven_case_reads_after_its_proposal(cases, tmp_path):
    text = propose(cases / "maven_crm", tmp_path / "company.toml")
    (tmp_path / "company.toml").write_text(text + '\n[values.opportunities.product]\nGTXPro = "GTX Pro"\n')
    report = check(tmp_path)
    counts = report.counts.set_index("table")["used"]
    assert counts[["opportunities", "reps", "accounts", "products"]].tolist() == [8800, 35, 85, 7]
    assert "Closed win rate: 63.15 %" in report.text


def test_hostile_headers_and_values_stay_text(tmp_path):
    folder = tmp_path / 'a"b\\c'
    folder.mkdir()
    head = ['Deal "No"\nx = 1', "Owner", 'Stage"]\n[x]', "Amount", "# y"]
    rows = [["A1", "Ada", 'Won"\n[files]', "5", "z"], ["A2", "Bo", "Lost\\", "6", "z"],
            ["A3", "Bo", "In\x7f", "6", "z"]]
    pd.DataFrame(rows, columns=head).to_csv(folder / "deals.csv", index=False)
    (folder / "people.csv").write_text(PEOPLE)
    given = tomllib.loads(propose(folder))
    settings = {"name", "currency", "stages", "won_stages", "lost_stages", "files", "columns"}
    assert given["name"] == 'a"b\\c' and set(given) <= settings


def test_a_proposal_is_written_once_and_names_the_folder(unknown, tmp_path, capsys):
    out = tmp_path / "company" / "company.toml"
    assert write_proposal(unknown, out) == str(out)
    assert tomllib.loads(out.read_text())["folder"] == "../export"
    assert check(out.parent).counts["used"].tolist() == [2, 3]
    with pytest.raises(SystemExit) as ended:
        cli.main(["map", str(unknown), "--out", str(out)])
    assert ended.value.code == 2 and "File exists" in capsys.readouterr().err


@pytest.mark.parametrize(("make", "said"), [
    (lambda folder: None, "is not a folder"), (lambda folder: folder.mkdir(), "holds no file that can be read"),
    (lambda folder: (folder.mkdir(), (folder / "a.csv").write_bytes(b"\x89PNG\r\n")), "a.csv"),
])
def test_a_folder_without_anything_readable_is_refused(tmp_path, make, said):
    make(tmp_path / "export")
    with pytest.raises(SalesOpsError, match=said):
        propose(tmp_path / "export")


def test_the_command_prints_the_proposal(unknown, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["map", str(unknown)])
    assert ended.value.code == 0 and tomllib.loads(capsys.readouterr().out)["files"]["reps"] == "people.csv"


def a_row_a_stage(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["stage", "rows", "won", "lost", "probability"])


def test_what_deals_in_a_stage_are_says_more_than_its_name():
    found = stages.found(a_row_a_stage(("Won over", 5, 0, 0, 60), ("Invoice", 4, 4, 0, 100), ("Gone", 3, 0, 3, 0)))
    assert (found.all, found.won, found.lost) == (["Won over", "Invoice", "Gone"], ["Invoice"], ["Gone"])


def test_stages_without_a_closing_one_get_one_to_be_named():
    found = stages.found(a_row_a_stage(("B", 5, None, None, 60), ("A", 4, None, None, 10)))
    assert found.all == ["A", "B", "Won", "Lost"]
    assert found.guesses == ["won_stages: no stage looks so: name it", "lost_stages: no stage looks so: name it",
                             "stages: their order is guessed; put them in the order of your sales process"]
