"""Small companies for the tests of signals, ledger and flags."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers.data.company import Company
from salesops_helpers.data.container import Tables

COMPANY = Company(name="Acme", currency="EUR", stages=["First", "Second", "Won", "Lost"], won_stages=["Won"],
                  lost_stages=["Lost"])


def monthly(won: list[int], lost: list[int], start: str = "2024-01", amount: float = 100.0, **columns) -> pd.DataFrame:
    """Deals closed on the 10th of each month from `start` on, created 20 days before."""
    months = pd.date_range(start, periods=len(won), freq="MS")
    counts = np.repeat(np.arange(len(won)), np.add(won, lost))
    is_won = np.concatenate([np.r_[np.ones(w, bool), np.zeros(n, bool)] for w, n in zip(won, lost, strict=True)])
    closed = months[counts] + pd.Timedelta(days=9)
    return pd.DataFrame({
        "opportunity_id": [f"D{i}" for i in range(len(counts))], "rep_id": "R1", "account_id": "A1",
        "created_on": closed - pd.Timedelta(days=20), "closed_on": closed, "status": np.where(is_won, "won", "lost"),
        "stage": np.where(is_won, "Won", "Lost"), "amount": amount, **columns})


def tables(deals: pd.DataFrame, as_of: str, **more: pd.DataFrame) -> Tables:
    reps = more.pop("reps", pd.DataFrame({"rep_id": ["R1"], "name": ["Ann"], "team": ["North"], "region": ["Up"]}))
    return Tables.from_frames(COMPANY, {"reps": reps, "opportunities": deals, **more}, as_of=as_of)
