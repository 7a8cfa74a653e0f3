"""Used or set aside, in the engine: what is kept of a decision is the rows set aside, which are few.

A large table is passed over twice: once over its keys, for those that stand there more than once, and once over the
columns that rules look at. Whoever reads its used rows afterwards reads the columns that are needed, and no rule again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from salesops_helpers.data.columns import Table
from salesops_helpers.data.rules import Rule
from salesops_helpers.data.sources.base import FILE, LINE

if TYPE_CHECKING:
    import ibis.expr.types as ir

HELD = 300_000
"""Tables up to this many rows are held in the engine once they are typed; larger ones are read again when needed."""


@dataclass(frozen=True)
class Decision:
    """What became of the rows of a table.

    Attributes
    ----------
    used : ibis Table
        The used rows: ``given_<column>``, typed columns, ``source_line``, ``source_file``.
    aside : ibis Table
        The rows set aside, held in the engine, with `_rule`: the number of the first rule that hit; `n` for an
        identical and `n` + 1 for a conflicting duplicate, `n` the number of rules.
    rows, rows_aside : int
        How many rows there are, and how many of them are set aside.
    """

    used: ir.Table
    aside: ir.Table
    rows: int
    rows_aside: int


def decide(con, table: Table, values: ir.Table, rules: list[Rule], sources: dict[str, ir.Table]) -> Decision:
    """Try every rule on every row; a duplicate is a row whose key stands above it in a row that no rule sets aside.

    `sources`: the relation behind each part of `values`, by the part's label. A relation whose rows are not one a line
    (cells of a table with months as columns) has `source_file` of its own, which tells them apart.
    """
    rows = int(con.execute(values.count()))
    if rows <= HELD:
        values = con.create_table(f"typed_{table.name}", values, temp=True)
        odd = _odd(con, table, values, rules)
    else:
        lines = con.create_table(f"lines_{table.name}", _odd(con, table, values, rules).select(FILE, LINE), temp=True)
        odd = numbered(_only(values, sources, lines), rules)
    odd = con.create_table(f"odd_{table.name}", odd, temp=True)
    if not int(con.execute(odd.count())):
        return Decision(values, odd, rows, 0)
    aside = con.create_table(f"aside_{table.name}", repeated(odd, table, len(rules)), temp=True)
    rows_aside = int(con.execute(aside.count()))
    on = [FILE, LINE] if len(sources) > 1 or any(FILE in source.columns for source in sources.values()) else [LINE]
    used = values.anti_join(aside.select(on), on) if rows_aside else values
    return Decision(used, aside, rows, rows_aside)


def _only(values: ir.Table, sources: dict[str, ir.Table], lines: ir.Table) -> ir.Table:
    """The values of some lines alone: what is not asked for is left out before anything is made of it."""
    within = {
        source.op(): source.semi_join(lines, [FILE, LINE]).op() if FILE in source.columns
        else source.semi_join(lines.filter(lines[FILE] == label), LINE).op() for label, source in sources.items()
    }
    return values.op().replace(within).to_expr()


def numbered(values: ir.Table, rules: list[Rule]) -> ir.Table:
    """The rows with `_rule`, the number of the first rule that hits; missing where none does."""
    import ibis

    hits = [(rule.when(values), i) for i, rule in enumerate(rules)]
    return values.mutate(_rule=ibis.cases(*hits).cast("int64") if hits else ibis.null("int64"))


def _odd(con, table: Table, values: ir.Table, rules: list[Rule]) -> ir.Table:
    """The rows that a rule hits, and those whose key may stand there more than once."""
    hashes = {f"_{i}": _hash(values[c].cast("string")) for i, c in enumerate(table.key)}
    keyed = values.filter(*[values[c].notnull() for c in table.key]).select(**hashes)
    twice = keyed.group_by(list(hashes)).having(keyed.count() > 1).agg(_n=keyed.count())
    twice = con.create_table(f"twice_{table.name}", twice, temp=True)
    marked = numbered(values, rules)
    wanted = marked["_rule"].notnull()
    if int(con.execute(twice.count())):
        wanted |= marked[table.key[0]].notnull() & _hash(marked[table.key[0]].cast("string")).isin(twice["_0"])
    return marked.filter(wanted)


def repeated(odd: ir.Table, table: Table, rules: int) -> ir.Table:
    """Of these rows those that are set aside: by a rule, or because their key stands above in a row that is used."""
    import ibis

    window = ibis.window(group_by=[*table.key, odd["_rule"].isnull()], order_by=[FILE, LINE])
    content = ibis.array([odd[c].cast("string").fill_null("") for c in odd.columns if c[:6] == "given_"]).join("\x1f")
    twin = odd["_rule"].isnull() & (ibis.row_number().over(window) > 0)
    same = content == content.first().over(window)
    marked = odd.mutate(_rule=ibis.coalesce(odd["_rule"], ibis.cases((twin & same, rules), (twin, rules + 1))))
    return marked.filter(marked["_rule"].notnull())


@cache
def _hasher():
    import ibis

    @ibis.udf.scalar.builtin(name="hash", signature=(("string",), "uint64"))
    def hash_of(text): ...

    return hash_of


def _hash(text: ir.StringColumn) -> ir.Column:
    return _hasher()(text)
