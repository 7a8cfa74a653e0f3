"""The setting of a plan at which its cost meets a budget: accelerator, target incentive, quota or cap.

Every setting is tried on the same kept draws (common random numbers) and carried over to all draws by its regression on
the cost as written, so that a try costs a small part of a simulation and the plan as written is met exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd

from salesops_helpers.comp.evaluate import Payer
from salesops_helpers.comp.footing import Footing
from salesops_helpers.comp.numbers import plain
from salesops_helpers.comp.plans import Plan
from salesops_helpers.comp.simulation import Simulated, quantile_error
from salesops_helpers.comp.whatif import can_vary, levers, vary
from salesops_helpers.errors import SalesOpsError, listed

RANGES = {"accelerator": (1.0, 4.0), "target": (0.5, 1.5), "quota": (0.7, 1.4), "cap": (1.0, 4.0)}
LEVERS = tuple(RANGES)
TRIES = 12
CELLS = 1_200_000  # seats × months × draws that a try looks at, where not all draws are kept


@dataclass(frozen=True)
class Bounds:
    """What a setting may not pass.

    Attributes
    ----------
    at_target : float
        Least expected share of reps at or above 100 % of their quota over the year.
    mix : tuple of float
        Least and most variable pay as a share of base and target pay, all reps together.
    ranges : mapping
        Lever → least and most of its setting; default `RANGES` (multiples of the target, or factors on it and quotas).
    """

    at_target: float = 0.0
    mix: tuple[float, float] = (0.0, 1.0)
    ranges: Mapping[str, tuple[float, float]] | None = None


def settings(plan: Plan) -> list[str]:
    """The levers that the plan has."""
    found = ["accelerator"] if can_vary(plan) else []
    found += ["target"] if plan.on_target else []
    found += ["quota"] if any(c.unit in ("target", "quota", "bonus") for c in plan.components) else []
    return found + (["cap"] if plan.on_target and not (plan.cap and plan.cap.excess == "carried") else [])


def turned(plan: Plan, footing: Footing, lever: str, value: float) -> tuple[Plan, Footing]:
    """The plan and its goals with one lever at `value`.

    Raises `SalesOpsError` for a lever that the plan does not have.
    """
    if lever not in settings(plan):
        raise SalesOpsError(f"lever {lever!r} of plan {plan.plan!r}", listed(settings(plan)), "choose another lever")
    if lever == "accelerator":
        return vary(plan, plan.own.weight, Fraction(value).limit_denominator(10**9)), footing
    if lever == "cap":
        return plan.model_copy(update={"cap": _cap(plan, value)}), footing
    return plan, footing.changed(**{lever: value})


def _cap(plan: Plan, value: float):
    from salesops_helpers.comp.parts import Cap

    cap = Cap.model_validate({"of": "total", "at": "100% of target", "excess": "forfeited"})
    return cap.model_copy(update={"at": Fraction(value).limit_denominator(10**9)})


def carried(base: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, float]:
    """Cost of every draw at another setting, by how it goes with the cost as written on the first draws.

    Parameters
    ----------
    base : ndarray
        Cost of every draw as written.
    found : ndarray
        Cost of the first draws at the other setting.

    Returns
    -------
    costs : ndarray
        As many as `base`.
    error : float
        The standard error of carrying over; 0 where `found` holds every draw.
    """
    if len(found) == len(base):
        return found, 0.0
    level = base / base.mean()
    terms = np.column_stack([np.ones_like(level), level, level**2])
    known = terms[:len(found)]
    fit = np.linalg.lstsq(known, found, rcond=None)[0]
    rest = found - known @ fit
    return terms @ fit + np.resize(rest, len(base)), float(rest.std(ddof=3) * np.sqrt(3 / len(found)))


class Trial:
    """One plan of a simulation, its cost at other settings."""

    def __init__(self, simulated: Simulated, n: int):
        self.made, self.plan, self.n = simulated, simulated.plans[n], n
        seats = simulated.market.expected.size
        most = len(simulated.kept.credit) if len(simulated.kept.credit) == len(simulated.bookings) else max(
            CELLS // seats, 2)
        self.block = simulated.kept.head(most).lifted(simulated.lift[n])
        self.base = simulated.cost[n]
        self.size = len(self.block.credit)
        self._known: dict[tuple[str, float], tuple[np.ndarray, float]] = {}

    def costs(self, lever: str, value: float) -> tuple[np.ndarray, float]:
        """Cost of every draw at a setting (currency), and the standard error of carrying it over from the kept ones."""
        if (lever, value) not in self._known:
            plan, footing = turned(self.plan, self.made.market.footing, lever, value)
            found = Payer(plan, footing).pay(self.block).sum(axis=1)
            self._known[lever, value] = carried(self.base, found)
        return self._known[lever, value]

    def cost(self, lever: str, value: float, at: float) -> float:
        """The cost that a share `at` of the draws does not pass."""
        return float(np.quantile(self.costs(lever, value)[0], at))

    def slope(self, lever: str, value: float, at: float) -> float:
        """How much `cost` moves by the lever's unit, from the nearest setting that was tried; 0 where none was."""
        tried = [other for name, other in self._known if name == lever and abs(other - value) > 1e-6]
        near = min(tried, key=lambda other: abs(other - value), default=None)
        return 0.0 if near is None else (self.cost(lever, near, at) - self.cost(lever, value, at)) / (near - value)

    def error(self, lever: str, value: float, at: float) -> float:
        """How far `cost` and that of another simulation of the same size lie apart: one standard deviation of it."""
        costs, carried = self.costs(lever, value)
        return float(np.sqrt(2 * quantile_error(costs, at, self.made.independent) ** 2 + carried**2))


