"""Goals by year, quarter, month and week, and a company's own KPIs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scorecard_company import ACME, card, company

from salesops_helpers import SalesOpsError
from salesops_helpers.performance.goals import goals, phasing, spread

MONTHS = pd.date_range("2026-01-01", periods=12, freq="MS")


def quotas(**amounts) -> pd.DataFrame:
    return pd.concat([pd.DataFrame({"rep_id": rep, "month": MONTHS, "amount": amount})
                      for rep, amount in amounts.items()], ignore_index=True)


def by_period(found: pd.DataFrame, kpi: str = "bookings") -> pd.Series:
    return found[found["kpi"] == kpi].groupby("period")["goal"].sum()


def test_quotas_add_up_to_year_quarter_and_month_and_weeks_to_the_month():
    found = goals(company(quotas=quotas(R1=100.0, R2=50.01)), "2026-03")
    assert by_period(found).round(2).to_dict() == {"year": 1800.12, "quarter": 450.03, "month": 150.01, "week": 150.01}
    weeks = found[found["period"] == "week"]
    # March 2026 begins on a Sunday: that week has no working day, then 5, 5, 5, 5 and 2 of 22
    assert weeks["starts"].dt.day.tolist() == [1, 2, 9, 16, 23, 30]
    assert weeks["goal"].tolist() == [0.0, 34.09, 34.10, 34.09, 34.09, 13.64]


def test_a_target_goes_before_the_quotas_and_a_rate_is_no_sum():
    targets = pd.DataFrame({"unit": ["Acme", "Acme", "Red"], "kpi": ["bookings", "win_rate", "bookings"],
                            "month": MONTHS[2], "amount": [900.0, 0.4, 70.0]})
    tables = company(quotas=quotas(R1=100.0, R2=50.0), targets=targets)
    found = goals(tables, "2026-03")
    assert by_period(found).to_dict() == {"year": 11 * 150 + 900, "quarter": 1200, "month": 900, "week": 900}
    rates = found[found["kpi"] == "win_rate"]
    assert set(rates["goal"]) == {0.4}
    assert by_period(goals(tables, "2026-03", by="team"))["month"] == 70 + 50
    march = card(tables)
    assert march.loc[("bookings", "credited"), "goal"] == 900
    assert march.loc[("win_rate", "closed"), "goal"] == 0.4
    assert march.loc["win_rate"].loc["created", "goal"] != 0.4
    assert card(tables, length=2).loc[("bookings", "credited"), "goal"] == 1050


def test_the_company_file_is_phased_by_the_years_that_ended():
    """2025: 30 in each month but 90 in December, of 420; one even year beside it."""
    tables = company("2026-03-31", ACME.model_copy(update={"goals": {"bookings": {"2026": 1000.0}, "win_rate": {
        "2026": 0.5}}}), opportunities=last_year())
    shares = phasing(tables, pd.Timestamp(2026, 1, 1))
    expected = (np.array([30] * 11 + [90]) / 420 + 1 / 12) / 2
    np.testing.assert_allclose(shares, expected)
    found = goals(tables, "2026-12")
    assert by_period(found)["month"] == round(1000 * expected[11], 2)
    assert by_period(found)["year"] == 1000
    assert set(found.loc[found["kpi"] == "win_rate", "goal"]) == {0.5}


def last_year() -> pd.DataFrame:
    closed = pd.date_range("2025-01-01", periods=13, freq="MS")
    return pd.DataFrame({"opportunity_id": [f"d{i}" for i in range(13)], "rep_id": "R1", "status": "won",
                         "stage": "Won", "created_on": closed, "closed_on": closed,
                         "amount": [30.0] * 11 + [90.0, 500.0]})


@given(st.integers(0, 10**9), st.lists(st.floats(0.01, 5), min_size=1, max_size=12))
def test_what_is_spread_adds_up_to_the_cent(cents, shares):
    parts = spread(cents / 100, np.array(shares))
    assert int(round(parts.sum() * 100)) == cents
    assert (parts >= 0).all()


def test_products_have_no_goals():
    with pytest.raises(SalesOpsError, match="by='product' has no goals"):
        goals(company(), "2026-03", by="product")


OWN = """
from salesops_helpers.performance.registry import Form, Kpi


def big(ask):
    rows = ask.tables.rows("opportunities")
    rows = ask.united(ask.dated(rows.filter(rows["amount"] >= 300), "created_on"), "created_on")
    return ask.sums(rows, numerator=rows.count())


def broken(ask):
    raise RuntimeError("no luck\\ntoday")


def kpi(name, cells):
    return Kpi(name, name.title(), "Deals of 300 and more.", "deals", "up", "opportunities.amount",
               (Form("created", "deals of 300 or more", "deals created in the period", "sum", cells),))


KPIS = [kpi("big_deals", big), kpi("bad", broken), kpi("win_rate", big), 7]
"""


def test_a_company_adds_kpis_and_a_broken_one_fails_alone(tmp_path):
    (tmp_path / "kpis.py").write_text(OWN, encoding="utf-8")
    found = card(company(settings=ACME.model_copy(update={"home": tmp_path.resolve()})))
    assert found.loc[("big_deals", "created"), "value"].tolist() == [2]
    assert found.loc[("win_rate", "closed"), "value"].tolist() == [pytest.approx(0.6)]
    assert found.loc[("bad", ""), "note"].tolist() == ["kpis.py failed: RuntimeError: no luck today"]
    assert sorted(found.loc["kpis.py", "note"]) == [
        "kpis.py: 'win_rate' is a KPI of the kit; give yours another name", "kpis.py: KPIS holds int, which is no Kpi"]


@pytest.mark.parametrize(("text", "line"), [
    ("KPIS = (", "kpis.py failed: SyntaxError"), ("x = 1", "kpis.py defines no KPIS"),
    ("import no_such_module", "kpis.py failed: ModuleNotFoundError")])
def test_a_file_that_cannot_be_read_leaves_the_kits_kpis_alone(tmp_path, text, line):
    (tmp_path / "kpis.py").write_text(text, encoding="utf-8")
    found = card(company(settings=ACME.model_copy(update={"home": tmp_path.resolve()})))
    assert found.loc[("kpis.py", ""), "note"].startswith(line)
    assert found.loc[("deals_won", "closed"), "value"] == 3
