"""An executed notebook as one self-contained page without code, and the index of a month's pages."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from salesops_helpers import __version__
from salesops_helpers.report import sanitize
from salesops_helpers.report.catalog import Entry

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag
    from nbformat import NotebookNode

TEMPLATES = Path(__file__).parent / "templates"
HIDDEN = {"parameters", "injected-parameters", "remove-cell", "explorer"}
SHOWN = ["text/html", "image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/plain"]
SHORT, MANY = 20, 9
WIDGET = "application/vnd.jupyter.widget-view+json"
NUMBER = re.compile(r"(?<![\w.,#])(?:[A-Z]{3} )?[−+]?\d[\d,.]* (?:%|k|m|bn)(?!\w)")


@dataclass(frozen=True)
class Edition:
    """What stands in the head of every page of a month: company, month, as-of day, and rows used and set aside; of a
    unit also its level and name, and the way from its folder to the month's."""

    company: str
    month: str
    as_of: str
    rows: str
    by: str = ""
    unit: str = ""
    up: str = ""


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
    _framed(soup)
    html = _template("page.html.j2").render(
        heading=heading, entry=entry, edition=edition, run_at=run_at, version=__version__, css=_css(),
        answer=_unbroken(answer), intro=_raw(intro), contents=_contents(soup), body=_raw(soup),
        passport=passport,
    )
    return Page(html, headline)


def index(
    cards: Sequence[Mapping[str, str]], edition: Edition, tables: Sequence[Mapping[str, str]], notes: Sequence[str],
    summary: str, run_at: dt.datetime, units: Sequence[Mapping[str, object]] = (),
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
    """
    return _template("index.html.j2").render(
        cards=cards, edition=edition, notes=notes, summary=summary, run_at=run_at, version=__version__, css=_css(),
        failed=any(card["status"] == "failed" for card in cards), units=units,
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
def _template(name: str):
    import jinja2

    loader = jinja2.FileSystemLoader(TEMPLATES)
    house = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined)
    house.filters["unbroken"] = _unbroken
    return house.get_template(name)


@cache
def _css():
    return _raw((TEMPLATES / "house.css").read_text(encoding="utf-8").strip())


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


def _framed(soup: BeautifulSoup) -> None:
    """Wide tables scroll in a frame that the keyboard reaches; the page's heading stays the only one of its level."""
    for heading in soup.find_all("h1"):
        heading.name = "h2"
    for plain in soup.select("table"):
        if not plain.find_parent(class_="table"):
            plain.wrap(soup.new_tag("div", attrs={"class": "table"}))
    for frame in soup.select(".table"):
        caption = frame.find("caption")
        label = " ".join(caption.get_text().split()) if caption else "Table"
        frame.attrs |= {"tabindex": "0", "role": "region", "aria-label": label}
        if frame.tr and len(frame.tr.find_all(["th", "td"])) > MANY:
            frame["class"] = [*frame["class"], "many"]
        if caption:
            caption.name, caption["class"] = "p", "caption"
            frame.insert_before(caption.extract())
    for cell in soup.select("td"):
        if len(cell.get_text()) <= SHORT:
            cell["class"] = [*cell.get("class", []), "short"]


def _contents(soup: BeautifulSoup) -> list[tuple[str, str]]:
    """Id and text of each heading of the second level; the ids are set here, and headings of nothing go."""
    found = []
    for heading in [h for h in soup.find_all("h2") if _is_bare(h)]:
        heading.decompose()
    for number, heading in enumerate(soup.find_all("h2"), 1):
        heading["id"] = f"part-{number}"
        found.append((heading["id"], " ".join(heading.get_text().split())))
    return found


def _is_bare(heading: Tag) -> bool:
    """Is there neither text nor picture before the next heading of this level (the answer stood there, say)?"""
    own = set(map(id, heading.descendants))
    for element in heading.next_elements:
        if element.name == "h2":
            return True
        if id(element) not in own and (element.name == "img" or (isinstance(element, str) and element.strip())):
            return False
    return True


def _unbroken(html):
    """Numbers held together with their currency and unit at the end of a line."""
    return _raw(NUMBER.sub(r'<span class="n">\g<0></span>', str(html)))
