"""Units beside each other for the flags: leads qualified and entries that moved on, each against all the others."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers import stats
from salesops_helpers.data.container import Tables
from salesops_helpers.measures import month_end, month_start, place_on
from salesops_helpers.performance.pipeline import NO_UNIT, rep_names, unit_of
from salesops_helpers.performance.stages import entries
from salesops_helpers.performance.stays import stays

ALARMS, RIPE, FEWEST = 0.05, 0.90, 20
DIMENSIONS = ("rep", "team", "source")


def lead_units(tables: Tables, month: str | pd.Timestamp, months: int = 12) -> pd.DataFrame:
    """Leads and qualified leads by rep, team and source.

    Returns
    -------
    DataFrame
        dimension, unit, said (as printed), leads, qualified, rate, low, high (90 % range), others (rate of all others;
        for reps and teams at the same mix of sources), average (leads of the average unit), p (Holm-adjusted over the
        units, times the dimensions), found (bool).
    """
    leads = tables.leads.assign(given=tables.leads["assigned_at"].fillna(tables.leads["created_at"]))
    took = (leads["qualified_on"] - leads["given"].dt.normalize()).dt.days
    ripe = 0 if took.notna().sum() == 0 else int(np.ceil(took.quantile(RIPE)))
    end = min(month_end(month), tables.as_of)
    start = month_start(month) - pd.DateOffset(months=months - 1)
    leads = leads[leads["given"].between(start, end - pd.Timedelta(days=ripe))]
    units = {"rep": leads["rep_id"], "source": leads["source"],
             "team": place_on(tables, leads["rep_id"], leads["given"])["team"]}
    done = leads["qualified_on"].notna()
    source = leads["source"].astype(object).fillna("")
    parts = [against_others(done, units[d].astype(object), None if d == "source" else source).assign(dimension=d)
             for d in DIMENSIONS]
    found = pd.concat(parts, ignore_index=True)
    if found.empty:
        return found.assign(said=None, found=False)
    found["p"] = np.minimum(found["p"] * found["dimension"].nunique(), 1.0)
    said = found["unit"].where(found["dimension"] != "rep", rep_names(tables, found["unit"]))
    found["said"] = found["dimension"].replace({"source": "lead source"}) + " " + said.astype(object)
    found["found"] = (found["p"] <= ALARMS) & (found["rate"] < found["others"]) & (found["leads"] > found["average"])
    return found


def against_others(done: pd.Series, unit: pd.Series, stratum: pd.Series | None = None) -> pd.DataFrame:
    """Each unit's share of successes against that of all the others, in the same strata where these are given."""
    table = done.groupby(unit).agg(["size", "sum"]).rename_axis("unit").reset_index()
    table.columns = ["unit", "leads", "qualified"]
    table = table.astype({"leads": int, "qualified": int})
    if len(table) < 2:
        table = table.iloc[:0]
    low, high = stats.jeffreys(table["qualified"], table["leads"])
    rest = table["leads"].sum() - table["leads"]
    table = table.assign(
        rate=table["qualified"] / table["leads"], low=low, high=high, average=table["leads"].mean(),
        others=(table["qualified"].sum() - table["qualified"]) / rest.where(rest > 0),
        p=stats.deviations(table["qualified"], table["leads"]) if len(table) else np.array([]))
    return table if stratum is None or table.empty else _with_mix(table, done, unit, stratum)


def _with_mix(table: pd.DataFrame, done: pd.Series, unit: pd.Series, stratum: pd.Series) -> pd.DataFrame:
    """The same with `others` and `p` at each unit's own mix of strata (Mantel and Haenszel, with continuity correction;
    Holm-adjusted)."""
    from scipy.special import ndtr

    known = unit.notna()
    cells = done[known].groupby([unit[known].rename("unit"), stratum[known].rename("stratum")]).agg(["size", "sum"])
    of = cells.groupby("stratum").transform("sum")
    size, total, good = cells["size"], of["size"], of["sum"]
    rest = (total - size).where(total > size)
    others = ((good - cells["sum"]) / rest).fillna(good / total) * size
    variance = size * (good / total) * (1 - good / total) * (total - size) / (total - 1).clip(lower=1)
    sums = pd.DataFrame({"expected": size * good / total, "variance": variance, "others": others}).groupby("unit").sum()
    sums = sums.reindex(table["unit"]).set_axis(table.index)
    far = ((table["qualified"] - sums["expected"]).abs() - 0.5).clip(lower=0)
    p = 2 * ndtr(-(far / np.sqrt(sums["variance"].where(sums["variance"] > 0))).fillna(0.0))
    return table.assign(others=sums["others"] / table["leads"], p=stats.holm(np.minimum(p, 1.0)))


def stage_units(tables: Tables, month: str | pd.Timestamp, months: int = 12) -> pd.DataFrame:
    """Entries into each stage by team, and how many moved on.

    Returns
    -------
    DataFrame
        stage, team, entered, moved_on (deals), rate, low, high (90 % range), others (rate of the other teams), reps
        (with entries), reps_below (of these, below the other teams' rate), p (adjusted), found (bool).
    """
    end = min(month_end(month), tables.as_of)
    start = month_start(month) - pd.DateOffset(months=months - 1)
    known = stays(tables, start)
    rows = entries(tables, start, end, known)
    ahead = known[known["ended"] & (known["next_rank"] > known["rank"])]
    ripe = ahead.groupby("stage")["days"].quantile(RIPE)
    rows = rows[rows["entered_at"] <= end - pd.to_timedelta(rows["stage"].map(ripe).fillna(0).astype(float), unit="D")]
    rows = rows.assign(team=unit_of(tables, rows, "team", end))
    rows = rows[rows["team"] != NO_UNIT]
    parts = [_teams(part).assign(stage=stage) for stage, part in rows.groupby("stage") if part["team"].nunique() > 1]
    if not parts:
        return pd.DataFrame(columns=["stage", "team", "entered", "p", "found"])
    found = pd.concat(parts, ignore_index=True)
    found["p"] = np.minimum(found["p"] * len(parts), 1.0)
    found["found"] = (found["p"] <= ALARMS) & (found["rate"] < found["others"]) & (found["entered"] >= FEWEST)
    return found


def _teams(part: pd.DataFrame) -> pd.DataFrame:
    """The teams at one stage."""
    table = against_others(part["moved_on"], part["team"].astype(object)).rename(
        columns={"unit": "team", "leads": "entered", "qualified": "moved_on"})
    by_rep = part.groupby(["team", "rep_id"])["moved_on"].mean().reset_index()
    below = by_rep["moved_on"] < by_rep["team"].map(table.set_index("team")["others"])
    counts = below.groupby(by_rep["team"].astype(object)).agg(["size", "sum"])
    at = counts.reindex(table["team"]).fillna(0).astype(int)
    return table.assign(reps=at["size"].to_numpy(), reps_below=at["sum"].to_numpy())
