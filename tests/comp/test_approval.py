"""Who approved a version of a plan is kept once and for all, and who locks a month is somebody else where asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pay_case import assigned, company, part, plan, stated

from salesops_helpers import cli
from salesops_helpers.comp.approval import approval_of, approve, plan_hash
from salesops_helpers.comp.book import lock, read_book
from salesops_helpers.errors import SalesOpsError

DRAFT = plan([part("kind: flat, rate: 10%")])
PLAN = DRAFT.model_copy(update={"status": "approved"})
TABLES = company(["a"], [("1", "a", "2026-01-05", 100.0)], as_of="2026-01-31",
                 plan_assignments=assigned(("a", "2026-01-01", "test")))
TOML = """name = "Acme"
currency = "EUR"
stages = ["Open", "Won", "Lost"]
won_stages = ["Won"]
lost_stages = ["Lost"]
separate_duties = true
state = "kept"
extract_date = 2026-01-31
"""
TEXT = """plan: test
version: 1
status: approved
effective: {from: 2026-01-01, to: 2026-12-31}
currency: EUR
period: {measure: month, pay: month, accumulate: none}
rounding: {scale: 2, mode: half_up}
components:
  - {id: own, measure: {of: bookings}, payout: {kind: flat, rate: 10%}}
"""


def test_an_approval_is_kept_with_name_day_and_fingerprint(tmp_path):
    made = approve(PLAN, tmp_path, "  Vera   Vogt ")
    assert (made.plan, made.version, made.by, made.fingerprint) == ("test", 1, "Vera Vogt", plan_hash(PLAN))
    assert approval_of(PLAN, tmp_path) == made and approve(PLAN, tmp_path, "Bo") == made  # once and for all
    assert approval_of(PLAN.model_copy(update={"version": 2}), tmp_path) is None
    changed = plan([part("kind: flat, rate: 11%")]).model_copy(update={"status": "approved"})
    said = "plan 'test' version 1 was changed after Vera Vogt approved it on .*; do: take the change back, or write it"
    with pytest.raises(SalesOpsError, match=said):
        approve(changed, tmp_path, "Vera Vogt")
    with pytest.raises(SalesOpsError, match=said):
        lock(stated(changed, TABLES, "2026-01"), TABLES, tmp_path, "Ann")


def test_refusals_of_an_approval(tmp_path):
    with pytest.raises(SalesOpsError, match="nobody approves plan 'test' version 1; allowed: a name; do: add --by"):
        approve(PLAN, tmp_path, " ")
    with pytest.raises(SalesOpsError, match="plan 'test' version 1 is a draft; allowed: status: approved in its file"):
        approve(DRAFT, tmp_path, "Vera")
    with pytest.raises(SalesOpsError, match="Bo approves plan 'test' version 1, whose file says approved_by: Vera"):
        approve(PLAN.model_copy(update={"approved_by": "Vera"}), tmp_path, "Bo")
    approve(PLAN, tmp_path, "Vera")
    next(tmp_path.glob("approved/*.json")).write_text("{")
    with pytest.raises(SalesOpsError, match="test.v1.json cannot be read; .* do: restore it from a backup"):
        approval_of(PLAN, tmp_path)


def test_approving_and_locking_are_two_peoples_work_where_the_company_asks(tmp_path):
    made = stated(PLAN, TABLES, "2026-01")
    with pytest.raises(SalesOpsError, match="does not say who approved it; .* do: salesops plan approve FILE"):
        lock(made, TABLES, tmp_path, "Ann", separate=True)
    approve(PLAN, tmp_path, "Ann Lee")
    with pytest.raises(SalesOpsError, match="ann lee approved plan 'test' version 1 and would lock the month"):
        lock(made, TABLES, tmp_path, "ann  lee", separate=True)
    assert lock(made, TABLES, tmp_path, "Bo", separate=True).by == "Bo"
    next(tmp_path.glob("approved/*.json")).unlink()
    with pytest.raises(SalesOpsError, match="BO locked 2026-01, which plan 'test' version 1 pays, and would approve"):
        approve(PLAN, tmp_path, "BO", read_book(tmp_path), separate=True)
    assert approve(PLAN, tmp_path, "BO", read_book(tmp_path)).by == "BO"


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "acme" / "plans").mkdir(parents=True)
    (tmp_path / "acme" / "company.toml").write_text(TOML)
    (tmp_path / "acme" / "plans" / "test.yaml").write_text(TEXT)
    (tmp_path / "acme" / "reps.csv").write_text("rep_id,name\na,Ann\n")
    (tmp_path / "acme" / "opportunities.csv").write_text(
        "opportunity_id,rep_id,stage,created_on,closed_on,amount\n1,a,Won,2026-01-02,2026-01-05,100\n"
        "2,a,Won,2026-01-02,2026-01-06,50\n")
    (tmp_path / "acme" / "splits.csv").write_text("opportunity_id,rep_id,quota_share,commission_share\n2,a,0.9,0.9\n")
    (tmp_path / "acme" / "plan_assignments.csv").write_text("rep_id,starts_on,plan\na,2026-01-01,test\n")
    return tmp_path / "acme"


def run(capsys, *arguments) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        cli.main(list(map(str, arguments)))
    return (ended.value.code, *capsys.readouterr())


def test_approve_and_lock_at_the_command_line(capsys, folder, tmp_path):
    file = folder / "plans" / "test.yaml"
    code, out, _ = run(capsys, "plan", "approve", file, "--by", "Vera Vogt")
    assert code == 0 and out.startswith("test version 1 (") and "is approved by Vera Vogt since " in out
    kept = json.loads((folder / "kept" / "pay" / "approved" / "test.v1.json").read_text())
    assert kept["by"] == "Vera Vogt" and kept["plan"] == "test"
    given = ("statements", folder, "--month", "2026-01", "--out", tmp_path / "pay", "--lock", "--by")
    code, _, err = run(capsys, *given, "vera vogt")
    assert code == 2 and "vera vogt approved plan 'test' version 1 and would lock" in err
    code, _, err = run(capsys, *given, "Ann")
    assert code == 2 and "1 deal of EUR 50.00 set aside and not yet paid, 2: its quota shares add up to 90 %" in err
    code, out, _ = run(capsys, *given, "Ann", "--with-set-aside")
    assert code == 0 and "2026-01 is locked by Ann" in out and "EUR 10.00 are paid to 1 rep" in out
    assert "Set aside and not yet paid: 1 deal of EUR 50.00; 2: its quota shares add up to 90 %" in out
    rows = (tmp_path / "pay" / "2026-01" / "set_aside.csv").read_text().splitlines()
    assert len(rows) == 2 and rows[1].startswith("2,a,2026-01-06,EUR,50.0,0.9,0.9,False,its quota shares add up to 90")
    other = tmp_path / "test.yaml"
    other.write_text(TEXT)
    code, _, err = run(capsys, "plan", "approve", other, "--by", "Vera")
    assert code == 2 and "holds company.toml; allowed: a plan in the plans folder of a company" in err
    code, _, err = run(capsys, "plan", "approve", other, "--by", "Vera", "--company", folder)
    assert code == 2 and "is not in the plans folder of Acme" in err
