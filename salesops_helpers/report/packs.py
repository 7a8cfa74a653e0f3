"""The packs of a month: for each audience its pages made from what it may see, in a folder to be handed over.

The pages are made like those of the company, from a company folder that holds no more (see `veiled`), in
``OUT/YYYY-MM/.packs/<name>/``, which stays with whoever runs the report: there the records lie by which a page is kept,
made anew or verified. What is handed over lies in ``OUT/YYYY-MM/audiences/<name>/``.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from salesops_helpers.data.home import find_source
from salesops_helpers.report import audiences, folder, forked, inputs, record, runner
from salesops_helpers.report.audiences import Audience
from salesops_helpers.report.making import FAILED, Making, Opened, Result
from salesops_helpers.report.request import Asked, Request, asked
from salesops_helpers.report.units import slug

if TYPE_CHECKING:
    from salesops_helpers.data.container import Tables

KEPT, MADE, DIFFERS, REPRODUCED = "kept", "complete", "differs", "reproduced"
RECORD = "made.json"


@dataclass(frozen=True)
class Pack:
    """One pack: its folder, what became of it, and why where that is not good."""

    folder: Path
    status: str
    reasons: list[str] = field(default_factory=list)


@dataclass
class _Run:
    """What all packs of a run share; the company's tables are read once, and only where a pack has to be made."""

    home: Path
    month: str
    place: Path
    jobs: int | None
    force: bool
    verify: bool
    say: Callable[[str], None]
    limit: float
    opened: Opened
    run_at: dt.datetime

    @cached_property
    def everything(self) -> Tables:
        """The company's tables before the cut."""
        from salesops_helpers.data.load import read_all

        return read_all(self.home)[0]

    @cached_property
    def tables(self) -> Tables:
        from salesops_helpers.data.load import cut

        return cut(self.everything, month=self.month)

    @cached_property
    def resting(self) -> str:
        """The hash of what the company's own pages rest on; a database is asked for its state."""
        is_database = inputs.Home.of(self.home).is_database
        return inputs.inputs(self.home, self.everything.engine.state() if is_database else "").hash


def check(source: str, names: Sequence[str]) -> None:
    """Raise `SalesOpsError` for the first thing that is wrong with the audiences asked for; no data are read."""
    found = audiences.asked_for(find_source(source), names)
    if any("pdf" in audience.hand_outs for _, audience, _ in found):
        from salesops_helpers.report.pdf import browser

        browser()


def packs(
    source: str, month: str, out: str | Path, names: Sequence[str], jobs: int | None = None, force: bool = False,
    verify: bool = False, say: Callable[[str], None] = lambda line: None, limit: float = runner.TIME_LIMIT,
    opened: Opened | None = None,
) -> list[Pack]:
    """Make the packs of these audiences (``NAME``, or ``NAME:UNIT`` for one of its units) in ``out/month/audiences/``.

    Parameters are those of `salesops_helpers.report.month.report`. A pack whose pages rest on the same inputs, the
    audience's definition among them, is kept. Raises `SalesOpsError` where the request is wrong.
    """
    from salesops_helpers.report.executors import opened as threads

    home = find_source(source)
    found = audiences.asked_for(home, names)
    run = _Run(home, month, Path(out).absolute() / month, jobs, force, verify, say, limit, opened or threads,
               dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0))
    (run.place / ".packs").mkdir(parents=True, exist_ok=True, mode=0o700)
    with forked.served():
        return [pack for name, audience, unit in found for pack in _of_audience(run, name, audience, unit)]


def _of_audience(run: _Run, name: str, audience: Audience, unit: str) -> list[Pack]:
    """The packs of one audience, or that of one of its units; packs made by another definition go."""
    entries = audiences.pages(run.home, name, audience)
    aside, given = run.place / ".packs" / name, run.place / "audiences" / name
    definition = {"name": name, **audiences.as_plain(audience)}
    notebooks = {entry.stem: inputs.digest(entry.path) for entry in entries}
    key = inputs.hashed([run.resting, definition, notebooks, run.month])
    last = record.read(aside / RECORD)
    last = last if last.get("key") == key and isinstance(last.get("packs"), dict) else {}
    if not run.verify and not run.force and (kept := _kept(last, unit, given)):
        run.say(f"audiences/{name}: kept, made from the same inputs")
        return kept
    made: dict[str, Mapping[str, str]] = {}
    done = []
    for one in [unit] if unit or not audience.by else _units(run, audience):
        pack, files, place = _one(run, name, audience, one, definition, last)
        done.append(pack)
        made[place] = {} if pack.status == FAILED else files
    if not run.verify:
        known = {**last.get("packs", {}), **made}
        _sweep(given, aside, known if audience.by else {"": {}})
        folder.replace(aside / RECORD, json.dumps(
            {"key": key, "all": not unit or bool(last.get("all")), "packs": known}, indent=1).encode())
    return done


