"""The pipeline forecast on a simulated company: nothing of the future gets in, what comes out is right on average."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pipeline_oracle
import pipeline_truth
import pytest

from salesops_helpers import measures
from salesops_helpers.data.container import Tables
from salesops_helpers.data.snapshot import snapshot
from salesops_helpers.forecast import blend, features, replay
from salesops_helpers.forecast.drawn import draw, shocks
from salesops_helpers.forecast.periods_ahead import UNITS, carriers, split
from salesops_helpers.forecast.pipeline import outlook

FIELDS = ["stage", "amount", "expected_close_on", "rep_id"]


@pytest.fixture(scope="module")
def company() -> Tables:
    return pipeline_truth.company("growth", 7, months=26)


@pytest.fixture(scope="module")
def past(company):
    return replay.replay(company, features.cuts(company, 9)[:-1])


@pytest.fixture(scope="module")
def made(company):
    return outlook(company)


def test_crps_is_what_it_is_for_draws_of_a_normal():
    draws = np.random.default_rng(1).normal(0, 1, 20_000)
    assert pipeline_oracle.crps(draws, 0.0) == pytest.approx((np.sqrt(2) - 1) / np.sqrt(np.pi), abs=0.01)
    assert pipeline_oracle.crps(np.array([3.0, 3.0]), 5.0) == 2.0


def test_the_oracle_runs_the_rules_on_from_what_is_known():
    tables, hidden = pipeline_truth.simulated("seasonal", 7, months=40)
    came = measures.bookings(tables).set_index("month")["bookings"]
    days = features.cuts(tables, 28)[:-3:2]
    said = [pipeline_oracle.draws(hidden, snapshot(tables, day)) for day in days]
    actual = [came[came.index > day].iloc[:3].to_numpy() for day in days]
    below = np.mean([draws < months for draws, months in zip(said, actual, strict=True)], axis=1)
    assert np.mean([draws.mean() for draws in said]) == pytest.approx(np.mean(actual), rel=0.12)
    assert 0.35 < below.mean() < 0.65 and 0.6 < ((below > 0.1) & (below < 0.9)).mean() < 0.95


def by_deal(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sort_values("opportunity_id").reset_index(drop=True)


def test_the_panel_shows_what_the_snapshot_shows(company):
    rows = features.panel(company)
    for day in features.cuts(company)[[-20, -11, -4]]:
        known = snapshot(company, day).opportunities
        known = by_deal(known[known["status"] == "open"])
        mine = by_deal(rows[rows["cut"] == day])
        assert len(mine) > 50
        pd.testing.assert_frame_equal(mine[["opportunity_id", *FIELDS]], known[["opportunity_id", *FIELDS]],
                                      check_dtype=False)


def other_future(tables: Tables, day: pd.Timestamp, what: str) -> Tables:
    """The same company up to `day`, with one thing different after it."""
    deals, history = tables.opportunities.copy(), tables.stage_history.copy()
    later, after = history["changed_at"] > day + pd.Timedelta(days=1), deals["closed_on"] > day
    if what == "stage":
        history.loc[later, "stage"] = "Fourth"
        deals.loc[deals["status"] == "open", "stage"] = "Fourth"
    elif what == "amount":
        history.loc[later, "amount"] = history.loc[later, "amount"] * 3
        deals.loc[after | (deals["status"] == "open"), "amount"] = 77_000.0
    elif what == "rep_id":
        history.loc[later, "rep_id"] = "R-00"
        deals.loc[after | (deals["status"] == "open"), "rep_id"] = "R-00"
    else:
        deals.loc[after, "closed_on"] = tables.as_of
        history.loc[later, "changed_at"] = tables.as_of
        history = history.drop_duplicates(["opportunity_id", "changed_at"], keep="last")
    frames = {name: getattr(tables, name) for name in tables.available}
    return Tables.from_frames(tables.company, {**frames, "opportunities": deals, "stage_history": history},
                              as_of=tables.as_of)


@pytest.mark.parametrize("what", ["stage", "amount", "rep_id", "closed_on"])
def test_another_future_leaves_the_forecast_as_it_was(company, what):
    day = features.cuts(company)[-5]
    other = other_future(company, day, what)
    now, then = outlook(snapshot(company, day)), outlook(snapshot(other, day))
    pd.testing.assert_frame_equal(now.months, then.months, check_exact=True)
    pd.testing.assert_frame_equal(now.deals, then.deals, check_exact=True)
    assert np.array_equal(now.chance, then.chance)
    moved = outlook(other)  # the alteration is one that the model would see, were it let in
    assert not np.array_equal(outlook(company).months["forecast"], moved.months["forecast"])


@pytest.mark.parametrize("name", FIELDS[:2] + ["rep_id"])
def test_todays_field_on_a_past_day_is_seen_by_the_comparison(company, name):
    """The leak put in: today's stage, amount or owner on the rows of a past cut is not what the snapshot shows."""
    day = features.cuts(company)[-5]
    changed = other_future(company, day, name).opportunities.set_index("opportunity_id")[name]
    rows = features.panel(company, pd.DatetimeIndex([day]))
    assert (rows[name].to_numpy() != changed.reindex(rows["opportunity_id"]).to_numpy()).mean() > 0.2


