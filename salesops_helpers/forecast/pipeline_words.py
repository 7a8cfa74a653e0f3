"""The pipeline in words; numbers from the frames."""

from __future__ import annotations

import pandas as pd

from salesops_helpers import words
from salesops_helpers.forecast.pipeline_page import Found
from salesops_helpers.forecast.sentences import span

SAYS = {"naive": "the same place in the last quarter", "recent": "the mean of the last three months",
        "series": "the series of bookings", "pipeline": "open and new deals", "calls": "the reps' calls, corrected"}
OTHERS = {"weight_pipeline": "open deals", "weight_calls": "the reps' calls"}
PERIODS = {"month": "The month", "quarter": "The quarter", "next quarter": "The next quarter"}
LARGE = 0.05


def labels(currency: str) -> dict[str, str]:
    """Headings of the tables, with their units."""
    money = {"value": "if won", "expected": "expected", "if_slips": "period if it slips", "so_far": "won so far",
             "open": "open deals", "created": "still to be created"}
    plain = {"opportunity_id": "deal", "rep_id": "rep", "age": "age (days)", "probability": "won in the period",
             "share": "share of the period", "later": "won later if it slips"}
    return {**{name: f"{said} ({currency})" for name, said in money.items()}, **plain}


FORMATS = {"opportunity_id": "text", "rep_id": "text", "product": "text", "stage": "text", "value": "money",
           "probability": "whole_percent", "expected": "money", "share": "percent", "if_slips": "money",
           "later": "whole_percent"}


def said(found: Found, currency: str) -> list[str]:
    """All that stands beside the figure: the periods, calibration, which forecast to believe, calls, what is left out.
    """
    return [*periods(found, currency), trust(found), *choice(found, currency), called(found, currency), undated(found)]


def to_show(found: Found, period: str = "quarter") -> pd.DataFrame:
    """The deals that carry one period."""
    return found.deals[found.deals["period"] == period]


def periods(found: Found, currency: str) -> list[str]:
    """Each period: its forecast, range and parts."""
    return [_period(row, currency) for row in found.periods.to_dict("records")]


def _period(row: dict, currency: str) -> str:
    likely = f" (80 % range {words.money_range(row['low_80'], row['high_80'], currency)})"
    parts = [f"{words.short_money(row[name], currency)} {said}" for name, said in
             (("so_far", "won so far"), ("open", "from open deals"), ("created", "from deals still to be created"))
             if row[name] > 0]
    known = likely if pd.notna(row["low_80"]) else ""
    return (f"{PERIODS[row['period']]} ({span(row['first'], row['last'])}) by its deals: "
            f"{words.short_money(row['forecast'], currency)}{known}, {words.joined(parts)}.")


def headline(found: Found, currency: str) -> str:
    """What the figure shows, in two sentences."""
    return " ".join([periods(found, currency)[1], trust(found)])


def carried(found: Found, currency: str, period: str = "quarter") -> str:
    """How much rests on how few deals, and what one that slips would do."""
    rows = to_show(found, period)
    if rows.empty:
        return ""
    first, total = rows.iloc[0], rows["share"].sum()
    later = "" if pd.isna(first["later"]) else f" (it would still be won later with {words.percent(first['later'], 0)})"
    return (f"The {words.counted(len(rows), 'deal')} listed carry {words.percent(total, 0)} of the {period}; if the "
            f"first slips, the forecast falls by {words.short_money(first['expected'], currency)}{later}.")


def trust(found: Found) -> str:
    """How good probabilities of past deals were, beside the base rate."""
    if found.calibration.empty:
        return "Probabilities could not be tested on the past: too few deals were followed to their end."
    rows = found.calibration
    row = rows[rows["ahead"] <= 3].iloc[-1]
    gain = 1 - row["log_loss"] / row["log_loss_base"]
    verdict = "better than" if gain > 0 else "no better than"
    right = row["slope_low"] <= 1 <= row["slope_high"]
    slope = (f"calibration slope {words.number(row['slope'], 2)}, range {words.number(row['slope_low'], 2)} to "
             f"{words.number(row['slope_high'], 2)}: " + ("as sure as they may be" if right else
             "too sure of themselves" if row["slope"] < 1 else "not sure enough of themselves"))
    return (f"On {words.counted(int(row['cuts']), 'past day')}, {words.number(row['said'])} wins within "
            f"{words.counted(int(row['ahead']), 'month')} were expected and {words.number(row['came'])} came; the "
            f"probabilities were {verdict} the base rate (log loss {words.number(row['log_loss'], 3)} against "
            f"{words.number(row['log_loss_base'], 3)}; {slope}).")


