"""Published worked examples that need statements, or more than one component: each as pairs of computed and wanted."""

from __future__ import annotations

from fractions import Fraction

import pandas as pd
import pay_case as case
from pay_case import assigned, company, earned, months, part, pays, plan, settled, stated, tiers

from salesops_helpers.comp.book import Book, Locked, content_of, digest
from salesops_helpers.comp.payouts import payouts

FLAT = part("kind: flat, rate: 100%")
JANUARY = "2026-01-31"


def measured(name: str, more: str) -> str:
    """A component that is measured and pays nothing."""
    return f"id: {name}, measure: {{{more}}}, payout: {{kind: measured}}"


def scored(name: str, payout: str, objective: str, weight: str = "") -> str:
    """A component on a set objective."""
    heavy = f"weight: {weight}, " if weight else ""
    return f"id: {name}, {heavy}measure: {{of: score, objective: {objective}}}, payout: {{{payout}}}"


def scores(**reached: str) -> pd.DataFrame:
    rows = [{"rep_id": "a", "month": "2026-01-01", "objective": k, "score": float(v)} for k, v in reached.items()]
    return pd.DataFrame(rows).assign(month=lambda f: pd.to_datetime(f["month"]))


def excess_at_tier_rate(e):
    quota, amount = (float(e["inputs"][name]) for name in ("quota", "amount"))
    steps = tiers([(t["from"], t["rate"]) for t in e["plan"]["tiers"]])
    p = plan([part(f"kind: excess, unit: money, tie: upper, below: pays nothing, {steps}")])
    return [(pays(p, [amount], quota), [e["expected"]["payout"]])]


def top_multiplier(e):
    bands = [(f"{m['from_pct']}%", Fraction(m["x"])) for m in e["plan"]["multipliers"]]
    paid, contrast = [], []
    for one in e["inputs"]["cases"]:
        rates = tiers([(bound, f"{float(times * Fraction(one['rate']) * 100):g}%") for bound, times in bands])
        sold, quota = [one["revenue"]], float(one["quota"])
        paid += pays(plan([part(f"kind: excess, unit: attainment, tie: upper, {rates}")]), sold, quota)
        contrast += pays(plan([part(f"kind: marginal, unit: attainment, {rates}")]), sold, quota)
    last = e["inputs"]["cases"][-1]
    over = paid[-1] - Fraction(last["quota"]) * Fraction(last["rate"])
    wanted = e["expected"]
    return [(paid, wanted["payouts"]), (contrast, wanted["marginal_payouts_for_contrast"]),
            (over, wanted["overage_commission_of_case_6"])]


def gate_and_cap(e):
    points = "[[90%, 60%], [99.9999%, 84.99975%], [100%, 100%]]"
    parts = [
        scored("mbo", "kind: flat, rate: 1x", "mbo", "1/3"),
        scored("income", "kind: flat, rate: 1x", "income", "1/3"),
        scored("revenue", f"kind: curve, points: {points}, below: pays nothing, beyond: flat", "revenue", "1/3"),
    ]
    gate = "gates: [{if: revenue.attainment < 100%, then: income pays at most 100%}]"
    p = plan(parts, more=f"target_incentive: 90000\n{gate}")
    reached = {name: Fraction(e["inputs"][f"{key}_pct"]) / 100
               for name, key in (("mbo", "mbo"), ("income", "operating_income"), ("revenue", "revenue"))}
    tables = company(["a"], [], as_of=JANUARY, mbo_scores=scores(**reached))
    paid = [earned(p, tables, end="2026-01", component=c)["a"][0] for c in ("mbo", "income", "revenue")]
    return [(paid, e["expected"]["parts"]), (sum(paid), e["expected"]["total"])]


