"""Who is paid by a plan on which days, and the spans that the plan measures."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from salesops_helpers.comp.exact import minor, ratio
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.measures import month_start, year_start

if TYPE_CHECKING:
    from salesops_helpers.comp.plans import Plan

LENGTHS = {"month": 1, "quarter": 3, "year": 12}
ALWAYS, EVER, DAY = pd.Timestamp("1900-01-01"), pd.Timestamp("2199-12-31"), pd.Timedelta(days=1)


def windows(plan: Plan, tables: Tables, start: str | pd.Timestamp, end: str | pd.Timestamp) -> pd.DataFrame:
    """The measured spans that are paid in the months `start` to `end`, and those of the same fiscal year before them.

    Returns
    -------
    DataFrame
        window (number), first_month, month (the last one: it pays), first_day, last_day, year (first month of the
        fiscal year), days, paid (bool: its month lies in start to end), asked (bool: it does not lie after end; later
        spans of the year are there with ``goals: full_year`` alone).
    """
    first, last = month_start(start), month_start(end)
    if last < first or last > month_start(tables.as_of):
        raise SalesOpsError(
            f"pay for {first:%Y-%m} to {last:%Y-%m}",
            f"months up to {tables.as_of:%Y-%m}, in order",
            "change the months",
        )
    fiscal, length = tables.company.fiscal_year_start, LENGTHS[plan.period.measure]
    begin = year_start(first, fiscal)
    whole = plan.period.goals == "full_year"
    until = year_start(last, fiscal) + pd.DateOffset(months=11) if whole else last
    starts = pd.date_range(begin, until, freq=f"{length}MS")
    frame = pd.DataFrame({"first_month": starts})
    frame["month"] = (starts.to_period("M") + (length - 1)).to_timestamp()
    frame["first_day"], frame["last_day"] = starts, frame["month"] + pd.offsets.MonthEnd(1)
    frame["year"] = pd.DatetimeIndex([year_start(day, fiscal) for day in starts])
    frame["days"] = (frame["last_day"] - frame["first_day"]).dt.days + 1
    frame["paid"] = frame["month"].between(first, last)
    frame["asked"] = frame["month"] <= last
    frame = frame[frame["asked"] | whole].reset_index(drop=True)
    return frame.rename_axis("window").reset_index()


def gathered(plan: Plan, spans: pd.DataFrame) -> pd.DataFrame:
    """Which measured spans (`part`) a window adds up: itself, or its fiscal year to date; `goal` and `credit` say for
    which of both a part counts, `now` marks the window itself."""
    pairs = spans[["window", "year"]].merge(spans[["window", "year"]].rename(columns={"window": "part"}), on="year")
    ytd = plan.period.accumulate == "ytd"
    pairs["now"] = pairs["part"] == pairs["window"]
    pairs["credit"] = pairs["part"] <= pairs["window"] if ytd else pairs["now"]
    pairs["goal"] = pairs["credit"] | (plan.period.goals == "full_year")
    return pairs.loc[pairs["goal"], ["window", "part", "now", "credit", "goal"]]


def stays(plan: Plan, tables: Tables, replay: bool) -> pd.DataFrame:
    """The days on which each rep is paid by the plan: rep_id, first, last, yearly (target incentive, exact, or None).

    Raises `SalesOpsError` where a rep has two plans on one day, or, without `replay`, there are no plan_assignments.
    """
    employed = tables.reps[["rep_id", "hired_on", "left_on"]]
    turns = _turns(tables)
    if not replay and not tables.has("plan_assignments"):
        raise SalesOpsError(
            "the table plan_assignments is missing",
            "who is on which plan, from when",
            "add the table, or replay the plan on every rep (replay=True)",
        )
    if replay:
        again = turns.groupby("rep_id")["starts"]
        turns["starts"] = turns["starts"].where(again.cumcount() > 0, ALWAYS)
        turns["ends"] = (again.shift(-1) - DAY).fillna(EVER)
        found = employed.merge(turns, on="rep_id", how="left")
    else:
        found = employed.merge(turns[turns["plan"] == plan.plan], on="rep_id")
    first = pd.concat([found["hired_on"].fillna(ALWAYS), found["starts"].fillna(ALWAYS)], axis=1).max(axis=1)
    last = pd.concat([found["left_on"].fillna(EVER), found["ends"].fillna(EVER)], axis=1).min(axis=1)
    if not replay:
        first = first.clip(lower=pd.Timestamp(plan.effective.first))
        last = last.clip(upper=pd.Timestamp(plan.effective.last))
    frame = pd.DataFrame({"rep_id": found["rep_id"].astype(object), "first": first, "last": last})
    frame["yearly"] = _yearly(plan, found["yearly"])
    return frame[frame["first"] <= frame["last"]].reset_index(drop=True)


def _turns(tables: Tables) -> pd.DataFrame:
    """Assignments in order of their first day; an empty last day means: until the rep's next assignment begins."""
    turns = tables.plan_assignments.sort_values(["rep_id", "starts_on"], kind="stable").reset_index(drop=True)
    after = turns.groupby("rep_id")["starts_on"].shift(-1)
    ends = turns["ends_on"].fillna(after - DAY).fillna(EVER)
    if (clash := after.notna() & (ends >= after)).any():
        row = turns[clash].iloc[0]
        raise SalesOpsError(
            f"rep {row['rep_id']!r} has two plans on {after[clash].iloc[0]:%Y-%m-%d}",
            "one plan for one rep on one day",
            "end one assignment before the next begins",
        )
    cents = minor(turns["target_incentive"], tables.company.minor_units, "target_incentive")
    yearly = ratio(cents, 10**tables.company.minor_units) if len(turns) else np.array([], dtype=object)
    known = turns["target_incentive"].notna().to_numpy()
    return pd.DataFrame(
        {
            "rep_id": turns["rep_id"],
            "plan": turns["plan"],
            "starts": turns["starts_on"],
            "ends": ends,
            "yearly": pd.Series(np.where(known, yearly, None), dtype=object, index=turns.index),
        }
    )


