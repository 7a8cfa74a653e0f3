"""What the engine counts and sums is what pandas makes of the same tables, as of any day."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from salesops_helpers import SalesOpsError, Tables, load, measures
from salesops_helpers.data import decide, engine
from salesops_helpers.data.company import Company
from salesops_helpers.data.reduce import counted
from salesops_helpers.data.sources import files
from salesops_helpers.data.tables import TABLES
from salesops_helpers.performance import kpis, reps

SAMPLE = "data/sample"
DAYS = ["2026-09", *(pytest.param(day, marks=pytest.mark.slow) for day in ("2026-03", "2024-02"))]
COMPANY = Company(name="Acme", currency="EUR", stages=["Open", "Won", "Lost"], won_stages=["Won"], lost_stages=["Lost"])


@pytest.fixture(scope="module", params=DAYS)
def month(request):
    return request.param


@pytest.fixture(scope="module")
def tables(month):
    return load(SAMPLE, month=month)


def large(month: str, monkeypatch) -> Tables:
    """The same tables with every table taken as too large for a frame, and none held in the engine."""
    monkeypatch.setattr(engine, "LARGE", 0)
    monkeypatch.setattr(decide, "HELD", 0)
    return load(SAMPLE, month=month)


@pytest.mark.parametrize("name", TABLES)
def test_the_cut_in_the_engine_is_the_snapshot(tables, name):
    if name not in tables.available or name in ("reps", "products"):
        return
    frame, rows = getattr(tables, name), tables.engine.collect(tables.rows(name), name)
    order = list(TABLES[name].key)
    frame = frame.sort_values(order, ignore_index=True)
    rows = rows.sort_values(order, ignore_index=True)[list(frame.columns)]
    assert len(frame) or name in ("hiring_plan", "tool_feedback") or len(rows) == 0
    for column in frame:
        if frame[column].isna().all():
            assert rows[column].isna().all(), column
        else:
            pd.testing.assert_series_equal(frame[column], rows[column], check_dtype=False)


@pytest.mark.parametrize("by", [None, *measures.UNITS])
def test_bookings_are_the_same(tables, month, by, monkeypatch):
    small = measures.bookings(tables, by)
    there = large(month, monkeypatch)
    assert there.large("opportunities") and tables.engine is not there.engine
    pd.testing.assert_frame_equal(small, measures.bookings(there, by), rtol=0, atol=0.005)
    assert "opportunities" not in there._frames._made and small["bookings"].sum() > 0


def test_win_rates_are_the_same(tables, month, monkeypatch):
    start = f"{int(month[:4]) - 1}{month[4:]}"
    start = max(start, "2023-10")
    expected = reps.win_rates(tables, start, month), kpis.win_rate(tables), reps.left_out(tables, None, start, month)
    there = large(month, monkeypatch)
    found = reps.win_rates(there, start, month), kpis.win_rate(there), reps.left_out(there, None, start, month)
    pd.testing.assert_frame_equal(expected[0], found[0], rtol=1e-12)
    assert expected[1:] == found[1:] and expected[1].closed > 0
    assert "opportunities" not in there._frames._made


@pytest.mark.parametrize("name, by, per, sums", [
    ("activities", ["rep_id", "kind"], "month", ["minutes"]), ("activities", ["kind"], None, []),
    ("leads", ["rep_id"], "quarter", ["score"]), ("stage_history", ["stage"], "year", ["amount"]),
    ("tool_usage", ["rep_id", "tool"], "month", ["active_days"]), ("opportunities", ["status"], "day", ["amount"]),
])
def test_counts_are_those_of_pandas(tables, name, by, per, sums):
    table = TABLES[name]
    frame = getattr(tables, name)
    keys = list(by)
    if per:
        frame = frame[frame[table.dated_by].notna()]
        code = {"day": "D", "month": "M", "quarter": "Q", "year": "Y"}[per]
        frame = frame.assign(**{per: frame[table.dated_by].dt.to_period(code).dt.to_timestamp()})
        keys.append(per)
    expected = frame.groupby(keys, dropna=False).agg(
        rows=(table.key[0], "size"), **{c: (c, "sum") for c in sums}).reset_index()
    found = counted(tables, name, by, per, sums)
    pd.testing.assert_frame_equal(found, expected.sort_values(keys, ignore_index=True), check_dtype=False)


def test_counts_of_frames_given_as_they_are():
    activities = pd.DataFrame({"activity_id": list("abcd"), "rep_id": ["r1", "r1", "r2", None],
                               "occurred_at": pd.to_datetime(["2026-01-31 23:59", "2026-02-01 00:00",
                                                              "2026-02-03 00:00", None]),
                               "minutes": [5, np.nan, 7, 1]})
    tables = Tables.from_frames(COMPANY, {"activities": activities}, as_of="2026-03-31")
    assert counted(tables, "activities").to_dict("list") == {"rows": [4]}
    assert counted(tables, "activities", per="month", sums=["minutes"]).to_dict("list") == {
        "month": [pd.Timestamp("2026-01-01"), pd.Timestamp("2026-02-01")], "rows": [1, 2], "minutes": [5.0, 7.0]}
    within = counted(tables, "activities", ["rep_id"], start="2026-02", end="2026-02")
    assert within.to_dict("list") == {"rep_id": ["r1", "r2"], "rows": [1, 1]}
    assert counted(tables, "leads", ["source"], "month").empty


@pytest.mark.parametrize("asked, said", [
    ({"by": ["colour"]}, "activities has no column 'colour'"), ({"per": "week"}, "per='week' is no period"),
    ({"name": "reps", "sums": ["heads"]}, "reps has no column 'heads'"),
    ({"name": "accounts", "per": "month"}, "no date"),
    ({"start": "2026"}, "month '2026' is not a month"),
])
def test_what_cannot_be_counted_is_refused(asked, said):
    tables = Tables.from_frames(COMPANY, {}, as_of="2026-03-31")
    with pytest.raises(SalesOpsError, match=said):
        counted(tables, **({"name": "activities"} | asked))


def test_a_large_parquet_file_is_decided_as_a_small_one(tmp_path, monkeypatch):
    """Every kind of bad row in Parquet, read in whole and read where it is."""
    from salesops_helpers.data.check import check

    (tmp_path / "company.toml").write_text(
        'name = "Acme"\ncurrency = "EUR"\nstages = ["Open", "Won"]\nwon_stages = ["Won"]\nlost_stages = ["Open"]\n'
        'extract_date = 2026-03-31\n')
    pd.DataFrame({"rep_id": ["r1", "r2"], "name": ["Ada", "Bo"]}).to_parquet(tmp_path / "reps.parquet")
    ids = ["a", "b", None, "b", "b", "c", "d", "e", "a", "f", " g ", ""]
    when = pd.to_datetime(["2026-01-01"] * 5 + ["2026-04-01", None] + ["2026-01-01"] * 5)
    reps = ["r1", "r9", "r1", "r1", "r2", "r1", "r1", "r2", "r1", "r2", "r1", "r1"]
    pd.DataFrame({"activity_id": ids, "rep_id": reps,
                  "occurred_at": when, "minutes": [1, 1, 1, 1, 1, 1, 1, -1, 1, np.nan, np.inf, 2]}
                 ).to_parquet(tmp_path / "activities.parquet")
    pd.DataFrame({"opportunity_id": ["o"], "rep_id": ["r1"], "stage": ["Won"], "amount": [1.0], "status": ["won"],
                  "created_on": pd.to_datetime(["2026-01-01"]), "closed_on": pd.to_datetime(["2026-01-02"])}
                 ).to_parquet(tmp_path / "opportunities.parquet")
    small = check(tmp_path)
    monkeypatch.setattr(files, "LARGE_BYTES", 0)
    monkeypatch.setattr(decide, "HELD", 0)
    there = check(tmp_path)
    pd.testing.assert_frame_equal(small.set_aside, there.set_aside)
    pd.testing.assert_frame_equal(small.counts, there.counts)
    rules = there.set_aside.set_index("source_line")["rule"].to_dict()
    assert rules == {3: "unknown in reps", 4: "missing key", 6: "conflicting duplicate", 7: "after the extract date",
                     9: "negative", 10: "identical duplicate", 12: "not a number", 13: "missing key"} | {
                         line: rule for line, rule in rules.items() if line == 8}
    assert there.counts.set_index("table").loc["activities", "rows_in"] == 12


def test_frames_are_read_only_when_they_are_asked_for(tables):
    fresh = load(SAMPLE, month="2026-09")
    assert "stage_history" in fresh.available and "stage_history" not in fresh._frames._made
