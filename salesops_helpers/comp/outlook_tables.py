"""The tables of the outlook: columns, headings and cases, ready to be shown; and what other pages read."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers.comp.outlook import Outlook
from salesops_helpers.comp.scenario import Scenario
from salesops_helpers.comp.solver import Trial, settings
from salesops_helpers.comp.tables import labels
from salesops_helpers.comp.whatif import levers
from salesops_helpers.words import number, percent

NAMES = {"accelerator": "rate above 100 % (× target)", "target": "target incentives (of today's)",
         "quota": "quotas (of today's)", "cap": "cap (of target)"}


def outlook_labels(s: Scenario) -> dict[str, str]:
    """Headings, with units, for every column of the page's tables."""
    money = f"({s.currency})"
    return labels(s) | {
        "draws": "what varies", "p10": f"1 of 10 years below {money}", "p50": f"middle {money}",
        "p80": f"holds in 8 of 10 years {money}", "p90": f"9 of 10 years {money}",
        "above": "9 of 10 above the middle by",
        "error": f"simulation error of 8 of 10 {money}", "cost_of_sales": "pay ÷ bookings",
        "level": "expected attainment", "difference": f"expected difference {money}",
        "less": "years with less", "replayed": f"difference on past deals {money}", "low": "low", "high": "high",
        "nothing": "no pay at all", "below_half": "below half of target", "above_target": "at target or above",
        "capped": "cut by the cap", "middle": "middle", "lift": "bookings more by", "cost": f"cost, mean {money}",
        "mean": f"mean {money}",
        "more_today": f"mean difference from as assigned {money}",
        "more_middle": f"difference of the middles {money}",
        "more_pay": f"mean difference draw by draw {money}", "more_bookings": f"more bookings {money}",
        "each": "more pay ÷ more bookings", "setting": "setting", "written": "as written", "value": "answer",
        "value_error": "± of the answer", "met": "meets the budget", "cost_p80": f"holds in 8 of 10 years {money}",
        "cost_p50": f"middle {money}", "at_target": "reps at 100 % of quota", "mix": "variable ÷ target pay",
        "with": "goes with", "pay_a": f"{_name(s, 0)} {money}", "pay_b": f"{_name(s, 1)} {money}",
        "ratio_a": f"{_name(s, 0)} ÷ target", "ratio_b": f"{_name(s, 1)} ÷ target",
    }


def _name(s: Scenario, n: int) -> str:
    return s.plans[n].plan if len(s.plans) > n else ""


def solved_table(found: pd.DataFrame) -> pd.DataFrame:
    """The solver's answers for reading: setting and met in words, cost as cost_p80, error beside it."""
    as_share = found["lever"] != "accelerator"
    texts = {c: found[c].map(percent).where(as_share, found[c].map(lambda v: number(v, 2)))
             for c in ("written", "value", "value_error")}
    return found.assign(**texts, setting=found["lever"].map(NAMES), cost_p80=found["cost"],
                        met=found["met"].map({True: "yes", False: "no, nearest"}))


def cases(o: Outlook, n: int = 0) -> pd.DataFrame:
    """Plan `n` as written and with one lever moved at a time.

    Returns
    -------
    DataFrame
        case, p50, p80 (cost of the next twelve months, currency), more (P50 less that as written), cost_of_sales.
    """
    trial, plan = Trial(o.made, n), o.made.plans[n]
    moves = [("as written", "quota", 1.0)] if "quota" in settings(plan) else []
    if "accelerator" in settings(plan):
        above = float(levers(plan)[1])
        moves.append((f"rate above 100 %: {above + 0.5:g} instead of {above:g}", "accelerator", above + 0.5))
    moves += [(f"quotas {sign}10 %", "quota", share)
              for sign, share in (("+", 1.1), ("−", 0.9)) if "quota" in settings(plan)]
    moves += [("target incentives +10 %", "target", 1.1)] if "target" in settings(plan) else []
    sold = o.made.bookings.mean() * (1 + o.made.lift[n])
    rows = []
    for said, lever, value in moves:
        cost = trial.costs(lever, value)[0]
        rows.append({"case": said, "p50": np.median(cost), "p80": np.quantile(cost, 0.8),
                     "cost_of_sales": cost.mean() / sold})
    frame = pd.DataFrame(rows, columns=["case", "p50", "p80", "cost_of_sales"])
    return frame.assign(more=frame["p50"] - (frame["p50"].iloc[0] if len(frame) else 0.0))
