"""Published worked examples: those that the kinds of today can express are computed by the engine, to the cent."""

from __future__ import annotations

from fractions import Fraction

import pandas as pd
import pay_case as case
import pytest
from pay_case import assigned, company, earned, months, part, payouts, pays, plan, stated, tiers
from pay_examples import WHOLE

from salesops_helpers.comp.lines import pay_lines
from salesops_helpers.errors import SalesOpsError

LEFT_OUT = {
    "oracle_24b_proportional": "rates that add up between points: the source's own note warns of it, no other case has "
    "it, and a marginal or retroactive table says what is meant",
    "oracle_margin_rate": "a rate by the deal's margin: no table holds what a deal cost, so its margin is not known",
    "inomial_pay_on_cash": "pay on cash net of tax: no table holds payments or tax; a company that pays on cash gives "
    "the collected amount as the deal's amount",
}


def steps(example: dict, share: str = "%") -> str:
    """The example's tiers as YAML; rates are shares of the money."""
    return tiers([(t["from"], t["rate"]) for t in example["plan"]["tiers"]])


def marginal(example: dict):
    return plan([part(f"kind: marginal, unit: money, {steps(example)}")])


def retroactive(example: dict, tie: str = "upper"):
    return plan([part(f"kind: retroactive, unit: money, tie: {tie}, {steps(example)}")])


def flat(rate: str, of: str = "bookings"):
    return plan([part(f"kind: flat, rate: {rate}", of=of)])


def shared(deal: str, rate: str, shares: list[str], of: str = "commissionable") -> list[Fraction]:
    """One deal, credited in shares to as many reps."""
    reps = [f"r{n}" for n in range(len(shares))]
    column = "quota_share" if of == "bookings" else "commission_share"
    splits = pd.DataFrame({"opportunity_id": "1", "rep_id": reps, "quota_share": 0.0, "commission_share": 0.0})
    splits[column] = [float(s) for s in shares]
    paid = earned(flat(rate, of), company(reps, [("1", reps[0], "2026-01-05", float(deal))], splits=splits))
    return [paid[r][0] for r in reps]


def step_individual(e):
    paid = pays(marginal(e), e["inputs"]["transactions"])
    return [(paid, e["expected"]["per_transaction"]), (sum(paid), e["expected"]["total"])]


def split_step(e):
    return [(pays(marginal(e), e["inputs"]["transactions"]), e["expected"]["payout"])]


def spiff(e):
    prior, amount = float(e["inputs"]["prior_accumulated"]), float(e["inputs"]["amount"])
    deals = [("1", "a", "2026-01-05", prior), ("2", "a", "2026-02-05", amount)]
    ytd = plan([part(f"kind: marginal, unit: money, {steps(e)}")], case.MONTHLY_YTD)
    return [(earned(ytd, company(["a"], deals))["a"][1], e["expected"]["payout"])]


def one_amount(e):
    return [(pays(marginal(e), [e["inputs"]["amount"]])[0], e["expected"]["payout"])]


def two_tier(e):
    return [
        (pays(marginal(e), e["inputs"]["amounts"]), e["expected"]["payouts"]),
        (pays(flat("10%"), [e["inputs"]["flat_amount"]])[0], e["expected"]["flat"]),
    ]


def not_split(e):
    return [(pays(retroactive(e), e["inputs"]["transactions"]), e["expected"]["payout"])]


def equal_tier(e):
    amount = [e["inputs"]["amount"]]
    return [
        (pays(retroactive(e), amount)[0], e["expected"]["payout"]),
        (pays(retroactive(e, "lower"), amount)[0], e["expected"]["payout_if_tie_lower"]),
    ]


def split_or_not(e):
    amount = [e["inputs"]["amount"]]
    return [
        (pays(marginal(e), amount)[0], e["expected"]["marginal"]),
        (pays(retroactive(e), amount)[0], e["expected"]["retroactive"]),
    ]


def volume_bonus(e):
    return [(pays(retroactive(e), e["inputs"]["volumes"]), e["expected"]["bonus"])]


def interpolated(e):
    points = ", ".join(f"[{x}, {y}]" for x, y in e["plan"]["points"])
    paid = pays(plan([part(f"kind: curve, points: [{points}], beyond: flat")]), e["inputs"]["transactions"])
    return [(paid, e["expected"]["per_transaction"]), (sum(paid), e["expected"]["total"])]


