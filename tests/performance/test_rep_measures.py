"""Seven measures of reps: raw values by hand, models against the truth, what differs and what does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rep_company import ACME, simulated

from salesops_helpers import SalesOpsError, Tables, load
from salesops_helpers.performance.rep_cases import MEASURES
from salesops_helpers.performance.rep_measures import COLUMNS, group_levels, rep_measures, shuffled

MAVEN = Path(__file__).resolve().parents[1] / "cases" / "maven"


def literal() -> Tables:
    deals = pd.DataFrame(
        [("R1", "won", "2026-01-01", "2026-01-11", 100.0), ("R1", "won", "2026-01-01", "2026-01-21", 300.0),
         ("R1", "lost", "2026-01-05", "2026-01-10", None), ("R2", "won", "2026-01-01", "2026-01-31", 500.0),
         ("R2", "open", "2026-01-21", None, None), ("R2", "lost", "2025-11-01", "2025-12-31", None)],
        columns=["rep_id", "status", "created_on", "closed_on", "amount"])
    deals = deals.assign(opportunity_id=[f"D{i}" for i in range(len(deals))], stage=deals["status"].str.title(),
                         created_on=pd.to_datetime(deals["created_on"]), closed_on=pd.to_datetime(deals["closed_on"]))
    days = pd.Timestamp("2026-01-05 09:00")
    return Tables.from_frames(ACME, {
        "opportunities": deals,
        "reps": pd.DataFrame({"rep_id": ["R1", "R2"], "name": ["Zoe", "Ann"]}),
        "activities": pd.DataFrame({"activity_id": list("abcdef"), "rep_id": ["R1"] * 4 + ["R2"] * 2,
                                    "occurred_at": [days] * 5 + [pd.Timestamp("2025-12-05")]}),
        "leads": pd.DataFrame({"lead_id": list("abc"), "rep_id": ["R1", "R1", "R2"], "created_at": [days] * 3,
                               "assigned_at": [days] * 3,
                               "first_touch_at": [days + pd.Timedelta("24h"), days + pd.Timedelta("25h"), pd.NaT]}),
        "quotas": pd.DataFrame({"rep_id": ["R1", "R2"], "month": pd.Timestamp("2026-01-01"), "amount": [800.0, 500.0]}),
    }, as_of="2026-01-31")


def test_raw_values_by_hand():
    found = rep_measures(literal(), 1).set_index(["measure", "name"])
    raw, n = found["raw"], found["n"]
    assert n["win_rate"].to_dict() == {"Ann": 1, "Zoe": 3} and raw["win_rate", "Zoe"] == pytest.approx(2 / 3)
    assert raw["value_per_opportunity"].to_dict() == {"Ann": 500.0, "Zoe": pytest.approx(400 / 3)}
    assert raw["deal_size"].to_dict() == {"Ann": 500.0, "Zoe": 200.0}
    # Zoe: 10 + 20 + 5 days open, 3 closings. Ann: 30 days and 10 of the open deal, 1 closing.
    assert raw["cycle_days"].to_dict() == {"Ann": 40.0, "Zoe": pytest.approx(35 / 3)}
    assert raw["activity_per_win"].to_dict() == {"Ann": 1.0, "Zoe": 2.0}
    assert raw["lead_response"].to_dict() == {"Ann": 0.0, "Zoe": 0.5}
    assert raw["attainment"].to_dict() == {"Ann": 1.0, "Zoe": 0.5}
    assert not found["differs"].any() and list(rep_measures(literal(), 1)) == COLUMNS


def test_measures_whose_tables_are_missing_are_left_out_and_unknown_ones_refused():
    tables, _ = simulated(1, reps=4, deals=10)
    found = set(rep_measures(tables)["measure"])
    assert found == {"win_rate", "value_per_opportunity", "deal_size", "cycle_days"}
    with pytest.raises(SalesOpsError, match="'wins' is not known"):
        rep_measures(tables, measures=["wins"])
    assert rep_measures(tables, measures=["attainment"]).empty


def test_ranges_hold_the_truth_and_order_follows_it():
    held, order = [], []
    for seed in range(5):
        tables, skill = simulated(seed, reps=40, deals=60, skill=0.5)
        found = rep_measures(tables, measures=["win_rate", "value_per_opportunity"]).set_index(["measure", "rep_id"])
        rates = found.loc["win_rate"]
        true = np.array([(1 / (1 + np.exp(-(-0.2 + s + np.add.outer([1, 0, -1], [0.6, -0.6]))))).mean() for s in skill])
        held.append(((rates["low"] <= true) & (true <= rates["high"])).mean())
        order.append(rates["mean"].corr(pd.Series(skill, rates.index), method="spearman"))
        assert rates["differs"].all()
        ranges = found.loc["value_per_opportunity"]
        assert (ranges["low"] < ranges["mean"]).all() and (ranges["mean"] < ranges["high"]).all()
    assert 0.82 <= np.mean(held) <= 0.97 and np.mean(order) >= 0.75


def test_nothing_differs_in_a_company_where_all_are_alike():
    alarms = np.array([rep_measures(simulated(seed, reps=16, deals=25)[0]).groupby("measure")["differs"].first()
                       for seed in range(20)])
    # 4 measures × 20 companies at 5 %: 4 expected, 12 is four standard deviations above.
    assert alarms.sum() <= 12


def test_a_rep_who_closes_fast_and_big_is_seen():
    tables, _ = simulated(3, reps=12, deals=60)
    deals = tables.opportunities
    mine = deals["rep_id"] == "R0005"
    deals = deals.assign(amount=deals["amount"].where(~mine, deals["amount"] * 4),
                         created_on=deals["created_on"].where(~mine, deals["closed_on"] - pd.Timedelta(days=5)))
    fast = Tables.from_frames(ACME, {"opportunities": deals, "reps": tables.reps}, as_of="2026-12-31")
    found = rep_measures(fast, teams=False).set_index(["measure", "rep_id"])
    for name in ("deal_size", "cycle_days"):
        assert found.loc[name, "differs"].all() and found.loc[(name, "R0005"), "rank_high"] == 1
    assert found.loc[("cycle_days", "R0005"), "mean"] < found.loc["cycle_days", "mean"].median() / 3


def test_groups_only_where_the_data_carry_them():
    place = pd.DataFrame({"team": np.repeat(list("abcdef"), 3), "region": np.repeat(list("xyz"), 6)})
    assert [g.name for g in group_levels(place)] == ["team", "region"]
    assert [g.name for g in group_levels(place.assign(region="x"))] == ["team"]
    assert group_levels(place.iloc[:6]) == [] and group_levels(place.drop_duplicates("team")) == []


def test_shuffling_finds_a_difference_and_none_where_there_is_none():
    rng = np.random.default_rng(1)
    by = pd.Series(np.repeat(["a", "b", "c"], 30))
    same = pd.Series(rng.exponential(1, 90))
    assert shuffled(same, by) > 0.05 and shuffled(same + 2.0 * (by == "a"), by) < 0.01
    assert shuffled(same.head(1), by.head(1)) == 1.0
    order = rng.permutation(90)
    assert shuffled(same.iloc[order], by.iloc[order]) == shuffled(same, by)


def test_every_measure_says_what_it_is():
    assert all(m.title and m.unit and m.cases and m.better in ("up", "down") for m in MEASURES.values())


def test_maven_does_not_differ_in_win_rate(cases):
    found = rep_measures(load(MAVEN, month="2017-12"), 12).set_index(["measure", "name"])
    assert not found.loc["win_rate", "differs"].any()
    assert found.loc["value_per_opportunity", "differs"].all()
