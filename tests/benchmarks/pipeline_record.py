"""What the pipeline forecast of a simulated company was worth, day by day, from what was known on each."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pipeline_oracle
import pipeline_truth as truth

from salesops_helpers.data.container import Tables
from salesops_helpers.data.snapshot import snapshot
from salesops_helpers.forecast import blend, features, replay
from salesops_helpers.forecast.drawn import Drawn, draw
from salesops_helpers.forecast.periods_ahead import periods, split, totals
from salesops_helpers.measures import bookings


def measured(regime: str, seed: int, warm: int = 10, judged: int = 30) -> dict[str, pd.DataFrame]:
    """What the forecast of one company was worth on its last months, one month apart: windows do not overlap.

    Returns
    -------
    dict
        months: cut, ahead, method (chosen and the candidates), forecast, actual of the cuts judged; ranges: cut, period
        (month, or quarter at its start), inside (bool); reps: cut, period, unit, forecast, naive (the rep's own, same
        place in the last quarter), actual; scores: cut (quarters' starts), period, ours, oracle (CRPS); deals:
        `replay.Replay.deals`, their ids with the seed.
    """
    tables, hidden = truth.simulated(regime, seed)
    days = features.cuts(tables, warm + judged + 1)[:-1]
    past = replay.replay(tables, days)
    said = blend.backtest(tables, origins=days, told={"pipeline": past.months})
    every = [said, blend.chosen(said).assign(method="chosen")[said.columns], blend.backtest(tables, "recent", days)]
    every = pd.concat(every, ignore_index=True)
    came = {by: bookings(tables, by) for by in (None, "rep")}
    found = [_one(tables, hidden, past, day, came) for day in days[warm:]]
    about = {"regime": regime, "seed": seed}
    parts = {name: pd.concat([each[name] for each in found if len(each[name])], ignore_index=True).assign(**about)
             for name in found[0]}
    deals = past.deals.assign(**about, opportunity_id=past.deals["opportunity_id"] + f" {seed}")
    return {"months": every[every["cut"].isin(days[warm:])].assign(**about), "deals": deals, **parts}


def _one(tables: Tables, hidden: truth.Hidden, past: replay.Replay, day: pd.Timestamp, came: dict):
    """What the pipeline said on `day` of the month, and of the quarter where it starts: ranges, reps, scores."""
    then, now = snapshot(tables, day), features.months_ahead(day)
    known = past.months[past.months["cut"] < day]
    known = known.assign(actual=known["actual"].where(known["month"] < now))
    drawn = draw(past.made[day], then, known)
    asked = periods(then)
    asked = asked[((asked["period"] == "month") | (asked["first"] == now)) & (asked["period"] != "next quarter")]
    asked = asked[asked["last"] <= tables.as_of]
    whole, own = (_met(split(drawn, then, by), asked, rows) for by, rows in came.items())
    whole = whole[whole["low_80"].notna()]
    inside = whole["actual"].between(whole["low_80"], whole["high_80"])
    scores = _scores(asked, hidden, then, drawn, whole.set_index("period")["actual"])
    return {"ranges": whole.assign(cut=day, inside=inside)[["cut", "period", "inside"]], "scores": scores,
            "reps": own.assign(cut=day)[["cut", "period", "unit", "forecast", "naive", "actual"]]}


def _met(rows: pd.DataFrame, asked: pd.DataFrame, came: pd.DataFrame) -> pd.DataFrame:
    """`split` of the periods asked for with actual and naive, one quarter before, of what came by unit and month."""
    rows = rows[rows["period"].isin(asked["period"])]

    def sums(first: pd.Timestamp, last: pd.Timestamp) -> pd.Series:
        return came[came["month"].between(first, last)].groupby("unit")["bookings"].sum()

    spans = {row.period: (row.first, row.last) for row in asked.itertuples()}
    for name, back in (("actual", 0), ("naive", 3)):
        before = pd.DateOffset(months=back)
        of = pd.concat({period: sums(first - before, last - before) for period, (first, last) in spans.items()})
        rows = rows.assign(**{name: of.reindex(pd.MultiIndex.from_frame(rows[["period", "unit"]])).fillna(0.0).array})
    return rows


def _scores(asked: pd.DataFrame, hidden: truth.Hidden, then: Tables, drawn: Drawn, actual: pd.Series) -> pd.DataFrame:
    """CRPS of the draws and of the oracle's at a quarter's start; on other days none."""
    rows = []
    if "quarter" in actual.index:
        best = pipeline_oracle.draws(hidden, then)
        for period in asked.itertuples():
            ours = np.sum([part.sum(axis=0) for part in totals(period, drawn)], axis=0)
            oracle = best[:, period.ahead_from - 1: period.ahead_to].sum(axis=1)
            came = actual[period.period]
            rows.append((then.as_of, period.period, *(pipeline_oracle.crps(of, came) for of in (ours, oracle))))
    return pd.DataFrame(rows, columns=["cut", "period", "ours", "oracle"])


def against(months: pd.DataFrame, ahead_to: int, base: str = "naive") -> pd.Series:
    """Per method, Σ|miss| ÷ that of the base, of the sums of the first `ahead_to` months, cuts as far apart as that."""
    rows = months[months["ahead"] <= ahead_to]
    if ahead_to > 1:
        rows = rows[rows["cut"].dt.month % ahead_to == 0]
    sums = rows.groupby(["regime", "seed", "cut", "method"])[["forecast", "actual"]].sum(min_count=ahead_to)
    sums["whole"] = rows.groupby(["regime", "seed", "cut", "method"]).size() == ahead_to
    sums = sums[sums["whole"] & sums["actual"].notna()]
    miss = (sums["forecast"] - sums["actual"]).abs().unstack("method")
    return miss.sum() / miss[base].sum()
