"""The one cut: the same tables as they were known at the end of a day."""

from __future__ import annotations

import pandas as pd

from salesops_helpers.data.container import Later, Tables
from salesops_helpers.data.cuts import MOVING
from salesops_helpers.data.tables import TABLES
from salesops_helpers.errors import SalesOpsError

PLACE = ["team", "manager", "region", "territory", "role"]
LAST_MOMENT = pd.Timedelta(days=1) - pd.Timedelta(nanoseconds=1)


def snapshot(tables: Tables, as_of) -> Tables:
    """The same tables as they were known at the end of the day `as_of`.

    Nothing created later, nothing closed later: a deal that closed later is open again, at the stage, amount, expected
    close and owner that its history shows; without history these are missing, and a note says so. On the extract date
    and later the tables are as they are.

    Raises
    ------
    SalesOpsError
        Where `as_of` is later than the day the tables are known for.
    """
    day = pd.Timestamp(as_of).normalize()
    if day > tables.as_of:
        raise SalesOpsError(
            f"as_of {day:%Y-%m-%d} is later than these tables, which end {tables.as_of:%Y-%m-%d}",
            f"a day up to {tables.as_of:%Y-%m-%d}", "choose an earlier day or load a newer extract",
        )
    if day == tables.as_of:
        return tables
    makers = {name: lambda name=name: CUTS.get(name, _cut)(tables, name, day) for name in tables.available}
    notes = tables.notes + _notes(tables, day)
    return Tables(tables.company, Later(makers), day, tables.extract_date, notes, tables.engine)


def _cut(tables: Tables, name: str, day: pd.Timestamp) -> pd.DataFrame:
    """Rows dated up to `day`; dated columns of a later date and current columns are missing."""
    table, frame = TABLES[name], getattr(tables, name)
    end = day + LAST_MOMENT
    if table.dated_by:
        dates = frame[table.dated_by]
        known_on = dates + pd.offsets.MonthEnd(1) if table.dated_by == "month" else dates
        frame = frame[~(known_on > end)].reset_index(drop=True)
    since = {c.name: frame[c.since] for c in table.columns if c.time == "dated"}
    later = {name: frame[name].mask(~(dates <= end)) for name, dates in since.items()}
    current = {c.name: frame[c.name].mask(frame.index >= 0) for c in table.columns if c.time == "current"}
    return frame.assign(**later, **current)


def _cut_opportunities(tables: Tables, name: str, day: pd.Timestamp) -> pd.DataFrame:
    """Deals created by `day`; those that closed later are open, with what their history shows."""
    deals = tables.opportunities
    deals = deals[deals["created_on"] <= day].reset_index(drop=True)
    closed = deals["closed_on"] <= day
    current = [c.name for c in TABLES[name].columns if c.time == "current"]
    known = deals[current].where(closed)
    then = _moving_then(tables, deals["opportunity_id"], day)
    covered = {c: then[c].where(then[c].notna(), known[c]) for c in MOVING}
    known = known.assign(**{c: covered[c].astype(deals[c].dtype) for c in MOVING})
    return deals.assign(
        **{c: known[c] for c in current},
        status=deals["status"].where(closed, "open"), closed_on=deals["closed_on"].where(closed),
    )


def _moving_then(tables: Tables, deals: pd.Series, day: pd.Timestamp) -> pd.DataFrame:
    """Stage, amount, expected close and owner by the last change up to `day`, on the index of `deals`."""
    history = tables.stage_history
    past = history[history["changed_at"] <= day + LAST_MOMENT].sort_values("changed_at", kind="stable")
    last = past.drop_duplicates("opportunity_id", keep="last").set_index("opportunity_id")[MOVING]
    return last.reindex(deals.to_numpy()).set_axis(deals.index)


def _cut_reps(tables: Tables, name: str, day: pd.Timestamp) -> pd.DataFrame:
    """Reps hired by `day`, in the place that rep_history shows for it; without history as of the extract."""
    reps = tables.reps
    reps = reps[~(reps["hired_on"] > day)].reset_index(drop=True)
    history = tables.rep_history
    past = history[history["valid_from"] <= day].sort_values("valid_from", kind="stable")
    last = past.drop_duplicates("rep_id", keep="last").set_index("rep_id")[PLACE]
    then = last.reindex(reps["rep_id"].to_numpy()).set_axis(reps.index)
    covered = reps["rep_id"].isin(past["rep_id"])
    place = {c: reps[c].where(~covered, then[c]).astype(reps[c].dtype) for c in PLACE}
    return reps.assign(**place, left_on=reps["left_on"].where(reps["left_on"] <= day))


def _cut_products(tables: Tables, name: str, day: pd.Timestamp) -> pd.DataFrame:
    """Products at the list price of that day; the cost of that day is not known."""
    products, prices = tables.products, tables.product_prices
    past = prices[prices["valid_from"] <= day].sort_values("valid_from", kind="stable")
    price = past.drop_duplicates("product", keep="last").set_index("product")["list_price"]
    then = price.reindex(products["product"].to_numpy()).to_numpy(dtype="float64")
    return products.assign(list_price=then, unit_cost=float("nan"))


CUTS = {"opportunities": _cut_opportunities, "reps": _cut_reps, "products": _cut_products}


def _notes(tables: Tables, day: pd.Timestamp) -> list[str]:
    """What a reader of figures for that day must know about what the data cannot say."""
    notes = []
    if "stage_history" not in tables.available:
        notes.append(f"Without stage_history, stage, amount, expected close and owner of deals that were open on "
                     f"{day:%Y-%m-%d} are not known; they are left empty.")
    if "rep_history" not in tables.available:
        notes.append(f"Without rep_history, teams and regions are shown as of the extract "
                     f"({tables.extract_date:%Y-%m-%d}).")
    if "products" in tables.available and "product_prices" not in tables.available:
        notes.append(f"Without product_prices, list prices of {day:%Y-%m-%d} are not known; they are left empty.")
    return notes
