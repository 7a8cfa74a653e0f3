"""From a payout back to the deals behind it: which credit was used, and each total spread over its deals."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd

from salesops_helpers.comp.component import deal_pay
from salesops_helpers.comp.credit import exact_credit
from salesops_helpers.comp.exact import floats, ratio, spread
from salesops_helpers.comp.measured import Ground
from salesops_helpers.comp.payouts import COMPUTED, computed
from salesops_helpers.comp.plans import Plan, fine
from salesops_helpers.comp.spans import in_stays, months_in, stays, windows
from salesops_helpers.data.container import Tables

USED = "used"
KEY = ["rep_id", "period", "component", "opportunity_id"]


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


def pay_lines(
    plan: Plan, tables: Tables, start, end, replay: bool = False, others: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Each computed payout spread over the rep's own deals of its span, by largest remainder in order of the deals'
    ids.

    Returns
    -------
    DataFrame
        rep_id, period, component, opportunity_id (missing on the one line of a component that is paid on a unit's
        result, of a bonus, of the cap, and of a total without own deals; an activity's id for paid activities),
        earned_minor (integer minor units), earned (major). The lines of a component add up to its total in `payouts`,
        to the minor unit.
    """
    fine(plan, tables.company)
    made = computed(plan, tables, start, end, replay, others=others)
    parts = [lines_behind(pay, ground, part) for pay, ground, part in made]
    return finished(parts, plan.rounding.scale)


def finished(parts: list[pd.DataFrame], scale: int) -> pd.DataFrame:
    """Lines in order, with pay in major units beside the minor."""
    parts = parts or [pd.DataFrame(columns=[*KEY, "earned_minor"]).astype({"period": "datetime64[ns]"})]
    kinds = {"earned_minor": "Int64", "opportunity_id": object, "rep_id": object, "component": object}
    frame = pd.concat([part.astype(kinds) for part in parts], ignore_index=True)
    frame["earned"] = frame["earned_minor"].astype(float) / 10**scale
    return frame.sort_values(KEY, kind="stable")[[*KEY, "earned_minor", "earned"]].reset_index(drop=True)


def lines_behind(pay: pd.DataFrame, ground: Ground, plan: Plan) -> pd.DataFrame:
    """The lines of the computed pay of one span: `KEY` and earned_minor."""
    pay = pay[pay["status"] == COMPUTED]
    columns = ["rep_id", "period", "component", "earned_minor"]
    parts = [pay.loc[~pay["component"].isin(list(ground.deals)), columns].assign(opportunity_id=None)]
    for c in plan.components:
        if c.id not in ground.deals:
            continue
        totals = pay.loc[pay["component"] == c.id, ["row", *columns]]
        deals = ground.deals[c.id]
        weights = deals["value"].to_numpy(object)
        if c.per:
            weights = deal_pay(c, ratio(weights, deals["grain"].to_numpy(object)), Fraction) if len(deals) else weights
        deals = deals[["row", "opportunity_id"]].assign(weight=pd.Series(weights, index=deals.index, dtype=object))
        parts += _spread(totals, deals)
    return pd.concat([p[[*KEY, "earned_minor"]].astype({"earned_minor": "Int64", "opportunity_id": object})
                      for p in parts])


def _spread(totals: pd.DataFrame, deals: pd.DataFrame) -> list[pd.DataFrame]:
    """Totals over the deals of their row; a total without deals, or whose deals weigh nothing, is a line by itself."""
    whole = deals.groupby("row")["weight"].sum()
    heavy = whole.index[(whole != 0).to_numpy(bool)]
    split = totals["row"].isin(heavy)
    mine = totals[split].merge(deals[deals["row"].isin(heavy)], on="row")
    if len(mine):
        mine["earned_minor"] = spread(
            mine["earned_minor"].to_numpy(np.int64).astype(object), mine["weight"].to_numpy(object), mine["row"],
            mine["opportunity_id"],
        )
    return [mine, totals[~split].assign(opportunity_id=None)]


def total(frame: pd.DataFrame, scale: int) -> Fraction:
    """The exact sum of `earned_minor` in major units."""
    return Fraction(int(frame["earned_minor"].sum()), 10**scale)
