from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from salesops_helpers.charts.comp import MOST, pay_by_rep, payout_curves
from salesops_helpers.show import figure

AT = np.array([0.0, 0.5, 0.99, 1.0, 1.5, 2.0])


@pytest.fixture
def curves() -> pd.DataFrame:
    rows = [
        pd.DataFrame({"plan": plan, "moves": moves, "attainment": AT, "pay": AT * 1000 + step * (AT >= 1)})
        for plan, step in (("plain", 0), ("with $bonus$", 500))
        for moves in ("own", "unit")
    ]
    return pd.concat(rows, ignore_index=True)


@pytest.fixture
def found() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "plan": ["with $bonus$", "plain"],
            "moves": ["unit", "unit"],
            "kind": ["jump", "nothing more"],
            "start": [1.0, 1.5],
            "end": [1.0, 2.0],
            "pay": [500.0, np.nan],
        }
    )


def texts(axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_both_plans_in_both_panels_with_units(curves, found):
    fig = payout_curves(curves, found, "EUR", "quarter")
    left, right = fig.axes
    assert [line.get_label() for line in left.lines][:2] == ["plain", r"with \$bonus\$"]
    assert left.get_ylabel() == "pay a quarter (EUR)" and right.get_xlabel() == "attainment (bookings ÷ quota)"
    assert left.lines[0].get_ydata().tolist() == (AT * 1000).tolist()
    figure(fig, alt="x")


def test_a_jump_is_named_and_no_slope_is_drawn_through_it(curves, found):
    right = payout_curves(curves, found, "EUR", "quarter").axes[1]
    assert "jump +EUR 500" in texts(right) and "bars: no more pay" in texts(right)
    line = next(line for line in right.lines if line.get_label() == r"with \$bonus\$")
    assert np.isnan(line.get_ydata()[2]) and line.get_ydata()[3] == 1500


def test_the_same_frames_give_the_same_bytes(curves, found):
    pictures = [figure(payout_curves(curves, found, "EUR", "quarter"), alt="x").html for _ in range(2)]
    assert pictures[0] == pictures[1]


def sides(n: int) -> pd.DataFrame:
    difference = np.linspace(-500, 900, n)
    return pd.DataFrame(
        {
            "name": [f"Rep {k} $x_1$" for k in range(n)],
            "pay_a": 1000.0,
            "pay_b": 1000 + difference,
            "difference": difference,
        }
    )


def test_each_rep_has_two_dots_and_the_difference():
    fig = pay_by_rep(sides(3), "a", "b", "EUR")
    ax = fig.axes[0]
    assert [t.get_text() for t in ax.get_yticklabels()] == [rf"Rep {k} \$x_1\$" for k in range(3)]
    first, second = (dots.get_offsets()[:, 0].tolist() for dots in ax.collections[1:3])
    assert first == [1000, 1000, 1000] and second == [500, 1200, 1900]
    right = ax.child_axes[0]
    assert [t.get_text() for t in right.get_yticklabels()] == ["−500", "+200", "+900"]
    assert ax.get_xlabel() == "variable pay (EUR)"
    figure(fig, alt="x")


def test_of_many_reps_the_two_ends_are_shown():
    labels = [t.get_text() for t in pay_by_rep(sides(80), "a", "b", "EUR").axes[0].get_yticklabels()]
    assert len(labels) == MOST and labels[0].startswith("Rep 0 ") and labels[-1].startswith("Rep 79 ")
