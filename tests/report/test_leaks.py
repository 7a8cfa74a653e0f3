"""No audience's pack holds a value that this audience must not see; and the search finds what is let through."""

from __future__ import annotations

import base64
import html
import io
import json
import re
import shutil
import stat
import zipfile
from urllib.parse import quote

import planted
import pytest
from bs4 import BeautifulSoup
from leaks import files_of, leaks
from pypdf import PdfReader

from salesops_helpers.data import veil
from salesops_helpers.data.tables import TABLES
from salesops_helpers.report import catalog
from salesops_helpers.report.packs import packs

MONTH = "2026-03"
WHOSE = {"leadership": "", "manager": "r0", "rep": "r0", "finance": "", "marketing": ""}


ENTRY = catalog.Entry("everything", "Everything", "What is there?", "everybody",
                      publishes=tuple(f"all_{name}" for name in TABLES))


def company_in(folder, patch, more=()):
    """The company and its secrets; the kit holds one notebook, which shows whatever it can lay its hands on, and
    `more` of its own."""
    own = {entry.stem: entry for entry in catalog.CATALOG}
    here = catalog.notebooks_folder()
    patch.setattr(catalog, "CATALOG", (ENTRY, *(own[stem] for stem in more)))
    patch.setattr(catalog, "notebooks_folder", lambda: folder / "kit")
    planted.write_notebook(folder / "kit" / "everything.ipynb")
    for stem in more:
        shutil.copy(here / f"{stem}.ipynb", folder / "kit")
    return folder / "acme", planted.write(folder / "acme", more)


