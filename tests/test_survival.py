"""Kaplan–Meier against published and hand-computed figures, scipy, and simulated truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from salesops_helpers import SalesOpsError
from salesops_helpers.survival import kaplan_meier, median, medians

# Weeks of remission of 21 leukaemia patients treated with 6-MP (Freireich et al. 1963), the textbook case.
WEEKS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]

some_days = st.lists(st.tuples(st.integers(0, 60), st.booleans()), min_size=1, max_size=60)


def test_the_textbook_case():
    curve = kaplan_meier(WEEKS, RELAPSED, level=0.95)
    at = pd.DataFrame(vars(curve)).set_index("days")
    assert at.loc[[6, 7, 10, 13, 16, 22, 23], "survival"].round(4).tolist() == [
        0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482]
    assert at.loc[[6, 10, 23], "at_risk"].tolist() == [21, 15, 6]
    assert median(WEEKS, RELAPSED).median == 23
    # log-log bounds at 23 weeks: S = 0.4482, Greenwood's standard error 0.1346
    half = 1.959964 * 0.1346 / (0.4482 * abs(np.log(0.4482)))
    assert at.loc[23, ["low", "high"]].tolist() == pytest.approx(
        [0.4482 ** np.exp(half), 0.4482 ** np.exp(-half)], abs=2e-4)


def test_all_ended_is_the_plain_median():
    assert median([1, 2, 3, 4, 5], [True] * 5).median == 3
    assert median([4, 1, 3, 2], [True] * 4).median == 2


def test_by_hand():
    # at 2: 1 of 4 ends (3/4); at 3 one is last seen; at 5: 1 of 2 ends (3/8)
    curve = kaplan_meier([2, 3, 5, 9], [True, False, True, False])
    assert curve.survival.tolist() == [0.75, 0.75, 0.375, 0.375]
    assert curve.at_risk.tolist() == [4, 3, 2, 1] and curve.ended.tolist() == [1, 0, 1, 0]
    assert median([2, 3, 5, 9], [True, False, True, False]).median == 5


def test_a_median_that_is_not_reached_is_missing():
    found = median([5, 8, 9], [True, False, False])
    assert np.isnan(found.median) and np.isnan(found.high)
    assert np.isnan(median([], []).median)


def test_times_that_cannot_be_are_refused():
    with pytest.raises(SalesOpsError, match="2 of 3 times are missing or negative"):
        median([-1, np.nan, 3], [True, True, True])


@given(some_days)
def test_it_agrees_with_scipy(rows):
    days, ended = map(np.array, zip(*rows, strict=True))
    theirs = scipy_stats.ecdf(scipy_stats.CensoredData(uncensored=days[ended], right=days[~ended])).sf
    curve = kaplan_meier(days, ended)
    assert curve.days.tolist() == theirs.quantiles.tolist()
    assert curve.survival == pytest.approx(theirs.probabilities, abs=1e-9)
    assert (curve.low <= curve.survival + 1e-9).all() and (curve.survival <= curve.high + 1e-9).all()


@given(st.lists(st.tuples(st.integers(0, 60), st.booleans(), st.sampled_from("abc")), min_size=1, max_size=60))
def test_groups_at_once_are_the_groups_one_by_one(rows):
    frame = pd.DataFrame(rows, columns=["days", "ended", "group"])
    found = medians(frame["days"], frame["ended"], frame["group"])
    assert found.index.tolist() == sorted(frame["group"].unique())
    for name, mine in frame.groupby("group"):
        assert found.loc[name, ["median", "low", "high"]].tolist() == pytest.approx(
            list(median(mine["days"], mine["ended"])), nan_ok=True)
        assert found.loc[name, ["n", "ended"]].tolist() == [len(mine), mine["ended"].sum()]


def test_rows_without_a_group_are_left_out():
    found = medians([1, 2, 3], [True] * 3, pd.Series(["a", None, "a"], index=[7, 8, 9]))
    assert found.index.tolist() == ["a"] and found.loc["a", "n"] == 2


def test_ranges_hold_the_true_median():
    rng, sets, n = np.random.default_rng(7), 400, 60
    end, seen = rng.weibull(1.3, (sets, n)) * 90, rng.uniform(20, 200, (sets, n))
    days, ended = np.ceil(np.minimum(end, seen)), end <= seen
    found = medians(days.ravel(), ended.ravel(), np.repeat(np.arange(sets), n))
    truth = np.ceil(90 * np.log(2) ** (1 / 1.3))
    held = (found["low"] <= truth) & ~(found["high"] < truth)
    assert 0.86 <= held.mean() <= 0.96