def on_target(payout: str, attainments: list[str]) -> list[Fraction]:
    """Percent of target at attainments in percent: reps with a quota of 100 and a target of 100 a month."""
    p = plan([part(payout, weight="100%")], more="target_incentive: 1200")
    return pays(p, attainments, quota=100)


def five_times(e):
    points = "kind: curve, points: [[93%, 65%], [100%, 100%], [110%, 150%]], below: pays nothing, beyond: flat"
    return [(on_target(points, e["inputs"]["attainment_pct"]), e["expected"]["multiplier_pct"])]


def linear(e):
    points = ", ".join(f"[{x}%, {y}%]" for x, y in e["plan"]["points"])
    payout = f"kind: curve, points: [{points}], beyond: extrapolate"
    return [(on_target(payout, e["inputs"]["attainment_pct"]), e["expected"]["payout_pct"])]


def three_points(e):
    p = e["plan"]
    top = Fraction(p["max_bonus_pct"]) / Fraction(p["target_bonus_pct"]) * 100
    points = f"[[{p['threshold']}%, 0%], [{p['target']}%, 100%], [{p['max']}%, {top}%]]"
    paid = on_target(f"kind: curve, points: {points}, beyond: flat", e["inputs"]["attainment_pct"])
    return [([x / 100 for x in paid], e["expected"]["payout"])]


def seventyfive(e):
    parts = [
        part("kind: flat, rate: 1x", "own", weight="75%"),
        part("kind: flat, rate: 1x", "team", "team", weight="25%"),
    ]
    p = plan(parts, case.YEARLY, f"target_incentive: {e['inputs']['target_incentive']}")
    own, team = (Fraction(e["inputs"][f"{who}_attainment"]) for who in ("individual", "team"))
    # two reps with 100,000 each: the team's 190,000 of 200,000, of which the rep has 110,000
    deals = [
        ("1", "a", "2026-01-05", float(own * 100_000)),
        ("2", "b", "2026-01-05", float((2 * team - own) * 100_000)),
    ]
    quotas = [(r, m, 100_000.0 if m == "2026-01" else 0.0) for r in "ab" for _, m, _ in months(r, 0)]
    tables = company(["a", "b"], deals, quotas)
    wanted = e["expected"]
    return [
        (earned(p, tables, component="own")["a"][0], wanted["individual_part"]),
        (earned(p, tables, component="team")["a"][0], wanted["team_part"]),
        (earned(p, tables)["a"][0], wanted["payout"]),
    ]


def team_bonus(e):
    own = Fraction(e["inputs"]["own_sales"])
    p = plan(
        [part("kind: flat, rate: 5%"), part("kind: bonus, when: team.attainment >= 100%, pays: 2000", "team", "team")]
    )
    paid = []
    for reached in e["inputs"]["team_attainment"]:
        other = Fraction(reached) * 1_000_000 - own
        deals = [("1", "a", "2026-01-05", float(own)), ("2", "b", "2026-01-05", float(other))]
        paid += earned(p, company(["a", "b"], deals, months("a", 500_000) + months("b", 500_000)))["a"]
    return [(paid, e["expected"]["payouts"])]


def team_roles(e):
    return [(shared(e["inputs"]["deal"], e["inputs"]["rate"], e["plan"]["shares"]), e["expected"]["shares"])]


def split_credit(e):
    paid = shared(e["inputs"]["deal"], e["plan"]["rate"], e["plan"]["shares"], "bookings")
    return [(paid, e["expected"]["commissions"]), (sum(paid), e["expected"]["total"])]


def several_splits(e):
    return [([shared(c["deal"], c["rate"], c["shares"]) for c in e["inputs"]["cases"]], e["expected"]["results"])]


def shares_of_100(e):
    paid = shared(e["inputs"]["deal"], e["inputs"]["rate"], e["plan"]["shares"])
    return [(sum(paid), e["expected"]["total"]), (paid, [e["expected"]["salesman_a"], e["expected"]["salesman_b"]])]


def overrides(e):
    """The agent on the own sale, three levels above on the sale of their unit; the cancellation is a negative deal."""
    levels = ["individual", "team", "region", "company"]
    value = float(e["inputs"]["policy_value"])
    deals = [("1", "agent", "2026-01-05", value), ("2", "agent", "2026-02-05", -value)]
    tables = company(["agent"], deals)
    paid = [
        earned(plan([part(f"kind: flat, rate: {rate}", level=level)]), tables)["agent"]
        for rate, level in zip(e["plan"]["rates"], levels, strict=True)
    ]
    return [
        ([p[0] for p in paid], e["expected"]["commissions"]),
        (sum(p[1] for p in paid), e["expected"]["clawback_total"]),
    ]


