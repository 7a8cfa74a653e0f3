"""Ranges from past errors: hand-computed widths, no look ahead, coverage."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, t

from salesops_helpers.errors import SalesOpsError
from salesops_helpers.forecast.ranges import NOW, OWN, apart, check_levels, for_unrelated, with_ranges

MONTHS = pd.date_range("2025-01-01", periods=60, freq="MS")


def past(errors, first=0, forecast=100.0, scale=1.0, unit="Acme"):
    """One step ahead, one cut a month."""
    n = len(errors)
    return pd.DataFrame({
        "by": "company", "unit": unit, "method": "mean", "cut": MONTHS[first:first + n],
        "month": MONTHS[first + 1:first + n + 1], "step": 1, "forecast": forecast, "native": 0.01, "freedom": np.inf,
        "scale": scale, "actual": forecast + np.asarray(errors, float),
    })


def today(n, scale=1.0, native=0.01, forecast=100.0):
    return past([0], first=n, forecast=forecast, scale=scale).assign(native=native).drop(columns="actual")


def test_width_is_the_quantile_of_past_errors_times_the_scale():
    frame = with_ranges(today(9, scale=2.0), past([1, -2, 3, -4, 5, -6, 7, -8, 9]), (80,)).iloc[0]
    # 0.8 × (1 + 1/9) = 0.889 of nine errors, the next one above: the largest; nine windows: t ÷ normal
    half = 9 * 2.0 * t.ppf(0.9, 9) / norm.ppf(0.9)
    assert (frame["low_80"], frame["high_80"]) == pytest.approx((100 - half, 100 + half))
    assert frame["range_from"] == 9


def test_width_is_not_below_the_methods_own():
    frame = with_ranges(today(9, native=50.0), past([1] * 9), (80, 95)).iloc[0]
    assert frame["high_80"] - 100 == pytest.approx(50 * norm.ppf(0.9))
    assert frame["high_95"] - 100 == pytest.approx(50 * norm.ppf(0.975))


def test_fewer_windows_give_a_wider_range():
    few, many = (with_ranges(today(n), past([1, -1] * (n // 2)), (80,))["high_80"].iloc[0] for n in (4, 30))
    assert few > many


def test_low_end_is_cut_at_zero():
    assert with_ranges(today(9, forecast=3.0), past([9] * 9), (80,))["low_80"].iloc[0] == 0


def test_without_any_error_known_there_is_no_range():
    frame = with_ranges(today(9, scale=np.nan, native=np.nan), past([1] * 9), (80,)).iloc[0]
    assert pd.isna(frame["low_80"]) and pd.isna(frame["high_80"])
    assert pd.isna(with_ranges(today(9, scale=0.0, native=0.0), past([1] * 9), (80,))["high_80"].iloc[0])


def test_units_are_pooled():
    both = pd.concat([past([1] * 9), past([50] * 9, unit="North")], ignore_index=True)
    assert with_ranges(today(9), both, (80,))["high_80"].iloc[0] > with_ranges(today(9), past([1] * 9), (80,))[
        "high_80"].iloc[0]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=12, max_size=12), st.integers(1, 11))
def test_errors_after_the_cut_never_matter(later, n):
    frame = past(np.arange(12.0) - 5)
    changed = frame.assign(actual=frame["actual"].where(frame["month"] <= MONTHS[n], frame["forecast"] + later))
    rows = frame["cut"] <= MONTHS[n]
    assert with_ranges(frame, frame)[rows].drop(columns="actual").equals(
        with_ranges(changed, changed)[rows].drop(columns="actual"))


def test_inputs_are_left_alone():
    made, before = today(9), past([1] * 9)
    copies = made.copy(), before.copy()
    with_ranges(made, before)
    assert made.equals(copies[0]) and before.equals(copies[1])


def test_coverage_is_right_where_the_methods_own_range_is_too_narrow():
    rng = np.random.default_rng(5)
    held = {80: [], 95: []}
    for _ in range(120):
        errors = rng.normal(0, 30, 25)
        frame = with_ranges(today(24).assign(native=5.0), past(errors[:24]), (80, 95)).iloc[0]
        for level in held:
            held[level].append(frame[f"low_{level}"] <= 100 + errors[24] <= frame[f"high_{level}"])
    assert 0.70 <= np.mean(held[80]) <= 0.92
    assert np.mean(held[95]) >= 0.90


@pytest.mark.parametrize("months, expected", [(1, 10), (3, 4), (9, 2), (18, 1)])
def test_windows_without_a_month_in_common(months, expected):
    assert apart(pd.Series(MONTHS[:10]), months) == expected


@pytest.mark.parametrize("level", [(), (80, 101), 30, "80", (80.0,), True])
def test_levels_are_checked(level):
    with pytest.raises(SalesOpsError, match="whole numbers from 50 to 99"):
        check_levels(level)
    assert check_levels(90) == (90,)


def unrelated(errors, scale=1.0, step=1):
    return pd.DataFrame({"unit": [f"s{i}" for i in range(len(errors))], "method": "mean", "step": step,
                         "forecast": 100.0, "scale": scale, "actual": 100.0 + np.asarray(errors, float)})


def test_ranges_of_unrelated_series_by_hand():
    """Errors 1 to 5 at scale 1: at 50 % the middle one after each is divided by its own part, (error ÷ 3)^0.2."""
    errors = np.arange(1.0, 6.0)
    own = (errors / 3) ** OWN
    made = for_unrelated(unrelated(errors).drop(columns="actual"), unrelated(errors), (50,))
    assert (made["high_50"] - 100).tolist() == pytest.approx(list(np.median(errors / own) * own))
    assert (made["low_50"] + made["high_50"]).tolist() == pytest.approx([200.0] * 5)
    doubled = for_unrelated(unrelated(errors, 2.0).drop(columns="actual"), unrelated(errors), (50,))
    assert (doubled["high_50"] - 100).tolist() == pytest.approx(list(2 ** (1 - NOW) * np.median(errors / own) * own))


def test_ranges_of_unrelated_series_hold_as_often_as_they_say():
    """Errors of the same kind before and after: about 80 and 95 % of 4,000 lie inside."""
    rng = np.random.default_rng(5)
    spread = np.repeat(rng.lognormal(0, 0.5, 400), 10)
    frames = [pd.concat([unrelated(spread[step::10] * rng.standard_normal(400), 1.0, step + 1) for step in range(10)],
                        ignore_index=True) for _ in range(2)]
    made = for_unrelated(frames[1], frames[0])
    held = {v: made["actual"].between(made[f"low_{v}"], made[f"high_{v}"]).mean() for v in (80, 95)}
    assert held[80] == pytest.approx(0.79, abs=0.03) and held[95] == pytest.approx(0.955, abs=0.015)


def test_ranges_of_unrelated_series_where_the_past_tells_nothing():
    past = unrelated([1, 2, 3], [0.0, 1, 1])
    made = for_unrelated(unrelated([0, 0, 0], [0.0, 1, 1]).assign(step=1), past, (80,))
    assert made["high_80"].iloc[0] == 100 and (made["high_80"].iloc[1:] > 100).all()
