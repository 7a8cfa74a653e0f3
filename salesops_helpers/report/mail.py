"""The recap mail of a month: the letter as text and as HTML, ready to open, address and send."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP

from salesops_helpers.report.letter import FIGURES, Letter

HEADS = {"figure": "", "value": "this month", "range": "90 % range", "goal": "goal", "reached": "of goal",
         "previous": "last month", "change": "change"}
UNKNOWN = ("", "–")
ATTEND = "Who and what needs you"


def mail(letter: Letter, attached: Sequence[tuple[str, bytes]] = ()) -> bytes:
    """The letter as an .eml file that a mail program opens as a draft; nobody is addressed.

    Parameters
    ----------
    letter : Letter
        What it says.
    attached : sequence of pairs
        Names and contents of PDF or Excel files that go with it.

    Returns
    -------
    bytes
        The same for the same letter: it holds no moment and no name of a machine.
    """
    message = EmailMessage(policy=SMTP)
    message["Subject"] = _line(f"Sales report · {letter.company} · {letter.month}")
    message["X-Unsent"] = "1"
    message.set_content(text(letter), cte="quoted-printable")
    message.add_alternative(html(letter), subtype="html", cte="quoted-printable")
    for name, content in attached:
        kind = "pdf" if name.endswith(".pdf") else "vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        message.add_attachment(content, maintype="application", subtype=kind, filename=name)
    digest = hashlib.sha256((text(letter) + html(letter)).encode()).hexdigest()
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=_{digest[:32]}_{number}")
    return message.as_bytes()


def text(letter: Letter) -> str:
    """The letter in plain text, lines of at most 78 characters."""
    import textwrap

    parts = [f"{letter.company}: sales report, {letter.month}\nAs of {letter.as_of}. {letter.summary}"]
    parts.append(_part("Key figures", [f"{row['figure']}: {row['value']}{_beside(row)}" for row in letter.figures]))
    parts += [_part("What needs a decision", letter.decide), _part(ATTEND, attended(letter)),
              _part("What changed", letter.changed)]
    parts += [_part(page["question"], [page["headline"]]) for page in letter.headlines if page["headline"]]
    parts.append(_part("What could not be computed", letter.lacking))
    wrapped = [textwrap.fill(line, 78, subsequent_indent="  " if line.startswith("- ") else "", break_long_words=False)
               for part in parts if part for line in [*part.split("\n"), ""]]
    return "\n".join(wrapped).rstrip() + "\n"


def html(letter: Letter) -> str:
    """The letter as HTML that mail programs show: one column, styles in place, nothing loaded, nothing that runs."""
    from salesops_helpers.report.pages import template

    shown = [name for name in FIGURES if name == "figure" or any(row[name] not in UNKNOWN for row in letter.figures)]
    return template("mail.html.j2").render(letter=letter, heads=HEADS, columns=shown, rows=letter.figures,
                                           attend=ATTEND, attended=attended(letter))


def attended(letter: Letter) -> list[str]:
    """Who and what needs the reader, a line each, with the title of the page that says more."""
    return [" ".join([line["said"], *[f"{'; '.join(line['items'])}."] * bool(line["items"]),
                      *[f"More: {line['label']}."] * bool(line["label"])]) for line in letter.attend]


def _beside(row: dict) -> str:
    """Range, goal and last month of a figure, as far as they are known."""
    known = [("range", "90 % range {}"), ("goal", "goal {}"), ("previous", "last month {}")]
    said = [form.format(row[name]) for name, form in known if row[name] not in UNKNOWN]
    return f" ({', '.join(said)})" if said else ""


def _part(heading: str, lines: Sequence[str]) -> str:
    return "\n".join([heading.upper(), *(f"- {_line(line)}" for line in lines)]) if lines else ""


def _line(said: str) -> str:
    """In one line, a number and its per cent sign held together."""
    return " ".join(said.split()).replace(" %", "\u00a0%")
