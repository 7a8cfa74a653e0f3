"""What a statement shows: formulas that a pocket calculator repeats, lines that add up, nothing left out."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest
from pay_case import QUARTERLY, assigned, company, months, part, plan, stated, tiers

from salesops_helpers import cli, comp, load
from salesops_helpers.comp.formulas import bands, formulas, next_tiers
from salesops_helpers.errors import SalesOpsError

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"
BANDS = tiers([("0%", "1x"), ("100%", "1.5x")])
PARTS = [
    part(f"kind: marginal, unit: attainment, {BANDS}", "own", weight="75%"),
    part("kind: curve, points: [[80%, 0%], [100%, 100%], [120%, 150%]], beyond: flat", "team", "team", weight="25%"),
    part("kind: bonus, when: team.attainment >= 100%, pays: 500", "extra", "team"),
    "id: fee, measure: {of: deals}, payout: {kind: each, pays: 25}",
]


@pytest.fixture(scope="module")
def made():
    deals = [("1", "a", "2026-01-15", 50_000.0), ("2", "a", "2026-02-15", 25_000.0), ("3", "b", "2026-02-16", 41_000.0)]
    quotas = months("a", 20_000) + months("b", 20_000)
    fixed = pd.DataFrame({"rep_id": ["a"], "month": pd.Timestamp("2026-03-01"), "reason": "referral", "amount": 99.5})
    tables = company(["a", "b"], deals, quotas, as_of="2026-03-31", adjustments=fixed,
                     plan_assignments=assigned(("a", "2026-01-01", "test"), ("b", "2026-01-01", "test")))
    return stated(plan(PARTS, QUARTERLY, "target_incentive: 40000"), tables, "2026-03"), tables


def calculated(formula: str) -> float:
    """What a pocket calculator makes of a formula's left side."""
    left = formula.split(" = ")[0].replace(",", "").replace("×", "*").replace("÷", "/").replace("−", "-")
    return eval(re.sub(r"([\d.]+) %", r"(\1/100)", left))


def test_a_pocket_calculator_gives_the_statement(made):
    told = formulas(made[0]).set_index(["rep_id", "component"])["formula"]
    assert told["a", "own"] == "10,000.00 × 75 % × (60,000.00 × 1 + 15,000.00 × 1.5) ÷ 60,000.00 = 10,312.50"
    assert told["a", "team"] == ("10,000.00 × 25 % × (0 % + (116,000.00 ÷ 120,000.00 − 80 %) × 5) = 2,083.33")
    assert told["a", "extra"] == "team.attainment >= 100 %: it is 96.67 %, so nothing = 0.00"
    assert told["a", "fee"] == "2 × 25.00 = 50.00"
    for formula in (told["a", "own"], told["a", "team"], told["b", "own"], told["a", "fee"]):
        assert round(calculated(formula) + 1e-9, 2) == float(formula.split(" = ")[1].replace(",", ""))


def test_pocket_calculator_on_the_sample():
    statements = comp.statements(load(SAMPLE, month="2026-09"), "2026-09")
    parts = comp.parts_of(statements, "")
    own = parts[(parts["component"] == "own") & (parts["status"] == "computed")]
    assert len(own) > 25
    assert [round(calculated(f), 2) for f in own["formula"]] == pytest.approx(own["earned"].tolist(), abs=0.0101)


def test_tiers_and_the_next_one(made):
    found = bands(made[0])
    mine = found[found["rep_id"] == "a"]
    assert mine[["start", "end", "part", "pays"]].fillna(-1).to_numpy().tolist() == [
        [0, 1, 7500, 7500], [1, -1, 1875, 2812.5]]
    ahead = next_tiers(made[0]).set_index("rep_id")
    assert list(ahead.index) == ["b"] and ahead.loc["b", ["bound", "credit"]].tolist() == [1, 19_000]
    assert ahead.loc["b", "pays"] == pytest.approx(7500 * 19 / 60)


def test_the_lines_of_a_statement_add_up_to_what_is_paid(made):
    statement, tables = made
    lines = comp.deals_of(statement, tables, "a")
    brief = comp.brief(statement, "a").set_index("what")["amount"]
    assert lines["earned"].sum() == pytest.approx(10312.50 + 2083.33 + 50 + 99.50)
    assert brief["paid with this month's payroll"] == 12545.33
    assert brief["corrections of earlier months and adjustments"] == 99.5
    own = lines[lines["component"] == "own"]
    assert own["earned"].tolist() == [6875.0, 3437.5] and own["credit"].tolist() == [50_000, 25_000]
    assert "referral" in lines["why"].tolist()
    pay = comp.payroll(statement)
    assert pay["paid"].sum() == pytest.approx(statement.summary["paid"].sum() / 100)
    cost = comp.accrual(statement, tables)
    assert cost["cost"].sum() == pytest.approx(pay["paid"].sum()) and set(cost["team"]) == {"T"}


