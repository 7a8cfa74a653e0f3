"""The units of the company beside each other: their main figures, and which of them moved by more than chance."""

from __future__ import annotations

import pandas as pd

from salesops_helpers import words
from salesops_helpers.measures import month_start
from salesops_helpers.performance.question import NONE
from salesops_helpers.performance.registry import Kpi, registry
from salesops_helpers.performance.shown import figure_text
from salesops_helpers.performance.signals import expected_alarms

MAIN = ("bookings", "quota_attainment", "win_rate", "deal_size", "sales_cycle", "pipeline_coverage")


def units(card: pd.DataFrame, found: pd.DataFrame, month: str | pd.Timestamp, currency: str,
          register: dict[str, Kpi] | None = None) -> pd.DataFrame:
    """The main figures of each unit, as texts, by name.

    Parameters
    ----------
    card : DataFrame
        `scorecard` of the month by unit.
    found : DataFrame
        `signals` by unit.

    Returns
    -------
    DataFrame
        name; for each main KPI that there is its figure; win_rate_range (text); closed (deals); moved (titles of the
        KPIs that moved by more than chance, and which way; empty: none).
    """
    register = registry() if register is None else register
    default = {name: kpi.default.name for name, kpi in register.items()}
    rows = card[card["form"] == card["kpi"].map(default)]
    rows = rows[(rows["unit"] != NONE) | rows["n"].gt(0).groupby(rows["unit"]).transform("any")]
    wide = rows.pivot_table(index=["name", "unit"], columns="kpi", values="value", aggfunc="first", observed=True)
    shown = {kpi: [figure_text(v, register[kpi].unit, currency) for v in wide[kpi]] for kpi in MAIN if kpi in wide}
    table = pd.DataFrame(shown, index=wide.index)
    rates = rows[rows["kpi"] == "win_rate"].set_index(["name", "unit"]).reindex(wide.index)
    pairs = zip(rates["low"], rates["high"], strict=True)
    table["win_rate_range"] = [words.MISSING if pd.isna(a) else words.percent_range(a, b) for a, b in pairs]
    table["closed"] = rates["n"]
    now = found[(found["month"] == month_start(month)) & (found["signal"] != 0)]
    arrow = now["kpi"].map({n: k.title for n, k in register.items()}) + now["signal"].map({1: " ▲", -1: " ▼"})
    moved = arrow.groupby(now["unit"]).agg(", ".join)
    table["moved"] = wide.index.get_level_values("unit").map(moved).fillna("")
    return table.reset_index().drop(columns="unit").sort_values("name", kind="stable", ignore_index=True)


def looks_sentence(found: pd.DataFrame, month: str | pd.Timestamp, by: str) -> str:
    """How many cells were looked at, how many stand out, and how many chance alone would give."""
    looked, moved, expected = expected_alarms(found, month)
    units = found.loc[found["looked_at"], "unit"].nunique()
    if not looked:
        return f"The past of no {by.replace('_', ' ')} is long enough to say whether anything has changed."
    return (
        f"{words.counted(looked, 'cell')} looked at (KPIs of {words.counted(units, by.replace('_', ' '))}): "
        f"{words.number(moved)} moved by more than their own past allows; if nothing had changed, chance alone would "
        f"give about {words.number(expected, 1)}. "
        + ("So few may all be chance: ask before acting." if 0 < moved <= 2 * expected + 1 else ""))
