"""What each measure of a plan holds, by rep and measured span: credit, quota or goal, and why there is none."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import pandas as pd

from salesops_helpers.comp.credit import (
    GROUP_KPI,
    activity_lines,
    chosen,
    converted,
    exact_credit,
    goals,
    in_units,
    quotas,
    rates,
)
from salesops_helpers.comp.exact import ratio, shares
from salesops_helpers.comp.parts import Measure
from salesops_helpers.comp.spans import ALWAYS, EVER, in_stays, months_in, overlap
from salesops_helpers.data.container import Tables

COLUMNS = ["rep_id", "part", "unit", "credit", "quota", "problem"]


@dataclass(frozen=True)
class Sources:
    """What a plan's measures are read from, in the plan's currency.

    `spans`, `paid`, `present` as in `comp.spans`; `others`: what other plans pay (rep_id, month, earned); `factor` on
    every quota and goal; `ramp`: the quota of the first months as shares.
    """

    tables: Tables
    currency: str
    spans: pd.DataFrame
    paid: pd.DataFrame
    present: pd.DataFrame
    factor: Fraction = Fraction(1)
    ramp: tuple[Fraction, ...] = ()
    others: pd.DataFrame | None = None
    months: pd.DataFrame = field(init=False)
    rate: pd.Series | None = field(init=False)
    credit: pd.DataFrame = field(init=False)
    grain: int = field(init=False)

    def __post_init__(self):
        put = object.__setattr__
        put(self, "months", months_in(self.spans))
        put(self, "rate", rates(self.tables, self.currency))
        credit, grain = exact_credit(self.tables)
        used = credit[credit["month"].between(self.months["month"].min(), self.months["month"].max())]
        used = used[used["known"]]
        put(self, "credit", converted(used, ["bookings", "commissionable"], self.rate, self.currency))
        put(self, "grain", grain)

    def money(self, frame: pd.DataFrame) -> pd.DataFrame:
        kept = frame[frame["month"].isin(self.months["month"])]
        return converted(kept, ["quota"], self.rate, self.currency)


def lines_of(sources: Sources, measure: Measure) -> tuple[pd.DataFrame, int]:
    """The deals or activities that a measure counts, their `value` in grains, and grains in a unit."""
    if measure.of == "activities":
        return chosen(activity_lines(sources.tables), measure).assign(value=1), 1
    lines = chosen(sources.credit, measure)
    if measure.of == "deals":
        return lines.assign(value=1), 1
    return lines.assign(value=lines[measure.of]), sources.grain


def result(sources: Sources, measure: Measure) -> pd.DataFrame:
    """A measure by rep and measured span.

    Returns
    -------
    DataFrame
        rep_id, part, unit (team, region … ; None for the rep's own), credit, quota (exact; a score stands against 1),
        problem (why there is no attainment; None where there is one).
    """
    make = {"score": _scores, "commission": _commission, "nothing": _nothing, "weighted": _nothing}
    if measure.of in make:
        return make[measure.of](sources, measure)[COLUMNS]
    return (_own if measure.own else _unit)(sources, measure)[COLUMNS]


def _own(sources: Sources, measure: Measure) -> pd.DataFrame:
    """Each rep's own credit and quota for the days on the plan.

    Notes
    -----
    A month's quota stands for the days on which the rep is employed in it; a rep who is on the plan for a part of those
    days carries that part of it. Each month with a day on the plan needs a quota.
    """
    tables, months = sources.tables, sources.months
    lines, grain = lines_of(sources, measure)
    lines = lines[in_stays(lines, sources.paid)]
    sold = _sums(lines.merge(months, on="month"), ["rep_id", "part"], grain)
    monthly = quotas(tables, sources.factor) if measure.goal is None else goals(tables, measure.goal, "rep_id",
                                                                                 sources.factor)
    on_plan = overlap(sources.paid, months).groupby(["rep_id", "part", "month"], as_index=False)["shared"].sum()
    asked = on_plan.merge(_employed(tables, months), on=["rep_id", "part", "month"]).merge(
        sources.money(monthly), on=["rep_id", "month"], how="left"
    )
    there = asked["quota"].notna()
    asked["quota"] = asked["quota"].where(there, Fraction(0))
    if (asked["shared"] != asked["employed"]).any():
        carried = ratio(asked["shared"].to_numpy(object), asked["employed"].to_numpy(object))
        asked["quota"] = asked["quota"] * pd.Series(carried, index=asked.index, dtype=object)
    if sources.ramp:
        asked["quota"] = asked["quota"] * ramped(sources, asked)
    asked["without"] = asked["month"].where(~there)
    frame = asked.groupby(["rep_id", "part"], as_index=False).agg(quota=("quota", "sum"), without=("without", "min"))
    what = "quota" if measure.goal is None else f"goal {measure.goal!r}"
    return _finished(frame.merge(sold, on=["rep_id", "part"], how="left").assign(unit=None), what)


def ramped(sources: Sources, asked: pd.DataFrame) -> pd.Series:
    """The share of the full quota in each month of a rep's first months on the plan; 1 afterwards."""
    since = asked["rep_id"].map(sources.paid.groupby("rep_id")["first"].min())
    number = (asked["month"].dt.year - since.dt.year) * 12 + asked["month"].dt.month - since.dt.month
    steps = dict(enumerate(sources.ramp))
    found = number.map(steps).astype(object)
    return found.where(found.notna(), Fraction(1))


def _unit(sources: Sources, measure: Measure) -> pd.DataFrame:
    """Credit and quota of each rep's team, region, company or reports.

    Notes
    -----
    Σ members' credit ÷ Σ members' quotas: a deal counts for the unit that its rep was in on the day of closing, a
    quota for the unit at the month's end; `targets` (kpi "bookings" or the measure's goal, unit's name) takes the place
    of the sum. The rep belongs to the unit of the rep's last day on the plan in the span. Members' credit counts
    whether or not they are on the plan.
    """
    tables, months, level = sources.tables, sources.months, measure.level
    lines, grain = lines_of(sources, measure)
    lines = in_units(tables, lines, lines["closed_on"], level)
    sold = _sums(lines.merge(months, on="month"), ["unit", "part"], grain)
    sums = months[["part", "month"]].merge(sources.money(_unit_goals(sources, measure)), on="month")
    sums = sums.groupby(["unit", "part"], as_index=False).agg(quota=("quota", "sum"), months=("month", "nunique"))
    sums = sums.merge(months.groupby("part", as_index=False).agg(needed=("month", "nunique")), on="part")
    present = sources.present[["rep_id", "part", "last_shared"]]
    frame = (
        present.assign(unit=present["rep_id"])
        if level == "reports"
        else in_units(tables, present, present["last_shared"], level)
    )
    frame = frame.merge(sold, on=["unit", "part"], how="left").merge(sums, on=["unit", "part"], how="left")
    frame["without"] = pd.Series(pd.NaT, index=frame.index).where(
        frame["months"].notna() & (frame["months"] == frame["needed"]), sources.spans["first_month"].min()
    )
    frame["problem"] = np.where(frame["unit"].isna(), f"no {level}", None)
    what = "quota" if measure.goal is None else f"goal {measure.goal!r}"
    return _finished(frame, what, f" for the {level}")


def _unit_goals(sources: Sources, measure: Measure) -> pd.DataFrame:
    """Monthly goals of the units: unit, month, quota."""
    tables = sources.tables
    instead = goals(tables, measure.goal or GROUP_KPI, "unit", sources.factor).rename(columns={"quota": "instead"})
    if measure.goal is not None:
        return instead.rename(columns={"instead": "quota"})
    monthly = quotas(tables, sources.factor)
    monthly = monthly[monthly["month"].isin(sources.months["month"])]
    placed = in_units(tables, monthly, monthly["month"] + pd.offsets.MonthEnd(1), measure.level)
    sums = placed.groupby(["unit", "month"], as_index=False)["quota"].sum()
    both = sums.merge(instead, on=["unit", "month"], how="left")
    both["quota"] = both["instead"].where(both["instead"].notna(), both["quota"])
    return both[["unit", "month", "quota"]]


def _scores(sources: Sources, measure: Measure) -> pd.DataFrame:
    """The mean score of the rep's objectives (or of one of them) in the months of each span, against 1."""
    scores = sources.tables.mbo_scores
    if measure.objective is not None:
        scores = scores[scores["objective"] == measure.objective]
    frame = pd.DataFrame({"rep_id": scores["rep_id"].astype(object), "month": scores["month"]})
    frame["value"] = pd.Series(shares(scores["score"]), index=frame.index, dtype=object)
    frame = frame.merge(sources.months[["part", "month"]], on="month")
    frame = frame.groupby(["rep_id", "part"], as_index=False).agg(total=("value", "sum"), n=("value", "size"))
    mean = ratio(frame["total"].to_numpy(object), frame["n"].to_numpy(object)) if len(frame) else []
    frame["credit"] = pd.Series(mean, index=frame.index, dtype=object)
    every = sources.present[["rep_id", "part"]].merge(frame, on=["rep_id", "part"], how="left").assign(unit=None)
    missing = every["credit"].isna()
    what = "no score" if measure.objective is None else f"no score for {measure.objective!r}"
    every["credit"] = every["credit"].astype(object).where(~missing, Fraction(0))
    every["problem"] = missing.map({True: what, False: None}).astype(object)
    return every.assign(quota=Fraction(1))


def _commission(sources: Sources, measure: Measure) -> pd.DataFrame:
    """What the others of the rep's unit earn in each span, under their own plans."""
    present = sources.present[["rep_id", "part", "last_shared"]]
    if sources.others is None:
        lacking = "the pay of others is not known here"
        return present.assign(unit=None, credit=Fraction(0), quota=Fraction(0), problem=lacking)
    tables, level = sources.tables, measure.level
    paid = sources.others[sources.others["month"].isin(sources.months["month"])].reset_index(drop=True)
    paid = in_units(tables, paid, paid["month"] + pd.offsets.MonthEnd(1), level)
    paid = paid.merge(sources.months[["part", "month"]], on="month")
    frame = (
        present.assign(unit=present["rep_id"])
        if level == "reports"
        else in_units(tables, present, present["last_shared"], level)
    )
    pairs = frame.merge(paid.rename(columns={"rep_id": "other"})[["unit", "part", "other", "earned"]],
                        on=["unit", "part"])
    pairs = pairs[pairs["other"] != pairs["rep_id"]]
    sums = pairs.groupby(["rep_id", "part"], as_index=False).agg(credit=("earned", "sum"))
    frame = frame.merge(sums, on=["rep_id", "part"], how="left")
    frame["credit"] = frame["credit"].astype(object).where(frame["credit"].notna(), Fraction(0))
    return frame.assign(quota=Fraction(0), problem=None)


def _nothing(sources: Sources, measure: Measure) -> pd.DataFrame:
    return sources.present[["rep_id", "part"]].assign(unit=None, credit=Fraction(0), quota=Fraction(0), problem=None)


def _employed(tables: Tables, months: pd.DataFrame) -> pd.DataFrame:
    reps = tables.reps
    stay = pd.DataFrame(
        {
            "rep_id": reps["rep_id"].astype(object),
            "first": reps["hired_on"].fillna(ALWAYS),
            "last": reps["left_on"].fillna(EVER),
        }
    )
    return overlap(stay, months)[["rep_id", "part", "month", "shared"]].rename(columns={"shared": "employed"})


def _sums(lines: pd.DataFrame, by: list[str], grain: int) -> pd.DataFrame:
    sums = lines.groupby(by, as_index=False)["value"].sum().rename(columns={"value": "credit"})
    exact = ratio(sums["credit"].to_numpy(object), grain) if len(sums) else np.array([], dtype=object)
    return sums.assign(credit=pd.Series(exact, index=sums.index, dtype=object))


def _finished(frame: pd.DataFrame, what: str, whose: str = "") -> pd.DataFrame:
    """Nothing sold is 0; a month without a quota, or a quota that is not above 0, is a problem."""
    frame["credit"] = frame["credit"].astype(object).where(frame["credit"].notna(), Fraction(0))
    frame["quota"] = frame["quota"].astype(object).where(frame["quota"].notna(), Fraction(0))
    earlier = frame["problem"] if "problem" in frame else pd.Series(None, index=frame.index, dtype=object)
    bad = np.where(
        frame["without"].notna(),
        f"no {what}{whose}",
        np.where(frame["quota"] <= 0, f"the {what} is not above 0{whose}", None),
    )
    frame["problem"] = earlier.where(earlier.notna(), pd.Series(bad, index=frame.index, dtype=object))
    return frame
