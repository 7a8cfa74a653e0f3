"""The month on one page: what other pages published, in words, and nothing where they did not."""

from __future__ import annotations

import pandas as pd
import pytest

from salesops_helpers.charts import summary as charts
from salesops_helpers.data.company import Company
from salesops_helpers.data.container import Tables
from salesops_helpers.publish import publish
from salesops_helpers.report import catalog, summary

COMPANY = Company(name="Acme", currency="EUR", stages=["Open", "Won", "Lost"], won_stages=["Won"], lost_stages=["Lost"])
MONTHS = pd.DataFrame({"month": pd.date_range("2025-01-01", periods=15, freq="MS"), "wins": 1,
                       "bookings": [100.0] * 12 + [120.0] * 3})
FORECAST = pd.DataFrame({
    "by": ["company", "company", "team"], "unit": ["Acme", "Acme", "North"],
    "month": pd.to_datetime(["2026-05-01", "2026-04-01", "2026-04-01"]), "forecast": [2e6, 1e6, 9e9],
    "low_80": [1.5e6, 0.8e6, 0.0], "high_80": [2.5e6, 1.2e6, 0.0], "last_year": [1e6, 1e6, 0.0]})
PAY = pd.DataFrame({"plan": ["a", "a", "b"], "rep_id": ["1", "2", "1"], "bookings": 1e6, "pay": [4e4, 6e4, 1e9]})
MONEY = pd.DataFrame({"figure": ["pipeline", "bookings"], "share": [0.2, 0.0]})
RATES = pd.DataFrame({"name": ["Ann", "Bob", "Cy"], "stands": [None, "below", None]})
FOUND = {"forecast_bookings": FORECAST, "plan_payouts": PAY, "data_quality_money": MONEY, "rep_win_rates": RATES}


@pytest.fixture
def found(tmp_path):
    for name, frame in FOUND.items():
        publish(frame, name, str(tmp_path))
    publish(RATES[:0], "lead_sources", str(tmp_path))
    return summary.read(str(tmp_path))


def test_pay_says_what_was_paid_as_assigned():
    paid = pd.concat([PAY[:2].assign(plan="as assigned", pay=[5e4, 6e4]), PAY], ignore_index=True)
    assert summary.pay({"plan_payouts": paid}, "EUR") == (
        "Variable pay of 2 reps in the last finished twelve months, each on the plan as assigned, came to EUR 110 k, "
        "5.5 % of the bookings of the same people.")


def before(months):
    earlier = months[["month", "bookings"]].assign(month=months["month"] + pd.DateOffset(years=1))
    return months.merge(earlier.rename(columns={"bookings": "last_year"}), on="month", how="left")


def test_what_was_booked_stands_beside_the_year_before():
    assert summary.booked(before(MONTHS), "2026-03", "EUR", 1) == (
        "EUR 120 was booked in March 2026 (20 % more than a year before), "
        "EUR 360 in the fiscal year so far (20 % more than a year before).")
    assert summary.booked(before(MONTHS), "2026-01", "EUR", 1) == (
        "EUR 120 was booked in January 2026 (20 % more than a year before).")
    assert summary.booked(before(MONTHS), "2025-02", "EUR", 1) == (
        "EUR 100 was booked in February 2025, EUR 200 in the fiscal year so far.")
    assert "Nothing was booked" in summary.booked(before(MONTHS), "2027-02", "EUR", 1)


def test_months_and_their_year_before_come_from_the_tables():
    deals = pd.DataFrame({
        "opportunity_id": ["a", "b"], "rep_id": "r", "stage": "Won", "status": "won", "amount": [10.0, 30.0],
        "created_on": pd.Timestamp("2025-01-01"), "closed_on": pd.to_datetime(["2025-02-03", "2026-02-03"])})
    reps = pd.DataFrame({"rep_id": ["r"]})
    tables = Tables.from_frames(COMPANY, {"reps": reps, "opportunities": deals}, "2026-02-28")
    last = summary.by_month(tables).iloc[-1]
    assert (last["month"], last["bookings"], last["last_year"]) == (pd.Timestamp("2026-02-01"), 30.0, 10.0)


