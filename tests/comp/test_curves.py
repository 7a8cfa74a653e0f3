from __future__ import annotations

from fractions import Fraction

import numpy as np
import pay_case as case
import pytest
from pay_case import part, plan, tiers

from salesops_helpers.comp.curves import findings, payout_curve, payout_table, pieces

MARGINAL = f"kind: marginal, unit: attainment, {tiers([('0%', '1x'), ('100%', '1.5x')])}"
CURVE = "kind: curve, points: [[80%, 0%], [100%, 100%], [120%, 150%]], beyond: flat"
GATE = "gates: [{if: own.attainment < 50%, then: team pays 0%}]"
CAP = "cap: {of: total, at: 120% of target, excess: forfeited}"
TEN, QUOTA = Fraction(10_000), Fraction(100_000)


def split(more: str = ""):
    parts = [part(MARGINAL, "own", weight="75%"), part(CURVE, "team", "team", weight="25%")]
    return plan(parts, case.QUARTERLY, f"target_incentive: 40000\n{more}".strip())


def with_bonus():
    parts = [
        part("kind: flat, rate: 1x", "own", weight="100%"),
        part("kind: bonus, when: team.attainment >= 100%, pays: 1500", "team", "team"),
    ]
    return plan(parts, case.QUARTERLY, "target_incentive: 40000")


def test_payout_table_by_hand():
    table = payout_table(split(), TEN, QUOTA)
    assert table["attainment"].tolist() == [0.5, 0.8, 1.0, 1.2, 1.5]
    assert table["pay_alone"].tolist() == [6250, 8500, 10000, 12250, 15625]
    assert table["pay_together"].tolist() == [3750, 6000, 10000, 13500, 16875]
    assert table["share_together"].tolist() == [0.375, 0.6, 1.0, 1.35, 1.6875]


def test_payout_table_of_a_bonus_is_the_target_and_the_bonus():
    table = payout_table(with_bonus(), TEN, QUOTA)
    assert table["pay_alone"].tolist() == [6500, 9500, 11500, 13500, 16500]
    assert table["pay_together"].tolist() == [5000, 8000, 11500, 13500, 16500]


def test_payout_table_of_plain_rates_has_no_share_of_a_target():
    table = payout_table(plan([part("kind: flat, rate: 5%")]), Fraction(0), QUOTA)
    assert table["pay_alone"].tolist() == [2500, 4000, 5000, 6000, 7500]
    assert table["share_alone"].isna().all()


def test_the_simulation_path_is_float64_and_one_call():
    curve = payout_curve(split(CAP), np.linspace(0, 2, 1001), 1.0, 10_000, 100_000)
    assert curve.columns.tolist() == ["own_attainment", "unit_attainment", "own", "team", "cap", "pay"]
    assert curve["pay"].dtype == np.float64 and len(curve) == 1001
    assert curve["pay"].max() == pytest.approx(12_000)


def test_pieces_are_exact_and_meet_where_nothing_jumps():
    line = pieces(split(), "own", TEN, QUOTA)
    assert line["start"].tolist() == [0, 1] and line["end"].tolist() == [1, 2]
    assert line["slope"].tolist() == [7500, 11250]
    assert line["begins"].tolist() == [2500, 10000] and line["ends"].tolist() == [10000, 21250]


def test_a_cap_bends_the_curve_where_it_is_reached():
    line = pieces(split(CAP), "own", TEN, QUOTA)
    at = 1 + Fraction(2000, 11250)
    assert line["end"].tolist() == [1, at, 2] and line["slope"].tolist() == [7500, 11250, 0]
    assert line["ends"].tolist()[-1] == 12_000


def test_a_gate_is_a_jump_of_its_size():
    found = findings(split(GATE), TEN, QUOTA)
    jump = found[found["kind"] == "jump"]
    assert jump[["moves", "start", "pay", "share", "warn"]].values.tolist() == [["own", 0.5, 2500.0, 0.25, True]]


def test_zones_without_more_pay_and_falling_rates_are_named():
    found = findings(split(), TEN, QUOTA)
    assert found[["moves", "kind", "start", "end", "warn"]].values.tolist() == [
        ["unit", "nothing more", 0.0, 0.8, False],
        ["unit", "lower rate", 1.0, 1.2, True],
        ["unit", "nothing more", 1.2, 2.0, False],
    ]


def test_a_bonus_jumps_with_the_team():
    found = findings(with_bonus(), TEN, QUOTA)
    assert found[["moves", "kind", "start", "end"]].values.tolist() == [
        ["unit", "nothing more", 0.0, 1.0],
        ["unit", "jump", 1.0, 1.0],
        ["unit", "nothing more", 1.0, 2.0],
    ]
    assert found["pay"].tolist()[1] == 1500 and bool(found["warn"].iloc[1])


def test_a_small_jump_is_named_without_a_warning():
    rates = tiers([("0%", "0.95x"), ("100%", "1x")])
    small = plan(
        [part(f"kind: retroactive, unit: attainment, tie: upper, {rates}", weight="100%")],
        case.QUARTERLY,
        "target_incentive: 40000",
    )
    jump = findings(small, TEN, QUOTA).iloc[0]
    assert (jump["kind"], jump["start"], jump["pay"], bool(jump["warn"])) == ("jump", 1.0, 500.0, False)


def test_plain_rates_bend_where_their_bounds_in_money_lie():
    money = plan([part(f"kind: retroactive, unit: money, tie: upper, {tiers([('0', '1%'), ('50000', '2%')])}")])
    jump = findings(money, Fraction(0), QUOTA).iloc[0]
    assert (jump["kind"], jump["start"], jump["pay"]) == ("jump", 0.5, 500.0)
