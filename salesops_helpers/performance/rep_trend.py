"""A bad week or a bad rep? Each rep's win rate through time, and an alarm only where a lasting change is shown."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers import stats, words
from salesops_helpers.data.container import Tables
from salesops_helpers.performance import reps
from salesops_helpers.performance.kpis import closed_deals

ALARMS, FIRST, SECOND = 0.05, 499, 19_999
LEAST_MONTHS, CHUNK = 4, 1_000_000


def monthly(tables: Tables, months: int = 12) -> pd.DataFrame:
    """Each rep's closed deals month by month, beside the rate that is usual for the rep in that month.

    Returns
    -------
    DataFrame
        One row a rep and month from the rep's first to the last month of the period: rep_id, name, month, won, closed
        (deals), raw (share; missing where nothing closed), usual (share: the rep's own rate, moved as the rates of all
        reps together move in that month), shrunk (estimate of the month's rate), limit_low, limit_high (shares between
        which 99.8 % of such months lie if the rate is the usual one), outside (bool).

    Notes
    -----
    usual = 1 ÷ (1 + exp(−(month + rep))): the month's log odds of all reps, themselves shrunk toward those of the
    period, and a constant by which the rep's wins add up. shrunk = (won + k × usual) ÷ (closed + k). Each k, the deals
    that the usual rate is worth, is the posterior mean over 1 ÷ √(1 + k) uniform on 0 to 1 of a beta-binomial.
    """
    period = reps.period(tables, months)
    deals = closed_deals(tables, period.start, period.end).dropna(subset="rep_id")
    month = deals["closed_on"].dt.to_period("M").dt.to_timestamp()
    sums = (deals["status"] == "won").groupby([deals["rep_id"], month.rename("month")]).agg(["sum", "size"])
    sums.columns = ["won", "closed"]
    grid = pd.MultiIndex.from_product([sorted(deals["rep_id"].unique()),
                                       pd.date_range(period.start, period.end, freq="MS")], names=["rep_id", "month"])
    frame = sums.reindex(grid, fill_value=0).reset_index()
    won, closed = (_wide(frame, column) for column in ("won", "closed"))
    usual = _usual(won, closed).ravel()
    n = frame["closed"].to_numpy()
    raw = frame["won"] / frame["closed"].where(frame["closed"] > 0)
    low, high = _limits(n, usual)
    worth = _worth(frame["won"].to_numpy(), n, usual)
    beyond = (raw < low - 1e-12) | (raw > high + 1e-12)
    frame.insert(1, "name", reps.labels(tables, frame["rep_id"]))
    frame = frame.assign(raw=raw, usual=usual, shrunk=(frame["won"] + worth * usual) / (n + worth), limit_low=low,
                         limit_high=high, outside=beyond)
    return frame[frame.groupby("rep_id")["closed"].cumsum() > 0].reset_index(drop=True)


def _wide(frame: pd.DataFrame, column: str) -> np.ndarray:
    """Reps × months, both ascending; 0 where there is no row."""
    return frame.pivot(index="rep_id", columns="month", values=column).fillna(0).to_numpy(float)


def _usual(won: np.ndarray, closed: np.ndarray) -> np.ndarray:
    """The rate that is usual for each rep in each month."""
    from scipy.special import expit, logit

    total, n = won.sum(axis=0), closed.sum(axis=0)
    rate = np.clip(total.sum() / max(n.sum(), 1), 1e-6, 1 - 1e-6)
    worth = _worth(total, n, np.full(len(n), rate))
    month = logit(np.clip((total + worth * rate) / (n + worth), 1e-6, 1 - 1e-6))
    deals = closed.sum(axis=1)
    wanted = np.clip(won.sum(axis=1), 0.25, np.maximum(deals - 0.25, 0.25))
    own = np.zeros(len(won))
    for _ in range(40):
        p = expit(month + own[:, None])
        slope = np.maximum((closed * p * (1 - p)).sum(axis=1), 1e-9)
        own = np.clip(own + np.clip((wanted - (closed * p).sum(axis=1)) / slope, -1, 1), -20, 20)
    return expit(month + own[:, None])


def _limits(closed: np.ndarray, usual: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    low, high = stats.funnel_limits(np.maximum(closed, 1), np.clip(usual, 1e-6, 1 - 1e-6), 0.998)
    return np.where(closed > 0, low, np.nan), np.where(closed > 0, high, np.nan)


def _worth(won: np.ndarray, closed: np.ndarray, usual: np.ndarray) -> float:
    """Posterior mean of k on a grid."""
    from scipy.special import betaln

    some = (closed > 0) & (usual > 1e-6) & (usual < 1 - 1e-6)
    won, closed, usual = won[some], closed[some], usual[some]
    spread = (np.arange(60) + 0.5) / 60
    k = (1 / spread**2 - 1)[:, None]
    fit = (betaln(usual * k + won, (1 - usual) * k + closed - won) - betaln(usual * k, (1 - usual) * k)).sum(axis=1)
    weight = np.exp(fit - fit.max())
    return float(weight @ k[:, 0] / weight.sum())


def changes(history: pd.DataFrame, seed: int = stats.SEED) -> pd.DataFrame:
    """Has a rep's win rate changed for good? One row a rep, an alarm at a stated rate of false alarms.

    Parameters
    ----------
    history : DataFrame
        What `monthly` gives.

    Returns
    -------
    DataFrame
        By name: rep_id, name, months, closed, since (first month after the likeliest change), before, after (won ÷
        closed), closed_before, closed_after, p_value (of so clear a change somewhere, if the rate had been the usual
        one all the time), p_adjusted (Holm, over reps), alarm (bool), months_outside (single months outside the
        limits). Reps with deals in fewer than four months, or with all deals won or lost, have no change.

    Notes
    -----
    With r the wins of a month less those at the usual rate and v their binomial variance, the statistic is the largest
    |R − R_all × V ÷ V_all| ÷ √(V × (1 − V ÷ V_all)) over months of change, R and V being sums of r and v up to there.
    Its p value comes from wins drawn at the usual rate (499 times, 19,999 for reps who come near an alarm). If no rep
    has changed, the chance that any alarm is raised is at most 5 %. A single bad month shows as a month outside the
    limits, and is no change yet. What moves all reps together is not counted against any.

    References
    ----------
    Worsley (1983), The power of likelihood ratio and cumulative sum tests for a change in a binomial probability,
    Biometrika 70.
    """
    rows = history.sort_values(["rep_id", "month"])
    by = rows.groupby("rep_id")
    frame = by.agg(name=("name", "first"), months=("month", "size"), won=("won", "sum"), closed=("closed", "sum"),
                   active=("closed", lambda n: int((n > 0).sum())), months_outside=("outside", "sum")).reset_index()
    won, closed, usual = (_wide(rows, column) for column in ("won", "closed", "usual"))
    usual = np.clip(usual, 1e-6, 1 - 1e-6)
    far = _bridge(won, closed, usual)
    at = far.argmax(axis=1) if far.size else np.zeros(len(frame), int)
    fit = ((frame["active"] >= LEAST_MONTHS) & (frame["won"] > 0) & (frame["won"] < frame["closed"])).to_numpy()
    p = np.ones(len(frame))
    for times, some in ((FIRST, fit), (SECOND, None)):
        some = fit & (p * len(p) <= 4 * max(ALARMS, len(p) / (1 + FIRST))) if some is None else some
        where = np.flatnonzero(some)
        p[where] = _simulated(far[where].max(axis=1, initial=0), closed[where], usual[where], times, seed)
    adjusted = stats.holm(p)
    first_won, first = (np.take_along_axis(v.cumsum(axis=1), at[:, None], axis=1)[:, 0] for v in (won, closed))
    month = np.sort(rows["month"].unique())
    since = pd.Series(month[np.minimum(at + 1, len(month) - 1)]).where(fit)
    rest = frame["closed"] - first
    frame = frame.assign(
        since=since, before=first_won / np.where(first > 0, first, np.nan), closed_before=first.astype(int),
        after=(frame["won"] - first_won) / rest.where(rest > 0), closed_after=rest.astype(int), p_value=p,
        p_adjusted=adjusted, alarm=adjusted <= ALARMS)
    frame["before"], frame["after"] = frame["before"].where(fit), frame["after"].where(fit)
    return frame.drop(columns=["won", "active"]).sort_values(["name", "rep_id"], ignore_index=True)


def _bridge(won: np.ndarray, closed: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """How far the wins up to each month but the last are from the usual ones; … × reps × months."""
    variance = closed * usual * (1 - usual)
    share = variance.cumsum(axis=-1) / np.maximum(variance.sum(axis=-1, keepdims=True), 1e-12)
    residual = (won - closed * usual).cumsum(axis=-1)
    gap = np.abs(residual - residual[..., -1:] * share)[..., :-1]
    spread = (share * (1 - share) * variance.sum(axis=-1, keepdims=True))[..., :-1]
    return np.where(spread > 1e-9, gap / np.sqrt(np.where(spread > 1e-9, spread, 1.0)), 0.0)


def _simulated(seen: np.ndarray, closed: np.ndarray, usual: np.ndarray, times: int, seed: int) -> np.ndarray:
    """Share of simulated histories at the usual rate that change at least as clearly."""
    rng = np.random.default_rng([seed, times])
    if closed.shape[-1] < 2 or not len(seen):
        return np.ones(len(seen))
    step = max(1, CHUNK // max(closed.size, 1))
    hits = np.zeros(len(seen))
    for start in range(0, times, step):
        drawn = rng.binomial(closed.astype(int), usual, (min(step, times - start), *closed.shape))
        hits += (_bridge(drawn, closed, usual).max(axis=-1) >= seen - 1e-9).sum(axis=0)
    return (1 + hits) / (1 + times)


def change_sentences(found: pd.DataFrame, most: int = 5) -> list[str]:
    """What the search for changes says: who changed, how many single months stood out, how often that is chance."""
    if found.empty:
        return ["No rep closed a deal in the period."]
    alarms = found[found["alarm"]].sort_values("p_value", kind="stable")
    columns = ["name", "before", "after", "closed_before", "closed_after", "since"]
    said = [
        f"{name}: {words.percent(before, 0)} of {words.counted(n, 'closed deal')} before {words.month_name(since)}, "
        f"{words.percent(after, 0)} of {words.number(m)} since"
        for name, before, after, n, m, since in alarms.head(most)[columns].itertuples(index=False)
    ]
    more = f"; and {words.counted(len(alarms) - most, 'other')}" if len(alarms) > most else ""
    head = (f"A lasting change of the win rate shows in {words.counted(len(alarms), 'rep')}: {'; '.join(said)}{more}."
            if len(alarms) else f"No lasting change of a win rate shows in any of {words.counted(len(found), 'rep')}.")
    single, total = int(found["months_outside"].sum()), int(found["months"].sum())
    return [
        head,
        f"{words.counted(single, 'single month')} of {words.number(total)} {'lies' if single == 1 else 'lie'} outside "
        f"the rep's own limits (99.8 %); one such month is not yet a change.",
        "If nothing had changed, the chance that any rep were named here would be at most 5 %.",
    ]
