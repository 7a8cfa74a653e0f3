from __future__ import annotations

from fractions import Fraction

import pytest
from pay_case import NAMES, acme

from salesops_helpers.comp import scenario, what_if
from salesops_helpers.comp.whatif import levers
from salesops_helpers.widgets.comp import pay_explorer, pay_what_if


@pytest.fixture
def tables(tmp_path):
    return acme(tmp_path)


def controls(widget) -> dict:
    return {c.description: c for c in widget.children[1].children[0].children}


def test_the_explorer_starts_with_the_plan_as_written(tables):
    widget = pay_explorer(scenario(tables, "2026-12", NAMES), tables)
    assert {name: c.value for name, c in controls(widget).items()} == {
        "quotas ×": 1.0,
        "own weight (%)": 75,
        "rate above 100 % (×)": 1.5,
    }
    assert "EUR 73.0 k, 4.80 % of bookings" in widget.children[0].value


def test_a_moved_control_redraws_on_the_functions_of_the_batch(tables):
    s = scenario(tables, "2026-12", NAMES)
    widget = pay_explorer(s, tables)
    before = widget.children[1].children[1].value
    controls(widget)["own weight (%)"].value = 50
    pay = what_if(s.plans[0], tables, s.start, s.end, Fraction(1, 2), levers(s.plans[0])[1])["pay"].iloc[1]
    assert f"EUR {pay / 1000:.1f} k" in widget.children[0].value
    assert widget.children[1].children[1].value != before


def test_one_setting_in_words(tables):
    s = scenario(tables, "2026-12", NAMES)
    said, shown = pay_what_if(s, tables, NAMES[0], 0.9, 75, 1.5)
    assert said.startswith("individual-team with quotas × 0.90, own weight 75 % and rate 1.5 above 100 %: EUR 8")
    assert said.endswith("more than as written.") and "<img" in shown.html


def test_a_plan_of_one_part_keeps_its_weight(tables):
    widget = pay_explorer(scenario(tables, "2026-12", NAMES[::-1]), tables)
    weight = controls(widget)["own weight (%)"]
    assert weight.disabled and weight.value == 100


def test_without_quotas_there_is_a_note(tmp_path):
    bare = acme(tmp_path, quotas=False)
    shown = pay_explorer(scenario(bare, "2026-12", NAMES), bare)
    assert "The table quotas is missing" in shown.text and "nothing to explore" in shown.text
