"""Amounts in other currencies: at the rate of their month, to the cent, or refused."""

from __future__ import annotations

import pandas as pd
import pytest

from salesops_helpers.data.company import Company
from salesops_helpers.data.container import Tables
from salesops_helpers.data.currency import converted
from salesops_helpers.data.snapshot import snapshot
from salesops_helpers.errors import SalesOpsError

COMPANY = Company(name="Acme", currency="EUR", stages=["Open", "Won", "Lost"], won_stages=["Won"], lost_stages=["Lost"],
                  extract_date="2026-03-31")
DEALS = pd.DataFrame({
    "opportunity_id": ["d1", "d2", "d3", "d4"], "status": ["won", "open", "won", "won"],
    "stage": ["Won", "Open", "Won", "Won"],
    "created_on": "2026-01-01", "closed_on": ["2026-01-15", None, "2026-02-10", "2026-03-05"],
    "amount": [100.01, 200.0, 50.0, 70.0], "list_price": [110.0, None, 50.0, 70.0],
    "currency": ["USD", "USD", "EUR", None],
})
RATES = pd.DataFrame({"currency": ["USD", "USD", "GBP"], "month": ["2026-01-01", "2026-03-01", "2026-01-01"],
                      "rate": [0.91, 0.95, 1.2]})
HISTORY = pd.DataFrame({"opportunity_id": ["d2", "d2", "d3"], "stage": "Open", "amount": [150.0, 200.0, 50.0],
                        "changed_at": ["2026-01-02T10:00", "2026-03-02T10:00", "2026-01-02T10:00"]})


def tables(**frames) -> Tables:
    return Tables.from_frames(COMPANY, {"opportunities": DEALS, "fx_rates": RATES, **frames})


def test_each_amount_counts_at_the_rate_of_its_month():
    whole = converted(tables(stage_history=HISTORY))
    assert whole.opportunities["amount"].tolist() == [91.01, 190.0, 50.0, 70.0]
    assert whole.opportunities["list_price"].iloc[[0, 2, 3]].tolist() == [100.1, 50.0, 70.0]
    assert whole.opportunities["currency"].fillna("").tolist() == ["EUR", "EUR", "EUR", ""]
    assert whole.stage_history["amount"].tolist() == [136.5, 190.0, 50.0]
    assert "2 of 4 deals are in USD" in whole.notes[-1]


def test_an_open_deal_counts_at_the_rate_of_the_day_or_the_last_before_it():
    cut = converted(snapshot(tables(stage_history=HISTORY), "2026-02-28")).opportunities.set_index("opportunity_id")
    assert cut.loc["d2", "amount"] == pytest.approx(150 * 0.91)


def test_without_rates_mixed_currencies_are_refused():
    bare = Tables.from_frames(COMPANY, {"opportunities": DEALS})
    with pytest.raises(SalesOpsError, match="deals in USD have no rate in fx_rates, first for USD in 2026-01"):
        converted(bare)
    early = tables(fx_rates=RATES[RATES["month"] > "2026-02"])
    with pytest.raises(SalesOpsError, match="first for USD in 2026-01"):
        converted(early)


def test_one_currency_needs_no_rates():
    bare = Tables.from_frames(COMPANY, {"opportunities": DEALS.assign(currency=["EUR", None, "EUR", "EUR"])})
    assert converted(bare) is bare
