"""HTML that a page may hold: text, tables and pictures that it carries itself. Nothing that runs, nothing that loads.

The content security policy of every page forbids the same; this keeps such things out of the file in the first place.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

GONE = {
    "script", "style", "iframe", "frame", "frameset", "object", "embed", "applet", "link", "meta", "base", "form",
    "input", "button", "select", "textarea", "video", "audio", "source", "track", "svg", "math", "template", "noscript",
    "title", "head", "portal", "canvas", "map", "area",
}
TAGS = {
    "a", "abbr", "aside", "b", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd", "del", "details",
    "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins",
    "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "section", "small", "span", "strong", "sub", "summary", "sup",
    "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "u", "ul", "var",
}
ATTRIBUTES = {
    "class", "id", "href", "src", "alt", "title", "width", "height", "scope", "colspan", "rowspan", "start", "lang",
    "style", "open",
}
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
WITHIN = re.compile(r"([\w-]+\.html)?(#[\w-]*)?|tables/[\w-]+\.csv")


def clean(html: str) -> BeautifulSoup:
    """The HTML without anything that could run or load; links to other hosts become text with the address behind it."""
    from bs4 import BeautifulSoup, Comment

    soup = BeautifulSoup(CONTROL.sub("", html), "html.parser")
    for comment in soup.find_all(string=lambda text: isinstance(text, Comment)):
        comment.extract()
    for tag in soup.find_all(GONE):
        tag.decompose()
    for tag in soup.find_all(True):
        if tag.name not in TAGS:
            tag.unwrap()
        else:
            _plain(tag)
    return soup


def _plain(tag: Tag) -> None:
    tag.attrs = {name: value for name, value in tag.attrs.items() if name in ATTRIBUTES and _harmless(name, value)}
    if tag.name == "a" and not WITHIN.fullmatch(tag.get("href", "#")):
        address = tag["href"]
        if address not in tag.get_text():
            tag.append(f" ({address})")
        tag.unwrap()


def _harmless(name: str, value) -> bool:
    text = " ".join(value) if isinstance(value, list) else str(value)
    if name == "src":
        return text.startswith(("data:image/png", "data:image/jpeg", "data:image/svg+xml", "data:image/gif"))
    if name == "id":
        return not text.startswith("cell-id=")
    if name == "style":
        return not any(sign in text.lower() for sign in ("url", "image", "expression", "\\", "@", "position"))
    return True
