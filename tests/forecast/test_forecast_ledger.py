"""The ledger: what was frozen stays as it was, and is scored against what came."""

from __future__ import annotations

import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesops_helpers.errors import SalesOpsError
from salesops_helpers.forecast import ledger, outlook
from salesops_helpers.publish import publish, published

ENDS = {"q_025": 60, "q_05": 70, "q_10": 80, "q_25": 90, "q_50": 100, "q_75": 110, "q_90": 120, "q_95": 130,
        "q_975": 140}


def forecast(as_of="2026-01-31", months=2, last_actual=95.0, unit="Acme", **ends):
    """A literal forecast: the same quantiles for each month after `as_of`."""
    last = pd.Timestamp(as_of).replace(day=1)
    month = pd.date_range(last, periods=months + 1, freq="MS")[1:]
    return pd.DataFrame({
        "by": "company", "unit": unit, "month": month, "step": np.arange(1, months + 1), "method": "mean",
        "made_of": "mean of Theta and ETS", **{k: float(v) for k, v in {**ENDS, **ends}.items()}, "naive": 90.0,
        "last_month": last, "last_actual": last_actual,
    })


def freeze(folder, as_of="2026-01-31", made="2026-02-03 10:00", data="d1", **more):
    return ledger.freeze(forecast(as_of, **more), folder, as_of, pd.Timestamp(made), data)


def actuals(**months):
    month = pd.to_datetime([name.replace("m", "").replace("_", "-") + "-01" for name in months])
    return pd.DataFrame({"by": "company", "unit": "Acme", "month": month, "actual": list(map(float, months.values()))})


def test_what_is_read_is_what_was_frozen(tmp_path):
    path = freeze(tmp_path)
    found = ledger.frozen(tmp_path)
    pd.testing.assert_frame_equal(found[ledger.MADE], forecast(), check_dtype=False)
    assert found["made_on"].unique() == pd.Timestamp("2026-02-03")
    assert found["as_of"].unique() == pd.Timestamp("2026-01-31")
    assert set(found["data"]) == {"d1"} and path.name.startswith("2026-01-31--20260203T100000--")


def test_a_later_run_cannot_change_a_frozen_forecast(tmp_path):
    path = freeze(tmp_path)
    before = path.read_bytes()
    again = freeze(tmp_path, made="2026-05-05 08:00")
    other = freeze(tmp_path, made="2026-05-05 09:00", q_50=150)
    assert again == path and other != path and path.read_bytes() == before
    assert not os.stat(path).st_mode & 0o222
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([path.name, other.name])
    scored = ledger.scored(ledger.frozen(tmp_path), actuals(m2026_02=100))
    assert scored["forecast"].tolist() == [100.0, 150.0], "a replay stands beside the first, not in its place"


def test_the_first_of_a_day_counts(tmp_path):
    freeze(tmp_path, made="2026-02-02")
    freeze(tmp_path, made="2026-02-01", q_50=105)
    scored = ledger.scored(ledger.frozen(tmp_path), actuals(m2026_02=100))
    assert scored["forecast"].tolist() == [105.0]


@pytest.mark.parametrize("harm", ["other", "short", "renamed"])
def test_a_file_that_was_changed_is_found_out(tmp_path, harm):
    path = freeze(tmp_path)
    path.chmod(0o644)
    if harm == "other":
        pd.read_parquet(path).assign(q_50=1.0).to_parquet(path)
    elif harm == "short":
        path.write_bytes(path.read_bytes()[:100])
    else:
        path.rename(tmp_path / path.name.replace("20260203", "20260201"))
    with pytest.raises(SalesOpsError, match="not what was written"):
        ledger.frozen(tmp_path)


def test_a_page_knows_earlier_days_alone(tmp_path):
    for day in ("2025-12-31", "2026-01-31", "2026-02-28"):
        freeze(tmp_path, day)
    assert ledger.frozen(tmp_path, "2026-01-31")["as_of"].unique().tolist() == [pd.Timestamp("2025-12-31")]
    assert ledger.frozen("").empty and ledger.frozen(tmp_path / "none").empty
    assert ledger.track_record(ledger.scored(ledger.frozen(""), actuals(m2026_02=1))).empty


