"""The pipeline through time: coverage, stale deals, slippage, pushes and stages, by hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from scorecard_company import card, company, day, history

CHANGES = history(
    ("w1", "2026-01-10 09:00", "Lead", 90.0, "2026-02-20"),
    ("w1", "2026-01-20 09:00", "Offer", 100.0, "2026-03-20"),   # pushed into another month; 10 days as Lead
    ("w1", "2026-03-01 09:00", "Won", 100.0, "2026-03-01"),     # 40 days as Offer
    ("l2", "2026-02-01 09:00", "Lead", 80.0, "2026-03-10"),
    ("l2", "2026-03-03 09:00", "Lost", 0.0, "2026-03-03"),      # lost out of the first stage, after 30 days
    ("o2", "2026-02-10 09:00", "Lead", None, "2026-03-15"),
    ("o2", "2026-02-20 09:00", "Offer", 170.0, "2026-03-25"),   # later in the same month
    ("o2", "2026-03-20 09:00", "Lead", 160.0, "2026-04-10"),    # back again, pushed
    ("w2", "2026-02-19 09:00", "Offer", 300.0, "2026-05-05"),   # skips Lead
    ("w2", "2026-03-31 09:00", "Won", 300.0, "2026-03-31"),
)
QUOTAS = pd.DataFrame({"rep_id": ["R1", "R2"] * 3, "amount": [100.0, 300.0, 200.0, 300.0, 400.0, 100.0],
                       "month": day(*[m for m in ("2026-01-01", "2026-02-01", "2026-03-01") for _ in range(2)])})


@pytest.fixture(scope="module")
def march():
    return card(company(stage_history=CHANGES, quotas=QUOTAS))


@pytest.mark.parametrize(
    ("kpi", "form", "numerator", "denominator"),
    [
        # on 1 March open and due in March: w1 (100), l2 (80), o2 (170); of these only o2 neither won nor lost in it
        ("slip_rate", "count", 1, 3),
        ("slip_rate", "value", 170, 350),
        ("slip_rate", "lost_as_slipped", 2, 3),
        ("push_count", "across_months", 1, None),
        ("push_count", "any_later", 1, None),
        # quota of the first quarter 1,400, won before 1 March 50
        ("pipeline_coverage", "remaining", 350, 1350),
        ("pipeline_coverage", "quota", 350, 1400),
        ("quota_attainment", "period", 600, 500),
        ("quota_attainment", "year_to_date", 650, 1400),
        # entries of March: o2 back in Lead is no first entry
        ("stage_conversion", "in_period", 2, 4),  # ended in March: w1 and w2 as Offer on; l2 lost, o2 back
        ("win_rate", "qualified", 3, 3),          # l2 and l1 were lost out of the first stage, as far as is recorded
    ],
)
def test_by_hand(march, kpi, form, numerator, denominator):
    row = march.loc[(kpi, form)]
    assert row["numerator"] == pytest.approx(numerator)
    assert denominator is None or row["denominator"] == pytest.approx(denominator)
    assert denominator is None or row["value"] == pytest.approx(numerator / denominator)


def test_amounts_are_those_of_the_day(march):
    february = card(company(stage_history=CHANGES), "2026-02")
    # open on 28 February: w1 100, w2 300, l2 80, o2 170
    assert february.loc[("open_pipeline", "open"), "value"] == 650
    assert february.loc[("open_deals", "open"), "value"] == 4
    # at creation: w2 300, l2 80, o2 by its list price 150
    assert february.loc[("pipeline_created", "created"), "value"] == 530
    assert february.loc[("pipeline_created", "created"), "on_list_price"] == pytest.approx(150 / 530)
    assert march.loc[("open_pipeline", "open"), "value"] == 500 + 160 + 70
    assert march.loc[("open_pipeline", "open"), "previous"] == 650


def test_stages_of_february_by_entry(march):
    february = card(company(stage_history=CHANGES), "2026-02")
    # first entries: l2 Lead (lost), o2 Lead (moved on to Offer), o2 Offer (still open, did not move on), w2 Offer (won)
    row = february.loc[("stage_conversion", "cohort")]
    assert (row["numerator"], row["denominator"], row["still_open"]) == (2, 4, 0.25)
    # stays that ended in March: w1 40 days, l2 30, o2 28, w2 40
    assert march.loc[("time_in_stage", "mean_finished"), "value"] == pytest.approx(138 / 4)
    # from their ages on 1 March (w1 40, l2 28, o2 9, w2 10) to those at the end: at 28 one of three ends, at 30 one of
    # two: S = 1/3 (w1 comes under observation at 40 only)
    assert march.loc[("time_in_stage", "km"), "value"] == 30


def test_a_deal_is_stale_beyond_nine_in_ten_stays_of_won_deals(march):
    # won stays: Lead 10 days; Offer 40 and 40. Open in March: o2 as Lead since 20 March: 11 days
    row = march.loc[("stale_deals", "long_stay")]
    assert (row["numerator"], row["denominator"]) == (1, 1)
    february = card(company(stage_history=CHANGES), "2026-02")
    row = february.loc[("stale_deals", "long_stay")]
    assert (row["numerator"], row["denominator"]) == (1, 4)  # l2 27 days as Lead; o2 8, w1 39, w2 9 as Offer


def test_deals_without_an_activity_for_thirty_days():
    acts = pd.DataFrame({"activity_id": ["a", "b"], "rep_id": "R2", "opportunity_id": ["o2", "o1"],
                         "kind": "call", "occurred_at": day("2026-03-01 10:00", "2026-03-30 10:00")})
    row = card(company(activities=acts)).loc[("stale_deals", "no_activity")]
    assert (row["numerator"], row["denominator"]) == (1, 1)  # of o1 and o2, o2 alone is 30 days old
    later = acts.assign(occurred_at=acts["occurred_at"] + pd.Timedelta(days=1))
    row = card(company(activities=later.iloc[:1])).loc[("stale_deals", "no_activity")]
    assert (row["numerator"], row["denominator"]) == (0, 1)


def test_coverage_is_missing_once_the_quota_is_met_and_without_a_quota():
    low = QUOTAS.assign(amount=[10.0, 10.0] * 3)
    found = card(company(stage_history=CHANGES, quotas=low))
    assert found.loc[("pipeline_coverage", "quota"), "value"] == pytest.approx(350 / 60)
    assert found.loc[("pipeline_coverage", "remaining"), "denominator"] == 10
    met = QUOTAS.assign(amount=[5.0, 5.0] * 3)
    assert math.isnan(card(company(stage_history=CHANGES, quotas=met)).loc[("pipeline_coverage", "remaining"), "value"])
    assert "pipeline_coverage" not in card(company(stage_history=CHANGES)).index.get_level_values("kpi")


def test_a_model_weighs_the_pipeline_deal_by_deal():
    chances = pd.DataFrame({"opportunity_id": ["o1", "o2", "w1"], "probability": [0.5, 0.2, 1.0]})
    found = card(company(), probabilities=chances)
    assert found.loc[("weighted_pipeline", "model"), "value"] == pytest.approx(0.5 * 500 + 0.2 * 150)


def test_weighted_coverage_is_of_the_quarter_that_begins():
    next_quarter = QUOTAS.assign(month=QUOTAS["month"] + pd.DateOffset(months=3))
    found = card(company(quotas=next_quarter))
    row = found.loc[("pipeline_coverage", "weighted")]  # o1 500, o2 150, u0 70 close in May, at 50 % each
    assert (row["numerator"], row["denominator"]) == (360, 1400)
