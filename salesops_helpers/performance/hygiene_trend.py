"""Is the data getting better: hygiene by month and by owner, with the ranges that the counts allow."""

from __future__ import annotations

import pandas as pd

from salesops_helpers import stats, words
from salesops_helpers.data.container import Tables
from salesops_helpers.data.snapshot import snapshot
from salesops_helpers.data.watch import watched
from salesops_helpers.measures import month_start, months_of
from salesops_helpers.performance.hygiene import flagged_deals, valued

ALARM = 0.05


def by_month(tables: Tables, months: int = 12) -> pd.DataFrame:
    """The deals created in each of the last `months` months: how many were set aside, how many are flagged.

    Returns
    -------
    DataFrame
        month, rows (deals in the source, used and set aside), set_aside, flagged (used; amount, date, stage or owner in
        doubt today), share_aside, share_flagged, and the 90 % ranges low_aside, high_aside, low_flagged, high_flagged
        (Jeffreys). Set-aside deals whose created date cannot be read are in no month.
    """
    marks = flagged_deals(tables)
    deals = tables.opportunities.dropna(subset="created_on")
    hit = deals["opportunity_id"].isin(marks.loc[marks["material"], "opportunity_id"])
    rows = tables.set_aside
    aside = pd.to_datetime(rows.loc[(rows["table"] == "opportunities"), "dated"]).dropna()
    wanted = months_of(tables)[-months:]
    counts = pd.DataFrame({
        "used": _per_month(deals["created_on"]), "flagged": _per_month(deals.loc[hit, "created_on"]),
        "set_aside": _per_month(aside),
    }).reindex(wanted).fillna(0).astype(int).rename_axis("month").reset_index()
    frame = counts.assign(rows=counts["used"] + counts["set_aside"])
    for name, column in (("aside", "set_aside"), ("flagged", "flagged")):
        low, high = stats.jeffreys(frame[column], frame["rows"])
        share = frame[column] / frame["rows"].where(frame["rows"] > 0)
        frame = frame.assign(**{f"share_{name}": share, f"low_{name}": low, f"high_{name}": high})
    return frame.drop(columns="used")


def _per_month(days: pd.Series) -> pd.Series:
    return days.dt.to_period("M").dt.to_timestamp().value_counts()


def pipeline_then(tables: Tables, months: int = 12) -> pd.DataFrame:
    """The open pipeline at the end of each of the last `months` months, as it was known and would have been flagged.

    Returns
    -------
    DataFrame
        month, open (deals), flagged (deals: amount, date, stage or owner in doubt), pipeline, flagged_value (currency),
        share (flagged_value ÷ pipeline; missing without a pipeline); only the last month without stage_history.
    """
    ends = [min(month + pd.offsets.MonthEnd(0), tables.as_of) for month in months_of(tables)[-months:]]
    ends = ends if tables.has("stage_history") else ends[-1:]
    rows = [_at(snapshot(tables, end)) for end in ends]
    frame = pd.DataFrame(rows).assign(month=[month_start(end) for end in ends])
    frame["share"] = frame["flagged_value"] / frame["pipeline"].where(frame["pipeline"] > 0)
    return frame[["month", "open", "flagged", "pipeline", "flagged_value", "share"]]


def _at(tables: Tables) -> dict[str, float]:
    marks = flagged_deals(tables, flags=watched(tables, only="opportunities"))
    still = valued(tables).query("status == 'open'")
    hit = still["opportunity_id"].isin(marks.loc[marks["material"], "opportunity_id"])
    return {"open": len(still), "flagged": int(hit.sum()), "pipeline": float(still["amount"].sum()),
            "flagged_value": float(still.loc[hit, "amount"].sum())}


def by_owner(tables: Tables, months: int = 12) -> pd.DataFrame:
    """Deals of each owner that are open or were closed in the last `months` months, and how many carry any flag.

    Returns
    -------
    DataFrame
        rep_id, name, team, deals, flagged, share, mean, low, high (estimate and 90 % range of the owner's true share,
        by `stats.beta_binomial`), p_value (Holm-adjusted: does the owner differ from all others). Most flagged first
        where owners differ by more than chance, else by name.
    """
    deals, marks = tables.opportunities, flagged_deals(tables)
    since = month_start(tables.as_of) - pd.DateOffset(months=months - 1)
    mine = deals[((deals["status"] == "open") | (deals["closed_on"] >= since)) & deals["rep_id"].notna()]
    mine = mine.assign(hit=mine["opportunity_id"].isin(marks["opportunity_id"]), rep_id=mine["rep_id"].astype(object))
    counts = mine.groupby("rep_id").agg(deals=("hit", "size"), flagged=("hit", "sum")).reset_index()
    people = tables.reps.drop_duplicates("rep_id").set_index("rep_id")[["name", "team"]]
    counts = counts.join(people.astype(object).set_axis(people.index.astype(object)), on="rep_id")
    if counts.empty:
        return counts.assign(share=0.0, mean=0.0, low=0.0, high=0.0, p_value=1.0)
    units = stats.beta_binomial(counts["flagged"], counts["deals"]).units.set_index(counts.index)
    frame = counts.assign(share=counts["flagged"] / counts["deals"], **{c: units[c] for c in ("mean", "low", "high")},
                          p_value=stats.deviations(counts["flagged"], counts["deals"]))
    columns = ["rep_id", "name", "team", "deals", "flagged", "share", "mean", "low", "high", "p_value"]
    by, down = (["mean", "rep_id"], [False, True]) if _differ(frame) else (["name", "rep_id"], [True, True])
    return frame.sort_values(by, ascending=down, ignore_index=True)[columns]


def _differ(owners: pd.DataFrame) -> bool:
    return stats.homogeneity(owners["flagged"], owners["deals"]).p_value <= ALARM


def owners_sentence(owners: pd.DataFrame) -> str:
    """Do owners differ in how many of their deals are flagged, and who stands apart?"""
    if len(owners) < 2:
        return "There are no two owners to compare."
    rate = words.percent(owners["flagged"].sum() / owners["deals"].sum())
    if not _differ(owners):
        return (f"No detectable difference between the {words.number(len(owners))} owners: {rate} of all their deals "
                "carry a flag, and chance alone spreads them this far.")
    apart = owners[(owners["p_value"] <= ALARM) & (owners["mean"] > owners["flagged"].sum() / owners["deals"].sum())]
    names = words.joined(apart["name"].fillna(apart["rep_id"]))
    who = f"clearly more with {names}" if len(apart) else "but no one owner's share is clearly above the others'"
    return f"Owners differ by more than chance ({rate} of all deals carry a flag), {who}."


def trend_sentence(then: pd.DataFrame) -> str:
    """The part of the pipeline in doubt at the last month end, beside the month ends before it."""
    known = then.dropna(subset="share")
    if len(known) < 3:
        return "Earlier month ends are not known: the table stage_history is missing, or the data is too short."
    last, before = known.iloc[-1], known["share"].iloc[:-1]
    place = ("more than at any of" if last["share"] > before.max() else "less than at any of"
             if last["share"] < before.min() else "no more and no less than at")
    return (f"{words.percent(last['share'])} of the open pipeline was in doubt at the end of "
            f"{words.month_name(last['month'])}, {place} the {len(before)} month ends before it "
            f"({words.percent(before.min())} to {words.percent(before.max())}).")
