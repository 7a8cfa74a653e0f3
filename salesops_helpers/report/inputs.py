"""What a page rests on, as hashes: the rule by which a page is kept, made anew, or said to differ.

Nothing heavy is imported here: an unchanged month is recognised from files alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

import salesops_helpers
from salesops_helpers.data.home import AUDIENCES, FILE_NAME, data_folder
from salesops_helpers.report.folder import LOCK

PACKAGE = Path(salesops_helpers.__file__).parent
SOURCES = (".py", ".j2", ".css", ".js", ".json")


@dataclass(frozen=True)
class Inputs:
    """What every page of a company rests on.

    Attributes
    ----------
    package : str
        Hash of the helpers' source.
    versions : mapping
        Name → version of Python, of this package and of what it requires.
    company : mapping
        company.toml, pay plans and the company's own code: name → hash.
    data : mapping
        The files of the company's tables: name → hash; of a database, ``(database)`` → hash of its state.
    """

    package: str
    versions: Mapping[str, str]
    company: Mapping[str, str]
    data: Mapping[str, str]

    @property
    def data_hash(self) -> str:
        return hashed(self.data)

    @property
    def hash(self) -> str:
        """One hash over all of it."""
        return hashed([self.package, self.versions, self.company, self.data])


@dataclass(frozen=True)
class Home:
    """Where a company's files lie: its folder, and what its company.toml says of folders (unchecked)."""

    home: Path
    settings: Mapping[str, object]

    @classmethod
    def of(cls, home: Path) -> Home:
        """Raises `ValueError` or `OSError` where company.toml cannot be read as TOML."""
        return cls(home, tomllib.loads((home / FILE_NAME).read_text(encoding="utf-8")))

    @property
    def is_database(self) -> bool:
        return self.settings.get("source") is not None

    @property
    def data_folder(self) -> Path:
        return data_folder(self.home, str(self.settings.get("folder", ".")))


def inputs(home: Path, state: str = "") -> Inputs:
    """The inputs of the company in the folder `home`; `state`: of its database (empty: files)."""
    company = Home.of(home)
    plans = home / str(company.settings.get("plans", "plans"))
    kept = company.settings.get("state")
    aside = (home / str(kept)).resolve() if kept else None
    own = [home / FILE_NAME, *_files(plans, aside), *sorted(home.glob("*.py"))]
    known = {path.resolve() for path in [*own, home / AUDIENCES]}
    tables = [path for path in _files(company.data_folder, aside) if path.resolve() not in known]
    data = _digests(company.data_folder, [*tables, *_named_elsewhere(company)])
    if state:
        data["(database)"] = hashlib.sha256(state.encode()).hexdigest()
    return Inputs(package_hash(), versions(), _digests(home, own), data)


def fingerprint(
    notebook: str, parameters: Mapping[str, object], inputs_hash: str, reads: Mapping[str, str | None],
) -> str:
    """One hash over all that a page rests on: the notebook's hash, its parameters, what every page rests on, and the
    tables it reads from other pages (name → hash; None where it is not there)."""
    return hashed([notebook, parameters, inputs_hash, reads])


def hashed(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def package_hash() -> str:
    """One hash over the helpers' source."""
    return hashed(_digests(PACKAGE, _sources()))


@cache
def versions() -> dict[str, str]:
    """Name → version of Python, of this package and of what it requires."""
    import platform

    found = {"python": platform.python_version(), "salesops-helpers": salesops_helpers.__version__}
    for line in metadata.requires("salesops-helpers") or []:
        name = re.match(r"[\w.-]+", line).group()
        if "extra ==" not in line:
            found[name] = metadata.version(name)
    return found


@cache
def commit() -> str:
    """The git commit of the helpers, ``, with changes`` where files of theirs are not as committed; empty elsewhere."""
    import subprocess

    def git(*arguments: str) -> str:
        command = ["git", "-c", "safe.directory=*", "-C", str(PACKAGE.parent), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
        return done.stdout.strip() if done.returncode == 0 else ""

    try:
        if not git("ls-files", "--", f"{PACKAGE.name}/__init__.py"):
            return ""
        changed = git("status", "--porcelain", "--", PACKAGE.name, "notebooks")
        return git("rev-parse", "HEAD") + (", with changes" if changed else "")
    except (OSError, subprocess.SubprocessError):
        return ""


def _digests(folder: Path, paths: Iterable[Path]) -> dict[str, str]:
    return {Path(os.path.relpath(path, folder)).as_posix(): digest(path) for path in sorted(paths)}


def _sources() -> list[Path]:
    return [path for path in PACKAGE.rglob("*") if path.suffix in SOURCES and path.is_file()]


def _named_elsewhere(company: Home) -> list[Path]:
    """Files that company.toml names outside the folder of the tables."""
    files = company.settings.get("files")
    texts = [text for named in (files.values() if isinstance(files, dict) else ())
             for text in ([named] if isinstance(named, str) else named)]
    folder = company.data_folder
    paths = [folder / text.partition("#")[0] for text in texts if ".." in Path(text).parts or Path(text).is_absolute()]
    return [path for path in paths if path.is_file()]


def _files(folder: Path, state: Path | None) -> list[Path]:
    """Every file in a folder, without hidden ones, the kit's state, notebooks, and folders of reports."""
    found = []
    for base, folders, names in os.walk(folder):
        here = Path(base)
        folders[:] = [name for name in folders if not name.startswith(".") and name != "notebooks"
                      and (state is None or (here / name).resolve() != state) and not _is_report(here / name)]
        found += [here / name for name in names if not name.startswith(".")]
    return [path for path in found if path.is_file()]


def _is_report(folder: Path) -> bool:
    return (folder / LOCK).is_file() or (folder / "record.json").is_file() and (folder / "index.html").is_file()
