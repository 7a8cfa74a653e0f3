"""The pipeline: periods in three parts with their ranges, and how far probabilities can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from salesops_helpers.charts import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PARTS = {"so_far": ("won so far", style.INK, ""), "open": ("open deals", style.BLUE, ""),
         "created": ("still to be created", style.YELLOW, "//")}


def outlook(periods: pd.DataFrame, reliability: pd.DataFrame, currency: str) -> Figure:
    """Left: each period, won so far, from open deals, still to be created, with the 80 % range of the whole. Right: of
    past deals, what was said and what came.

    Parameters
    ----------
    periods : DataFrame
        period, first, last, so_far, open, created, forecast, low_80, high_80 (currency).
    reliability : DataFrame
        deals, said, came, low, high (shares); may be empty.
    currency : str
        For the axis.
    """
    fig, (left, right) = style.new(height=3.7, columns=2, width_ratios=[3, 2])
    _parts(left, periods, currency)
    _trust(right, reliability)
    return fig


def _parts(ax: Axes, periods: pd.DataFrame, currency: str) -> None:
    place, bottom = np.arange(len(periods)), np.zeros(len(periods))
    for name, (said, color, hatch) in PARTS.items():
        height = periods[name].to_numpy()
        ax.bar(place, height, 0.55, bottom=bottom, color=color, hatch=hatch, edgecolor="white", lw=0.8, label=said)
        bottom = bottom + height
    ranged = periods["high_80"].notna().to_numpy()
    if ranged.any():
        rows = periods[ranged]
        reach = np.vstack([(rows["forecast"] - rows["low_80"]).clip(0), (rows["high_80"] - rows["forecast"]).clip(0)])
        ax.errorbar(place[ranged], rows["forecast"], yerr=reach, fmt="none", ecolor=style.ORANGE, elinewidth=2.2,
                    capsize=6, capthick=2.2, label="80 % range")
    ax.set_xticks(place, [f"{p}\n{_span(f, t)}" for p, f, t in
                          zip(periods["period"], periods["first"], periods["last"], strict=True)])
    top = np.nanmax([bottom.max(), periods["high_80"].max(), 1.0])
    ax.set(ylim=(0, 1.08 * top), ylabel=f"bookings of the period ({currency})")
    ax.xaxis.grid(False)
    ax.tick_params(axis="x", length=0, labelcolor=style.INK)
    style.money_axis(ax.yaxis, "")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, fontsize=8.5, frameon=False)


def _span(first: pd.Timestamp, last: pd.Timestamp) -> str:
    return f"{first:%b %Y}" if first == last else f"{first:%b}–{last:%b %Y}"


def _trust(ax: Axes, reliability: pd.DataFrame) -> None:
    ax.plot([0, 1], [0, 1], color=style.MUTED, lw=1.0, ls="--", label="as said")
    if len(reliability):
        ax.vlines(reliability["said"], reliability["low"], reliability["high"], color=style.BLUE, lw=2, alpha=0.5)
        ax.plot(reliability["said"], reliability["came"], "o", color=style.BLUE, ms=5, label="a tenth of past deals")
    else:
        ax.text(0.5, 0.5, "no past deals to compare", ha="center", fontsize=8.5, color=style.MUTED)
    ax.set(xlim=(0, 1), ylim=(0, 1), xlabel="said: probability to be won in 3 months", ylabel="came: share won")
    style.percent_axis(ax.xaxis)
    style.percent_axis(ax.yaxis)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, fontsize=8.5, frameon=False)
