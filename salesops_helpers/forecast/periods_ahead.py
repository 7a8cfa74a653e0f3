"""The month, the quarter and the next one: what of each is won, open or still to be created, and which deals carry it.

All from the same draws, so that units add up to the company and a quarter to its months in each of them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.forecast.drawn import Drawn
from salesops_helpers.forecast.features import months_ahead
from salesops_helpers.forecast.pipeline import Outlook
from salesops_helpers.periods import quarter_start

PERIODS = ("month", "quarter", "next quarter")
UNITS = {"rep": "rep_id", "product": "product", "region": "region"}
CARRIED = ["period", "opportunity_id", "account_id", "rep_id", "product", "stage", "age", "value", "probability",
           "expected", "share", "if_slips", "if_won", "later"]
ENDS = {"low_80": 0.1, "high_80": 0.9, "low_95": 0.025, "high_95": 0.975}


def periods(tables: Tables) -> pd.DataFrame:
    """The periods of the day after the as-of day: period, first, last (months), ahead_from, ahead_to (months ahead that
    are not over, 1: the first)."""
    now = months_ahead(tables.as_of)
    quarter = quarter_start(now, tables.company.fiscal_year_start)
    first = [now, quarter, quarter + pd.DateOffset(months=3)]
    last = [now, quarter + pd.DateOffset(months=2), quarter + pd.DateOffset(months=5)]
    gone = (now.year - quarter.year) * 12 + now.month - quarter.month
    return pd.DataFrame({"period": PERIODS, "first": first, "last": last, "ahead_from": [1, 1, 4 - gone],
                         "ahead_to": [1, 3 - gone, 6 - gone]})


def split(drawn: Drawn, tables: Tables, by: str | None = None) -> pd.DataFrame:
    """Each period in three parts, with ranges.

    Parameters
    ----------
    drawn : Drawn
        `drawn.draw`.
    by : {None, "rep", "product", "region"}
        The unit; None: the company.

    Returns
    -------
    DataFrame
        period, first, last, unit, so_far, open, created, forecast (their sum: the mean of the draws), low_80, high_80,
        low_95, high_95 (currency; missing where the common shock is not known).

    Raises
    ------
    SalesOpsError
        Where `by` is no unit.
    """
    if by is not None and by not in UNITS:
        raise SalesOpsError(f"by={by!r} is not a unit", f"None, {', '.join(UNITS)}", "choose one of these")
    of = pd.Series(tables.company.name, drawn.units.index) if by is None else drawn.units[UNITS[by]]
    names, at = np.unique(of.astype(object).to_numpy(), return_inverse=True)
    member = (at == np.arange(len(names))[:, None]).astype(float)
    frames = [_one(period, drawn, member, names) for period in periods(tables).itertuples()]
    return pd.concat(frames, ignore_index=True)


def _one(period, drawn: Drawn, member: np.ndarray, names: np.ndarray) -> pd.DataFrame:
    opened, new = totals(period, drawn)
    opened, new = member @ opened, member @ new
    booked = member @ _booked(period, drawn)
    total = booked[:, None] + opened + new
    made = pd.DataFrame({
        "period": period.period, "first": period.first, "last": period.last, "unit": names, "so_far": booked,
        "open": opened.mean(axis=1), "created": new.mean(axis=1), "forecast": total.mean(axis=1)})
    ends = np.quantile(total, list(ENDS.values()), axis=1) if drawn.ranged else np.full((4, len(names)), np.nan)
    return made.assign(**dict(zip(ENDS, ends, strict=True)))


def totals(period, drawn: Drawn) -> tuple[np.ndarray, np.ndarray]:
    """groups × draws: what open deals, and deals to come, bring in a period (a row of `periods`)."""
    within = slice(period.ahead_from - 1, period.ahead_to)
    return drawn.open[:, :, within].sum(axis=2), drawn.created[:, :, within].sum(axis=2)


def _booked(period, drawn: Drawn) -> np.ndarray:
    months = drawn.so_far.columns
    return drawn.so_far.loc[:, (months >= period.first) & (months <= period.last)].sum(axis=1).to_numpy()


def carriers(made: Outlook, drawn: Drawn, tables: Tables, most: int = 15) -> pd.DataFrame:
    """The deals that carry each period, and what changes if each slips out of it.

    Parameters
    ----------
    made : Outlook
        `pipeline.outlook`.
    drawn : Drawn
        `drawn.draw` of it.
    most : int
        Deals a period.

    Returns
    -------
    DataFrame
        period, opportunity_id, account_id, rep_id, product, stage, age (days), value (if won, currency), probability
        (to be won within the period), expected (probability × value), share (of the period's forecast), if_slips,
        if_won (the period's forecast then, currency), later (probability that a deal which slips is won in the months
        after the period, as far as six months ahead; missing where there are none); the largest expected first.

    Notes
    -----
    A deal that slips takes its expected amount with it; one that is won brings the rest of its value: the other deals
    are what they are.
    """
    company = split(drawn, tables).set_index("period")["forecast"]
    frames = []
    for period in periods(tables).itertuples():
        before = made.chance[:, period.ahead_from - 2] if period.ahead_from > 1 else 0.0
        within = made.chance[:, period.ahead_to - 1] - before
        beyond = made.chance[:, -1] - made.chance[:, period.ahead_to - 1]
        rows = made.deals.assign(period=period.period, probability=within, expected=within * made.deals["value"])
        rows["later"] = beyond / (1 - within - before).clip(1e-9) if period.ahead_to < made.chance.shape[1] else np.nan
        frames.append(rows.sort_values(["expected", "opportunity_id"], ascending=[False, True]).head(most))
    rows = pd.concat(frames, ignore_index=True)
    forecast = rows["period"].map(company)
    rows["share"] = rows["expected"] / forecast.where(forecast > 0)
    rows["if_slips"], rows["if_won"] = forecast - rows["expected"], forecast - rows["expected"] + rows["value"]
    return rows[CARRIED]
