"""When and how open deals end: one discrete-time hazard model, fitted on past months and applied to today's deals.

Each deal that was open on a past cut is followed month by month until it ended or the months known are over; each month
is one row with three outcomes (won, lost, still open). What describes the deal is what was known on the cut.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from salesops_helpers.errors import SalesOpsError
from salesops_helpers.forecast.features import STEPS, months_ahead

ENOUGH, MONTH, BINS, KNOWN_SHARE, HALF_LIFE = 40, 30.4, 6, 0.2, 18
NUMBERS = ("age", "in_stage", "pushes", "activity", "size", "due")
OUTCOMES = ("open", "won", "lost")


@dataclass(frozen=True)
class Hazard:
    """A fitted model: see `fit` and `chances`.

    Attributes
    ----------
    columns : dict of str to ndarray
        What describes a deal: the inner edges of the bins of each number, the stages known.
    odds : bool
        Do owners' odds count?
    ends, wins : LogisticRegression
        Does a deal end in the month, and if so, is it won?
    rows, ended : int
        Deal-months and ends (won or lost) that it was fitted to.
    """

    columns: dict[str, np.ndarray]
    odds: bool
    ends: object
    wins: object
    rows: int
    ended: int


def fit(panel: pd.DataFrame, as_of: pd.Timestamp, strength: float | None = None) -> Hazard:
    """Fit the model to what was known on `as_of`.

    Parameters
    ----------
    panel : DataFrame
        `features.panel` of the tables as known on `as_of`.
    as_of : Timestamp
        Months that end later are not used.
    strength : float, optional
        Of the L2 penalty: 1 is a standard normal prior on each coefficient. None: the mean number of cuts on which a
        deal was open, since a deal that counts that often tells no more than once.

    Raises
    ------
    SalesOpsError
        Where fewer than 40 deals were won or lost among the deals followed, or none of one kind.

    Notes
    -----
    Competing risks as two logistic regressions with an L2 penalty: does a deal end in the month, and if it does, is it
    won? Both on months ahead, place of the month in the fiscal quarter, age in it, and, where at least a fifth of past
    deals show them, stage (apart for the first month, the next two and later ones, and for each place in the quarter:
    its end hurries late stages, not early ones), time in stage, pushes, activity, amount ÷ median, months to the
    expected close (all in bins), and the odds of the owner's earlier deals. A deal counts once for each cut on which it
    was open, always as it was known then.

    References
    ----------
    Singer and Willett (1993), It's about time, Journal of Educational Statistics 18; van Houwelingen (2007), Dynamic
    prediction by landmarking, Scandinavian Journal of Statistics 34.
    """
    rows = months(panel[panel["cut"] < as_of], as_of)
    outcome = rows["outcome"].map({name: k for k, name in enumerate(OUTCOMES)}).to_numpy()
    deals = rows["opportunity_id"][outcome > 0].nunique()
    if deals < ENOUGH or len(np.unique(outcome)) < len(OUTCOMES):
        raise SalesOpsError(
            f"{deals} deals that were open at the end of an earlier month have ended by {as_of:%Y-%m-%d}",
            f"{ENOUGH} or more, some won, some lost, and some open for longer than a month",
            "take a longer history, or the company in place of a unit")
    columns, odds = _columns(rows), bool(rows["rep_odds"].std() > 0)
    weight = 0.5 ** ((as_of - rows["cut"]).dt.days.to_numpy() / MONTH / HALF_LIFE)
    codes, outcome, number = _grouped(_codes(rows, columns, odds), outcome, weight)
    if strength is None:
        strength = len(rows.drop_duplicates(["opportunity_id", "cut"])) / rows["opportunity_id"].nunique()
    values, ended = _design(codes, columns), outcome > 0
    ends = _fitted(values, ended, number, strength)
    wins = _fitted(values[ended], outcome[ended] == 1, number[ended], strength)
    return Hazard(columns, odds, ends, wins, len(rows), deals)


def _fitted(values: np.ndarray, target: np.ndarray, number: np.ndarray, strength: float):
    """On one thread: the same result on any machine, and no waiting for others where cores are shared."""
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    model = LogisticRegression(C=1 / strength, solver="newton-cholesky", tol=1e-4, max_iter=50)
    with threadpool_limits(1):
        return model.fit(values, target, sample_weight=number)


def months(panel: pd.DataFrame, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
    """One row a deal and month ahead: `panel` with ahead (1 to 6), outcome (open, won, lost) and what depends on the
    month. With `as_of` only months that were over by then, each deal up to its end; without it all six."""
    first = months_ahead(panel["cut"])
    count = np.full(len(panel), STEPS)
    if as_of is not None:
        after = months_ahead(as_of)
        known = (after.year - first.dt.year) * 12 + after.month - first.dt.month
        count = np.minimum(known.clip(0, STEPS), panel["step"].fillna(STEPS)).astype(int).to_numpy()
    at = np.repeat(np.arange(len(panel)), count)
    ahead = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count) + 1
    rows = panel.iloc[at].reset_index(drop=True)
    close = rows["expected_close_on"]
    due = (close.dt.year - first.to_numpy()[at].astype("datetime64[Y]").astype(int) - 1970) * 12 + close.dt.month
    due = due - first.dt.month.to_numpy()[at] + 1 - ahead
    return rows.assign(ahead=ahead, outcome=rows["end"].where(rows["step"] == ahead, "open"), due=due,
                       place=(rows["place"] + ahead - 1) % 3, age=rows["age"] + MONTH * (ahead - 1))


def chances(hazard: Hazard, panel: pd.DataFrame) -> np.ndarray:
    """Probability that each deal of `panel` has been won by the end of the first, second … sixth month ahead.

    Returns
    -------
    ndarray
        deals × 6, not falling from month to month.
    """
    if panel.empty:
        return np.zeros((0, STEPS))
    rows = months(panel)
    values = _design(_codes(rows, hazard.columns, hazard.odds), hazard.columns)
    ends, wins = (model.predict_proba(values)[:, 1].reshape(len(panel), STEPS) for model in (hazard.ends, hazard.wins))
    still = np.cumprod(1 - ends, axis=1)
    before = np.column_stack([np.ones(len(panel)), still[:, :-1]])
    return np.cumsum(before * ends * wins, axis=1)


def _columns(rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """The inner edges of the bins of each number and the stages, of those that past deals show."""
    shown = {name: rows[name].dropna() for name in (*NUMBERS, "stage")}
    shown = {name: values for name, values in shown.items() if len(values) > KNOWN_SHARE * len(rows)}
    columns = {name: _edges(name, values, rows) for name, values in shown.items() if name != "stage"}
    if "stage" in shown:
        columns["stage"] = np.sort(shown["stage"].unique().astype(object))
    return {name: values for name, values in columns.items() if len(values)}


def _edges(name: str, values: pd.Series, rows: pd.DataFrame) -> np.ndarray:
    """Quantiles; of the age those at which deals ended, and the highest of them; of the expected close each month."""
    if name == "due":
        return np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5])
    if name == "pushes":
        return np.array([0.5, 1.5, 2.5])
    if name == "age":
        ended = values[rows.loc[values.index, "outcome"] != "open"]
        return np.unique(ended.quantile([*np.arange(1, BINS + 1) / (BINS + 1), 0.95, 1.0]))
    return np.unique(values.quantile(np.arange(1, BINS) / BINS))


def _codes(rows: pd.DataFrame, columns: dict[str, np.ndarray], odds: bool) -> dict[str, np.ndarray]:
    """The bin of each row, 0 where the value is missing or a stage was not seen before; owners' odds in tenths."""
    ahead = rows["ahead"].to_numpy()
    codes = {"ahead": ahead, "place": rows["place"].to_numpy() + 1}
    for name, values in columns.items():
        if name == "stage":
            codes[name] = pd.Index(values).get_indexer(rows["stage"].astype(object)) + 1
        else:
            at = np.searchsorted(values, rows[name].to_numpy(), side="left") + 1
            codes[name] = np.where(rows[name].isna(), 0, at)
    if odds:
        codes["odds"] = np.clip(np.rint(rows["rep_odds"].to_numpy() * 10), -20, 20).astype(int) + 20
    return codes


