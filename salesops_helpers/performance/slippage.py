"""Deals that did not close when they were expected to: slip rates and pushes of the expected close."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers.data.columns import TEXT
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.performance.pipeline import deals_on, open_stages
from salesops_helpers.performance.resample import ratio_ranges
from salesops_helpers.periods import month_start, quarter_start
from salesops_helpers.stats import jeffreys

PERIODS = {"month": 1, "quarter": 3}
PUSHES = ["0", "1", "2", "3 or more"]


def periods_before(tables: Tables, per: str, number: int) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """First and last days of the last `number` months or fiscal quarters that have ended by the as-of day."""
    if per not in PERIODS:
        raise SalesOpsError(f"per={per!r} is no period", ", ".join(PERIODS), "choose one of these")
    length = PERIODS[per]
    after = month_start(tables.as_of + pd.Timedelta(days=1))
    after = quarter_start(after, tables.company.fiscal_year_start) if per == "quarter" else after
    firsts = [after - pd.DateOffset(months=length * k) for k in range(number, 0, -1)]
    return [(first, first + pd.DateOffset(months=length) - pd.Timedelta(days=1)) for first in firsts]


def due_deals(tables: Tables, per: str = "month", number: int = 12) -> pd.DataFrame:
    """The deals that were open when a period began and were then expected to close in it, and what became of them.

    Parameters
    ----------
    per : {"month", "quarter"}
        Calendar months or fiscal quarters, the last `number` that have ended.

    Returns
    -------
    DataFrame
        One row a period and deal: period (first day), opportunity_id, account_id, rep_id (then), amount (then, list
        price where there was none; missing counts 0), result (won, lost or slipped: neither won nor lost in the
        period, by what was known at its end). Empty without stage_history: the dates expected then are not known.
    """
    parts, known = [], {}
    for first, last in periods_before(tables, per, number) if tables.has("stage_history") else []:
        before = first - pd.Timedelta(days=1)
        was = known[before] if before in known else deals_on(tables, before, since=before)
        then = known[last] = deals_on(tables, last, since=before)
        due = was[(was["status"] == "open") & was["expected_close_on"].between(first, last)]
        status = then.set_index("opportunity_id")["status"].reindex(due["opportunity_id"].to_numpy())
        status = status.astype(object).where(status.isin(["won", "lost"]), "slipped")
        parts.append(due[["opportunity_id", "account_id", "rep_id", "amount"]].assign(
            result=status.to_numpy(), period=first))
    columns = ["period", "opportunity_id", "account_id", "rep_id", "amount", "result"]
    parts = [part for part in parts if len(part)]
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    return frame[columns].astype({"period": "datetime64[ns]", "amount": float}).fillna({"amount": 0.0})


def slip_rates(due: pd.DataFrame) -> pd.DataFrame:
    """Slip rates by period, and of all together in the last row (period missing).

    Parameters
    ----------
    due : DataFrame
        What `due_deals` gives.

    Returns
    -------
    DataFrame
        period, due, won, lost, slipped (deals), due_amount, slipped_amount, lost_amount (currency), rate (slipped ÷
        due, the default), low, high (90 %, Jeffreys), rate_value (the same by value), rate_lost (lost counted as
        slipped), rate_lost_value; and, for all together, low_value, high_value (90 %, bootstrap by account).
    """
    flags = {r: (due["result"] == r).astype(float) for r in ("won", "lost", "slipped")}
    rows = due.assign(due=1.0, **flags, due_amount=due["amount"], slipped_amount=flags["slipped"] * due["amount"],
                      lost_amount=flags["lost"] * due["amount"])
    names = ["due", "won", "lost", "slipped", "due_amount", "slipped_amount", "lost_amount"]
    by_period = rows.groupby("period")[names].sum().reset_index()
    total = rows[names].sum().to_frame().T.assign(period=pd.NaT)
    frame = pd.concat([by_period, total.astype({"period": "datetime64[ns]"})], ignore_index=True)[["period", *names]]
    frame = frame.astype(dict.fromkeys(names[:4], int))
    low, high = jeffreys(frame["slipped"], frame["due"])
    n, value = frame["due"].where(frame["due"] > 0), frame["due_amount"].where(frame["due_amount"] > 0)
    ranges = ratio_ranges(rows, {"value": ("slipped_amount", "due_amount")}).loc["value"]
    last = frame.index == frame.index[-1]
    return frame.assign(
        rate=frame["slipped"] / n, low=low, high=high, rate_value=frame["slipped_amount"] / value,
        rate_lost=(frame["slipped"] + frame["lost"]) / n,
        rate_lost_value=(frame["slipped_amount"] + frame["lost_amount"]) / value,
        low_value=np.where(last, ranges["low"], np.nan), high_value=np.where(last, ranges["high"], np.nan))


def pushes(tables: Tables, period: str = "month") -> pd.DataFrame:
    """How often the expected close of each deal moved later while it was open, counted in the engine.

    Parameters
    ----------
    period : {"month", "quarter"}
        What a push must cross the end of: a calendar month or a fiscal quarter.

    Returns
    -------
    DataFrame
        opportunity_id, pushes (moved later across a period's end: the default), moved_later (any later move: the other
        form). Deals whose date never moved later have 0; deals without history are not in it.
    """
    import ibis

    if period not in PERIODS:
        raise SalesOpsError(f"period={period!r} is no period", ", ".join(PERIODS), "choose one of these")
    if not tables.has("stage_history"):
        return _typed(pd.DataFrame(columns=["opportunity_id", "pushes", "moved_later"]))
    rows = tables.rows("stage_history").select("opportunity_id", "changed_at", "stage", "expected_close_on")
    rows = rows.filter(rows["stage"].isin(open_stages(tables)) & rows["expected_close_on"].notnull())
    in_order = ibis.window(group_by="opportunity_id", order_by="changed_at")
    rows = rows.mutate(day=rows["expected_close_on"], was=rows["expected_close_on"].lag().over(in_order))
    back = (tables.company.fiscal_year_start - 1) % 3 if period == "quarter" else 0
    unit = {"month": "M", "quarter": "Q"}[period]
    starts = {c: (rows[c] - ibis.interval(months=back)).truncate(unit) for c in ("day", "was")}
    rows = rows.mutate(later=rows["day"] > rows["was"], across=starts["day"] > starts["was"])
    columns = {"pushes": rows["across"], "moved_later": rows["later"]}
    sums = rows.group_by("opportunity_id").agg(
        **{name: column.cast("int64").sum().coalesce(0) for name, column in columns.items()})
    return _typed(tables.rows_engine.collect(sums, "stage_history"))


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    frame = frame.astype({"opportunity_id": TEXT, "pushes": "int64", "moved_later": "int64"})
    return frame.sort_values("opportunity_id", ignore_index=True)


def by_pushes(tables: Tables, since: pd.Timestamp, counted: pd.DataFrame | None = None) -> pd.DataFrame:
    """Deals by how often their expected close was pushed: those open now, and how those closed after `since` ended.

    Returns
    -------
    DataFrame
        pushes ("0", "1", "2", "3 or more"), open (deals), open_amount (currency), closed, won (deals), win_rate (won ÷
        closed), low, high (90 %, Jeffreys).
    """
    counted = pushes(tables) if counted is None else counted
    deals = deals_on(tables, since=since).merge(counted, on="opportunity_id")
    label = np.array(PUSHES)[deals["pushes"].clip(upper=3)] if len(deals) else []
    rows = deals.assign(group=label, open=deals["status"] == "open", won=deals["status"] == "won")
    rows["open_amount"] = rows["amount"].where(rows["open"], 0.0).fillna(0.0)
    rows["closed"] = ~rows["open"]
    sums = rows.groupby("group")[["open", "open_amount", "closed", "won"]].sum().reindex(PUSHES).fillna(0)
    sums = sums.astype({"open": int, "closed": int, "won": int}).rename_axis("pushes").reset_index()
    low, high = jeffreys(sums["won"], sums["closed"])
    return sums.assign(win_rate=sums["won"] / sums["closed"].where(sums["closed"] > 0), low=low, high=high)
