"""The outlook of two plans on the sample company and on small ones: cost, losers, fairness, and what is assumed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pay_case import NAMES, acme

from salesops_helpers import comp, load
from salesops_helpers.comp.aside import replaced
from salesops_helpers.comp.assigned import AS_ASSIGNED
from salesops_helpers.comp.fairness import standing
from salesops_helpers.comp.outlook import ALONE, COMMON
from salesops_helpers.comp.outlook_words import _though
from salesops_helpers.comp.seats import seats
from salesops_helpers.errors import SalesOpsError

MONTH = "2026-09"


@pytest.fixture(scope="module")
def tables():
    return load("data/sample", month=MONTH)


@pytest.fixture(scope="module")
def scenario(tables):
    return comp.scenario(tables, MONTH, NAMES)


@pytest.fixture(scope="module")
def made(tables, scenario):
    return comp.outlook(scenario, tables, MONTH, size=2000)


def forecast(level: float) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    months = pd.date_range("2026-10-01", periods=3, freq="MS")
    frame = pd.DataFrame({"month": np.tile(months, 200), "draw": np.repeat(np.arange(1, 201), 3)})
    sold = level * np.repeat(np.exp(0.08 * rng.standard_normal(200)), 3)
    return frame.assign(by="company", unit="Aldermoor Instruments", bookings=sold)


def test_cost_in_order_and_the_common_market_widens_it(made):
    found = comp.costs(made).set_index(["plan", "draws"])
    assert (found[["p10", "p50", "p80", "p90"]].diff(axis=1).iloc[:, 1:] > 0).all(axis=None)
    for plan in NAMES:
        assert found.loc[(plan, COMMON), "above"] > 1.5 * found.loc[(plan, ALONE), "above"]
    assert found["cost_of_sales"].between(0.04, 0.09).all() and (found["error"] > 0).all()


def test_all_on_one_plan_costs_as_assigned_what_the_plan_costs_draw_by_draw(tables, made):
    one = replaced(tables, plan_assignments=tables.plan_assignments.assign(plan=NAMES[0]))
    o = comp.outlook(comp.scenario(one, MONTH, NAMES), one, MONTH, size=100)
    assert (o.today.cost == o.made.cost[0]).all() and (o.today.alone == o.alone.cost[0]).all()
    first = o.scenario.comparison.spans.query("plan == @NAMES[0]")["pay_minor"]
    assert o.scenario.assigned.spans["pay_minor"].tolist() == first.tolist() and not o.scenario.assigned.beside
    # mixed, each seat costs what its own plan costs on the same draws
    on = made.today.on == NAMES[1]
    pay = np.where(on, made.made.kept_pay(1), made.made.kept_pay(0)).sum(axis=1)
    assert made.today.cost[:len(pay)] == pytest.approx(pay) and on.sum() == 16
    rows = comp.costs(made).query("draws == @COMMON").set_index("plan")
    assert rows["mean"].sub(rows.loc[AS_ASSIGNED, "mean"]).to_numpy() == pytest.approx(rows["more_today"].to_numpy())


def test_the_middle_lies_by_what_the_past_cost(made, scenario):
    """Same people, quotas and attainment as in the replayed year; who left then is empty for a time now."""
    past = scenario.cost.set_index("plan")["pay"]
    middle = comp.costs(made).query("draws == @COMMON").set_index("plan")["p50"]
    assert (middle[NAMES] / past[NAMES]).between(0.85, 1.1).all()
    assert 0.85 < middle[AS_ASSIGNED] / scenario.paid_by(None)["pay"].iloc[0] < 1.1


def test_seats_are_todays_reps_and_expect_what_their_past_bears(made, tables):
    people = made.seats.people
    assert len(people) == tables.reps["left_on"].isna().sum() == 31
    assert made.seats.months[0] == pd.Timestamp("2026-10-01") and len(made.seats.months) == 12
    quota = tables.quotas[tables.quotas["month"] > "2025-09-30"].groupby("rep_id")["amount"].sum()
    whole = people[people["hired_on"] < "2025-10-01"]
    assert whole["quota"].to_numpy() == pytest.approx(quota.reindex(whole["rep_id"]).to_numpy())
    sold = people["rep_id"].map(made.scenario.credit.set_index("rep_id")["bookings"])
    level, own = people["expected"] / people["quota"], sold / people["quota"]
    assert (level.std() < own.std()) and level.corr(own) > 0.5


def test_people_from_the_largest_loss_on(made):
    found = comp.people(made)
    assert found["difference"].is_monotonic_increasing and found["less"].between(0, 1).all()
    assert found[["pay_a", "pay_b"]].sum().to_numpy() == pytest.approx(made.made.cost.mean(axis=1))
    assert found["replayed"].notna().sum() >= 30


def test_the_answer_says_cost_certainty_and_losers(made):
    said = comp.outlook_sentences(made)
    assert said[0].startswith("From October 2026 to September 2027 variable pay will cost about EUR 1.")
    assert "a budget that holds in four of five years is EUR" in said[0]
    assert "the rest is the market that all share" in said[1]
    assert "In the months ahead no rep would expect less" in said[2]
    assert "as assigned today (16 reps on individual-plus-team-bonus and 15 on individual-team)" in said[0]
    assert "variable pay as assigned, each rep on the plan of each day, came to EUR 1.40 m" in said[3]
    assert said[4].startswith("From October 2025 to September 2026 variable pay would have been EUR 1.36 m")
    back = comp.outlook(comp.scenario(load("data/sample", month=MONTH), MONTH, NAMES[::-1]),
                        load("data/sample", month=MONTH), MONTH, size=500)
    assert "31 of 31 reps would expect less under individual-team" in comp.outlook_sentences(back)[2]


def test_the_page_says_where_the_draws_come_from(made, tables, scenario):
    assert comp.outlook_limits(made)[0].startswith("The forecast's draws are not there")
    linked = comp.outlook(scenario, tables, MONTH, forecast(1_800_000), size=1000)
    assert "first 3 months are the forecast's 200 published draws" in comp.outlook_limits(linked)[0]
    assert "Bookings are drawn from past attainment: no forecast" in comp.outlook_sentences(made)[1]
    assert "Bookings of the first 3 months are the forecast's" in comp.outlook_sentences(linked)[1]
    more = comp.outlook(scenario, tables, MONTH, forecast(2_200_000), size=1000)
    first, second = (comp.costs(o)["p50"].iloc[0] for o in (linked, more))
    assert second > first * 1.03
    later = forecast(1.0).assign(month=lambda f: f["month"] + pd.DateOffset(months=1))
    assert comp.outlook(scenario, tables, MONTH, later, size=200).seats.forecast_months == 0


def test_the_response_is_an_assumption(made, tables, scenario):
    found = comp.responses(made)
    assert found["lift"].tolist() == [0.0, 0.01, 0.02, 0.05, 0.10] and found["cost"].is_monotonic_increasing
    assert comp.outlook_limits(made)[3].startswith("Cost only")
    lifted = comp.outlook(scenario, tables, MONTH, size=1000, response=0.05)
    more = comp.costs(lifted).set_index(["plan", "draws"])["p50"]
    base = comp.costs(made).set_index(["plan", "draws"])["p50"]
    assert more[NAMES[0], COMMON] == pytest.approx(base[NAMES[0], COMMON], rel=0.02)
    assert more[NAMES[1], COMMON] > base[NAMES[1], COMMON] * 1.03
    assert any(line.startswith("Behaviour: 5.0 % more") for line in comp.outlook_limits(lifted))


def test_break_even(made):
    share = comp.break_even(made, 0.5)
    assert 0 < share < 0.05
    row = comp.responses(made).set_index("lift")
    assert 0.5 * row.loc[0.05, "more_bookings"] > row.loc[0.05, "more_pay"]
    assert np.isnan(comp.break_even(made, 0.0)) and "no increase" in comp.break_even_words(made, np.nan, 0.0)
    assert "pays for itself if its people sell" in comp.break_even_words(made, share, 0.5)


def test_settings_that_meet_what_the_plans_as_assigned_cost(made):
    found = comp.answers(made)
    assert found["budget"].iloc[0] == pytest.approx(np.quantile(made.today.cost, 0.8))
    assert found.loc[found["met"], "lever"].tolist() == ["target", "quota", "cap"]
    said = comp.solved_words(made, found)
    assert "of today's quotas or a cap at" in said
    assert said.startswith("No budget is stated; what the plans as assigned cost in four of five years, EUR 1,")
    assert comp.solved_words(made, comp.answers(made, 1_500_000)).startswith("To keep ")
    assert " Rate above 100 %: the budget lies below what its range allows (" in said
    shown = comp.solved_table(found).set_index("lever")
    assert shown.loc["quota", "value"].endswith(" %") and shown.loc["accelerator", "met"] == "no, nearest"


def test_pay_is_spread_and_capped_as_the_plan_says(made):
    found = comp.pay_shares(made).set_index("plan")
    assert (found["low"] < found["middle"]).all() and (found["middle"] < found["high"]).all()
    assert 0 < found.loc[NAMES[0], "capped"] < 0.05 and np.isnan(found.loc[NAMES[1], "capped"])


def test_fairness_by_group_counts_every_rep(made, tables):
    found = comp.by_group(made, tables)
    assert found.groupby("by")["reps"].sum().tolist() == [31, 31, 31]
    goes = comp.follows(made, tables)
    assert len(goes) == 4 and (goes["n"] == 31).all()
    assert ((goes["low"] < goes["correlation"]) & (goes["correlation"] < goes["high"])).all()
    assert comp.follows_words(goes).startswith("Under individual-team ")
    frames = {n: getattr(tables, n) for n in tables.available if n not in ("activities", "accounts")}
    bare = type(tables).from_frames(tables.company, frames, as_of=tables.as_of)
    assert comp.follows(made, bare).empty and "cannot be told" in comp.follows_words(comp.follows(made, bare))
    assert standing(made, tables)["effort"].notna().all()


def test_what_happens_in_few_years_or_none_is_said_so():
    few, none, some = (_though(share) for share in (0.004, 0.0, 0.12))
    assert "in less than 1 % of cases" in few and "in no possible year" in none and "in 12 % of cases" in some


def test_reps_that_luck_alone_tells_apart_are_expected_to_do_alike(made, tmp_path):
    small = acme(tmp_path)  # one deal a quarter: months differ by more than reps do
    o = comp.outlook(comp.scenario(small, "2026-12", NAMES), small, "2026-12", size=200)
    assert "luck alone explains how the reps differ, so 95.0 % is expected of each" in comp.outlook_limits(o)[1]
    assert "luck alone" not in comp.outlook_limits(made)[1]


def test_one_lever_at_a_time(made):
    found = comp.cases(made).set_index("case")
    assert found.loc["as written", "p50"] == pytest.approx(np.median(made.made.cost[0]))
    assert found.loc["quotas +10 %", "more"] < 0 < found.loc["quotas −10 %", "more"]
    assert found.loc["target incentives +10 %", "p50"] == pytest.approx(1.1 * found.loc["as written", "p50"])


def test_without_quotas_nothing_is_simulated_and_the_page_still_speaks(tmp_path):
    bare = acme(tmp_path, quotas=False)
    s = comp.scenario(bare, "2026-12", NAMES)
    o = comp.outlook(s, bare, "2026-12", size=200)
    assert not o.computed and comp.outlook_sentences(o)[0] == comp.answer_sentences(s)[0]


def test_a_plan_that_is_not_simulated_is_named(tables):
    s = comp.scenario(tables, MONTH, [NAMES[0], "team-pool"])
    o = comp.outlook(s, tables, MONTH, size=200)
    assert o.names == [NAMES[0]] and not o.two
    assert "Plan team-pool is not simulated (pool: payout.kind = pool)" in o.lacking[0]
    assert comp.outlook_sentences(o)[0].count("EUR") == 4 and o.today is not None  # as assigned, and the one plan


def test_plain_rates_need_no_quota(tmp_path):
    bare = acme(tmp_path, quotas=False)
    from pay_case import part, plan, tiers

    rates = part(f"kind: marginal, unit: money, {tiers([('0', '3%'), ('50000', '5%')])}")
    found = seats([plan([rates], "{measure: quarter, pay: month, accumulate: none}")], bare, "2026-12")
    assert len(found.people) == 4 and found.people["expected"].sum() == pytest.approx(380_000 * 4)


@pytest.mark.parametrize(("given", "told"), [
    ({"assumptions": comp.Assumptions(shock=10)}, "market_shock = 10"),
    ({"assumptions": comp.Assumptions(leaving=-0.1)}, "leaving = -0.1"),
    ({"response": 3.0}, "response = 3.0"), ({"size": 5}, "draws = 5"),
])
def test_what_is_no_share_is_refused(scenario, tables, given, told):
    with pytest.raises(SalesOpsError, match=told):
        comp.outlook(scenario, tables, MONTH, **given)
