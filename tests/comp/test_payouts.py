from __future__ import annotations

from fractions import Fraction

import pandas as pd
import pay_case as case
import pytest
from pay_case import company, earned, months, part, payouts, pays, plan, tiers

from salesops_helpers.errors import SalesOpsError

ON_TARGET = "target_incentive: 40000"
SPLIT = [
    part(f"kind: marginal, unit: attainment, {tiers([('0%', '1x'), ('100%', '1.5x')])}", "own", weight="75%"),
    part("kind: curve, points: [[80%, 0%], [100%, 100%], [120%, 150%]], beyond: flat", "team", "team", weight="25%"),
]
ASSIGNED = "target_incentive: assigned"


def pair(**more):
    """Two reps of one team: a sells 132,000 on a quota of 120,000; b, hired 15 February, 10,000 on 20,000."""
    reps = [
        {"rep_id": "a", "name": "A", "team": "T"},
        {"rep_id": "b", "name": "B", "team": "T", "hired_on": "2026-02-15"},
    ]
    deals = [("1", "a", "2026-01-10", 60000), ("2", "a", "2026-02-10", 72000), ("3", "b", "2026-03-03", 10000)]
    return company(reps, deals, months("a", 40000) + months("b", 10000, 2), **more)


def test_75_25_by_hand():
    frame = payouts(plan(SPLIT, case.QUARTERLY, ON_TARGET), pair(), "2026-01", "2026-03", replay=True)
    # target of a quarter 10,000; a: 110 % → 7,500 × (1 + 0.1 × 1.5); team: 142,000 ÷ 140,000 = 71/70
    # → 2,500 × (1 + 1/70 × 2.5); b: on the plan for 45 of 90 days, 50 % → 3,750 × 0.5
    assert frame["rep_id"].tolist() == ["a", "a", "b", "b"]
    assert frame["component"].tolist() == ["own", "team", "own", "team"]
    assert frame["earned_minor"].tolist() == [862500, 258929, 187500, 129464]
    assert frame["earned"].tolist() == [8625.00, 2589.29, 1875.00, 1294.64]
    assert frame["bookings"].tolist() == [132000, 142000, 10000, 142000]
    assert frame["quota"].tolist() == [120000, 140000, 20000, 140000]
    assert frame["attainment"].tolist() == pytest.approx([1.1, 71 / 70, 0.5, 71 / 70])
    assert (frame["status"] == "computed").all()
    assert (frame["period"] == pd.Timestamp("2026-03-01")).all()


def test_inputs_are_left_alone():
    tables = pair()
    before = {name: getattr(tables, name).copy() for name in ("opportunities", "quotas", "reps")}
    payouts(plan(SPLIT, case.QUARTERLY, ON_TARGET), tables, "2026-01", "2026-03", replay=True)
    for name, frame in before.items():
        pd.testing.assert_frame_equal(getattr(tables, name), frame)


def test_a_bonus_when_the_team_reaches_its_goal():
    both = [
        part("kind: flat, rate: 5%"),
        part("kind: bonus, when: team.attainment >= 100%, pays: 2000", "team", "team"),
    ]
    for sold, bonus in ((799_900, 0), (800_000, 2000)):
        tables = company(
            ["a", "b"],
            [("1", "a", "2026-01-05", 200_000), ("2", "b", "2026-01-06", sold)],
            months("a", 500_000) + months("b", 500_000),
        )
        assert earned(plan(both), tables, "2026-01", "2026-01")["a"] == [10_000 + bonus]


def test_a_gate_shuts_a_component():
    gate = "gates: [{if: own.attainment < 50%, then: team pays 25%}]\n" + ON_TARGET
    quotas = months("a", 40000) + months("b", 40000)
    for sold, share in ((59_999, Fraction(1, 4)), (60_000, 1)):
        deals = [("1", "a", "2026-01-05", sold), ("2", "b", "2026-01-05", 240_000 - sold)]
        paid = earned(
            plan(SPLIT, case.QUARTERLY, gate), company(["a", "b"], deals, quotas), "2026-01", "2026-03", "team"
        )
        assert paid["a"] == [2500 * share]


