"""Who approved which version of a plan, and whether a month may be paid on it: one immutable file a version."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from salesops_helpers.comp.plans import Plan
from salesops_helpers.errors import SalesOpsError

FOLDER = "approved"  # beside the locked months


@dataclass(frozen=True)
class Approval:
    """One approved version: the plan, its fingerprint on that day, who approved it and when."""

    plan: str
    version: int
    fingerprint: str
    by: str
    at: str


def plan_hash(plan: Plan) -> str:
    """Twelve digits that change with any change of what a plan says."""
    return hashlib.sha256(repr(plan).encode("utf-8")).hexdigest()[:12]


def same_name(one: str | None, other: str | None) -> bool:
    """Are both the same name, whatever their capitals and spaces?"""
    return " ".join((one or "").split()).casefold() == " ".join((other or "").split()).casefold()


def approval_of(plan: Plan, folder: Path) -> Approval | None:
    """What is kept of the approval of this version, in the folder of the locked months; None where nothing is.

    Raises `SalesOpsError` where the file cannot be read, or the plan was changed after it was approved.
    """
    path = _path(plan, folder)
    if not path.exists():
        return None
    try:
        kept = Approval(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        raise SalesOpsError(f"{path} cannot be read", "the file as `salesops plan approve` wrote it",
                            "restore it from a backup") from None
    if kept.fingerprint != plan_hash(plan):
        raise SalesOpsError(
            f"plan {plan.plan!r} version {plan.version} was changed after {kept.by} approved it on {kept.at[:10]} "
            f"(fingerprint {kept.fingerprint} then, {plan_hash(plan)} now)", "an approved version as it was approved",
            f"take the change back, or write it as version {plan.version + 1} and have that approved",
        )
    return kept


def approve(plan: Plan, folder: Path, by: str, book=None, separate: bool = False) -> Approval:
    """Keep who approves a version of a plan, once and for all.

    Parameters
    ----------
    folder : Path
        The folder of the locked months.
    by : str
        Who approves it.
    book : Book, optional
        The locked months.
    separate : bool
        The company asks for separation of duties: who locked a month that the plan pays may not approve it.

    Raises
    ------
    SalesOpsError
        Where there is no name, the plan is a draft, its file names somebody else, this version was approved as
        something else, or duties are not separate.
    """
    by = " ".join(by.split())
    _may_approve(plan, by)
    if before := approval_of(plan, folder):
        return before
    if separate:
        _has_not_locked(plan, by, book)
    made = Approval(plan.plan, plan.version, plan_hash(plan), by, f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}")
    path = _path(plan, folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(asdict(made), indent=1), encoding="utf-8")
    os.replace(part, path)
    return made


def _may_approve(plan: Plan, by: str) -> None:
    name = f"plan {plan.plan!r} version {plan.version}"
    if not by:
        raise SalesOpsError(f"nobody approves {name}", "a name", "add --by NAME")
    if plan.status != "approved":
        raise SalesOpsError(f"{name} is a draft", "status: approved in its file, which is approved as it stands",
                            "write status: approved, then approve it")
    if plan.approved_by and not same_name(plan.approved_by, by):
        raise SalesOpsError(f"{by} approves {name}, whose file says approved_by: {plan.approved_by}",
                            f"--by {plan.approved_by!r}", "let that person approve it, or take the line out")


def _has_not_locked(plan: Plan, by: str, book) -> None:
    paid = f"{plan.plan} version {plan.version}"
    mine = [one for one in (book.locked if book else ()) if same_name(one.by, by) and paid in one.content["plans"]]
    if mine:
        raise SalesOpsError(
            f"{by} locked {mine[0].month:%Y-%m}, which plan {plan.plan!r} version {plan.version} pays, and would "
            "approve the plan", "another name than that of who locked: company.toml asks for separation of duties",
            "let somebody else approve it",
        )


def check_approved(plan: Plan, folder: Path, by: str, separate: bool) -> None:
    """Raises `SalesOpsError` where a month that a plan pays may not be locked by `by`."""
    name = f"plan {plan.plan!r} version {plan.version}"
    if plan.status != "approved":
        raise SalesOpsError(f"{name} is a draft", "approved plans", "have it approved")
    kept = approval_of(plan, folder)
    approver = kept.by if kept else plan.approved_by
    if separate and not approver:
        raise SalesOpsError(f"{name} does not say who approved it",
                            "an approval: company.toml asks for separation of duties",
                            "salesops plan approve FILE --by NAME")
    if separate and same_name(approver, by):
        raise SalesOpsError(
            f"{by.strip()} approved {name} and would lock the month that it pays",
            "another name than that of who approved it: company.toml asks for separation of duties",
            "let somebody else lock the month",
        )


def _path(plan: Plan, folder: Path) -> Path:
    return Path(folder) / FOLDER / f"{plan.plan}.v{plan.version}.json"