def bonus_recalculated(e):
    sales, gone = [float(s) for s in e["inputs"]["sales"]], float(e["inputs"]["cancelled"])
    deals = [(f"{n}", "a", "2026-01-05", s) for n, s in enumerate(sales)] + [("x", "a", "2026-02-05", -gone)]
    ytd = plan([part(f"kind: retroactive, unit: money, tie: upper, {steps(e)}")], case.MONTHLY_YTD)
    first, back = earned(ytd, company(["a"], deals))["a"]
    wanted = e["expected"]
    return [(first, wanted["original"]), (first + back, wanted["recalculated"]), (back, wanted["clawback"])]


def any_order(e):
    n = int(e["inputs"]["agents"])
    return [(shared(e["inputs"]["base"], "10%", [str(1 / n)] * n), e["expected"]["expected"])]


def half_cent(e):
    """The total as the pay of two deals that weigh 30 and 70: lines by largest remainder."""
    weight = Fraction(e["inputs"]["rate"]) * 100
    deals = [("1", "a", "2026-01-05", float(weight)), ("2", "a", "2026-01-06", float(100 - weight))]
    lines = pay_lines(flat(f"{e['inputs']['total']}%"), company(["a"], deals), "2026-01", "2026-01", replay=True)
    return [([Fraction(int(v), 100) for v in lines["earned_minor"]], e["expected"]["shares"])]


def flat_amount(e):
    return [(pays(flat(e["plan"]["rate"]), [e["inputs"]["amount"]])[0], e["expected"]["expected"])]


def negative_sale(e):
    return [(pays(flat(e["plan"]["rate"]), [e["inputs"]["sale"]])[0], e["expected"]["payout"])]


def carvd(e):
    return [(pays(flat(e["plan"]["rate"]), [e["inputs"]["sales"]])[0], e["expected"]["payout"])]


def coursework(e):
    sales = e["inputs"]["sales"]
    whole = plan(
        [
            part(
                "kind: retroactive, unit: money, tie: upper, below: pays nothing, "
                + tiers([("96000", "15%"), ("120000", "18.75%")])
            )
        ]
    )
    above = plan(
        [part("kind: curve, points: [[0, 0], [120000, 18000], [150000, 23625]], beyond: extrapolate, threshold: 96000")]
    )
    return [
        (pays(whole, sales), e["expected"]["retroactive"]),
        (pays(above, sales), e["expected"]["marginal_above_target"]),
    ]


def decelerator(e):
    """5 %, or 10 % of everything from 50 % on; and a second component, another 10 % of what is above 100 %."""
    low = tiers([("0%", "5%"), ("50%", "10%")])
    p = plan(
        [
            part(f"kind: retroactive, unit: attainment, tie: upper, {low}"),
            part(f"kind: marginal, unit: attainment, below: pays nothing, {tiers([('100%', '10%')])}", "above"),
        ]
    )
    return [(pays(p, e["inputs"]["sales"], quota=float(e["inputs"]["quota"])), e["expected"]["payouts"])]


def statement(e):
    quota = float(e["inputs"]["quota"])
    p = plan([part(f"kind: marginal, unit: attainment, {tiers([('0%', '10%'), ('100%', '15%')])}")])
    deals = [(f"{n}", "a", f"2026-01-1{n}", float(d)) for n, d in enumerate(e["inputs"]["deals"])]
    fixed = pd.DataFrame({"rep_id": "a", "month": pd.Timestamp("2026-01-01"), "reason": ["clawback", "SPIF"],
                          "amount": [float(a) for a in e["inputs"]["adjustments"]]})
    tables = company(["a"], deals, months("a", quota), as_of="2026-01-31", adjustments=fixed,
                     plan_assignments=assigned(("a", "2026-01-01", "test")))
    made = stated(p, tables, "2026-01")
    row = made.summary.iloc[0]
    total, corrected, paid = (Fraction(int(row[c]), 100) for c in ("earned", "corrected", "paid"))
    wanted, base = e["expected"], pays(p, [quota], quota)[0]
    assert made.lines["minor"].sum() == row["earned"] + row["corrected"]
    return [
        (Fraction(str(made.components["attainment"].iloc[0])), wanted["attainment"]),
        (base, wanted["base"]),
        (total - base, wanted["accelerator"]),
        (total, wanted["total"]),
        (corrected, wanted["net_adjustments"]),
        (paid, wanted["payout"]),
    ]


