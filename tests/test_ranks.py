"""What draws say about order: ranks by hand, groups alike, cases needed to tell apart."""

from __future__ import annotations

import numpy as np
import pytest

from salesops_helpers.ranks import alike, best, cases_to_tell, summarise

# Unit 0 is always above unit 1, which is above unit 2 in three draws of four; unit 3 is always last.
DRAWS = np.array([[9.0, 5.0, 4.0, 1.0], [9.0, 5.0, 4.0, 1.0], [9.0, 5.0, 4.0, 1.0], [9.0, 5.0, 6.0, 1.0]])


def test_places_by_hand():
    found = summarise(DRAWS, np.ones(4), 0.90)
    assert found["mean"].tolist() == [9.0, 5.0, 4.5, 1.0]
    assert found["p_top_quarter"].tolist() == [1, 0, 0, 0] and found["p_bottom_quarter"].tolist() == [0, 0, 0, 1]
    assert found["rank_low"].tolist() == [1, 2, 2, 4] and found["rank_high"].tolist() == [1, 3, 3, 4]
    assert best(DRAWS).tolist() == [1, 0, 0, 0]


def test_ties_share_the_first_place():
    assert best(np.array([[1.0, 1.0, 0.0]])).tolist() == [0.5, 0.5, 0.0]


def test_units_that_cannot_be_told_apart():
    found = alike(DRAWS).groupby("group")["unit"].agg(list).to_dict()
    assert found == {1: [0], 2: [1, 2], 3: [3]}


def test_being_alike_does_not_carry_on():
    rng = np.random.default_rng(1)
    draws = rng.normal([0.0, 1.0, 2.0, 3.0], 0.6, (4_000, 4))
    found = alike(draws).groupby("group")["unit"].agg(set).to_dict()
    assert found == {1: {3, 2}, 2: {2, 1}, 3: {1, 0}}


def test_one_unit_and_none():
    assert alike(np.ones((3, 1)))[["group", "unit"]].to_numpy().tolist() == [[1, 0]]
    assert len(alike(np.ones((3, 0)))) == 0


def test_cases_needed_by_hand():
    """(1.95996 + 0.84162)² × (0.24 + 0.25) ÷ 0.01 = 384.6."""
    assert cases_to_tell(0.6, 0.5) == 385
    assert np.isinf(cases_to_tell(0.5, 0.5))
    assert cases_to_tell([0.6, 0.9], 0.5).tolist() == [385, 17]


def test_that_many_cases_do_tell():
    n, rng = int(cases_to_tell(0.6, 0.45)), np.random.default_rng(5)
    a, b = rng.binomial(n, 0.6, 4_000) / n, rng.binomial(n, 0.45, 4_000) / n
    z = (a - b) / np.sqrt((a * (1 - a) + b * (1 - b)) / n)
    assert (np.abs(z) > 1.95996).mean() == pytest.approx(0.80, abs=0.03)
