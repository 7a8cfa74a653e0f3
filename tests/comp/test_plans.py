from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from salesops_helpers.comp.plans import choose, fits, read_plan, read_plans, read_versions
from salesops_helpers.comp.reading import LARGEST
from salesops_helpers.comp.wording import plan_in_words
from salesops_helpers.data.company import Company
from salesops_helpers.errors import SalesOpsError

ROOT = Path(__file__).resolve().parents[2]
GOOD = """plan: ae-2026
version: 3
status: approved
effective: {from: 2026-01-01, to: 2026-12-31}
currency: EUR
period: {measure: quarter, pay: month, accumulate: ytd, true_up: deduct_paid}
rounding: {scale: 2, mode: half_up}
target_incentive: 40000
components:
  - id: own
    weight: 75%
    measure: {of: bookings, level: individual}
    payout: {kind: marginal, unit: attainment, tiers: [{from: 0%, rate: 1x}, {from: 100%, rate: 1.5x}]}
  - id: team
    weight: 25%
    measure: {of: bookings, level: team}
    payout: {kind: curve, points: [[80%, 0%], [100%, 100%], [120%, 150%]], beyond: flat}
gates: [{if: own.attainment < 50%, then: team pays 0%}]
cap: {of: total, at: 250% of target, excess: forfeited}
draw: null
clawback: null
"""
MONEY = """plan: plain
version: 1
status: draft
effective: {from: 2026-01-01, to: 2026-12-31}
currency: EUR
period: {measure: month, pay: month, accumulate: none}
rounding: {scale: 2, mode: half_up}
components:
  - id: own
    measure: {of: bookings, level: individual}
    payout: {kind: retroactive, unit: money, tie: upper, tiers: [{from: 0, rate: 1%}, {from: 10000, rate: 2.5%}]}
  - id: extra
    measure: {of: bookings, level: team}
    payout: {kind: bonus, when: own.attainment >= 100%, pays: 2000}
"""


def acme(folder: Path, **more) -> Company:
    return Company(
        name="Acme",
        currency="EUR",
        stages=["Won", "Lost"],
        won_stages=["Won"],
        lost_stages=["Lost"],
        home=folder,
        **more,
    )


def test_a_plan_is_read_exactly():
    plan = read_plan(GOOD, "ae-2026.yaml")
    own, team = plan.components
    assert (own.weight, team.weight, plan.target_incentive) == (Fraction(3, 4), Fraction(1, 4), Fraction(40000))
    assert [t.rate.value for t in own.payout.tiers] == [1, Fraction(3, 2)]
    assert [[bound[0] for bound in point] for point in team.payout.points] == [
        [Fraction(4, 5), 0],
        [1, 1],
        [Fraction(6, 5), Fraction(3, 2)],
    ]
    assert (plan.gates[0].condition.component, plan.gates[0].effect.share, plan.cap.at) == ("own", 0, Fraction(5, 2))
    assert plan.effective.months == 12


def test_rates_are_decimals_and_never_floats():
    plan = read_plan(MONEY.replace("2.5%", "0.1%"), "plain.yaml")
    assert plan.components[0].payout.tiers[1].rate.value == Fraction(1, 1000)
    plan = read_plan(MONEY.replace("2.5%", "0.075"), "plain.yaml")
    assert plan.components[0].payout.tiers[1].rate.value == Fraction(75, 1000)


def test_a_plan_does_not_change():
    with pytest.raises(ValueError, match="frozen"):
        read_plan(GOOD, "x").version = 4


