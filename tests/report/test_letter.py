"""The letter and its mail: figures against goal and last month, what changed, and nothing where nothing is known."""

from __future__ import annotations

import datetime as dt
import email
import re
from email.policy import default

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from page_checks import faults

from salesops_helpers.report import figures, mail, pages
from salesops_helpers.report import letter as letters

NAN = float("nan")
DEFINITIONS = pd.DataFrame([
    ("bookings", "credited", "Bookings", "currency", "up"), ("bookings", "gross", "Bookings", "currency", "up"),
    ("win_rate", "closed", "Win rate", "share", "up"), ("sales_cycle", "median", "Sales cycle", "days", "down"),
    ("deals", "won", "Deals won", "deals", "up"),
], columns=["kpi", "form", "title", "unit", "direction"])
SCORECARD = pd.DataFrame([
    ("deals", "won", "Acme", 96.0, NAN, NAN, NAN, 90.0, 6.0),
    ("win_rate", "closed", "Acme", 0.402, 0.36, 0.45, 0.42, 0.38, 0.022),
    ("bookings", "gross", "Acme", 9.9e6, NAN, NAN, NAN, NAN, NAN),
    ("bookings", "credited", "Acme", 2.637e6, NAN, NAN, 3.1e6, 2.4e6, 237000.0),
    ("bookings", "credited", "North", 1e6, NAN, NAN, 9e6, NAN, NAN),
    ("sales_cycle", "median", "Acme", 48.0, 41.0, 55.0, 40.0, NAN, NAN),
], columns=["kpi", "form", "unit", "value", "low", "high", "goal", "previous", "change"])
SIGNALS = pd.DataFrame([
    ("win_rate", "closed", "Acme", "2026-09-01", 0.402, 0.35, 0.31, 0.39, 1, 1, 1.3, "its own level"),
    ("sales_cycle", "median", "Acme", "2026-09-01", 48.0, 40.0, 33.0, 46.0, 1, -1, 1.4, "its own trend"),
    ("bookings", "credited", "Acme", "2026-09-01", 2.6e6, 2.5e6, 2e6, 3e6, 0, 0, 0.2, "its own level"),
    ("win_rate", "closed", "Acme", "2026-08-01", 0.2, 0.35, 0.31, 0.39, -1, -1, -3.0, "its own level"),
    ("win_rate", "closed", "North", "2026-09-01", 0.2, 0.35, 0.31, 0.39, -1, -1, -3.0, "its own level"),
], columns=["kpi", "form", "unit", "month", "value", "usual", "limit_low", "limit_high", "signal", "good", "distance",
            "basis"])
ATTEND = [{"said": "Nobody.", "items": [], "label": "", "page": ""},
          {"said": "Two deals.", "items": ["<i>: EUR 9", "B"], "label": "T", "page": "t.html#part-2"}]
HOSTILE = "<script>alert(1)</script>\r\nBcc: x@a.example"


def test_key_figures_stand_against_goal_and_last_month_those_with_a_goal_first():
    found = figures.key_figures(SCORECARD, "Acme", DEFINITIONS, "EUR")
    assert found["figure"].tolist() == ["Bookings", "Win rate", "Sales cycle", "Deals won"]
    assert found.iloc[0].tolist() == ["Bookings", "EUR 2.64 m", "", "3.10 m", "85 %", "2.40 m", "+237 k"]
    assert found.iloc[1].tolist() == [
        "Win rate", "40.2 %", "36.0 to 45.0 %", "42.0 %", "96 %", "38.0 %", "+2.2 points"]
    assert found.iloc[2].tolist() == ["Sales cycle", "48 days", "41 to 55 days", "40 days", "missed", "–", "–"]
    assert found.iloc[3].tolist() == ["Deals won", "96 deals", "", "–", "–", "90 deals", "+6 deals"]


