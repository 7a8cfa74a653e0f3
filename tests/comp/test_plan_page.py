"""What a plan's author and its reps see: check, page, difference."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from pay_case import part, plan, tiers

from salesops_helpers import cli
from salesops_helpers.comp.curves import warnings
from salesops_helpers.comp.difference import in_lines, plan_diff
from salesops_helpers.comp.page import plan_page

PLANS = Path(__file__).resolve().parents[2] / "data" / "sample" / "plans"


def one(rate: str = "1.5x", weight: str = "75%", other: str = "25%", **more):
    return plan([part(f"kind: marginal, unit: attainment, {tiers([('0%', '1x'), ('100%', rate)])}", weight=weight),
                 part("kind: flat, rate: 1x", "team", "team", weight=other)],
                more="target_incentive: 24000", **more)


def run(capsys, *arguments) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        cli.main(["plan", *map(str, arguments)])
    return (ended.value.code, *capsys.readouterr())


def test_a_difference_names_each_rule_and_what_it_does_to_pay():
    diff = plan_diff(one(), one("2x", "60%", "40%"))
    assert diff["part"].tolist() == ["own", "team"] + [
        f"pay of a month at {at} % of all goals, for a target of 2,000 and a quota of 50,000 a month"
        for at in (120, 150)]
    assert set(diff["change"]) == {"changed"}
    assert diff["before"].iloc[0].startswith("weight 75 %. ") and "2 × from 100 %" in diff["after"].iloc[0]
    assert diff[["before", "after"]].iloc[2].tolist() == ["EUR 2,550.00", "EUR 2,640.00"]
    assert not len(plan_diff(one(), one())) and in_lines(plan_diff(one(), one())) == "Both plans say the same."
    less = plan([part("kind: flat, rate: 1x", weight="100%")], more="target_incentive: 24000")
    told = plan_diff(one(), less).set_index("part")["change"]
    assert told["team"] == "gone" and plan_diff(less, one()).set_index("part")["change"]["team"] == "new"


def test_a_page_pays_what_the_engine_pays_and_escapes_what_it_reads():
    page = plan_page(one(), Fraction(36000), Fraction(80000))
    assert page.heading == "How does test pay?"
    assert "EUR 3,000 a month, at 50 % EUR 1,500 and at 150 % EUR 5,062" in page.answer[0]
    table = {title: shown for title, _, shown in page.pieces}["What it pays"]
    for pay in ("1,875.00", "1,500.00", "2,550.00", "2,400.00", "3,000.00", "3,675.00", "3,825.00", "5,062.50"):
        assert pay in table.text
    signed = one().model_copy(update={"status": "approved", "approved_by": "<script>alert(1)</script>"})
    about = plan_page(signed).pieces[-1][2].html
    assert "<script>" not in about and "&lt;script&gt;" in about


def test_warnings_of_a_plan():
    cliff = plan([part("kind: retroactive, unit: attainment, tie: upper, "
                       + tiers([("0%", "0.5x"), ("100%", "1x"), ("150%", "0.9x")]), weight="100%"),
                  *(part("kind: fixed, pays: 5", f"f{n}") for n in range(3))], more="target_incentive: 24000")
    assert warnings(cliff) == [
        "at 100 % of the own result pay jumps by EUR 1,000.00",
        "at 150 % of the own result pay jumps by EUR -300.00",
        "from 150 % of the own result on more sales bring less than before",
        "4 components are hard to keep in mind; 3 are enough for most",
    ]


def test_check_page_and_diff_at_the_command_line(capsys, tmp_path):
    code, out, _ = run(capsys, "check", PLANS / "individual-team.yaml")
    assert code == 0 and "individual-team version 1 (approved) can be paid on.\n  own (75 %): The rep's own" in out
    path = tmp_path / "made" / "page.html"
    goals = ("--target", "24000", "--quota", "80000")
    code, out, _ = run(capsys, "page", PLANS / "individual-team.yaml", "--out", path, *goals)
    text = path.read_text(encoding="utf-8")
    assert (code, out) == (0, f"{path}\n") and "<h1>How does individual-team pay?</h1>" in text
    assert "http" not in text.split("<svg")[0].replace("http-equiv", "") and 'class="answer"' in text and "alt=" in text
    code, out, _ = run(capsys, "diff", PLANS / "individual-team.yaml", PLANS / "weighted-attainment.yaml")
    assert code == 0 and "cap: gone" in out and "both: new" in out


def test_a_wrong_file_is_one_line(capsys, tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text((PLANS / "individual-team.yaml").read_text().replace("weight: 25%", "weight: 20%"))
    code, out, err = run(capsys, "check", bad)
    assert (code, out) == (2, "") and err.count("\n") == 1 and "add up to 95 %" in err
    assert run(capsys, "check", tmp_path / "none.yaml")[0] == 2
    code, _, err = run(capsys, "page", PLANS / "individual-team.yaml", "--target", "much")
    assert code == 2 and "--target 'much' is not an amount" in err


@pytest.mark.parametrize("path", sorted(PLANS.glob("*.yaml")), ids=lambda path: path.stem)
def test_each_ready_plan_has_a_page(path, capsys, tmp_path):
    assert run(capsys, "page", path, "--out", tmp_path / "page.html")[0] == 0
