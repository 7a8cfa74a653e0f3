"""The explorer of the sales-process page starts with the page's table and follows its controls."""

from __future__ import annotations

import pandas as pd
import pytest

from salesops_helpers import Tables, load
from salesops_helpers.widgets.process import readable, scenario, stage_explorer, view


@pytest.fixture(scope="module")
def tables():
    return load("data/sample", month="2026-09")


def test_it_starts_with_the_default_scenario(tables):
    stage, by, entered = stage_explorer(tables, 12).children[1].children[0].children
    assert (stage.value, by.value) == ("Qualification", "segment")
    assert entered.value == (pd.Timestamp("2025-10-01"), pd.Timestamp("2026-09-01"))
    rows = scenario(tables, 12)
    assert rows["value"].tolist()[-1] == tables.company.name
    assert rows["entered"].iloc[:-1].sum() == rows["entered"].iloc[-1]
    assert set(readable(rows.drop(columns=["range", "days"]))) == set(rows)


def test_it_follows_its_controls(tables):
    widget = stage_explorer(tables, 12)
    stage, by, _ = widget.children[1].children[0].children
    before = widget.children[0].value
    stage.value = "Negotiation"
    by.value = "team"
    assert widget.children[0].value != before and "entered Negotiation moved on" in widget.children[0].value
    said, shown = view(tables, "Negotiation", "team", (pd.Timestamp("2025-10-01"), pd.Timestamp("2026-09-01")))
    assert f"<strong>{said}</strong>" == widget.children[0].value and widget.children[1].children[1].value == shown.html


def test_months_without_an_entry_are_said(tables):
    said, _ = view(tables, "Proposal", "team", (pd.Timestamp("2020-01-01"), pd.Timestamp("2020-02-01")))
    assert said == "No deal first entered Proposal in these months."


def test_without_history_it_says_what_is_missing(tables):
    frames = {"opportunities": tables.opportunities, "reps": tables.reps}
    bare = Tables.from_frames(tables.company, frames, tables.as_of)
    assert "The table stage_history is missing" in stage_explorer(bare).text
