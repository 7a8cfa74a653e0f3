"""The explorer of the rep benchmark gives what the page gives, and follows its controls."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from salesops_helpers import Tables
from salesops_helpers.data.company import Company
from salesops_helpers.performance import reps
from salesops_helpers.performance.difference import detectable
from salesops_helpers.widgets.reps import view, win_rates

ACME = Company(name="Acme", currency="EUR", stages=["Open", "Won", "Lost"], won_stages=["Won"], lost_stages=["Lost"])


@pytest.fixture(scope="module")
def tables() -> Tables:
    """Four reps, 24 months; R3 closes only five deals; R0 wins nine of ten, the others half."""
    rng = np.random.default_rng(1)
    owner = np.repeat(["R0", "R1", "R2", "R3"], [240, 240, 240, 5])
    won = rng.random(len(owner)) < np.where(owner == "R0", 0.9, 0.5)
    deals = pd.DataFrame({
        "opportunity_id": [f"D{i}" for i in range(len(owner))], "rep_id": owner, "amount": 10.0,
        "status": np.where(won, "won", "lost"), "stage": np.where(won, "Won", "Lost"),
        "created_on": pd.Timestamp("2024-01-01"),
        "closed_on": pd.Timestamp("2024-01-31") + pd.to_timedelta(np.arange(len(owner)) % 24 * 30, "D"),
    })
    people = pd.DataFrame({"rep_id": ["R0", "R1", "R2", "R3"], "name": ["<Ada>", "Bo", "Cy", "Di"],
                           "team": ["all teams", "B", "B", "B"]})
    return Tables.from_frames(ACME, {"opportunities": deals, "reps": people}, as_of="2025-12-31")


def controls(widget) -> dict:
    return {c.description: c for c in widget.children[1].children[0].children}


def test_it_starts_with_the_answer_of_the_page(tables):
    window = reps.period(tables, 12)
    found = detectable(reps.win_rates(tables, window.start, window.end))
    widget = win_rates(tables, 12)
    assert found.difference
    assert widget.children[0].value == f"<strong>{found.headline.replace('<', '&lt;').replace('>', '&gt;')}</strong>"
    assert "<img" in widget.children[1].children[1].value


def test_controls_reach_as_far_as_the_data(tables):
    found = controls(win_rates(tables, 99))
    assert (found["months"].value, found["months"].max) == (24, 24)
    assert found["team"].options[0] == ("all teams", None)


def test_each_control_changes_the_answer(tables):
    widget = win_rates(tables, 24)
    found = controls(widget)
    found["team"].value = "B"
    assert "no detectable difference between the 3 reps" in widget.children[0].value
    found["minimum" if "minimum" in found else "least closed deals"].value = 20
    assert "no detectable difference between the 2 reps" in widget.children[0].value
    found["team"].value = "all teams"
    assert "there are no two reps to compare" in widget.children[0].value
    assert "<img" not in widget.children[1].children[1].value


def test_what_a_choice_leaves_out_is_said(tables):
    sentence, shown = view(tables, 24, 20, None)
    assert sentence == detectable(reps.chosen(tables, 24, 20)).headline
    assert "3 reps with at least 20 closed deals" in shown.html
