"""The backtest: no look ahead, hand-computed records, sums with ranges of their own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salesops_helpers.errors import SalesOpsError
from salesops_helpers.forecast import accuracy, backtest, by_step, totals
from salesops_helpers.forecast.backtest import bias_words, fits


def history(values, unit="Acme", by="company", start="2024-01-01"):
    months = pd.date_range(start, periods=len(values), freq="MS")
    return pd.DataFrame({"by": by, "unit": unit, "month": months, "actual": np.asarray(values, float)})


def noisy(n, seed=0, level=1000.0):
    return level * np.random.default_rng(seed).lognormal(0, 0.2, n)


def record(rows):
    """A literal backtest of one unit and method: month, step, forecast, naive, actual, low_80, high_80."""
    frame = pd.DataFrame(rows, columns=["month", "step", "forecast", "naive", "actual", "low_80", "high_80"])
    month = pd.to_datetime(frame["month"])
    cut = (month.dt.to_period("M") - frame["step"]).dt.to_timestamp()
    return frame.assign(by="company", unit="Acme", method="mean", month=month, cut=cut)


RECORD = record([
    ("2025-01", 1, 110, 90, 100, 100, 120),
    ("2025-02", 1, 90, 130, 100, 95, 120),
    ("2025-03", 1, 250, 200, 200, 190, 300),
    ("2025-04", 1, 100, 110, 100, 101, 110),
])


def test_naive_forecasts_and_actuals_are_those_of_the_months():
    past = backtest(history(range(1, 11)), 1)
    naive = past[(past["method"] == "naive") & (past["step"] == 1)]
    assert naive["month"].dt.strftime("%Y-%m").tolist() == ["2024-07", "2024-08", "2024-09", "2024-10"]
    assert naive["forecast"].tolist() == [4, 5, 6, 7]
    assert naive["actual"].tolist() == [7, 8, 9, 10]


def test_every_forecast_lies_after_its_cut():
    past = backtest(history(noisy(14)), 3)
    months = (past["month"].dt.year - past["cut"].dt.year) * 12 + past["month"].dt.month - past["cut"].dt.month
    assert (months == past["step"]).all()
    assert past["actual"].notna().all()


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000), st.integers(6, 10))
def test_values_after_a_cut_never_matter(seed, n):
    """Neither the forecast nor its range nor the naive line of a window knows what came later."""
    frame = pd.concat([history(noisy(11)), history(noisy(11, 1), "North", "region")], ignore_index=True)
    cut = frame["month"].iloc[n - 1]
    later = frame["month"] > cut
    changed = frame.assign(actual=frame["actual"].where(~later, noisy(len(frame), seed, 50.0)))
    first, second = (backtest(f, 2) for f in (frame, changed))
    assert first[first["cut"] <= cut].drop(columns="actual").equals(second[second["cut"] <= cut].drop(columns="actual"))
    assert fits(frame, 3, cut).equals(fits(frame[~later], 3))


@pytest.mark.parametrize("months, horizon, first, windows", [
    (36, 3, 24, 12), (33, 3, 24, 9), (24, 3, 8, 16), (10, 3, 6, 4), (7, 1, 6, 1), (36, 12, 9, 14), (60, 3, 42, 18),
])
def test_windows(months, horizon, first, windows):
    past = backtest(history(np.ones(months)), horizon)
    cuts = past["cut"].drop_duplicates()
    assert len(cuts) == windows <= 18
    assert cuts.min() == pd.Timestamp("2024-01-01") + pd.DateOffset(months=first - 1)
    assert cuts.max() == pd.Timestamp("2024-01-01") + pd.DateOffset(months=months - 2)


def test_too_short_a_history_gives_no_window_and_no_crash():
    past = backtest(history([1, 2, 3]), 3)
    assert past.empty and {"cut", "actual", "low_80", "high_95"} <= set(past)
    assert accuracy(past).empty and accuracy(totals(past, past, 3)).empty and by_step(past).empty


def test_horizon_is_checked():
    with pytest.raises(SalesOpsError, match="horizon=0"):
        backtest(history([1, 2, 3]), 0)


def test_inputs_are_left_alone():
    frame = history(noisy(10))
    copy = frame.copy()
    backtest(frame, 2)
    assert frame.equals(copy)


def test_accuracy_by_hand():
    row = accuracy(RECORD).iloc[0]
    assert row["wape"] == pytest.approx((10 + 10 + 50 + 0) / 500)
    assert row["naive_wape"] == pytest.approx((10 + 30 + 0 + 10) / 500)
    assert row["skill"] == pytest.approx(70 / 50)
    assert row["bias"] == pytest.approx((10 - 10 + 50 + 0) / 500)
    assert row["bias_words"] == "over-forecast by 10 %"
    assert (row["inside_80"], row["ranged_80"], row["coverage_80"]) == (3, 4, 0.75)
    assert row["coverage_80_low"] < 0.3 and row["coverage_80_high"] > 0.95
    assert (row["windows"], row["apart"], row["forecasts"]) == (4, 4, 4)


def test_accuracy_takes_ranges_that_are_missing_out_of_the_coverage():
    row = accuracy(RECORD.assign(high_80=[120, np.nan, np.nan, np.nan])).iloc[0]
    assert (row["inside_80"], row["ranged_80"], row["coverage_80"]) == (1, 1, 1.0)


def test_mase_is_the_error_over_the_change_before_the_cut():
    row = accuracy(RECORD.assign(naive_error=[10, 20, 25, 0])).iloc[0]
    assert row["mase"] == pytest.approx((10 / 10 + 10 / 20 + 50 / 25) / 3)


def test_accuracy_of_nothing_booked_is_missing():
    row = accuracy(RECORD.assign(actual=0.0)).iloc[0]
    assert pd.isna(row["wape"]) and row["bias_words"] == "bias not known"


def test_accuracy_up_to_a_step_and_by_step():
    both = pd.concat([RECORD, RECORD.assign(step=2, forecast=0.0)], ignore_index=True)
    assert accuracy(both, 1).iloc[0]["wape"] == pytest.approx(0.14)
    steps = by_step(both)
    assert steps["step"].tolist() == [1, 2]
    assert steps["wape"].tolist() == pytest.approx([0.14, 1.0])
    assert steps["held_80"].tolist() == ["3 of 4 (75 %)", "3 of 4 (75 %)"]


@pytest.mark.parametrize("bias, said", [
    (0.08, "over-forecast by 8 %"), (-0.1234, "under-forecast by 12 %"), (0.004, "neither over- nor under-forecast"),
    (np.nan, "bias not known"),
])
def test_bias_in_words(bias, said):
    assert bias_words(bias).startswith(said)


def window(cut, forecasts, actuals, half=10.0, scale=1.0):
    """One window of as many months as forecasts."""
    n = len(forecasts)
    forecast = np.asarray(forecasts, float)
    return pd.DataFrame({
        "by": "company", "unit": "Acme", "cut": pd.Timestamp(cut), "method": "mean", "step": range(1, n + 1),
        "month": pd.date_range(pd.Timestamp(cut) + pd.DateOffset(months=1), periods=n, freq="MS"),
        "forecast": forecast, "naive": forecast, "actual": np.asarray(actuals, float), "native": 0.001,
        "freedom": np.inf, "scale": scale, "low_80": forecast - half, "high_80": forecast + half, "range_from": 0,
    })


def test_totals_add_the_months_and_keep_whole_windows_only():
    past = pd.concat([window("2025-01-01", [10, 20, 30], [11, 22, 33]), window("2025-02-01", [10, 20], [1, 2])])
    total = totals(past, past, 3)
    assert len(total) == 1
    row = total.iloc[0]
    assert (row["forecast"], row["naive"], row["actual"]) == (60, 60, 66)
    assert (f"{row['first_month']:%Y-%m}", f"{row['month']:%Y-%m}") == ("2025-02", "2025-04")


def test_without_a_past_sum_the_ends_of_the_months_are_added():
    past = window("2025-01-01", [10, 20, 30], [11, 22, 33])
    row = totals(past, past, 3).iloc[0]
    assert (row["range_from"], row["low_80"], row["high_80"]) == (0, 30, 90)


def test_range_of_a_sum_is_that_of_past_sums_not_of_ends_nor_of_independent_months():
    """Months that always miss together give a wide sum, months that make up for each other a narrow one."""
    today = window("2027-01-01", [100, 100, 100], [100, 100, 100])
    cuts = pd.date_range("2025-01-01", periods=8, freq="3MS")
    together = pd.concat([window(cut, [100] * 3, [102] * 3) for cut in cuts], ignore_index=True)
    apart = pd.concat([window(cut, [100] * 3, [102, 96, 102]) for cut in cuts], ignore_index=True)
    wide, narrow = (totals(today, past, 3)["high_80"].iloc[0] - 300 for past in (together, apart))
    assert 6 < wide < 8
    assert narrow < 0.01


def test_range_of_a_sum_is_never_wider_than_the_ends_added():
    past = pd.concat([window(c, [100] * 3, [500] * 3) for c in pd.date_range("2025-01-01", periods=8, freq="3MS")])
    assert totals(window("2027-01-01", [100] * 3, [0] * 3), past, 3)["high_80"].iloc[0] == 330


def test_sums_that_end_after_the_cut_are_not_known():
    later = window("2026-12-01", [100] * 3, [500] * 3)
    assert totals(window("2027-01-01", [100] * 3, [0] * 3), later, 3)["range_from"].iloc[0] == 0
