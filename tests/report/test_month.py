"""The report of a month: what is written, what is kept, what a failure leaves behind."""

from __future__ import annotations

import json
import re
import time

import pytest
from bs4 import BeautifulSoup

from salesops_helpers.errors import SalesOpsError
from salesops_helpers.report import folder as folders
from salesops_helpers.report import record
from salesops_helpers.report.month import report

TIME = re.compile(r'<time class="run".*?</time>')


def files_of(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name != folders.LOCK}


def test_a_month_is_an_index_pages_notebooks_tables_and_a_record(kit, company, tmp_path):
    lines = []
    index, results = report(str(company), "2026-02", tmp_path / "out", say=lines.append)
    assert index == tmp_path / "out/2026-02/index.html"
    assert sorted(files_of(index.parent)) == [
        "index.html", "letter-2026-02.eml", "one.html", "one.ipynb", "one.json", "record.json", "tables-2026-02.xlsx",
        "tables/reps.csv", "two.html", "two.ipynb", "two.json"]
    assert [r.status for r in results] == ["complete", "complete"]
    text = index.read_text()
    assert "2 pages, all complete." in text
    assert "We have 3 deals." in text and "It is 42." in text
    assert 'href="one.html"' in text and 'href="two.html"' in text
    assert "amount is negative" in text and "5 of 6 rows used, 1 set aside" in text
    assert sum("started" in line for line in lines) == 2
    assert any(re.match(r"one: complete \(\d+\.\d s, [12] of 2\)", line) for line in lines)


def test_the_record_says_what_was_run_on_what(kit, company, tmp_path):
    index, _ = report(str(company), "2026-02", tmp_path / "out")
    left = json.loads((index.parent / "record.json").read_text())
    assert (left["month"], left["as_of"], left["extract_date"]) == ("2026-02", "2026-02-28", "2026-03-31")
    deals = next(t for t in left["tables"] if t["table"] == "opportunities")
    assert (deals["rows_in"], deals["used"], deals["set_aside"]) == (4, 3, 1)
    assert deals["reasons"] == {"amount is negative": 1}
    assert left["versions"]["papermill"] and left["versions"]["python"]
    page = left["pages"]["one"]
    assert page["status"] == "complete" and page["headline"] == "We have 3 deals."
    assert page["inputs"] == json.loads((index.parent / "one.json").read_text())["inputs"]
    assert left["inputs"] and left["outside"] == {} and left["units"] == []


def test_a_page_has_a_passport_in_its_record_and_at_its_foot(kit, company, tmp_path):
    kit("md:# And?", "seed", parameters='source = ""\nmonth = "2026-01"\nseed = 7')
    index, _ = report(str(company), "2026-02", tmp_path / "out")
    page = json.loads((index.parent / "one.json").read_text())
    assert set(page["files"]) == {"one.html", "one.ipynb", "tables/reps.csv"}
    assert all(record.digest(index.parent / name) == seen for name, seen in page["files"].items())
    assert page["parameters"] == {"source": str(company), "month": "2026-02", "published": "tables"}
    assert page["rows"] == {"in": 6, "used": 5, "set_aside": 1} and page["as_of"] == "2026-02-28"
    resting = page["rests_on"]
    assert set(resting["data"]) == {"reps.csv", "opportunities.csv"} and set(resting["company"]) == {"company.toml"}
    assert resting["notebook"] == record.digest(tmp_path / "kit/one.ipynb") and resting["package"]
    assert page["version"] == page["versions"]["salesops-helpers"] and page["versions"]["pandas"]
    assert set(page["seconds"]) == {"execute", "all"} and page["finished"].endswith("Z") and "seed" not in page
    assert json.loads((index.parent / "two.json").read_text())["seed"] == 7
    foot = BeautifulSoup((index.parent / "two.html").read_text(), "html.parser").select_one("footer details.passport")
    said = {line.dt.get_text(): line.dd.get_text() for line in foot.select("dl div")}
    assert said["Rows"] == "6 in = 5 used + 1 set aside" and said["Seed"] == "7"
    assert said["Data"] == page["data"][:12] and "month = '2026-02'" in said["Parameters"]
    assert str(company) not in foot.get_text()


def test_two_runs_differ_in_nothing_but_their_time(kit, company, tmp_path):
    seen = []
    for out in ("a", "b"):
        index, _ = report(str(company), "2026-02", tmp_path / out, force=True)
        files = files_of(index.parent)
        assert all(b'"seconds"' in files.pop(name) for name in ("record.json", "one.json", "two.json"))
        seen.append({name: TIME.sub("", data.decode(errors="replace")) for name, data in files.items()})
    assert seen[0] == seen[1]
    assert len(TIME.findall(files["one.html"].decode())) == 1