REFUSED = [
    # what the file would say, and what the reader is told
    ("weight: 25%", "weight: 30%", "weight.*add up to 105 %; allowed: weights that add up to 100 %; do:"),
    ("weight: 25%", "weight: 0.25", r"line 15\), component 'team': weight = '0.25' is not a percentage"),
    ("weight: 75%", "weight: -75%", "component 'own': weight = '-75%' is below 0"),
    ("    weight: 25%\n", "", "component 'team': weight is not there; allowed: a weight for each component"),
    (
        "rate: 1x}, {from: 100%",
        "rate: 1x}, {from: 100%, to: 150%",
        "tiers.2.to = '150%' leaves everything above it undef",
    ),
    ("{from: 0%, rate: 1x}", "{from: 0%, to: 90%, rate: 1x}", "tiers.1.to = '90%' leaves a gap to the next tier"),
    ("{from: 0%, rate: 1x}", "{from: 0%, to: 110%, rate: 1x}", "tiers.1.to = '110%' overlaps the next tier"),
    ("{from: 0%, rate: 1x}", "{from: 120%, rate: 1x}", "payout.tiers are not ascending"),
    ("{from: 0%, rate: 1x}", "{from: 100%, rate: 1x}", "payout.tiers are not ascending"),
    ("{from: 0%, rate: 1x}", "{from: -10%, rate: 1x}", "payout.tiers begin below 0"),
    ("{from: 0%, rate: 1x}", "{from: 10%, rate: 1x}", "a gap.*below: pays nothing"),
    ("[100%, 100%], [120%", "[100%, 100%], [90%", "payout.points are not ascending"),
    ("kind: marginal", "kind: retroactive", "component 'own': payout.tie is missing"),
    ("{from: 0%, rate: 1x}", "{from: 0%, rate: 0.8x}", "payout pays 80 % of target at 100 % attainment"),
    ("[100%, 100%]", "[100%, 90%]", "component 'team': payout pays 90 % of target at 100 % attainment"),
    ("rate: 1.5x", "rate: 5%", "payout.tiers holds rates of different kinds"),
    (
        "rate: 1x}, {from: 100%, rate: 1.5x",
        "rate: 5%}, {from: 100%, rate: 7%",
        "pays a rate on money at 100 % attainment",
    ),
    ("{from: 0%, rate: 1x}", "{from: 0, rate: 1x}", "tiers.1.from = '0' is in money, but unit: attainment"),
    ("[100%, 100%]", "[100, 100%]", "payout.points mixes percentages and amounts"),
    ("beyond: flat", "beyond: flat, threshold: 110%", "threshold = '110%' is above the first point that pays"),
    (", beyond: flat", "", "component 'team': payout.beyond is missing"),
    ("beyond: flat", "beyond: up", "payout.beyond = 'up' is not possible.*'flat' or 'extrapolate'"),
    ("at: 250%", "at: 90%", "cap.at = '90% of target' is below target"),
    ("at: 250% of target", "at: 100000", "cap.at = '100000' is not a cap; allowed: PERCENTAGE of target"),
    ("level: team", "level: squad", "measure.level = 'squad' is not possible.*'company' or 'reports'"),
    (
        "of: bookings, level: team",
        "of: margins, level: team",
        "measure.of = 'margins' is not possible.*'commissionable'",
    ),
    ("of: bookings, level: team", "of: commissionable, level: team", "measure.of = 'commissionable' with attainment"),
    (
        "if: own.",
        "if: owl.",
        r"line 18\): gates.1.if .*names the component 'owl', which does not exist; allowed: own, team",
    ),
    ("then: team pays", "then: teem pays", "gates.1.then .*names the component 'teem', which does not exist"),
    ("if: own.attainment < 50%", "if: own < 50%", "gates.1.if = 'own < 50%' is not a condition"),
    ("team pays 0%", "team is 0%", "gates.1.then = 'team is 0%' is not an effect"),
    (
        "target_incentive: 40000",
        "target_incentive: 40000.001",
        "target_incentive = 40000.001 is finer than the minor unit",
    ),
    ("target_incentive: 40000", "target_incentive: 0", "target_incentive = '0' is not above 0"),
    ("target_incentive: 40000", "target_incentive: 40,000", "target_incentive.*is not an amount"),
    ("target_incentive: 40000", "target_incentive: 4e4", "target_incentive = '4e4' is not an amount"),
    (
        "target_incentive: 40000\n",
        "",
        "component 'own': weight = '75%' is given, but a weight needs a target_incentive",
    ),
    ("version: 3", "version: three", r"line 2\): version = 'three' is not a whole number"),
    ("status: approved", "status: yes", "status = 'yes' is not possible.*'draft' or 'approved'"),
    ("currency: EUR", "currency: euro", "currency = 'euro' is not possible"),
    ("2026-01-01", "20260101", "effective.from = '20260101' is not a day"),
    ("from: 2026-01-01", "from: 2026-01-15", "effective is not made of whole months"),
    ("to: 2026-12-31", "to: 2025-12-31", "effective.to = '2025-12-31' ends before it begins"),
    (", true_up: deduct_paid", "", "period.true_up is not there"),
    ("ytd, true_up", "none, true_up", "period.true_up = 'deduct_paid' needs accumulate: ytd"),
    ("measure: quarter", "measure: week", "period.measure = 'week' is not possible.*'month', 'quarter' or 'year'"),
    ("pay: month", "pay: quarter", "period.pay = 'quarter' is not possible"),
    ("mode: half_up", "mode: bankers", "rounding.mode = 'bankers' is not possible"),
    ("id: team", "id: own", "id = 'own' is taken"),
    ("id: team", "id: cap", "id = 'cap' is taken"),
    ("draw: null", "mystery: 1", r"line 20\): mystery = '1' is not a field of a plan here"),
    ("level: team}", "level: team, filter: x}", "component 'team': measure.filter = 'x' is not a field"),
]
MONEY_REFUSED = [
    (", pays: 2000", ", pays: 2000.005", "component 'extra': payout.pays = 2000.005 is finer than the minor unit"),
    ("from: 10000", "from: 10000.001", r"payout.tiers.2.from = 10000.001 is finer|tiers.1.from = 10000.001 is finer"),
    ("  - id: extra\n", "  - id: extra\n    weight: 100%\n", "weight = '100%' is given, but a bonus carries no weight"),
    ("when: own.", "when: other.", "names the component 'other', which does not exist"),
    ("rate: 1%", "rate: 1x", "payout.tiers holds rates of different kinds"),
    (
        "rate: 1%}, {from: 10000, rate: 2.5%",
        "rate: 1x}, {from: 10000, rate: 2x",
        "holds multiples of a target on money",
    ),
    (
        "rounding:",
        "cap: {of: total, at: 200% of target, excess: forfeited}\nrounding:",
        "cap.at.*needs a target_incentive",
    ),
    (
        "of: bookings, level: individual",
        "of: commissionable, level: individual",
        "needs the attainment of 'own', which does",
    ),
    (
        "kind: retroactive, unit: money, tie: upper, tiers: [{from: 0, rate: 1%}, {from: 10000, rate: 2.5%}]",
        "kind: flat, rate: 1x",
        "pays multiples of a target that the plan does not name",
    ),
    ("kind: retroactive", "kind: [retroactive]", "component 'own': payout"),
]


