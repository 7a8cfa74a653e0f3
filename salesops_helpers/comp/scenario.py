"""The pay scenarios of one company and month: two plans, the same past deals, and what can be said about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
import pandas as pd

from salesops_helpers.comp.assigned import AS_ASSIGNED, Assigned, as_assigned
from salesops_helpers.comp.compare import Comparison, compare, cost, finished, sides
from salesops_helpers.comp.credit import quotas
from salesops_helpers.comp.curves import findings, payout_curve, payout_table
from salesops_helpers.comp.lines import used_credit
from salesops_helpers.comp.parts import ASSIGNED
from salesops_helpers.comp.plans import Plan, choose, read_versions
from salesops_helpers.comp.spans import LENGTHS, stays
from salesops_helpers.comp.wording import plan_in_words
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError, listed

CURVE = np.round(np.arange(0, 201) / 100, 2)


@dataclass(frozen=True)
class Scenario:
    """What the pay scenarios of a month stand on.

    Attributes
    ----------
    plans : list of Plan
        The plans that are compared, the first one is the base; empty where the plans folder holds none.
    currency : str
    start, end : Timestamp or None
        The months of the replay; None where no span of the plans is finished.
    comparison : Comparison or None
        Pay of every rep under every plan.
    credit : DataFrame
        What the plans would be paid on: rep_id, name, team, deals (count), bookings (currency).
    target, quota : dict
        Plan → exact target incentive and quota of a typical (median) rep in one span; missing where not known.
    lacking, notes : list of str
        Which tables are missing and what they would show; what else a reader must know.
    assigned : Assigned or None
        The plans as they are assigned, on the same deals; None without plan_assignments.
    """

    plans: list[Plan]
    currency: str
    start: pd.Timestamp | None
    end: pd.Timestamp | None
    comparison: Comparison | None
    credit: pd.DataFrame
    target: dict[str, Fraction] = field(default_factory=dict)
    quota: dict[str, Fraction] = field(default_factory=dict)
    lacking: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    assigned: Assigned | None = None

    @property
    def computed(self) -> bool:
        """Is there a rep whose pay could be computed?"""
        return self.comparison is not None and len(self.comparison.reps) > 0

    @property
    def cost(self) -> pd.DataFrame:
        """Cost of each plan, as `compare.cost`; no rows where nothing is computed."""
        return self.cost_by(None)

    def cost_by(self, unit: str | None) -> pd.DataFrame:
        return cost(self.comparison, unit) if self.comparison else pd.DataFrame()

    def paid_by(self, unit: str | None) -> pd.DataFrame:
        """Cost of the plans as assigned, the columns of `compare.cost`; no rows where it is not computed."""
        if self.assigned is None or not self.assigned.computed:
            return pd.DataFrame()
        return cost(replace(self.comparison, plans=(AS_ASSIGNED,), spans=self.assigned.spans), unit)

    @property
    def sides(self) -> pd.DataFrame:
        """Pay of each rep under both plans, as `compare.sides`; no rows where nothing is computed or one plan is
        there."""
        return sides(self.comparison) if self.computed and len(self.plans) > 1 else pd.DataFrame()

    @property
    def set_aside(self) -> pd.DataFrame:
        """Reps and credit in no plan's cost, by reason: reason, reps (count), deals (count), bookings (currency)."""
        if self.comparison is None:
            return pd.DataFrame(columns=["reason", "reps", "deals", "bookings"])
        return self.comparison.set_aside.groupby("reason", as_index=False).agg(
            reps=("rep_id", "nunique"), deals=("deals", "sum"), bookings=("bookings", "sum")
        )

    @property
    def drawn(self) -> list[Plan]:
        """The plans whose curve can be drawn: a typical target, and a quota where rates on money need one."""
        return [plan for plan in self.plans if plan.plan in self.target]

    @property
    def words(self) -> pd.DataFrame:
        return _stacked([plan_in_words(plan) for plan in self.plans])

    @property
    def table(self) -> pd.DataFrame:
        """Payout at 50 / 80 / 100 / 120 / 150 % of target, as `payout_table`, per measured span."""
        return _stacked([payout_table(p, self.target[p.plan], self.quota[p.plan]) for p in self.drawn])

    @property
    def findings(self) -> pd.DataFrame:
        """Jumps, zones without more pay, falling rates, as `curves.findings`."""
        return _stacked([findings(p, self.target[p.plan], self.quota[p.plan]) for p in self.drawn])

    @property
    def curves(self) -> pd.DataFrame:
        """The payout curves on the simulation path, per measured span: plan, moves (own, unit), attainment, pay,
        target."""
        parts = []
        for plan in self.drawn:
            target, quota = self.target[plan.plan], self.quota[plan.plan]
            for moves, (own, unit) in {"own": (CURVE, 1.0), "unit": (1.0, CURVE)}.items():
                pay = payout_curve(plan, own, unit, target, quota)["pay"]
                parts.append(
                    pd.DataFrame(
                        {"plan": plan.plan, "moves": moves, "attainment": CURVE, "pay": pay, "target": float(target)}
                    )
                )
        return _stacked(parts)


