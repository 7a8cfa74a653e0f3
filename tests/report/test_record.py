"""What a page rests on, as one hash: it changes with every input and with nothing else."""

from __future__ import annotations

import pytest

from salesops_helpers.data.company import read_company
from salesops_helpers.report import record


def test_the_same_inputs_have_the_same_hash_wherever_they_lie(company, tmp_path):
    before = record.inputs_hash(read_company(company))
    company.rename(tmp_path / "elsewhere")
    assert record.inputs_hash(read_company(tmp_path / "elsewhere")) == before


@pytest.mark.parametrize("file", ["reps.csv", "company.toml", "plans/a.yaml", "kpis.py", "quotas.parquet"])
def test_the_hash_changes_with_each_file_of_the_company(company, file):
    before = record.inputs_hash(read_company(company))
    path = company / file
    path.parent.mkdir(exist_ok=True)
    path.write_text((path.read_text() if path.exists() else "") + "\n# more\n")
    assert record.inputs_hash(read_company(company)) != before


def test_data_that_lies_elsewhere_counts(company, tmp_path, monkeypatch):
    (tmp_path / "far").mkdir()
    (tmp_path / "far/reps.csv").write_text("rep_id,name\n")
    monkeypatch.setenv("FAR", str(tmp_path / "far"))
    (company / "company.toml").write_text((company / "company.toml").read_text() + 'folder = "${FAR}"\n')
    before = record.inputs_hash(read_company(company))
    (tmp_path / "far/reps.csv").write_text("rep_id,name\nr1,A\n")
    assert record.inputs_hash(read_company(company)) != before


def test_state_reports_and_hidden_files_do_not_count(company):
    text = (company / "company.toml").read_text()
    (company / "company.toml").write_text(text + 'state = "kept"\n')
    before = record.inputs_hash(read_company(company))
    for name in ("kept/ledger.csv", ".hidden", "reports/2026-02/index.html", "notebooks/own.ipynb"):
        (company / name).parent.mkdir(parents=True, exist_ok=True)
        (company / name).write_text("x")
    (company / "reports/2026-02/record.json").write_text("{}")
    assert record.inputs_hash(read_company(company)) == before


def test_the_package_and_its_versions_count(company, monkeypatch):
    before = record.inputs_hash(read_company(company))
    with monkeypatch.context() as changed:
        changed.setattr(record, "versions", lambda: {"python": "9"})
        assert record.inputs_hash(read_company(company)) != before
    monkeypatch.setattr(record, "_sources", lambda: [record.PACKAGE / "words.py"])
    assert record.inputs_hash(read_company(company)) != before


def test_notebook_and_parameters_count(notebook):
    path = notebook("1")
    first = record.fingerprint(path, {"month": "2026-01"}, "x")
    assert first == record.fingerprint(path, {"month": "2026-01"}, "x")
    assert first != record.fingerprint(path, {"month": "2026-02"}, "x")
    assert first != record.fingerprint(path, {"month": "2026-01"}, "y")
    assert first != record.fingerprint(notebook("2"), {"month": "2026-01"}, "x")
