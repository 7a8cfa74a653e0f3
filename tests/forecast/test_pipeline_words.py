"""The pipeline in words: the numbers of the frames, and what holds no longer where they are thin."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from salesops_helpers.forecast import pipeline_words as said
from salesops_helpers.forecast.pipeline_page import Found


def one(**more) -> pd.DataFrame:
    return pd.DataFrame([more])


def choice(**weights) -> pd.DataFrame:
    shares = {f"weight_{name}": weights.get(name, 0.0) for name in ("naive", "series", "pipeline")}
    return one(month=pd.Timestamp("2026-10-01"), ahead=1, forecast=1_500_000.0, windows=12, apart=12, **shares)


PERIOD = {"period": "quarter", "first": pd.Timestamp("2026-10-01"), "last": pd.Timestamp("2026-12-01"),
          "so_far": 0.0, "open": 4_000_000.0, "created": 1_500_000.0, "forecast": 5_500_000.0, "low_80": 4_800_000.0,
          "high_80": 6_300_000.0}


def test_a_period_has_its_parts_and_its_range():
    text = said.periods(Found(periods=one(**PERIOD)), "EUR")[0]
    assert text.startswith("The quarter (October to December 2026) by its deals: EUR 5.50 m (80 % range EUR 4.80 m to")
    assert "EUR 4.00 m from open deals and EUR 1.50 m from deals still to be created" in text
    assert "won so far" not in text


def test_without_a_range_none_is_claimed():
    text = said.periods(Found(periods=one(**{**PERIOD, "low_80": np.nan, "high_80": np.nan})), "EUR")[0]
    assert "range" not in text


def test_thin_evidence_is_said():
    text = said.choice(Found(choice=choice(naive=1.0)), "EUR")[0]
    assert "nothing has yet proved better than the same place in the last quarter" in text and "eight are asked" in text


def test_weights_are_named_with_the_windows_behind_them():
    text = said.choice(Found(choice=choice(naive=0.02, series=0.3, pipeline=0.68)), "EUR")[0]
    assert "open and new deals 68 % and the series of bookings 30 %" in text and "12 count as independent" in text
    assert "last quarter" not in text


TOTAL = pd.Series({"step": 2, "forecast": 3_000_000.0, "low_80": 2_500_000.0, "high_80": 3_500_000.0})


@pytest.mark.parametrize(("second", "verdict"), [(1_600_000.0, "EUR 3.10 m: inside the range."), (
    2_200_000.0, "EUR 3.70 m: outside the range, so find out why before a number goes into a budget.")])
def test_the_months_by_all_candidates_stand_beside_the_range(second, verdict):
    rows = pd.concat([choice(series=0.4, pipeline=0.6), choice(series=0.5, pipeline=0.5).assign(
        ahead=2, forecast=second), choice(pipeline=1.0).assign(ahead=3, forecast=9e9)])
    text = said.beside(Found(choice=rows), TOTAL, "EUR")
    assert text.endswith(verdict) and "With open deals weighed in by their past misses" in text
    assert said.beside(Found(choice=rows), TOTAL.replace({3_500_000.0: np.nan}), "EUR").endswith("m.")


def test_what_deals_do_not_move_is_not_said_again():
    assert said.beside(Found(), TOTAL, "EUR") == ""
    naive = pd.concat([choice(naive=1.0), choice(naive=1.0).assign(ahead=2)])
    assert said.beside(Found(choice=naive), TOTAL, "EUR") == ""
    assert said.beside(Found(choice=choice(pipeline=1.0)), TOTAL, "EUR") == ""


def test_a_slope_off_one_is_called_what_it_is():
    row = {"ahead": 3, "cuts": 4, "deals": 900, "said": 300.0, "came": 240.0, "brier": 0.1, "brier_base": 0.2,
           "log_loss": 0.5, "log_loss_base": 0.6, "slope": 0.7, "slope_low": 0.6, "slope_high": 0.8}
    assert "too sure of themselves" in said.trust(Found(calibration=one(**row)))
    worse = said.trust(Found(calibration=one(**{**row, "log_loss": 0.7})))
    assert "no better than the base rate" in worse
    assert "could not be tested" in said.trust(Found())


def test_nothing_is_said_of_what_is_not_there():
    assert said.called(Found(), "EUR") == "" and said.undated(Found()) == "" and said.carried(Found(), "EUR") == ""
    assert said.undated(Found(undated=500)).startswith("500 open deals without a created date")


def test_no_deals_still_publishes_a_table_with_headings():
    assert list(Found(reason="no deals").deals.columns)[:2] == ["period", "opportunity_id"]
