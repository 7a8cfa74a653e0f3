"""What each part of the plan language pays, by hand."""

from __future__ import annotations

from fractions import Fraction

import pandas as pd
import pytest
from pay_case import MONTHLY_YTD, QUARTERLY, assigned, company, earned, months, part, payouts, pays, plan, stated, tiers

from salesops_helpers.errors import SalesOpsError

FLAT = part("kind: flat, rate: 10%")
STEPS = tiers([("0%", "2%"), ("100%", "4%")])
CARRIED = "target_incentive: 12000\ncap: {of: total, at: 150% of target, excess: carried}"
ONE = part("kind: flat, rate: 1x", weight="100%")


def by_month(amounts: list[float], rep: str = "a") -> list[tuple]:
    return [(f"{n}", rep, f"2026-{n + 1:02d}-10", float(x)) for n, x in enumerate(amounts)]


def test_the_year_to_date_picks_the_rate_and_the_month_is_paid():
    p = plan([part(f"kind: retroactive, unit: attainment, tie: upper, {STEPS}")],
             "{measure: month, pay: month, accumulate: ytd, true_up: rate_only}")
    tables = company(["a"], by_month([50, 200, 40]), months("a", 100))
    assert earned(p, tables, end="2026-03")["a"] == [1, 8, Fraction(8, 10)]  # 96.7 % to date in March: 2 %
    found = payouts(p, tables, "2026-01", "2026-03", replay=True)
    assert found["bookings"].tolist() == [50, 200, 40]
    assert found["attainment"].tolist() == pytest.approx([0.5, 1.25, 290 / 300])


def test_what_a_cap_carries_is_paid_when_later_months_allow_it():
    tables = company(["a"], by_month([300, 100, 20]), months("a", 100))
    p = plan([ONE], more=CARRIED)
    cap = payouts(p, tables, "2026-01", "2026-03", replay=True).query("component == 'cap'")["earned"]
    assert cap.tolist() == [-1500, 500, 1000]
    assert earned(p, tables, end="2026-03")["a"] == [1500, 1500, 1200]
    lost = plan([ONE], more=CARRIED.replace("carried", "forfeited"))
    assert earned(lost, tables, end="2026-03")["a"] == [1500, 1000, 200]


def test_a_component_has_a_cap_and_a_floor_of_its_own():
    assert pays(plan([FLAT + ", cap: 50, floor: 20"]), [0, 100, 400, 1000]) == [0, 20, 40, 50]
    on_target = plan([ONE + ", cap: 120% of target"], more="target_incentive: 12000")
    assert pays(on_target, [100, 130], 100) == [1000, 1200]


def test_factors_multiply_or_their_differences_add():
    two = ", ".join(f"{{id: m{n}, measure: {{of: bookings}}, factor: {{kind: curve, points: [[0%, 50%], [100%, 100%], "
                    f"[200%, {top}%]], beyond: flat}}, on: [own]}}" for n, top in enumerate((150, 120)))
    for combine, factor in (("multiply", Fraction(3, 2) * Fraction(6, 5)), ("add", Fraction(17, 10))):
        more = f"target_incentive: 12000\nmodifiers: {{combine: {combine}, of: [{two}]}}"
        assert pays(plan([ONE], more=more), [200], 100) == [2000 * factor]


def test_a_matrix_pays_by_two_attainments():
    grid = ("kind: matrix, tie: upper, rows: {of: own, from: [0%, 100%]}, columns: {of: team, from: [0%, 100%]}, "
            "pays: [[0%, 50%], [80%, 100%]]")
    parts = [part(grid, "grid", weight="100%"), part("kind: measured", "own"), part("kind: measured", "team", "team")]
    p = plan(parts, more="target_incentive: 12000")
    for a, b, wanted in ((120, 100, [1000, 1000]), (120, 40, [800]), (50, 160, [500, 1000]), (10, 10, [])):
        tables = company(["a", "b"], [("1", "a", "2026-01-05", float(a)), ("2", "b", "2026-01-05", float(b))],
                         months("a", 100) + months("b", 100), as_of="2026-01-31")
        paid = earned(p, tables, end="2026-01")
        assert [v for rep in paid.values() for v in rep] == wanted


def test_a_spif_counts_deals_of_a_kind_on_its_days():
    p = plan(["id: spif, measure: {of: deals, where: {product: [Gold, Silver]}, days: {from: 2026-01-10, to: "
              "2026-01-20}}, payout: {kind: each, pays: 150}"])
    deals = [(f"{n}", "a", f"2026-01-{d}", 9.0) for n, d in enumerate(("09", "10", "20", "20", "21"))]
    tables = company(["a"], deals, as_of="2026-01-31")
    kinds = tables.opportunities.assign(product=["Gold", "Gold", "Silver", "Tin", "Gold"])
    tables = type(tables)(tables.company, {**tables._frames, "opportunities": kinds}, tables.as_of)
    assert earned(p, tables, end="2026-01")["a"] == [300]


def test_components_of_one_plan_have_spans_of_their_own():
    p = plan([FLAT, "id: quarter, span: quarter, measure: {of: bookings}, payout: {kind: bonus, "
              "when: quarter.attainment >= 100%, pays: 77}"])
    tables = company(["a"], by_month([100, 100, 100, 10]), months("a", 100))
    found = payouts(p, tables, "2026-01", "2026-06", replay=True)
    assert found.groupby("component")["earned"].sum().to_dict() == {"own": 31, "quarter": 77}
    assert found[found["component"] == "quarter"]["period"].dt.month.tolist() == [3, 6]


