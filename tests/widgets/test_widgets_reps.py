"""The explorer of the rep benchmark gives what the page gives, and its sentence follows its controls."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from salesops_helpers import Tables, load
from salesops_helpers.data.company import Company
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.performance import reps
from salesops_helpers.performance.difference import detectable
from salesops_helpers.performance.rep_explore import offered, questions
from salesops_helpers.widgets.reps import rep_explorer

ACME = Company(name="Acme", currency="EUR", stages=["Open", "Won", "Lost"], won_stages=["Won"], lost_stages=["Lost"])


@pytest.fixture(scope="module")
def tables() -> Tables:
    """Four reps, 24 months; R3 closes only five deals; R0 wins nine of ten and sells what is easy, the others half."""
    rng = np.random.default_rng(1)
    owner = np.repeat(["R0", "R1", "R2", "R3"], [240, 240, 240, 5])
    won = rng.random(len(owner)) < np.where(owner == "R0", 0.9, 0.5)
    deals = pd.DataFrame({
        "opportunity_id": [f"D{i}" for i in range(len(owner))], "rep_id": owner, "amount": rng.gamma(4, 25, len(owner)),
        "status": np.where(won, "won", "lost"), "stage": np.where(won, "Won", "Lost"),
        "product": np.where(rng.random(len(owner)) < 0.5, "Axle", "Bolt"), "created_on": pd.Timestamp("2024-01-01"),
        "closed_on": pd.Timestamp("2024-01-31") + pd.to_timedelta(np.arange(len(owner)) % 24 * 30, "D"),
    })
    people = pd.DataFrame({"rep_id": ["R0", "R1", "R2", "R3"], "name": ["<Ada>", "Bo", "Cy", "Di"],
                           "team": ["all teams", "B", "B", "B"]})
    return Tables.from_frames(ACME, {"opportunities": deals, "reps": people}, as_of="2025-12-31")


def controls(widget) -> dict:
    found = {c.description: c for c in widget.children[1].children[0].children}
    return found | {"adjusted": found["adjusted for what each rep was given"]}


def test_it_starts_with_the_answer_of_the_page(tables):
    window = reps.period(tables, 12)
    found = detectable(reps.win_rates(tables, window.start, window.end))
    widget = rep_explorer(tables, 12)
    assert found.difference
    assert widget.children[0].value == f"<strong>{found.headline.replace('<', '&lt;').replace('>', '&gt;')}</strong>"
    assert "&lt;Ada&gt;" in widget.children[1].children[1].value and "<Ada>" not in widget.children[1].children[1].value


def test_controls_reach_as_far_as_the_data(tables):
    found = controls(rep_explorer(tables, 99))
    assert (found["months"].value, found["months"].max) == (24, 24)
    assert found["team"].options[0] == ("all teams", "")
    assert [name for _, name in found["measure"].options] == offered(tables)
    assert "attainment" not in offered(tables) and "activity_per_win" not in offered(tables)


def test_each_control_changes_the_sentence(tables):
    widget = rep_explorer(tables, 24)
    found, said = controls(widget), [widget.children[0].value]

    def turn(name, value):
        found[name].value = value
        said.append(widget.children[0].value)
        assert said[-1] != said[-2]
        return said[-1]

    assert "Win rate, against what each rep was given: the 4 reps differ" in turn("adjusted", True)
    assert "Won value per closed deal, against" in turn("measure", "value_per_opportunity")
    turn("months", 3)
    turn("adjusted", False)
    turn("measure", "win_rate")
    turn("months", 24)
    assert "no detectable difference between the 3 reps" in turn("team", "B")
    assert [key for _, key in found["reps"].options] == ["R1", "R2", "R3"]
    assert "no detectable difference between the 2 reps" in turn("reps", ("R1", "R2"))
    assert "there are no two reps to compare" in turn("reps", ("R1",))


def test_what_cannot_be_adjusted_is_said(tables):
    found = questions(tables)("deal_size", 24, adjusted=True)
    assert "Not adjusted: only win rate and won value per closed deal can be." in found.sentence
    with pytest.raises(SalesOpsError, match="'attainment' cannot be answered"):
        questions(tables)("attainment")


def test_order_is_by_name_where_nothing_differs(tables):
    ask = questions(tables)
    assert ask("win_rate", 24).frame["name"].tolist()[0] == "<Ada>" and ask("win_rate", 24).differ
    same = ask("win_rate", 24, ("R3", "R2", "R1"))
    assert not same.differ and same.frame["name"].tolist() == ["Bo", "Cy", "Di"]


def test_chosen_reps_are_held_against_each_other_alone(tables):
    frame = questions(tables)("win_rate", 24, ("R1", "R2"), True).frame
    assert (frame["expected"] * frame["n"]).sum() == pytest.approx((frame["raw"] * frame["n"]).sum())


def test_seconds_of_a_recomputation_on_the_sample():
    ask, taken = questions(load("data/sample", month="2026-09")), {}
    ask("value_per_opportunity", 9, (), True)  # imports and reading of tables are not counted
    for measure in ("win_rate", "value_per_opportunity"):
        for adjusted in (False, True):
            for months in (12, 6):
                started = time.process_time()
                found = ask(measure, months, (), adjusted)
                taken[measure, adjusted, months] = time.process_time() - started
                assert len(found.frame) > 10 and found.sentence
    for (measure, adjusted, months), seconds in taken.items():
        print(f"{measure}, {'adjusted' if adjusted else 'raw'}, {months} months: {seconds:.3f} s of one processor")
