"""The simulated path is the exact path, and its draws are what the assumptions say."""

from __future__ import annotations

import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from pay_case import MONTHLY, QUARTERLY, part, plan, tiers
from pay_laws import drawn_plans, grounds
from test_pay_examples import EXPRESSED, examples  # noqa: F401

from salesops_helpers.comp.component import component_pay
from salesops_helpers.comp.evaluate import Payer, covered, uncovered
from salesops_helpers.comp.exact import floats
from salesops_helpers.comp.footing import Block, Footing
from salesops_helpers.comp.kinds import Added
from salesops_helpers.comp.measured import Measured
from salesops_helpers.comp.simulation import Assumptions, Market, quantile_error, simulate, table_of
from salesops_helpers.comp.spans import LENGTHS
from salesops_helpers.errors import SalesOpsError

engine = sys.modules["salesops_helpers.comp.payouts"]
LINEAR = "kind: flat, rate: 1x"
ACCELERATED = f"kind: marginal, unit: attainment, {tiers([('0%', '1x'), ('100%', '2x')])}"
LATE = f"kind: marginal, unit: attainment, below: pays nothing, {tiers([('50%', '1x'), ('75%', '3x')])}"
TEAM_CURVE = "kind: curve, points: [[80%, 0%], [100%, 100%], [120%, 150%]], beyond: flat"
TARGET = "target_incentive: 12000"


def exact_measures(p, ground) -> dict[str, Measured]:
    ids = {c.id: c for c in p.components}
    measured = {n: engine._measured(ground, n, n in ids and bool(ids[n].per)) for n in ground.results}
    return measured | {n: engine._pooled(c, ground, measured) for n, c in ids.items() if c.unit == "pool"}


def exact_rows(p, ground):
    """Unrounded pay of each row, exact: the components' sum, and the cap of the total."""
    measured = exact_measures(p, ground)
    total = sum(np.asarray(component_pay(p, c, measured, Fraction), dtype=object) for c in p.components)
    return np.minimum(total, ground.rows["target"].to_numpy(object) * p.cap.at) if p.cap else total


@settings(max_examples=200, deadline=None)
@given(drawn_plans(), grounds())
def test_both_paths_agree_on_random_plans(drawn, sold):
    agree(drawn, sold)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None)
@given(drawn_plans(), grounds())
def test_both_paths_agree_on_a_thousand_random_plans(drawn, sold):
    agree(drawn, sold)


def agree(drawn, sold):
    p = drawn.plan
    if p.cap and p.cap.excess == "carried":
        p = p.model_copy(update={"cap": p.cap.model_copy(update={"excess": "forfeited"})})
    ground = sold.ground(p)
    rows = ground.rows
    reached = [r["credit"] / r["quota"] for r in ground.results.values()]
    if any(abs(float(a) - float(j)) < 1e-12 for column in reached for a in column for j in drawn.jumps):
        return  # exactly on a jump: either side is accepted
    pay = exact_rows(p, ground)
    last = rows["window"].to_numpy() == 3
    wanted = [sum(pay[(rows["rep_id"] == r) & (last if p.period.to_date else True)]) for r in "abc"]
    credit = np.zeros((1, 12, 3))
    for rep, window, cents in sold.deals:
        credit[0, window * 3, rep] += cents / 100
    monthly = np.zeros((12, 3))
    monthly[::3] = 100_000.0
    unit = {"team": np.array([0, 0, 1])}
    footing = Footing(monthly, np.full(3, 40_000.0), unit, {"team": monthly[:, :2]})
    found = Payer(p, footing).pay(Block(credit, unit))[0]
    assert found == pytest.approx(floats(wanted), rel=1e-9, abs=1e-7)


def recorded(monkeypatch, run):
    """What the engine measured while `run` ran: plan, ground and the exact measures."""
    seen, pay_on = [], engine.pay_on

    def spy(p, ground):
        seen.append((p, ground))
        return pay_on(p, ground)

    monkeypatch.setattr(engine, "pay_on", spy)
    run()
    monkeypatch.undo()
    return seen


