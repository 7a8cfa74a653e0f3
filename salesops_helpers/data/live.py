"""Event tables where they are: the same rules as an expression of the database's own engine.

Nothing is written there. What is brought here: counts by rule, keys that stand there more than once, results.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from salesops_helpers.data.casting import gathered, typed
from salesops_helpers.data.columns import Table
from salesops_helpers.data.decide import numbered
from salesops_helpers.data.quality import DUPLICATES, OTHER, SAME, Checker, needed, tidy
from salesops_helpers.data.tables import TABLES

if TYPE_CHECKING:
    import ibis.expr.types as ir

MANY = 5_000
"""More repeated keys, or more keys referred to, than this are not written into a statement."""


@dataclass(frozen=True)
class Live:
    """The used rows of a table in the engine of the database, rows in, and rows set aside by reason."""

    used: ir.Table
    rows_in: int
    reasons: dict[str, int]


def live(checker: Checker, name: str) -> Live | None:
    """The table `name` where it is; None where it has to be read into the engine here."""
    table, parts = TABLES[name], checker.source.live(name)
    known = {to: _keys(checker, to) for to in sorted(needed(table) & set(checker.names))} if parts else {}
    if not parts or any(keys is None for keys in known.values()):
        return None
    values = typed(gathered(parts, table, checker.company), table, checker.company)
    rules = [rule for rule in checker.rules(table, values, known=known) if rule.sets_aside]
    marked = numbered(values, rules)
    passing = marked.filter(marked["_rule"].isnull())
    twice = _twice(checker, passing, table)
    if twice is None:
        return None
    used, repeats = _firsts(checker, passing, table, twice) if twice else (passing, [])
    counts = _counts(checker, marked, "_rule", name)
    words = [rule.words for rule in rules]
    reasons = {words[int(i)]: n for i, n in counts if i is not None}
    again = {DUPLICATES[SAME if same else OTHER]: n for same, n in repeats}
    return Live(tidy(used, table), sum(n for _, n in counts), reasons | again)


def _keys(checker: Checker, name: str):
    """The used keys of a table that events refer to: written out where they are few, else an expression there."""
    checked = checker.table(name)
    if checked.rows_used <= MANY:
        return checker.con.to_pyarrow(checked.rows.select(TABLES[name].key[0])).column(0).to_pylist()
    there = live(checker, name)
    return None if there is None else there.used[TABLES[name].key[0]]


def _counts(checker: Checker, rows: ir.Table, by: str, name: str) -> list[tuple]:
    counts = checker.source.collect(rows.group_by(by).agg(_rows=rows.count()), name)
    return list(zip(counts[by].to_pylist(), counts["_rows"].to_pylist(), strict=True))


def _twice(checker: Checker, passing: ir.Table, table: Table) -> list | None:
    """First parts of the keys that stand there more than once; None where there are too many."""
    keys = passing.group_by(list(table.key)).having(passing.count() > 1).agg(_n=passing.count())
    found = checker.source.collect(keys.select(table.key[0]).distinct().limit(MANY + 1), table.name)
    return None if len(found) > MANY else found.column(0).to_pylist()


def _firsts(checker: Checker, passing: ir.Table, table: Table, twice: list) -> tuple[ir.Table, list[tuple]]:
    """The rows with one row a key, and how many others are identical to it (True) or not (False)."""
    import ibis

    first = table.key[0]
    among = passing.filter(passing[first].isin(twice))
    given = [c for c in passing.columns if c.startswith("given_")]
    window = ibis.window(group_by=list(table.key), order_by=[_binary(checker, among[c]) for c in given])
    content = ibis.array([among[c].cast("string").fill_null("") for c in given]).join("\x1f")
    ranked = among.mutate(_n=ibis.row_number().over(window), _same=content == content.first().over(window))
    others = ranked.filter(ranked["_n"] > 0)
    firsts = ranked.filter(ranked["_n"] == 0).drop("_n", "_same")
    used = passing.filter(passing[first].notin(twice)).union(firsts)
    return used, _counts(checker, others, "_same", table.name)


def _binary(checker: Checker, column: ir.Column) -> ir.Column:
    """A text in the order of its bytes, whatever the database's collation; anything else as it is."""
    import ibis

    if not column.type().is_string() or checker.source.remote.name != "postgres":
        return column

    @ibis.udf.scalar.builtin(name="convert_to", signature=(("string", "string"), "binary"))
    def convert_to(text, encoding): ...

    return convert_to(column, "UTF8")
