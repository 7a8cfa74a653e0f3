"""Months, fiscal quarters and fiscal years, as first days."""

from __future__ import annotations

import pandas as pd

from salesops_helpers.errors import SalesOpsError


def month_start(month: str | pd.Timestamp) -> pd.Timestamp:
    """The first day of a month written ``YYYY-MM``. Raises `SalesOpsError` for anything else."""
    if isinstance(month, pd.Timestamp):
        return month.normalize().replace(day=1)
    try:
        if len(str(month)) != 7:
            raise ValueError
        return pd.Timestamp(pd.to_datetime(f"{month}-01", format="%Y-%m-%d"))
    except ValueError:
        raise SalesOpsError(
            f"month {str(month)!r} is not a month", "YYYY-MM, such as 2026-09", "write the month as YYYY-MM"
        ) from None


def month_end(month: str | pd.Timestamp) -> pd.Timestamp:
    """The last day of a month, at midnight."""
    return month_start(month) + pd.offsets.MonthEnd(1)


def quarter_start(month: pd.Timestamp | pd.Series, fiscal_year_start: int = 1):
    """First month of the fiscal quarter in which `month` (a first day, or a Series of them) lies."""
    numbers = month.dt.month if isinstance(month, pd.Series) else month.month
    back = (numbers - fiscal_year_start) % 3
    if isinstance(month, pd.Series):
        return (month.dt.to_period("M") - back.astype(int)).dt.to_timestamp()
    return month_start(month) - pd.DateOffset(months=int(back))


def year_start(month: pd.Timestamp, fiscal_year_start: int = 1) -> pd.Timestamp:
    """First month of the fiscal year in which `month` lies."""
    return month_start(month) - pd.DateOffset(months=(month.month - fiscal_year_start) % 12)
