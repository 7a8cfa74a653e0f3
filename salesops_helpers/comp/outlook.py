"""The next twelve months under each plan: what they cost, how sure that is, and whom the change moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from salesops_helpers.comp.assigned import AS_ASSIGNED, Today, mixed, not_simulated
from salesops_helpers.comp.evaluate import Payer, uncovered
from salesops_helpers.comp.scenario import Scenario
from salesops_helpers.comp.seats import Seats, seats
from salesops_helpers.comp.simulation import Assumptions, Simulated, quantile_error, simulate
from salesops_helpers.comp.solver import Bounds, solve
from salesops_helpers.data.container import Tables
from salesops_helpers.errors import SalesOpsError

LEVELS = {"p10": 0.1, "p50": 0.5, "p80": 0.8, "p90": 0.9}
COMMON, ALONE = "market and own chance", "own chance alone"
LIFTS = (0.0, 0.01, 0.02, 0.05, 0.10)
SOME = 1_000  # kept draws behind shares and single reps' ranges


@dataclass(frozen=True)
class Outlook:
    """Plans on the same possible years.

    Attributes
    ----------
    scenario : Scenario
        The plans, and their exact replay on past deals.
    seats : Seats or None
        Whose pay is simulated; None where nobody's can be.
    made, alone : Simulated or None
        With the common market, and without.
    lacking : list of str
        What is not simulated, and why.
    today : Today or None
        The plans as assigned, on the same draws; None where not all of them can be simulated.
    """

    scenario: Scenario
    seats: Seats | None
    made: Simulated | None
    alone: Simulated | None
    lacking: list[str]
    today: Today | None = None

    @property
    def computed(self) -> bool:
        return self.made is not None

    @property
    def names(self) -> list[str]:
        return [plan.plan for plan in self.made.plans] if self.made else []

    @property
    def two(self) -> bool:
        return len(self.names) > 1


def outlook(
    scenario: Scenario, tables: Tables, month, forecast: pd.DataFrame | None = None,
    assumptions: Assumptions | None = None, size: int = 10_000, response: float = 0.0,
) -> Outlook:
    """The plans of a scenario in the twelve months after `month`.

    Parameters
    ----------
    forecast : DataFrame, optional
        The forecast's published draws (table forecast_draws).
    response : float
        How much more is sold under the second plan than under the first, as a share: an assumption, 0: cost only.

    Raises `SalesOpsError` where an assumption is no share, or `size` is too small to tell a range.
    """
    assumed = assumptions or Assumptions()
    _check(assumed, size, response)
    plans = [plan for plan in scenario.plans if uncovered(plan) is None]
    lacking = [f"Plan {p.plan} is not simulated ({uncovered(p)}): it is paid on past deals alone."
               for p in scenario.plans if p not in plans]
    why = not_simulated(scenario.assigned)
    lacking += [why] if why else []
    now = scenario.assigned if scenario.assigned is not None and not why else None
    others = [] if now is None else [now.plans[n] for n in sorted(set(now.people.dropna()) - {p.plan for p in plans})]
    found = seats([*plans, *others], tables, month, forecast) if plans else None
    if found is None:
        return Outlook(scenario, None, None, None, lacking)
    lift = [0.0 if plan is scenario.plans[0] else response for plan in plans]
    made, alone = (simulate(plans, found.market, assumed, size, common=common, lift=lift) for common in (True, False))
    today = None if now is None else mixed(now, found.people["rep_id"], made)
    return Outlook(scenario, found, made, alone, lacking, today)


def _check(assumed: Assumptions, size: int, response: float) -> None:
    for name, value, most in (("market_shock", assumed.shock, 1.0), ("leaving", assumed.leaving, 0.9)):
        if not 0 <= value <= most:
            raise SalesOpsError(f"{name} = {value}", f"a share from 0 to {most}", "write 0.1 for 10 %")
    if not -0.5 <= response <= 1:
        raise SalesOpsError(f"response = {response}", "a share from -0.5 to 1", "write 0.02 for 2 % more bookings")
    if size < 100:
        raise SalesOpsError(f"draws = {size}", "at least 100", "write 10000")


def costs(o: Outlook) -> pd.DataFrame:
    """Cost of the plans as assigned and of each plan, with the common market and without.

    Returns
    -------
    DataFrame
        plan, draws (what varies), p10, p50, p80, p90 (currency: the cost that so many percent of years do not pass),
        error (Monte-Carlo standard error of the P80), cost_of_sales (mean cost ÷ mean bookings), above (P90 ÷ P50 − 1),
        mean (currency), more_today (mean of the differences from the plans as assigned, draw by draw; missing where
        those are not simulated).
    """
    rows = []
    for what, made in ((COMMON, o.made), (ALONE, o.alone)):
        drawn = _drawn(o, what)
        base = drawn[AS_ASSIGNED][0] if AS_ASSIGNED in drawn else np.nan
        for name, (cost, lift) in drawn.items():
            at = dict(zip(LEVELS, np.quantile(cost, list(LEVELS.values())), strict=True))
            rows.append({
                "plan": name, "draws": what, **at, "error": quantile_error(cost, 0.8, made.independent),
                "cost_of_sales": cost.mean() / (made.bookings.mean() * (1 + lift)),
                "above": at["p90"] / at["p50"] - 1 if at["p50"] else 0.0,
                "mean": cost.mean(), "more_today": np.mean(cost - base),
            })
    return pd.DataFrame(rows)


def _drawn(o: Outlook, what: str) -> dict[str, tuple[np.ndarray, float]]:
    """Cost in each draw and assumed response: the plans as assigned first, then each plan."""
    made = o.made if what == COMMON else o.alone
    first = {} if o.today is None else {AS_ASSIGNED: (o.today.cost if what == COMMON else o.today.alone, 0.0)}
    return first | {name: (made.cost[n], made.lift[n]) for n, name in enumerate(o.names)}


def spread(o: Outlook) -> pd.DataFrame:
    """Quantiles of each plan's cost for the figure: plan, draws, share (0.01 … 0.99), cost (currency)."""
    shares = np.arange(1, 100) / 100
    parts = [pd.DataFrame({"plan": name, "draws": what, "share": shares, "cost": np.quantile(cost, shares)})
             for what in (COMMON, ALONE) for name, (cost, _) in _drawn(o, what).items()]
    return pd.concat(parts, ignore_index=True)


