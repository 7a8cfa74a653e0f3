"""What a run leaves behind for the next one: a record beside every page, and one of the whole run.

A page is done if and only if its record's hash of inputs is the present one and its files are as recorded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from salesops_helpers.report import folder
from salesops_helpers.report.inputs import digest

RECORD = "record.json"


def read_run(place: Path) -> dict[str, object]:
    """The record of the last run in `place`; empty where there is none or it cannot be read."""
    found = read(place / RECORD)
    return found if isinstance(found.get("pages"), dict) and isinstance(found.get("units"), list) else {}


def read_page(place: Path, key: str) -> dict[str, object]:
    """The record of a page; empty where there is no page, no record, or it cannot be read."""
    found = read(place / f"{key}.json")
    files = found.get("files")
    return found if isinstance(files, dict) and files and (place / f"{key}.html").is_file() else {}


def good(page: Mapping[str, object], inputs: str, place: Path) -> bool:
    """Was the page made from inputs with this hash, and are its files, in the folder `place`, as they were written?"""
    return bool(page) and page.get("inputs") == inputs and not changed_files(page, place)


def changed_files(page: Mapping[str, object], place: Path) -> list[str]:
    """The files of a page that are not there or not as they were written."""
    return [name for name, seen in page["files"].items()
            if not (place / name).is_file() or digest(place / name) != seen]


def write_run(place: Path, record: Mapping[str, object]) -> None:
    folder.replace(place / RECORD, json.dumps(record, indent=1, ensure_ascii=False).encode() + b"\n")


def read(path: Path) -> dict[str, object]:
    """What a JSON file holds; empty where it is not there, or holds anything else."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
