"""Text files: encoding and delimiter found out and said, several files for one table, headers, records in quotes."""

from __future__ import annotations

import gzip
from time import perf_counter

import pytest
from damaged import outcome
from folders import DEALS, TOML, write_company

from salesops_helpers.data.check import check
from salesops_helpers.errors import SalesOpsError

GERMAN = "rep_id;name;team\nr1;Jürgen Groß;Süd\nr2;Zoë Müller;Köln\nr3;Ådne Søbye;Øst\n"
POLISH = "rep_id;name;team\nr1;Władysław Żółć;Łódź\nr2;Grażyna Szczęśniak;Kraków\nr3;Michał Wiśniewski;Gdańsk\n"
RUSSIAN = "rep_id;name;team\nr1;Владимир Соколов;Москва\nr2;Екатерина Кузнецова;Санкт-Петербург\n"
JAPANESE = "rep_id,name,team\nr1,田中さくら,東京営業部\nr2,鈴木はなこ,大阪営業部\nr3,山田たろう,名古屋支店\n"


@pytest.mark.parametrize(("text", "encoding", "said"), [
    (GERMAN, "utf-8", "UTF-8"), (GERMAN, "utf-8-sig", "UTF-8 with byte order mark"), (GERMAN, "utf-16", "UTF-16"),
    (GERMAN, "utf-16-le", "UTF-16, little-endian"), (GERMAN, "utf-16-be", "UTF-16, big-endian"),
    (GERMAN, "utf-32", "UTF-32"), (GERMAN, "cp1252", "cp1252"), (POLISH * 3, "cp1250", "cp1250"),
    (RUSSIAN * 3, "cp1251", "cp1251"), (JAPANESE, "utf-8", "UTF-8"), (JAPANESE * 3, "cp932", "cp932"),
    ("rep_id,name,team\nr1,Zoë,x\n", "cp1252", "cp1252"),
    ("rep_id,name,team\nr1,Café “Ltd” – 5 €,x\n", "cp1252", "cp1252"),
])
def test_the_encoding_is_found_and_said(tmp_path, text, encoding, said):
    found = outcome(tmp_path / "acme", text.encode(encoding), "reps.csv", "reps")
    names = [line.replace(",", ";").split(";")[1] for line in text.splitlines()[1:3]]
    assert found.used["name"].tolist()[: len(names)] == names
    assert found.facts["encoding"] == said


def test_a_said_encoding_is_taken(tmp_path):
    toml = 'encoding = "mac_roman"\n' + TOML
    found = outcome(tmp_path / "acme", GERMAN.encode("mac_roman"), "reps.csv", "reps", toml)
    assert found.used["name"].tolist()[0] == "Jürgen Groß"
    assert "encoding = 'klingon'" in outcome(tmp_path / "b", None, toml='encoding = "klingon"\n' + TOML).refusal
    wrong = outcome(tmp_path / "c", GERMAN.encode("cp1252"), "reps.csv", "reps", 'encoding = "utf-8"\n' + TOML)
    assert "reps.csv: none of its 3 rows can be used, most often: the record cannot be read" in wrong.refusal


