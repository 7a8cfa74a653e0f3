"""``salesops statements``: a month's pay as files, and the lock."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Source = Annotated[str, typer.Argument(help="Company folder: the folder that holds company.toml.")]


def statements(
    source: Source,
    month: Annotated[str, typer.Option(help="The month that is paid, YYYY-MM.")],
    out: Annotated[Path, typer.Option(help="Folder that holds one folder per month.")] = Path("reports/statements"),
    lock: Annotated[bool, typer.Option("--lock", help="Lock the month: it is then paid as it stands.")] = False,
    by: Annotated[str, typer.Option(help="Who locks the month.")] = "",
    with_set_aside: Annotated[
        bool, typer.Option("--with-set-aside", help="Lock it although deals are set aside and not yet paid.")
    ] = False,
) -> None:
    """Compute a month's statements: payroll, lines and accrual as CSV and Excel; --lock writes them into the book."""
    from salesops_helpers import load
    from salesops_helpers.comp.book import book_folder, read_book, what_changed
    from salesops_helpers.comp.book import lock as lock_month
    from salesops_helpers.comp.statement_page import accrual, payroll, sentences
    from salesops_helpers.comp.statements import statements as compute
    from salesops_helpers.publish import publish

    tables = load(source, month=month)
    folder = book_folder(tables.company)
    book = read_book(folder)
    made = compute(tables, month, book=book)
    before = book.of(made.month)
    if lock:
        locked = lock_month(made, tables, folder, by, tables.company.separate_duties, with_set_aside)
        typer.echo(f"{made.month:%Y-%m} is locked by {locked.by} since {locked.at}: {locked.digest[:12]}")
    elif before is not None:
        changed = what_changed(made, tables, before)
        said = "is paid as it was locked" if not len(changed) else (
            f"would be paid otherwise in {len(changed)} lines: see changed.csv")
        typer.echo(f"{made.month:%Y-%m}, locked by {before.by} on {before.at[:10]}, {said}")
        if len(changed):
            publish(changed, "changed", str(out / f"{made.month:%Y-%m}"))
    for sentence in sentences(made):
        typer.echo(sentence)
    frames = {"payroll": payroll(made), "lines": made.lines, "accrual": accrual(made, tables), "set_aside": made.aside}
    for name, frame in frames.items():
        publish(frame, name, str(out / f"{made.month:%Y-%m}"))
    _workbook(frames, out / f"{made.month:%Y-%m}" / "pay.xlsx")
    typer.echo(str(out / f"{made.month:%Y-%m}"))


def _workbook(frames: dict, path: Path) -> None:
    """The same tables as sheets of a workbook; no text becomes a formula or a link."""
    import pandas as pd

    options = {"options": {"strings_to_formulas": False, "strings_to_urls": False}}
    with pd.ExcelWriter(path, engine="xlsxwriter", datetime_format="yyyy-mm-dd", engine_kwargs=options) as book:
        for name, frame in frames.items():
            frame.to_excel(book, sheet_name=name, index=False, freeze_panes=(1, 0))
