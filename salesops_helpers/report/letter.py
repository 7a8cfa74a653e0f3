"""The month's letter to leadership: key figures, what changed, what needs a decision, what could not be computed."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path

FIGURES = ("figure", "value", "range", "goal", "reached", "previous", "change")
MISSING_TABLE = re.compile(r"<p>The table (\w+) is missing; it would show ([^<]+?)\.</p>")
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Letter:
    """What leadership reads first; a part of which nothing is known is empty.

    Attributes
    ----------
    company, month, as_of : str
        As printed.
    summary : str
        How many pages are there.
    figures : list of dict
        The key figures as texts: figure, value, range, goal, reached, previous, change.
    headlines : list of dict
        For each notebook title, question, page, headline.
    attend : list of dict
        Who and what needs the reader: said, items (list of str), label and page (where more is said; or empty).
    changed, decide, lacking : list of str
        What changed; what needs a decision; what could not be computed, and why.
    """

    company: str
    month: str
    as_of: str
    summary: str
    figures: Sequence[Mapping[str, str]] = ()
    headlines: Sequence[Mapping[str, str]] = ()
    attend: Sequence[Mapping[str, object]] = ()
    changed: Sequence[str] = ()
    decide: Sequence[str] = ()
    lacking: Sequence[str] = ()


def not_computed(cards: Sequence[Mapping[str, str]], folder: Path) -> list[str]:
    """What the pages of a month do not show: pages that failed, and parts that lack their table.

    `cards` are those of the index (title, status, reason, page); `folder` holds the pages.
    """
    failed = [f"{card['title']}: {card['reason']}." for card in cards if card["status"] == "failed"]
    lacking: dict[tuple[str, str], list[str]] = {}
    for card in cards:
        path = folder / card["page"]
        found = MISSING_TABLE.findall(path.read_text(encoding="utf-8")) if card["page"] and path.is_file() else []
        for table, shows in dict.fromkeys(found):
            lacking.setdefault((table, unescape(shows)), []).append(card["title"])
    return failed + [f"The table {table} is missing; it would show {shows} ({_joined(titles)})."
                     for (table, shows), titles in lacking.items()]


def previous_months(folder: Path, most: int = 12) -> list[dict[str, str]]:
    """Reports of earlier months that lie beside this one, the latest first: month (as printed) and page."""
    there = [path.name for path in folder.parent.iterdir() if MONTH.fullmatch(path.name) and path.name < folder.name
             and (path / "index.html").is_file()] if folder.parent.is_dir() else []
    return [{"month": f"{dt.date.fromisoformat(name + '-01'):%B %Y}", "page": f"../{name}/index.html"}
            for name in sorted(there, reverse=True)[:most]]


def _joined(items: Sequence[str]) -> str:
    return f"{', '.join(items[:-1])} and {items[-1]}" if len(items) > 1 else items[0]
