"""Pay of a public bicycle maker: commission by its rate table, a bonus by quarterly quota, moves of territory."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pandas as pd
import pytest
from adventureworks import write_adventureworks
from pay_case import NAMES, SAMPLE

from salesops_helpers import comp, load
from salesops_helpers.comp.plans import read_plan
from salesops_helpers.publish import publish

CENT = Decimal("0.01")
BONUS = 1000
PLAN = """plan: {name}
version: 1
status: approved
effective: {{from: 2017-07-01, to: 2020-06-30}}
currency: USD
period: {{measure: quarter, pay: month, accumulate: none}}
rounding: {{scale: 2, mode: half_up}}
components:
"""
OWN = """  - {{id: own, measure: {{of: bookings}}, payout: {{kind: flat, rate: {rate}%}}}}
  - {{id: goal, measure: {{of: bookings}}, payout: {{kind: bonus, when: own.attainment >= 100%, pays: {bonus}}}}}
"""
MANAGER = "  - {id: all, measure: {of: bookings, level: company}, payout: {kind: flat, rate: 0.1%}}\n"


@pytest.fixture(scope="module")
def company(cases, tmp_path_factory):
    """The tables with assignments (a new one at each move of territory), the plans, and each rep's rate."""
    tables = load(write_adventureworks(cases, tmp_path_factory.mktemp("adventureworks")))
    people = pd.read_csv(cases / "adventureworks" / "SalesPerson.csv", dtype={"CommissionPct": str})
    rates = dict(zip(people["BusinessEntityID"].astype(str), people["CommissionPct"], strict=True))
    managers = set(tables.reps.loc[tables.reps["role"] == "Manager", "rep_id"])
    plans, rows = {}, []
    moves = tables.rep_history.sort_values(["rep_id", "valid_from"])
    for rep in tables.reps["rep_id"]:
        starts = [pd.Timestamp("2017-07-01")]
        starts += moves.loc[moves["rep_id"] == rep, "valid_from"].tolist()[1:]
        for n, start in enumerate(starts):
            name = "manager" if rep in managers else f"rate-{rates[rep].replace('.', '')}-{n}"
            body = MANAGER if rep in managers else OWN.format(rate=Decimal(rates[rep]) * 100, bonus=BONUS)
            plans[name] = [read_plan(PLAN.format(name=name) + body, f"{name}.yaml")]
            rows.append({"rep_id": rep, "starts_on": start, "plan": name})
    quotas = tables.quotas[~tables.quotas["rep_id"].isin(managers)]  # managers have no quota of their own
    frames = {name: getattr(tables, name) for name in tables.available} | {
        "plan_assignments": pd.DataFrame(rows), "quotas": quotas}
    return type(tables).from_frames(tables.company, frames, as_of="2020-06-30"), plans, rates, managers


@pytest.fixture(scope="module")
def made(company):
    tables, plans, *_ = company
    return comp.statements(tables, "2020-06", plans)


def test_commission_of_36_months_by_hand(company, made):
    tables, _, rates, managers = company
    turns = tables.plan_assignments.sort_values("starts_on")
    deals = pd.merge_asof(tables.opportunities.sort_values("closed_on"), turns, left_on="closed_on",
                          right_on="starts_on", by="rep_id")
    deals["cents"] = (deals["amount"] * 100).round().astype("int64")
    quarter = deals["closed_on"].dt.to_period("Q")
    sums = deals[~deals["rep_id"].isin(managers)].groupby(["rep_id", "plan", quarter])["cents"].sum()
    wanted: dict = {}
    for (rep, _, span), cents in sums.items():
        pay = (Decimal(int(cents)) / 100 * Decimal(rates[rep])).quantize(CENT, ROUND_HALF_UP)
        wanted[rep, span] = wanted.get((rep, span), Decimal(0)) + pay
    for span, cents in deals.groupby(quarter)["cents"].sum().items():
        for rep in managers:
            wanted[rep, span] = (Decimal(int(cents)) / 100 * Decimal("0.001")).quantize(CENT, ROUND_HALF_UP)
    paid = every_month(made)
    paid["span"] = paid["month"].dt.to_period("Q")
    rows = zip(paid["rep_id"], paid["span"], paid["earned"], strict=True)
    found = {(rep, span): Decimal(int(minor)) / 100 for rep, span, minor in rows if minor}
    bonus = {key: found.get(key, Decimal(0)) - wanted.get(key, Decimal(0)) for key in found | wanted}
    odd = {key: value for key, value in bonus.items() if value % BONUS}
    days = {value / BONUS for value in odd.values()}  # in a quarter with a move the bonus of a part has its days alone
    parts = [Decimal(n) / q for q in (90, 91, 92) for n in range(1, q)]
    assert len(odd) <= 3 and all(min(abs(d - part) for part in parts) < Decimal("0.00001") for d in days)
    assert 6 <= sum(value == BONUS for value in bonus.values()) <= 9  # 9 of 163 quarters reach the quota


