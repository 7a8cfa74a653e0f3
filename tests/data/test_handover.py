"""Tables that a run hands over: not to be told from those that a notebook reads by itself."""

from __future__ import annotations

import json
import shutil
import threading
import time
from pathlib import Path

import pandas as pd
import pytest

from salesops_helpers import load, measures
from salesops_helpers.data import engine, handover
from salesops_helpers.data.load import cut, read_all
from salesops_helpers.data.reduce import counted
from salesops_helpers.data.snapshot import snapshot
from salesops_helpers.data.watch import watched
from salesops_helpers.errors import SalesOpsError

ROOT = Path(__file__).resolve().parents[2]
COMPANY = """
name = "Acme"
currency = "EUR"
stages = ["Open", "Won", "Lost"]
won_stages = ["Won"]
lost_stages = ["Lost"]
extract_date = 2026-04-30
"""
FILES = {
    "reps": "rep_id,name,team,region,hired_on\nr1,Ann,North,EU,2025-01-01\nr2,Bo,South,EU,2025-06-01\n",
    "opportunities": (
        "opportunity_id,account_id,rep_id,created_on,stage,amount,currency,closed_on,expected_close_on\n"
        "d1,a1,r1,2026-01-05,Won,1000,USD,2026-02-03,\nd2,a1,r2,2026-01-06,Lost,0,,2026-02-10,\n"
        "d3,a2,r1,2026-02-01,Open,70,,,2026-05-01\nd4,a2,r2,2026-02-01,Won,-5,,2026-03-01,\n"
        "d5,a3,r9,2026-02-01,Won,5,,2026-03-01,\nd6,a3,r1,2026-02-02,Won,500,,2026-04-02,2026-03-30\n"),
    "activities": "activity_id,rep_id,opportunity_id,kind,occurred_at,minutes\n" + "".join(
        f"t{n},r{1 + n % 2},d{1 + n % 6},call,2026-0{1 + n % 4}-{1 + n % 28:02}T10:00,{n}\n" for n in range(60)),
    "splits": "opportunity_id,rep_id,quota_share,commission_share,overlay\nd1,r1,0.6,0.6,false\nd1,r2,0.4,0.4,false\n",
    "fx_rates": "currency,month,rate\nUSD,2026-01-01,0.9\n",
}


@pytest.fixture
def company(tmp_path):
    """A small company with bad rows, a deal in dollars, splits and activities; without dollars where asked."""

    def write(dollars=True):
        folder = tmp_path / "acme"
        folder.mkdir()
        (folder / "company.toml").write_text(COMPANY, encoding="utf-8")
        for name, text in FILES.items():
            (folder / f"{name}.csv").write_text(text if dollars else text.replace("USD,2026-02", ",2026-02"), "utf-8")
        return folder

    return write


def given(source, month, folder, monkeypatch):
    """What a notebook loads that is handed these tables."""
    tables = cut(read_all(source)[0], month=month)
    handover.describe(tables, month, folder)
    handover.hand_over(tables, folder)
    monkeypatch.setenv(handover.FOLDER, str(folder))
    found = load(source, month=month)
    assert isinstance(found.engine, handover.Given)
    return found


def no_source(monkeypatch):
    """From here on nothing may be read from the source."""
    monkeypatch.setattr(handover.Given, "real", property(lambda self: pytest.fail("the source was read")))


def same(one, other):
    """Both tables hold the same, to the dtype."""
    assert repr(one) == repr(other) and one.notes == other.notes and one.company == other.company
    assert (one.as_of, one.extract_date, one.available) == (other.as_of, other.extract_date, other.available)
    for name in one.available:
        assert one.has(name) == other.has(name) and one.large(name) == other.large(name)
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)


def fetched(tables, name):
    frame = tables.rows_engine.collect(tables.rows(name), name)
    return frame.sort_values(list(frame.columns[:2]), ignore_index=True)


