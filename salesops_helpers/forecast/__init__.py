"""Bookings of the months to come: forecasts with honest ranges, tested on the past without leaks.

`series` makes the forecast, `backtest` says what it would have said before, `ranges` takes the width of its ranges from
those errors, `methods` knows which models a history bears, `sentences` puts it into words.
"""

from salesops_helpers.forecast.backtest import accuracy, backtest, by_step, totals
from salesops_helpers.forecast.series import bookings, history, left_out, outlook, pooled

__all__ = ["accuracy", "backtest", "bookings", "by_step", "history", "left_out", "outlook", "pooled", "totals"]
