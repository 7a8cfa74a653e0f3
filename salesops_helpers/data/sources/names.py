"""Which column of a source holds which column of a table."""

from __future__ import annotations

import re

from salesops_helpers.data.columns import Table
from salesops_helpers.data.company import FILE_NAME, Company
from salesops_helpers.errors import SalesOpsError, listed


def resolve(label: str, columns: list[str], table: Table, company: Company) -> dict[str, str]:
    """Column of the table → column of the source: as company.toml maps it, else of the same name.

    Names are compared without regard to case, to blanks and to underscores, unless one is the same to the letter.

    Raises `SalesOpsError` where a column that company.toml names, or that the table needs, is not there.
    """
    mapped, constants = company.columns.get(table.name, {}), company.constants.get(table.name, {})
    near = {_letters(column): column for column in reversed(columns)}
    meant = {c: mapped.get(c, c) for c in table.names}
    meant = {c: name if name in columns else near.get(_letters(name)) for c, name in meant.items()}
    if lost := [c for c in mapped if meant[c] is None]:
        raise SalesOpsError(
            f"{label} has no column {mapped[lost[0]]!r}, which {FILE_NAME} names for {table.name}.{lost[0]}",
            f"its columns: {listed(columns, 30)}", f"mend [columns.{table.name}] in {FILE_NAME}",
        )
    found = {c: name for c, name in meant.items() if name is not None}
    if without := [c for c in table.must_have if c not in found and c not in constants]:
        raise SalesOpsError(
            f"{label} has no column {without[0]!r}, which the table {table.name} needs",
            f"its columns: {listed(columns, 30)}",
            f"add it, or name the column that holds it: [columns.{table.name}] {without[0]} = \"…\" in {FILE_NAME}",
        )
    return found


def _letters(name: str) -> str:
    return re.sub(r"[\s_]+", "_", name.strip().casefold())
