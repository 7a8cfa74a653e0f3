"""The part that is still to be created: counted by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from salesops_helpers.data.company import Company
from salesops_helpers.data.container import Tables
from salesops_helpers.forecast import created

ACME = Company(name="Acme", currency="EUR", stages=["Open", "Won", "Lost"], won_stages=["Won"], lost_stages=["Lost"])


def tables(won: list[tuple], as_of: str) -> Tables:
    """won: created, closed, amount."""
    deals = pd.DataFrame(won, columns=["created_on", "closed_on", "amount"])
    deals[["created_on", "closed_on"]] = deals[["created_on", "closed_on"]].apply(pd.to_datetime)
    deals = deals.assign(opportunity_id=[str(i) for i in range(len(deals))], rep_id="A", status="won", stage="Won")
    reps = pd.DataFrame({"rep_id": ["A"], "name": ["Ann"]})
    return Tables.from_frames(ACME, {"reps": reps, "opportunities": deals}, as_of=as_of)


def test_won_later_is_apart_for_deals_that_were_there():
    won = [("2025-12-10", "2026-02-10", 10.0), ("2026-02-02", "2026-02-20", 5.0), ("2026-02-03", "2026-03-04", 7.0)]
    found = created.won_later(tables(won, "2026-03-31"), pd.DatetimeIndex(["2026-01-31"])).set_index("ahead")
    assert found["open"].tolist()[:3] == [10, 0, 0] and found["created"].tolist()[:3] == [5, 7, 0]
    assert found["over"].tolist() == [True, True, False, False, False, False]
    assert found["place"].tolist() == [1, 2, 0, 1, 2, 0] and found["deals"].tolist()[:2] == [1, 1]


def test_a_deal_without_a_created_date_counts_as_new():
    found = created.won_later(tables([(None, "2026-02-10", 10.0)], "2026-03-31"), pd.DatetimeIndex(["2026-01-31"]))
    assert found["created"].iloc[0] == 10 and found["open"].iloc[0] == 0


def steady(months: int) -> Tables:
    """Each month 100 from a deal of that month and 300 from one of the month before."""
    starts = pd.date_range("2025-01-01", periods=months, freq="MS")
    won = [(s + pd.Timedelta(days=1), s + pd.Timedelta(days=20), 100.0) for s in starts]
    won += [(s - pd.Timedelta(days=20), s + pd.Timedelta(days=15), 300.0) for s in starts]
    return tables(won, starts[-1] + pd.offsets.MonthEnd(0))


def test_a_steady_company_goes_on_as_it_was():
    known = steady(14)
    days = pd.date_range("2025-01-31", known.as_of, freq="ME")
    found = created.expected(created.won_later(known, days)).set_index("ahead")
    np.testing.assert_allclose(found["created"], [100, 400, 400, 400, 400, 400], rtol=0.02)
    np.testing.assert_allclose(found["deals"], [1, 2, 2, 2, 2, 2], rtol=0.02)


def test_a_month_never_met_takes_the_ratio_of_the_last_that_was():
    known = steady(6)
    days = pd.date_range("2025-01-31", known.as_of, freq="ME")
    found = created.expected(created.won_later(known, days))["created"]
    assert found.iloc[3:].nunique() == 1 and found.iloc[5] == pytest.approx(400, rel=0.05)


def test_without_three_months_nothing_is_said():
    known = steady(2)
    days = pd.date_range("2025-01-31", known.as_of, freq="ME")
    assert created.expected(created.won_later(known, days))["created"].isna().all()
