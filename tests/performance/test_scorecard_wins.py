"""Deals created, won and lost, their rates, size and length, by hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from scorecard_company import ACME, card, company

from salesops_helpers import SalesOpsError, Tables
from salesops_helpers.performance.registry import dictionary, registry
from salesops_helpers.performance.scorecard import scorecard, scorecard_history


@pytest.fixture(scope="module")
def march():
    return card(company())


@pytest.mark.parametrize(
    ("kpi", "form", "value", "numerator", "denominator"),
    [
        ("deals_created", "created", 3, 3, None),  # w3, l1, o1: those closed since count
        ("deals_won", "closed", 3, 3, None),
        ("deals_lost", "closed", 2, 2, None),
        ("won_value", "closed", 600, 600, None),
        ("bookings", "credited", 600, 600, None),
        ("win_rate", "closed", 3 / 5, 3, 5),
        ("win_rate", "created", 1 / 3, 1, 3),
        ("win_rate_value", "amount", 600 / 1000, 600, 1000),
        ("win_rate_value", "list_price", (120 + 120 + 150) / (390 + 150 + 120), 390, 660),
        ("deal_size", "mean", 200, 600, 3),
        ("deal_size", "median", 200, None, None),
        ("sales_cycle", "won_median", 40, None, None),
        ("sales_cycle", "closed_median", 30, None, None),
        ("pipeline_created", "created", 200 + 400 + 500, 1100, None),
        ("pipeline_created", "still_open", 500, 500, None),
        ("open_deals", "open", 3, 3, None),
        ("open_pipeline", "open", 500 + 150 + 70, 720, None),
        ("weighted_pipeline", "crm", 360, 360, None),
        ("pipeline_velocity", "closed", 5 * (3 / 5) * 200 / 40, 600, 40),
        ("pipeline_velocity", "open", 3 * (3 / 5) * 200 / 40, 360, 40),
    ],
)
def test_by_hand(march, kpi, form, value, numerator, denominator):
    row = march.loc[(kpi, form)]
    assert row["value"] == pytest.approx(value)
    for name, expected in (("numerator", numerator), ("denominator", denominator)):
        assert expected is None or row[name] == pytest.approx(expected)


def test_the_share_that_rests_on_list_prices_and_the_share_still_open_are_told(march):
    assert march.loc[("open_pipeline", "open"), "on_list_price"] == pytest.approx(150 / 720)
    assert march.loc[("win_rate", "created"), "still_open"] == pytest.approx(1 / 3)


def test_the_month_before_stands_beside_it(march):
    row = march.loc[("deals_won", "closed")]
    assert (row["previous"], row["change"]) == (1, 2)
    assert march.loc[("win_rate", "closed"), "change"] == pytest.approx(3 / 5 - 1 / 2)


def test_kaplan_meier_medians_by_hand():
    """Ages over the whole quarter, each deal from its first day: closed at 10, 20, 30, 40, 40, 40, 50; open at 11, 49.

    To closed: S falls by 1/9 at 10, then 1/7 at 20 (one deal censored at 11), 1/6 at 30, 3/5 at 40: 0.254 there.
    To won: lost at 10, 30, 40 censored; S: 6/7 at 20, then 2 of 5 at 40: 0.514; 50: 0: the median is 50.
    """
    quarter = card(company(), length=3, kpis=["sales_cycle", "win_rate"])
    assert quarter.loc[("sales_cycle", "km_closed"), "value"] == 40
    assert quarter.loc[("sales_cycle", "km_won"), "value"] == 50
    assert quarter.loc[("sales_cycle", "km_won"), ["n", "numerator"]].tolist() == [9, 4]
    assert quarter.loc[("win_rate", "closed"), "numerator"] == 4


def test_a_month_in_which_nothing_closed_has_no_rate_and_is_not_zero():
    january = card(company(), "2026-01")
    for form in ("closed", "created"):
        assert form == "created" or math.isnan(january.loc[("win_rate", form), "value"])
    for kpi in ("win_rate", "deal_size", "sales_cycle", "win_rate_value", "pipeline_velocity"):
        assert math.isnan(january.loc[(kpi, registry()[kpi].default.name), "value"])
    assert january.loc[("deals_won", "closed"), "value"] == 0
    assert math.isnan(january.loc[("deals_won", "closed"), "previous"])  # before the data begins


def test_lost_deals_without_an_amount_leave_no_rate_by_value():
    tables = company()
    deals = tables.opportunities.assign(amount=tables.opportunities["amount"].where(
        tables.opportunities["status"] != "lost", 0.0))
    found = card(Tables.from_frames(ACME, {"opportunities": deals, "reps": tables.reps, "products": tables.products},
                                    as_of="2026-03-31"))
    assert math.isnan(found.loc[("win_rate_value", "amount"), "value"])
    assert found.loc[("win_rate_value", "list_price"), "value"] == pytest.approx(390 / 660)
    # lost deals at 0 stood at their list price when they were created
    assert found.loc[("pipeline_created", "created"), "value"] == 200 + 150 + 500


@pytest.mark.parametrize(
    ("by", "won"), [("team", {"Blue": 1, "Red": 2}), ("region", {"North": 2, "South": 1}), ("rep", {"R1": 2, "R2": 1}),
                    ("product", {"P": 2, "Q": 1}), ("lead_source", {"(none)": 0, "Fair": 1, "Web": 2})])
def test_by_unit(by, won):
    found = card(company(), by=by, kpis=["deals_won", "open_deals"])
    assert found.loc[("deals_won", "closed"), "value"].to_dict() == won
    assert by != "rep" or found.loc[("deals_won", "closed", "R1"), "name"] == "Ann"


def test_a_rep_who_moved_counts_where_the_rep_stood_on_the_day():
    moved = pd.DataFrame({"rep_id": ["R1"], "valid_from": pd.to_datetime(["2026-03-15"]), "team": ["Blue"],
                          "region": ["South"]})
    found = card(company(rep_history=moved), by="team", kpis=["deals_won"]).loc[("deals_won", "closed"), "value"]
    assert found.to_dict() == {"Red": 1, "Blue": 2}  # w1 on 1 March as Red, w2 on 31 March as Blue


def test_ranges_hold_the_value_and_sums_have_none(march):
    for kpi, form in (("win_rate", "closed"), ("deal_size", "mean"), ("win_rate_value", "amount")):
        row = march.loc[(kpi, form)]
        assert row["low"] <= row["value"] <= row["high"]
    assert march.loc["deals_won"][["low", "high"]].isna().all(axis=None)


def test_history_is_the_scorecards_of_its_months():
    tables = company()
    months = scorecard_history(tables, "2026-03", 3)
    assert sorted(set(months["month"].dt.strftime("%Y-%m"))) == ["2026-01", "2026-02", "2026-03"]
    for month in ("2026-02", "2026-03"):
        one = scorecard(tables, month)
        part = months[months["month"] == month + "-01"].reset_index(drop=True)
        columns = ["kpi", "form", "value", "low", "high", "previous"]
        pd.testing.assert_frame_equal(one[columns], part[columns])


def test_the_input_is_untouched():
    tables = company()
    before = tables.opportunities.copy()
    scorecard(tables, "2026-03", by="team")
    pd.testing.assert_frame_equal(tables.opportunities, before)


@pytest.mark.parametrize(
    ("asked", "said"), [({"by": "planet"}, "by='planet' is not a unit"), ({"month": "2026-04"}, "lies after the day"),
                        ({"length": 0}, "length = 0"), ({"kpis": ["luck"]}, "no KPI is called 'luck'")])
def test_what_cannot_be_asked_is_refused(asked, said):
    with pytest.raises(SalesOpsError, match=said):
        scorecard(company(), **{"month": "2026-03", **asked})


def test_the_dictionary_says_everything_of_every_kpi():
    found = dictionary()
    assert not found.duplicated(["kpi", "form"]).any()
    assert (found.drop(columns="direction").map(lambda text: len(str(text)) > 1)).all(axis=None)
    assert set(found["direction"]) == {"up", "down", "none"}
    with pytest.raises(SalesOpsError, match="win_rate has no form 'lucky'"):
        registry()["win_rate"].form("lucky")
