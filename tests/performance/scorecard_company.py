"""A company of literal frames with answers worked out by hand, shared by the scorecard's tests."""

from __future__ import annotations

import pandas as pd

from salesops_helpers import Tables
from salesops_helpers.data.company import Company
from salesops_helpers.performance.scorecard import scorecard

ACME = Company(name="Acme", currency="EUR", stages=["Lead", "Offer", "Won", "Lost"], won_stages=["Won"],
               lost_stages=["Lost"])
AS_OF = "2026-03-31"


def day(*texts):
    return pd.to_datetime(list(texts))


def company(as_of: str = AS_OF, settings: Company = ACME, **more: pd.DataFrame) -> Tables:
    """Ten deals of March 2026 and before: three won and two lost in March, one of them created in March."""
    deals = pd.DataFrame([
        # id, account, rep, product, source, created, status, amount, closed, kind
        ("w1", "A", "R1", "P", "Web", "2026-01-10", "won", 100.0, "2026-03-01", "new"),      # 50 days
        ("w2", "B", "R1", "P", "Web", "2026-02-19", "won", 300.0, "2026-03-31", "new"),      # 40 days
        ("w3", "C", "R2", "Q", "Fair", "2026-03-02", "won", 200.0, "2026-03-22", "new"),     # 20 days, born in March
        ("l1", "D", "R2", "Q", "Fair", "2026-03-05", "lost", 400.0, "2026-03-15", "new"),    # 10 days, born in March
        ("l2", "E", "R1", "P", "Web", "2026-02-01", "lost", 0.0, "2026-03-03", "new"),       # 30 days, no amount
        ("o1", "F", "R1", "P", "Web", "2026-03-20", "open", 500.0, None, "new"),
        ("o2", "G", "R2", "Q", None, "2026-02-10", "open", None, None, "new"),               # list price 150
        ("w0", "A", "R1", "P", "Web", "2026-01-05", "won", 50.0, "2026-02-14", "new"),       # 40 days, February
        ("l0", "H", "R2", "Q", "Fair", "2026-01-06", "lost", 60.0, "2026-02-15", "new"),     # 40 days, February
        ("u0", "I", "R2", "Q", "Fair", None, "open", 70.0, None, "new"),                     # undated
    ], columns=["opportunity_id", "account_id", "rep_id", "product", "lead_source", "created_on", "status", "amount",
                "closed_on", "kind"])
    stage = deals["status"].map({"won": "Won", "lost": "Lost", "open": "Offer"})
    deals = deals.assign(stage=stage, created_on=pd.to_datetime(deals["created_on"]),
                         closed_on=pd.to_datetime(deals["closed_on"]), probability=0.5,
                         expected_close_on=pd.Timestamp("2026-05-31"))
    reps = pd.DataFrame({"rep_id": ["R1", "R2"], "name": ["Ann", "Bob"], "team": ["Red", "Blue"],
                         "region": ["North", "South"], "role": "AE", "hired_on": day("2020-01-01", "2026-01-01")})
    products = pd.DataFrame({"product": ["P", "Q"], "list_price": [120.0, 150.0]})
    frames = {"opportunities": deals, "reps": reps, "products": products, **more}
    return Tables.from_frames(settings, frames, as_of=as_of)


def card(tables: Tables, month: str = "2026-03", **asked) -> pd.DataFrame:
    """The scorecard by KPI and form (and unit, where one is asked for)."""
    index = ["kpi", "form"] if asked.get("by") is None else ["kpi", "form", "unit"]
    return scorecard(tables, month, **asked).set_index(index).sort_index()


def history(*rows) -> pd.DataFrame:
    """stage_history from (deal, moment, stage, amount, expected close) rows."""
    frame = pd.DataFrame(list(rows), columns=["opportunity_id", "changed_at", "stage", "amount", "expected_close_on"])
    return frame.assign(changed_at=pd.to_datetime(frame["changed_at"]),
                        expected_close_on=pd.to_datetime(frame["expected_close_on"]))
