"""What simulated credit is held against: quotas and targets of the seats, of their teams, regions and the company."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

UNITS = ("team", "region", "company")


@dataclass(frozen=True)
class Footing:
    """Goals and targets over the months that are simulated.

    Attributes
    ----------
    quota : ndarray
        months × seats (currency).
    target : ndarray
        Target incentive of each seat (currency a year).
    unit : dict of ndarray
        team, region, company → the position of each seat's unit.
    unit_quota : dict of ndarray
        team, region, company → months × units (currency).
    """

    quota: np.ndarray
    target: np.ndarray
    unit: Mapping[str, np.ndarray]
    unit_quota: Mapping[str, np.ndarray]
    _sums: dict = field(default_factory=dict, repr=False)

    def goal(self, level: str, length: int) -> np.ndarray:
        """Goals of each span of `length` months: spans × seats, or spans × units."""
        if (level, length) not in self._sums:
            monthly = self.quota if level == "individual" else self.unit_quota[level]
            self._sums[level, length] = monthly.reshape(-1, length, monthly.shape[1]).sum(axis=1)
        return self._sums[level, length]

    def of_seats(self, each: np.ndarray, level: str) -> np.ndarray:
        """What each unit has, draws × spans × units, given to each of its seats."""
        at = self.unit[level]
        if (np.diff(at) >= 0).all():  # units side by side
            return np.repeat(each, np.bincount(at, minlength=each.shape[2]), axis=2)
        return each.take(at, axis=2)

    def changed(self, quota: float = 1.0, target: float = 1.0) -> Footing:
        """Every goal times `quota` and every target times `target`."""
        units = {name: values * quota for name, values in self.unit_quota.items()}
        return replace(self, quota=self.quota * quota, target=self.target * target, unit_quota=units, _sums={})


@dataclass(frozen=True)
class Absent:
    """Seats that are empty for a time: draw and seat of each, and the months (rows × months, bool) with a rep; the
    other months have no credit."""

    draw: np.ndarray
    seat: np.ndarray
    present: np.ndarray

    @cached_property
    def empty(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draw, month and seat of each month without a rep."""
        row, month = np.nonzero(~self.present)
        return self.draw[row], month, self.seat[row]


@dataclass(frozen=True)
class Block:
    """Some draws of credit, draws × months × seats (currency), and who is absent in them."""

    credit: np.ndarray
    unit: Mapping[str, np.ndarray]
    absent: Absent | None = None
    _sums: dict = field(default_factory=dict, repr=False)

    def head(self, n: int) -> Block:
        """The first `n` draws."""
        away = self.absent
        keep = None if away is None else away.draw < n
        some = None if away is None else Absent(away.draw[keep], away.seat[keep], away.present[keep])
        return Block(self.credit[:n], self.unit, some)

    def lifted(self, share: float) -> Block:
        """The same draws with so much more credit."""
        return Block(self.credit * (1 + share), self.unit, self.absent) if share else self

    def sold(self, level: str, length: int) -> np.ndarray:
        """Credit of each span of `length` months: draws × spans × seats, or draws × spans × units."""
        if (level, length) not in self._sums:
            n, months, seats = self.credit.shape
            if level != "individual":
                found = self._by_unit(self.sold("individual", length), level)
            else:
                found = self.credit if length == 1 else self.credit.reshape(n, months // length, length, seats).sum(2)
            self._sums[level, length] = found
        return self._sums[level, length]

    def _by_unit(self, own: np.ndarray, level: str) -> np.ndarray:
        at = self.unit[level]
        steps = np.diff(at)
        if (steps >= 0).all():  # units side by side
            return np.add.reduceat(own, np.concatenate([[0], np.flatnonzero(steps) + 1]), axis=2)
        member = np.zeros((len(at), at.max() + 1))
        member[np.arange(len(at)), at] = 1.0
        return own @ member

    def reached(self, footing: Footing, level: str, length: int) -> np.ndarray:
        """Attainment of each span: `sold` ÷ the goal."""
        key = (id(footing), level, length)
        if key not in self._sums:
            self._sums[key] = (footing, self.sold(level, length) / footing.goal(level, length))
        return self._sums[key][1]
