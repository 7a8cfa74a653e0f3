"""The forecast of a company shared out to its units, and what the past says of other ways to do it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers import words
from salesops_helpers.forecast.draws import SEED, draw_table, draws, shared, unit_table
from salesops_helpers.forecast.ledger import LEVELS
from salesops_helpers.forecast.series import COMPANY, outlook


def units(family: pd.DataFrame, past: pd.DataFrame, drawn: np.ndarray, seed: int = SEED):
    """The company's draws shared out to the units of a family.

    Parameters
    ----------
    family : DataFrame
        The company and its units of one kind, from `series.pooled`.
    past : DataFrame
        Their backtest.
    drawn : ndarray
        The company's draws, draws × months.

    Returns
    -------
    table : DataFrame
        `draws.unit_table`; empty where the family has no units.
    handed_on : DataFrame
        `draws.draw_table` of the company and its units.
    """
    company, own = family[family["by"] == COMPANY], family[family["by"] != COMPANY]
    months = pd.date_range(company["month"].max(), periods=drawn.shape[1] + 1, freq="MS")[1:]
    whole = draw_table(COMPANY, [company["unit"].iloc[0]], drawn[None], months)
    if own.empty:
        return unit_table("", [], np.empty((0, *drawn.shape)), months), whole
    by = own["by"].iloc[0]
    names, amounts = shared(drawn, outlook(own, past, drawn.shape[1], LEVELS), seed)
    handed_on = pd.concat([whole, draw_table(by, names, amounts, months)], ignore_index=True)
    return unit_table(by, names, amounts, months), handed_on


def ways(past: pd.DataFrame, method: str = "mean") -> pd.DataFrame:
    """Company first or units first? Both on the same past windows.

    Parameters
    ----------
    past : DataFrame
        The backtest of a family: by, unit, cut, month, method, forecast, actual.

    Returns
    -------
    DataFrame
        what (company, units), way (company first: its forecast, shared out as the units' own forecasts are to each
        other; units first: each its own, summed), wape, windows (cuts). Empty where the family has no units.
    """
    rows = past[past["method"] == method]
    company = rows[rows["by"] == COMPANY].set_index(["cut", "month"])[["forecast", "actual"]]
    own = rows[rows["by"] != COMPANY]
    if own.empty or company.empty:
        return pd.DataFrame(columns=["what", "way", "wape", "windows"])
    summed = own.groupby(["cut", "month"])["forecast"].sum().rename("summed")
    both = company.join(summed, how="inner")
    whole = both[["forecast", "summed"]].rename(columns={"forecast": "whole"}).reset_index()
    own = own.merge(whole, on=["cut", "month"])
    ratio = (own["whole"] / own["summed"].where(own["summed"] > 0)).fillna(1.0)
    sold, parts = both["actual"].sum(), own["actual"].sum()
    misses = [
        ("company", "company first", (both["forecast"] - both["actual"]).abs().sum() / sold),
        ("company", "units first", (both["summed"] - both["actual"]).abs().sum() / sold),
        ("units", "company first", (own["forecast"] * ratio - own["actual"]).abs().sum() / parts),
        ("units", "units first", (own["forecast"] - own["actual"]).abs().sum() / parts),
    ]
    return pd.DataFrame(misses, columns=["what", "way", "wape"]).assign(windows=both.reset_index()["cut"].nunique())


def said(found: pd.DataFrame, whole: str = "") -> str:
    """`ways` in sentences about the company, or `whole`: the region, team or rep of the page; empty without units."""
    if found.empty:
        return ""
    miss = found.set_index(["what", "way"])["wape"].map(words.percent)
    windows, whole = words.counted(int(found["windows"].iloc[0]), "past window"), whole or "the company"
    return (f"Units sum to {whole} in every draw. On {windows}, a forecast of {whole} shared out to its units missed "
            f"{whole} by {miss['company', 'company first']} and the units by {miss['units', 'company first']}; units "
            f"forecast by themselves and summed missed by {miss['company', 'units first']} and "
            f"{miss['units', 'units first']}. So few windows, which overlap, settle nothing; the first way is taken.")


def rows_to_show(table: pd.DataFrame) -> pd.DataFrame:
    """The rows for all months together, the largest first."""
    return table[table["month"].isna()].sort_values("forecast", ascending=False, ignore_index=True)


__all__ = ["draws", "rows_to_show", "said", "units", "ways"]
