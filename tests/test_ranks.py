"""What draws say about order: ranks by hand, groups alike, cases needed to tell apart."""

from __future__ import annotations

import numpy as np
import pytest

from salesops_helpers.ranks import alike, best, cases_to_tell, lean, summarise

# Unit 0 is always above unit 1, which is above unit 2 in three draws of four; unit 3 is always last.
DRAWS = np.array([[9.0, 5.0, 4.0, 1.0], [9.0, 5.0, 4.0, 1.0], [9.0, 5.0, 4.0, 1.0], [9.0, 5.0, 6.0, 1.0]])


def test_places_by_hand():
    found = summarise(DRAWS, np.ones(4), 0.90)
    assert found["mean"].tolist() == [9.0, 5.0, 4.5, 1.0]
    assert found["p_top_quarter"].tolist() == [1, 0, 0, 0] and found["p_bottom_quarter"].tolist() == [0, 0, 0, 1]
    assert found["rank_low"].tolist() == [1, 2, 2, 4] and found["rank_high"].tolist() == [1, 3, 3, 4]
    assert best(DRAWS).tolist() == [1, 0, 0, 0]


def test_more_lies_beyond_the_inner_end_of_a_range_than_beyond_the_outer_one():
    steps = np.arange(101.0)  # a place of q is the quantile q ÷ 100
    found = summarise(np.column_stack([1_000 + steps, steps]), np.ones(2), 0.90)
    assert found["p_above"].tolist() == [1, 0]
    assert found["low"].tolist() == pytest.approx([1_006, 4]) and found["high"].tolist() == pytest.approx([1_096, 94])
    wide = summarise(np.column_stack([1_000 + steps, steps]), np.ones(2), 0.80)
    assert wide["low"].tolist() == pytest.approx([1_012, 8]) and wide["high"].tolist() == pytest.approx([1_092, 88])
    one = summarise(steps[:, None], np.ones(1), 0.90)
    assert one[["low", "high"]].to_numpy().tolist() == [pytest.approx([5, 95])], "one unit has no inner end"


def test_tails_grow_apart_evenly_and_mirror_each_other():
    above = np.array([0.0, 0.375, 0.4375, 0.5, 0.53125, 0.5625, 0.625, 1.0, np.nan])
    assert lean(above, 0.90) == pytest.approx([-0.01, -0.01, -0.005, 0, 0.0025, 0.005, 0.01, 0.01, 0])
    draws = np.random.default_rng(5).normal(np.linspace(-0.4, 0.4, 9), 1.0, (4_001, 9))
    found, mirrored = (summarise(values, np.ones(9), 0.90) for values in (draws, -draws))
    assert found["low"].to_numpy() == pytest.approx(-mirrored["high"].to_numpy())
    inside = (found["low"].to_numpy() <= draws) & (draws <= found["high"].to_numpy())
    assert inside.mean(axis=0) == pytest.approx(0.90, abs=3 / 4_001), "no tail is given away"


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
