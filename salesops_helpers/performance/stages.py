"""Stage flow by entry cohort: who moved on, who was lost, who is still there, how long it took, where value waits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from salesops_helpers.data.container import Tables
from salesops_helpers.performance.pipeline import deals_on, open_stages
from salesops_helpers.performance.stays import DAY, WON, entered, stays
from salesops_helpers.stats import jeffreys
from salesops_helpers.survival import median, medians

FEWEST_WON = 20


def entries(tables: Tables, start: pd.Timestamp, end: pd.Timestamp, found: pd.DataFrame | None = None) -> pd.DataFrame:
    """First entries of deals into a stage on the days `start` to `end`, with what became of each.

    Parameters
    ----------
    found : DataFrame, optional
        `stays` from `start` on, where they are there already.

    Returns
    -------
    DataFrame
        The rows and columns of `stays` that are first visits, and moved_on (a later stage or a win came at any time
        after, stages skipped or returned to as they were), lost, still_open (neither yet), won (bool each).
    """
    found = _since(tables, start, found)
    rows = found[(found["visit"] == 1) & (found["entered_at"] < end + DAY)]
    moved_on = rows["best_rank"] > rows["rank"]
    is_open = rows["status"] == "open"
    return rows.assign(moved_on=moved_on, lost=~moved_on & ~is_open, still_open=~moved_on & is_open,
                       won=rows["status"] == "won").reset_index(drop=True)


def flow(tables: Tables, start: pd.Timestamp, end: pd.Timestamp, found: pd.DataFrame | None = None) -> pd.DataFrame:
    """Stage conversion by entry cohort: of the deals that first entered a stage on the days `start` to `end`.

    Returns
    -------
    DataFrame
        One row a stage in order: stage, entered, moved_on, lost, still_open, won (deals), rate (moved on ÷ entered;
        missing where none entered), low, high (its 90 % range, Jeffreys), open_share, won_share (of the entered),
        skipped (deals that entered an earlier stage in these days and a later one, never this one), returned (deals
        that came back into it in these days from a later stage).
    """
    found = _since(tables, start, found)
    rows = entries(tables, start, end, found)
    stages = open_stages(tables)
    counts = rows.groupby("stage")[["moved_on", "lost", "still_open", "won"]].sum().assign(
        entered=rows.groupby("stage").size())
    frame = counts.reindex(stages).fillna(0).astype(int).rename_axis("stage").reset_index()
    entered = frame["entered"].where(frame["entered"] > 0)
    low, high = jeffreys(frame["moved_on"], frame["entered"])
    back = found[(found["before_rank"] > found["rank"]) & (found["before_rank"] < WON)
                 & (found["entered_at"] < end + DAY)]
    returned = back.groupby("stage")["opportunity_id"].nunique()
    return frame.assign(
        rate=frame["moved_on"] / entered, low=low, high=high, open_share=frame["still_open"] / entered,
        won_share=frame["won"] / entered, skipped=_skipped(found, stages, end),
        returned=returned.reindex(stages).fillna(0).astype(int).to_numpy(),
    )[["stage", "entered", "moved_on", "lost", "still_open", "won", "rate", "low", "high", "open_share", "won_share",
       "skipped", "returned"]]


def _since(tables: Tables, start: pd.Timestamp, found: pd.DataFrame | None) -> pd.DataFrame:
    found = stays(tables, start) if found is None else found
    return found[found["entered_at"] >= start]


def _skipped(found: pd.DataFrame, stages: list[str], end: pd.Timestamp) -> list[int]:
    """For each stage the deals that began before it by `end` and came past it without a stay in it."""
    new = found[found["began"] & (found["entered_at"] < end + DAY)].set_index("opportunity_id")
    mine = found[found["opportunity_id"].isin(new.index)]
    been = mine.groupby(["rank", "opportunity_id"]).size()
    passed = [new.index[(new["rank"] < k) & (new["best_rank"] > k)] for k in range(len(stages))]
    seen = set(been.index.get_level_values(0))
    return [len(ids.difference(been.loc[k].index) if k in seen else ids) for k, ids in enumerate(passed)]


@dataclass(frozen=True)
class Steps:
    """Answer of `step_product`: rates (of entering the next stage, the last: of winning), predicted and actual wins."""

    rates: tuple[float, ...]
    predicted: float
    actual: int


def step_product(tables: Tables, start: pd.Timestamp, end: pd.Timestamp, found: pd.DataFrame | None = None) -> Steps:
    """What multiplying step rates would predict, beside what happened: shown because it misleads.

    The step rate of a stage is (deals that entered it and the next one) ÷ (deals that entered it); their product times
    the deals that began on the days `start` to `end` is the prediction. Deals that skip a stage break the chain.
    """
    found = _since(tables, start, found)
    new = found.loc[found["began"] & (found["entered_at"] < end + DAY), "opportunity_id"]
    mine = found[found["opportunity_id"].isin(new)]
    ranks = range(len(open_stages(tables)))
    inside = [set(mine.loc[mine["rank"] == k, "opportunity_id"]) for k in ranks]
    won = set(mine.loc[mine["status"] == "won", "opportunity_id"])
    pairs = list(zip(inside, [*inside[1:], won], strict=True))
    rates = tuple(len(here & there) / len(here) if here else float("nan") for here, there in pairs)
    return Steps(rates, len(new) * float(np.prod(rates)), len(won))


def time_in_stage(
    tables: Tables, start: pd.Timestamp, end: pd.Timestamp, found: pd.DataFrame | None = None, by: str = "stage",
) -> pd.DataFrame:
    """How long the stays that began on the days `start` to `end` last, those not over yet taken as lasting longer.

    Parameters
    ----------
    by : str
        A column of `stays`: stage, or another to compare within rows chosen beforehand.

    Returns
    -------
    DataFrame
        One row a stage in order (or a value of `by`): n, ended (stays), median, low, high (days, Kaplan–Meier with 90 %
        range), mean_finished (days, mean over the finished stays alone: the other form, too short while some last).
    """
    found = _since(tables, start, found)
    rows = found[found["entered_at"] < end + DAY].dropna(subset=by)
    frame = medians(rows["days"], rows["ended"], rows[by])
    frame["mean_finished"] = rows[rows["ended"]].groupby(by)["days"].mean()
    if by == "stage":
        frame = frame.reindex([s for s in open_stages(tables) if s in frame.index])
    return frame.rename_axis(by).reset_index()


def created_to_closed(tables: Tables, months: int = 24) -> pd.DataFrame:
    """Days from creation to closing, and to a win, of the deals created in the last `months` months (Kaplan–Meier).

    Returns
    -------
    DataFrame
        Two rows: end ("closed": open deals censored; "won": open and lost deals censored), months, n, ended (deals),
        median, low, high (days; 90 % range).
    """
    first = tables.as_of.replace(day=1) - pd.DateOffset(months=months - 1)
    rows = tables.rows("opportunities")
    rows = rows.filter(rows["created_on"] >= first).select("status", "created_on", "closed_on")
    deals = tables.rows_engine.collect(rows, "opportunities")
    days = (deals["closed_on"].fillna(tables.as_of) - deals["created_on"]) / DAY
    ends = {"closed": deals["status"] != "open", "won": deals["status"] == "won"}
    found = {end: median(days.clip(lower=0.0), ended) for end, ended in ends.items()}
    return pd.DataFrame([{"end": end, "months": months, "n": len(deals), "ended": int(ends[end].sum()),
                          **found[end]._asdict()} for end in ends])


def usual_limits(tables: Tables, quantile: float = 0.9) -> pd.Series:
    """Whole days within which nine of ten stays ended that were part of a win, by stage; missing below 20 such stays.
    Counted in the engine, over the whole history."""
    import ibis

    from salesops_helpers.data.engine import apart

    stages = open_stages(tables)
    if not tables.has("stage_history"):
        return pd.Series(np.nan, index=stages, name="limit")
    rows, deals = entered(tables), tables.rows("opportunities")
    won = deals.filter(deals["status"] == "won").select(_deal="opportunity_id", _on="closed_on")
    rows = rows.filter(rows["stage"].isin(stages)).select("opportunity_id", "stage", "changed_at", "left_at")
    if apart(rows, won):
        rows = ibis.memtable(tables.rows_engine.collect(rows, "stage_history"))
    rows = rows.inner_join(won, rows["opportunity_id"] == won["_deal"])
    until = ibis.coalesce(rows["left_at"], rows["_on"].cast("timestamp")).truncate("D")
    rows = rows.mutate(days=until.delta(rows["changed_at"].truncate("D"), unit="day"))
    rows = rows.filter(rows["days"].notnull())
    sums = rows.group_by("stage").agg(limit=rows["days"].quantile(quantile), stays=rows.count())
    found = tables.rows_engine.collect(sums, "stage_history").set_index("stage")
    limit = found["limit"].astype(float).where(found["stays"] >= FEWEST_WON)
    return limit.set_axis(found.index.astype(object)).reindex(stages).rename("limit")


def waiting(tables: Tables, found: pd.DataFrame | None = None) -> pd.DataFrame:
    """The open deals with how long each has waited where it stands.

    Returns
    -------
    DataFrame
        The columns of `deals_on`, and since (day: of entry into the stage by the history, else of creation),
        days (whole days waited, up to the as-of day), in_stage (bool: counted from entry into the stage), limit (days;
        `usual_limits` of the stage).
    """
    deals = deals_on(tables, since=tables.as_of)
    deals = deals[deals["status"] == "open"].reset_index(drop=True)
    found = (stays(tables) if found is None else found) if tables.has("stage_history") else None
    since, limit = pd.Series(pd.NaT, deals.index, dtype="datetime64[ns]"), pd.Series(np.nan, deals.index)
    if found is not None:
        last = found[~found["ended"]].drop_duplicates("opportunity_id", keep="last").set_index("opportunity_id")
        entered = last["entered_at"].reindex(deals["opportunity_id"].to_numpy())
        since = pd.Series(entered.to_numpy(), deals.index)
        limit = deals["stage"].astype(object).map(usual_limits(tables)).astype(float)
    known = since.notna()
    since = since.where(known, deals["created_on"]).dt.normalize()
    days = (tables.as_of - since) / DAY
    return deals.assign(since=since, days=days.clip(lower=0.0), in_stage=known, limit=limit)


def where_value_waits(tables: Tables, waits: pd.DataFrame | None = None) -> pd.DataFrame:
    """Open money times the days it has waited, by stage.

    Returns
    -------
    DataFrame
        One row a stage with open deals, in order: stage, deals, amount (currency), unvalued (deals without an amount or
        list price), at_list (share of the amount that is list price), median_days (plain median of the days waited),
        money_days (Σ amount × days), share (of all money × days), beyond (deals past the stage's usual limit),
        beyond_amount (currency), undated (deals without any date, whose days are unknown).
    """
    waits = waiting(tables) if waits is None else waits
    late = waits["days"] > waits["limit"]
    rows = waits.assign(
        money=waits["amount"].fillna(0.0), unvalued=waits["amount"].isna(), undated=waits["days"].isna(), beyond=late)
    rows = rows.assign(
        money_days=rows["money"] * rows["days"].fillna(0.0), listed=rows["money"].where(rows["at_list"], 0.0),
        beyond_amount=rows["money"].where(late, 0.0))
    frame = rows.groupby("stage").agg(
        deals=("money", "size"), amount=("money", "sum"), unvalued=("unvalued", "sum"), listed=("listed", "sum"),
        median_days=("days", "median"), money_days=("money_days", "sum"), beyond=("beyond", "sum"),
        beyond_amount=("beyond_amount", "sum"), undated=("undated", "sum"))
    frame = frame.reindex([s for s in open_stages(tables) if s in frame.index]).rename_axis("stage").reset_index()
    at_list = frame.pop("listed") / frame["amount"].where(frame["amount"] > 0)
    total = frame["money_days"].sum()
    return frame.assign(at_list=at_list, share=frame["money_days"] / total if total else np.nan)
