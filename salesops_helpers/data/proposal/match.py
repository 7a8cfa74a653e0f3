"""Which table a file is and which column holds what: by closeness of names, checked against the values."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from salesops_helpers.data.columns import Column, Table
from salesops_helpers.data.crm.maps import CRMS, objects_of, plain
from salesops_helpers.data.proposal.evidence import Looks
from salesops_helpers.data.tables import TABLES

SURE, PERHAPS = 82.0, 62.0
AGAINST = 45.0


@dataclass(frozen=True)
class Match:
    """A file as a table: column → header with its score (0 to 100), headers without a place, and the score of all."""

    table: str
    columns: dict[str, tuple[str, float]]
    left: list[str]
    score: float

    @property
    def lacks(self) -> list[str]:
        """Columns that the table needs and no header is sure to hold."""
        return [c for c in TABLES[self.table].must_have if self.columns.get(c, ("", 0.0))[1] < SURE]


def words(text: str) -> str:
    """A header as words: ``StageName``, ``stage_name`` and ``Deal - Stage`` come apart alike."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return " ".join(re.split(r"[\W_]+", apart.casefold())).strip()


@cache
def called(table: str, column: str) -> frozenset[str]:
    """All that a column is called: its name and meaning, synonyms, and the headers of the CRMs' maps."""
    definition = TABLES[table].column(column)
    text = files("salesops_helpers.data.proposal").joinpath("synonyms.toml").read_text(encoding="utf-8")
    names = [column, definition.words, *tomllib.loads(text).get(table, {}).get(column, [])]
    for crm in CRMS:
        for known in objects_of(crm).values():
            names += known.fields.get(column, []) if known.table == table else []
    return frozenset(filter(None, map(words, names)))


def score(header: str, look: Looks, table: Table, column: Column) -> float:
    """0 to 100: how well a header's name, and its values, fit a column."""
    from rapidfuzz import fuzz, process

    names = called(table.name, column.name)
    by_words = process.extractOne(words(header), names, scorer=fuzz.token_sort_ratio)
    by_letters = process.extractOne(plain(header), [plain(name) for name in names], scorer=fuzz.ratio)
    value = max(by_words[1], by_letters[1])
    fits = look.fits(column.type)
    if fits is False:
        value -= AGAINST
    if column.name == table.key[0] and len(table.key) == 1 and look.given and look.different < 0.95:
        value -= AGAINST / 2
    return max(value, 0.0)


def matched(stem: str, headers: list[str], look: dict[str, Looks], table: Table) -> Match:
    """A file's headers on the columns of a table: the best pairs first, each header and each column once."""
    from rapidfuzz import fuzz

    pairs = [(score(h, look[h], table, c), -i, h, c.name) for i, c in enumerate(table.columns) for h in headers]
    placed, taken = {}, set()
    for value, _, header, column in sorted(pairs, reverse=True):
        if value >= PERHAPS and column not in placed and header not in taken:
            placed[column] = (header, value)
            taken.add(header)
    for column in table.must_have:  # one header may name and identify: a rep known by name alone
        again = [(score(h, look[h], table, table.column(column)), h) for h in headers]
        if column not in placed and again and max(again)[0] >= SURE:
            placed[column] = max(again)[::-1]
    sure = [value for _, value in placed.values() if value >= SURE]
    needed = [placed.get(c, ("", 0.0))[1] for c in table.must_have]
    alike = max(fuzz.token_set_ratio(words(stem), words(name)) for name in _names(table))
    total = 2 * sum(needed) / len(needed) + 100 * len(sure) / max(len(headers), 1) + alike
    return Match(table.name, placed, [h for h in headers if h not in taken], total)


def _names(table: Table) -> list[str]:
    """What files of a table are called."""
    own = [table.name, *(NAMES.get(table.name, []))]
    for crm in CRMS:
        for known in objects_of(crm).values():
            own += [known.name, *known.names] if known.table == table.name else []
    return own


NAMES = {"opportunities": ["deals", "pipeline", "sales pipeline"],
         "reps": ["sales team", "sellers", "sales reps", "agents", "people"],
         "accounts": ["customers", "companies", "clients"], "quotas": ["quota", "sales targets"]}


def best(stem: str, headers: list[str], look: dict[str, Looks]) -> Match:
    """The table that a file fits best."""
    return max((matched(stem, headers, look, table) for table in TABLES.values()), key=lambda m: m.score)
