"""The command ``salesops``: what the batch and the analyst call. Everything heavy is imported when it is needed."""

from __future__ import annotations

import errno
import sys
from pathlib import Path
from typing import Annotated

import typer

from salesops_helpers import __version__
from salesops_helpers.errors import SalesOpsError, one_line

app = typer.Typer(
    help="Sales operations: check a company's data, make the monthly report.",
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
)
INTERRUPTED = "interrupted; pages that were finished are in place"
Source = Annotated[str, typer.Argument(help="Company folder: the folder that holds company.toml.")]


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"salesops {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False,
) -> None:
    pass


@app.command()
def sample(
    folder: Annotated[Path, typer.Argument(help="Folder to write the sample company to.")],
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same bytes.")] = None,
    truth: Annotated[Path | None, typer.Option(help="Also write the known truth to this file, for tests.")] = None,
) -> None:
    """Write a believable company with known truth, to try the kit on."""
    from salesops_helpers.data.sample import write

    write(folder, **({} if seed is None else {"seed": seed}), truth=truth)
    typer.echo(str(folder))


@app.command()
def check(
    source: Source,
    out: Annotated[Path, typer.Option(help="Folder for set_aside.csv and flags.csv.")] = Path("reports/check"),
) -> None:
    """Say what a source holds: rows in, used, set aside and flagged, by table and reason."""
    from salesops_helpers.data.check import check as run

    typer.echo(run(source, out).text)


@app.command("map")
def propose(
    export: Annotated[Path, typer.Argument(help="Folder with the files of an export.", metavar="EXPORT_DIR")],
    out: Annotated[Path | None, typer.Option(help="File to write; default: print it.")] = None,
) -> None:
    """Propose a company.toml for an export: what was recognised, what was guessed, what has no place."""
    from salesops_helpers.data.proposal.propose import write

    typer.echo(write(export, out))


@app.command()
def report(
    source: Source,
    month: Annotated[str, typer.Option(help="The closed month, YYYY-MM.")],
    more: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
    out: Annotated[Path, typer.Option(help="Folder that holds one folder per month.")] = Path("reports"),
    only: Annotated[list[str] | None, typer.Option(help="Run this notebook only (or these).")] = None,
    jobs: Annotated[int | None, typer.Option(help="Notebooks that run at the same time; default: processors.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Run also what was made from the same inputs.")] = False,
    by: Annotated[list[str] | None, typer.Option(help="Also pages for each region, team or rep.")] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Make every page anew and compare; nothing is overwritten.")
    ] = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="Also print every page, and all of them bound.")] = False,
    audience: Annotated[
        list[str] | None, typer.Option(help="Also the pack of this audience of audiences.toml (NAME or NAME:UNIT).")
    ] = None,
    scheduler: Annotated[str, typer.Option(help="Run on a Dask cluster: tcp://HOST:PORT or tls://HOST:PORT.")] = "",
    insecure: Annotated[bool, typer.Option("--insecure", help="Allow tcp:// beyond this machine.")] = False,
    tls_ca_file: Annotated[str, typer.Option(help="CA of the cluster (PEM); default: Dask's configuration.")] = "",
    tls_cert: Annotated[str, typer.Option(help="Certificate for the cluster (PEM).")] = "",
    tls_key: Annotated[str, typer.Option(help="Its key (PEM).")] = "",
) -> None:
    """Make the report of a month: run the notebooks, render the pages, write the index."""
    from salesops_helpers.report.month import report as run
    from salesops_helpers.report.progress import shown

    if more and not only:
        raise SalesOpsError(f"argument {more[0]!r} after the source", "one source", "name notebooks after --only")
    names = [*(only or ()), *(more or ())]
    tls = {"insecure": insecure, "ca_file": tls_ca_file, "cert": tls_cert, "key": tls_key}
    opened = _cluster(scheduler, jobs, **tls)
    if audience:
        from salesops_helpers.report import packs

        packs.check(source, audience)
    with shown(sys.stderr, _say) as say:
        index, results = run(source, month, out, names, jobs, force, tuple(by or ()), verify, pdf=pdf,
                             say=say, opened=opened)
    typer.echo(str(index))
    bad = any(result.status in ("failed", "differs") for result in results)
    for pack in packs.packs(source, month, out, audience, jobs, force, verify, _say, opened=opened) if audience else ():
        typer.echo(str(pack.folder / "index.html"))
        for reason in pack.reasons:
            _say(f"{pack.status}: {reason}")
        bad = bad or bool(pack.reasons)
    if bad:
        raise typer.Exit(1)


@app.command()
def dictionary(
    file: Annotated[Path, typer.Argument(help="File to write.")] = Path("data/README.md"),
) -> None:
    """Write the data dictionary: every table and column, with types, units and keys."""
    from salesops_helpers.data.dictionary import markdown

    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(markdown(), encoding="utf-8", newline="\n")
    except OSError as error:
        raise SalesOpsError(f"{file} cannot be written ({error.strerror})", "a file that can be written",
                            "choose another") from None
    typer.echo(str(file))


def _say(line: str) -> None:
    """A line of progress."""
    typer.echo(line, err=True)


def _cluster(scheduler: str, jobs: int | None, **options):
    """What runs the pages on a cluster; None where none is asked for."""
    if scheduler:
        from salesops_helpers.report.cluster import Cluster

        return Cluster.checked(scheduler, **options).opened(jobs)
    names = {"insecure": "--insecure", "ca_file": "--tls-ca-file", "cert": "--tls-cert", "key": "--tls-key"}
    if given := [names[name] for name, value in options.items() if value]:
        raise SalesOpsError(f"{given[0]} without --scheduler", "--scheduler tls://HOST:PORT", "name the scheduler")
    return None


def _groups() -> None:
    """Commands that have commands of their own."""
    from salesops_helpers.cli_pay import statements
    from salesops_helpers.cli_plan import plan

    app.add_typer(plan, name="plan")
    app.command()(statements)


_groups()


def main(arguments: list[str] | None = None) -> None:
    """Run the command and leave with its exit code: 0 done, 1 something failed, 2 the request was wrong.

    Whatever goes wrong is said in one line on stderr.
    """
    sys.exit(_exit_code(sys.argv[1:] if arguments is None else arguments))


def _exit_code(arguments: list[str]) -> int:
    try:
        code = app(arguments or ["--help"], standalone_mode=False) or 0
        return _fail(INTERRUPTED, code) if code == 130 else code
    except SalesOpsError as error:
        return _fail(str(error), 2)
    except (KeyboardInterrupt, typer.Abort):
        return _fail(INTERRUPTED, 130)
    except Exception as error:
        if hasattr(error, "format_message"):
            return _fail(_usage(error), 2)
        if "--debug" in arguments:
            raise
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS):
            return _fail(f"{error.strerror}: {error.filename or 'a file of the report'}; allowed: room to write to; "
                         "do: make room and run again (what was finished is in place)", 1)
        return _fail(f"unexpected {type(error).__name__}: {one_line(error)}; do: salesops --debug COMMAND …", 1)


def _usage(error) -> str:
    """What typer has against the arguments, in one line."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "salesops"
    where = getattr(getattr(error, "param", None), "opts", None)
    named = f"{max(where, key=len)}: " if where and max(where, key=len) not in error.format_message() else ""
    return f"{named}{error.format_message().rstrip('.')}; allowed: what the help lists; do: {command} --help"


def _fail(line: str, code: int) -> int:
    typer.echo(f"salesops: {one_line(line, 900)}", err=True)
    return code


if __name__ == "__main__":
    main()
