"""What a history bears, and what each method says about it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salesops_helpers.errors import SalesOpsError
from salesops_helpers.forecast.methods import check_horizon, check_method, fit, fit_many, rule

YEARLY = np.array([100, 80, 120, 90, 95, 140, 85, 60, 130, 100, 105, 170.0])


def said(values, method, horizon=3):
    frame = fit(np.array(values, float), horizon)
    return frame[frame["method"] == method].reset_index(drop=True)


@pytest.mark.parametrize("months, season, lag, members", [
    (1, 1, 1, 0), (2, 1, 1, 0), (5, 1, 3, 0), (7, 3, 3, 0), (8, 3, 3, 3), (10, 3, 3, 4), (11, 3, 3, 4), (12, 3, 12, 4),
    (23, 3, 12, 4), (24, 12, 12, 4), (36, 12, 12, 4), (37, 12, 12, 4), (120, 12, 12, 4),
])
def test_the_rule_follows_the_length(months, season, lag, members):
    known = rule(months)
    assert (known.season, known.naive_lag, len(known.members)) == (season, lag, members)
    assert (known.reason == "") == (months >= 24) and (known.naive_share == 0.05) == (months > 36)
    assert known.reason == "" or str(months) in known.reason


def test_naive_repeats_the_last_season():
    assert said(range(1, 15), "naive", 14)["forecast"].tolist() == [*range(3, 15), 3, 4]
    assert said([5, 1, 2, 6, 3, 4], "naive", 4)["forecast"].tolist() == [6, 3, 4, 6]
    assert said([7, 9], "naive", 2)["forecast"].tolist() == [9, 9]


def test_naive_error_grows_with_each_season_ahead():
    native = said([1, 1, 1, 2, 3, 4, 4, 5, 6], "naive", 6)["native"]
    assert native[:3].tolist() == pytest.approx([(5 / 6 + 9 / 6 + 5 / 6) ** 0.5] * 3, rel=0.2)
    assert native[3] == pytest.approx(native[0] * 2**0.5)


def test_default_is_the_mean_of_its_members():
    values = np.tile(YEARLY, 3) * np.linspace(1, 1.2, 36)
    members = [said(values, name)["forecast"] for name in ("theta", "ets", "ces", "naive")]
    assert said(values, "mean")["forecast"].tolist() == pytest.approx(np.mean(members, axis=0).tolist())
    longer = np.tile(YEARLY, 4) * np.random.default_rng(1).normal(1, 0.1, 48)
    models = np.mean([said(longer, name)["forecast"] for name in ("theta", "ets", "ces")], axis=0)
    mean = 0.95 * models + 0.05 * said(longer, "naive")["forecast"]
    assert said(longer, "mean")["forecast"].tolist() == pytest.approx(mean.tolist())


def test_a_member_that_cannot_be_fitted_is_named():
    exact = said(np.tile(YEARLY, 4), "mean")
    assert exact["forecast"].tolist() == pytest.approx([100, 80, 120])
    assert exact["made_of"].iloc[0] == (
        "mean of Theta, ETS and seasonal naive (the same month last year, with a weight of 5 %)")
    assert "could not be fitted: CES" in exact["reason"].iloc[0]
    assert "follows its pattern without an error" in exact["reason"].iloc[0]


def test_two_months_give_their_mean_and_the_t_range():
    row = said([10, 20], "mean", 1).iloc[0]
    assert row["forecast"] == 15
    assert row["native"] == pytest.approx(50**0.5 * 1.5**0.5)
    assert row["freedom"] == 1
    assert "models need 8" in row["reason"]


def test_months_before_the_first_booking_are_left_out():
    assert said([0, 0, 0, 10, 20], "mean").equals(said([10, 20], "mean"))
    assert said([0, 0, 0, 10, 20], "mean")["history_months"].iloc[0] == 2


@pytest.mark.parametrize("values, why", [
    ([5], "one month says nothing"), ([0] * 30, "nothing was ever booked"), ([0], "nothing was ever booked"),
    ([7] * 30, "every month was the same"), ([7] * 5, "every month was the same"),
])
def test_a_past_without_errors_says_so(values, why):
    frame = said(values, "mean")
    assert frame["forecast"].tolist() == [values[-1]] * 3
    assert frame["reason"].str.contains(why).all()
    assert not (frame["scale"] > 0).any()


def test_season_of_the_quarter_is_seen_by_theta():
    noise = np.random.default_rng(3).normal(1, 0.03, 14)
    forecast = said(np.resize([100, 50, 75], 14) * noise, "theta", 3)["forecast"].to_numpy()
    assert forecast == pytest.approx([75, 100, 50], rel=0.1)
    flat = np.random.default_rng(4).normal(100, 5, 14)
    assert np.ptp(said(flat, "theta", 3)["forecast"]) < 5


def test_same_values_give_the_same_bits():
    values = np.tile(YEARLY, 3) * np.random.default_rng(1).normal(1, 0.1, 36)
    assert fit(values, 6).equals(fit(values.copy(), 6))


def test_a_longer_horizon_changes_no_earlier_month():
    values = np.tile(YEARLY, 2) * np.random.default_rng(2).normal(1, 0.1, 24)
    long = fit(values, 18)
    for name in ("mean", "theta", "ets", "naive"):
        short = said(values, name, 3)["forecast"].tolist()
        assert long.loc[(long["method"] == name) & (long["step"] <= 3), "forecast"].tolist() == pytest.approx(short)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from([0.0, 1.0, 1e3, 2.5e6, 1e9]) | st.floats(0, 1e7), min_size=1, max_size=30))
def test_any_history_gives_finite_forecasts_not_below_zero(values):
    frame = fit(np.array(values), 3)
    assert {"mean", "naive"} <= set(frame["method"])
    assert np.isfinite(frame["forecast"]).all() and (frame["forecast"] >= 0).all()
    assert (frame["native"].isna() | (frame["native"] >= 0)).all()


@pytest.mark.parametrize("horizon", [0, -1, 19, 2.5, "3", True, None])
def test_horizon_is_checked(horizon):
    with pytest.raises(SalesOpsError, match="a whole number from 1 to 18"):
        check_horizon(horizon)


def test_method_is_checked():
    with pytest.raises(SalesOpsError, match="method='prophet'.*mean, theta, ets, ces, naive"):
        check_method("prophet")


def test_two_processes_say_what_one_says():
    rng = np.random.default_rng(2)
    series = [rng.lognormal(3, 0.3, n) for n in [5, 7, 30] + [6] * 48]
    one, two = fit_many(series, 3), fit_many(series, 3, jobs=2)
    for a, b in zip(one, two, strict=True):
        pd.testing.assert_frame_equal(a, b)
