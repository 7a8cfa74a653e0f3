from __future__ import annotations

import pandas as pd
import pay_case as case
from pay_case import company, months, part, plan, tiers

from salesops_helpers.comp.lines import pay_lines, total, used_credit
from salesops_helpers.comp.payouts import payouts


def test_a_total_is_spread_over_its_deals_by_largest_remainder():
    deals = [("c", "a", "2026-01-05", 100), ("b", "a", "2026-01-06", 100), ("a", "a", "2026-01-07", 100)]
    flat = plan([part("kind: flat, rate: 33.3333%")])
    lines = pay_lines(flat, company(["a"], deals), "2026-01", "2026-01", replay=True)
    assert lines["opportunity_id"].tolist() == ["a", "b", "c"]
    assert lines["earned_minor"].tolist() == [3334, 3333, 3333]  # 100.00 in all; the spare cent to the first key


def test_unit_results_bonuses_and_totals_without_deals_are_lines_of_their_own():
    parts = [
        part("kind: curve, points: [[0%, 50%], [100%, 100%]], beyond: flat", "own", weight="100%"),
        part("kind: bonus, when: team.attainment >= 0%, pays: 10", "team", "team"),
    ]
    p = plan(parts, more="target_incentive: 1200")
    lines = pay_lines(p, company(["a"], [], months("a", 100)), "2026-01", "2026-01", replay=True)
    assert lines["component"].tolist() == ["own", "team"] and lines["opportunity_id"].isna().all()
    assert lines["earned_minor"].tolist() == [5000, 1000]


def test_year_to_date_corrections_stand_on_the_deals_of_their_span():
    rates = tiers([("0", "1%"), ("1000", "10%")])
    p = plan([part(f"kind: retroactive, unit: money, tie: upper, {rates}")], case.MONTHLY_YTD)
    deals = [("1", "a", "2026-01-05", 900), ("2", "a", "2026-02-05", 60), ("3", "a", "2026-02-06", 40)]
    lines = pay_lines(p, company(["a"], deals), "2026-01", "2026-03", replay=True)
    assert lines[["opportunity_id", "earned_minor"]].values.tolist() == [
        ["1", 900],
        ["2", 5460],
        ["3", 3640],
        [None, 0],
    ]
    assert total(lines, 2) == total(payouts(p, company(["a"], deals), "2026-01", "2026-03", True), 2) == 100


def test_every_credit_is_used_or_says_why_not():
    reps = [{"rep_id": "a", "name": "A", "left_on": "2026-01-31"}, {"rep_id": "b", "name": "B"}]
    deals = [
        ("1", "a", "2026-01-05", 100),
        ("2", "a", "2026-02-05", 200),
        ("3", "b", "2026-02-05", None),
        ("4", "gone", "2026-03-05", 400),
        ("5", "b", "2026-03-31", 500),
        ("6", "b", "2026-04-01", 600),
    ]
    flat = plan([part("kind: flat, rate: 1%")], case.QUARTERLY)
    tables = company(reps, deals)
    credit = used_credit(flat, tables, "2026-01", "2026-03", replay=True)
    assert dict(zip(credit["opportunity_id"], credit["status"], strict=True)) == {
        "1": "used",
        "2": "closed on a day on which the rep is not employed",
        "3": "the deal has no amount",
        "4": "the rep is not in reps",
        "5": "used",
    }
    assert credit["bookings"].sum() == 1200
    paid = payouts(flat, tables, "2026-01", "2026-03", replay=True)
    assert paid["bookings"].sum() == credit[credit["status"] == "used"]["bookings"].sum() == 600


def test_overlay_credit_counts_for_pay_and_not_twice_in_sales():
    splits = pd.DataFrame(
        {
            "opportunity_id": ["1", "1"],
            "rep_id": ["a", "b"],
            "quota_share": [1.0, 0.5],
            "commission_share": [1.0, 0.5],
            "overlay": [False, True],
        }
    )
    tables = company(["a", "b"], [("1", "a", "2026-01-05", 100)], splits=splits)
    credit = used_credit(plan([part("kind: flat, rate: 1%")]), tables, "2026-01", "2026-01", replay=True)
    assert credit["bookings"].tolist() == [100, 50] and credit["sales"].tolist() == [100, 0]
