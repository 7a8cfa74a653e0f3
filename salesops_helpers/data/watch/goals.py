"""What marks a goal, a share or a month's demand among its like, and sums that are not the sum of their parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from salesops_helpers.data.watch.said import amounts, nothing, times
from salesops_helpers.data.watch.spread import slipped

if TYPE_CHECKING:
    from salesops_helpers.data.container import Tables

SUMMED = ("bookings", "quota")  # KPIs of targets that add up over units and are compared with quotas
MOST_ASSIGNED, ROUNDING = 1.25, 0.005
UNITS = ("team", "region")


def shares(tables: Tables) -> pd.Series:
    rows = tables.splits[~tables.splits["overlay"]]
    sums = rows.groupby("opportunity_id")[["quota_share", "commission_share"]].transform("sum")
    hit = ((sums - 1).abs() > ROUNDING).any(axis=1)
    said = "they sum to " + amounts(sums["quota_share"] * 100, "{:.4g}") + " % of quota and " + amounts(
        sums["commission_share"] * 100, "{:.4g}") + " % of commission"
    return said[hit].astype(object)


def far_quota(tables: Tables) -> pd.Series:
    """A rep's first and last month are left out: they may be part of a month, or of a ramp."""
    quotas = tables.quotas
    months = quotas.groupby("rep_id")["month"]
    inner = (quotas["month"] > months.transform("min")) & (quotas["month"] < months.transform("max"))
    factor = slipped(quotas["amount"], quotas["rep_id"], quotas["month"])
    return times(factor[(factor > 1) | inner[factor.index]], "usual")


def far_target(tables: Tables) -> pd.Series:
    goals = tables.targets
    unit = goals["unit"].astype(object) + "|" + goals["kpi"].astype(object)
    return times(slipped(goals["amount"], unit, goals["month"]), "usual")


def far_demand(tables: Tables) -> pd.Series:
    """Months in which stock was missing are no slips, and are left out."""
    rows = tables.demand
    if tables.has("supply"):
        short = tables.supply.loc[tables.supply["stocked_out"], ["product", "month"]]
        out = pd.MultiIndex.from_frame(rows[["product", "month"]]).isin(pd.MultiIndex.from_frame(short))
        rows = rows[~out]
    return times(slipped(rows["units"], rows["product"], rows["month"]), "usual")


def quota_outside(tables: Tables) -> pd.Series:
    quotas = tables.quotas[tables.quotas["amount"] > 0]
    reps = tables.reps.drop_duplicates("rep_id").set_index("rep_id")[["hired_on", "left_on"]]
    reps = reps.reindex(quotas["rep_id"].to_numpy()).set_index(quotas.index)
    ends = quotas["month"] + pd.offsets.MonthEnd(1)
    return nothing(quotas[(ends < reps["hired_on"]) | (quotas["month"] > reps["left_on"])])


def against_quotas(tables: Tables) -> pd.Series:
    """Goals of teams, regions and the company against the quotas of the reps who are in them in that month."""
    goals = tables.targets[tables.targets["kpi"].isin(SUMMED)]
    if not tables.has("quotas"):
        return nothing(goals.head(0))
    month = goals[["unit", "month"]].merge(_assigned(tables), on=["unit", "month"], how="left")
    assigned = pd.Series(month["assigned"].to_numpy(), goals.index)
    ratio = assigned / goals["amount"].where(goals["amount"] > 0)
    hit = (ratio < 1 - ROUNDING) | (ratio > MOST_ASSIGNED)
    said = "quotas " + amounts(assigned) + " for a goal of " + amounts(goals["amount"])
    return said[hit].astype(object)


def _assigned(tables: Tables) -> pd.DataFrame:
    """Sum of quotas: unit (company, regions, teams), month, assigned."""
    quotas = tables.quotas.reset_index(drop=True)
    place = _place(tables, quotas)
    parts = [quotas.assign(unit=tables.company.name)] + [quotas.assign(unit=place[c].to_numpy()) for c in UNITS]
    every = pd.concat(parts).dropna(subset="unit").astype({"unit": object})
    return every.groupby(["unit", "month"])["amount"].sum().rename("assigned").reset_index()


def _place(tables: Tables, quotas: pd.DataFrame) -> pd.DataFrame:
    """Team and region of each quota's rep at the end of its month: by rep_history where it reaches, else today's."""
    ids = quotas["rep_id"].astype(object)
    now = tables.reps.assign(rep_id=tables.reps["rep_id"].astype(object)).drop_duplicates("rep_id").set_index("rep_id")
    now = now[list(UNITS)].astype(object).reindex(ids.to_numpy()).reset_index(drop=True)
    history = tables.rep_history
    if history.empty:
        return now
    ends = quotas["month"] + pd.offsets.MonthEnd(1)
    asked = pd.DataFrame({"rep_id": ids, "day": ends, "row": np.arange(len(quotas))})
    history = history.assign(rep_id=history["rep_id"].astype(object)).sort_values("valid_from")
    then = pd.merge_asof(asked.sort_values("day"), history[["rep_id", "valid_from", *UNITS]], by="rep_id",
                         left_on="day", right_on="valid_from").set_index("row").sort_index()
    return then[list(UNITS)].astype(object).where(then["valid_from"].notna(), now)


def against_regions(tables: Tables) -> pd.Series:
    """Only for months in which every region that has reps has a goal."""
    goals = tables.targets[tables.targets["kpi"].isin(SUMMED)]
    regions = set(tables.reps["region"].dropna())
    mine = goals[goals["unit"].isin(regions)].groupby(["kpi", "month"])["amount"].agg(["sum", "size"]).reset_index()
    company = goals[goals["unit"] == tables.company.name]
    both = company[["kpi", "month"]].merge(mine, on=["kpi", "month"], how="left").set_index(company.index)
    complete = (both["size"] == len(regions)) & (len(regions) > 1)
    hit = complete & ((both["sum"] - company["amount"]).abs() > 2 * ROUNDING * company["amount"].abs())
    said = "regions " + amounts(both["sum"]) + ", company " + amounts(company["amount"])
    return said[hit].astype(object)
