"""What a notebook cell shows: the answer, notes, tables, figures. All text from data is escaped."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING

import pandas as pd

from salesops_helpers import words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = {
    "money": words.number,
    "cents": lambda v: words.number(v, 2),
    "percent": words.percent,
    "whole_percent": lambda v: words.percent(v, 0),
    "fine_percent": lambda v: words.percent(v, 2),
    "count": words.number,
    "number": lambda v: words.number(v, 1),
    "ratio": lambda v: words.number(v, 2),
    "day": lambda v: words.MISSING if pd.isna(v) else f"{v:%Y-%m-%d}",
    "month": lambda v: words.MISSING if pd.isna(v) else f"{v:%Y-%m}",
    "text": lambda v: words.MISSING if pd.isna(v) else str(v),
    "figure": lambda v: words.MISSING if pd.isna(v) else str(v),
}


class Shown:
    """A piece of a page: HTML where it can be shown, plain text elsewhere."""

    def __init__(self, html: str, text: str):
        self.html, self.text = html, text

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text


def answer(*sentences: str) -> Shown:
    """The answer of a page, its first sentence the headline; the index quotes it."""
    head, *rest = [s for s in sentences if s]
    body = f"<p><strong>{escape(head)}</strong></p>" + "".join(f"<p>{escape(s)}</p>" for s in rest)
    return Shown(f'<div class="answer">{body}</div>', "\n".join([head, *rest]))


def note(*sentences: str) -> Shown:
    """Something that a reader must know: a missing table, a limit of the method. Nothing where nothing is said."""
    said = [s for s in sentences if s]
    html = f'<aside class="note">{"".join(f"<p>{escape(s)}</p>" for s in said)}</aside>' if said else ""
    return Shown(html, "\n".join(said))


def table(
    frame: pd.DataFrame, formats: Mapping[str, str], labels: Mapping[str, str] | None = None, caption: str = ""
) -> Shown:
    """A frame as a table for reading: the columns named in `formats`, in that order, numbers right-aligned.

    Parameters
    ----------
    frame : DataFrame
        What to show, one row a line.
    formats : mapping
        Column → one of money, cents, percent, whole_percent, fine_percent, count, number, ratio, day, month, text,
        figure (a number already in words, such as EUR 1.2 m).
    labels : mapping, optional
        Column → heading (with its unit); default: the column's name with spaces.
    caption : str
        A sentence above the table.
    """
    labels = labels or {}
    kinds = {c: "text" if formats[c] in ("text", "day", "month") else "number" for c in formats}
    heads = {c: labels.get(c, c.replace("_", " ")) for c in formats}
    shown = {c: frame[c].map(FORMATS[formats[c]]).astype(object) for c in formats}
    head = "".join(f'<th scope="col" class="{kinds[c]}">{escape(heads[c])}</th>' for c in formats)
    cells = pd.DataFrame({c: f'<td class="{kinds[c]}">' + shown[c].map(escape) + "</td>" for c in formats})
    rows = "".join("<tr>" + cells.sum(axis=1).astype(str) + "</tr>\n") if len(frame) else ""
    above = f"<caption>{escape(caption)}</caption>" if caption else ""
    html = f'<div class="table"><table>{above}<thead><tr>{head}</tr></thead><tbody>\n{rows}</tbody></table></div>'
    plain = pd.DataFrame({heads[c]: shown[c] for c in formats}).to_string(index=False)
    return Shown(html, plain)


def figure(fig: Figure, alt: str, caption: str = "", live: bool = False) -> Shown:
    """A figure as SVG or PNG, whichever is smaller, with `alt` stating what is to be seen; the figure is closed.

    The same figure gives the same bytes (no date, fixed ids). With `live` it is a PNG for the screen, made in a little
    more than half the time: for explorers, that draw anew at each change.
    """
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    png, svg = BytesIO(), BytesIO()
    fig.savefig(png, format="png", dpi=96 if live else 144, metadata={"Software": None})
    pictures = [("png", png.getvalue())]
    if not live:
        with mpl.rc_context({"svg.hashsalt": "salesops"}):
            fig.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
        pictures.insert(0, ("svg+xml", svg.getvalue()))
    plt.close(fig)
    kind, data = min(pictures, key=lambda picture: len(picture[1]))
    source = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
    below = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return Shown(f'<figure><img src="{source}" alt="{escape(alt)}">{below}</figure>', f"[figure: {alt}]")
