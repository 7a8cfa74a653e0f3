"""One currency: amounts in other currencies at the rate of their month, or not at all."""

from __future__ import annotations

import pandas as pd

from salesops_helpers.data.container import Later, Tables
from salesops_helpers.data.engine import InFrames
from salesops_helpers.errors import SalesOpsError, listed


def converted(tables: Tables) -> Tables:
    """The same tables with every amount of a deal in the company's currency.

    An amount counts at the rate of a month: that of its closing for closed deals, of the as-of day for open ones, of
    the change for a row of stage_history; where `fx_rates` lacks the month, at the last earlier rate. Rounded to the
    currency's minor unit. Deals whose `currency` is empty or the company's are left as they are.

    Raises
    ------
    SalesOpsError
        Where a deal is in another currency and `fx_rates` has no rate for it up to its month.
    """
    own = tables.company.currency
    if not _any_foreign(tables):
        return tables
    deals = tables.opportunities
    foreign = deals["currency"].notna() & (deals["currency"] != own)
    month = deals["closed_on"].fillna(tables.as_of)
    rate = _rates(tables, deals["currency"].where(foreign), month)
    makers = {name: lambda name=name: getattr(tables, name) for name in tables.available}
    makers["opportunities"] = lambda: _at(tables, deals, rate, ["amount", "list_price"]).assign(
        currency=deals["currency"].where(~foreign, own))
    if "stage_history" in tables.available:
        makers["stage_history"] = lambda: _converted_history(tables, deals)
    names = listed(sorted(deals.loc[foreign, "currency"].unique()))
    count = f"{int(foreign.sum()):,} of {len(deals):,} deals are in {names}"
    note = f"{count}; they count at the rate of their month, in {own}."
    frames = Later(makers)
    engine = None if tables.engine is None else InFrames(frames.__getitem__, tables.engine.checker)
    return Tables(tables.company, frames, tables.as_of, tables.extract_date, [*tables.notes, note], engine)


def _any_foreign(tables: Tables) -> bool:
    """Is any deal in another currency? Asked of the rows before the cut: no history has to be read for it."""
    own = tables.company.currency
    if tables.engine is None or tables.engine.is_cut:
        return bool((tables.opportunities["currency"].fillna(own) != own).any())
    deals = tables.engine.rows("opportunities")
    foreign = deals.filter(deals["currency"] != own).limit(1)
    return len(tables.engine.collect(foreign.select("currency"), "opportunities")) > 0


def _converted_history(tables: Tables, deals: pd.DataFrame) -> pd.DataFrame:
    history = tables.stage_history
    currency = deals.set_index("opportunity_id")["currency"].reindex(history["opportunity_id"].to_numpy())
    currency = currency.set_axis(history.index)
    rate = _rates(tables, currency.where(currency != tables.company.currency), history["changed_at"])
    return _at(tables, history, rate, ["amount"])


def _at(tables: Tables, frame: pd.DataFrame, rate: pd.Series, columns: list[str]) -> pd.DataFrame:
    digits = tables.company.minor_units
    return frame.assign(**{c: (frame[c] * rate).round(digits).where(rate != 1.0, frame[c]) for c in columns})


def _rates(tables: Tables, currency: pd.Series, days: pd.Series) -> pd.Series:
    """Units of the company's currency for one of `currency` in the month of each day; 1 where `currency` is missing."""
    rates = tables.fx_rates.dropna(subset="rate").sort_values("month")
    asked = pd.DataFrame({"currency": currency.astype(object), "month": days, "order": range(len(days))}).dropna()
    known = rates.assign(currency=rates["currency"].astype(object))[["currency", "month", "rate"]]
    found = pd.merge_asof(asked.sort_values("month"), known, on="month", by="currency")
    if (gap := found[found["rate"].isna()]).shape[0]:
        first = gap.sort_values("order").iloc[0]
        raise SalesOpsError(
            f"deals in {listed(sorted(gap['currency'].unique()))} have no rate in fx_rates, first for "
            f"{first['currency']} in {first['month']:%Y-%m}",
            f"amounts in {tables.company.currency}, or a row of fx_rates for each currency up to each month",
            "add the rates to the table fx_rates",
        )
    rate = pd.Series(1.0, index=days.index)
    rate.iloc[found["order"].to_numpy()] = found["rate"].to_numpy()
    return rate
