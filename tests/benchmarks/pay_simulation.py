"""A thousand seats over twelve months in ten thousand possible years: simulation, peers, memory, solver.

Peers are timed on a sample of the same cells and scaled; every time is of the processor, the best of three, or of four
rounds of the sides in turn.
"""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pandas as pd
from pay_case import MONTHLY, part, plan, tiers

from salesops_helpers.comp.evaluate import Payer
from salesops_helpers.comp.footing import Block, Footing
from salesops_helpers.comp.simulation import Assumptions, Market, blocks, simulate, table_of
from salesops_helpers.comp.solver import solve

SEATS, MONTHS, DRAWS, SAMPLE, FEW, ROUNDS = 1_000, 12, 10_000, 100_000, 3_000, 4
CELLS = SEATS * MONTHS * DRAWS
BOUNDS, RATES = (0.0, 0.5, 1.0, 1.3), (0.8, 1.2, 1.6, 2.0)
TARGET = 12_000.0


def four_tiers(name: str, bonus: int = 0):
    """An own part of four tiers, and a bonus on the team's result where asked."""
    steps = tiers([(f"{b:.0%}", f"{r}x") for b, r in zip(BOUNDS, RATES, strict=True)])
    parts = [part(f"kind: marginal, unit: attainment, {steps}", weight="100%")]
    if bonus:
        parts.append(part(f"kind: bonus, when: team.attainment >= 100%, pays: {bonus}", "team", "team"))
    return plan(parts, MONTHLY, "target_incentive: assigned", name=name)


def market() -> Market:
    rng = np.random.default_rng(20260901)
    quota = rng.uniform(6e4, 1.4e5, (MONTHS, SEATS))
    unit = {"team": np.arange(SEATS) // 20, "region": np.arange(SEATS) // 200, "company": np.zeros(SEATS, dtype=int)}
    units = {level: np.stack([np.bincount(at, row) for row in quota]) for level, at in unit.items()}
    return Market(quota * 0.95, table_of(rng.gamma(1.2, 1 / 1.2, 5_000)),
                  Footing(quota, np.full(SEATS, TARGET), unit, units))


def seconds(function, times: int = 3) -> float:
    """The least processor time of `times` runs."""
    best = np.inf
    for _ in range(times):
        started = time.process_time()
        function()
        best = min(best, time.process_time() - started)
    return best


def one_by_one(credit: list[float], quota: list[float]) -> list[float]:
    """Four tiers as a plain Python loop."""
    paid = []
    for sold, goal in zip(credit, quota, strict=True):
        reached, pay = sold / goal, 0.0
        for n, low in enumerate(BOUNDS):
            if reached <= low:
                break
            high = BOUNDS[n + 1] if n + 1 < len(BOUNDS) else reached
            pay += (min(reached, high) - low) * RATES[n]
        paid.append(pay * TARGET / 12)
    return paid


def by_apply(frame: pd.DataFrame) -> pd.Series:
    """The same, row by row with apply."""
    return frame.apply(lambda row: one_by_one([row["credit"]], [row["quota"]])[0], axis=1)


def evaluated(block: Block, payer: Payer, draws: int) -> None:
    """The payouts of `draws` draws, each block evaluated as it comes from the drawing."""
    for _ in range(draws // len(block.credit)):
        payer.pay(Block(block.credit, block.unit))


def bare(draws: int) -> None:
    """As many normals as the simulation draws, and nothing else."""
    rng, some = np.random.default_rng(1), np.empty((10, MONTHS, SEATS))
    for _ in range(draws // 10):
        rng.standard_normal(out=some)


def peak_mb(function) -> float:
    """Most memory that `function` holds at once, in MB, above what was held before."""
    tracemalloc.start()
    function()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def payouts_alone(world: Market) -> dict[str, float]:
    """Seconds for all cells: numpy, Python loop, apply; the three agree on the sample."""
    payer = Payer(four_tiers("four"), world.footing)
    block = next(blocks(world, Assumptions(), 10, 1))
    credit = block.credit.reshape(-1)[:SAMPLE]
    quota = np.broadcast_to(world.footing.quota, block.credit.shape).reshape(-1)[:SAMPLE]
    sample = [credit.tolist(), quota.tolist()]
    first = np.array(one_by_one(*sample))[:MONTHS * SEATS].reshape(MONTHS, SEATS).sum(axis=0)
    assert np.allclose(payer.pay(block)[0], first, rtol=1e-9)
    rows = pd.DataFrame({"credit": credit[:FEW], "quota": quota[:FEW]})
    assert np.allclose(by_apply(rows.head(50)), one_by_one(*(side[:50] for side in sample)))
    return {
        "numpy": seconds(lambda: evaluated(block, payer, DRAWS)),
        "loop": seconds(lambda: one_by_one(*sample)) * CELLS / SAMPLE,
        "apply": seconds(lambda: by_apply(rows)) * CELLS / FEW,
    }


def whole(world: Market) -> dict[str, float]:
    """Seconds of the bare draws, of one plan simulated and of two, and the memory of two."""
    first, second = four_tiers("four"), four_tiers("with-bonus", 500)
    assumed = Assumptions(shock=0.1, leaving=0.1)
    simulate([first], world, assumed, 200)  # numpy's own first-time costs
    sides = {
        "bare": lambda: bare(DRAWS),
        "one": lambda: simulate([first], world, assumed, DRAWS),
        "two": lambda: simulate([first, second], world, assumed, DRAWS),
    }
    rounds = [{name: seconds(side, 1) for name, side in sides.items()} for _ in range(ROUNDS)]  # side by side
    found = {name: min(one[name] for one in rounds) for name in sides}
    made = simulate([first, second], world, assumed, DRAWS)
    budget = float(np.quantile(made.cost[0], 0.8)) * 1.03
    assert solve(made, 0, budget, 0.8, ["quota"])["met"].all()
    found["solver"] = seconds(lambda: solve(made, 0, budget, 0.8, ["quota"]))
    return found | {"peak": peak_mb(lambda: simulate([first, second], world, assumed, DRAWS // 4))}