def _kept(last: Mapping, unit: str, given: Path) -> list[Pack]:
    """The packs asked for, where all are there as they were made."""
    if not last or not unit and not last.get("all"):
        return []
    places = {slug(unit): last["packs"].get(slug(unit), {})} if unit else last["packs"]
    good = all(files and _files(given / place) == files for place, files in places.items())
    return [Pack(given / place, KEPT) for place in places] if good else []


def _units(run: _Run, audience: Audience) -> list[str]:
    from salesops_helpers.report.facts import units_of

    if audience.units == "each":
        return [unit.name for unit in units_of(run.tables, [audience.by])]
    return list(audience.units)


def _one(
    run: _Run, name: str, audience: Audience, unit: str, definition: Mapping, last: Mapping,
) -> tuple[Pack, dict[str, str], str]:
    """Make one pack; gives it, its files with their hashes, and its place within the audience's folder."""
    from salesops_helpers.data.veil import veiled
    from salesops_helpers.report.veiled import write_company

    sight = audience.sight(name, unit)
    seen = None if sight.whole else veiled(run.tables, sight)
    place = slug(seen.unit if audience.by == "rep" and not sight.names else unit) if unit else ""
    aside, target = run.place / ".packs" / name / place, run.place / "audiences" / name / place
    said = f"audiences/{name}{'/' * bool(place)}{place}"
    aside.mkdir(parents=True, exist_ok=True, mode=0o700)
    with folder.held(aside) as staging:
        home = run.home
        if seen is not None:
            home = (staging if run.verify else aside) / "company"
            write_company(seen, audiences.pages(run.home, name, audience), definition, home)
        label = (audience.label or name) + (f", {seen.unit}" if seen is not None and seen.unit else "")
        wanted = asked(str(home), run.month, aside, audience.notebooks, run.jobs, run.force, (), run.verify)
        wanted = replace(wanted, audience=label, listed=wanted.entries, source="company")
        request, results = _results(run, wanted, said)
        if run.verify:
            return _compared(results, target, last.get("packs", {}).get(place, {})), {}, place
        from salesops_helpers.report.packing import assemble

        fresh = staging / run.month
        assemble(request, results, audience, run.run_at, fresh)
        files = _files(fresh)
        _put(fresh, target, staging, run.place / "audiences")
    failed = [f"{said}/{result.entry.stem}: {result.reason}" for result in results if result.status == FAILED]
    run.say(f"{said}: {FAILED if failed else MADE}, {len(files)} files")
    return Pack(target, FAILED if failed else MADE, failed), files, place


def _results(run: _Run, wanted: Asked, said: str) -> tuple[Request, list[Result]]:
    """The audience's pages made, or verified."""
    from salesops_helpers.report.facts import checked
    from salesops_helpers.report.indexes import run_record
    from salesops_helpers.report.month import handing_over
    from salesops_helpers.report.verify import Verifying

    def say(line: str) -> None:
        run.say(f"{said}/{line}")

    with folder.held(wanted.folder) as staging:
        request = checked(wanted)
        with handing_over(request, staging / "given"):
            kind = Verifying if run.verify else Making
            results = kind(request, staging, run.run_at, say, run.limit).results(run.opened)
            request = request.read_through()
            if not run.verify:
                record.write_run(wanted.folder, run_record(request, results, [], run.run_at, 0.0))
    return request, results


def _compared(results: Iterable[Result], target: Path, files: Mapping[str, str]) -> Pack:
    """What verifying found: pages that are not reproduced, and files of the pack that are not as they were made."""
    reasons = [f"{result.entry.stem}: {result.reason}" for result in results if result.status == DIFFERS]
    there = _files(target)
    reasons += [f"{target / name} is not as it was made" for name in sorted({*there, *files})
                if there.get(name) != files.get(name)]
    return Pack(target, DIFFERS if reasons else REPRODUCED, reasons)


def _files(place: Path) -> dict[str, str]:
    files = (path for path in sorted(place.rglob("*")) if path.is_file())
    return {path.relative_to(place).as_posix(): inputs.digest(path) for path in files}


def _put(fresh: Path, target: Path, staging: Path, top: Path) -> None:
    """Put a finished pack where the old one was."""
    for parent in reversed([parent for parent in target.parents if parent == top or top in parent.parents]):
        parent.mkdir(exist_ok=True, mode=0o700)
    if target.exists():
        target.rename(staging / "old")
    fresh.rename(target)


def _sweep(given: Path, aside: Path, known: Iterable[str]) -> None:
    """Remove packs of units that another definition had: its rights were others."""
    if "" in known:
        return
    for place in (given, aside):
        for path in place.iterdir() if place.is_dir() else ():
            if path.is_dir() and path.name not in known:
                shutil.rmtree(path)
            elif path.is_file() and place == given:
                path.unlink()


