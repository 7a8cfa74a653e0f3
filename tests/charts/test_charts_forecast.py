"""The figures of the forecast: what they draw, and that hostile or missing values do no harm."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from salesops_helpers import show
from salesops_helpers.charts.forecast import backtest_record, fan

HISTORY = pd.DataFrame({"month": pd.date_range("2023-10-01", periods=36, freq="MS"), "actual": np.arange(36) * 1e5})
FORECAST = pd.DataFrame({
    "month": pd.date_range("2026-10-01", periods=3, freq="MS"), "forecast": [3.0e6, 3.1e6, 3.2e6],
    "low_80": 2.5e6, "high_80": 3.6e6, "low_95": 2.0e6, "high_95": 4.0e6, "naive": [2.4e6, 2.5e6, 2.6e6],
})
WINDOWS = pd.DataFrame({
    "first_month": pd.to_datetime(["2025-10-01", "2025-11-01"]), "month": pd.to_datetime(["2025-12-01", "2026-01-01"]),
    "forecast": [5e6, 5.1e6], "low_80": 4e6, "high_80": 6e6, "naive": 4.5e6, "actual": [5.5e6, 6.5e6],
})


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_fan_shows_history_forecast_ranges_and_naive_line():
    ax = fan(HISTORY, FORECAST, "EUR").axes[0]
    assert legend(ax) == ["bookings", "forecast", "80 % range", "95 % range", "naive line"]
    assert ax.get_ylabel() == "bookings a month (EUR)"
    assert ax.get_ylim()[0] == 0
    bars = sorted({(bar.get_y(), bar.get_y() + bar.get_height()) for bar in ax.patches})
    assert bars == [(2.0e6, 4.0e6), (2.5e6, 3.6e6)]
    drawn = {line.get_label(): line.get_ydata().tolist() for line in ax.get_lines()}
    assert drawn["forecast"] == [3.0e6, 3.1e6, 3.2e6] and drawn["naive line"] == [2.4e6, 2.5e6, 2.6e6]
    assert len(drawn["bookings"]) == 24


def test_fan_without_ranges():
    bare = FORECAST.assign(**dict.fromkeys(["low_80", "high_80", "low_95", "high_95"], np.nan))
    assert legend(fan(HISTORY.tail(1), bare.head(1), "EUR").axes[0]) == ["bookings", "forecast", "naive line"]


def test_record_marks_what_fell_outside():
    ax = backtest_record(WINDOWS, "EUR").axes[0]
    assert legend(ax)[-1] == "outside the range"
    assert [label.get_text() for label in ax.get_xticklabels()] == ["Oct–Dec 25", "Nov 25–Jan 26"]
    drawn = {line.get_label(): line.get_ydata().tolist() for line in ax.get_lines()}
    assert drawn["outside the range"] == [6.5e6]
    assert drawn["what came"] == [5.5e6, 6.5e6]
    inside = backtest_record(WINDOWS.assign(actual=5e6), "EUR").axes[0]
    assert "outside the range" not in legend(inside)


def test_record_of_single_months():
    one = WINDOWS.assign(first_month=WINDOWS["month"]).head(1)
    assert [t.get_text() for t in backtest_record(one, "EUR").axes[0].get_xticklabels()] == ["Dec 25"]


def test_same_frames_give_the_same_picture():
    first, second = (show.figure(fan(HISTORY, FORECAST, "EUR"), alt="x").html for _ in range(2))
    assert first == second
    first, second = (show.figure(backtest_record(WINDOWS, "EUR"), alt="x").html for _ in range(2))
    assert first == second


@pytest.mark.parametrize("known, ticks", [(1, {"Sep 26", "Oct 26"}), (24, {"Jan 25", "Apr 25", "Oct 26"})])
def test_fan_ticks_are_months_and_quarters(known, ticks):
    fig = fan(HISTORY.tail(known), FORECAST.head(1), "EUR")
    fig.canvas.draw()
    assert ticks <= {label.get_text() for label in fig.axes[0].get_xticklabels()}
