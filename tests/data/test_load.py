"""The one door, and what it refuses: one line that names the thing, what is allowed, and the cure."""

from __future__ import annotations

import pandas as pd
import pytest
from folders import DEALS, REPS, TOML, write_company

from salesops_helpers import SalesOpsError, load
from salesops_helpers.data.tables import TABLES

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"


def test_frames_have_exactly_the_declared_columns_and_types(tmp_path):
    tables = load(write_company(tmp_path / "acme"))
    for name in ("reps", "opportunities", "quotas"):
        frame, table = getattr(tables, name), TABLES[name]
        assert list(frame.columns) == table.names
        assert [frame[c.name].dtype for c in table.columns] == [c.dtype for c in table.columns]
    assert tables.opportunities["status"].tolist() == ["won", "lost", "open"]
    assert tables.available == ["reps", "opportunities"]
    assert not tables.has("quotas")
    assert tables.lacks("quotas")[0].startswith("The table quotas is missing; it would show attainment")


def test_month_and_as_of(tmp_path):
    folder = write_company(tmp_path / "acme")
    assert load(folder).as_of == pd.Timestamp("2026-03-31")
    assert load(folder, month="2026-02").as_of == pd.Timestamp("2026-02-28")
    assert load(folder, as_of="2026-02-10").opportunities["status"].tolist() == ["won", "open", "open"]
    short = write_company(tmp_path / "short", toml=TOML.replace("2026-03-31", "2026-03-15"))
    assert load(short, month="2026-03").as_of == pd.Timestamp("2026-03-15")


def test_the_extract_date_is_the_latest_event_where_none_is_given(tmp_path):
    toml = TOML.replace("extract_date = 2026-03-31", "")
    assert load(write_company(tmp_path / "acme", toml=toml)).as_of == pd.Timestamp("2026-02-11")


@pytest.mark.parametrize(("asked", "said"), [
    ({"month": "2026-13"}, "month '2026-13' is not a month; allowed: YYYY-MM"),
    ({"month": "2026-1"}, "is not a month"),
    ({"month": "March"}, "is not a month"),
    ({"month": "2025-12"}, "months from 2026-02 to 2026-03"),
    ({"month": "2026-04"}, "choose one of them, such as 2026-03"),
    ({"as_of": "2026-04-01"}, "days from 2026-01-05 to 2026-03-31"),
    ({"as_of": "soon"}, "as_of 'soon' is not a day"),
])
def test_a_day_outside_the_data_is_refused(tmp_path, asked, said):
    with pytest.raises(SalesOpsError) as error:
        load(write_company(tmp_path / "acme"), **asked)
    assert said in str(error.value)


@pytest.mark.parametrize(("content", "said"), [
    (b"", "opportunities.csv is empty"),
    (b"\n\n", "opportunities.csv is empty"),
    (PNG, "opportunities.csv is not text (a PNG picture)"),
    (b"a\x00b\n", "it holds NUL bytes"),
    ("opportunity_id,rep_id\n".encode("utf-16"), "has no column 'stage', which the table opportunities needs"),
    ("n\u00e4me\n".encode("latin-1"), "has no column 'opportunity_id', which the table opportunities needs"),
    (DEALS.replace("opportunity_id", "id").encode(), "has no column 'opportunity_id', which the table opportunities"),
    (DEALS.replace("closed_on", "rep_id").encode(), "has the column rep_id more than once"),
    (DEALS.split("\n")[0].encode(), "no rows"),
    (DEALS.replace("r1", "r8").replace("r2", "r9").encode(), "none of its 3 rows can be used"),
])
def test_a_file_that_cannot_be_the_table_is_refused_in_one_line(tmp_path, content, said):
    with pytest.raises(SalesOpsError) as error:
        load(write_company(tmp_path / "acme", opportunities=content))
    line = str(error.value)
    assert said in line
    assert "\n" not in line
    assert error.value.allowed
    assert error.value.cure


