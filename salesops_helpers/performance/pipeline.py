"""The deals as they were known on a day, with a value each, for everything that looks at the pipeline."""

from __future__ import annotations

import pandas as pd

from salesops_helpers.data.columns import TEXT
from salesops_helpers.data.container import Tables
from salesops_helpers.data.snapshot import snapshot
from salesops_helpers.data.tables import TABLES
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.measures import place_on

COLUMNS = ["opportunity_id", "account_id", "rep_id", "product", "segment", "kind", "lead_source", "created_on", "stage",
           "status", "amount", "list_price", "expected_close_on", "closed_on"]
UNITS = ("rep", "team", "region", "product", "segment", "kind", "lead_source")
NO_UNIT = "(none)"


def deals_on(tables: Tables, day: pd.Timestamp | None = None, since: pd.Timestamp | None = None) -> pd.DataFrame:
    """Deals as they were known at the end of `day` (None: the as-of day): those open, and those closed by then.

    Parameters
    ----------
    since : Timestamp, optional
        Leave out deals that closed on or before this day.

    Returns
    -------
    DataFrame
        `COLUMNS`, where an open deal without an amount has its list price, or that of its product, as its amount; and
        at_list (bool: the amount is such a stand-in). Amounts that nothing tells are missing.

    Raises
    ------
    SalesOpsError
        Where the day is later than the tables' own.
    """
    then = tables if day is None else snapshot(tables, day)
    if tables.large("opportunities"):
        rows = then.rows("opportunities")
        rows = rows if since is None else rows.filter((rows["status"] == "open") | (rows["closed_on"] > since))
        frame = then.rows_engine.collect(rows.select(COLUMNS), "opportunities")
        frame = frame.astype({c.name: c.dtype for c in TABLES["opportunities"].columns if c.name in COLUMNS})
    else:
        frame = then.opportunities[COLUMNS]
        frame = frame if since is None else frame[(frame["status"] == "open") | (frame["closed_on"] > since)]
    price = then.products.drop_duplicates("product").set_index("product")["list_price"]
    price = pd.Series(price.reindex(frame["product"].to_numpy()).to_numpy(dtype=float), frame.index)
    stand_in = frame["list_price"].fillna(price).where(frame["amount"].isna() & (frame["status"] == "open"))
    amount = frame["amount"].fillna(stand_in)
    return frame.assign(amount=amount, at_list=stand_in.notna()).reset_index(drop=True)


def unit_of(tables: Tables, deals: pd.DataFrame, by: str | None, day: pd.Timestamp) -> pd.Series:
    """The unit of each deal: the company, its owner, the owner's team or region on `day`, or a column of the deal.

    Raises `SalesOpsError` where `by` is no unit.
    """
    if by is None:
        return pd.Series(tables.company.name, index=deals.index, dtype=TEXT)
    if by not in UNITS:
        raise SalesOpsError(f"by={by!r} is not a unit", f"None, {', '.join(UNITS)}", "choose one of these")
    if by in ("team", "region"):
        unit = place_on(tables, deals["rep_id"], pd.Series(day, index=deals.index, dtype="datetime64[ns]"))[by]
    else:
        unit = deals["rep_id" if by == "rep" else by]
    return unit.astype(TEXT).fillna(NO_UNIT)


def rep_names(tables: Tables, reps: pd.Series) -> pd.Series:
    """The name of each rep, the id where there is none; missing where there is no rep."""
    names = tables.reps.drop_duplicates("rep_id").set_index("rep_id")["name"]
    found = pd.Series(names.reindex(reps.to_numpy()).to_numpy(), reps.index, dtype=object)
    return found.where(found.notna(), reps.astype(object)).astype(TEXT)


def open_stages(tables: Tables) -> list[str]:
    """The stages of an open deal, in order."""
    company = tables.company
    return [s for s in company.stages if s not in company.won_stages + company.lost_stages]


def ends_of_months(tables: Tables, months: int) -> list[pd.Timestamp]:
    """The last days of the `months` months before the as-of month, then the as-of day itself."""
    first = tables.as_of.replace(day=1)
    return [*(first - pd.DateOffset(months=k) - pd.Timedelta(days=1) for k in range(months - 1, -1, -1)), tables.as_of]
