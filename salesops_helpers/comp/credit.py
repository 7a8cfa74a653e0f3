"""Exact credit and quotas: per deal and rep, per measured span, for the rep and for the units that the rep is in."""

from __future__ import annotations

from fractions import Fraction
from math import lcm

import numpy as np
import pandas as pd

from salesops_helpers.comp.exact import minor, ratio, shares
from salesops_helpers.comp.spans import overlap
from salesops_helpers.data.container import Tables
from salesops_helpers.measures import credited, place_on

CREDITS = {"bookings": "quota_share", "commissionable": "commission_share"}
GROUP_KPI = "bookings"


def exact_credit(tables: Tables) -> tuple[pd.DataFrame, int]:
    """Credit for won deals in whole grains, and how many grains make one major unit.

    Returns
    -------
    DataFrame
        opportunity_id, rep_id, closed_on, month, team, region, company, overlay, known (bool: has an amount), bookings,
        commissionable (Python integers of grains).
    int
        Grains in a major unit: 10^minor_units × the common denominator of all split shares, so that nothing is rounded.
    """
    frame = credited(tables)
    split = tables.splits[["opportunity_id", "rep_id", *CREDITS.values()]]
    frame = frame.merge(split, on=["opportunity_id", "rep_id"], how="left")
    cents = minor(frame["amount"], tables.company.minor_units, "opportunities.amount")
    parts = {credit: shares(frame[share]) for credit, share in CREDITS.items()}
    common = lcm(1, *(f.denominator for part in parts.values() for f in set(part)))
    made = {credit: np.array(cents * part * common, dtype=object) for credit, part in parts.items()}
    whole = {credit: np.array(_numerators(values), dtype=object) for credit, values in made.items()}
    keep = frame[["opportunity_id", "rep_id", "closed_on", "month", "team", "region", "overlay"]].assign(
        company=tables.company.name, known=frame["amount"].notna(), **whole
    )
    for name in ("opportunity_id", "rep_id", "team", "region"):
        keep[name] = keep[name].astype(object)
    return keep, 10**tables.company.minor_units * common


_numerators = np.frompyfunc(lambda value: Fraction(value).numerator, 1, 1)


def in_stays(credit: pd.DataFrame, paid: pd.DataFrame) -> pd.Series:
    """True for each line of `credit` that closed on a day on which its rep is on the plan."""
    asked = credit[["rep_id", "closed_on"]].rename_axis("line").reset_index().merge(paid, on="rep_id")
    inside = asked["closed_on"].between(asked["first"], asked["last"])
    return pd.Series(credit.index.isin(asked.loc[inside, "line"]), index=credit.index)


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


def quotas(tables: Tables, factor: Fraction) -> pd.DataFrame:
    """Monthly quotas as exact major units × `factor`: rep_id, month, quota."""
    cents = minor(tables.quotas["amount"], tables.company.minor_units, "quotas.amount")
    amounts = ratio(cents, 10**tables.company.minor_units) if len(cents) else np.array([], dtype=object)
    frame = pd.DataFrame({"rep_id": tables.quotas["rep_id"].astype(object), "month": tables.quotas["month"]})
    frame["quota"] = pd.Series(amounts * factor, index=frame.index, dtype=object)
    return frame[tables.quotas["amount"].notna().to_numpy()].reset_index(drop=True)


def own_result(
    tables: Tables,
    measure: str,
    credit: tuple[pd.DataFrame, int],
    monthly: pd.DataFrame,
    spans: pd.DataFrame,
    paid: pd.DataFrame,
) -> pd.DataFrame:
    """Each rep's own credit and quota in each measured span, for the days on the plan.

    Returns
    -------
    DataFrame
        rep_id, part, credit (exact major units), quota (exact), problem (text; None where there is none).

    Notes
    -----
    A month's quota stands for the days on which the rep is employed in it; a rep who is on the plan for a part of those
    days carries that part of it. Each month with a day on the plan needs a quota.
    """
    lines, grain = credit
    lines = lines[in_stays(lines, paid)]
    months = months_in(spans)
    sold = _sums(lines.merge(months, on="month"), ["rep_id", "part"], measure, "credit", grain)
    on_plan = overlap(paid, months).groupby(["rep_id", "part", "month"], as_index=False)["shared"].sum()
    asked = on_plan.merge(_employed(tables, months), on=["rep_id", "part", "month"]).merge(
        monthly, on=["rep_id", "month"], how="left"
    )
    there = asked["quota"].notna()
    carried = ratio(asked["shared"].to_numpy(object), asked["employed"].to_numpy(object)) if len(asked) else []
    asked["quota"] = asked["quota"].where(there, Fraction(0)) * pd.Series(carried, index=asked.index, dtype=object)
    asked["without"] = asked["month"].where(~there)
    frame = asked.groupby(["rep_id", "part"], as_index=False).agg(quota=("quota", "sum"), without=("without", "min"))
    return _finished(frame.merge(sold, on=["rep_id", "part"], how="left"))