def people(o: Outlook) -> pd.DataFrame:
    """Each rep in the next twelve months under both plans, from the largest expected loss on.

    Returns
    -------
    DataFrame
        rep_id, name, team, quota (currency), level (expected attainment), pay_a, pay_b (expected, currency),
        difference, less (share of years in which the second plan pays less), replayed (difference on past deals,
        exact; missing where that is not computed).
    """
    frame = o.seats.people[["rep_id", "name", "team", "quota", "expected"]].assign(pay_a=o.made.by_seat[0])
    frame["level"] = frame["expected"] / frame["quota"].where(frame["quota"] > len(o.seats.months))
    if not o.two:
        return frame
    gap = o.made.kept_pay(1)[:SOME] - o.made.kept_pay(0)[:SOME]
    frame = frame.assign(pay_b=o.made.by_seat[1], less=(gap < -0.005).mean(axis=0))
    frame["difference"] = frame["pay_b"] - frame["pay_a"]
    past = o.scenario.sides
    frame["replayed"] = frame["rep_id"].map(past.set_index("rep_id")["difference"]) if len(past) else np.nan
    return frame.sort_values(["difference", "rep_id"], kind="stable").reset_index(drop=True)


def pay_shares(o: Outlook) -> pd.DataFrame:
    """How pay is spread over reps and years: plan, low, middle, high (P10, P50, P90 of a rep's yearly pay ÷ target, or
    currency without one), nothing (share without any pay), below_half, above_target (shares of years of reps), capped
    (share of all pay that the cap takes)."""
    rows, target = [], o.made.market.footing.target
    for n, plan in enumerate(o.made.plans):
        pay = o.made.kept_pay(n)[:SOME]
        ratio = pay / target if plan.on_target else pay / pay.mean()
        low, middle, high = np.quantile(ratio, [0.1, 0.5, 0.9])
        rows.append({"plan": plan.plan, "low": low, "middle": middle, "high": high, "nothing": (pay <= 0.005).mean(),
                     "below_half": (ratio < 0.5).mean(), "above_target": (ratio >= 1).mean(), "capped": _cut(o, n)})
    return pd.DataFrame(rows)


def _cut(o: Outlook, n: int) -> float:
    plan = o.made.plans[n]
    if not plan.cap:
        return float("nan")
    block = o.made.kept.head(SOME).lifted(o.made.lift[n])
    free = Payer(plan.model_copy(update={"cap": None}), o.made.market.footing).pay(block).sum()
    return float(1 - o.made.kept_pay(n)[:SOME].sum() / free) if free else 0.0


def responses(o: Outlook) -> pd.DataFrame:
    """The second plan if its people sell more than under the first: lift (share), cost (mean, currency), more_pay,
    more_bookings (both than under the first plan), cost_of_sales, each (more pay ÷ more bookings; missing without)."""
    block, size = o.made.kept.head(SOME), min(SOME, len(o.made.kept.credit))
    base, sold = o.made.kept_pay(0)[:size].sum(axis=1).mean(), block.credit.sum(axis=(1, 2)).mean()
    payer = Payer(o.made.plans[1], o.made.market.footing)
    rows = []
    for lift in sorted({*LIFTS, o.made.lift[1]}):
        cost = payer.pay(block.lifted(lift)).sum(axis=1).mean()
        rows.append({"lift": lift, "cost": cost, "more_pay": cost - base, "more_bookings": sold * lift,
                     "cost_of_sales": cost / (sold * (1 + lift)),
                     "each": (cost - base) / (sold * lift) if lift else np.nan})
    return pd.DataFrame(rows)


def break_even(o: Outlook, margin: float) -> float:
    """By how much more must be sold under the second plan, as a share, so that `margin` of the additional bookings
    pays for the additional pay; 0 where it costs no more, missing where no increase up to 100 % does."""
    block = o.made.kept.head(SOME)
    base, sold = o.made.kept_pay(0)[:SOME].sum(axis=1).mean(), block.credit.sum(axis=(1, 2)).mean()
    payer = Payer(o.made.plans[1], o.made.market.footing)

    def left(lift: float) -> float:
        return margin * sold * lift - (payer.pay(block.lifted(lift)).sum(axis=1).mean() - base)

    low, high = 0.0, 1.0
    if left(low) >= 0:
        return 0.0
    if left(high) < 0:
        return float("nan")
    for _ in range(18):
        middle = (low + high) / 2
        low, high = (low, middle) if left(middle) >= 0 else (middle, high)
    return high


def answers(o: Outlook, budget: float = 0.0, at: float = 0.8, at_target: float = 0.0) -> pd.DataFrame:
    """Settings of the last plan at which its cost meets a budget (0: none is stated; what the plans as assigned,
    else the first plan, cost at the same level stands in); the columns of `solver.solve`, with plan, budget and
    stated."""
    wanted = budget or float(np.quantile(next(iter(_drawn(o, COMMON).values()))[0], at))
    n = len(o.names) - 1
    found = solve(o.made, n, wanted, at, bounds=Bounds(at_target), base=o.seats.people["base"].to_numpy(float))
    return found.assign(plan=o.names[n], budget=wanted, stated=bool(budget))