def matrix_modifier(e):
    grid = ("factor: {kind: matrix, tie: upper, rows: {of: ebitda, from: [0%, 100%]}, columns: {of: revenue, "
            "from: [85%, 88%, 91%, 94%, 97%, 100%, 103%]}, pays: [[0%, 0%, 0%, 0%, 0%, 0%, 0%], "
            "[50%, 60%, 70%, 80%, 90%, 100%, 110%]]}")
    parts = [scored("mbo", "kind: flat, rate: 1x", "mbo", "100%"),
             *(measured(n, f"of: score, objective: {n}") for n in ("ebitda", "revenue"))]
    target = f"target_incentive: {int(e['inputs']['quarterly_target']) * 12}"
    tables = company(["a"], [], as_of=JANUARY, mbo_scores=scores(
        mbo=Fraction(e["inputs"]["mbo_pct"]) / 100, ebitda="1", revenue="0.95"))
    both = []
    for modifiers in ("", f"\nmodifiers: {{combine: multiply, of: [{{id: company, {grid}, on: [mbo]}}]}}"):
        both.append(earned(plan(parts, more=target + modifiers), tables, end="2026-01")["a"][0])
    return [(both, [e["expected"]["after_mbo"], e["expected"]["payout"]])]


def overachievement(e):
    """What was paid before January was earned at 67.5 %, in the month before."""
    points = "[[0%, 0%], " + ", ".join(f"[{x}%, {y}%]" for x, y in e["plan"]["points_pct"]) + "]"
    p = plan([part(f"kind: curve, points: {points}, beyond: flat", weight="100%")],
             "{measure: month, pay: month, accumulate: ytd, true_up: deduct_paid, goals: full_year}",
             f"target_incentive: {e['plan']['opportunity']}")
    reached = [Fraction(675, 10), *(Fraction(e["inputs"][m]["attainment_pct"]) for m in ("january", "february"))]
    sold = [b - a for a, b in zip([0, *reached], reached, strict=False)]
    deals = [(f"{n}", "a", f"2026-0{n + 1}-10", float(120 * x)) for n, x in enumerate(sold)]
    paid = earned(p, company(["a"], deals, months("a", 1000)), end="2026-03")["a"]
    wanted = [e["inputs"]["january"]["paid_ytd"], e["expected"]["january"], e["expected"]["february"]]
    return [(paid, wanted)]


def weighted_then_curve(e):
    parts = [measured(n, f"of: bookings, where: {{product: {n}}}, goal: {n}") for n in "AB"]
    weights = ", ".join(f"{n}: {float(w):.0%}" for n, w in zip("AB", e["plan"]["weights"], strict=True))
    curve = "kind: curve, points: [[0%, 0%], [100%, 100%], [200%, 300%]], beyond: extrapolate"
    parts.append(f"id: both, weight: 100%, measure: {{of: weighted, parts: {{{weights}}}}}, payout: {{{curve}}}")
    tables = two_goals(e["inputs"]["actuals"], e["inputs"]["goals"], ["A", "B"])
    target = 10**9
    frame = payouts(plan(parts, more=f"target_incentive: {12 * target}"), tables, "2026-01", "2026-01", replay=True)
    frame = frame.set_index("component")
    paid = Fraction(int(frame.loc["both", "earned_minor"]), 100 * target)
    reached = [Fraction(float(earned_at(tables, parts, name))) for name in "AB"]
    wanted = e["expected"]
    return [(reached, wanted["attainment"]), (Fraction(frame.loc["both", "attainment"]), wanted["weighted"]),
            (paid, wanted["payout"])]


def earned_at(tables, parts: list[str], name: str) -> float:
    """The attainment of a goal, from a plan that pays on it."""
    alone = parts["AB".index(name)].replace("payout: {kind: measured}", "weight: 100%, payout: {kind: flat, rate: 1x}")
    frame = payouts(plan([alone], more="target_incentive: 1200"), tables, "2026-01", "2026-01", replay=True)
    return frame["attainment"].iloc[0]


