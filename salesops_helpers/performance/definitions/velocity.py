"""Pipeline velocity: what is won in a day, from its four factors."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers.performance.definitions import cycle
from salesops_helpers.performance.definitions.pipeline import open_sums
from salesops_helpers.performance.definitions.wins import closed_sums, value_by_account
from salesops_helpers.performance.kpi import Form, Kpi
from salesops_helpers.performance.question import Question
from salesops_helpers.performance.ranges import KEYS, answered


def factors(ask: Question) -> pd.DataFrame:
    """Win rate, mean deal size and median cycle by unit and month (the index), each with its range, and the deals
    closed and open: columns (factor, value / low / high) and (deals, closed / open)."""
    sums = ask.once(closed_sums)
    parts = {
        "rate": answered("rate", sums[KEYS].assign(numerator=sums["won"], denominator=sums["closed"])),
        "size": answered("ratio", value_by_account(ask)),
        "cycle": answered("median", cycle.days(won_only=True)(ask)),
    }
    found = pd.concat({name: part[["value", "low", "high"]] for name, part in parts.items()}, axis=1)
    found[("deals", "closed")] = sums.set_index(KEYS)["closed"]
    found[("deals", "open")] = ask.once(open_sums).set_index(KEYS)["deals"]
    return found


def product(found: pd.DataFrame, deals: pd.Series) -> pd.DataFrame:
    """deals × rate × size ÷ cycle, with the range that follows from the ranges of the three that are estimated.

    On the log scale each side's distance is the root of the sum of the squares of the factors' distances on that side
    (a long cycle is a low velocity), the factors taken as independent.

    References
    ----------
    Zou, Donner (2008), Construction of confidence limits about effect measures, Statistics in Medicine 27.
    """
    rate, size, long = found["rate"], found["size"], found["cycle"]
    long = long.where(long["value"] > 0)
    above = deals * rate["value"] * size["value"]
    sides = {"low": [rate["low"] / rate["value"], size["low"] / size["value"], long["value"] / long["high"]],
             "high": [rate["high"] / rate["value"], size["high"] / size["value"], long["value"] / long["low"]]}
    value = above / long["value"]
    ranges = {}
    for side, steps in sides.items():
        squares = sum(np.log(step.where(step > 0)) ** 2 for step in steps)
        ranges[side] = value * np.exp((-1 if side == "low" else 1) * np.sqrt(squares))
    return pd.DataFrame({"value": value, "numerator": above, "denominator": long["value"], "n": deals, **ranges})


def _velocity(which: str):
    def cells(ask: Question) -> pd.DataFrame:
        found = ask.once(factors)
        return product(found, found[("deals", which)]).reset_index()
    return cells


_WORDS = "× win rate (closed) × mean deal size ÷ median days from created to won"
KPIS = (
    Kpi("pipeline_velocity", "Pipeline velocity", "What is won in one day, at the pace of the period.",
        "currency a day", "up", "deals closed or open, win_rate, deal_size, sales_cycle", (
            Form("closed", f"deals closed {_WORDS}", "deals won or lost in the period", "given", _velocity("closed")),
            Form("open", f"deals open at the end of the period {_WORDS}",
                 "open deals, with the rates of deals won or lost in the period", "given", _velocity("open")),)),
)
