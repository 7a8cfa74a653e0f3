"""What makes a plan as a whole unpayable: caps, settlement, days, draws, clawbacks, amounts."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from salesops_helpers.comp.numbers import Refused, plain
from salesops_helpers.comp.rules_payout import place

if TYPE_CHECKING:
    from salesops_helpers.comp.parts import WrittenPlan


def check_whole(plan: WrittenPlan) -> None:
    """Raises `Refused` where the settlement of a plan does not fit together."""
    _cap(plan)
    _settling(plan)
    _days(plan)
    _rate_only(plan)
    _spans(plan)
    _draw(plan)
    _clawback(plan)
    _amounts(plan)


def _cap(plan: WrittenPlan) -> None:
    if plan.cap and not plan.on_target:
        raise Refused(
            "needs a target_incentive", "a cap in plans with a target_incentive", "take the cap out", ("cap", "at")
        )
    if plan.cap and plan.cap.at < 1:
        raise Refused("is below target", "100% of target or more", "raise the cap", ("cap", "at"))
    if plan.cap and plan.cap.excess == "carried" and plan.period.to_date:
        raise Refused(
            "= 'carried' with true_up: deduct_paid",
            "forfeited; what the cap takes to date is paid as soon as the year to date allows it",
            "write excess: forfeited",
            ("cap", "excess"),
        )


def _settling(plan: WrittenPlan) -> None:
    period = plan.period
    if (period.accumulate == "ytd") != (period.true_up is not None):
        raise Refused(
            "is not there" if period.true_up is None else "needs accumulate: ytd",
            "true_up: deduct_paid or rate_only together with accumulate: ytd",
            "give both or neither",
            ("period", "true_up"),
        )
    if period.goals == "full_year" and period.true_up != "deduct_paid":
        raise Refused(
            "= 'full_year' without the year to date",
            "goals: full_year with accumulate: ytd, true_up: deduct_paid",
            "take goals out, or measure the year to date",
            ("period", "goals"),
        )


def _rate_only(plan: WrittenPlan) -> None:
    for c in plan.components if plan.period.true_up == "rate_only" else ():
        if c.payout.kind in ("marginal", "excess", "curve"):
            raise Refused(
                f"= {c.payout.kind!r} with true_up: rate_only",
                "a kind whose rate holds for everything: flat, retroactive",
                "write kind: retroactive, or true_up: deduct_paid",
                place(c, "payout", "kind"),
            )
    for c in plan.components if plan.period.accumulate == "ytd" else ():
        if c.per or c.unit == "pool":
            raise Refused(
                "does not go with accumulate: ytd",
                "accumulate: none",
                "measure each span on its own",
                place(c, "per" if c.per else "payout"),
            )


def _spans(plan: WrittenPlan) -> None:
    if plan.cap and len({plan.span(c) for c in plan.components}) > 1:
        raise Refused(
            "holds for the total of components with different spans",
            "a cap of the total where all components have one span",
            "give each component a cap of its own",
            ("cap", "of"),
        )


def _days(plan: WrittenPlan) -> None:
    span = plan.effective
    if span.first > span.last:
        raise Refused("ends before it begins", "a last day after the first", "change the days", ("effective", "to"))
    next_day = span.last.toordinal() + 1
    if span.first.day != 1 or type(span.last).fromordinal(next_day).day != 1:
        raise Refused(
            "is not made of whole months",
            "the first day of a month to the last day of a month",
            "begin on the 1st and end on the last day of a month",
            ("effective",),
        )
    for c in plan.components:
        if c.measure.days and c.measure.days.first > c.measure.days.last:
            raise Refused("ends before it begins", "a last day after the first", "change the days",
                          place(c, "measure", "days", "to"))


def _draw(plan: WrittenPlan) -> None:
    draw = plan.draw
    if draw and draw.kind == "recoverable" and (draw.recovery is None or draw.ends is None):
        field = "recovery" if draw.recovery is None else "ends"
        cure = {"recovery": "add recovery: above_draw (or from_earnings)", "ends": "add ends: YYYY-MM-DD"}[field]
        raise Refused("is not there", "a recoverable draw with its recovery and its end", cure, ("draw", field))
    if draw and draw.kind == "non_recoverable" and draw.recovery is not None:
        raise Refused("is given, but nothing is recovered", "no recovery", "take recovery out", ("draw", "recovery"))
    if plan.guarantee and draw:
        raise Refused(
            "stands beside a draw", "a draw or a guarantee", "take one of the two out", ("guarantee", "amount")
        )


def _clawback(plan: WrittenPlan) -> None:
    back = plan.clawback
    if back is None:
        return
    if back.window_days is None:
        raise Refused(
            "is not there", "the days after closing in which a deal is taken back", "add window_days: 180",
            ("clawback", "window_days"),
        )
    if back.shares and back.method != "pro_rata":
        where = ("clawback", "shares")
        raise Refused("need method: pro_rata", "shares with method: pro_rata", "take shares out", where)
    days = [step.within_days for step in back.shares]
    if days != sorted(set(days)) or (days and days[-1] != back.window_days):
        raise Refused(
            "do not ascend to window_days", "ascending days, the last of them window_days", "put them in order",
            ("clawback", "shares"),
        )


def _amounts(plan: WrittenPlan) -> None:
    grain = 10**plan.rounding.scale
    amounts = (
        [] if not isinstance(plan.target_incentive, Fraction) else [(("target_incentive",), plan.target_incentive)]
    )
    for c in plan.components:
        bounds = [(("tiers", n, "from"), t.start) for n, t in enumerate(getattr(c.payout, "tiers", []))]
        bounds += [(("points", n), b) for n, point in enumerate(getattr(c.payout, "points", [])) for b in point]
        amounts += [(place(c, "payout", *where), value) for where, (value, unit) in bounds if unit == "money"]
        amounts += [(place(c, "payout", "pays"), c.payout.pays)] if c.unit in ("bonus", "fixed", "count") else []
        amounts += [(place(c, "cap"), c.cap[0])] if c.cap and c.cap[1] == "money" else []
        amounts += [(place(c, "floor"), c.floor)] if c.floor is not None else []
        amounts += [(place(c, "payout", "fund"), c.payout.fund[0])] if _in_money(c) else []
    amounts += [(("draw", "amount"), plan.draw.amount)] if plan.draw else []
    amounts += [(("guarantee", "amount"), plan.guarantee.amount)] if plan.guarantee else []
    for where, amount in amounts:
        if (amount * grain).denominator != 1:
            raise Refused(
                f"= {plain(amount)} is finer than the minor unit",
                f"at most {plan.rounding.scale} decimals",
                "round the amount",
                where,
            )
    for part in (plan.draw, plan.guarantee):
        if part and part.amount <= 0:
            raise Refused("is not above 0", "an amount above 0", "give the monthly amount",
                          ("draw" if part is plan.draw else "guarantee", "amount"))
    if isinstance(plan.target_incentive, Fraction) and plan.target_incentive <= 0:
        raise Refused(
            "is not above 0", "an amount above 0, or assigned", "give the yearly amount", ("target_incentive",)
        )


def _in_money(component) -> bool:
    return component.payout.kind == "pool" and component.payout.fund[1] == "money"
