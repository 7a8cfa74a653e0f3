"""What changed after it was paid: differences to locked months, and deals that are taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
import pandas as pd

from salesops_helpers.comp.aside import as_paid
from salesops_helpers.comp.exact import rounded
from salesops_helpers.comp.plans import Plan
from salesops_helpers.comp.run import as_lines, computed_run, stacked
from salesops_helpers.comp.settle import COLUMNS, corrections
from salesops_helpers.data.container import Tables

ADJUSTMENT, CLAWBACK = "adjustment", "clawback"
KEY = ["rep_id", "plan", "currency", "component", "opportunity_id", "refers"]


def differences(
    tables: Tables, known: Tables, versions: Mapping[str, Sequence[Plan]], run, last: pd.Timestamp, past
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The lines of the months that are not locked, with differences to locked ones, and the locked months as paid.

    A month that is locked is computed anew with what is known now; what it would pay more or less is a line of the
    month `last` that refers to it. Cancelled deals follow the plan's clawback: outside its window they stay paid, with
    ``pro_rata`` a share of what was paid for them is taken back in place of the difference. `past` is the book of
    months before `last`; `run` was computed on `known`, the tables without what is set aside.
    """
    if past is None or not len(past.months):
        none = pd.DataFrame(columns=[*COLUMNS, "currency"]).astype({"month": "datetime64[ns]"})
        return stacked([run.lines, adjustments(tables, last)]), none
    gone = cancelled(tables, past.deals)
    terms = _terms(gone, past.lines, run.plans)
    kept = terms[terms["keep"]]["opportunity_id"].unique()
    if len(kept):
        run = computed_run(as_paid(known, past, kept), versions, run.first, last)
    locked = run.lines["month"].isin(past.months)
    changed = _changed(run.lines[locked], past.lines, last).assign(why=lambda f: _why(f, tables, past, gone))
    back = _taken_back(terms, past.lines, run, last)
    fixed = adjustments(tables, last)
    late = _late(fixed[fixed["month"].isin(past.months)], past.lines, last)
    return stacked([run.lines[~locked], fixed[~fixed["month"].isin(past.months)], late, changed, back]), past.paid


def adjustments(tables: Tables, last: pd.Timestamp) -> pd.DataFrame:
    """The table adjustments up to the month `last` as lines, in the company's currency."""
    fixed = corrections(tables.adjustments, tables.company.minor_units)
    fixed = fixed[fixed["month"] <= last]
    return as_lines(pd.DataFrame({
        "rep_id": fixed["rep_id"], "month": fixed["month"], "plan": None, "version": None,
        "currency": tables.company.currency, "component": ADJUSTMENT, "opportunity_id": None, "refers": fixed["month"],
        "minor": fixed["earned"], "why": fixed["reason"],
    }))


def _late(fixed: pd.DataFrame, booked: pd.DataFrame, last: pd.Timestamp) -> pd.DataFrame:
    """Adjustments of locked months that were entered, changed or taken out afterwards: lines of the month `last`."""
    key = ["rep_id", "currency", "refers", "why"]
    then = booked[booked["component"] == ADJUSTMENT]
    sums = [frame.groupby(key)["minor"].sum().astype("int64") for frame in (fixed, then)]
    both = pd.concat(sums, axis=1, keys=["now", "then"]).fillna(0).astype("int64").reset_index()
    both = both.assign(minor=both["now"] - both["then"], month=last, component=ADJUSTMENT)
    return both[both["minor"] != 0].assign(plan=None, version=None, opportunity_id=None)


def cancelled(tables: Tables, deals: pd.DataFrame) -> pd.DataFrame:
    """The paid deals that are no longer won: opportunity_id, closed_on (as it was paid), cancelled_on, age (days)."""
    now = tables.opportunities[["opportunity_id", "status", "closed_on"]].rename(columns={"closed_on": "lost_on"})
    both = deals[["opportunity_id", "closed_on"]].merge(now.astype({"opportunity_id": object}), on="opportunity_id",
                                                        how="left")
    both = both[both["status"] != "won"]
    day = both["lost_on"].where(both["status"] == "lost").fillna(tables.as_of)
    return both[["opportunity_id", "closed_on"]].assign(cancelled_on=day, age=(day - both["closed_on"]).dt.days)


