"""From the deals that are open to what will be booked: won so far, open, and still to be created.

`outlook` says what is expected of each month ahead; `drawn.windows` makes ranges, units and periods of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.forecast import created as new
from salesops_helpers.forecast import features, hazard
from salesops_helpers.forecast.features import STEPS

MODEL_CUTS, KEPT, TYPICAL = 36, (0.5, 1.5), 5.0


@dataclass(frozen=True)
class Outlook:
    """What is expected of the six months ahead; see `outlook`.

    Attributes
    ----------
    deals : DataFrame
        The open deals: opportunity_id, account_id, rep_id, product, stage, amount (as known, currency), age (days),
        value (what it brings if it is won, currency).
    chance : ndarray
        deals × 6: probability to be won by the end of each month ahead.
    months : DataFrame
        month, ahead, so_far, open, created, forecast (currency), spread (standard deviation of the month's cumulative
        total from the first month on, as if deals were independent), undated (deals open without a created date).
    base : ndarray
        Share of the deals open on earlier cuts that was won by the end of each month ahead.
    noise : float
        Standard deviation of log(amount won ÷ value).
    model : Hazard
        The fitted model.
    """

    deals: pd.DataFrame
    chance: np.ndarray
    months: pd.DataFrame
    base: np.ndarray
    noise: float
    model: hazard.Hazard


def outlook(tables: Tables) -> Outlook:
    """What open deals and deals still to be created will bring in the six months after the as-of day.

    Parameters
    ----------
    tables : Tables
        As known on the as-of day: the model is fitted to nothing else.

    Raises
    ------
    SalesOpsError
        Where the tables are too large for a frame of all deals, no deal is open with a created date, too few have ended
        for a model (see `hazard.fit`), or the past does not tell what new deals bring.

    Notes
    -----
    open = Σ probability × value over deals; value = amount × (Σ amount won ÷ Σ amount as known on past cuts, between
    0.5 and 1.5), or, without an amount, the mean amount of won deals of the product, drawn to that of all by 5 deals.
    """
    if tables.large("opportunities"):
        raise SalesOpsError("the table opportunities is too large to follow each deal", "tables held in a frame",
                            "make the page for a unit: by='region', or 'team'")
    days = features.cuts(tables, MODEL_CUTS)
    panel = features.panel(tables, days)
    today = panel["cut"] == tables.as_of
    if not today.any():
        raise SalesOpsError(f"no deal with a created date is open on {tables.as_of:%Y-%m-%d}", "one or more",
                            "forecast from the series of bookings")
    model = hazard.fit(panel, tables.as_of)
    now = panel[today].reset_index(drop=True)
    chance = hazard.chances(model, now)
    value, noise = _values(panel[~today], now, tables)
    deals = now.assign(value=value).merge(tables.opportunities[["opportunity_id", "account_id"]], on="opportunity_id")
    deals = deals[["opportunity_id", "account_id", "rep_id", "product", "stage", "amount", "age", "value"]]
    months = _months(tables, chance, value, noise, new.expected(new.won_later(tables, days)))
    if months["forecast"].isna().iloc[0]:
        raise SalesOpsError("the months known do not tell what deals not yet created bring", "six months with bookings",
                            "take a longer history")
    return Outlook(deals, chance, months, _base(panel[~today], tables), noise, model)


def _base(past: pd.DataFrame, tables: Tables) -> np.ndarray:
    first, after = features.months_ahead(past["cut"]), features.months_ahead(tables.as_of)
    over = (after.year - first.dt.year) * 12 + after.month - first.dt.month
    won = past["step"].where(past["end"] == "won")
    return np.array([(won[over >= k] <= k).mean() for k in range(1, STEPS + 1)])


def _values(past: pd.DataFrame, now: pd.DataFrame, tables: Tables) -> tuple[np.ndarray, float]:
    """What each deal brings if it is won, and how far that is off (standard deviation of the log)."""
    deals = tables.opportunities
    won = deals[(deals["status"] == "won") & (deals["amount"] > 0)]
    mean, of = won["amount"].mean(), won.groupby("product")["amount"]
    typical = ((of.sum() + TYPICAL * mean) / (of.count() + TYPICAL)).reindex(now["product"]).fillna(mean).to_numpy()
    met = past[(past["end"] == "won") & (past["amount"] > 0) & (past["won_amount"] > 0)]
    if len(met):
        kept = float(np.clip(met["won_amount"].sum() / met["amount"].sum(), *KEPT))
        noise = float(np.log(met["won_amount"] / met["amount"]).std())
    else:
        kept, noise = 1.0, float(np.log(won["amount"]).groupby(won["product"].fillna("")).transform(
            lambda logs: logs - logs.mean()).std())
    amount = now["amount"].to_numpy()
    return np.where(amount > 0, amount * kept, typical), min(noise, 1.0) if np.isfinite(noise) else 0.0


def _months(tables: Tables, chance: np.ndarray, value: np.ndarray, noise: float, to_come: pd.DataFrame) -> pd.DataFrame:
    deals = tables.opportunities
    won = deals[(deals["status"] == "won") & deals["closed_on"].notna()]
    so_far = won.groupby(won["closed_on"].dt.to_period("M").dt.to_timestamp())["amount"].sum()
    each = np.diff(chance, axis=1, prepend=0.0)
    variance = (value**2) @ (chance * (np.exp(noise**2) - chance))
    mean_square = (won["amount"] ** 2).sum() / max(won["amount"].sum(), 1e-9)
    made = to_come.assign(so_far=so_far.reindex(to_come["month"]).fillna(0.0).to_numpy(), open=value @ each)
    made["forecast"] = made["so_far"] + made["open"] + made["created"]
    made["spread"] = np.sqrt(variance + made["created"].cumsum() * mean_square)
    undated = int((deals["created_on"].isna() & (deals["status"] == "open")).sum())
    columns = ["month", "ahead", "so_far", "open", "created", "forecast", "deals", "spread"]
    return made[columns].assign(size=mean_square, undated=undated)


__all__ = ["STEPS", "Outlook", "outlook"]
