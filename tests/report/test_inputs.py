"""What a page rests on, as one hash: it changes with every input and with nothing else."""

from __future__ import annotations

import pytest

from salesops_helpers.report import inputs


def test_the_same_inputs_have_the_same_hash_wherever_they_lie(company, tmp_path):
    before = inputs.inputs(company).hash
    company.rename(tmp_path / "elsewhere")
    assert inputs.inputs(tmp_path / "elsewhere").hash == before


@pytest.mark.parametrize("file", ["reps.csv", "company.toml", "plans/a.yaml", "kpis.py", "quotas.parquet"])
def test_the_hash_changes_with_each_file_of_the_company(company, file):
    before = inputs.inputs(company).hash
    path = company / file
    path.parent.mkdir(exist_ok=True)
    path.write_text((path.read_text() if path.exists() else "") + "\n# more\n")
    assert inputs.inputs(company).hash != before


def test_data_that_lies_elsewhere_counts(company, tmp_path, monkeypatch):
    (tmp_path / "far").mkdir()
    (tmp_path / "far/reps.csv").write_text("rep_id,name\n")
    monkeypatch.setenv("FAR", str(tmp_path / "far"))
    (company / "company.toml").write_text((company / "company.toml").read_text() + 'folder = "${FAR}"\n')
    before = inputs.inputs(company).hash
    (tmp_path / "far/reps.csv").write_text("rep_id,name\nr1,A\n")
    assert inputs.inputs(company).hash != before


def test_state_reports_and_hidden_files_do_not_count(company):
    text = (company / "company.toml").read_text()
    (company / "company.toml").write_text(text + 'state = "kept"\n')
    before = inputs.inputs(company).hash
    for name in ("kept/ledger.csv", ".hidden", "reports/2026-02/index.html", "notebooks/own.ipynb"):
        (company / name).parent.mkdir(parents=True, exist_ok=True)
        (company / name).write_text("x")
    (company / "reports/2026-02/record.json").write_text("{}")
    assert inputs.inputs(company).hash == before


def test_the_package_and_its_versions_count(company, monkeypatch):
    before = inputs.inputs(company).hash
    with monkeypatch.context() as changed:
        changed.setattr(inputs, "versions", lambda: {"python": "9"})
        assert inputs.inputs(company).hash != before
    monkeypatch.setattr(inputs, "_sources", lambda: [inputs.PACKAGE / "words.py"])
    assert inputs.inputs(company).hash != before


def test_a_file_that_company_toml_names_elsewhere_counts(company, tmp_path):
    (tmp_path / "quotas.csv").write_text("rep_id,month,amount\n")
    with (company / "company.toml").open("a") as file:
        file.write('[files]\nquotas = "../quotas.csv"\n')
    before = inputs.inputs(company)
    assert "../quotas.csv" in before.data
    (tmp_path / "quotas.csv").write_text("rep_id,month,amount\nr1,2026-01,5\n")
    assert inputs.inputs(company).hash != before.hash


def test_a_report_that_was_never_finished_does_not_count(company):
    before = inputs.inputs(company).hash
    (company / "reports/2026-02/tables").mkdir(parents=True)
    for name in (".lock", "one.html", "tables/reps.csv"):
        (company / "reports/2026-02" / name).write_text("x")
    assert inputs.inputs(company).hash == before


def test_the_state_of_a_database_counts(company):
    assert inputs.inputs(company, "a").hash != inputs.inputs(company, "b").hash != inputs.inputs(company).hash


def test_a_page_rests_on_notebook_parameters_inputs_and_tables_read():
    whole = ("n", {"month": "2026-01"}, "i", {"t": "1"})
    found = {inputs.fingerprint(*whole)}
    for place, other in enumerate(("m", {"month": "2026-02"}, "j", {"t": None})):
        found.add(inputs.fingerprint(*whole[:place], other, *whole[place + 1:]))
    assert len(found) == 5 and inputs.fingerprint(*whole) in found