def two_goals(actuals: list[str], goals: list[str], names: list[str], team: float | None = None):
    """A rep who sells two products in January, each with a goal of its own; and a goal of the team."""
    deals = [(n, "a", "2026-01-10", float(x)) for n, x in zip(names, actuals, strict=True)]
    rows = [("a", n, float(g)) for n, g in zip(names, goals, strict=True)]
    rows += [] if team is None else [("T", "bookings", team)]
    targets = pd.DataFrame(rows, columns=["unit", "kpi", "amount"]).assign(month=pd.Timestamp("2026-01-01"))
    tables = company(["a"], deals, months("a", 100), as_of=JANUARY, targets=targets)
    sold = tables.opportunities.assign(product=tables.opportunities["opportunity_id"])
    return case.Tables(tables.company, {**tables._frames, "opportunities": sold}, tables.as_of)


def executive(e):
    parts = [
        measured("own", "of: bookings"),
        part(f"kind: bonus, when: own.attainment >= 100%, pays: {e['inputs']['bookings_bonus']}", "plan"),
        f"id: retention, payout: {{kind: fixed, pays: {e['inputs']['retention_bonus']}}}",
        f"id: mip, span: year, payout: {{kind: fixed, pays: {e['inputs']['mip']}}}",
    ]
    deals = [(f"{q}", "a", f"2026-{3 * q + 1:02d}-10", 3000.0) for q in range(int(e["inputs"]["quarters"]))]
    paid = earned(plan(parts, case.QUARTERLY), company(["a"], deals, months("a", 1000)))["a"]
    return [(sum(paid), e["expected"]["total"])]


def own_and_team_goals(e):
    """2 % of a goal's revenue where it is reached, 5 % of what is above; with the team's goal reached 4 %."""
    names = ["digital", "non_digital"]
    parts = []
    for name in names:
        measure = f"measure: {{of: bookings, where: {{product: {name}}}, goal: {name}}}"
        reached = f"kind: retroactive, unit: attainment, tie: upper, below: pays nothing, {tiers([('100%', '2%')])}"
        above = f"kind: marginal, unit: attainment, below: pays nothing, {tiers([('100%', '5%')])}"
        parts += [f"id: {name}, {measure}, payout: {{{reached}}}", f"id: {name}_above, {measure}, payout: {{{above}}}"]
    gates = ", ".join(f"{{if: team.attainment >= 100%, then: {name} pays 200%}}" for name in names)
    p = plan([*parts, measured("team", "of: bookings, level: team")], more=f"gates: [{gates}]")
    actual, goal = ([e["inputs"][side][n] for n in names] for side in ("actual", "goal"))
    paid = [earned(p, two_goals(actual, goal, names, team), end="2026-01")["a"][0] for team in (1000.0, 170.0)]
    return [(paid, [e["expected"]["option1"], e["expected"]["option3"]])]


def pool_equal(e):
    n = int(e["inputs"]["eligible"])
    reps = [f"r{i:02d}" for i in range(n + 1)]
    deals = [(r, r, "2026-01-05", 50.0) for r in reps[:n]] + [("x", reps[n], "2026-01-05", 49.0)]
    p = plan([measured("own", "of: bookings"),
              part(f"kind: pool, fund: {e['inputs']['pool']}, share: equal, eligible: own.attainment >= 50%", "pool",
                   "team")])
    tables = company(reps, deals, [q for r in reps for q in months(r, 100, 1, 1)], as_of=JANUARY)
    paid = earned(p, tables, end="2026-01")
    return [([v[0] for v in paid.values()], [e["expected"]["each"]] * n)]


def pool_by_share(e):
    revenue, share = Fraction(e["inputs"]["team_revenue"]), Fraction(e["inputs"]["allocation"])
    deals = [("1", "a", "2026-01-05", float(revenue * share)), ("2", "b", "2026-01-05", float(revenue * (1 - share)))]
    rate = f"{float(Fraction(e['inputs']['pool_rate']) * 100):g}%"
    p = plan([part(f"kind: pool, fund: {rate}, share: bookings", "pool", "team")])
    paid = earned(p, company(["a", "b"], deals, as_of=JANUARY), end="2026-01")
    return [(paid["a"][0] + paid["b"][0], e["expected"]["pool"]), (paid["a"][0], e["expected"]["share"])]


