"""The report as a reader meets it: in a browser at three widths, by keyboard, on paper, and under attack."""

from __future__ import annotations

import json
import re
import unicodedata
import zipfile
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from hostile import COMPANY, company
from looks import broken, is_sound, links_within, pages_of

from salesops_helpers.report import catalog

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]
UPRIGHT, ACROSS = 680, 1009


@pytest.fixture(scope="module")
def sample(report):
    return report("data/sample", "2026-09")


@pytest.fixture(scope="module")
def printed(sample, on_paper):
    return on_paper(sample)


@pytest.fixture(scope="module")
def attacked(report, tmp_path_factory):
    bad = company(ROOT / "data/sample", tmp_path_factory.mktemp("bad") / "acme")
    # the forecast costs time
    quick = [entry.stem for entry in catalog.CATALOG if "forecast_bookings" not in entry.publishes]
    return report(bad, "2026-09", "--by", "team", "--only", *quick)


def test_every_page_fits_every_width_passes_axe_and_says_and_asks_for_nothing(sample, see, rules):
    for path in pages_of(sample):
        with see(path) as seen:
            is_sound(seen, rules, path)


def test_axe_sees_what_is_wrong(see, rules, tmp_path):
    (tmp_path / "bad.html").write_text("<!DOCTYPE html><img src='data:,'><p style='color:#eee'>x</p>")
    with see(tmp_path / "bad.html") as seen:
        assert {fault.split(":")[0] for fault in broken(rules, seen.page)} >= {"image-alt", "html-has-lang"}


def test_every_link_leads_somewhere_within_the_month(sample):
    assert links_within(sample) > 20


def test_the_letter_leads_to_the_sections_that_say_who_and_what_needs_the_reader(sample):
    soup = BeautifulSoup((sample / "index.html").read_text(encoding="utf-8"), "html.parser")
    leads = [link["href"].partition("#") for link in soup.select("#attend a")]
    assert [page for page, _, part in leads if part] == ["rep_feedback.html", "sales_process.html"]
    assert len(soup.select("#attend ol li")) == 5


def column(page, table, place):
    return page.evaluate(f"[...document.querySelectorAll('table')[{table}].tBodies[0].rows].map("
                         f"row => row.cells[{place}].textContent.trim())")


def test_a_table_sorts_by_mouse_and_by_keyboard(sample, see):
    with see(sample / "rep_benchmarking.html") as seen:
        heads = seen.page.locator("table").first.locator("thead th")
        names = heads.all_inner_texts()
        number = next(place for place, name in enumerate(names) if "won value" in name)
        given = column(seen.page, 0, number)
        heads.nth(number).locator("button").click()
        down = [float(text.replace(",", "")) for text in column(seen.page, 0, number)]
        assert down == sorted(down, reverse=True) and heads.nth(number).get_attribute("aria-sort") == "descending"
        seen.page.keyboard.press("Enter")
        assert [float(text.replace(",", "")) for text in column(seen.page, 0, number)] == sorted(down)
        seen.page.keyboard.press("Enter")
        assert column(seen.page, 0, number) == given and heads.nth(number).get_attribute("aria-sort") is None
        seen.page.keyboard.press("Tab")
        seen.page.keyboard.press("Shift+Tab")
        seen.page.keyboard.press("Space")
        assert heads.nth(number).get_attribute("aria-sort") == "descending"
        heads.nth(0).locator("button").click()
        assert column(seen.page, 0, 0) == sorted(column(seen.page, 0, 0), key=plain)
        assert seen.said == []


def test_a_chart_is_whole_on_a_phone_and_grows_when_it_is_tapped(sample, see):
    with see(sample / "rep_benchmarking.html", 390) as seen:
        figure = seen.page.locator("figure").first
        image = figure.locator("img")
        assert image.bounding_box()["width"] <= 390
        figure.click()
        assert image.bounding_box()["width"] > 600
        assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def plain(text):
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").lower()


TABLE = """<!DOCTYPE html><table><thead><tr><th>x</th></tr></thead><tbody>%s</tbody></table><script>%s</script>"""


@pytest.mark.parametrize(("cells", "first"), [
    (["9", "10", "−2", "–", "1,000"], ["1,000", "10", "9", "−2", "–"]),
    (["EUR 900 k", "EUR 1.2 m", "EUR 3 bn", ""], ["EUR 3 bn", "EUR 1.2 m", "EUR 900 k", ""]),
    (["9.5 %", "10.1 %", "−3 %"], ["10.1 %", "9.5 %", "−3 %"]),
    (["5 to 9 %", "12 to 13 %"], ["12 to 13 %", "5 to 9 %"]),
    (["2026-10", "2025-12", "2026-02"], ["2025-12", "2026-02", "2026-10"]),
    (["R-10", "R-9", "r-1", "–"], ["r-1", "R-9", "R-10", "–"]),
])
def test_numbers_sort_as_numbers_and_what_is_missing_comes_last(see, tmp_path, cells, first):
    rows = "".join(f"<tr><td>{cell}</td></tr>" for cell in cells)
    script = (ROOT / "salesops_helpers/report/templates/sort.js").read_text(encoding="utf-8")
    (tmp_path / "t.html").write_text(f"<meta charset=utf-8>{TABLE % (rows, script)}", encoding="utf-8")
    with see(tmp_path / "t.html") as seen:
        seen.page.locator("th button").click()
        assert column(seen.page, 0, 0) == first


