"""One rule for where the kit keeps its state."""

from __future__ import annotations

from pathlib import Path

from salesops_helpers.data.home import state_folder


def test_state_lies_where_company_toml_the_environment_or_the_project_says(tmp_path, monkeypatch):
    home, state = tmp_path / "data", tmp_path / "kept"
    assert state_folder(home, "../kept", "Acme") == home / "../kept"
    monkeypatch.setenv("SALESOPS_STATE", str(state))
    assert state_folder(home, None, "Acme") == state / "acme"
    assert state_folder(home, None, "ACME") not in (state / "acme", state / "ACME"), "two companies, two folders"
    monkeypatch.delenv("SALESOPS_STATE")
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    in_working_folder = state_folder(home, None, "Acme")
    (tmp_path / "pyproject.toml").touch()
    assert in_working_folder == Path.cwd() / ".salesops/acme"
    assert state_folder(home, None, "Acme") == tmp_path / ".salesops/acme", "notebooks and command see the same"
