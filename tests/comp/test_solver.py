"""The solver's answer holds in other simulations, keeps its bounds, and says what cannot be met."""

from __future__ import annotations

import numpy as np
import pytest
from pay_case import QUARTERLY, part, plan
from test_simulation import TARGET, market, two

from salesops_helpers.comp.simulation import Assumptions, Market, simulate
from salesops_helpers.comp.solver import LEVERS, Bounds, Trial, setting_in_words, settings, solve, turned
from salesops_helpers.errors import SalesOpsError

ASSUMED = Assumptions(shock=0.1, leaving=0.1)


@pytest.fixture(scope="module")
def made():
    return simulate(two(), market(), ASSUMED, 2000)


def elsewhere(made, n, lever, value, seed, at):
    """Cost at a setting in a simulation with other random numbers, of twice the size."""
    changed, footing = turned(made.plans[n], made.market.footing, lever, value)
    other = Market(made.market.expected, made.market.multiples, footing, made.market.forecast)
    return np.quantile(simulate([changed], other, ASSUMED, 2 * len(made.bookings), seed=seed).cost[0], at)


def test_fifty_budgets_are_met_in_other_simulations(made):
    rng = np.random.default_rng(20260901)
    met = []
    for k in range(50):
        n, at = int(rng.integers(2)), float(rng.choice([0.5, 0.8, 0.9]))
        lever = str(rng.choice(["target", "quota"] if n else ["accelerator", "target", "quota"]))
        budget = np.quantile(made.cost[n], at) * rng.uniform(0.95, 1.08)
        found = solve(made, n, budget, at, [lever]).iloc[0]
        assert found["met"] and found["cost"] == pytest.approx(budget, rel=1e-3)
        cost = elsewhere(made, n, lever, found["value"], 1000 + k, at)
        met.append(abs(cost - budget) <= 2 * found["error"])
    assert np.mean(met) >= 0.95


def test_the_stated_error_is_no_cushion(made):
    """Two standard deviations would hold nearly always; half of one must not."""
    found = solve(made, 0, np.quantile(made.cost[0], 0.8), 0.8, ["target"]).iloc[0]
    away = [abs(elsewhere(made, 0, "target", found["value"], seed, 0.8) - found["cost"]) for seed in range(20)]
    assert 0.2 < np.mean(np.array(away) <= found["error"] / 2) < 0.75


def test_a_cap_holds_a_budget_that_the_plan_would_pass(made):
    budget = np.quantile(made.cost[0], 0.8) * 0.97
    found = solve(made, 0, budget, 0.8, ["cap"]).iloc[0]
    assert found["met"] and np.isnan(found["written"]) and 1 < found["value"] < 3
    assert elsewhere(made, 0, "cap", found["value"], 5, 0.8) == pytest.approx(budget, abs=2 * found["error"])


def test_tries_on_some_draws_are_carried_over_to_all(made, monkeypatch):
    whole = solve(made, 0, np.quantile(made.cost[0], 0.8) * 1.02, 0.8, ["accelerator", "quota"])
    some = Trial(made, 0)
    monkeypatch.setattr("salesops_helpers.comp.solver.CELLS", 480 * 400)
    part_of = simulate(two(), market(), ASSUMED, 2000)
    part_of.kept = part_of.kept.head(400)
    found = solve(part_of, 0, np.quantile(made.cost[0], 0.8) * 1.02, 0.8, ["accelerator", "quota"])
    assert some.size == 2000 and Trial(part_of, 0).size == 400
    assert (np.abs(found["value"] - whole["value"]) <= 3 * found["value_error"]).all()
    assert Trial(part_of, 0).cost("quota", 1.0, 0.8) == pytest.approx(np.quantile(made.cost[0], 0.8), rel=1e-9)


def test_a_budget_out_of_reach_is_named_with_the_nearest_answer(made):
    low = solve(made, 0, 1000.0, 0.8, ["accelerator"]).iloc[0]
    assert not low["met"] and low["value"] == 1.0 and "the budget lies below what its range allows" in low["note"]
    high = solve(made, 0, 1e9, 0.8, ["quota"]).iloc[0]
    assert not high["met"] and high["value"] == 0.7 and "above" in high["note"]


def test_bounds_are_kept_and_named(made):
    bounds = Bounds(at_target=0.4)
    free = solve(made, 0, np.quantile(made.cost[0], 0.8) * 0.7, 0.8, ["quota"]).iloc[0]
    tied = solve(made, 0, np.quantile(made.cost[0], 0.8) * 0.7, 0.8, ["quota"], bounds).iloc[0]
    assert free["at_target"] < 0.4 and tied["at_target"] == pytest.approx(0.4, abs=0.001)
    assert not tied["met"] and "at least 40% of reps at target" in tied["note"]
    pay = np.full(40, 48_000.0)
    mixed = solve(made, 0, 1000.0, 0.8, ["target"], Bounds(mix=(0.19, 0.25)), pay).iloc[0]
    assert mixed["mix"] == pytest.approx(0.19) and "the bounds of the pay mix" in mixed["note"]
    none = solve(made, 0, 1000.0, 0.8, ["target"], Bounds(mix=(0.8, 0.9)), pay).iloc[0]
    assert not none["met"] and none["note"] == "the bounds of the pay mix"


def test_every_lever_has_an_answer_with_its_trade_offs(made):
    found = solve(made, 0, np.quantile(made.cost[0], 0.8) * 0.99, 0.8, base=np.full(40, 48_000.0))
    assert found["lever"].tolist() == list(LEVERS) and found["met"].all()
    assert (found["error"] > 0).all() and (found["value_error"] > 0).all()
    assert found.set_index("lever").loc["target", "mix"] < 0.2 and found["cost_p50"].lt(found["cost"]).all()


def test_levers_that_a_plan_lacks():
    money = plan([part("kind: flat, rate: 5%")], QUARTERLY)
    assert settings(money) == []
    line = "kind: curve, points: [[0%, 0%], [100%, 100%]], beyond: flat"
    capped = plan([part(line, weight="100%")], QUARTERLY, TARGET)
    assert settings(capped) == ["target", "quota", "cap"]
    with pytest.raises(SalesOpsError, match="lever 'accelerator' of plan 'test'; allowed: target, quota, cap"):
        turned(capped, market().footing, "accelerator", 2.0)


@pytest.mark.parametrize(("lever", "said"), [
    ("accelerator", "1.6 × the target above 100 %"), ("cap", "160.0 % of target"),
    ("target", "160.0 % of today's target incentives"), ("quota", "160.0 % of today's quotas"),
])
def test_a_setting_in_words(lever, said):
    assert setting_in_words(lever, 1.6) == said
