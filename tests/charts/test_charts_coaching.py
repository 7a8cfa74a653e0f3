"""Charts of one rep and of habits: what they draw, with hostile names."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from salesops_helpers.charts import coaching, practices

HOSTILE = "$\\frac{1}{0}$ <script>"


def test_standing_draws_bars_and_quotas():
    months = pd.DataFrame({"month": pd.date_range("2026-01-01", periods=3, freq="MS"), "bookings": [1e3, 0.0, 2e3],
                           "quota": [1.5e3, np.nan, 1.5e3]})
    (ax,) = coaching.standing(months, HOSTILE).axes
    assert [bar.get_height() for bar in ax.patches] == [1e3, 0.0, 2e3]
    assert len(ax.collections) == 1 and len(ax.get_legend().get_texts()) == 2
    (ax,) = coaching.standing(months.assign(quota=np.nan), "EUR").axes
    assert not ax.collections, "no mark without a quota"
    plt.close("all")


def test_comparisons_and_habits_draw_ranges():
    rows = pd.DataFrame({"look": [HOSTILE, "Demo"], "habit": [HOSTILE, "Calls"], "n": [12, 30], "low": [-0.1, 0.05],
                         "difference": [0.0, 0.1], "high": [0.1, 0.2], "spread": [0.1, 0.0], "credible": [False, True]})
    for figure in (coaching.comparisons(rows), practices.differences(rows)):
        (ax,) = figure.axes
        figure.canvas.draw()
        names = [label.get_text() for label in ax.get_yticklabels()]
        assert names[0].startswith("$\\frac{1}{0}$ <script>") and len(ax.get_legend().get_texts()) == 2
    plt.close("all")
