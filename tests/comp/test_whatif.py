from __future__ import annotations

from fractions import Fraction

import pay_case as case
import pytest
from pay_case import part, plan, tiers

from salesops_helpers.comp.whatif import can_vary, levers, vary
from salesops_helpers.errors import SalesOpsError

MARGINAL = f"kind: marginal, unit: attainment, {tiers([('0%', '1x'), ('100%', '1.5x')])}"
HALF = Fraction(1, 2)


def split():
    parts = [part(MARGINAL, "own", weight="75%"), part("kind: flat, rate: 1x", "team", "team", weight="25%")]
    return plan(parts, case.QUARTERLY, "target_incentive: 40000")


def test_levers_are_read_and_turned():
    assert levers(split()) == (Fraction(3, 4), Fraction(3, 2))
    turned = vary(split(), HALF, Fraction(2))
    assert [c.weight for c in turned.components] == [HALF, HALF] and levers(turned) == (HALF, 2)
    assert levers(split()) == (Fraction(3, 4), Fraction(3, 2))


def test_other_parts_share_the_rest_as_before():
    parts = [
        part(MARGINAL, "own", weight="50%"),
        part("kind: flat, rate: 1x", "team", "team", weight="40%"),
        part("kind: flat, rate: 1x", "region", "region", weight="10%"),
    ]
    turned = vary(plan(parts, more="target_incentive: 1"), Fraction(0), Fraction(1))
    assert [c.weight for c in turned.components] == [0, Fraction(4, 5), Fraction(1, 5)]


def test_a_flat_part_gets_an_accelerator():
    alone = plan([part("kind: flat, rate: 1x", weight="100%")], case.QUARTERLY, "target_incentive: 40000")
    turned = vary(alone, Fraction(1), Fraction(2))
    assert [(t.start[0], t.rate.value) for t in turned.own.payout.tiers] == [(0, 1), (1, 2)]
    with pytest.raises(SalesOpsError, match="own weight 50%"):
        vary(alone, HALF, Fraction(2))


def test_plans_without_levers():
    assert not can_vary(plan([part("kind: flat, rate: 5%")]))
    with pytest.raises(SalesOpsError, match="own weight 100%"):
        vary(plan([part("kind: flat, rate: 5%")]), Fraction(1), Fraction(2))
