"""Strengths and one focus: hand-computed figures, the rule for many looks, and nothing where nothing is credible."""

from __future__ import annotations

import re
from math import exp, lgamma

import numpy as np
import pandas as pd
import pytest
from feedback_company import NAMES, cases, company, people
from rep_company import simulated

from salesops_helpers.performance import coaching, coaching_cases, coaching_words
from salesops_helpers.performance.coaching import focus, looks, strengths

LIKE = dict.fromkeys("bcdeh", (20, 40))


def beta_binomial(k: int, n: int, a: float, b: float) -> float:
    def beta(x, y):
        return lgamma(x) + lgamma(y) - lgamma(x + y)

    return exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + beta(k + a, n - k + b) - beta(a, b))


def row(found, rep="a"):
    return found[found["rep_id"] == rep].iloc[0]


def test_a_look_by_hand():
    found = looks(company(), 12, cases({"a": (37, 40)} | LIKE))
    one = row(found)
    assert (one["name"], one["kind"], one["level"], one["n"]) == ("Ann", "stage", "Demo", 40)
    assert one["observed"] == 37 / 40 and one["expected"] == 0.5, "the peers got what the models expect"
    assert (one["peers"], one["peer_cases"], one["like"]) == (5, 200, "role")
    tail = sum(beta_binomial(k, 40, 100.5, 100.5) for k in range(37, 41))
    assert one["p_value"] == pytest.approx(2 * tail, rel=1e-9) and one["credible"]
    assert 0 < one["low"] < one["difference"] < 37 / 40 - 0.5, "drawn toward the others"
    assert one["value"] == pytest.approx(one["difference"] * 40 * 100)
    assert one["value_low"] == pytest.approx(one["low"] * 40 * 100)
    others = found[found["rep_id"] != "a"]
    assert not others["credible"].any()
    # the peers of b are a (37 of 40) and four others: 17 more than expected in 200 cases
    assert row(found, "b")["expected"] == pytest.approx(0.5 + 17 / 200)


def test_peers_share_role_segment_and_tenure_where_there_are_enough():
    reps = people(role={"e": "Boss", "h": "Boss"})
    counts = {"a": (30, 40), "e": (40, 40), "h": (40, 40)} | dict.fromkeys("bcd", (20, 40))
    found = looks(company(reps=reps), 12, cases(counts))
    assert row(found)["peers"] == 3 and row(found)["expected"] == 0.5, "the two bosses are not among Ann's peers"
    assert row(found, "e")["peers"] == 5 and row(found, "e")["like"] == "none", "two bosses are too few"


def test_few_cases_are_shown_and_not_judged():
    found = looks(company(), 12, cases({"a": (9, 9)} | LIKE))
    one = row(found)
    assert one["n"] == 9 and one["observed"] == 1.0 and pd.isna(one["difference"]) and pd.isna(one["p_value"])
    assert not one["credible"]
    text = coaching_words.readable(found[found["rep_id"] == "a"]).iloc[0]
    assert (text["look"], text["range"], text["said"]) == ("Demo: moving on", "–", "too few cases")


def test_too_few_peers_and_no_cases():
    found = looks(company(), 12, cases({"a": (30, 40), "b": (20, 40), "c": (20, 40)}))
    assert found["difference"].isna().all(), "two peers are not three"
    assert looks(company(), 12, cases({"a": (1, 1)}).iloc[:0]).empty


def test_many_looks_raise_the_bar():
    one = cases({"a": (29, 40)} | LIKE)
    alone = row(looks(company(), 12, one))
    more = pd.concat([one, *(cases({"a": (20, 40)} | LIKE, level=f"S{at}") for at in range(30))])
    among = row(looks(company(), 12, more))
    assert among["p_value"] == alone["p_value"] < 0.05
    assert not among["credible"], "one of 186 looks"


