"""A company folder that holds what an audience may see and nothing else: its pages are made from it.

Whatever a notebook does with `source`, it can show no more than lies there.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from salesops_helpers.data.home import FILE_NAME
from salesops_helpers.report import catalog

if TYPE_CHECKING:
    from salesops_helpers.data.container import Tables
    from salesops_helpers.report.catalog import Entry

KEPT = ("currency", "minor_units", "fiscal_year_start", "stages", "won_stages", "lost_stages", "extract_date")
DEFINITION = "audience.json"


def write_company(tables: Tables, entries: Sequence[Entry], definition: Mapping[str, object], home: Path) -> None:
    """Write `tables` as a company of its own to `home`, which is made anew.

    Parameters
    ----------
    tables : Tables
        What the audience may see; see `salesops_helpers.data.veil`.
    entries : sequence of Entry
        Its notebooks: those of the company come along, and so does the company's code.
    definition : mapping
        The audience's definition: it lies beside the tables, and so is part of what every page rests on.
    """
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True, mode=0o700)
    company = tables.company
    for name in tables.available:
        frame = getattr(tables, name)
        frame[frame.columns[_kept(frame, name)]].to_parquet(home / f"{name}.parquet", index=False)
    settings = {"name": company.name, **{name: getattr(company, name) for name in KEPT}, "notes": tables.notes}
    text = "".join(f"{name} = {_toml(value)}\n" for name, value in settings.items())
    (home / FILE_NAME).write_text(text, encoding="utf-8", newline="\n")
    (home / DEFINITION).write_text(json.dumps(definition, sort_keys=True) + "\n", encoding="utf-8")
    if tables.has("plan_assignments") and company.plans_folder.is_dir():
        shutil.copytree(company.plans_folder, home / "plans", dirs_exist_ok=True)
    for path in company.home.glob("*.py"):
        shutil.copyfile(path, home / path.name)
    own = [entry for entry in entries if entry.path.parent != catalog.notebooks_folder()]
    for entry in own:
        (home / "notebooks").mkdir(exist_ok=True)
        shutil.copyfile(entry.path, home / "notebooks" / entry.path.name)


def _kept(frame, name: str) -> list[bool]:
    """The columns that a file needs, and those with a value."""
    from salesops_helpers.data.tables import TABLES

    return [column in TABLES[name].must_have or bool(frame[column].notna().any()) for column in frame]


def _toml(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str):
        safe = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return json.dumps(safe, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)