def test_scores_without_a_score_are_not_computed():
    p = plan(["id: mbo, weight: 100%, measure: {of: score}, payout: {kind: flat, rate: 1x}"],
             more="target_incentive: 12000")
    scores = pd.DataFrame({"rep_id": "a", "month": pd.Timestamp("2026-01-01"), "objective": ["x", "y"],
                           "score": [0.5, 0.75]})
    tables = company(["a", "b"], [], as_of="2026-01-31", mbo_scores=scores)
    found = payouts(p, tables, "2026-01", "2026-01", replay=True).set_index("rep_id")
    assert found.loc["a", "earned"] == 625 and found.loc["b", "status"] == "not computed: no score"


def test_a_pool_is_shared_out_to_the_cent():
    p = plan([part("kind: pool, fund: 100, share: equal", "pool", "team")])
    paid = earned(p, company(["a", "b", "c"], [], as_of="2026-01-31"), end="2026-01")
    assert [v for v, in paid.values()] == [Fraction(3334, 100), Fraction(3333, 100), Fraction(3333, 100)]


def test_a_manager_is_paid_on_all_who_report_directly_or_not():
    reps = [{"rep_id": r, "name": r.upper(), "manager": m} for r, m in
            (("boss", None), ("lead", "BOSS"), ("a", "LEAD"), ("b", "lead"))]
    p = plan([part("kind: flat, rate: 1%", level="reports")])
    paid = earned(p, company(reps, [("1", "a", "2026-01-05", 100.0), ("2", "b", "2026-01-05", 200.0),
                                    ("3", "lead", "2026-01-05", 400.0)], as_of="2026-01-31"), end="2026-01")
    assert paid == {"lead": [3], "boss": [7]}
    circle = [{**r, "manager": "LEAD"} if r["rep_id"] == "boss" else r for r in reps]
    with pytest.raises(SalesOpsError, match="rep '.*' is above themselves: the managers in reps form a circle"):
        earned(p, company(circle, [("1", "a", "2026-01-05", 100.0)], as_of="2026-01-31"), end="2026-01")


def rates(*rows: tuple[str, str, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["currency", "month", "rate"])
    return frame.assign(month=pd.to_datetime(frame["month"] + "-01"))


def test_a_plan_in_another_currency_is_paid_at_the_rate_of_the_month():
    p = plan([part(f"kind: marginal, unit: money, {tiers([('0', '10%'), ('100', '20%')])}")], QUARTERLY, currency="CHF")
    deals = by_month([100, 100])
    tables = company(["a"], deals, fx_rates=rates(("CHF", "2026-01", 0.8), ("CHF", "2026-02", 1.25)))
    assert earned(p, tables, end="2026-03")["a"] == [10 + Fraction(125 + 80 - 100) / 5]
    with pytest.raises(SalesOpsError, match="a plan in CHF for amounts in EUR; allowed: a rate for CHF"):
        earned(p, company(["a"], deals), end="2026-03")
    with pytest.raises(SalesOpsError, match="no rate for CHF in 2026-02"):
        earned(p, company(["a"], deals, fx_rates=rates(("CHF", "2026-01", 0.8))), end="2026-03")
    made = stated(p, company(["a"], deals, fx_rates=rates(("CHF", "2026-01", 0.8), ("CHF", "2026-02", 1.25)),
                             plan_assignments=assigned(("a", "2026-01-01", "test"))), "2026-03")
    assert made.summary[["currency", "paid"]].to_numpy().tolist() == [["CHF", 3100]]


def test_shares_that_do_not_add_up_are_set_aside_unless_they_are_overlay():
    splits = pd.DataFrame({"opportunity_id": "1", "rep_id": ["a", "b"], "quota_share": [0.6, 0.3],
                           "commission_share": [0.6, 0.4], "overlay": False})
    given = {"plan_assignments": assigned(("a", "2026-01-01", "test")), "as_of": "2026-01-31"}
    deals = [("1", "a", "2026-01-05", 100.0)]
    made = stated(plan([FLAT]), company(["a", "b"], deals, splits=splits, **given), "2026-01")
    assert made.aside["reason"].tolist() == ["its quota shares add up to 90 %"] * 2 and not made.summary["paid"].sum()
    beside = splits.assign(quota_share=[1.0, 0.3], commission_share=[1.0, 0.5], overlay=[False, True])
    made = stated(plan([FLAT]), company(["a", "b"], deals, splits=beside, **given), "2026-01")
    assert made.summary["paid"].tolist() == [1000]


def test_commission_of_others_needs_their_pay():
    p = plan([part("kind: flat, rate: 1%", level="team", of="commission")])
    found = payouts(p, company(["a"], [], as_of="2026-01-31"), "2026-01", "2026-01", replay=True)
    assert found["status"].tolist() == ["not computed: the pay of others is not known here"]


def test_a_draw_beside_earnings_is_taken_from_the_months_after_it():
    p = plan([part("kind: flat, rate: 100%")],
             more="draw: {amount: 100, kind: recoverable, recovery: from_earnings, ends: 2026-02-28}")
    tables = company(["a"], by_month([50, 80, 500]), plan_assignments=assigned(("a", "2026-01-01", "test")))
    made = stated(p, tables, "2026-03")
    assert made.paid["paid"].tolist() == [15000, 10000] and made.paid["owed"].tolist() == [10000, 12000]
    assert made.summary[["paid", "owed"]].to_numpy().tolist() == [[38000, 0]]


def test_full_year_goals_stand_in_every_month():
    p = plan([part(f"kind: marginal, unit: attainment, {tiers([('0%', '1x'), ('100%', '2x')])}", weight="100%")],
             MONTHLY_YTD.replace("}", ", goals: full_year}"), "target_incentive: 12000")
    tables = company(["a"], by_month([600, 900]), months("a", 100), as_of="2026-02-28")
    assert earned(p, tables, end="2026-02")["a"] == [6000, 6000 + 2 * 3000]
