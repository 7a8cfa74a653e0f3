"""Random plans and random results for the laws of pay."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from pay_case import QUARTERLY, QUARTERLY_YTD, part, plan, tiers

from salesops_helpers.comp.measured import Ground
from salesops_helpers.comp.plans import Plan

MANY = 5000 if settings.get_current_profile_name() == "new" else 500
LAWS = settings(max_examples=MANY, deadline=None, suppress_health_check=list(HealthCheck))


def through_tables(cases: int) -> settings:
    """As many cases as `LAWS`, for a law that tries `cases` reps or deals in each example, through the tables."""
    return settings(LAWS, max_examples=MANY // cases)


points = st.lists(st.integers(0, 2500), min_size=2, max_size=6).map(
    lambda ns: np.array([Fraction(n, 1000) for n in sorted(ns)], dtype=object)
)
CURVE = "kind: curve, points: [[{start}%, 0%], [100%, 100%], [130%, 170%]], beyond: {beyond}"
FACTOR = "{kind: curve, points: [[0%, 80%], [100%, 100%], [150%, 120%]], beyond: flat}"
cached = lru_cache(maxsize=4096)(plan)


@dataclass(frozen=True)
class Drawn:
    """A plan; whether its pay never falls with own credit; whether something is paid beside the target; attainments at
    which it jumps."""

    plan: Plan
    rising: bool
    extra: bool
    jumps: frozenset[Fraction]


@dataclass(frozen=True)
class Rates:
    rows: list[tuple[str, str]]
    ascending: bool


@st.composite
def money_tables(draw):
    """Bounds in money and rates in percent, from 0 on."""
    bounds = sorted(draw(st.sets(st.integers(1, 200_000), max_size=4)))
    rates = draw(st.lists(st.integers(0, 2000), min_size=len(bounds) + 1, max_size=len(bounds) + 1))
    rates = sorted(rates) if draw(st.booleans()) else rates
    return Rates([(str(b), f"{r / 100}%") for b, r in zip([0, *bounds], rates, strict=True)], rates == sorted(rates))


@st.composite
def _own(draw) -> tuple[str, bool, list[int]]:
    """The own part's payout, whether it rises, and the percentages at which it jumps."""
    kind = draw(st.sampled_from(["flat", "marginal", "retroactive", "excess", "curve", "matrix"]))
    low, high = draw(st.integers(0, 90)), draw(st.integers(105, 180))
    first, last = draw(st.integers(0, 20)), draw(st.integers(0, 30))
    if kind == "flat":
        return "kind: flat, rate: 1x", True, []
    if kind == "marginal":
        rates = tiers([("0%", "1x"), ("100%", f"{first / 10}x"), (f"{high}%", f"{last / 10}x")])
        return f"kind: marginal, unit: attainment, {rates}", True, []
    if kind == "retroactive":
        rates = [("0%", f"{first / 20}x"), (f"{low + 1}%", "1x"), (f"{high}%", f"{last / 10}x")]
        tie = draw(st.sampled_from(["upper", "lower"]))
        rising = first <= 20 and last >= 10
        return f"kind: retroactive, unit: attainment, tie: {tie}, {tiers(rates)}", rising, [low + 1, high]
    if kind == "excess":
        rates = [("0%", "1x"), ("100%", f"{first / 10}x"), (f"{high}%", f"{last / 10}x")]
        return f"kind: excess, unit: attainment, tie: upper, {tiers(rates)}", last >= first, [100, high]
    if kind == "curve":
        pays = draw(st.integers(0, 100))
        shape = f"[[{low}%, {pays}%], [100%, 100%], [{high}%, {100 + last}%]]"
        return f"kind: curve, points: {shape}, below: pays nothing, beyond: extrapolate", True, [low]
    pays = f"[[{first * 5}%], [100%], [{100 + last}%]]"
    return f"kind: matrix, tie: upper, rows: {{of: own, from: [0%, 95%, {high}%]}}, pays: {pays}", True, [0, 95, high]


