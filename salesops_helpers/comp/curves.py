"""The payout curve: pay at any attainment, its jumps and the zones where more sales pay nothing more.

`payout_curve` with ``number=float`` is the simulation path: float64, never printed as pay, tied to the exact path by a
test. With ``number=Fraction`` the same lines are exact.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd

from salesops_helpers.comp.exact import floats, rounded
from salesops_helpers.comp.kinds import Number
from salesops_helpers.comp.payouts import Measured, component_pay
from salesops_helpers.comp.plans import Plan

LEVELS = (Fraction(1, 2), Fraction(4, 5), Fraction(1), Fraction(6, 5), Fraction(3, 2))
TOP = Fraction(2)


def payout_curve(plan: Plan, own, unit=1, target=1, quota=1, number: Number = float) -> pd.DataFrame:
    """Pay for one measured span at given attainments, before rounding.

    Parameters
    ----------
    own, unit : array or number
        The rep's own attainment, and that of the rep's team, region and company (shares).
    target, quota : number
        The span's target incentive and quota (major units); a unit's quota counts as the same.
    number : type
        ``float``: the simulation path. `Fraction`: exact, then every number given must be exact.

    Returns
    -------
    DataFrame
        own_attainment, unit_attainment, one column a component, cap (0 or less, where the plan has one) and pay.
    """
    kind = float if number is float else object
    own, unit = np.broadcast_arrays(np.asarray(own, dtype=kind), np.asarray(unit, dtype=kind))
    own, unit = np.atleast_1d(own), np.atleast_1d(unit)
    one, target, quota = number(1), number(target), number(quota)
    measured = {
        c.id: Measured((own if c.measure.level == "individual" else unit) * quota, quota, target, one, one)
        for c in plan.components
    }
    frame = {"own_attainment": own, "unit_attainment": unit}
    for component in plan.components:
        frame[component.id] = component_pay(plan, component, measured, number)
    pay = sum(frame[c.id] for c in plan.components)
    if plan.cap:
        frame["cap"] = np.minimum(target * number(plan.cap.at) - pay, number(0))
        pay = pay + frame["cap"]
    return pd.DataFrame({**frame, "pay": pay})


def payout_table(plan: Plan, target: Fraction, quota: Fraction) -> pd.DataFrame:
    """Exact pay of one measured span at 50, 80, 100, 120 and 150 % of target.

    Returns
    -------
    DataFrame
        plan, attainment, pay_alone (own at that attainment, team at 100 %), pay_together (both), and the same ÷
        target as share_alone, share_together (missing in a plan without a target incentive); pay in major units,
        rounded as pay is.
    """
    at = np.array(LEVELS, dtype=object)
    frame = pd.DataFrame({"plan": plan.plan, "attainment": floats(at)})
    for name, unit in (("alone", Fraction(1)), ("together", at)):
        pay = payout_curve(plan, at, unit, target, quota, Fraction)["pay"].to_numpy(object)
        minor = rounded(pay, plan.rounding.scale, plan.rounding.mode)
        frame[f"pay_{name}"] = minor.astype(float) / 10**plan.rounding.scale
        frame[f"share_{name}"] = floats(pay / target) if plan.on_target else np.nan
    return frame


def pieces(plan: Plan, moves: str, target: Fraction, quota: Fraction) -> pd.DataFrame:
    """The straight pieces of the payout curve from 0 to 200 % attainment, exact.

    Parameters
    ----------
    moves : {"own", "unit"}
        Whose attainment moves; the other stays at 100 %.

    Returns
    -------
    DataFrame
        start, end (attainment), begins, ends (pay just after the start and just before the end, major units), slope
        (pay per 100 % of attainment).
    """
    cuts = sorted({Fraction(0), TOP, *(b for b in _bounds(plan, moves, quota) if 0 < b < TOP)})
    found = _straight(plan, moves, cuts, target, quota, capped=False)
    if plan.cap:
        limit = target * plan.cap.at
        crossing = found["start"] + (limit - found["begins"]) / found["slope"].where(found["slope"] != 0, None)
        inside = [
            x for x, a, b in zip(crossing, found["start"], found["end"], strict=True) if pd.notna(x) and a < x < b
        ]
        found = _straight(plan, moves, sorted({*cuts, *inside}), target, quota, capped=True)
    return found


def _straight(plan: Plan, moves: str, cuts: list[Fraction], target, quota, capped: bool) -> pd.DataFrame:
    """Between two cuts the curve is a straight line, known by two points inside."""
    start, end = np.array(cuts[:-1], dtype=object), np.array(cuts[1:], dtype=object)
    third = (end - start) / 3
    low, high = (_pay(plan, moves, start + third * n, target, quota, capped) for n in (1, 2))
    slope = (high - low) / third
    return pd.DataFrame(
        {"start": start, "end": end, "begins": low - slope * third, "ends": high + slope * third, "slope": slope},
        dtype=object,
    )


def _pay(plan: Plan, moves: str, at, target, quota, capped: bool):
    own, unit = (at, Fraction(1)) if moves == "own" else (Fraction(1), at)
    curve = payout_curve(plan, own, unit, target, quota, Fraction)
    return (curve["pay"] if capped or not plan.cap else curve["pay"] - curve["cap"]).to_numpy(object)


def _bounds(plan: Plan, moves: str, quota: Fraction) -> list[Fraction]:
    """Attainments at which the curve may bend or jump."""
    moving = {c.id for c in plan.components if (c.measure.level == "individual") == (moves == "own")}
    found = [g.condition.bound for g in plan.gates if g.condition.component in moving]
    for c in plan.components:
        payout = c.payout
        if c.unit == "bonus":
            found += [payout.when.bound] if payout.when.component in moving else []
        elif c.id in moving:
            bounds = [t.start[0] for t in getattr(payout, "tiers", [])] + [
                p[0][0] for p in getattr(payout, "points", [])
            ]
            bounds += [payout.threshold[0]] if getattr(payout, "threshold", None) else []
            found += [b / quota for b in bounds] if c.unit == "money" else bounds
    return found


def findings(plan: Plan, target: Fraction, quota: Fraction) -> pd.DataFrame:
    """Jumps, zones where more sales pay nothing more, and rates that fall above target.

    Returns
    -------
    DataFrame
        plan, moves (own or unit), kind (jump, nothing more, lower rate), start, end (attainment), pay (currency: the
        size of a jump; missing elsewhere), share (that ÷ target; missing without a target incentive), warn (bool: a
        jump of more than 10 % of target, or a rate that falls above target).
    """
    base = target if plan.on_target else None
    parts = [_found(pieces(plan, moves, target, quota), base).assign(moves=moves) for moves in ("own", "unit")]
    columns = ["plan", "moves", "kind", "start", "end", "pay", "share", "warn"]
    return pd.concat(parts, ignore_index=True).assign(plan=plan.plan)[columns]


def _found(line: pd.DataFrame, target: Fraction | None) -> pd.DataFrame:
    before = line.shift(1)
    step = (line["begins"] - before["ends"]).iloc[1:]
    jumps = step[step != 0]
    share = jumps / target if target else jumps * float("nan")
    jump = pd.DataFrame(
        {
            "kind": "jump",
            "start": line.loc[jumps.index, "start"],
            "end": line.loc[jumps.index, "start"],
            "pay": jumps,
            "share": share,
            "warn": np.abs(share) > Fraction(1, 10),
        }
    )
    moved = (line["slope"] != 0).any() or len(jumps) > 0
    still = line[line["slope"] == 0] if moved else line.iloc[:0]
    apart = (still["start"] != still["end"].shift(1)) | still["start"].isin(jump["start"])
    same = still.assign(group=apart.cumsum()).groupby("group")
    flat = same.agg(start=("start", "first"), end=("end", "last")).assign(kind="nothing more", warn=False)
    earlier = before["slope"].where(before["slope"].notna(), line["slope"])
    falls = (line["slope"] < earlier) & (line["start"] >= 1) & (line["slope"] != 0)
    lower = line.loc[falls, ["start", "end"]].assign(kind="lower rate", warn=True)
    frame = pd.concat([part for part in (jump, flat, lower) if len(part)] or [jump], ignore_index=True)
    for name in ("start", "end", "pay", "share"):
        frame[name] = floats(frame[name]) if name in frame else np.nan
    frame["warn"] = frame["warn"].astype(bool)
    return frame.sort_values(["start", "kind"], kind="stable")
