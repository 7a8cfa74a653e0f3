"""KPI figures as texts, each in its own unit."""

from __future__ import annotations

import pandas as pd

from salesops_helpers import words

SPOKEN = ("days", "minutes", "months")


def figure_text(value: float, unit: str, currency: str = "", signed: bool = False) -> str:
    """A figure in its unit: ``47.3 %``, ``EUR 2.64 m``, ``70.5 days``, ``254``; a change of a share in points.

    Parameters
    ----------
    unit : str
        Of the KPI: "share", "currency", or the name of what is counted.
    signed : bool
        True for a change: with its sign.
    """
    if pd.isna(value):
        return words.MISSING
    sign = "+" if signed and value > 0 else ""
    if unit == "share":
        return f"{sign}{words.number(value * 100, 1)} points" if signed else words.percent(value)
    if unit.startswith("currency"):
        text = words.short_money(abs(value), currency)
        return f"{'−' if value < 0 else sign}{text}{unit.removeprefix('currency')}"
    whole = float(value).is_integer() or abs(value) >= 1_000
    digits = 2 if unit == "times" else 0 if whole else 1
    text = f"{sign}{words.number(value, digits)}"
    return f"{text} {unit.removesuffix('s') if abs(value) == 1 else unit}" if unit in SPOKEN else text


def range_text(low: float, high: float, unit: str, currency: str = "") -> str:
    """A range in its unit: ``41.6 to 53.1 %``; missing where nothing is estimated."""
    if pd.isna(low) and pd.isna(high):
        return words.MISSING
    if pd.isna(high):
        return f"from {figure_text(low, unit, currency)}"
    if unit == "share":
        return words.percent_range(low, high, 1)
    if unit.startswith("currency"):
        return words.money_range(low, high, currency)
    if abs(high) >= 20:
        low, high = round(low), round(high)
    return f"{figure_text(low, unit).partition(' ')[0]} to {figure_text(high, unit)}"