@pytest.mark.parametrize("month", ["2026-02", "2026-04"])
@pytest.mark.parametrize("dollars", [True, False])
def test_frames_notes_marks_and_rows_are_those_of_an_ordinary_load(company, tmp_path, monkeypatch, month, dollars):
    source = company(dollars)
    ordinary = load(source, month=month)
    assert not isinstance(ordinary.engine, handover.Given) and len(ordinary.set_aside) and len(ordinary.flags)
    found = given(source, month, tmp_path / "given", monkeypatch)
    no_source(monkeypatch)
    same(ordinary, found)
    pd.testing.assert_frame_equal(ordinary.flags, found.flags, check_exact=True)
    pd.testing.assert_frame_equal(ordinary.set_aside, found.set_aside, check_exact=True)
    for name in ordinary.available:
        frame = getattr(ordinary, name)
        frame = frame.sort_values(list(frame.columns[:2]), ignore_index=True)
        pd.testing.assert_frame_equal(fetched(found, name), frame)
    for name in ("opportunities", "activities", "splits"):
        pd.testing.assert_frame_equal(fetched(ordinary, name), fetched(found, name))
    assert ordinary.lacks("quotas", "reps") == found.lacks("quotas", "reps")


def test_the_sample_company(tmp_path, monkeypatch):
    source, month = ROOT / "data" / "sample", "2026-06"
    ordinary = load(source, month=month)
    found = given(source, month, tmp_path, monkeypatch)
    no_source(monkeypatch)
    same(ordinary, found)
    for name in handover.MARKS:
        pd.testing.assert_frame_equal(getattr(ordinary, name), getattr(found, name), check_exact=True)
    for by in ("team", "rep"):
        pd.testing.assert_frame_equal(measures.bookings(ordinary, by), measures.bookings(found, by))
    how = ("activities", ["rep_id", "kind"], "month", ["minutes"])
    pd.testing.assert_frame_equal(counted(ordinary, *how), counted(found, *how))


def test_earlier_days_are_cut_from_what_is_handed_over(company, tmp_path, monkeypatch):
    source = company()
    ordinary, found = load(source, month="2026-03"), given(source, "2026-03", tmp_path / "given", monkeypatch)
    no_source(monkeypatch)
    then, then_found = snapshot(ordinary, "2026-02-15"), snapshot(found, "2026-02-15")
    same(then, then_found)
    pd.testing.assert_frame_equal(watched(then), watched(then_found))
    assert fetched(then_found, "activities")["occurred_at"].max() < pd.Timestamp("2026-02-16")


def test_rows_of_an_earlier_day_hold_nothing_later_where_amounts_were_converted(company):
    then = snapshot(load(company(), month="2026-03"), "2026-02-15")
    assert fetched(then, "activities")["occurred_at"].max() < pd.Timestamp("2026-02-16")


def test_units_are_those_of_an_ordinary_load(company, tmp_path, monkeypatch):
    source = company()
    ordinary = load(source, month="2026-03", by="team", unit="North")
    given(source, "2026-03", tmp_path / "given", monkeypatch)
    no_source(monkeypatch)
    same(ordinary, load(source, month="2026-03", by="team", unit="North"))


def test_a_large_table_stays_in_the_engine(company, tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "LARGE", 20)
    source = company(dollars=False)
    ordinary, found = load(source, month="2026-03"), given(source, "2026-03", tmp_path / "given", monkeypatch)
    assert not (tmp_path / "given" / "activities").exists() and (tmp_path / "given" / "opportunities").is_file()
    assert found.large("activities") and found.has("activities")
    pd.testing.assert_frame_equal(fetched(ordinary, "activities"), fetched(found, "activities"))
    how = ("activities", ["rep_id"], "month", ["minutes"])
    pd.testing.assert_frame_equal(counted(ordinary, *how), counted(found, *how))
    joined = [t.rows("activities").semi_join(t.rows("opportunities"), "opportunity_id") for t in (ordinary, found)]
    sizes = [len(t.rows_engine.collect(e, "activities")) for t, e in zip((ordinary, found), joined, strict=True)]
    assert sizes[0] == sizes[1] > 0
    same(ordinary, found)


