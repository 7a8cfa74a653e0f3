"""The laws of pay, each for the plans for which it is true, on plans drawn at random."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pay_case as case
from hypothesis import given, settings
from hypothesis import strategies as st
from pay_case import company, earned, part, payouts, pays, plan, tiers

from salesops_helpers.comp.curves import payout_curve, pieces
from salesops_helpers.comp.exact import floats
from salesops_helpers.comp.lines import pay_lines
from salesops_helpers.comp.numbers import plain

FEW = settings(max_examples=8, deadline=None)
cents = st.integers(0, 30_000_000).map(lambda n: n / 100)
STEPS = tiers([("0%", "0.6x"), ("90%", "1x"), ("110%", "1.3x")])


@st.composite
def tables_of_rates(draw, ascending: bool = False):
    """Bounds in money and rates in percent, from 0 on."""
    bounds = sorted(draw(st.sets(st.integers(1, 200_000), max_size=4)))
    rates = draw(st.lists(st.integers(0, 2000), min_size=len(bounds) + 1, max_size=len(bounds) + 1))
    rates = sorted(rates) if ascending else rates
    return [(str(b), f"{r / 100}%") for b, r in zip([0, *bounds], rates, strict=True)]


@st.composite
def plans_on_target(draw):
    """Own and team part on a target, of any kind that pays the target at 100 %, a gate, a bonus and a cap."""
    above = draw(st.sampled_from(["0.5x", "1x", "1.5x", "2.25x"]))
    start = draw(st.sampled_from([70, 80, 93]))
    own = draw(
        st.sampled_from(
            [
                "kind: flat, rate: 1x",
                f"kind: marginal, unit: attainment, {tiers([('0%', '1x'), ('100%', above)])}",
                f"kind: retroactive, unit: attainment, tie: upper, {STEPS}",
            ]
        )
    )
    beyond = draw(st.sampled_from(["flat", "extrapolate"]))
    team = f"kind: curve, points: [[{start}%, 0%], [100%, 100%], [130%, 170%]], beyond: {beyond}"
    weight = draw(st.integers(1, 99))
    parts = [
        part(own, "own", weight=f"{weight}%"),
        part(team, "team", "team", weight=f"{100 - weight}%"),
        part("kind: bonus, when: team.attainment >= 110%, pays: 700", "extra", "team"),
    ]
    more = ["target_incentive: 40000"]
    more += ["gates: [{if: own.attainment < 50%, then: team pays 50%}]"] if draw(st.booleans()) else []
    more += ["cap: {of: total, at: 180% of target, excess: forfeited}"] if draw(st.booleans()) else []
    return plan(parts, case.QUARTERLY, "\n".join(more))


def curve(p, own, unit, number=Fraction, target=Fraction(10000), quota=Fraction(120000)):
    return payout_curve(p, own, unit, target, quota, number)["pay"].to_numpy()


exact_points = st.lists(st.integers(0, 2500), min_size=2, max_size=12).map(
    lambda ns: np.array([Fraction(n, 1000) for n in sorted(ns)], dtype=object)
)


@FEW
@given(plans_on_target(), exact_points)
def test_pay_never_falls_when_own_credit_rises(p, at):
    pay = curve(p, at, Fraction(1))
    assert all(a <= b for a, b in zip(pay, pay[1:], strict=False))


@FEW
@given(tables_of_rates(ascending=True), st.lists(cents, min_size=2, max_size=6))
def test_retroactive_pays_at_least_what_marginal_pays(rates, amounts):
    amounts = sorted(amounts)
    marginal = pays(plan([part(f"kind: marginal, unit: money, {tiers(rates)}")]), amounts)
    whole = pays(plan([part(f"kind: retroactive, unit: money, tie: upper, {tiers(rates)}")]), amounts)
    assert all(w >= m for w, m in zip(whole, marginal, strict=True))
    assert whole == sorted(whole) and marginal == sorted(marginal)


@FEW
@given(plans_on_target())
def test_payout_at_target_is_the_target(p):
    assert curve(p, Fraction(1), Fraction(1))[0] == 10000


@FEW
@given(tables_of_rates())
def test_marginal_and_curve_are_continuous(rates):
    marginal = plan([part(f"kind: marginal, unit: money, {tiers(rates)}")])
    line = pieces(marginal, "own", Fraction(0), Fraction(100_000))
    assert (line["ends"].iloc[:-1].to_numpy() == line["begins"].iloc[1:].to_numpy()).all()


@FEW
@given(tables_of_rates(), st.lists(cents, min_size=1, max_size=12))
def test_marginal_over_the_year_is_the_sum_over_any_partition(rates, amounts):
    marginal = part(f"kind: marginal, unit: money, {tiers(rates)}")
    deals = [(f"d{n:02d}", "a", f"2026-{n + 1:02d}-15", a) for n, a in enumerate(amounts)]
    parts = earned(plan([marginal], case.MONTHLY_YTD), company(["a"], deals))
    total = round(sum(Fraction(str(a)) for a in amounts), 2)
    at_once = earned(plan([marginal], case.YEARLY), company(["a"], [("d", "a", "2026-01-15", float(total))]))
    assert sum(parts.get("a", [Fraction(0)])) == sum(at_once.get("a", [Fraction(0)]))


@FEW
@given(plans_on_target(), st.lists(cents, min_size=4, max_size=4), st.lists(cents, min_size=4, max_size=4))
def test_the_year_pays_the_rounded_year_to_date(p, mine, theirs):
    ytd = p.model_copy(update={"period": p.period.model_copy(update={"accumulate": "ytd", "true_up": "deduct_paid"})})
    yearly = p.model_copy(update={"period": p.period.model_copy(update={"measure": "year"})})
    yearly = yearly.model_copy(update={"components": [c for c in p.components if c.unit != "bonus"]})
    ytd = ytd.model_copy(update={"components": yearly.components})
    deals = [
        (f"{r}{q}", r, f"2026-{3 * q + 1:02d}-09", a)
        for r, sold in (("a", mine), ("b", theirs))
        for q, a in enumerate(sold)
    ]
    tables = company(["a", "b"], deals, case.months("a", 40_000) + case.months("b", 30_000))
    quarters, year = (earned(p, tables) for p in (ytd, yearly))
    assert {r: sum(pay) for r, pay in quarters.items() if sum(pay)} == {r: sum(pay) for r, pay in year.items()}


@FEW
@given(plans_on_target(), cents, cents, st.integers(1, 9))
def test_scaling_quota_and_sales_leaves_pay_unchanged(p, mine, theirs, k):
    def paid(times):
        deals = [("1", "a", "2026-01-15", mine * times), ("2", "b", "2026-02-15", theirs * times)]
        deals = [(d, r, day, round(a, 2)) for d, r, day, a in deals]
        tables = company(["a", "b"], deals, case.months("a", 40_000 * times) + case.months("b", 30_000 * times))
        return payouts(p, tables, "2026-01", "2026-03", replay=True)["earned_minor"].tolist()

    assert paid(k) == paid(1)


@FEW
@given(plans_on_target(), exact_points, st.sampled_from([Fraction(9, 10), Fraction(1), Fraction(6, 5)]))
def test_never_above_the_cap(p, at, unit):
    if p.cap:
        assert max(curve(p, at, unit)) <= 10000 * p.cap.at


@FEW
@given(plans_on_target(), st.lists(st.tuples(st.sampled_from("ab"), cents), min_size=1, max_size=12), st.randoms())
def test_lines_add_up_to_the_cent_in_every_order(p, sold, random):
    deals = [(f"d{n:02d}", r, "2026-01-15", a) for n, (r, a) in enumerate(sold)]
    quotas = case.months("a", 40_000) + case.months("b", 30_000)
    tables = company(["a", "b"], deals, quotas)
    random.shuffle(deals)
    totals = payouts(p, tables, "2026-01", "2026-03", replay=True)
    lines = pay_lines(p, tables, "2026-01", "2026-03", replay=True)
    key = ["rep_id", "period", "component"]
    summed = lines.groupby(key)["earned_minor"].sum()
    wanted = totals.set_index(key)["earned_minor"]
    assert (summed.reindex(wanted.index) == wanted).all() and len(summed) == len(wanted)
    pd.testing.assert_frame_equal(pay_lines(p, company(["b", "a"], deals, quotas), "2026-01", "2026-03", True), lines)


@FEW
@given(plans_on_target(), exact_points, exact_points)
def test_the_simulation_path_is_the_exact_path(p, own, unit):
    n = min(len(own), len(unit))
    exact = floats(curve(p, own[:n], unit[:n]))
    quick = curve(p, floats(own[:n]), floats(unit[:n]), float, 10000.0, 120000.0)
    near = np.isclose(quick, exact, rtol=1e-9, atol=1e-9)
    jumps = {Fraction(1, 2), Fraction(9, 10), Fraction(11, 10)}  # at a jump either side is accepted
    at_jump = np.array([a in jumps or b in jumps for a, b in zip(own[:n], unit[:n], strict=True)])
    assert (near | at_jump).all()


@FEW
@given(tables_of_rates(), st.lists(cents, min_size=1, max_size=8))
def test_the_simulation_path_on_money(rates, amounts):
    for kind in ("kind: marginal", "kind: retroactive, tie: lower"):
        p = plan([part(f"{kind}, unit: money, {tiers(rates)}")])
        exact = np.array([Fraction(str(a)) for a in amounts], dtype=object)
        slow = floats(payout_curve(p, exact, Fraction(1), Fraction(1), Fraction(1), Fraction)["pay"])
        quick = payout_curve(p, np.array(amounts), 1.0, 1.0, 1.0)["pay"].to_numpy()
        assert quick.dtype == np.float64
        np.testing.assert_allclose(quick, slow, rtol=1e-9, atol=1e-9)


@given(st.fractions())
def test_numbers_are_written_as_they_are(value):
    assert Fraction(plain(value)) == value
