"""The KPI explorer: every control redraws, and what cannot be answered is said."""

from __future__ import annotations

import pytest

from salesops_helpers import load
from salesops_helpers.performance.signals import known_history
from salesops_helpers.widgets.kpis import kpi_explorer

KPIS = ["win_rate", "bookings", "pay_mix", "sales_cycle"]


@pytest.fixture(scope="module")
def explorer():
    tables = load("data/sample", month="2026-09")
    return kpi_explorer(tables, "2026-09", known_history(tables, "2026-09", kpis=KPIS))


def test_controls_redraw_the_sentence_and_the_figure(explorer):
    sentence, body = explorer.children
    kpi, form, level, unit = body.children[0].children
    assert "Win rate, closed, Aldermoor Instruments, September 2026: 47.3 % (n = 203); as usual" in sentence.value
    assert "<img" in body.children[1].value
    form.value = "qualified"
    assert "Win rate, qualified" in sentence.value
    level.value = "team"
    unit.value = "West Commercial"
    assert "qualified, West Commercial, September 2026" in sentence.value
    kpi.value = "bookings"
    assert unit.value == "West Commercial" and "Bookings, credited, West Commercial" in sentence.value
    level.index = 0
    assert level.label == "company"
    kpi.value = "pay_mix"
    assert "not held against its past, because it is set by plans" in sentence.value
