"""The benchmark of ranges and limits in a reduced form: fewer companies, wider bounds."""

from __future__ import annotations

import kpis_truth
import pandas as pd
import pytest


@pytest.fixture(scope="module")
def stable():
    return kpis_truth.stable(count=60, seed=77)


def test_ranges_hold_the_truth():
    held = kpis_truth.coverage(count=60, seed=76)
    assert len(held) == len(kpis_truth.FORMS) and held["cells"].min() > 150
    assert held["share"].between(0.80, 0.97).all()
    assert 0.86 <= held["held"].sum() / held["cells"].sum() <= 0.95


def test_stable_companies_seldom_raise_an_alarm(stable):
    alarms = kpis_truth.false_alarms(*stable)
    assert alarms["years"].min() == 60 and len(alarms) == len(kpis_truth.KPIS)
    assert alarms["share"].mean() <= 0.06


def test_drops_are_found(stable):
    found = kpis_truth.power(*stable)
    assert (found["share"] * found["drops"]).sum() / found["drops"].sum() >= 0.80


def test_truth_of_a_company_without_clusters_is_that_of_its_parameters():
    true = pd.DataFrame({"base": [0.0], "odds": [0.0], "log_days": [4.0], "lost_by": [0.0], "spread": [0.5],
                         "log_amount": [9.0], "size": [1.0], "passed": [0.5], "qualified": [0.3], "touched": [1.0],
                         "log_minutes": [4.0]})
    found = kpis_truth.truth(true, pd.array([1_400]).to_numpy()).iloc[0]
    assert found["win_rate", "closed"] == pytest.approx(0.5) and found["win_rate", "qualified"] == pytest.approx(2 / 3)
    assert found["win_rate", "created"] == pytest.approx(0.5, abs=1e-3)
    assert found["sales_cycle", "won_median"] == found["sales_cycle", "km_closed"] == 55
    assert found["lead_response", "km"] == pytest.approx(54.6, abs=0.01)