@st.composite
def drawn_plans(draw) -> Drawn:
    """Own and team part on a target, with any of gate, bonus, fixed pay, factor, limits and cap."""
    own, rising, jumps = draw(_own())
    start, beyond = draw(st.sampled_from([70, 80, 93])), draw(st.sampled_from(["flat", "extrapolate"]))
    team = CURVE.format(start=start, beyond=beyond)
    weight = draw(st.integers(1, 99))
    parts = [part(own, "own", weight=f"{weight}%"), part(team, "team", "team", weight=f"{100 - weight}%")]
    parts[0] += ", cap: 150% of target" if draw(st.booleans()) else ""
    extra = draw(st.sampled_from(["", "bonus", "fixed"]))
    if extra:
        paid = "kind: fixed, pays: 300" if extra == "fixed" else "kind: bonus, when: team.attainment >= 110%, pays: 700"
        parts.append(part(paid, "extra", "team"))
    ytd = draw(st.booleans())
    more = ["target_incentive: 40000"]
    more += ["gates: [{if: own.attainment < 50%, then: team pays 50%}]"] if draw(st.booleans()) else []
    if draw(st.booleans()):
        one = f"{{id: quality, measure: {{of: bookings, level: team}}, factor: {FACTOR}, on: [own]}}"
        more.append(f"modifiers: {{combine: {draw(st.sampled_from(['multiply', 'add']))}, of: [{one}]}}")
    cap = draw(st.sampled_from(["", "forfeited", "carried"]))
    if cap and not (ytd and cap == "carried"):
        more.append(f"cap: {{of: total, at: 180% of target, excess: {cap}}}")
    p = cached(tuple(parts), QUARTERLY_YTD if ytd else QUARTERLY, "\n".join(more))
    at = frozenset(Fraction(j, 100) for j in [*jumps, 50, 110])
    return Drawn(p, rising, extra != "", at)


@dataclass(frozen=True)
class Sold:
    """Credit in cents by rep and quarter, of three reps in two teams, each made of a few deals."""

    deals: list[tuple[int, int, int]]

    def ground(self, p: Plan) -> Ground:
        """What the plan measures on it, as `measure` gives it."""
        ytd = p.period.to_date
        index = pd.MultiIndex.from_product([range(3), range(4)], names=["rep", "window"])
        frame = pd.DataFrame(self.deals, columns=["rep", "window", "cents"])
        sums = frame.groupby(["rep", "window"])["cents"].sum().reindex(index, fill_value=0)
        sums = sums.groupby("rep").cumsum() if ytd else sums
        team = sums.groupby([np.where(index.get_level_values("rep") == 2, 1, 0), index.get_level_values("window")])
        times = index.get_level_values("window").to_numpy() + 1 if ytd else np.ones(12, dtype=int)
        exact = [Fraction(int(n)) for n in times]
        rep = np.array(list("abc"))[index.get_level_values("rep")]
        month = pd.to_datetime("2026-03-01") + pd.to_timedelta(0, "D")
        rows = pd.DataFrame({
            "rep_id": rep.astype(object), "window": index.get_level_values("window"), "paid": True, "unknown": False,
            "year": pd.Timestamp("2026-01-01"),
            "month": [month + pd.DateOffset(months=3 * int(w)) for w in index.get_level_values("window")],
            "target": np.array([10000 * n for n in exact], dtype=object), "share": np.array(exact, dtype=object),
            "bounds": np.array([Fraction(1)] * 12, dtype=object),
        })
        own, unit = (self._result(rows, values, exact) for values in (sums, team.transform("sum")))
        results = {c.id: own if c.measure.own else unit for c in p.components}
        results |= {m.id: unit for m in (p.modifiers.of if p.modifiers else ())}
        return Ground(rows, results, {"own": self._lines(frame)})

    @staticmethod
    def _result(rows: pd.DataFrame, values: pd.Series, times: list[Fraction]) -> pd.DataFrame:
        credit = np.array([Fraction(int(v), 100) for v in values], dtype=object)
        quota = np.array([Fraction(100_000) * n for n in times], dtype=object)
        return rows[["rep_id", "window"]].assign(credit=credit, quota=quota, problem=None, unit="T", reach=None)

    @staticmethod
    def _lines(frame: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({
            "row": frame["rep"] * 4 + frame["window"], "opportunity_id": [f"d{n:02d}" for n in range(len(frame))],
            "value": frame["cents"].astype(object), "grain": 100,
        })


def grounds():
    """Deals, some of them returns."""
    one = st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(-500_000, 15_000_000))
    return st.lists(one, min_size=1, max_size=8).map(Sold)