def test_a_missing_source_or_file_is_refused(tmp_path):
    with pytest.raises(SalesOpsError, match="source 'nowhere' holds no company.toml"):
        load("nowhere")
    folder = write_company(tmp_path / "acme")
    (folder / "reps.csv").unlink()
    with pytest.raises(SalesOpsError, match=r"no file reps.csv, reps.parquet, reps.xlsx in .* opportunities.csv"):
        load(folder)


@pytest.mark.parametrize(("toml", "said"), [
    ("name = ", "is not TOML"),
    (TOML.replace('currency = "EUR"', 'currency = "euro"'), "currency = 'euro'"),
    (TOML.replace('["Won"]', '["Sold"]'), "won_stages and lost_stages hold Sold"),
    (TOML.replace('["Lost"]', '["Won"]'), "cannot mean both won and lost"),
    (TOML + 'colour = "red"\n', "colour = 'red'"),
    (TOML + '[files]\ndeals = "x.csv"\n', "no table is called deals"),
    (TOML + '[columns.reps]\nboss = "x"\n', "reps has no column boss"),
    (TOML + '[files]\nquotas = "q.csv"\n', "table quotas: no file q.csv"),
    (TOML + '[columns.reps]\nteam = "crew"\n', "reps.csv has no column 'crew', which company.toml names for reps.team"),
    ('folder = "${NO_SUCH_FOLDER_SET}/x"\n' + TOML, "environment variable NO_SUCH_FOLDER_SET"),
    ('folder = "elsewhere"\n' + TOML, "is not there"),
])
def test_a_wrong_company_file_is_refused_with_the_cure(tmp_path, toml, said):
    with pytest.raises(SalesOpsError) as error:
        load(write_company(tmp_path / "acme", toml=toml))
    assert said in str(error.value)


def test_columns_constants_and_a_folder_from_a_variable(tmp_path, monkeypatch):
    data = write_company(tmp_path / "exports", reps="who,boss\nr1,Eve\nr2,Eve\n")
    home = tmp_path / "acme"
    home.mkdir()
    (home / "company.toml").write_text(
        'folder = "${ACME_EXPORTS}"\n' + TOML + '[columns.reps]\nrep_id = "who"\nname = "who"\nteam = "boss"\n'
        '[constants.reps]\nrole = "Account executive"\n')
    monkeypatch.setenv("ACME_EXPORTS", str(data))
    reps = load(home).reps
    assert reps[["rep_id", "name", "team", "role"]].to_numpy().tolist() == [
        ["r1", "r1", "Eve", "Account executive"], ["r2", "r2", "Eve", "Account executive"]]


def test_a_relative_source_is_found_from_below_the_project(tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").write_text("")
    write_company(tmp_path / "data" / "acme")
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert load("data/acme").company.name == "Acme"


def test_moments_with_an_offset_are_read_as_utc(tmp_path):
    leads = ("lead_id,created_at\nl1,2026-02-01T10:00:00+02:00\nl2,2026-02-01 10:00:00\nl3,2026-02-01T10:00:00Z\n")
    times = load(write_company(tmp_path / "acme", leads=leads)).leads["created_at"]
    assert times.dt.hour.tolist() == [8, 10, 10]


def test_each_table_is_read_once_and_only_when_used(tmp_path):
    tables = load(write_company(tmp_path / "acme", leads=b"\x89PNG"))
    assert tables.reps is tables.reps
    with pytest.raises(SalesOpsError, match=r"leads.csv is not text"):
        _ = tables.leads


def test_reps_text_is_kept_as_written(tmp_path):
    reps = REPS + 'r3,"<script>alert(1)</script>, ""Jo""",$x^2$\n'
    assert load(write_company(tmp_path / "acme", reps=reps)).reps["name"].iloc[2] == '<script>alert(1)</script>, "Jo"'
