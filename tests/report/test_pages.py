"""A page: answer first, no code, nothing that runs or loads, everything escaped."""

from __future__ import annotations

import datetime as dt
import re

import nbformat.v4 as nb
import pytest
from bs4 import BeautifulSoup
from page_checks import faults

from salesops_helpers.report import pages
from salesops_helpers.report.catalog import Entry

ENTRY = Entry("one", "First", "Do we <sell>?", "everyone")
EDITION = pages.Edition("Acme <img src=x onerror=alert(1)>", "February 2026", "28 February 2026", "5 of 6 rows used")
RUN_AT = dt.datetime(2026, 3, 1, 6, 30)
ANSWER = '<div class="answer"><p><strong>We sold 3 &lt;things&gt;.</strong></p><p>More.</p></div>'


def html(text):
    return nb.new_output("display_data", {"text/html": text, "text/plain": "plain twin"})


def executed(*cells):
    return nb.new_notebook(cells=[nb.new_markdown_cell("# Do we sell?\n\nFor **all**."), *cells])


def code(*outputs, source="secret_source = 1", tags=()):
    return nb.new_code_cell(source, outputs=list(outputs), execution_count=1, metadata={"tags": list(tags)})


def page_of(*cells):
    page = pages.render(executed(*cells), ENTRY, EDITION, RUN_AT)
    return page, BeautifulSoup(page.html, "html.parser")


def test_the_answer_comes_first_and_is_the_headline():
    page, soup = page_of(code(html("<p>before</p>")), code(html(ANSWER)), nb.new_markdown_cell("## Evidence\n\nLook."))
    assert page.headline == "We sold 3 <things>."
    assert len(soup.select(".answer")) == 1
    order = [page.html.index(text) for text in ("<h1>Do we sell?</h1>", "We sold 3", "For <strong>all", "<p>before")]
    assert order == sorted(order)
    assert "plain twin" not in page.html


def test_a_second_answer_is_a_note():
    _, soup = page_of(code(html(ANSWER)), code(html(ANSWER)))
    assert len(soup.select(".answer")) == 1 and len(soup.select(".note")) == 1


def test_a_page_without_answer_or_heading_still_is_a_page():
    page = pages.render(nb.new_notebook(cells=[code(html("<p>x</p>"))]), ENTRY, EDITION, RUN_AT)
    assert page.headline == "" and "<h1>Do we &lt;sell&gt;?</h1>" in page.html and faults(page.html) == []


def test_no_code_no_prompts_no_errors_are_shown():
    page, soup = page_of(
        code(nb.new_output("stream", name="stderr", text="a warning")),
        code(nb.new_output("stream", name="stdout", text="said")),
        code(nb.new_output("error", ename="E", evalue="v", traceback=["Traceback (most recent call last)"])),
        code(html("<p>hidden</p>"), tags=["remove-cell"]), code(html("<p>hidden</p>"), tags=["explorer"]),
        code(source="month = 1", tags=["parameters"]), code(source="month = 2", tags=["injected-parameters"]),
        code(nb.new_output("display_data", {pages.WIDGET: {"model_id": "x"}, "text/plain": "VBox(children=())"})),
        code(nb.new_output("display_data", {"application/javascript": "alert(1)", "text/plain": "js"})),
        nb.new_raw_cell("raw"),
    )
    for text in ("secret_source", "a warning", "hidden", "month = ", "VBox", "alert(1)</", "raw"):
        assert text not in page.html.replace("onerror=alert(1)&gt;", "")
    assert "said" in page.html and faults(page.html) == []


HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '<img src="https://a.example/x.png">',
    '<iframe src="//a.example"></iframe>', '<a href="javascript:alert(1)">x</a>',
    '<link rel=stylesheet href="//a.example">',
    '<style>@import "https://a.example"</style>', '<p style="background:url(https://a.example)">x</p>',
    '<svg onload=alert(1)><image href="https://a.example"/></svg>', '<form action="https://a.example"><input></form>',
    '<base href="https://a.example">', '<video src="https://a.example"></video>', '<p onclick="x()">x</p>',
    '<object data="https://a.example"></object>', "<!--[if IE]><script>x</script><![endif]-->",
    '<meta http-equiv="refresh" content="0;url=https://a.example">', "<noscript><img src=//a.example></noscript>",
    '<table background="https://a.example"><tr><td>x</td></tr></table>',
    '<img srcset="https://a.example 2x" src="data:,">',
]


