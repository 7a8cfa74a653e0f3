"""Which column of a source holds which column of a table."""

from __future__ import annotations

from salesops_helpers.data.columns import Table
from salesops_helpers.data.company import FILE_NAME, Company
from salesops_helpers.errors import SalesOpsError, listed


def resolve(label: str, columns: list[str], table: Table, company: Company) -> dict[str, str]:
    """Column of the table → column of the source: as company.toml maps it, else of the same name.

    Raises `SalesOpsError` where a column that company.toml names, or that the table needs, is not there.
    """
    mapped, constants = company.columns.get(table.name, {}), company.constants.get(table.name, {})
    if lost := [c for c, source in mapped.items() if source not in columns]:
        raise SalesOpsError(
            f"{label} has no column {mapped[lost[0]]!r}, which {FILE_NAME} names for {table.name}.{lost[0]}",
            f"its columns: {listed(columns, 30)}", f"mend [columns.{table.name}] in {FILE_NAME}",
        )
    found = {c: mapped.get(c, c) for c in table.names if mapped.get(c, c) in columns}
    if without := [c for c in table.must_have if c not in found and c not in constants]:
        raise SalesOpsError(
            f"{label} has no column {without[0]!r}, which the table {table.name} needs",
            f"its columns: {listed(columns, 30)}",
            f"add it, or name the column that holds it: [columns.{table.name}] {without[0]} = \"…\" in {FILE_NAME}",
        )
    return found
