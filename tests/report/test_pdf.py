"""Printing: every page whole and in order, by a pipe or one by one, and a plain word where there is no browser."""

from __future__ import annotations

import os
import stat

import pytest

from salesops_helpers.errors import SalesOpsError
from salesops_helpers.report import binding, handout, pdf

PAGE = """<!DOCTYPE html><html lang="en"><head><title>Page {n}</title></head><body>
<header class="masthead">Acme</header>
<main><h1>Heading {n}</h1><p id="here">Text {n}</p><a href="{other}.html#here">over</a><a href="team/x/a.html">out</a>
<a href="#here">up</a></main><footer>Foot</footer></body></html>"""


def written(folder, numbers):
    files = {}
    for n in numbers:
        path = folder / f"{n}.html"
        path.write_text(PAGE.format(n=n, other=numbers[0]), encoding="utf-8")
        files[path] = folder / f"{n}.pdf"
    return files


def read(path):
    from pypdf import PdfReader

    reader = PdfReader(path)
    return reader.metadata.title, "".join(page.extract_text() for page in reader.pages)


@pytest.mark.browser
@pytest.mark.parametrize("way", ["_by_pipe", "_one_by_one"])
def test_every_page_is_printed_whole_and_in_order(chromium, tmp_path, way):
    numbers = [f"n{n}" for n in range(8 if way == "_by_pipe" else 2)]
    files = written(tmp_path, numbers)
    for n, content in zip(numbers, getattr(pdf, way)(chromium, list(files)), strict=True):
        (tmp_path / f"{n}.pdf").write_bytes(content)
        title, text = read(tmp_path / f"{n}.pdf")
        assert title == f"Page {n}" and f"Heading {n}" in text and f"Text {n}" in text


@pytest.mark.browser
def test_a_month_is_printed_page_by_page_and_bound(chromium, tmp_path):
    folder = tmp_path / "2026-09"
    (folder / "team/x").mkdir(parents=True)
    written(folder, ["index", "a", "b"])
    written(folder / "team/x", ["a"])
    made = handout.pdf(folder, ["a", "b", "team/x/a"], "All of it", chromium)
    assert sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.pdf")) == [
        "a.pdf", "b.pdf", "report-2026-09.pdf", "team/x/a.pdf"]
    title, text = read(folder / made.page)
    assert title == "All of it" and made.size == (folder / made.page).stat().st_size
    places = [text.index(f"Heading {n}") for n in ("index", "a", "b")]
    assert places == sorted(places) and text.count("Acme") == 1


def test_bound_pages_keep_their_own_ids_and_lead_to_each_other_and_nowhere_else():
    pages = {n: PAGE.format(n=n, other="a") for n in ("index", "a")}
    html = binding.bound(pages, "<b>")
    assert 'id="index--here"' in html and 'id="a--here"' in html and "<title>&lt;b&gt;</title>" in html
    assert html.count('href="#a--here"') == 3 and html.count('href="#index--here"') == 1 and "team/x" not in html


def test_a_page_for_paper_has_no_link_out_of_itself():
    html = binding.printable(PAGE.format(n=1, other="a"))
    assert html.count("href=") == 1 and 'href="#here"' in html and ">over</a>" in html


def test_without_a_browser_one_line_says_how_to_get_it(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SalesOpsError, match="no Chromium to print with.*apt-get install chromium"):
        pdf.browser()


@pytest.mark.skipif(not hasattr(os, "posix_spawn"), reason="needs chromium")
def test_a_browser_that_does_not_print_is_named(tmp_path):
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(broken.stat().st_mode | stat.S_IXUSR)
    files = written(tmp_path, ["a"])
    for way in (pdf._by_pipe, pdf._one_by_one):
        with pytest.raises(SalesOpsError, match="chromium does not print"):
            list(way(str(broken), list(files)))
