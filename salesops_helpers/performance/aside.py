"""Deals that were set aside, read as far as they can be read: what they would add."""

from __future__ import annotations

import json

import pandas as pd

from salesops_helpers.data.container import Tables

COLUMNS = {"rule": object, "reason": object, "key": object, "status": object, "closed_on": "datetime64[ns]",
           "amount": float}


def aside_deals(tables: Tables) -> pd.DataFrame:
    """The set-aside rows of opportunities, taken as they are given.

    Returns
    -------
    DataFrame
        rule, reason, key, status (as given, else as the stage means; missing where neither says), closed_on (missing
        where it is no day; a deal closed after the tables' day counts as open), amount (missing where it is none).
    """
    rows = tables.set_aside
    rows = rows[(rows["table"] == "opportunities") & rows["row"].astype(object).map(_is_record).astype(bool)]
    if rows.empty:
        return pd.DataFrame({c: pd.Series(dtype=kind) for c, kind in COLUMNS.items()})
    given = pd.DataFrame(json.loads(f"[{','.join(rows['row'])}]"), index=rows.index).reindex(
        columns=["status", "stage", "closed_on", "amount"])
    closed = pd.to_datetime(given["closed_on"], errors="coerce", format="ISO8601")
    later = closed > tables.as_of
    status = _status(given, tables)
    return rows[["rule", "reason", "key"]].assign(
        status=status.mask(later & status.isin(["won", "lost"]), "open"), closed_on=closed.mask(later),
        amount=pd.to_numeric(given["amount"], errors="coerce"),
    ).reset_index(drop=True)


def _is_record(text: object) -> bool:
    return isinstance(text, str) and text.startswith("{")


def _status(given: pd.DataFrame, tables: Tables) -> pd.Series:
    company = tables.company
    meant = dict.fromkeys(company.stages, "open") | dict.fromkeys(company.won_stages, "won") | dict.fromkeys(
        company.lost_stages, "lost")
    said = given["status"].astype(object).str.lower()
    return said.where(said.isin(["open", "won", "lost"]), given["stage"].map(meant)).astype(object)
