"""What do reps who are credibly better do differently? Habits held against the other reps, for all looks at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from salesops_helpers import stats
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.performance.habits import habits
from salesops_helpers.performance.rep_expected import adjusted
from salesops_helpers.performance.rep_peers import peer_groups

SURE, LEAST_REPS, ALARM = 0.90, 4, 0.05
SHUFFLES, DRAWS, _CELLS = 1_999, 1_000, 6_000_000
COLUMNS = ["habit", "unit", "reps", "others", "mine", "theirs", "difference", "low", "high", "spread", "p_value",
           "credible"]


@dataclass(frozen=True)
class Practices:
    """Answer of `practices`: `frame` (one row a habit), how many reps stand on each side, of how many reps, over how
    many months, and whether reps differ at all by more than chance."""

    frame: pd.DataFrame
    above: int
    rest: int
    months: int
    differs: bool


def practices(tables: Tables, months: int = 24, level: float = SURE, least: int = LEAST_REPS,
              seed: int = stats.SEED) -> Practices:
    """Habits of the reps whose adjusted win rate is credibly above that of all, against those of the other reps.

    Parameters
    ----------
    months : int
        Up to and including the as-of month.
    level : float
        Least probability of being above (`rep_expected.adjusted`, p_above) of who counts as credibly better; nobody
        does where reps do not differ by more than chance.
    least : int
        Reps that each side needs, over all and for each habit.

    Returns
    -------
    Practices
        Its frame: habit, unit (see `habits.habits`), reps, others (with at least 5 cases of it), mine, theirs (mean
        over reps), difference, low, high (between reps of like role, main segment and tenure; 90 % range), spread
        (standard deviation between like reps), p_value (adjusted for all habits), credible (bool: at most 0.05); the
        smallest p value first. Without rows where a side has too few reps.

    Notes
    -----
    difference: regression of the habit on the side, with a level for each group of peers (`rep_peers.peer_groups`).
    Range: bootstrap over reps within sides, widened by √(n ÷ (n − 1)) of the smaller side. p value: the sides are
    shuffled over the reps of each group of peers, and the largest |t| of all habits is kept (Westfall and Young 1993).
    """
    try:
        found = adjusted(tables, months, "win_rate", seed=seed)
    except SalesOpsError:
        return Practices(pd.DataFrame(columns=COLUMNS), 0, 0, months, False)
    differs = bool(found["differs"].iloc[0])
    groups = peer_groups(tables, months).set_index("rep_id")["group"]
    return compared(habits(tables, months), found.set_index("rep_id")["p_above"] >= level if differs else
                    pd.Series(False, found["rep_id"]), groups, differs, months, least, seed)


def compared(found: pd.DataFrame, above: pd.Series, groups: pd.Series, differs: bool = True, months: int = 24,
             least: int = LEAST_REPS, seed: int = stats.SEED) -> Practices:
    """`practices` of habits (`habits.habits`) with the sides and the groups of peers given by rep_id."""
    above = above.sort_index()
    rest = int((~above).sum())
    empty = Practices(pd.DataFrame(columns=COLUMNS), int(above.sum()), rest, months, differs)
    if min(above.sum(), rest) < least or found.empty:
        return empty
    wide = found.pivot(index="rep_id", columns="habit", values="value").reindex(above.index.astype(object))
    mine, known = above.to_numpy(), wide.notna().to_numpy()
    enough = (known[mine].sum(axis=0) >= least) & (known[~mine].sum(axis=0) >= least)
    wide = wide.loc[:, enough & (wide.std().to_numpy() > 0)]
    if wide.shape[1] == 0:
        return empty
    group = pd.Series(groups.reindex(above.index).fillna("").to_numpy(dtype=object)).astype(str)
    frame = _held(wide, mine.astype(float), pd.factorize(group)[0], seed)
    units = found.drop_duplicates("habit").set_index("habit")["unit"]
    frame = frame.assign(unit=frame["habit"].map(units), credible=frame["p_value"] <= ALARM)
    frame = frame.sort_values(["p_value", "habit"], ignore_index=True)[COLUMNS]
    return Practices(frame, empty.above, rest, months, differs)


def _held(wide: pd.DataFrame, side: np.ndarray, group: np.ndarray, seed: int) -> pd.DataFrame:
    """Each habit's difference between the sides with its range, and the p value of the largest |t| of all habits."""
    rng = np.random.default_rng(seed)
    times = int(np.clip(_CELLS // len(side), 199, SHUFFLES))
    shuffled, drawn = _shuffled(side, group, times, rng), _drawn(side, min(DRAWS, times), rng)
    rows, far = [], np.zeros(times)
    for habit in wide:
        x = wide[habit].to_numpy(float)
        here = ~np.isnan(x)
        member = (group[here] == np.unique(group[here])[:, None]).astype(float)
        x, mine = x[here], side[here]
        spread = _within(x, member)
        slope, t = (part[0] for part in _slopes(mine[None, :], np.ones((1, len(x))), x, member, spread))
        far = np.fmax(far, np.abs(_slopes(shuffled[:, here], np.ones((1, len(x))), x, member, spread)[1]))
        draws = _slopes(mine[None, :], drawn[:, here], x, member, spread)[0]
        fewest = min(mine.sum(), len(x) - mine.sum())
        low, high = slope + np.sqrt(fewest / (fewest - 1)) * (np.nanquantile(draws, [0.05, 0.95]) - slope)
        rows.append((habit, int(mine.sum()), int(len(x) - mine.sum()), x[mine == 1].mean(), x[mine == 0].mean(), slope,
                     low, high, spread, abs(t)))
    frame = pd.DataFrame(rows, columns=["habit", "reps", "others", "mine", "theirs", "difference", "low", "high",
                                        "spread", "t"])
    reached = far[None, :] >= frame["t"].to_numpy()[:, None] * (1 - 1e-12)
    return frame.assign(p_value=np.where(frame["t"].notna(), (1 + reached.sum(axis=1)) / (1 + times), 1.0))


def _within(x: np.ndarray, member: np.ndarray) -> float:
    """Standard deviation of a habit between reps of one group."""
    centred = x - (member @ x / member.sum(axis=1)) @ member
    return float(np.sqrt((centred**2).sum() / max(len(x) - len(member), 1)))


def _slopes(side: np.ndarray, weight: np.ndarray, x: np.ndarray, member: np.ndarray, spread: float):
    """Difference between the sides within groups, and its t, one of each a draw (draws × reps; groups × reps).

    Missing where no group holds reps of both sides.
    """
    size = weight @ member.T
    share = (weight * side) @ member.T / np.where(size > 0, size, 1.0)
    apart = weight * (side - share @ member)
    scale = (apart * (side - share @ member)).sum(axis=1)
    slope = (apart @ x) / np.where(scale > 1e-9, scale, np.nan)
    return slope, slope * np.sqrt(scale) / (spread if spread > 0 else np.nan)


def _shuffled(side: np.ndarray, group: np.ndarray, times: int, rng: np.random.Generator) -> np.ndarray:
    """The sides shuffled over the reps of each group (times × reps)."""
    order = np.argsort(group, kind="stable")
    places = np.argsort(group[order] + rng.random((times, len(side))), axis=1)
    shuffled = np.empty((times, len(side)))
    shuffled[:, order] = side[order][places]
    return shuffled


def _drawn(side: np.ndarray, times: int, rng: np.random.Generator) -> np.ndarray:
    """How often each rep is in each bootstrap draw of its side (times × reps)."""
    weight = np.zeros((times, len(side)))
    for which in (0.0, 1.0):
        here = np.flatnonzero(side == which)
        weight[:, here] = rng.multinomial(len(here), np.full(len(here), 1 / len(here)), times)
    return weight
