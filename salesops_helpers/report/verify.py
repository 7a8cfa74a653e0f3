"""Is a report what its inputs give? Every page made anew beside it, compared byte for byte, nothing overwritten."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from salesops_helpers.errors import listed, one_line
from salesops_helpers.report import record
from salesops_helpers.report.frozen import LEDGER
from salesops_helpers.report.making import KEEP, Making, Result
from salesops_helpers.report.plan import Task
from salesops_helpers.report.work import Done, record_name

REPRODUCED, DIFFERS = "reproduced", "differs"
OF_THE_RUN = re.compile(r'<time class="run".*?</time>|<details class="passport">.*?</details>', re.DOTALL)
TAG = re.compile(r"<style>.*?</style>|<[^>]*>", re.DOTALL)
PICTURE = re.compile(r"base64,[A-Za-z0-9+/=]+")
AROUND = 30


class Verifying(Making):
    """A run that makes every page anew in the staging folder and compares it with the one that is there."""

    def tables(self, task: Task) -> Path:
        return self._staging(task) / "tables" if task in self.done else super().tables(task)

    def fresh(self, task: Task) -> Mapping[str, object]:
        return self.done[task].page if task in self.done else self.fresh_page(task)

    def finished(self, task: Task, done: Done) -> Result:
        if not done.complete:
            reason = f"{done.cell}: {done.reason}" if done.cell else done.reason
            return Result(task.entry, DIFFERS, f"it could not be made again ({reason})", done.seconds, {}, task.unit)
        staging, place, stem = self._staging(task), self.folder / task.unit.folder, task.entry.stem
        new, old = record.read_page(staging, stem), record.read_page(place, stem)
        found = differences(old, place, new, staging) if old else ["there is no page to compare it with"]
        page = {key: new[key] for key in KEEP}
        return Result(task.entry, DIFFERS if found else REPRODUCED, "; ".join(found), done.seconds, page, task.unit)

    def clear(self, task: Task) -> None:
        """Tables stay for those that read them, until the run ends."""
        stem = task.entry.stem
        for name in (f"{stem}.html", f"{stem}.ipynb", record_name(stem)):
            (self._staging(task) / name).unlink(missing_ok=True)

    def source_shown(self, task: Task) -> str:
        return str(self._recorded(task).get("parameters", {}).get("source", self.asked.source))

    def commit(self, task: Task) -> str:
        """The recorded one, where the helpers are those it was given for: it names them and changes nothing."""
        recorded = self._recorded(task)
        same = recorded.get("rests_on", {}).get("package") == self.request.inputs.package
        return str(recorded.get("commit", "")) if same else super().commit(task)

    def _is_good(self, task: Task, page_inputs: str) -> bool:
        return False

    def _recorded(self, task: Task) -> Mapping[str, object]:
        return record.read_page(self.folder / task.unit.folder, task.entry.stem)


def differences(old: Mapping[str, object], place: Path, new: Mapping[str, object], staging: Path) -> list[str]:
    """What differs between a page (its record `old`, its files in `place`) and the same page made anew: files that were
    changed after they were made, inputs, then content with the first text that differs; nothing where all is equal."""
    edited = record.changed_files(old, place)
    found = [f"not as it was made: {listed(edited)}"] if edited else []
    inputs = _inputs(old, new)
    found += [f"its inputs have changed: {listed(inputs, 6)}"] if inputs else []
    names = sorted({*old["files"], *new["files"]}, key=lambda name: (not name.endswith(".csv"), name))
    content = list(filter(None, (_content(name, place / name, staging / name) for name in names)))
    if inputs and not content:
        return [*found, "its content is the same"]
    return found + content


def _inputs(old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    """Each input that is another now: file, helpers, version, parameter, table read."""
    was, now = old.get("rests_on", {}), new["rests_on"]
    found = [f"notebook {new['notebook']}"] if was.get("notebook") != now["notebook"] else []
    found += _changed(was.get("data", {}), now["data"]) + _changed(was.get("company", {}), now["company"])
    found += ["helpers"] if was.get("package") != now["package"] else []
    found += [f"version of {name}" for name in _changed(old.get("versions", {}), new["versions"])]
    found += ["earlier forecasts in the ledger" if name == LEDGER else f"table {name} of another page"
              for name in _changed(was.get("reads", {}), now["reads"])]
    return found + [f"parameter {name}" for name in _changed(old.get("parameters", {}), new["parameters"])]


def _changed(was: Mapping[str, object], now: Mapping[str, object]) -> list[str]:
    return [name for name in sorted({*was, *now}) if was.get(name, was) != now.get(name, now)]


def _content(name: str, old: Path, new: Path) -> str:
    """What differs in one file; empty where nothing does but the moment of the run and the passport."""
    if not old.is_file() or not new.is_file():
        return f"{name} is {'not there' if not old.is_file() else 'no longer made'}"
    before, after = (path.read_text(encoding="utf-8", errors="replace") for path in (old, new))
    if name.endswith(".html"):
        before, after = (OF_THE_RUN.sub("", text) for text in (before, after))
    if before == after:
        return ""
    first = next(((a, b) for a, b in itertools.zip_longest(_pieces(name, before), _pieces(name, after), fillvalue="")
                  if a != b), None)
    return f"{name}: {_both(*first)}" if first else f"{name}: a picture or its markup"


def _pieces(name: str, text: str) -> Iterator[str]:
    """The texts of a file that a reader sees, one after the other; of a notebook, its cells and outputs as lines."""
    if name.endswith(".html"):
        return filter(None, (" ".join(piece.split()) for piece in TAG.sub("\n", text).split("\n")))
    if name.endswith(".ipynb"):
        cells = json.loads(PICTURE.sub("base64,…", text))["cells"]
        return (json.dumps(cell, ensure_ascii=False, sort_keys=True) for cell in cells)
    return iter(text.splitlines())


def _both(was: str, now: str) -> str:
    """Two texts that differ, cut to where they do."""
    start = next((i for i, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), min(len(was), len(now)))
    start = max(0, start - AROUND)
    parts = [one_line(text[start:start + 3 * AROUND], 2 * AROUND + 20) for text in (was, now)]
    return f"was {parts[0]!r}, is {parts[1]!r}"
