from __future__ import annotations

from fractions import Fraction

import pay_case as case
import pytest
from pay_case import company, months, part, plan, tiers

from salesops_helpers.comp.whatif import can_vary, levers, vary, what_if, what_ifs
from salesops_helpers.errors import SalesOpsError

MARGINAL = f"kind: marginal, unit: attainment, {tiers([('0%', '1x'), ('100%', '1.5x')])}"
HALF = Fraction(1, 2)


def split():
    parts = [part(MARGINAL, "own", weight="75%"), part("kind: flat, rate: 1x", "team", "team", weight="25%")]
    return plan(parts, case.QUARTERLY, "target_incentive: 40000")


def sold():
    deals = [("1", "a", "2026-01-10", 120_000), ("2", "b", "2026-01-10", 60_000)]
    quotas = [(r, m, a) for r in "ab" for r, m, a in months(r, 30_000, 1, 3)]
    return company(["a", "b"], deals, quotas, as_of="2026-03-31")


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


def test_cost_as_written_and_changed_by_hand():
    # quota 90,000, target 10,000: a 133⅓ %, b 66⅔ %, team 100 %; own 75 %: 7,500 × 1.5 + 7,500 × ⅔, team 2,500 each
    found = what_if(split(), sold(), "2026-01", "2026-03", HALF, Fraction(2))
    assert found["pay"].tolist() == [11_250 + 5_000 + 5_000, 8_333.33 + 3_333.33 + 10_000]
    assert found["more"].tolist() == pytest.approx([0, 416.66]) and found["case"].tolist() == ["as written", "changed"]
    assert found["sales"].tolist() == [180_000, 180_000]


def test_quotas_up_ten_percent_cost_less():
    cases = what_ifs(split(), sold(), "2026-01", "2026-03")
    assert cases["case"].tolist() == ["as written"] + ["changed"] * 4
    assert cases["quota_factor"].tolist() == [1, 1, 1, 1.1, 0.9] and cases["own_weight"].tolist() == [
        0.75,
        0.75,
        0.5,
        0.75,
        0.75,
    ]
    assert cases["more"].iloc[3] < 0 < cases["more"].iloc[4]
