"""One rep: bookings against quota month by month, and each comparison with peers with its range."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from salesops_helpers.charts import style
from salesops_helpers.errors import one_line

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def standing(months: pd.DataFrame, currency: str) -> Figure:
    """Bookings as bars, quota as marks.

    Parameters
    ----------
    months : DataFrame
        One row a month: month, bookings, quota (currency; missing: none).
    """
    fig, ax = style.new(height=2.8)
    place = np.arange(len(months))
    ax.bar(place, months["bookings"], width=0.62, color=style.BLUE, label="booked")
    if months["quota"].notna().any():
        ax.hlines(months["quota"], place - 0.4, place + 0.4, color=style.ORANGE, lw=2.4, label="quota", zorder=3)
    ax.set_xticks(place, [f"{month:%b}\n{month:%Y}" if at == 0 or month.month == 1 else f"{month:%b}"
                          for at, month in enumerate(months["month"])])
    ax.set(ylabel=f"bookings ({one_line(currency, 12)} a month)")
    ax.xaxis.grid(False)
    style.money_axis(ax.yaxis, "")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, fontsize=8.5)
    return fig


def comparisons(rows: pd.DataFrame) -> Figure:
    """The true difference from peers in each look, with its range: left of the line below, right of it above.

    Parameters
    ----------
    rows : DataFrame
        One row a look: look (text), n, difference, low, high (shares), credible (bool).
    """
    place = np.arange(len(rows))
    fig, ax = style.new(height=1.2 + 0.27 * len(rows))
    sure = rows["credible"].to_numpy(bool)
    for here, color, marker, said in ((~sure, style.MUTED, "o", "no more than chance"),
                                      (sure, style.BLUE, "D", "more than chance")):
        some = rows[here]
        if len(some):
            ax.hlines(place[here], 100 * some["low"], 100 * some["high"], color=color, lw=2.2, alpha=0.8)
            ax.scatter(100 * some["difference"], place[here], s=30, color=color, marker=marker, zorder=3, label=said)
    ax.axvline(0, color=style.INK, lw=1.1, ls="--")
    names = [f"{one_line(look, 44)}  ({n:,.0f})" for look, n in zip(rows["look"], rows["n"], strict=True)]
    ax.set_yticks(place, names, parse_math=False)
    ax.tick_params(axis="y", length=0, labelsize=8.5, labelcolor=style.INK)
    ax.set(ylim=(len(rows) - 0.4, -0.6), xlabel="difference from comparable colleagues (points, 90 % range)")
    ax.yaxis.grid(False)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, fontsize=8.5)
    return fig