def two_roles(e):
    i = e["inputs"]
    splits = pd.DataFrame({"opportunity_id": "1", "rep_id": ["sdr", "ae"],
                           "quota_share": [float(i["sdr_share"]), float(i["ae_share"])]})
    splits["commission_share"] = splits["quota_share"]
    done = pd.DataFrame([{"activity_id": "m", "rep_id": "sdr", "kind": "meeting", "occurred_at": "2026-01-05 10:00"},
                         {"activity_id": "c", "rep_id": "sdr", "kind": "call", "occurred_at": "2026-01-05 11:00"}])
    done["occurred_at"] = pd.to_datetime(done["occurred_at"])
    fee = "id: fee, measure: {of: activities, where: {kind: meeting}}, payout: {kind: each, pays: " + i["meeting_fee"]
    plans = [plan([part(f"kind: flat, rate: {i['sdr_rate']}"), fee + "}"], name="sdr"),
             plan([part(f"kind: flat, rate: {i['ae_rate']}")], name="ae")]
    tables = company(["sdr", "ae"], [("1", "ae", "2026-01-05", float(i["deal"]))], as_of=JANUARY, splits=splits,
                     activities=done,
                     plan_assignments=assigned(("sdr", "2026-01-01", "sdr"), ("ae", "2026-01-01", "ae")))
    paid = stated(plans, tables, "2026-01").summary.set_index("rep_id")["paid"]
    wanted = e["expected"]
    return [([Fraction(int(paid[r]), 100) for r in ("sdr", "ae")], [wanted["sdr"], wanted["ae"]]),
            (Fraction(int(paid.sum()), 100), wanted["total"])]


def override_of_commission(e):
    i = e["inputs"]
    plans = [plan([part(f"kind: flat, rate: {i['rate']}")], name="rep"),
             plan([part(f"kind: flat, rate: {i['override']}", level="team", of="commission")], name="manager")]
    tables = company(["a", "m"], [("1", "a", "2026-01-05", float(i["team_sales"]))], as_of=JANUARY,
                     plan_assignments=assigned(("a", "2026-01-01", "rep"), ("m", "2026-01-01", "manager")))
    paid = stated(plans, tables, "2026-01").summary.set_index("rep_id")["paid"]
    return [([Fraction(int(paid[r]), 100) for r in ("a", "m")],
             [e["expected"].get("team_commission", "5000"), e["expected"]["override"]])]


def most_specific(e):
    parts = [f"id: {name}, measure: {{of: bookings, where: {{product: {which}}}}}, payout: {{kind: flat, rate: {rate}}}"
             for name, which, rate in (("B", "B", "50%"), ("others", "not B", "10%"))]
    lines = e["inputs"]["lines"]
    tables = two_goals(list(lines.values()), ["1", "1"], list(lines))
    paid = {c: earned(plan(parts), tables, end="2026-01", component=c)["a"][0] for c in ("B", "others")}
    wanted = e["expected"]
    return [(paid["others"], wanted["A"]), (paid["B"], wanted["B"]), (sum(paid.values()), wanted["total"])]


def drawn(amount: str, kind: str = "recoverable"):
    more = ", recovery: above_draw, ends: 2026-12-31" if kind == "recoverable" else ""
    return plan([FLAT], more=f"draw: {{amount: {amount}, kind: {kind}{more}}}")


def recoverable(e):
    p, sold = drawn(e["plan"]["amount"]), e["inputs"]["earned"]
    return [(settled(p, sold), e["expected"]["paid"]), (settled(p, sold, "owed"), e["expected"]["owed"])]


def not_recoverable(e):
    return [(settled(drawn(e["plan"]["amount"], "non_recoverable"), e["inputs"]["earned"]), e["expected"]["paid"])]


def draw_suite(e):
    amount, i = e["plan"]["amount"], e["inputs"]
    return [
        ([settled(drawn(amount), sold) for sold in i["recoverable"]], e["expected"]["recoverable"]),
        (settled(drawn(amount, "non_recoverable"), i["non_recoverable"]), e["expected"]["non_recoverable"]),
        (settled(plan([FLAT]), i["no_draw"]), e["expected"]["no_draw"]),
    ]


