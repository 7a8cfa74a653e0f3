"""Figures of the pay pages: the payout curve, and pay of each rep under two plans."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from salesops_helpers.charts import style
from salesops_helpers.words import money

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 45  # reps on one figure
LINES = ("-", (0, (5, 2)), (0, (1, 1.5)))


def payout_curves(curves: pd.DataFrame, findings: pd.DataFrame, currency: str, span: str) -> Figure:
    """Pay against attainment, one line a plan: left the rep's own attainment moves, right the team's.

    Parameters
    ----------
    curves : DataFrame
        plan, moves (own, unit), attainment (share), pay (currency).
    findings : DataFrame
        plan, moves, kind (jump, nothing more, lower rate), start, end (attainment), pay (size of a jump).
    currency, span : str
        Currency, and the span that one point pays (``quarter``).

    Notes
    -----
    Jumps are marked with their size; a bar at the foot, in the plan's colour, marks where more sales pay no more.
    """
    fig, axes = style.new(height=3.9, columns=2, sharey=True)
    plans = list(dict.fromkeys(curves["plan"]))
    titles = {"own": "Own result moves, team at 100 %", "unit": "Team result moves, own at 100 %"}
    for ax, (moves, title) in zip(axes, titles.items(), strict=True):
        for n, plan in enumerate(plans):
            line = curves[(curves["moves"] == moves) & (curves["plan"] == plan)]
            ax.plot(
                line["attainment"],
                _broken(line, findings),
                color=style.CYCLE[n],
                linestyle=LINES[n % 3],
                label=_plain(plan),
            )
            _marked(ax, findings[(findings["moves"] == moves) & (findings["plan"] == plan)], n, currency)
        ax.axvline(1, color=style.MUTED, linewidth=0.8)
        ax.set(title=title, xlabel="attainment (bookings ÷ quota)", xlim=(0, curves["attainment"].max()))
        ax.set_xticks([0, 0.5, 1, 1.5, 2])
        style.percent_axis(ax.xaxis)
    axes[0].set_ylabel(f"pay a {span} ({currency})")
    axes[0].set_ylim(bottom=min(0, curves["pay"].min()))
    axes[0].yaxis.set_major_formatter(lambda value, _: money(value))
    axes[0].legend(loc="upper left")
    return fig


def _broken(line: pd.DataFrame, findings: pd.DataFrame) -> pd.Series:
    """The pay of a line, with a gap where it jumps, so that no slope is drawn where there is none."""
    plan, moves = line["plan"].iloc[0], line["moves"].iloc[0]
    jumps = findings[(findings["plan"] == plan) & (findings["moves"] == moves) & (findings["kind"] == "jump")]["start"]
    last_before = [line.loc[line["attainment"] < at, "attainment"].max() for at in jumps]
    return line["pay"].mask(line["attainment"].isin(last_before))


def _marked(ax, found: pd.DataFrame, n: int, currency: str) -> None:
    jumps = found[found["kind"] == "jump"]
    for start, pay in zip(jumps["start"], jumps["pay"], strict=True):
        ax.axvline(start, color=style.CYCLE[n], linewidth=1, linestyle=":")
        sign = "+" if pay > 0 else "−"
        ax.annotate(
            f"jump {sign}{money(abs(pay), currency)}",
            (start, 0.17 + 0.07 * n),
            (4, 0),
            color=style.CYCLE[n],
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            fontsize=8.5,
        )
    zones = found[found["kind"] == "nothing more"]
    for start, end in zip(zones["start"], zones["end"], strict=True):
        ax.plot(
            [start, end],
            [0.02 + 0.035 * n] * 2,
            color=style.CYCLE[n],
            linewidth=5,
            alpha=0.45,
            transform=ax.get_xaxis_transform(),
            solid_capstyle="butt",
        )
    if len(zones) and n == 0:
        ax.annotate("bars: no more pay", (0.02, 0.10), color=style.MUTED, xycoords="axes fraction", fontsize=8.5)


def pay_by_rep(sides: pd.DataFrame, plan_a: str, plan_b: str, currency: str) -> Figure:
    """Pay of each rep under two plans as two dots on a line, from the largest loss to the largest gain.

    Parameters
    ----------
    sides : DataFrame
        name, pay_a, pay_b, difference (currency), in order; of more than 45 reps the ends of the order are shown.
    """
    shown = sides if len(sides) <= MOST else pd.concat([sides.head(MOST // 2), sides.tail(MOST - MOST // 2)])
    fig, ax = style.new(height=1.3 + 0.21 * len(shown))
    y = range(len(shown), 0, -1)
    ax.hlines(y, shown["pay_a"], shown["pay_b"], color=style.GRID, linewidth=3, zorder=1)
    ax.scatter(shown["pay_a"], y, color=style.BLUE, marker="o", s=26, label=_plain(plan_a), zorder=3)
    ax.scatter(shown["pay_b"], y, color=style.ORANGE, marker="D", s=22, label=_plain(plan_b), zorder=2)
    ax.set_yticks(list(y), [_plain(name) for name in shown["name"].astype(object).fillna("(no name)")])
    ax.set(xlabel=f"variable pay ({currency})", ylim=(0, len(shown) + 1))
    ax.xaxis.set_major_formatter(lambda value, _: money(value))
    right = ax.secondary_yaxis("right")
    right.set_yticks(list(y), [_signed(value) for value in shown["difference"]])
    right.tick_params(length=0)
    right.spines["right"].set_visible(False)
    ax.annotate(
        "difference",
        (1.0, 1.0),
        (6, 2),
        xycoords="axes fraction",
        textcoords="offset points",
        fontsize=8.5,
        color=style.MUTED,
    )
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return fig


def _signed(value: float) -> str:
    return f"+{money(value)}" if round(value) > 0 else money(value)


def _plain(text: object) -> str:
    """A text from data as it stands: no mathtext."""
    return str(text).replace("$", r"\$")


def standing(parts: pd.DataFrame) -> Figure:
    """Attainment of each part of a rep's pay as a bar, with a mark at 100 %.

    Parameters
    ----------
    parts : DataFrame
        label, attainment (share); of more than 45 lines the first are shown.
    """
    shown = parts.head(MOST)
    fig, ax = style.new(height=1.0 + 0.26 * len(shown))
    y = list(range(len(shown), 0, -1))
    ax.barh(y, shown["attainment"], color=style.BLUE, height=0.6)
    ax.axvline(1, color=style.ORANGE, linewidth=1.6)
    ax.set_yticks(y, [_plain(label) for label in shown["label"]])
    low = min(0, shown["attainment"].min())
    ax.set(xlabel="attainment (result ÷ goal)", xlim=(low, None), ylim=(0.3, len(y) + 0.7))
    style.percent_axis(ax.xaxis)
    return fig
