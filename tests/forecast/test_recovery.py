"""Known truth: ranges hold as often as they say, and the default is no worse than its best-known member."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from salesops_helpers.forecast import backtest, outlook, totals
from salesops_helpers.forecast.methods import fit


def company(seed, months=39, units=0):
    """Months of a made-up company with a yearly season, a quarter-end rush and a common shock; and of its units."""
    rng = np.random.default_rng(seed)
    t = np.arange(months)
    season = 1 + 0.15 * np.sin(2 * np.pi * (t + rng.integers(12)) / 12) + rng.choice([0, 0.3]) * (t % 3 == 2)
    shock, dates = rng.normal(0, 0.08, months), pd.date_range("2023-01-01", periods=months, freq="MS")
    frames = []
    for unit in range(max(units, 1)):
        noise = rng.normal(0, rng.choice([0.1, 0.25]), months)
        actual = 1e6 * rng.uniform(0.5, 1.5) * season * np.exp(0.004 * t + shock + noise)
        frames.append(pd.DataFrame({"by": "region", "unit": f"R{unit}", "month": dates, "actual": actual}))
    parts = pd.concat(frames, ignore_index=True)
    whole = parts.groupby("month", as_index=False)["actual"].sum().assign(by="company", unit="Acme")
    return pd.concat([whole, parts], ignore_index=True) if units else whole


def held(seeds, units=0, horizon=3):
    """Per month and per sum of the company: was it inside the 80 % range?"""
    months, sums = [], []
    for seed in seeds:
        truth = company(seed, units=units)
        cut = truth["month"].max() - pd.DateOffset(months=horizon)
        known = truth[truth["month"] <= cut]
        past = backtest(known, horizon)
        made = outlook(known[known["by"] == "company"], past, horizon)
        met = made.merge(truth, on=["by", "unit", "month"])
        months += met["actual"].between(met["low_80"], met["high_80"]).tolist()
        total = totals(made, past, horizon).iloc[0]
        sums.append(total["low_80"] <= met["actual"].sum() <= total["high_80"])
    return months, sums


def between(inside, low, high, chance=0.01):
    """Is a true share from `low` to `high` compatible with these cases?"""
    n, k = len(inside), sum(inside)
    return binom.sf(k - 1, n, high) > chance and binom.cdf(k, n, low) > chance


def test_eighty_percent_range_holds_about_as_often_as_it_says():
    months, sums = held(range(14))
    assert between(months, 0.70, 0.90), np.mean(months)
    assert between(sums, 0.70, 0.90), np.mean(sums)
    assert not between([True] * 84, 0.70, 0.90) and not between([True, False] * 42, 0.70, 0.90)


@pytest.mark.slow
def test_eighty_percent_range_holds_about_as_often_as_it_says_on_many_companies():
    months, sums = held(range(100, 124), units=2)
    assert between(months, 0.72, 0.90), np.mean(months)
    assert between(sums, 0.72, 0.90), np.mean(sums)


def scaled_error(said, method, truth, scale):
    return np.abs(said.loc[said["method"] == method, "forecast"].to_numpy() - truth).mean() / scale


def mean_scaled_errors(frame, months=None):
    """Mean absolute scaled error of each method over the series of a frame with train and test."""
    rows = []
    for train, test in zip(frame["train"], frame["test"], strict=True):
        values, truth = (np.array([float(v) for v in text.split(";")]) for text in (train, test))
        scale = np.abs(values[12:] - values[:-12]).mean()
        said = fit(values if months is None else values[-months:], len(truth))
        if scale > 0 and len(set(said["method"])) == 5:
            rows.append({m: scaled_error(said, m, truth, scale) for m in ("mean", "ets", "naive")})
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def m1(cases):
    return pd.read_csv(cases / "monthly_series" / "m1_monthly.csv")


def test_default_is_no_worse_than_ets_on_real_series(m1):
    errors = mean_scaled_errors(m1.iloc[::14])
    assert len(errors) >= 40
    assert errors["mean"].mean() <= errors["ets"].mean()
    assert errors["mean"].mean() <= errors["naive"].mean()


def test_default_is_no_worse_than_ets_on_short_histories(m1):
    errors = mean_scaled_errors(m1.iloc[::14].assign(test=m1["test"].str.split(";").str[:6].str.join(";")), months=18)
    assert len(errors) >= 40
    assert errors["mean"].mean() <= errors["ets"].mean()
    assert errors["mean"].mean() <= errors["naive"].mean()


@pytest.mark.slow
def test_default_is_no_worse_than_ets_on_all_series(m1):
    errors = mean_scaled_errors(m1.iloc[::3])
    assert errors["mean"].mean() <= errors["ets"].mean()
    assert np.exp(np.log(errors["mean"]).mean()) <= np.exp(np.log(errors["ets"]).mean())
