"""Habits of reps who win more: literal habits, exact differences, the rule for many looks, power and false alarms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from feedback_company import company, deals
from rep_company import simulated

from salesops_helpers import Tables
from salesops_helpers.performance import practices, practices_words
from salesops_helpers.performance.habits import habits

REPS = [f"R{at:04d}" for at in range(24)]


def of(found: pd.DataFrame, habit: str) -> pd.Series:
    return found[found["habit"] == habit].set_index("rep_id")["value"]


def long(values: dict[str, np.ndarray], reps: list[str] = REPS, unit: str = "share") -> pd.DataFrame:
    return pd.DataFrame([(rep, habit, unit, 10, value) for habit, row in values.items()
                         for rep, value in zip(reps, row, strict=True)],
                        columns=["rep_id", "habit", "unit", "n", "value"])


def sides(above: int, reps: list[str] = REPS) -> pd.Series:
    return pd.Series(np.arange(len(reps)) < above, index=reps)


def few_draws(monkeypatch) -> None:
    monkeypatch.setattr(practices, "SHUFFLES", 299)
    monkeypatch.setattr(practices, "DRAWS", 99)


def test_habits_by_hand():
    day = pd.Timestamp("2026-02-10 10:00")
    acts = [("a0", "call", "K1"), ("a0", "call", "K1"), ("a0", "email", "K2"), ("a10", "email", "K1"),
            ("a-open", "call", "K1")]
    activities = pd.DataFrame([(f"x{at}", "a", deal, kind, contact, day) for at, (deal, kind, contact) in
                               enumerate(acts)],
                              columns=["activity_id", "rep_id", "opportunity_id", "kind", "contact", "occurred_at"])
    leads = pd.DataFrame([(f"l{at}", "a", day, day, day + pd.Timedelta(hours=hours)) for at, hours in
                          enumerate([1, 2, 3, 30, 50])],
                         columns=["lead_id", "rep_id", "created_at", "assigned_at", "first_touch_at"])
    some = deals()
    some.loc[some["status"] == "won", "list_price"] = 1250.0
    some["segment"] = np.where(some["opportunity_id"].str.endswith("0"), "Big", "Small")
    found = habits(company(opportunities=some, activities=activities, leads=leads), 12)
    assert of(found, "Activities on won deals")["a"] == 3 / 10 and of(found, "Activities on lost deals")["a"] == 1 / 10
    assert of(found, "Activities on won deals")["b"] == 0
    assert "People met on won deals" not in set(found["habit"]), "one deal with a contact is too few"
    assert of(found, "Activity of kind call")["a"] == 3 / 5 and "Activity of kind email" not in set(found["habit"])
    assert of(found, "Leads answered within 24 hours")["a"] == 3 / 5
    assert of(found, "Hours to the answer of a lead (median)")["a"] == 3
    assert of(found, "Discount on won deals")["a"] == pytest.approx(0.2)
    assert of(found, "Deals in Small")["a"] == 18 / 20 and "Deals in Big" not in set(found["habit"])


def test_habits_of_stages_by_hand():
    steps = [("02-02", "Demo"), ("02-12", "Offer"), ("02-14", "Demo"), ("02-16", "Offer"), ("02-22", "Won")]
    rows = [(f"a{n}", pd.Timestamp(f"2026-{day}"), stage) for n in range(5) for day, stage in steps]
    rows += [(f"a{n}", pd.Timestamp(f"2026-{day}"), stage) for n in range(5, 10)
             for day, stage in (("02-02", "Demo"), ("02-22", "Won"))]
    found = habits(company(stage_history=pd.DataFrame(rows, columns=["opportunity_id", "changed_at", "stage"])), 12)
    # forward: Demo → Offer twice and Offer → Won in five deals, Demo → Won in five; back: Offer → Demo in five
    assert of(found, "Moves that skip a stage")["a"] == 5 / 20 and of(found, "Moves that go back")["a"] == 5 / 25
    assert of(found, "Days in Demo before moving on")["a"] == pytest.approx((5 * 10 + 5 * 2 + 5 * 20) / 15)


def test_differences_are_between_like_reps(monkeypatch):
    few_draws(monkeypatch)
    # North does 10 and 12, South 20 and 22; the two reps above in each group do 2 more than their like
    group = pd.Series(["North"] * 6 + ["South"] * 6, index=REPS[:12])
    above = pd.Series([True, True] + [False] * 4 + [True, True] + [False] * 4, index=REPS[:12])
    wiggle = np.array([-1.0, 1.0, -1.0, 1.0, -1.0, 1.0] * 2) * 0.5
    calls = np.array([12.0, 12.0, 10, 10, 10, 10, 22, 22, 20, 20, 20, 20]) + wiggle
    found = practices.compared(long({"Calls": calls}, REPS[:12], "a deal"), above, group)
    one = found.frame.iloc[0]
    assert (found.above, found.rest, one["reps"], one["others"]) == (4, 8, 4, 8)
    assert one["difference"] == pytest.approx(2.0) and one["mine"] == 17.0 and one["theirs"] == 15.0
    assert 1.0 < one["low"] < 2.0 < one["high"] < 3.0
    # within 15 × 15 ways to choose two of six twice, few reach it
    assert one["p_value"] <= 0.05 and one["credible"]


def test_too_few_reps_on_a_side_say_nothing():
    found = practices.compared(long({"Calls": np.arange(24.0)}), sides(3), pd.Series("x", REPS))
    assert found.frame.empty and (found.above, found.rest) == (3, 21)
    assert practices_words.practice_sentences(found)[0].endswith("Habits are compared from 4 reps on each side.")


def test_no_group_where_reps_do_not_differ():
    tables, _ = simulated(4, reps=12, deals=40)
    found = practices.practices(tables, 12)
    assert not found.differs and found.frame.empty
    assert practices_words.practice_sentences(found) == [
        "Adjusted win rates do not differ by more than chance: there is no group of reps to compare habits with, and "
        "nothing is compared."]
    one = practices.practices(simulated(4, reps=1, deals=40)[0], 12)
    assert not one.differs and one.frame.empty


def test_words_and_table(monkeypatch):
    few_draws(monkeypatch)
    rng = np.random.default_rng(1)
    planted = rng.normal(0.2, 0.02, 24) + np.r_[np.full(6, 0.2), np.zeros(18)]
    found = practices.compared(long({"Calls": planted, "Mails": rng.normal(0.5, 0.1, 24)}), sides(6),
                               pd.Series("x", REPS))
    said = practices_words.practice_sentences(found)
    assert said[0].startswith("Reps who win more differ from like colleagues in 1 of 2 habits: “Calls” ")
    assert "points)" in said[0] and "what goes along with winning, not what brings it" in said[2]
    assert said[1].startswith("6 reps win more than could be expected, each with a probability of at least 90 % ")
    table = practices_words.readable(found.frame)
    assert list(table["said"]) == ["more than chance", "no more than chance"] and table["sides"][0] == "6 / 18"
    assert set(practices_words.FORMATS) == set(table.columns)
    none = practices.compared(long({"Mails": rng.normal(0.5, 0.1, 24)}), sides(6), pd.Series("x", REPS))
    assert practices_words.practice_sentences(none)[0].startswith("In none of 1 habit do reps who win more differ")
    assert practices_words.value_words(-0.031, "share", True) == "−3.1 points"
    assert practices_words.value_words(2.25, "days") == "2.2 days"
    assert practices_words.value_words(0.5, "share") == "50 %"


@pytest.mark.parametrize("companies", [60, pytest.param(1_000, marks=pytest.mark.slow)])
def test_habits_without_relation_are_rarely_named(companies, monkeypatch):
    """At most 5 % of companies, whatever the number of habits; groups of like reps have habits of their own."""
    from scipy.stats import binom

    few_draws(monkeypatch)
    named, group = 0, pd.Series(np.where(np.arange(24) % 2, "North", "South"), REPS)
    for seed in range(companies):
        rng = np.random.default_rng([7, seed])
        own = 3.0 * (group == "North").to_numpy()
        values = {f"H{at}": rng.normal(0, 1, 24) + own for at in range(12)}
        above = pd.Series(rng.permutation(np.arange(24) < 6), REPS)
        named += practices.compared(long(values), above, group).frame["credible"].any()
    assert named <= binom.ppf(0.999, companies, 0.05)


@pytest.mark.parametrize("companies", [30, pytest.param(300, marks=pytest.mark.slow)])
def test_a_planted_habit_is_found(companies, monkeypatch):
    """Six of 24 reps do one of 12 habits 2.5 standard deviations more often: found in at least four of five companies,
    with another habit named beside it in at most one of ten."""
    few_draws(monkeypatch)
    found = others = 0
    for seed in range(companies):
        rng = np.random.default_rng([8, seed])
        values = {f"H{at}": rng.normal(0, 1, 24) for at in range(12)}
        values["H3"][:6] += 2.5
        frame = practices.compared(long(values), sides(6), pd.Series("x", REPS)).frame
        named = set(frame.loc[frame["credible"], "habit"])
        found += "H3" in named
        others += bool(named - {"H3"})
    assert found >= 0.8 * companies and others <= 0.1 * companies


def with_calls(tables: Tables, calls: np.ndarray, seed: int) -> Tables:
    """The same company, with so many calls on each deal of each rep."""
    made = tables.opportunities
    rng = np.random.default_rng(seed)
    rate = pd.Series(calls, sorted(tables.reps["rep_id"]))
    n = rng.poisson(made["rep_id"].astype(object).map(rate).to_numpy(float))
    rows = made.loc[made.index.repeat(n)]
    acts = pd.DataFrame({"activity_id": [f"A{at}" for at in range(len(rows))], "rep_id": rows["rep_id"].to_numpy(),
                         "opportunity_id": rows["opportunity_id"].to_numpy(), "kind": "call",
                         "occurred_at": rows["closed_on"].to_numpy()})
    return Tables.from_frames(tables.company, {"opportunities": made, "reps": tables.reps, "activities": acts},
                              tables.as_of)


@pytest.mark.parametrize("companies", [2, pytest.param(60, marks=pytest.mark.slow)])
def test_from_tables_to_words(companies, monkeypatch):
    """Where skilled reps call twice as often, calls are named; where calls have nothing to do with skill, hardly."""
    few_draws(monkeypatch)
    found = asked = false = 0
    for seed in range(companies):
        tables, true = simulated(40 + seed, reps=30, deals=100, skill=0.7)
        calls = np.where(true > np.quantile(true, 0.7), 8.0, 4.0)
        frame = practices.practices(with_calls(tables, calls, seed), 12).frame
        asked += len(frame) > 0
        found += frame.loc[frame["credible"].astype(bool), "habit"].str.startswith("Activities on").any()
        idle = practices.practices(with_calls(tables, np.full(30, 4.0), seed), 12).frame
        false += bool(idle["credible"].any())
    assert asked >= 0.9 * companies and found >= 0.9 * companies and false <= max(1, 0.12 * companies)