def test_each_audience_gets_its_sentence(found):
    assert summary.sentences(found, "EUR") == [
        "Finance: EUR 1.00 m is expected for April 2026 (80 % range EUR 800 k to 1.20 m); "
        "the next 2 months together EUR 3.00 m.",
        "Finance: had all 2 reps been on a for the last finished twelve months, variable pay would have come to "
        "EUR 100 k, 5.0 % of the bookings of the same people.",
        "Data: on rows in doubt rest 20.0 % of pipeline and 0.0 % of bookings.",
        "Sales leadership: by win rate 1 of 3 reps stands clearly apart.",
    ]
    assert summary.apart(found) == "By win rate 1 of 3 reps stands clearly apart."
    assert "Bob" not in " ".join(summary.sentences(found, "EUR"))


def test_what_pay_of_the_month_costs_is_the_sum_of_the_accrual():
    cost = pd.DataFrame({"team": ["A", "A", "B"], "currency": ["EUR", "EUR", "USD"], "cost": [1000.25, 99.5, 7.0]})
    assert summary.accrued({"pay_accrual": cost}, "EUR").startswith(
        "Variable pay that falls due with this month costs EUR 1,099.75,")
    assert summary.accrued({}, "EUR") == ""
    aside = pd.DataFrame({"opportunity_id": ["1", "1", "2", "3"], "amount": [10.0, 10.0, 5.5, 7.0],
                          "status": ["not yet paid"] * 3 + ["stays as it was paid"]})
    assert summary.accrued({"pay_accrual": cost, "pay_set_aside": aside}, "EUR").endswith(
        "included. 2 deals of EUR 15.50 in all are set aside, and the cost of their pay is not in it.")


def test_a_part_that_nobody_published_says_nothing(found):
    assert set(found) == set(FOUND) and summary.sentences({}, "EUR") == []
    shown = [summary.key_figures({}, "Acme", "EUR"), summary.months_ahead({}, "EUR"), summary.whole({}, "x", "Y.")]
    assert [part.html for part in shown] == [""] * 3
    assert summary.missing(found) == ["No page of this month has published: key figures and pay accrual."], (
        "of lead sources and demand, which no notebook publishes, nothing is said")
    assert summary.read("") == {}


def test_a_published_table_is_shown_by_its_names_and_numbers():
    frame = pd.DataFrame({"source": ["<b>", "Web"], "win_rate": [0.25, 0.5], "won": [1200, 3],
                          "month": pd.Timestamp("2026-03-01")})
    html = summary.whole({"lead_sources": frame}, "lead_sources", "Sources.", most=1).html
    assert "&lt;b&gt;" in html and "25.0 %" in html and "1,200" in html and "2026-03<" in html
    assert "Web" not in html and "Sources. The first 1 of 2 rows." in html


def test_the_catalog_says_what_the_page_reads():
    entry = next(entry for entry in catalog.CATALOG if entry.title == "Executive summary")
    assert entry.reads == catalog.TO_SUMMARISE and set(FOUND) < set(entry.reads)


@pytest.mark.parametrize("ahead", [None, FORECAST[:2], FORECAST[:0]])
def test_the_figure_shows_bars_marks_and_what_is_expected(ahead):
    import matplotlib.pyplot as plt

    fig = charts.bookings(before(MONTHS), ahead, "EUR")
    labels = [text.get_text() for text in fig.axes[0].get_legend().get_texts()]
    assert {"booked", "a year before"} <= set(labels)
    assert ("expected" in labels) == (ahead is not None and len(ahead) > 0)
    assert fig.axes[0].get_ylabel() == "bookings a month (EUR)" and len(fig.axes[0].patches) == 13
    plt.close(fig)
