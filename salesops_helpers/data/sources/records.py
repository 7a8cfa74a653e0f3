"""Text records one by one, so that a damaged one costs itself alone: the way for files that the engine cannot trust."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TextIO

LONGEST = 16_000_000
MOST_LINES = 10_000
SHOWN = 1_000


@dataclass
class Records:
    """The records of a text: an iterator over (number, fields), with what it could not read kept in `damaged`.

    A quoted cell may hold line ends. Where a quote opens and the record does not close as one of `width` fields, or a
    line below it is a whole record by itself, the quote is taken as damage of its own line, and the lines below are
    read as records.

    Attributes
    ----------
    file : text file, opened with ``newline=""``
    delimiter : str
    width : int
        Number of fields that a record has; 0: any.
    damaged : list of tuple
        number, reason, the line (its beginning); the number counts records and blank lines, as a spreadsheet does.
    """

    file: TextIO
    delimiter: str
    width: int
    number: int = 0
    damaged: list[tuple[int, str, str]] = field(default_factory=list)
    _ahead: deque = field(default_factory=deque)

    def __post_init__(self):
        mark = re.escape(self.delimiter)
        self._quoted = re.compile(rf'[ ]*"([^"]*(?:""[^"]*)*)"[ ]*(?={mark}|\Z)')
        self._closes = re.compile(r'[ ]*"[^"]*(?:""[^"]*)*"')
        self._bare = re.compile(rf"[^{mark}]*")

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        while line := self._take():
            self.number += 1
            text = line.rstrip("\r\n")
            if not text or text.isspace() and self.delimiter not in text:
                continue
            fields, reason = self._read(text, line)
            if reason:
                self.damaged.append((self.number, reason, text[:SHOWN]))
            else:
                yield self.number, fields

    def _take(self) -> str:
        return self._ahead.popleft() if self._ahead else self.file.readline(LONGEST)

    def _read(self, text: str, line: str) -> tuple[list[str], str]:
        if len(line) >= LONGEST:
            while line and not line.endswith(("\n", "\r")):
                line = self._take()
            return [], f"it is longer than {LONGEST:,} characters"
        if "\x00" in text:
            return [], "it holds NUL bytes or bytes that are not of the file's encoding"
        if '"' not in text:
            return self._fitting(text.split(self.delimiter))
        fields, reason = self.split(text)
        if reason is OPEN:
            fields, reason = self._joined(line)
        return (fields, reason) if reason else self._fitting(fields)

    def _fitting(self, fields: list[str]) -> tuple[list[str], str]:
        """Fields beyond the header's are left out where they are empty."""
        while len(fields) > self.width > 0 and not fields[-1].strip():
            fields.pop()
        if self.width and len(fields) != self.width:
            return fields, f"it has {len(fields):,} fields, the header {self.width:,}"
        return fields, ""

    def _joined(self, line: str) -> tuple[list[str], str]:
        """The record that begins with `line` and closes its quote further down."""
        lines, size, quotes = [line], len(line), line.count('"')
        while len(lines) < MOST_LINES and size < LONGEST and (more := self._take()):
            lines.append(more)
            size, quotes = size + len(more), quotes + more.count('"')
            if '"' in more and quotes % 2 == 0:
                fields, reason = self.split("".join(lines).rstrip("\r\n"))
                if not reason and not self._fitting(fields)[1] and "\x00" not in "".join(lines):
                    return fields, ""
                if reason is not OPEN:
                    break
            if self.width > 1 and self._whole(more):
                break
        self._ahead.extendleft(reversed(lines[1:]))
        return [], OPEN

    def _whole(self, line: str) -> bool:
        fields, reason = self.split(line.rstrip("\r\n"))
        return not reason and len(fields) == self.width

    def split(self, text: str) -> tuple[list[str], str]:
        """The fields of a record, and why it is not one (empty: it is)."""
        fields, at = [], 0
        while True:
            found = self._quoted.match(text, at)
            if found:
                fields.append(found[1].replace('""', '"'))
            elif text[at:at + 64].lstrip(" ").startswith('"'):
                return fields, BEHIND if self._closes.match(text, at) else OPEN
            else:
                found = self._bare.match(text, at)
                fields.append(found[0])
            at = found.end() + 1
            if at > len(text):
                return fields, ""


OPEN = "a quote opens in it and does not close where the record ends"
BEHIND = "text stands behind a closing quote"
