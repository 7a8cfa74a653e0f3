"""The sales process: where value waits, stage flow, differences, the waterfall, slipped deals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from salesops_helpers import words
from salesops_helpers.charts import style
from salesops_helpers.errors import one_line

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SKY = "#56b4e9"


def waits(frame: pd.DataFrame, currency: str) -> Figure:
    """Open money by stage, split into what is within the usual length of a stay and what is beyond.

    Parameters
    ----------
    frame : DataFrame
        One row a stage in order: stage, deals, amount, beyond_amount (currency), median_days.
    """
    place = np.arange(len(frame))
    beyond = frame["beyond_amount"].to_numpy()
    usual = frame["amount"].to_numpy() - beyond
    fig, ax = style.new(height=1.2 + 0.42 * max(len(frame), 1))
    ax.barh(place, usual, 0.6, color=SKY, label="within the usual time, or no usual time known")
    ax.barh(place, beyond, 0.6, left=usual, color=style.ORANGE, hatch="//", edgecolor="white",
            label="longer than nine of ten stays that were part of a win")
    most = frame["amount"].max() if len(frame) else 0
    for at, row in enumerate(frame.to_dict("records")):
        days = "" if pd.isna(row["median_days"]) else f", median {words.number(row['median_days'])} days"
        ax.text(row["amount"] + 0.01 * most, at, f"{words.counted(row['deals'], 'deal')}{days}", va="center",
                fontsize=8.5)
    _stages(ax, frame["stage"], place)
    ax.set(xlim=(0, max(1.35 * most, 1)), xlabel=f"open amount ({currency})")
    style.money_axis(ax.xaxis, currency)
    ax.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=2, fontsize=8.5, frameon=False)
    return fig


def flow(frame: pd.DataFrame, times: pd.DataFrame) -> Figure:
    """Left: what became of the deals that entered each stage. Right: how long a stay lasts.

    Parameters
    ----------
    frame : DataFrame
        One row a stage in order: stage, entered, moved_on, still_open, lost (deals).
    times : DataFrame
        stage, median, low, high (days).
    """
    fig, (left, right) = style.new(height=1.5 + 0.45 * max(len(frame), 1), columns=2)
    place, start = np.arange(len(frame)), np.zeros(len(frame))
    entered = frame["entered"].where(frame["entered"] > 0)
    for column, color, said in (("moved_on", style.BLUE, "moved on"), ("still_open", SKY, "still open"),
                                ("lost", style.MUTED, "lost")):
        share = (frame[column] / entered).fillna(0.0).to_numpy()
        left.barh(place, share, 0.62, left=start, color=color, edgecolor="white", label=said)
        for at in np.flatnonzero(share > 0.07):
            left.text(start[at] + share[at] / 2, at, words.percent(share[at], 0), ha="center", va="center",
                      fontsize=8.5, color=style.INK if column == "still_open" else "white")
        start = start + share
    counts = frame["entered"].map(words.number)
    _stages(left, frame["stage"], place, counts)
    left.set(xlim=(0, 1), xlabel="share of the deals that entered")
    style.percent_axis(left.xaxis)
    left.legend(loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=3, fontsize=8.5, frameon=False)
    rows = frame[["stage"]].merge(times, on="stage", how="left")
    right.hlines(place, rows["low"], rows["high"].fillna(rows["median"]), color=style.MUTED, lw=2.4)
    right.scatter(rows["median"], place, color=style.BLUE, s=34, zorder=3)
    for at in np.flatnonzero(rows["median"].notna()):
        right.text(rows["median"].iloc[at], at - 0.28, f"{words.number(rows['median'].iloc[at])} days", ha="center",
                   fontsize=8.5)
    right.set(xlabel="days in the stage: median and 90 % range", ylim=(len(frame) - 0.4, -0.6), yticks=[])
    right.set_xlim(left=0)
    return fig


def differences(frame: pd.DataFrame, most: int = 12) -> Figure:
    """How far the share that moves on lies from the company's, the clearest first, with its range.

    Parameters
    ----------
    frame : DataFrame
        One row a stage and value: stage, value, n, difference, low, high (shares), p_all.
    """
    rows = frame.head(most)
    place = np.arange(len(rows))
    clear = (rows["p_all"] <= 0.05).to_numpy()
    fig, ax = style.new(height=1.3 + 0.28 * max(len(rows), 1))
    for mine, color, marker, said in ((clear, style.ORANGE, "D", "beyond chance"),
                                      (~clear, style.MUTED, "o", "could be chance")):
        if mine.any():
            ax.hlines(place[mine], rows["low"][mine], rows["high"][mine], color=color, lw=2.2)
            ax.scatter(rows["difference"][mine], place[mine], color=color, marker=marker, s=32, zorder=3, label=said)
    ax.axvline(0, color=style.INK, lw=1.1, ls="--")
    names = rows["value"].map(lambda v: one_line(v, 28)) + ", from " + rows["stage"].map(lambda s: one_line(s, 22))
    ax.set_yticks(place, names + "  (" + rows["n"].map(words.number) + ")", parse_math=False)
    ax.tick_params(axis="y", length=0, labelsize=8.5, labelcolor=style.INK)
    ax.set(ylim=(len(rows) - 0.4, -0.6), xlabel="percentage points against the company's share (90 % range)")
    ax.yaxis.grid(False)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value * 100:+.0f}" if abs(value) > 1e-9 else "0")
    ax.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=2, fontsize=8.5, frameon=False)
    return fig


def waterfall(lines: pd.DataFrame, currency: str) -> Figure:
    """From the opening to the closing pipeline, one bar a bucket that moved it; in deals where no money is known.

    Parameters
    ----------
    lines : DataFrame
        One row a line of one unit, opening first, closing last: line, deals, net_deals, amount (currency).
    """
    told = lines["amount"].notna().all()
    values = lines["amount" if told else "net_deals"].astype(float)
    ends = lines["line"].isin(["opening", "closing"])
    rows = lines[ends | (values != 0)].assign(value=values)
    step = rows["value"].where(~rows["line"].isin(["opening", "closing"]), 0.0)
    level = rows["value"].iloc[0] + step.cumsum()
    end = rows["line"].isin(["opening", "closing"]).to_numpy()
    bottom = np.where(end, 0.0, np.minimum(level, level - step))
    height = np.where(end, rows["value"], step.abs())
    color = np.where(end, style.INK, np.where(step >= 0, style.BLUE, style.ORANGE))
    fig, ax = style.new(height=3.9)
    place = np.arange(len(rows))
    ax.bar(place, height, 0.64, bottom=bottom, color=color)
    ax.hlines(level[:-1], place[:-1] + 0.32, place[1:] - 0.32, color=style.MUTED, lw=0.8)
    top = (bottom + height).max() or 1.0
    for at, value, over in zip(place, rows["value"], bottom + height, strict=True):
        text = words.short_money(value) if told else words.number(value)
        sign = "+" if value > 0 and not end[at] else ""
        ax.text(at, over + 0.012 * top, f"{sign}{text}", ha="center", fontsize=8.5)
    ax.set_xticks(place, [f"{name}\n({words.number(n)})" for name, n in zip(rows["line"], rows["deals"], strict=True)])
    ax.tick_params(axis="x", length=0, labelsize=8.5, labelcolor=style.INK)
    ax.set(xlim=(-0.5, len(rows) - 0.5), ylim=(0, 1.1 * top), xlabel="(deals)",
           ylabel=f"open pipeline ({currency})" if told else "open deals")
    if told:
        style.money_axis(ax.yaxis, currency)
    ax.xaxis.grid(False)
    return fig


def slips(rates: pd.DataFrame) -> Figure:
    """Share of the deals expected in a period that did not close in it, by count with range, and by value.

    Parameters
    ----------
    rates : DataFrame
        One row a period: period (first day), rate, low, high, rate_value, rate_lost (shares).
    """
    rows = rates[rates["period"].notna()]
    fig, ax = style.new(height=3.3)
    ax.vlines(rows["period"], rows["low"], rows["high"], color=style.ORANGE, lw=2.2, alpha=0.6)
    ax.plot(rows["period"], rows["rate"], color=style.ORANGE, marker="o", ms=5, label="slipped, by count (90 % range)")
    ax.plot(rows["period"], rows["rate_value"], color=style.BLUE, marker="s", ms=4, ls="--", label="slipped, by value")
    ax.plot(rows["period"], rows["rate_lost"], color=style.MUTED, marker="^", ms=4, ls=":",
            label="other form: lost counted as slipped")
    ax.set_xticks(rows["period"], [f"{p:%b %y}" for p in rows["period"]], fontsize=8.5)
    ax.set(ylim=(0, 1), ylabel="share of the deals due")
    style.percent_axis(ax.yaxis)
    ax.legend(loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=3, fontsize=8.5, frameon=False)
    return fig


def by_value(frame: pd.DataFrame, name: str) -> Figure:
    """Left: the share that moved on, by value of a column. Right: the time in the stage; both with 90 % ranges.

    Parameters
    ----------
    frame : DataFrame
        One row a value: value, entered, rate, low, high (shares), median, days_low, days_high (days).
    """
    fig, (left, right) = style.new(height=1.3 + 0.3 * max(len(frame), 1), columns=2)
    place = np.arange(len(frame))
    left.hlines(place, frame["low"], frame["high"], color=style.MUTED, lw=2.2)
    left.scatter(frame["rate"], place, color=style.BLUE, s=32, zorder=3)
    _stages(left, frame["value"], place, frame["entered"].map(words.number))
    left.set(xlabel="share that moved on (90 % range)", ylabel=f"{name} (entered)")
    style.percent_axis(left.xaxis)
    right.hlines(place, frame["days_low"], frame["days_high"].fillna(frame["median"]), color=style.MUTED, lw=2.2)
    right.scatter(frame["median"], place, color=style.ORANGE, marker="D", s=28, zorder=3)
    right.set(xlabel="days in the stage (median, 90 % range)", yticks=[], ylim=(len(frame) - 0.4, -0.6))
    right.set_xlim(left=0)
    return fig


def _stages(ax, stages: pd.Series, place: np.ndarray, counts: pd.Series | None = None) -> None:
    names = stages.map(lambda s: one_line(s, 30))
    names = names if counts is None else names + "  (" + counts + ")"
    ax.set_yticks(place, names, parse_math=False)
    ax.tick_params(axis="y", length=0, labelsize=9, labelcolor=style.INK)
    ax.set_ylim(len(place) - 0.4, -0.6)
    ax.yaxis.grid(False)
