"""Steps of segments against the company's: by hand, against scipy, where nothing differs and where one does."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from process_company import ACME, REPS, company
from scipy import stats as scipy_stats

from salesops_helpers import SalesOpsError, Tables
from salesops_helpers.performance.stays import stays
from salesops_helpers.performance.transitions import stage_by, transitions

YEAR = (pd.Timestamp("2026-01-01"), pd.Timestamp("2026-12-31"))


def simulated(moves: dict[tuple[str, str], tuple[int, int]], **more) -> Tables:
    """Deals of (lead source, kind) → (entered A, moved on to B); the others are lost."""
    deals = pd.DataFrame([(source, kind, n < on) for (source, kind), (of, on) in moves.items() for n in range(of)],
                         columns=["lead_source", "kind", "moved"])
    deals = deals.assign(opportunity_id=[f"d{k}" for k in range(len(deals))], rep_id="r1", amount=10.0,
                         created_on=pd.Timestamp("2026-01-02"), status="lost", stage="Lost",
                         closed_on=pd.Timestamp("2026-01-20"))
    ways = {"A": (deals, "2026-01-02"), "B": (deals[deals["moved"]], "2026-01-10"), "Lost": (deals, "2026-01-20")}
    history = pd.concat([part[["opportunity_id", "rep_id"]].assign(stage=stage, changed_at=pd.Timestamp(day))
                         for stage, (part, day) in ways.items()])
    frames = {"opportunities": deals.drop(columns="moved"), "reps": REPS, "stage_history": history}
    return Tables.from_frames(ACME, frames | more, as_of="2026-03-31")


def from_a(tables: Tables) -> pd.DataFrame:
    found = transitions(tables, *YEAR)
    return found[found["stage"] == "A"].set_index("value")


def test_one_stratum_is_fishers_exact_test():
    tables = simulated({("Web", "new"): (40, 30), ("Fair", "new"): (60, 30)})
    found = from_a(tables)
    row = found.loc["Web"]
    assert row[["stage", "dimension", "n", "moved_on", "still_open"]].tolist() == ["A", "lead_source", 40, 30, 0]
    assert row["rate"] == 0.75 and row["company"] == 0.6 and row["extra"] == pytest.approx(6)
    over = scipy_stats.hypergeom.sf(29, 100, 60, 40)
    assert row["p"] == pytest.approx(2 * over)
    assert (found["p_all"] >= found["p"]).all() and row["amount"] == 400


def test_a_mix_of_kinds_alone_is_no_difference():
    # Within each kind both sources move on alike; the mix alone makes 0.86 against 0.54.
    tables = simulated({("Web", "renewal"): (90, 81), ("Web", "new"): (10, 5), ("Fair", "renewal"): (10, 9),
                        ("Fair", "new"): (90, 45)})
    found = from_a(tables)
    assert found["rate"].to_dict() == {"Web": 0.86, "Fair": 0.54}
    assert found["company"].to_dict() == pytest.approx({"Web": 0.86, "Fair": 0.54})
    assert found["p"].tolist() == [1, 1] and found["difference"].abs().max() < 1e-9


def test_small_counts_lean_to_nothing_and_many_do_not():
    few = {("Web", "new"): (4, 4), ("Fair", "new"): (30, 15), ("Mail", "new"): (30, 15)}
    many = {("Web", "new"): (400, 390), ("Fair", "new"): (3000, 1500), ("Mail", "new"): (3000, 1500)}
    small, large = (from_a(simulated(moves)).loc["Web"] for moves in (few, many))
    assert 0 <= small["difference"] < 0.25 and small["p_all"] > 0.05
    assert large["difference"] == pytest.approx(390 / 400 - large["company"], abs=0.03) and large["p_all"] < 1e-9
    assert large["low"] < large["difference"] < large["high"]


def test_nothing_to_compare_gives_an_empty_frame():
    found = transitions(simulated({("Web", "new"): (4, 4)}), *YEAR)
    assert found.empty and "p_all" in found
    assert transitions(company([("a", "2026-01-01", "A", 1)], "2026-03-31", history=False), *YEAR).empty


def test_where_nothing_differs_little_is_named():
    rng, named = np.random.default_rng(11), 0
    for _ in range(40):
        moves = {(f"s{k}", kind): (of, int(rng.binomial(of, share)))
                 for k in range(5) for kind, share, of in (("new", 0.5, 30), ("renewal", 0.9, 15))}
        found = transitions(simulated(moves), *YEAR)
        named += bool((found["p_all"] <= 0.05).any())
    assert named <= 5  # the bound is 5 % of 40 = 2; more than 5 has a probability below 2 %


def test_a_true_difference_is_found_and_its_range_holds_it():
    rng, found_it, held = np.random.default_rng(12), 0, 0
    for _ in range(20):
        moves = {(f"s{k}", "new"): (150, int(rng.binomial(150, 0.75 if k == 0 else 0.5))) for k in range(5)}
        rows = from_a(simulated(moves))
        found_it += rows.loc["s0", "p_all"] <= 0.05
        held += rows.loc["s0", "low"] <= 0.75 - 0.55 <= rows.loc["s0", "high"]
    assert found_it >= 17 and held >= 15


def test_one_stage_by_a_unit_with_the_company_last():
    tables = simulated({("Web", "new"): (40, 30), ("Fair", "new"): (60, 30)})
    found = stage_by(tables, "A", "lead_source", *YEAR)
    assert found["value"].tolist() == ["Fair", "Web", "Acme"] and found["entered"].tolist() == [60, 40, 100]
    assert found["rate"].tolist() == [0.5, 0.75, 0.6] and (found["low"] < found["rate"]).all()
    # Web: 30 leave after 8 days, 10 after 18
    assert found["median"].tolist() == [8, 8, 8]
    pd.testing.assert_frame_equal(found, stage_by(tables, "A", "lead_source", *YEAR, found=stays(tables)))
    with pytest.raises(SalesOpsError, match="is not a unit"):
        stage_by(tables, "A", "colour", *YEAR)
    assert stage_by(tables, "C", "lead_source", *YEAR).empty