def _grouped(codes: dict[str, np.ndarray], outcome: np.ndarray, weight: np.ndarray):
    """Rows that are alike in all bins and in their outcome as one, with their weight: codes, outcome, weight."""
    key = np.zeros(len(outcome), dtype=np.int64)
    for values in (*codes.values(), outcome):
        key = key * (int(values.max()) + 1) + values
    _, first, same = np.unique(key, return_index=True, return_inverse=True)
    return {name: values[first] for name, values in codes.items()}, outcome[first], np.bincount(same, weight)


def _design(codes: dict[str, np.ndarray], columns: dict[str, np.ndarray]) -> np.ndarray:
    """One column a bin, of stages also one for the first month, one for the next two and one for each place in the
    quarter; a missing value is in none."""
    ahead, place = codes["ahead"], codes["place"]
    blocks = [ahead[:, None] == np.arange(1, STEPS + 1), place[:, None] == np.arange(1, 4)]
    for name, values in columns.items():
        count = len(values) + (name != "stage")
        within = codes[name][:, None] == np.arange(1, count + 1)
        blocks.append(within)
        if name == "stage":
            when = [ahead == 1, (ahead == 2) | (ahead == 3), *(place == k for k in range(1, 4))]
            blocks += [within & rows[:, None] for rows in when]
    if "odds" in codes:
        blocks.append((codes["odds"] - 20)[:, None] / 10)
    return np.column_stack(blocks).astype(float)
