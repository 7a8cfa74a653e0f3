"""An executed notebook as one self-contained page without code, and the index of a month's pages."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from salesops_helpers import __version__
from salesops_helpers.report import sanitize
from salesops_helpers.report.catalog import Entry
from salesops_helpers.report.framing import contents, framed

if TYPE_CHECKING:
    from bs4 import Tag
    from nbformat import NotebookNode

    from salesops_helpers.report.letter import Letter

TEMPLATES = Path(__file__).parent / "templates"
HIDDEN = {"parameters", "injected-parameters", "remove-cell", "explorer"}
SHOWN = ["text/html", "image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/plain"]
WIDGET = "application/vnd.jupyter.widget-view+json"
NUMBER = re.compile(r"(?<![\w.,#])(?:[A-Z]{3} )?[−+]?\d[\d,.]* (?:%|k|m|bn)(?!\w)")


@dataclass(frozen=True)
class Edition:
    """What stands in the head of every page of a month: company, month, as-of day, and rows used and set aside; of a
    unit also its level and name, and the way from its folder to the month's; of an audience, whom it is made for."""

    company: str
    month: str
    as_of: str
    rows: str
    by: str = ""
    unit: str = ""
    up: str = ""
    audience: str = ""


@dataclass(frozen=True)
class Page:
    """A rendered page and the first sentence of its answer."""

    html: str
    headline: str


def render(
    notebook: NotebookNode, entry: Entry, edition: Edition, run_at: dt.datetime,
    passport: Sequence[tuple[str, str]] = (),
) -> Page:
    """The page of an executed notebook: its heading, its answer, then the evidence.

    Parameters
    ----------
    notebook : NotebookNode
        Executed; it is not changed.
    entry, edition : Entry, Edition
        What the page is, and of which month.
    run_at : datetime
        Moment of the run (UTC), shown in ``<time class="run">`` and nowhere else.
    passport : sequence of pairs
        What the page rests on, in short: what and its value.
    """
    soup = sanitize.clean(_body(notebook))
    first = soup.select_one(".said h1")
    heading = _taken(first) or entry.question
    intro = _inner(soup.select_one(".said")) if first is not None else ""
    answers = soup.select(".answer")
    headline = _headline(answers[0]) if answers else ""
    for more in answers[1:]:
        more["class"] = "note"
    answer = answers[0].extract() if answers else ""
    framed(soup)
    html = template("page.html.j2").render(
        heading=heading, entry=entry, edition=edition, run_at=run_at, version=__version__,
        answer=_unbroken(answer), intro=_raw(intro), contents=contents(soup), body=_raw(soup),
        passport=passport,
    )
    return Page(html, headline)


def index(
    cards: Sequence[Mapping[str, str]], edition: Edition, tables: Sequence[Mapping[str, str]], notes: Sequence[str],
    summary: str, run_at: dt.datetime, units: Sequence[Mapping[str, object]] = (), letter: Letter | None = None,
    months: Sequence[Mapping[str, str]] = (), files: Sequence[Mapping[str, str]] = (),
) -> str:
    """The first page of a month, or of a unit within it.

    Parameters
    ----------
    cards : sequence of mappings
        For each notebook stem, title, question, reader, status (complete, kept, earlier, stale or failed), said (the
        status in words), page (file name or empty), headline, reason.
    tables : sequence of mappings
        For each table of the company table, rows_in, used, set_aside, reasons, as texts; a unit's page has none.
    notes : sequence of str
        What a reader must know about the data.
    summary : str
        How many pages are there, in a sentence.
    units : sequence of mappings
        For each level with pages of its own: by, outside (a sentence or empty), and units (each with label, page,
        status, said).
    letter : Letter, optional
        What leadership reads first: key figures, what changed, what needs a decision, what could not be computed.
    months, files : sequence of mappings
        Reports of earlier months (month, page); the month's other files, such as its PDF (label, page).
    """
    return template("index.html.j2").render(
        cards=cards, edition=edition, notes=notes, summary=summary, run_at=run_at, version=__version__,
        failed=any(card["status"] == "failed" for card in cards), units=units,
        letter=letter, months=months, files=files,
        marred=[row for row in tables if row["reasons"]], whole=[row for row in tables if not row["reasons"]],
    )


def _body(notebook: NotebookNode) -> str:
    """Markdown and outputs as HTML, by nbconvert on our template."""
    import nbformat

    shown = nbformat.from_dict(notebook)
    shown.cells = [nbformat.from_dict(cell) for cell in shown.cells]
    for cell in shown.cells:
        if cell.cell_type == "code":
            cell.outputs = [out for out in cell.outputs if WIDGET not in out.get("data", {})]
    return _exporter().from_notebook_node(shown)[0]


@cache
def _exporter():
    from nbconvert import HTMLExporter
    from traitlets.config import Config

    settings = Config()
    settings.TagRemovePreprocessor = Config(enabled=True, remove_cell_tags=HIDDEN)
    settings.CSSHTMLHeaderPreprocessor.enabled = False
    settings.HighlightMagicsPreprocessor.enabled = False
    settings.NbConvertBase.display_data_priority = SHOWN
    return HTMLExporter(
        config=settings, template_name="salesops", extra_template_basedirs=[str(TEMPLATES / "nbconvert")],
        exclude_input=True, exclude_input_prompt=True, exclude_output_prompt=True, exclude_anchor_links=True,
    )


@cache
def template(name: str):
    """A template of the house, which escapes whatever comes from data."""
    import jinja2

    loader = jinja2.FileSystemLoader(TEMPLATES)
    house = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined)
    house.filters["unbroken"] = _unbroken
    house.globals |= {"css": _css(), "script": _script(), "policy": policy()}
    return house.get_template(name)


@cache
def _css():
    return _raw((TEMPLATES / "house.css").read_text(encoding="utf-8").strip())


@cache
def _script():
    """Our few lines of script, as they stand in each page."""
    return _raw((TEMPLATES / "sort.js").read_text(encoding="utf-8"))


@cache
def policy() -> str:
    """The content security policy of every page: nothing is loaded, and no script runs but our own, by its hash."""
    digest = base64.b64encode(hashlib.sha256(str(_script()).encode()).digest()).decode()
    return ("default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; "
            f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'")


def _raw(html):
    from markupsafe import Markup

    return Markup(str(html).strip())


def _taken(heading: Tag | None) -> str:
    """The text of the page's heading, which leaves the body."""
    return "" if heading is None else " ".join(heading.extract().get_text().split())


def _inner(cell: Tag) -> str:
    return cell.extract().decode_contents()


def _headline(answer: Tag) -> str:
    first = answer.find("strong") or answer.find("p") or answer
    return " ".join(first.get_text().split())


def _unbroken(html):
    """Numbers held together with their currency and unit at the end of a line."""
    return _raw(NUMBER.sub(r'<span class="n">\g<0></span>', str(html)))
