"""What a reader may see of tables."""

from __future__ import annotations

import dataclasses

import pandas as pd

from salesops_helpers.data.columns import TEXT
from salesops_helpers.data.company import Company
from salesops_helpers.data.container import Tables
from salesops_helpers.data.veil import ASIDE, ELSEWHERE, Sight, veiled

ACME = Company(name="Acme", currency="EUR", stages=["Open", "Won", "Lost"], won_stages=["Won"], lost_stages=["Lost"])
REPS = pd.DataFrame({
    "rep_id": ["r1", "r2", "r3"], "name": ["Ann", "Bob", "Rep 01"], "team": ["East", "East", "West"],
    "manager": ["Max", "Max", "Mia"], "region": ["Coast", "Coast", "Inland"], "territory": ["T1", "T2", "T3"]})
DEALS = pd.DataFrame({
    "opportunity_id": ["d1", "d2", "d3"], "account_id": ["a1", "a2", "a3"], "rep_id": ["r1", "r2", "r3"],
    "amount": [1.0, 2.0, 4.0], "status": ["won", "won", "open"], "stage": ["Won", "Won", "Open"],
    "created_on": pd.to_datetime("2026-01-01"), "next_step": ["call Ann", None, "call Mia"], "currency": "USD",
    "closed_on": pd.to_datetime(["2026-02-01", "2026-02-01", None])})
MONTH = pd.Timestamp("2026-03-01")


def tables(**more):
    frames = {
        "reps": REPS, "opportunities": DEALS,
        "accounts": pd.DataFrame({"account_id": ["a1", "a2", "a3"], "name": ["Oak", "Elm", "Fir"],
                                  "rep_id": ["r1", "r3", "r3"], "latitude": 1.0}),
        "splits": pd.DataFrame({"opportunity_id": ["d1", "d1"], "rep_id": ["r1", "r3"], "quota_share": 0.5,
                                "commission_share": 0.5}),
        "activities": pd.DataFrame({"activity_id": ["x1", "x2"], "rep_id": ["r1", "r3"], "opportunity_id": "d1",
                                    "occurred_at": pd.to_datetime("2026-02-01"), "contact": ["Eve", "Kim"]}),
        "demand": pd.DataFrame({"product": ["p"], "month": [MONTH], "units": [7.0]}),
        "targets": pd.DataFrame({"unit": ["Acme", "East", "r1", "Bob", "Max"], "kpi": "win_rate", "month": MONTH,
                                 "amount": [1.0, 2.0, 3.0, 4.0, 5.0]}),
    }
    return Tables.from_frames(ACME, {**frames, **more}, as_of="2026-03-31")


def test_who_sees_all_sees_the_same_rows():
    found, whole = veiled(tables(), Sight(names=True)), tables()
    for name in whole.available:
        expected = getattr(whole, name)
        expected = expected.assign(currency=pd.Series(None, dtype=TEXT)) if name == "opportunities" else expected
        pd.testing.assert_frame_equal(getattr(found, name), expected)
    assert ASIDE not in found.notes


def test_names_replaced_leave_no_name_id_or_free_text():
    found = veiled(tables(), Sight())
    seen = " ".join(getattr(found, name).to_csv() for name in found.available)
    words = ("Ann", "Bob", "Max", "Mia", "Oak", "Elm", "Fir", "Eve", "Kim", "call", "r1", "d1", "a1", "x1", "T1")
    assert not [word for word in words if word in seen.replace(",", " ").split() or f",{word}," in seen]
    assert list(found.opportunities["amount"]) == [1.0, 2.0, 4.0] and set(found.reps["team"]) == {"East", "West"}
    assert found.accounts["latitude"].isna().all() and ASIDE in found.notes
    assert set(found.reps["rep_id"]) == set(found.reps["name"]) == {"Rep 02", "Rep 03", "Rep 04"}, "Rep 01 is a name"


def test_pseudonyms_agree_between_tables():
    whole, found = tables(), veiled(tables(), Sight())
    called = dict(zip(whole.reps["rep_id"], found.reps["rep_id"], strict=True))
    for name in ("opportunities", "splits", "accounts", "activities"):
        expected = getattr(whole, name)["rep_id"].map(called)
        assert list(getattr(found, name)["rep_id"]) == list(expected)
    assert list(found.opportunities["account_id"]) == list(found.accounts["account_id"])
    assert list(found.targets["unit"]) == ["Acme", "East", called["r1"], called["r2"]], "no goal of a manager by name"


def test_pseudonyms_are_the_same_again_and_others_for_another_reader_or_other_data():
    many = REPS.loc[[0] * 40].assign(rep_id=[f"r{n}" for n in range(40)], name=[f"N{n}" for n in range(40)])
    whole = tables(reps=many)

    def order(sight, of=whole):
        return list(veiled(of, sight).reps["rep_id"])

    assert order(Sight(salt="x")) == order(Sight(salt="x"))
    assert order(Sight(salt="x")) != order(Sight(salt="y"))
    changed = tables(reps=many, opportunities=DEALS.assign(amount=[1.0, 2.0, 5.0]))
    assert order(Sight(salt="x"), changed) != order(Sight(salt="x")), "the names alone do not give them"


def test_of_a_team_others_are_pseudonyms_in_its_deals_and_nowhere_else():
    found = veiled(tables(), Sight("team", "East", True))
    assert found.company.name == "Acme · East" and found.unit == "East"
    assert list(found.opportunities["opportunity_id"]) == ["d1", "d2"]
    partner = found.reps[~found.reps["name"].isin(["Ann", "Bob"])].iloc[0]
    assert list(found.reps["name"][:2]) == ["Ann", "Bob"] and partner["rep_id"] == partner["name"]
    assert set(partner[["team", "manager", "region", "territory"]]) == {ELSEWHERE}
    assert list(found.splits["rep_id"]) == ["r1", partner["rep_id"]]
    assert list(found.activities["rep_id"]) == ["r1"]
    assert list(found.accounts["name"]) == ["Oak", "Elm"] and list(found.accounts["rep_id"].isna()) == [False, True]
    assert not found.has("demand") and list(found.targets["unit"]) == ["Acme · East"]


def test_a_rep_who_left_the_team_keeps_the_name_but_not_the_new_place():
    history = pd.DataFrame({
        "rep_id": ["r2", "r2"], "valid_from": pd.to_datetime(["2025-01-01", "2026-03-01"]), "team": ["East", "West"],
        "manager": ["Max", "Mia"], "region": ["Coast", "Inland"], "territory": ["T2", "T3"]})
    reps = REPS.assign(team=["East", "West", "West"], manager=["Max", "Mia", "Mia"])
    found = veiled(tables(rep_history=history, reps=reps), Sight("team", "East", True))
    bob = found.reps[found.reps["name"] == "Bob"].iloc[0]
    assert bob["rep_id"] == "r2" and bob["team"] == bob["manager"] == ELSEWHERE
    assert list(found.rep_history["manager"]) == ["Max", ELSEWHERE]


def test_withheld_tables_and_columns_are_as_if_they_were_not_there():
    found = veiled(tables(), Sight(names=True, withhold=("splits", "accounts.latitude")))
    assert not found.has("splits") and found.accounts["latitude"].isna().all() and found.has("accounts")


def test_inputs_are_untouched():
    whole = tables()
    before = {name: getattr(whole, name).copy() for name in whole.available}
    for sight in (Sight(), Sight("team", "East"), Sight("rep", "r1", True)):
        veiled(whole, sight)
        assert not dataclasses.replace(sight).whole
    assert all(getattr(whole, name).equals(frame) for name, frame in before.items())