def test_what_rests_on_the_same_inputs_is_kept_and_said_to_be(kit, company, tmp_path):
    report(str(company), "2026-02", tmp_path / "out")
    before = files_of(tmp_path / "out/2026-02")
    index, results = report(str(company), "2026-02", tmp_path / "out")
    after = files_of(index.parent)
    assert [r.status for r in results] == ["kept", "kept"]
    assert {name for name in after if before[name] != after[name]} <= {"index.html", "record.json"}
    assert index.read_text().count("kept: its inputs have not changed") == 2


@pytest.mark.parametrize("file", ["one.html", "one.ipynb", "tables/reps.csv"])
def test_a_page_whose_files_are_not_as_they_were_written_is_not_kept(kit, company, tmp_path, file):
    place = tmp_path / "2026-02"
    for name in ("one.html", "one.ipynb", "tables/reps.csv"):
        folders.replace(place / name, name.encode())
    files = {name: record.digest(place / name) for name in ("one.html", "one.ipynb", "tables/reps.csv")}
    folders.replace(place / "one.json", json.dumps({"inputs": "h", "files": files}).encode())
    assert record.good(record.read_page(place, "one"), "h", place)
    assert not record.good(record.read_page(place, "one"), "other", place)
    assert not record.good(record.read_page(place, "two"), "h", place)
    (place / file).write_text("edited")
    assert not record.good(record.read_page(place, "one"), "h", place)
    (place / file).unlink()
    assert not record.good(record.read_page(place, "one"), "h", place)


def test_force_runs_what_could_be_kept(kit, company, tmp_path):
    report(str(company), "2026-02", tmp_path / "out", only=["two"])
    _, results = report(str(company), "2026-02", tmp_path / "out", only=["two"], force=True)
    assert [r.status for r in results] == ["complete"]


def test_a_failing_notebook_stops_nothing_and_is_explained(kit, company, tmp_path):
    kit("md:# And?", "1", "raise ValueError('a <script>bad</script> thing')")
    index, results = report(str(company), "2026-02", tmp_path / "out")
    assert {r.entry.stem: r.status for r in results} == {"one": "complete", "two": "failed"}
    assert results[1].reason == "cell 4 (c2): ValueError: a <script>bad</script> thing"
    text = index.read_text()
    assert "cell 4 (c2): ValueError: a &lt;script&gt;bad&lt;/script&gt; thing" in text
    assert "<script>bad" not in text and "Traceback" not in text
    assert "1 of 2 pages complete. Failed: Second." in text
    assert "failed; there is no page" in text
    assert not (index.parent / "two.html").exists() and 'href="two.html"' not in text


def test_a_failing_notebook_keeps_its_last_good_page_and_tables(kit, company, tmp_path):
    publishing = ("import pandas as pd\nfrom salesops_helpers.publish import publish",
                  "publish(pd.DataFrame({'a': [1]}), 'mine', published)")
    kit("md:# And?", *publishing)
    report(str(company), "2026-02", tmp_path / "out")
    good = files_of(tmp_path / "out/2026-02")
    kit("md:# And?", *(cell.replace("[1]", "[2]") for cell in publishing), "import os; os._exit(3)")
    for _ in range(2):
        index, results = report(str(company), "2026-02", tmp_path / "out")
        now = files_of(index.parent)
        assert [r.status for r in results] == ["kept", "failed"]
        assert all(now[name] == good[name] for name in ("two.html", "two.ipynb", "tables/mine.csv"))
        text = index.read_text()
        assert "failed; the page is the last good one" in text and "kernel died" in text and 'href="two.html"' in text
    kit("md:# And?", "1")
    index, _ = report(str(company), "2026-02", tmp_path / "out")
    assert not (index.parent / "tables/mine.csv").exists()


def test_a_notebook_over_its_time_limit_is_a_failure(kit, company, tmp_path):
    kit("md:# And?", "import time; time.sleep(60)")
    index, results = report(str(company), "2026-02", tmp_path / "out", only=["two"], limit=5)
    assert "within the 5 seconds" in results[0].reason


def test_pages_of_an_earlier_run_stay_in_the_index(kit, company, tmp_path):
    kit("md:# First", "1", name="one")
    report(str(company), "2026-02", tmp_path / "out")
    index, results = report(str(company), "2026-02", tmp_path / "out", only=["two"], force=True)
    assert [r.status for r in results] == ["earlier", "complete"]
    assert "complete, from an earlier run" in index.read_text()
    (company / "reps.csv").write_text((company / "reps.csv").read_text() + "r3,Cid,South,2025-01-01\n")
    index, _ = report(str(company), "2026-02", tmp_path / "out", only=["two"])
    assert "on inputs that have changed since" in index.read_text()