def _yearly(plan: Plan, assigned: pd.Series) -> np.ndarray:
    """Each stay's yearly target: the rep's own where there is one, else the plan's; None where neither is known."""
    own = assigned.astype(object).where(assigned.notna(), None).to_numpy(object)
    if not isinstance(plan.target_incentive, Fraction):
        return own
    general = plan.target_incentive * 12 / plan.effective.months
    return np.where(assigned.notna().to_numpy(), own, general).astype(object)


def overlap(left: pd.DataFrame, right: pd.DataFrame) -> pd.DataFrame:
    """Every stay beside every span of `right` (first_day, last_day), with the days that both share, where any."""
    pairs = left.merge(right, how="cross")
    since = pairs[["first", "first_day"]].max(axis=1)
    until = pairs[["last", "last_day"]].min(axis=1)
    shared = (until - since).dt.days + 1
    return pairs.assign(shared=shared, last_shared=until)[shared > 0]


def months_in(spans: pd.DataFrame) -> pd.DataFrame:
    """The months of each measured span: part, month, first_day, last_day."""
    months = pd.date_range(spans["first_month"].min(), spans["month"].max(), freq="MS")
    pairs = (
        spans[["window", "first_month", "month"]]
        .rename(columns={"window": "part", "month": "end"})
        .merge(pd.DataFrame({"month": months}), how="cross")
    )
    pairs = pairs[pairs["month"].between(pairs["first_month"], pairs["end"])]
    return pairs[["part", "month"]].assign(first_day=pairs["month"], last_day=pairs["month"] + pd.offsets.MonthEnd(1))


def in_stays(credit: pd.DataFrame, paid: pd.DataFrame) -> pd.Series:
    """True for each line of `credit` that closed on a day on which its rep is on the plan."""
    asked = credit[["rep_id", "closed_on"]].rename_axis("line").reset_index().merge(paid, on="rep_id")
    inside = asked["closed_on"].between(asked["first"], asked["last"])
    return pd.Series(credit.index.isin(asked.loc[inside, "line"]), index=credit.index)


def presence(plan: Plan, spans: pd.DataFrame, paid: pd.DataFrame) -> pd.DataFrame:
    """Each rep's part of each measured span.

    Returns
    -------
    DataFrame
        rep_id, part, days, share (days on the plan ÷ calendar days, exact), target (exact; None where not known),
        bounds (the factor on bounds in money, exact), last_shared (last day on the plan in the span).

    Notes
    -----
    Target = yearly target × months ÷ 12 × days on the plan ÷ calendar days of the span, unrounded. Bounds in money hold
    for the measured span, or with ``accumulate: ytd`` for the fiscal year; there the factor is the part of the year on
    the plan, as far as it is known at the span's end.
    """
    pairs = overlap(paid, spans).rename(columns={"window": "part"})
    part = (
        ratio(pairs["shared"].to_numpy(object), pairs["days"].to_numpy(object)) if len(pairs) else np.array([], object)
    )
    months = Fraction(LENGTHS[plan.period.measure], 12)
    known = pairs["yearly"].notna()
    pairs["target"] = pairs["yearly"].where(known, Fraction(0)) * (part * months)
    pairs["share"], pairs["unknown"] = part, ~known
    frame = pairs[["rep_id", "part", "shared", "share", "target", "last_shared", "unknown"]].rename(
        columns={"shared": "days"}
    )
    if frame.duplicated(["rep_id", "part"]).any():  # several stays in one span
        frame = frame.groupby(["rep_id", "part"], as_index=False).agg(
            {"days": "sum", "share": "sum", "target": "sum", "last_shared": "max", "unknown": "any"}
        )
    frame = frame.sort_values(["rep_id", "part"], kind="stable").reset_index(drop=True)
    frame["target"] = frame["target"].astype(object).where(~frame["unknown"], None)
    frame["bounds"] = _of_year(frame, spans, paid) if plan.period.accumulate == "ytd" else frame["share"]
    return frame.drop(columns="unknown")


def _of_year(frame: pd.DataFrame, spans: pd.DataFrame, paid: pd.DataFrame) -> pd.Series:
    """The part of the fiscal year on the plan: a stay that has not ended by the span's end counts to the year's end."""
    pairs = overlap(paid, spans.assign(first_day=spans["year"])).rename(columns={"window": "part"})
    ends = pairs["year"] + pd.DateOffset(years=1) - DAY
    last = pairs["last"].where(pairs["last"] < pairs["last_day"], ends)
    since = pairs[["first", "year"]].max(axis=1)
    pairs["bounds"] = (last - since).dt.days + 1
    pairs["whole"] = (ends - pairs["year"]).dt.days + 1
    sums = pairs.groupby(["rep_id", "part"], as_index=False).agg(bounds=("bounds", "sum"), whole=("whole", "first"))
    sums = frame[["rep_id", "part"]].merge(sums, on=["rep_id", "part"], how="left")
    return pd.Series(ratio(sums["bounds"].to_numpy(object), sums["whole"].to_numpy(object)), index=frame.index)
