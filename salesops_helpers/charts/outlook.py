"""Figures of the pay outlook: what plans may cost, and the explorer's cost and payout curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from salesops_helpers.charts import style
from salesops_helpers.words import short_money

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def cost_spread(spread: pd.DataFrame, currency: str, budget: float | None = None) -> Figure:
    """The cost that so many of a hundred years do not pass, one line a plan; thin: each rep's own chance alone.

    Parameters
    ----------
    spread : DataFrame
        plan, draws (the first value: everything; the second: own chance alone), share, cost (currency).
    budget : float, optional
        Marked by a line.
    """
    fig, ax = style.new(height=3.7)
    kinds = list(dict.fromkeys(spread["draws"]))
    for n, plan in enumerate(dict.fromkeys(spread["plan"])):
        for kind in kinds:
            line = spread[(spread["plan"] == plan) & (spread["draws"] == kind)]
            full = kind == kinds[0]
            ax.plot(line["share"], line["cost"], color=style.CYCLE[n], linewidth=2.2 if full else 1.0,
                    linestyle="-" if full else ":", label=_plain(plan if full else f"{plan}, own chance alone"))
            if full:
                marks = line[line["share"].round(2).isin([0.1, 0.5, 0.8, 0.9])]
                ax.scatter(marks["share"], marks["cost"], color=style.CYCLE[n], s=22, zorder=3,
                           marker="oDs^"[n % 4])
    if budget:
        ax.axhline(budget, color=style.INK, linewidth=1)
        ax.annotate(f"budget {short_money(budget, currency)}", (0.01, budget), (0, 3), textcoords="offset points",
                    fontsize=8.5, color=style.INK)
    ax.set(xlabel="share of possible years that cost no more", ylabel=f"variable pay of twelve months ({currency})",
           xlim=(0, 1))
    ax.set_xticks([0.1, 0.5, 0.8, 0.9])
    style.percent_axis(ax.xaxis)
    ax.yaxis.set_major_formatter(lambda value, _: short_money(value))
    ax.legend(loc="upper left")
    return fig


class Live:
    """The explorer's figure, drawn once and moved: above the cost of a year, below one rep's pay by attainment."""

    def __init__(self, currency: str, span: str):
        import matplotlib.pyplot as plt

        self.fig, (self.above, self.below) = style.new(rows=2)
        self.fig.set_size_inches(6.0, 5.6)  # as wide as there is room beside the controls
        plt.close(self.fig)
        self.above.set(title="Cost of twelve months", xlabel="share of possible years that cost no more", xlim=(0, 1))
        self.below.set(title=f"Pay of one rep a {span}", xlabel="own attainment (bookings ÷ quota)")
        for ax, unit in ((self.above, f"variable pay ({currency})"), (self.below, f"pay ({currency})")):
            style.percent_axis(ax.xaxis)
            ax.set_ylabel(unit)
            ax.yaxis.set_major_formatter(lambda value, _: short_money(value))
        self.lines = [ax.plot([], [], color=color, linestyle=dash, label=name)[0]
                      for ax in (self.above, self.below)
                      for color, dash, name in ((style.MUTED, ":", "as written"), (style.BLUE, "-", "changed"))]
        self.here = self.below.plot([], [], "o", color=style.ORANGE, markersize=7)[0]
        self.above.legend(loc="upper left")
        self._placed = False

    def png(self, costs: list, curves: list, at: float, pay: float) -> bytes:
        """The figure with these lines, as PNG: `costs` and `curves` hold (x, y) as written and changed."""
        from io import BytesIO

        for line, (x, y) in zip(self.lines, [*costs, *curves], strict=True):
            line.set_data(x, y)
        self.here.set_data([at], [pay])
        for ax in (self.above, self.below):
            ax.relim()
            ax.autoscale_view()
        self.below.set_xlim(0, 2)
        if not self._placed:  # laid out once: that costs more than to draw
            self.fig.draw_without_rendering()
            self.fig.set_layout_engine("none")
            self._placed = True
        out = BytesIO()
        self.fig.savefig(out, format="png", dpi=96, metadata={"Software": None})
        return out.getvalue()


def _plain(text: object) -> str:
    """A text from data as it stands: no mathtext."""
    return str(text).replace("$", r"\$")