def test_a_company_notebook_joins_the_report(kit, company, tmp_path, notebook):
    plain = 'source = ""\nmonth = ""'
    notebook("md:# How is the <weather>?", "1", name="acme/notebooks/our_own.ipynb", parameters=plain)
    index, results = report(str(company), "2026-02", tmp_path / "out", only=["our_own"])
    assert [(r.entry.stem, r.status) for r in results] == [("our_own", "complete")]
    text = index.read_text()
    assert "How is the &lt;weather&gt;?" in text and "Our own" in text
    assert "published" not in json.loads((index.parent / "our_own.json").read_text())["parameters"]


@pytest.mark.parametrize("wrong, seen", [
    ({"source": "nowhere"}, "holds no company.toml"),
    ({"month": "2026-13"}, "month '2026-13' is not a month"),
    ({"month": "2031-01"}, "outside the data"),
    ({"only": ["three"]}, "no notebook is called three; allowed: one, two"),
    ({"jobs": 0}, "--jobs 0"),
    ({"out": "file"}, "cannot be written|is not a folder"),
])
def test_a_wrong_request_is_refused_and_nothing_is_written(kit, company, tmp_path, wrong, seen):
    (tmp_path / "file").write_text("a file")
    asked = {"source": str(company), "month": "2026-02", "out": "new/out"} | wrong
    with pytest.raises(SalesOpsError, match=seen):
        report(**{**asked, "out": tmp_path / asked["out"]})
    assert not (tmp_path / "new").exists() and (tmp_path / "file").read_text() == "a file"


def test_a_notebook_without_parameters_is_refused_before_anything_is_written(kit, company, tmp_path, notebook):
    notebook("1", name="kit/two.ipynb", parameters='source = ""')
    with pytest.raises(SalesOpsError, match="two.ipynb has no parameter month"):
        report(str(company), "2026-02", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_company_notebook_cannot_take_the_place_of_another(kit, company, tmp_path, notebook):
    notebook("1", name="acme/notebooks/index.ipynb")
    with pytest.raises(SalesOpsError, match="has a name that is taken"):
        report(str(company), "2026-02", tmp_path / "out")


def test_a_folder_is_held_by_one_run_at_a_time(kit, company, tmp_path):
    with folders.held(tmp_path / "out/2026-02"):
        with pytest.raises(SalesOpsError, match="another run holds"):
            report(str(company), "2026-02", tmp_path / "out")
        assert list(files_of(tmp_path / "out/2026-02")) == []
    assert not (tmp_path / "out").exists(), "nothing came of it"


def test_an_interrupted_run_ends_its_kernels_and_leaves_nothing(kit, company, tmp_path):
    kit("md:# And?", "import time; time.sleep(60)")

    def say(line):
        if line.startswith("one: complete"):
            raise KeyboardInterrupt

    kit("md:# One", "1", name="one")
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        report(str(company), "2026-02", tmp_path / "out", jobs=2, say=say)
    assert time.monotonic() - started < 45
    assert sorted(files_of(tmp_path / "out/2026-02")) == ["one.html", "one.ipynb", "one.json"]


def test_what_a_killed_run_left_is_removed(kit, company, tmp_path):
    place = tmp_path / "out/2026-02"
    (place / ".staging-x").mkdir(parents=True)
    (place / ".one.html.new").write_text("half")
    with folders.held(place) as staging:
        assert sorted(p.name for p in place.iterdir()) == [folders.LOCK, staging.name]
    assert sorted(p.name for p in place.iterdir()) == [folders.LOCK]


def test_a_broken_record_is_as_good_as_none(kit, company, tmp_path):
    report(str(company), "2026-02", tmp_path / "out", only=["two"])
    place = tmp_path / "out/2026-02"
    for text in ("{", "[]", "{}", '{"pages": {}, "units": [1]}', '{"pages": {}, "units": [], "inputs": 3}', "\udcff"):
        (place / "record.json").write_bytes(text.encode("utf-8", "surrogateescape"))
        _, results = report(str(company), "2026-02", tmp_path / "out", only=["two"])
        assert [r.status for r in results] == ["kept"], text
    for text in ("{", '{"files": 3}'):
        (place / "two.json").write_text(text)
        _, results = report(str(company), "2026-02", tmp_path / "out", only=["two"])
        assert [r.status for r in results] == ["complete"], text
