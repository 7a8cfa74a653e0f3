"""From a payout back to the deals behind it: which credit was used, and each total spread over its deals."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd

from salesops_helpers.comp.credit import exact_credit, in_stays, months_in
from salesops_helpers.comp.exact import floats, ratio, spread
from salesops_helpers.comp.payouts import COMPUTED, payouts
from salesops_helpers.comp.plans import Plan
from salesops_helpers.comp.spans import stays, windows
from salesops_helpers.data.container import Tables

USED = "used"


def used_credit(plan: Plan, tables: Tables, start, end, replay: bool = False) -> pd.DataFrame:
    """Every credit of the measured spans that are paid in `start` to `end`, used or set aside.

    Returns
    -------
    DataFrame
        opportunity_id, rep_id, closed_on, period (paying month), bookings (currency), sales (the same without overlay
        credit, so that each deal counts once), status (``used``, or why not).
    """
    spans = windows(plan, tables, start, end)
    credit, grain = exact_credit(tables)
    months = months_in(spans[spans["paid"]]) if spans["paid"].any() else pd.DataFrame({"part": [], "month": []})
    frame = credit.merge(months[["part", "month"]], on="month").merge(
        spans[["window", "month"]].rename(columns={"window": "part", "month": "period"}), on="part"
    )
    there = in_stays(frame, stays(plan, tables, replay))
    known = frame["rep_id"].isin(tables.reps["rep_id"])
    frame["status"] = np.select(
        [~frame["known"], ~known, ~there],
        [
            "the deal has no amount",
            "the rep is not in reps",
            "closed on a day on which the rep is not employed"
            if replay
            else "closed on a day on which the rep is not on the plan",
        ],
        USED,
    )
    frame["bookings"] = floats(ratio(frame["bookings"].to_numpy(object), grain)) if len(frame) else 0.0
    frame["sales"] = frame["bookings"].where(~frame["overlay"], 0.0)
    columns = ["opportunity_id", "rep_id", "closed_on", "period", "bookings", "sales", "status"]
    return frame[columns].sort_values(["rep_id", "closed_on", "opportunity_id"], kind="stable").reset_index(drop=True)


def pay_lines(plan: Plan, tables: Tables, start, end, replay: bool = False) -> pd.DataFrame:
    """Each computed payout spread over the rep's own deals of its span, by largest remainder in order of the deals'
    ids.

    Returns
    -------
    DataFrame
        rep_id, period, component, opportunity_id (missing on the one line of a component that is paid on a unit's
        result, of a bonus, of the cap, and of a total without own deals), earned_minor (integer minor units), earned
        (major).
        The lines of a component add up to its total in `payouts`, to the minor unit.
    """
    totals = payouts(plan, tables, start, end, replay)
    totals = totals[totals["status"] == COMPUTED][["rep_id", "period", "component", "earned_minor"]]
    own = [c.id for c in plan.components if c.measure.level == "individual" and c.unit != "bonus"]
    measured = {c.id: c.measure.of for c in plan.components}
    deals = _deals(plan, tables, start, end, replay)
    parts = [totals[~totals["component"].isin(own)].assign(opportunity_id=None)]
    for name in own:
        mine = totals[totals["component"] == name].merge(
            deals[["rep_id", "period", "opportunity_id", measured[name]]].rename(columns={measured[name]: "part"}),
            on=["rep_id", "period"],
            how="left",
        )
        whole = mine.groupby(["rep_id", "period"])["part"].transform("sum")
        split = mine["opportunity_id"].notna() & (whole != 0)
        alone = mine[~split].drop_duplicates(["rep_id", "period"]).assign(opportunity_id=None)
        mine = mine[split].reset_index(drop=True)
        if len(mine):
            group = mine.groupby(["rep_id", "period"]).ngroup()
            mine["earned_minor"] = spread(
                mine["earned_minor"].to_numpy(object), mine["part"].to_numpy(object), group, mine["opportunity_id"]
            )
        parts += [mine.drop(columns="part"), alone.drop(columns="part")]
    frame = pd.concat([part.astype({"earned_minor": "Int64", "opportunity_id": object}) for part in parts])
    frame["earned"] = frame["earned_minor"].astype(float) / 10**plan.rounding.scale
    order = ["rep_id", "period", "component", "opportunity_id"]
    return frame.sort_values(order, kind="stable")[[*order, "earned_minor", "earned"]].reset_index(drop=True)


def _deals(plan: Plan, tables: Tables, start, end, replay: bool) -> pd.DataFrame:
    """The used credit by deal in grains: rep_id, period, opportunity_id, bookings, commissionable (integers)."""
    used = used_credit(plan, tables, start, end, replay)
    used = used.loc[used["status"] == USED, ["rep_id", "period", "opportunity_id"]]
    credit, _ = exact_credit(tables)
    return used.merge(
        credit[["rep_id", "opportunity_id", "bookings", "commissionable"]], on=["rep_id", "opportunity_id"]
    )


def total(frame: pd.DataFrame, scale: int) -> Fraction:
    """The exact sum of `earned_minor` in major units."""
    return Fraction(int(frame["earned_minor"].sum()), 10**scale)
