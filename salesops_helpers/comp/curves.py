"""The payout curve: pay at any attainment, its jumps and the zones where more sales pay nothing more.

`payout_curve` with ``number=float`` is the simulation path: float64, never printed as pay, tied to the exact path by a
test. With ``number=Fraction`` the same lines are exact.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd

from salesops_helpers.comp.component import component_pay
from salesops_helpers.comp.exact import floats, rounded
from salesops_helpers.comp.kinds import Number
from salesops_helpers.comp.measured import Measured
from salesops_helpers.comp.plans import Plan
from salesops_helpers.words import percent

LEVELS = (Fraction(1, 2), Fraction(4, 5), Fraction(1), Fraction(6, 5), Fraction(3, 2))
TOP = Fraction(2)
STEPS, KINKS = 1000, 6  # the curve is looked at a thousandth inside each piece; a piece is cut that often
MANY = 3
PAID_ON = ("bookings", "commissionable", "score")


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
    measured = _measured(plan, own, unit, target, quota, one)
    frame = {"own_attainment": own, "unit_attainment": unit}
    for component in plan.components:
        frame[component.id] = component_pay(plan, component, measured, number) + own * number(0)
    pay = sum(frame[c.id] for c in plan.components)
    if plan.cap:
        frame["cap"] = np.minimum(target * number(plan.cap.at) - pay, number(0))
        pay = pay + frame["cap"]
    return pd.DataFrame({**frame, "pay": pay})


def _measured(plan: Plan, own, unit, target, quota, one) -> dict[str, Measured]:
    """Every measure at its attainment; what has none (numbers of deals, the pay of others) stands at nothing."""
    named = [*plan.components, *(plan.modifiers.of if plan.modifiers else ())]
    found = {}
    for c in named:
        at = own if c.measure.own else unit
        whole = one if c.measure.of in ("score", "weighted") else quota
        at = at if c.measure.of in PAID_ON else at * (one - one)
        found[c.id] = Measured(at * whole, whole, target, one, one)
    for c in named:
        parts = (c.measure.parts or {}).items()
        if parts:
            at = sum(found[name].attainment * type(one)(weight) for name, weight in parts)
            found[c.id] = Measured(at, one, target, one, one)
    return found


def moves_with(plan: Plan, name: str, moves: str) -> bool:
    """Does the attainment of a component or modifier move with the rep's own result, or the unit's?"""
    named = {c.id: c.measure for c in [*plan.components, *(plan.modifiers.of if plan.modifiers else ())]}
    if named[name].parts:
        return any(moves_with(plan, part, moves) for part in named[name].parts)
    return named[name].own == (moves == "own")


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
    for _ in range(KINKS):
        line, kinks = _straight(plan, moves, cuts, target, quota)
        if not kinks or _bent(plan, moves):
            break
        cuts = sorted({*cuts, *kinks})
    return line


def _bent(plan: Plan, moves: str) -> bool:
    """True where a factor moves together with what it multiplies: the curve is then not made of straight lines."""
    factors = plan.modifiers.of if plan.modifiers else ()
    return any(m.factor.kind != "matrix" and moves_with(plan, m.id, moves) for m in factors)


def _straight(plan: Plan, moves: str, cuts: list[Fraction], target, quota) -> tuple[pd.DataFrame, list[Fraction]]:
    """The line that begins after each cut; and where it has become another one by the next cut, the place where both
    meet: a cap or a floor."""
    start, end = np.array(cuts[:-1], dtype=object), np.array(cuts[1:], dtype=object)
    step = (end - start) / STEPS
    first, second, last, late = (
        _pay(plan, moves, at, target, quota) for at in (start + step, start + step * 2, end - step, end - step * 2)
    )
    slope, ending = (second - first) / step, (last - late) / step
    begins, ends = first - slope * step, last + ending * step
    bends = slope != ending
    meet = start + (ends - begins - ending * (end - start)) / np.where(bends, slope - ending, Fraction(1))
    kinks = [x for x, a, b, bend in zip(meet, start, end, bends, strict=True) if bend and a < x < b]
    line = pd.DataFrame({"start": start, "end": end, "begins": begins, "ends": ends, "slope": slope}, dtype=object)
    return line, kinks


def _pay(plan: Plan, moves: str, at, target, quota):
    own, unit = (at, Fraction(1)) if moves == "own" else (Fraction(1), at)
    return payout_curve(plan, own, unit, target, quota, Fraction)["pay"].to_numpy(object)


def _bounds(plan: Plan, moves: str, quota: Fraction) -> list[Fraction]:
    """Attainments at which the curve may bend or jump."""
    moving = {name for name in _names(plan) if moves_with(plan, name, moves)}
    found = [g.condition.bound for g in plan.gates if g.condition.component in moving]
    for c in plan.components:
        payout = c.payout
        if c.unit == "bonus":
            found += [payout.when.bound] if payout.when.component in moving else []
        elif payout.kind == "matrix":
            found += _sides(payout, moving)
        elif c.id in moving:
            bounds = [t.start[0] for t in getattr(payout, "tiers", [])] + [
                p[0][0] for p in getattr(payout, "points", [])
            ]
            bounds += [payout.threshold[0]] if getattr(payout, "threshold", None) else []
            found += _excess(bounds, quota) if payout.kind == "excess" and c.unit == "money" else (
                [b / quota for b in bounds] if c.unit == "money" else bounds)
    for m in plan.modifiers.of if plan.modifiers else ():
        found += _sides(m.factor, moving) if m.factor.kind == "matrix" else [
            p[0][0] for p in getattr(m.factor, "points", [])] if m.id in moving else []
    return found


def _names(plan: Plan) -> list[str]:
    return [c.id for c in [*plan.components, *(plan.modifiers.of if plan.modifiers else ())]]


def _excess(bounds: list[Fraction], quota: Fraction) -> list[Fraction]:
    return [1 + b / quota for b in [Fraction(0), *bounds]]


def _sides(payout, moving: set[str]) -> list[Fraction]:
    return [b for side in (payout.rows, payout.columns) if side and side.of in moving for b in side.bounds]


def findings(plan: Plan, target: Fraction, quota: Fraction) -> pd.DataFrame:
    """Jumps, zones where more sales pay nothing more, and rates that fall above target.

    Returns
    -------
    DataFrame
        plan, moves (own or unit), kind (jump, nothing more, lower rate), start, end (attainment), pay (currency: the
        size of a jump; missing elsewhere), share (that ÷ target; missing without a target incentive), warn (bool: a
        jump of more than 10 % of target, or a rate that falls above target). No rows for a result that moves a factor
        and what it multiplies together: that curve bends everywhere.
    """
    base = target if plan.on_target else None
    columns = ["plan", "moves", "kind", "start", "end", "pay", "share", "warn"]
    sides = [moves for moves in ("own", "unit") if not _bent(plan, moves)]
    parts = [_found(pieces(plan, moves, target, quota), base).assign(moves=moves) for moves in sides]
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat(parts, ignore_index=True).assign(plan=plan.plan)[columns]


def warnings(plan: Plan) -> list[str]:
    """What the author of a plan should look at: jumps, rates that fall, zones without more pay, too many parts."""
    from salesops_helpers.comp.settings import example

    target, quota = example(plan)
    found = findings(plan, target, quota)
    whose = found["moves"].map({"own": "own result", "unit": "result of the unit"})
    said = []
    rows = zip(found["kind"], whose, found["start"], found["end"], found["pay"], found["warn"], strict=True)
    for kind, who, start, end, pay, warn in rows:
        if kind == "jump" and (warn or not plan.on_target):
            said.append(f"at {percent(start, 0)} of the {who} pay jumps by {plan.currency} {pay:,.2f}")
        elif kind == "lower rate":
            said.append(f"from {percent(start, 0)} of the {who} on more sales bring less than before")
        elif kind == "nothing more" and start >= 1:
            said.append(f"from {percent(start, 0)} to {percent(end, 0)} of the {who} more sales bring no more pay")
    if len(plan.components) > MANY:
        said.append(f"{len(plan.components)} components are hard to keep in mind; {MANY} are enough for most")
    return said


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
