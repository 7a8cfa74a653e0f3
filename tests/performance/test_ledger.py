"""The definition ledger: forms side by side, and reconciliations that add up."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kpi_case import tables

from salesops_helpers import load
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.performance.ledger import ledger, reconcile, win_rate_groups
from salesops_helpers.performance.scorecard import scorecard

MONTH = "2024-06"


def deals(rows: list[tuple]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["created_on", "closed_on", "status", "amount"])
    frame = frame.assign(**{c: pd.to_datetime(frame[c]) for c in ("created_on", "closed_on")})
    return frame.assign(opportunity_id=[f"D{i}" for i in range(len(frame))], rep_id="R1",
                        account_id=[f"A{i % 3}" for i in range(len(frame))],
                        stage=frame["status"].map({"won": "Won", "lost": "Lost", "open": "Second"}))


def by_hand():
    """June: closed 3 won of 5, of them created before June 2 won of 3; created 2 won of 10 with 8 open, one late."""
    rows = [("2024-05-02", "2024-06-05", "won", 10.0)] * 2 + [("2024-05-02", "2024-06-05", "lost", 10.0)]
    rows += [("2024-06-02", "2024-06-20", "won", 30.0), ("2024-06-02", "2024-06-20", "lost", 30.0)]
    rows += [("2024-06-03", "2024-07-05", "won", 20.0)] + [("2024-06-04", None, "open", 20.0)] * 7
    return tables(deals(rows), "2024-07-31")


def test_created_and_closed_win_rate_by_hand():
    company = by_hand()
    card = scorecard(company, MONTH)
    found = reconcile(company, card, "win_rate", "created", "closed", MONTH)
    assert found.steps["value"].tolist() == pytest.approx([2 / 10, 2 / 3, 1 / 2, 3 / 5])
    assert found.steps["cases"].tolist()[1:] == [7, 1, 3]
    assert found.gap == pytest.approx(0.4)
    said = found.sentence()
    assert said.startswith("Win rate: 20.0 % (created) and 60.0 % (closed) lie 40.0 points apart: +46.7 points because "
                           "deals still open no longer count (7 deals)")


def test_groups_by_hand():
    found = win_rate_groups(by_hand(), MONTH)
    assert found.loc[["both_unqualified", "early_unqualified", "late", "open"], "deals"].tolist() == [1, 1, 1, 7]
    assert found.loc[["both", "early"], "won"].tolist() == [1, 2]


def test_all_parts_one_way_are_parts_of_the_gap():
    rows = [("2024-06-02", "2024-06-20", "won", 1.0)] * 4 + [("2024-06-02", None, "open", 1.0)] * 6
    rows += [("2024-05-02", "2024-06-20", "won", 1.0), ("2024-05-02", "2024-06-20", "lost", 1.0)] * 2
    company = tables(deals(rows), "2024-06-30")
    found = reconcile(company, scorecard(company, MONTH), "win_rate", "closed", "created", MONTH)
    assert found.steps["change"].tolist()[1:] == pytest.approx([1 - 6 / 8, 0.0, 0.4 - 1])
    cycle = reconcile(company, scorecard(company, MONTH), "sales_cycle", "won_median", "km_won", MONTH)
    assert list(cycle.steps["step"])[1:3] == ["lost deals count too", "deals still open count too, with the days that "
                                              "they have waited"]


def test_forms_are_shown_side_by_side():
    found = ledger(scorecard(by_hand(), MONTH))
    rates = found[found["kpi"] == "win_rate"].set_index("form")
    assert rates["gap"].isna()["closed"] and rates.loc["created", "gap"] == pytest.approx(-0.4)
    assert rates.loc["created", "formula"] == "won ÷ created, open ones included"
    assert set(found.groupby("kpi").size() > 1) == {True}


def test_a_form_that_is_not_there_is_refused():
    company = by_hand()
    with pytest.raises(SalesOpsError, match="no form 'qualified'"):
        reconcile(company, scorecard(company, MONTH), "win_rate", "closed", "qualified", MONTH)


def test_a_missing_figure_is_said():
    rows = [("2024-06-02", "2024-06-20", "won", 5.0), ("2024-06-02", "2024-06-20", "lost", 0.0)]
    company = tables(deals(rows), "2024-06-30")
    card = scorecard(company, MONTH)
    assert "missing" in reconcile(company, card, "win_rate_value", "amount", "list_price", MONTH).sentence("EUR")


DAYS = st.integers(0, 120).map(lambda d: pd.Timestamp("2024-04-01") + pd.Timedelta(days=d))
DEAL = st.tuples(DAYS, st.integers(0, 60), st.sampled_from(["won", "lost", "open"]), st.integers(1, 500).map(float),
                 st.booleans())


LAWFUL = ["win_rate", "win_rate_value", "deal_size", "sales_cycle", "pipeline_created"]


@settings(max_examples=10)
@given(st.lists(DEAL, min_size=4, max_size=40), st.sampled_from([1, 3]))
def test_reconciliations_add_up_exactly(made, length):
    """Between any two forms of a KPI, over random histories: the steps begin and end at the scorecard's figures."""
    rows = [(a, None if s == "open" else a + pd.Timedelta(days=d), s, x) for a, d, s, x, _ in made]
    frame = deals(rows)
    passed = frame[[m[4] for m in made]]
    history = pd.DataFrame({"opportunity_id": frame["opportunity_id"], "changed_at": frame["created_on"],
                            "stage": "First", "amount": frame["amount"], "rep_id": "R1"})
    later = history["changed_at"] + pd.Timedelta(hours=1)
    more = history.assign(stage="Second", changed_at=later).loc[passed.index]
    company = tables(frame, "2024-12-31", stage_history=pd.concat([history, more], ignore_index=True))
    card = scorecard(company, MONTH, length=length, kpis=LAWFUL)
    for kpi, forms in ledger(card).groupby("kpi"):
        value = forms.set_index("form")["value"]
        for left, right in permutations(value.index, 2):
            steps = reconcile(company, card, kpi, left, right, MONTH, length).steps
            ends = [steps["value"].iloc[0], steps["value"].iloc[-1]]
            np.testing.assert_allclose(ends, [value[left], value[right]], rtol=1e-12, equal_nan=True)
            if not np.isnan(ends).any():
                assert steps["change"].iloc[1:].sum() == pytest.approx(ends[1] - ends[0], abs=1e-9)


def test_maven_open_deals_explain_the_gap(cases):
    company = load("tests/cases/maven", month="2017-12")
    card = scorecard(company, "2017-12", length=12)
    found = reconcile(company, card, "win_rate", "closed", "created", "2017-12", 12)
    assert found.sentence("USD") == (
        "Win rate: 63.2 % (closed) and 50.2 % (created). Of the 12.9 points between them, 12.0 points because deals "
        "still open count (1,536 deals) and 0.9 points because deals created before the period no longer count (305 "
        "deals).")


def test_a_step_between_counts_and_money_is_one():
    card = pd.DataFrame({
        "month": pd.Timestamp("2026-03-01"), "kpi": "slip_rate", "form": ["count", "value"], "unit": "Acme",
        "value": [0.5, 0.4], "numerator": [10.0, 4e6], "denominator": [20.0, 1e7], "n": 20.0, "low": 0.3, "high": 0.7,
        "still_open": 0.0})
    steps = reconcile(None, card, "slip_rate", "count", "value", "2026-03").steps
    assert steps["value"].tolist() == [0.5, 0.4]
    assert steps["step"].iloc[1] == "it is 4.00 m ÷ 10.0 m instead of 10 ÷ 20"
