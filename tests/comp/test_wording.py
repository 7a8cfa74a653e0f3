from __future__ import annotations

import pay_case as case
import pytest
from pay_case import part, plan, tiers

from salesops_helpers.comp.wording import plan_in_words


def rules(*parts, **more):
    return plan_in_words(plan(list(parts), **more))["rule"].tolist()


@pytest.mark.parametrize(
    ("payout", "said"),
    [
        ("kind: flat, rate: 5%", "The rep's own bookings: 5 % of the money on every sale."),
        (
            f"kind: marginal, unit: money, below: pays nothing, {tiers([('1000', '4%'), ('2000.50', '6.5%')])}",
            "The rep's own bookings: 4 % of the money from EUR 1,000 and 6.5 % of the money from EUR 2,000.50, "
            "each band at its own "
            "rate; nothing below EUR 1,000.",
        ),
        (
            f"kind: retroactive, unit: attainment, tie: lower, {tiers([('0%', '4%'), ('100%', '6%')])}",
            "The rep's own bookings against quota: 4 % of the money from 0 % and 6 % of the money from 100 %, "
            "everything at the rate "
            "that is reached, exactly on a bound the lower one.",
        ),
        (
            "kind: curve, points: [[0, 0], [1000, 10]], beyond: extrapolate, threshold: 500",
            "The rep's own bookings: EUR 0 at EUR 0 and EUR 10 at EUR 1,000, straight lines between, on along "
            "the same line beyond; "
            "nothing below EUR 500.",
        ),
        (
            "kind: bonus, when: own.attainment < 50%, pays: 99.50",
            "The rep's own bookings against quota: EUR 99.50 for each month in which the rep's own attainment "
            "is below 50 %.",
        ),
    ],
)
def test_each_kind_in_words(payout, said):
    assert rules(part(payout))[0] == said


def test_gates_caps_and_targets_in_words():
    more = (
        "target_incentive: 40000\ngates: [{if: own.attainment < 50%, then: own pays 25%}]\n"
        "cap: {of: total, at: 250% of target, excess: forfeited}"
    )
    said = rules(part("kind: flat, rate: 1x", weight="100%"), more=more, period=case.QUARTERLY_YTD)
    assert said[1:] == [
        "If the rep's own attainment is below 50 %, own pays 25 % of what it would pay.",
        "The total of a fiscal quarter is at most 250 % of target; the rest is forfeited.",
        "At the end of each fiscal quarter the fiscal year to date is computed anew, and what was paid before "
        "is deducted. The "
        "target is EUR 40,000 over 2026-01-01 to 2026-12-31.",
    ]
