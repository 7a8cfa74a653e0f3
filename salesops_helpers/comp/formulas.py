"""How a statement's figures were computed, in words with their numbers, so that a pocket calculator gives the same."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd

from salesops_helpers.comp.exact import floats, rounded
from salesops_helpers.comp.kinds import met, shape
from salesops_helpers.comp.numbers import plain
from salesops_helpers.comp.payout_parts import unit_of
from salesops_helpers.comp.payouts import CAP, COMPUTED
from salesops_helpers.comp.statements import Statements
from salesops_helpers.comp.wording_payouts import percent

GIVEN = ["plan", "version", "component", "credit", "goal", "reach", "target", "share", "bounds"]
BANDS = ["rep_id", "plan", "component", "start", "end", "rate", "part", "pays"]
TIERED = ("marginal", "retroactive", "excess")


def money(value, digits: int = 2) -> str:
    """An exact amount, rounded for reading: ``1,234.50``."""
    if value is None:
        return "–"
    whole = int(rounded(np.array([value], dtype=object), digits, "half_up")[0])
    sign, whole = ("−", -whole) if whole < 0 else ("", whole)
    head, tail = divmod(whole, 10**digits)
    return f"{sign}{head:,}" + (f".{tail:0{digits}d}" if digits else "")


def share(value, digits: int = 2) -> str:
    """An exact share, rounded for reading: ``97.25 %``."""
    return "–" if value is None else f"{money(value * 100, digits)} %"


def formulas(made: Statements) -> pd.DataFrame:
    """The formula of each component of each statement.

    Returns
    -------
    DataFrame
        rep_id, plan, component, formula (text), deducted (text; where the year to date is paid, what was paid before).
    """
    rows = made.components[made.components["status"] == COMPUTED].reset_index(drop=True)
    reached = _attainments(rows)
    texts = [
        _formula(made, reached.get((rep, plan), {}), plan, version, name, *given, exact)
        for rep, plan, version, name, *given, exact in zip(
            rows["rep_id"], *(rows[c] for c in GIVEN), rows["exact"], strict=True)
    ]
    digits = rows["currency"].map(made.digits)
    before = [
        "" if not made.plans[(p, v)].period.to_date else
        f"{money(Fraction(int(m) + int(b), 10**d))} for the year to date − {money(Fraction(int(b), 10**d))} paid before"
        for p, v, m, b, d in zip(rows["plan"], rows["version"], rows["minor"], rows["before"], digits, strict=True)
    ]
    frame = rows[["rep_id", "plan", "component"]]
    return frame.assign(formula=pd.Series(texts, index=rows.index, dtype=object),
                        deducted=pd.Series(before, index=rows.index, dtype=object))


def _attainments(rows: pd.DataFrame) -> dict:
    """(rep, plan) → component → attainment."""
    found: dict = {}
    for rep, plan, name, at in zip(rows["rep_id"], rows["plan"], rows["component"], rows["reach"], strict=True):
        found.setdefault((rep, plan), {})[name] = at
    return found


def _formula(made, reached: dict, plan, version, name, credit, goal, reach, target, part, bounds, exact) -> str:
    whole = made.plans[(plan, version)]
    if name == CAP:
        return f"the total is at most {percent(whole.cap.at)} of {money(target)}"
    component = whole.component(name)
    base, text = _base(component, credit, goal, reach, target, part, bounds, reached)
    gates = [g for g in whole.gates if g.effect.component == name
             and reached.get(g.condition.component) is not None
             and met(g.condition, reached[g.condition.component], Fraction)]
    for gate in gates:
        text += f"; because {gate.condition.component} is at {share(reached[gate.condition.component])}: {gate.effect}"
    if base is None or exact is None or base == exact:
        return f"{text} = {money(exact)}" if exact is not None else text
    after = "gates, factors and limits" if whole.modifiers or gates else "the part's own limits"
    return f"{text} = {money(base)}; after {after} {money(exact)}"


def _base(c, credit, goal, reach, target, part, bounds, reached: dict) -> tuple:
    """The component's pay before gates, factors and limits (None where it is not told here), and its formula."""
    payout, unit = c.payout, c.unit
    if unit == "bonus":
        at = reached.get(payout.when.component)
        yes = at is not None and bool(met(payout.when, at, Fraction))
        days = "" if part == 1 else f" × {share(part)} of the days"
        return None, f"{payout.when}: it is {share(at)}, so {money(payout.pays) + days if yes else 'nothing'}"
    if unit == "fixed":
        return payout.pays * part, f"{money(payout.pays)} × {plain(part)}"
    if unit == "count":
        return credit * payout.pays, f"{money(credit, 0)} × {money(payout.pays)}"
    if unit in ("pool", "none") or payout.kind == "matrix" or c.per:
        return None, {"pool": "share of the fund", "none": "pays nothing itself"}.get(unit, _told(c, reached))
    if unit == "money":
        if payout.kind == "excess":
            over = max(credit - goal, Fraction(0))
            return None, f"{money(credit)} − {money(goal)} = {money(over)} above quota, at the rate that is reached"
        x, base, of = credit / bounds, bounds, money(credit)
    else:
        x = credit / goal
        base = goal if unit == "quota" else target * c.weight
        of = money(credit)
        if unit == "target":
            of = f"{money(target)} × {percent(c.weight)} × {_reached(c, x, credit, goal)}"
    pay = base * shape(payout, x, Fraction)
    if payout.kind in ("marginal", "excess") and unit == "target":
        return pay, f"{money(target)} × {percent(c.weight)} × {_banded(c, x, goal)}"
    if payout.kind == "curve" and unit == "target":
        line = _line(payout, x, _reached(c, x, credit, goal))
        return pay, f"{money(target)} × {percent(c.weight)} × {line}"
    return pay, _shaped(payout, x, base, of, unit)


