"""Habits of the reps who win more against those of the others, on one scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from salesops_helpers.charts import style
from salesops_helpers.errors import one_line

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 16


def differences(rows: pd.DataFrame) -> Figure:
    """Differences with their ranges in standard deviations between like reps, the first `MOST` rows.

    Parameters
    ----------
    rows : DataFrame
        One row a habit: habit (text), difference, low, high, spread (all in the habit's unit), credible (bool).
    """
    rows = rows.head(MOST)
    scale = rows["spread"].where(rows["spread"] > 0)
    shown = rows[["difference", "low", "high"]].div(scale, axis=0)
    place, sure = np.arange(len(rows)), rows["credible"].to_numpy(bool)
    fig, ax = style.new(height=1.3 + 0.27 * len(rows))
    for here, color, marker, said in ((~sure, style.MUTED, "o", "no more than chance"),
                                      (sure, style.BLUE, "D", "more than chance")):
        some = shown[here]
        if len(some):
            ax.hlines(place[here], some["low"], some["high"], color=color, lw=2.2, alpha=0.8)
            ax.scatter(some["difference"], place[here], s=30, color=color, marker=marker, zorder=3, label=said)
    ax.axvline(0, color=style.INK, lw=1.1, ls="--")
    ax.set_yticks(place, [one_line(habit, 44) for habit in rows["habit"]], parse_math=False)
    ax.tick_params(axis="y", length=0, labelsize=8.5, labelcolor=style.INK)
    ax.set(ylim=(len(rows) - 0.4, -0.6),
           xlabel="difference from like reps (standard deviations between reps, 90 % range)")
    ax.yaxis.grid(False)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, fontsize=8.5)
    return fig
