"""The record of a run, and the first pages made from it: one of the company, one of each unit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from salesops_helpers.errors import SalesOpsError
from salesops_helpers.report import folder, handout, pages, record
from salesops_helpers.report.letter import previous_months
from salesops_helpers.report.making import COMPLETE, EARLIER, FAILED, KEPT, Result, earlier_units, edition
from salesops_helpers.report.request import Request
from salesops_helpers.report.units import LEVELS, Unit


def write(
    request: Request, results: Sequence[Result], run_at: dt.datetime, seconds: float, pdf: bool = False,
) -> Path:
    """Write record.json, the unit's indexes, workbook and mail, and the company's index; gives its path.

    With `pdf` every page is printed too. Raises `SalesOpsError` where the browser does not print; the rest is there.
    """
    place, units = request.asked.folder, _units(request)
    cards = [card(result) for result in results if not result.unit.by]
    letter, kept = handout.letter(place, request.facts, cards, summary(results), request.asked.last.get("letter"))
    record.write_run(place, {**run_record(request, results, units, run_at, seconds), "letter": kept})
    shelves: dict[Unit, list[Result]] = {}
    for result in results:
        shelves.setdefault(result.unit, []).append(result)
    for unit in units:
        if own := shelves.get(unit):
            theirs = [card(result) for result in own]
            html = pages.index(theirs, edition(request, unit), [], [], summary(own), run_at)
            folder.replace(place / unit.folder / "index.html", html.encode())
    handed = handout.Handed(place, letter, {result.task.key: result.status == COMPLETE for result in results})
    handed.write(_about(results))

    def index(files: Sequence[Mapping[str, str]]) -> None:
        html = pages.index(cards, edition(request), _rows(request), request.facts["notes"], summary(results), run_at,
                           _levels(units, shelves, _outside(request)), letter, previous_months(place), files)
        folder.replace(place / "index.html", html.encode())

    index(handed.files(pdf))
    if pdf:
        try:
            handed.print()
        except SalesOpsError:
            index(handed.files(False))
            raise
    return place / "index.html"


def _about(results: Sequence[Result]) -> dict[str, str]:
    """Table → the title of the page that publishes it."""
    return {name: result.entry.title for result in results for name in result.entry.publishes}


def run_record(
    request: Request, results: Sequence[Result], units: Sequence[Unit], run_at: dt.datetime, seconds: float,
) -> dict[str, object]:
    """What a run leaves for the next one and for whoever asks: plain JSON.

    Returns
    -------
    dict
        month, run (at, seconds, jobs, force, by), the facts of `Request`, inputs (the hash of what every page rests
        on), versions, outside (level → deals in none of its units), units, pages (for each its title, status, reason,
        headline, inputs, seconds).
    """
    wanted = request.asked
    run = {"at": f"{run_at.isoformat()}Z", "seconds": round(seconds, 2), "jobs": wanted.jobs, "force": wanted.force,
           "by": list(wanted.by)}
    return {
        "month": wanted.month, "run": run, **request.facts, "inputs": request.inputs.hash,
        "outside": _outside(request), "units": [vars(unit) for unit in units],
        "versions": dict(request.inputs.versions),
        "pages": {result.task.key: _page(result) for result in results},
    }


def _page(result: Result) -> dict[str, object]:
    page = result.page
    return {"title": result.entry.title, "status": result.status, "reason": result.reason,
            "headline": page.get("headline", ""), "inputs": page.get("inputs", ""), "seconds": page.get("seconds", {})}


def _outside(request: Request) -> dict[str, int]:
    """Level → deals in none of its units, also for levels that only an earlier run on the same inputs was asked for."""
    last = request.asked.last
    known = last.get("outside", {}) if last.get("inputs") == request.inputs.hash else {}
    return {**known, **request.outside}


def _units(request: Request) -> list[Unit]:
    """The units of this run, and those of levels that only an earlier run was asked for."""
    earlier = [unit for unit in earlier_units(request) if unit.by not in request.asked.by]
    return sorted([*request.units, *earlier], key=lambda unit: LEVELS.index(unit.by))


def _levels(
    units: Iterable[Unit], shelves: Mapping[Unit, Sequence[Result]], outside: Mapping[str, int],
) -> list[dict[str, object]]:
    """For each level its units that have pages: where its index is, and how it stands."""
    found: dict[str, list[dict[str, str]]] = {}
    for unit in units:
        if own := shelves.get(unit):
            states = {_state(result) for result in own}
            status = next((state for state in (FAILED, "stale", EARLIER, KEPT) if state in states), COMPLETE)
            found.setdefault(unit.by, []).append({
                "label": unit.label, "page": f"{unit.folder}/index.html", "status": status,
                "said": f"{sum(result.status == FAILED for result in own)} failed" if status == FAILED else ""})
    return [{"by": by, "units": rows, "outside": _said_of(by, outside.get(by, 0))} for by, rows in found.items()]


def _said_of(by: str, deals: int) -> str:
    what = "owner" if by == "rep" else f"{by} of the owner"
    return f"{_counted(deals, 'deal')} whose {what} is not known for this day: on no page below." if deals else ""


def _rows(request: Request) -> list[dict[str, str]]:
    return [{"table": count["table"], **{key: f"{count[key]:,}" for key in ("rows_in", "used", "set_aside")},
             "reasons": _reasons(count["reasons"])} for count in request.facts["tables"]]


def _reasons(counts: Mapping[str, int], most: int = 3) -> str:
    """The most frequent reasons with their numbers of rows, and how many more there are."""
    named = [f"{reason} ({n:,})" for reason, n in list(counts.items())[:most]]
    more = len(counts) - most
    return "; ".join([*named, *([f"and {_counted(more, 'more reason')}"] if more > 0 else [])])


def _state(result: Result) -> str:
    return "stale" if result.status == EARLIER and not result.fresh else result.status


def card(result: Result) -> dict[str, str]:
    entry, page = result.entry, result.page
    said = {
        COMPLETE: "complete", KEPT: "complete, kept: its inputs have not changed",
        EARLIER: "complete, from an earlier run" if result.fresh
        else "from an earlier run, on inputs that have changed since",
        FAILED: "failed; the page is the last good one" if page else "failed; there is no page",
    }[result.status]
    return {
        "stem": entry.stem, "title": entry.title, "question": entry.question, "reader": entry.reader,
        "status": _state(result), "said": said, "page": f"{entry.stem}.html" if page else "",
        "headline": str(page.get("headline", "")), "reason": result.reason,
    }


def summary(results: Sequence[Result]) -> str:
    failed = [result for result in results if result.status == FAILED]
    if not failed:
        return f"{_counted(len(results), 'page')}, all complete."
    names = [result.entry.title + (f" ({result.unit.label})" if result.unit.by else "") for result in failed]
    more = f" and {len(names) - 6} more" if len(names) > 6 else ""
    return f"{len(results) - len(failed)} of {_counted(len(results), 'page')} complete. Failed: " \
        f"{', '.join(names[:6])}{more}."


def _counted(n: int, one: str) -> str:
    return f"{n:,} {one if n == 1 else one + 's'}"