def _reached(c, x: Fraction, credit: Fraction, goal: Fraction) -> str:
    """The attainment as a division where it is one of money."""
    return f"{money(credit)} ÷ {money(goal)}" if c.measure.of in ("bookings", "commissionable") else share(x, 6)


def _banded(c, x: Fraction, goal: Fraction) -> str:
    """What lies in each band of the quota, at its rate, ÷ quota."""
    in_money = c.measure.of in ("bookings", "commissionable")
    whole = goal if in_money else Fraction(1)
    parts = [f"{money(part) if in_money else share(part, 6)} × {plain(rate)}"
             for _, _, rate, part, _ in _bands(c.payout, x, whole, "target") if part]
    text = f"({' + '.join(parts) or '0'})"
    return f"{text} ÷ {money(goal)}" if in_money else text


def _line(payout, x: Fraction, reached: str) -> str:
    """The percentage that a curve pays, as the arithmetic of its straight line."""
    points = [(a[0], b[0]) for a, b in payout.points]
    floor = payout.threshold[0] if payout.threshold else points[0][0] if payout.below else None
    if floor is not None and x < floor:
        return f"0 % (below {percent(floor)})"
    if x <= points[0][0]:
        return percent(points[0][1])
    if x >= points[-1][0] and payout.beyond == "flat":
        return percent(points[-1][1])
    n = max(i for i, point in enumerate(points[:-1]) if point[0] <= x)
    (a, low), (b, high) = points[n], points[n + 1]
    return f"({percent(low)} + ({reached} − {percent(a)}) × {plain((high - low) / (b - a))})"


def _told(c, reached: dict) -> str:
    if c.per:
        return "each deal on its own, see the deals"
    sides = [s for s in (c.payout.rows, c.payout.columns) if s]
    return "from the table at " + " and ".join(f"{s.of} {share(reached.get(s.of))}" for s in sides)


def _shaped(payout, x: Fraction, base: Fraction, of: str, unit: str) -> str:
    if payout.kind == "flat":
        return of if payout.rate.of == "target" and payout.rate.value == 1 else f"{of} × {payout.rate}"
    if payout.kind == "curve":
        return f"{of} on the line of the plan's table"
    if payout.kind == "retroactive":
        rate = shape(payout, x, Fraction) / x if x else Fraction(0)
        return f"{of} × {plain(rate) if unit == 'target' else percent(rate)}"
    return " + ".join(f"{money(part)} × {_rate(rate, unit)}" for _, _, rate, part, _ in _bands(payout, x, base, unit)
                      if part) or money(Fraction(0))


def _rate(rate: Fraction, unit: str) -> str:
    return plain(rate) if unit == "target" else percent(rate)


