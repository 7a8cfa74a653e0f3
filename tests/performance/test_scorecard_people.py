"""Quota, ramp, pay, leads, activities, tools, forecasts and retention, by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scorecard_company import card, company, day

MARCH = pd.Timestamp(2026, 3, 1)
QUOTAS = pd.DataFrame({"rep_id": ["R1", "R2"], "month": MARCH, "amount": [400.0, 250.0]})


def row(tables, kpi, form, **asked):
    return card(tables, kpis=[kpi], **asked).loc[(kpi, form)]


def parts(found):
    return found["numerator"], found["denominator"]


def test_attainment_credits_splits_and_keeps_overlay_to_the_rep():
    splits = pd.DataFrame({"opportunity_id": ["w2", "w2", "w2"], "rep_id": ["R1", "R2", "R2"],
                           "quota_share": [0.75, 0.25, 0.5], "commission_share": [1.0, 0.0, 0.5],
                           "overlay": [False, False, True]}).iloc[[0, 2]].assign(quota_share=[1.0, 0.5])
    tables = company(quotas=QUOTAS, splits=splits)
    assert parts(row(tables, "quota_attainment", "period")) == (600, 650)
    by_rep = card(tables, by="rep")
    assert parts(by_rep.loc[("quota_attainment", "period", "R2")]) == (200 + 150, 250)
    assert by_rep.loc[("bookings", "credited"), "value"].sum() == 600
    assert by_rep.loc[("bookings", "with_overlay", "R2"), "value"] == 350


def test_reps_at_quota_counts_ramped_reps():
    found = card(company(quotas=QUOTAS))  # R1 400 of 400; R2, hired in January, is not ramped
    assert parts(found.loc[("reps_at_quota", "at_100")]) == (1, 1)
    assert parts(found.loc[("reps_at_quota", "100_to_120")]) == (1, 1)
    assert parts(found.loc[("reps_at_quota", "80_to_100")]) == (0, 1)
    bands = ["below_50", "50_to_80", "80_to_100", "100_to_120", "above_120"]
    assert found.loc["reps_at_quota"].loc[bands, "value"].sum() == 1
    assert found.loc[("reps_at_quota", "at_100"), ["low", "high"]].between(0, 1).all()


def test_over_assignment_is_of_the_company_target():
    targets = pd.DataFrame({"unit": ["Acme", "Red"], "kpi": "bookings", "month": MARCH, "amount": [500.0, 400.0]})
    tables = company(quotas=QUOTAS, targets=targets)
    assert row(tables, "over_assignment", "quotas")["value"] == pytest.approx(650 / 500 - 1)
    assert card(tables, by="team").loc[("over_assignment", "quotas", "Red"), "value"] == 0


def test_ramp_time_runs_from_hire_to_four_fifths_of_the_ramped_median():
    """R1 sells 100 a month; R3, hired in February, sells 80 from March on: three months reach 240 of 300 in May."""
    months = pd.date_range("2025-06-01", "2026-06-01", freq="MS")
    deals = pd.DataFrame({"closed_on": [*months, *months[9:]], "rep_id": ["R1"] * 13 + ["R3"] * 4,
                          "amount": [100.0] * 13 + [80.0] * 4})
    deals = deals.assign(opportunity_id=[f"d{i}" for i in range(len(deals))], status="won", stage="Won",
                         created_on=deals["closed_on"])
    reps = pd.DataFrame({"rep_id": ["R1", "R3", "R4"], "name": ["Ann", "Cy", "Di"], "role": "AE",
                         "hired_on": day("2020-01-01", "2026-02-01", "2026-05-01")})
    tables = company("2026-06-30", opportunities=deals, reps=reps)
    found = row(tables, "ramp_time", "km", month="2026-06")
    assert (found["value"], found["n"], found["numerator"]) == (3, 2, 1)
    before = row(tables, "ramp_time", "km", month="2026-04")
    assert math.isnan(before["value"]) and before["n"] == 1


def test_cost_of_sales_is_of_reps_with_a_quota():
    pay = pd.DataFrame({"rep_id": ["R1", "R2", "M"], "month": MARCH, "base": [40.0, 30.0, 99.0],
                        "variable": [20.0, 10.0, 99.0]})
    tables = company(quotas=QUOTAS)
    assert parts(row(tables, "cost_of_sales", "total", pay=pay)) == (100, 600)
    assert parts(row(tables, "cost_of_sales", "variable", pay=pay)) == (30, 600)
    assert "cost_of_sales" not in card(tables).index.get_level_values("kpi")


def test_pay_mix_on_target_earnings_and_quota_to_them():
    plans = pd.DataFrame({"rep_id": ["R1", "R1", "R2"], "starts_on": day("2024-01-01", "2026-01-01", "2026-01-01"),
                          "ends_on": day("2025-12-31", None, None), "plan": "p", "base_pay": [1.0, 60.0, 40.0],
                          "target_incentive": [1.0, 40.0, 60.0]})
    year = pd.DataFrame({"rep_id": "R1", "month": pd.date_range("2025-04-01", MARCH, freq="MS"), "amount": 50.0})
    found = card(company(plan_assignments=plans, quotas=year))
    assert parts(found.loc[("pay_mix", "base_share")]) == (100, 200)
    assert found.loc[("on_target_earnings", "mean"), "value"] == 100
    assert parts(found.loc[("quota_to_ote", "yearly")]) == (600, 100)  # R2 has no quotas of twelve months


def test_leads_are_counted_touched_and_qualified_in_their_cohort():
    """Touched after 10, 20 and 60 minutes, one not at all: the median is 20; the last on Saturday morning."""
    leads = pd.DataFrame({
        "lead_id": list("abcd"), "source": ["Web", "Web", "Fair", "Web"], "rep_id": ["R1", "R1", "R2", "R2"],
        "assigned_at": day("2026-03-02 09:00", "2026-03-02 09:00", "2026-03-06 17:30", "2026-03-07 10:00"),
        "first_touch_at": day("2026-03-02 09:10", "2026-03-02 09:20", "2026-03-06 18:30", None),
        "qualified_on": day("2026-03-03", None, "2026-04-05", None)})
    leads["created_at"] = leads["assigned_at"]
    tables = company(leads=leads.assign(qualified_on=leads["qualified_on"].where(leads["qualified_on"] < "2026-04")))
    found = card(tables)
    assert found.loc[("leads_assigned", "assigned"), "value"] == 4
    assert parts(found.loc[("lead_qualification", "cohort")]) == (1, 4)
    response = found.loc[("lead_response", "km")]
    assert (response["value"], response["n"], response["numerator"]) == (20, 4, 3)
    # Friday 17:30 to 18:30 holds 30 working minutes
    assert card(tables, by="lead_source").loc[("lead_response", "business_hours", "Fair"), "value"] == 30
    assert card(tables, by="team").loc[("lead_response", "km", "Red"), "value"] == 10


def test_activities_stand_against_wins_and_deals():
    acts = pd.DataFrame({"activity_id": list("abcdef"), "rep_id": ["R1"] * 4 + ["R2"] * 2,
                         "kind": ["call", "Meeting", "meeting", "email", "call", "meeting"],
                         "occurred_at": day(*["2026-03-05 08:00"] * 5, "2026-02-27 08:00")})
    found = card(company(activities=acts))
    assert found.loc[("activities", "done"), ["value", "previous"]].tolist() == [5, 1]
    assert parts(found.loc[("activity_per_win", "all")]) == (5, 3)
    assert parts(found.loc[("meetings_per_deal", "created")]) == (2, 3)
    by_rep = card(company(activities=acts), by="rep")
    assert by_rep.loc[("activity_per_win", "all"), "value"].to_dict() == {"R1": 4 / 2, "R2": 1}


def test_tool_adoption_counts_licences_and_reps():
    usage = pd.DataFrame({"rep_id": ["R1", "R1", "R2"], "tool": ["x", "y", "x"], "month": MARCH,
                          "active_days": [3.0, 0.0, 0.0]})
    found = card(company(tool_usage=usage))
    assert parts(found.loc[("tool_adoption", "licences")]) == (1, 3)
    assert parts(found.loc[("tool_adoption", "reps")]) == (1, 2)


def test_forecasts_against_bookings():
    """Forecast 50, then 900, where 50 and 600 were booked; the month that has not ended does not count."""
    made = pd.DataFrame({"month": day("2026-02-01", "2026-03-01", "2026-04-01"), "forecast": [50.0, 900.0, 1.0],
                         "low": [0.0, 700.0, 0.0], "high": [100.0, 1000.0, 9.0]})
    found = card(company(), forecasts=made, length=3)
    assert found.loc[("forecast_accuracy", "wape"), "value"] == pytest.approx(300 / 650)
    assert found.loc[("forecast_accuracy", "accuracy"), "value"] == pytest.approx(1 - 300 / 650)
    assert found.loc[("forecast_accuracy", "ratio"), "value"] == pytest.approx(950 / 650)
    assert found.loc[("forecast_bias", "relative"), "value"] == pytest.approx(300 / 650)
    assert parts(found.loc[("interval_coverage", "share")]) == (1, 2)
    score = 100 + 300 + 2 / 0.1 * 100
    assert found.loc[("interval_coverage", "interval_score"), "value"] == pytest.approx(score / 650)
    # pinball losses at 5 and 95 %: (0.05 × 50 + 0.05 × 50) and (0.95 × 100 + 0.05 × 400), halved
    assert found.loc[("interval_coverage", "pinball"), "value"] == pytest.approx((5 + 115) / 2 / 650)


def test_forecast_of_half_of_what_came_in_every_form():
    made = pd.DataFrame({"month": [MARCH], "forecast": [300.0]})
    found = card(company(), forecasts=made)
    assert found.loc["forecast_accuracy"].loc[["wape", "accuracy", "ratio"], "value"].tolist() == [0.5, 0.5, 0.5]
    double = card(company(), forecasts=made.assign(forecast=1200.0))
    assert double.loc["forecast_accuracy"].loc[["wape", "accuracy", "ratio"], "value"].tolist() == [1, 0, 2]


def test_the_reps_calls_count_as_made_before_the_month():
    calls = pd.DataFrame({"rep_id": ["R1", "R1", "R1", "R2"], "month": MARCH, "commit": [1.0, 500.0, 400.0, 100.0],
                          "called_on": day("2026-02-10", "2026-02-25", "2026-03-20", "2026-02-20")})
    found = card(company(forecast_calls=calls))
    assert parts(found.loc[("call_accuracy", "wape")]) == (100 + 100, 600)
    assert found.loc[("call_bias", "relative"), "value"] == 0


def test_retention_by_hand():
    """A bought 100 and renewed at 80; B 50, nothing since; C 200, renewed at 230 and took 20 more; D is new."""
    deals = pd.DataFrame([
        ("A", "2025-02-01", 100.0, "new"), ("A", "2026-02-01", 80.0, "renewal"), ("B", "2025-03-01", 50.0, "new"),
        ("C", "2024-12-01", 200.0, "new"), ("C", "2025-12-01", 230.0, "renewal"),
        ("C", "2026-01-05", 20.0, "expansion"), ("D", "2026-01-01", 500.0, "new"), ("A", "2026-03-01", 7.0, "new"),
    ], columns=["account_id", "closed_on", "amount", "kind"])
    deals = deals.assign(opportunity_id=[f"d{i}" for i in range(8)], closed_on=pd.to_datetime(deals["closed_on"]),
                         created_on=pd.Timestamp(2024, 11, 1), status="won", stage="Won", rep_id="R1")
    found = card(company(opportunities=deals))
    assert parts(found.loc[("net_retention", "components")]) == (80 + 200 + 30 + 20, 350)
    assert parts(found.loc[("net_retention", "ending")]) == (330, 350)
    assert parts(found.loc[("gross_retention", "components")]) == (280, 350)
    new_only = company(opportunities=deals.assign(kind=np.nan))
    assert "net_retention" not in card(new_only).index.get_level_values("kpi")
