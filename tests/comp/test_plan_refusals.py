"""Refusals of the parts that not every plan has: each with component, field, what is allowed and the cure."""

from __future__ import annotations

import pytest
from pay_case import MONTHLY, MONTHLY_YTD, QUARTERLY_YTD, part, plan, tiers

from salesops_helpers.errors import SalesOpsError

STEPS = tiers([("0%", "5%"), ("100%", "8%")])
OWN = part("kind: flat, rate: 1x", "own", weight="100%")
MONEY = part("kind: flat, rate: 5%", "own")
TARGET = "target_incentive: 12000"
RATE_ONLY = "{measure: month, pay: month, accumulate: ytd, true_up: rate_only}"
FULL = "{measure: month, pay: month, accumulate: none, goals: full_year}"


def excess(bounds: list[tuple[str, str]], unit: str = "attainment", more: str = "") -> str:
    return part(f"kind: excess, unit: {unit}, tie: upper{more}, {tiers(bounds)}")


def matrix(rows: str, pays: str, columns: str = "") -> list[str]:
    side = f", columns: {columns}" if columns else ""
    return [part(f"kind: matrix, tie: upper, rows: {rows}{side}, pays: {pays}", "own", weight="100%")]


def modified(factor: str, on: str = "[own]", measure: str = "{of: score}") -> str:
    one = f"{{id: m, measure: {measure}, factor: {factor}, on: {on}}}"
    return f"{TARGET}\nmodifiers: {{combine: multiply, of: [{one}]}}"


def claw(text: str) -> tuple:
    return [MONEY], MONTHLY, f"clawback: {{{text}}}"


