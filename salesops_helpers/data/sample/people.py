"""Reps: who held which territory when, how good each truly is, and the tables reps and rep_history."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from salesops_helpers.data.sample import calendar as cal
from salesops_helpers.data.sample.catalog import (
    MANAGERS,
    REGIONS,
    REP_NAMES,
    ROLES,
    SEAT_ENTERPRISE,
    SEAT_TEAM,
    SEATS,
    SEATS_PER_TEAM,
    TEAMS,
)
from salesops_helpers.data.sample.streams import Streams

LATE_SEATS = {15: cal.day("2025-01-06"), 31: cal.day("2025-07-01")}
MANAGER_CHANGE = (3, cal.day("2025-02-03"))  # this team gets the last of MANAGERS on that day
_LEAVES = (  # the last one's seat is vacant on the extract day
    "2023-12-31", "2024-04-30", "2024-07-31", "2024-11-30", "2025-02-28", "2025-05-31",
    "2025-09-30", "2026-01-31", "2026-07-31",
)


@dataclass(frozen=True)
class People:
    """The reps and their seats.

    Attributes
    ----------
    reps : DataFrame
        rep_id, name, hired, left (day numbers), skill (log odds of winning), group (better / alike / worse), luck (of
        the leads given: poor / usual / good), threads, response, activity, bias, discipline: one row a rep.
    tenures : DataFrame
        seat, rep, start, end (day numbers, both included).
    holder : array
        The rep who looks after each seat on each day (a colleague of the team where it is vacant), seats × days.
    vacant : array of bool
        Where nobody holds the seat.
    """

    reps: pd.DataFrame
    tenures: pd.DataFrame
    holder: np.ndarray
    vacant: np.ndarray

    @property
    def ids(self) -> np.ndarray:
        return self.reps["rep_id"].to_numpy()

    def months_in(self, reps: np.ndarray, days: np.ndarray) -> np.ndarray:
        """Months since each rep was hired."""
        return (days - self.reps["hired"].to_numpy()[reps]) / 30.4

    def ramp(self, reps: np.ndarray, days: np.ndarray) -> np.ndarray:
        """Productivity of each rep on each day: 0.35 at the hire, 1 after six months."""
        return np.clip(0.35 + 0.65 * self.months_in(reps, days) / 6, 0.35, 1.0)


def people(streams: Streams) -> People:
    """The reps of the sample company."""
    rng = streams("people")
    tenures = _tenures(rng)
    holder, vacant = _holders(tenures)
    return People(_reps(rng, tenures), tenures, holder, vacant)


def _tenures(rng: np.random.Generator) -> pd.DataFrame:
    """Every seat's holders, one after another: leavers, promotions, a transfer between regions, new hires."""
    open_seats = [s for s in range(len(SEATS)) if s not in LATE_SEATS]
    holder = {s: rep for rep, s in enumerate(open_seats)}
    start = dict.fromkeys(open_seats, -1)
    rows, next_rep, spent = [], len(open_seats), set()

    def choose(enterprise=None, region=None, other_region=None) -> int:
        fits = [
            s
            for s in open_seats
            if s not in spent
            and (enterprise is None or SEAT_ENTERPRISE[s] == enterprise)
            and (region is None or SEAT_TEAM[s] // 2 == region)
            and (other_region is None or SEAT_TEAM[s] // 2 != other_region)
        ]
        seat = int(rng.choice(fits))
        spent.add(seat)
        return seat

    def seated(seat: int, rep: int, first: int) -> None:
        holder[seat], start[seat] = rep, first

    def leaves(seat: int, last: int) -> None:
        rows.append((seat, holder[seat], start[seat], last))

    for n, text in enumerate(_LEAVES):
        last = cal.day(text)
        seat = choose(enterprise=True if n in (1, 4) else False if n == 2 else None)
        leaves(seat, last)
        if n == len(_LEAVES) - 1:  # vacant on the extract day
            holder.pop(seat)
            continue
        if n in (1, 2, 4):  # a colleague moves in, and the colleague's seat is filled from outside
            region = SEAT_TEAM[seat] // 2
            donor = choose(enterprise=False, other_region=region) if n == 2 else choose(enterprise=False, region=region)
            leaves(donor, last + 31)
            seated(seat, holder[donor], last + 32)
            seat = donor
        seated(seat, next_rep, int(cal.working(last + rng.integers(45, 120))))
        next_rep += 1
    for seat, first in LATE_SEATS.items():
        seated(seat, next_rep, first)
        next_rep += 1
    rows += [(seat, rep, start[seat], cal.NEVER) for seat, rep in holder.items()]
    return pd.DataFrame(rows, columns=["seat", "rep", "start", "end"]).sort_values(["seat", "start"], ignore_index=True)


def _holders(tenures: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """The rep of each seat on each day; a vacant seat is covered by the next one of its team."""
    holder = np.full((len(SEATS), len(cal.DAYS)), -1)
    for seat, rep, start, end in tenures.to_numpy():
        holder[seat, max(start, 0) : end + 1] = rep
    vacant = holder < 0
    teams = holder.reshape(len(TEAMS), SEATS_PER_TEAM, -1)
    for shift in range(1, SEATS_PER_TEAM):
        teams[:] = np.where(
            teams < 0, np.where(vacant.reshape(teams.shape), np.roll(teams, -shift, axis=1), teams), teams
        )
    return teams.reshape(holder.shape), vacant


def _reps(rng: np.random.Generator, tenures: pd.DataFrame) -> pd.DataFrame:
    """One row a rep: dates, true skill and habits."""
    span = tenures.groupby("rep").agg(start=("start", "min"), end=("end", "max"))
    n = len(span)
    veteran = (span["start"] < 0).to_numpy()
    hired = np.where(veteran, cal.working(rng.integers(0, 365, n)) - rng.integers(1, 8, n) * 364, span["start"])
    seen = np.minimum(span["end"], cal.EXTRACT) - np.maximum(span["start"], cal.WINDOW)
    order = rng.permutation(np.flatnonzero(seen > 640))
    better, worse, poor, good = order[:5], order[5:9], order[9:10], order[10:11]
    skill, group, luck = rng.normal(0, 0.06, n), np.full(n, "alike", object), np.full(n, "usual", object)
    skill[better], group[better] = rng.uniform(0.50, 0.75, 5), "better"
    skill[worse], group[worse] = -rng.uniform(0.55, 0.80, 4), "worse"
    luck[poor], luck[good] = "poor", "good"
    sandbag = rng.random(n) < 0.15
    return pd.DataFrame(
        {
            "rep_id": [f"R-{k + 1:02d}" for k in range(n)],
            "name": REP_NAMES[:n],
            "hired": hired,
            "left": span["end"].to_numpy(),
            "skill": skill.round(4),
            "group": group,
            "luck": luck,
            "threads": np.clip(1.1 + 1.1 * skill + rng.normal(0, 0.25, n), 0.3, None),
            "response": 150 * np.exp(-0.9 * skill + rng.normal(0, 0.35, n)),
            "activity": np.exp(0.15 * skill + rng.normal(0, 0.18, n)),
            "bias": np.where(sandbag, rng.uniform(-0.25, -0.12, n), rng.normal(0.16, 0.10, n)).round(4),
            "discipline": rng.uniform(0.35, 0.9, n),
        }
    )


def _place(seat: np.ndarray, days: np.ndarray) -> pd.DataFrame:
    """Team, manager, region, territory and role of a seat on a day."""
    team = SEAT_TEAM[seat]
    manager = np.array(MANAGERS)[np.where((team == MANAGER_CHANGE[0]) & (days >= MANAGER_CHANGE[1]), -1, team)]
    return pd.DataFrame(
        {
            "team": np.array(TEAMS)[team],
            "manager": manager,
            "region": np.array(REGIONS)[team // 2],
            "territory": np.array(SEATS)[seat],
            "role": np.array(ROLES)[SEAT_ENTERPRISE[seat].astype(int)],
        }
    )


def tables(who: People) -> dict[str, pd.DataFrame]:
    """The tables reps (place as of the extract day, or the last one of a leaver) and rep_history."""
    last = who.tenures.sort_values("start").groupby("rep").tail(1).sort_values("rep")
    place = _place(last["seat"].to_numpy(), np.minimum(last["end"], cal.EXTRACT).to_numpy())
    left = np.where(who.reps["left"] > cal.EXTRACT, cal.NEVER, who.reps["left"])
    reps = pd.concat([who.reps[["rep_id", "name"]], place], axis=1)
    reps = reps.assign(hired_on=cal.dates(who.reps["hired"]), left_on=cal.dates(left))

    moves = who.tenures.assign(
        day=np.where(who.tenures["start"] < 0, who.reps["hired"].to_numpy()[who.tenures["rep"]], who.tenures["start"])
    )
    team, day = MANAGER_CHANGE
    there = (SEAT_TEAM[moves["seat"]] == team) & (moves["day"] < day) & (moves["end"] >= day)
    moves = pd.concat([moves, moves[there].assign(day=day)], ignore_index=True).sort_values(
        ["rep", "day"], ignore_index=True
    )
    history = pd.DataFrame({"rep_id": who.ids[moves["rep"]], "valid_from": cal.dates(moves["day"])})
    return {
        "reps": reps,
        "rep_history": pd.concat([history, _place(moves["seat"].to_numpy(), moves["day"].to_numpy())], axis=1),
    }
