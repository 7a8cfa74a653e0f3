"""Peers like for like: groups by hand, fewer traits where a group is small, the comparison with the others."""

from __future__ import annotations

import numpy as np
import pandas as pd
from rep_company import ACME

from salesops_helpers import Tables
from salesops_helpers.performance import reps
from salesops_helpers.performance.rep_peers import against_peers, peer_groups


def company(people: list[tuple], won: dict[str, int] | None = None, each: int = 20) -> Tables:
    """People as (rep_id, role, segment, hired on)."""
    frame = pd.DataFrame(people, columns=["rep_id", "role", "segment", "hired_on"])
    wins = frame["rep_id"].map({**dict.fromkeys(frame["rep_id"], each // 2), **(won or {})})
    rep = np.repeat(frame["rep_id"].to_numpy(), each)
    status = np.where(np.tile(np.arange(each), len(frame)) < np.repeat(wins.to_numpy(), each), "won", "lost")
    deals = pd.DataFrame({
        "opportunity_id": [f"D{i}" for i in range(len(rep))], "rep_id": rep,
        "segment": np.repeat(frame["segment"].to_numpy(dtype=object), each), "closed_on": pd.Timestamp("2026-06-15"),
        "status": status, "stage": np.char.capitalize(status.astype(str)), "amount": 10.0})
    staff = frame.drop(columns="segment").assign(name=frame["rep_id"], hired_on=pd.to_datetime(frame["hired_on"]))
    return Tables.from_frames(ACME, {"opportunities": deals, "reps": staff}, as_of="2026-06-30")


PEOPLE = [*((f"A{i}", "AE", "Big", "2020-01-01") for i in range(4)), ("N1", "AE", "Big", "2026-02-01"),
          ("S1", "AE", "Small", "2020-01-01"), ("X1", None, "Small", None)]


def test_groups_by_hand():
    found = peer_groups(company(PEOPLE)).set_index("rep_id")
    assert found.loc["A0", ["group", "like", "peers"]].tolist() == [
        "AE, Big, 12 months or more", "role, segment and tenure", 4]
    # N1 is new and alone in it: compared on role and segment, where five stand.
    assert found.loc["N1", ["tenure", "group", "peers"]].tolist() == ["under 12 months", "AE, Big", 5]
    assert found.loc["S1", ["group", "peers"]].tolist() == ["AE", 6]
    assert found.loc["X1", ["group", "like", "peers"]].tolist() == ["all reps", "none", 7]


def test_a_rep_who_stands_apart_from_its_peers():
    tables = company(PEOPLE, {"A2": 20})
    found = against_peers(reps.win_rates(tables), peer_groups(tables)).set_index("rep_id")
    assert found.index[found["apart"]].tolist() == ["A2"]
    # N1 is held against the four older reps of its role and segment: 10 + 10 + 20 + 10 wins of 80.
    assert found.loc["N1", ["others_closed", "others_raw"]].tolist() == [80, 0.625]
    assert found.loc["X1", ["others_closed", "others_raw"]].tolist() == [120, 70 / 120]


def test_nobody_stands_apart_where_all_are_alike():
    tables = company(PEOPLE)
    assert not against_peers(reps.win_rates(tables), peer_groups(tables))["apart"].any()
