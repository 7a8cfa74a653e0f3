"""What each measure of a rep rests on: the cases behind it, and sums by rep."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from salesops_helpers.data.container import Tables
from salesops_helpers.measures import attainment, month_end, month_start
from salesops_helpers.performance.kpis import closed_deals
from salesops_helpers.performance.reps import Period

ANSWERED_HOURS = 24


@dataclass(frozen=True)
class Measure:
    """One measure: kind (rate, size, value, wait or level), title, unit, whether up or down is better, the tables that
    it needs, what its n counts."""

    name: str
    kind: str
    title: str
    unit: str
    better: str
    needs: tuple[str, ...]
    cases: str


MEASURES = {m.name: m for m in (
    Measure("win_rate", "rate", "Win rate", "share", "up", ("opportunities",), "closed deals"),
    Measure("value_per_opportunity", "value", "Won value per closed deal", "currency", "up", ("opportunities",),
            "closed deals"),
    Measure("deal_size", "size", "Size of a won deal", "currency", "up", ("opportunities",), "won deals"),
    Measure("cycle_days", "wait", "Days open per closing", "days", "down", ("opportunities",), "closed deals"),
    Measure("activity_per_win", "wait", "Activities per win", "activities", "down", ("opportunities", "activities"),
            "won deals"),
    Measure("lead_response", "rate", f"Leads touched within {ANSWERED_HOURS} hours", "share", "up", ("leads",),
            "leads"),
    Measure("attainment", "level", "Attainment", "share", "up", ("opportunities", "quotas"), "months"),
)}


def cases(tables: Tables, measure: Measure, period: Period) -> pd.DataFrame:
    """Sums by rep, or single cases, of one measure.

    Returns
    -------
    DataFrame
        rate: rep_id, won, n (sums). wait: rep_id, events, exposure, n (sums). size, value, level: one row a case, with
        rep_id and value (size: amount of a won deal; value: amount of a closed deal, 0 where it was lost; level:
        attainment of a month).
    """
    return _MAKERS[measure.name](tables, period)


def _closed(tables: Tables, period: Period) -> pd.DataFrame:
    return closed_deals(tables, period.start, period.end).dropna(subset="rep_id")


def _win_rate(tables: Tables, period: Period) -> pd.DataFrame:
    deals = _closed(tables, period)
    sums = (deals["status"] == "won").groupby(deals["rep_id"]).agg(["sum", "size"])
    return sums.set_axis(["won", "n"], axis=1).rename_axis("rep_id").reset_index()


def _deal_size(tables: Tables, period: Period) -> pd.DataFrame:
    deals = _closed(tables, period)
    won = deals[(deals["status"] == "won") & (deals["amount"] > 0)]
    return won[["rep_id", "amount"]].rename(columns={"amount": "value"}).reset_index(drop=True)


def _value(tables: Tables, period: Period) -> pd.DataFrame:
    deals = _closed(tables, period)
    deals = deals[~((deals["status"] == "won") & deals["amount"].isna())]
    value = deals["amount"].where(deals["status"] == "won", 0.0).clip(lower=0)
    return pd.DataFrame({"rep_id": deals["rep_id"], "value": value}).reset_index(drop=True)


def _cycle(tables: Tables, period: Period) -> pd.DataFrame:
    """Days that deals stood open in the period, and how many closed in it; undated deals are not in it."""
    deals = tables.opportunities
    last = min(month_end(period.end), tables.as_of)
    dated = deals[deals["rep_id"].notna() & deals["created_on"].notna() & (deals["created_on"] <= last)]
    ended = dated["closed_on"].where(dated["status"] != "open")
    start = dated["created_on"].clip(lower=month_start(period.start))
    days = (ended.fillna(last).clip(upper=last) - start).dt.days
    frame = pd.DataFrame({"rep_id": dated["rep_id"], "exposure": days.clip(lower=0).astype(float),
                          "events": ended.between(month_start(period.start), last).astype(int)})[days >= 0]
    sums = frame.groupby("rep_id")[["events", "exposure"]].sum().reset_index()
    return sums.assign(n=sums["events"])[sums["exposure"] > 0].reset_index(drop=True)


def _activity(tables: Tables, period: Period) -> pd.DataFrame:
    rows = tables.rows("activities")
    last = min(month_end(period.end), tables.as_of) + pd.Timedelta(days=1)
    within = rows.filter((rows["occurred_at"] >= month_start(period.start)) & (rows["occurred_at"] < last))
    done = tables.rows_engine.collect(within.group_by("rep_id").agg(exposure=within.count()), "activities")
    done = done.dropna(subset="rep_id").astype({"exposure": float})
    done["events"] = done["rep_id"].map(_win_rate(tables, period).set_index("rep_id")["won"]).fillna(0).astype(int)
    return done.assign(n=done["events"])[["rep_id", "events", "exposure", "n"]].sort_values("rep_id", ignore_index=True)


def _lead_response(tables: Tables, period: Period) -> pd.DataFrame:
    """Leads given to reps in the period, a day at least before the as-of day ends: touched within a day, and all."""
    rows = tables.rows("leads")
    day = pd.Timedelta(hours=ANSWERED_HOURS)
    last = min(month_end(period.end) + pd.Timedelta(days=1), tables.as_of + pd.Timedelta(days=1) - day)
    rows = rows.filter((rows["assigned_at"] >= month_start(period.start)) & (rows["assigned_at"] < last))
    waited = rows["first_touch_at"].epoch_seconds() - rows["assigned_at"].epoch_seconds()
    quick = (waited <= ANSWERED_HOURS * 3600).fill_null(False).cast("int64")
    found = tables.rows_engine.collect(rows.group_by("rep_id").agg(won=quick.sum(), n=rows.count()), "leads")
    return found.dropna(subset="rep_id").astype({"won": int, "n": int}).sort_values("rep_id", ignore_index=True)


def _attainment(tables: Tables, period: Period) -> pd.DataFrame:
    months = pd.date_range(period.start, period.end, freq="MS")
    frames = [attainment(tables, month, month) for month in months if month_end(month) <= tables.as_of]
    found = pd.concat([f.dropna(subset="attainment") for f in frames]) if frames else pd.DataFrame(
        columns=["rep_id", "attainment"])
    return found[["rep_id", "attainment"]].rename(columns={"attainment": "value"}).reset_index(drop=True)


_MAKERS = {"win_rate": _win_rate, "value_per_opportunity": _value, "deal_size": _deal_size, "cycle_days": _cycle,
           "activity_per_win": _activity, "lead_response": _lead_response, "attainment": _attainment}


def spread_within(values: pd.Series, reps: pd.Series) -> tuple[float, int]:
    """Pooled variance of cases about their rep's mean, and its degrees of freedom."""
    centred = values - values.groupby(reps).transform("mean")
    degrees = len(values) - reps.nunique()
    return float((centred**2).sum() / degrees) if degrees > 0 else float(np.nan), int(degrees)
