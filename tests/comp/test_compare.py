from __future__ import annotations

from fractions import Fraction

import pandas as pd
import pay_case as case
import pytest
from pay_case import company, months, part, plan, tiers

from salesops_helpers.comp.compare import compare, cost, finished, sides
from salesops_helpers.errors import SalesOpsError

TARGET = "target_incentive: 40000"


def named(p, name):
    return p.model_copy(update={"plan": name})


def flat(name="flat", period=case.QUARTERLY):
    return named(plan([part("kind: flat, rate: 1x", weight="100%")], period, TARGET), name)


def steep(name="steep", period=case.QUARTERLY):
    rates = tiers([("0%", "0.5x"), ("50%", "1.5x")])
    return named(plan([part(f"kind: marginal, unit: attainment, {rates}", weight="100%")], period, TARGET), name)


def three():
    """Quotas 100,000 a quarter; a sells 120 %, b 50 %, c has no quota in March."""
    deals = [
        ("1", "a", "2026-01-10", 120_000),
        ("2", "b", "2026-02-10", 50_000),
        ("3", "c", "2026-03-10", 30_000),
        ("4", "a", "2026-05-10", 100_000),
    ]
    quotas = months("a", 100_000 / 4) + months("b", 100_000 / 4) + months("c", 100_000 / 4, 1, 2)
    quotas = [(r, m, 50_000.0 if m in ("2026-01", "2026-04") else a) for r, m, a in quotas]
    return company(list("abc"), deals, quotas, as_of="2026-06-30")


def test_pay_under_each_plan_and_the_difference():
    found = compare([flat(), steep()], three(), "2026-01", "2026-03")
    # target 10,000 a quarter; flat 12,000 and 5,000; steep 0.25 + 0.7 × 1.5 = 130 % and 25 %
    both = sides(found)
    assert both["rep_id"].tolist() == ["b", "a"]
    assert both[["pay_a", "pay_b", "difference"]].values.tolist() == [[5000, 2500, -2500], [12000, 13000, 1000]]
    assert both["difference_minor"].tolist() == [-250_000, 100_000]
    assert both["change"].tolist() == pytest.approx([-0.5, 1 / 12])


def test_cost_stands_on_the_same_people_and_their_bookings():
    total = cost(compare([flat(), steep()], three(), "2026-01", "2026-03"))
    assert total["plan"].tolist() == ["flat", "steep"] and total["reps"].tolist() == [2, 2]
    assert total["pay"].tolist() == [17_000, 15_500] and total["sales"].tolist() == [170_000, 170_000]
    assert total["cost_of_sales"].tolist() == pytest.approx([0.1, 15_500 / 170_000])
    assert total["more"].tolist() == [0, -1500]


def test_what_cannot_be_computed_is_set_aside_for_every_plan():
    found = compare([flat(), steep()], three(), "2026-01", "2026-03")
    assert found.set_aside[["rep_id", "reason", "deals", "bookings"]].values.tolist() == [
        ["c", "not computed: no quota", 1, 30_000.0]
    ]
    assert found.used["bookings"].sum() + found.set_aside["bookings"].sum() == 200_000


def test_cost_by_span_and_team():
    found = compare([flat(), steep()], three(), "2026-01", "2026-06")
    spans = cost(found, "span")
    assert spans["span"].dt.strftime("%Y-%m").tolist() == ["2026-03", "2026-03", "2026-06", "2026-06"]
    assert spans["pay"].tolist() == [17_000, 15_500, 10_000, 10_000]
    assert spans["more"].tolist() == [0, -1500, 0, 0]
    assert cost(found, "team")["team"].tolist() == ["T", "T"]


def test_plans_of_different_spans_meet_on_the_longer_one():
    found = compare([flat(period=case.MONTHLY), steep()], three(), "2026-01", "2026-03")
    # a month by month: 120,000 of 50,000 in January, nothing in February and March: 3,333.33 × 2.4
    assert sides(found)[["pay_a", "pay_b"]].values.tolist() == [[6666.67, 2500.0], [8000.0, 13000.0]]


def test_quota_factor():
    found = compare([flat()], three(), "2026-01", "2026-03", Fraction(11, 10))
    assert cost(found)["pay"].tolist() == [10_909.09 + 4545.45]


def test_a_comparison_needs_whole_spans():
    with pytest.raises(SalesOpsError, match="a comparison over 2026-01 to 2026-02; allowed: whole spans of 3 months"):
        compare([flat()], three(), "2026-01", "2026-02")
    with pytest.raises(SalesOpsError, match="whole spans of 3 months"):
        compare([flat()], three(), "2026-02", "2026-04")


def test_the_last_twelve_months_of_finished_spans():
    quotas = [("a", f"{year}-{n:02d}", 1.0) for year in (2025, 2026) for n in range(1, 13)]
    tables = company(["a"], [("1", "a", "2025-01-05", 1)], quotas, as_of="2026-08-31")
    stamps = [pd.Timestamp(day) for day in ("2025-07-01", "2026-06-01")]
    assert list(finished([flat()], tables, "2026-08")) == stamps
    assert list(finished([flat(period=case.MONTHLY)], tables, "2026-08")) == [
        pd.Timestamp("2025-09-01"),
        pd.Timestamp("2026-08-01"),
    ]
    # the month is not over in the data: the month before is the last one
    early = company(["a"], [("1", "a", "2025-01-05", 1)], quotas, as_of="2026-08-30")
    assert finished([flat(period=case.MONTHLY)], early, "2026-08")[1] == pd.Timestamp("2026-07-01")


def test_months_before_the_first_deal_or_quota_are_left_out():
    tables = company(["a"], [("1", "a", "2026-01-05", 1)], [("a", "2026-02", 1.0)], as_of="2026-06-30")
    assert finished([flat()], tables, "2026-06") == (pd.Timestamp("2026-04-01"), pd.Timestamp("2026-06-01"))
    assert finished([flat()], company(["a"], [("1", "a", "2026-05-05", 1)], as_of="2026-06-30"), "2026-06") is None


def test_the_order_of_plans_is_the_order_of_the_answer():
    found = compare([steep(), flat()], three(), "2026-01", "2026-03")
    assert cost(found)["plan"].tolist() == ["steep", "flat"] and cost(found)["more"].tolist() == [0, 1500]
