"""The tables of a company as they were known on one day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

import pandas as pd

from salesops_helpers.data.company import Company
from salesops_helpers.data.tables import TABLES, conform, empty

Frames = Mapping[str, pd.DataFrame]


class Later(Mapping):
    """Frames by table name, each made by its function when it is first asked for, and once."""

    def __init__(self, makers: Mapping[str, Callable[[], pd.DataFrame]]):
        self._makers, self._made = dict(makers), {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._makers

    def __iter__(self):
        return iter(self._makers)

    def __len__(self):
        return len(self._makers)


class Tables:
    """The tables of one company as they were known at the end of the day `as_of`.

    ``tables.opportunities`` and its sisters are plain pandas frames with exactly the columns of
    `salesops_helpers.data.tables`; a table that the company does not have is a frame without rows.

    Attributes
    ----------
    company : Company
        What company.toml says.
    as_of : Timestamp
        The last day of which anything is known here (midnight).
    extract_date : Timestamp
        The last day that the source covers.
    notes : list of str
        What a reader must know: histories that are missing, fields that are not known for that day.
    unit : str
        The region, team or rep whose tables these are, as a reader is shown it; empty: the company.
    engine : Engine or None
        What holds the rows behind the frames (see `salesops_helpers.data.reduce`); None: the frames are all there is.
    marks : mapping
        The frames `flags` and `set_aside` where they are known already.
    """

    def __init__(
        self, company: Company, frames: Frames, as_of, extract_date=None, notes: list[str] | None = None, engine=None,
    ):
        self.company, self._frames, self.engine = company, frames, engine
        self.as_of = pd.Timestamp(as_of).normalize()
        self.extract_date = pd.Timestamp(as_of if extract_date is None else extract_date).normalize()
        self.notes = list(notes or [])
        self.unit = ""
        self.marks: Frames = {}

    @classmethod
    def from_frames(cls, company: Company, frames: Frames, as_of=None) -> Tables:
        """Tables from literal frames, already clean; columns they lack are filled with missing."""
        frames = {name: conform(name, frame) for name, frame in frames.items()}
        deals = frames.get("opportunities", empty("opportunities"))
        day = as_of or company.extract_date or deals[["created_on", "closed_on"]].max().max()
        return cls(company, frames, day)

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name not in TABLES:
            raise AttributeError(f"no table is called {name!r}")
        return self._frames[name] if name in self._frames else empty(name)

    @property
    def checked(self):
        """What checked the rows (a `Checker`): it holds their flags and those set aside; None for frames."""
        return None if self.engine is None else self.engine.checker

    @cached_property
    def flags(self) -> pd.DataFrame:
        """Used rows that are worth a mark, one row a row and rule; see `marks.flags`."""
        from salesops_helpers.data.marks import flags

        return self.marks["flags"] if "flags" in self.marks else flags(self)

    @cached_property
    def set_aside(self) -> pd.DataFrame:
        """Rows that are not used, each with its reason; see `marks.set_aside`."""
        from salesops_helpers.data.marks import set_aside

        return self.marks["set_aside"] if "set_aside" in self.marks else set_aside(self)

    def has(self, name: str) -> bool:
        """Does the company have this table, with at least one usable row?"""
        if self.large(name):
            return len(self.engine.collect(self.rows(name).limit(1), name)) > 0
        return name in self._frames and len(self._frames[name]) > 0

    def large(self, name: str) -> bool:
        """Is the table too large for a frame of all its rows (see `salesops_helpers.data.engine.LARGE`)?"""
        return self.engine is not None and name in self._frames and self.engine.large(name)

    @cached_property
    def rows_engine(self):
        """The engine behind the tables; for tables given as frames, the engine here over those frames."""
        from salesops_helpers.data.engine import InFrames

        return self.engine or InFrames(lambda name: getattr(self, name))

    def rows(self, name: str):
        """The rows of ``tables.<name>`` as an Ibis expression; nothing is read until it is executed."""
        from salesops_helpers.data.cuts import cut
        from salesops_helpers.data.engine import InFrames

        if self.engine is not None and self.engine.in_frame(name):
            return InFrames(lambda name: getattr(self, name)).rows(name)
        if self.engine is None or self.engine.is_cut or self.as_of >= self.extract_date:
            return self.rows_engine.rows(name)
        return cut(self.engine, name, self.as_of, self.available, self.company)

    def lacks(self, *names: str) -> list[str]:
        """For each of these tables that is missing, a sentence: which, and what it would show."""
        missing = [name for name in names if not self.has(name)]
        return [f"The table {name} is missing; it would show {TABLES[name].shows}." for name in missing]

    @property
    def available(self) -> list[str]:
        """Names of the tables that the company has."""
        return [name for name in TABLES if name in self._frames]

    def __repr__(self) -> str:
        return f"Tables({self.company.name!r}, as of {self.as_of:%Y-%m-%d}: {', '.join(self.available)})"
