"""How tables, headings and notes are framed: names of their own, and the paper that a table needs."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from salesops_helpers.report import framing


def soup_of(html):
    soup = BeautifulSoup(html, "html.parser")
    framing.framed(soup)
    return soup


def table(columns, words="word", kind="text", rows=2):
    row = "".join(f'<td class="{kind}">{words}</td>' for _ in range(columns))
    return f'<div class="cell"><div class="table"><table>{f"<tr>{row}</tr>" * rows}</table></div></div>'


def test_breadth_counts_numbers_whole_headings_by_their_longest_word_and_texts_up_to_a_limit():
    head = '<tr><th>won value (EUR)</th><th>x</th></tr>'
    rows = f'<tr><td class="number">1,234,567.00</td><td class="text">{"many words " * 9}</td></tr>'
    breadth = framing.breadth(BeautifulSoup(f"<table>{head}{rows}</table>", "html.parser"))
    assert breadth == len("1,234,567.00") + framing.LONGEST + 2 * framing.BETWEEN


@pytest.mark.parametrize(("columns", "mark", "sheet"), [
    (5, None, 0), (8, "dense", 0), (10, "close", 0), (11, "broad", 1), (16, "broadest", 1),
])
def test_a_table_gets_the_paper_that_it_needs(columns, mark, sheet):
    soup = soup_of("<div class=said><h2>Part</h2><p>See.</p></div>" + table(columns, "123,456,789", "number"))
    marks = set(soup.select_one(".table")["class"]) & {"dense", "close", "broad", "broadest"}
    assert marks == ({mark} if mark else set())
    assert len(soup.select(".sheet > .said + .cell .table")) == sheet


def test_every_table_has_a_name_of_its_own():
    named = table(2).replace("<table>", "<table><caption>By rep</caption>")
    soup = soup_of("<h2>Part</h2>" + table(2) + table(2) + named)
    labels = [frame["aria-label"] for frame in soup.select(".table")]
    assert labels == ["Table 1: Part", "Table 2: Part", "Table 3: By rep"]
    assert soup.select_one("p.caption + .table")["aria-label"] == labels[2]


def test_a_word_without_end_may_break_and_a_short_cell_may_not():
    soup = soup_of(f"<table><tr><td>{'x' * 200}</td><td>R-1</td><td>{'some words ' * 5}</td></tr></table>")
    assert [cell.get("class", []) for cell in soup.select("td")] == [["long"], ["short"], []]


def test_a_note_is_no_landmark_within_the_page():
    soup = soup_of('<aside class="note"><p>x</p></aside>')
    assert soup.find("aside") is None and soup.select_one(".note")["role"] == "note"
