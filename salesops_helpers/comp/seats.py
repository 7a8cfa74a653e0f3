"""The seats whose pay is simulated: today's reps, what they are expected to sell, and what they are held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from salesops_helpers.comp.footing import UNITS, Footing
from salesops_helpers.comp.plans import Plan
from salesops_helpers.comp.simulation import Market, table_of
from salesops_helpers.comp.spans import stays
from salesops_helpers.data.container import Tables
from salesops_helpers.measures import credited, month_start, won_deals

YEAR, PAST, ENOUGH = 12, 24, 24  # months simulated; months of the past that are looked at; rep-months they must hold
NONE = "(none)"


@dataclass(frozen=True)
class Seats:
    """Today's reps as seats, and where their credit is drawn from.

    Attributes
    ----------
    people : DataFrame
        rep_id, name, team, region, hired_on, level (expected attainment, or expected credit ÷ own past), target (a
        year), base (base pay a year), quota, expected (of the months simulated; currency).
    months : DatetimeIndex
        The months simulated: the twelve that follow.
    market : Market
        Quotas, targets, expected credit, multiples, and the forecast's draws where they are there.
    left_out : DataFrame
        rep_id, name, reason: reps whose pay some plan cannot compute.
    history : DataFrame
        month, attainment (of all seats together): the past that the distribution is estimated from.
    forecast_months : int
        How many of the months the forecast's draws cover; 0 without.
    """

    people: pd.DataFrame
    months: pd.DatetimeIndex
    market: Market
    left_out: pd.DataFrame
    history: pd.DataFrame
    forecast_months: int


def seats(plans: Sequence[Plan], tables: Tables, month, forecast: pd.DataFrame | None = None) -> Seats | None:
    """The seats of the plans for the twelve months after `month`; None where no rep's pay can be simulated.

    Parameters
    ----------
    forecast : DataFrame, optional
        The forecast's published draws: by, unit, month, draw, bookings; the company's are used, else all teams' sum.

    Notes
    -----
    Quotas: those of the same calendar month in the last twelve months (a month without one: the seat's mean). Expected
    attainment of a seat: its own over those months, drawn towards all seats' by as much as one year's chance explains.
    Multiples: a seat's past months ÷ its own mean, of all seats together.
    """
    last = month_start(month)
    past = _past(tables, last)
    now = _now(plans, tables, past)
    if not len(now) or past["credit"].sum() <= 0:
        return None
    asked = any(c.unit in ("target", "quota") or c.unit == "bonus" for plan in plans for c in plan.components)
    targeted = any(plan.on_target for plan in plans)
    lacking = np.where(asked & ~(now["quota"] > 0), "no quota in the last twelve months",
                       np.where(targeted & now["target"].isna(), "no target incentive", ""))
    for level in ("team", "region"):
        if any(one.measure.level == level for plan in plans
               for one in [*plan.components, *(plan.modifiers.of if plan.modifiers else ())]):
            lacking = np.where((lacking == "") & (now[level] == NONE), f"no {level}", lacking)
    out = now.loc[lacking != "", ["rep_id", "name"]].assign(reason=lacking[lacking != ""])
    people = now[lacking == ""].sort_values(["region", "team", "rep_id"], kind="stable").reset_index(drop=True)
    if not len(people):
        return None
    months = pd.date_range(last + pd.DateOffset(months=1), periods=YEAR, freq="MS")
    quota, expected = _expected(people, past, last)
    people = people.assign(quota=quota.sum(axis=0), expected=expected.sum(axis=0))
    multiples = table_of(_multiples(past))
    drawn = _from_forecast(forecast, months, tables, past, people)
    footing = Footing(quota, people["target"].fillna(0.0).to_numpy(float), *_units(people, quota, tables, last))
    history = past[past["quota"] > 0].groupby("month", as_index=False)[["credit", "quota"]].sum()
    history = history.assign(attainment=history["credit"] / history["quota"])[["month", "attainment"]]
    covered = 0 if drawn is None else drawn.shape[1]
    return Seats(people, months, Market(expected, multiples, footing, drawn), out, history, covered)


def _past(tables: Tables, last: pd.Timestamp) -> pd.DataFrame:
    """Each rep's whole months of employment: rep_id, month, credit, quota (missing where there is none)."""
    months = pd.date_range(last - pd.DateOffset(months=PAST - 1), last, freq="MS")
    sold = credited(tables)
    months = months[months >= sold["month"].min()] if len(sold) else months[:0]
    reps = tables.reps[["rep_id", "hired_on", "left_on"]].astype({"rep_id": object})
    grid = reps.merge(pd.DataFrame({"month": months}), how="cross")
    ends = grid["month"] + pd.offsets.MonthEnd(1)
    there = (grid["hired_on"].isna() | (grid["hired_on"] <= grid["month"])) & (
        grid["left_on"].isna() | (grid["left_on"] >= ends))
    grid = grid.loc[there, ["rep_id", "month"]]
    sums = sold.groupby(["rep_id", "month"], as_index=False)["bookings"].sum().astype({"rep_id": object})
    goals = tables.quotas[["rep_id", "month", "amount"]].astype({"rep_id": object})
    grid = grid.merge(sums.rename(columns={"bookings": "credit"}), on=["rep_id", "month"], how="left")
    grid = grid.merge(goals.rename(columns={"amount": "quota"}), on=["rep_id", "month"], how="left")
    grid["quota"] = grid["quota"].where(grid["quota"] > 0)
    return grid.assign(credit=grid["credit"].fillna(0.0), recent=grid["month"] > last - pd.DateOffset(months=YEAR))


def _now(plans: Sequence[Plan], tables: Tables, past: pd.DataFrame) -> pd.DataFrame:
    """Reps employed on the as-of day with their target and base pay a year, and their quota of the past year."""
    reps = tables.reps[tables.reps["left_on"].isna() | (tables.reps["left_on"] > tables.as_of)]
    columns = ["rep_id", "name", "team", "region", "hired_on"]
    frame = reps[columns].astype({"rep_id": object, "name": object, "team": object, "region": object})
    frame = frame.assign(team=frame["team"].fillna(NONE), region=frame["region"].fillna(NONE),
                         target=np.nan, base=np.nan)
    for plan in plans:
        if plan.on_target:
            known = stays(plan, tables, replay=True)
            known = known[(known["first"] <= tables.as_of) & (known["last"] >= tables.as_of)]
            yearly = known.dropna(subset="yearly").drop_duplicates("rep_id", keep="last").set_index("rep_id")["yearly"]
            frame["target"] = frame["target"].fillna(frame["rep_id"].map(yearly).astype(float))
    turns = tables.plan_assignments[tables.plan_assignments["starts_on"] <= tables.as_of]
    turns = turns.sort_values("starts_on", kind="stable").drop_duplicates("rep_id", keep="last")
    frame["base"] = frame["rep_id"].map(turns.set_index(turns["rep_id"].astype(object))["base_pay"]).astype(float)
    year = past[past["recent"]].groupby("rep_id")["quota"].sum()
    frame["quota"] = frame["rep_id"].map(year).fillna(0.0)
    return frame


def _expected(people: pd.DataFrame, past: pd.DataFrame, last: pd.Timestamp) -> tuple[np.ndarray, np.ndarray]:
    """Quota and expected credit of the twelve months that follow, months × seats."""
    year = past[past["recent"]]
    wide = year.pivot(index="month", columns="rep_id", values="quota")
    index = pd.date_range(last - pd.DateOffset(months=YEAR - 1), last, freq="MS")
    wide = wide.reindex(index=index, columns=people["rep_id"])
    season = wide.mean(axis=1) / wide.mean(axis=1).mean()
    own = wide.div(season, axis=0).mean()  # a seat's quota in an average month
    quota = wide.where(wide.notna(), np.outer(season.fillna(1.0), own))
    level = _levels(people, past)
    mean = year.groupby("rep_id")["credit"].mean().reindex(people["rep_id"]).fillna(year["credit"].mean())
    expected = (quota * level.to_numpy()).where(quota.notna(), np.tile(mean.to_numpy(), (YEAR, 1)))
    return quota.fillna(1.0).to_numpy(float), expected.to_numpy(float)


def _levels(people: pd.DataFrame, past: pd.DataFrame) -> pd.Series:
    """Each seat's expected attainment: own past year, drawn towards all seats' by the chance in a year."""
    known = past[past["quota"].notna()].assign(reached=lambda f: f["credit"] / f["quota"])
    year = known[known["recent"]]
    if not len(year):
        return pd.Series(1.0, index=people.index)
    whole = year["credit"].sum() / year["quota"].sum()
    by_rep = year.groupby("rep_id").agg(credit=("credit", "sum"), quota=("quota", "sum"), n=("month", "size"))
    own = by_rep["credit"] / by_rep["quota"]
    chance = known.groupby("rep_id")["reached"].var().mean()
    noise = (0.0 if np.isnan(chance) else chance) / by_rep["n"]
    between = max(float(own.var(ddof=1) - noise.mean()), 0.0) if len(own) > 1 else 0.0
    trust = between / (between + noise.where(between + noise > 0, 1.0))
    drawn = whole + trust * (own - whole)
    return people["rep_id"].map(drawn).fillna(whole).astype(float)


def _multiples(past: pd.DataFrame) -> np.ndarray:
    """A seat's past months ÷ its own mean month (by quota where there is one); gamma-like where too few are known."""
    of = past["credit"] / past["quota"].where(past["quota"].notna(), 1.0)
    means = of.groupby(past["rep_id"]).transform("mean")
    some = (means > 0) & (of.groupby(past["rep_id"]).transform("size") >= 6)
    found = (of / means)[some].to_numpy(float)
    return found if len(found) >= ENOUGH else np.array([1.0])


def _units(people: pd.DataFrame, quota: np.ndarray, tables: Tables, last: pd.Timestamp) -> tuple[dict, dict]:
    """Unit of each seat and the units' monthly goals: those of the table targets where it has them, else their sums."""
    goals = tables.targets[(tables.targets["kpi"] == "bookings")]
    months = pd.date_range(last - pd.DateOffset(months=YEAR - 1), last, freq="MS")
    at, sums = {}, {}
    for level in UNITS:
        names = people[level] if level != "company" else pd.Series(tables.company.name, index=people.index)
        found, units = pd.factorize(names)
        at[level] = found
        sums[level] = np.stack([np.bincount(found, row, minlength=len(units)) for row in quota])
        for n, name in enumerate(units):
            told = goals[goals["unit"] == name].set_index("month")["amount"].reindex(months)
            if told.notna().all() and (told > 0).all():
                sums[level][:, n] = told
    return at, sums


def _from_forecast(forecast, months, tables: Tables, past: pd.DataFrame, people: pd.DataFrame) -> np.ndarray | None:
    """The forecast's draws of the seats' credit, draws × months: bookings × credit ÷ bookings of the last year."""
    if forecast is None or not len(forecast):
        return None
    company = forecast[(forecast["by"] == "company")]
    used = company if len(company) else forecast[forecast["by"] == forecast["by"].iloc[0]]
    wide = used.pivot_table(index="draw", columns="month", values="bookings", aggfunc="sum")
    first = [m for m in months if m in wide.columns]
    covered = len(first) if first == list(months[:len(first)]) else 0
    if not covered:
        return None
    deals = won_deals(tables)
    recent = past.loc[past["recent"], "month"].unique()
    sold = deals.loc[deals["month"].isin(recent), "amount"].sum()
    credit = credited(tables)
    given = credit.loc[credit["month"].isin(recent), "bookings"].sum()
    return wide[list(months[:covered])].dropna().to_numpy(float) * (given / sold if sold > 0 else 1.0)