@pytest.mark.parametrize(("sign", "said"), [(",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "bar")])
def test_the_delimiter_is_found_and_said(tmp_path, sign, said):
    deals = DEALS.replace(",", sign).replace("100.50", "100,50" if sign != "," else "100.50")
    found = outcome(tmp_path / "acme", deals)
    assert found.used["amount"].tolist() == [100.5, 0, 200]
    assert found.facts["delimiter"] == said


def test_the_header_decides_and_a_setting_before_it(tmp_path):
    text = "rep_id;name, first and last;team\nr1;Ada, B;North, East\n"
    toml = TOML + '[columns.reps]\nname = "name, first and last"\n'
    assert outcome(tmp_path / "a", text, "reps.csv", "reps", toml).used["name"].tolist() == ["Ada, B"]
    text = "rep_id#name#team,x,y,z,u,v\nr1#Ada#N\n"
    found = outcome(tmp_path / "b", text, "reps.csv", "reps", 'delimiter = "#"\n' + TOML)
    assert found.used["name"].tolist() == ["Ada"]


def test_blanks_around_texts_are_left_out_also_those_that_do_not_break(tmp_path):
    reps = "rep_id,name\n\u00a0r1\u00a0,  Ada \u202f\nr2\t,\ufeffBo\n"
    found = outcome(tmp_path / "acme", reps, "reps.csv", "reps")
    assert found.used[["rep_id", "name"]].to_numpy().tolist() == [["r1", "Ada"], ["r2", "Bo"]]


def test_line_numbers_are_those_of_a_spreadsheet(tmp_path):
    rows = 'bad\n"x\ny",r9,Won,2026-01-05,2026-02-10,1\n\n\nlast,r9,Won,2026-01-05,2026-02-10,1\n'
    found = outcome(tmp_path / "acme", DEALS + rows)
    assert found.aside["source_line"].tolist() == [5, 6, 9]


def test_several_files_make_one_table(tmp_path):
    head, *rows = DEALS.splitlines(keepends=True)
    toml = TOML + '[files]\nopportunities = ["first.csv", "second.csv"]\n'
    folder = write_company(tmp_path / "acme", toml)
    (folder / "opportunities.csv").unlink()
    (folder / "first.csv").write_text(head + rows[0] + rows[1])
    second = head.replace("amount", "Amount") + rows[1] + rows[2] + "short\n"
    (folder / "second.csv").write_text(second.replace(",", ";"))
    report = check(folder)
    counts = report.counts.set_index("table").loc["opportunities"]
    assert counts[["rows_in", "used", "set_aside"]].tolist() == [5, 3, 2]
    assert counts["file"] == "first.csv, second.csv"
    aside = report.set_aside[["file", "source_line", "rule"]].to_numpy().tolist()
    assert aside == [["second.csv", 2, "identical duplicate"], ["second.csv", 4, "unreadable record"]]


def test_files_of_the_same_name_in_two_folders(tmp_path):
    head, *rows = DEALS.splitlines(keepends=True)
    folder = write_company(tmp_path / "acme", TOML + '[files]\nopportunities = "*/deals.csv"\n')
    for i, row in enumerate(rows):
        (folder / str(i)).mkdir()
        (folder / str(i) / "deals.csv").write_text(head + row + "bad\n")
    counts = check(folder).counts.set_index("table").loc["opportunities"]
    assert counts[["rows_in", "used", "set_aside"]].tolist() == [6, 3, 3]


def test_how_files_were_read_is_printed(tmp_path):
    deals = DEALS.replace(",", ";").replace("2026-01-05", "05.01.2026").replace("2026-01-06", "16.01.2026")
    deals = deals.replace("100.50", "100,50").encode("utf-16")
    text = check(write_company(tmp_path / "acme", opportunities=deals)).text
    assert ("  opportunities.csv: encoding UTF-16; delimiter semicolon; dates in created_on day first; "
            "decimal sign in amount ,") in text
    assert "  reps.csv: encoding UTF-8; delimiter comma" in text


def test_a_pattern_names_several_files(tmp_path):
    head, *rows = DEALS.splitlines(keepends=True)
    folder = write_company(tmp_path / "acme", TOML + '[files]\nopportunities = "deals-*.csv"\n')
    for i, row in enumerate(rows):
        (folder / f"deals-{i}.csv").write_text(head + row)
    assert check(folder).counts.set_index("table").loc["opportunities", "used"] == 3
    (folder / "company.toml").write_text(TOML + '[files]\nopportunities = "orders-*.csv"\n')
    with pytest.raises(SalesOpsError, match=r"table opportunities: no file orders-\*.csv"):
        check(folder)


def test_one_file_of_several_that_is_not_there_is_refused(tmp_path):
    folder = write_company(tmp_path / "acme", TOML + '[files]\nreps = ["reps.csv", "more.csv"]\n')
    with pytest.raises(SalesOpsError, match="table reps: no file more.csv"):
        check(folder)


def test_headers_are_compared_without_case_blanks_and_underscores(tmp_path):
    reps = "Rep ID,NAME,Hired  on,Team\nr1,Ada,2026-01-01,North\n"
    found = outcome(tmp_path / "acme", reps, "reps.csv", "reps", TOML + '[columns.reps]\nregion = "TEAM"\n')
    assert found.used[["rep_id", "name", "region", "team"]].to_numpy().tolist() == [["r1", "Ada", "North", "North"]]
    assert found.used["hired_on"].notna().all()


def test_a_damaged_record_far_down_keeps_its_line_and_costs_little(tmp_path):
    rows = [f"d{i},r1,Won,2026-01-05,2026-02-10,{i}\n" for i in range(60_000)]
    head = DEALS.splitlines(keepends=True)[0]
    start = perf_counter()
    found = outcome(tmp_path / "acme", head + "".join(rows[:50_000]) + '"oops\n' + "".join(rows[50_000:]))
    assert found.counts == (60_000, 1)
    assert found.aside["source_line"].tolist() == [50_002]
    assert perf_counter() - start < 60


def test_a_packed_file_is_read(tmp_path):
    found = outcome(tmp_path / "acme", gzip.compress(GERMAN.encode("cp1252")), "reps.csv.gz", "reps")
    assert found.used["name"].tolist() == ["Jürgen Groß", "Zoë Müller", "Ådne Søbye"]
