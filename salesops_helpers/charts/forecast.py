"""Forecasts: the fan of the months to come, and what past forecasts were worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from salesops_helpers.charts import style
from salesops_helpers.words import short_money

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN_MONTHS = 24
FEW = 7
BAR = pd.Timedelta(days=18)


def fan(history: pd.DataFrame, forecast: pd.DataFrame, currency: str) -> Figure:
    """Bookings by month: history, forecast with its 80 % and 95 % ranges, and the naive line.

    Parameters
    ----------
    history : DataFrame
        month, actual (currency) of one unit; the last 24 months are drawn.
    forecast : DataFrame
        month, forecast, low_80, high_80, low_95, high_95, naive of the same unit.
    currency : str
        For the axis.
    """
    past = history.sort_values("month").tail(SHOWN_MONTHS)
    fig, ax = style.new(height=4.0)
    for level, shade in ((95, 0.16), (80, 0.32)):
        low, high = forecast[f"low_{level}"], forecast[f"high_{level}"]
        if high.notna().any():
            ax.bar(forecast["month"], high - low, bottom=low, width=BAR, color=style.BLUE, alpha=shade, lw=0,
                   label=f"{level} % range")
    ax.plot(past["month"], past["actual"], color=style.INK, marker="o", ms=3.5, label="bookings")
    last = past.tail(1)
    ax.plot([*last["month"], *forecast["month"]], [*last["actual"], *forecast["forecast"]], color=style.BLUE, lw=1.6)
    ax.plot(forecast["month"], forecast["forecast"], "o", color=style.BLUE, ms=5.5, label="forecast")
    ax.plot(forecast["month"], forecast["naive"], "x", color=style.ORANGE, ms=7, mew=2.0, label="naive line")
    _date_axis(ax, len(past) + len(forecast))
    ax.set_ylim(bottom=0)
    style.money_axis(ax.yaxis, "")
    ax.set_ylabel(f"bookings a month ({currency})")
    _legend(ax, ["bookings", "forecast", "80 % range", "95 % range", "naive line"])
    return fig


def _legend(ax: Axes, order: list[str]) -> None:
    """The legend above the axes, in an order of its own."""
    found = dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))
    names = [name for name in order if name in found]
    ax.legend([found[name] for name in names], names, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=5,
              fontsize=8.5, frameon=False)


def _date_axis(ax: Axes, months: int) -> None:
    """A tick at the start of a month, of a quarter or of a half-year, as many months as there are to label."""
    from matplotlib.dates import DateFormatter, MonthLocator

    every = next((step for step in (1, 3) if months <= 10 * step), 6)
    ax.xaxis.set_major_locator(MonthLocator(bymonth=range(1, 13, every)))
    ax.xaxis.set_major_formatter(DateFormatter("%b %y"))


def backtest_record(backtest: pd.DataFrame, currency: str) -> Figure:
    """Past windows of one unit: what came, what the forecast said with its 80 % range, what the naive line said.

    Parameters
    ----------
    backtest : DataFrame
        One row a window: first_month, month (the last), forecast, low_80, high_80, naive, actual; as `totals` of a
        backtest gives it.
    currency : str
        For the axis.
    """
    rows = backtest.sort_values("month")
    place = np.arange(len(rows))
    fig, ax = style.new(height=3.9)
    ax.vlines(place, rows["low_80"], rows["high_80"], color=style.BLUE, alpha=0.35, lw=7, label="80 % range given then")
    ax.plot(place, rows["forecast"], "_", color=style.BLUE, ms=13, mew=2.4, label="forecast")
    ax.plot(place, rows["naive"], "x", color=style.ORANGE, ms=6, mew=1.8, label="naive line")
    inside = rows["actual"].between(rows["low_80"], rows["high_80"]) | rows["high_80"].isna()
    ax.plot(place, rows["actual"], "o", color=style.INK, ms=5, label="what came")
    if not inside.all():
        out = (~inside).to_numpy()
        ax.plot(place[out], rows["actual"][out], "o", ms=10, mfc="none", mec=style.INK, label="outside the range")
    ax.set_xticks(place, [_period(f, m) for f, m in zip(rows["first_month"], rows["month"], strict=True)])
    if len(rows) > 8:
        ax.tick_params(axis="x", labelrotation=40, labelsize=8.5)
    ax.set(xlim=(-0.7, max(len(rows) - 0.3, 0.7)), ylabel=f"bookings of the window ({currency})")
    ax.set_ylim(bottom=0)
    ax.xaxis.grid(False)
    style.money_axis(ax.yaxis, "")
    _legend(ax, ["what came", "forecast", "80 % range given then", "naive line", "outside the range"])
    return fig


def _period(first: pd.Timestamp, last: pd.Timestamp) -> str:
    """``Jan–Mar 25``, ``Nov 24–Jan 25``, ``Jan 25``."""
    if first == last:
        return f"{first:%b %y}"
    return f"{first:%b}–{last:%b %y}" if first.year == last.year else f"{first:%b %y}–{last:%b %y}"


def _step(part: str, short: bool) -> str:
    """A step's name on two lines; where there are many, months by their first letters."""
    month, colon, what = part.partition(": ")
    if not colon or not short:
        return part.replace(": ", "\n").replace("forecast of ", "forecast of\n").replace("today's ", "today's\n")
    return f"{month[:3]}\n{what.removeprefix('forecast ')}"


def changes(moves: pd.DataFrame, currency: str) -> Figure:
    """From the last frozen forecast to today's view of the same months, one bar a month that moved it.

    Parameters
    ----------
    moves : DataFrame
        part, amount (currency), is_total: the first and the last row are totals, those between add up to their
        difference.
    currency : str
        For the axis.
    """
    end, step = moves["is_total"].to_numpy(), moves["amount"].where(~moves["is_total"], 0.0)
    level = moves["amount"].iloc[0] + step.cumsum()
    bottom = np.where(end, 0.0, np.minimum(level, level - step))
    height = np.where(end, moves["amount"], step.abs())
    color = np.where(end, style.INK, np.where(step >= 0, style.BLUE, style.ORANGE))
    fig, ax = style.new(height=3.6)
    place = np.arange(len(moves))
    ax.bar(place, height, 0.6, bottom=bottom, color=color)
    ax.hlines(level[:-1], place[:-1] + 0.3, place[1:] - 0.3, color=style.MUTED, lw=0.8)
    for at, value, over in zip(place, moves["amount"], bottom + height, strict=True):
        sign = "+" if value > 0 and not end[at] else ""
        ax.annotate(f"{sign}{short_money(value)}", (at, over), (0, 3), textcoords="offset points", ha="center",
                    fontsize=8.5)
    ax.set_xticks(place, [_step(part, len(moves) > FEW) for part in moves["part"]])
    ax.tick_params(axis="x", length=0, labelsize=8.5, labelcolor=style.INK)
    ax.set(ylim=(0, 1.12 * (bottom + height).max() or 1), ylabel=f"bookings of the months ({currency})")
    ax.xaxis.grid(False)
    style.money_axis(ax.yaxis, "")
    return fig
