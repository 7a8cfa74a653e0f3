"""The record of frozen forecasts, the year and the figure to plan by in words; numbers from the frames."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers import words
from salesops_helpers.forecast.ledger import LIVE, REPLAYED
from salesops_helpers.forecast.sentences import span

KINDS = {LIVE: "forecasts frozen before their month was over",
         REPLAYED: "forecasts replayed later from what was known then"}
SHORT = {LIVE: "in time", REPLAYED: "replayed"}
SURE = 0.005


def held(record: pd.DataFrame) -> str:
    """The record beside the number: how often the ranges of frozen forecasts held; live ones where there are any.

    Parameters
    ----------
    record : DataFrame
        `ledger.track_record`.
    """
    next_month = record[record["step"] == 1].set_index("kind")
    said = [_held(next_month.loc[kind], KINDS[kind]) for kind in (LIVE, REPLAYED) if kind in next_month.index]
    if not said:
        return "No frozen forecast has met its month yet: from now on each report freezes its own."
    return " ".join(said)


def _held(row: pd.Series, kind: str) -> str:
    months = words.counted(row["ranged_80"], "month")
    likely = words.percent_range(row["coverage_80_low"], row["coverage_80_high"])
    return (f"80 % ranges held {words.number(row['inside_80'])} of {months} ({kind}, one month ahead; the true share "
            f"may be {likely}), {row['bias_words']}, usual miss {words.percent(row['wape'])}.")


def record_rows(record: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """`ledger.track_record` up to `horizon` months ahead, to be shown."""
    return record[record["step"] <= horizon].replace({"kind": SHORT})


def restated(rows: pd.DataFrame, currency: str) -> str:
    """How far bookings of past months were changed after they were first known, empty where none were."""
    months = rows.drop_duplicates(["by", "unit", "month"])
    moved = months[months["restated"].abs() >= 0.005]
    if moved.empty:
        return ""
    return (f"Bookings of {words.counted(len(moved), 'month')} were changed after the month had ended (by "
            f"{words.short_money(moved['restated'].abs().sum(), currency)} in all); forecasts are scored against the "
            "figures as known today.")


def year(outlook: pd.Series, currency: str) -> list[str]:
    """Year to go against plan, the probability to make it, and what must be true for it."""
    when = span(outlook["first"], outlook["last"])
    amount, likely = _money(outlook, "year_end", currency)
    said = [f"The year {when} ends at {amount} (80 % range {likely}): {words.short_money(outlook['booked'], currency)} "
            f"are booked, {words.short_money(outlook['to_go'], currency)} are expected in the "
            f"{words.counted(outlook['months_left'], 'month')} to go.{_growth(outlook)}"]
    if pd.isna(outlook["plan"]):
        return [*said, _no_plan(outlook, currency)]
    plan = words.short_money(outlook["plan"], currency)
    if not outlook["needed"]:
        return [*said, f"The plan of {plan} is reached already."]
    gap = words.short_money(abs(outlook["gap"]), currency)
    beside = f"{gap} {'above' if outlook['gap'] >= 0 else 'below'} the plan of {plan}"
    likely = f"That is {beside}; the chance to make the plan is {chance(outlook['chance'])}."
    return [*said, likely, _needed(outlook, currency)]


def _no_plan(outlook: pd.Series, currency: str) -> str:
    """Why no chance can be given, and how the months booked stand against their plan."""
    so_far = outlook["plan_so_far"]
    stands = "" if not so_far > 0 else (
        f" What is booked is {words.percent(outlook['booked'] / so_far, 0)} of the plan of those months "
        f"({words.short_money(so_far, currency)}).")
    return (f"A plan is known for {words.number(outlook['plan_months'])} of the year's 12 months, so the chance to "
            f"make it cannot be given: state the rest in targets, quotas or company.toml.{stands}")


def _growth(outlook: pd.Series) -> str:
    if pd.isna(outlook["last_year"]) or outlook["last_year"] <= 0:
        return ""
    change = outlook["year_end"] / outlook["last_year"] - 1
    return f" That is {words.percent(abs(change), 0)} {'more' if change >= 0 else 'less'} than the year before."


def _needed(outlook: pd.Series, currency: str) -> str:
    expected = outlook["to_go"] / outlook["months_left"]
    ratio = outlook["needed_a_month"] / expected - 1 if expected > 0 else float("nan")
    than = "" if pd.isna(ratio) else (f", {words.percent(abs(ratio), 0)} {'more' if ratio >= 0 else 'less'} than is "
                                      "expected")
    same = outlook["same_months"]
    year_ago = "" if pd.isna(same) else (f"; the same months of last year brought "
                                         f"{words.short_money(same / outlook['months_left'], currency)} a month")
    needed = words.short_money(outlook["needed_a_month"], currency)
    return f"For the plan each month to go has to bring {needed}{than}{year_ago}."


def chance(share: float) -> str:
    """``0.42`` as ``42 %``; never quite 0 or 1, which a number of draws cannot show."""
    if share < 0.01:
        return "under 1 %"
    return "over 99 %" if share > 0.99 else words.percent(share, 0)


def _money(outlook: pd.Series, name: str, currency: str) -> tuple[str, str]:
    likely = words.money_range(outlook[f"{name}_low"], outlook[f"{name}_high"], currency)
    return words.short_money(outlook[name], currency), likely


def changed(moves: pd.DataFrame, currency: str) -> str:
    """What changed since the last frozen forecast, from `ledger.change`."""
    before, now = moves["amount"].iloc[0], moves["amount"].iloc[-1]
    moved = moves[~moves["is_total"]]
    most = moved.loc[moved["amount"].abs().idxmax()]
    return (f"The {moves['part'].iloc[0]} was {words.short_money(before, currency)} for months that now stand at "
            f"{words.short_money(now, currency)}; the largest step is {most['part']}, "
            f"{'+' if most['amount'] > 0 else ''}{words.short_money(most['amount'])}.")


def plan_by(choices: pd.DataFrame, currency: str) -> str:
    """Which figure to plan by, and what that spares on average against planning by the mean."""
    if not choices["stated"].iloc[0]:
        return ("What a wrong forecast costs is not stated: put over_forecast and under_forecast (cost of one unit of "
                "currency too much and too little) under [costs] in company.toml. Until then the table shows which "
                "figure to plan by for three ratios of the two.")
    row = choices.iloc[0]
    spared = row["cost_at_mean"] - row["cost"]
    return (f"Plan by {words.short_money(row['amount'], currency)}, which is not reached with a probability of "
            f"{words.percent(row['quantile'], 0)}: too much costs {words.number(row['over'], 2)} a unit, too little "
            f"{words.number(row['under'], 2)}. On average it spares {words.short_money(spared, currency)} against "
            "planning by the mean.")


def to_budget(choices: pd.DataFrame, sums: np.ndarray, total: pd.Series, currency: str) -> str:
    """The figure for the budget: by the company's costs of being wrong, or what is reached in four of five cases and in
    one of two; empty where no range can be given.

    Parameters
    ----------
    choices : DataFrame
        `decisions.plan_by`.
    sums : ndarray
        Draws of the bookings of all months asked for (currency).
    total : Series
        One row of `backtest.totals`.
    currency : str
        Of the amounts.
    """
    if choices["stated"].iloc[0]:
        return plan_by(choices, currency)
    if pd.isna(total["high_80"]):
        return ""
    safe, even = (words.short_money(amount, currency) for amount in np.quantile(sums, [0.2, 0.5]))
    return f"For the budget: {safe} is reached in four of five cases, {even} in one of two."


def goal(expected: pd.DataFrame, amount: float, currency: str) -> str:
    """The goal of the months forecast, beside which the levers are shown, from `what_if.goal_of`."""
    when = span(expected["month"].iloc[0], expected["month"].iloc[-1])
    if pd.isna(amount):
        return f"{when}; neither a plan nor last year's bookings are known for all of these months: there is no goal."
    gap = expected["forecast"].sum() - amount
    what = "the goal, last year's bookings where no plan is stated," if abs(
        amount - expected["last_year"].sum()) < SURE else "the plan"
    return (f"{when}: {what} is {words.short_money(amount, currency)}, "
            f"{words.short_money(abs(gap), currency)} {'less' if gap >= 0 else 'more'} than is expected.")


def planned(expected: pd.DataFrame, plan: pd.DataFrame, currency: str) -> str:
    """The plan of the months forecast, or for how many of them none is known; `plan` holds month and goal."""
    goals = plan.groupby("month")["goal"].sum().reindex(expected["month"])
    these = "this month" if len(goals) == 1 else "these months"
    if goals.notna().all():
        return f"The plan for {these} is {words.short_money(goals.sum(), currency)}."
    if goals.isna().all():
        return f"No plan is known for {these}."
    return f"A plan is known for only {words.number(goals.notna().sum())} of {these}."


def labels(currency: str) -> dict[str, str]:
    """Headings of the tables of this part, with their units."""
    return {"over": f"cost of 1 {currency} too much", "under": f"cost of 1 {currency} too little",
            "quantile": "probability of less", "amount": f"plan by ({currency})", "cost": f"mean cost ({currency})",
            "cost_at_mean": f"mean cost, planning by the mean ({currency})", "kind": "how made", "step": "months ahead",
            "windows": "months scored", "wape": "mean miss (WAPE)", "bias": "bias (+ over, − under)",
            "skill": "skill (miss ÷ naive's)", "held_80": "inside the 80 % range", "held_95": "inside the 95 % range",
            "interval_80": "80 % interval score ÷ bookings", "what": "if", "change": f"change ({currency})",
            "needed": "alone, for the goal of these months", "forecast": f"bookings ({currency})"}
