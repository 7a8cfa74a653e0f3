"""Where a company lies: its folder and the folder of its tables. Nothing heavy is imported here."""

from __future__ import annotations

import os
import re
from pathlib import Path

from salesops_helpers.errors import SalesOpsError, listed

FILE_NAME = "company.toml"
AUDIENCES = "audiences.toml"


def find_source(source: str | Path) -> Path:
    """The folder that `source` names: tried against the working directory, then against the nearest parent that
    holds ``pyproject.toml``. Raises `SalesOpsError` where neither holds a company.toml."""
    asked = Path(source)
    asked = asked.parent if asked.name == FILE_NAME else asked
    here = Path.cwd()
    project = next((p for p in (here, *here.parents) if (p / "pyproject.toml").is_file()), None)
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
