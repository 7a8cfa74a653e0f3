"""The pack of one audience put together from pages that were made for it: a folder to be handed over as it is.

It holds no executed notebook, no record, no table beyond the audience's rights, and no link to what it does not hold.
"""

from __future__ import annotations

import csv
import datetime as dt
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from salesops_helpers.errors import SalesOpsError, listed
from salesops_helpers.report import handout, indexes, pages
from salesops_helpers.report.audiences import Audience
from salesops_helpers.report.binding import HREF
from salesops_helpers.report.letter import Letter
from salesops_helpers.report.making import COMPLETE, FAILED, KEPT, Result, edition
from salesops_helpers.report.request import Request

UNSAID = "it could not be made; whoever runs the report knows why"
OF_PDF = re.compile(rb"/(Creator|Producer|CreationDate|ModDate)\s*(\((?:[^()\\]|\\.)*\)|<[0-9A-Fa-f]*>)", re.DOTALL)
FILES = {"pdf": ("one PDF", "report-{}.pdf"), "workbook": ("Excel workbook", "tables-{}.xlsx"),
         "mail": ("mail", "letter-{}.eml")}


def assemble(
    request: Request, results: Sequence[Result], audience: Audience, run_at: dt.datetime, place: Path,
) -> None:
    """Write the pack to `place`, a folder named as the month that only its owner can enter.

    Pages that failed are not in it, whatever an earlier run left. Raises `SalesOpsError` where a table lacks a column
    that the audience is to get, or there is no Chromium for a PDF.
    """
    work, facts = request.asked.folder, request.facts
    place.mkdir(mode=0o700)
    good = [result for result in results if result.status in (COMPLETE, KEPT)]
    made = {name for result in good for name in result.page["files"]}
    granted = {name: columns for name, columns in audience.tables.items() if f"tables/{name}.csv" in made}
    stems = [result.entry.stem for result in good]
    there = {"index.html", *(f"{stem}.html" for stem in stems), *(f"tables/{name}.csv" for name in granted)}
    for stem in stems:
        html = (work / f"{stem}.html").read_text(encoding="utf-8")
        (place / f"{stem}.html").write_text(within(html, there), encoding="utf-8", newline="\n")
    _tables(work, place, {name: columns for name, columns in granted.items() if columns == "all"})
    cards, summary = [_card(result) for result in results], indexes.summary(results)
    letter, _ = handout.letter(place, facts, cards, summary)
    _tables(work, place, {name: columns for name, columns in granted.items() if columns != "all"})
    title = f"{letter.company} · {letter.month}"
    due = [kind for kind in FILES if kind in audience.hand_outs and (kind != "workbook" or granted)]
    files = [{"label": FILES[kind][0], "page": FILES[kind][1].format(place.name)} for kind in due]
    said = [f"Tables as CSV, in the folder tables: {listed(sorted(granted), 40)}."] if granted else []
    notes = [*facts["notes"], *said]
    html = pages.index(cards, edition(request), [], notes, summary, run_at, letter=letter, files=files)
    (place / "index.html").write_text(html, encoding="utf-8", newline="\n")
    about = {name: result.entry.title for result in good for name in result.entry.publishes}
    _hand_outs(place, due, letter, title, about, stems)
    owner_only(place)


def within(html: str, there: set[str]) -> str:
    """A page without the links that lead to what is not there."""
    def kept(found: re.Match) -> str:
        page = found[2].partition("#")[0]
        return found[0] if not page or page in there else found[1]

    return HREF.sub(kept, html)


def owner_only(place: Path) -> None:
    """Nobody but the owner may read the folder and what is in it."""
    for base, _, names in os.walk(place):
        os.chmod(base, 0o700)
        for name in names:
            os.chmod(Path(base) / name, 0o600)


def unmarked(content: bytes) -> bytes:
    """A PDF that says nothing of the program that made it, nor when; every byte stays where it was."""
    return OF_PDF.sub(lambda found: b" " * len(found[0]), content)


def _hand_outs(
    place: Path, due: Sequence[str], letter: Letter, title: str, about: Mapping[str, str], stems: Sequence[str],
) -> None:
    if "workbook" in due:
        handout.workbook(place, title, about)
    if "mail" in due:
        handout.mail(place, letter)
    if "pdf" in due:
        handout.pdf(place, stems, f"Sales report · {title}")
        for path in place.glob("*.pdf"):
            path.write_bytes(unmarked(path.read_bytes()))


def _card(result: Result) -> dict[str, str]:
    """The card of a page; of one that failed, no reason: it may hold what a cell was at work on."""
    card = indexes.card(result)
    if result.status != FAILED:
        return card
    return {**card, "page": "", "headline": "", "said": "failed; there is no page", "reason": UNSAID}


def _tables(work: Path, place: Path, granted: Mapping[str, str | Sequence[str]]) -> None:
    """Copy published tables: name → ``"all"`` or the columns."""
    for name, columns in granted.items():
        (place / "tables").mkdir(exist_ok=True)
        _table(work / "tables" / f"{name}.csv", place / "tables" / f"{name}.csv", columns)


def _table(source: Path, target: Path, columns: str | Sequence[str]) -> None:
    with source.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    wanted = head if columns == "all" else list(columns)
    if unknown := [column for column in wanted if column not in head]:
        raise SalesOpsError(f"audiences.toml: tables.{source.stem} holds {listed(unknown)}", listed(head, 40),
                            "mend the columns of that audience")
    order = [head.index(column) for column in wanted]
    with target.open("w", encoding="utf-8", newline="") as file:
        quoted = csv.QUOTE_ALL if any("\r" in text for row in rows for text in row) else csv.QUOTE_MINIMAL
        csv.writer(file, lineterminator="\n", quoting=quoted).writerows(
            [row[n] for n in order] for row in [head, *rows])
