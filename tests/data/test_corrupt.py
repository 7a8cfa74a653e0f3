"""Corrupted inputs, each file format by each kind of damage: used, set aside or refused, with the reason in one line.

In every case rows in = used + set aside, and nothing but a `SalesOpsError` is ever raised.
"""

from __future__ import annotations

import gzip
import io
import struct
import tempfile
import zipfile
from pathlib import Path

import ibis
import pandas as pd
import pytest
from damaged import outcome
from folders import DEALS, TOML
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from salesops_helpers.data.company import Company
from salesops_helpers.data.sources.files import read_file

COMPANY = Company(name="Acme", currency="EUR", stages=["Won", "Lost"], won_stages=["Won"], lost_stages=["Lost"])
HEAD = "opportunity_id,rep_id,stage,created_on,closed_on,amount\n"
ROW = "d{},r1,Won,2026-01-05,2026-02-10,{}\n"
ROWS = [ROW.format(i, i) for i in range(1, 11)]
REST = ",r1,Won,2026-01-05,2026-02-10,3\n"
GOOD = HEAD + "".join(ROWS)
COLUMNS = HEAD.strip().split(",")
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def frame() -> pd.DataFrame:
    return pd.read_csv(io.StringIO(GOOD), dtype={"amount": float}, parse_dates=["created_on", "closed_on"])


def parquet(data: pd.DataFrame | None = None) -> bytes:
    return (frame() if data is None else data).to_parquet(index=False)


def xlsx(data: pd.DataFrame | None = None, **more) -> bytes:
    out = io.BytesIO()
    with pd.ExcelWriter(out, engine="xlsxwriter") as writer:
        (frame() if data is None else data).to_excel(writer, index=False, **more)
    return out.getvalue()


