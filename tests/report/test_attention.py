"""Who and what needs the reader of the letter: counted, the largest first, and with the way to the page."""

from __future__ import annotations

import pandas as pd
import pytest

from salesops_helpers.report import attention

COACHING = pd.DataFrame({"name": list("abcde"), "team": ["North", "South", "South", "West", "East"],
                         "focus": ["Demo: moving on", "Price", "Price", None, None]})
STOPPED = pd.DataFrame({
    "opportunity_id": [f"O{n}" for n in range(8)], "account": ["Acme", None, "B", "C", "D", "E", "F", "G"],
    "stage": "Demo", "amount": [10.0, 80_000.0, 60.0, 50.0, 70.0, 90.0, 99_000.0, None],
    "days": [1.0, 40.0, None, 5.0, 5.0, 5.0, 5.0, 5.0], "advice": ["work on"] * 6 + ["requalify", "work on"]})


def test_who_needs_help_is_counted_by_team_and_nobody_is_named():
    (line,) = attention.lines(COACHING, None)
    assert line["said"] == "A coaching focus stands out for 3 reps (2 in South and 1 in North)."
    (line,) = attention.lines(COACHING.assign(focus=None), None)
    assert line["said"] == "A coaching focus stands out for no rep."
    (line,) = attention.lines(COACHING.assign(attainment=[0.0, 0.2, 0.5, None, 2.0]), None)
    assert line["said"].endswith(
        " Under half of the quota of the quarter so far are 2 reps (1 in North and 1 in South).")
    (line,) = attention.lines(COACHING.assign(attainment=1.0), None)
    assert line["said"].endswith(" Under half of the quota of the quarter so far is no rep.")
    many = pd.DataFrame({"team": list("aabcdde"), "focus": "x"})
    assert attention.lines(many, None)[0]["said"].endswith("7 reps (2 in a, 2 in d, 1 in b and 2 elsewhere).")


def test_the_five_largest_deals_that_have_stopped_and_may_still_be_won():
    (line,) = attention.lines(None, STOPPED, "EUR")
    assert line["said"] == ("Of 8 open deals that have stopped, these 5 are the largest still young enough to be won, "
                            "worth EUR 80.3 k.")
    assert line["items"] == ["O1: EUR 80.0 k, in Demo for 40 days", "E (O5): EUR 90, in Demo for 5 days",
                             "D (O4): EUR 70, in Demo for 5 days", "B (O2): EUR 60, in Demo",
                             "C (O3): EUR 50, in Demo for 5 days"]
    assert attention.lines(None, STOPPED.assign(advice="requalify"), "EUR") == []


@pytest.mark.parametrize("nothing", [None, pd.DataFrame(), pd.DataFrame({"x": [1]})])
def test_nothing_is_said_without_the_tables_or_of_others_by_their_names(nothing):
    assert attention.lines(nothing, nothing) == []


def test_a_line_leads_to_the_section_of_the_page_where_that_is_there(tmp_path):
    (tmp_path / "sales_process.html").write_text('<h2 id="part-7">Deals that have stopped</h2>')
    (tmp_path / "rep_feedback.html").write_text("<h2>Else</h2>")
    stems = ("sales_process", "rep_feedback")
    cards = [{"stem": stem, "title": stem.title(), "page": f"{stem}.html"} for stem in stems]
    found = attention.leading(attention.lines(COACHING, STOPPED), cards, tmp_path)
    assert [(line["label"], line["page"]) for line in found] == [
        ("Rep_Feedback", "rep_feedback.html"), ("Sales_Process", "sales_process.html#part-7")]
    assert [line["page"] for line in attention.leading(found, cards[:1], tmp_path)] == ["", "sales_process.html#part-7"]
    assert {line["page"] for line in attention.leading(found, cards, tmp_path / "none")} == {""}
