"""KPIs: control charts side by side, one KPI of many units, goals reached."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from salesops_helpers.charts import style
from salesops_helpers.errors import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PANELS, COLUMNS, SHOWN = 12, 3, 24
GOOD = {1: (style.BLUE, "^"), -1: (style.ORANGE, "v"), 0: (style.PINK, "D")}
Text = Callable[[float], str]


def control_charts(found: pd.DataFrame, history: pd.DataFrame, panels: list[tuple[str, str, Text]]) -> Figure:
    """Small multiples: each series, the band that its own past allows, and the months outside it.

    Parameters
    ----------
    found : DataFrame
        Months looked at: key, month, limit_low, limit_high, usual, value, signal (−1, 0, 1), good (−1, 0, 1).
    history : DataFrame
        All months: key, month, value; the last 24 are drawn.
    panels : list of (key, title, text)
        What to draw, at most 12: the key, its heading, and how a value is written on the axis.
    """
    panels = panels[:MOST_PANELS]
    rows = -(-len(panels) // COLUMNS)
    fig, axes = style.new(height=1.75 * rows + 0.5, columns=COLUMNS, rows=rows, squeeze=False)
    for ax, (key, title, text) in zip(axes.flat, panels, strict=False):
        _panel(ax, found[found["key"] == key], history[history["key"] == key], text)
        ax.set_title(one_line(title, 34), fontsize=9, parse_math=False)
    for ax in axes.flat[len(panels):]:
        ax.set_axis_off()
    handles, labels = _legend(axes.flat[0])
    fig.legend(handles, labels, loc="outside lower center", ncols=5, fontsize=8.5, frameon=False)
    return fig


def _panel(ax: Axes, found: pd.DataFrame, history: pd.DataFrame, text: Text) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    known, history = found.dropna(subset="limit_low"), history.sort_values("month").tail(SHOWN)
    if len(known):
        wide, ax.use_sticky_edges = pd.Timedelta(days=15), False
        ax.bar(known["month"], known["limit_high"] - known["limit_low"], 2 * wide, known["limit_low"],
               color=style.MUTED, alpha=0.22, lw=0)
        ax.hlines(known["usual"], known["month"] - wide, known["month"] + wide, color=style.MUTED, lw=1)
    ax.plot(history["month"], history["value"], color=style.INK, lw=1.2, marker="o", ms=2.4)
    for good, (color, marker) in GOOD.items():
        some = found[(found["signal"] != 0) & (found["good"] == good)]
        ax.plot(some["month"], some["value"], marker, color=color, ms=7.5, mec="white", zorder=4)
    ax.yaxis.set_major_locator(MaxNLocator(3))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: text(value)))
    months = history["month"].drop_duplicates().sort_values()
    ticks = months.iloc[::-1].iloc[::max(1, -(-len(months) // 3))].iloc[::-1]
    ax.set_xticks(ticks, [f"{month:%b %y}" for month in ticks])
    ax.tick_params(labelsize=7.5)
    ax.xaxis.grid(False)


def _legend(ax: Axes) -> tuple[list, list[str]]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    said = {1: "moved for the better", -1: "moved for the worse", 0: "moved"}
    marks = [Line2D([], [], color=color, marker=marker, ls="") for color, marker in GOOD.values()]
    handles = [Line2D([], [], color=style.INK, marker="o", ms=2.4), Patch(color=style.MUTED, alpha=0.22, lw=0), *marks]
    return handles, ["by month", "what its own past allows", *(said[good] for good in GOOD)]


def one_kpi(found: pd.DataFrame, history: pd.DataFrame, title: str, unit: str, text: Text) -> Figure:
    """One series at full width, with its band and the months outside it; arguments as in `control_charts`."""
    fig, ax = style.new(height=3.3)
    _panel(ax, found, history, text)
    ax.tick_params(labelsize=9)
    ax.set_title(one_line(title, 70), parse_math=False)
    ax.set_ylabel(one_line(unit, 30), parse_math=False)
    ax.legend(*_legend(ax), loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=5, fontsize=8.5, frameon=False)
    return fig


def reached(progress: pd.DataFrame) -> Figure:
    """Bars of what was reached of the goal so far, one a period, beside the line of 100 %.

    Parameters
    ----------
    progress : DataFrame
        period (as printed), reached (share of the goal so far; missing: not begun), said (the figures in words).
    """
    rows = progress.reset_index(drop=True)
    place = np.arange(len(rows))
    share = rows["reached"].fillna(0.0)
    fig, ax = style.new(height=0.9 + 0.34 * len(rows))
    ax.barh(place, share, 0.6, color=np.where(share >= 1, style.BLUE, style.ORANGE))
    ax.axvline(1.0, color=style.INK, lw=1.2)
    for at, row in rows.iterrows():
        ax.text(max(share[at], 1.0) + 0.02, at, one_line(row["said"], 60), va="center", fontsize=8.5, parse_math=False)
    ax.set_yticks(place, rows["period"].map(lambda p: one_line(p, 40)), parse_math=False)
    ax.tick_params(axis="y", length=0, labelcolor=style.INK)
    ax.set(xlabel="share of the goal so far (line: 100 %)", ylim=(len(rows) - 0.4, -0.6),
           xlim=(0, 1.45 * max(share.max(), 1.0)))
    ax.yaxis.grid(False)
    style.percent_axis(ax.xaxis)
    return fig
