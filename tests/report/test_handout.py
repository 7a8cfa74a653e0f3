"""What lies beside a month's pages: made anew with them, gone where it no longer fits, read once."""

from __future__ import annotations

import json

import pandas as pd

from salesops_helpers.publish import publish
from salesops_helpers.report import handout
from salesops_helpers.report.letter import Letter

FACTS = {"company": "Acme", "month_name": "September 2026", "as_of": "2026-09-30", "as_of_name": "30 September 2026",
         "currency": "EUR"}
SAID = Letter("Acme", "September 2026", "30 September 2026", "1 page.")
SCORECARD = pd.DataFrame({"kpi": ["bookings"], "form": ["credited"], "unit": ["Acme"], "value": [1e6], "low": [None],
                          "high": [None], "goal": [2e6], "previous": [5e5], "change": [5e5]})
DEFINITIONS = pd.DataFrame({"kpi": ["bookings"], "form": ["credited"], "title": ["Bookings"], "unit": ["currency"],
                            "direction": ["up"]})
CARD = {"title": "One", "question": "Why?", "page": "one.html", "headline": "It is 1.", "status": "complete",
        "reason": ""}


def month(tmp_path):
    folder = tmp_path / "2026-09"
    folder.mkdir()
    (folder / "one.html").write_text("<p>The table quotas is missing; it would show goals.</p>", encoding="utf-8")
    return folder


def test_the_letter_comes_from_the_pages_and_what_they_published(tmp_path):
    folder = month(tmp_path)
    publish(SCORECARD, "kpi_figures", str(folder / "tables"))
    publish(DEFINITIONS, "kpi_definitions", str(folder / "tables"))
    letter, kept = handout.letter(folder, FACTS, [CARD], "1 page.")
    assert [row["figure"] for row in letter.figures] == ["Bookings"] and letter.figures[0]["value"] == "EUR 1.00 m"
    assert letter.decide == ["Bookings: EUR 1.00 m, below the goal of EUR 2.00 m."] and letter.changed == []
    assert letter.lacking == ["The table quotas is missing; it would show goals (One)."]
    assert json.loads(json.dumps(kept)) == kept


def test_the_same_tables_are_not_read_again_and_others_are(tmp_path):
    folder = month(tmp_path)
    publish(SCORECARD, "kpi_figures", str(folder / "tables"))
    _, kept = handout.letter(folder, FACTS, [CARD], "1 page.")
    marked = {**kept, "changed": ["as it was"]}
    assert handout.letter(folder, FACTS, [CARD], "1 page.", marked)[0].changed == ["as it was"]
    publish(SCORECARD.assign(value=3e6), "kpi_figures", str(folder / "tables"))
    again, _ = handout.letter(folder, FACTS, [CARD], "1 page.", marked)
    assert again.changed == [] and again.figures[0]["value"] == "3,000,000"


def test_a_month_without_tables_has_a_letter_and_a_mail_and_no_workbook(tmp_path):
    folder = month(tmp_path)
    letter, _ = handout.letter(folder, FACTS, [CARD], "1 page.")
    assert (letter.figures, letter.changed, letter.decide) == ([], [], [])
    handed = handout.Handed(folder, letter, {"one": True})
    handed.write({})
    assert [file["page"] for file in handed.files(False)] == ["letter-2026-09.eml"]
    assert [file["page"] for file in handed.files(True)] == ["report-2026-09.pdf", "letter-2026-09.eml"]


def test_a_pdf_goes_where_its_page_was_made_anew_and_stays_where_it_was_kept(tmp_path):
    folder = month(tmp_path)
    for name in ("one.pdf", "two.pdf", "report-2026-09.pdf"):
        (folder / name).write_bytes(b"old")
    handout.Handed(folder, SAID, {"one": False, "two": False}).write({})
    assert len(list(folder.glob("*.pdf"))) == 3
    handout.Handed(folder, SAID, {"one": True, "two": False}).write({})
    assert [path.name for path in folder.glob("*.pdf")] == ["two.pdf"]


def test_the_workbook_names_the_page_of_each_table(tmp_path):
    folder = month(tmp_path)
    publish(SCORECARD, "kpi_figures", str(folder / "tables"))
    made = handout.workbook(folder, "Acme", {"kpi_figures": "Scorecard"})
    assert made.page == "tables-2026-09.xlsx" and made.size == (folder / made.page).stat().st_size > 1000