def solve(
    simulated: Simulated, n: int, budget: float, at: float = 0.8, which: Sequence[str] | None = None,
    bounds: Bounds | None = None, base: np.ndarray | None = None,
) -> pd.DataFrame:
    """The setting of each lever at which the cost of plan `n` meets a budget.

    Parameters
    ----------
    simulated : Simulated
    n : int
        Which of its plans.
    budget, at : float
        The cost (currency) that a share `at` of the draws is not to pass: 0.5, 0.8 or 0.9.
    which : sequence of str, optional
        Levers: accelerator (rate above 100 %, × target), target (factor on every target incentive), quota (factor on
        every quota and goal), cap (× target); default: all that the plan has.
    bounds : Bounds, optional
    base : ndarray, optional
        Base pay of each seat a year, for the bound on the mix.

    Returns
    -------
    DataFrame
        lever, written (setting of the plan as written; missing without a cap), value (the answer, or the nearest within
        the bounds), met (bool), cost (at the answer), error (Monte-Carlo: `Trial.error`), value_error (the same in the
        lever's unit; missing where the cost does not move), cost_p50, at_target (expected share of reps at 100 % of
        quota), mix (target incentive ÷ base pay and target incentive; missing without base pay), note (why it is not
        met).
    """
    trial, bounds = Trial(simulated, n), bounds or Bounds()
    rows = [_solved(trial, lever, budget, at, bounds, base) for lever in which or settings(trial.plan)]
    return pd.DataFrame(rows)


def _solved(trial: Trial, lever: str, budget: float, at: float, bounds: Bounds, base) -> dict:
    low, high, why = _allowed(trial, lever, bounds, base)
    if low > high:
        return _row(trial, lever, _written(trial.plan, lever) or 1.0, at, False, base) | {"note": why}
    value, met = _root(lambda v: trial.cost(lever, v, at) - budget, low, high, budget * 1e-5)
    note = "" if met else _missed(trial, lever, budget, at, low, high, why)
    return _row(trial, lever, value, at, met, base) | {"note": note}


