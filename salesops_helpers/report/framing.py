"""How tables, headings and notes of a page are framed: for the keyboard, for a screen reader, for paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

SHORT, MANY, LONG = 20, 9, 40
UPRIGHT, SMALLER, CLOSE, ACROSS, BETWEEN, LONGEST = 92, 114, 130, 170, 1.5, 22

SIZES = ((UPRIGHT, ""), (SMALLER, "dense"), (CLOSE, "close"), (ACROSS, "broad"), (float("inf"), "broadest"))


def framed(soup: BeautifulSoup) -> None:
    """Frame what a page holds, in place.

    Tables scroll in a frame that the keyboard reaches and that has a name of its own; a table too broad for upright
    paper is marked to be printed across, with the words above it. The page's heading stays the only one of its level,
    and a note is no landmark.
    """
    for heading in soup.find_all("h1"):
        heading.name = "h2"
    for aside in soup.find_all("aside"):
        aside.name, aside["role"] = "div", "note"
    for plain in soup.select("table"):
        if not plain.find_parent(class_="table"):
            plain.wrap(soup.new_tag("div", attrs={"class": "table"}))
    for number, frame in enumerate(soup.select(".table"), 1):
        _named(frame, number)
        _sized(soup, frame)
    for cell in soup.select("td"):
        words = cell.get_text().split()
        mark = "short" if len(cell.get_text()) <= SHORT else "long" if max(map(len, words), default=0) > LONGEST else ""
        if mark:
            cell["class"] = [*cell.get("class", []), mark]


def contents(soup: BeautifulSoup) -> list[tuple[str, str]]:
    """Id and text of each heading of the second level; the ids are set here, and headings of nothing go."""
    found = []
    for heading in [h for h in soup.find_all("h2") if _is_bare(h)]:
        heading.decompose()
    for number, heading in enumerate(soup.find_all("h2"), 1):
        heading["id"] = f"part-{number}"
        found.append((heading["id"], _text(heading)))
    return found


def breadth(table: Tag, longest: float = LONGEST) -> float:
    """Characters that a table needs side by side: numbers whole, texts broken after `longest`."""
    widest: dict[int, int] = {}
    for row in table.find_all("tr"):
        for place, cell in enumerate(row.find_all(["th", "td"])):
            widest[place] = max(widest.get(place, 0), _least(cell, longest))
    return sum(widest.values()) + BETWEEN * len(widest)


def _least(cell: Tag, longest: float) -> float:
    """Characters that a cell needs at least to read well: a number whole, a heading its longest word."""
    text = cell.get_text()
    if cell.name == "th":
        return max(map(len, text.replace("-", "- ").split()), default=0)
    return len(text) if "number" in cell.get("class", []) else min(len(text), longest)


def _text(tag: Tag) -> str:
    return " ".join(tag.get_text().split())


def _named(frame: Tag, number: int) -> None:
    """A name that no other table of the page has: its caption, else its number and the heading it stands under."""
    caption = frame.find("caption")
    heading = frame.find_previous(["h2", "h3"])
    label = _text(caption) if caption else _text(heading) if heading else ""
    frame.attrs |= {"tabindex": "0", "role": "region", "aria-label": f"Table {number}{': ' * bool(label)}{label}"}
    if caption:
        caption.name, caption["class"] = "p", "caption"
        frame.insert_before(caption.extract())


def _sized(soup: BeautifulSoup, frame: Tag) -> None:
    """Mark a table of many columns, and one of many rows that fits on half of the paper; one that needs paper across
    goes into a sheet with the words that lead to it."""
    first, needs = frame.find("tr"), breadth(frame)
    if len(frame.find_all("tr")) > LONG and breadth(frame, float("inf")) <= CLOSE / 2 - 2 * BETWEEN:
        frame["class"] = [*frame["class"], "halves"]
    many = ["many"] if first and len(first.find_all(["th", "td"])) > MANY else []
    size = next(mark for limit, mark in SIZES if needs <= limit)
    frame["class"] = [*frame["class"], *many, *([size] if size else [])]
    if needs <= CLOSE:
        return
    cell = next((parent for parent in frame.parents if "cell" in parent.get("class", [])), frame)
    if cell.find_parent(class_="sheet") is None and len(cell.select(".sheet")) == 0:
        sheet = cell.wrap(soup.new_tag("div", attrs={"class": "sheet"}))
        said = sheet.find_previous_sibling(True)
        if said is not None and "said" in said.get("class", []):
            sheet.insert(0, said.extract())


def _is_bare(heading: Tag) -> bool:
    """Is there neither text nor picture before the next heading of this level (the answer stood there, say)?"""
    own = set(map(id, heading.descendants))
    for element in heading.next_elements:
        if element.name == "h2":
            return True
        if id(element) not in own and (element.name == "img" or (isinstance(element, str) and element.strip())):
            return False
    return True