CASES = {
    "an excess bound below quota": (
        [excess([("0%", "5%"), ("80%", "6%"), ("100%", "8%")])], MONTHLY, "", "have a bound below quota"),
    "an excess without what is above": ([excess([("0%", "5%")])], MONTHLY, "", "do not say what is paid above quota"),
    "an excess from 100 % that says nothing below": (
        [excess([("100%", "5%")])], MONTHLY, "", "tiers do not say what is paid below the first bound"),
    "an excess on commission credit": (
        [part(f"kind: excess, unit: money, tie: upper, {tiers([('0', '5%')])}", of="commissionable")], MONTHLY, "",
        "measure.of = 'commissionable' with kind: excess"),
    "a matrix that lacks a row": (
        matrix("{of: own, from: [0%, 100%]}", "[[100%]]"), MONTHLY, TARGET, "payout.pays is not a table of 2 rows"),
    "a matrix out of order": (
        matrix("{of: own, from: [100%, 0%]}", "[[100%], [50%]]"), MONTHLY, TARGET, "payout.rows are not ascending"),
    "a matrix that names nobody": (
        matrix("{of: other, from: [0%]}", "[[100%]]"), MONTHLY, TARGET, "payout.rows.of = 'other' names the component"),
    "a matrix that misses the target": (
        matrix("{of: own, from: [0%]}", "[[90%]]"), MONTHLY, TARGET, "payout pays 90 % of target at 100 % attainment"),
    "nothing measured": (["id: own, payout: {kind: flat, rate: 5%}"], MONTHLY, "", "measure is not there"),
    "a fee on money": ([part("kind: each, pays: 50")], MONTHLY, "", "measure.of = 'bookings' with kind: each"),
    "a rate on a number of deals": (
        [part("kind: flat, rate: 5%", of="deals")], MONTHLY, "", "measure.of = 'deals' with kind: flat"),
    "a pool of one": (
        [part("kind: pool, fund: 10%, share: equal")], MONTHLY, "", "measure.level = 'individual' has no unit that"),
    "a choice of deals of a score": (
        ["id: own, weight: 100%, measure: {of: score, where: {product: A}}, payout: {kind: flat, rate: 1x}"], MONTHLY,
        TARGET, "measure.where does not go with of: score"),
    "an objective of bookings": (
        ["id: own, measure: {of: bookings, objective: A}, payout: {kind: flat, rate: 5%}"], MONTHLY, "",
        "measure.objective = 'A' does not go with of: bookings"),
    "a choice by an unknown column": (
        ["id: own, measure: {of: bookings, where: {colour: red}}, payout: {kind: flat, rate: 5%}"], MONTHLY, "",
        "measure.where is not a choice of deals"),
    "a choice that mixes": (
        ["id: own, measure: {of: bookings, where: {product: [A, not B]}}, payout: {kind: flat, rate: 5%}"], MONTHLY, "",
        "mixes values and their opposite"),
    "days that end before they begin": (
        ["id: own, measure: {of: deals, days: {from: 2026-03-01, to: 2026-02-01}}, payout: {kind: each, pays: 5}"],
        MONTHLY, "", "measure.days.to = '2026-02-01' ends before it begins"),
    "weighted without parts": (
        ["id: own, weight: 100%, measure: {of: weighted}, payout: {kind: flat, rate: 1x}"], MONTHLY, TARGET,
        "measure.parts is not there"),
    "weights of parts": (
        ["id: own, weight: 100%, measure: {of: weighted, parts: {a: 50%, b: 40%}}, payout: {kind: flat, rate: 1x}"],
        MONTHLY, TARGET, "measure.parts do not add up to 100 %"),
    "weighted by what is not there": (
        ["id: own, weight: 100%, measure: {of: weighted, parts: {a: 50%, b: 50%}}, payout: {kind: flat, rate: 1x}"],
        MONTHLY, TARGET, "measure.parts names the component 'a', which does not exist"),
    "weighted by the weighted": (
        ["id: own, weight: 100%, measure: {of: weighted, parts: {own: 100%}}, payout: {kind: flat, rate: 1x}"],
        MONTHLY, TARGET, "names 'own', whose attainment is weighted itself"),
    "a team's score": (
        ["id: own, weight: 100%, measure: {of: score, level: team}, payout: {kind: flat, rate: 1x}"], MONTHLY, TARGET,
        "measure.level = 'team' with of: score"),
    "the rep's own commission": (
        [part("kind: flat, rate: 1%", of="commission")], MONTHLY, "", "'individual' with of: commission"),
    "each deal by attainment": (
        [part(f"kind: marginal, unit: attainment, {STEPS}") + ", per: deal"], MONTHLY, "",
        "per = 'deal' where a deal has no pay of its own"),
    "a cap on a bonus": (
        [part("kind: fixed, pays: 50") + ", cap: 20"], MONTHLY, "", "cap = '20' has no sense with kind: fixed"),
    "a cap of a target that is not there": (
        [MONEY + ", cap: 200% of target"], MONTHLY, "", "cap = '200% of target' needs a part of the target"),
    "a component's cap below target": (
        [OWN + ", cap: 90% of target"], MONTHLY, TARGET, "cap = '90% of target' is below target"),
    "a cap below the floor": ([MONEY + ", cap: 20, floor: 50"], MONTHLY, "", "cap = '20' is below the floor"),
    "a weight on a fee": (
        [OWN, part("kind: each, pays: 5", "fee", of="deals", weight="10%")], MONTHLY, TARGET,
        "a payout per piece carries no weight"),
    "another span": (
        [OWN, part("kind: bonus, when: own.attainment >= 100%, pays: 5", "b") + ", span: year"], MONTHLY, TARGET,
        "payout.when = .* names 'own', which is measured over another span"),
    "a gate that limits money": (
        [MONEY], MONTHLY, "gates: [{if: own.attainment < 50%, then: own pays at most 100%}]",
        "limits 'own', which pays no part of the target"),
    "a cap of the total of several spans": (
        [OWN, part("kind: fixed, pays: 5", "b") + ", span: year"], MONTHLY,
        f"{TARGET}\ncap: {{of: total, at: 200% of target, excess: forfeited}}",
        "cap.of = 'total' holds for the total of components with different spans"),
    "a factor of money": ([OWN], MONTHLY, modified("{kind: flat, rate: 5%}"), "factor is not a percentage"),
    "a factor on nobody": ([OWN], MONTHLY, modified("{kind: flat, rate: 1x}", "[you]"), "names the component 'you'"),
    "a factor of nothing": (
        [OWN], MONTHLY, modified("{kind: flat, rate: 1x}", measure="{of: deals}"), "of = 'deals' with a factor"),
    "a factor that misses the target": (
        [OWN], MONTHLY, modified("{kind: flat, rate: 2x}"), "factor is 200 % at 100 % attainment"),
    "modifiers that do not say how they combine": (
        [OWN], MONTHLY, modified("{kind: flat, rate: 1x}").replace("combine: multiply, ", ""),
        "modifiers.combine is missing"),
    "a cap carried and deducted": (
        [OWN], MONTHLY_YTD, f"{TARGET}\ncap: {{of: total, at: 200% of target, excess: carried}}",
        "cap.excess = 'carried' with true_up: deduct_paid"),
    "a rate for bands": (
        [part(f"kind: marginal, unit: attainment, {STEPS}")], RATE_ONLY, "",
        "payout.kind = 'marginal' with true_up: rate_only"),
    "single deals of the year to date": (
        [MONEY + ", per: deal"], QUARTERLY_YTD, "", "per = 'deal' does not go with accumulate: ytd"),
    "the year's goals month by month": ([MONEY], FULL, "", "period.goals = 'full_year' without the year to date"),
    "a draw without recovery": (
        [MONEY], MONTHLY, "draw: {amount: 2000, kind: recoverable, ends: 2026-06-30}", "draw.recovery is not there"),
    "a draw without end": (
        [MONEY], MONTHLY, "draw: {amount: 2000, kind: recoverable, recovery: above_draw}", "draw.ends is not there"),
    "a gift that is recovered": (
        [MONEY], MONTHLY, "draw: {amount: 2000, kind: non_recoverable, recovery: above_draw}",
        "draw.recovery = 'above_draw' is given, but nothing is recovered"),
    "a draw of nothing": (
        [MONEY], MONTHLY, "draw: {amount: 0, kind: non_recoverable}", "draw.amount = '0' is not above 0"),
    "a guarantee of nothing": (
        [MONEY], MONTHLY, "guarantee: {amount: 0, months: 3}", "guarantee.amount = '0' is not above 0"),
    "a guarantee beside a draw": (
        [MONEY], MONTHLY, "draw: {amount: 5, kind: non_recoverable}\nguarantee: {amount: 5, months: 3}",
        "guarantee.amount = '5' stands beside a draw"),
    "a draw finer than money": (
        [MONEY], MONTHLY, "draw: {amount: 0.005, kind: non_recoverable}", "draw.amount = 0.005 is finer than"),
    "a cap finer than money": ([MONEY + ", cap: 0.005"], MONTHLY, "", "cap = 0.005 is finer than the minor"),
    "a clawback without a window": (*claw("method: recompute_period"), "clawback.window_days is not there"),
    "shares that a new computation does not use": (
        *claw("window_days: 90, method: recompute_period, shares: [{within_days: 90, share: 50%}]"),
        "clawback.shares need method: pro_rata"),
    "shares that do not ascend": (
        *claw("window_days: 90, method: pro_rata, shares: [{within_days: 90, share: 5%}, {within_days: 9, share: 1%}]"),
        "clawback.shares do not ascend to window_days"),
}


@pytest.mark.parametrize("name", CASES)
def test_refused(name):
    components, period, more, told = CASES[name]
    with pytest.raises(SalesOpsError, match=told) as refusal:
        plan(components, period, more)
    assert "plan 'test' (test.yaml, line " in str(refusal.value)
    assert refusal.value.allowed and refusal.value.cure
