"""The plans as they are assigned: what they paid on past deals, and what they may cost, beside any compared plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from salesops_helpers.comp.compare import KEY, Comparison, span_of
from salesops_helpers.comp.evaluate import Payer, uncovered
from salesops_helpers.comp.payouts import COMPUTED
from salesops_helpers.comp.plans import Plan
from salesops_helpers.comp.run import computed_run
from salesops_helpers.comp.simulation import Simulated, blocks
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.words import counted, joined

AS_ASSIGNED = "as assigned"


@dataclass(frozen=True)
class Assigned:
    """Who is on which plan, and what that paid.

    Attributes
    ----------
    plans : dict of str to Plan
        The plans of the folder, each in its latest version.
    people : Series
        rep_id → plan on the as-of day (missing: none), of the reps who are employed then.
    spans : DataFrame
        One row for each rep and span of a comparison: the columns of `Comparison.spans`, pay as assigned on each day;
        no rows where that is not computed.
    beside : int
        Minor units paid as assigned for spans that the comparison sets aside, so not in `spans`.
    lacking : list of str
        Why something of it is not computed.
    """

    plans: Mapping[str, Plan]
    people: pd.Series
    spans: pd.DataFrame
    beside: int
    lacking: list[str]

    @property
    def computed(self) -> bool:
        return len(self.spans) > 0


def assigned_today(tables: Tables) -> pd.Series:
    """rep_id → the plan of plan_assignments on the as-of day (missing: none), for the reps who are employed then."""
    turns, day = tables.plan_assignments, tables.as_of
    there = (turns["starts_on"] <= day) & (turns["ends_on"].isna() | (turns["ends_on"] >= day))
    now = turns[there].sort_values("starts_on", kind="stable").drop_duplicates("rep_id", keep="last")
    left = tables.reps["left_on"]
    reps = tables.reps.loc[left.isna() | (left > day), "rep_id"].astype(object)
    plan = reps.map(now.set_index(now["rep_id"].astype(object))["plan"].astype(object))
    return pd.Series(plan.to_numpy(object), index=pd.Index(reps, dtype=object, name="rep_id"))


def as_assigned(
    tables: Tables, versions: Mapping[str, Sequence[Plan]], comparison: Comparison | None
) -> Assigned | None:
    """The plans as assigned, on the reps and spans of a comparison; None without plan_assignments.

    Past pay follows each day's assignment and the version of the plan that was in force, as the statements do.
    """
    if not tables.has("plan_assignments"):
        return None
    plans, people = {name: some[-1] for name, some in versions.items()}, assigned_today(tables)
    none = pd.DataFrame()
    if comparison is None or not len(comparison.spans):
        return Assigned(plans, people, none, 0, [])
    try:
        paid = computed_run(tables, versions, comparison.start, comparison.end).components
    except SalesOpsError as error:
        return Assigned(plans, people, none, 0, [f"What the plans as assigned paid is not computed: {error}."])
    lacking, foreign = [], paid["currency"] != tables.company.currency
    unknown = (paid["status"] != COMPUTED) & ~foreign
    for what, rows in (("is in another currency", paid[foreign]), ("cannot be computed", paid[unknown])):
        if len(rows):
            lacking.append(f"Pay as assigned of {counted(rows['rep_id'].nunique(), 'rep')} {what} in part or whole and "
                           "is not in that cost.")
    known = paid[~foreign & ~unknown]
    known = known.assign(span=span_of(known["period"], comparison.start, comparison.length),
                         pay_minor=known["minor"].astype("Int64"))
    sums = known.groupby(KEY, as_index=False)["pay_minor"].sum()
    ground = comparison.spans[comparison.spans["plan"] == comparison.plans[0]]
    spans = ground.drop(columns=["pay", "pay_minor"]).merge(sums, on=KEY, how="left").assign(plan=AS_ASSIGNED)
    spans["pay_minor"] = spans["pay_minor"].fillna(0).astype("Int64")
    spans["pay"] = spans["pay_minor"].astype(float) / 10**tables.company.minor_units
    beside = int(sums["pay_minor"].sum()) - int(spans["pay_minor"].sum())
    return Assigned(plans, people, spans, beside, lacking)


def who_words(people: Sequence[str | None]) -> str:
    """Who is on which plan: ``16 reps on b and 15 on a``; those on none last."""
    counts = pd.Series(list(people), dtype=object)
    said = [f"{n} on {plan}" for plan, n in counts.value_counts().sort_index().sort_values(
        ascending=False, kind="stable").items()]
    said += [f"{int(counts.isna().sum())} on no plan"] if counts.isna().any() else []
    if said:
        n, _, rest = said[0].partition(" ")
        said[0] = f"{counted(int(n), 'rep')} {rest}"
    return joined(said)


@dataclass(frozen=True)
class Today:
    """The plans as assigned in the simulated years.

    Attributes
    ----------
    on : ndarray
        Plan of each seat (None: none, and no pay).
    cost, alone : ndarray
        Pay of all seats in each draw (currency), with the common market and without.
    by_seat : ndarray
        Mean pay of each seat (currency).
    """

    on: np.ndarray
    cost: np.ndarray
    alone: np.ndarray
    by_seat: np.ndarray


def not_simulated(assigned: Assigned | None) -> str:
    """Why the plans as assigned cannot be simulated; empty where they can."""
    if assigned is None:
        return ""
    for name in sorted(set(assigned.people.dropna())):
        why = uncovered(assigned.plans[name]) if name in assigned.plans else "it is not in the plans folder"
        if why:
            return f"The plans as assigned are not simulated (plan {name}: {why})."
    some = assigned.people.notna().any()
    return "" if some else "The plans as assigned are not simulated: no rep is on a plan today."


def mixed(assigned: Assigned, reps: pd.Series, made: Simulated) -> Today:
    """The plans as assigned on the very draws of `made`: each seat paid by its own plan, summed draw by draw. Bookings
    are as drawn, without an assumed response."""
    on = reps.map(assigned.people).astype(object).to_numpy()
    payers = [(Payer(assigned.plans[name], made.market.footing), on == name) for name in sorted({*on[pd.notna(on)]})]
    costs, by_seat = [], np.zeros(len(on))
    for common in (True, False):
        parts = []
        for block in blocks(made.market, made.assumptions, len(made.bookings), made.seed, common):
            pay = np.zeros((len(block.credit), len(on)))
            for payer, mine in payers:
                pay[:, mine] = payer.pay(block)[:, mine]
            parts.append(pay.sum(axis=1))
            by_seat += pay.sum(axis=0) if common else 0.0
        costs.append(np.concatenate(parts))
    return Today(on, costs[0], costs[1], by_seat / len(made.bookings))