@pytest.mark.parametrize(("seen", "instead", "told"), REFUSED, ids=lambda text: text[:40])
def test_refused_with_plan_component_field_value_and_cure(seen, instead, told):
    assert seen in GOOD
    with pytest.raises(SalesOpsError, match=told) as refusal:
        read_plan(GOOD.replace(seen, instead, 1), "ae-2026.yaml")
    assert "plan 'ae-2026' (ae-2026.yaml, line " in str(refusal.value)
    assert refusal.value.allowed and refusal.value.cure


@pytest.mark.parametrize(("seen", "instead", "told"), MONEY_REFUSED, ids=lambda text: text[:40])
def test_refused_in_a_plan_of_plain_rates(seen, instead, told):
    assert seen in MONEY
    with pytest.raises(SalesOpsError, match=told):
        read_plan(MONEY.replace(seen, instead, 1), "plain.yaml")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("plan: [a", "is not YAML"),
        ("", "is not a plan"),
        ("- a\n- b", "is not a plan"),
        ("a: &x [1]\nb: *x", "line 1 uses an anchor"),
        ("a: &x " + "[" * 3 + "]" * 3 + "\nb: [*x, *x]", "anchor"),
        (GOOD.replace("draw: null", "version: 4"), "line 20 repeats or misuses the key 'version'"),
        (GOOD.replace("draw: null", "draw: !!python/object/apply:os.system [echo]"), "line 20 uses the tag"),
        ("a: " + "[" * 60 + "]" * 60, "nested too deep"),
        ("a: " + "[" * 5000 + "]" * 5000, "nested too deep"),
        (GOOD + "---\nplan: other\n", "is not YAML"),
    ],
)
def test_files_that_are_no_plan(text, told):
    with pytest.raises(SalesOpsError, match=told):
        read_plan(text, "x.yaml")


