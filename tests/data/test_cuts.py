"""The cut said to the engine gives the same rows as the cut of frames."""

from __future__ import annotations

import pandas as pd
import pytest
from folders import write_company

from salesops_helpers import load

DEALS = (
    "opportunity_id,rep_id,stage,created_on,closed_on,amount,expected_close_on,currency\n"
    "early,r1,Won,2026-01-01,2026-02-01,100,2026-02-01,\n"
    "late,r1,Lost,2026-01-10,2026-03-10,0,2026-03-01,\n"
    "again,r2,Won,2026-01-12,2026-03-20,70,2026-03-20,\n"
    "open,r2,Offer,2026-01-20,,300,2026-06-30,{currency}\n"
    "bare,r2,Offer,2026-02-20,,10,,\n"
)
HISTORY = (
    "opportunity_id,changed_at,stage,amount,expected_close_on,rep_id\n"
    "early,2026-01-01T09:00:00,Open,90,2026-02-15,r2\nearly,2026-02-04T09:00:00,Won,100,2026-02-01,r1\n"
    "late,2026-01-10T09:00:00,Open,80,2026-02-15,r2\nlate,2026-02-15T12:00:00,Offer,90,2026-03-31,r1\n"
    "late,2026-03-10T10:00:00,Lost,0,2026-03-10,r1\n"
    "again,2026-01-12T09:00:00,Open,50,,r2\nagain,2026-02-02T09:00:00,Won,60,2026-02-02,r2\n"
    "again,2026-02-10T09:00:00,Offer,60,2026-03-20,r2\nagain,2026-03-20T09:00:00,Won,70,2026-03-20,r2\n"
    "open,2026-01-20T08:00:00,Open,250,2026-04-30,r2\nopen,2026-03-20T08:00:00,Offer,300,2026-06-30,r2\n"
)
RATES = "currency,month,rate\nUSD,2026-01,0.5\nUSD,2026-03,0.6\n"
DAYS = ["2026-01-15", "2026-02-01", "2026-02-02", "2026-02-05", "2026-02-28", "2026-03-10", "2026-03-20", "2026-03-31"]


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("currency", ["", "USD"])
@pytest.mark.parametrize("history", [True, False])
def test_rows_of_the_engine_are_the_rows_of_the_frame(tmp_path, day, currency, history):
    more = {"stage_history": HISTORY} if history else {}
    folder = write_company(tmp_path / "acme", opportunities=DEALS.format(currency=currency), fx_rates=RATES, **more)
    tables = load(folder, as_of=day)
    for name in ("opportunities", *more):
        key = ["opportunity_id"] + (["changed_at"] if name == "stage_history" else [])
        found = tables.rows_engine.collect(tables.rows(name), name)
        ours = getattr(tables, name).sort_values(key, ignore_index=True)
        pd.testing.assert_frame_equal(found.astype(ours.dtypes).sort_values(key, ignore_index=True), ours)


def test_a_won_deal_that_was_opened_again_counts_in_the_month_as_known_then(tmp_path):
    folder = write_company(tmp_path / "acme", opportunities=DEALS.format(currency=""), stage_history=HISTORY)
    then = load(folder, as_of="2026-02-05").opportunities.set_index("opportunity_id")
    assert then.loc["again", ["status", "closed_on", "amount"]].tolist() == ["won", pd.Timestamp("2026-02-02"), 60.0]
    assert load(folder).opportunities["status"].tolist().count("won") == 2
