"""Exact credit, quotas and goals: what was sold or done and what was to be reached, before they meet a plan's spans."""

from __future__ import annotations

from fractions import Fraction
from math import lcm

import numpy as np
import pandas as pd

from salesops_helpers.comp.exact import minor, ratio, shares
from salesops_helpers.comp.numbers import FILTERS
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.measures import credited, place_on

CREDITS = {"bookings": "quota_share", "commissionable": "commission_share"}
GROUP_KPI = "bookings"
DEEPEST = 20


def exact_credit(tables: Tables) -> tuple[pd.DataFrame, int]:
    """Credit for won deals in whole grains, and how many grains make one major unit.

    Returns
    -------
    DataFrame
        opportunity_id, rep_id, closed_on, month, team, region, company, overlay, known (bool: has an amount), product,
        segment, kind, lead_source, bookings, commissionable (Python integers of grains).
    int
        Grains in a major unit: 10^minor_units × the common denominator of all split shares, so that nothing is rounded.
    """
    frame = credited(tables)
    split = tables.splits[["opportunity_id", "rep_id", *CREDITS.values()]]
    frame = frame.merge(split, on=["opportunity_id", "rep_id"], how="left")
    about = tables.opportunities[["opportunity_id", *(f for f in FILTERS if f != "product")]]
    frame = frame.merge(about, on="opportunity_id", how="left")
    cents = minor(frame["amount"], tables.company.minor_units, "opportunities.amount")
    known = {share: list(frame[share].dropna().unique()) for share in CREDITS.values()}
    exact = {share: dict(zip(v, shares(pd.Series(v, dtype=float)), strict=True)) for share, v in known.items()}
    common = lcm(1, *(f.denominator for found in exact.values() for f in found.values()))
    whole = {credit: _grains(cents, frame[share], exact[share], common) for credit, share in CREDITS.items()}
    keep = frame[["opportunity_id", "rep_id", "closed_on", "month", "team", "region", "overlay", *FILTERS]].assign(
        company=tables.company.name, known=frame["amount"].notna(), **whole
    )
    for name in ("opportunity_id", "rep_id", "team", "region", *FILTERS):
        keep[name] = keep[name].astype(object)
    return keep, 10**tables.company.minor_units * common


def _grains(cents: np.ndarray, given: pd.Series, exact: dict[float, Fraction], common: int) -> np.ndarray:
    """Cents × share × the common denominator, as Python integers; a missing share is the whole."""
    times = np.full(len(cents), common, dtype=object)
    there = given.notna().to_numpy()
    if there.any():
        times[there] = given[there].map({v: int(f * common) for v, f in exact.items()}).to_numpy(object)
    return cents * times


def activity_lines(tables: Tables) -> pd.DataFrame:
    """Activities in the form of credit: each counts one; columns as `exact_credit`, one grain a unit."""
    done = tables.activities
    days = done["occurred_at"].dt.normalize()
    frame = pd.DataFrame(
        {
            "opportunity_id": done["activity_id"].astype(object),
            "rep_id": done["rep_id"].astype(object),
            "closed_on": days,
            "month": days.dt.to_period("M").dt.to_timestamp(),
            "kind": done["kind"].astype(object),
        }
    )
    return frame.assign(**{f: None for f in FILTERS if f != "kind"}, known=True, overlay=False)


def chosen(lines: pd.DataFrame, measure) -> pd.DataFrame:
    """The lines that a measure's `where` and `days` choose."""
    keep = pd.Series(True, index=lines.index)
    for column, values, taken in measure.where:
        keep &= lines[column].isin(values) == taken
    if measure.days:
        keep &= lines["closed_on"].between(pd.Timestamp(measure.days.first), pd.Timestamp(measure.days.last))
    return lines[keep]


def quotas(tables: Tables, factor: Fraction) -> pd.DataFrame:
    """Monthly quotas as exact major units × `factor`: rep_id, month, quota."""
    return _exact(tables, tables.quotas, "rep_id", "rep_id", "quotas.amount", factor)


def goals(tables: Tables, kpi: str, unit: str, factor: Fraction) -> pd.DataFrame:
    """Monthly goals of the table targets for a KPI, as exact major units × `factor`: `unit`, month, quota.

    With ``unit="rep_id"`` the unit of the table is a rep's id or name.
    """
    given = tables.targets[tables.targets["kpi"] == kpi]
    frame = _exact(tables, given, "unit", unit, "targets.amount", factor)
    if unit == "rep_id":
        ids = tables.reps.drop_duplicates("name").set_index("name")["rep_id"].astype(object)
        known = frame["rep_id"].isin(tables.reps["rep_id"])
        frame["rep_id"] = frame["rep_id"].where(known, frame["rep_id"].map(ids))
    return frame