def test_plans_of_a_company_by_name(tmp_path):
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "ae-2026.yaml").write_text(GOOD)
    (tmp_path / "plans" / "plain.yaml").write_text(MONEY)
    (tmp_path / "plans" / "notes.txt").write_text("not a plan")
    plans = read_plans(acme(tmp_path))
    assert list(plans) == ["ae-2026", "plain"]
    assert choose(plans, "plain").plan == "plain"
    with pytest.raises(SalesOpsError, match="no plan is called 'gone'; allowed: ae-2026, plain"):
        choose(plans, "gone")
    assert read_plans(acme(tmp_path / "elsewhere")) == {}


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("other.yaml", GOOD, "plan file 'other.yaml' holds the plan 'ae-2026'"),
        ("ae-2026.yaml", GOOD.replace("scale: 2", "scale: 3"), "rounding.scale = 3; allowed: at most 2"),
        ("ae-2026.yaml", GOOD + "#" * LARGEST, "is larger than"),
        ("ae-2026.yaml", b"\xff\xfe\x00\x01", "cannot be read as text"),
    ],
)
def test_plan_files_that_do_not_fit_the_company(tmp_path, name, text, told):
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SalesOpsError, match=told):
        read_plans(acme(tmp_path))


def test_a_coarser_rounding_fits():
    plan = read_plan(GOOD.replace("scale: 2", "scale: 0"), "x")
    assert fits(plan, acme(Path("."))) is plan


def test_another_currency_is_read_but_its_cost_is_not_added_up():
    plan = read_plan(GOOD.replace("EUR", "USD"), "x")
    with pytest.raises(SalesOpsError, match="currency = 'USD'; allowed: EUR, the company's currency"):
        fits(plan, acme(Path(".")))


@pytest.mark.parametrize("folder", ["data/sample", "tests/cases/maven"])
def test_the_two_plans_that_come_with_the_kit(folder):
    files = [ROOT / folder / "plans" / f"{name}.yaml" for name in ("individual-plus-team-bonus", "individual-team")]
    plans = {p.plan: p for p in (read_plan(f.read_text(encoding="utf-8"), f.name) for f in files)}
    assert [c.weight for c in plans["individual-team"].components] == [Fraction(3, 4), Fraction(1, 4)]
    assert [c.weight for c in plans["individual-plus-team-bonus"].components] == [1, None]


@pytest.mark.parametrize("path", sorted((ROOT / "data/sample/plans").glob("*.yaml")), ids=lambda path: path.stem)
def test_each_ready_plan_is_read_begins_with_a_comment_and_is_said_in_words(path):
    text = path.read_text(encoding="utf-8")
    plan = read_plan(text, path.name)
    assert plan.plan == path.stem and text.startswith("# ")
    rules = plan_in_words(plan)
    assert len(rules) >= len(plan.components) + 1 and rules["rule"].str.endswith(".").all()


def test_there_are_a_dozen_ready_plans():
    assert len(list((ROOT / "data/sample/plans").glob("*.yaml"))) >= 12


def test_versions_of_a_plan_follow_each_other(tmp_path):
    (tmp_path / "plans").mkdir()
    first = GOOD.replace("to: 2026-12-31", "to: 2026-06-30")
    second = GOOD.replace("version: 3", "version: 4").replace("from: 2026-01-01", "from: 2026-07-01")
    (tmp_path / "plans" / "ae-2026.yaml").write_text(first)
    path = tmp_path / "plans" / "ae-2026.v4.yaml"
    path.write_text(second)
    versions = read_versions(acme(tmp_path))["ae-2026"]
    assert [v.version for v in versions] == [3, 4]
    assert read_plans(acme(tmp_path))["ae-2026"].version == 4
    for instead, told in (("2026-08-01", "leave days uncovered: 2026-06-30 and 2026-08-01"),
                          ("2026-06-01", "versions 3 and 4 of plan 'ae-2026' overlap")):
        path.write_text(second.replace("2026-07-01", instead))
        with pytest.raises(SalesOpsError, match=told):
            read_versions(acme(tmp_path))
    path.write_text(second.replace("version: 4", "version: 5"))
    with pytest.raises(SalesOpsError, match="holds the plan 'ae-2026' in version 5; allowed: a file called ae-2026.v5"):
        read_versions(acme(tmp_path))
