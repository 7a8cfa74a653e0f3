"""Many simulated companies whose true figures are known: do ranges hold them, and do control limits keep their word?

Every company is one rep of one big table, so that one scorecard by rep answers for all of them. Deals come in
evenly and belong to accounts; an account shifts the odds, the size and the length of all of its deals, and some
accounts bring many more deals than others. Nothing changes from month to month or differs between months of a quarter.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers.data.company import Company
from salesops_helpers.data.container import Tables
from salesops_helpers.performance.scorecard import scorecard_history
from salesops_helpers.performance.signals import signals

END, BURN = pd.Timestamp("2026-09-30"), 400
KPIS = ["deals_created", "deals_won", "deals_lost", "bookings", "win_rate", "win_rate_value", "deal_size",
        "sales_cycle", "pipeline_created", "leads_assigned", "lead_qualification", "lead_response"]
FORMS = [("win_rate", "closed"), ("win_rate", "created"), ("win_rate", "qualified"), ("win_rate_value", "amount"),
         ("deal_size", "median"), ("sales_cycle", "won_median"), ("sales_cycle", "closed_median"),
         ("sales_cycle", "km_closed"), ("sales_cycle", "km_won"), ("lead_qualification", "cohort"),
         ("lead_response", "km")]
COMPANY = Company(name="Many", currency="EUR", stages=["First", "Second", "Won", "Lost"], won_stages=["Won"],
                  lost_stages=["Lost"], extract_date=END.date())
DAYS = np.arange(1, 1_500)


def parameters(companies: int, rng: np.random.Generator) -> pd.DataFrame:
    """What is true of each company."""
    return pd.DataFrame({
        "base": rng.uniform(-1.0, 0.8, companies), "odds": rng.uniform(0, 0.6, companies),
        "log_days": rng.uniform(3.6, 4.4, companies), "lost_by": rng.uniform(-0.4, 0.2, companies),
        "spread": rng.uniform(0.4, 0.8, companies), "log_amount": rng.uniform(8, 10.5, companies),
        "size": rng.uniform(0.6, 1.1, companies), "passed": rng.uniform(0.5, 0.9, companies),
        "qualified": rng.uniform(0.15, 0.6, companies), "touched": rng.uniform(0.8, 0.98, companies),
        "log_minutes": rng.uniform(4, 5.5, companies)})


def deals(true: pd.DataFrame, a_month: int, months: int, rng: np.random.Generator, accounts: int = 80) -> pd.DataFrame:
    """Deals created over the months (and enough days before them), with what became of each."""
    span = int(months * 30.44) + BURN
    count = rng.poisson(a_month * span / 30.44, len(true))
    company = np.repeat(np.arange(len(true)), count)
    busy = rng.gamma(0.7, 1, (len(true), accounts)).cumsum(axis=1)
    at = (rng.random(len(company))[:, None] * busy[company, -1:] > busy[company]).sum(axis=1)
    effect = rng.standard_normal((3, len(true), accounts))[:, company, at]
    mine = true.iloc[company].reset_index(drop=True)
    won = rng.random(len(mine)) < 1 / (1 + np.exp(-(mine["base"] + mine["odds"] * effect[0])))
    days = np.exp(mine["log_days"] + np.where(won, 0, mine["lost_by"]) + mine["spread"] * (
        0.3 * effect[1] + np.sqrt(1 - 0.09) * rng.standard_normal(len(mine))))
    created = END - pd.to_timedelta(rng.integers(0, span, len(mine)), unit="D")
    closed = created + pd.to_timedelta(np.ceil(days).clip(1, 1_400), unit="D")
    ended = closed <= END
    return pd.DataFrame({
        "opportunity_id": np.char.add("D", np.arange(len(mine)).astype(str)),
        "rep_id": np.char.add("C", company.astype(str)),
        "account_id": np.char.add(np.char.add("A", company.astype(str)), np.char.add("-", at.astype(str))),
        "created_on": created, "closed_on": closed.where(ended), "won": won,
        "status": np.where(~ended, "open", np.where(won, "won", "lost")),
        "stage": np.where(~ended, "Second", np.where(won, "Won", "Lost")),
        "amount": np.round(np.exp(mine["log_amount"] + mine["size"] * (
            0.5 * effect[2] + np.sqrt(0.75) * rng.standard_normal(len(mine)))), 2),
        "passed": won | (rng.random(len(mine)) < mine["passed"])})


def leads(true: pd.DataFrame, a_month: int, months: int, rng: np.random.Generator) -> pd.DataFrame:
    """Leads assigned over the months, touched and qualified within days or never."""
    count = rng.poisson(a_month * months, len(true))
    mine = true.iloc[np.repeat(np.arange(len(true)), count)]
    n = len(mine)
    given = END + pd.Timedelta(hours=12) - pd.to_timedelta(
        rng.integers(60 * 86_400, int(months * 30.44) * 86_400, n), unit="s")
    minutes = np.exp(mine["log_minutes"].to_numpy() + rng.standard_normal(n))
    touched = rng.random(n) < mine["touched"].to_numpy()
    good = rng.random(n) < mine["qualified"].to_numpy()
    return pd.DataFrame({
        "lead_id": np.char.add("L", np.arange(n).astype(str)), "rep_id": "C" + mine.index.astype(str), "source": "Web",
        "created_at": given, "assigned_at": given,
        "first_touch_at": (given + pd.to_timedelta((60 * minutes).astype(int), unit="s")).where(touched),
        "qualified_on": (given.normalize() + pd.Timedelta(days=5)).where(good)})


def companies(count: int, a_month: int, months: int, seed: int, history: bool = True) -> tuple[Tables, pd.DataFrame]:
    """The companies as one set of tables, and what is true of them."""
    rng = np.random.default_rng(seed)
    true = parameters(count, rng)
    sold = deals(true, a_month, months, rng)
    frames = {
        "reps": pd.DataFrame({"rep_id": "C" + true.index.astype(str), "name": "C" + true.index.astype(str)}),
        "opportunities": sold.drop(columns=["won", "passed"]), "leads": leads(true, a_month, months, rng)}
    if history:
        first = sold[["opportunity_id", "created_on", "amount", "rep_id"]].rename(columns={"created_on": "changed_at"})
        later = first[sold["passed"]].assign(
            stage="Second", changed_at=lambda rows: rows["changed_at"] + pd.Timedelta(hours=9))
        frames["stage_history"] = pd.concat([first.assign(stage="First"), later], ignore_index=True)
    return Tables.from_frames(COMPANY, frames, as_of=END), true


def truth(true: pd.DataFrame, created_days: np.ndarray) -> pd.DataFrame:
    """What the scorecard's figures would be with endless data, one column a form (kpi, form).

    created_days : days from creation to the as-of day, of the deals of the cohort, for the rate by creation.
    """
    rate, won, lost = _rates(true), _reached(true, 0.0), _reached(true, true["lost_by"])
    all_closed = rate[:, None] * won + (1 - rate[:, None]) * lost
    density = np.diff(rate[:, None] * won, axis=1, prepend=0)
    before = 1 - np.concatenate([np.zeros((len(true), 1)), all_closed[:, :-1]], axis=1)
    alive = np.cumprod(1 - np.clip(density / np.maximum(before, 1e-12), 0, 1), axis=1)
    seen = won[:, np.clip(created_days, 1, len(DAYS)) - 1].mean(axis=1) if len(created_days) else np.nan
    wanted = np.clip(0.5 / true["touched"], 0, 1 - 1e-9)
    from scipy.special import ndtri

    return pd.DataFrame({
        ("win_rate", "closed"): rate, ("win_rate", "created"): rate * seen,
        ("win_rate", "qualified"): rate / (rate + (1 - rate) * true["passed"]),
        ("win_rate_value", "amount"): rate, ("deal_size", "median"): np.exp(true["log_amount"]),
        ("sales_cycle", "won_median"): _median(won), ("sales_cycle", "closed_median"): _median(all_closed),
        ("sales_cycle", "km_closed"): _median(all_closed), ("sales_cycle", "km_won"): _median(1 - alive),
        ("lead_qualification", "cohort"): true["qualified"],
        ("lead_response", "km"): np.exp(true["log_minutes"] + ndtri(wanted))})


def _rates(true: pd.DataFrame) -> np.ndarray:
    nodes, weight = np.polynomial.hermite_e.hermegauss(41)
    odds = true["base"].to_numpy()[:, None] + true["odds"].to_numpy()[:, None] * nodes
    return (1 / (1 + np.exp(-odds))) @ (weight / weight.sum())


def _reached(true: pd.DataFrame, shift) -> np.ndarray:
    """Share of deals that have closed within each number of days."""
    from scipy.special import ndtr

    middle = (true["log_days"] + shift).to_numpy()[:, None]
    return ndtr((np.log(DAYS) - middle) / true["spread"].to_numpy()[:, None])


def _median(reached: np.ndarray) -> np.ndarray:
    return DAYS[(reached >= 0.5).argmax(axis=1)].astype(float)


def coverage(count: int = 400, a_month: int = 40, seed: int = 8_101, least: int = 30) -> pd.DataFrame:
    """How often the 90 % ranges of rates and medians hold the truth: kpi, form, cells, held, share.

    Each company for the four quarters of a year; cells of fewer than `least` cases do not count.
    """
    tables, true = companies(count, a_month, 20, seed)
    last = pd.Timestamp("2026-07-01")
    parts = []
    for quarter in range(4):
        month = last - pd.DateOffset(months=3 * quarter)
        card = scorecard_history(tables, month, 1, "rep", length=3, kpis=sorted({kpi for kpi, _ in FORMS}))
        ends, starts = month + pd.offsets.MonthEnd(0), month - pd.DateOffset(months=2)
        days = np.arange((END - ends).days, (END - starts).days + 1)
        wide = truth(true, days)
        wide.index = "C" + true.index.astype(str)
        known = wide.stack(list(range(wide.columns.nlevels)), future_stack=True).rename("true")
        known.index.names = ["unit", "kpi", "form"]
        parts.append(card.merge(known.reset_index(), on=["unit", "kpi", "form"]))
    cells = pd.concat(parts)
    cells = cells[(cells["n"] >= least) & cells["low"].notna()]
    held = (cells["low"] <= cells["true"] + 1e-9) & (cells["true"] <= cells["high"].fillna(np.inf) + 1e-9)
    found = held.groupby([cells["kpi"], cells["form"]]).agg(["size", "sum", "mean"])
    return found.set_axis(["cells", "held", "share"], axis=1).reset_index()


def stable(count: int = 400, a_month: int = 40, seed: int = 8_202) -> tuple[pd.DataFrame, Tables]:
    """The history of companies in which nothing ever changes: 36 months of every KPI."""
    tables, _ = companies(count, a_month, 39, seed, history=False)
    last = pd.Timestamp("2026-07-01")  # leads of the last months are not all there
    return scorecard_history(tables, last, 36, "rep", kpis=KPIS), tables


def false_alarms(history: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """Share of years (12 looks) in which a KPI of a company that never changed raises an alarm: kpi, years, share."""
    found = signals(history, tables)
    years = found.groupby(["kpi", "unit"])["signal"].agg(lambda signal: (signal != 0).any())
    return years.groupby("kpi").agg(["size", "mean"]).set_axis(["years", "share"], axis=1).reset_index()


def power(history: pd.DataFrame, tables: Tables, sigmas: float = 4.5) -> pd.DataFrame:
    """Share of drops of 4.5 true sigmas that are found in the month in which they happen: kpi, drops, share.

    Sigma is the standard deviation of the months of each company; the last month is lowered by so much. KPIs that
    cannot drop so far (below 0) are left out of the count.
    """
    last = history["month"].max()
    spread, middle = (history.groupby(["kpi", "form", "unit"])["value"].transform(how) for how in ("std", "mean"))
    can = (middle - sigmas * spread > 0) & history["value"].notna()
    lowered = np.maximum(history["value"] - sigmas * spread, 0.0)
    dropped = history.assign(value=history["value"].where(history["month"] != last, lowered))
    found = signals(dropped, tables, looks=1).merge(
        history.assign(can=can)[["kpi", "form", "unit", "month", "can"]], on=["kpi", "form", "unit", "month"])
    found = found[found["can"]]
    return (found["signal"] == -1).groupby(found["kpi"]).agg(["size", "mean"]).set_axis(
        ["drops", "share"], axis=1).reset_index()


FEWEST_DROPS = 50


def figures(count: int = 400) -> list[dict]:
    """The figures of the benchmark: coverage, false alarms, power."""
    held = coverage(count)
    history, tables = stable(count)
    alarms, found = false_alarms(history, tables), power(history, tables)
    found = found[found["drops"] >= FEWEST_DROPS]
    row = {"area": "kpis", "unit": "share", "kind": "gate"}
    years = int(alarms["years"].sum())
    return [
        row | {"name": "coverage_min", "value": held["share"].min(), "goal": 0.86, "better": "higher",
               "n": int(held["cells"].sum())},
        row | {"name": "coverage_max", "value": held["share"].max(), "goal": 0.95, "better": "lower",
               "n": int(held["cells"].sum())},
        row | {"name": "false_alarms", "value": float((alarms["share"] * alarms["years"]).sum() / years), "goal": 0.06,
               "better": "lower", "n": years},
        row | {"name": "false_alarms_worst_kpi", "value": alarms["share"].max(), "goal": 0.06, "better": "lower",
               "kind": "stretch", "n": int(alarms["years"].max())},
        row | {"name": "power", "value": found["share"].min(), "goal": 0.80, "better": "higher",
               "n": int(found["drops"].sum())},
    ]