def test_only_what_has_ended_by_the_day_teaches(company):
    day = features.cuts(company)[-5]
    rows = features.panel(snapshot(company, day))
    ended = rows[rows["end"] != "open"]
    assert (ended["cut"] < day).all() and rows.loc[rows["cut"] == day, "end"].eq("open").all()
    now = features.panel(company, features.cuts(company)[:-4])
    assert (now.loc[now["cut"] == day, "end"] != "open").mean() > 0.3


def test_probabilities_are_right_on_average_and_better_than_the_base_rate(past):
    found = replay.calibration(past.deals, ahead=[1, 3])
    assert found["ahead"].tolist() == [1, 3]
    assert (found["log_loss"] < found["log_loss_base"]).all() and (found["brier"] < found["brier_base"]).all()
    assert found["slope"].between(0.75, 1.3).all()
    assert (found["said"] / found["came"]).between(0.8, 1.25).all()


def test_units_add_up_in_every_draw_and_the_parts_to_the_whole(company, past, made):
    drawn = draw(made, company, past.months, size=300)
    whole = split(drawn, company).set_index("period")
    for by in UNITS:
        parts = split(drawn, company, by).groupby("period")[["so_far", "open", "created", "forecast"]].sum()
        np.testing.assert_allclose(parts, whole.loc[parts.index, parts.columns], rtol=1e-9)
    assert np.allclose(whole[["so_far", "open", "created"]].sum(axis=1), whole["forecast"])
    assert (whole["low_95"] < whole["low_80"]).all() and (whole["high_80"] < whole["high_95"]).all()
    again = draw(made, company, past.months, size=300)
    assert np.array_equal(again.open, drawn.open) and np.array_equal(again.created, drawn.created)


def test_the_mean_of_the_draws_is_the_outlook(company, past, made):
    drawn = draw(made, company, past.months, size=3_000)
    np.testing.assert_allclose(drawn.open.sum(axis=0).mean(axis=0).cumsum(), made.months["open"].cumsum(), rtol=0.06)
    np.testing.assert_allclose(drawn.created.sum(axis=0).mean(axis=0)[2:], made.months["created"][2:], rtol=0.06)


def test_a_common_shock_is_wider_than_coins(company, past, made):
    missed = past.months.assign(actual=past.months["actual"] * np.where(past.months["cut"].dt.month % 2, 1.6, 0.6))
    coins = past.months.assign(actual=past.months["forecast"])
    assert (shocks(missed) > 0.3).all() and (shocks(coins) == 0).all()
    wide, narrow = (split(draw(made, company, months), company).set_index("period") for months in (missed, coins))
    reach = [frame["high_80"] - frame["low_80"] for frame in (wide, narrow)]
    assert (reach[0] > 1.3 * reach[1]).all()


def test_without_three_windows_apart_there_is_no_range(company, past, made):
    few = past.months[past.months["cut"] >= past.months["cut"].unique()[-2]]
    assert np.isnan(shocks(few)).all()
    drawn = split(draw(made, company, few, size=200), company)
    assert drawn["low_80"].isna().all() and (drawn["forecast"] > 0).all()


def test_a_deal_that_slips_takes_what_was_expected_of_it(company, past, made):
    drawn = draw(made, company, past.months, size=400)
    rows = carriers(made, drawn, company, most=5)
    assert rows.groupby("period").size().to_dict() == {"month": 5, "quarter": 5, "next quarter": 5}
    forecast = rows["period"].map(split(drawn, company).set_index("period")["forecast"])
    np.testing.assert_allclose(rows["expected"], rows["probability"] * rows["value"])
    np.testing.assert_allclose(rows["if_slips"], forecast - rows["expected"])
    np.testing.assert_allclose(rows["if_won"] - rows["if_slips"], rows["value"])
    month = rows[rows["period"] == "month"]
    assert month["expected"].is_monotonic_decreasing and rows["later"].dropna().between(0, 1).all()


def test_backtest_is_blind_to_what_came_later(company):
    days = features.cuts(company)[[-6, -5]]
    other = other_future(company, days[-1], "amount")
    mine, theirs = (blend.backtest(t, ["naive", "pipeline"], days) for t in (company, other))
    pd.testing.assert_frame_equal(mine.drop(columns="actual"), theirs.drop(columns="actual"), check_exact=True)
    assert (mine["actual"] != theirs["actual"]).any()


def test_a_replayed_pipeline_is_taken_as_it_is(company, past):
    days = past.months["cut"].unique()[:2]
    made_anew = blend.backtest(company, "pipeline", days)
    taken = blend.backtest(company, "pipeline", days, told={"pipeline": past.months})
    pd.testing.assert_frame_equal(made_anew, taken)
