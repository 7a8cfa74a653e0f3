"""Each stay of a deal in a stage, from the stage history: when it began and ended, and what came next."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers.data.columns import TEXT
from salesops_helpers.data.container import Tables
from salesops_helpers.performance.pipeline import deals_on, open_stages

WON = 1_000_000
DEAL = ["opportunity_id", "account_id", "rep_id", "product", "segment", "kind", "lead_source", "status", "amount",
        "at_list", "closed_on", "expected_close_on"]
DAY = pd.Timedelta(days=1)


def stays(tables: Tables, start: pd.Timestamp | None = None) -> pd.DataFrame:
    """Stays in open stages that began on `start` or later or are not over (None: all), in order of deal and time.

    Changes of amount, date or owner within a stage do not end a stay. Stages that are in no order of the process (not
    among the company's) are left out; a closed deal whose history does not say so leaves its last stage on its closing
    day.

    Parameters
    ----------
    start : Timestamp, optional
        First day. Every later stay of the deals is there, so that what became of an entry can be told.

    Returns
    -------
    DataFrame
        opportunity_id, stage, rank (place of the stage, from 0), visit (first, second … stay of this deal in it), began
        (bool: the first stay of the deal at all), before_rank (of the stage before; missing at the start), entered_at,
        left_at (missing: still there), days (of the stay, to the end of the as-of day where it lasts), ended (bool),
        next_rank (of what came next: a stage's, `WON`, -1 for lost, missing where nothing came yet), best_rank (highest
        that came at any time after), and account_id, rep_id (now), product, segment, kind, lead_source, status (now),
        amount (now, currency), at_list, closed_on, expected_close_on of the deal.
    """
    frame = _changes(tables, start)
    since = None if start is None else start - DAY
    deals = deals_on(tables, since=since)[DEAL]
    frame = frame.merge(deals, on="opportunity_id", how="inner")
    frame = _closed(frame)
    frame["rank"] = _rank(tables, frame["stage"])
    frame["before_rank"] = _rank(tables, frame.pop("before"))
    said = _rank(tables, frame.pop("next_stage"))
    result = frame["status"].map({"won": float(WON), "lost": -1.0}).astype(float)
    frame["next_rank"] = said.where(said.notna() | ~frame.pop("unsaid"), result)
    frame["best_rank"] = frame[::-1].groupby("opportunity_id")["next_rank"].cummax()[::-1]
    frame["best_rank"] = frame[::-1].groupby("opportunity_id")["best_rank"].ffill()[::-1]
    end = frame["left_at"].fillna(tables.as_of + DAY)
    frame["days"] = ((end - frame["entered_at"]) / DAY).clip(lower=0.0)
    frame["ended"] = frame["left_at"].notna()
    inside = frame["rank"].between(0, WON - 1)
    return frame[inside].astype({"rank": int}).reset_index(drop=True)


def _changes(tables: Tables, start: pd.Timestamp | None) -> pd.DataFrame:
    """Entries into stages, made in the engine: opportunity_id, stage, before, entered_at, left_at, next_stage, visit,
    began, last (of its deal)."""
    if not tables.has("stage_history"):
        return _typed(pd.DataFrame(columns=["opportunity_id", "stage", "entered_at", "before", "left_at", "next_stage",
                                            "visit"]))
    rows = entered(tables)
    if start is not None:
        lasts = rows["left_at"].isnull() & rows["stage"].isin(open_stages(tables))
        rows = rows.filter((rows["changed_at"] >= start) | lasts)
    frame = tables.rows_engine.collect(rows, "stage_history")
    return _typed(frame.rename(columns={"changed_at": "entered_at"}))


def entered(tables: Tables):
    """Entries into stages as an Ibis expression: opportunity_id, changed_at, stage, before (the stage
    before), left_at, next_stage, visit."""
    import ibis

    rows = tables.rows("stage_history").select("opportunity_id", "changed_at", "stage")
    rows = rows.filter(rows["stage"].isin(tables.company.stages))
    in_order = ibis.window(group_by="opportunity_id", order_by="changed_at")
    rows = rows.mutate(before=rows["stage"].lag().over(in_order))
    rows = rows.filter(rows["before"].isnull() | (rows["before"] != rows["stage"]))
    in_stage = ibis.window(group_by=["opportunity_id", "stage"], order_by="changed_at")
    return rows.mutate(
        left_at=rows["changed_at"].lead().over(in_order), next_stage=rows["stage"].lead().over(in_order),
        visit=ibis.row_number().over(in_stage) + 1)


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    frame = frame.astype(dict.fromkeys(("opportunity_id", "stage", "before", "next_stage"), TEXT) | {
        "entered_at": "datetime64[ns]", "left_at": "datetime64[ns]", "visit": "int64"})
    frame = frame.sort_values(["opportunity_id", "entered_at"], kind="stable", ignore_index=True)
    return frame.assign(began=frame["before"].isna(), last=frame["left_at"].isna())


def _closed(frame: pd.DataFrame) -> pd.DataFrame:
    """End the last stay of closed deals where the history does not; `unsaid`: it is the deal that says how."""
    unsaid = frame.pop("last") & (frame["status"] != "open")
    on = frame["closed_on"].where(unsaid)
    left = frame["left_at"].fillna(on.where(on >= frame["entered_at"], frame["entered_at"].where(on.notna())))
    return frame.assign(left_at=left, unsaid=unsaid)


def _rank(tables: Tables, stages: pd.Series) -> pd.Series:
    company = tables.company
    ranks = {s: float(k) for k, s in enumerate(open_stages(tables))}
    ranks |= dict.fromkeys(company.won_stages, float(WON)) | dict.fromkeys(company.lost_stages, -1.0)
    return stages.astype(object).map(ranks).astype(np.float64)
