"""Several plans on the same reps and deals: pay per rep, cost per unit, and everything that had to be set aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import pandas as pd

from salesops_helpers.comp.lines import USED, used_credit
from salesops_helpers.comp.payouts import COMPUTED, payouts
from salesops_helpers.comp.plans import Plan, fits
from salesops_helpers.comp.spans import LENGTHS
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.measures import attainment, month_start, months_of, place_on

KEY = ["rep_id", "span"]


@dataclass(frozen=True)
class Comparison:
    """Plans replayed on the same past deals.

    Attributes
    ----------
    plans : tuple of str
        The plans in order; differences are against the first.
    start, end : Timestamp
        First and last month.
    reps : DataFrame
        One row a plan and rep: plan, rep_id, name, team, region, bookings (currency), attainment (share, the whole
        time), pay_minor (integer minor units of the company's currency, exact), pay (major), difference_minor,
        difference.
    spans : DataFrame
        One row a plan, rep and span: plan, span (its last month), rep_id, team, region, pay_minor, pay, bookings, sales
        (bookings without overlay credit, so that each deal counts once).
    used : DataFrame
        Credit in every plan's cost: rep_id, span, deals (count of credits), bookings (currency).
    set_aside : DataFrame
        Credit in no plan's cost: rep_id, name, span, reason, deals (count of credits), bookings (currency). Together
        with `used` it is all credit of these months.
    length, minor_units : int
        Months of a span, and decimals of the company's currency.
    """

    plans: tuple[str, ...]
    start: pd.Timestamp
    end: pd.Timestamp
    reps: pd.DataFrame
    spans: pd.DataFrame
    used: pd.DataFrame
    set_aside: pd.DataFrame
    length: int
    minor_units: int


def finished(plans: Sequence[Plan], tables: Tables, month: str | pd.Timestamp) -> tuple | None:
    """The last twelve months up to `month` that consist of finished spans of every plan: (first, last), or None.

    Twelve months hold every season once, and a yearly target incentive; the fiscal year to date would hold one month at
    its beginning. Months before the first closed deal or the first quota are left out.
    """
    length, fiscal = _length(plans), tables.company.fiscal_year_start
    last = month_start(month)
    if tables.as_of < last + pd.offsets.MonthEnd(1):
        last -= pd.DateOffset(months=1)
    last -= pd.DateOffset(months=(last.month - fiscal + 1) % length)
    known = max([months_of(tables)[0], *tables.quotas["month"].dropna().nsmallest(1)])
    first = max(last - pd.DateOffset(months=11), known)
    first += pd.DateOffset(months=-(first.month - fiscal) % length)
    return (first, last) if first <= last else None


def compare(
    plans: Sequence[Plan],
    tables: Tables,
    start: str | pd.Timestamp,
    end: str | pd.Timestamp,
    quota_factor: Fraction = Fraction(1),
) -> Comparison:
    """Every plan replayed on every rep over the months `start` to `end`, as if each had been the plan all along.

    A rep counts in a span (the longest that a plan measures) where every plan can be computed; else the rep's credit of
    that span is set aside with the reason, for all plans alike, so that all costs stand on the same people and deals.

    Raises `SalesOpsError` where `start` to `end` are not whole spans, and as `payouts` does.
    """
    length, first, last = _length([fits(plan, tables.company) for plan in plans]), month_start(start), month_start(end)
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    if months < 1 or months % length or (first.month - tables.company.fiscal_year_start) % length:
        raise SalesOpsError(
            f"a comparison over {first:%Y-%m} to {last:%Y-%m}",
            f"whole spans of {length} months",
            "begin with the first month of a span and end with the last month of one",
        )
    paid = pd.concat([_replayed(plan, tables, first, last, quota_factor) for plan in plans], ignore_index=True)
    paid["span"] = span_of(paid["period"], first, length)
    credit = used_credit(plans[0], tables, first, last, replay=True)
    credit["span"] = span_of(credit["closed_on"], first, length)
    bad = paid[paid["status"] != COMPUTED].groupby(KEY, as_index=False)["status"].first()
    whole = paid.merge(bad[KEY], on=KEY, how="left", indicator="left_out")
    spans = _spans(tables, whole[whole["left_out"] == "left_only"], credit)
    reps = _reps([plan.plan for plan in plans], tables, spans, attainment(tables, first, last))
    used, aside = _accounts(tables, credit, bad)
    names, digits = tuple(p.plan for p in plans), tables.company.minor_units
    return Comparison(names, first, last, reps, spans, used, aside, length, digits)


def cost(comparison: Comparison, by: str | None = None) -> pd.DataFrame:
    """What each plan costs.

    Parameters
    ----------
    by : {None, "team", "region", "span"}
        One row a plan, or one a plan and unit.

    Returns
    -------
    DataFrame
        (`by`,) plan, reps (count), pay_minor (exact), pay, sales (currency), cost_of_sales (share: variable pay ÷
        sales; missing without sales), more (pay less that of the first plan).

    Notes
    -----
    Compensation cost of sales here is variable pay alone ÷ bookings of the same people, each deal once.
    """
    keys = [*([by] if by else []), "plan"]
    spans = comparison.spans.assign(**({by: comparison.spans[by].fillna("(none)")} if by and by != "span" else {}))
    frame = spans.groupby(keys, as_index=False).agg(
        reps=("rep_id", "nunique"), pay_minor=("pay_minor", "sum"), pay=("pay", "sum"), sales=("sales", "sum")
    )
    frame["cost_of_sales"] = frame["pay"] / frame["sales"].where(frame["sales"] > 0)
    base = frame[frame["plan"] == comparison.plans[0]]
    if by:
        frame["more"] = frame["pay"] - frame[by].map(base.set_index(by)["pay"])
    else:
        frame["more"] = frame["pay"] - base["pay"].sum()
    order = frame["plan"].map({name: n for n, name in enumerate(comparison.plans)})
    return frame.assign(order=order).sort_values([*keys[:-1], "order"]).drop(columns="order").reset_index(drop=True)


def sides(comparison: Comparison) -> pd.DataFrame:
    """The first two plans side by side, one row a rep, from the rep who would lose most to the one who would gain most.

    Returns
    -------
    DataFrame
        rep_id, name, team, bookings (currency), attainment (share), pay_a, pay_b, difference (b − a, major units),
        difference_minor (exact), change (difference ÷ pay_a; missing where pay_a is 0).
    """
    first, second = comparison.plans[:2]
    reps = comparison.reps
    a = reps.loc[reps["plan"] == first, ["rep_id", "pay"]].rename(columns={"pay": "pay_a"})
    b = reps[reps["plan"] == second].rename(columns={"pay": "pay_b"}).merge(a, on="rep_id")
    b["change"] = b["difference"] / b["pay_a"].where(b["pay_a"] != 0)
    columns = [
        "rep_id",
        "name",
        "team",
        "bookings",
        "attainment",
        "pay_a",
        "pay_b",
        "difference",
        "difference_minor",
        "change",
    ]
    return b.sort_values(["difference", "rep_id"])[columns].reset_index(drop=True)


def _length(plans: Sequence[Plan]) -> int:
    return max(LENGTHS[plan.span(c)] for plan in plans for c in plan.components)


def _replayed(plan: Plan, tables: Tables, first, last, factor: Fraction) -> pd.DataFrame:
    """A plan's payouts, its integers in minor units of the company's currency."""
    frame = payouts(plan, tables, first, last, replay=True, quota_factor=factor).assign(plan=plan.plan)
    frame["pay_minor"] = frame["earned_minor"] * 10 ** (tables.company.minor_units - plan.rounding.scale)
    return frame


def span_of(days: pd.Series, first: pd.Timestamp, length: int) -> pd.Series:
    """The last month of the span in which each day lies."""
    number = (days.dt.year - first.year) * 12 + days.dt.month - first.month
    return (days.dt.to_period("M") + (length - 1 - number % length).to_numpy()).dt.to_timestamp()


def _spans(tables: Tables, whole: pd.DataFrame, credit: pd.DataFrame) -> pd.DataFrame:
    pay = whole.groupby(["plan", *KEY], as_index=False)["pay_minor"].sum()
    used = credit[credit["status"] == USED].groupby(KEY, as_index=False)[["bookings", "sales"]].sum()
    frame = pay.merge(used, on=KEY, how="left").fillna({"bookings": 0.0, "sales": 0.0})
    frame["pay"] = frame["pay_minor"].astype(float) / 10**tables.company.minor_units
    left = frame["rep_id"].map(tables.reps.set_index(tables.reps["rep_id"].astype(object))["left_on"])
    day = pd.concat([frame["span"] + pd.offsets.MonthEnd(1), left], axis=1).min(axis=1)
    place = place_on(tables, frame["rep_id"], day.astype("datetime64[ns]"))
    return frame.assign(team=place["team"].astype(object), region=place["region"].astype(object))


def _reps(order: list[str], tables: Tables, spans: pd.DataFrame, reached: pd.DataFrame) -> pd.DataFrame:
    sums = (
        spans.sort_values("span", kind="stable")
        .groupby(["plan", "rep_id"], as_index=False)
        .agg(
            team=("team", "last"),
            region=("region", "last"),
            bookings=("bookings", "sum"),
            pay_minor=("pay_minor", "sum"),
        )
    )
    frame = sums.merge(tables.reps[["rep_id", "name"]].astype(object), on="rep_id").merge(
        reached[["rep_id", "attainment"]].astype({"rep_id": object}), on="rep_id", how="left"
    )
    base = frame[frame["plan"] == order[0]].set_index("rep_id")["pay_minor"]
    frame["difference_minor"] = frame["pay_minor"] - frame["rep_id"].map(base).astype("Int64")
    grain = 10**tables.company.minor_units
    frame["pay"], frame["difference"] = (frame[c].astype(float) / grain for c in ("pay_minor", "difference_minor"))
    rank = frame["plan"].map({name: n for n, name in enumerate(order)})
    frame = frame.assign(rank=rank).sort_values(["rank", "rep_id"], kind="stable").reset_index(drop=True)
    return frame[
        [
            "plan",
            "rep_id",
            "name",
            "team",
            "region",
            "bookings",
            "attainment",
            "pay_minor",
            "pay",
            "difference_minor",
            "difference",
        ]
    ]


def _accounts(tables: Tables, credit: pd.DataFrame, bad: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Credit in every plan's cost, and credit in none: with the reason, and with reps without credit that have one."""
    lines = credit.merge(bad.rename(columns={"status": "why"}), on=KEY, how="outer")
    own = lines["status"].notna() & (lines["status"] != USED)
    lines["reason"] = lines["status"].where(own, lines["why"])
    counts = {"deals": ("opportunity_id", "count"), "bookings": ("bookings", "sum")}
    used = lines[lines["reason"].isna()].groupby(KEY, as_index=False).agg(**counts)
    aside = lines[lines["reason"].notna()].groupby([*KEY, "reason"], as_index=False).agg(**counts)
    aside = aside.merge(tables.reps[["rep_id", "name"]].astype(object), on="rep_id", how="left")
    return used, aside[["rep_id", "name", "span", "reason", "deals", "bookings"]]
