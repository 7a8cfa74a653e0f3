"""The one kind of error that a reader of the kit may see."""

from __future__ import annotations


class SalesOpsError(ValueError):
    """A request or an input that cannot be used, said in one line.

    Parameters
    ----------
    thing : str
        What is wrong, with the value seen: ``"month '2017-13'"``.
    allowed : str
        What would be accepted: ``"a month written YYYY-MM from 2017-03 to 2017-12"``.
    cure : str
        What to do about it: ``"pass --month 2017-12"``.
    """

    def __init__(self, thing: str, allowed: str, cure: str):
        self.thing, self.allowed, self.cure = (one_line(part) for part in (thing, allowed, cure))
        super().__init__(f"{self.thing}; allowed: {self.allowed}; do: {self.cure}")

    def __reduce__(self):
        return (SalesOpsError, (self.thing, self.allowed, self.cure))


def one_line(text: object, limit: int = 400) -> str:
    """Any text as one printable line: control characters and line breaks become spaces, long texts are cut."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def listed(values, limit: int = 12) -> str:
    """Some values as ``a, b, c`` for a message, with the number left out where there are more than `limit`."""
    values = [str(v) for v in values]
    more = f" and {len(values) - limit} more" if len(values) > limit else ""
    return ", ".join(values[:limit]) + more
