from __future__ import annotations

from fractions import Fraction

import pandas as pd
import pytest
from pay_case import NAMES, acme

from salesops_helpers.comp import (
    abreast,
    accounts,
    answer_sentences,
    cost_columns,
    curve_words,
    findings_in_words,
    labels,
    limits,
    moved_words,
    published,
    scenario,
    span_word,
    uncomputed,
    undrawn,
)
from salesops_helpers.comp.aside import replaced
from salesops_helpers.comp.assigned import AS_ASSIGNED
from salesops_helpers.comp.sentences import paid_words
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError


def test_the_whole_scenario_by_hand(tmp_path):
    s = scenario(acme(tmp_path), "2026-12", NAMES)
    assert (s.start, s.end) == (pd.Timestamp("2026-01-01"), pd.Timestamp("2026-12-01"))
    assert s.computed and not s.lacking and not s.notes
    # target 5,000 a quarter. Team N: 230 of 200 = 115 % → 137.5 %; team S: 75 % → nothing
    # a: 3,750 × 1.45 + 1,250 × 1.375 = 7,156.25; b: 3,750 + 1,718.75 = 5,468.75; c: 2,250; d: 3,375
    # the other plan: a 6,500 + 1,500; b 5,000 + 1,500; c 3,000; d 4,500
    assert s.cost["pay"].tolist() == [4 * 18_250, 4 * 22_000]
    assert s.cost["cost_of_sales"].tolist() == pytest.approx([18_250 / 380_000, 22_000 / 380_000])
    assert s.sides[["rep_id", "difference"]].values.tolist() == [
        ["c", 3000.0],
        ["a", 3375.0],
        ["b", 4125.0],
        ["d", 4500.0],
    ]


def test_the_answer_says_cost_difference_and_who_moves(tmp_path):
    said = answer_sentences(scenario(acme(tmp_path), "2026-12", NAMES))
    assert said[0] == (
        "From January 2026 to December 2026 variable pay would have been EUR 73.0 k under individual-team "
        "(4.80 % of bookings) and EUR 88.0 k under individual-plus-team-bonus (5.79 % of bookings): "
        "EUR 15.0 k more, 20.5 %."
    )
    assert said[1] == (
        "On past deals, under individual-plus-team-bonus, 4 of 4 reps would have earned more than under "
        "individual-team, 0 less; the largest gain is EUR 4,500 (Rep D)."
    )
    assert said[2].startswith("Quarter by quarter the difference ran from EUR 3,750 to EUR 3,750")


def test_the_other_way_round_it_is_less(tmp_path):
    s = scenario(acme(tmp_path), "2026-12", NAMES[::-1])
    assert "EUR 15.0 k less, 17.0 %" in answer_sentences(s)[0]
    assert "0 of 4 reps would have earned more" in moved_words(
        s
    ) and "the largest loss is EUR 4,500 (Rep D)" in moved_words(s)


def test_without_quotas_it_says_what_is_missing_and_shows_what_it_can(tmp_path):
    s = scenario(acme(tmp_path, quotas=False), "2026-12", NAMES)
    said = answer_sentences(s)
    assert said[0] == (
        "From January 2026 to December 2026 (finished quarters) the plans would have been paid on EUR 1.52 m "
        "of credited bookings of 4 reps; what they cost cannot be computed, because the table quotas is missing."
    )
    assert said[1] == (
        "The table quotas is missing; it would show attainment: credited bookings ÷ quota, and pay that depends on it."
    )
    assert not s.computed and s.sides.empty and uncomputed(s) == s.lacking
    assert len(s.table) == 10 and len(s.words) == 7 and s.credit["bookings"].sum() == 1_520_000
    assert accounts(s)["bookings"].tolist() == [0, 1_520_000, 1_520_000]


def test_without_targets_no_typical_rep_is_drawn(tmp_path):
    s = scenario(acme(tmp_path, assigned=False), "2026-12", NAMES)
    assert s.lacking == ["The table plan_assignments is missing; it would show pay by rep on the plan each rep has."]
    assert s.table.empty and s.curves.empty and undrawn(s) == s.lacking and curve_words(s) == "No payout curve."


def test_without_plans_the_page_says_so(tmp_path):
    s = scenario(acme(tmp_path, plans=False), "2026-12", NAMES)
    said = answer_sentences(s)
    assert said[0] == "No pay can be computed: EUR 1.52 m of credited bookings of 4 reps wait for a plan."
    assert "The plans folder (plans) holds no plan" in said[1]
    assert s.words.empty and s.table.empty and findings_in_words(s).empty and published(s).empty
    assert accounts(s)["bookings"].tolist() == [1_520_000] and span_word(s) == "span"


def test_plans_by_name(tmp_path):
    tables = acme(tmp_path)
    with pytest.raises(SalesOpsError, match="no plan is called 'gone'"):
        scenario(tables, "2026-12", [NAMES[0], "gone"])
    with pytest.raises(SalesOpsError, match="allowed: two different plans"):
        scenario(tables, "2026-12", [NAMES[0], NAMES[0]])
    s = scenario(tables, "2026-12", ["mine", "yours"])
    assert [p.plan for p in s.plans] == sorted(NAMES)
    assert "holds no plan called mine, yours; shown here: individual-plus-team-bonus, individual-team" in s.notes[0]
    assert s.notes[0] in answer_sentences(s)


