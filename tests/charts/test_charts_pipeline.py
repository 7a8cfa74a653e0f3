"""The pipeline's figure: every part and range is drawn as given, also where ranges or past deals are missing."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from salesops_helpers.charts import pipeline

MONTHS = pd.to_datetime(["2026-10-01", "2026-10-01", "2027-01-01"])


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def periods(**changes) -> pd.DataFrame:
    frame = pd.DataFrame({
        "period": ["month", "quarter", "next quarter"], "first": MONTHS,
        "last": pd.to_datetime(["2026-10-01", "2026-12-01", "2027-03-01"]), "so_far": [0.0, 100.0, 0.0],
        "open": [300.0, 700.0, 100.0], "created": [50.0, 400.0, 900.0], "forecast": [350.0, 1200.0, 1000.0],
        "low_80": [300.0, 1000.0, 700.0], "high_80": [420.0, 1500.0, 1400.0]})
    return frame.assign(**changes)


RELIABLE = pd.DataFrame({"deals": [10, 10], "said": [0.1, 0.6], "came": [0.2, 0.5], "low": [0.1, 0.3],
                         "high": [0.4, 0.8]})


def test_parts_stack_to_the_forecast():
    fig = pipeline.outlook(periods(), RELIABLE, "EUR")
    bars = fig.axes[0].patches
    tops = np.array([bar.get_y() + bar.get_height() for bar in bars]).reshape(3, 3)
    assert tops[-1].tolist() == [350.0, 1200.0, 1000.0]
    assert [t.get_text() for t in fig.axes[0].get_xticklabels()][1] == "quarter\nOct–Dec 2026"


def test_ranges_are_drawn_where_they_are_known():
    fig = pipeline.outlook(periods(low_80=np.nan, high_80=np.nan), RELIABLE, "EUR")
    assert "80 % range" not in [t.get_text() for t in fig.axes[0].get_legend().get_texts()]
    shown = pipeline.outlook(periods(), RELIABLE, "EUR")
    assert "80 % range" in [t.get_text() for t in shown.axes[0].get_legend().get_texts()]


@pytest.mark.parametrize("rows", [0, 2])
def test_points_are_what_was_said_and_came(rows):
    fig = pipeline.outlook(periods(), RELIABLE.head(rows), "EUR")
    points = [line for line in fig.axes[1].lines if line.get_marker() == "o"]
    assert [line.get_ydata().tolist() for line in points] == ([[0.2, 0.5]] if rows else [])
