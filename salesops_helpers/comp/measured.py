"""What a plan measures: its rows (a rep and a measured span), and by component credit, quota and attainment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

import numpy as np
import pandas as pd

from salesops_helpers.comp.exact import ratio
from salesops_helpers.comp.parts import Component, Measure
from salesops_helpers.comp.plans import Plan
from salesops_helpers.comp.results import Sources, lines_of, result
from salesops_helpers.comp.spans import gathered, in_stays, presence, stays, windows
from salesops_helpers.data.container import Tables

KEY = ["rep_id", "window"]


@dataclass(frozen=True)
class Measured:
    """What one component is paid on: arrays of one length, exact or float64.

    `reach`: the attainment that picks the rate, where it is not the measured one; `deals`: the credit of single deals
    and the position of the row that each belongs to; `pool`: the position of the fund of each row, and its share of it.
    """

    credit: object
    quota: object
    target: object
    share: object
    bounds: object
    reach: object = None
    deals: tuple | None = None
    pool: tuple | None = None

    @cached_property
    def attainment(self):
        return self.credit / self.quota


@dataclass(frozen=True)
class Ground:
    """The reps and spans that a plan pays (`rows`), what each component and modifier measures there (`results`), the
    deals behind the components that are paid on the rep's own deals (`deals`), and what a pool is shared by
    (`shares`)."""

    rows: pd.DataFrame
    results: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    deals: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    shares: Mapping[str, pd.Series] = field(default_factory=dict)


def measure(
    plan: Plan,
    tables: Tables,
    start,
    end,
    replay: bool = False,
    quota_factor: Fraction = Fraction(1),
    others: pd.DataFrame | None = None,
) -> Ground:
    """What a plan of one span measures: the rows (rep_id, window, target, share, bounds …) and, by component, credit,
    quota, problem, unit and `reach` (the year to date's attainment with ``true_up: rate_only``; None elsewhere)."""
    spans = windows(plan, tables, start, end)
    paid = stays(plan, tables, replay)
    present = presence(plan, spans, paid)
    rows, pairs = _rows(plan, spans, present)
    if not len(rows):
        return Ground(rows)
    ramp = tuple(plan.ramp.quota) if plan.ramp else ()
    sources = Sources(tables, plan.currency, spans, paid, present, Fraction(quota_factor), ramp, others)
    measures = {c.id: c.measure for c in plan.components}
    measures |= {m.id: m.measure for m in (plan.modifiers.of if plan.modifiers else ())}
    made: dict[str, pd.DataFrame] = {}
    for one in measures.values():
        if repr(one) not in made:
            made[repr(one)] = _gathered(plan, rows, pairs, result(sources, one))
    results = {name: made[repr(one)] for name, one in measures.items()}
    results |= {name: _weighted(one, results) for name, one in measures.items() if one.of == "weighted"}
    deals = {c.id: _deals(sources, c, rows) for c in plan.components if _by_deal(c)}
    mine = {c.id: c.measure.model_copy(update={"level": "individual", "goal": None})
            for c in plan.components if c.unit == "pool"}
    shares = {name: _gathered(plan, rows, pairs, result(sources, one))["credit"] for name, one in mine.items()}
    return Ground(rows, results, deals, shares)


def _rows(plan: Plan, spans: pd.DataFrame, present: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    pairs = gathered(plan, spans).merge(present, on="part")
    there = spans.loc[spans["asked"], ["window"]].merge(present.rename(columns={"part": "window"}), on="window")
    pairs = there[KEY].merge(pairs, on=KEY)
    pairs["unknown"] = pairs["target"].isna()
    pairs["target"] = pairs["target"].where(~pairs["unknown"], Fraction(0))
    paid = pairs[pairs["now"]] if plan.period.true_up == "rate_only" else pairs
    rows = paid[[*KEY, "target", "share", "unknown"]]
    if rows.duplicated(KEY).any():
        rows = rows.groupby(KEY, as_index=False).agg(
            target=("target", "sum"), share=("share", "sum"), unknown=("unknown", "any")
        )
    rows = rows.sort_values(KEY, kind="stable")
    rows = rows.merge(there[[*KEY, "bounds"]], on=KEY)
    return rows.merge(spans[["window", "month", "year", "paid"]], on="window"), pairs


def _gathered(plan: Plan, rows: pd.DataFrame, pairs: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Credit and quota added up over the parts of each window, on the lines of `rows`."""
    both = pairs[[*KEY, "part", "now", "credit", "goal"]].rename(columns={"credit": "sold"}).merge(
        found, on=["rep_id", "part"]
    )
    both["credit"] = both["credit"].where(both["sold"], Fraction(0))
    whole = _summed(both, rows)
    if plan.period.true_up != "rate_only":
        return whole.assign(reach=None)
    now = _summed(both[both["now"]], rows)
    reach = ratio_or_zero(whole["credit"], whole["quota"])
    return now.assign(reach=pd.Series(reach, index=now.index, dtype=object))


def ratio_or_zero(tops: pd.Series, bottoms: pd.Series) -> np.ndarray:
    """Exact quotients; 0 where there is nothing to divide by."""
    bottoms = bottoms.where(bottoms > 0, Fraction(1))
    return ratio(tops.to_numpy(object), bottoms.to_numpy(object))


def _summed(both: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    sums = both.groupby(KEY, as_index=False).agg(
        credit=("credit", "sum"), quota=("quota", "sum"), problem=("problem", "first"), unit=("unit", "last")
    )
    found = rows[KEY].merge(sums, on=KEY, how="left")
    zero = Fraction(0)
    for name in ("credit", "quota"):
        found[name] = found[name].astype(object).where(found[name].notna(), zero)
    found["problem"] = found["problem"].astype(object).where(found["problem"].notna(), None)
    return found


def _weighted(asked: Measure, results: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The attainments of other components, weighted: credit is the weighted attainment, against 1."""
    first = results[next(iter(asked.parts))]
    credit, reach, problem = Fraction(0), Fraction(0), pd.Series(None, index=first.index, dtype=object)
    for name, weight in asked.parts.items():
        found = results[name]
        credit = ratio_or_zero(found["credit"], found["quota"]) * weight + credit
        reach = None if found["reach"].isna().any() else found["reach"].to_numpy(object) * weight + reach
        problem = problem.where(problem.notna(), found["problem"])
    return first.assign(credit=credit, quota=Fraction(1), unit=None, reach=reach,
                        problem=problem.where(problem.notna(), None))


def _by_deal(component: Component) -> bool:
    """True where pay is spread over, or made of, the rep's own deals or activities."""
    counted = component.measure.of in ("bookings", "commissionable", "deals", "activities")
    return component.measure.own and counted and component.unit not in ("bonus", "none", "pool")


def _deals(sources: Sources, component: Component, rows: pd.DataFrame) -> pd.DataFrame:
    """The deals that a component counts in each row's own span: row (its position), opportunity_id, credit (exact)."""
    lines, grain = lines_of(sources, component.measure)
    lines = lines[in_stays(lines, sources.paid)].merge(sources.months[["part", "month"]], on="month")
    at = rows[KEY].assign(row=np.arange(len(rows))).rename(columns={"window": "part"})
    return lines.merge(at, on=["rep_id", "part"])[["row", "opportunity_id", "value"]].assign(grain=grain)
