"""Calls of reps: what was known when, bias, the corrected call."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from salesops_helpers.data.company import Company
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.forecast import calls

ACME = Company(name="Acme", currency="EUR", stages=["Open", "Won", "Lost"], won_stages=["Won"], lost_stages=["Lost"])


def tables(rows: list[tuple], won: list[tuple], as_of: str) -> Tables:
    """rows: rep, month, called_on, commit, best_case; won: rep, closed_on, amount."""
    reps = pd.DataFrame({"rep_id": ["A", "B"], "name": ["Ann", "Bo"], "manager": ["Max", "Max"]})
    said = pd.DataFrame(rows, columns=["rep_id", "month", "called_on", "commit", "best_case"])
    deals = pd.DataFrame(won, columns=["rep_id", "closed_on", "amount"])
    deals = deals.assign(opportunity_id=[str(i) for i in range(len(deals))], status="won", stage="Won",
                         created_on=deals["closed_on"])
    for frame, names in ((said, ["month", "called_on"]), (deals, ["closed_on", "created_on"])):
        frame[names] = frame[names].apply(pd.to_datetime)
    return Tables.from_frames(ACME, {"reps": reps, "opportunities": deals, "forecast_calls": said}, as_of=as_of)


def five_months(a: float = 50.0, b: float = 100.0) -> Tables:
    """Both commit 100 each month; A books `a`, B books `b`; the call for June is 200 and 100."""
    months = pd.date_range("2026-01-01", periods=5, freq="MS")
    rows = [(r, m, m - pd.Timedelta(days=4), 100.0, 150.0) for m in months for r in "AB"]
    rows += [("A", "2026-06-01", "2026-05-28", 200.0, 250.0), ("B", "2026-06-01", "2026-05-29", 100.0, 120.0)]
    won = [(r, m + pd.Timedelta(days=9), v) for m in months for r, v in (("A", a), ("B", b))]
    return tables(rows, won, "2026-05-31")


def test_a_call_is_judged_by_calls_made_as_early():
    rows = [("A", "2026-01-01", "2025-12-28", 100.0, 120.0), ("A", "2026-01-01", "2026-01-20", 40.0, 50.0),
            ("A", "2026-02-01", "2026-01-30", 80.0, 90.0), ("A", "2026-02-01", "2026-01-31", 90.0, 95.0)]
    found = calls.matched(tables(rows, [("A", "2026-01-15", 30.0)], "2026-01-31"))
    assert found[["month", "commit", "over"]].astype({"month": str}).to_numpy().tolist() == [
        ["2026-01-01", 100.0, True], ["2026-02-01", 90.0, False]]
    assert found["actual"].iloc[0] == 30.0 and np.isnan(found["actual"].iloc[1])


def test_in_the_middle_of_a_month_calls_at_the_same_place_count():
    rows = [("A", "2026-01-01", "2026-01-05", 100.0, 120.0), ("A", "2026-01-01", "2026-01-20", 40.0, 50.0),
            ("A", "2026-02-01", "2026-02-06", 80.0, 90.0)]
    found = calls.matched(tables(rows, [("A", "2026-01-15", 30.0)], "2026-02-10"))
    assert found["commit"].tolist() == [100.0, 80.0] or found.sort_values("month")["commit"].tolist() == [100.0, 80.0]


def test_bias_accuracy_and_the_corrected_call():
    found = calls.table(five_months()).set_index("unit")
    assert found.loc["A", ["commit", "best_case", "months", "ratio", "wape", "within"]].tolist() == [
        200.0, 250.0, 5, 0.5, 1.0, 0.0]
    assert found.loc["B", ["ratio", "wape", "within"]].tolist() == [1.0, 0.0, 1.0]
    company = calls.table(five_months(), "company").iloc[0]
    assert company["commit"] == 300.0 and company["ratio"] == pytest.approx(0.75)
    assert company["corrected"] == pytest.approx(225.0)
    assert calls.table(five_months(), "manager")["unit"].tolist() == ["Max"]


def test_callers_who_differ_by_chance_alone_get_the_common_ratio():
    rng = np.random.default_rng(3)
    months = pd.date_range("2025-06-01", periods=12, freq="MS")
    rows = [(r, m, m - pd.Timedelta(days=2), 100.0, 150.0) for m in [*months, pd.Timestamp("2026-06-01")] for r in "AB"]
    won = [(r, m + pd.Timedelta(days=9), float(rng.integers(20, 180))) for m in months for r in "AB"]
    found = calls.table(tables(rows, won, "2026-05-31"))
    common = found["ratio"].mean()
    assert (found["shrunk"] - common).abs().max() < 0.5 * (found["ratio"] - common).abs().max() + 1e-9


def test_the_companys_call_counts_what_others_bring():
    found = calls.corrected(five_months(), 2)
    assert found["ahead"].tolist() == [1] and found["forecast"].iloc[0] == pytest.approx(300 * 150 / 200)


def test_without_calls_nothing_is_said():
    bare = tables([], [("A", "2026-01-15", 30.0)], "2026-01-31")
    assert calls.corrected(bare, 3).empty and calls.table(bare).empty


def test_a_level_that_is_none_is_refused():
    with pytest.raises(SalesOpsError, match="rep, manager, company"):
        calls.table(five_months(), "team")
