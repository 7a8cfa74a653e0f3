"""The explorer of the sales-process page: one stage, by any unit, for deals that entered it in chosen months."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from salesops_helpers import show, words
from salesops_helpers.data.container import Tables
from salesops_helpers.measures import month_start
from salesops_helpers.performance.pipeline import UNITS, open_stages
from salesops_helpers.performance.process_words import DIMENSION_NAMES
from salesops_helpers.performance.stays import stays
from salesops_helpers.performance.transitions import stage_by
from salesops_helpers.show import Shown
from salesops_helpers.widgets.frame import explorer

if TYPE_CHECKING:
    from ipywidgets import Widget

FORMATS = {"value": "text", "entered": "count", "moved_on": "count", "lost": "count", "still_open": "count",
           "rate": "percent", "range": "text", "median": "number", "days": "text"}
LABELS = {"value": "unit", "rate": "moved on ÷ entered", "range": "90 % range", "median": "days in stage (median)",
          "days": "90 % range of days"}


def stage_explorer(tables: Tables, months: int = 12) -> Widget | Shown:
    """Stage, unit and months of entry → share that moved on and days in the stage, each unit beside the company."""
    if not tables.has("stage_history"):
        return show.note(*tables.lacks("stage_history"))
    import ipywidgets as ui

    found = stays(tables)
    first, last = found["entered_at"].min(), tables.as_of
    offered = [(f"{m:%Y-%m}", m) for m in pd.date_range(month_start(first), last, freq="MS")]
    from_month = offered[max(len(offered) - months, 0)][1]
    look = {"style": {"description_width": "110px"}}
    return explorer(
        partial(_view, tables, found),
        stage=ui.Dropdown(options=open_stages(tables), description="stage", **look),
        by=ui.Dropdown(options=[(DIMENSION_NAMES[u], u) for u in UNITS], value="segment", description="by", **look),
        entered=ui.SelectionRangeSlider(options=offered, value=(from_month, offered[-1][1]), description="entered",
                                        continuous_update=False, **look),
    )


def view(tables: Tables, stage: str, by: str, entered: tuple[pd.Timestamp, pd.Timestamp]) -> tuple[str, Shown]:
    """The sentence and the figure of one choice; `entered`: first days of the first and the last month."""
    return _view(tables, stays(tables), stage=stage, by=by, entered=entered)


def _view(tables: Tables, found: pd.DataFrame, stage: str, by: str, entered: tuple) -> tuple[str, Shown]:
    from salesops_helpers.charts.process import by_value

    first, last = entered[0], min(entered[1] + pd.offsets.MonthEnd(0), tables.as_of)
    rows = stage_by(tables, stage, by, first, last, found)
    if rows.empty:
        return f"No deal first entered {stage} in these months.", show.note("Choose other months.")
    said = sentence(rows, stage)
    about = "Ranges are those of each unit alone; of many units some lie apart by chance."
    return said, show.figure(by_value(rows, DIMENSION_NAMES[by]), said, about, live=True)


def scenario(tables: Tables, months: int = 12) -> pd.DataFrame:
    """The default scenario as a table for reading: the first stage by segment, entered in the last `months` months."""
    first = tables.as_of.replace(day=1) - pd.DateOffset(months=months - 1)
    return readable(stage_by(tables, open_stages(tables)[0], "segment", first, tables.as_of))


def readable(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of `stage_by` with their ranges as texts: range, days."""
    shares = zip(rows["low"], rows["high"], strict=True)
    days = zip(rows["days_low"], rows["days_high"], strict=True)
    return rows.assign(range=[words.percent_range(a, b) for a, b in shares],
                       days=[f"{words.number(a, 1)} to {words.number(b, 1)}" for a, b in days])


def sentence(rows: pd.DataFrame, stage: str) -> str:
    """What the company's deals did in the stage."""
    row = rows.iloc[-1]
    days = "" if pd.isna(row["median"]) else f", after a median of {words.number(row['median'])} days in it"
    deals = words.counted(int(row["entered"]), "deal")
    return (f"{words.percent(row['rate'], 0)} of {deals} that entered {stage} moved on{days}; "
            f" {words.number(row['still_open'])} are still open.")
