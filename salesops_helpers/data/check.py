"""What a source holds: rows in, used and set aside by table and reason, and a first look at the figures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from salesops_helpers import words
from salesops_helpers.data.container import Tables
from salesops_helpers.data.load import read_all
from salesops_helpers.data.looks import observations
from salesops_helpers.data.marks import counted
from salesops_helpers.data.quality import Checker, stacked
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.publish import csv_safe

SET_ASIDE_FILE, FLAGS_FILE = "set_aside.csv", "flags.csv"


@dataclass(frozen=True)
class CheckReport:
    """The result of a check.

    Attributes
    ----------
    counts : DataFrame
        table, file, rows_in, used, set_aside, flagged; rows_in = used + set_aside in each row.
    set_aside : DataFrame
        table, file, source_line, key, rule, reason, dated, row (the row as given, JSON).
    flags : DataFrame
        table, file, source_line, key, rule, reason, dated, doubts; rows that are used and worth a mark.
    mapped : DataFrame
        table, column, was, now, rows: how often each value map of company.toml was used.
    text : str
        All of it for reading.
    """

    counts: pd.DataFrame
    set_aside: pd.DataFrame
    flags: pd.DataFrame
    mapped: pd.DataFrame
    text: str


def check(source: str | Path, out: Path | None = None) -> CheckReport:
    """Read and check every table of a source; the set-aside rows and the flags go to ``out/set_aside.csv`` and
    ``out/flags.csv`` where `out` is given.

    Raises `SalesOpsError` where the source cannot be read, or `out` lies inside the source's data.
    """
    tables, checker = read_all(source)
    done = {name: checker.table(name) for name in checker.names}
    flags, set_aside = tables.flags, tables.set_aside
    flagged = flags.groupby("table")["key"].nunique()
    counts = pd.DataFrame([
        {"table": name, "file": checker.source.label(name), "rows_in": c.rows_in, "used": c.rows_used,
         "set_aside": len(c.set_aside), "flagged": int(flagged.get(name, 0))}
        for name, c in done.items()
    ])
    mapped = stacked([c.mapped for c in done.values()], ["table", "column", "was", "now", "rows"])
    folder = None if out is None else _write({SET_ASIDE_FILE: set_aside, FLAGS_FILE: flags}, Path(out), checker)
    text = _text(tables, counts, set_aside, flags, mapped, folder, _as_read(checker))
    return CheckReport(counts, set_aside, flags, mapped, text)


def _write(frames: dict[str, pd.DataFrame], out: Path, checker: Checker) -> Path:
    folder = checker.company.data_folder.resolve()
    if folder in (out.resolve(), *out.resolve().parents):
        raise SalesOpsError(f"--out {out} lies inside the data folder {folder}", "a folder elsewhere", "choose another")
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, frame in frames.items():
            csv_safe(frame).to_csv(out / name, index=False, lineterminator="\n", date_format="%Y-%m-%d")
    except OSError as error:
        raise SalesOpsError(f"--out {out} cannot be written ({error.strerror})", "a folder that can be written",
                            "choose another") from None
    return out


def _text(tables: Tables, counts, set_aside, flags, mapped, folder: Path | None, as_read: list[str]) -> str:
    company = tables.company
    lines = [f"{company.name}: data up to {words.day_name(tables.extract_date)}", ""]
    lines += [_columns(counts), ""]
    total = counts[["rows_in", "used", "set_aside"]].sum()
    lines += [f"All tables: {total['rows_in']:,} rows in = {total['used']:,} used + {total['set_aside']:,} set aside."]
    lines += as_read
    lines += _grouped("Set aside: these rows are in no figure", set_aside, company)
    seen = observations(tables)
    lines += ["", "Look at this", *(f"  {sentence}" for sentence in seen)] if seen else []
    lines += _grouped("Flagged: these rows are used, and worth a look", flags, company)
    if len(mapped):
        lines += ["", "Values mapped by company.toml"]
        lines += _lines("  {table}.{column}: {was} → {now}, {rows:,} rows", mapped)
    if folder is not None:
        lines += ["", f"Each set-aside row with its reason: {folder / SET_ASIDE_FILE}",
                  f"Each flag: {folder / FLAGS_FILE}"]
    return "\n".join([*lines, "", *_first_look(tables)])


def _as_read(checker: Checker) -> list[str]:
    """How each file was read: what was found out about it, not assumed."""
    lines = [f"  {label}: " + "; ".join(f"{fact} {found}" for fact, found in facts.items())
             for files in checker.facts.values() for label, facts in files.items() if facts]
    return ["", "How the files were read", *lines] if lines else []


def _columns(frame: pd.DataFrame) -> str:
    shown = frame.rename(columns=lambda c: c.replace("_", " "))
    return shown.to_string(index=False, formatters=dict.fromkeys(shown.columns[2:], "{:,}".format))


def _grouped(title: str, rows: pd.DataFrame, company) -> list[str]:
    return ["", title, *_lines("  {rows:>7,}  {table}: {reason}\n           {means}", counted(rows, company))] if len(
        rows) else []


def _lines(template: str, frame: pd.DataFrame) -> list[str]:
    return [template.format(**record) for record in frame.to_dict("records")]


def _first_look(tables: Tables) -> list[str]:
    """The closed win rate and the won value of the last twelve months, to compare with what the CRM shows."""
    deals = tables.opportunities
    status = deals["status"].value_counts()
    won, closed = status.get("won", 0), status.get("won", 0) + status.get("lost", 0)
    rate = f"{words.percent(won / closed, 2)} ({won:,} won of {closed:,} closed)" if closed else "nothing closed yet"
    sold = deals[deals["status"] == "won"]
    value = sold.groupby(sold["closed_on"].dt.strftime("%Y-%m"))["amount"].sum().tail(12)
    months = _lines("  {month}  {value:>16,.2f}", value.rename_axis("month").reset_index(name="value"))
    return [f"Closed win rate: {rate}", f"Won value by month, {tables.company.currency}", *months]
