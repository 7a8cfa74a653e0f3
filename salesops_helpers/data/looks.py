"""What a sceptic sees in a source as a whole, where no single row is at fault."""

from __future__ import annotations

import pandas as pd

from salesops_helpers import words
from salesops_helpers.data.container import Tables

LONELY, MOST, FEW = 60, 0.95, 20  # days; share of the deals; deals below which nothing is said


def observations(tables: Tables) -> list[str]:
    """Sentences on what makes the source as a whole doubtful; none where nothing does."""
    said = [_lonely_end(tables), _part_month(tables), _gaps(tables), _nothing_lost(tables), _lost_for_nothing(tables),
            _closed_at_once(tables), _no_open_amounts(tables)]
    return [sentence for sentence in said if sentence]


def _closed(tables: Tables, *statuses: str) -> pd.DataFrame:
    deals = tables.opportunities
    return deals[deals["status"].isin(statuses)]


def _lonely_end(tables: Tables) -> str:
    deals = tables.opportunities
    days = pd.concat([deals["created_on"], deals["closed_on"]]).dropna().drop_duplicates().sort_values().tail(2)
    gap = (days.iloc[1] - days.iloc[0]).days if len(days) == 2 else 0
    if tables.company.extract_date is not None or gap <= LONELY:
        return ""
    return (f"The last day in the data, {words.day_name(days.iloc[1])}, lies {gap:,} days after the day before it. "
            "If it is a slip, set extract_date in company.toml; until then everything is counted up to that day.")


def _part_month(tables: Tables) -> str:
    day = tables.as_of
    if day.is_month_end:
        return ""
    return f"The data ends on {words.day_name(day)}: {words.month_name(day)} is not complete."


def _gaps(tables: Tables) -> str:
    closed = _closed(tables, "won", "lost")["closed_on"].dt.to_period("M").dropna()
    if len(closed) < FEW:
        return ""
    months = pd.period_range(closed.min(), closed.max(), freq="M")
    empty = [words.month_name(month.start_time) for month in months.difference(pd.PeriodIndex(closed.unique()))]
    return f"No deal closed in {words.joined(empty[:6])}: a part of the export may be missing." if empty else ""


def _nothing_lost(tables: Tables) -> str:
    closed = _closed(tables, "won", "lost")
    if len(closed) < FEW or (closed["status"] == "lost").any():
        return ""
    return f"None of {words.counted(len(closed), 'closed deal')} was lost: win rates say nothing here."


def _lost_for_nothing(tables: Tables) -> str:
    lost = _closed(tables, "lost")
    if len(lost) < FEW or (lost["amount"] > 0).mean() > 1 - MOST:
        return ""
    return "Lost deals carry no amount: a win rate by value would be 100 %; by list price it can be told."


def _closed_at_once(tables: Tables) -> str:
    closed = _closed(tables, "won", "lost").dropna(subset=["created_on", "closed_on"])
    share = (closed["created_on"] == closed["closed_on"]).mean() if len(closed) >= FEW else 0.0
    if share < MOST:
        return ""
    return (f"{words.percent(share)} of closed deals were closed on the day they were created: orders entered as "
            "deals. Sales cycles and earlier pipelines say nothing here.")


def _no_open_amounts(tables: Tables) -> str:
    still = _closed(tables, "open")
    if len(still) < FEW or still["amount"].isna().mean() < MOST:
        return ""
    return "Open deals carry no amount: the pipeline is valued at list prices, where there are any."
