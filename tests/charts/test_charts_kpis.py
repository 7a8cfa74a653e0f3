"""Figures of the KPI page: what is drawn, and that names from data are no formulas."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from salesops_helpers import words
from salesops_helpers.charts import kpis
from salesops_helpers.show import figure


def data(months: int = 30, signal: int = -1):
    month = pd.date_range("2024-01-01", periods=months, freq="MS")
    history = pd.DataFrame({"key": "a", "month": month, "value": np.arange(months) % 5})
    found = history.tail(12).assign(limit_low=-1.0, limit_high=6.0, usual=2.0, signal=0, good=0)
    found.loc[found.index[-1], ["signal", "good"]] = [signal, signal]
    return found, history


def test_each_kpi_has_its_panel_and_signals_are_marked():
    found, history = data()
    fig = kpis.control_charts(found, history, [("a", "Win $rate$", words.percent), ("b", "Empty", words.number)])
    first = fig.axes[0]
    assert first.get_title() == "Win $rate$" and len(fig.axes) == 3
    marks = [line for line in first.lines if line.get_marker() == "v"]
    assert len(marks) == 1 and len(marks[0].get_xdata()) == 1
    assert len(first.lines[0].get_xdata()) == kpis.SHOWN and len(first.patches) == 12
    assert "<img" in figure(fig, "No KPI moved.").html


def test_a_kpi_without_limits_is_a_plain_line():
    found, history = data()
    empty = found.iloc[:0].astype(object)
    fig = kpis.one_kpi(empty, history, "Pay $mix$ <b>", "share", words.percent)
    assert fig.axes[0].get_title(loc="left") or fig.axes[0].get_title() == "Pay $mix$ <b>"
    plt.close(fig)


def test_goals_are_bars_beside_one_hundred_percent():
    rows = pd.DataFrame({"period": ["June", "week $1$"], "reached": [1.2, np.nan], "said": ["120 %: 3 of 2", "–"]})
    fig = kpis.reached(rows)
    assert [bar.get_width() for bar in fig.axes[0].patches] == [1.2, 0.0]
    assert [text.get_text() for text in fig.axes[0].texts] == ["120 %: 3 of 2", "–"]
    plt.close(fig)
