"""What every plan pays everybody over some months: components, and lines down to the deals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import pandas as pd

from salesops_helpers.comp.lines import lines_behind
from salesops_helpers.comp.payouts import COMPUTED, computed
from salesops_helpers.comp.plans import Plan
from salesops_helpers.comp.settle import terms
from salesops_helpers.comp.spans import stays
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError, listed

LINE = ["rep_id", "month", "plan", "version", "currency", "component", "opportunity_id", "refers", "minor", "why"]


def as_lines(frame: pd.DataFrame) -> pd.DataFrame:
    """The columns of `LINE` with their types."""
    kinds = dict.fromkeys(LINE, object) | {"month": "datetime64[ns]", "refers": "datetime64[ns]"}
    return frame[LINE].astype(kinds | {"version": "Int64", "minor": "Int64"}).reset_index(drop=True)


def stacked(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Lines one below the other."""
    some = [as_lines(frame) for frame in frames if len(frame)]
    return pd.concat(some, ignore_index=True) if some else as_lines(pd.DataFrame(columns=LINE))


@dataclass(frozen=True)
class Run:
    """Everything computed for the months `first` to `last`: components and lines (as in `Statements`), and terms."""

    components: pd.DataFrame
    lines: pd.DataFrame
    terms: pd.DataFrame
    digits: dict[str, int]
    plans: dict[tuple[str, int], Plan]
    first: pd.Timestamp | None = None


def computed_run(tables: Tables, versions: Mapping[str, Sequence[Plan]], first, last) -> Run:
    """Every plan's components and lines in the months `first` to `last`; plans that are paid on what others earn come
    after the others."""
    named = set(tables.plan_assignments["plan"].dropna())
    if unknown := sorted(named - set(versions)):
        raise SalesOpsError(
            f"plan_assignments names the plan {unknown[0]!r}, which is not there",
            listed(versions) or "(the plans folder holds none)",
            "add its file to the plans folder, or correct the name",
        )
    every = [v for name in sorted(named) for v in versions[name]]
    later = [v for v in every if any(c.measure.of == "commission" for c in v.components)]
    digits = _digits(tables, every)
    made = [_one(v, tables, first, last, digits) for v in every if v not in later]
    others = pd.concat([_earned(pay, digits) for pay, _, _ in made]) if made and later else None
    made += [_one(v, tables, first, last, digits, others) for v in later]
    components, lines, given = zip(*made, strict=True) if made else ((), (), ())
    components, given = _joined(components, _no_components()), _joined(given, terms_of_none())
    lines = stacked([_no_lines(), *lines])
    return Run(components, lines, given, digits, {(v.plan, v.version): v for v in every}, first)


def _joined(frames: Sequence[pd.DataFrame], none: pd.DataFrame) -> pd.DataFrame:
    some = [frame for frame in frames if len(frame)]
    return pd.concat(some, ignore_index=True) if some else none


def _digits(tables: Tables, plans: Sequence[Plan]) -> dict[str, int]:
    found = {tables.company.currency: tables.company.minor_units}
    for plan in plans:
        if plan.currency != tables.company.currency:
            found[plan.currency] = max(found.get(plan.currency, 0), plan.rounding.scale)
    return found


def _one(plan: Plan, tables: Tables, first, last, digits: dict, others=None) -> tuple:
    """Components, lines and terms of one version of a plan."""
    made = computed(plan, tables, first, last, others=others)
    grain = 10 ** (digits[plan.currency] - plan.rounding.scale)
    tag = {"plan": plan.plan, "version": plan.version, "currency": plan.currency}
    pays, lines = [], []
    for pay, ground, part in made:
        before = (pay["to_date"] - pay["earned_minor"]) * grain
        order = pay["component"].map({c.id: n for n, c in enumerate(plan.components)}).fillna(len(plan.components))
        pays.append(pay.assign(minor=pay["earned_minor"] * grain, before=before, order=order))
        behind = lines_behind(pay, ground, part)
        lines.append(behind.assign(minor=behind["earned_minor"] * grain).rename(columns={"period": "month"}))
    pay = pd.concat(pays, ignore_index=True).assign(**tag) if pays else _no_components()
    line = pd.concat(lines, ignore_index=True).assign(**tag) if lines else _no_lines()
    line = as_lines(line.assign(refers=line["month"], why=None))
    months = pd.date_range(first, last, freq="MS")
    given = terms(plan, stays(plan, tables, replay=False), months)
    given = given.assign(currency=plan.currency, **{n: given[n].astype(object) * grain for n in ("draw", "guarantee")})
    return pay, line, given


def _no_components() -> pd.DataFrame:
    names = ["rep_id", "period", "plan", "version", "currency", "component", "bookings", "quota", "attainment", "minor",
             "status", "exact", "before", "earned_minor", "row", "credit", "goal", "reach", "target", "share", "bounds",
             "order"]
    numbers = dict.fromkeys(("bookings", "quota", "attainment"), float)
    return pd.DataFrame(columns=names).astype({"period": "datetime64[ns]", **numbers})


def _no_lines() -> pd.DataFrame:
    return as_lines(pd.DataFrame(columns=LINE))


def terms_of_none() -> pd.DataFrame:
    names = ["rep_id", "month", "draw", "guarantee", "recoverable", "above", "currency"]
    return pd.DataFrame(columns=names).astype({"month": "datetime64[ns]"})


def _earned(pay: pd.DataFrame, digits: dict) -> pd.DataFrame:
    """What each rep earned in each month, exact, in major units: rep_id, month, earned."""
    done = pay[pay["status"] == COMPUTED]
    frame = done.groupby(["rep_id", "period", "currency"], as_index=False)["minor"].sum()
    earned = [Fraction(int(m), 10 ** digits[c]) for m, c in zip(frame["minor"], frame["currency"], strict=True)]
    return pd.DataFrame({"rep_id": frame["rep_id"], "month": frame["period"],
                         "earned": pd.Series(earned, index=frame.index, dtype=object)})