def test_live_and_replayed_are_kept_apart(tmp_path):
    freeze(tmp_path, "2026-01-31", "2026-02-28 23:00")
    freeze(tmp_path, "2026-02-28", "2026-04-01")
    found = ledger.frozen(tmp_path).drop_duplicates("as_of").set_index("as_of")["kind"]
    assert found.to_dict() == {pd.Timestamp("2026-01-31"): "live", pd.Timestamp("2026-02-28"): "replayed"}
    record = ledger.track_record(ledger.scored(ledger.frozen(tmp_path), actuals(m2026_02=100, m2026_03=300)))
    assert record[["kind", "step", "windows", "inside_80"]].values.tolist() == [
        ["live", 1, 1, 1], ["live", 2, 1, 0], ["replayed", 1, 1, 0]]


def test_the_record_by_hand(tmp_path):
    """Forecast 100, 80 % range 80 to 120; what came: 110, 70, 100, 150."""
    for day in ("2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"):
        freeze(tmp_path, day, made=pd.Timestamp(day) + pd.Timedelta(days=2), months=1)
    came = actuals(m2026_02=110, m2026_03=70, m2026_04=100, m2026_05=150)
    row = ledger.track_record(ledger.scored(ledger.frozen(tmp_path), came)).iloc[0]
    assert (row["windows"], row["inside_80"], row["inside_95"]) == (4, 2, 3)
    assert row["wape"] == pytest.approx(90 / 430) and row["bias"] == pytest.approx(-30 / 430)
    assert row["naive_wape"] == pytest.approx(110 / 430) and row["skill"] == pytest.approx(90 / 110)
    assert row["bias_words"] == "under-forecast by 7 %"
    assert row["coverage_80_low"] < 0.5 < row["coverage_80_high"]
    assert row["interval_80"] == pytest.approx((4 * 40 + 10 * 10 + 10 * 30) / 430)


def test_restated_actuals_are_scored_as_known_today_and_said(tmp_path):
    freeze(tmp_path, "2026-01-31", last_actual=95)
    freeze(tmp_path, "2026-02-28", last_actual=100)
    rows = ledger.scored(ledger.frozen(tmp_path), actuals(m2026_02=130, m2026_03=90))
    first = rows[rows["month"] == "2026-02-01"].iloc[0]
    assert (first["actual"], first["first_actual"], first["restated"]) == (130, 100, 30)
    assert rows.loc[rows["month"] == "2026-03-01", "restated"].isna().all()


def test_the_waterfall_adds_up(tmp_path):
    freeze(tmp_path, "2026-01-31", months=3)
    freeze(tmp_path, "2025-12-31", months=3, q_50=1)
    months = pd.to_datetime(["2026-03-01", "2026-04-01", "2026-05-01"])
    now = pd.DataFrame({"by": "company", "unit": "Acme", "month": months, "forecast": [120.0, 90.0, 70.0]})
    moves = ledger.change(ledger.frozen(tmp_path), now, actuals(m2026_01=95, m2026_02=130))
    assert moves["amount"].tolist() == [300, 30, 20, -10, 340]
    assert moves["part"].tolist()[:2] == ["forecast of 31 January 2026", "February 2026: came in"]
    assert ledger.change(ledger.frozen(""), now, actuals(m2026_01=95)).empty


@given(st.lists(st.floats(0, 1e9, allow_nan=False), min_size=1, max_size=5), st.text(min_size=1, max_size=8))
def test_any_forecast_goes_through_table_and_ledger_unchanged(tmp_path_factory, values, unit):
    folder = tmp_path_factory.mktemp("l")
    frame = forecast(months=len(values), unit=unit.replace("\x00", "") or "0").assign(q_50=values)
    publish(frame, "frozen", str(folder))
    read = published("frozen", str(folder))
    ledger.freeze(read, folder / "l", "2026-01-31", pd.Timestamp("2026-02-01"), "d")
    assert ledger.frozen(folder / "l")["q_50"].tolist() == values


def test_what_the_series_say_can_be_frozen():
    known = pd.DataFrame({"by": "company", "unit": "Acme", "month": pd.date_range("2025-06-01", periods=7, freq="MS"),
                          "actual": [10.0, 12, 9, 14, 11, 10, 13]})
    past = outlook(known, known.assign(cut=pd.NaT, method="", step=1, scale=0.0, forecast=0.0).iloc[:0], 2,
                   ledger.LEVELS)
    frame = ledger.to_freeze(past, known)
    assert frame["last_actual"].tolist() == [13, 13] and frame["q_50"].tolist() == past["forecast"].tolist()
    ends = frame[list(ledger.QUANTILES)].to_numpy()
    assert (np.diff(ends, axis=1) >= 0).all()
