from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from salesops_helpers.charts.outlook import Live, cost_spread
from salesops_helpers.show import figure

SHARES = np.arange(1, 100) / 100


@pytest.fixture
def spread() -> pd.DataFrame:
    return pd.concat([pd.DataFrame({"plan": plan, "draws": draws, "share": SHARES, "cost": 1e6 + wide * SHARES})
                      for plan in ("a", "$b$") for draws, wide in (("all", 4e5), ("alone", 1e5))], ignore_index=True)


def test_each_plan_has_a_line_with_its_marks_and_a_dotted_one(spread):
    fig = cost_spread(spread, "EUR", 1.2e6)
    ax = fig.axes[0]
    assert [line.get_label() for line in ax.lines][:4] == ["a", "a, own chance alone", r"\$b\$",
                                                           r"\$b\$, own chance alone"]
    assert len(ax.collections[0].get_offsets()) == 4 and ax.texts[0].get_text() == "budget EUR 1.20 m"
    assert "EUR" in ax.get_ylabel() and ax.get_xlabel() == "share of possible years that cost no more"
    figure(fig, alt="x")


def test_the_same_frame_gives_the_same_bytes(spread):
    assert len({figure(cost_spread(spread, "EUR"), alt="x").html for _ in range(2)}) == 1


def test_the_live_figure_moves():
    live = Live("EUR", "quarter")
    line = (SHARES, SHARES * 1e6)
    first = live.png([line, line], [line, line], 1.0, 5e5)
    again = live.png([line, line], [line, line], 1.0, 5e5)
    moved = live.png([line, (SHARES, SHARES * 2e6)], [line, line], 1.2, 6e5)
    assert first.startswith(b"\x89PNG") and first == again != moved