@pytest.fixture
def company(here, tmp_path, monkeypatch):
    return company_in(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def five(tmp_path_factory):
    """The packs of five audiences, made in one run with real kernels: audience → pack; and the secrets."""
    place = tmp_path_factory.mktemp("five")
    with pytest.MonkeyPatch.context() as patch:
        folder, secrets = company_in(place, patch, ["comp_statement"])
        names = [asked(name, secrets) for name in WHOSE]
        return dict(zip(WHOSE, packs(str(folder), MONTH, place / "out", names, jobs=1), strict=True)), secrets


def asked(name, secrets):
    rep = WHOSE[name]
    return {"manager": f"manager:{planted.PEOPLE.get(rep)}", "rep": f"rep:{secrets.ids.get(rep)}"}.get(name, name)


def made(company, tmp_path, name, **more):
    folder, secrets = company
    (pack,) = packs(str(folder), MONTH, tmp_path / "out", [asked(name, secrets)], jobs=1, **more)
    return pack


@pytest.mark.parametrize("name", WHOSE)
def test_no_pack_holds_what_its_audience_must_not_see(name, five):
    pack, secrets = five[0][name], five[1]
    assert pack.status == "complete", pack.reasons
    hidden = [row["marker"] for row in secrets.hidden(name, WHOSE[name])]
    shown = [row["marker"] for row in secrets.rows if row["marker"] not in hidden]
    files = files_of(pack.folder)
    assert leaks(files, hidden) == []
    seen = {value for _, value in leaks(files, shown)}
    assert len(hidden) > 10 and len(seen) > 5, "what it may see is found by the same search"
    names = {path.rpartition(".")[2] for path in files}
    assert names == {"html", "csv", "xlsx", "eml"} and {"everything.html", "comp_statement.html"} <= set(files)


def test_the_pay_statement_of_a_pack_holds_the_pay_that_its_audience_may_see(five):
    packs_of, secrets = five
    year = next(row["marker"] for row in secrets.rows if row["kind"] == "pay" and row["rep"] == "r0")
    month = f"{(int(year) + 0.25) / 12:,.2f}".encode()
    seen = {name: month in files_of(packs_of[name].folder)["comp_statement.html"] for name in WHOSE}
    assert {name for name, is_there in seen.items() if is_there} == {"rep", "finance"}


LET_THROUGH = {
    "next_step": ("finance", lambda m: m.setitem(veil.FREE_TEXTS, "opportunities", ())),
    "account": ("finance", lambda m: m.delitem(veil.ENTITIES, "accounts")),
    "name": ("manager", lambda m: m.setattr(veil, "_within", lambda frames, sight: (
        dict(frames), frames["reps"]["rep_id"].iloc[:0]))),
    "territory": ("rep", lambda m: m.setattr(veil, "PLACE", ())),
    "quota": ("marketing", lambda m: m.setattr(veil, "_hidden", lambda sight: {"fx_rates"})),
}


@pytest.mark.parametrize("kind", LET_THROUGH)
def test_one_column_let_through_is_found(kind, company, tmp_path, monkeypatch):
    name, let_through = LET_THROUGH[kind]
    let_through(monkeypatch)
    pack, secrets = made(company, tmp_path, name), company[1]
    hidden = {row["marker"]: row["kind"] for row in secrets.hidden(name, WHOSE[name])}
    found = leaks(files_of(pack.folder), hidden)
    assert kind in {hidden[value] for _, value in found}


def test_the_search_finds_every_form():
    value, number = "Zq079190Kx", "7130091"
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as parts:
        parts.writestr("docProps/core.xml", f"<dc:creator>{value}</dc:creator>")
    for content in (value.encode("utf-16"), base64.b64encode(f"ab{value}cd".encode()), quote(f"<{value}>").encode(),
                    "".join(f"&#{ord(c)};" for c in value).encode(), html.escape(f"<{value}>").encode(),
                    b"data:image/svg+xml;base64," + base64.b64encode(b"x" * 60 + value.encode()), book.getvalue(),
                    value.replace("9", "<b>9</b>").encode(), json.dumps("é" + value).encode(),
                    value.encode().hex().encode(), "".join(f"\\u{ord(c):04x}" for c in value).encode()):
        assert leaks({"a.html": content}, [value]) == [("a.html", value)], content
    assert leaks({f"{value}.html": b""}, [value]) and not leaks({"a.html": b"Zq079191Kx"}, [value])
    for text in ("7,130,091.25", "7 130 091", "EUR 7130091"):
        assert leaks({"a.html": text.encode()}, [number])


@pytest.mark.parametrize("name", WHOSE)
def test_only_the_owner_may_read_a_pack_and_no_link_leads_out(name, five):
    pack = five[0][name]
    top = next(parent for parent in pack.folder.parents if parent.name == MONTH)
    for path in [top / ".packs", *(top / "audiences").rglob("*"), top / "audiences"]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    files = files_of(pack.folder)
    assert not [file for file in files if file.endswith((".ipynb", ".json", ".parquet"))]
    for file in (file for file in files if file.endswith(".html")):
        links = [a["href"] for a in BeautifulSoup(files[file], "html.parser").select("a[href]")]
        assert all(link.partition("#")[0] in {"", *files} for link in links), links
    assert not leaks(files, [str(top.parent.parent), top.parent.parent.name]), "no path of the run"


def test_a_link_to_a_table_stays_where_the_table_is_handed_over(five):
    page = files_of(five[0]["manager"].folder)["everything.html"]
    assert b'href="tables/all_opportunities.csv"' in page and b'href="tables/all_reps.csv"' not in page


def test_only_granted_columns_of_granted_tables_are_handed_over(five):
    pack = five[0]["marketing"].folder
    files = files_of(pack)
    assert [name for name in files if name.endswith(".csv")] == ["tables/all_opportunities.csv"]
    assert files["tables/all_opportunities.csv"].splitlines()[0] == b"lead_source,status"
    with zipfile.ZipFile(io.BytesIO(files[f"tables-{MONTH}.xlsx"])) as book:
        sheets, about = book.read("xl/workbook.xml").decode(), book.read("docProps/core.xml").decode()
    assert re.findall(r'<sheet name="([^"]*)"', sheets) == ["Contents", "all_opportunities"]
    said = re.findall(r"<(dc:creator|cp:lastModifiedBy)>([^<]*)<", about)
    assert said == [("dc:creator", ""), ("cp:lastModifiedBy", "")]


def test_a_pack_in_pdf_says_nothing_either(company, tmp_path, chromium):
    folder, secrets = company
    path = folder / "audiences.toml"
    path.write_text(path.read_text().replace('tables = {all_opportunities = "all", all_reps = "all", all_accounts',
                                             'tables = {all_accounts').replace(
        'hand_outs = ["workbook", "mail"]\n\n[marketing]', 'hand_outs = ["pdf"]\n\n[marketing]'))
    pack = made(company, tmp_path, "finance")
    files = files_of(pack.folder)
    assert {"everything.pdf", f"report-{MONTH}.pdf"} <= set(files)
    assert leaks(files, [row["marker"] for row in secrets.hidden("finance")]) == []
    assert leaks(files, [row["marker"] for row in secrets.rows if row["kind"] == "amount"])
    assert not leaks(files, [str(tmp_path), tmp_path.name])
    for name in (name for name in files if name.endswith(".pdf")):
        assert set(PdfReader(io.BytesIO(files[name])).metadata) == {"/Title"}
