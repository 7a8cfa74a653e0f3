"""Bookings of the months to come, from tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from salesops_helpers.data.company import Company
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.forecast import backtest, bookings, history, left_out, outlook, pooled, totals
from salesops_helpers.forecast.sentences import headline

COMPANY = Company(name="Acme", currency="EUR", stages=["Open", "Won", "Lost"], won_stages=["Won"], lost_stages=["Lost"])
# What a public practice CRM export booked from March to December 2017.
QUARTERS = [1134672, 721932, 1025713, 1338466, 696932, 1050059, 1235264, 731980, 938943, 1131573]


def tables(values, start="2017-03", as_of=None, regions=("North",)):
    """One won deal a month and region."""
    months = pd.date_range(f"{start}-01", periods=len(values), freq="MS")
    days = months + pd.Timedelta(days=9)
    deals = pd.concat([
        pd.DataFrame({"opportunity_id": [f"{r}{i}" for i in range(len(values))], "rep_id": f"R{r}", "stage": "Won",
                      "status": "won", "product": "Widget", "created_on": days, "closed_on": days,
                      "amount": np.asarray(values, float) / len(regions)})
        for r in range(len(regions))
    ], ignore_index=True)
    reps = pd.DataFrame({"rep_id": [f"R{r}" for r in range(len(regions))], "name": "Ann", "team": "One",
                         "region": regions})
    day = as_of or months[-1] + pd.offsets.MonthEnd(1)
    return Tables.from_frames(COMPANY, {"opportunities": deals, "reps": reps}, as_of=day)


def test_history_is_bookings_by_month():
    frame = history(tables([10, 20, 30]))
    assert frame["actual"].tolist() == [10, 20, 30]
    assert (frame["by"].iloc[0], frame["unit"].iloc[0]) == ("company", "Acme")
    assert list(frame) == ["by", "unit", "month", "actual"]


def test_a_month_that_is_not_complete_is_left_out():
    now = tables([10, 20, 30], as_of="2017-05-30")
    assert history(now)["actual"].tolist() == [10, 20]
    assert left_out(now).tolist() == [pd.Timestamp("2017-05-01")]
    assert bookings(now)["month"].iloc[0] == pd.Timestamp("2017-05-01")
    assert left_out(tables([10, 20, 30])).empty


def test_no_complete_month_is_refused():
    with pytest.raises(SalesOpsError, match="no complete month.*ask for a later month"):
        bookings(tables([10], as_of="2017-03-20"))


def test_months_after_the_last_complete_one_are_forecast():
    frame = bookings(tables(QUARTERS))
    assert frame["month"].dt.strftime("%Y-%m").tolist() == ["2018-01", "2018-02", "2018-03"]
    assert frame["step"].tolist() == [1, 2, 3]


def test_ten_months_use_the_place_in_the_quarter_and_say_so():
    frame = bookings(tables(QUARTERS))
    assert (frame["season"] == 3).all() and (frame["history_months"] == 10).all()
    assert frame["naive"].tolist() == QUARTERS[-3:]
    assert frame["reason"].str.contains("10 months of history.*place in the quarter").all()
    assert (frame["low_95"] <= frame["low_80"]).all() and (frame["low_80"] < frame["forecast"]).all()
    assert (frame["forecast"] < frame["high_80"]).all() and (frame["high_80"] <= frame["high_95"]).all()
    assert frame["last_year"].tolist()[2] == QUARTERS[0] and frame["last_year"].isna().tolist() == [True, True, False]


def test_ten_months_have_a_headline_with_number_and_range():
    now = tables(QUARTERS, regions=("North", "South"))
    past = backtest(pooled(now), 3)
    frame = bookings(now, past=past)
    said = headline(totals(frame, past, 3).iloc[0], frame, "EUR")
    assert said.startswith("Bookings of EUR 2.")
    assert "for January to March 2018 (80 % range EUR " in said
    assert said.endswith("the naive line (the same place in the last quarter) says EUR 2.80 m.")


@pytest.mark.parametrize("values, expected, ranged", [
    ([1000], 1000, False), ([0, 0, 0, 0, 0], 0, False), ([500] * 12, 500, False), ([500] * 30, 500, False),
    ([400, 600], 500, True), ([0] * 6 + [400, 600], 500, True),
])
def test_poor_histories_give_a_stated_result(values, expected, ranged):
    frame = bookings(tables(values), 2)
    assert frame["forecast"].tolist() == pytest.approx([expected] * 2)
    assert frame["high_80"].notna().all() == ranged
    assert frame["reason"].str.len().gt(10).all()


def test_no_won_deal_at_all():
    now = tables([1, 2, 3])
    lost = Tables.from_frames(COMPANY, {
        "opportunities": now.opportunities.assign(status="lost", stage="Lost", amount=0.0), "reps": now.reps,
    }, as_of=now.as_of)
    assert history(lost)["actual"].tolist() == [0, 0, 0]
    assert bookings(lost)["forecast"].tolist() == [0, 0, 0]
    assert bookings(lost)["high_80"].isna().all()


def test_deals_closed_after_the_as_of_day_would_matter_only_later():
    """Cutting the history is the same as never having had the later months."""
    rng = np.random.default_rng(7)
    values = 1000 * rng.lognormal(0, 0.2, 13)
    first = outlook(history(tables(values[:10])), backtest(pooled(tables(values[:10]))), 2)
    known = history(tables(values))
    known = known[known["month"] <= "2017-12-01"]
    assert outlook(known, backtest(known), 2).equals(first)


def test_by_unit():
    now = tables([10, 20, 30, 40, 50, 60, 70], regions=("North", "South"))
    frame = bookings(now, 2, by="region")
    assert frame["unit"].tolist() == ["North", "North", "South", "South"]
    assert (frame["by"] == "region").all()
    assert frame["forecast"].tolist() == pytest.approx([20] * 4)


def test_pool_holds_the_company_and_its_first_kind_of_units():
    assert pooled(tables([1, 2], regions=("North", "South")))["by"].drop_duplicates().tolist() == ["company", "region"]
    assert pooled(tables([1, 2]))["by"].unique().tolist() == ["company"]


def test_levels():
    frame = bookings(tables(QUARTERS), level=(50, 90))
    assert [c for c in frame if c.startswith(("low", "high"))] == ["low_50", "high_50", "low_90", "high_90"]


@pytest.mark.parametrize("change, said", [
    ({"horizon": 0}, "a whole number from 1 to 18"), ({"horizon": 19}, "a whole number from 1 to 18"),
    ({"level": (120,)}, "whole numbers from 50 to 99"), ({"method": "prophet"}, "mean, theta, ets, ces, naive"),
    ({"by": "planet"}, "rep, team, region, product"), ({"method": "ets"}, "mean or naive"),
])
def test_wrong_requests_are_refused(change, said):
    with pytest.raises(SalesOpsError, match=said):
        bookings(tables([10, 20, 30]), **change)


def test_a_backtest_without_the_levels_is_no_matter():
    now = tables(QUARTERS)
    past = backtest(pooled(now), 3, (80,))
    assert bookings(now, level=(95,), past=past).equals(bookings(now, level=(95,)))


def test_twice_the_same_bits():
    assert bookings(tables(QUARTERS)).equals(bookings(tables(QUARTERS)))