def test_a_gate_without_an_attainment_is_not_computed():
    gate = "gates: [{if: own.attainment < 50%, then: team pays 25%}]\n" + ON_TARGET
    tables = company(["a", "b"], [("1", "a", "2026-01-05", 90_000)], months("b", 40000))
    frame = payouts(plan(SPLIT, case.QUARTERLY, gate), tables, "2026-01", "2026-03", replay=True)
    assert frame[frame["rep_id"] == "a"]["status"].tolist() == ["not computed: no quota"] * 2
    assert frame[frame["rep_id"] == "a"]["earned_minor"].isna().all()


def test_a_cap_takes_a_line_of_its_own_and_never_rounds_up():
    capped = plan(SPLIT, case.QUARTERLY, "cap: {of: total, at: 133.3333% of target, excess: forfeited}\n" + ON_TARGET)
    tables = company(["a"], [("1", "a", "2026-01-05", 240_000)], months("a", 40000))
    frame = payouts(capped, tables, "2026-01", "2026-03", replay=True)
    # own 7,500 × 2.5 = 18,750; team at 200 %: 3,750; the cap 13,333.33
    assert frame["component"].tolist() == ["own", "team", "cap"]
    assert frame["earned_minor"].tolist() == [1_875_000, 375_000, 1_333_333 - 2_250_000]


def test_retroactive_pays_everything_at_the_rate_that_is_reached():
    for tie, at_bound in (("upper", 200), ("lower", 100)):
        pay = part(f"kind: retroactive, unit: money, tie: {tie}, {tiers([('0', '1%'), ('10000', '2%')])}")
        assert pays(plan([pay]), [9999, 10000, 10001]) == [Fraction("99.99"), at_bound, Fraction("200.02")]


def test_a_first_tier_above_nothing():
    for kind in ("marginal", "retroactive"):
        more = ", tie: upper" if kind == "retroactive" else ""
        pay = plan([part(f"kind: {kind}, unit: money, below: pays nothing{more}, {tiers([('1000', '10%')])}")])
        assert pays(pay, [999, 1000, 3000]) == [0, 100 if more else 0, 300 if more else 200]


def test_rates_on_money_with_bounds_in_attainment():
    pay = plan([part(f"kind: marginal, unit: attainment, {tiers([('0%', '10%'), ('100%', '15%')])}")])
    assert pays(pay, [93750, 75000, 15000], quota=75000) == [Fraction("10312.5"), 7500, 1500]


def test_curves_flat_extrapolated_and_with_a_threshold():
    def at(more, *amounts):
        return pays(plan([part(f"kind: curve, points: [[0, 0], [1000, 10], [3000, 50]]{more}")]), amounts)

    assert at(", beyond: flat", 500, 2000, 9000) == [5, 30, 50]
    assert at(", beyond: extrapolate", 500, 2000, 9000) == [5, 30, 170]
    assert at(", beyond: flat, threshold: 700", 500, 700, 2000) == [0, 7, 30]


def test_a_return_takes_back_what_a_sale_paid():
    assert pays(plan([part("kind: flat, rate: 10%")]), [-5000]) == [-500]
    assert pays(plan([part(f"kind: marginal, unit: money, {tiers([('0', '4%'), ('1000', '10%')])}")]), [-500]) == [-20]


def test_half_cents():
    assert pays(plan([part("kind: flat, rate: 7.5%")]), ["144.00", "0.20", "1.34"]) == [
        Fraction("10.80"),
        Fraction("0.02"),
        Fraction("0.10"),
    ]
    # 11.5 % of 1.00, 3.00, … is half a cent above a cent: floats miss some of them
    amounts = [n / 1 for n in range(1, 200, 2)]
    wanted = [Fraction(115 * n + 5, 1000) for n in range(1, 200, 2)]
    assert pays(plan([part("kind: flat, rate: 11.5%")]), amounts) == wanted


def test_year_to_date_deducts_what_was_paid():
    deals = [("1", "a", "2026-01-05", 145_000), ("2", "a", "2026-02-05", 20_000), ("3", "a", "2026-04-01", -50_000)]
    tier = tiers([("0", "4%"), ("150000", "6%"), ("250000", "8%")])
    pay = plan([part(f"kind: marginal, unit: money, {tier}")], case.MONTHLY_YTD)
    assert earned(pay, company(["a"], deals), "2026-01", "2026-04")["a"] == [5800, 1100, -2300]
    # asked for February alone, January is still what was paid before
    assert earned(pay, company(["a"], deals), "2026-02", "2026-02")["a"] == [1100]


