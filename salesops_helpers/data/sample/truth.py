"""What is known about the sample because it was made so: for tests alone, never in a company folder."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers.data.sample import calendar as cal
from salesops_helpers.data.sample.catalog import PRODUCT_EFFECT, PRODUCTS, QUALIFIED, SOURCE_EFFECT, SOURCES
from salesops_helpers.data.sample.crm import deal_ids
from salesops_helpers.data.sample.deals import EARLY_LOSS, EARLY_SPREAD, FORGOTTEN, GROWTH, LATE_SPREAD, WON_SPREAD
from salesops_helpers.data.sample.people import People


def truth(seed: int, who: People, deals: pd.DataFrame, still_open: pd.Series, short: pd.DataFrame) -> dict:
    """The truth as plain values, ready for JSON; `short` holds the months in which stock was missing."""
    reps = who.reps.set_index("rep_id")
    named = ["skill", "group", "luck", "threads", "response", "activity", "discipline"]
    sources = {name: {"log_odds": float(SOURCE_EFFECT[k])} for k, name in enumerate(SOURCES)}
    for name, share in zip(SOURCES, QUALIFIED, strict=False):
        sources[name]["qualified"] = float(share)
    return {
        "seed": seed,
        "reps": reps[named].round(4).to_dict("index"),
        "forecast_bias": reps["bias"].to_dict(),
        "sources": sources,
        "products": dict(zip(PRODUCTS, PRODUCT_EFFECT.tolist(), strict=True)),
        "seasonality": {"closing": cal.SEASON_CLOSE.tolist(), "creating": cal.SEASON_CREATE.tolist()},
        "growth_of_deals_a_year": GROWTH,
        "open_deals": _open_deals(deals, still_open),
        "stock_out": short.assign(month=short["month"].dt.strftime("%Y-%m")).to_dict("records"),
    }


def _open_deals(deals: pd.DataFrame, still_open: pd.Series) -> dict[str, dict]:
    """For each deal that is open on the extract day: its true chance of a win as of its creation and as of today (given
    that it is still open, the rep does not know whether it is forgotten), and what will become of it."""
    mine = deals[still_open]
    fate = np.where(mine["won"], "won", np.where(mine["close"] == cal.NEVER, "never closed", "lost"))
    frame = pd.DataFrame(
        {
            "at_creation": (mine["p"] * np.where(mine["kind"] == 2, 1, 1 - FORGOTTEN)).round(4),
            "now": _still_open(mine).round(4),
            "forgotten": mine["forgotten"].astype(bool),
            "fate": fate,
            "closes_on": cal.dates(mine["close"]).astype("datetime64[D]").astype(str),
        }
    )
    return frame.set_axis(deal_ids(deals)[still_open]).to_dict("index")


def _still_open(mine: pd.DataFrame) -> np.ndarray:
    """Chance of a win, given the deal's age: the planned lengths before the calendar moves them by days."""
    from scipy.special import ndtr

    age = np.log(np.maximum(cal.EXTRACT - mine["created"].to_numpy(), 1) / mine["typical"].to_numpy())
    survives_won = 1 - ndtr(age / WON_SPREAD)
    survives_lost = EARLY_LOSS * (1 - ndtr((age - np.log(0.4)) / EARLY_SPREAD)) + (1 - EARLY_LOSS) * (
        1 - ndtr((age - np.log(1.15)) / LATE_SPREAD)
    )
    p = mine["p"].to_numpy()
    won, lost = p * survives_won * (1 - FORGOTTEN), (1 - p) * survives_lost * (1 - FORGOTTEN)
    return np.where(mine["kind"] == 2, p, won / (won + lost + FORGOTTEN))
