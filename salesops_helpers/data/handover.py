"""The tables of a month, made once by a run and handed over to its notebooks.

The run leaves each table below `salesops_helpers.data.engine.LARGE` rows in a folder of its own, as they become known:
a notebook that asks early waits. `load` takes them where the environment variable `FOLDER` names such a folder and
source, month, company.toml and library versions are those it was made for; else, and for anything that is not handed
over (large tables, rows before the cut), it reads the source as ever. Both give the same frames.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import sys
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from threading import Event

import numpy as np
import pandas as pd
import pyarrow as pa

import salesops_helpers
from salesops_helpers.data.company import read_company
from salesops_helpers.data.container import Later, Tables
from salesops_helpers.data.home import FILE_NAME, find_source
from salesops_helpers.data.tables import TABLES
from salesops_helpers.errors import SalesOpsError

FOLDER = "SALESOPS_HANDOVER"
ABOUT, MISSING, WANTED = "about.json", "missing", "wanted"
MARKS = ("flags", "set_aside")
FIRST = ("reps", "opportunities", "rep_history", "splits", "stage_history", "quotas", "plan_assignments", "activities")
"""Most notebooks read these: they are handed over before the others."""
WAIT, STEP = 900.0, 0.02


def describe(tables: Tables, month: str, folder: Path) -> None:
    """Say in `folder` what will be handed over: before any notebook starts."""
    folder.mkdir(parents=True, exist_ok=True)
    put(folder / ABOUT, json.dumps({
        "key": _key(tables.company.home, month), "names": tables.available, "as_of": tables.as_of.isoformat(),
        "extract_date": tables.extract_date.isoformat(), "notes": tables.notes,
    }).encode())


def hand_over(
    tables: Tables, folder: Path, counted: Callable[[str], object] = lambda name: None, stopped: Event | None = None,
) -> None:
    """Leave every table that is not large in `folder`, then flags and set-aside rows (where a table is large, when they
    are asked for); `counted` is called for each table before it is left. Ends early where `stopped` is set; whatever
    happens, nobody waits for ever."""
    there = tables.available
    try:
        for name in [*(name for name in FIRST if name in there), *(name for name in there if name not in FIRST)]:
            if stopped is not None and stopped.is_set():
                return
            counted(name)
            if not tables.large(name):
                put(folder / name, pickle.dumps(getattr(tables, name), 5))
            else:
                (folder / f"{name}.{MISSING}").touch()
        eager = stopped is None or not any(map(tables.large, there))
        left = list(MARKS)
        while left and not (stopped is not None and stopped.is_set()):
            for name in [name for name in left if eager or (folder / f"{name}.{WANTED}").exists()]:
                put(folder / name, pickle.dumps(getattr(tables, name), 5))
                left.remove(name)
            time.sleep(STEP if left else 0)
    finally:
        (folder / MISSING).touch()


def handed_over(source: str | Path, as_of, month: str | None, ordinary: Callable[[], Tables]) -> Tables | None:
    """What the run hands over for this source and month, None where it does not; `ordinary` reads the source."""
    folder = Path(os.environ.get(FOLDER) or os.devnull)
    if as_of is not None or month is None or not folder.is_dir():
        return None
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        if about["key"] != _key(find_source(source), month):
            return None
    except (OSError, ValueError, KeyError, SalesOpsError):
        return None
    names = about["names"]
    given = Given(folder, names, ordinary)
    frames = Later({name: lambda name=name: given.frame(name) for name in names})
    found = Tables(read_company(source), frames, about["as_of"], about["extract_date"], about["notes"], given)
    found.marks = Later({name: lambda name=name: given.frame(name) for name in MARKS})
    return found


class Given:
    """The engine behind tables that were handed over: their frames, and the real one where more is asked for."""

    is_cut = False

    def __init__(self, folder: Path, names: list[str], ordinary: Callable[[], Tables]):
        self._folder, self._ordinary, self._held = folder, ordinary, {}
        self._large = dict.fromkeys(set(TABLES) - set(names), False)

    @cached_property
    def real(self) -> Tables:
        """The tables read from the source, as without a run."""
        return self._ordinary()

    @property
    def checker(self):
        return self.real.engine.checker

    def frame(self, name: str) -> pd.DataFrame:
        """A table, the flags or the set-aside rows: handed over, else from the source."""
        if name in MARKS:
            (self._folder / f"{name}.{WANTED}").touch()
        if self._waited(name):
            return pickle.loads((self._folder / name).read_bytes())
        return getattr(self.real, name)

    def large(self, name: str) -> bool:
        if name not in self._large:
            self._large[name] = not self._waited(name) and self.real.large(name)
        return self._large[name]

    def in_frame(self, name: str) -> bool:
        """Are the rows of this table those of its frame, on whatever day?"""
        return not self.large(name)

    def rows(self, name: str):
        return self.real.engine.rows(name)

    def here(self, name: str):
        return self.real.engine.here(name)

    def counts(self, name: str):
        return self.real.engine.counts(name)

    def state(self) -> str:
        return self.real.engine.state()

    def collect(self, expression, name: str) -> pd.DataFrame:
        from salesops_helpers.data.quality import framed

        backends, _ = expression._find_backends()
        return self.real.engine.collect(expression, name) if backends else framed(expression.to_pyarrow())

    def held(self, name: str, expression):
        """A result that is used more than once."""
        import ibis

        if name not in self._held:
            backends, _ = expression._find_backends()
            self._held[name] = (self.real.engine.held(name, expression) if backends
                                else ibis.memtable(expression.to_pyarrow()))
        return self._held[name]

    def kept(self, name: str):
        """What `held` has made under this name; None where it has not."""
        return self._held.get(name)

    def _waited(self, name: str) -> bool:
        """Wait until the table is there, or it is known that it will not be."""
        until = time.monotonic() + WAIT
        while not (self._folder / name).is_file():
            gone = (self._folder / f"{name}.{MISSING}").exists() or (self._folder / MISSING).exists()
            if gone or time.monotonic() > until:
                return (self._folder / name).is_file()
            time.sleep(STEP)
        return True


def _key(home: Path, month: str) -> str:
    """Source, month, company.toml, and the versions that a frame's bytes depend on."""
    versions = [sys.version, pd.__version__, np.__version__, pa.__version__, salesops_helpers.__version__]
    content = hashlib.sha256((home / FILE_NAME).read_bytes()).hexdigest()
    return hashlib.sha256(json.dumps([str(home.resolve()), month, content, versions]).encode()).hexdigest()


def put(path: Path, content: bytes) -> None:
    """Write a file so that whoever sees it sees it whole."""
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(content)
    os.replace(new, path)
