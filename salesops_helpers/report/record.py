"""What a run leaves behind for the next one: record.json, and hashes that tell whether a page is still good."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path

import salesops_helpers
from salesops_helpers.data.company import FILE_NAME, Company
from salesops_helpers.report import folder

RECORD = "record.json"
PACKAGE = Path(salesops_helpers.__file__).parent


def read(place: Path) -> dict[str, dict]:
    """The good pages of the last record in `place`, by stem; none where there is no record or it cannot be read."""
    try:
        pages = json.loads((place / RECORD).read_text(encoding="utf-8"))["pages"]
        return {stem: page for stem, page in pages.items() if page.get("files") and (place / f"{stem}.html").is_file()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def still_good(last: Mapping[str, dict], stem: str, inputs: str, place: Path) -> bool:
    """Was the page made from inputs with this hash, and are all its files as they were written?"""
    page = last.get(stem, {})
    return page.get("inputs") == inputs and all(
        (place / name).is_file() and digest(place / name) == seen for name, seen in page["files"].items()
    )


def write(place: Path, record: Mapping[str, object]) -> None:
    folder.replace(place / RECORD, json.dumps(record, indent=1, ensure_ascii=False).encode() + b"\n")


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(notebook: Path, parameters: Mapping[str, object], inputs: str) -> str:
    """One hash over the notebook's bytes, its parameters, and `inputs` (see `inputs_hash`)."""
    parts = [digest(notebook), json.dumps(parameters, sort_keys=True), inputs]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def inputs_hash(company: Company, state: str = "") -> str:
    """One hash over what every page rests on: the package, the versions of what it uses, the company's files, and the
    `state` of its database."""
    summary = hashlib.sha256(json.dumps([versions(), state], sort_keys=True).encode())
    for name, path in (*_named(PACKAGE, _sources()), *_named(company.home, _company_files(company)),
                       *_named(company.data_folder, _files(company.data_folder, company))):
        summary.update(f"{name}\0{digest(path)}\n".encode())
    return summary.hexdigest()


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


def _named(folder: Path, paths: Iterable[Path]) -> list[tuple[str, Path]]:
    return sorted((path.relative_to(folder).as_posix(), path) for path in paths)


def _sources() -> list[Path]:
    kinds = (".py", ".j2", ".css", ".js", ".json")
    return [path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix in kinds]


def _company_files(company: Company) -> list[Path]:
    """company.toml, the pay plans and the company's own code; its notebooks count one by one, in `fingerprint`."""
    return [company.home / FILE_NAME, *_files(company.plans_folder, company), *sorted(company.home.glob("*.py"))]


def _files(folder: Path, company: Company) -> list[Path]:
    """Every file in a folder, without hidden ones, the kit's state, notebooks, and folders of reports."""
    if not folder.is_dir():
        return []
    state = (company.home / company.state).resolve() if company.state else None
    found = []
    for base, folders, names in os.walk(folder):
        here = Path(base)
        folders[:] = [name for name in folders if not name.startswith(".") and name != "notebooks"
                      and (here / name).resolve() != state and not _is_report(here / name)]
        found += [here / name for name in names if not name.startswith(".")]
    return [path for path in found if path.is_file()]


def _is_report(folder: Path) -> bool:
    return (folder / RECORD).is_file() and (folder / "index.html").is_file()