def guarantee(e):
    p = plan([FLAT], more=f"guarantee: {{amount: {e['plan']['amount']}, months: 3}}")
    return [(settled(p, e["inputs"]["earned"], "guarantee"), e["expected"]["top_up"])]


def ramp_and_draw(e):
    """A quota of 10,000, half of it in the first month on the plan, which begins on the 15th."""
    more = f"ramp: {{quota: [50%]}}\ndraw: {{amount: {e['inputs']['draw']}, kind: non_recoverable}}"
    p = plan([part(f"kind: marginal, unit: attainment, {tiers([('0%', '10%')])}")], more=more)
    full = float(e["inputs"]["ramped_quota"]) * 2
    tables = company(["a"], [], months("a", full), as_of=JANUARY,
                     plan_assignments=assigned(("a", e["inputs"]["start"].replace("2025", "2026"), "test")))
    made = stated(p, tables, "2026-01")
    quota = Fraction(float(made.components["quota"].iloc[0]))
    return [(quota, e["expected"]["quota"]), (quota / 5000, e["expected"]["factor"]),
            (Fraction(int(made.summary["paid"].iloc[0]), 100), e["expected"]["paid_rounded"])]


def limits_of_a_sale(e):
    i = e["plan"]
    one = part(f"kind: flat, rate: {i['rate']}") + f", per: deal, floor: {i['floor']}, cap: {i['cap']}"
    deals = [(f"{n}", "a", "2026-01-05", float(x)) for n, x in enumerate(e["inputs"]["sales"])]
    tables = company(["a"], deals, as_of=JANUARY, plan_assignments=assigned(("a", "2026-01-01", "test")))
    lines = stated(plan([one]), tables, "2026-01").lines.sort_values("opportunity_id")
    return [([Fraction(int(v), 100) for v in lines["minor"]], e["expected"]["payouts"])]


def stacked_caps(e):
    flat, fixed = e["plan"]["components"]
    p = plan([part(f"kind: flat, rate: {flat['rate']}") + f", cap: {flat['cap']}",
              f"id: fixed, payout: {{kind: fixed, pays: {fixed['amount']}}}"])
    return [(pays(p, [e["inputs"]["sale"]])[0], e["expected"]["total"])]


def locked(made, tables) -> Book:
    """A book with one month."""
    content = content_of(made, tables)
    return Book((Locked(made.month, "Ann", "2026-02-01T00:00:00Z", digest(content), content),))


def taken_back(amounts: list[str], ages: list[int], rule: str) -> tuple[Fraction, list[Fraction]]:
    """What is paid for deals of January, and what is taken back where each is cancelled at its age."""
    p = plan([FLAT], more=f"clawback: {{method: pro_rata, {rule}}}")
    closed = pd.Timestamp("2026-01-01")
    deals = [(f"{n}", "a", "2026-01-01", float(x)) for n, x in enumerate(amounts)]
    given = {"plan_assignments": assigned(("a", "2026-01-01", "test"))}
    tables = company(["a"], deals, as_of="2026-01-31", **given)
    made = stated(p, tables, "2026-01")
    book = locked(made, tables)
    later = company(["a"], deals, as_of="2026-12-31", **given)
    gone = later.opportunities.assign(status="lost", closed_on=[closed + pd.Timedelta(days=d) for d in ages])
    tables = case.Tables(later.company, {**later._frames, "opportunities": gone}, later.as_of)
    lines = stated(p, tables, "2026-12", book).lines.sort_values("opportunity_id")
    return Fraction(int(made.summary["paid"].sum()), 100), [Fraction(int(v), 100) for v in lines["minor"]]


def partial_clawback(e):
    i = e["inputs"]
    rule = f"window_days: 90, shares: [{{within_days: 90, share: {float(i['share']):.0%}}}]"
    _, back = taken_back([i["earned"]], [30], rule)
    return [(sum(back), e["expected"]["adjustment"])]


