"""Control limits: hand-computed answers, false alarms and power on simulated series."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from salesops_helpers.stats_control import FACTORS, LEAST, LOOKS, WINDOW, limits, simulate_factor

QUARTER = np.arange(200) % 3


def alarms_a_year(found: pd.DataFrame) -> float:
    return found.groupby("series")["signal"].apply(lambda s: (s != 0).any()).mean()


def test_limits_by_hand():
    """Mean 10, moving ranges of 2: sigma 2 ÷ 1.128 = 1.772; 10 months; limits at 4.12 × sigma × √1.1."""
    past = [9, 11] * 5
    row = limits([[*past, 18.5]], None, QUARTER[:11], "signed", looks=1).iloc[0]
    reach = 4.12 * 2 / (2 / np.sqrt(np.pi)) * np.sqrt(1.1)
    assert row["centre"] == pytest.approx(10)
    assert (row["low"], row["high"]) == pytest.approx((10 - reach, 10 + reach))
    assert row["distance"] == pytest.approx(8.5 / reach) and row["signal"] == 1 and row["months"] == 10
    assert row["seen_high"] == pytest.approx(10 + reach * (1 + 0.8416 / 4.12))


def test_rate_limits_by_hand():
    """A rate that never moved keeps its binomial spread: arcsine scale, variance 1 ÷ (4n + 2)."""
    n = np.full((1, 25), 100.0)
    row = limits(np.full((1, 25), 0.4), n, QUARTER[:25], "rate", looks=1).iloc[0]
    middle = np.arcsin(np.sqrt(40.375 / 100.75))
    reach = 0.94 * 3.30 * np.sqrt(1 / 402 * (1 + 1 / 24))
    low = (np.sin(middle - reach) ** 2 * 100.75 - 0.375) / 100
    assert (row["centre"], row["low"]) == pytest.approx((0.4, low)) and row["signal"] == 0


def test_calendar_is_compared_like_with_like():
    """Every third month is 30 higher: a third month of usual height is none, a first one of it is a signal."""
    noise = np.random.default_rng(5).normal(0, 1, 25)
    usual = noise + 30 * (QUARTER[:25] == 2) + 100
    assert limits([usual], None, QUARTER[:25], "signed", looks=1)["signal"].tolist() == [0]
    row = limits([[*usual[:24], usual[24] + 30]], None, QUARTER[:25], "signed", looks=1).iloc[0]
    assert row["signal"] == 1 and row["season"] and not row["trend"]


def test_trend_is_expected_to_go_on():
    series = 5.0 * np.arange(25) + np.random.default_rng(6).normal(0, 1, 25)
    row = limits([series], None, QUARTER[:25], "signed", looks=1).iloc[0]
    assert row["trend"] and row["signal"] == 0 and row["centre"] == pytest.approx(120, abs=2)


def test_stock_is_compared_with_the_month_before():
    level = 1_000 + np.cumsum(np.random.default_rng(7).normal(0, 10, 25))
    row = limits([level], None, QUARTER[:25], "sum", looks=1, stock=True).iloc[0]
    assert row["centre"] == pytest.approx(level[23], rel=0.01) and row["signal"] == 0
    assert limits([[*level[:24], level[23] - 80]], None, QUARTER[:25], "sum", 1, True)["signal"].tolist() == [-1]


def test_too_short_a_history_has_no_limits():
    found = limits([[1.0, 2.0] * 5], None, QUARTER[:10], "signed")
    assert found.loc[found["months"] < LEAST, ["low", "high", "distance"]].isna().all().all()
    assert found["signal"].iloc[:9].eq(0).all() and found["low"].notna().iloc[-1]


def test_months_without_a_figure_are_left_out():
    value = np.random.default_rng(8).normal(50, 5, (1, 25))
    value[0, [3, 10, 24]] = np.nan
    row = limits(value, None, QUARTER[:25], "sum", looks=1).iloc[0]
    assert row["months"] == 22 and row["signal"] == 0 and np.isnan(row["distance"])


def test_few_cases_never_alarm_by_one_deal():
    """Two deals a month, none won for two years; winning one of two is no signal."""
    value, n = np.zeros((1, 25)), np.full((1, 25), 2.0)
    value[0, -1] = 0.5
    assert limits(value, n, QUARTER[:25], "rate", looks=1)["signal"].tolist() == [0]


@pytest.mark.parametrize("term, months", [("level", 9), ("level", 24), ("season", 12), ("trend", 24), ("both", 24)])
def test_factors_are_those_of_a_simulation(term, months):
    again = simulate_factor(months, term in ("season", "both"), term in ("trend", "both"), years=20_000, seed=404)
    assert FACTORS[term][months - LEAST] == pytest.approx(again, rel=0.025)
    assert all(len(factors) == WINDOW - LEAST + 1 for factors in FACTORS.values())


def made(kind: str, rng, shape):
    n = rng.integers(30, 200, shape).astype(float)
    if kind == "rate":
        return rng.binomial(n.astype(int), 0.4) / n, n, "rate"
    if kind == "clustered rate":
        return rng.binomial(n.astype(int), rng.beta(16, 24, shape)) / n, n, "rate"
    if kind == "rate of few":
        n = rng.integers(1, 7, shape).astype(float)
        return rng.binomial(n.astype(int), 0.3) / n, n, "rate"
    if kind == "count":
        return rng.poisson(rng.gamma(25, 2, shape)), None, "count"
    if kind == "money":
        return rng.gamma(40 * 0.8, 1_000, shape), None, "sum"
    return np.exp(rng.normal(3, 1.2 / np.sqrt(n))), n, "typical"


@pytest.mark.parametrize("kind", ["rate", "clustered rate", "rate of few", "count", "money", "median"])
def test_false_alarms_in_a_stable_year(kind):
    value, n, scale = made(kind, np.random.default_rng(11), (1_500, 36))
    found = limits(value, n, QUARTER[:36], scale)
    assert len(found) == 1_500 * LOOKS and alarms_a_year(found) <= 0.06


def test_a_drop_of_four_and_a_half_sigma_is_found():
    rng = np.random.default_rng(12)
    series = rng.normal(0, 1, (1_500, 25))
    series[:, -1] -= 4.5
    assert (limits(series, None, QUARTER[:25], "signed", looks=1)["signal"] == -1).mean() >= 0.80


def test_what_would_be_seen_is_seen_in_four_of_five():
    rng = np.random.default_rng(13)
    n = np.full((1_500, 25), 150.0)
    value = rng.binomial(150, 0.4, n.shape) / n
    seen = limits(value, n, QUARTER[:25], "rate", looks=1)["seen_low"].to_numpy()
    value[:, -1] = rng.binomial(150, seen) / 150
    assert (limits(value, n, QUARTER[:25], "rate", looks=1)["signal"] == -1).mean() == pytest.approx(0.8, abs=0.05)


@given(arrays(float, (3, 14), elements=st.floats(0, 1)), st.sampled_from(["rate", "share", "sum", "typical", "signed"]))
def test_signals_are_the_points_outside_their_limits(value, scale):
    n = np.full(value.shape, 20.0)
    kept = value.copy()
    found = limits(value, n, QUARTER[:14], scale)
    known = found.dropna(subset="low")
    assert np.array_equal(kept, value)
    assert (known["low"] <= known["centre"] + 1e-9).all() and (known["centre"] <= known["high"] + 1e-9).all()
    inside = known["value"].between(known["low"] - 1e-6, known["high"] + 1e-6)
    assert inside[known["signal"] == 0].all()
    assert ((known["distance"].abs() > 1) == (known["signal"] != 0)).all()
