"""From what is earned to what is paid: guarantees, draws and what is owed, month after month, in whole minor units."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd

from salesops_helpers.comp.exact import minor, rounded
from salesops_helpers.comp.plans import Plan
from salesops_helpers.comp.spans import overlap

COLUMNS = ["rep_id", "month", "earned", "guarantee", "draw", "forgiven", "paid", "owed"]


def settle(earned: pd.DataFrame, terms: pd.DataFrame, opening: pd.Series | None = None) -> pd.DataFrame:
    """What each rep is paid in each month, and what is then owed.

    Parameters
    ----------
    earned : DataFrame
        rep_id, month, earned (integer minor units): what was earned, with corrections. A rep's months need not follow
        each other.
    terms : DataFrame
        rep_id, month, draw, guarantee (integer minor units), recoverable (bool), above (bool: recovery only from what
        exceeds the draw); months without terms have neither draw nor guarantee.
    opening : Series, optional
        What is owed before the first month, by rep_id.

    Returns
    -------
    DataFrame
        rep_id, month, earned, guarantee (top-up of earnings), draw (paid beside or above earnings and owed), forgiven
        (paid and not owed), paid, owed (at the month's end), all in integer minor units.

    Notes
    -----
    paid = max(draw, earned + guarantee − owed before); the part of the draw that is not earned is owed where the draw
    is recoverable, else forgiven. With ``from_earnings`` the draw is paid beside what earnings leave after recovery.
    Without a draw pay is never below 0, and what is missing is owed. So Σ paid = Σ earned + guarantees + forgiven +
    owed, and owed ≥ 0.
    """
    both = earned[["rep_id", "month", "earned"]].merge(terms, on=["rep_id", "month"], how="outer")
    for name in ("earned", "draw", "guarantee"):
        both[name] = both[name].astype(object).where(both[name].notna(), 0)
    for name in ("recoverable", "above"):
        both[name] = both[name].astype("boolean").fillna(True).astype(bool)
    both = both.sort_values(["month", "rep_id"], kind="stable").reset_index(drop=True)
    owed = pd.Series(0, index=both["rep_id"].unique(), dtype=object)
    if opening is not None and len(opening):
        known = opening[opening.index.isin(owed.index)]
        owed.loc[known.index] = known.astype(object)
    parts = []
    for _, rows in both.groupby("month", sort=True):
        part = _month(rows, owed.reindex(rows["rep_id"]).to_numpy(object))
        owed.loc[part["rep_id"]] = part["owed"].to_numpy(object)
        parts.append(part)
    if not parts:
        return pd.DataFrame(columns=COLUMNS).astype({"month": "datetime64[ns]"})
    return pd.concat(parts, ignore_index=True)[COLUMNS].sort_values(["rep_id", "month"]).reset_index(drop=True)


def _month(rows: pd.DataFrame, before: np.ndarray) -> pd.DataFrame:
    earned, draw, floor = (rows[c].to_numpy(object) for c in ("earned", "draw", "guarantee"))
    above, recoverable = rows["above"].to_numpy(bool), rows["recoverable"].to_numpy(bool)
    top_up = np.maximum(floor - earned, 0)
    top_up = np.where(floor > 0, top_up, 0)
    gained = earned + top_up
    left = gained - before
    beside = ~above & recoverable
    paid = np.where(beside, np.maximum(left, 0) + draw, np.maximum(draw, left))
    forgiven = np.where(recoverable, 0, np.minimum(np.maximum(draw - left, 0), draw))
    owed = paid - forgiven - left
    lent = np.where(beside, draw, np.where(recoverable, np.minimum(np.maximum(draw - np.maximum(left, 0), 0), draw), 0))
    return rows.assign(guarantee=top_up, draw=lent, forgiven=forgiven, paid=paid, owed=owed)


def terms(plan: Plan, stays: pd.DataFrame, months: pd.DatetimeIndex) -> pd.DataFrame:
    """Draw and guarantee of each rep on the plan in each month, prorated by days on the plan ÷ days of the month.

    Returns
    -------
    DataFrame
        rep_id, month, draw, guarantee (integer minor units), recoverable, above (bool), as `settle` takes them.
    """
    columns = ["rep_id", "month", "draw", "guarantee", "recoverable", "above"]
    if plan.draw is None and plan.guarantee is None or not len(stays):
        return pd.DataFrame(columns=columns).astype({"month": "datetime64[ns]"})
    span = pd.DataFrame({"month": months, "first_day": months, "last_day": months + pd.offsets.MonthEnd(1)})
    since = stays.groupby("rep_id")["first"].min()
    days = stays.assign(last=stays["last"].clip(upper=_last(plan)))
    pairs = overlap(days, span)
    number = (pairs["month"].dt.year - pairs["rep_id"].map(since).dt.year) * 12 + (
        pairs["month"].dt.month - pairs["rep_id"].map(since).dt.month
    )
    if plan.guarantee is not None:
        pairs = pairs[number < plan.guarantee.months]
    frame = pairs.groupby(["rep_id", "month"], as_index=False)["shared"].sum()
    share = [Fraction(int(d), int(n)) for d, n in zip(frame["shared"], frame["month"].dt.days_in_month, strict=True)]
    given = {"draw": plan.draw, "guarantee": plan.guarantee}
    for name, part in given.items():
        amount = np.array(share, dtype=object) * (part.amount if part else 0)
        frame[name] = rounded(amount, plan.rounding.scale, plan.rounding.mode) if len(frame) else []
    draw = plan.draw
    return frame.assign(
        recoverable=draw is None or draw.kind == "recoverable",
        above=draw is None or draw.recovery != "from_earnings",
    )[columns]


def _last(plan: Plan) -> pd.Timestamp:
    return pd.Timestamp(plan.draw.ends) if plan.draw is not None and plan.draw.ends else pd.Timestamp("2199-12-31")


def corrections(adjustments: pd.DataFrame, minor_units: int) -> pd.DataFrame:
    """The table adjustments in integer minor units: rep_id, month, reason, earned."""
    cents = minor(adjustments["amount"], minor_units, "adjustments.amount")
    frame = pd.DataFrame({"rep_id": adjustments["rep_id"].astype(object), "month": adjustments["month"],
                          "reason": adjustments["reason"].astype(object)})
    return frame.assign(earned=pd.Series(cents, index=frame.index, dtype=object))
