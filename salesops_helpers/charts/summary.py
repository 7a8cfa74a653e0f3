"""The month on one page: bookings against the year before, and what is expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from salesops_helpers.charts import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN_MONTHS = 13
WIDE = pd.Timedelta(days=20)


def bookings(months: pd.DataFrame, ahead: pd.DataFrame | None, currency: str) -> Figure:
    """Bookings by month as bars, the same month a year before as a mark, and the months ahead with their range.

    Parameters
    ----------
    months : DataFrame
        month, bookings, last_year (currency); the last 13 months are drawn.
    ahead : DataFrame, optional
        month, forecast, low_80, high_80.
    currency : str
        For the axis.
    """
    past = months.sort_values("month").tail(SHOWN_MONTHS)
    fig, ax = style.new(height=3.4)
    ax.bar(past["month"], past["bookings"], width=WIDE, color=style.BLUE, label="booked")
    ax.plot(past["month"], past["last_year"], "_", color=style.ORANGE, ms=16, mew=2.2, label="a year before")
    if ahead is not None and len(ahead):
        known = ahead["low_80"].notna()
        ax.vlines(ahead["month"][known], ahead["low_80"][known], ahead["high_80"][known], color=style.INK, lw=2,
                  label="80 % range")
        ax.plot(ahead["month"], ahead["forecast"], "o", color=style.INK, ms=6, label="expected")
    ax.set_ylim(bottom=0)
    style.money_axis(ax.yaxis, "")
    ax.set_ylabel(f"bookings a month ({currency})")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4, fontsize=8.5, frameon=False)
    return fig