def _exact(tables: Tables, given: pd.DataFrame, unit: str, name: str, what: str, factor: Fraction) -> pd.DataFrame:
    cents = minor(given["amount"], tables.company.minor_units, what)
    amounts = ratio(cents, 10**tables.company.minor_units) if len(cents) else np.array([], dtype=object)
    frame = pd.DataFrame({name: given[unit].astype(object).to_numpy(), "month": given["month"].to_numpy()})
    frame["quota"] = pd.Series(amounts if factor == 1 else amounts * factor, index=frame.index, dtype=object)
    return frame[given["amount"].notna().to_numpy()].reset_index(drop=True)


def rates(tables: Tables, currency: str) -> pd.Series | None:
    """Units of `currency` for one unit of the company's currency, exact, by month; None for the company's own.

    Raises `SalesOpsError` where fx_rates has no rate for it.
    """
    if currency == tables.company.currency:
        return None
    found = tables.fx_rates[tables.fx_rates["currency"] == currency]
    if not len(found):
        raise SalesOpsError(
            f"a plan in {currency} for amounts in {tables.company.currency}",
            f"a rate for {currency} in the table fx_rates",
            f"add the rates of {currency}, or write currency: {tables.company.currency}",
        )
    return pd.Series([1 / Fraction(repr(float(r))) for r in found["rate"]], index=found["month"], dtype=object)


def converted(frame: pd.DataFrame, columns: list[str], rate: pd.Series | None, currency: str) -> pd.DataFrame:
    """Amounts in the plan's currency, at the rate of their month. Raises `SalesOpsError` where a month has no rate."""
    if rate is None or not len(frame):
        return frame
    by_month = frame["month"].map(rate)
    if by_month.isna().any():
        month = frame.loc[by_month.isna(), "month"].iloc[0]
        raise SalesOpsError(
            f"no rate for {currency} in {month:%Y-%m}", "a rate in fx_rates for each month that is paid", "add the rate"
        )
    return frame.assign(**{c: frame[c].astype(object) * by_month.astype(object) for c in columns if c in frame})


def in_units(tables: Tables, frame: pd.DataFrame, days: pd.Series, level: str) -> pd.DataFrame:
    """`frame` (with rep_id) with a column `unit`: the rep's team, region or company on each day.

    ``reports``: one row for each manager above the rep, direct or not, whose own rep_id is the unit.
    Raises `SalesOpsError` where a rep is above himself.
    """
    if level == "company":
        return frame.assign(unit=tables.company.name)
    if level != "reports":
        have = frame[level] if level in frame else place_on(tables, frame["rep_id"], days)[level]
        return frame.assign(unit=have.astype(object))
    ids = pd.concat([tables.reps.drop_duplicates("name").set_index("name")["rep_id"],
                     tables.reps.set_index(tables.reps["rep_id"])["rep_id"]]).astype(object)
    ids = ids[~ids.index.duplicated(keep="last")]
    now = pd.DataFrame({"line": np.arange(len(frame)), "at": frame["rep_id"].to_numpy(), "day": days.to_numpy()})
    found = []
    for _ in range(DEEPEST):
        now["at"] = place_on(tables, now["at"], now["day"])["manager"].map(ids)
        now = now[now["at"].notna()].reset_index(drop=True)
        if not len(now):
            break
        found.append(now[["line", "at"]])
    _no_circle(frame, found, now)
    above = pd.concat(found or [now[["line", "at"]]]).astype({"line": int})
    return frame.iloc[above["line"]].assign(unit=above["at"].to_numpy(object)).reset_index(drop=True)


def _no_circle(frame: pd.DataFrame, found: list[pd.DataFrame], left: pd.DataFrame) -> None:
    own = frame["rep_id"].to_numpy(object)
    above_self = any((step["at"].to_numpy(object) == own[step["line"]]).any() for step in found)
    if above_self or len(left):
        who = next((s["at"][s["at"].to_numpy(object) == own[s["line"]]].iloc[0] for s in found
                    if (s["at"].to_numpy(object) == own[s["line"]]).any()), left["at"].iloc[0] if len(left) else "")
        raise SalesOpsError(
            f"rep {who!r} is above themselves: the managers in reps form a circle",
            "each rep below one manager, and no manager below a report",
            "correct the column manager of reps or rep_history",
        )
