"""What becomes of a company folder whose deals are a given file: counts and reasons, or the one line of its refusal."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import ibis
import pandas as pd
from folders import TOML, write_company

from salesops_helpers.data.casting import gathered, typed
from salesops_helpers.data.company import Company, read_company
from salesops_helpers.data.quality import Checker
from salesops_helpers.data.sources.base import LINE, Part
from salesops_helpers.data.tables import TABLES
from salesops_helpers.errors import SalesOpsError


@cache
def engine():
    con = ibis.duckdb.connect()
    con.raw_sql("SET timezone='UTC'")
    return con


def column(table: str, name: str, texts: list[str], toml: str = "") -> list | str:
    """The values that a column of these texts is read as (None: missing), or the line of the refusal."""
    frame = pd.DataFrame({LINE: range(2, len(texts) + 2), name: texts})
    relation = engine().create_table("texts", frame, temp=True, overwrite=True)
    part = Part("texts.csv", relation, [name], {name: name})
    company = Company(**tomllib.loads(TOML + toml))
    try:
        read = typed(gathered([part], TABLES[table], company), TABLES[table], company)
        values = read.order_by(LINE).select(name).to_pyarrow().column(0).to_pylist()
    except SalesOpsError as error:
        return str(error)
    return values


@dataclass
class Outcome:
    """What one table's check gives; `refusal` is the error's line where there is one."""

    rows_in: int = 0
    used: object = None
    aside: object = None
    facts: dict = field(default_factory=dict)
    refusal: str = ""

    @property
    def counts(self) -> tuple[int, int]:
        return len(self.used), len(self.aside)

    @property
    def reasons(self) -> str:
        return "\n".join(self.aside["reason"])


def outcome(folder: Path, content: bytes | str | None, name: str = "opportunities.csv", table: str = "opportunities",
            toml: str = TOML, **others: str | bytes) -> Outcome:
    """Write `content` as the file `name` of a company and check `table`; the law of rows holds, or the test fails."""
    write_company(folder, toml, **others)
    if name != f"{table}.csv":
        (folder / f"{table}.csv").unlink(missing_ok=True)
    if content is not None:
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    try:
        checker = Checker(read_company(folder))
        checked = checker.table(table)
        facts = next(iter(checker.facts[table].values()))
    except SalesOpsError as error:
        line = str(error)
        assert "\n" not in line and "Traceback" not in line
        assert error.allowed and error.cure
        return Outcome(refusal=line)
    assert checked.rows_in == len(checked.used) + len(checked.set_aside)
    assert checked.set_aside["reason"].str.len().gt(0).all()
    return Outcome(checked.rows_in, checked.used, checked.set_aside, facts)
