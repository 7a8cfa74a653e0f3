"""A public bicycle maker: known figures, and what the rules see in it."""

from __future__ import annotations

import pandas as pd
import pytest
from adventureworks import write_adventureworks

from salesops_helpers import load
from salesops_helpers.data.check import check
from salesops_helpers.measures import bookings, months_of


@pytest.fixture(scope="module")
def folder(cases, tmp_path_factory):
    return write_adventureworks(cases, tmp_path_factory.mktemp("adventureworks"))


@pytest.fixture(scope="module")
def report(folder, tmp_path_factory):
    return check(folder, tmp_path_factory.mktemp("checked"))


@pytest.fixture(scope="module")
def tables(folder):
    return load(folder)


def by_quarter(frame: pd.DataFrame, value: str, *keys: str) -> pd.Series:
    quarter = frame["month"].dt.to_period("Q")
    return frame.assign(quarter=quarter).groupby([*keys, "quarter"])[value].sum()


def test_orders(tables):
    assert len(tables.opportunities) == 3796
    assert len(months_of(tables)) == 36
    assert round(bookings(tables)["bookings"].sum()) == 80_977_720


def test_reps_and_quotas(tables):
    assert len(tables.reps) == 17 == tables.quotas["rep_id"].nunique()
    assert len(by_quarter(tables.quotas, "amount", "rep_id")) == 163
    assert tables.reps["role"].value_counts().to_dict() == {"Sales rep": 14, "Manager": 3}


def test_attainment_by_quarter(tables):
    share = by_quarter(bookings(tables), "bookings") / by_quarter(tables.quotas, "amount")
    assert len(share) == 12 and share.round(2).between(0.81, 0.89).all()


def test_rep_quarters_that_reach_the_quota(tables):
    sold = by_quarter(bookings(tables, "rep").rename(columns={"unit": "rep_id"}), "bookings", "rep_id")
    quota = by_quarter(tables.quotas, "amount", "rep_id")
    assert (sold.reindex(quota.index).fillna(0) >= quota).sum() == 9


def test_every_row_is_used(report):
    assert report.set_aside.empty
    assert (report.counts["rows_in"] == report.counts["used"]).all()


def test_what_the_rules_see(report):
    found = report.flags.groupby(["table", "rule"]).size().to_dict()
    assert found == {("opportunities", "unknown in accounts"): 3796, ("opportunities", "amount far from usual"): 4}
    assert "None of 3,796 closed deals was lost" in report.text
    assert "closed on the day they were created" in report.text
