"""Reps side by side: the funnel plot and the ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from salesops_helpers import words
from salesops_helpers.charts import style
from salesops_helpers.errors import one_line

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_LABELS, MOST_NAMES = 10, 80
STANDS = {"better": (style.BLUE, "^"), "": (style.MUTED, "o"), "worse": (style.ORANGE, "v")}


def funnel(rates: pd.DataFrame, limits: pd.DataFrame) -> Figure:
    """Win rate of each rep against its number of closed deals, between the limits of chance; names outside them only.

    Parameters
    ----------
    rates : DataFrame
        One row a rep: name, closed (deals), raw (share), outside ("no", "95 %" or "99.8 %").
    limits : DataFrame
        The lines: closed, rate, low_95, high_95, low_998, high_998.
    """
    fig, ax = style.new(height=4.4)
    for level, line in (("95", "--"), ("998", "-")):
        said = f"{'99.8' if level == '998' else level} % limits: chance alone"
        ax.plot(limits["closed"], limits[f"low_{level}"], line, color=style.MUTED, lw=1.1, label=said)
        ax.plot(limits["closed"], limits[f"high_{level}"], line, color=style.MUTED, lw=1.1)
    rate = limits["rate"].iloc[0]
    ax.plot(limits["closed"], limits["rate"], color=style.INK, lw=1.2, label=f"all reps: {words.percent(rate)}")
    inside = rates["outside"] == "no"
    above = rates["raw"] > rate
    groups = ((inside, "", "rep inside the limits"), (~inside & above, "better", "rep above the 95 % limit"),
              (~inside & ~above, "worse", "rep below the 95 % limit"))
    for chosen, stands, said in groups:
        color, marker = STANDS[stands]
        some = rates[chosen]
        if len(some):
            ax.scatter(some["closed"], some["raw"], s=34, color=color, marker=marker, edgecolor="white", lw=0.6,
                       label=said, zorder=3)
    reached = limits.loc[limits["closed"] >= rates["closed"].min(), ["low_95", "high_95"]]
    near = np.r_[rates["raw"], reached.to_numpy().ravel()]
    ax.set(xlabel="closed deals (won + lost)", ylabel="win rate (won ÷ closed)", xlim=(0, limits["closed"].max()),
           ylim=(max(near.min() - 0.06, -0.02), min(near.max() + 0.06, 1.02)))
    _name_points(ax, rates[~inside], rate)
    style.percent_axis(ax.yaxis)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=3, fontsize=8.5, frameon=False)
    return fig


def intervals(rates: pd.DataFrame, overall: float) -> Figure:
    """The range of each rep's true win rate, one line a rep in the order of the rows, beside the rate of all reps.

    Parameters
    ----------
    rates : DataFrame
        One row a rep: name, closed (deals), raw, mean, low, high (shares), stands ("better", "worse" or "").
    overall : float
        Rate of all reps together (share).
    """
    place = np.arange(len(rates))
    named = len(rates) <= MOST_NAMES
    fig, ax = style.new(height=1.3 + (0.2 * len(rates) if named else 0.03 * min(len(rates), 250)))
    for stands, (color, marker) in STANDS.items():
        here = (rates["stands"] == stands).to_numpy()
        some = rates[here]
        if len(some):
            said = {"": "estimate and 90 % range"}.get(stands, f"clearly {stands}")
            thick, size = (2.2, 30) if named else (0.8, 6)
            ax.hlines(place[here], some["low"], some["high"], color=color, lw=thick, alpha=0.75)
            ax.scatter(some["mean"], place[here], s=size, color=color, marker=marker, label=said, zorder=3)
    if named:
        ax.scatter(rates["raw"], place, s=16, facecolor="white", edgecolor=style.INK, lw=0.8, zorder=2,
                   label="raw rate (won ÷ closed)")
    ax.axvline(overall, color=style.INK, lw=1.1, ls="--", label=f"all reps: {words.percent(overall)}")
    ax.set(ylim=(len(rates) - 0.4, -0.6), xlabel="win rate")
    ax.yaxis.grid(False)
    _name_lines(ax, rates, place, named)
    style.percent_axis(ax.xaxis)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, fontsize=8.5, frameon=False)
    return fig


def _name_lines(ax, rates: pd.DataFrame, place: np.ndarray, named: bool) -> None:
    if not named:
        ax.set(yticks=[], ylabel=f"{words.number(len(rates))} reps, in the order of the table")
        return
    names = rates["name"].map(lambda name: one_line(name, 30)) + "  (" + rates["closed"].map(words.number) + ")"
    ax.set_yticks(place, names, parse_math=False)
    ax.tick_params(axis="y", length=0, labelsize=8.5, labelcolor=style.INK)
    ax.set_ylabel("rep (closed deals)")


def _name_points(ax, rates: pd.DataFrame, rate: float) -> None:
    """Names beside the points, the farthest from `rate` where there are many, moved apart where they would meet."""
    far = (rates["raw"] - rate).abs().sort_values(ascending=False, kind="stable").index[:MOST_LABELS]
    some = rates.loc[far].sort_values("raw", kind="stable")
    low, high = ax.get_ylim()
    heights = _apart(some["raw"].to_numpy(), 0.045 * (high - low))
    width = ax.get_xlim()[1]
    for x, y, shown, name in zip(some["closed"], some["raw"], heights, some["name"], strict=True):
        side, align = (-1, "right") if x > 0.6 * width else (1, "left")
        beside = x + side * 0.014 * width
        ax.text(beside, shown, one_line(name, 30), ha=align, va="center", fontsize=8.5, parse_math=False)
        ax.plot([x, beside], [y, shown], color=style.MUTED, lw=0.5)


def _apart(heights: np.ndarray, gap: float) -> np.ndarray:
    """Ascending heights, raised where they lie closer than `gap`, then centred on where they were."""
    if len(heights) == 0:
        return heights
    steps = np.arange(len(heights)) * gap
    raised = np.maximum.accumulate(heights - steps) + steps
    return raised - (raised - heights).mean()
