"""What will be won from deals that nobody has created yet: a part of its own, from the same place in past quarters."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers.data.container import Tables
from salesops_helpers.forecast.features import STEPS, months_ahead
from salesops_helpers.periods import quarter_start

LEVEL_MONTHS, FEWEST, HALF_LIFE, OWN = 6, 3, 12, 2.0


def won_later(tables: Tables, days: pd.DatetimeIndex) -> pd.DataFrame:
    """What was won in the months after each cut, apart for deals that were not there yet on the cut.

    Parameters
    ----------
    tables : Tables
        As known on the as-of day.
    days : DatetimeIndex
        Cuts, as `features.cuts` gives them.

    Returns
    -------
    DataFrame
        cut, ahead (1 to 6), month, place (of the month in the fiscal quarter), level (mean bookings a month in the six
        months before the cut, as far as they are known; currency), created, open (currency won in the month after the
        cut, from deals created later and from those there), deals (number of those created later), over (bool: the
        month was over on the as-of day).
    """
    deals = tables.opportunities
    won = deals[(deals["status"] == "won") & deals["closed_on"].notna()]
    amount = won["amount"].fillna(0.0).to_numpy()
    closed = won["closed_on"].dt.year.to_numpy() * 12 + won["closed_on"].dt.month.to_numpy()
    first_won, on, made_on = won["closed_on"].min(), won["closed_on"].to_numpy(), won["created_on"].to_numpy()
    over = months_ahead(tables.as_of)
    frames = []
    for cut in days:
        first = months_ahead(cut)
        ahead = closed - (first.year * 12 + first.month) + 1
        ahead = np.where((ahead >= 1) & (ahead <= STEPS) & (on > cut.to_datetime64()), ahead, 0)
        new = ~(made_on <= cut.to_datetime64())
        sums = [np.bincount(ahead, amount * part, STEPS + 1)[1:] for part in (new, ~new)]
        since = cut - pd.DateOffset(months=LEVEL_MONTHS)
        recent = amount[(on > since.to_datetime64()) & (on <= cut.to_datetime64())].sum()
        known = (first.year - first_won.year) * 12 + first.month - first_won.month if pd.notna(first_won) else 0
        frames.append(pd.DataFrame({
            "cut": cut, "ahead": np.arange(1, STEPS + 1), "month": pd.date_range(first, periods=STEPS, freq="MS"),
            "level": recent / min(known, LEVEL_MONTHS) if known >= FEWEST else np.nan,
            "created": sums[0], "open": sums[1], "deals": np.bincount(ahead, new, STEPS + 1)[1:]}))
    rows = pd.concat(frames, ignore_index=True)
    began = quarter_start(rows["month"], tables.company.fiscal_year_start)
    place = (rows["month"].dt.year - began.dt.year) * 12 + rows["month"].dt.month - began.dt.month
    return rows.assign(place=place, over=rows["month"] < over)


def expected(later: pd.DataFrame) -> pd.DataFrame:
    """What deals not yet created will bring in each of the six months after the last cut.

    Parameters
    ----------
    later : DataFrame
        `won_later`; the last cut is the one to forecast from.

    Returns
    -------
    DataFrame
        month, ahead, created (currency), deals (number); missing where the past does not tell.

    Notes
    -----
    created = level × (Σ created ÷ Σ level over past cuts), weighted so that twelve months ago counts half, with the
    ratio of the same place in the quarter drawn to that of all places as if it had two windows more (the same for
    deals). The level carries growth. A month further ahead than any past cut has met takes the ratio of the last one
    that was.
    """
    last = later["cut"].max()
    now = later[later["cut"] == last].set_index("ahead")
    past = later[(later["cut"] < last) & later["over"] & (later["level"] > 0)]
    weight = 0.5 ** ((last - past["cut"]).dt.days / 30.4 / HALF_LIFE)
    past = past.assign(n=1.0, level=past["level"] * weight, created=past["created"] * weight,
                       deals=past["deals"] * weight)
    every = past.groupby("ahead")[["n", "level", "created", "deals"]].sum().reindex(now.index)
    same = past.groupby(["ahead", "place"])[["n", "level", "created", "deals"]].sum()
    same = same.reindex(pd.MultiIndex.from_arrays([now.index, now["place"]])).fillna(0.0).set_axis(now.index)
    own = same["n"] / (same["n"] + OWN)
    made = {}
    for name in ("created", "deals"):
        ratio = own * (same[name] / same["level"]).fillna(0.0) + (1 - own) * every[name] / every["level"]
        made[name] = ratio.where(every["n"] > 0).ffill() * now["level"]
    return pd.DataFrame({"month": now["month"], **made}).reset_index()[["month", "ahead", "created", "deals"]]
