"""Pay: exact statements against plain float arithmetic, and the simulation against loops, bare draws and its parts."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pay_simulation as simulation
from pay_case import company, part, plan, stated, tiers

REPS, DEALS, TIMES = 10_000, 10, 5
TARGET, BOUND, ABOVE = 12_000.0, 1.0, 1.5


def made():
    """10,000 reps with a quota, a target and ten deals each in one month, and a plan with an accelerator."""
    rng = np.random.default_rng(20260901)
    reps = np.char.add("R-", np.char.zfill(np.arange(REPS).astype(str), 5))
    owner = np.tile(reps, DEALS)
    deals = pd.DataFrame({
        "opportunity_id": np.char.add("O-", np.arange(len(owner)).astype(str)), "rep_id": owner,
        "closed_on": "2026-01-15", "amount": np.round(rng.gamma(2, 5_000, len(owner)), 2),
    })
    quotas = pd.DataFrame({"rep_id": reps, "month": "2026-01", "amount": np.round(rng.uniform(6e4, 1.4e5, REPS), 2)})
    turns = pd.DataFrame({"rep_id": reps, "starts_on": "2026-01-01", "plan": "test", "target_incentive": TARGET})
    tables = company(list(reps), deals.to_numpy().tolist(), quotas.to_numpy().tolist(), as_of="2026-01-31",
                     plan_assignments=turns)
    rates = tiers([("0%", "1x"), ("100%", f"{ABOVE}x")])
    written = plan([part(f"kind: marginal, unit: attainment, {rates}", weight="100%")],
                   more="target_incentive: assigned")
    return tables, written


def by_floats(tables) -> dict:
    """The same totals by plain float arithmetic: won deals of the month added up by rep, attainment, two bands."""
    deals, quotas = tables.opportunities, tables.quotas
    won = (deals["status"] == "won").to_numpy() & (deals["closed_on"] >= pd.Timestamp("2026-01-01")).to_numpy()
    names, at = np.unique(deals["rep_id"].to_numpy(dtype=object)[won].astype(str), return_inverse=True)
    sold = np.bincount(at, weights=deals["amount"].to_numpy()[won])
    order = np.searchsorted(names, quotas["rep_id"].to_numpy(dtype=object).astype(str))
    quota = np.empty(len(names))
    quota[order] = quotas["amount"].to_numpy()
    reached = sold / quota
    paid = np.minimum(reached, BOUND) + np.maximum(reached - BOUND, 0) * ABOVE
    return dict(zip(names, np.round(TARGET / 12 * paid, 2), strict=True))


def seconds(function, *given) -> tuple[float, object]:
    best, found = np.inf, None
    for _ in range(TIMES):
        started = time.process_time()  # of the processor: a busy machine lengthens both sides alike
        found = function(*given)
        best = min(best, time.process_time() - started)
    return best, found


def bench_statements() -> list[dict]:
    """One month's statements of 10,000 reps with 100,000 lines; the floats must agree to a cent."""
    tables, written = made()
    exact, statements = seconds(lambda: stated(written, tables, "2026-01"))
    quick, totals = seconds(by_floats, tables)
    paid = statements.summary.set_index("rep_id")["paid"].astype("int64") / 100
    assert len(paid) == REPS and len(statements.lines) == REPS * DEALS
    assert np.abs(paid - pd.Series(totals).reindex(paid.index)).max() < 0.011
    assert statements.lines.groupby("rep_id")["minor"].sum().astype("int64").div(100).eq(paid).all()
    figure = {"area": "pay", "better": "lower", "n": REPS}
    return [
        {**figure, "name": "statements_vs_float", "value": exact / quick, "unit": "ratio", "goal": 60, "kind": "gate"},
        {**figure, "name": "statements", "value": exact, "unit": "seconds", "goal": None, "kind": "stretch"},
        {**figure, "name": "floats", "value": quick, "unit": "seconds", "goal": None, "kind": "stretch"},
    ]


def gates(n: int, **values: tuple[float, float | None, str]) -> list[dict]:
    """Figures of this area: name → value, goal (a gate; None: printed alone) and unit."""
    return [{"area": "pay", "better": "lower", "n": n, "name": name, "value": value, "unit": unit, "goal": goal,
             "kind": "gate" if goal is not None else "stretch"} for name, (value, goal, unit) in values.items()]


def bench_payouts_alone() -> list[dict]:
    """Payouts of 1,000 seats × 12 months × 10,000 draws on four tiers; peers on a sample, scaled."""
    took = simulation.payouts_alone(simulation.market())
    return gates(
        simulation.CELLS, vs_python_loop=(took["numpy"] / took["loop"], 1 / 80, "ratio"),
        vs_apply=(took["numpy"] / took["apply"], 1 / 1000, "ratio"), payouts=(took["numpy"], None, "seconds"),
    )


def bench_simulation() -> list[dict]:
    """The whole simulation against bare normals, a second plan, its memory, and the solver."""
    took = simulation.whole(simulation.market())
    return gates(
        simulation.CELLS, vs_bare_draws=(took["one"] / took["bare"], 2.5, "ratio"),
        second_plan=(took["two"] / took["one"] - 1, 0.35, "ratio"), peak_mb=(took["peak"], 150, "MB"),
        solver_vs_simulation=(took["solver"] / took["two"], 0.05, "ratio"), simulation=(took["one"], None, "seconds"),
    )