def test_one_plan_alone(tmp_path):
    tables = acme(tmp_path)
    (tmp_path / "plans" / f"{NAMES[1]}.yaml").unlink()
    s = scenario(tables, "2026-12", ["mine", "yours"])
    assert answer_sentences(s)[0] == (
        "From January 2026 to December 2026 variable pay would have been EUR 73.0 k under "
        "individual-team (4.80 % of bookings)."
    )
    assert list(abreast(s, "team")) == ["team", "reps", "sales", "pay_a", "cost_a", "pay_now", "cost_now"]
    assert s.sides.empty
    assert "pay_b" not in cost_columns(s, "team")


def test_a_month_before_any_finished_span(tmp_path):
    tables = acme(tmp_path)
    early = Tables(tables.company, {n: getattr(tables, n) for n in tables.available}, "2026-02-28")
    s = scenario(early, "2026-02", NAMES)
    assert s.start is None and not s.computed and s.notes == ["No span that the plans measure is finished yet."]
    assert answer_sentences(s)[0].startswith("In the last twelve months")


def test_cost_abreast_has_a_line_for_all(tmp_path):
    s = scenario(acme(tmp_path), "2026-12", NAMES)
    team = abreast(s, "team")
    assert team["team"].tolist() == ["N", "S", "all"]
    assert team["pay_a"].tolist() == [50_500, 22_500, 73_000] and team["more"].tolist() == [7500, 7500, 15_000]
    assert abreast(s, "span")["span"].tolist() == ["2026-03", "2026-06", "2026-09", "2026-12", "all"]
    assert set(cost_columns(s, "team")) <= set(team.columns)
    assert all(currency.endswith("(EUR)") for key, currency in labels(s).items() if key.startswith("pay_a"))


def test_a_typical_rep_has_the_median_target_and_quota(tmp_path):
    s = scenario(acme(tmp_path), "2026-12", NAMES)
    assert s.target == {name: Fraction(5000) for name in NAMES}
    assert s.quota == {name: Fraction(100_000) for name in NAMES}
    assert s.table["pay_alone"].tolist()[2] == 5000 and s.curves["moves"].unique().tolist() == ["own", "unit"]


def test_findings_and_rules_in_words(tmp_path):
    s = scenario(acme(tmp_path), "2026-12", NAMES)
    found = findings_in_words(s)
    assert found["what"].tolist()[-2:] == ["a jump", "more sales pay nothing more"]
    assert "a jump of more than 10 % of target" in found["warning"].tolist()
    rules = s.words["rule"].tolist()
    assert rules[0] == (
        "The rep's own bookings against quota: its part of the target in step with attainment, 1 × from 0 % "
        "and 1.5 × from 100 %, each band at its own rate."
    )
    assert rules[5] == (
        "The team's bookings against quota: EUR 1,500 for each fiscal quarter in which the team's attainment "
        "is at least 100 %."
    )
    assert any("not modelled" in line for line in limits(s))


def test_what_is_published_is_exact(tmp_path):
    frame = published(scenario(acme(tmp_path), "2026-12", NAMES))
    paid = {AS_ASSIGNED: 7_300_000, NAMES[0]: 7_300_000, NAMES[1]: 8_800_000}
    assert frame.groupby("plan")["pay_minor"].sum().to_dict() == paid and frame["plan"].iloc[0] == AS_ASSIGNED


def test_the_plans_as_assigned_pay_each_rep_by_the_plan_of_each_day(tmp_path):
    tables = acme(tmp_path)
    s = scenario(tables, "2026-12", NAMES)  # everybody is on the first plan
    keys = ["rep_id", "span"]
    first = s.comparison.spans.query("plan == @NAMES[0]").set_index(keys)["pay_minor"]
    assert s.assigned.spans.set_index(keys)["pay_minor"].to_dict() == first.to_dict() and not s.assigned.beside
    # from July on a and b are on the other plan: two quarters of 8,000 and 6,500 instead of 7,156.25 and 5,468.75
    turns = tables.plan_assignments
    moved = turns[turns["rep_id"].isin(["a", "b"])].assign(starts_on=pd.Timestamp("2026-07-01"), plan=NAMES[1])
    mixed = replaced(tables, plan_assignments=pd.concat([turns, moved], ignore_index=True))
    s = scenario(mixed, "2026-12", NAMES)
    assert s.paid_by(None)["pay"].tolist() == [73_000 + 2 * (14_500 - 12_625)]
    assert abreast(s, "team")["pay_now"].tolist() == [54_250, 22_500, 76_750]
    assert paid_words(s) == [
        "From January 2026 to December 2026 variable pay as assigned, each rep on the plan of each day, came to "
        "EUR 76.8 k (5.05 % of bookings); the same deals would have cost EUR 3.75 k less with all on individual-team "
        "and EUR 11.2 k more with all on individual-plus-team-bonus. Today 2 reps on individual-plus-team-bonus and "
        "2 on individual-team."]


def test_as_assigned_says_what_it_lacks(tmp_path):
    tables = acme(tmp_path)
    gone = tables.plan_assignments.assign(plan=["gone", *[NAMES[0]] * 3])
    s = scenario(replaced(tables, plan_assignments=gone), "2026-12", NAMES)
    assert s.computed and not s.assigned.computed and "names the plan 'gone'" in paid_words(s)[0]
    late = tables.plan_assignments.assign(ends_on=pd.Timestamp("2026-06-30"))
    s = scenario(replaced(tables, plan_assignments=late), "2026-12", NAMES)
    assert "Today 4 reps on no plan." in paid_words(s)[0] and s.paid_by(None)["pay"].tolist() == [36_500]
    assert scenario(acme(tmp_path, assigned=False), "2026-12", NAMES).assigned is None
