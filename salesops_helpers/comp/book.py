"""The book of locked months: what was paid, by whom it was locked and when, one immutable file a month."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from salesops_helpers.comp.approval import check_approved, plan_hash
from salesops_helpers.comp.aside import DEAL, HELD, SPLIT, reasons, unpaid
from salesops_helpers.comp.run import LINE
from salesops_helpers.comp.settle import COLUMNS
from salesops_helpers.comp.statements import Statements, nothing, statements
from salesops_helpers.data.company import Company
from salesops_helpers.data.container import Tables
from salesops_helpers.data.home import state_folder
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.words import counted, joined, money

ASIDE = ["opportunity_id", "rep_id", "reason"]
PARTS = {"lines", "paid", "deals", "splits", "aside", "plans"}
DATES = ("month", "refers", "closed_on")


@dataclass(frozen=True)
class Locked:
    """One locked month: who locked it, when, the hash of its content, and the content."""

    month: pd.Timestamp
    by: str
    at: str
    digest: str
    content: dict


@dataclass(frozen=True)
class Book:
    """Locked months in order."""

    locked: tuple[Locked, ...] = field(default=())

    @property
    def months(self) -> list[pd.Timestamp]:
        return [one.month for one in self.locked]

    @property
    def lines(self) -> pd.DataFrame:
        """Every booked line: `statements.LINE`."""
        return self._frame("lines", LINE)

    @property
    def paid(self) -> pd.DataFrame:
        """What was paid and owed: `settle.COLUMNS` and currency."""
        return self._frame("paid", [*COLUMNS, "currency"])

    @property
    def deals(self) -> pd.DataFrame:
        """The deals behind the lines, as they were when they were paid."""
        return self._frame("deals", DEAL)

    @property
    def splits(self) -> pd.DataFrame:
        """The shares of those deals, as they were in the last month that paid them."""
        last = {row[0]: one.month for one in self.locked for row in one.content["deals"]}
        rows = [row for one in self.locked for row in one.content["splits"] if last[row[0]] == one.month]
        return pd.DataFrame(rows, columns=SPLIT)

    @property
    def aside(self) -> pd.DataFrame:
        """The deals that were set aside when a month was locked: opportunity_id, rep_id, reason."""
        return self._frame("aside", ASIDE)

    def before(self, month: pd.Timestamp) -> Book:
        return Book(tuple(one for one in self.locked if one.month < month))

    def of(self, month: pd.Timestamp) -> Locked | None:
        return next((one for one in self.locked if one.month == month), None)

    def _frame(self, name: str, columns: list[str]) -> pd.DataFrame:
        rows = [row for one in self.locked for row in one.content[name]]
        frame = pd.DataFrame(rows, columns=columns)
        for column in columns:
            if column in DATES:
                frame[column] = pd.to_datetime(frame[column], format="%Y-%m-%d").astype("datetime64[ns]")
            elif column != "amount":
                frame[column] = frame[column].astype(object)
        return frame


def book_folder(company: Company) -> Path:
    """Where a company's locked months lie: ``pay`` in its state folder."""
    return state_folder(company.home, company.state, company.name) / "pay"


def read_book(folder: Path) -> Book:
    """The locked months in a folder; none where it is not there.

    Raises `SalesOpsError` where a file was changed after it was locked.
    """
    found = []
    for path in sorted(Path(folder).glob("????-??.json")):
        try:
            given = json.loads(path.read_text(encoding="utf-8"))
            one = Locked(pd.Timestamp(path.stem), given["by"], given["at"], given["digest"], given["content"])
            whole = digest(one.content) == one.digest
        except (OSError, ValueError, KeyError, TypeError):
            whole = False
        if not whole:
            raise SalesOpsError(
                f"{path} is not as it was locked", "the file as `--lock` wrote it", "restore it from a backup"
            )
        if lacking := PARTS - set(one.content):
            raise SalesOpsError(
                f"{path} lacks {joined(sorted(lacking))}: it was locked by an earlier version", "months with all parts",
                "move the file away and lock the month again, on the tables as they were known then",
            )
        found.append(one)
    return Book(tuple(found))


def month_of_pay(tables: Tables, month) -> Statements:
    """The statements of a month with the company's own plans and its book of locked months, as far as there are any.

    Without plan_assignments nobody is paid, and the statements are empty.
    """
    if not tables.has("plan_assignments"):
        return nothing(tables, month)
    return statements(tables, month, book=read_book(book_folder(tables.company)))


def content_of(made: Statements, tables: Tables) -> dict:
    """What is locked of a month's statements, as plain data."""
    used = made.lines["opportunity_id"].dropna().unique()
    used = set(used) - set(made.aside.loc[made.aside["status"] == HELD, "opportunity_id"])  # the book has them
    deals, splits = (frame[frame["opportunity_id"].isin(used)].astype({"opportunity_id": object})
                     for frame in (tables.opportunities, tables.splits))
    paid = made.summary.assign(earned=made.summary["earned"] + made.summary["corrected"])
    plans = {f"{name} version {version}": plan_hash(plan) for (name, version), plan in made.plans.items()
             if ((made.lines["plan"] == name) & (made.lines["version"] == version)).any()}
    return {
        "lines": _rows(made.lines[LINE]),
        "paid": _rows(paid[[*COLUMNS, "currency"]]),
        "deals": _rows(deals[DEAL]),
        "splits": _rows(splits[SPLIT]),
        "aside": _rows(made.aside[made.aside["opportunity_id"].isin(unpaid(made.aside)["opportunity_id"])][ASIDE]),
        "plans": plans,
    }