def clawback_by_age(e):
    steps = e["plan"]["rules"]
    shares = ", ".join(f"{{within_days: {s['within_days']}, share: {float(s['share']):.0%}}}" for s in steps)
    sold = [amount for amount, _ in e["inputs"]["entries"]]
    ages = [int(age) if age else 1 for _, age in e["inputs"]["entries"]]
    rest = str(Fraction(e["inputs"]["earned"]) - sum(map(Fraction, sold)))
    paid, back = taken_back([*sold, rest], [*ages, 300], f"window_days: 180, shares: [{shares}]")
    return [(-sum(back), e["expected"]["clawbacks"]), (paid + sum(back), e["expected"]["earned_after"])]


def bounds_by_days(e):
    """The table of 30 days, written for a quarter of 90 days, for a rep who is on the plan on 45 of them."""
    low, high = (Fraction(b) for b in e["inputs"]["bounds"])
    steps = tiers([("0", "0%"), (str(low * 3), "10%"), (str(high * 3), "30%")])
    p = plan([part(f"kind: marginal, unit: money, {steps}")], case.QUARTERLY)
    wanted = [Fraction(b) for b in e["expected"]["bounds"]]
    paid = []
    for sold in (wanted[0], wanted[1], wanted[1] + 100):
        tables = company(["a"], [("1", "a", "2026-03-05", float(sold))],
                         plan_assignments=assigned(("a", "2026-02-15", "test")))
        paid.append(sum(payouts(p, tables, "2026-03", "2026-03")["earned_minor"]))
    below, at, above = (Fraction(int(v), 100) for v in paid)
    return [(below, "0"), (at / Fraction(1, 10) + wanted[0], e["expected"]["bounds"][1]), (above - at, "30")]


def two_modifiers(e):
    i = e["inputs"]
    parts = [scored("own", "kind: flat, rate: 1x", "base", "100%")]
    target = f"target_incentive: {int(i['target']) * 12}"
    one = "{{id: m_{0}, measure: {{of: score, objective: {0}}}, factor: {{kind: flat, rate: 1x}}, on: [own]}}"
    tables = company(["a"], [], as_of=JANUARY, mbo_scores=scores(
        base="1", company=i["company"], individual=i["individual"]))
    paid = []
    for names in (["company", "individual"], ["individual"]):
        given = ", ".join(one.format(name) for name in names)
        p = plan(parts, more=f"{target}\nmodifiers: {{combine: multiply, of: [{given}]}}")
        paid += earned(p, tables, end="2026-01")["a"]
    return [(paid, [e["expected"]["payout"], e["expected"]["individual_only"]])]


WHOLE = {
    "oracle_mos_excess_at_tier_rate": excess_at_tier_rate,
    "trampe_top_multiplier_on_excess": top_multiplier,
    "ari_fy2010_gate_cap": gate_and_cap,
    "ari_fy2011_matrix_modifier": matrix_modifier,
    "mrexcel_overachievement_ytd": overachievement,
    "mrexcel_weighted_50_50": weighted_then_curve,
    "sec_sales_executive_components": executive,
    "mrexcel_individual_team_matrix": own_and_team_goals,
    "corecommissions_pool_equal": pool_equal,
    "sparrow_pool_points": pool_by_share,
    "prowi_sdr_ae_split": two_roles,
    "override_on_commission": override_of_commission,
    "etendo_specific_overrides_general": most_specific,
    "xactly_recoverable_draw": recoverable,
    "xactly_non_recoverable_draw": not_recoverable,
    "siebel_recoverable_six_months": recoverable,
    "ts_draw_suite": draw_suite,
    "ts_guarantee_topup": guarantee,
    "trampe_ramp_draw_prorated": ramp_and_draw,
    "commissionflow_min_max": limits_of_a_sale,
    "commissionflow_stacked_caps": stacked_caps,
    "core8_partial_clawback": partial_clawback,
    "ts_clawback_rules": clawback_by_age,
    "oracle_step_bounds_prorate": bounds_by_days,
    "pave_multiplicative_modifiers": two_modifiers,
}
