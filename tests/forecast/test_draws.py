"""Draws: the quantiles that the ranges state, sums that spread as stated, units that sum to the company."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesops_helpers.errors import SalesOpsError
from salesops_helpers.forecast.draws import KNOTS, draw_table, draws, shared, unit_table

MONTHS = pd.date_range("2026-01-01", periods=3, freq="MS")


def expected(forecast, spread=10.0, unit="Acme"):
    """Months whose ranges are those of a normal distribution with this spread."""
    forecast = np.asarray(forecast, float)
    ends = {f"{end}_{v}": np.maximum(forecast + sign * z * spread, 0)
            for v, z in KNOTS.items() for end, sign in (("low", -1), ("high", 1))}
    return pd.DataFrame({"unit": unit, "month": pd.date_range("2026-01-01", periods=len(forecast), freq="MS"),
                         "forecast": forecast, **ends})


def total(forecast, half):
    return pd.Series({"forecast": forecast, "high_80": forecast + half})


def test_each_month_has_the_quantiles_of_its_ranges():
    made = draws(expected([100, 200, 300]), total(600, 30), size=40_000)
    for month, middle in enumerate((100, 200, 300)):
        assert np.quantile(made[:, month], [0.025, 0.1, 0.5, 0.9, 0.975]) == pytest.approx(
            [middle - 19.6, middle - 12.8, middle, middle + 12.8, middle + 19.6], abs=0.6)


@pytest.mark.parametrize(("half", "reached"), [(22.2, 22.2), (30, 30), (38, 38), (5, 22.2), (99, 38.2)])
def test_the_sum_spreads_as_stated_as_far_as_months_can(half, reached):
    """Three months of spread 10: an 80 % range of ± 22.2 where they are independent, ± 38.4 where they move as one."""
    sums = draws(expected([100, 200, 300]), total(600, half), size=40_000).sum(axis=1)
    assert np.subtract(*np.quantile(sums, [0.9, 0.1])) / 2 == pytest.approx(reached, rel=0.02)


def test_without_a_range_every_draw_is_the_forecast():
    frame = expected([5, 6]).assign(**{f"{end}_{v}": np.nan for v in KNOTS for end in ("low", "high")})
    assert (draws(frame, total(11, np.nan)) == [5, 6]).all()


@given(st.lists(st.lists(st.floats(0, 1e6), min_size=3, max_size=3), min_size=1, max_size=5), st.floats(0, 1e5))
def test_units_sum_to_the_company_draw_by_draw(forecasts, spread):
    units = pd.concat([expected(f, spread, f"u{i}") for i, f in enumerate(forecasts)], ignore_index=True)
    company = draws(expected([100, 0, 300]), total(400, 20), size=50)
    names, amounts = shared(company, units)
    assert names == sorted(set(units["unit"]))
    assert amounts.sum(axis=0) == pytest.approx(company, rel=1e-9, abs=1e-9)
    assert (amounts >= 0).all()


def test_shares_follow_the_units_forecasts():
    units = pd.concat([expected([30, 30, 30], 1, "South"), expected([10, 10, 10], 1, "North")], ignore_index=True)
    names, amounts = shared(draws(expected([100, 100, 100]), total(300, 25)), units)
    frame = unit_table("team", names, amounts, MONTHS)
    assert names == ["North", "South"]
    assert frame.loc[frame["month"].isna(), "forecast"].tolist() == pytest.approx([75, 225], rel=0.02)
    north = frame[(frame["unit"] == "North") & (frame["month"] == MONTHS[0])].iloc[0]
    assert north["low_95"] < north["low_80"] < 25 < north["high_80"] < north["high_95"]


def test_the_table_of_draws_holds_the_first_draws_in_order():
    amounts = np.arange(12.0).reshape(2, 2, 3)
    frame = draw_table("team", ["A", "B"], amounts, MONTHS, 1)
    assert frame[["unit", "draw", "bookings"]].values.tolist() == [
        ["A", 1, 0], ["A", 1, 1], ["A", 1, 2], ["B", 1, 6], ["B", 1, 7], ["B", 1, 8]]


def test_units_must_cover_the_months():
    with pytest.raises(SalesOpsError, match="3 months of each"):
        shared(np.ones((5, 3)), expected([1, 2]))


def test_the_same_seed_gives_the_same_draws():
    made = expected([100, 200, 300])
    assert (draws(made, total(600, 30)) == draws(made, total(600, 30))).all()
    assert (draws(made, total(600, 30)) != draws(made, total(600, 30), seed=8)).any()