def interval(e):
    """An even monthly share of the yearly target as quota; attainment of each of two months."""
    quota = float(Fraction(e["inputs"]["annual_target"]) / 12)
    deals = [(f"{m}{n}", "a", f"2026-0{m}-05", float(x)) for m in (1, 2) for n, x in enumerate(e["inputs"][f"i{m}"])]
    p = plan([part("kind: flat, rate: 1x", weight="100%")], more="target_incentive: 12000")
    frame = payouts(p, company(["a"], deals, months("a", quota)), "2026-01", "2026-02", replay=True)
    return [([Fraction(x) for x in frame["attainment"]], [e["expected"]["i1"], e["expected"]["i2"]])]


EXPRESSED = {
    "oracle_step_individual": step_individual,
    "oracle_split_step_rate": split_step,
    "spiff_mamount": spiff,
    "sparrow_non_retroactive": one_amount,
    "gist_cucumber_two_tier": two_tier,
    "oracle_flat_not_split": not_split,
    "oracle_equal_tier_value": equal_tier,
    "oracle_cn_split_vs_nonsplit": split_or_not,
    "amant_volume_bonus": volume_bonus,
    "oracle_interpolated_individual": interpolated,
    "agiliti_five_times_scale": five_times,
    "posthog_linear_uncapped": linear,
    "lanteria_three_point_formula": three_points,
    "brief_75_25_individual_team": seventyfive,
    "brief_individual_plus_team_bonus": team_bonus,
    "sparrow_team_roles": team_roles,
    "prowi_split_60_40": split_credit,
    "remuner_splits": several_splits,
    "ehow_shares_of_100": shares_of_100,
    "amant_manager_overrides": overrides,
    "amant_bonus_clawback_recalc": bonus_recalculated,
    "oca_order_dependence": any_order,
    "dokan_half_cent_complement": half_cent,
    "django_referral_lost_cents": flat_amount,
    "commissionflow_negative_sale": negative_sale,
    "coursework_threshold_accelerator": coursework,
    "quotapath_decelerator": decelerator,
    "prowi_statement": statement,
    "oracle_interval_attainment": interval,
    "carvd_flat": carvd,
    **WHOLE,
}
REFUSED = {
    "affiliate_per_sale_slab": (
        "kind: retroactive, unit: money, " + tiers([("0", "10%"), ("50", "15%"), ("100", "20%")]),
        "payout.tie is missing",
    ),
    "ehow_gross_margin_tier": (
        "kind: retroactive, unit: attainment, tie: lower, tiers: [{from: 0%, to: 35%, rate: 10%}, "
        "{from: 36%, to: 60%, rate: 25%}, {from: 61%, rate: 40%}]",
        "leaves a gap to the next tier",
    ),
}


@pytest.fixture(scope="module")
def examples(cases) -> dict[str, dict]:
    import yaml

    entries = yaml.safe_load((cases / "comp" / "examples.yaml").read_text(encoding="utf-8"))
    return {entry["id"]: entry for entry in entries}


def agrees(computed, wanted) -> bool:
    """Exactly equal; a value that the list cuts (``~``) to the digits it gives."""
    if isinstance(wanted, list):
        return len(computed) == len(wanted) and all(agrees(c, w) for c, w in zip(computed, wanted, strict=True))
    text = str(wanted)
    if text.endswith("~"):
        return abs(computed - Fraction(text[:-1])) <= Fraction(1, 10**9)
    return computed == Fraction(text)


@pytest.mark.parametrize("name", EXPRESSED)
def test_published_example(examples, name):
    example = examples[name]
    for computed, wanted in EXPRESSED[name](example):
        assert agrees(computed, wanted), f"{name}: {computed} instead of {wanted}"


@pytest.mark.parametrize("name", REFUSED)
def test_published_table_that_must_be_refused(examples, name):
    payout, told = REFUSED[name]
    assert examples[name]["use"] == "refuse"
    with pytest.raises(SalesOpsError, match=told):
        plan([part(payout)])


def test_every_example_is_expressed_or_listed_with_its_reason(examples):
    of_pay = {name for name, entry in examples.items() if entry["use"] == "pay"}
    assert set(EXPRESSED) | set(LEFT_OUT) == of_pay
    assert not set(EXPRESSED) & set(LEFT_OUT)
    assert set(REFUSED) == {name for name, entry in examples.items() if entry["use"] == "refuse"}
    assert (len(EXPRESSED), len(of_pay)) == (55, 58)
