"""People: how long a new rep takes to sell as the others do."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers.measures import months_of
from salesops_helpers.performance.definitions.deals import credit
from salesops_helpers.performance.definitions.quota import GROUPS, RAMP_MONTHS
from salesops_helpers.performance.kpi import Form, Kpi
from salesops_helpers.performance.question import Question
from salesops_helpers.performance.ranges import KEYS

SHARE, WINDOW, TRAILING = 0.8, 24, 3


def ramps(ask: Question) -> pd.DataFrame:
    """Reps hired since the first month of the data: rep_id, hired (first month), reached (the month in which trailing
    three-month bookings first reach 80 % of the median of ramped reps of the role; missing: not yet), last (month)."""
    tables = ask.tables
    months = months_of(tables)
    sold = ask.monthly_of_reps(credit)
    wide = sold.pivot_table(index="month", columns="unit", values="with_overlay", aggfunc="sum").reindex(months)
    reps = tables.reps.drop_duplicates("rep_id").set_index("rep_id")
    reps = reps[reps["hired_on"].notna()]
    trailing = wide.reindex(columns=reps.index.astype(object)).fillna(0.0).rolling(TRAILING).sum()
    hired = reps["hired_on"].dt.to_period("M").dt.to_timestamp()
    left = reps["left_on"].dt.to_period("M").dt.to_timestamp().fillna(months[-1])
    at = months.to_numpy()[:, None]
    here = (at >= hired.to_numpy()) & (at <= left.to_numpy())
    ramped = here & (at >= (hired + pd.DateOffset(months=RAMP_MONTHS)).to_numpy())
    role = reps["role"].astype(object).fillna("(none)").to_numpy()
    norm = trailing.where(ramped).T.groupby(role).median().reindex(role).T
    full = here & (at >= (hired + pd.DateOffset(months=TRAILING - 1)).to_numpy())
    reached = full & (trailing.to_numpy() >= SHARE * norm.to_numpy()) & (norm.to_numpy() > 0)
    first = np.where(reached.any(axis=0), months.to_numpy()[reached.argmax(axis=0)], np.datetime64("NaT"))
    found = pd.DataFrame({"rep_id": reps.index, "hired": hired.to_numpy(), "reached": first, "last": left.to_numpy()})
    return found[found["hired"] >= months[0]].reset_index(drop=True)


def _ramp(ask: Question) -> pd.DataFrame:
    """Reps hired in the two years to the end of each period, followed up to it."""
    months = pd.DataFrame({"month": ask.months})
    both = ask.once(ramps).merge(months, how="cross")
    both = both[(both["hired"] <= both["month"])
                & (both["hired"] > both["month"] - pd.DateOffset(months=WINDOW))].reset_index(drop=True)
    both["unit"] = ask.by_place(both, ask.ends(both["month"]))
    event = both["reached"] <= both["month"]
    end = both["reached"].where(event, both[["month", "last"]].min(axis=1))
    age = (end.dt.year - both["hired"].dt.year) * 12 + end.dt.month - both["hired"].dt.month
    left = both[KEYS].assign(age=age, left=1, events=event.astype(int), entered=0)
    return pd.concat([left, both[KEYS].assign(age=0, left=0, events=0, entered=1)], ignore_index=True)


KPIS = (
    Kpi("ramp_time", "Ramp time", "How many months a new rep takes to sell as the others of the role do.", "months",
        "down", "reps.hired_on, role; credited bookings", (
            Form("km", "Kaplan–Meier median of months from hire until three-month bookings reach 80 % of the median of "
                 "ramped reps of the role", "reps hired in the two years to the end of the period, those not there yet "
                 "censored", "survival", _ramp, by=GROUPS),), reading="end"),
)
