"""What the KPI page says, on small companies whose figures are known."""

from __future__ import annotations

import pandas as pd
import pytest
from kpi_case import monthly, tables

from salesops_helpers.performance import goal_words, kpi_units, kpi_words, restated
from salesops_helpers.performance.goal_progress import progress
from salesops_helpers.performance.shown import figure_text, range_text
from salesops_helpers.performance.signals import known_history, signals

MONTH, KPIS = "2026-06", ["deals_won", "win_rate", "bookings"]
WON = [30, 28, 31, 33, 29, 27, 30, 32, 31, 28, 29, 30] * 2 + [31, 30, 29, 28, 33, 30]


@pytest.fixture(scope="module")
def acme():
    goals = pd.DataFrame({"unit": "Acme", "kpi": ["bookings"] * 6 + ["win_rate"], "amount": [2_500.0] * 6 + [0.6],
                          "month": pd.date_range("2026-01-01", periods=6, freq="MS").tolist()
                          + [pd.Timestamp("2026-06-01")]})
    return tables(monthly(WON, [60 - w for w in WON]), "2026-06-30", targets=goals)


@pytest.fixture(scope="module")
def page(acme):
    history = known_history(acme, MONTH, kpis=KPIS)
    return history[history["month"] == "2026-06-01"], signals(history, acme)


def test_headline_says_figure_goal_and_signals(acme, page):
    assert kpi_words.headline(*page, acme, MONTH) == (
        "June 2026: EUR 3.00 k booked, 120 % of EUR 2.50 k: the goal is made; of 3 KPIs none moved by more than "
        "chance.")


def test_sentences_of_the_answer(acme, page):
    first, rate = kpi_words.against(*page, acme, MONTH)
    assert first.startswith("Bookings were EUR 300 less than in May 2026; compared with its own level, EUR 2.98 k")
    assert rate == "Win rate: 50.0 % of 60 closed deals (90 % range 40 to 60 %)."
    assert kpi_words.other_goals(page[0], "EUR") == (
        "Other goals of the month: win rate 50.0 % against 60.0 % (missed, within its range of chance).")
    assert kpi_words.moves(page[1], acme, MONTH) == (
        "No KPI left the range that its own past allows (3 KPIs looked at; if nothing ever changed, one of them would "
        "raise a false alarm in about 1 of 100 months).")
    assert "noticed in the month it happens with a chance of 80 %" in kpi_words.would_see(page[1], acme, MONTH)


def test_scorecard_table(acme, page):
    found = kpi_words.readable(*page, acme, MONTH).set_index("kpi")
    assert found.loc["win_rate", ["figure", "goal", "verdict"]].tolist() == ["50.0 %", "60.0 %", "no"]
    assert found.loc["bookings", "range"] == "–" and found.loc["deals_won", "figure"] == "30"


def test_too_short_a_past_is_said():
    young = tables(monthly([5] * 4, [5] * 4), "2024-04-30")
    history = known_history(young, "2024-04", kpis=KPIS)
    found = signals(history, young)
    now = history[history["month"] == "2024-04-01"]
    assert "past is too short" in kpi_words.headline(now, found, young, "2024-04")
    assert "needs 9 months" in kpi_words.moves(found, young, "2024-04")
    assert kpi_words.would_see(found, young, "2024-04") == "" and kpi_words.panels(found, young, "2024-04") == []


def test_goals_of_every_period(acme):
    found = progress(acme, MONTH)
    money = found[found["kpi"] == "bookings"].set_index("period")
    assert money.loc["month", "value"] == 3_000 and money.loc["quarter", "value"] == 9_100
    assert money.loc["year", ["value", "goal_so_far"]].tolist() == [18_100, 15_000]
    assert money.loc["week", "value"].sum() == 3_000 and money.loc["week", "goal_so_far"].sum() == 2_500
    assert bool(money.loc["month", "met"]) and not found.loc[found["kpi"] == "win_rate", "met"].any()
    assert goal_words.goal_sentence(found, "EUR") == (
        "Quarter so far EUR 9.10 k, 121 % of EUR 7.50 k; year so far EUR 18.1 k, 121 % of EUR 15.0 k.")
    assert goal_words.of_bookings(found, "EUR")["period"].tolist()[:2] == ["June 2026", "week 1–7 Jun"]
    shown = goal_words.readable_goals(found, "EUR")
    shown = shown[shown["title"] == "Bookings"].set_index("period")
    assert shown.loc["June 2026", ["met", "goal"]].tolist() == ["yes", "EUR 2.50 k"]
    assert shown.loc["quarter Apr to Jun 2026", ["met", "goal"]].tolist() == ["yes", "EUR 7.50 k"]
    assert shown.loc["year Jan to Dec 2026", ["met", "goal"]].tolist() == [
        "yes, to date", "EUR 15.0 k (6 of 12 months known)"]
    whole = goal_words.readable_goals(found.assign(months=12, goal=30_000.0), "EUR").set_index("period")
    year = whole[whole["title"] == "Bookings"].loc["year Jan to Dec 2026", ["met", "goal"]]
    assert year.tolist() == ["yes, to date", "EUR 30.0 k"], "known for all of its months, and half of them to come"