def choice(found: Found, currency: str) -> list[str]:
    """Which forecast to believe for the first month ahead, on what evidence, and how the candidates did."""
    if found.choice.empty:
        return ["No forecast can be compared yet: the naive line needs three months of bookings."]
    row = found.choice.sort_values("ahead").iloc[0]
    weights = {name: row[f"weight_{name}"] for name in SAYS if row.get(f"weight_{name}", 0.0) >= LARGE}
    month, windows = words.month_name(row["month"]), words.counted(int(row["windows"]), "past window")
    amount = words.short_money(row["forecast"], currency)
    if set(weights) == {"naive"}:
        said = (f"For {month} nothing has yet proved better than {SAYS['naive']} on enough windows ({windows}; eight "
                f"are asked for): it stands at {amount}.")
    else:
        largest = sorted(weights.items(), key=lambda pair: -pair[1])
        shares = words.joined(f"{SAYS[name]} {words.percent(weight, 0)}" for name, weight in largest)
        said = (f"For {month} all candidates together say {amount}, weighted by their misses on {windows}, of which "
                f"{words.number(row['apart'])} count as independent: {shares}.")
    return [said, _record(found)]


def beside(found: Found, total: pd.Series, currency: str) -> str:
    """What all candidates together say of the months that the series of bookings forecast, and whether its range holds
    that; empty where neither open deals nor calls count, or not for all the months.

    Parameters
    ----------
    total : Series
        One row of `backtest.totals`: step (months), forecast, low_80, high_80.
    """
    rows = found.choice[found.choice["ahead"] <= total["step"]] if len(found.choice) else found.choice
    shares = rows.reindex(columns=list(OTHERS)).mean().fillna(0.0)
    others = [said for name, said in OTHERS.items() if shares[name] >= LARGE]
    if len(rows) < total["step"] or not others:
        return ""
    amount = rows["forecast"].sum()
    said = (f"With {words.joined(others)} weighed in by their past misses, these months come to "
            f"{words.short_money(amount, currency)}")
    if pd.isna(total["high_80"]):
        return f"{said}."
    if total["low_80"] <= amount <= total["high_80"]:
        return f"{said}: inside the range."
    return f"{said}: outside the range, so find out why before a number goes into a budget."


def _record(found: Found) -> str:
    rows = found.record[found.record["ahead"] == 1].sort_values("wape") if len(found.record) else found.record
    if rows.empty:
        return ""
    misses = words.joined(f"{SAYS[m]} {words.percent(w)}" for m, w in zip(rows["method"], rows["wape"], strict=True))
    few = "" if rows["apart"].iloc[0] >= 20 else "; so few windows settle little"
    return (f"Mean miss one month ahead on the same {words.counted(int(rows['windows'].iloc[0]), 'window')}: "
            f"{misses}{few}.")


def called(found: Found, currency: str) -> str:
    """What reps call, and the call corrected for how calls came out; empty without calls."""
    if found.called.empty or pd.isna(found.called["commit"].iloc[0]):
        return ""
    row = found.called.iloc[0]
    hope = "" if pd.isna(row["best_case"]) else f" and hope for {words.short_money(row['best_case'], currency)}"
    now = f"Reps commit to {words.short_money(row['commit'], currency)}{hope}"
    if pd.isna(row["ratio"]):
        return f"{now}; no earlier call has met its month yet."
    return (f"{now}; on {words.counted(int(row['months']), 'month')}, {words.percent(row['ratio'], 0)} of what was "
            f"committed as early came, so the call corrected is {words.short_money(row['corrected'], currency)}.")


def undated(found: Found) -> str:
    """Deals that no model can follow; empty where there are none."""
    if not found.undated:
        return ""
    deals = words.counted(found.undated, "open deal")
    return f"{deals} without a created date cannot be followed; what they bring is in the part still to be created."
