"""What the values of a file's columns look like: days, numbers, ids; judged by some thousand of them."""

from __future__ import annotations

from dataclasses import dataclass

SAMPLE = 5000
DAY = r"^\s*(\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4})([T ].*)?$"
NUMBER = r"^\s*[-+(]?[^\d\s]{0,4}\s?\d[\d.,' ]*\s?[^\d\s]{0,4}\)?\s*$"


@dataclass(frozen=True)
class Looks:
    """Shares of a column's values: given at all, written like a day, written like a number, different from the rest."""

    given: float
    day: float
    number: float
    different: float

    def fits(self, kind: str) -> bool | None:
        """Can the values be of this type? None: there are none."""
        if not self.given:
            return None
        if kind in ("date", "moment", "month"):
            return bool(self.day > 0.8)
        if kind in ("money", "number"):
            return bool(self.number > 0.8 and self.day < 0.5)
        return bool(self.day < 0.8)


def looks(con, relation: str, columns: list[str]) -> dict[str, Looks]:
    """How the values of each column look, from the first SAMPLE records of a table in the engine."""
    records = con.table(relation).limit(SAMPLE)
    asked = {}
    for i, column in enumerate(columns):
        value = records[column].cast("string").strip().nullif("")
        kind = records[column].type()
        day, number = kind.is_date() or kind.is_timestamp(), kind.is_numeric()
        asked |= {f"n{i}": value.count(), f"u{i}": value.nunique(),
                  f"d{i}": value.count() if day else value.re_search(DAY).sum(),
                  f"x{i}": value.count() if number else value.re_search(NUMBER).sum()}
    found = records.agg(all=records.count(), **asked).to_pandas().iloc[0].fillna(0)
    shares = {}
    for i, column in enumerate(columns):
        n = found[f"n{i}"]
        parts = (found[f"{c}{i}"] / n if n else 0.0 for c in "dxu")
        shares[column] = Looks(n / found["all"] if found["all"] else 0.0, *parts)
    return shares