def every_month(made) -> pd.DataFrame:
    last = made.summary.assign(earned=made.summary["earned"] + made.summary["corrected"])
    return pd.concat([made.paid, last[made.paid.columns]], ignore_index=True)


def test_managers_without_quota_are_paid_on_the_company(company, made):
    _, _, _, managers = company
    mine = made.components[made.components["rep_id"].isin(managers)]
    assert len(mine) == 3 and (mine["status"] == "computed").all() and mine["quota"].isna().all()


def test_a_move_in_a_quarter_shares_its_quota_out_by_days(company):
    tables, plans, *_ = company
    turns = tables.plan_assignments
    moved = turns[turns["starts_on"] > "2017-07-01"]
    assert moved["rep_id"].nunique() == 3
    for rep, day in zip(moved["rep_id"], moved["starts_on"], strict=True):
        last = day.to_period("Q").asfreq("M", "end").to_timestamp()
        names = turns.loc[turns["rep_id"] == rep, "plan"]
        parts = pd.concat([comp.payouts(plans[name][0], tables, last, last) for name in names])
        mine = parts[(parts["rep_id"] == rep) & (parts["component"] == "goal")]
        quota = tables.quotas[(tables.quotas["rep_id"] == rep) & (tables.quotas["month"].dt.to_period("Q") ==
                                                                  day.to_period("Q"))]["amount"].sum()
        assert mine["quota"].sum() == pytest.approx(quota) and quota > 0


def test_statements_sum_to_the_payroll_file_to_the_cent(made, tmp_path):
    publish(comp.payroll(made), "payroll", str(tmp_path))
    file = pd.read_csv(tmp_path / "payroll.csv", dtype=str)
    total = sum(Decimal(text) for text in file["paid"])
    assert total == Decimal(int(made.lines["minor"].sum())) / 100 == Decimal(int(made.summary["paid"].sum())) / 100
    assert total > 0 and made.summary["owed"].sum() == 0


def test_two_structures_compared_on_the_next_twelve_months(company, tmp_path):
    """75 % own and 25 % team against own pay and a team bonus, on the company's reps with quotas; targets assumed."""
    tables, _, _, managers = company
    reps = tables.reps.loc[~tables.reps["rep_id"].isin(managers), "rep_id"]
    target = pd.DataFrame({"rep_id": reps, "starts_on": pd.Timestamp("2017-07-01"), "plan": "individual-team",
                           "target_incentive": 24_000.0})
    frames = {name: getattr(tables, name) for name in tables.available} | {"plan_assignments": target}
    frames |= {name: frames[name].assign(team=frames[name]["region"]) for name in ("reps", "rep_history")}
    (tmp_path / "plans").mkdir()
    for name in NAMES:
        text = (SAMPLE / f"{name}.yaml").read_text(encoding="utf-8").replace("currency: EUR", "currency: USD")
        (tmp_path / "plans" / f"{name}.yaml").write_text(text, encoding="utf-8")
    home = tables.company.model_copy(update={"home": tmp_path})
    known = type(tables)(home, type(tables).from_frames(home, frames, as_of="2020-06-30")._frames, tables.as_of)
    scenario = comp.scenario(known, "2020-06", NAMES)
    made = comp.outlook(scenario, known, "2020-06", size=2000)
    assert made.names == NAMES and len(made.seats.people) >= 10
    found = comp.costs(made)
    assert (found["p10"] < found["p50"]).all() and (found["p50"] < found["p80"]).all() and len(found) == 6
    ends = ["p10", "p50", "p80"]
    first, second = (found.loc[found["plan"] == name, ends].to_numpy() for name in ("as assigned", NAMES[0]))
    assert (first == second).all(), "all are assigned to the first plan"
    assert found.groupby("plan")["above"].agg(lambda rows: rows.iloc[0] > rows.iloc[1]).all()
    assert len(comp.people(made)) == len(made.seats.people) and len(comp.findings_in_words(scenario))
    assert scenario.computed and "July 2020 to June 2021" in comp.outlook_sentences(made)[0]
    print(*comp.outlook_sentences(made), found.to_string(), comp.solved_table(comp.answers(made)).to_string(), sep="\n")
