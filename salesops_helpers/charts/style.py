"""The house style: readable in print, by colour-blind eyes, and at page width."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, GRID = "#1b2733", "#5b6b7a", "#dfe5ea"
BLUE, ORANGE, GREEN, PINK, YELLOW = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00"
CYCLE = [BLUE, ORANGE, GREEN, PINK, YELLOW, "#56b4e9"]
WIDTH = 8.4

STYLE = {
    "figure.facecolor": "white", "axes.facecolor": "white", "font.family": "DejaVu Sans", "font.size": 9.5,
    "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": MUTED, "xtick.color": MUTED, "ytick.color": MUTED,
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.color": GRID, "grid.linewidth": 0.8,
    "axes.axisbelow": True, "axes.titlesize": 10.5, "axes.titleweight": "bold", "axes.titlelocation": "left",
    "legend.frameon": False, "lines.linewidth": 1.8,
}


def new(height: float = 3.6, columns: int = 1, rows: int = 1, **more) -> tuple[Figure, Axes]:
    """A figure in the house style and its axes (an array of axes where there is more than one)."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt
    from cycler import cycler

    with mpl.rc_context({**STYLE, "axes.prop_cycle": cycler(color=CYCLE)}):
        return plt.subplots(rows, columns, figsize=(WIDTH, height), layout="constrained", **more)


def money_axis(axis, currency: str) -> None:
    """Ticks of a matplotlib axis as short money, with the currency in the first place."""
    from matplotlib.ticker import FuncFormatter

    from salesops_helpers.words import short_money

    axis.set_major_formatter(FuncFormatter(lambda value, _: short_money(value, currency)))


def percent_axis(axis) -> None:
    """Ticks of a matplotlib axis as whole percents."""
    from matplotlib.ticker import FuncFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value * 100:.0f} %"))
