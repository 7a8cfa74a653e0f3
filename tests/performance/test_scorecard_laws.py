"""Laws of the scorecard over random companies: units add up, forms keep their bounds, ranges hold their values."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scorecard_company import ACME

from salesops_helpers import Tables
from salesops_helpers.performance.ranges import medians, order_ranks, survival
from salesops_helpers.performance.registry import UNITS, additive, registry
from salesops_helpers.performance.scorecard import scorecard

SUMS = {(kpi.name, form.name) for kpi in registry().values() for form in kpi.forms if additive(form)}
START = pd.Timestamp(2026, 1, 1)


@st.composite
def companies(draw) -> Tables:
    n = draw(st.integers(1, 25))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    born = START + pd.to_timedelta(rng.integers(0, 85, n), unit="D")
    closed = (born + pd.to_timedelta(rng.integers(0, 40, n), unit="D")).where(rng.random(n) < 0.7)
    closed = closed.where(closed <= pd.Timestamp(2026, 3, 31))
    status = np.where(closed.isna(), "open", np.where(rng.random(n) < 0.5, "won", "lost"))
    deals = pd.DataFrame({
        "opportunity_id": [f"o{i}" for i in range(n)], "account_id": rng.choice(["A", "B", None], n),
        "rep_id": rng.choice(["R1", "R2", "R3", None], n), "product": rng.choice(["P", "Q", None], n),
        "lead_source": rng.choice(["Web", None], n), "created_on": born, "closed_on": closed, "status": status,
        "stage": pd.Series(status).map({"won": "Won", "lost": "Lost", "open": "Offer"}), "probability": 0.3,
        "amount": np.where(rng.random(n) < 0.2, np.nan, rng.integers(1, 10**6, n) / 100)})
    reps = pd.DataFrame({"rep_id": ["R1", "R2", "R3"], "name": ["Ann", "Bob", "Bob"], "team": ["Red", "Blue", None]})
    moves = pd.DataFrame({"rep_id": ["R1"], "team": ["Blue"], "region": ["South"],
                          "valid_from": [START + pd.Timedelta(days=int(rng.integers(0, 90)))]})
    splits = pd.DataFrame({"opportunity_id": ["o0", "o0", "o0"], "rep_id": ["R1", "R2", "R3"],
                           "quota_share": [0.6, 0.4, 0.5], "commission_share": 1.0, "overlay": [False, False, True]})
    acts = pd.DataFrame({"activity_id": list("ab"), "rep_id": ["R1", "R3"], "kind": "meeting",
                         "occurred_at": pd.Timestamp(2026, 3, 2)})
    frames = {"opportunities": deals, "reps": reps, "rep_history": moves, "splits": splits, "activities": acts,
              "products": pd.DataFrame({"product": ["P", "Q"], "list_price": [10.0, 20.5]})}
    return Tables.from_frames(ACME, frames, as_of="2026-03-31")


@pytest.mark.parametrize("by", UNITS)
@settings(max_examples=2)
@given(companies(), st.sampled_from([1, 2]))
def test_units_add_up_to_the_company(by, tables, length):
    kpis = sorted({kpi for kpi, _ in SUMS})
    whole = scorecard(tables, "2026-03", kpis=kpis, length=length).set_index(["kpi", "form"])["value"]
    parts = scorecard(tables, "2026-03", by=by, kpis=kpis, length=length)
    parts = parts[[pair in SUMS for pair in zip(parts["kpi"], parts["form"], strict=True)]]
    sums = parts.groupby(["kpi", "form"])["value"].sum(min_count=1)
    assert len(sums) >= 10
    pd.testing.assert_series_equal(sums.round(2), whole.loc[sums.index].round(2), check_names=False)


@settings(max_examples=3)
@given(companies())
def test_shares_and_days_keep_their_bounds_and_ranges_hold_their_values(tables):
    found = scorecard(tables, "2026-03", by="team", kpis=["win_rate", "sales_cycle", "win_rate_value", "deal_size"])
    known = found.dropna(subset=["value", "low", "high"])
    assert (known["low"] <= known["value"] + 1e-9).all() and (known["value"] <= known["high"] + 1e-9).all()
    shares = found.loc[found["kpi"].isin(["win_rate", "win_rate_value"]), "value"].dropna()
    assert shares.between(0, 1).all()
    assert (found.loc[found["kpi"] == "sales_cycle", "value"].dropna() >= 0).all()
    none = found[found["denominator"] == 0]
    assert none["value"].isna().all()


@pytest.mark.parametrize("n", [1, 4, 5, 8, 30, 31, 200])
def test_the_ranks_of_a_median_hold_ninety_percent_and_no_narrower_pair_does(n):
    from scipy.stats import binom

    (low,), (high,) = order_ranks(np.array([n]))
    covered = 1 - 2 * binom.cdf(low - 1, n, 0.5)
    assert (low == 0) == (n < 5)
    assert low == 0 or (covered >= 0.9 and high == n + 1 - low and 1 - 2 * binom.cdf(low, n, 0.5) < 0.9)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=40))
def test_medians_from_counts_are_numpy_medians(values):
    at, times = np.unique(values, return_counts=True)
    cells = pd.DataFrame({"unit": "u", "month": START, "at": at, "times": times})
    assert medians(cells)["value"].tolist() == [np.median(values)]


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=40))
def test_survival_is_the_product_over_the_ages(cases):
    age, event = (np.array(side) for side in zip(*cases, strict=True))
    cells = pd.DataFrame({"unit": "u", "month": START, "age": age, "left": 1, "events": event.astype(int),
                          "entered": 0})
    cells = pd.concat([cells, cells.iloc[:1].assign(age=0, left=0, events=0, entered=len(age))])
    s, expected = 1.0, np.nan
    for t in np.unique(age):
        s *= 1 - (event & (age == t)).sum() / (age >= t).sum()
        if s <= 0.5 + 1e-12 and np.isnan(expected):
            expected = t
    np.testing.assert_equal(survival(cells)["value"].to_numpy(float), [expected])
