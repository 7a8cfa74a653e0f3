"""Small literal companies for strengths, focus and the page on one rep."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers import Tables
from salesops_helpers.data.company import Company

ACME = Company(name="Acme", currency="EUR", stages=["Demo", "Offer", "Won", "Lost"], won_stages=["Won"],
               lost_stages=["Lost"])
HOSTILE = "<script>alert(1)</script>"
NAMES = {"a": "Ann", "b": "Bob", "c": "Cid", "d": "Dee", "e": "Eve", "h": HOSTILE}


def people(**more) -> pd.DataFrame:
    """Six reps of one team; `more` overwrites columns by rep_id."""
    frame = pd.DataFrame({"rep_id": list(NAMES), "name": list(NAMES.values()), "team": "North", "region": "Europe",
                          "role": "Agent", "hired_on": pd.Timestamp("2020-01-01"), "left_on": pd.NaT})
    frame = frame.set_index("rep_id")
    for column, values in more.items():
        for rep, value in values.items():
            frame.loc[rep, column] = value
    return frame.reset_index()


def deals(each: int = 20, won: int = 10) -> pd.DataFrame:
    """`each` closed deals a rep in 2026, the first `won` won at 1,000 of a list price of 1,000; one open deal each."""
    rows = [(f"{rep}{n}", rep, "Axle", "2026-01-02", "Won" if n < won else "Lost", 1000.0 * (n < won), 1000.0,
             "2026-02-22", pd.NaT) for rep in NAMES for n in range(each)]
    rows += [(f"{rep}-open", rep, "Axle", "2026-01-05", "Demo", 500.0, 1000.0, pd.NaT, "2026-05-01") for rep in NAMES]
    frame = pd.DataFrame(rows, columns=["opportunity_id", "rep_id", "product", "created_on", "stage", "amount",
                                        "list_price", "closed_on", "expected_close_on"])
    dates = ["created_on", "closed_on", "expected_close_on"]
    status = frame["stage"].map({"Won": "won", "Lost": "lost", "Demo": "open"})
    return frame.assign(status=status, **{c: pd.to_datetime(frame[c]) for c in dates})


def company(as_of: str = "2026-06-30", reps: pd.DataFrame | None = None, opportunities: pd.DataFrame | None = None,
            **tables) -> Tables:
    frames = {"opportunities": deals() if opportunities is None else opportunities,
              "reps": people() if reps is None else reps, **tables}
    return Tables.from_frames(ACME, frames, as_of=as_of)


def cases(counts: dict[str, tuple[float, int]], kind: str = "stage", level: str = "Demo", expected: float = 0.5,
          worth: float = 100.0) -> pd.DataFrame:
    """Literal cases: rep → (successes, cases)."""
    parts = [pd.DataFrame({"kind": kind, "level": level, "rep_id": rep,
                           "case_id": [f"{rep}{n}" for n in range(n_cases)],
                           "observed": (np.arange(n_cases) < won).astype(float), "expected": expected,
                           "variance": expected * (1 - expected), "worth": worth})
             for rep, (won, n_cases) in counts.items()]
    return pd.concat(parts, ignore_index=True)
