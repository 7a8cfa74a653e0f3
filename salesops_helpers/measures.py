"""Periods, credited bookings and attainment: the measures that every wing shares."""

from __future__ import annotations

import pandas as pd

from salesops_helpers.data.columns import TEXT
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.periods import month_end, month_start, quarter_start, year_start

__all__ = ["UNITS", "attainment", "bookings", "credited", "month_end", "month_start", "months_of", "place_on",
           "quarter_start", "won_deals", "year_start"]

UNITS = ("rep", "team", "region", "product")


def won_deals(tables: Tables) -> pd.DataFrame:
    """The deals won by the as-of day, with `month` (of closing) beside the columns of opportunities."""
    deals = tables.opportunities
    won = deals[(deals["status"] == "won") & deals["closed_on"].notna()]
    return won.assign(month=won["closed_on"].dt.to_period("M").dt.to_timestamp()).reset_index(drop=True)


def place_on(tables: Tables, reps: pd.Series, days: pd.Series) -> pd.DataFrame:
    """Team, manager and region of each rep on each day: by rep_history where it reaches, else as of the as-of day.

    Parameters
    ----------
    reps, days : Series
        rep_id and datetime64, of equal length and index.

    Returns
    -------
    DataFrame
        team, manager, region, on the index of `reps`.
    """
    columns = ["team", "manager", "region"]
    asked = pd.DataFrame({"rep_id": reps.astype(TEXT), "day": days, "order": range(len(reps))})
    now = tables.reps.set_index("rep_id")[columns].reindex(asked["rep_id"].to_numpy()).set_axis(reps.index)
    if not tables.has("rep_history"):
        return now
    history = tables.rep_history.sort_values("valid_from")
    then = pd.merge_asof(
        asked.sort_values("day"), history[["rep_id", "valid_from", *columns]],
        left_on="day", right_on="valid_from", by="rep_id",
    ).sort_values("order").set_axis(reps.index)
    return then[columns].where(then["valid_from"].notna(), now)


def credited(tables: Tables) -> pd.DataFrame:
    """Credit for won deals, one row a deal and rep.

    Returns
    -------
    DataFrame
        opportunity_id, account_id, rep_id, product, closed_on, month (of closing), amount, bookings (quota credit),
        commissionable (commission credit), overlay (bool), team, manager, region (on the day of closing).

    Notes
    -----
    bookings = amount × quota_share, commissionable = amount × commission_share; a deal without splits is its owner's
    whole.
    """
    won = won_deals(tables)[["opportunity_id", "account_id", "rep_id", "product", "closed_on", "month", "amount"]]
    splits = tables.splits.rename(columns={"rep_id": "split_rep"})
    credit = won.merge(splits, on="opportunity_id", how="left")
    credit["rep_id"] = credit["split_rep"].where(credit["split_rep"].notna(), credit["rep_id"])
    credit["bookings"] = credit["amount"] * credit["quota_share"].fillna(1.0)
    credit["commissionable"] = credit["amount"] * credit["commission_share"].fillna(1.0)
    credit["overlay"] = credit["overlay"].astype("boolean").fillna(False).astype(bool)
    credit = credit.drop(columns=["split_rep", "quota_share", "commission_share"])
    return credit.join(place_on(tables, credit["rep_id"], credit["closed_on"]))


def bookings(tables: Tables, by: str | None = None) -> pd.DataFrame:
    """Credited bookings and wins by month, months without any as 0, from the first closing month to the as-of month.

    Parameters
    ----------
    by : {None, "rep", "team", "region", "product"}
        The unit; None: the company (overlay credit left out, so that each deal counts once).

    Returns
    -------
    DataFrame
        unit, month, bookings (currency), wins (deals).
    """
    if by not in (None, *UNITS):
        raise SalesOpsError(f"by={by!r} is not a unit", f"None, {', '.join(UNITS)}", "choose one of these")
    unit = {None: None, "rep": "rep_id"}.get(by, by)
    sums = _sums(tables, unit) if not tables.large("opportunities") else _engine_sums(tables, unit)
    units = sorted(sums.index.unique("unit"))
    grid = pd.MultiIndex.from_product([units, months_of(tables)], names=["unit", "month"])
    return sums.reindex(grid, fill_value=0).reset_index()


def _sums(tables: Tables, unit: str | None) -> pd.DataFrame:
    credit = credited(tables)
    credit = credit if unit == "rep_id" else credit[~credit["overlay"]]
    credit = credit.assign(unit=tables.company.name if unit is None else credit[unit].fillna("(none)"))
    return credit.groupby(["unit", "month"]).agg(bookings=("bookings", "sum"), wins=("opportunity_id", "nunique"))


def _engine_sums(tables: Tables, unit: str | None) -> pd.DataFrame:
    from salesops_helpers import sums

    return sums.credit(tables, unit).set_index(["unit", "month"])


def months_of(tables: Tables) -> pd.DatetimeIndex:
    """The months (first days) from the first closed deal to the as-of month."""
    first = _first_closed(tables)
    first = tables.as_of if pd.isna(first) else first
    return pd.date_range(month_start(pd.Timestamp(first)), month_start(tables.as_of), freq="MS")


def _first_closed(tables: Tables) -> pd.Timestamp:
    if not tables.large("opportunities"):
        return tables.opportunities["closed_on"].min()
    from salesops_helpers import sums

    return sums.closed_span(tables)


def attainment(tables: Tables, start: str | pd.Timestamp, end: str | pd.Timestamp) -> pd.DataFrame:
    """Credited bookings ÷ quota of each rep over the months `start` to `end` (both included).

    Returns
    -------
    DataFrame
        rep_id, quota, bookings (currency), attainment (share; missing where the quota is 0 or missing).
    """
    first, last = month_start(start), month_start(end)
    credit, quotas = credited(tables), tables.quotas
    sold = credit[credit["month"].between(first, last)].groupby("rep_id")["bookings"].sum()
    quota = quotas[quotas["month"].between(first, last)].groupby("rep_id")["amount"].sum()
    frame = pd.DataFrame({"quota": quota, "bookings": sold}).rename_axis("rep_id").reset_index()
    frame["bookings"] = frame["bookings"].fillna(0.0)
    frame["attainment"] = frame["bookings"] / frame["quota"].where(frame["quota"] > 0)
    return frame
