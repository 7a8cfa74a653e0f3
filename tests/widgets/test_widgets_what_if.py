"""Every lever of the explorer moves the answer, for the company and its units."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from salesops_helpers.forecast import backtest
from salesops_helpers.widgets.what_if import levers


@pytest.fixture(scope="module")
def widget():
    months = pd.date_range("2024-01-01", periods=9, freq="MS")
    actual = 1e6 * np.random.default_rng(1).lognormal(0, 0.2, 9)
    company = pd.DataFrame({"by": "company", "unit": "Acme <b>", "month": months, "actual": actual})
    family = pd.concat([company, company.assign(by="region", unit="North", actual=actual / 4)], ignore_index=True)
    return levers(family, backtest(family, 1, windows=1), np.linspace(0.2, 0.9, 18), "EUR", 3)


def test_each_control_moves_the_sentence_and_the_figure(widget):
    sentence, below = widget.children
    controls = below.children[0].children
    assert "would be booked in October to December 2024, as is expected." in sentence.value
    said, drawn = {sentence.value}, {below.children[1].value}
    for control, value in zip(controls, [("region", "North"), 2, 0.1, 0.05, 0.2, -10, 9e6], strict=True):
        control.value = value
        said.add(sentence.value)
        drawn.add(below.children[1].value)
    assert len(said) == len(drawn) == 8
    assert "To reach EUR 9.00 m, one of these alone would have to move: win rate by +" in sentence.value
    assert "<b>" not in sentence.value
