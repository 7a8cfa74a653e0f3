"""Where a company lies: its folder and the folder of its tables. Nothing heavy is imported here."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from pathlib import Path

from salesops_helpers.errors import SalesOpsError, listed

FILE_NAME = "company.toml"
AUDIENCES = "audiences.toml"
STATE, STATE_VARIABLE = ".salesops", "SALESOPS_STATE"
LONGEST = 40


def find_source(source: str | Path) -> Path:
    """The folder that `source` names: tried against the working directory, then against the nearest parent that
    holds ``pyproject.toml``. Raises `SalesOpsError` where neither holds a company.toml."""
    asked = Path(source)
    asked = asked.parent if asked.name == FILE_NAME else asked
    here, project = Path.cwd(), _project()
    tried = [asked if asked.is_absolute() else here / asked]
    if project is not None and not asked.is_absolute():
        tried.append(project / asked)
    for folder in tried:
        if os.path.isfile(folder / FILE_NAME):
            return folder.resolve()
    raise SalesOpsError(
        f"source {str(source)!r} holds no {FILE_NAME}", f"a folder with a {FILE_NAME}",
        "check the path, or write a sample company with: salesops sample DIR",
    )


def data_folder(home: Path, folder: str) -> Path:
    """Where the tables lie: `folder` of company.toml with environment variables filled in.

    Raises `SalesOpsError` where a variable is not set.
    """
    used = re.findall(r"\$\{?(\w+)\}?", folder)
    if unset := [name for name in used if not os.environ.get(name)]:
        raise SalesOpsError(
            f"{home / FILE_NAME}: folder = {folder!r} needs the environment variable {listed(unset)}",
            "an environment variable that is set to a folder", f"set it: export {unset[0]}=PATH",
        )
    path = Path(os.path.expandvars(folder))
    return path if used or path.is_absolute() else home / path


def state_folder(home: Path, state: str | None, name: str) -> Path:
    """Where the kit keeps a company's frozen forecasts and locked months; it need not be there yet.

    `state` of company.toml, relative to it; else a folder by the company's name in the one that the environment
    variable SALESOPS_STATE names; else in ``.salesops`` of the project: the nearest parent of the working directory
    that holds ``pyproject.toml``, or the working directory itself.
    """
    if state:
        return home / state
    kept = os.environ.get(STATE_VARIABLE)
    return (Path(kept) if kept else (_project() or Path.cwd()) / STATE) / slug(name)


def _project() -> Path | None:
    here = Path.cwd()
    return next((p for p in (here, *here.parents) if (p / "pyproject.toml").is_file()), None)


def slug(name: str) -> str:
    """A name as the name of a folder: lower-case letters, digits and hyphens, no two names the same.

    A name that its slug gives back (``Central Enterprise`` ↔ ``central-enterprise``) is written as it is; any other
    gets eight digits of its hash, so that neither another name nor a later one can change it.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    text = "-".join(re.findall(r"[a-z0-9]+", plain))
    if text and len(text) <= LONGEST and text.replace("-", " ").title() == name and not _reserved(text):
        return text
    digits = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return "-".join(filter(None, [text[:LONGEST].strip("-"), digits]))


def _reserved(text: str) -> bool:
    """Could it be the slug of another name with its hash, or a device on Windows?"""
    return bool(re.search(r"(^|-)[0-9a-f]{8}$", text) or re.fullmatch(r"con|prn|aux|nul|(com|lpt)\d", text))