def test_year_to_date_against_the_goal_to_date():
    pay = plan(
        [part(f"kind: marginal, unit: attainment, {tiers([('0%', '1x'), ('100%', '2x')])}", weight="100%")],
        case.MONTHLY_YTD,
        "target_incentive: 12000",
    )
    deals = [("1", "a", "2026-01-05", 20_000), ("2", "a", "2026-02-05", 4_000)]
    # January 200 % of 10,000 → 3,000; to date 120 % of 20,000 with a target of 2,000 → 2,800
    assert earned(pay, company(["a"], deals, months("a", 10_000)), "2026-01", "2026-02")["a"] == [3000, -200]


def test_a_new_fiscal_year_starts_from_nothing():
    pay = plan([part(f"kind: marginal, unit: money, {tiers([('0', '1%'), ('100', '10%')])}")], case.MONTHLY_YTD)
    deals = [("1", "a", "2026-06-05", 100), ("2", "a", "2026-07-05", 100)]
    assert earned(pay, company(["a"], deals, fiscal_year_start=7), "2026-06", "2026-07")["a"] == [1, 1]
    assert earned(pay, company(["a"], deals, fiscal_year_start=1), "2026-06", "2026-07")["a"] == [1, 10]


def test_fiscal_quarters_follow_the_fiscal_year():
    pay = plan([part("kind: flat, rate: 1%")], case.QUARTERLY)
    frame = payouts(
        pay, company(["a"], [("1", "a", "2026-02-05", 100)], fiscal_year_start=2), "2026-01", "2026-06", True
    )
    assert frame["period"].dt.strftime("%Y-%m").tolist() == ["2026-01", "2026-04"]
    assert frame["earned_minor"].tolist() == [0, 100]


def test_without_a_quota_a_rep_is_listed_and_not_paid_nothing():
    quotas = months("a", 40_000, 1, 2) + [("b", "2026-01", 0.0), ("b", "2026-02", 0.0), ("b", "2026-03", 0.0)]
    deals = [(r, r, "2026-02-01", 1000) for r in "abc"]
    frame = payouts(
        plan(SPLIT, case.QUARTERLY, ON_TARGET), company(list("abc"), deals, quotas), "2026-01", "2026-03", True
    )
    own = frame[frame["component"] == "own"].set_index("rep_id")
    assert own["status"].to_dict() == {
        "a": "not computed: no quota",
        "b": "not computed: the quota is not above 0",
        "c": "not computed: no quota",
    }
    assert own["earned_minor"].isna().all() and own["earned"].isna().all()
    assert own["bookings"].tolist() == [1000, 1000, 1000]


def test_without_a_team_or_a_target():
    tables = company([{"rep_id": "a", "name": "A"}], [("1", "a", "2026-02-01", 1000)], months("a", 1000))
    frame = payouts(plan(SPLIT, case.QUARTERLY, ASSIGNED), tables, "2026-01", "2026-03", replay=True)
    assert frame["status"].tolist() == ["not computed: no target incentive", "not computed: no target incentive"]
    frame = payouts(plan(SPLIT, case.QUARTERLY, ON_TARGET), tables, "2026-01", "2026-03", replay=True)
    assert frame["status"].tolist() == ["computed", "not computed: no team"]


def assigned(*rows):
    names = ["rep_id", "starts_on", "ends_on", "plan", "target_incentive"]
    return pd.DataFrame(list(rows), columns=names)


def test_by_assignment_only_the_days_on_the_plan_count():
    rows = assigned(("a", "2026-01-01", "2026-01-30", "test", 12_000.0), ("a", "2026-01-31", None, "other", 12_000.0))
    deals = [("1", "a", "2026-01-10", 7_000), ("2", "a", "2026-01-31", 50_000)]
    flat = plan([part("kind: flat, rate: 1x", weight="100%")], case.MONTHLY, ASSIGNED)
    tables = company(["a"], deals, months("a", 31_000), plan_assignments=rows)
    frame = payouts(flat, tables, "2026-01", "2026-02")
    # 30 of 31 days: the quota carried is 30,000, the target 1,000 × 30 ÷ 31
    assert frame["quota"].tolist() == [30_000]
    assert frame["bookings"].tolist() == [7_000]
    assert frame["earned_minor"].tolist() == [22581]  # 1,000 × 30/31 × 7/30 = 225.806…
    everyone = payouts(flat, tables, "2026-01", "2026-01", replay=True)
    assert everyone["bookings"].tolist() == [57_000] and everyone["quota"].tolist() == [31_000]


