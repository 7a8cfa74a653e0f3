"""Velocity and its levers by hand, and the bootstrap by account against what theory says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from process_company import company

from salesops_helpers import SalesOpsError, load
from salesops_helpers.performance.resample import account_codes, draws, ratio_ranges
from salesops_helpers.performance.velocity import MONTH, velocity

LOG = [
    ("a", "2026-01-01", "A", 100), ("a", "2026-01-11", "Won"),
    ("b", "2026-01-01", "A", 300), ("b", "2026-01-31", "Won"),
    ("c", "2026-01-05", "A", 50), ("c", "2026-02-05", "Lost"),
    ("d", "2026-01-05", "A", 50), ("d", "2026-02-06", "Lost"),
    ("open", "2026-02-01", "A", 70),
]


def test_the_four_factors_and_what_a_step_of_each_is_worth():
    found = velocity(company(LOG, "2026-02-28"), months=2)
    factors = found.factors.set_index("factor")
    assert factors["value"].to_dict() == {"closed": 2, "win_rate": 0.5, "deal_size": 200, "cycle": 20}
    assert factors["n"].to_dict() == {"closed": 4, "win_rate": 4, "deal_size": 2, "cycle": 2}
    assert found.won_a_month == 200 and (found.closed, found.open, found.months) == (4, 1, 2)
    assert found.velocity == 4 * 0.5 * 200 / 20 and found.open_velocity == 1 * 0.5 * 200 / 20
    levers = found.levers.set_index("lever")
    assert levers["worth"].to_dict() == pytest.approx(
        {"win_rate": 2 * 0.01 * 200, "deal_size": 2, "cycle": 200 / 19, "sooner": 200 / MONTH})
    assert levers["quarter"].to_dict() == pytest.approx(
        {"win_rate": 12, "deal_size": 6, "cycle": 600 / 19, "sooner": 200 / MONTH})


def test_the_median_cycle_of_an_odd_number_is_the_middle_one():
    log = [*LOG, ("e", "2026-02-01", "A", 100), ("e", "2026-02-13", "Won")]
    found = velocity(company(log, "2026-02-28"), months=2).factors.set_index("factor")["value"]
    assert found["cycle"] == 12


def test_a_period_longer_than_the_data_is_what_the_data_holds():
    assert velocity(company(LOG, "2026-02-28"), months=24).months == 2


def test_only_some_deals():
    tables = company(LOG, "2026-02-28", segment={"a": "x", "c": "x", "b": "y"})
    found = velocity(tables, 2, {"segment": "x"})
    assert found.factors["value"].tolist() == [1, 0.5, 100, 10] and found.open == 0
    none = velocity(tables, 2, {"segment": "nothing"})
    assert none.closed == 0 and none.levers["worth"].isna().all() and np.isnan(none.velocity)


def test_no_win_no_lever():
    found = velocity(company([("a", "2026-01-01", "A", 5), ("a", "2026-01-09", "Lost")], "2026-02-28"), 2)
    assert found.factors.set_index("factor").loc["win_rate", "value"] == 0
    assert found.factors.set_index("factor").loc[["deal_size", "cycle"], "value"].isna().all()
    assert found.levers["worth"].isna().all()


@pytest.mark.parametrize("months", [0, -1, 1.5, True])
def test_a_length_that_is_none_is_refused(months):
    with pytest.raises(SalesOpsError, match="is no length of a period"):
        velocity(company(LOG, "2026-02-28"), months)


def test_deals_without_an_account_are_alone():
    codes = account_codes(pd.DataFrame({"account_id": ["x", None, "x", None]}))
    assert codes[0] == codes[2] and len(set(codes)) == 3


def test_deals_of_one_account_are_drawn_together():
    deals = pd.DataFrame({"account_id": ["x", "x", "y"]})
    every = np.concatenate(list(draws(deals)))
    assert len(every) == 1_000 and (every[:, 0] == every[:, 1]).all() and (every[:, 0] + every[:, 2] == 2).all()
    assert list(draws(deals.head(0))) == []


def test_ranges_widen_where_accounts_win_or_lose_as_one():
    rng = np.random.default_rng(3)
    account = np.repeat(np.arange(60), 10)
    alone = pd.DataFrame({"account_id": account.astype(str), "won": rng.random(600) < 0.5, "n": 1.0})
    as_one = alone.assign(won=np.repeat(rng.random(60) < 0.5, 10))
    width = [float((r["high"] - r["low"]).iloc[0]) for r in (
        ratio_ranges(alone.astype({"won": float}), {"rate": ("won", "n")}),
        ratio_ranges(as_one.astype({"won": float}), {"rate": ("won", "n")}))]
    # theory: 2 × 1.645 × √(0.25 ÷ 600) = 0.067, and √10 times as much
    assert width[0] == pytest.approx(0.067, abs=0.015) and width[1] == pytest.approx(0.212, abs=0.04)


def test_ranges_hold_the_true_worth_of_a_point():
    rng, held = np.random.default_rng(5), []
    for seed in range(40):
        n = 120
        won = rng.random(n) < 0.4
        amount = np.round(rng.lognormal(3, 0.6, n), 2)
        close = pd.Timestamp("2026-01-02") + pd.to_timedelta(rng.integers(0, 57, n), unit="D")
        log = [(f"d{k}", close[k] - pd.Timedelta(days=int(rng.integers(5, 60))), "A", amount[k]) for k in range(n)]
        log += [(f"d{k}", close[k], "Won" if won[k] else "Lost") for k in range(n)]
        row = velocity(company(log, "2026-02-28"), 2, seed=seed).levers.set_index("lever").loc["win_rate"]
        held.append(row["low"] <= 60 * 0.01 * np.exp(3 + 0.18) <= row["high"])
    assert np.mean(held) >= 0.75


def test_maven_the_factors_are_the_published_ones(cases):
    found = velocity(load("tests/cases/maven", month="2017-12"), 12)
    value = found.factors.set_index("factor")["value"]
    assert round(value["win_rate"], 4) == 0.6315 and value["cycle"] == 57 and found.closed == 6711
    assert value["closed"] == 671.1 and found.months == 10
    assert found.won_a_month * 10 == pytest.approx(10_005_534)
