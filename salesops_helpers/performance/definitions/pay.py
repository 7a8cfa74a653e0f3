"""Pay: what selling costs, and how pay and quota stand to each other."""

from __future__ import annotations

import pandas as pd

from salesops_helpers.errors import SalesOpsError
from salesops_helpers.performance.definitions.deals import credit
from salesops_helpers.performance.kpi import PEOPLE, Form, Kpi
from salesops_helpers.performance.question import Question
from salesops_helpers.performance.ranges import KEYS

_PAID = "reps with a quota in the month (each role's managers, who have none of their own, are left out)"
_ON_PLAN = "reps on a plan with base pay and target incentive on the last day of the period"


def costs(ask: Question) -> pd.DataFrame:
    """Cash compensation of reps with a quota, and the bookings credited to them: unit, month, base, variable, sold."""
    given = ask.frames["pay"]
    if missing := [c for c in ("rep_id", "month", "base", "variable") if c not in given]:
        raise SalesOpsError(f"the frame pay lacks {missing[0]}", "rep_id, month, base, variable", "add the column")
    quota = ask.tables.quotas.loc[ask.tables.quotas["amount"] > 0, ["rep_id", "month"]].astype({"rep_id": object})
    sold = ask.monthly_of_reps(credit).rename(columns={"unit": "rep_id", "with_overlay": "sold"})
    paid = given.astype({"rep_id": object}).groupby(["rep_id", "month"], as_index=False)[["base", "variable"]].sum()
    found = paid.merge(quota, on=["rep_id", "month"]).merge(sold[["rep_id", "month", "sold"]],
                                                            on=["rep_id", "month"], how="left").fillna({"sold": 0.0})
    found["unit"] = ask.by_place(found, ask.ends(found["month"]))
    return ask.summed(found.groupby(KEYS, as_index=False)[["base", "variable", "sold"]].sum())


def _cost(*columns: str):
    def cells(ask: Question) -> pd.DataFrame:
        found = ask.once(costs)
        return found[KEYS].assign(numerator=found[list(columns)].sum(axis=1), denominator=found["sold"])
    return cells


def plans(ask: Question) -> pd.DataFrame:
    """Reps on a plan at the end of each period: unit, month, base, target, quota (of the twelve months to it)."""
    tables = ask.tables
    rows = tables.plan_assignments.dropna(subset=["base_pay", "target_incentive"])
    both = rows.merge(pd.DataFrame({"month": ask.months}), how="cross")
    both["day"] = ask.ends(both["month"])
    both = both[(both["starts_on"] <= both["day"]) & ~(both["ends_on"] < both["day"])]
    both = both.sort_values("starts_on").drop_duplicates(["rep_id", "month"], keep="last").reset_index(drop=True)
    quota = tables.quotas.groupby(["rep_id", "month"])["amount"].sum().unstack("rep_id")
    if quota.size:
        every = pd.date_range(min(quota.index.min(), ask.months[0]), max(quota.index.max(), ask.months[-1]), freq="MS")
        quota = quota.reindex(every).rolling(12).sum()
    yearly = quota.stack().rename("quota").rename_axis(["month", "rep_id"]).reset_index()
    both = both.merge(yearly, on=["rep_id", "month"], how="left") if len(yearly) else both.assign(quota=float("nan"))
    both["unit"] = ask.by_place(both, both["day"])
    return both[[*KEYS, "rep_id", "base_pay", "target_incentive", "quota"]]


def _mix(ask: Question) -> pd.DataFrame:
    found = ask.once(plans).groupby(KEYS, as_index=False)[["base_pay", "target_incentive"]].sum()
    return found[KEYS].assign(numerator=found["base_pay"], denominator=found["base_pay"] + found["target_incentive"])


def _earnings(ask: Question) -> pd.DataFrame:
    found = ask.once(plans)
    found = found.assign(numerator=found["base_pay"] + found["target_incentive"], denominator=1)
    return found.groupby(KEYS, as_index=False)[["numerator", "denominator"]].sum()


def _quota_to_pay(ask: Question) -> pd.DataFrame:
    found = ask.once(plans).dropna(subset="quota")
    found = found.assign(pay=found["base_pay"] + found["target_incentive"])
    found = found.groupby(KEYS, as_index=False)[["quota", "pay"]].sum()
    return found[KEYS].assign(numerator=found["quota"], denominator=found["pay"])


KPIS = (
    Kpi("cost_of_sales", "Compensation cost of sales", "What is paid in cash for each unit of money booked.", "share",
        "down", "the pay handed over (base, variable); credited bookings; quotas", (
            Form("total", "base and variable pay ÷ bookings credited to those paid", _PAID, "quotient",
                 _cost("base", "variable"), by=PEOPLE, needs=("quotas",), frame="pay"),
            Form("variable", "variable pay ÷ bookings credited to those paid", _PAID, "quotient", _cost("variable"),
                 by=PEOPLE, needs=("quotas",), frame="pay"),)),
    Kpi("pay_mix", "Pay mix", "Which share of the target earnings is base pay.", "share", "none",
        "plan_assignments.base_pay, target_incentive", (
            Form("base_share", "Σ base pay ÷ Σ (base pay + target incentive)", _ON_PLAN, "quotient", _mix, by=PEOPLE,
                 needs=("plan_assignments",)),), reading="plan"),
    Kpi("on_target_earnings", "On-target earnings", "What a rep earns in a year at 100 % of quota.", "currency", "none",
        "plan_assignments.base_pay, target_incentive", (
            Form("mean", "Σ (base pay + target incentive) ÷ reps", _ON_PLAN, "quotient", _earnings, by=PEOPLE,
                 needs=("plan_assignments",)),), reading="plan"),
    Kpi("quota_to_ote", "Quota to on-target earnings", "How many times the yearly quota is the target earnings.",
        "times", "none", "quotas.amount; plan_assignments", (
            Form("yearly", "Σ quota of the twelve months to the end of the period ÷ Σ on-target earnings",
                 _ON_PLAN + ", with quotas for all twelve months", "quotient", _quota_to_pay, by=PEOPLE,
                 needs=("plan_assignments", "quotas")),), reading="plan"),
)

