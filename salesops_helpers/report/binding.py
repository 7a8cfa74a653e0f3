"""A month's pages bound into one document for paper: the letter first, then each page on a sheet of its own.

It works on the text of pages that the house's own templates have written, in which every text from data is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

MAIN = re.compile(r"<main>(.*)</main>", re.DOTALL)
MASTHEAD = re.compile(r'<header class="masthead">.*?</header>', re.DOTALL)
FOOT = re.compile(r"<footer>.*?</footer>", re.DOTALL)
ID = re.compile(r'(<[^<>]*? )id="([\w-]+)"')
HREF = re.compile(r'(<a\b[^<>]*?) href="([^"]*)"')


def printable(html: str) -> str:
    """A page without links out of itself: a PDF would hold them as paths of the machine that printed it."""
    return HREF.sub(lambda found: found[0] if found[2].startswith("#") else found[1], html)


def bound(pages: Mapping[str, str], title: str) -> str:
    """One document of several pages.

    Parameters
    ----------
    pages : mapping
        Stem → finished page, the index first; its masthead stands at the head of the document, its foot at the end.
    title : str
        The title of the document.
    """
    from salesops_helpers.report.pages import template

    stems = list(pages)
    first = pages[stems[0]]
    parts = [(stem, _within(stem, MAIN.search(html)[1], stems)) for stem, html in pages.items()]
    return template("bound.html.j2").render(
        title=title, parts=parts, masthead=_safe(_within(stems[0], MASTHEAD.search(first)[0], stems)),
        foot=_safe(printable(FOOT.search(first)[0])))


def _within(stem: str, html: str, stems: list[str]) -> str:
    """A page's own ids and links made those of the whole document; links out of it become texts."""
    def target(found: re.Match) -> str:
        page, _, part = found[2].partition("#")
        other = page.removesuffix(".html") or stem
        if other not in stems or "/" in page:
            return found[1]
        return f'{found[1]} href="#{other}{f"--{part}" if part else ""}"'

    return _safe(HREF.sub(target, ID.sub(rf'\1id="{stem}--\2"', html)))


def _safe(html: str):
    from markupsafe import Markup

    return Markup(html)
