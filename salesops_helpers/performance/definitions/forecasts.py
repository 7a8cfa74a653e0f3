"""Forecasts against what happened: accuracy, bias, coverage; the frozen forecasts, and the reps' own calls."""

from __future__ import annotations

import pandas as pd

from salesops_helpers.errors import SalesOpsError
from salesops_helpers.performance.definitions.deals import credit
from salesops_helpers.performance.kpi import PEOPLE, Form, Kpi
from salesops_helpers.performance.question import Question
from salesops_helpers.performance.ranges import KEYS

TRAILING = 12
LEVEL = 0.90
_MADE = "months that have ended and for which a forecast was frozen"
_CALLED = "reps and months with a call made before the month began; the last such call counts"


def frozen(ask: Question) -> pd.DataFrame:
    """The forecasts handed over beside the actual bookings: unit, month, forecast, low, high, actual; of single months.

    Without a column unit they are the company's.
    """
    given = ask.frames["forecasts"]
    if missing := [c for c in ("month", "forecast") if c not in given]:
        raise SalesOpsError(f"the frame forecasts lacks {missing[0]}", "month, forecast, and perhaps unit, low, high",
                            "add the column")
    given = given.assign(unit=given["unit"].astype(object) if "unit" in given else ask.tables.company.name)
    given = given.reindex(columns=[*KEYS, "forecast", "low", "high"]).dropna(subset="forecast")
    ended = ask.ends(given["month"]) == given["month"] + pd.offsets.MonthEnd(0)
    both = given[ended].merge(ask.once(credit), on=KEYS, how="left").fillna({"bookings": 0.0})
    return both.rename(columns={"bookings": "actual"})


def called(ask: Question) -> pd.DataFrame:
    """The reps' commits beside their credited bookings: unit, month, forecast, actual; one row a rep and month."""
    calls = ask.tables.forecast_calls.dropna(subset="commit")
    calls = calls[calls["called_on"] < calls["month"]].sort_values("called_on", kind="stable")
    calls = calls.drop_duplicates(["rep_id", "month"], keep="last").astype({"rep_id": object})
    calls = calls[ask.ends(calls["month"]) == calls["month"] + pd.offsets.MonthEnd(0)]
    sold = ask.monthly_of_reps(credit).rename(columns={"unit": "rep_id", "with_overlay": "actual"})
    both = calls.merge(sold[["rep_id", "month", "actual"]], on=["rep_id", "month"], how="left").fillna({"actual": 0.0})
    both = both.reset_index(drop=True)
    return both.assign(unit=ask.by_place(both, ask.ends(both["month"])), forecast=both["commit"])


def _sums(source, numerator, keep=None):
    def cells(ask: Question) -> pd.DataFrame:
        found = ask.once(source)
        found = found.assign(numerator=numerator(found), denominator=found["actual"].abs(), n=1)
        return ask.summed(found.groupby(KEYS, as_index=False)[["numerator", "denominator", "n"]].sum())
    return cells


def _accuracy(source):
    """max(0, 1 − |A − F| ÷ A) of the period's totals: the numerator is what is left of A."""
    def cells(ask: Question) -> pd.DataFrame:
        found = ask.once(source).groupby(KEYS, as_index=False)[["forecast", "actual"]].sum()
        found = ask.summed(found)
        left = (found["actual"] - (found["actual"] - found["forecast"]).abs()).clip(lower=0)
        return found[KEYS].assign(numerator=left, denominator=found["actual"])
    return cells


def _trailing(ask: Question, found: pd.DataFrame) -> pd.DataFrame:
    """Rows with the month of each period whose last twelve months hold them."""
    parts = [found.assign(month=found["month"] + pd.DateOffset(months=n)) for n in range(max(TRAILING, ask.length))]
    every = pd.concat(parts, ignore_index=True)
    return every[every["month"].between(ask.months[0], ask.months[-1])]


def _inside(ask: Question) -> pd.DataFrame:
    found = ask.once(frozen).dropna(subset=["low", "high"])
    found = _trailing(ask, found.assign(inside=found["actual"].between(found["low"], found["high"])))
    return found.groupby(KEYS, as_index=False).agg(numerator=("inside", "sum"), denominator=("inside", "size"))


def _scored(weight: float):
    """Interval score (Gneiting, Raftery 2007) at 90 %, or its pinball form: the mean loss at both ends of the range."""
    def cells(ask: Question) -> pd.DataFrame:
        found = ask.once(frozen).dropna(subset=["low", "high"])
        below, above = (found["low"] - found["actual"]).clip(lower=0), (found["actual"] - found["high"]).clip(lower=0)
        score = found["high"] - found["low"] + 2 / (1 - LEVEL) * (below + above)
        found = _trailing(ask, found.assign(numerator=score * weight, denominator=found["actual"].abs(), n=1))
        return found.groupby(KEYS, as_index=False)[["numerator", "denominator", "n"]].sum()
    return cells


def _forms(source, population: str, **more) -> dict[str, tuple[Form, ...]]:
    def make(name, formula, cells):
        return Form(name, formula, population, "quotient", cells, by=PEOPLE, **more)
    return {
        "accuracy": (
            make("wape", "Σ |actual − forecast| ÷ Σ |actual|",
                 _sums(source, lambda f: (f["actual"] - f["forecast"]).abs())),
            make("accuracy", "max(0, 1 − |actual − forecast| ÷ actual) of the totals", _accuracy(source)),
            make("ratio", "forecast ÷ actual", _sums(source, lambda f: f["forecast"])),
        ),
        "bias": (make("relative", "(forecast − actual) ÷ actual; above 0: over-forecast",
                      _sums(source, lambda f: f["forecast"] - f["actual"])),),
    }


_FROZEN = _forms(frozen, _MADE, frame="forecasts")
_CALLS = _forms(called, _CALLED, needs=("forecast_calls",))
KPIS = (
    Kpi("forecast_accuracy", "Forecast error", "How far forecasts of bookings were from what was booked.", "share",
        "down", "the frozen forecasts handed over; credited bookings", _FROZEN["accuracy"]),
    Kpi("forecast_bias", "Forecast bias", "Whether forecasts of bookings were too high or too low.", "share", "none",
        "the frozen forecasts handed over; credited bookings", _FROZEN["bias"]),
    Kpi("interval_coverage", "Forecast range coverage", "How often what was booked lay inside the stated range.",
        "share", "none", "the frozen forecasts handed over; credited bookings", (
            Form("share", "months inside the stated range ÷ months, of the last twelve", _MADE, "rate", _inside,
                 by=PEOPLE, frame="forecasts"),
            Form("interval_score", "Σ interval score at 90 % ÷ Σ |actual|, of the last twelve months; lower is better",
                 _MADE, "quotient", _scored(1.0), by=PEOPLE, frame="forecasts"),
            Form("pinball", "Σ mean pinball loss of both ends ÷ Σ |actual|, of the last twelve months; lower is better",
                 _MADE, "quotient", _scored((1 - LEVEL) / 4), by=PEOPLE, frame="forecasts"),)),
    Kpi("call_accuracy", "Error of the reps' calls", "How far the reps' commits were from what they booked.", "share",
        "down", "forecast_calls.commit; credited bookings", _CALLS["accuracy"]),
    Kpi("call_bias", "Bias of the reps' calls", "Whether the reps' commits were too high or too low.", "share", "none",
        "forecast_calls.commit; credited bookings", _CALLS["bias"]),
)