def test_parts_of_a_span_add_up_to_the_whole_before_rounding():
    flat = plan([part("kind: bonus, when: own.attainment >= 0%, pays: 3100")], case.MONTHLY)
    whole = assigned(("a", "2026-01-01", None, "test", 1.0))
    for last in ("2026-01-01", "2026-01-10", "2026-01-30"):
        after = str((pd.Timestamp(last) + pd.Timedelta(days=1)).date())
        first = assigned(("a", "2026-01-01", last, "test", 1.0), ("a", after, None, "other", 1.0))
        second = assigned(("a", "2026-01-01", last, "other", 1.0), ("a", after, None, "test", 1.0))
        pay = [
            earned(
                flat, company(["a"], [], months("a", 100), plan_assignments=rows), "2026-01", "2026-01", replay=False
            )
            for rows in (first, second, whole)
        ]
        assert pay[0]["a"][0] + pay[1]["a"][0] == pay[2]["a"][0] == 3100


def test_two_plans_on_one_day_are_refused():
    rows = assigned(("a", "2026-01-01", "2026-03-31", "test", 1.0), ("a", "2026-03-31", None, "other", 1.0))
    with pytest.raises(SalesOpsError, match="rep 'a' has two plans on 2026-03-31"):
        payouts(plan([part("kind: flat, rate: 1%")]), company(["a"], [], plan_assignments=rows), "2026-01", "2026-03")


def test_an_open_assignment_ends_where_the_next_begins():
    rows = assigned(("a", "2026-01-01", None, "test", 1.0), ("a", "2026-02-01", None, "other", 1.0))
    deals = [("1", "a", "2026-01-31", 100), ("2", "a", "2026-02-01", 100)]
    tables = company(["a"], deals, plan_assignments=rows)
    assert earned(plan([part("kind: flat, rate: 1%")]), tables, "2026-01", "2026-02", replay=False)["a"] == [1]


def test_without_assignments_a_plan_is_only_replayed():
    with pytest.raises(SalesOpsError, match="plan_assignments is missing.*replay"):
        payouts(plan([part("kind: flat, rate: 1%")]), company(["a"], []), "2026-01", "2026-01")


def test_outside_the_effective_span_nobody_is_paid():
    rows = assigned(("a", "2025-01-01", None, "test", 1.0))
    tables = company(["a"], [("1", "a", "2026-01-31", 100)], plan_assignments=rows)
    later = plan([part("kind: flat, rate: 1%")], effective="{from: 2026-02-01, to: 2026-12-31}")
    assert payouts(later, tables, "2026-01", "2026-01").empty
    assert len(payouts(later, tables, "2026-01", "2026-02")) == 1


def test_bounds_in_money_prorate_with_the_days_on_the_plan():
    tier = part(f"kind: marginal, unit: money, {tiers([('0', '1%'), ('3000', '10%')])}")
    hired = [{"rep_id": "a", "name": "A", "hired_on": "2026-04-16"}]  # 15 of 30 days: the bound is 1,500
    tables = company(hired, [("1", "a", "2026-04-20", 2000)])
    assert earned(plan([tier]), tables, "2026-04", "2026-04")["a"] == [65]
    year = [{"rep_id": "a", "name": "A", "hired_on": "2026-07-02"}]  # 183 of 365 days
    tables = company(year, [("1", "a", "2026-07-20", 2000)])
    bound = Fraction(3000 * 183, 365)
    assert earned(plan([tier], case.MONTHLY_YTD), tables, "2026-07", "2026-07")["a"] == [
        round((bound / 100 + (2000 - bound) / 10) * 100) / Fraction(100)
    ]


def test_split_deals_credit_each_rep_and_commission_apart_from_quota():
    splits = pd.DataFrame(
        {
            "opportunity_id": ["1", "1"],
            "rep_id": ["a", "b"],
            "quota_share": [1.0, 1.0],
            "commission_share": [0.333, 0.667],
            "overlay": [False, True],
        }
    )
    tables = company(["a", "b"], [("1", "a", "2026-01-05", 100.01)], splits=splits)
    by_quota = earned(plan([part("kind: flat, rate: 10%")]), tables, "2026-01", "2026-01")
    by_commission = earned(plan([part("kind: flat, rate: 10%", of="commissionable")]), tables, "2026-01", "2026-01")
    assert by_quota == {"a": [10], "b": [10]}
    assert by_commission == {"a": [Fraction("3.33")], "b": [Fraction("6.67")]}  # 3.330333 and 6.670667


