"""The tables of the sales-process page, made for reading."""

from __future__ import annotations

import pandas as pd

from salesops_helpers import words
from salesops_helpers.performance.velocity import Velocity
from salesops_helpers.performance.waterfall import LINES


def levers_table(levers: Velocity) -> pd.DataFrame:
    """Levers for reading: lever, step, worth, low, high (a month), quarter, quarter_low, quarter_high, reads."""
    said = {
        "win_rate": ("win rate", "+1 point", "the same deals, one in a hundred more of them won"),
        "deal_size": ("deal size", "+1 %", "the same wins, each 1 % larger"),
        "cycle": ("cycle", "−1 day", "by the velocity formula: the time saved brings as many deals more"),
        "sooner": ("cycle, money sooner", "−1 day", "once: the same wins come one day sooner"),
    }
    texts = pd.DataFrame.from_dict(said, orient="index", columns=["what", "step", "reads"])
    return levers.levers.join(texts, on="lever")


FACTOR_NAMES = {"closed": "deals closed a month", "win_rate": "win rate (won ÷ closed)",
                "deal_size": "average deal size (mean of won deals)", "cycle": "sales cycle (median days to a win)"}


def factors_table(levers: Velocity) -> pd.DataFrame:
    """The four factors for reading: factor, text (its value), range, n (deals it rests on)."""
    rows = levers.factors
    said = {c: [_said(v, f) for v, f in zip(rows[c], rows["factor"], strict=True)] for c in ("value", "low", "high")}
    return pd.DataFrame({
        "factor": rows["factor"].map(FACTOR_NAMES), "text": said["value"],
        "range": [f"{low} to {high}" for low, high in zip(said["low"], said["high"], strict=True)], "n": rows["n"]})


def _said(value: float, factor: str) -> str:
    return words.percent(value) if factor == "win_rate" else words.number(value, 1 if factor == "closed" else 0)


def flagged_list(deals: pd.DataFrame, work_on: int = 12, close: int = 6) -> pd.DataFrame:
    """The largest stalled deals: first those to work on, then those to requalify, or to close."""
    rows = deals[deals["stalled"]].sort_values(["amount", "opportunity_id"], ascending=[False, True], kind="stable")
    first = rows["advice"] == "work on"
    return pd.concat([rows[first].head(work_on), rows[~first].head(close)], ignore_index=True)


def stalled_by_owner(deals: pd.DataFrame) -> pd.DataFrame:
    """Open and stalled deals of each owner: owner, open, stalled (deals), amount, stalled_amount (currency); most money
    first."""
    money = deals["amount"].where(deals["stalled"], 0.0)
    rows = deals.assign(stalled_amount=money, owner=deals["owner"].fillna("(none)"))
    sums = rows.groupby("owner").agg(open=("stalled", "size"), stalled=("stalled", "sum"), amount=("amount", "sum"),
                                     stalled_amount=("stalled_amount", "sum")).reset_index()
    return sums.sort_values(["stalled_amount", "owner"], ascending=[False, True], ignore_index=True)


def by_unit(lines: pd.DataFrame) -> pd.DataFrame:
    """A waterfall with a line a unit: unit, opening, new (with reopened), won, lost, revalued (increased, decreased),
    moved (owner changed), other, closing (currency)."""
    wide = lines.pivot(index="unit", columns="line", values="amount").reindex(columns=LINES)
    other = wide[["pulled in", "pushed out", "removed", "not known", "unchanged"]].sum(axis=1)
    return pd.DataFrame({
        "opening": wide["opening"], "new": wide["new"] + wide["reopened"], "won": wide["won"], "lost": wide["lost"],
        "revalued": wide["increased"] + wide["decreased"], "moved": wide["changed owner"], "other": other,
        "closing": wide["closing"]}).reset_index()


def with_range(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with low and high (shares), and their range as a text; an en dash where there is none."""
    spans = zip(rows["low"], rows["high"], strict=True)
    return rows.assign(range=[words.MISSING if pd.isna(a) else words.percent_range(a, b) for a, b in spans])
