"""The explorer of the forecast says what the page says, and every choice works."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from salesops_helpers.forecast import accuracy, backtest, outlook, totals
from salesops_helpers.forecast.choices import CHOICES, scenarios, side_by_side
from salesops_helpers.forecast.sentences import headline
from salesops_helpers.widgets.forecast import bookings


def history(n):
    actual = 1e6 * np.random.default_rng(1).lognormal(0, 0.2, n)
    months = pd.date_range("2024-01-01", periods=n, freq="MS")
    return pd.DataFrame({"by": "company", "unit": "Acme <b>", "month": months, "actual": actual})


@pytest.fixture(scope="module")
def known():
    return history(15)


@pytest.fixture(scope="module")
def past(known):
    return backtest(known, 3)


def parts(widget):
    sentence, below = widget.children
    horizon, method = below.children[0].children
    return sentence, below.children[1], horizon, method


def test_it_starts_with_what_the_page_says(known, past):
    sentence, picture, horizon, method = parts(bookings(known, past, "EUR", 3))
    made = outlook(known, past, 3)
    assert headline(totals(made, past, 3).iloc[0], made, "EUR") in sentence.value
    assert "<img" in picture.value
    assert (horizon.value, method.value, horizon.max) == (3, "mean", 18)


def test_every_choice_works_and_changes_the_answer(known, past):
    sentence, _picture, horizon, method = parts(bookings(known, past, "EUR", 3))
    assert [value for _, value in method.options] == list(CHOICES)
    said = set()
    for name in CHOICES:
        method.value = name
        said.add(sentence.value)
    assert len(said) == 5
    horizon.value = 18
    assert "April 2025 to September 2026" in sentence.value
    horizon.value = 1
    assert "for April 2025 (" in sentence.value


def test_a_choice_made_before_is_not_computed_again(known, past, monkeypatch):
    _sentence, picture, horizon, _method = parts(bookings(known, past, "EUR", 3))
    first = picture.value
    horizon.value = 2
    monkeypatch.setattr("salesops_helpers.widgets.forecast.fan", None)
    horizon.value = 3
    assert picture.value == first


def test_a_short_history_offers_what_it_bears():
    short = history(4)
    widget = bookings(short, backtest(short, 3), "EUR")
    assert [value for _, value in parts(widget)[3].options] == ["mean", "naive"]


def test_side_by_side_agrees_with_the_forecast_and_the_record(known, past):
    record = accuracy(totals(past, past, 3))
    frame = side_by_side(scenarios(known, past), past, record, 3)
    assert frame["method"].tolist() == list(CHOICES)
    total = totals(outlook(known, past, 3), past, 3).iloc[0]
    first = frame.iloc[0]
    assert (first["forecast"], first["low_80"]) == pytest.approx((total["forecast"], total["low_80"]))
    assert frame.set_index("method").loc["naive", "skill"] == pytest.approx(1.0)