def test_the_focus_is_what_costs_most():
    found = looks(company(), 12, pd.concat([
        cases({"a": (2, 40)} | LIKE, level="Demo", worth=100),
        cases({"a": (4, 40)} | LIKE, level="Offer", worth=1000),
        cases({"a": (0, 40)} | LIKE, kind="segment", level="Big", worth=9999),
        cases({"a": (38, 40)} | LIKE, kind="product", level="Axle", worth=10),
    ]))
    one = focus(found, "a")
    assert list(one["level"]) == ["Offer"], "segments and products are no habits, and Demo costs less"
    assert one["lost"].iloc[0] == pytest.approx(-one["value"].iloc[0]) and one["lost_low"].iloc[0] > 0
    assert one["lost_low"].iloc[0] < one["lost"].iloc[0] < one["lost_high"].iloc[0]
    assert list(strengths(found, "a")["level"]) == ["Axle"]
    assert focus(found, "b").empty and list(focus(found)["rep_id"]) == ["a"]
    said = coaching_words.focus_sentences(found, "a", "EUR", 24)
    assert said[0].startswith("Offer: moving on. Of 40 deals in Offer, 10 % moved on; with like cases, comparable "
                              "colleagues would have had 50 %. That is about EUR ")
    assert "over 24 months" in said[0] and said[1].startswith("A start: go through the last deals that ended in Offer")
    strong = coaching_words.strength_sentences(found, "a")
    assert strong[0].startswith("Axle: winning. Of 40 Axle deals that closed, 95 % were won; ")


def test_leads_that_others_gave_are_shown_and_never_named():
    found = looks(company(), 12, cases({"a": (0, 40)} | LIKE, kind="leads", level=""))
    one = found[found["rep_id"] == "a"]
    assert one["p_value"].iloc[0] < 1e-6 and one["high"].iloc[0] < 0, "far apart"
    assert focus(found).empty and strengths(found).empty
    assert coaching_words.readable(one)["said"].iloc[0] == "depends on the leads given"


def test_nothing_credible_is_said_with_what_would_be_needed():
    found = looks(company(), 12, cases({"a": (19, 40)} | LIKE))
    assert strengths(found).empty and focus(found).empty
    said = coaching_words.focus_sentences(found, "a", "EUR", 12)
    assert said[0] == ("No focus is named: in none of 1 stage or habit are you below comparable colleagues by more "
                       "than chance.")
    assert re.search("“Demo: moving on”: 40 cases leave room for EUR .* less to EUR .* more than", said[1]), said[1]
    assert said[1].endswith("takes about 385 cases."), said[1]
    assert coaching_words.strength_sentences(found, "a") == [
        "None of the 1 comparison shows you above colleagues by more than chance. That is so for most reps; it does "
        "not mean that there are no strengths, only that counts do not show them."]
    nobody = coaching_words.focus_sentences(found, "nobody", "EUR", 12)
    assert nobody[0].startswith("No focus can be named") and "three colleagues with thirty" in nobody[0]


def test_where_nothing_can_be_judged_nothing_is_likely():
    rows = pd.DataFrame({"low": [None, None], "high": [None, None]}, dtype=object)
    assert coaching_words.likely(rows).tolist() == [0, 0]


def test_what_is_likely_good_but_not_sure_is_said_as_that():
    rows = looks(company(), 12, cases({"a": (19, 40)} | LIKE)).assign(credible=False, low=0.02, high=0.12)
    assert set(coaching_words.readable(rows)["said"]) == {"likely, but one of many looks"}
    said = coaching_words.strength_sentences(rows, "a")
    assert said[1].startswith("Likely above colleagues, though among so many looks") and "Demo: moving on" in said[1]
    below, none = rows.assign(low=-0.12, high=-0.02), rows.assign(low=0.004)
    assert set(coaching_words.readable(below)["said"]) == {"likely, but one of many looks"}
    assert set(coaching_words.readable(none)["said"]) == {"no more than chance"}
    assert len(coaching_words.strength_sentences(below, "a")) == 1, "no second focus beside the one"


def test_points_and_titles():
    assert coaching_words.points(-0.12, 0.034) == "−12 to +3\u00a0points"
    assert coaching_words.points(0.001, 0.2) == "0 to +20\u00a0points"
    rows = cases(LIKE, kind="answer", level="").drop_duplicates("rep_id")
    assert set(coaching_words.titles(rows)) == {"Leads: answered within 24 hours"}
    assert coaching_words.compared_alt(rows.assign(look="x", credible=False)) == (
        "0 of 5 comparisons with colleagues differ by more than chance.")
    assert coaching_words.strength_notes(looks(company(), 12, cases(LIKE)))[0].startswith("No strength stands out.")
    said = coaching_words.focus_notes(looks(company(), 12, cases(LIKE)), "", "EUR", 12)[0]
    assert said == "No focus stands out."