def _terms(gone: pd.DataFrame, lines: pd.DataFrame, plans: Mapping) -> pd.DataFrame:
    """By cancelled deal and plan under which it was paid: keep (bool: not computed anew), share taken back."""
    paid = lines[lines["opportunity_id"].notna()][["opportunity_id", "plan", "version"]].drop_duplicates()
    frame = gone.merge(paid, on="opportunity_id")
    by_plan = {key: plan.clawback for key, plan in plans.items()}
    rule = [by_plan.get((p, int(v))) for p, v in zip(frame["plan"], frame["version"], strict=True)]
    kept = [r is not None and (a > r.window_days or r.method == "pro_rata") for r, a in zip(rule, frame["age"],
                                                                                            strict=True)]
    share = [_share(r, a) for r, a in zip(rule, frame["age"], strict=True)]
    return frame.assign(keep=pd.Series(kept, index=frame.index, dtype=bool),
                        share=pd.Series(share, index=frame.index, dtype=object))


def _share(rule, age: int) -> Fraction:
    """The share of a deal's pay that is taken back at its age."""
    if rule is None or rule.method != "pro_rata" or age > rule.window_days:
        return Fraction(0)
    return next((step.share for step in rule.shares if age <= step.within_days), Fraction(1))


def _changed(fresh: pd.DataFrame, booked: pd.DataFrame, last: pd.Timestamp) -> pd.DataFrame:
    """What locked months would pay more or less than has been booked for them: lines of the month `last`."""
    new = fresh.assign(opportunity_id=fresh["opportunity_id"].fillna("")).groupby(KEY, as_index=False).agg(
        now=("minor", "sum"), version=("version", "last"))
    own = booked[booked["component"].isin([ADJUSTMENT, CLAWBACK]) == 0]
    old = own.assign(opportunity_id=own["opportunity_id"].fillna("")).groupby(KEY, as_index=False).agg(
        then=("minor", "sum"), version_then=("version", "last"))
    both = new.merge(old, on=KEY, how="outer")
    both["minor"] = both["now"].astype("Int64").fillna(0) - both["then"].astype("Int64").fillna(0)
    both["version"] = both["version"].where(both["version"].notna(), both["version_then"])
    both["opportunity_id"] = both["opportunity_id"].astype(object).where(both["opportunity_id"] != "", None)
    return both[both["minor"] != 0].assign(month=last)


def _why(changed: pd.DataFrame, tables: Tables, past, gone: pd.DataFrame) -> np.ndarray:
    """Why a locked month would pay something else, in words, line by line."""
    now = tables.opportunities.set_index(tables.opportunities["opportunity_id"].astype(object))
    old = past.deals.drop_duplicates("opportunity_id", keep="last").set_index("opportunity_id")
    asked = changed["opportunity_id"]
    then, here = old.reindex(asked), now.reindex(asked)
    differ = {name: (then[name].to_numpy(object) != here[name].to_numpy(object)) & then[name].notna().to_numpy()
              for name in ("amount", "rep_id", "closed_on")}
    lost = asked.isin(gone["opportunity_id"]).to_numpy()
    known = asked.isin(old.index).to_numpy()
    waited = asked.isin(past.aside["opportunity_id"]).to_numpy()
    return np.select(
        [lost, differ["amount"], differ["rep_id"], differ["closed_on"], ~known & waited,
         asked.notna().to_numpy() & ~known],
        ["the deal was cancelled after it was paid", "the deal's amount was corrected",
         "the deal belongs to another rep now", "the deal's closing date was corrected",
         "the deal was set aside when the month was paid", "the deal was not known when the month was paid"],
        "computed again with what is known now",
    )


def _taken_back(terms: pd.DataFrame, booked: pd.DataFrame, run, last: pd.Timestamp) -> pd.DataFrame:
    """Shares of what was paid for cancelled deals, once for each deal: lines of the month `last`."""
    due = terms[(terms["share"] != 0).to_numpy(bool)]
    done = booked.loc[booked["component"] == CLAWBACK, "opportunity_id"]
    due = due[~due["opportunity_id"].isin(done)]
    paid = booked.groupby(["rep_id", "plan", "version", "currency", "opportunity_id"], as_index=False).agg(
        minor=("minor", "sum"), refers=("refers", "first"))
    lines = paid.merge(due[["opportunity_id", "plan", "version", "share", "age"]],
                       on=["opportunity_id", "plan", "version"])
    back = [-int(m) * s for m, s in zip(lines["minor"], lines["share"], strict=True)]
    taken = rounded(np.array(back, dtype=object), 0, "half_up") if len(lines) else []
    why = [f"clawback: the deal was cancelled {age} days after closing" for age in lines["age"]]
    return lines.assign(minor=pd.Series(taken, index=lines.index, dtype=object), month=last, component=CLAWBACK,
                        why=why)
