"""TOML text of what was found, with comments for what was guessed and what has no place."""

from __future__ import annotations

import json
import re

from salesops_helpers.errors import one_line


def quoted(text: str) -> str:
    """A TOML basic string, whatever the text holds."""
    return json.dumps(text, ensure_ascii=True).replace("\x7f", "\\u007f")


def key(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9_-]+", text) else quoted(text)


def listing(values: list[str]) -> str:
    return "[" + ", ".join(map(quoted, values)) + "]"


def comment(text: str, limit: int = 300) -> str:
    """A comment of one line, whatever the text holds."""
    return f"# {one_line(text, limit)}"


def section(name: str, entries: dict[str, str], notes: dict[str, str] | None = None) -> list[str]:
    """``[name]`` and its lines, each with its note; nothing where there are none."""
    notes = notes or {}
    lines = [f"{key(k)} = {quoted(v)}" + (f"  {comment(notes[k])}" if k in notes else "") for k, v in entries.items()]
    return ["", f"[{name}]", *lines] if lines else []