def as_floats(one: Measured) -> Measured:
    deals = None if one.deals is None else (floats(one.deals[0]), *one.deals[1:])
    pool = None if one.pool is None else (one.pool[0], floats(one.pool[1]))
    reach = None if one.reach is None else floats(one.reach)
    return Measured(*(floats(getattr(one, n)) for n in ("credit", "quota", "target", "share", "bounds")), reach, deals,
                    pool)


def near(found, wanted) -> bool:
    return np.allclose(np.asarray(found, dtype=float), floats(wanted), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", EXPRESSED)
def test_both_paths_agree_on_every_pay_case(monkeypatch, examples, name):  # noqa: F811
    seen = recorded(monkeypatch, lambda: EXPRESSED[name](examples[name]))
    for p, ground in seen:
        measured = exact_measures(p, ground)
        quick = {n: as_floats(one) for n, one in measured.items()}
        for c in p.components:
            wanted = np.asarray(component_pay(p, c, measured, Fraction), dtype=object) + Fraction(0)
            assert near(component_pay(p, c, quick, float) + 0.0 * quick[c.id].share, wanted), (name, c.id)
        whole = (ground.rows["share"] == 1).all()  # a part of a span is an empty seat's, tested below
        if uncovered(p) is None and not p.period.to_date and whole:
            assert near(in_blocks(p, ground), exact_rows(p, ground)), name
    assert seen, name


def in_blocks(p, ground) -> np.ndarray:
    """Pay of each row by the blocks of the simulation: a row is a seat, its unit's result one of its own."""
    rows, length = ground.rows, LENGTHS[p.period.measure]
    measures = {c.id: c.measure for c in [*p.components, *(p.modifiers.of if p.modifiers else ())]}
    first = np.eye(length)[0][:, None]
    credit, quota = {}, {}
    for name, measure in measures.items():
        if measure.of in ("bookings", "commissionable"):
            found = ground.results[name]
            credit[measure.level] = floats(found["credit"])
            quota[measure.level] = floats(found["quota"].where(found["quota"] > 0, Fraction(1)))
    seats = np.arange(len(rows))
    unit = dict.fromkeys(("team", "region", "company"), seats)
    one = np.ones(len(rows))
    units = {level: first * quota.get(level, one) for level in unit}
    footing = Footing(first * quota.get("individual", one), floats(rows["target"]) * 12 / length, unit, units)
    block = Block((first * credit.get("individual", one * 0))[None], unit)
    block._sums.update({(level, length): credit[level][None, None] for level in credit})
    return Payer(p, footing).pay(block)[0]


def market(seats=40, months=12, quota=10_000.0, forecast=None, multiples=None):
    rng = np.random.default_rng(3)
    goals = np.full((months, seats), quota)
    unit = {"team": np.arange(seats) // 10, "region": np.arange(seats) // 20, "company": np.zeros(seats, dtype=int)}
    units = {level: np.stack([np.bincount(at, row) for row in goals]) for level, at in unit.items()}
    drawn = table_of(rng.gamma(2, 0.5, 2000) if multiples is None else multiples)
    return Market(goals * 0.95, drawn, Footing(goals, np.full(seats, 12_000.0), unit, units), forecast)


def linear(name="linear"):
    return plan([part("kind: flat, rate: 5%")], MONTHLY, name=name)


def bonus_on(level):
    return part(f"kind: bonus, when: {level}.attainment >= 100%, pays: 500", level, level)


def two():
    curved = part(TEAM_CURVE, "team", "team", weight="25%")
    return [plan([part(ACCELERATED, weight="75%"), curved], QUARTERLY, TARGET, name="split"),
            plan([part(LINEAR, weight="100%"), bonus_on("team")], QUARTERLY, TARGET, name="with-bonus")]


def test_multiples_have_mean_one_and_the_quantiles_of_what_was_seen():
    table = table_of([0.0, 0.0, 2.0, 2.0])
    rng = np.random.default_rng(1)
    drawn = table.take(((rng.standard_normal(200_000)) * 409.6 + 2048).astype(int), mode="clip")
    assert drawn.mean() == pytest.approx(1, abs=0.01) and (drawn == 0).mean() == pytest.approx(1 / 3, abs=0.01)


def test_a_linear_plan_costs_a_fixed_share_of_every_draw():
    made = simulate([linear()], market(), Assumptions(shock=0.1), 500)
    assert made.cost[0] == pytest.approx(made.bookings * 0.05)
    assert np.corrcoef(made.cost[0], made.bookings)[0, 1] == pytest.approx(1, abs=1e-9)


def test_the_common_market_is_what_makes_a_budget_uncertain():
    wide = {}
    for shock in (0.0, 0.1):
        cost = simulate([two()[0]], market(400), Assumptions(shock=shock), 2000).cost[0]
        wide[shock] = np.quantile(cost, 0.9) / np.median(cost) - 1
    assert wide[0.0] < 0.03 and wide[0.1] > 0.13
    alone = simulate([two()[0]], market(400), Assumptions(shock=0.1), 2000, common=False).cost[0]
    assert np.quantile(alone, 0.9) / np.median(alone) - 1 == pytest.approx(wide[0.0])


def test_plans_share_draws_and_blocks_do_not_matter(monkeypatch):
    both = simulate(two(), market(), Assumptions(leaving=0.2), 300)
    alone = simulate(two()[1:], market(), Assumptions(leaving=0.2), 300)
    assert both.cost[1] == pytest.approx(alone.cost[0]) and (both.bookings == alone.bookings).all()
    monkeypatch.setattr("salesops_helpers.comp.simulation.CELLS", 7 * 480)
    small = simulate(two(), market(), Assumptions(), 300)
    monkeypatch.undo()
    assert small.cost == pytest.approx(simulate(two(), market(), Assumptions(), 300).cost)
    assert both.kept.credit.shape == (300, 12, 40)
    assert both.kept_pay(0).sum(axis=1) == pytest.approx(both.cost[0])
    assert both.by_seat[0] == pytest.approx(both.kept_pay(0).mean(axis=0))
    assert (simulate(two(), market(), Assumptions(), 300, seed=8).bookings != both.bookings).all()


def test_the_forecasts_draws_are_the_sums_of_the_seats_and_move_the_cost():
    rng = np.random.default_rng(2)
    given = 380_000 * np.exp(0.1 * rng.standard_normal((200, 1)) + 0.02 * rng.standard_normal((200, 3)))
    made = simulate([linear()], market(forecast=given), Assumptions(leaving=0.1), 1000)
    sold = made.kept.credit[:, :3].sum(axis=2)
    assert sold == pytest.approx(np.tile(given, (5, 1))) and made.independent == 200
    more = simulate([linear()], market(forecast=given * 1.2), Assumptions(leaving=0.1), 1000)
    assert np.median(more.cost) > np.median(made.cost) * 1.03
    later = made.kept.credit[:, 3:].sum(axis=(1, 2))
    assert np.corrcoef(sold.sum(axis=1), later)[0, 1] > 0.6
    alone = simulate([linear()], market(forecast=given), Assumptions(leaving=0.1), 1000, common=False)
    assert alone.bookings.std() < made.bookings.std() / 2
    assert alone.bookings.mean() == pytest.approx(made.bookings.mean(), rel=0.02)


def test_an_empty_seat_sells_nothing_and_is_paid_for_the_months_with_a_rep():
    flat = plan([part(LINEAR, weight="100%")], QUARTERLY, TARGET)
    made = simulate([flat], market(200, multiples=[1.0]), Assumptions(0.0, leaving=0.3, vacant=3, ramp=(0.5,)), 50)
    gone = made.kept.absent
    assert len(gone.seat) / (50 * 200) == pytest.approx(0.3, abs=0.02)
    empty = ~gone.present
    assert (made.kept.credit[gone.draw, :, gone.seat][empty] == 0).all()
    assert empty.sum(axis=1).max() == 3
    pay = made.kept_pay(0)[gone.draw, gone.seat]
    whole = empty[:, 3:6].all(axis=1)  # away for one whole quarter, then half a month's credit
    assert whole.any() and pay[whole] == pytest.approx(12_000 * 0.95 * (9 - 0.5) / 12)
    assert made.kept_pay(0).max() == pytest.approx(12_000 * 0.95)


def test_a_month_without_a_rep_pays_nothing():
    parts = [part(LINEAR, weight="100%"), "id: fixed, payout: {kind: fixed, pays: 300}"]
    made = simulate([plan(parts, MONTHLY, TARGET)], market(200, multiples=[1.0]), Assumptions(0.0, 0.3, 3, ()), 50)
    there = np.full((50, 200), 12)
    there[made.kept.absent.draw, made.kept.absent.seat] = made.kept.absent.present.sum(axis=1)
    assert made.kept_pay(0) == pytest.approx(there * (1000 * 0.95 + 300))


def test_rows_of_empty_seats_agree_with_the_whole_where_nobody_is_empty():
    from salesops_helpers.comp.footing import Absent

    made = simulate(two(), market(), Assumptions(), 4)
    draw, seat = np.nonzero(np.ones((4, 40)))
    every = Block(made.kept.credit, made.kept.unit, Absent(draw, seat, np.ones((160, 12), dtype=bool)))
    for n, p in enumerate(two()):
        assert Payer(p, made.market.footing).pay(every) == pytest.approx(made.kept_pay(n), rel=1e-9)


@pytest.mark.parametrize("period", [MONTHLY, QUARTERLY])
@pytest.mark.parametrize("own", [LINEAR, ACCELERATED, LATE])
def test_spans_added_up_first_pay_what_spans_paid_one_by_one_do(period, own):
    parts = [part(own, weight="75%"), part(TEAM_CURVE, "team", "team", weight="25%"), bonus_on("region")]
    capped = f"{TARGET}\ncap: {{of: total, at: 100000% of target, excess: forfeited}}"  # no sum may come before a cap
    plans = [plan(parts, period, more) for more in (TARGET, capped)]
    made = simulate(plans, market(multiples=[0.0, 0.4, 1.0, 2.6]), Assumptions(leaving=0.6, vacant=12), 100)
    first, single = (made.kept_pay(n) for n in range(2))
    assert np.allclose(first, single, rtol=1e-12, atol=0) and (first == 0).any()


def test_credit_within_the_first_tiers_adds_up_to_exactly_nothing_above_them():
    payout = plan([part(LATE, weight="100%")], MONTHLY, TARGET).components[0].payout
    x = np.random.default_rng(1).uniform(0, 0.5, (5, 12, 7))
    assert (Added(payout, 12, 7).of(x) == 0).all()
    money = plan([part("kind: flat, rate: 5%")], MONTHLY).components[0].payout
    assert Added(money, 12, 7).of(x) == pytest.approx(x.sum(axis=1) * 0.05)


@pytest.mark.parametrize(("component", "told"), [
    ("id: n, measure: {of: deals}, payout: {kind: each, pays: 5}", "n: measure.of = deals is not simulated"),
    (part("kind: flat, rate: 5%", "boss", "reports"), "boss: measure.level = reports"),
    ("id: g, measure: {of: bookings, where: {product: X}}, payout: {kind: flat, rate: 5%}", "g: measure.where"),
    ("id: d, per: deal, measure: {of: bookings}, payout: {kind: flat, rate: 5%}", "d: per: deal"),
    (part("kind: pool, fund: 2%, share: equal", "fund", "team"), "fund: payout.kind = pool"),
])
def test_what_is_not_simulated_is_refused_by_name(component, told):
    with pytest.raises(SalesOpsError, match=told):
        covered(plan([component]))


def test_the_error_of_a_quantile_is_that_of_repeated_simulations():
    rng = np.random.default_rng(1)
    many = np.array([np.quantile(rng.normal(100, 10, 2000), 0.8) for _ in range(300)])
    stated = np.mean([quantile_error(rng.normal(100, 10, 2000), 0.8, 2000) for _ in range(50)])
    assert stated == pytest.approx(many.std(), rel=0.15)