def unit_result(
    tables: Tables,
    level: str,
    measure: str,
    credit: tuple[pd.DataFrame, int],
    monthly: pd.DataFrame,
    spans: pd.DataFrame,
    present: pd.DataFrame,
    factor: Fraction,
) -> pd.DataFrame:
    """Credit and quota of each rep's team, region or company in each measured span; columns as `own_result`.

    Notes
    -----
    Σ members' credit ÷ Σ members' quotas: a deal counts for the unit that its rep was in on the day of closing, a
    quota for the unit at the month's end; `targets` (kpi "bookings", unit's name), times `factor`, takes the place of
    the sum.
    The rep belongs to the unit of the rep's last day on the plan in the span. Members' credit counts whether or not
    they are on the plan.
    """
    lines, grain = credit
    months = months_in(spans)
    sold = _sums(lines.merge(months, on="month"), [level, "part"], measure, "credit", grain)
    goals = months[["part", "month"]].merge(_unit_quotas(tables, level, monthly, factor), on="month")
    goals = goals.groupby([level, "part"], as_index=False).agg(quota=("quota", "sum"), months=("month", "nunique"))
    goals = goals.merge(months.groupby("part", as_index=False).agg(needed=("month", "nunique")), on="part")
    place = place_on(tables, present["rep_id"], present["last_shared"]).assign(company=tables.company.name)
    frame = present[["rep_id", "part"]].assign(**{level: place[level].astype(object)})
    frame = frame.merge(sold, on=[level, "part"], how="left").merge(goals, on=[level, "part"], how="left")
    frame["without"] = pd.Series(pd.NaT, index=frame.index).where(
        frame["months"].notna() & (frame["months"] == frame["needed"]), spans["first_month"].min()
    )
    frame["problem"] = np.where(frame[level].isna(), f"no {level}", None)
    return _finished(frame.drop(columns=level), f" for the {level}")


def _unit_quotas(tables: Tables, level: str, monthly: pd.DataFrame, factor: Fraction) -> pd.DataFrame:
    ends = monthly["month"] + pd.offsets.MonthEnd(1)
    place = place_on(tables, monthly["rep_id"], ends).assign(company=tables.company.name)
    sums = (
        monthly.assign(**{level: place[level].astype(object)}).groupby([level, "month"], as_index=False)["quota"].sum()
    )
    given = tables.targets[tables.targets["kpi"] == GROUP_KPI].rename(columns={"unit": level})
    cents = minor(given["amount"], tables.company.minor_units, "targets.amount")
    goals = ratio(cents, 10**tables.company.minor_units) * factor if len(given) else None
    instead = given[[level, "month"]].assign(instead=goals)
    both = sums.merge(instead.astype({level: object}), on=[level, "month"], how="left")
    both["quota"] = both["instead"].where(both["instead"].notna(), both["quota"])
    return both[[level, "month", "quota"]]


def _employed(tables: Tables, months: pd.DataFrame) -> pd.DataFrame:
    from salesops_helpers.comp.spans import ALWAYS, EVER

    reps = tables.reps
    stay = pd.DataFrame(
        {
            "rep_id": reps["rep_id"].astype(object),
            "first": reps["hired_on"].fillna(ALWAYS),
            "last": reps["left_on"].fillna(EVER),
        }
    )
    return overlap(stay, months)[["rep_id", "part", "month", "shared"]].rename(columns={"shared": "employed"})


def _sums(lines: pd.DataFrame, by: list[str], measure: str, name: str, grain: int) -> pd.DataFrame:
    sums = lines.groupby(by, as_index=False)[measure].sum().rename(columns={measure: name})
    exact = ratio(sums[name].to_numpy(object), grain) if len(sums) else np.array([], dtype=object)
    return sums.assign(**{name: pd.Series(exact, index=sums.index, dtype=object)})


def _finished(frame: pd.DataFrame, whose: str = "") -> pd.DataFrame:
    """Nothing sold is 0; a month without a quota, or a quota that is not above 0, is a problem."""
    frame["credit"] = frame["credit"].astype(object).where(frame["credit"].notna(), Fraction(0))
    frame["quota"] = frame["quota"].astype(object).where(frame["quota"].notna(), Fraction(0))
    earlier = frame["problem"] if "problem" in frame else pd.Series(None, index=frame.index, dtype=object)
    bad = np.where(
        frame["without"].notna(),
        f"no quota{whose}",
        np.where(frame["quota"] <= 0, f"the quota is not above 0{whose}", None),
    )
    frame["problem"] = earlier.where(earlier.notna(), pd.Series(bad, index=frame.index, dtype=object))
    return frame[["rep_id", "part", "credit", "quota", "problem"]]
