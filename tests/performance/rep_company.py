"""A simulated company with known skill and known mix: closed deals of reps over a year."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers import Tables
from salesops_helpers.data.company import Company

ACME = Company(name="Acme", currency="EUR", stages=["Open", "Won", "Lost"], won_stages=["Won"], lost_stages=["Lost"])
PRODUCTS, SOURCES = ("Axle", "Bolt", "Cog"), ("Fair", "Web")
WINS, SIZES, SOURCE_WINS = np.array([1.0, 0.0, -1.0]), np.array([500.0, 2_000.0, 8_000.0]), np.array([0.6, -0.6])


def simulated(seed: int, reps: int = 24, deals: int = 60, skill: float = 0.0, mix: float = 0.0, size: float = 0.4):
    """Tables of a company, and the true skill (log odds) of its reps.

    Parameters
    ----------
    skill : float
        Standard deviation of skill between reps (log odds of winning).
    mix : float
        How unequally products and sources are given: 0 all alike, 1 strongly.
    size : float
        Standard deviation of the logarithm of amounts about the product's.
    """
    rng = np.random.default_rng([seed, reps, deals])
    true = rng.normal(0, skill, reps)
    n = rng.poisson(deals, reps) + 1
    rep = np.repeat(np.arange(reps), n)
    parts = [rng.dirichlet(np.full(k, 1 / max(mix, 1e-9) if mix < 1e-6 else 1.0 / mix), reps) if mix > 0
             else np.full((reps, k), 1 / k) for k in (3, 2)]
    product, source = ((rng.random((len(rep), 1)) > part[rep].cumsum(axis=1)).sum(axis=1) for part in parts)
    product, source = product.clip(max=2), source.clip(max=1)
    chance = 1 / (1 + np.exp(-(-0.2 + true[rep] + WINS[product] + SOURCE_WINS[source])))
    won = rng.random(len(rep)) < chance
    amount = np.round(SIZES[product] * np.exp(rng.normal(0, size, len(rep))))
    closed = pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 365, len(rep)), unit="D")
    names = np.array([f"R{at:04d}" for at in range(reps)])
    table = pd.DataFrame({
        "opportunity_id": [f"D{at}" for at in range(len(rep))], "rep_id": names[rep],
        "product": np.array(PRODUCTS)[product], "lead_source": np.array(SOURCES)[source],
        "created_on": closed - pd.to_timedelta(rng.integers(5, 90, len(rep)), unit="D"), "closed_on": closed,
        "stage": np.where(won, "Won", "Lost"), "status": np.where(won, "won", "lost"),
        "amount": np.where(won, amount, 0.0),
    })
    people = pd.DataFrame({"rep_id": names, "name": [f"Rep {at:04d}" for at in range(reps)],
                           "team": [f"Team {at % 4}" for at in range(reps)], "region": "North", "role": "Agent"})
    return Tables.from_frames(ACME, {"opportunities": table, "reps": people}, as_of="2026-12-31"), true
