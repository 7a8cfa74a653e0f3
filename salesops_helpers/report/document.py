"""A document of its own in the house style: a heading, an answer, titled pieces; one file, no network."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from salesops_helpers.report.pages import template

if TYPE_CHECKING:
    from salesops_helpers.show import Shown


def document(heading: str, answer: Sequence[str], pieces: Sequence[tuple[str, str, Shown]]) -> str:
    """The HTML of a document; `pieces` are title, sentence and what is shown. All text is escaped."""
    from markupsafe import Markup

    from salesops_helpers import show

    parts = [
        f"<h2>{escape(title)}</h2>" + (f"<p>{escape(said)}</p>" if said else "") + shown.html
        for title, said, shown in pieces
    ]
    return template("document.html.j2").render(
        heading=heading, answer=Markup(show.answer(*answer).html), body=Markup("\n".join(parts))
    )
