"""What was known of each open deal on past days, one row a deal and day, and what became of it.

The days are *cuts*: the as-of day and the same place in earlier months. A deal open on a cut is described by what its
history shows up to that day, and by nothing that was entered later.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers.data.container import Tables
from salesops_helpers.data.reduce import counted
from salesops_helpers.periods import quarter_start

STEPS, PRIOR = 6, 20.0
LAST_MOMENT = pd.Timedelta(days=1) - pd.Timedelta(nanoseconds=1)
KNOWN = ["stage", "amount", "expected_close_on", "rep_id"]


def cuts(tables: Tables, most: int = 60) -> pd.DatetimeIndex:
    """The as-of day and the same place in each earlier month (month ends for a month's end), oldest first, back to the
    first month in which a deal was created; `most` at most."""
    first = tables.opportunities["created_on"].min()
    last = tables.as_of
    if pd.isna(first):
        return pd.DatetimeIndex([last])
    back = min(most, (last.year - first.year) * 12 + last.month - first.month + 1)
    if last.is_month_end:
        return pd.date_range(end=last, periods=back, freq="ME")
    return pd.DatetimeIndex([last - pd.DateOffset(months=n) for n in range(back)][::-1])


def months_ahead(cut: pd.Timestamp | pd.Series):
    """First day of the month in which the day after `cut` lies: the first step of a forecast made on it."""
    after = cut + pd.Timedelta(days=1)
    return after.dt.to_period("M").dt.to_timestamp() if isinstance(cut, pd.Series) else after.normalize().replace(day=1)


def panel(tables: Tables, days: pd.DatetimeIndex | None = None) -> pd.DataFrame:
    """The deals that were open on each of `days`, as they were known then.

    Parameters
    ----------
    tables : Tables
        As known on the as-of day.
    days : DatetimeIndex, optional
        Sorted, none later than the as-of day; None: `cuts(tables)`.

    Returns
    -------
    DataFrame
        opportunity_id, cut, product, stage, amount (currency), rep_id (missing where no history shows them; on the
        as-of day the deal's own), age, in_stage (days), pushes (times the expected close was moved to a later day),
        activity (in the month before; missing without the table activities), rep_odds (log odds of the owner's closed
        deals, shrunk, above the company's), size (log of amount ÷ median of the open deals of the day), place (month
        of the fiscal quarter that comes first, 0 to 2), end (won, lost or open) and step (month ahead in which it
        ended, 1: the first; missing while open). Deals without a created date are not in it.

    Notes
    -----
    end and step are what is known on the as-of day; a model of an earlier day must not be fitted to them, but to a
    panel of the tables of that day.
    """
    days = cuts(tables) if days is None else pd.DatetimeIndex(days)
    deals = tables.opportunities[tables.opportunities["created_on"].notna()].reset_index(drop=True)
    history = _history(tables, deals)
    rows = _alive(deals, history, days, tables.as_of)
    rows = _as_known(rows, deals, history, tables)
    rows = rows[rows["open"]].drop(columns="open").reset_index(drop=True)
    rows["activity"] = _activity(tables, rows)
    rows["rep_odds"] = _rep_odds(deals, rows)
    middle = rows["amount"].where(rows["amount"] > 0).groupby(rows["cut"]).transform("median")
    rows["size"] = np.log(rows["amount"].where(rows["amount"] > 0) / middle)
    first = months_ahead(rows["cut"])
    began = quarter_start(first, tables.company.fiscal_year_start)
    rows["place"] = _months(first) - _months(began)
    return _ended(rows, deals, first)


def _months(days: pd.Series) -> pd.Series:
    return days.dt.year * 12 + days.dt.month


def _history(tables: Tables, deals: pd.DataFrame) -> pd.DataFrame:
    """stage_history in the order of deals and time: deal (place in `deals`), status, entered, pushes beside it."""
    company = tables.company
    meaning = {**dict.fromkeys(company.stages, "open"), **dict.fromkeys(company.won_stages, "won"),
               **dict.fromkeys(company.lost_stages, "lost")}
    past = tables.stage_history.sort_values("changed_at", kind="stable")
    past = past.assign(deal=pd.Index(deals["opportunity_id"]).get_indexer(past["opportunity_id"].to_numpy()))
    past = past[past["deal"] >= 0].sort_values("deal", kind="stable")
    before = past.groupby("deal")[["stage", "expected_close_on"]].shift()
    moved = (past["expected_close_on"] > before["expected_close_on"]).astype(int)
    entered = past["changed_at"].where(past["stage"] != before["stage"])
    return past.assign(status=past["stage"].map(meaning).astype(object), pushes=moved.groupby(past["deal"]).cumsum(),
                       entered=entered.groupby(past["deal"]).ffill())


def _alive(deals: pd.DataFrame, history: pd.DataFrame, days: pd.DatetimeIndex, as_of: pd.Timestamp) -> pd.DataFrame:
    """One row a deal and day from its creation up to its end, as far as dates alone say."""
    recorded = history.groupby("deal")["changed_at"].max().reindex(deals.index).dt.normalize()
    end = deals["closed_on"].where(deals["closed_on"] > recorded, recorded.fillna(deals["closed_on"]))
    end = end.where(deals["status"] != "open", as_of + pd.Timedelta(days=1))
    first, last = days.searchsorted(deals["created_on"]), days.searchsorted(end.fillna(as_of))
    count = np.maximum(last - first, 0)
    deal = np.repeat(np.arange(len(deals)), count)
    nth = np.arange(len(deal)) - np.repeat(np.cumsum(count) - count, count)
    return pd.DataFrame({"deal": deal, "cut": days[first[deal] + nth]})


def _as_known(rows: pd.DataFrame, deals: pd.DataFrame, history: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """What the history shows for each row; on the as-of day itself the deal's own columns."""
    rows = rows.assign(moment=rows["cut"] + LAST_MOMENT, order=range(len(rows)))
    past = history.sort_values("changed_at", kind="stable")
    then = pd.merge_asof(rows.sort_values("moment", kind="stable"),
                         past[["deal", "changed_at", *KNOWN, "status", "pushes", "entered"]],
                         left_on="moment", right_on="changed_at", by="deal").sort_values("order", ignore_index=True)
    own = deals.loc[then["deal"]].reset_index(drop=True)
    today = then["cut"] == tables.as_of
    for name in KNOWN:
        then[name] = own[name].where(today, then[name])
    closings = history["changed_at"].where(history["status"].isin(["won", "lost"])).min()
    told = then["status"].notna() & (then["moment"] >= closings)
    is_open = (then["status"] == "open").where(told, ~(own["closed_on"] <= then["cut"]))
    then["open"] = (own["status"] == "open").where(today, is_open)
    since = then["entered"].fillna(own["created_on"])
    then["in_stage"] = (then["moment"] - since).dt.days.where(then["entered"].notna())
    then["age"] = (then["cut"] - own["created_on"]).dt.days
    then["opportunity_id"], then["product"] = own["opportunity_id"], own["product"]
    return then[["opportunity_id", "deal", "cut", "product", *KNOWN, "age", "in_stage", "pushes", "open"]]


def _activity(tables: Tables, rows: pd.DataFrame) -> pd.Series:
    """Activities of each row's deal in the month that ends with its cut."""
    if not tables.has("activities"):
        return pd.Series(np.nan, index=rows.index)
    whole = tables.as_of.is_month_end
    done = counted(tables, "activities", ["opportunity_id"], per="month" if whole else "day")
    done = done[done["opportunity_id"].notna()]
    if whole:
        done = done.assign(cut=done["month"] + pd.offsets.MonthEnd(0))
    else:
        days = pd.DatetimeIndex(np.sort(rows["cut"].unique()))
        place = days.searchsorted(done["day"])
        done = done[place < len(days)].assign(cut=days[place[place < len(days)]])
        done = done[done["day"] > done["cut"] - pd.DateOffset(months=1)]
    sums = done.groupby(["opportunity_id", "cut"])["rows"].sum()
    keys = pd.MultiIndex.from_frame(rows[["opportunity_id", "cut"]])
    return pd.Series(sums.reindex(keys).fillna(0.0).to_numpy(), index=rows.index)


def _rep_odds(deals: pd.DataFrame, rows: pd.DataFrame) -> pd.Series:
    """Log odds that the owner's deals closed up to the cut were won, above the company's, shrunk by 20 deals."""
    closed = deals[deals["closed_on"].notna() & deals["status"].isin(["won", "lost"])].sort_values("closed_on")
    won = (closed["status"] == "won").astype(float)
    both = pd.DataFrame({"closed_on": closed["closed_on"], "rep_id": closed["rep_id"], "all_won": won.cumsum(),
                         "all": np.arange(1.0, len(closed) + 1), "won": won.groupby(closed["rep_id"]).cumsum(),
                         "n": won.groupby(closed["rep_id"]).cumcount() + 1.0})
    asked = rows[["cut", "rep_id"]].assign(order=range(len(rows))).sort_values("cut", kind="stable")
    asked = pd.merge_asof(asked, both[["closed_on", "all_won", "all"]], left_on="cut", right_on="closed_on")
    asked = pd.merge_asof(asked.drop(columns="closed_on"), both[both["rep_id"].notna()][["closed_on", "rep_id", "won",
                          "n"]], left_on="cut", right_on="closed_on", by="rep_id").sort_values("order")
    rate = (asked["all_won"].fillna(0) + 1) / (asked["all"].fillna(0) + 2)
    won, lost = asked["won"].fillna(0), (asked["n"] - asked["won"]).fillna(0)
    odds = np.log((won + PRIOR * rate) / (lost + PRIOR * (1 - rate))) - np.log(rate / (1 - rate))
    return pd.Series(odds.where(asked["rep_id"].notna(), 0.0).to_numpy(), index=rows.index)


def _ended(rows: pd.DataFrame, deals: pd.DataFrame, first: pd.Series) -> pd.DataFrame:
    """`rows` with end, step and won_amount as known on the as-of day; rows whose deal closed by their cut are left out.

    Such rows are deals whose closing was entered only after the cut, for a day before it.
    """
    own = deals.loc[rows["deal"]].reset_index(drop=True)
    ended = own["status"].isin(["won", "lost"]) & own["closed_on"].notna()
    step = (_months(own["closed_on"]) - _months(first) + 1).where(ended)
    rows = rows.assign(end=own["status"].where(ended, "open"), step=step,
                       won_amount=own["amount"].where(own["status"] == "won"))
    return rows[~(ended & (own["closed_on"] <= rows["cut"]))].drop(columns="deal").reset_index(drop=True)
