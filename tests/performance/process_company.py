"""A small company whose process can be followed by hand, for the tests of the sales process."""

from __future__ import annotations

import pandas as pd

from salesops_helpers import Tables
from salesops_helpers.data.company import Company

ACME = Company(name="Acme", currency="EUR", stages=["A", "B", "C", "Won", "Lost"], won_stages=["Won"],
               lost_stages=["Lost"])
MEANS = {"Won": "won", "Lost": "lost"}
REPS = pd.DataFrame({"rep_id": ["r1", "r2", "r3"], "name": ["Ada", "Bo", "Cy"], "team": ["North", "North", "South"],
                     "region": ["N", "N", "S"]})


def company(log: list[tuple], as_of: str, reps: pd.DataFrame = REPS, history: bool = True, **columns) -> Tables:
    """Tables from a log of changes: (deal, moment, stage[, amount[, expected_close_on[, rep_id]]]), values carried on.

    A deal is created with its first change and closed with the last one into Won or Lost; `columns`: column → {deal:
    value} of opportunities.
    """
    names = ["opportunity_id", "changed_at", "stage", "amount", "expected_close_on", "rep_id"]
    rows = [(*row, *[None] * (len(names) - len(row))) for row in log]
    frame = pd.DataFrame(rows, columns=names)
    frame["changed_at"] = pd.to_datetime(frame["changed_at"])
    frame["expected_close_on"] = pd.to_datetime(frame["expected_close_on"])
    frame["amount"] = frame["amount"].astype(float)
    frame = frame.sort_values(["opportunity_id", "changed_at"], kind="stable", ignore_index=True)
    carried = ["amount", "expected_close_on", "rep_id"]
    frame[carried] = frame.groupby("opportunity_id")[carried].ffill()
    frame["rep_id"] = frame["rep_id"].fillna("r1")
    last = frame.drop_duplicates("opportunity_id", keep="last").set_index("opportunity_id")
    first = frame.drop_duplicates("opportunity_id").set_index("opportunity_id")["changed_at"].dt.normalize()
    status = last["stage"].map(MEANS).fillna("open")
    deals = last[["stage", *carried]].assign(
        created_on=first, status=status, closed_on=last["changed_at"].dt.normalize().where(status != "open"))
    for column, values in columns.items():
        deals[column] = pd.Series(values, dtype=object).reindex(deals.index)
    frames = {"opportunities": deals.reset_index(), "reps": reps}
    return Tables.from_frames(ACME, frames | ({"stage_history": frame} if history else {}), as_of=as_of)