def paper(path):
    from pypdf import PdfReader

    text = "".join(page.extract_text() for page in PdfReader(path).pages)
    return squeezed(text)


def squeezed(text):
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def test_no_table_is_cut_on_paper(sample, printed, see):
    for path in pages_of(sample):
        with see(path, UPRIGHT) as seen:
            seen.page.emulate_media(media="print")
            for width, kind in ((UPRIGHT, ".table:not(.broad, .broadest)"), (ACROSS, ".broad, .broadest")):
                seen.page.set_viewport_size({"width": width, "height": 900})
                wide = seen.page.evaluate(f"[...document.querySelectorAll({json.dumps(kind)})].map("
                                          "frame => frame.querySelector('table').getBoundingClientRect().right)")
                assert all(right <= width + 1 for right in wide), (path.name, wide)
        if path.name == "index.html":
            continue
        text = paper(printed / f"{path.stem}.pdf")
        tables = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").select("table")
        assert tables
        for table in tables:
            rows = table.find_all("tr")
            for cell in [*rows[0].find_all(["th", "td"]), *rows[-1].find_all(["th", "td"])]:
                assert squeezed(cell.get_text()) in text, (path.name, cell)


def test_the_bound_report_holds_every_page_with_bookmarks_and_no_path(sample, printed):
    from pypdf import PdfReader

    reader = PdfReader(printed / f"report-{sample.name}.pdf")
    headings = [BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").h1.get_text()
                for path in pages_of(sample)]
    assert {mark.title for mark in reader.outline if not isinstance(mark, list)} == set(headings)
    assert all(f"{number}/{len(reader.pages)}" in squeezed(page.extract_text())
               for number, page in enumerate(reader.pages, 1))
    for path in printed.glob("*.pdf"):
        assert b"file:" not in path.read_bytes() and str(printed.parent).encode() not in path.read_bytes()
        targets = [note.get_object().get("/A", {}).get("/URI") for page in PdfReader(path).pages
                   for note in page.get("/Annots", [])]
        assert not any(targets), path.name


def test_a_page_is_light_without_its_figures(sample):
    for path in pages_of(sample):
        assert len(re.sub(r'src="data:[^"]*"', "", path.read_text(encoding="utf-8"))) < 150_000, path.name


def test_nothing_hostile_runs_loads_or_is_even_tried(attacked, see):
    record = json.loads((attacked / "record.json").read_text(encoding="utf-8"))
    assert {page["status"] for page in record["pages"].values()} == {"complete"}
    for path in pages_of(attacked):
        with see(path) as seen:
            for button in seen.page.locator("th button").all()[:3]:
                button.click()
            seen.page.mouse.move(300, 300)
            assert seen.page.evaluate("window.struck === undefined"), path
            assert (seen.struck, seen.said, seen.outside(path)) == ([], [], []), path
            assert COMPANY in seen.page.inner_text(".masthead"), path


def test_the_policy_alone_would_stop_it(attacked, see, tmp_path):
    html = (attacked / "index.html").read_text(encoding="utf-8")
    bad = "<script>window.struck=1</script><img src=x onerror=window.struck=1><img src='https://a.example/x'>"
    (tmp_path / "let_through.html").write_text(html.replace("</main>", f"{bad}</main>"), encoding="utf-8")
    with see(tmp_path / "let_through.html") as seen:
        assert seen.page.evaluate("window.struck === undefined") and len(seen.said) >= 3
    (tmp_path / "no_policy.html").write_text(
        re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html).replace("</main>", f"{bad}</main>"))
    with see(tmp_path / "no_policy.html") as seen:
        assert seen.page.evaluate("window.struck === 1")


def test_no_path_escapes_and_every_name_in_the_folder_is_plain(attacked):
    names = [path.relative_to(attacked.parent).as_posix() for path in attacked.parent.rglob("*")]
    assert len(list((attacked / "team").iterdir())) >= 2
    for name in names:
        assert re.fullmatch(r"[\w./-]+", name) and ".." not in name, name
    assert not list(Path("/tmp").glob("struck*"))


def test_the_workbook_and_the_mail_of_hostile_data_are_texts(attacked):
    with zipfile.ZipFile(attacked / f"tables-{attacked.name}.xlsx") as book:
        parts = {name: book.read(name).decode() for name in book.namelist()}
    sheets = "".join(parts.values())
    assert "cmd|" in sheets and "<f>" not in sheets and "<f " not in sheets and 'TargetMode="External"' not in sheets
    mail = message_from_bytes((attacked / f"letter-{attacked.name}.eml").read_bytes(), policy=default)
    rich = mail.get_body(("html",)).get_content()
    assert not re.search(r"<script|<[^>]*(src|href)=", rich) and "cmd|" in rich
