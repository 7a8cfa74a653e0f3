"""What can be handed over of a finished month beside its pages: the letter, a workbook, a mail, PDF."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from salesops_helpers.report import attention, inputs
from salesops_helpers.report.folder import replace
from salesops_helpers.report.letter import Letter, not_computed

READ = ("kpi_figures", "kpi_definitions", "kpi_signals", "actions", "kpi_goals", "rep_coaching", "stalled_deals")
SAID = ("figures", "changed", "decide", "attend")


@dataclass(frozen=True)
class Made:
    """A file that was made: what it is, its name in the month's folder, its bytes and how long it took."""

    label: str
    page: str
    size: int
    seconds: float


def letter(
    folder: Path, facts: Mapping[str, str], cards: Sequence[Mapping[str, str]], summary: str,
    last: Mapping[str, object] | None = None,
) -> tuple[Letter, dict[str, object]]:
    """The month's letter, from the finished pages in `folder` and the tables that they published.

    Parameters
    ----------
    folder : Path
        The month's folder, named ``YYYY-MM``.
    facts : mapping
        company, month_name and as_of_name as printed, as_of (``YYYY-MM-DD``), currency.
    cards : sequence of mappings
        Those of the index: title, question, page, headline, status, reason.
    summary : str
        How many pages are there.
    last : mapping, optional
        What an earlier call gave beside its letter: where the same tables are there, they are not read again.

    Returns
    -------
    letter : Letter
    kept : dict
        Plain JSON: its figures, changed, decide and attend, and the hashes of the tables that they come from.
    """
    tables = {name: folder / "tables" / f"{name}.csv" for name in READ}
    seen = {name: inputs.digest(path) for name, path in tables.items() if path.is_file()}
    kept = dict(last) if last and last.get("tables") == seen else {"tables": seen, **_read(folder, facts, seen)}
    said = {name: kept.get(name, []) for name in SAID}
    said["attend"] = attention.leading(said["attend"], cards, folder)
    return Letter(facts["company"], facts["month_name"], facts["as_of_name"], summary, **said,
                  headlines=[dict(card) for card in cards], lacking=not_computed(cards, folder)), kept


def _read(folder: Path, facts: Mapping[str, str], there: Mapping[str, str]) -> dict[str, list]:
    """What the published tables say; nothing where there are none."""
    if not there:
        return {name: [] for name in SAID}
    import pandas as pd

    from salesops_helpers.publish import published
    from salesops_helpers.report import figures

    company, currency = facts["company"], facts.get("currency", "")
    scorecard, definitions, signals, actions, goals, *needing = (
        published(name, str(folder / "tables")) for name in READ)
    return {
        "figures": figures.key_figures(scorecard, company, definitions, currency, goals).to_dict("records"),
        "changed": figures.changes(signals, company, folder.name, definitions, currency),
        "decide": [*figures.off_goal(scorecard, company, definitions, currency),
                   *figures.due(actions, pd.Timestamp(facts["as_of"]))],
        "attend": attention.lines(*needing, currency),
    }


def workbook(folder: Path, title: str, about: Mapping[str, str]) -> Made | None:
    """``tables-YYYY-MM.xlsx`` of every published table, `about` its page; nothing where there is none."""
    from salesops_helpers.publish import published
    from salesops_helpers.report.workbook import workbook as made

    started, tables = time.monotonic(), sorted((folder / "tables").glob("*.csv"))
    if not tables:
        return None
    definitions = published("kpi_definitions", str(folder / "tables"))
    units = {} if definitions is None else dict(zip(definitions["kpi"], definitions["unit"], strict=True))
    return _put(folder, "Excel", f"tables-{folder.name}.xlsx", made(tables, title, about, units), started)


def mail(folder: Path, said: Letter, attached: Sequence[Made] = ()) -> Made:
    """``letter-YYYY-MM.eml``, with the files given."""
    from salesops_helpers.report.mail import mail as made

    started = time.monotonic()
    files = [(file.page, (folder / file.page).read_bytes()) for file in attached]
    return _put(folder, "mail", f"letter-{folder.name}.eml", made(said, files), started)


def pdf(folder: Path, stems: Sequence[str], title: str, chromium: str = "") -> Made:
    """A PDF beside each page, and ``report-YYYY-MM.pdf`` of all of them, the index first.

    Parameters
    ----------
    stems : sequence of str
        The pages, without ending and relative to `folder`; pages in folders of units are not bound.

    Raises
    ------
    SalesOpsError
        Where there is no Chromium to print with.
    """
    from salesops_helpers.report.binding import bound, printable
    from salesops_helpers.report.pdf import browser, printed

    started, chromium = time.monotonic(), chromium or browser()
    name = f"report-{folder.name}.pdf"
    pages = {stem: (folder / f"{stem}.html").read_text(encoding="utf-8") for stem in ("index", *stems)}
    whole = bound({stem: html for stem, html in pages.items() if "/" not in stem}, title)
    with tempfile.TemporaryDirectory(prefix="salesops-") as place:
        targets = {}
        for number, (stem, html) in enumerate(pages.items()):
            source = Path(place) / f"{number}.html"
            source.write_text(printable(html), encoding="utf-8")
            if stem != "index":
                targets[source] = folder / f"{stem}.pdf"
        (Path(place) / "bound.html").write_text(whole, encoding="utf-8")
        printed(targets | {Path(place) / "bound.html": folder / name}, chromium)
    return Made("PDF", name, (folder / name).stat().st_size, time.monotonic() - started)


class Handed:
    """The files beside a month's pages, made anew where a page was.

    Parameters
    ----------
    folder : Path
        The month's folder.
    said : Letter
    pages : mapping
        Page (without ending, relative to `folder`) → was it made by this run?
    """

    def __init__(self, folder: Path, said: Letter, pages: Mapping[str, bool]):
        self.folder, self.said, self.pages = folder, said, pages
        self.title = f"{said.company} · {said.month}"
        self.book, self.letter, self.bound = (
            folder / name for name in (f"tables-{folder.name}.xlsx", f"letter-{folder.name}.eml",
                                       f"report-{folder.name}.pdf"))

    def write(self, about: Mapping[str, str]) -> None:
        """Workbook and mail; PDFs of pages that are no longer the same go."""
        anew = any(self.pages.values())
        if anew or not self.book.is_file():
            workbook(self.folder, self.title, about)
        mail(self.folder, self.said)
        for path in [*(self.folder / f"{page}.pdf" for page, made in self.pages.items() if made), *[self.bound] * anew]:
            path.unlink(missing_ok=True)

    def files(self, pdf: bool) -> list[dict[str, str]]:
        """What the index leads to: label and page of each file that is there, and of the PDF where it will be."""
        named = [("one PDF", self.bound, pdf), ("Excel workbook", self.book, False), ("mail", self.letter, False)]
        return [{"label": label, "page": path.name} for label, path, due in named if due or path.is_file()]

    def print(self) -> None:
        """A PDF beside each page and the bound one, which holds the index and so is made each time."""
        stems = [page for page in self.pages if (self.folder / f"{page}.html").is_file()]
        pdf(self.folder, stems, f"Sales report · {self.title}")


def _put(folder: Path, label: str, name: str, content: bytes, started: float) -> Made:
    replace(folder / name, content)
    return Made(label, name, len(content), time.monotonic() - started)