GOALS = pd.DataFrame([
    ("Acme", "bookings", "week", "2026-09-01", 5e5, 6e5), ("Acme", "bookings", "week", "2026-09-07", 5e5, 6e5),
    ("Acme", "bookings", "year", "2026-01-01", 16.9e6, 16.6e6),
    ("Acme", "bookings", "month", "2026-09-01", 2.637e6, 3.1e6), ("North", "bookings", "year", "2026-01-01", 1.0, 2.0),
    ("Acme", "bookings", "quarter", "2026-07-01", 5.3e6, 6e6), ("Acme", "win_rate", "year", "2026-01-01", 0.4, 0.3),
], columns=["name", "kpi", "period", "starts", "value", "goal_so_far"]).assign(
    title="Bookings", reached=lambda rows: rows["value"] / rows["goal_so_far"])


def test_bookings_of_quarter_and_year_stand_below_those_of_the_month():
    found = figures.key_figures(SCORECARD, "Acme", DEFINITIONS, "EUR", GOALS)
    assert found["figure"].tolist()[:4] == [
        "Bookings", "Bookings, quarter to date", "Bookings, year to date", "Win rate"]
    assert found.iloc[1].tolist() == ["Bookings, quarter to date", "EUR 5.30 m", "", "6.00 m", "88 %", "–", "–"]
    assert found.iloc[2, 4] == "102 %"
    january = GOALS.assign(starts="2026-09-01")
    assert len(figures.key_figures(SCORECARD, "Acme", DEFINITIONS, "EUR", january)) == 4, "all began with the month"


def test_a_figure_off_its_goal_by_more_than_its_range_is_named():
    assert figures.off_goal(SCORECARD, "Acme", DEFINITIONS, "EUR") == [
        "Bookings: EUR 2.64 m, below the goal of EUR 3.10 m.",
        "Sales cycle: 48 days, above the goal of 40 days.",
    ]


def test_what_was_true_as_the_month_began_is_no_matter_for_decision_at_its_end():
    known = {"kpi": "pipeline_coverage", "form": "remaining"}
    rows = pd.DataFrame([{**known, "unit": "Acme", "value": 1.74, "low": NAN, "high": NAN, "goal": 3.0,
                          "previous": 2.4}])
    words = pd.DataFrame([{**known, "title": "Coverage going into the month", "unit": "times", "direction": "up"}])
    assert figures.off_goal(rows, "Acme", words, "EUR") == []
    assert figures.key_figures(rows, "Acme", words, "EUR")["reached"].tolist() == ["58 %"]


def test_what_changed_is_what_left_the_limits_of_its_own_past_in_this_month():
    assert figures.changes(SIGNALS, "Acme", "2026-09", DEFINITIONS, "EUR") == [
        "Sales cycle rose to 48 days where 40 days is usual (limits 33 to 46 days, from its own trend), "
        "for the worse.",
        "Win rate rose to 40.2 % where 35.0 % is usual (limits 31.0 to 39.0 %, from its own level), for the better.",
    ]


def test_actions_past_their_day_are_named_with_owner_and_day():
    actions = pd.DataFrame({"action": ["a", "b", "c"], "owner": "Ann", "status": ["open", "done", "open"],
                            "due_on": ["2026-09-30", "2026-09-01", "2026-10-15"]})
    assert figures.due(actions, pd.Timestamp("2026-09-30")) == ["a (Ann, due 30 September 2026)"]


@pytest.mark.parametrize("nothing", [None, SCORECARD[:0]])
def test_where_nothing_is_known_nothing_is_said(nothing):
    assert figures.key_figures(nothing, "Acme", DEFINITIONS).empty
    assert figures.off_goal(nothing, "Acme", DEFINITIONS) == [] == figures.due(None, pd.Timestamp("2026-09-30"))
    assert figures.changes(None if nothing is None else SIGNALS[:0], "Acme", "2026-09", DEFINITIONS) == []


def test_without_definitions_figures_go_by_their_key_and_no_goal_is_judged():
    found = figures.key_figures(SCORECARD, "Acme")
    assert found["figure"].tolist() == ["Win rate", "Sales cycle", "Deals", "Bookings"]
    assert figures.off_goal(SCORECARD, "Acme") == []


