"""Slip rates and pushes, in both forms, by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from process_company import ACME, company

from salesops_helpers import SalesOpsError
from salesops_helpers.performance.slippage import by_pushes, due_deals, periods_before, pushes, slip_rates

LOG = [
    # expected in March when it begins
    ("won in it", "2026-01-05", "A", 100, "2026-03-20"), ("won in it", "2026-03-25", "Won"),
    ("lost in it", "2026-01-05", "A", 50, "2026-03-20"), ("lost in it", "2026-03-31", "Lost"),
    ("slips", "2026-01-05", "A", 200, "2026-03-31"), ("slips", "2026-04-02", "Won"),
    ("pushed", "2026-01-05", "A", 50, "2026-03-01"), ("pushed", "2026-03-10", "A", 60, "2026-05-10"),
    # not: overdue already, expected later, won before, created in March
    ("overdue", "2026-01-05", "A", 7, "2026-02-20"),
    ("later", "2026-01-05", "A", 7, "2026-04-01"), ("later", "2026-03-05", "Won"),
    ("before", "2026-01-05", "A", 7, "2026-03-20"), ("before", "2026-02-28", "Won"),
    ("created in it", "2026-03-03", "A", 7, "2026-03-20"),
]


def test_the_default_form_counts_neither_won_nor_lost():
    due = due_deals(company(LOG, "2026-04-30"), "month", 2)
    march = due[due["period"] == "2026-03-01"].set_index("opportunity_id")
    assert march["result"].to_dict() == {
        "won in it": "won", "lost in it": "lost", "slips": "slipped", "pushed": "slipped"}
    assert march.loc["pushed", "amount"] == 50  # as it stood when the month began
    row = slip_rates(due).set_index("period").loc["2026-03-01"]
    assert row[["due", "won", "lost", "slipped"]].tolist() == [4, 1, 1, 2]
    assert row[["rate", "rate_value", "rate_lost", "rate_lost_value"]].tolist() == [0.5, 250 / 400, 0.75, 300 / 400]
    assert row["low"] < 0.5 < row["high"]


def test_the_last_row_is_all_periods_together():
    due = due_deals(company(LOG, "2026-04-30"), "month", 4)
    found = slip_rates(due)
    total = found.iloc[-1]
    assert pd.isna(total["period"]) and total["due"] == found["due"].iloc[:-1].sum()
    assert total["low_value"] <= total["rate_value"] <= total["high_value"]
    assert found["low_value"].iloc[:-1].isna().all()


def test_quarters_are_those_of_the_fiscal_year():
    tables = company(LOG, "2026-04-30")
    assert periods_before(tables, "quarter", 1) == [(pd.Timestamp("2026-01-01"), pd.Timestamp("2026-03-31"))]
    tables.company = ACME.model_copy(update={"fiscal_year_start": 2})
    assert periods_before(tables, "quarter", 1) == [(pd.Timestamp("2026-02-01"), pd.Timestamp("2026-04-30"))]
    quarter = due_deals(tables, "quarter", 1).set_index("opportunity_id")["result"]
    assert quarter["slips"] == "won" and quarter["pushed"] == "slipped" and quarter["overdue"] == "slipped"


def test_an_unknown_period_is_refused():
    with pytest.raises(SalesOpsError, match="per='week' is no period; allowed: month, quarter"):
        due_deals(company(LOG, "2026-04-30"), "week")


def test_no_history_no_rates():
    due = due_deals(company(LOG, "2026-04-30", history=False))
    assert due.empty and slip_rates(due)["rate"].isna().all()


PUSHED = [
    ("a", "2026-01-05", "A", 1, "2026-01-20"), ("a", "2026-01-10", "A", 1, "2026-01-25"),  # within the month
    ("a", "2026-01-26", "A", 1, "2026-02-10"), ("a", "2026-02-11", "A", 1, "2026-04-10"),  # across two ends
    ("a", "2026-03-01", "A", 1, "2026-03-15"),  # sooner again
    ("b", "2026-01-05", "A", 1, "2026-01-20"), ("b", "2026-05-05", "Won", 1, "2026-05-05"),  # the closing is no push
    ("c", "2026-01-05", "A", 8, "2026-01-20"), ("c", "2026-01-06", "B", 8, "2026-01-20"),
]


def test_pushes_cross_a_period_end_while_the_deal_is_open():
    found = pushes(company(PUSHED, "2026-05-31")).set_index("opportunity_id")
    assert found["pushes"].to_dict() == {"a": 2, "b": 0, "c": 0}
    assert found["moved_later"].to_dict() == {"a": 3, "b": 0, "c": 0}
    by_quarter = pushes(company(PUSHED, "2026-05-31"), "quarter").set_index("opportunity_id")["pushes"]
    assert by_quarter.to_dict() == {"a": 1, "b": 0, "c": 0}


def test_fiscal_quarters_move_the_end_that_a_push_crosses():
    tables = company(PUSHED, "2026-05-31")
    tables.company = ACME.model_copy(update={"fiscal_year_start": 2})  # February to April is one quarter
    assert pushes(tables, "quarter").set_index("opportunity_id")["pushes"]["a"] == 1
    tables.company = ACME.model_copy(update={"fiscal_year_start": 3})  # March begins a quarter
    assert pushes(tables, "quarter").set_index("opportunity_id")["pushes"]["a"] == 1


def test_deals_by_how_often_they_were_pushed():
    found = by_pushes(company(PUSHED, "2026-05-31"), pd.Timestamp("2026-01-01")).set_index("pushes")
    assert found[["open", "open_amount", "closed", "won"]].to_numpy().tolist() == [
        [1, 8, 1, 1], [0, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]]
    assert found.loc["0", "win_rate"] == 1 and pd.isna(found.loc["1", "win_rate"])


def test_without_history_nothing_is_pushed():
    assert pushes(company(PUSHED, "2026-05-31", history=False)).empty