def _root(gap, low: float, high: float, near: float) -> tuple[float, bool]:
    """Where `gap` is 0 between two settings, by the secant kept within its bracket (Illinois), and by halving where it
    creeps; else the nearer end. Met within a hundred times `near`: a cost with jumps has no closer setting."""
    a, b = gap(low), gap(high)
    best = min(((abs(a), low), (abs(b), high)))
    if a * b > 0:
        return best[1], best[0] <= near
    side = 0
    for n in range(TRIES):
        if best[0] <= near:
            break
        middle = (low + high) / 2 if n % 4 == 3 else low - a * (high - low) / (b - a)
        found = gap(middle)
        best = min(best, (abs(found), middle))
        if found * b > 0:
            high, b, a, side = middle, found, a / 2 if side == 1 else a, 1
        else:
            low, a, b, side = middle, found, b / 2 if side == -1 else b, -1
    return best[1], best[0] <= near * 100


def _allowed(trial: Trial, lever: str, bounds: Bounds, base) -> tuple[float, float, str]:
    """The lever's range within the bounds, and which bound cuts it."""
    low, high = {**RANGES, **(bounds.ranges or {})}[lever]
    why = "its range"
    if lever == "quota" and bounds.at_target > 0:
        most = float(np.quantile(_reached(trial), 1 - bounds.at_target))
        if most < high:
            high, why = most, f"at least {bounds.at_target:.0%} of reps at target"
    if lever == "target" and base is not None and np.isfinite(base).all():
        ratio = trial.made.market.footing.target.sum() / base.sum()
        least, most = (m / (1 - m) / ratio if m < 1 else np.inf for m in bounds.mix)
        if least > low or most < high:
            low, high, why = max(low, least), min(high, most), "the bounds of the pay mix"
    return low, high, why


def _reached(trial: Trial) -> np.ndarray:
    """Attainment over the year of each kept draw and seat."""
    months = trial.made.market.expected.shape[0]
    return trial.block.reached(trial.made.market.footing, "individual", months)[:, 0, :]


def _missed(trial: Trial, lever: str, budget: float, at: float, low: float, high: float, why: str) -> str:
    ends = [trial.cost(lever, v, at) for v in (low, high)]
    side = "above" if budget > max(ends) else "below"
    return f"the budget lies {side} what {why} allows ({min(ends):,.0f} to {max(ends):,.0f})"


def _row(trial: Trial, lever: str, value: float, at: float, met: bool, base) -> dict:
    cost, error = trial.cost(lever, value, at), trial.error(lever, value, at)
    slope = trial.slope(lever, value, at)
    target = trial.made.market.footing.target.sum() * (value if lever == "target" else 1.0)
    whole = np.nan if base is None else target + np.nansum(base)
    return {
        "lever": lever, "written": _written(trial.plan, lever), "value": value, "met": met, "cost": cost,
        "error": error, "value_error": abs(error / slope) if slope else np.nan,
        "cost_p50": trial.cost(lever, value, 0.5),
        "at_target": float((_reached(trial) >= (value if lever == "quota" else 1.0)).mean()),
        "mix": target / whole if base is not None and np.isfinite(base).all() and whole > 0 else np.nan,
    }


def _written(plan: Plan, lever: str) -> float:
    """The setting as written."""
    if lever == "accelerator":
        return float(levers(plan)[1])
    if lever == "cap":
        return float(plan.cap.at) if plan.cap else np.nan
    return 1.0


def setting_in_words(lever: str, value: float) -> str:
    """A setting as a reader says it: ``1.62 ×``, ``94.1 % of today's``."""
    shown = plain(Fraction(f"{value:.2f}"))
    percent = f"{value * 100:.1f} %"
    return {"accelerator": f"{shown} × the target above 100 %", "cap": f"{percent} of target",
            "target": f"{percent} of today's target incentives", "quota": f"{percent} of today's quotas"}[lever]
