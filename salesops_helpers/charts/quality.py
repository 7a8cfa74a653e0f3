"""Data quality: money that rests on flagged rows, how that has moved, and how owners compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from salesops_helpers import words
from salesops_helpers.charts import style
from salesops_helpers.errors import one_line

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_NAMES = 60


def risk(frame: pd.DataFrame, names: dict[str, str], currency: str) -> Figure:
    """Share of each figure that rests on flagged rows, with the money beside it.

    Parameters
    ----------
    frame : DataFrame
        One row a figure: figure, total, flagged (currency), share, record_share (shares of the total).
    names : dict
        Figure → its name.
    """
    from matplotlib.ticker import MaxNLocator

    rows = frame.fillna({"share": 0.0, "record_share": 0.0}).reset_index(drop=True)
    place, share, record = np.arange(len(rows)), rows["share"].to_numpy(), rows["record_share"].to_numpy()
    fig, ax = style.new(height=0.8 + 0.45 * len(rows))
    ax.barh(place, share, 0.55, color=style.ORANGE, label="amount, date, stage or owner in doubt")
    ax.barh(place, record, 0.55, left=share, color="#56b4e9", label="gaps in the record alone")
    for at, row in rows.iterrows():
        said = f"{words.short_money(row['flagged'], currency)} of {words.short_money(row['total'], currency)} in doubt"
        ax.text(share[at] + record[at] + 0.006, at, said, va="center", fontsize=8.5)
    ax.set_yticks(place, rows["figure"].map(names).map(str.capitalize))
    ax.tick_params(axis="y", length=0, labelcolor=style.INK)
    most = (share + record).max() if len(rows) else 0
    ax.set(ylim=(len(rows) - 0.5, -0.5), xlim=(0, max(1.75 * most, 0.1)), xlabel="share of the figure")
    ticks = MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(0, max(most, 0.06))
    ax.set_xticks(ticks[(ticks >= 0) & (ticks <= max(1.02 * most, 0.06))])
    ax.yaxis.grid(False)
    style.percent_axis(ax.xaxis)
    ax.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=2, fontsize=8.5, frameon=False)
    return fig


def trend(then: pd.DataFrame, created: pd.DataFrame) -> Figure:
    """Left: the open pipeline in doubt at each month's end. Right: deals created in each month, set aside and flagged.

    Parameters
    ----------
    then : DataFrame
        month, share.
    created : DataFrame
        month, share_aside, low_aside, high_aside, share_flagged, low_flagged, high_flagged.
    """
    fig, (left, right) = style.new(height=3.5, columns=2)
    left.plot(then["month"], then["share"], color=style.ORANGE, marker="o", ms=4)
    left.set(title="Open pipeline in doubt, at month end", ylabel="share of its value")
    left.set_ylim(0, max(1.25 * then["share"].max(), 0.05) if then["share"].notna().any() else 1)
    shift = pd.Timedelta(days=4)
    for name, color, marker, said, by in (("flagged", style.ORANGE, "o", "flagged today", -shift),
                                          ("aside", style.INK, "s", "set aside", shift)):
        right.vlines(created["month"] + by, created[f"low_{name}"], created[f"high_{name}"], color=color, lw=1.1)
        right.plot(created["month"] + by, created[f"share_{name}"], marker, color=color, ms=4, label=said)
    right.set(title="New deals, by month of creation", ylabel="share of the deals (90 % range)")
    right.set_ylim(bottom=0)
    right.legend(loc="upper right", fontsize=8.5)
    for ax in (left, right):
        _months(ax, created["month"])
        style.percent_axis(ax.yaxis)
    return fig


def _months(ax, months: pd.Series) -> None:
    step = max(1, int(np.ceil(len(months) / 6)))
    shown = months.iloc[::-1].iloc[::step].iloc[::-1]
    ax.set_xticks(shown, [f"{month:%b %y}" for month in shown])
    if len(months):
        margin = pd.Timedelta(days=18)
        ax.set_xlim(months.min() - margin, months.max() + margin)


def owners(frame: pd.DataFrame) -> Figure:
    """Share of each owner's deals that carry a flag, with its range, one line an owner in the order of the rows.

    Parameters
    ----------
    frame : DataFrame
        One row an owner: name, deals, flagged, share, mean, low, high (shares).
    """
    from matplotlib.ticker import MaxNLocator

    rows = frame.head(MOST_NAMES).reset_index(drop=True)
    place = np.arange(len(rows))
    fig, ax = style.new(height=1.2 + 0.2 * len(rows))
    overall = frame["flagged"].sum() / max(frame["deals"].sum(), 1)
    ax.hlines(place, rows["low"], rows["high"], color=style.MUTED, lw=2.2, alpha=0.75)
    ax.scatter(rows["mean"], place, s=28, color=style.BLUE, zorder=3, label="estimate and 90 % range")
    ax.scatter(rows["share"], place, s=16, facecolor="white", edgecolor=style.INK, lw=0.8, zorder=2,
               label="raw share (flagged ÷ deals)")
    ax.axvline(overall, color=style.INK, lw=1.1, ls="--", label=f"all owners: {words.percent(overall)}")
    names = rows["name"].fillna(rows["rep_id"]).map(lambda name: one_line(name, 30))
    ax.set_yticks(place, names + "  (" + rows["deals"].map(words.number) + ")", parse_math=False)
    ax.tick_params(axis="y", length=0, labelsize=8.5, labelcolor=style.INK)
    ax.set(ylim=(len(rows) - 0.4, -0.6), xlabel="share of deals that carry a flag", ylabel="owner (deals)")
    ax.set_xlim(left=0)
    ax.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10]))
    ax.yaxis.grid(False)
    style.percent_axis(ax.xaxis)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, fontsize=8.5, frameon=False)
    return fig