def scenario(tables: Tables, month: str | pd.Timestamp, names: Sequence[str]) -> Scenario:
    """The plans called `names` replayed on the company's last finished spans up to `month`.

    Where the plans folder holds none of `names`, its first two plans are taken and a note says so.

    Raises `SalesOpsError` where a plan cannot be paid on, one of `names` alone is not there, or both are the same.
    """
    versions = read_versions(tables.company)
    there = {name: some[-1] for name, some in versions.items()}
    plans, notes = _chosen(there, names)
    if not plans:
        lacking = [
            f"The plans folder ({tables.company.plans}) holds no plan; a YAML file a plan would show what each plan "
            "pays each rep, and what it costs."
        ]
        return Scenario([], tables.company.currency, None, None, None, _recent(tables, month), lacking=lacking)
    target, quota = _typical(plans, tables)
    span = finished(plans, tables, month)
    if span is None:
        notes.append("No span that the plans measure is finished yet.")
        return Scenario(
            plans, tables.company.currency, None, None, None, _recent(tables, month), target, quota, [], notes,
            as_assigned(tables, versions, None),
        )
    both = compare(plans, tables, *span)
    used = used_credit(plans[0], tables, *span, replay=True)
    assigned = any(plan.target_incentive == ASSIGNED for plan in plans)
    lacking = [] if len(both.reps) else tables.lacks("quotas", *(["plan_assignments"] if assigned else []))
    return Scenario(plans, tables.company.currency, *span, both, _by_rep(tables, used), target, quota, lacking, notes,
                    as_assigned(tables, versions, both))


def _chosen(there: dict[str, Plan], names: Sequence[str]) -> tuple[list[Plan], list[str]]:
    if len(set(names)) < len(names):
        raise SalesOpsError(f"plans {listed(names)}", "two different plans", "name another plan as plan_b")
    if there and not set(names) & set(there):
        taken = list(there.values())[:2]
        return taken, [
            f"The plans folder holds no plan called {listed(names)}; shown here: {listed(p.plan for p in taken)}."
        ]
    return [choose(there, name) for name in names] if there else [], []


def _typical(plans: list[Plan], tables: Tables) -> tuple[dict, dict]:
    """Target incentive and quota of a median rep in one span of each plan, where they are known."""
    targets, quota = {}, {}
    for plan in plans:
        months = LENGTHS[plan.period.measure]
        now = stays(plan, tables, replay=True)
        now = now[(now["first"] <= tables.as_of) & (now["last"] >= tables.as_of)]["yearly"].dropna()
        monthly = quotas(tables, Fraction(1))
        monthly = monthly[monthly["month"] > monthly["month"].max() - pd.DateOffset(months=months)]
        goals = monthly.groupby("rep_id")["quota"].sum()
        known = _middle(goals) * months / max(monthly["month"].nunique(), 1) if len(goals) else None
        money = any(c.unit in ("quota", "money") for c in plan.components)
        if (plan.on_target and not len(now)) or (money and known is None):
            continue
        targets[plan.plan] = _middle(now) * months / 12 if plan.on_target else Fraction(0)
        quota[plan.plan] = known if known else Fraction(1)
    return targets, quota


def _middle(values: pd.Series) -> Fraction:
    ordered = sorted(values)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def _by_rep(tables: Tables, used: pd.DataFrame) -> pd.DataFrame:
    sums = used.groupby("rep_id", as_index=False).agg(deals=("opportunity_id", "count"), bookings=("bookings", "sum"))
    frame = tables.reps[["rep_id", "name", "team"]].astype(object).merge(sums, on="rep_id")
    return frame.sort_values(["bookings", "rep_id"], ascending=[False, True], kind="stable").reset_index(drop=True)


def _recent(tables: Tables, month) -> pd.DataFrame:
    """Credited bookings by rep in the twelve months to `month`."""
    from salesops_helpers.measures import credited, month_start

    last = month_start(month)
    credit = credited(tables)
    return _by_rep(
        tables, credit[credit["month"].between(last - pd.DateOffset(months=11), last)].astype({"rep_id": object})
    )


def _stacked(parts: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
