"""The two figures of the rep benchmark: what they draw, and names that are no markup."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from salesops_helpers import show
from salesops_helpers.charts.reps import MOST_LABELS, MOST_NAMES, funnel, intervals

LIMITS = pd.DataFrame({
    "closed": [1, 50, 100], "rate": 0.5, "low_95": [0, 0.36, 0.4], "high_95": [1, 0.64, 0.6],
    "low_998": [0, 0.28, 0.34], "high_998": [1, 0.72, 0.66],
})


def rates(n: int = 4) -> pd.DataFrame:
    frame = pd.DataFrame({
        "name": [f"Rep $x_{i}$ <b>" for i in range(n)], "closed": [10 + i for i in range(n)],
        "raw": [0.3 + 0.4 * i / max(n - 1, 1) for i in range(n)], "outside": "no", "stands": "",
    })
    return frame.assign(mean=frame["raw"], low=frame["raw"] - 0.1, high=frame["raw"] + 0.1)


def texts(fig) -> list[str]:
    return [t.get_text() for t in fig.axes[0].texts]


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def test_funnel_names_only_who_lies_outside():
    frame = rates()
    frame.loc[[0, 3], "outside"] = ["95 %", "99.8 %"]
    fig = funnel(frame, LIMITS)
    assert texts(fig) == ["Rep $x_0$ <b>", "Rep $x_3$ <b>"]
    assert fig.axes[0].get_xlabel().startswith("closed deals") and fig.axes[0].get_ylabel().startswith("win rate")
    assert not any(t.get_parse_math() for t in fig.axes[0].texts)


def test_funnel_keeps_names_apart_and_few():
    frame = rates(60).assign(outside="95 %", raw=0.7)
    fig = funnel(frame, LIMITS)
    heights = sorted(t.get_position()[1] for t in fig.axes[0].texts)
    assert len(heights) == MOST_LABELS
    low, high = fig.axes[0].get_ylim()
    assert min(b - a for a, b in zip(heights, heights[1:], strict=False)) > 0.03 * (high - low)


def test_every_point_lies_inside_the_axes():
    fig = funnel(rates(1).assign(raw=1.0, closed=100), LIMITS)
    low, high = fig.axes[0].get_ylim()
    assert low < 0.4 and high > 1.0


def test_intervals_keep_the_order_of_the_rows():
    frame = rates().iloc[[2, 0, 3, 1]].reset_index(drop=True)
    fig = intervals(frame, 0.5)
    labels = fig.axes[0].get_yticklabels()
    assert [t.get_text() for t in labels] == [f"Rep $x_{i}$ <b>  ({10 + i})" for i in (2, 0, 3, 1)]
    assert not any(t.get_parse_math() for t in labels)
    assert fig.axes[0].get_ylim()[0] > fig.axes[0].get_ylim()[1]


def test_intervals_grow_with_the_reps_and_mark_who_stands_apart():
    small, large = intervals(rates(5), 0.5), intervals(rates(50).assign(stands=["better"] + [""] * 48 + ["worse"]), 0.5)
    assert large.get_figheight() > small.get_figheight() + 8
    said = [t.get_text() for t in large.axes[0].get_legend().get_texts()]
    assert {"clearly better", "clearly worse"} <= set(said)
    assert "clearly better" not in [t.get_text() for t in small.axes[0].get_legend().get_texts()]


def test_many_reps_still_make_a_figure():
    fig = intervals(rates(MOST_NAMES + 200), 0.5)
    assert len(fig.axes[0].get_yticks()) == 0
    assert fig.get_figheight() < 20


@pytest.mark.filterwarnings("error")
def test_both_can_be_shown():
    frame = rates()
    frame.loc[0, "outside"] = "95 %"
    for fig in (funnel(frame, LIMITS), intervals(frame, 0.5)):
        assert show.figure(fig, alt="<x>").html.count("&lt;x&gt;") == 1
