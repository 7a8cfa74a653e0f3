"""What a rep was given: leaks refused by name, only other reps' deals, the mix taken out and skill left in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rep_company import ACME, simulated

from salesops_helpers import SalesOpsError, Tables, load
from salesops_helpers.performance import rep_given, reps
from salesops_helpers.performance.difference import detectable
from salesops_helpers.performance.kpis import closed_deals
from salesops_helpers.performance.rep_expected import adjusted, expected_deals, expecting, moves
from salesops_helpers.performance.rep_models import STRENGTHS, Gamma, Logistic
from salesops_helpers.ranks import best
from salesops_helpers.stats import beta_binomial

MAVEN = Path(__file__).resolve().parents[1] / "cases" / "maven"


def changed(tables: Tables, **columns) -> Tables:
    frames = {"opportunities": tables.opportunities.assign(**columns), "reps": tables.reps}
    return Tables.from_frames(ACME, frames, as_of=tables.as_of)


@pytest.mark.parametrize("name", ["amount", "stage", "probability", "closed_on", "expected_close_on", "activities"])
def test_features_that_know_the_outcome_are_refused_by_name(name):
    with pytest.raises(SalesOpsError, match=f"'{name}' knows how the deal ended"):
        expected_deals(simulated(1, reps=3, deals=5)[0], features=["product", name])


def test_features_that_are_not_known_are_refused():
    with pytest.raises(SalesOpsError, match="'mood' is not known"):
        expected_deals(simulated(1, reps=3, deals=5)[0], features=["mood"])
    with pytest.raises(SalesOpsError, match="cannot be adjusted"):
        expected_deals(simulated(1, reps=3, deals=5)[0], outcome="attainment")


@pytest.mark.parametrize("lost", ["No budget", None], ids=["value", "missing"])
def test_a_column_that_is_filled_in_at_the_end_is_refused(lost):
    tables, _ = simulated(1, reps=6, deals=40)
    won = tables.opportunities["status"] == "won"
    leak = pd.Series(np.where(won, "Renewal", lost), dtype=object)
    with pytest.raises(SalesOpsError, match="'segment' alone tells won from lost"):
        adjusted(changed(tables, segment=leak))


def test_slopes_are_those_of_scikit_learn():
    from sklearn.linear_model import GammaRegressor, LogisticRegression

    rng = np.random.default_rng(5)
    columns = rng.normal(size=(400, 6)) * [1, 1, 1, 3, 0.1, 0]
    won = (rng.random(400) < 1 / (1 + np.exp(-columns @ [1, -0.5, 0, 0.4, 0, 0]))).astype(float)
    size = rng.gamma(2, np.exp(columns @ [0.5, 0, 0.3, -0.3, 0, 0]))
    more = {"solver": "newton-cholesky", "tol": 1e-10}
    for at, strength in enumerate(STRENGTHS):
        theirs = LogisticRegression(C=strength, **more).fit(columns, won).coef_[0]
        assert Logistic.path(columns, won)[at] == pytest.approx(theirs, abs=1e-4)
        theirs = GammaRegressor(alpha=1e-3 / strength, **more).fit(columns, size / size.mean()).coef_
        assert Gamma.path(columns, size)[at] == pytest.approx(theirs, abs=1e-4)


def test_slopes_stay_finite_where_a_column_tells_all():
    told = np.repeat([0.0, 1.0], 50)
    path = Logistic.path(told[:, None] - 0.5, told)[:, 0]
    assert np.isfinite(path).all() and (np.diff(path) > 0).all()


@pytest.mark.parametrize("outcome", ["win_rate", "value_per_opportunity"])
def test_what_is_read_once_for_many_periods_gives_what_each_period_gives(outcome):
    tables, _ = simulated(6, reps=5, deals=40, mix=0.5)
    tables = changed(tables, amount=tables.opportunities["amount"].mask(tables.opportunities.index == 3))
    asked = expecting(tables, 12)
    for months in (12, 4):
        for one, other in zip(asked(months, outcome), expected_deals(tables, months, outcome), strict=True):
            pd.testing.assert_frame_equal(one, other)


def test_one_rep_is_refused():
    with pytest.raises(SalesOpsError, match="1 rep closed deals"):
        adjusted(simulated(1, reps=1, deals=30)[0])


def test_features_of_a_deal_by_hand():
    deals = pd.DataFrame({
        "opportunity_id": ["D1", "D2"], "account_id": ["A1", None], "rep_id": ["R1", "R2"], "product": ["Axle", None],
        "created_on": pd.to_datetime(["2026-03-10", "2026-04-01"]), "closed_on": pd.to_datetime("2026-05-01"),
        "stage": ["Won", "Lost"], "status": ["won", "lost"], "list_price": [100.0, None]})
    day = pd.Timestamp("2026-03-10 10:00")
    tables = Tables.from_frames(ACME, {
        "opportunities": deals,
        "reps": pd.DataFrame({"rep_id": ["R1", "R2"], "name": ["Ann", "Bo"], "region": ["N", "S"],
                              "hired_on": pd.to_datetime(["2025-12-01", "2020-01-01"])}),
        "accounts": pd.DataFrame({"account_id": ["A1"], "name": ["X"], "region": ["W"], "employees": [50]}),
        "leads": pd.DataFrame({"lead_id": ["L"], "created_at": [day], "score": [70.0], "opportunity_id": ["D1"]}),
        "stage_history": pd.DataFrame({"opportunity_id": ["D1", "D1", "D2"], "stage": "Open",
                                       "changed_at": [day, day + pd.Timedelta(days=1), day],
                                       "rep_id": ["R2", "R1", "R2"]}),
    }, as_of="2026-06-30")
    found = rep_given.given(tables, tables.opportunities, rep_given.FEATURES)
    first, second = (found.iloc[at].to_dict() for at in (0, 1))
    assert (first["region"], second["region"]) == ("W", "S")
    assert (first["inherited"], second["inherited"]) == ("inherited", "own")
    assert (first["tenure"], second["tenure"]) == ("under 6 months", "24 months or more")
    assert (first["season"], first["lead_score"]) == ("Mar", 70.0) and np.isnan(second["lead_score"])
    assert first["account_size"] == pytest.approx(np.log(50)) and first["list_price"] == pytest.approx(np.log(100))


def test_a_rep_has_no_part_in_what_is_expected_of_it():
    tables, _ = simulated(2, reps=10, deals=30, mix=0.5)
    mine = tables.opportunities["rep_id"] == "R0003"
    status = tables.opportunities["status"].mask(mine, "lost")
    before = expected_deals(tables)[0].set_index("opportunity_id")
    after = expected_deals(changed(tables, status=status))[0].set_index("opportunity_id")
    ids = before.index[before["rep_id"] == "R0003"]
    odds = np.log(after["expected"] / (1 - after["expected"])) - np.log(before["expected"] / (1 - before["expected"]))
    # Only the one level for all may move, by the same log odds for each deal.
    assert odds[ids].std() < 1e-6 and odds[ids].mean() < 0


@pytest.mark.parametrize("outcome", ["win_rate", "value_per_opportunity"])
def test_expectations_add_up_and_parts_cancel(outcome):
    tables, _ = simulated(2, reps=10, deals=40, mix=0.5)
    deals, moved = expected_deals(tables, outcome=outcome)
    assert deals["expected"].sum() == pytest.approx(deals["observed"].sum())
    np.testing.assert_allclose(moved.mean(), 0, atol=1e-9 * deals["observed"].mean() + 1e-12)
    whole = moved.sum(axis=1).groupby(deals["rep_id"]).mean()
    off = deals.groupby("rep_id")["expected"].mean() - deals["expected"].mean()
    assert np.corrcoef(whole, off)[0, 1] > 0.97


def test_only_the_mix_differs():
    """Raw rates differ; after the adjustment they do so no more often than chance allows."""
    frames = [adjusted(simulated(seed, reps=16, deals=60, mix=0.6)[0]) for seed in range(8)]
    raw, after = (sum(frame[column].iloc[0] for frame in frames) for column in ("raw_differs", "differs"))
    assert raw >= 6 and after <= 1


def test_skill_is_found_through_the_mix():
    gain = []
    for seed in range(4):
        tables, skill = simulated(seed, reps=24, deals=60, skill=0.4, mix=0.6)
        found = adjusted(tables)
        skill = pd.Series(skill)
        gain.append(found["mean"].corr(skill, method="spearman") - found["raw"].corr(skill, method="spearman"))
    assert np.mean(gain) > 0.1


def test_why_names_what_was_given():
    tables, _ = simulated(5, reps=12, deals=80)
    mine = tables.opportunities["rep_id"] == "R0002"
    product = tables.opportunities["product"].mask(mine, "Cog")
    found = adjusted(changed(tables, product=product), outcome="value_per_opportunity").set_index("rep_id")
    assert found.at["R0002", "why"].startswith("product +")
    assert moves(changed(tables, product=product), outcome="value_per_opportunity").iloc[0]["feature"] == "product"


def test_input_is_untouched_and_the_same_twice():
    tables, _ = simulated(6, reps=6, deals=20, mix=0.5)
    before = tables.opportunities.copy()
    pd.testing.assert_frame_equal(adjusted(tables), adjusted(tables))
    pd.testing.assert_frame_equal(tables.opportunities, before)


def test_maven_value_is_product_mix(cases):
    tables = load(MAVEN, month="2017-12")
    found = adjusted(tables, outcome="value_per_opportunity")
    assert found["raw_p_value"].iloc[0] < 0.01 and found["p_value"].iloc[0] > 0.05
    assert moves(tables, outcome="value_per_opportunity")["feature"].iloc[0] == "product"


def test_maven_nobody_is_likely_the_best(cases):
    rates = reps.win_rates(load(MAVEN, month="2017-12"))
    found = detectable(rates)
    assert "no detectable difference" in found.headline
    assert best(beta_binomial(rates["won"], rates["closed"]).rates).max() < 0.2


def test_maven_a_rep_who_wins_25_points_more_is_named(cases):
    tables = load(MAVEN, month="2017-12")
    deals = closed_deals(tables)
    rep = deals["rep_id"].value_counts().index[10]
    mine = deals[deals["rep_id"] == rep]
    lost = mine.loc[mine["status"] == "lost", "opportunity_id"]
    more = lost.sample(round(0.25 * len(mine)), random_state=1)
    status = tables.opportunities["status"].mask(tables.opportunities["opportunity_id"].isin(more), "won")
    frames = {"opportunities": tables.opportunities.assign(status=status), "reps": tables.reps}
    raised = Tables.from_frames(tables.company, frames, as_of=tables.as_of)
    found = detectable(reps.win_rates(raised))
    assert found.difference and found.better["rep_id"].tolist() == [rep]
