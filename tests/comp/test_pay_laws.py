"""The laws of pay, each for the plans for which it is true, on plans and results drawn at random.

One drawn plan is used for all the laws that hold for it: 500 examples in ``make test``, 5,000 in ``make test-all``.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from pay_case import MONTHLY_YTD, YEARLY, assigned, company, earned, part, plan, stated, tiers
from pay_examples import locked
from pay_laws import LAWS, drawn_plans, grounds, money_tables, points, through_tables

from salesops_helpers.comp.curves import payout_curve, pieces
from salesops_helpers.comp.exact import floats
from salesops_helpers.comp.lines import lines_behind
from salesops_helpers.comp.numbers import plain
from salesops_helpers.comp.payouts import pay_on
from salesops_helpers.comp.settle import settle
from salesops_helpers.comp.spans import presence, windows

TARGET, QUOTA = Fraction(10000), Fraction(120000)
cents = st.integers(0, 30_000_000)


def curve(p, own, unit, number=Fraction, target=TARGET, quota=QUOTA):
    return payout_curve(p, own, unit, target, quota, number)["pay"].to_numpy()


@LAWS
@given(drawn_plans(), points, st.sampled_from([Fraction(9, 10), Fraction(1), Fraction(6, 5)]))
def test_laws_of_a_plan_on_target(drawn, at, unit):
    p = drawn.plan
    pay = curve(p, at, unit)
    if drawn.rising:
        assert all(a <= b for a, b in zip(pay, pay[1:], strict=False)), "pay never falls when own credit rises"
    if not drawn.extra:
        assert curve(p, Fraction(1), Fraction(1))[0] == TARGET, "payout at 100 % is the target incentive"
    if p.cap:
        assert max(pay) <= TARGET * p.cap.at, "never above the cap"
    scaled = payout_curve(p, at, unit, TARGET, QUOTA * 7, Fraction)["pay"].to_numpy()
    assert (scaled == pay).all(), "scaling quota and sales leaves pay unchanged"
    quick = curve(p, floats(at), float(unit), float, float(TARGET), float(QUOTA))
    near = np.isclose(quick, floats(pay), rtol=1e-9, atol=1e-7)
    at_jump = np.array([a in drawn.jumps or unit in drawn.jumps for a in at])
    assert (near | at_jump).all(), "the simulation path is the exact path"


@LAWS
@given(money_tables(), st.lists(cents, min_size=1, max_size=8))
def test_laws_of_a_table_of_rates(rates, amounts):
    at = np.array(sorted(Fraction(a, 100) for a in amounts), dtype=object)
    steps = tiers(rates.rows)
    marginal = plan([part(f"kind: marginal, unit: money, {steps}")])
    whole = plan([part(f"kind: retroactive, unit: money, tie: upper, {steps}")])
    banded, reached = (curve(p, at, Fraction(1), quota=Fraction(1)) for p in (marginal, whole))
    if rates.ascending:
        assert (reached >= banded).all(), "retroactive ≥ marginal on the same table"
        assert all(a <= b for a, b in zip(reached, reached[1:], strict=False)), "pay never falls"
    assert all(a <= b for a, b in zip(banded, banded[1:], strict=False)), "pay never falls"
    line = pieces(marginal, "own", Fraction(0), Fraction(100_000))
    assert (line["ends"].iloc[:-1].to_numpy() == line["begins"].iloc[1:].to_numpy()).all(), "marginal is continuous"
    running = np.cumsum(np.array([Fraction(a, 100) for a in amounts], dtype=object))
    steps_up = np.diff(curve(marginal, np.concatenate([[Fraction(0)], running]), Fraction(1), quota=Fraction(1)))
    total = curve(marginal, running[-1:], Fraction(1), quota=Fraction(1))[0]
    assert sum(steps_up) == total, "marginal(x) is the sum over any sequential partition of x"
    for p, slow in ((marginal, banded), (whole, reached)):
        quick = curve(p, floats(at), 1.0, float, 1.0, 1.0)
        at_bound = np.array([str(x) in dict(rates.rows) for x in at])
        assert quick.dtype == np.float64
        assert (np.isclose(quick, floats(slow), rtol=1e-9, atol=1e-9) | at_bound).all(), "simulation path = exact path"


corners = st.lists(st.tuples(st.integers(1, 99), st.integers(0, 100)), max_size=3, unique_by=lambda corner: corner[0])


@LAWS
@given(corners, corners, st.sampled_from(["flat", "extrapolate"]), points)
def test_a_curve_is_continuous(below, above, beyond, at):
    left = zip(sorted(x for x, _ in below), sorted(y for _, y in below), strict=True)
    right = zip(sorted(100 + x for x, _ in above), sorted(100 + 3 * y for _, y in above), strict=True)
    shape = [(0, 0), *left, (100, 100), *right]
    if len(shape) == 2 and beyond == "extrapolate":
        shape.append((150, 150))
    through = ", ".join(f"[{x}%, {y}%]" for x, y in shape)
    own = part(f"kind: curve, points: [{through}], beyond: {beyond}", weight="100%")
    bent = plan([own], more="target_incentive: 10000")
    steepest = max(Fraction(y - b, x - a) for (a, b), (x, y) in zip(shape, shape[1:], strict=False))
    rises = np.abs(np.diff(curve(bent, at, Fraction(1))))
    assert (rises <= TARGET * steepest * np.diff(at)).all(), "it never rises faster than its steepest line"


@LAWS
@given(drawn_plans(), grounds(), st.randoms(use_true_random=False))
def test_laws_of_totals_and_lines(drawn, sold, random):
    p, ground = drawn.plan, sold.ground(drawn.plan)
    pay = pay_on(p, ground)
    lines = lines_behind(pay, ground, p)
    key = ["rep_id", "period", "component"]
    summed, wanted = (f.groupby(key)["earned_minor"].sum().sort_index() for f in (lines, pay))
    assert (summed == wanted).all() and len(summed) == len(wanted), "lines add up to totals, to the cent"
    if p.period.to_date:
        year = pay.groupby(["rep_id", "component"])["earned_minor"].sum()
        last = pay[pay["window"] == pay["window"].max()].set_index(["rep_id", "component"])["to_date"]
        assert (year.sort_index() == last.sort_index().astype("Int64")).all(), "the year's pays sum to round(F(year))"
    else:
        whole = pay.groupby(["rep_id", "window"])["earned_minor"].sum()
        if p.cap and p.cap.excess == "forfeited":
            limit = ground.rows.set_index(["rep_id", "window"])["target"] * p.cap.at * 100
            assert (whole <= limit.reindex(whole.index).astype(object)).all(), "never above the cap, after rounding"
    components = pay[pay["component"] != "cap"].groupby(["rep_id", "window"])["earned_minor"].sum()
    taken = pay[pay["component"] == "cap"].groupby(["rep_id", "window"])["earned_minor"].sum()
    paid = pay.groupby(["rep_id", "window"])["earned_minor"].sum()
    assert (components + taken.reindex(components.index, fill_value=0) == paid).all(), "earned = paid + withheld"
    shuffled = {name: d.sample(frac=1, random_state=random.randrange(2**31)) for name, d in ground.deals.items()}
    again = lines_behind(pay, replace(ground, deals=shuffled), p)
    order = [*key, "opportunity_id"]
    one, two = (f.sort_values(order, kind="stable").reset_index(drop=True) for f in (lines, again))
    pd.testing.assert_frame_equal(one, two)  # the order of deals changes nothing


earnings = st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 5), st.integers(-400_000, 900_000)), max_size=12)


@LAWS
@given(earnings, st.integers(1, 300_000), st.sampled_from(["above_draw", "from_earnings", "given", "none"]),
       st.integers(1, 5), st.randoms(use_true_random=False))
def test_laws_of_settlement(sold, amount, kind, until, random):
    frame = pd.DataFrame(sold, columns=["rep_id", "month", "earned"]).groupby(["rep_id", "month"], as_index=False).sum()
    frame["month"] = pd.to_datetime("2026-" + frame["month"].astype(str).str.zfill(2) + "-01")
    months = pd.date_range("2026-01-01", periods=until if kind != "none" else 0, freq="MS")
    terms = pd.MultiIndex.from_product([list("abc"), months], names=["rep_id", "month"]).to_frame(index=False).assign(
        draw=amount, guarantee=0, recoverable=kind != "given", above=kind != "from_earnings")
    made = settle(frame, terms)
    if not len(made):
        return
    last = made.sort_values("month").groupby("rep_id")["owed"].last()
    sums = made.groupby("rep_id")[["earned", "paid", "forgiven"]].sum()
    assert (made["owed"] >= 0).all() and (made["paid"] >= 0).all(), "owed ≥ 0, and nobody pays in"
    assert (sums["paid"] == sums["earned"] + sums["forgiven"] + last).all(), "Σ paid = Σ earned + owed"
    if kind != "given":
        assert (made["forgiven"] == 0).all()
    order = list(range(len(frame)))
    random.shuffle(order)
    pd.testing.assert_frame_equal(settle(frame.iloc[order], terms), made)  # the order of rows changes nothing


days = st.lists(st.integers(0, 364), min_size=3, max_size=3, unique=True).map(sorted)


@LAWS
@given(days, st.integers(1, 10**7), st.sampled_from(["month", "quarter", "year"]))
def test_proration_of_two_parts_is_that_of_the_whole(cut, target, measure):
    p, spans = BY_SPAN[measure]
    first = pd.Timestamp("2026-01-01")
    a, b, c = (first + pd.Timedelta(days=n) for n in cut)
    step = pd.Timedelta(days=1)

    def prorated(stays):
        paid = pd.DataFrame({"rep_id": "a", "first": [s for s, _ in stays], "last": [e for _, e in stays],
                             "yearly": pd.Series([Fraction(target)] * len(stays), dtype=object)})
        found = presence(p, spans, paid)
        return found["target"].sum(), found["share"].sum()

    parts = [(a, b - step), (b, c - step)]
    assert prorated(parts) == prorated([(a, c - step)])


def by_span(measure: str):
    """A plan that measures a span, and the spans of 2026."""
    period = f"{{measure: {measure}, pay: month, accumulate: none}}"
    p = plan([part("kind: flat, rate: 1x", weight="100%")], period, "target_incentive: 40000")
    return p, windows(p, company(["a"], []), "2026-01", "2026-12")


BY_SPAN = {measure: by_span(measure) for measure in ("month", "quarter", "year")}


@through_tables(50)
@given(money_tables(), st.lists(st.lists(cents, min_size=1, max_size=12), min_size=50, max_size=50))
def test_a_year_of_months_pays_what_the_year_pays(rates, reps):
    """Through the tables: 50 reps in each example."""
    marginal = part(f"kind: marginal, unit: money, {tiers(rates.rows)}")
    names = [f"r{n:02d}" for n in range(len(reps))]
    deals = [(f"{r}-{n:02d}", r, f"2026-{n + 1:02d}-15", a / 100) for r, sold in zip(names, reps, strict=True)
             for n, a in enumerate(sold)]
    at_once = [(r, r, "2026-01-15", sum(sold) / 100) for r, sold in zip(names, reps, strict=True)]
    parts = earned(plan([marginal], MONTHLY_YTD), company(names, deals))
    year = earned(plan([marginal], YEARLY), company(names, at_once))
    assert {r: sum(pay) for r, pay in parts.items() if sum(pay)} == {r: sum(pay) for r, pay in year.items()}


@given(st.fractions())
def test_numbers_are_written_as_they_are(value):
    assert Fraction(plain(value)) == value


@through_tables(50)
@given(money_tables(), st.sampled_from(["marginal", "retroactive, tie: upper"]),
       st.lists(st.lists(cents, min_size=1, max_size=4), min_size=50, max_size=50), st.randoms(use_true_random=False))
def test_taking_back_every_deal_returns_to_nothing_in_any_order(rates, kind, reps, random):
    """Through tables and book: 50 reps in each example; their deals, reps and assignments in any order."""
    p = plan([part(f"kind: {kind}, unit: money, {tiers(rates.rows)}")],
             more="clawback: {window_days: 90, method: recompute_period}")
    names = [f"r{n:02d}" for n in range(len(reps))]
    deals = [(f"{r}-{n}", r, "2026-01-15", a / 100) for r, sold in zip(names, reps, strict=True)
             for n, a in enumerate(sold)]
    turns = [(r, "2026-01-01", "test") for r in names]

    def known(day: str, lost: bool = False):
        for rows in (names, deals, turns):
            random.shuffle(rows)
        tables = company(names, deals, as_of=day, plan_assignments=assigned(*turns))
        gone = tables.opportunities.assign(status="lost", closed_on=pd.Timestamp("2026-02-20"))
        return type(tables)(tables.company, {**tables._frames, "opportunities": gone}, tables.as_of) if lost else tables

    tables = known("2026-01-31")
    january = stated(p, tables, "2026-01")
    again = stated(p, known("2026-01-31"), "2026-01")
    pd.testing.assert_frame_equal(again.summary, january.summary)  # the order of deals, reps and files changes nothing
    order = ["rep_id", "component", "opportunity_id"]
    one, two = (made.lines.sort_values(order).reset_index(drop=True) for made in (january, again))
    pd.testing.assert_frame_equal(one, two)
    february = stated(p, known("2026-02-28", lost=True), "2026-02", locked(january, tables))
    totals = pd.concat([january.lines, february.lines]).groupby("rep_id")["minor"].sum()
    assert (totals == 0).all(), "taking back every deal returns to 0"
    owed = february.summary.set_index("rep_id")["owed"]
    assert owed.reindex(january.summary["rep_id"], fill_value=0).eq(january.summary["paid"].to_numpy()).all()