def test_the_credits_of_shared_deals_add_up_to_what_a_part_counts():
    deals = [("1", "a", "2026-03-15", 50_000.0), ("2", "a", "2026-03-16", 30_000.0)]
    splits = pd.DataFrame({"opportunity_id": "2", "rep_id": ["a", "b"], "quota_share": [0.4, 0.6],
                           "commission_share": [0.3, 0.7]})
    tables = company(["a", "b"], deals, months("a", 20_000) + months("b", 20_000), as_of="2026-03-31", splits=splits,
                     plan_assignments=assigned(("a", "2026-03-01", "test"), ("b", "2026-03-01", "test")))
    parts = ["id: own, measure: {of: bookings}, payout: {kind: flat, rate: 1%}",
             "id: extra, measure: {of: commissionable}, payout: {kind: flat, rate: 1%}"]
    found = comp.deals_of(stated(plan(parts), tables, "2026-03"), tables, "a")
    lines = found.set_index(["component", "opportunity_id"])
    assert lines["credit"].to_dict() == {
        ("own", "1"): 50_000, ("own", "2"): 12_000, ("extra", "1"): 50_000, ("extra", "2"): 9_000}
    assert lines["earned"].tolist() == pytest.approx((lines["credit"] * 0.01).tolist())


def test_what_is_said_of_a_statement(made):
    statement, tables = made
    said = comp.statement_sentences(statement, "a")
    assert said[0] == "EUR 12,545.33 is paid to A for March 2026."
    assert said[1].startswith("Reached: 125.0 % of the goal of own, 96.7 % of the goal of team and")
    assert said[2].startswith("EUR 99.50 of it corrects earlier months")
    assert comp.statement_sentences(statement)[0].endswith("are paid to 2 reps for March 2026.")
    with pytest.raises(SalesOpsError, match="rep 'z' is not in reps; allowed: a, b"):
        comp.shown_rep(tables, "rep", "z")
    with pytest.raises(SalesOpsError, match="by = 'team' for pay statements"):
        comp.shown_rep(tables, "team", "T")
    assert (comp.shown_rep(tables, "", ""), comp.shown_rep(tables, "rep", "a")) == ("", "a")


def test_a_rep_without_pay_in_the_month_has_a_page_that_says_so(made):
    statement, tables = made
    assert not comp.stated(statement, "z") and comp.stated(statement, "a")
    assert comp.statement_sentences(statement, "z") == ["Nothing is paid to z for March 2026: 0 lines."]
    assert not len(comp.deals_of(statement, tables, "z")) and not len(comp.parts_of(statement, "z"))


def test_without_assignments_nobody_is_paid_and_the_page_says_why():
    tables = company(["a"], [("1", "a", "2026-01-15", 5.0)], as_of="2026-01-31")
    empty = comp.month_of_pay(tables, "2026-01")
    assert not comp.stated(empty)
    assert "plan_assignments is missing" in comp.unstated(tables)[0]
    assert comp.statement_sentences(empty)[0] == "Nobody is paid for January 2026: 0 statements."
    for frame in (comp.parts_of(empty, ""), comp.tiers_of(empty, ""), comp.next_of(empty, ""), comp.payroll(empty),
                  comp.deals_of(empty, tables, ""), comp.goals_of(empty, ""), comp.rules_of(empty, ""),
                  comp.history_of(empty, ""), comp.disputes_of(tables, ""), comp.accrual(empty, tables)):
        assert not len(frame)


def run(capsys, *arguments) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        cli.main(["statements", *map(str, arguments)])
    return (ended.value.code, *capsys.readouterr())


def test_statements_at_the_command_line(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = (SAMPLE, "--month", "2026-09", "--out", "pay")
    code, out, _ = run(capsys, *given)
    assert code == 0 and "are paid to 32 reps for September 2026." in out and not (tmp_path / ".salesops").exists()
    pay, lines = (pd.read_csv(tmp_path / "pay" / "2026-09" / f"{n}.csv") for n in ("payroll", "lines"))
    assert round(pay["paid"].sum() * 100) == lines["minor"].sum()
    code, _, err = run(capsys, *given, "--lock")
    assert code == 2 and "nobody locks the month" in err
    code, out, _ = run(capsys, *given, "--lock", "--by", "Ann Lee")
    assert code == 0 and "2026-09 is locked by Ann Lee since " in out
    code, out, _ = run(capsys, *given)
    assert code == 0 and "is paid as it was locked" in out


def test_exactness_of_a_share():
    from salesops_helpers.comp.formulas import money, share

    assert money(Fraction(-1234567, 1000)) == "−1,234.57" and money(None) == "–"
    assert share(Fraction(1, 3), 4) == "33.3333 %"
