"""The pipeline waterfall between two dates: each deal in exactly one bucket, opening + Σ buckets = closing."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers import words
from salesops_helpers.data.container import Tables
from salesops_helpers.data.snapshot import history_gaps, snapshot
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.performance.pipeline import deals_on, unit_of

BUCKETS = ["new", "reopened", "pulled in", "increased", "won", "lost", "pushed out", "decreased", "removed",
           "changed owner", "not known", "unchanged"]
LINES = ["opening", *BUCKETS, "closing"]
LONG_AGO = pd.DateOffset(years=2)


def deal_moves(
    tables: Tables, start, end=None, by: str | None = None, due_by=None,
) -> pd.DataFrame:
    """What became of each deal of the open pipeline between the ends of two days.

    Parameters
    ----------
    start, end : date
        The two days, by what was known at the end of each (end: None, the as-of day).
    by : {None, "rep", "team", "region", "product", "segment", "kind", "lead_source"}
        The unit whose pipeline a deal is in: the owner's (and the owner's team) on each of the two days.
    due_by : date, optional
        Only the pipeline expected to close by this day (overdue deals with it; deals without an expected date are not
        in it); default: all open deals.

    Returns
    -------
    DataFrame
        One row a deal that is in the pipeline on one of the two days: opportunity_id, bucket (one of `BUCKETS`),
        unit_before, unit_after (missing where it is not in the pipeline then), before, after (value on the two days,
        whole minor units of the currency; unknown values count 0), known_before (bool: the history tells its value).

    Raises
    ------
    SalesOpsError
        Where the days are in the wrong order or later than the tables' own, `by` is no unit, or `due_by` is asked of
        an earlier day without stage_history.

    Notes
    -----
    The first that holds: removed, won, lost (in the pipeline at the start, gone or closed at the end); new (created
    after the start), reopened (closed at the start); pulled in, pushed out (with `due_by`: the expected close moved
    across it); not known (no history tells how it stood at the start, or it has no date of creation); changed owner (or
    unit); increased, decreased (value); without `due_by` also pulled in, pushed out: the expected close moved across a
    month's end, at the same value; unchanged.
    """
    first, last = _days(tables, start, end)
    if due_by is not None and not tables.has("stage_history") and first < tables.extract_date:
        raise SalesOpsError(f"when deals were expected to close, as of {first:%Y-%m-%d}, is not known without "
                            "stage_history", "due_by=None", "leave due_by out, or add the table stage_history")
    was = deals_on(tables, first, since=first)
    will = deals_on(tables, last, since=None if not tables.large("opportunities") else first - LONG_AGO)
    was, will = (_in_scope(frame, due_by, tables.company.minor_units) for frame in (was, will))
    was = was.assign(unit=unit_of(snapshot(tables, first), was, by, first))
    will = will.assign(unit=unit_of(snapshot(tables, last), will, by, last))
    return compare(was, will, first)


def compare(was: pd.DataFrame, will: pd.DataFrame, first: pd.Timestamp) -> pd.DataFrame:
    """The same from two states: `was`, the open deals at the end of day `first`; `will`, all deals at the later day.

    Both hold opportunity_id, status, scope (bool), value (minor units), expected_close_on, rep_id, unit, stage; `will`
    created_on as well. A deal in `was` that `will` does not hold at all was removed.
    """
    columns = ["opportunity_id", "status", "scope", "value", "expected_close_on", "rep_id", "unit", "stage"]
    both = was[columns].merge(will[[*columns, "created_on"]], on="opportunity_id", how="outer",
                              suffixes=("_was", "_will"), indicator=True)
    scope_was, scope_will = (both[f"scope_{x}"].astype("boolean").fillna(False).astype(bool) for x in ("was", "will"))
    inside = scope_was | scope_will
    both, scope_was, scope_will = both[inside], scope_was[inside], scope_will[inside]
    before = both["value_was"].where(scope_was, 0).fillna(0).astype("int64")
    after = both["value_will"].where(scope_will, 0).fillna(0).astype("int64")
    known = both["stage_was"].notna()
    day_was, day_will = both["expected_close_on_was"], both["expected_close_on_will"]
    month_was, month_will = (d.dt.year * 12 + d.dt.month for d in (day_was, day_will))
    stays = scope_was & scope_will
    moved = _differs(both["rep_id_was"], both["rep_id_will"]) | _differs(both["unit_was"], both["unit_will"])
    was_open = both["status_was"] == "open"
    cases = {
        "removed": scope_was & (both["_merge"] == "left_only"),
        "won": scope_was & (both["status_will"] == "won"),
        "lost": scope_was & (both["status_will"] == "lost"),
        "new": ~was_open & (both["created_on"] > first),
        "not known": (~was_open & both["created_on"].isna()) | (was_open & ~known),
        "reopened": ~was_open,
        "pulled in": ~scope_was,
        "pushed out": ~scope_will,
        "changed owner": moved,
        "increased": after > before,
        "decreased": after < before,
        "later": stays & (month_will > month_was),
        "earlier": stays & (month_will < month_was),
    }
    names = [{"later": "pushed out", "earlier": "pulled in"}.get(name, name) for name in cases]
    bucket = np.select(list(cases.values()), names, "unchanged")
    return pd.DataFrame({
        "opportunity_id": both["opportunity_id"], "bucket": bucket, "unit_before": both["unit_was"].where(scope_was),
        "unit_after": both["unit_will"].where(scope_will), "before": before, "after": after,
        "known_before": known | ~was_open,
    }).reset_index(drop=True)


def waterfall(tables: Tables, start, end=None, by: str | None = None, due_by=None) -> pd.DataFrame:
    """The pipeline at the end of one day, what moved it, and the pipeline at the end of a later day.

    Arguments, buckets and errors as in `deal_moves`.

    Returns
    -------
    DataFrame
        One row a unit and line (opening, the buckets, closing): unit, line, deals (in the bucket), net_deals (by how
        many deals it moves the pipeline), amount (currency, by how much; missing but for the closing where no history
        tells what deals were worth at the start). A deal that changes its unit leaves one and enters another. For each
        unit opening + Σ buckets = closing, exactly, in deals and in minor units.
    """
    moves = deal_moves(tables, start, end, by, due_by)
    told = tables.has("stage_history") or _days(tables, start, end)[0] >= tables.extract_date
    return lines(moves, tables.company.minor_units, told, tables.company.name if by is None else None)


def lines(moves: pd.DataFrame, minor_units: int = 2, told: bool = True, company: str | None = None) -> pd.DataFrame:
    """The lines of a waterfall from the moves of deals; `company`: its name, where there are no units."""
    out = moves.assign(unit=moves["unit_before"], net=-1, amount=-moves["before"]).dropna(subset="unit")
    into = moves.assign(unit=moves["unit_after"], net=1, amount=moves["after"]).dropna(subset="unit")
    both = pd.concat([out, into])
    per_deal = both.groupby(["unit", "bucket", "opportunity_id"], sort=False)[["net", "amount"]].sum()
    sums = per_deal.groupby(["unit", "bucket"]).agg(
        deals=("net", "size"), net_deals=("net", "sum"), amount=("amount", "sum")).reset_index()
    ends = [
        part.groupby("unit").agg(deals=("net", "size"), net_deals=("net", lambda n: abs(n.sum())),
                                 amount=("amount", lambda a: abs(a.sum()))).reset_index().assign(bucket=line)
        for part, line in ((out, "opening"), (into, "closing"))
    ]
    units = sorted(both["unit"].unique()) if company is None else [company]
    index = pd.MultiIndex.from_product([units, LINES], names=["unit", "line"])
    every = pd.concat([sums, *ends]).rename(columns={"bucket": "line"}).set_index(["unit", "line"])
    frame = every.reindex(index).fillna(0).astype("int64").reset_index()
    frame["amount"] = frame["amount"] / 10**minor_units
    return frame if told else frame.assign(amount=frame["amount"].where(frame["line"] == "closing"))


def passed_through(tables: Tables, start, end=None) -> pd.DataFrame:
    """Deals created after the start and closed by the end, which no waterfall shows: status, deals, amount."""
    first, last = _days(tables, start, end)
    deals = deals_on(tables, last, since=first)
    mine = deals[(deals["created_on"] > first) & (deals["status"] != "open")]
    sums = mine.groupby("status").agg(deals=("opportunity_id", "size"), amount=("amount", "sum"))
    return sums.reindex(["won", "lost"]).fillna(0).astype({"deals": int}).reset_index()


def gaps(tables: Tables, start, end=None) -> list[str]:
    """What the history does not tell about the start of a waterfall, in sentences; empty where it tells all."""
    first, last = _days(tables, start, end)
    day = words.day_name(first)
    deals = deals_on(tables, last, since=last)
    undated = int((deals["created_on"].isna() & (deals["status"] == "open")).sum())
    said = [f"{words.counted(undated, 'open deal')} without a date of creation {'stands' if undated == 1 else 'stand'} "
            "under not known too."] if undated else []
    return [*_history_gaps(tables, first, day), *said]


def _history_gaps(tables: Tables, first: pd.Timestamp, day: str) -> list[str]:
    if first >= tables.extract_date:
        return []
    if not tables.has("stage_history"):
        return [f"Without stage_history, amount, owner and expected close of the deals that were open on {day} are not "
                "known: the waterfall counts deals, and says of those open on both days no more than that."]
    known = history_gaps(snapshot(tables, first)).iloc[0]
    missing = int(known["without_history"])
    return [f"The history knows nothing of {words.counted(missing, 'deal')} that {'was' if missing == 1 else 'were'} "
            f"open on {day} (of {words.number(known['deals'])}); they stand under not known."] if missing else []


def _days(tables: Tables, start, end) -> tuple[pd.Timestamp, pd.Timestamp]:
    first = pd.Timestamp(start).normalize()
    last = tables.as_of if end is None else pd.Timestamp(end).normalize()
    if not first < last <= tables.as_of:
        raise SalesOpsError(f"a waterfall from {first:%Y-%m-%d} to {last:%Y-%m-%d}",
                            f"two days in order, up to {tables.as_of:%Y-%m-%d}", "choose an earlier start or end")
    return first, last


def _in_scope(deals: pd.DataFrame, due_by, minor_units: int) -> pd.DataFrame:
    scope = deals["status"] == "open"
    scope = scope if due_by is None else scope & (deals["expected_close_on"] <= pd.Timestamp(due_by))
    return deals.assign(scope=scope, value=(deals["amount"] * 10**minor_units).round())


def _differs(left: pd.Series, right: pd.Series) -> pd.Series:
    same = (left.astype(object) == right.astype(object)) | (left.isna() & right.isna())
    return ~same.astype(bool)


def together(company: pd.DataFrame, units: pd.DataFrame) -> pd.DataFrame:
    """The lines of the company and of its units in one frame: level ("company" or "unit") beside their columns."""
    return pd.concat([company.assign(level="company"), units.assign(level="unit")], ignore_index=True)[
        ["level", "unit", "line", "deals", "net_deals", "amount"]]
