"""Units of a company: their draws sum to it; company first and units first compared by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from salesops_helpers.charts.forecast import changes
from salesops_helpers.forecast import backtest, outlook, totals, units
from salesops_helpers.forecast.ledger import LEVELS


def family(months=14, seed=3):
    rng = np.random.default_rng(seed)
    dates = pd.date_range("2025-01-01", periods=months, freq="MS")
    parts = {name: level * rng.lognormal(0, 0.2, months) for name, level in (("North", 100), ("South", 300))}
    own = [pd.DataFrame({"by": "region", "unit": name, "month": dates, "actual": v}) for name, v in parts.items()]
    whole = pd.DataFrame({"by": "company", "unit": "Acme", "month": dates, "actual": sum(parts.values())})
    return pd.concat([whole, *own], ignore_index=True)


def test_units_and_their_draws_sum_to_the_company():
    every = family()
    past = backtest(every, 2)
    expected = outlook(every[every["by"] == "company"], past, 2, LEVELS)
    drawn = units.draws(expected, totals(expected, past, 2).iloc[0])
    table, handed_on = units.units(every, past, drawn)
    wide = handed_on.pivot_table(index=["draw", "month"], columns=["by", "unit"], values="bookings")
    assert (wide["region"].sum(axis=1) - wide["company", "Acme"]).abs().max() < 0.02
    shown = units.rows_to_show(table)
    assert shown["unit"].tolist() == ["South", "North"]
    assert shown["forecast"].sum() == pytest.approx(drawn.sum(axis=1).mean())


def test_a_company_without_units_hands_on_its_own_draws():
    company = family()[lambda f: f["by"] == "company"]
    table, handed_on = units.units(company, backtest(company, 1), np.array([[1.0], [2.0]]))
    assert table.empty and handed_on["bookings"].tolist() == [1, 2] and units.said(units.ways(company.assign(
        method="mean", cut=pd.NaT, forecast=1.0))) == ""


def test_company_first_and_units_first_by_hand():
    """Company 10 forecast, 12 came; units 3 and 9 forecast (sum 12), 4 and 8 came."""
    rows = pd.DataFrame({"by": ["company", "region", "region"], "unit": ["A", "N", "S"], "forecast": [10.0, 3, 9],
                         "actual": [12.0, 4, 8], "method": "mean", "cut": pd.Timestamp("2026-01-01"),
                         "month": pd.Timestamp("2026-02-01")})
    found = units.ways(rows).set_index(["what", "way"])["wape"]
    assert found["company", "company first"] == pytest.approx(2 / 12) and found["company", "units first"] == 0
    assert found["units", "company first"] == pytest.approx((1.5 + 0.5) / 12)
    assert found["units", "units first"] == pytest.approx(2 / 12)
    text = units.said(units.ways(rows), "West")
    assert "forecast of West shared out to its units missed West by 16.7 % and the units by 16.7 %" in text
    assert "company" not in text and "the company by 16.7 %" in units.said(units.ways(rows))


def test_the_waterfall_is_drawn_from_total_to_total():
    moves = pd.DataFrame({"part": ["forecast of 31 August 2026", "September 2026: came in", "today's view"],
                          "amount": [100.0, -20, 80], "is_total": [True, False, True]})
    fig = changes(moves, "EUR")
    bars = fig.axes[0].patches
    assert [(b.get_y(), b.get_height()) for b in bars] == [(0, 100), (80, 20), (0, 80)]