def _bands(payout, x: Fraction, base: Fraction, unit: str) -> list[tuple]:
    """Band by band: start, end, rate, the part of the base that lies in it, what it pays."""
    starts = [t.start[0] for t in payout.tiers]
    rates = [t.rate.value for t in payout.tiers]
    ends = [*starts[1:], None]
    if payout.kind == "retroactive":
        paid = shape(payout, x, Fraction)
        rate = paid / x if x else Fraction(0)
        return [(Fraction(0), None, rate, base * x, base * paid)]
    if payout.kind == "excess":
        low = rates[0] if starts[0] == 0 else Fraction(0)
        over = max(x - 1, Fraction(0))
        top = (shape(payout, x, Fraction) - min(x, Fraction(1)) * low) / over if over else Fraction(0)
        return [(Fraction(0), Fraction(1), low, base * min(x, Fraction(1)), base * min(x, Fraction(1)) * low),
                (Fraction(1), None, top, base * over, base * over * top)]
    found = []
    for n, (start, end, rate) in enumerate(zip(starts, ends, rates, strict=True)):
        inside = min(x, end) if end is not None else x
        inside = inside - start if n == 0 and start == 0 else max(inside - start, Fraction(0))
        found.append((start, end, rate, base * inside, base * inside * rate))
    return found


def bands(made: Statements) -> pd.DataFrame:
    """The tiers behind each component: what lies in each band, and what it pays before rounding.

    Returns
    -------
    DataFrame
        rep_id, plan, component, start, end (share of quota, or money; end missing in the last), rate (text), part (the
        money, or the part of the target, that lies in the band), pays (major units, before rounding).
    """
    rows = made.components[made.components["status"] == COMPUTED].reset_index(drop=True)
    found = []
    for rep, plan, version, name, credit, goal, _, target, _, bounds in zip(
        rows["rep_id"], *(rows[c] for c in GIVEN), strict=True
    ):
        c = None if name == CAP else made.plans[(plan, version)].component(name)
        if c is None or c.payout.kind not in TIERED or c.per or (c.payout.kind == "excess" and c.unit == "money"):
            continue
        unit = unit_of(c.payout)
        base = bounds if unit == "money" else goal if unit == "quota" else target * c.weight
        x = credit / (bounds if unit == "money" else goal)
        found += [(rep, plan, name, start, end, _rate(rate, unit) + (" ×" if unit == "target" else ""), part, pays)
                  for start, end, rate, part, pays in _bands(c.payout, x, base, unit)]
    frame = pd.DataFrame(found, columns=BANDS)
    return _readable(frame, ["start", "end", "part", "pays"])


def _readable(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    return frame.assign(**{name: floats(frame[name]) if len(frame) else [] for name in columns})


def next_tiers(made: Statements) -> pd.DataFrame:
    """What the next tier is worth: how much more credit reaches it, and how much more the component then pays.

    Returns
    -------
    DataFrame
        rep_id, plan, component, bound (share of quota), credit (currency to go), pays (currency more, before gates and
        caps). Own components with bounds in attainment alone; no row above the last bound.
    """
    rows = made.components[made.components["status"] == COMPUTED].reset_index(drop=True)
    found = []
    for rep, plan, version, name, credit, goal, _, target, _, _ in zip(
        rows["rep_id"], *(rows[c] for c in GIVEN), strict=True
    ):
        c = None if name == CAP else made.plans[(plan, version)].component(name)
        if c is None or goal is None or not c.measure.own or c.payout.kind not in (*TIERED, "curve", "flat") or (
                c.unit not in ("target", "quota")):
            continue
        edges = [t.start[0] for t in getattr(c.payout, "tiers", [])]
        edges += [p[0][0] for p in getattr(c.payout, "points", [])]
        x = credit / goal
        ahead = [e for e in [*edges, Fraction(1)] if e > x]
        if ahead:
            base = goal if c.unit == "quota" else target * c.weight
            more = base * (shape(c.payout, min(ahead), Fraction) - shape(c.payout, x, Fraction))
            found.append((rep, plan, name, min(ahead), min(ahead) * goal - credit, more))
    frame = pd.DataFrame(found, columns=["rep_id", "plan", "component", "bound", "credit", "pays"])
    return _readable(frame, ["bound", "credit", "pays"])