def test_anything_else_than_what_was_made_is_read_from_the_source(company, tmp_path, monkeypatch):
    source = company()
    given(source, "2026-03", tmp_path / "given", monkeypatch)
    for how in ({"month": "2026-02"}, {"as_of": "2026-03-31"}, {}):
        assert not isinstance(load(source, **how).engine, handover.Given)
    shutil.copytree(source, tmp_path / "other")
    assert not isinstance(load(tmp_path / "other", month="2026-03").engine, handover.Given)
    toml = source / "company.toml"
    toml.write_text(toml.read_text("utf-8").replace("Acme", "Other"), encoding="utf-8")
    found = load(source, month="2026-03")
    assert not isinstance(found.engine, handover.Given) and found.company.name == "Other"


def test_other_versions_do_not_fit(company, tmp_path, monkeypatch):
    source = company()
    given(source, "2026-03", tmp_path / "given", monkeypatch)
    about = json.loads((tmp_path / "given" / handover.ABOUT).read_text())
    monkeypatch.setattr(pd, "__version__", "0.0")
    assert about["key"] != handover._key(source, "2026-03")
    assert not isinstance(load(source, month="2026-03").engine, handover.Given)


def test_who_asks_early_waits(company, tmp_path, monkeypatch):
    source, folder = company(), tmp_path / "given"
    tables = cut(read_all(source)[0], month="2026-03")
    handover.describe(tables, "2026-03", folder)
    monkeypatch.setenv(handover.FOLDER, str(folder))
    no_source(monkeypatch)
    found = load(source, month="2026-03")
    late = threading.Timer(0.5, handover.hand_over, (tables, folder))
    late.start()
    started = time.monotonic()
    assert len(found.reps) == 2 and time.monotonic() - started >= 0.4
    late.join()


def test_what_does_not_come_is_read_from_the_source(company, tmp_path, monkeypatch):
    source, folder = company(), tmp_path / "given"
    tables = cut(read_all(source)[0], month="2026-03")
    handover.describe(tables, "2026-03", folder)
    monkeypatch.setenv(handover.FOLDER, str(folder))

    def broken(name):
        if name == "activities":
            raise SalesOpsError("activities.csv", "a whole file", "export it again")

    with pytest.raises(SalesOpsError):
        handover.hand_over(tables, folder, broken)
    found = load(source, month="2026-03")
    assert len(found.activities) == len(tables.activities) > 0
    pd.testing.assert_frame_equal(found.flags, tables.flags)


def test_a_stopped_hand_over_leaves_nobody_waiting(company, tmp_path, monkeypatch):
    source, folder, stopped = company(), tmp_path / "given", threading.Event()
    tables = cut(read_all(source)[0], month="2026-03")
    handover.describe(tables, "2026-03", folder)
    stopped.set()
    handover.hand_over(tables, folder, stopped=stopped)
    monkeypatch.setenv(handover.FOLDER, str(folder))
    assert len(load(source, month="2026-03").reps) == 2


def test_marks_of_large_tables_are_made_when_they_are_asked_for(company, tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "LARGE", 20)
    source, folder, stopped = company(), tmp_path / "given", threading.Event()
    tables = cut(read_all(source)[0], month="2026-03")
    tables.engine.large = lambda name: name == "activities"
    handover.describe(tables, "2026-03", folder)
    giving = threading.Thread(target=handover.hand_over, args=(tables, folder), kwargs={"stopped": stopped},
                              daemon=True)
    giving.start()
    monkeypatch.setenv(handover.FOLDER, str(folder))
    found = load(source, month="2026-03")
    assert len(found.reps) == 2 and not (folder / "flags").exists()
    no_source(monkeypatch)
    pd.testing.assert_frame_equal(found.marks["flags"], tables.flags)
    stopped.set()
    giving.join(10)
    assert not giving.is_alive() and not (folder / "set_aside").exists()