def test_the_step_up_rule():
    # 0.05 × (1, 2, 3, 4) ÷ 4 = 0.0125, 0.025, 0.0375, 0.05: the third holds and carries the second
    assert list(coaching._step_up(np.array([0.037, 0.001, 0.026, 0.9]))) == [True, True, True, False]
    assert not coaching._step_up(np.array([0.02, 0.04, 0.9])).any()


def history(moves: dict[str, list[tuple[str, str]]]) -> pd.DataFrame:
    rows = [(deal, pd.Timestamp(day), stage) for deal, steps in moves.items() for day, stage in steps]
    return pd.DataFrame(rows, columns=["opportunity_id", "changed_at", "stage"])


def test_cases_of_stages_by_hand():
    moves = {f"{rep}{n}": [("2026-02-02", "Demo"), ("2026-02-12", "Offer"), ("2026-02-22", "Won")] if n < 10 else
             [("2026-02-02", "Demo"), ("2026-02-22", "Lost")] for rep in NAMES for n in range(20)}
    found = coaching_cases.cases(company(stage_history=history(moves)), 12)
    demo = found[(found["kind"] == "stage") & (found["level"] == "Demo")]
    assert len(demo) == 120 and demo["observed"].sum() == 60, "open deals are in no case"
    assert demo["worth"].eq(1000.0).all(), "all that moved on were won, at 1,000"
    offer = found[(found["kind"] == "stage") & (found["level"] == "Offer")]
    assert len(offer) == 60 and offer["observed"].all()
    assert demo["expected"].sum() + offer["expected"].sum() == pytest.approx(120), "the models' level is that of all"
    assert set(found["kind"]) == {"stage", "product", "price"}, "no segment is known, and no leads"


def test_cases_of_leads_and_prices_by_hand():
    given = pd.Timestamp("2026-03-01 09:00")
    rows = [(f"{rep}{n}", rep, given, given + pd.Timedelta(hours=2 if n < 5 else 30), given,
             pd.Timestamp("2026-03-10") if n < 3 else pd.NaT) for rep in NAMES for n in range(10)]
    leads = pd.DataFrame(rows, columns=["lead_id", "rep_id", "created_at", "first_touch_at", "assigned_at",
                                        "qualified_on"])
    found = coaching_cases.cases(company(leads=leads), 12)
    by = found.groupby("kind")["observed"].agg(["sum", "size"])
    assert tuple(by.loc["answer"]) == (30, 60) and tuple(by.loc["leads"]) == (18, 60)
    assert tuple(by.loc["price"]) == (60, 60), "each won deal kept its list price"
    late = coaching_cases.cases(company("2026-03-15", leads=leads), 12)
    assert "leads" not in set(late["kind"]), "14 days are too early to say"


def test_a_planted_gap_is_named_and_only_that():
    tables, _ = simulated(5, reps=16, deals=90)
    deals = tables.opportunities.assign(segment=np.where(np.arange(len(tables.opportunities)) % 2, "Big", "Small"))
    hit = (deals["rep_id"] == "R0003") & (deals["segment"] == "Big")
    deals["status"] = deals["status"].mask(hit, "won")
    deals["stage"] = deals["stage"].mask(hit, "Won")
    deals["amount"] = deals["amount"].mask(hit & (deals["amount"] == 0), 1000.0)
    from salesops_helpers import Tables

    planted = Tables.from_frames(tables.company, {"opportunities": deals, "reps": tables.reps}, tables.as_of)
    found = strengths(looks(planted, 12))
    assert ("R0003", "segment", "Big") in set(found[["rep_id", "kind", "level"]].itertuples(index=False, name=None))
    assert set(found["rep_id"]) == {"R0003"}


@pytest.mark.parametrize("companies", [12, pytest.param(400, marks=pytest.mark.slow)])
def test_reps_who_are_alike_are_rarely_named(companies):
    named = sum(looks(simulated(900 + seed, reps=12, deals=40)[0], 12)["credible"].any() for seed in range(companies))
    from scipy.stats import binom

    assert named <= binom.ppf(0.999, companies, 0.05)