def test_plan_and_quotas_are_told_apart_where_both_are_there(acme):
    months = pd.date_range("2026-01-01", "2026-08-01", freq="MS")
    quotas = pd.DataFrame({"rep_id": "r1", "month": months, "amount": 3_000.0})
    deals = monthly(WON, [60 - w for w in WON])
    both = tables(deals, "2026-06-30", targets=acme.targets, quotas=quotas)
    assert goal_words.measured_against(both, "EUR") == (
        "Goals here are the company's plan, EUR 15.0 k in the fiscal year so far; the reps' quotas, against which rep "
        "feedback measures, add up to EUR 18.0 k.")
    assert goal_words.measured_against(both, "EUR", quotas=True).endswith(
        "EUR 18.0 k in the fiscal year so far; the KPI scorecard measures against the company's plan, EUR 15.0 k.")
    assert goal_words.measured_against(acme, "EUR") == ""
    assert goal_words.measured_against(tables(deals, "2026-06-30", quotas=quotas), "EUR") == "", "quotas alone"


def test_without_goals_nothing_is_said():
    found = progress(tables(monthly([5] * 4, [5] * 4), "2024-04-30"), "2024-04")
    assert found.empty and goal_words.goal_sentence(found, "EUR") == ""


def test_units_beside_each_other(acme):
    parts = known_history(acme, MONTH, "rep", kpis=KPIS)
    found = signals(parts, acme)
    table = kpi_units.units(parts[parts["month"] == "2026-06-01"], found, MONTH, "EUR")
    assert table[["name", "bookings", "win_rate", "closed", "moved"]].to_numpy().tolist() == [
        ["Ann", "EUR 3.00 k", "50.0 %", 60, ""]]
    assert kpi_units.looks_sentence(found, MONTH, "rep").startswith("3 cells looked at (KPIs of 1 rep): 0 moved")


def test_a_deal_entered_late_restates_its_month(acme):
    """One deal of May was closed on 20 May, but its history shows it open until 3 June."""
    deals = monthly([3] * 6, [3] * 6, start="2026-01")
    late = deals["opportunity_id"] == "D24"
    said = deals["closed_on"].mask(late, pd.Timestamp("2026-06-03"))
    history = deals[["opportunity_id", "stage", "amount", "rep_id"]].assign(changed_at=said)
    begun = history.assign(stage="First", changed_at=deals["created_on"])
    company = tables(deals, "2026-06-30", stage_history=pd.concat([begun, history], ignore_index=True))
    found = restated.restated(company, MONTH, 2, kpis=["deals_won", "win_rate"])
    won = found[found["kpi"] == "deals_won"].set_index("month")
    assert won.loc["2026-05-01", ["then", "now", "change"]].tolist() == [2, 3, 1]
    assert not won.loc["2026-04-01", "moved"]
    text = restated.readable(found, "EUR")
    assert text.loc[text["title"] == "Deals won", ["then", "now", "change"]].to_numpy().tolist() == [["2", "3", "+1"]]
    assert "read differently today" in restated.sentence(found)


def test_figures_in_their_units():
    assert figure_text(0.4729, "share") == "47.3 %" and figure_text(-0.031, "share", signed=True) == "−3.1 points"
    assert figure_text(2_637_000, "currency", "EUR") == "EUR 2.64 m"
    assert figure_text(-5_000, "currency", "EUR", True) == "−EUR 5.00 k"
    assert figure_text(1, "days") == "1 day" and figure_text(70.5, "days") == "70.5 days"
    assert figure_text(1.744, "times") == "1.74" and figure_text(float("nan"), "share") == "–"
    assert range_text(93.1, 264.6, "deals") == "93 to 265" and range_text(3, float("nan"), "months") == "from 3 months"
    assert range_text(0.416, 0.531, "share") == "41.6 to 53.1 %"


def test_a_signal_is_named_in_the_headline_with_its_direction():
    won = [*WON[:29], 3]
    acme = tables(monthly(won, [60 - w for w in won]), "2026-06-30")
    history = known_history(acme, MONTH, kpis=["win_rate"])
    found = signals(history, acme)
    card = known_history(acme, MONTH, kpis=["bookings", "win_rate"])
    card = card[card["month"] == "2026-06-01"]
    assert kpi_words.headline(card, found, acme, MONTH) == (
        "June 2026: EUR 300 booked; of 1 KPI only win rate moved by more than chance.")
    assert "Win rate at 5.0 %, worse than 49.7 % as usual" in kpi_words.moves(found, acme, MONTH)
    assert kpi_words.readable(card, found, acme, MONTH).set_index("kpi").loc["win_rate", "verdict"] == "yes, worse"