@pytest.mark.parametrize("payload", HOSTILE)
@pytest.mark.parametrize("where", ["output", "markdown", "stdout", "plain"])
def test_nothing_hostile_reaches_a_page(payload, where):
    cell = {
        "output": lambda: code(html(payload)), "markdown": lambda: nb.new_markdown_cell(payload),
        "stdout": lambda: code(nb.new_output("stream", name="stdout", text=payload)),
        "plain": lambda: code(nb.new_output("execute_result", {"text/plain": payload}, execution_count=1)),
    }[where]()
    page, _ = page_of(cell, nb.new_markdown_cell("after"))
    assert faults(page.html) == []
    assert "after" in page.html


def test_a_page_runs_one_script_and_its_policy_names_no_other():
    page, soup = page_of(code(html(ANSWER)))
    allowed = re.findall(r"'sha256-[^']+'", soup.find("meta", {"http-equiv": True})["content"])
    assert len(soup.find_all("script")) == len(allowed) == 1 and faults(page.html) == []
    assert faults(page.html.replace("</script>", " </script>")) != []


def test_texts_of_company_and_catalog_are_escaped():
    page = pages.render(nb.new_notebook(), ENTRY, EDITION, RUN_AT)
    assert "Acme &lt;img src=x onerror=alert(1)&gt;" in page.html and "<img" not in page.html


def test_links_to_other_hosts_are_text_and_links_within_the_report_stay():
    _, soup = page_of(nb.new_markdown_cell("[a](https://a.example/x) [b](other.html) [c](#here)\n\n<p id=here></p>"))
    assert soup.find("a", string="b")["href"] == "other.html"
    assert "a (https://a.example/x)" in soup.get_text() and not soup.find("a", string="a")


def test_contents_lead_to_the_parts():
    _, soup = page_of(code(html(ANSWER)), nb.new_markdown_cell("## One *x*\n\nText."),
                      nb.new_markdown_cell("## Two <b>y</b>\n\nText."))
    links = soup.select(".contents a")
    assert [a.get_text() for a in links] == ["One x", "Two y"]
    assert [soup.find(id=a["href"][1:]).get_text() for a in links] == ["One x", "Two y"]


def test_a_heading_over_nothing_goes():
    parts = ("## The answer", "## A part\n\nText.", "## A picture", "## The end")
    said = [nb.new_markdown_cell(text) for text in parts]
    picture = code(html('<img src="data:image/png;base64,AAAA" alt="x">'))
    _, soup = page_of(said[0], code(html(ANSWER)), said[1], said[2], picture, said[3])
    assert [h.get_text() for h in soup.select(".evidence h2")] == ["A part", "A picture"]
    assert [a.get_text() for a in soup.select(".contents a")] == ["A part", "A picture"]


def test_numbers_stay_with_their_units_and_the_text_stays_the_same():
    said = "We expect EUR 1.23 m (80 % range −7 % to +24 %) &lt;b&gt; from 12 deals &amp; 3 months."
    page, soup = page_of(code(html(f'<div class="answer"><p><strong>{said}</strong></p></div>')))
    assert [s.get_text() for s in soup.select(".answer .n")] == ["EUR 1.23 m", "80 %", "−7 %", "+24 %"]
    assert soup.select_one(".answer").get_text() == BeautifulSoup(said, "html.parser").get_text() == page.headline


def test_tables_scroll_and_pictures_keep_their_words():
    table = '<div class="table"><table><caption>By rep</caption><tr><td class="number">1</td></tr></table></div>'
    figure = '<figure><img src="data:image/png;base64,AAAA" alt="Sales rose."></figure>'
    _, soup = page_of(code(html(table)), code(html("<table><tr><td>x</td></tr></table>")), code(html(figure)))
    assert [t["aria-label"] for t in soup.select(".table[tabindex]")] == ["Table 1: By rep", "Table 2"]
    assert soup.find("img")["alt"] == "Sales rose."


def test_the_moment_of_the_run_stands_in_its_element_only():
    page, soup = page_of(code(html(ANSWER)))
    stamps = soup.select("time.run")
    assert len(stamps) == 1 and stamps[0].get_text() == "2026-03-01 06:30 UTC"
    stamps[0].extract()
    assert "2026-03-01" not in str(soup)


def test_a_page_is_light_without_its_figures():
    page, _ = page_of(*[code(html("<p>" + "x" * 200 + "</p>")) for _ in range(50)])
    assert len(page.html) < 40_000


def test_an_index_escapes_what_it_quotes():
    card = {"stem": "one", "title": "T", "question": "<q>", "reader": "us", "status": "failed", "said": "failed",
            "page": "", "headline": "<script>1</script>", "reason": "cell 7: <b>"}
    row = {"table": "reps", "rows_in": "1", "used": "0", "set_aside": "1", "reasons": "<i> (1)"}
    text = pages.index([card], EDITION, [row], ["<u>"], "0 of 1", RUN_AT)
    assert faults(text) == []
    for raw in ("<q>", "<script>1", "<b>", "<i>", "<u>"):
        assert raw not in text
