"""Small companies and plans for the tests of pay: one line a deal, quota or assignment."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pandas as pd

from salesops_helpers.comp.payouts import payouts
from salesops_helpers.comp.plans import Plan, read_plan
from salesops_helpers.comp.statements import Statements, statements
from salesops_helpers.data.company import Company
from salesops_helpers.data.container import Tables

HEAD = """plan: test
version: 1
status: draft
effective: {effective}
currency: {currency}
period: {period}
rounding: {{scale: {scale}, mode: half_up}}
"""
SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample" / "plans"
NAMES = ["individual-team", "individual-plus-team-bonus"]
LEVELS = {"a": 1.3, "b": 1.0, "c": 0.6, "d": 0.9}
YEAR = "{from: 2026-01-01, to: 2026-12-31}"
MONTHLY = "{measure: month, pay: month, accumulate: none}"
QUARTERLY = "{measure: quarter, pay: month, accumulate: none}"
MONTHLY_YTD = "{measure: month, pay: month, accumulate: ytd, true_up: deduct_paid}"
QUARTERLY_YTD = "{measure: quarter, pay: month, accumulate: ytd, true_up: deduct_paid}"
YEARLY = "{measure: year, pay: month, accumulate: none}"


def plan(
    components: Sequence[str],
    period: str = MONTHLY,
    more: str = "",
    currency: str = "EUR",
    scale: int = 2,
    effective: str = YEAR,
    name: str = "test",
) -> Plan:
    """A plan of one-line components, for example ``"id: own, measure: …, payout: …"``."""
    head = HEAD.format(period=period, currency=currency, scale=scale, effective=effective)
    body = "components:\n" + "".join(f"  - {{{component}}}\n" for component in components)
    head = head.replace("plan: test", f"plan: {name}")
    return read_plan(head + more + ("\n" if more else "") + body, f"{name}.yaml")


def part(payout: str, name: str = "own", level: str = "individual", of: str = "bookings", weight: str = "") -> str:
    """One component as a line of YAML."""
    heavy = f", weight: {weight}" if weight else ""
    return f"id: {name}{heavy}, measure: {{of: {of}, level: {level}}}, payout: {{{payout}}}"


def tiers(bounds: Sequence[tuple[str, str]]) -> str:
    """``[("0", "5%")]`` as the YAML of tiers."""
    return "tiers: [" + ", ".join(f"{{from: {low}, rate: {rate}}}" for low, rate in bounds) + "]"


def company(
    reps: Sequence[str | dict],
    deals: Sequence[tuple],
    quotas: Sequence[tuple] = (),
    as_of: str = "2026-12-31",
    fiscal_year_start: int = 1,
    minor_units: int = 2,
    **frames: pd.DataFrame,
) -> Tables:
    """Tables of a company: reps (ids, or rows), deals (id, rep, day of winning, amount), quotas (rep, month,
    amount)."""
    about = Company(
        name="Acme",
        currency="EUR",
        stages=["Open", "Won", "Lost"],
        won_stages=["Won"],
        lost_stages=["Lost"],
        fiscal_year_start=fiscal_year_start,
        minor_units=minor_units,
    )
    people = pd.DataFrame(
        [{"rep_id": r, "name": r.upper(), "team": "T", "region": "R"} if isinstance(r, str) else r for r in reps]
    )
    won = pd.DataFrame(list(deals), columns=["opportunity_id", "rep_id", "closed_on", "amount"]).assign(
        stage="Won", status="won", created_on="2025-01-01"
    )
    goals = pd.DataFrame(list(quotas), columns=["rep_id", "month", "amount"])
    goals["month"] = pd.to_datetime(goals["month"], format="%Y-%m")
    tables = {"reps": people, "opportunities": won, **({"quotas": goals} if len(goals) else {}), **frames}
    return Tables.from_frames(about, tables, as_of=as_of)


def months(rep: str, amount: float, first: int = 1, last: int = 12) -> list[tuple]:
    """The same quota in each month of 2026."""
    return [(rep, f"2026-{n:02d}", amount) for n in range(first, last + 1)]


def earned(
    plan: Plan,
    tables: Tables,
    start: str = "2026-01",
    end: str = "2026-12",
    component: str | None = None,
    replay: bool = True,
) -> dict[str, list[Fraction]]:
    """Rep → exact pay of each period that paid something other than nothing, in order of time."""
    frame = payouts(plan, tables, start, end, replay=replay)
    frame = frame if component is None else frame[frame["component"] == component]
    sums = frame.groupby(["rep_id", "period"])["earned_minor"].sum()
    sums = sums[sums != 0].reset_index()
    return {
        rep: [Fraction(int(v), 10**plan.rounding.scale) for v in rows["earned_minor"]]
        for rep, rows in sums.groupby("rep_id")
    }


def pays(plan: Plan, amounts: Sequence[float | str], quota: float | None = None) -> list[Fraction]:
    """Pay of one deal each, of reps of their own, in January; `quota` is that of each rep."""
    reps = [f"r{n:03d}" for n in range(len(amounts))]
    deals = [(f"d{n}", rep, "2026-01-15", float(a)) for n, (rep, a) in enumerate(zip(reps, amounts, strict=True))]
    quotas = [] if quota is None else [q for rep in reps for q in months(rep, quota, 1, 1)]
    frame = payouts(plan, company(reps, deals, quotas), "2026-01", "2026-01", replay=True)
    sums = frame.groupby("rep_id")["earned_minor"].sum()
    return [Fraction(int(v), 10**plan.rounding.scale) for v in sums]


def acme(folder: Path, quotas: bool = True, assigned: bool = True, plans: bool = True) -> Tables:
    """Four reps in two teams, a quota of 100,000 a quarter, a target of 20,000 a year, one deal a quarter."""
    reps = [{"rep_id": r, "name": f"Rep {r.upper()}", "team": team} for r, team in zip("abcd", "NNSS", strict=True)]
    deals = [(f"{r}{m}", r, f"2026-{m:02d}-10", 100_000 * x) for r, x in LEVELS.items() for m in (1, 4, 7, 10)]
    goals = [(r, m, 40_000.0 if int(m[-2:]) % 3 == 1 else 30_000.0) for r in LEVELS for _, m, _ in months(r, 0)]
    frames = {}
    if assigned:
        frames["plan_assignments"] = pd.DataFrame(
            {"rep_id": list(LEVELS), "starts_on": "2025-01-01", "plan": NAMES[0], "target_incentive": 20_000.0}
        )
    tables = company(reps, deals, goals if quotas else (), **frames)
    if plans:
        (folder / "plans").mkdir(exist_ok=True)
        for name in NAMES:
            (folder / "plans" / f"{name}.yaml").write_text((SAMPLE / f"{name}.yaml").read_text(encoding="utf-8"))
    home = tables.company.model_copy(update={"home": folder})
    return Tables(home, tables._frames, tables.as_of)


def assigned(*turns: tuple) -> pd.DataFrame:
    """plan_assignments: (rep, first day, plan) or (rep, first day, plan, target incentive) each."""
    rows = [dict(zip(("rep_id", "starts_on", "plan", "target_incentive"), turn, strict=False)) for turn in turns]
    return pd.DataFrame(rows)


def stated(plans: Plan | Sequence[Plan], tables: Tables, month: str, book=None) -> Statements:
    """The statements of a month on literal plans."""
    many = [plans] if isinstance(plans, Plan) else plans
    named = {one.plan: [v for v in many if v.plan == one.plan] for one in many}
    return statements(tables, month, named, book)


def settled(plan: Plan, amounts: Sequence[str | float], column: str = "paid", rep: dict | str = "a") -> list[Fraction]:
    """A column of the summary month by month, where the rep sells `amounts` in the first months of 2026."""
    name = rep if isinstance(rep, str) else rep["rep_id"]
    deals = [(f"d{n}", name, f"2026-{n + 1:02d}-20", float(a)) for n, a in enumerate(amounts)]
    tables = company([rep], deals, plan_assignments=assigned((name, "2026-01-01", plan.plan)))
    made = stated(plan, tables, f"2026-{len(amounts):02d}")
    past = made.paid[made.paid["rep_id"] == name].sort_values("month")
    values = [*past[column], *made.summary.loc[made.summary["rep_id"] == name, column]]
    return [Fraction(int(v), 100) for v in values]