def rezipped(data: bytes, **members: bytes) -> bytes:
    """The same archive with some members replaced (``sheet``: the first sheet) or added."""
    names = {"sheet": "xl/worksheets/sheet1.xml"}
    members = {names.get(name, name): content for name, content in members.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in {**dict.fromkeys(old.namelist()), **members}:
            new.writestr(name, members.get(name, b"") or old.read(name))
    return out.getvalue()


def bomb() -> bytes:
    """A sheet of 600 MB of blanks, which packs to about 600 KB."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx())) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name.endswith("sheet1.xml"):
                with new.open(name, "w", force_zip64=True) as sheet:
                    for _ in range(150):
                        sheet.write(b" " * (4 << 20))
            else:
                new.writestr(name, old.read(name))
    return out.getvalue()


def lying_bomb() -> bytes:
    """The same, with a directory that says the sheet is small."""
    data = bytearray(rezipped(xlsx(), sheet=b" " * (64 << 20)))
    at = data.rindex(b"PK\x01\x02", 0, data.rindex(b"xl/worksheets/sheet1.xml"))
    data[at + 24:at + 28] = struct.pack("<I", 1000)
    return bytes(data)


def far_apart() -> bytes:
    sheet = (b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
             b'<c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
             b'</sheetData></worksheet>')
    return rezipped(xlsx(), sheet=sheet)


def protected() -> bytes:
    """A workbook whose members are marked as encrypted."""
    data = bytearray(xlsx())
    at = -1
    while (at := data.find(b"PK\x03\x04", at + 1)) >= 0:
        data[at + 6] |= 1
    at = -1
    while (at := data.find(b"PK\x01\x02", at + 1)) >= 0:
        data[at + 8] |= 1
    return bytes(data)


def other_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("deals.csv", GOOD)
    return out.getvalue()


def with_row(row: str, at: int = 5) -> str:
    return HEAD + "".join(ROWS[:at]) + row + "".join(ROWS[at:])


def changed(**columns) -> pd.DataFrame:
    return frame().assign(**columns)


CSV, PARQUET, EXCEL = "opportunities.csv", "opportunities.parquet", "opportunities.xlsx"
USED = [
    # what, file, content, used, set aside, a word of the reasons
    ("csv as it should be", CSV, GOOD, 10, 0, ""),
    ("csv with byte order mark", CSV, b"\xef\xbb\xbf" + GOOD.encode(), 10, 0, ""),
    ("csv with byte order mark and a quoted header", CSV,
     b'\xef\xbb\xbf"opportunity_id"' + GOOD[14:].encode(), 10, 0, ""),
    ("csv in UTF-16", CSV, GOOD.encode("utf-16"), 10, 0, ""),
    ("csv in UTF-16 big-endian without mark", CSV, GOOD.encode("utf-16-be"), 10, 0, ""),
    ("csv with Windows line ends", CSV, GOOD.replace("\n", "\r\n"), 10, 0, ""),
    ("csv with old Mac line ends", CSV, GOOD.replace("\n", "\r"), 10, 0, ""),
    ("csv with three kinds of line ends", CSV, HEAD + "".join(r.replace("\n", e) for r, e in zip(
        ROWS, ["\n", "\r\n", "\r"] * 4, strict=False)), 10, 0, ""),
    ("csv without a last line end", CSV, GOOD.rstrip("\n"), 10, 0, ""),
    ("csv with blank lines", CSV, GOOD.replace("\nd3", "\n\n  \nd3") + "\n\n\n", 10, 0, ""),
    ("csv with blank lines above the header", CSV, "\n\n" + GOOD, 10, 0, ""),
    ("csv with the separator named above", CSV, "sep=;\n" + GOOD.replace(",", ";"), 10, 0, ""),
    ("csv with semicolons", CSV, GOOD.replace(",", ";"), 10, 0, ""),
    ("csv with tabs", CSV, GOOD.replace(",", "\t"), 10, 0, ""),
    ("csv with bars", CSV, GOOD.replace(",", "|"), 10, 0, ""),
    ("csv with a delimiter at each end", CSV, GOOD.replace("\n", ",\n"), 10, 0, ""),
    ("csv with delimiters at the ends of rows only", CSV,
     HEAD + "".join(r.replace("\n", ",,\n") for r in ROWS), 10, 0, ""),
    ("csv with headers in capitals and blanks", CSV, GOOD.replace("opportunity_id", " Opportunity ID ").replace(
        "amount", "AMOUNT"), 10, 0, ""),
    ("csv with an unused header twice", CSV, GOOD.replace("\n", ",x,y\n").replace("x,y", "Type,type", 1), 10, 0, ""),
    ("csv with all fields quoted", CSV,
     "".join('"' + line.replace(",", '","') + '"\n' for line in GOOD.split("\n")[:-1]), 10, 0, ""),
    ("csv with a line end in quotes", CSV, with_row('"d\nx"' + REST), 11, 0, ""),
    ("csv with a cell of ten megabytes", CSV, with_row(f'x,r1,Won,2026-01-05,2026-02-10,"{"9" * 10_000_000}"\n'), 10, 1,
     "not an amount"),
    ("csv with a cell of twenty megabytes", CSV, with_row("x" * 20_000_000 + "" + REST), 10, 1,
     "longer than 16,000,000"),
    ("csv with a row of a million fields", CSV, with_row("x" + "," * 999_999 + "y\n"), 10, 1,
     "1,000,000 fields, the header 6"),
    ("csv with a NUL byte", CSV, with_row("x\0" + REST), 10, 1, "NUL bytes"),
    ("csv with a quote that does not close", CSV, with_row('"x' + REST), 10, 1,
     "a quote opens in it and does not close"),
    ("csv with such a quote in its last row", CSV,
     GOOD + 'x,r1,"Won,2026-01-05,2026-02-10,3\n', 10, 1, "a quote opens"),
    ("csv with text behind a quote", CSV, with_row('"x"y' + REST), 10, 1, "behind a closing"),
    ("csv with a quote in mid-word", CSV, with_row('5" x' + REST), 11, 0, ""),
    ("csv with such quotes in two rows", CSV,
     HEAD + ROWS[0] + '"x,r1,Won,2026-01-05,2026-02-10,3\n' + "".join(ROWS[1:5])
     + '"y,r1,Won,2026-01-05,2026-02-10,3\n' + "".join(ROWS[5:]), 10, 2, "a quote opens"),
    ("csv with a short row", CSV, with_row("x,r1\n"), 10, 1, "2 fields, the header 6"),
    ("csv with a long row", CSV, with_row("x,r1,Won,2026-01-05,2026-02-10,3,4\n"), 10, 1, "7 fields, the header 6"),
    ("csv with a wrong byte among right ones", CSV, with_row("é" + REST).encode()
     + b"\xff,r1,Won,2026-01-05,2026-02-10,3\n", 11, 1, "not of the file's encoding"),
    ("csv in cp1252", CSV, with_row("Zoë" + REST).encode("cp1252"), 11, 0, ""),
    ("csv cut off in mid-row", CSV, GOOD[:-20], 9, 1, "fields, the header 6"),
    ("csv cut off in mid-number", CSV, GOOD[:-2], 10, 0, ""),
    ("csv with a row of totals", CSV, GOOD + "Total,,,,,55\n", 10, 1, "stage is none of the company's"),
    ("csv with a footer", CSV, GOOD + "\nExported by Jo\n", 10, 1, "1 fields, the header 6"),
    ("csv with a day that does not exist", CSV, with_row("x,r1,Won,2026-02-30,2026-02-10,3\n"), 10, 1, "not a date"),
    ("csv with a foreign currency", CSV, with_row("x,r1,Won,2026-01-05,2026-02-10,USD 3\n"), 10, 1, "not an amount"),
    ("csv with an infinite amount", CSV, with_row("x,r1,Won,2026-01-05,2026-02-10,inf\n"), 10, 1, "not an amount"),
    ("csv with markup and formulas", CSV, with_row("=cmd|'/C calc'!A0,<script>,Won,2026-01-05,2026-02-10,3\n"), 10, 1,
     "not in the table reps"),
    ("gzip as it should be", "opportunities.csv.gz", gzip.compress(GOOD.encode()), 10, 0, ""),
    ("parquet as it should be", PARQUET, parquet(), 10, 0, ""),
    ("parquet with texts in all columns", PARQUET, parquet(frame().astype(str)), 10, 0, ""),
    ("parquet with a nested column", PARQUET, parquet(changed(extra=[[1, 2]] * 10)), 10, 0, ""),
    ("parquet with an infinite amount", PARQUET,
     parquet(changed(amount=[float("inf")] + [1.0] * 9)), 9, 1, "not an amount"),
    ("parquet with a day in the year 1", PARQUET, parquet(changed(closed_on=pd.Series(
        ["0001-01-01"] + ["2026-02-10"] * 9))), 9, 1, "not a date"),
    ("parquet with days as whole numbers", PARQUET, parquet(changed(created_on=20260105)), 10, 0, ""),
    ("parquet with other capitals", PARQUET, parquet(frame().rename(columns=str.upper)), 10, 0, ""),
    ("excel as it should be", EXCEL, xlsx(), 10, 0, ""),
    ("excel with empty rows above", EXCEL, xlsx(startrow=3), 10, 0, ""),
    ("excel with days as texts", EXCEL, xlsx(frame().astype(str)), 10, 0, ""),
    ("excel with days as serial numbers", EXCEL, xlsx(changed(created_on=46027, closed_on=46063)), 10, 0, ""),
    ("excel with a value beyond the header", EXCEL,
     xlsx(changed(**{"": [None] * 9 + ["x"]})), 9, 1, "beyond the header"),
    ("excel with an error in a cell", EXCEL, xlsx(changed(amount=["#DIV/0!"] + [1.0] * 9)), 9, 1, "not an amount"),
    ("excel with a row of totals", EXCEL, xlsx(pd.concat([frame(), pd.DataFrame({
        "opportunity_id": ["Total"], "amount": [55.0]})])), 10, 1, "stage is none of the company's"),
    ("excel with a cell of 30,000 characters", EXCEL, xlsx(changed(rep_id=["x" * 30_000] + ["r1"] * 9)), 9, 1,
     "not in the table reps"),
]
REFUSED = [
    ("csv of no bytes", CSV, b"", "is empty"),
    ("csv of blank lines", CSV, b"\n \n\n", "is empty"),
    ("csv of a header only", CSV, HEAD, "no rows"),
    ("csv with other headers", CSV, GOOD.replace("stage", "phase"), "has no column 'stage'"),
    ("csv without a header", CSV, "".join(ROWS), "has no column 'opportunity_id'"),
    ("csv with a used header twice", CSV, GOOD.replace("closed_on", "amount"), "has the column amount more than once"),
    ("csv with a used header twice in other capitals", CSV, GOOD.replace("closed_on", "Stage"), "more than once"),
    ("csv with a million columns", CSV, ",".join(f"c{i}" for i in range(100_000)) + "\n", "has 100,000 columns"),
    ("csv with a header of seven megabytes", CSV,
     ",".join(f"c{i}" for i in range(1_000_000)) + "\n1\n", "has no header"),
    ("csv with NUL in its header", CSV, "a\0b" + GOOD, "it holds NUL bytes"),
    ("csv with a quote open in its header", CSV, '"' + GOOD, "column"),
    ("csv that is a picture", CSV, PNG, "a PNG picture"),
    ("csv that is a PDF", CSV, b"%PDF-1.7\n" + GOOD.encode(), "a PDF"),
    ("csv that is a workbook", CSV, xlsx(), "a zip or Excel file"),
    ("csv that is Parquet", CSV, parquet(), "a Parquet file"),
    ("csv that is a gzip file", CSV, gzip.compress(GOOD.encode()), "a gzip file"),
    ("csv of random bytes", CSV, bytes(range(256)) * 40, "opportunities.csv"),
    ("csv of a single column", CSV, "opportunity_id\nd1\n", "has no column"),
    ("csv with ambiguous days", CSV, GOOD.replace("2026-01-05", "05/01/2026").replace("2026-02-10", "10/02/2026"),
     "day first or month first"),
    ("gzip cut off", "opportunities.csv.gz", gzip.compress(GOOD.encode())[:-20], "not a whole gzip file"),
    ("gzip that is text", "opportunities.csv.gz", GOOD, "not a whole gzip file"),
    ("gzip bomb", "opportunities.csv.gz", gzip.compress(bytes(100 << 20)), "grows more than 200-fold"),
    ("parquet cut off", PARQUET, parquet()[:-100], "not a whole Parquet file"),
    ("parquet without its beginning", PARQUET, parquet()[50:], "it does not begin as one"),
    ("parquet of no bytes", PARQUET, b"", "not a whole Parquet file"),
    ("parquet that is CSV", PARQUET, GOOD, "not a whole Parquet file"),
    ("parquet that is a picture", PARQUET, PNG, "not a whole Parquet file"),
    ("parquet with lists as amounts", PARQUET,
     parquet(changed(amount=[[1.0]] * 10)), "none of its 10 rows can be used"),
    ("parquet without rows", PARQUET, parquet(frame().head(0)), "no rows"),
    ("parquet with other columns", PARQUET,
     parquet(frame().rename(columns={"stage": "phase"})), "has no column 'stage'"),
    ("excel cut off", EXCEL, xlsx()[:-500], "not a whole Excel workbook"),
    ("excel without its beginning", EXCEL, xlsx()[100:], "not an Excel workbook"),
    ("excel of no bytes", EXCEL, b"", "not an Excel workbook"),
    ("excel that is CSV", EXCEL, GOOD, "not an Excel workbook"),
    ("excel that is old or encrypted", EXCEL, OLE, "old or an encrypted Excel file"),
    ("excel with a password on its parts", EXCEL, protected(), "encrypted"),
    ("excel that is another zip", EXCEL, other_zip(), "not a whole Excel workbook"),
    ("excel that is a gzip file", EXCEL, gzip.compress(GOOD.encode()), "not an Excel workbook"),
    ("excel without sheets", EXCEL, rezipped(xlsx(), sheet=b"<nothing/>"), "opportunities.xlsx"),
    ("excel with a broken sheet", EXCEL, rezipped(xlsx(), sheet=b"<worksheet><sheetData><row r='1'><c r='A1'"),
     "opportunities.xlsx"),
    ("excel of a header only", EXCEL, xlsx(frame().head(0)), "no rows"),
    ("excel with an empty sheet", EXCEL, xlsx(pd.DataFrame()), "is empty"),
    ("excel with other columns", EXCEL, xlsx(frame().rename(columns={"stage": "phase"})), "has no column 'stage'"),
    ("excel with two far cells", EXCEL, far_apart(), "names cells up to row 1,048,576"),
    ("excel bomb", EXCEL, None, "unpacks to"),
    ("excel bomb that states a small size", EXCEL, None, "opportunities.xlsx"),
    ("a file of an unknown kind", "opportunities.docx", GOOD, "is a .docx file"),
]
BOMBS = {"excel bomb": bomb, "excel bomb that states a small size": lying_bomb}


@pytest.mark.parametrize(("name", "content", "used", "aside", "said"), [
    pytest.param(*case[1:], id=case[0].replace(" ", "-")) for case in USED])
def test_damage_costs_the_damaged_rows_alone(tmp_path, name, content, used, aside, said):
    found = outcome(tmp_path / "acme", content, name)
    assert found.refusal == ""
    assert found.counts == (used, aside), found.reasons
    assert said in found.reasons
    if name == CSV:
        assert set(found.used["amount"]) >= set(range(1, min(used, 9) + 1))


@pytest.mark.parametrize(("what", "name", "content", "said"), [
    pytest.param(*case, id=case[0].replace(" ", "-")) for case in REFUSED])
def test_a_file_that_cannot_be_the_table_is_refused(tmp_path, what, name, content, said):
    content = BOMBS[what]() if what in BOMBS else content
    toml = TOML + '[files]\nopportunities = "opportunities.docx"\n' if name.endswith(".docx") else TOML
    found = outcome(tmp_path / "acme", content, name, toml=toml)
    assert said in found.refusal
    assert "opportunities" in found.refusal


def test_there_are_at_least_sixty():
    assert len(USED) + len(REFUSED) >= 60


def test_nothing_is_left_behind(tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    for i, content in enumerate([GOOD.encode("utf-16"), GOOD.encode("utf-16")[:-3], b"\xff\xfe" + bytes(7)]):
        outcome(tmp_path / f"acme{i}", content)
    outcome(tmp_path / "acme", gzip.compress(GOOD.encode())[:-9], "opportunities.csv.gz")
    assert list(scratch.rglob("*")) == []
    assert {p.name for p in (tmp_path / "acme0").iterdir()} == {"company.toml", "opportunities.csv", "reps.csv"}


def mutated(data: bytes, changes: list[tuple[float, int, bytes]]) -> bytes:
    """Bytes cut out and put in at some places."""
    for place, cut, put in changes:
        at = int(place * len(data))
        data = data[:at] + put + data[at + cut:]
    return data


CHANGES = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 9), st.one_of(
    st.binary(max_size=5),
    st.sampled_from([b'"', b"\n", b"\r", b",", b";", b"\0", b'",', b'\n"', b"\xff", b"-", b"."]))),
    min_size=1, max_size=5)
SOME = {CSV: (DEALS + GOOD[len(HEAD):]).encode(), PARQUET: parquet(), EXCEL: xlsx()}
SETTINGS = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]}


@pytest.mark.parametrize(("name", "examples"), [(CSV, 25), (PARQUET, 25), (EXCEL, 25)])
def test_the_law_holds_for_any_mutation(tmp_path_factory, name, examples):
    @settings(max_examples=examples, **SETTINGS)
    @given(CHANGES)
    def holds(changes):
        with tempfile.TemporaryDirectory(dir=tmp_path_factory.getbasetemp()) as folder:
            outcome(Path(folder) / "acme", mutated(SOME[name], changes), name)

    holds()


PIECES = st.lists(st.sampled_from(['"', "\n", "\r\n", ",", "x", '""', "a,b", ' "', "\t", "d1,r1,Won,2026-01-05,,3\n"]),
                  max_size=25)


def records(folder: str, text: str) -> tuple[list[str], list[int], int]:
    """Keys of the records that are read, line numbers of all records, and how many are unreadable."""
    con = ibis.duckdb.connect()
    path = Path(folder) / "some.csv"
    path.write_bytes(text.encode())
    raw = read_file(con, "raw", path, COMPANY)
    frame = con.table(raw.relation).to_pandas()
    lines = [*frame["source_line"], *raw.unreadable["source_line"]]
    return frame["opportunity_id"].tolist(), lines, len(raw.unreadable)


@settings(max_examples=100, **SETTINGS)
@given(PIECES)
def test_whatever_stands_between_them_good_rows_are_read(tmp_path_factory, pieces):
    with tempfile.TemporaryDirectory(dir=tmp_path_factory.getbasetemp()) as folder:
        keys, lines, _ = records(folder, GOOD + "".join(pieces) + "\n" + "".join(ROWS).replace("d", "e"))
    assert keys[:10] == [f"d{i}" for i in range(1, 11)]
    assert {f"e{i}" for i in range(2, 11)} <= set(keys)
    assert len(set(lines)) == len(lines)


@settings(max_examples=100, **SETTINGS)
@given(st.integers(1, 9), st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=30)
                                   .filter(lambda t: t.strip()), min_size=1, max_size=4))
def test_a_line_without_a_line_end_is_one_record(tmp_path_factory, at, lines):
    """Damage within a line costs no other line, and each line is counted."""
    with tempfile.TemporaryDirectory(dir=tmp_path_factory.getbasetemp()) as folder:
        keys, numbers, lost = records(folder, with_row("".join(f"{line}\n" for line in lines), at))
    assert len(keys) + lost <= 10 + len(lines)
    assert set(keys) >= {f"d{i}" for i in range(1, 11) if i not in (at, at + 1)}
    assert max(numbers) <= 11 + len(lines)