def test_targets_take_the_place_of_the_members_quotas():
    goals = pd.DataFrame(
        {
            "unit": ["T"] * 3,
            "kpi": ["bookings"] * 3,
            "month": pd.date_range("2026-01-01", periods=3, freq="MS"),
            "amount": [142_000.0, 0.0, 0.0],
        }
    )
    frame = payouts(plan(SPLIT, case.QUARTERLY, ON_TARGET), pair(targets=goals), "2026-01", "2026-03", replay=True)
    team = frame[frame["component"] == "team"]
    assert team["quota"].tolist() == [142_000, 142_000] and team["attainment"].tolist() == [1, 1]
    assert team["earned_minor"].tolist() == [250_000, 125_000]


def test_region_and_company_levels():
    pay = plan([part("kind: flat, rate: 1%", "r", "region"), part("kind: flat, rate: 0.1%", "c", "company")])
    reps = [
        {"rep_id": r, "name": r, "team": "T", "region": region} for r, region in (("a", "N"), ("b", "N"), ("c", "S"))
    ]
    tables = company(reps, [(r, r, "2026-01-05", 1000) for r in "abc"])
    frame = payouts(pay, tables, "2026-01", "2026-01", replay=True)
    assert frame.pivot(index="rep_id", columns="component", values="earned_minor").to_dict("list") == {
        "c": [300, 300, 300],
        "r": [2000, 2000, 1000],
    }


def test_a_move_between_teams_counts_deals_where_they_were_closed():
    history = pd.DataFrame(
        {"rep_id": ["a", "a"], "valid_from": ["2025-01-01", "2026-02-01"], "team": ["T", "U"], "region": ["R", "R"]}
    )
    deals = [("1", "a", "2026-01-05", 100), ("2", "a", "2026-02-05", 1000), ("3", "b", "2026-02-05", 10)]
    tables = company(["a", "b"], deals, rep_history=history)
    pay = plan([part("kind: flat, rate: 100%", "team", "team")], case.QUARTERLY)
    # a ends the quarter in U, whose bookings are 1,000; T keeps the 100 of January
    assert earned(pay, tables, "2026-01", "2026-03") == {"a": [1000], "b": [110]}


def test_the_order_of_deals_reps_and_quotas_changes_nothing():
    tables, pay = pair(), plan(SPLIT, case.QUARTERLY, ON_TARGET)
    frames = {n: getattr(tables, n).iloc[::-1] for n in ("reps", "opportunities", "quotas")}
    turned = type(tables).from_frames(tables.company, frames, as_of=tables.as_of)
    pd.testing.assert_frame_equal(
        payouts(pay, turned, "2026-01", "2026-12", replay=True), payouts(pay, tables, "2026-01", "2026-12", replay=True)
    )


def test_months_outside_the_data_are_refused():
    with pytest.raises(SalesOpsError, match="pay for 2026-01 to 2027-01; allowed: months up to 2026-12"):
        payouts(plan([part("kind: flat, rate: 1%")]), company(["a"], []), "2026-01", "2027-01", replay=True)


def test_nobody_and_no_finished_span_give_no_rows():
    pay = plan([part("kind: flat, rate: 1%")], case.QUARTERLY)
    assert payouts(pay, company(["a"], []), "2026-01", "2026-02", replay=True).empty
    gone = [{"rep_id": "a", "name": "A", "left_on": "2025-12-31"}]
    frame = payouts(pay, company(gone, []), "2026-01", "2026-03", replay=True)
    assert (
        frame.empty
        and frame.columns.tolist() == payouts(pay, company(["a"], []), "2026-01", "2026-03", True).columns.tolist()
    )


def test_currencies_without_cents():
    pay = plan([part("kind: flat, rate: 7.5%")], scale=0)
    tables = company(["a"], [("1", "a", "2026-01-05", 140)], minor_units=0)
    assert earned(pay, tables, "2026-01", "2026-01")["a"] == [11]  # 10.5 goes up
    with pytest.raises(SalesOpsError, match="rounding.scale = 2; allowed: at most 0"):
        payouts(plan([part("kind: flat, rate: 1%")]), tables, "2026-01", "2026-01", replay=True)
