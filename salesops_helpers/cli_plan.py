"""``salesops plan check | page | diff | approve``: what a plan's author, and who approves it, call."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

plan = typer.Typer(help="Pay plans: check a file, write its page, compare two, approve one.", no_args_is_help=True)
File = Annotated[Path, typer.Argument(help="A plan's YAML file.")]


def _read(path: Path):
    from salesops_helpers.comp.plans import read_plan
    from salesops_helpers.comp.reading import read_text

    return read_plan(read_text(path), path.name)


@plan.command()
def check(file: File) -> None:
    """Say whether a plan can be paid on, what it says in words, and what its author should look at."""
    from salesops_helpers.comp.curves import warnings
    from salesops_helpers.comp.wording import plan_in_words

    one = _read(file)
    typer.echo(f"{one.plan} version {one.version} ({one.status}) can be paid on.")
    rules = plan_in_words(one)
    for part, weight, rule in zip(rules["part"], rules["weight"], rules["rule"], strict=True):
        typer.echo(f"  {part}{'' if weight == '–' else f' ({weight})'}: {rule}")
    for warning in warnings(one):
        typer.echo(f"  look at: {warning}")


@plan.command()
def page(
    file: File,
    out: Annotated[Path | None, typer.Option(help="HTML file to write; default: NAME.html here.")] = None,
    target: Annotated[str | None, typer.Option(help="Target incentive of a year to show the pay for.")] = None,
    quota: Annotated[str | None, typer.Option(help="Quota of a month to show the pay for.")] = None,
) -> None:
    """Write the document about a plan that everybody on it can look up."""
    from salesops_helpers.comp.page import plan_page
    from salesops_helpers.report.document import document

    one = _read(file)
    made = plan_page(one, _amount(target, "--target"), _amount(quota, "--quota"))
    path = out or Path(f"{one.plan}.html")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document(made.heading, made.answer, made.pieces), encoding="utf-8")
    typer.echo(str(path))


@plan.command()
def diff(
    before: Annotated[Path, typer.Argument(help="A plan's YAML file.", metavar="A")],
    after: Annotated[Path, typer.Argument(help="Another one, or its next version.", metavar="B")],
) -> None:
    """Say in words what differs between two plans, and what that does to the pay."""
    from salesops_helpers.comp.difference import in_lines, plan_diff

    typer.echo(in_lines(plan_diff(_read(before), _read(after))))


@plan.command()
def approve(
    file: File,
    by: Annotated[str, typer.Option(help="Who approves it.")] = "",
    company: Annotated[
        Path | None, typer.Option(help="Company folder; default: the nearest one above the file.")
    ] = None,
) -> None:
    """Keep who approved this version of a plan, as it stands; it is not changed afterwards."""
    from salesops_helpers.comp.approval import approve as approve_plan
    from salesops_helpers.comp.book import book_folder, read_book
    from salesops_helpers.comp.plans import of_company

    about, one = of_company(file, company)
    folder = book_folder(about)
    kept = approve_plan(one, folder, by, read_book(folder), about.separate_duties)
    typer.echo(f"{kept.plan} version {kept.version} ({kept.fingerprint}) is approved by {kept.by} since {kept.at}")


def _amount(text: str | None, option: str):
    """An option's amount, exact."""
    from salesops_helpers.comp.numbers import Refused, to_money
    from salesops_helpers.errors import SalesOpsError

    try:
        return None if text is None else to_money(text)
    except Refused as error:
        raise SalesOpsError(f"{option} {text!r} {error.said}", error.allowed, error.cure) from None
