"""Flags go up on what they are for, and stay down on chance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from kpi_case import monthly, tables

from salesops_helpers import load
from salesops_helpers.performance.flag_units import lead_units
from salesops_helpers.performance.flags import (
    LEADS,
    RUSH,
    STALL,
    few_qualified,
    flags,
    quarter_end_rush,
    sentence,
    stalls,
)
from salesops_helpers.performance.signals import known_history

MONTH, AS_OF = "2025-06", "2025-06-30"


def rates(won: list[int], closed: int = 100, start: str = "2024-01") -> pd.DataFrame:
    months = pd.date_range(start, periods=len(won), freq="MS")
    value = [w / closed for w in won]
    rate = pd.DataFrame({"kpi": "win_rate", "form": "closed", "month": months, "numerator": won, "n": float(closed),
                         "value": value})
    return pd.concat([rate, rate.assign(kpi="won_value", value=[float(w) for w in won])], ignore_index=True)


def test_quarter_end_rush_by_hand():
    found = quarter_end_rush(rates([50, 52, 80, 49, 51, 82, 48, 52, 78]))
    assert found["found"].tolist() == [True] and found["n"].tolist() == [900]
    said = found["sentence"].iloc[0]
    assert "won 80.0 % (3 months, 78 to 82 %, 300 closed deals)" in said and "the calendar's doing" in said
    assert "the others 50.3 % (6 months, 48 to 52 %, 600 closed deals)" in said
    assert "44 % of the won value of whole quarters came in their last month" in said


def test_a_fiscal_year_moves_the_quarters():
    assert not quarter_end_rush(rates([50, 52, 80, 49, 51, 82, 48, 52, 78]), fiscal_year_start=2)["found"].any()


def test_no_rush_where_months_are_alike_or_too_few():
    rng = np.random.default_rng(4)
    years = [quarter_end_rush(rates(rng.binomial(100, 0.5, 24).tolist()))["found"].iloc[0] for _ in range(200)]
    assert np.mean(years) <= 0.06
    assert quarter_end_rush(rates([50, 52, 80])).empty


def lead_table(counts: dict[tuple[str, str], tuple[int, int]]) -> pd.DataFrame:
    """(rep, source) → (leads, qualified), all assigned on 10 January 2025."""
    parts = [pd.DataFrame({"rep_id": rep, "source": source, "qualified": np.arange(n) < good})
             for (rep, source), (n, good) in counts.items()]
    frame = pd.concat(parts, ignore_index=True)
    day = pd.Timestamp("2025-01-10 09:00")
    return pd.DataFrame({
        "lead_id": [f"L{i}" for i in range(len(frame))], "rep_id": frame["rep_id"], "source": frame["source"],
        "created_at": day, "assigned_at": day,
        "qualified_on": pd.Series(pd.Timestamp("2025-01-15"), frame.index).where(frame["qualified"])})


def acme(counts) -> object:
    reps = sorted({rep for rep, _ in counts})
    table = pd.DataFrame({"rep_id": reps, "name": [f"Rep {r}" for r in reps], "team": "North"})
    return tables(monthly([5] * 18, [5] * 18), AS_OF, reps=table, leads=lead_table(counts))


def test_many_leads_few_qualified():
    counts = {("A", "Web"): (300, 30), ("B", "Web"): (100, 40), ("C", "Web"): (100, 41), ("D", "Web"): (90, 37)}
    found = few_qualified(acme(counts), MONTH)
    assert found["unit"].tolist() == ["A"] and found["flag"].tolist() == [LEADS]
    assert "rep Rep A: 10.0 % of 300 leads qualified" in found["sentence"].iloc[0]
    assert "others 40.7 % with the same mix of sources; 2.0 times the leads" in found["sentence"].iloc[0]


def test_a_rep_who_was_given_a_bad_source_is_not_flagged_the_source_is():
    counts = {("A", "Fair"): (300, 30), ("A", "Web"): (20, 9), ("B", "Web"): (150, 60), ("B", "Fair"): (100, 10),
              ("C", "Web"): (150, 61), ("C", "Fair"): (60, 6)}
    found = few_qualified(acme(counts), MONTH)
    assert found["unit"].tolist() == ["Fair"]
    units = lead_units(acme(counts), MONTH).set_index("unit")
    assert units.loc["A", "others"] == pytest.approx(
        (300 * 16 / 160 + 20 * 121 / 300) / 320)


def test_few_leads_flag_nobody():
    found = few_qualified(acme({("A", "Web"): (12, 1), ("B", "Web"): (6, 4), ("C", "Web"): (6, 3)}), MONTH)
    assert found["found"].tolist() == [False] and "None of" in found["sentence"].iloc[0]


def stage_company(slow: float):
    """Two reps in each of three teams; 80 deals a rep enter First; 60 % go on to Second, in team North `slow`."""
    rows, history = [], []
    for r in range(6):
        moved = 80 * (slow if r < 2 else 0.6)
        for i in range(80):
            name, day = f"D{r}-{i}", pd.Timestamp("2024-09-02") + pd.Timedelta(days=i)
            history.append((name, day, "First", f"R{r}"))
            history.append((name, day + pd.Timedelta(days=5), "Second" if i < moved else "Lost", f"R{r}"))
            if i < moved:
                history.append((name, day + pd.Timedelta(days=9), "Won", f"R{r}"))
            end = day + pd.Timedelta(days=9 if i < moved else 5)
            rows.append((name, f"R{r}", day, end, "won" if i < moved else "lost", "Won" if i < moved else "Lost", 10.0))
    columns = ["opportunity_id", "rep_id", "created_on", "closed_on", "status", "stage", "amount"]
    deals = pd.DataFrame(rows, columns=columns)
    past = pd.DataFrame(history, columns=["opportunity_id", "changed_at", "stage", "rep_id"]).assign(amount=10.0)
    reps = pd.DataFrame({"rep_id": [f"R{r}" for r in range(6)], "name": [f"Rep {r}" for r in range(6)],
                         "team": ["North", "North", "South", "South", "East", "East"]})
    return tables(deals, AS_OF, reps=reps, stage_history=past)


def test_a_team_stalls_at_one_stage():
    found = stalls(stage_company(slow=0.25), MONTH)
    assert found["unit"].tolist() == ["North"] and found["flag"].tolist() == [STALL]
    said = found["sentence"].iloc[0]
    assert said.startswith("North at First: 25.0 % of 160 deals moved on") and "other teams 60.0 %" in said
    assert "2 of its 2 reps below" in said


def test_teams_alike_do_not_stall():
    assert stalls(stage_company(slow=0.6), MONTH)["found"].tolist() == [False]


def test_all_flags_in_order_and_in_words():
    company = stage_company(slow=0.25)
    found = flags(company, MONTH, known_history(company, MONTH, kpis=["win_rate", "won_value"]))
    assert found["flag"].iloc[0] == STALL and sentence(found).startswith("Flags up: the team stalls")
    assert LEADS not in set(found["flag"])


def test_maven_quarter_ends_are_the_calendars_doing(cases):
    maven = load("tests/cases/maven", month="2017-12")
    found = flags(maven, "2017-12", known_history(maven, "2017-12", kpis=["win_rate", "won_value"]))
    row = found[found["flag"] == RUSH].iloc[0]
    assert row["found"] and row["n"] == 6_711
    assert "(4 months, 78 to 83 %" in row["sentence"] and "(6 months, 49 to 57 %" in row["sentence"]
    assert "calendar's doing" in row["sentence"]