def digest(content: dict) -> str:
    """The SHA-256 of a content, whatever the order of its rows."""
    ordered = {name: sorted(map(json.dumps, rows)) if isinstance(rows, list) else rows
               for name, rows in content.items()}
    return hashlib.sha256(json.dumps(ordered, sort_keys=True).encode("utf-8")).hexdigest()


def lock(
    made: Statements, tables: Tables, folder: Path, by: str, separate: bool = False, with_set_aside: bool = False
) -> Locked:
    """Lock a month: write what is paid into the book, once and for all.

    Parameters
    ----------
    by : str
        Who locks it.
    separate : bool
        The company asks for separation of duties: who approved a plan that is paid may not lock the month.
    with_set_aside : bool
        Lock it although deals of it are set aside: they are then paid with a later month.

    Raises
    ------
    SalesOpsError
        Where the month is locked with another content, an earlier month that was locked is followed by a gap, pay is
        not computed for somebody, deals are set aside and nobody says so, a plan is a draft or was changed after it was
        approved, or duties are not separate.
    """
    if not by.strip():
        raise SalesOpsError("nobody locks the month", "a name", "add --by NAME")
    _payable(made, Path(folder), by, separate, with_set_aside)
    book, path = read_book(folder), Path(folder) / f"{made.month:%Y-%m}.json"
    content = content_of(made, tables)
    given = Locked(made.month, by.strip(), f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}", digest(content),
                   content)
    if before := book.of(made.month):
        if before.digest == given.digest:
            return before
        raise SalesOpsError(
            f"{made.month:%Y-%m} was locked by {before.by} on {before.at[:10]} and would be paid otherwise now",
            "a locked month, as it was paid", "pay the differences with the next month",
        )
    if book.months and made.month != book.months[-1] + pd.DateOffset(months=1):
        raise SalesOpsError(
            f"{made.month:%Y-%m} does not follow {book.months[-1]:%Y-%m}, the last locked month",
            f"{book.months[-1] + pd.DateOffset(months=1):%Y-%m}", "lock the months one after the other",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps({"by": given.by, "at": given.at, "digest": given.digest, "content": content}, indent=1),
                    encoding="utf-8")
    os.replace(part, path)
    return given


def _payable(made: Statements, folder: Path, by: str, separate: bool, with_set_aside: bool) -> None:
    bad = made.components[made.components["status"] != "computed"]
    if len(bad):
        row = bad.iloc[0]
        raise SalesOpsError(
            f"pay of rep {row['rep_id']!r} on plan {row['plan']!r} is {row['status']}",
            "a month in which all pay is computed", "add what is missing, then lock the month",
        )
    used = made.lines[["plan", "version"]].dropna().drop_duplicates()
    for name, version in zip(used["plan"], used["version"], strict=True):
        check_approved(made.plans[(name, int(version))], folder, by, separate)
    waiting = unpaid(made.aside)
    if len(waiting) and not with_set_aside:
        raise SalesOpsError(
            f"{counted(len(waiting), 'deal')} of {money(waiting['amount'].sum(), waiting['currency'].iloc[0], 2)} set "
            f"aside and not yet paid, {reasons(waiting)}", "a month in which every deal is paid, or --with-set-aside",
            "mend the deals, or lock the month without them with --with-set-aside: they are paid once they are mended",
        )


def what_changed(made: Statements, tables: Tables, locked: Locked) -> pd.DataFrame:
    """Where a rerun of a locked month differs from what was paid: rep_id, component, opportunity_id, paid, now, in
    minor units; no rows where it is the same."""
    key = ["rep_id", "plan", "component", "opportunity_id", "refers"]
    then = Book((locked,)).lines
    now = made.lines
    both = [f.assign(opportunity_id=f["opportunity_id"].fillna(""), plan=f["plan"].fillna("")).groupby(key)[
        "minor"].sum().astype("int64") for f in (then, now)]
    frame = pd.concat(both, axis=1, keys=["paid", "now"]).fillna(0).astype("int64").reset_index()
    return frame[frame["paid"] != frame["now"]].reset_index(drop=True)


def _rows(frame: pd.DataFrame) -> list[list]:
    """A frame as rows of plain values: dates as text, integers, None."""
    plain = pd.DataFrame(index=frame.index)
    for name in frame:
        values = frame[name]
        if values.dtype.kind == "M":
            values = values.dt.strftime("%Y-%m-%d")
        plain[name] = values.astype(object).where(values.notna(), None)
    kinds = {"minor", "version", "earned", "guarantee", "draw", "forgiven", "paid", "owed"}
    for name in kinds & set(plain):
        plain[name] = plain[name].map(lambda v: None if v is None else int(v)).astype(object)
        plain[name] = plain[name].where(plain[name].notna(), None)
    return plain.to_numpy(object).tolist()
