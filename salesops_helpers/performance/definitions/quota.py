"""Quota and what is sold against it: attainment, reps at quota, quotas against the company's target."""

from __future__ import annotations

import pandas as pd

from salesops_helpers.measures import year_start
from salesops_helpers.performance.definitions.deals import credit
from salesops_helpers.performance.kpi import PEOPLE, Form, Kpi
from salesops_helpers.performance.question import Question
from salesops_helpers.performance.ranges import KEYS

RAMP_MONTHS = 6
BANDS = {"below_50": (0.0, 0.5), "50_to_80": (0.5, 0.8), "80_to_100": (0.8, 1.0), "100_to_120": (1.0, 1.2),
         "above_120": (1.2, float("inf"))}
GROUPS = ("region", "team")


def quotas(ask: Question) -> pd.DataFrame:
    """Quotas of every month there is: unit, month, quota; a rep's place is that of the month's last known day."""
    frame = ask.tables.quotas
    unit = ask.by_place(frame, ask.ends(frame["month"])) if ask.by in (None, *PEOPLE) else None
    if unit is None:
        return pd.DataFrame(columns=["unit", "month", "quota"])
    return frame.assign(unit=unit).groupby(["unit", "month"])["amount"].sum().rename("quota").reset_index()


def against_quota(ask: Question) -> pd.DataFrame:
    """unit, month, quota, sold (credited bookings; a rep's own overlay credit included), months of single months."""
    sold = ask.once(credit)
    sold = sold.assign(sold=sold["with_overlay" if ask.by == "rep" else "bookings"])[[*KEYS, "sold"]]
    found = ask.once(quotas).merge(sold, on=KEYS, how="outer")
    found[["quota", "sold"]] = found[["quota", "sold"]].astype(float).fillna(0.0)
    return found[found["month"] <= ask.months[-1]]


def attained(ask: Question) -> pd.DataFrame:
    found = ask.summed(ask.once(against_quota))
    return found[KEYS].assign(numerator=found["sold"], denominator=found["quota"])[found["quota"] > 0]


def attained_to_date(ask: Question) -> pd.DataFrame:
    found, start = ask.once(against_quota), ask.tables.company.fiscal_year_start
    months = pd.DataFrame({"month": ask.months, "from": [year_start(m, start) for m in ask.months]})
    both = found.rename(columns={"month": "of"}).merge(months, how="cross")
    both = both[both["of"].between(both["from"], both["month"])].groupby(KEYS, as_index=False)[["sold", "quota"]].sum()
    return both[KEYS].assign(numerator=both["sold"], denominator=both["quota"])[both["quota"] > 0]


def by_rep(ask: Question) -> pd.DataFrame:
    """Ramped reps with a quota, by period: unit, month, rep_id, attainment (share); ramped: hired RAMP_MONTHS months
    or more before the period, or without a day of hiring."""
    alone = Question(ask.tables, ask.months, "rep", ask.length)
    found = ask.tables.quotas.rename(columns={"amount": "quota"}).astype({"rep_id": object})
    sold = ask.monthly_of_reps(credit).rename(columns={"unit": "rep_id"}).set_index(["rep_id", "month"])["with_overlay"]
    found = found.join(sold.rename("sold"), on=["rep_id", "month"]).fillna({"sold": 0.0})
    found = found.assign(unit=found["rep_id"].astype(object))[["unit", "month", "quota", "sold"]]
    found = alone.summed(found)
    found = found[found["quota"] > 0].rename(columns={"unit": "rep_id"})
    hired = ask.tables.reps.drop_duplicates("rep_id").set_index("rep_id")["hired_on"]
    hired = pd.Series(hired.reindex(found["rep_id"].to_numpy()).to_numpy(), index=found.index)
    start = found["month"] - pd.DateOffset(months=ask.length - 1)
    found = found[~(hired > start - pd.DateOffset(months=RAMP_MONTHS))]
    return found.assign(unit=ask.by_place(found, ask.ends(found["month"])), attainment=found["sold"] / found["quota"])


def _share(low: float, high: float = float("inf")):
    def cells(ask: Question) -> pd.DataFrame:
        found = ask.once(by_rep)
        inside = (found["attainment"] >= low) & (found["attainment"] < high)
        return found.assign(numerator=inside).groupby(KEYS, as_index=False).agg(
            numerator=("numerator", "sum"), denominator=("numerator", "size"))
    return cells


def over_assigned(ask: Question) -> pd.DataFrame:
    """Σ quotas − target over the target, of units that `targets` gives bookings for."""
    from salesops_helpers.performance.targets import stated

    target = stated(ask.tables, ask.by)
    target = target[target["kpi"] == "bookings"].rename(columns={"goal": "target"})[[*KEYS, "target"]]
    found = ask.summed(ask.once(quotas).merge(target, on=KEYS))
    return found[KEYS].assign(numerator=found["quota"] - found["target"], denominator=found["target"])


_REPS = "reps with a quota in the period who were hired six months or more before it"
KPIS = (
    Kpi("quota_attainment", "Quota attainment", "How much of the quota is sold.", "share", "up",
        "quotas.amount; opportunities.amount × splits.quota_share", (
            Form("period", "credited bookings ÷ quota", "units with a quota in the period", "quotient", attained,
                 by=PEOPLE, needs=("quotas",)),
            Form("year_to_date", "the same from the start of the fiscal year", "units with a quota in the year",
                 "quotient", attained_to_date, by=PEOPLE, needs=("quotas",)),)),
    Kpi("reps_at_quota", "Reps at quota", "Which share of the ramped reps reached their quota.", "share", "up",
        "quotas.amount; opportunities.amount × splits.quota_share; reps.hired_on", (
            Form("at_100", "reps at 100 % or more ÷ reps", _REPS, "rate", _share(1.0), by=GROUPS, needs=("quotas",)),
            *(Form(name, f"reps at {name.replace('_', ' ')} % ÷ reps (lower end included)", _REPS, "rate",
                   _share(*band), by=GROUPS, needs=("quotas",)) for name, band in BANDS.items()),)),
    Kpi("over_assignment", "Over-assignment", "By how much the quotas add up to more than the target.", "share", "none",
        "quotas.amount; targets.amount of bookings", (
            Form("quotas", "Σ quotas ÷ target − 1", "units that targets gives a goal for bookings", "quotient",
                 over_assigned, by=GROUPS, needs=("quotas", "targets")),), reading="plan"),
)
