"""All that a page says of the pipeline, found in one call."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.forecast import blend, calls, features, periods_ahead, replay
from salesops_helpers.forecast.drawn import draw
from salesops_helpers.forecast.pipeline import outlook

ORIGINS = 12


@dataclass(frozen=True)
class Found:
    """What `found` gives; frames without rows where there is nothing.

    Attributes
    ----------
    periods, deals : DataFrame
        `periods_ahead.split` of the company, `periods_ahead.carriers`.
    reliability, calibration : DataFrame
        `replay.reliability` of deals won within three months, `replay.calibration`.
    choice, record : DataFrame
        The last rows of `blend.chosen`, and `blend.record`.
    called : DataFrame
        `calls.table` of the company.
    undated : int
        Open deals without a created date, which no model can follow.
    reason : str
        Why there is no forecast from deals; empty where there is one.
    """

    periods: pd.DataFrame = field(default_factory=pd.DataFrame)
    deals: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=periods_ahead.CARRIED))
    reliability: pd.DataFrame = field(default_factory=pd.DataFrame)
    calibration: pd.DataFrame = field(default_factory=pd.DataFrame)
    choice: pd.DataFrame = field(default_factory=pd.DataFrame)
    record: pd.DataFrame = field(default_factory=pd.DataFrame)
    called: pd.DataFrame = field(default_factory=pd.DataFrame)
    undated: int = 0
    reason: str = ""


def found(tables: Tables, past: pd.DataFrame, ahead: pd.DataFrame, origins: int = ORIGINS) -> Found:
    """The pipeline's forecast, its record, and which of all forecasts to believe.

    Parameters
    ----------
    tables : Tables
        As known on the as-of day.
    past, ahead : DataFrame
        What the series said and says: `backtest.backtest`, and `series.bookings` of the company over six months at
        least.
    origins : int
        Past days on which the pipeline forecast is replayed.
    """
    try:
        made = outlook(tables)
    except SalesOpsError as error:
        return Found(reason=f"There is no forecast from open deals: {error}.")
    days = features.cuts(tables, origins + 1)
    replayed = replay.replay(tables, days[:-1])
    drawn = draw(made, tables, replayed.months)
    told = {"pipeline": pd.concat([replayed.months, made.months.assign(cut=tables.as_of)], ignore_index=True)}
    if tables.as_of.is_month_end:
        told["series"] = blend.of_series(pd.concat([past, ahead], ignore_index=True))
    candidates = blend.backtest(tables, origins=days, told=told)
    choice = blend.chosen(candidates)
    choice = choice[choice["cut"] == tables.as_of]
    return Found(
        periods_ahead.split(drawn, tables), periods_ahead.carriers(made, drawn, tables),
        replay.reliability(replayed.deals, 3), replay.calibration(replayed.deals), choice,
        blend.record(candidates), calls.table(tables, "company") if tables.has("forecast_calls") else pd.DataFrame(),
        int(made.months["undated"].iloc[0]))
