"""Dates are never guessed: ISO is read as it is, for others the column's values decide, or the run stops."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from damaged import column, outcome
from folders import TOML
from hypothesis import assume, given, settings
from hypothesis import strategies as st

LATE = TOML.replace("2026-03-31", "2069-12-31")
ORDERS = {"day first": "{d:02d}{s}{m:02d}{s}{y}", "month first": "{m:02d}{s}{d:02d}{s}{y}"}


def read(tmp_path, values, toml=LATE):
    """Leads created on these days: key → day, or the refusal."""
    leads = "lead_id;created_at\n" + "".join(f'k{i};"{v}"\n' for i, v in enumerate(values))
    found = outcome(tmp_path / "acme", leads, "leads.csv", "leads", toml)
    if found.refusal:
        return found.refusal
    return dict(zip(found.used["lead_id"], found.used["created_at"].astype(str), strict=True))


def reps(tmp_path, values, toml=LATE):
    rows = "rep_id;name;hired_on\n" + "".join(f'k{i};x;"{v}"\n' for i, v in enumerate(values))
    found = outcome(tmp_path / "acme", rows, "reps.csv", "reps", toml)
    return found.refusal or found.used["hired_on"].dt.strftime("%Y-%m-%d").tolist()


def written(day: dt.date, order: str, sign: str, year: str = "%Y") -> str:
    return ORDERS[order].format(d=day.day, m=day.month, y=day.strftime(year), s=sign)


@pytest.mark.parametrize("year", ["%Y", "%y"])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("sign", "/.-")
def test_three_thousand_rows_are_read_right_in_both_orders(tmp_path, order, sign, year):
    rng = np.random.default_rng(7)
    days = [dt.date(2023, 1, 1) + dt.timedelta(int(n)) for n in rng.integers(0, 1300, 3000)]
    found = read(tmp_path, [written(day, order, sign, year) for day in days])
    assert found == {f"k{i}": day.isoformat() for i, day in enumerate(days)}


@pytest.mark.parametrize("order", ORDERS)
def test_one_value_in_three_thousand_decides(tmp_path, order):
    days = [dt.date(2026, 1 + n % 12, 1 + n % 11) for n in range(2999)] + [dt.date(2026, 5, 31)]
    found = read(tmp_path, [written(day, order, "/") for day in days])
    assert list(found.values()) == [day.isoformat() for day in days]


def test_three_thousand_rows_that_do_not_tell_stop_the_run(tmp_path):
    days = [dt.date(2026, 1 + n % 12, 1 + n % 11) for n in range(1, 3001)]
    line = read(tmp_path, [written(day, "day first", "/") for day in days])
    assert "the dates in leads.created_at can be day first or month first, and no value tells" in line
    assert "'02/02/2026'" not in line and "'03/03/2026'" not in line
    assert "(line " in line and '[dates] "leads.created_at" = "day first" (or "month first"' in line


@settings(max_examples=30, deadline=None)
@given(st.lists(st.dates(dt.date(1969, 1, 1), dt.date(2068, 12, 31)), min_size=1, max_size=20),
       st.sampled_from(list(ORDERS)), st.sampled_from("/.-"), st.sampled_from(["%Y", "%y"]))
def test_no_date_is_ever_read_wrongly(days, order, sign, year):
    found = column("reps", "hired_on", [written(day, order, sign, year) for day in days])
    if isinstance(found, str):
        assert all(day.day <= 12 for day in days) or year == "%y"
        assert "company.toml" in found
    else:
        assert [value.date() for value in found] == days


@settings(max_examples=25, deadline=None)
@given(st.lists(st.dates(dt.date(1970, 1, 1), dt.date(2068, 12, 31)), min_size=1, max_size=20), st.sampled_from("/.-"))
def test_years_of_two_digits_that_stand_first_are_never_taken_for_days(days, sign):
    """Unless the rows hold more years than days: then nothing could tell, and a setting must have said it."""
    assume(len({day.year for day in days}) <= len({day.day for day in days}))
    texts = [day.strftime(f"%y{sign}%m{sign}%d") for day in days]
    found = column("reps", "hired_on", texts)
    assert isinstance(found, str) or {value.date() for value in found if value} <= set(days)
    said = column("reps", "hired_on", texts, '[dates]\norder = "year first"\n')
    assert [value.date() for value in said] == days


@pytest.mark.parametrize(("text", "moment"), [
    ("2026-01-05", "2026-01-05 00:00:00"), ("2026-01-05T10:00:00Z", "2026-01-05 10:00:00"),
    ("2026-01-05T10:00:00.000+0000", "2026-01-05 10:00:00"), ("2026-01-05 10:00:00+02:00", "2026-01-05 08:00:00"),
    ("2026-01-05T10:00", "2026-01-05 10:00:00"), ("2026/1/5 9:05", "2026-01-05 09:05:00"),
    ("20260105", "2026-01-05 00:00:00"), ("2026.01.05", "2026-01-05 00:00:00"),
    ("5 Jan 2026", "2026-01-05 00:00:00"), ("05-JAN-26", "2026-01-05 00:00:00"),
    ("January 5, 2026", "2026-01-05 00:00:00"), ("Jan 5th, 2026 2:30 pm", "2026-01-05 14:30:00"),
    ("13/01/2026 9:05", "2026-01-13 09:05:00"), ("13.01.2026, 14:30:15", "2026-01-13 14:30:15"),
    ("1/13/2026 12:00 AM", "2026-01-13 00:00:00"), ("1/13/2026 12:30:05 p.m.", "2026-01-13 12:30:05"),
    ("13/01/2026\u202f02:30\u00a0PM", "2026-01-13 14:30:00"), ("13-01-26", None),
    ("1767606300000", "2026-01-05 09:45:00"),
    ("05/05/2026", "2026-05-05 00:00:00"), ("31/12/68", "2068-12-31 00:00:00"), ("31/12/69", "1969-12-31 00:00:00"),
])
def test_one_value_alone(tmp_path, text, moment):
    found = read(tmp_path, [text])
    if moment is None:
        assert "years of two digits, which may stand first or last" in found
    else:
        assert pd.Timestamp(found["k0"]) == pd.Timestamp(moment)


@pytest.mark.parametrize("text", [
    "2026-02-30", "31/02/2026", "02/31/2026", "32/01/2026", "0/1/2026", "2026-13-01", "45000", "soon", "Foo 5, 2026",
    "01/01/1899", "2026-01-05 25:00", "5/2026", "13/01/2026 13:00 PM", "1.234,5", "05012026", "2026-W03",
])
def test_an_impossible_value_is_set_aside_alone(tmp_path, text):
    found = read(tmp_path, [text, "2026-01-05"])
    assert found == {"k1": "2026-01-05"}


def test_impossible_values_do_not_decide(tmp_path):
    assert read(tmp_path, ["31/02/2026", "01/25/2026", "02/03/2026"]) == {"k1": "2026-01-25", "k2": "2026-02-03"}


def test_rows_that_contradict_each_other_stop_the_run(tmp_path):
    line = read(tmp_path, ["2026-01-01", "13/01/2026", "02/03/2026", "01/13/2026"])
    assert "day first in one row and month first in another: '13/01/2026' (line 3) and '01/13/2026' (line 5)" in line


def test_each_column_and_file_is_decided_by_itself(tmp_path):
    rows = "rep_id;name;hired_on;left_on\na;x;13/01/2026;02/20/2026\nb;x;02/03/2026;04/05/2026\n"
    found = outcome(tmp_path / "acme", rows, "reps.csv", "reps", LATE)
    assert found.used["hired_on"].dt.strftime("%m%d").tolist() == ["0113", "0302"]
    assert found.used["left_on"].dt.strftime("%m%d").tolist() == ["0220", "0405"]
    assert found.facts["dates in hired_on"] == "day first"
    toml = LATE + '[files]\nreps = ["reps.csv", "more.csv"]\n'
    (tmp_path / "acme" / "more.csv").write_text("rep_id,name,hired_on\nc,x,01/13/2026\nd,x,02/03/2026\n")
    both = outcome(tmp_path / "acme", rows, "reps.csv", "reps", toml, )
    assert both.used["hired_on"].dt.strftime("%m%d").tolist() == ["0113", "0203", "0113", "0302"]


@pytest.mark.parametrize(("setting", "day"), [
    ('"reps.hired_on" = "day first"', "2026-02-01"), ('reps = "month first"', "2026-01-02"),
    ('order = "day first"', "2026-02-01"), ('order = "day first"\nreps = "month first"', "2026-01-02"),
])
def test_a_setting_resolves_what_the_values_do_not_tell(tmp_path, setting, day):
    assert reps(tmp_path, ["01/02/2026"], LATE + f"[dates]\n{setting}\n") == [day]


def test_a_setting_settles_a_contradiction_and_never_overrules_all_values(tmp_path):
    toml = LATE + '[dates]\norder = "day first"\n'
    assert reps(tmp_path, ["13/01/2026", "01/13/2026"], toml) == ["2026-01-13"]
    line = reps(tmp_path, ["01/13/2026", "02/03/2026"], toml)
    assert "contradict the setting 'day first' of company.toml: '01/13/2026' (line 2)" in line


@pytest.mark.parametrize("setting", ['order = "us"', 'closing = "day first"', '"reps.left" = "day first"'])
def test_wrong_settings_are_refused(tmp_path, setting):
    assert "company.toml: dates" in reps(tmp_path, ["2026-01-01"], LATE + f"[dates]\n{setting}\n")


def test_months(tmp_path):
    months = {
        "2026-01": 1, "2026/2": 2, "03/2026": 3, "Apr 2026": 4, "May-26": 5, "202606": 6, "2026M07": 7, "2026-08-15": 8,
        "September 2026": 9, "20/10/2026": 10, "13/2026": 0, "2026-00": 0, "Mayor 2026": 0,
    }
    rows = "rep_id,month,amount\n" + "".join(f"r1,{text},{i}\n" for i, text in enumerate(months))
    found = outcome(tmp_path / "acme", rows, "quotas.csv", "quotas", LATE)
    assert found.used["month"].dt.month.tolist() == [m for m in months.values() if m]
    assert len(found.aside) == 3


def test_a_day_with_an_offset_stays_the_day_that_is_written(tmp_path):
    assert reps(tmp_path, ["2026-01-05T23:30:00-08:00", "2026-01-05T00:30:00+0900"]) == ["2026-01-05", "2026-01-05"]


def test_days_as_whole_numbers_of_a_typed_source(tmp_path):
    frame = pd.DataFrame({"rep_id": ["a", "b", "c", "d"], "name": "x",
                          "hired_on": [20260105, 46027, 1767571200000, 123]})
    found = outcome(tmp_path / "acme", frame.to_parquet(), "reps.parquet", "reps", LATE)
    assert found.used["hired_on"].dt.strftime("%Y-%m-%d").tolist() == ["2026-01-05"] * 3
    assert found.reasons == "hired_on is not a date: '123'"
