"""The figures of the sales-process page: what they draw, and names that are no markup."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from salesops_helpers import show
from salesops_helpers.charts import process

EVIL = "<b>$x_1$ & Co"
WAITS = pd.DataFrame({"stage": [EVIL, "B"], "deals": [3, 1], "amount": [100.0, 40.0], "beyond_amount": [60.0, 0.0],
                      "median_days": [12.0, float("nan")]})
FLOW = pd.DataFrame({"stage": [EVIL, "B"], "entered": [10, 0], "moved_on": [6, 0], "still_open": [1, 0],
                     "lost": [3, 0]})
TIMES = pd.DataFrame({"stage": [EVIL], "median": [5.0], "low": [4.0], "high": [float("nan")]})
CELLS = pd.DataFrame({"stage": "A", "value": [EVIL, "Web"], "n": [10, 90], "difference": [0.1, -0.02],
                      "low": [0.05, -0.06], "high": [0.15, 0.02], "p_all": [0.01, 0.8]})
LINES = pd.DataFrame({"line": ["opening", "new", "won", "unchanged", "closing"], "deals": [5, 2, 1, 4, 6],
                      "net_deals": [5, 2, -1, 0, 6], "amount": [50.0, 25.0, -10.0, 0.0, 65.0]})
RATES = pd.DataFrame({"period": [pd.Timestamp("2026-01-01"), pd.NaT], "rate": 0.5, "low": 0.4, "high": 0.6,
                      "rate_value": 0.55, "rate_lost": 0.8})
BY = pd.DataFrame({"value": [EVIL, "all"], "entered": [3, 9], "rate": 0.5, "low": 0.4, "high": 0.6,
                   "median": [3.0, 4.0], "days_low": [2.0, 3.0], "days_high": [float("nan"), 5.0]})


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_bars_are_split_at_the_usual_time():
    widths = [patch.get_width() for patch in process.waits(WAITS, "EUR").axes[0].patches]
    assert widths == [40, 40, 60, 0]
    assert process.waits(WAITS.head(0), "EUR")


def test_shares_add_up_to_the_whole():
    left = process.flow(FLOW, TIMES).axes[0]
    first = [patch for patch in left.patches if abs(patch.get_y() + patch.get_height() / 2) < 1e-9]
    assert [round(p.get_width(), 9) for p in first] == [0.6, 0.1, 0.3]
    assert first[-1].get_x() + first[-1].get_width() == pytest.approx(1)


def test_the_waterfall_floats_from_opening_to_closing():
    bars = process.waterfall(LINES, "EUR").axes[0].patches
    assert [(b.get_y(), b.get_height()) for b in bars] == [(0, 50), (50, 25), (65, 10), (0, 65)]
    counted = process.waterfall(LINES.assign(amount=float("nan")), "EUR").axes[0]
    assert [b.get_height() for b in counted.patches] == [5, 2, 1, 6] and counted.get_ylabel() == "open deals"


def test_clear_differences_stand_out():
    ax = process.differences(CELLS).axes[0]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["beyond chance", "could be chance"]
    assert len(process.differences(pd.concat([CELLS] * 20), most=5).axes[0].get_yticks()) == 5


def test_periods_alone_are_drawn():
    assert len(process.slips(RATES).axes[0].get_xticks()) == 1


@pytest.mark.parametrize("fig", [
    lambda: process.waits(WAITS, "EUR"), lambda: process.flow(FLOW, TIMES), lambda: process.differences(CELLS),
    lambda: process.by_value(BY, "team")], ids=["waits", "flow", "differences", "by_value"])
def test_names_are_no_markup(fig):
    drawn = fig()
    assert any(EVIL in label.get_text() for ax in drawn.axes for label in ax.get_yticklabels())
    html = show.figure(drawn, alt=EVIL).html
    assert "<b>" not in html and "&lt;b&gt;" in html