def test_what_could_not_be_computed_is_read_from_the_pages(tmp_path):
    lack = "<p>The table quotas is missing; it would show the goals &amp; pay.</p>"
    (tmp_path / "one.html").write_text(lack + lack)
    (tmp_path / "two.html").write_text(lack)
    cards = [{"title": title, "status": status, "reason": "cell 7: it broke", "page": page} for title, status, page in (
        ("One", "complete", "one.html"), ("Two", "kept", "two.html"), ("Three", "failed", ""))]
    assert letters.not_computed(cards, tmp_path) == [
        "Three: cell 7: it broke.", "The table quotas is missing; it would show the goals & pay (One and Two)."]


def test_earlier_months_are_those_that_lie_beside(tmp_path):
    for name in ("2026-07", "2026-08", "2026-10", "check", "2026-13"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "index.html").write_text("x")
    (tmp_path / "2026-06").mkdir()
    found = letters.previous_months(tmp_path / "2026-09")
    assert [month["month"] for month in found] == ["August 2026", "July 2026"]
    assert found[0]["page"] == "../2026-08/index.html"


def written(**more):
    parts = {"figures": figures.key_figures(SCORECARD, "Acme", DEFINITIONS, "EUR").to_dict("records"),
             "changed": figures.changes(SIGNALS, "Acme", "2026-09", DEFINITIONS),
             "headlines": [{"title": "T", "question": "Why?", "page": "t.html", "headline": "It is EUR 1.2 m."}]}
    return letters.Letter("Acme", "September 2026", "30 September 2026", "1 page, all complete.", **(parts | more))


def test_the_mail_opens_as_a_draft_in_text_and_html_with_nobody_addressed():
    message = email.message_from_bytes(mail.mail(written(attend=ATTEND), [("report.pdf", b"%PDF-1")]), policy=default)
    assert message["Subject"] == "Sales report · Acme · September 2026" and message["X-Unsent"] == "1"
    assert not {"to", "cc", "bcc", "from", "date", "message-id"} & {name.lower() for name in message.keys()}
    plain, rich = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    for said in ("Bookings", "EUR 2.64 m", "It is EUR 1.2 m.", "Sales cycle rose to 48 days",
                 "Two deals. <i>: EUR 9; B. More: T."):
        assert said in " ".join(plain.split())
        assert said in " ".join(BeautifulSoup(rich, "html.parser").get_text().split())
    assert max(map(len, plain.splitlines())) <= 78
    files = [(part.get_filename(), part.get_content()) for part in message.iter_attachments()]
    assert files == [("report.pdf", b"%PDF-1")]


def test_the_mail_is_the_same_for_the_same_letter():
    assert mail.mail(written()) == mail.mail(written())


def test_hostile_texts_stay_texts_in_the_mail():
    bad = letters.Letter(
        HOSTILE, "September 2026", "x", HOSTILE, changed=[HOSTILE], lacking=[HOSTILE],
        headlines=[{"title": HOSTILE, "question": HOSTILE, "page": "", "headline": HOSTILE}])
    message = email.message_from_bytes(mail.mail(bad), policy=default)
    assert message["Bcc"] is None
    rich = message.get_body(("html",)).get_content()
    assert "<script" not in rich and not re.search(r"(src|href)=", rich)


def test_the_index_carries_the_letter_and_the_way_to_other_months():
    edition = pages.Edition("Acme", "September 2026", "30 September 2026", "5 of 6 rows used")
    letter = written(decide=["Hire <b>."], attend=ATTEND)
    text = pages.index([], edition, [], [], "1 page", dt.datetime(2026, 10, 1), letter=letter,
                       months=[{"month": "August 2026", "page": "../2026-08/index.html"}],
                       files=[{"label": "PDF", "page": "report.pdf"}])
    soup = BeautifulSoup(text, "html.parser")
    assert faults(text) == []
    assert [row.th.get_text() for row in soup.select("#figures tbody tr")] == ["Bookings", "Win rate", "Sales cycle",
                                                                              "Deals won"]
    assert [li.get_text() for li in soup.select("#attend ol li")] == ["<i>: EUR 9", "B"]
    assert [a["href"] for a in soup.select("#attend a")] == ["t.html#part-2"]
    assert soup.select_one("#decide li").get_text() == "Hire <b>." and len(soup.select("#changed li")) == 2
    assert [a["href"] for a in soup.select(".more a")] == ["report.pdf", "../2026-08/index.html"]
    assert soup.select_one("#lacking") is None
