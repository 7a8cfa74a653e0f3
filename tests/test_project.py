"""The project's own files agree: pyproject.toml, requirements.lock, environment.yml, version, command."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points, version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import salesops_helpers

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
REQUIREMENTS = [Requirement(r) for r in sum(PROJECT["optional-dependencies"].values(), PROJECT["dependencies"])]
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
ENVIRONMENT = (ROOT / "environment.yml").read_text("utf-8")
CONDA_NAMES = {
    "duckdb": "python-duckdb", "ibis-framework": "ibis-duckdb", "matplotlib": "matplotlib-base",
    "playwright": "playwright-python",
}
CARD = {"jupyterlab", "pandas", "seaborn", "scikit-learn", "papermill", "nbval", "ipywidgets"}
HEAVY = {
    "pandas", "numpy", "scipy", "sklearn", "matplotlib", "seaborn", "statsforecast", "ibis", "duckdb", "pandera",
    "pyarrow", "papermill", "nbconvert", "ipywidgets", "jupyterlab",
}


def conda_specs() -> list[str]:
    return [line for line in yaml.safe_load(ENVIRONMENT)["dependencies"] if isinstance(line, str)]


def pip_specs() -> list[Requirement]:
    """What conda-forge does not have: the lines under ``pip:``."""
    (lines,) = (line["pip"] for line in yaml.safe_load(ENVIRONMENT)["dependencies"] if isinstance(line, dict))
    return [Requirement(line) for line in lines]


def locked() -> dict[str, list[tuple[str, int]]]:
    """Package → its versions in the lock, each with its number of hashes."""
    entries: dict[str, list[tuple[str, int]]] = {}
    for block in re.split(r"\n(?=\S)", LOCK.strip()):
        name, pinned, _ = re.fullmatch(r"([a-z0-9.-]+)==([^ ;\\]+)(.*)", block, re.DOTALL).groups()
        entries.setdefault(name, []).append((pinned, len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", block))))
    return entries


def tracked() -> list[Path]:
    """The project's files: those that git tracks, or, outside a checkout, all but what is made."""
    git = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    listed = subprocess.run(git, cwd=ROOT, capture_output=True, text=True)
    if listed.returncode == 0:
        return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    made = {".venv", ".git", ".ruff_cache", ".pytest_cache", ".hypothesis", ".salesops", "reports", "__pycache__"}
    return [p for p in ROOT.rglob("*") if p.is_file() and not made & set(p.relative_to(ROOT).parts)]


@pytest.mark.parametrize("spec", conda_specs())
def test_environment_line_is_a_match_spec(spec):
    from rattler import MatchSpec

    assert MatchSpec(spec, strict=True).name.normalized == spec.split()[0]


def test_environment_has_the_bounds_of_pyproject():
    from rattler import MatchSpec

    specs = [MatchSpec(spec, strict=True) for spec in conda_specs()]
    bounds = {s.name.normalized: SpecifierSet(str(s.version or "")) for s in specs}
    bounds |= {r.name: r.specifier for r in pip_specs()}
    assert len(bounds) == len(specs) + len(pip_specs())
    wanted = {CONDA_NAMES.get(name := canonicalize_name(r.name), name): r.specifier for r in REQUIREMENTS}
    wanted |= {"python": SpecifierSet(PROJECT["requires-python"]), "pip": SpecifierSet()}
    assert bounds == wanted


def test_environment_has_every_package_of_the_card_from_conda_forge():
    assert yaml.safe_load(ENVIRONMENT)["channels"] == ["conda-forge", "nodefaults"]
    assert {spec.split()[0] for spec in conda_specs()} >= CARD


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda r: r.name)
def test_lock_keeps_the_bounds_of_pyproject(requirement):
    versions = [pinned for pinned, _ in locked()[canonicalize_name(requirement.name)]]
    assert versions and all(requirement.specifier.contains(v) for v in versions)


def test_every_locked_package_has_hashes():
    assert len(locked()) > len(REQUIREMENTS)
    assert all(hashes for versions in locked().values() for _, hashes in versions)


def test_installed_versions_are_the_locked_ones():
    for requirement in REQUIREMENTS:
        name = canonicalize_name(requirement.name)
        assert version(name) in [pinned for pinned, _ in locked()[name]], name


def test_no_address_of_a_registry_and_no_path_of_a_machine():
    assert "://" not in LOCK and "://" not in ENVIRONMENT
    place = re.compile(r"/(?:root|work|opt/pypi|opt/wheels)/|(?:pypi|pythonhosted|anaconda)\.(?:org|com)")
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked()
        if (match := place.search(path.read_bytes().decode("utf-8", errors="ignore")))
    ]
    assert found == []


def test_version_stands_in_one_place():
    assert "version" not in PROJECT and PROJECT["dynamic"] == ["version"]
    assert version("salesops-helpers") == salesops_helpers.__version__


def test_command_is_installed_and_answers():
    (command,) = entry_points(group="console_scripts", name="salesops")
    assert callable(command.load())
    done = subprocess.run([Path(sys.executable).parent / "salesops", "--help"], capture_output=True, text=True)
    assert done.returncode == 0
    assert all(name in done.stdout for name in ("report", "check", "sample", "dictionary"))


def test_command_imports_nothing_heavy():
    code = "import sys, salesops_helpers.cli; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert HEAVY & set(done.stdout.split()) == set()


def test_pre_commit_configuration_names_no_other_host():
    settings = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    assert [repo["repo"] for repo in settings["repos"]] == ["local"]
    hooks = {hook["id"] for hook in settings["repos"][0]["hooks"]}
    assert hooks == {"ruff", "nbstripout", "notebook-structure"}
    check = [sys.executable, "-m", "pre_commit", "validate-config", ROOT / ".pre-commit-config.yaml"]
    assert subprocess.run(check, capture_output=True).returncode == 0
