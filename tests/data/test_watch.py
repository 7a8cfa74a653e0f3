"""Each rule for a row among others: it hits what it should, and not the near miss."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from salesops_helpers import Tables
from salesops_helpers.data.company import Company
from salesops_helpers.data.marks import every_rule, rulebook
from salesops_helpers.data.watch import FOUND, WATCHES, watched
from salesops_helpers.data.watch.spread import slipped

ACME = Company(name="Acme", currency="EUR", stages=["Open", "Won", "Lost"], won_stages=["Won"], lost_stages=["Lost"])
DAY = pd.Timestamp("2026-06-30")
REPS = [
    ("r1", "Ada", "North", "N", "2024-01-01", None),
    ("r2", "Bo", "South", "S", "2026-02-01", None),
    ("r3", "Cy", "South", "S", "2024-01-01", "2026-03-31"),
]
COLUMNS = ["rep_id", "name", "team", "region", "hired_on", "left_on"]


def deal(
    key="d1", rep="r1", status="open", created="2026-06-01", closed=None, expected="2026-07-31", amount=100.0, **more
):
    return {
        "opportunity_id": key,
        "rep_id": rep,
        "status": status,
        "stage": status.capitalize(),
        "created_on": created,
        "closed_on": closed,
        "expected_close_on": expected,
        "amount": amount,
        "account_id": f"c-{key}",
        "product": "P",
        **more,
    }


def won(key="d1", rep="r1", created="2026-05-01", closed="2026-06-10", **more):
    return deal(key, rep, "won", created, closed, **more)


def company(deals=(), **frames) -> Tables:
    made = {"reps": pd.DataFrame(REPS, columns=COLUMNS), "opportunities": pd.DataFrame(list(deals) or [deal("z")])}
    frames = {name: pd.DataFrame(rows) for name, rows in frames.items()}
    return Tables.from_frames(ACME, made | frames, as_of=DAY)


def hits(tables: Tables, rule: str, table: str | None = None) -> list[str]:
    found = watched(tables)
    assert list(found) == FOUND
    here = found[(found["rule"] == rule) & (True if table is None else found["table"] == table)]
    return here["key"].tolist()


@pytest.mark.parametrize(
    ("rule", "hit", "miss"),
    [
        ("expected close long past", deal(expected="2026-03-31"), deal(expected="2026-04-01")),
        ("expected close long past", deal(expected="2025-01-01"), won(expected="2025-01-01")),
        ("owner has left", deal(rep="r3"), won(rep="r3", created="2026-01-01", closed="2026-02-01")),
        ("owner has left", deal(rep="r3"), deal(rep="r1")),
        ("closed outside employment", won(rep="r3", closed="2026-04-01"), won(rep="r3", closed="2026-03-31")),
        (
            "closed outside employment",
            won(rep="r2", created="2026-01-01", closed="2026-01-31"),
            won(rep="r2", created="2026-01-01", closed="2026-02-01"),
        ),
        ("won without an amount", won(amount=0.0), won(amount=0.01)),
        ("won without an amount", won(amount=None), deal(amount=None)),
        ("open without an amount", deal(amount=None), deal(amount=0.0)),
    ],
)
def test_rules_on_one_deal(rule, hit, miss):
    assert hits(company([hit]), rule) == ["d1"]
    assert hits(company([miss]), rule) == []


def test_what_was_seen_stands_in_the_reason():
    found = watched(company([deal(rep="r3", expected="2026-01-02")]))
    said = found.set_index("rule")["reason"]
    assert said["owner has left"].endswith(": the owner left on 2026-03-31")
    assert said["expected close long past"].endswith(": expected on 2026-01-02")


def test_a_deal_before_its_owner_was_hired_unless_it_was_handed_over():
    old = deal(rep="r2", created="2026-01-15")
    change = {"opportunity_id": "d1", "changed_at": "2026-01-15T09:00", "stage": "Open", "amount": 100.0}
    assert hits(company([old], stage_history=[{**change, "rep_id": "r2"}]), "deal before hire") == ["d1"]
    assert hits(company([old], stage_history=[{**change, "rep_id": "r3"}]), "deal before hire") == []
    assert hits(company([old]), "deal before hire") == []


def prices(n=40, spread=0.1, seed=1):
    """Deals of one product around 1,000."""
    values = 1000 * np.exp(np.random.default_rng(seed).normal(0, spread, n))
    return [won(f"k{i}", amount=round(float(v), 2)) for i, v in enumerate(values)]


@pytest.mark.parametrize(
    ("amount", "far"), [(10_000, True), (100, True), (1_000_000, True), (3_000, False), (400, False)]
)
def test_amounts_far_from_usual(amount, far):
    assert hits(company([*prices(), won("x", amount=float(amount))]), "amount far from usual") == ["x"] * far


def test_amounts_of_a_wide_spread_are_judged_by_it():
    assert hits(company([*prices(400, 1.0), won("x", amount=10_000.0)]), "amount far from usual") == []
    assert hits(company([*prices(400, 1.0), won("x", amount=1e6)]), "amount far from usual") == ["x"]


def test_amounts_are_compared_with_the_list_price_where_there_is_one():
    ranges = [
        {**row, "list_price": price, "amount": 0.9 * price, "opportunity_id": f"k{i}"}
        for i, price in enumerate(np.geomspace(10, 100_000, 40))
        for row in [won()]
    ]
    slip = won("x", amount=90_000.0, list_price=10_000.0)
    assert hits(company([*ranges, slip]), "amount far from usual") == ["x"]
    fair = won("y", amount=90_000.0, list_price=100_000.0)
    assert hits(company([*ranges, fair]), "amount far from usual") == []
    priced = company(
        [*[{**row, "list_price": None} for row in ranges[:1]], *prices()],
        products=[{"product": "P", "list_price": 1000.0}],
    )
    assert hits(priced, "amount far from usual") == ["k0"]


def test_without_a_product_the_customer_is_the_measure():
    mine = [{**row, "product": None, "account_id": "big", "amount": row["amount"] * 100} for row in prices(20)]
    theirs = [
        {**row, "product": None, "account_id": "small", "opportunity_id": "s" + row["opportunity_id"]}
        for row in prices(20, seed=2)
    ]
    odd = won("x", amount=100_000.0, product=None, account_id="small")
    assert hits(company([*mine, *theirs, odd]), "amount far from usual") == ["x"]


def test_a_possible_double_entry():
    first = won("a", account_id="c", amount=70.0)
    assert sorted(hits(company([first, {**first, "opportunity_id": "b"}]), "possible double entry")) == ["a", "b"]
    other = {**first, "opportunity_id": "b", "created_on": "2026-05-02"}
    assert hits(company([first, other]), "possible double entry") == []
    free = [{**row, "amount": 0.0} for row in (first, {**first, "opportunity_id": "b"})]
    assert hits(company(free), "possible double entry") == []


def test_deals_without_activity():
    log = [{"activity_id": "a1", "rep_id": "r1", "occurred_at": "2026-01-01T10:00", "opportunity_id": "logged"}]
    deals = [
        won("logged"),
        won("silent"),
        deal("fresh"),
        deal("stale", created="2026-05-30"),
        won("older", created="2025-12-01"),
    ]
    assert hits(company(deals, activities=log), "no activity") == ["silent", "stale"]
    without = [{**log[0], "opportunity_id": None}]
    assert hits(company(deals, activities=without), "no activity") == []
    assert hits(company(deals), "no activity") == []


def test_a_history_that_does_not_end_in_the_deal():
    rows = [
        {"opportunity_id": "d1", "changed_at": "2026-06-02", "stage": "Open", "amount": 90.0},
        {"opportunity_id": "d1", "changed_at": "2026-06-01", "stage": "Won", "amount": 100.0},
    ]
    assert hits(company([deal()], stage_history=rows), "history against deal") == ["d1"]
    rows[0]["amount"] = 100.0
    assert hits(company([deal()], stage_history=rows), "history against deal") == []


def test_shares_that_do_not_add_up():
    def split(rep, share, overlay=False):
        return {
            "opportunity_id": "d1",
            "rep_id": rep,
            "quota_share": share,
            "commission_share": share,
            "overlay": overlay,
        }

    rule = "shares do not add up"
    assert hits(company(splits=[split("r1", 0.6), split("r2", 0.5)]), rule) == ["d1 / r1", "d1 / r2"]
    assert hits(company(splits=[split("r1", 0.6), split("r2", 0.4), split("r3", 0.5, True)]), rule) == []
    assert hits(company(splits=[split("r1", 0.3333), split("r2", 0.3333), split("r3", 0.3333)]), rule) == []


MONTHS = pd.date_range("2024-07-01", periods=24, freq="MS")


def monthly(key, column, value, **at):
    """24 months of a seasonal series, with values at some months replaced."""
    season = 1 + 0.3 * np.sin(np.arange(24) / 12 * 2 * np.pi)
    frame = pd.DataFrame({**key, "month": MONTHS, column: np.round(value * season)})
    return frame.assign(
        **{
            column: frame[column].where(
                ~frame["month"].dt.strftime("m%Y_%m").isin(list(at)), frame["month"].dt.strftime("m%Y_%m").map(at)
            )
        }
    )


@pytest.mark.parametrize(
    ("value", "far"), [(100_000, True), (1_000, True), (10_000_000, True), (25_000, False), (3_500, False)]
)
def test_a_quota_with_a_slipped_decimal(value, far):
    tables = company(quotas=monthly({"rep_id": "r1"}, "amount", 10_000, m2025_06=value))
    assert hits(tables, "quota far from usual") == ["r1 / 2025-06"] * far


def test_the_first_month_of_a_rep_may_be_part_of_one():
    tables = company(quotas=monthly({"rep_id": "r1"}, "amount", 10_000, m2024_07=1_000))
    assert hits(tables, "quota far from usual") == []


def test_targets_and_demand_with_a_slipped_decimal():
    goals = monthly({"unit": "X", "kpi": "bookings"}, "amount", 5e5, m2025_01=5e6)
    demand = monthly({"product": "P"}, "units", 400, m2025_08=4)
    tables = company(targets=goals, demand=demand)
    assert hits(tables, "target far from usual") == ["X / bookings / 2025-01"]
    assert hits(tables, "demand far from usual") == ["P / 2025-08"]
    short = [{"product": "P", "month": "2025-08-01", "stocked_out": True}]
    assert hits(company(demand=demand, supply=short), "demand far from usual") == []


@pytest.mark.parametrize(("mean", "spread"), [(10, 0.4), (100, 0.4), (1000, 0.2), (1000, 0.4)])
def test_slips_are_found_in_noisy_series_and_noise_is_not(mean, spread):
    rng = np.random.default_rng(6)
    season = 1 + 0.4 * np.sin(np.arange(36) / 12 * 2 * np.pi)
    values = pd.Series(rng.poisson(mean * np.exp(rng.normal(0, spread, (100, 36))) * season).ravel().astype(float))
    group = pd.Series(np.repeat(np.arange(100), 36))
    month = pd.Series(np.tile(pd.date_range("2023-01-01", periods=36, freq="MS"), 100))
    assert len(slipped(values, group, month)) <= 0.002 * len(values)
    planted = rng.choice(len(values), 60, replace=False)
    changed = values.where(~values.index.isin(planted), values * 100)
    assert np.isin(planted, slipped(changed, group, month).index).mean() > (0.6 if mean == 10 else 0.8)


def test_small_counts_vary_without_being_slips():
    units = np.random.default_rng(4).poisson(3, 24)
    demand = pd.DataFrame({"product": "P", "month": MONTHS, "units": units})
    assert hits(company(demand=demand), "demand far from usual") == []


def test_quotas_outside_employment():
    rows = [{"rep_id": "r3", "month": m, "amount": 10.0} for m in ("2026-03-01", "2026-04-01")]
    rows += [{"rep_id": "r2", "month": m, "amount": 10.0} for m in ("2026-01-01", "2026-02-01")]
    rows += [{"rep_id": "r3", "month": "2026-05-01", "amount": 0.0}]
    assert hits(company(quotas=rows), "quota outside employment") == ["r3 / 2026-04", "r2 / 2026-01"]


def goal(unit, amount, kpi="bookings"):
    return {"unit": unit, "kpi": kpi, "month": "2026-05-01", "amount": amount}


@pytest.mark.parametrize(
    ("unit", "amount", "hit"),
    [
        ("Acme", 100.0, False),
        ("Acme", 101.0, True),
        ("Acme", 80.0, False),
        ("Acme", 79.0, True),
        ("N", 60.0, False),
        ("N", 61.0, True),
        ("South", 41.0, True),
        ("Elsewhere", 1.0, False),
    ],
)
def test_goals_against_the_quotas_of_their_members(unit, amount, hit):
    quotas = [{"rep_id": rep, "month": "2026-05-01", "amount": q} for rep, q in (("r1", 60.0), ("r2", 40.0))]
    found = hits(company(quotas=quotas, targets=[goal(unit, amount)]), "goal against its parts")
    assert found == [f"{unit} / bookings / 2026-05"] * hit
    rate = company(quotas=quotas, targets=[goal(unit, amount, "win_rate")])
    assert hits(rate, "goal against its parts") == []


def test_a_member_counts_where_the_history_says():
    quotas = [{"rep_id": "r1", "month": "2026-05-01", "amount": 60.0}]
    moved = [{"rep_id": "r1", "valid_from": "2026-05-20", "team": "South", "region": "S"}]
    tables = company(quotas=quotas, targets=[goal("South", 60.0), goal("North", 60.0)], rep_history=moved)
    assert hits(tables, "goal against its parts") == []
    early = company(quotas=quotas, targets=[goal("South", 70.0)], rep_history=moved)
    assert hits(early, "goal against its parts") == ["South / bookings / 2026-05"]


def test_regions_that_do_not_sum_to_the_company():
    rule = "goal against its regions"
    assert hits(company(targets=[goal("Acme", 100.0), goal("N", 60.0), goal("S", 35.0)]), rule) == [
        "Acme / bookings / 2026-05"
    ]
    assert hits(company(targets=[goal("Acme", 100.0), goal("N", 60.0), goal("S", 40.5)]), rule) == []
    assert hits(company(targets=[goal("Acme", 100.0), goal("N", 60.0)]), rule) == []


def test_plans_that_overlap():
    def plan(starts, ends):
        return {"rep_id": "r1", "plan": "p", "starts_on": starts, "ends_on": ends}

    rule = "plans overlap"
    assert hits(company(plan_assignments=[plan("2025-01-01", "2025-12-31"), plan("2025-12-31", None)]), rule) == [
        "r1 / 2025-12-31"
    ]
    assert hits(company(plan_assignments=[plan("2025-01-01", "2025-12-31"), plan("2026-01-01", None)]), rule) == []
    assert hits(company(plan_assignments=[plan("2025-01-01", None), plan("2026-01-01", None)]), rule) == [
        "r1 / 2026-01-01"
    ]


def test_reps_of_one_name():
    people = pd.DataFrame([*REPS, ("r4", "ADA", "South", "S", None, None)], columns=COLUMNS)
    tables = Tables.from_frames(ACME, {"reps": people, "opportunities": pd.DataFrame([deal()])}, as_of=DAY)
    assert hits(tables, "same name") == ["r1", "r4"]
    assert hits(company(), "same name") == []


def test_customers_that_are_one():
    names = ["Adler Foods", "Brandt Labs", "Castle Power", "Dorn Dairy", "Ekholm Grid", "Farsund Freight"] * 6
    rows = [
        {
            "account_id": f"c{i}",
            "name": f"{name} {'ABCDEF'[i // 6]}{i}",
            "employees": 10.0 * i + 7,
            "region": "NSEW"[i % 4],
            "revenue": 1000.0 * i + 3,
        }
        for i, name in enumerate(names)
    ]
    twin = {**rows[3], "account_id": "twin", "name": rows[3]["name"].upper() + " GmbH"}
    assert hits(company(accounts=rows), "probable duplicate", "accounts") == []
    assert hits(company(accounts=[*rows, twin]), "probable duplicate", "accounts") == ["c3", "twin"]


def test_leads_that_are_one():
    def lead(key, at, score=50.0):
        return {"lead_id": key, "created_at": at, "source": "Web", "score": score}

    rule = "probable duplicate"
    assert hits(company(leads=[lead("a", "2026-05-01T10:00:05"), lead("b", "2026-05-01T10:00:40")]), rule) == ["a", "b"]
    assert hits(company(leads=[lead("a", "2026-05-01T10:00:05"), lead("b", "2026-05-01T10:01:40")]), rule) == []
    assert hits(company(leads=[lead("a", "2026-05-01T10:00"), lead("b", "2026-05-01T10:00", 51.0)]), rule) == []
    assert hits(company(leads=[lead("a", "2026-05-01"), lead("b", "2026-05-01")]), rule) == []


def test_every_rule_is_declared_once_and_says_what_it_means():
    rules = rulebook(ACME)
    assert not rules.duplicated(["rule", "consequence", "means", "doubts"]).any()
    assert (rules[["rule", "tables", "looks_at", "means"]].map(len) > 0).all().all()
    flagged = rules[rules["consequence"] == "used and flagged"]
    assert set(flagged["doubts"]) <= {"amount", "date", "stage", "owner", "customer", "record"}
    assert not every_rule(ACME).duplicated(["rule", "table", "looks_at", "means"]).any()
    assert {watch.name for watch in WATCHES} <= set(rules["rule"])


def test_no_row_no_flag():
    tables = Tables.from_frames(ACME, {"reps": pd.DataFrame(REPS, columns=COLUMNS)}, as_of=DAY)
    assert watched(tables).empty and list(watched(tables)) == FOUND
