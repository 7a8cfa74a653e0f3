"""A forecast and its record in words, every number taken from the frames."""

from __future__ import annotations

import pandas as pd

from salesops_helpers import words
from salesops_helpers.forecast.methods import LAGS
from salesops_helpers.periods import month_end

SETTLED = 20
LIMITS = (
    "The forecast knows past bookings alone: not the open pipeline, not prices, hires or customers to come. A change "
    "that the past does not hold is in neither the forecast nor the range.",
    "Bookings are the credited value of won deals by month of closing. Ranges are cut at 0.",
)


def labels(currency: str) -> dict[str, str]:
    """Headings of the tables, with their units."""
    money = {"forecast": "forecast", "low_80": "80 % low", "high_80": "80 % high", "low_95": "95 % low",
             "high_95": "95 % high", "naive": "naive line", "last_year": "a year before"}
    plain = {"step": "months ahead", "wape": "mean miss (WAPE)", "naive_wape": "naive line's miss",
             "skill": "skill (miss ÷ naive's)", "mase": "MASE", "bias": "bias (+ over, − under)", "choice": "method",
             "held_80": "inside the 80 % range", "held_95": "inside the 95 % range"}
    return {**{name: f"{said} ({currency})" for name, said in money.items()}, **plain}


def span(first: pd.Timestamp, last: pd.Timestamp) -> str:
    """``October to December 2026``, ``November 2026 to January 2027``, ``October 2026``."""
    if first == last:
        return words.month_name(first)
    begin = f"{first:%B}" if first.year == last.year else words.month_name(first)
    return f"{begin} to {words.month_name(last)}"


def headline(total: pd.Series, made: pd.DataFrame, currency: str) -> str:
    """What is expected over the horizon, its range, last year's figure and the naive line.

    Parameters
    ----------
    total : Series
        One row of `backtest.totals` with last_year.
    made : DataFrame
        The months behind it, from `series.bookings`.
    currency : str
        Of the amounts.
    """
    when = span(total["first_month"], total["month"])
    amount = words.short_money(total["forecast"], currency)
    said = f"Bookings of {amount} are expected for {when} ({_range(total, currency)})"
    lag = int(made["naive_lag"].iloc[0])
    naive, year = words.short_money(total["naive"], currency), words.short_money(total["last_year"], currency)
    same = "month" if total["step"] == 1 else "months"
    if pd.isna(total["last_year"]):
        return f"{said}; the naive line ({LAGS[lag]}) says {naive}."
    if round(total["naive"] - total["last_year"], 2) == 0:
        return f"{said}; the same {same} last year, which is also the seasonal naive line, brought {year}."
    return f"{said}; the same {same} last year brought {year}; the naive line ({LAGS[lag]}) says {naive}."


def _range(total: pd.Series, currency: str) -> str:
    if pd.isna(total["high_80"]):
        return "no range can be given"
    return f"80 % range {words.money_range(total['low_80'], total['high_80'], currency)}"


def growth(total: pd.Series) -> str:
    """The change on the same months a year before, empty where they are not known."""
    if pd.isna(total["last_year"]) or total["last_year"] <= 0:
        return ""
    change, low, high = (total[c] / total["last_year"] - 1 for c in ("forecast", "low_80", "high_80"))
    share = words.percent(abs(change), 0)
    same = "the same month" if total["step"] == 1 else "the same months"
    than = f"{share} {'more' if change > 0 else 'less'} than" if round(abs(change), 2) else "about as much as"
    between = "" if pd.isna(high) else f" (80 % range {_signed(low)} to {_signed(high)})"
    return f"That is {than} {same} last year{between}."


def _signed(share: float) -> str:
    return "0 %" if round(share, 2) == 0 else ("+" if share > 0 else "") + words.percent(share, 0)


def skill(record: pd.DataFrame, step: int) -> str:
    """Was the forecast closer than the naive line on the company's own past? From one row of `backtest.accuracy`."""
    if record.empty or pd.isna(record["wape"].iloc[0]):
        return "No past window is long enough to compare the forecast with the naive line: its skill is not known."
    row = record.iloc[0]
    windows = words.counted(row["windows"], "window")
    own, naive = words.percent(row["wape"]), words.percent(row["naive_wape"])
    length = "one month" if step == 1 else f"{step} months"
    lead = f"On the last {windows} of {length}" if row["windows"] > 1 else f"On the last window of {length}"
    if own == naive:
        verdict = f"the forecast and the naive line missed by the same {own}"
    elif row["wape"] < row["naive_wape"]:
        verdict = f"the forecast was closer: the naive line missed by {naive} on average, the forecast by {own}"
    else:
        verdict = f"the naive line was closer: it missed by {naive} on average, the forecast by {own}"
    return f"{lead} {verdict} ({row['bias_words']}). {_settled(row)}"


