"""The explorer of the data-quality page starts with the page's table and follows its list of rules."""

from __future__ import annotations

import pandas as pd
import pytest

from salesops_helpers import Tables
from salesops_helpers.data.company import Company
from salesops_helpers.widgets.quality import leave_out, rules_on_deals, view

ACME = Company(name="Acme", currency="EUR", stages=["Open", "Won", "Lost"], won_stages=["Won"], lost_stages=["Lost"])


@pytest.fixture
def tables() -> Tables:
    deals = pd.DataFrame(
        {
            "opportunity_id": ["w", "z", "o"],
            "rep_id": "r",
            "status": ["won", "won", "open"],
            "stage": ["Won", "Won", "Open"],
            "amount": [100.0, 0.0, 50.0],
            "created_on": "2026-05-01",
            "closed_on": ["2026-06-10", "2026-06-11", None],
            "expected_close_on": [None, None, "2026-01-01"],
        }
    )
    return Tables.from_frames(
        ACME, {"opportunities": deals, "reps": pd.DataFrame({"rep_id": ["r"], "name": ["<Ada>"]})}, as_of="2026-06-30"
    )


def test_it_starts_with_every_rule_that_puts_money_in_doubt(tables):
    widget = leave_out(tables)
    control = widget.children[1].children[0].children[0]
    assert set(control.value) == {"won without an amount", "expected close long past"}
    said = widget.children[0].value
    assert said.startswith("<strong>Without the 2 deals that these rules mark, bookings of June 2026")
    assert "EUR 0" in widget.children[1].children[1].value


def test_it_follows_the_list(tables):
    widget = leave_out(tables)
    widget.children[1].children[0].children[0].value = ("won without an amount",)
    assert "Without the 1 deal" in widget.children[0].value
    assert widget.children[1].children[1].value == view(tables, ["won without an amount"])[1].html
    widget.children[1].children[0].children[0].value = ()
    assert "Without the 0 deals" in widget.children[0].value


def test_rules_are_counted(tables):
    counts = rules_on_deals(tables).set_index("rule")
    assert counts.loc["won without an amount", ["deals", "doubts", "material"]].tolist() == [1, "amount", True]


def test_nothing_flagged_is_said(tables):
    clean = Tables.from_frames(ACME, {"opportunities": tables.opportunities.head(1), "reps": tables.reps}, "2026-06-30")
    assert "No deal is flagged" in leave_out(clean).text
