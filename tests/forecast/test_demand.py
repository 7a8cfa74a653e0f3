"""Demand: stock-outs are put right from earlier months alone, rare sales have a method of their own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from salesops_helpers.errors import SalesOpsError
from salesops_helpers.forecast.demand import demand, masked, rare


def sales(**products):
    frames = [pd.DataFrame({"product": name, "month": pd.date_range("2025-01-01", periods=len(units), freq="MS"),
                            "units": units}) for name, units in products.items()]
    return pd.concat(frames, ignore_index=True)


def out(*rows):
    return pd.DataFrame(rows, columns=["product", "month"]).assign(
        stocked_out=True, month=lambda f: pd.to_datetime(f["month"]))


def test_a_month_without_stock_gets_the_mean_of_three_before_by_hand():
    found = masked(sales(A=[10, 20, 30, 5, 40]), out(("A", "2025-04-01"), ("A", "2025-05-01")))
    assert found["demand"].tolist() == [10, 20, 30, 20, 40], "and never less than what was sold"
    assert found["sold"].tolist() == [10, 20, 30, 5, 40] and found["out"].sum() == 2


def test_a_later_month_never_changes_an_earlier_one():
    flags = out(("A", "2025-03-01"))
    before = masked(sales(A=[10, 20, 0, 30]), flags)
    after = masked(sales(A=[10, 20, 0, 900]), flags)
    assert before["demand"].tolist()[:3] == after["demand"].tolist()[:3] == [10, 20, 15]


def test_missing_months_sold_nothing_and_months_before_the_first_are_left_out():
    rows = sales(A=[1, 1, 1, 1], B=[0, 0, 7, 0])
    found = masked(rows[~((rows["product"] == "B") & (rows["units"] == 0))])
    assert found[found["product"] == "B"]["demand"].tolist() == [7, 0]


def test_rare_is_more_than_a_third_of_a_month_apart():
    found = rare(masked(sales(A=[1] * 12, B=[3, 0, 0, 3] * 3, C=[1, 1, 1, 0] * 3)))
    assert found.to_dict() == {"A": False, "B": True, "C": True}


def test_products_are_forecast_by_their_own_kind_of_method():
    rng = np.random.default_rng(4)
    history = masked(sales(often=rng.poisson(100, 16), seldom=[5, 0, 0, 0] * 4))
    found = demand(history, 2)
    by = found.set_index(["product", "step"])
    assert by.loc[("seldom", 1), "made_of"].startswith("TSB") and "Theta" in by.loc[("often", 1), "made_of"]
    assert 0 < by.loc[("seldom", 1), "forecast"] < 3 and by.loc[("seldom", 1), ["low_80", "high_80"]].tolist() == [0, 5]
    assert by.loc[("often", 2), "low_80"] < 100 < by.loc[("often", 2), "high_80"]
    assert found["month"].unique().tolist() == list(pd.date_range("2026-05-01", periods=2, freq="MS"))


def test_stock_outs_no_longer_pull_the_forecast_down():
    """The last four months and two before were sold out at a third of the true demand of 90."""
    gone = [5, 12, 20, 21, 22, 23]
    rng = np.random.default_rng(9)
    true = rng.poisson(90, 24).astype(float)
    short = np.where(np.isin(np.arange(24), gone), np.round(true / 3), true)
    flags = out(*[("A", month) for month in pd.date_range("2025-01-01", periods=24, freq="MS")[gone]])
    plain, right = demand(masked(sales(A=short)), 4), demand(masked(sales(A=short), flags), 4)
    assert right["out_months"].iloc[0] == 6
    assert abs(right["forecast"].mean() - 90) < 0.5 * abs(plain["forecast"].mean() - 90)


def test_without_sales_it_says_so():
    with pytest.raises(SalesOpsError, match="no sales"):
        masked(sales(A=[1]).iloc[:0])