def _settled(row: pd.Series) -> str:
    if row["apart"] == row["windows"]:
        return "" if row["apart"] >= SETTLED else f"With {words.counted(row['windows'], 'window')} nothing is settled."
    like = "like a single one" if row["apart"] == 1 else f"like {words.number(row['apart'])} independent ones"
    return f"The windows overlap and count {like}{'' if row['apart'] >= SETTLED else ': nothing is settled'}."


def coverage(record: pd.DataFrame, level: int = 80) -> str:
    """How often the range held in the past, with its binomial range. From one row of `backtest.accuracy`."""
    ranged = 0 if record.empty else int(record[f"ranged_{level}"].iloc[0])
    if not ranged:
        return f"The {level} % range could not be tested on the past: no window is long enough."
    row = record.iloc[0]
    name = f"coverage_{level}"
    share = f"{words.number(row[f'inside_{level}'])} of {words.number(ranged)} ({words.percent(row[name], 0)}"
    likely = words.percent_range(row[f"{name}_low"], row[f"{name}_high"])
    return (f"The {level} % range, as it would have been given at the time, held {share}; the true share may be "
            f"{likely}, and further off still where windows overlap).")


def range_basis(total: pd.Series) -> str:
    """What the width of the range rests on."""
    if pd.isna(total["high_80"]):
        return ""
    n = int(total["range_from"])
    if not n:
        return ("No past window is as long as this horizon, so the range of the sum adds the ends of the months, "
                "which is as wide as it can be.")
    return (f"The width of the range comes from {words.counted(n, 'past error')} of such sums, of the company and of "
            "its units, and is not narrower than the models' own.")


def cost(total: pd.Series, record: pd.DataFrame, currency: str) -> list[str]:
    """What it means to be wrong by the ends of the range, and by the usual miss."""
    if pd.isna(total["high_80"]):
        return ["Without a range, the cost of being wrong cannot be put in numbers."]
    below, above = total["forecast"] - total["low_80"], total["high_80"] - total["forecast"]
    share = below / total["forecast"] if total["forecast"] > 0 else float("nan")
    said = [
        f"Too high: at the low end of the 80 % range bookings are {words.short_money(below, currency)} "
        f"({words.percent(share, 0)}) below the forecast. Cost, heads and stock committed on the forecast would be "
        "too large by that part.",
        f"Too low: at the high end they are {words.short_money(above, currency)} above it. Goals would have been too "
        "easy, and supply and capacity short by that part.",
    ]
    if not record.empty and pd.notna(record["wape"].iloc[0]):
        miss = record["wape"].iloc[0]
        said.append(f"A miss of the usual size ({words.percent(miss)} on past windows) is "
                    f"{words.short_money(miss * total['forecast'], currency)}.")
    return said


def method(made: pd.DataFrame, months_left_out: pd.DatetimeIndex) -> list[str]:
    """How the forecast was made: members, season, history, what was left out and why."""
    row = made.iloc[0]
    last = row["cut"]
    first = last - pd.DateOffset(months=int(row["history_months"]) - 1)
    season = {12: "a season of 12 months", 3: "a season of 3 months (the place in the quarter)", 1: "no season"}
    said = [
        f"The forecast is the {row['made_of'].removeprefix('the ')}, with {season[int(row['season'])]}, on "
        f"{words.counted(int(row['history_months']), 'month')} of bookings ({span(first, last)}).",
        f"{row['reason'][0].upper()}{row['reason'][1:]}." if row["reason"] else "",
        f"The naive line is {LAGS[int(row['naive_lag'])]}.",
    ]
    if len(months_left_out):
        names = words.joined(words.month_name(m) for m in months_left_out)
        ends = words.day_name(month_end(months_left_out[-1]))
        said.append(f"{names} is left out: the data does not reach its last day ({ends}). Where it does, set "
                    "extract_date in company.toml.")
    return [s for s in said if s]


def windows(record: pd.DataFrame, made: pd.DataFrame) -> str:
    """How many windows of the record were forecast by a shorter rule than today's, empty where none was."""
    if record.empty:
        return "The history is too short for a backtest: the first forecast needs 6 months and the next month to meet."
    cuts = record.drop_duplicates("cut")
    other = int((cuts["season"] != made["season"].iloc[0]).sum() if "season" in cuts else 0)
    if not other:
        return ""
    return (f"In {other} of {words.counted(len(cuts), 'window')} the history known then bore less than today's, and "
            "the method for short histories was used, as it would have been at the time.")
