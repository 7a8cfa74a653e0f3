from __future__ import annotations

import time

import numpy as np
import pytest
from pay_case import NAMES, acme

from salesops_helpers.comp import cases, costs, outlook, scenario
from salesops_helpers.widgets.comp import Changed, pay_explorer


def made(tables, names=NAMES):
    return outlook(scenario(tables, "2026-12", names), tables, "2026-12", size=1000)


@pytest.fixture
def tables(tmp_path):
    return acme(tmp_path)


def controls(widget) -> dict:
    return {c.description: c for c in widget.children[1].children[0].children}


def test_the_explorer_starts_with_the_plan_as_written(tables):
    o = made(tables)
    widget = pay_explorer(o)
    assert {name: c.value for name, c in controls(widget).items()} == {
        "quotas ×": 1.0, "target incentives ×": 1.0, "own weight (%)": 75, "rate above 100 % (×)": 1.5,
        "what would … earn": 0, "at attainment (%)": 100,
    }
    said = widget.children[0].value
    assert "individual-team as written: EUR" in said and "changed" not in said
    assert "of bookings. Rep A at 100 % would earn EUR 5,000 a quarter.</strong>" in said


def test_a_moved_control_redraws_on_the_draws_of_the_page(tables):
    o = made(tables)
    widget = pay_explorer(o)
    before = widget.children[1].children[1].value
    controls(widget)["quotas ×"].value = 1.1
    middle = cases(o).set_index("case").loc["quotas +10 %", "p50"]
    assert np.median(Changed(o, 0).costs(o.made.plans[0], 1.1, 1.0)) == pytest.approx(middle)
    assert f"EUR {middle / 1000:.1f} k in the middle" in widget.children[0].value
    assert "less than as written" in widget.children[0].value
    assert widget.children[1].children[1].value != before


def test_the_explorer_says_what_the_page_says_of_all_its_draws(tables):
    o = outlook(scenario(tables, "2026-12", NAMES), tables, "2026-12", size=5000)
    said = pay_explorer(o).children[0].value
    page = costs(o).iloc[0]
    assert f"EUR {page['p50'] / 1000:.1f} k in the middle and {page['p80'] / 1000:.1f} k in four of five" in said
    assert f"{100 * page['cost_of_sales']:.2f} % of bookings. Rep A" in said
    fewer = np.median(Changed(o, 0).costs(o.made.plans[0], 1.1, 1.0))
    assert fewer == pytest.approx(cases(o).set_index("case").loc["quotas +10 %", "p50"], rel=0.01)


def test_what_one_rep_would_earn_by_hand(tables):
    widget = pay_explorer(made(tables))
    controls(widget)["at attainment (%)"].value = 120
    # 5,000 a quarter: 3,750 × (1 + 0.2 × 1.5) + 1,250
    assert "Rep A at 120 % would earn EUR 6,125 a quarter.<" in widget.children[0].value
    controls(widget)["own weight (%)"].value = 50
    controls(widget)["target incentives ×"].value = 1.2
    # 6,000: 3,000 × 1.3 + 3,000
    assert "would earn EUR 6,900 a quarter instead of EUR 6,125" in widget.children[0].value


def test_a_move_is_quick(tables):
    widget = pay_explorer(made(tables))
    taken = []
    for rate in (1.6, 1.7, 1.8, 1.9, 2.0):
        started = time.process_time()
        controls(widget)["rate above 100 % (×)"].value = rate
        taken.append(time.process_time() - started)
    assert min(taken) < 0.4


def test_a_plan_of_one_part_keeps_its_weight(tables):
    weight = controls(pay_explorer(made(tables, NAMES[::-1])))["own weight (%)"]
    assert weight.disabled and weight.value == 100


def test_without_quotas_there_is_a_note(tmp_path):
    shown = pay_explorer(made(acme(tmp_path, quotas=False)))
    assert "The table quotas is missing" in shown.text and "nothing to explore" in shown.text
