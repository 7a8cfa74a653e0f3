"""Signals: what moved, what was looked at, and what is left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from kpi_case import monthly, tables

from salesops_helpers import load
from salesops_helpers.performance.registry import registry
from salesops_helpers.performance.signals import expected_alarms, known_history, of_month, scale, signals

KPIS = ["deals_won", "win_rate", "bookings", "sales_cycle"]
RNG = np.random.default_rng(3)
WON, LOST = RNG.binomial(60, 0.5, 30).tolist(), 60


def company(last_won: int = 30, as_of: str = "2026-06-30"):
    won = [*WON[:29], last_won]
    return tables(monthly(won, [LOST - w for w in won]), as_of)


def test_a_month_like_the_others_is_none():
    acme = company()
    found = signals(known_history(acme, "2026-06", kpis=KPIS), acme)
    now = of_month(found, "2026-06").set_index("kpi")
    assert now["signal"].eq(0).all() and now.loc[["deals_won", "win_rate"], "months"].eq(24).all()
    assert now.loc["win_rate", "limit_low"] < 0.5 < now.loc["win_rate", "limit_high"]
    assert expected_alarms(found, "2026-06")[0] == now["looked_at"].sum()


def test_a_collapse_is_one_and_says_that_it_is_worse():
    acme = company(last_won=4)
    found = signals(known_history(acme, "2026-06", kpis=KPIS), acme)
    now = of_month(found, "2026-06")
    assert now["kpi"].iloc[0] in ("win_rate", "deals_won", "bookings")
    assert now.set_index("kpi").loc[["win_rate", "deals_won"], "good"].tolist() == [-1, -1]
    looked, moved, expected = expected_alarms(found, "2026-06")
    assert moved >= 2 and expected == pytest.approx(looked * 0.05 / 12)


def test_a_month_that_is_not_over_is_not_judged():
    acme = company(last_won=4, as_of="2026-06-20")
    now = of_month(signals(known_history(acme, "2026-06", kpis=KPIS), acme), "2026-06")
    assert now["signal"].eq(0).all() and not now["looked_at"].any()


def test_no_band_reaches_below_zero_unless_a_figure_does():
    acme = company()
    history = known_history(acme, "2026-06", kpis=["bookings"])
    wild = history.assign(value=np.where(np.arange(len(history)) % 2, 1.0, 400.0))
    low = of_month(signals(wild, acme), "2026-06")["limit_low"]
    assert low.tolist() == [0.0]
    signed = wild.assign(value=wild["value"].where(wild["value"] > 1, -400.0))
    assert of_month(signals(signed, acme), "2026-06")["limit_low"].iloc[0] < -400


def test_history_is_untouched_and_another_order_gives_the_same():
    acme = company(last_won=4)
    history = known_history(acme, "2026-06", kpis=KPIS)
    kept = history.copy(deep=True)
    found = signals(history, acme)
    pd.testing.assert_frame_equal(history, kept)
    again = signals(history.sample(frac=1, random_state=1), acme)
    keys = ["kpi", "month"]
    pd.testing.assert_frame_equal(found.sort_values(keys, ignore_index=True)[["kpi", "month", "distance", "signal"]],
                                  again.sort_values(keys, ignore_index=True)[["kpi", "month", "distance", "signal"]])


def test_plans_and_ripening_figures_and_those_who_left_are_left_out():
    acme = company()
    history = known_history(acme, "2026-06", by="rep", kpis=["win_rate", "deals_won"])
    assert set(signals(history, acme)["unit"]) == {"R1"}
    gone = acme.reps.assign(left_on=pd.Timestamp("2026-03-01"))
    left = tables(monthly(WON, [LOST - w for w in WON]), "2026-06-30", reps=gone)
    assert signals(history, left).empty
    assert set(signals(history, acme, every_form=True)["form"]) == {"closed", "created"}
    ripe = history.assign(still_open=history["still_open"].mask(history["month"] == "2026-06-01", 0.2))
    ripe["still_open"] = ripe["still_open"].where(ripe["form"] == "created")
    assert set(signals(ripe, acme, every_form=True)["form"]) == {"closed"}
    plan = history.assign(kpi="pay_mix", form="base_share")
    assert signals(plan, acme).empty


def test_months_before_a_unit_began_are_not_learnt_from():
    first = [0] * 12 + WON[12:]
    deals = monthly(first, [0 if w == 0 else LOST - w for w in first])
    deals = pd.concat([deals, monthly([1], [0]).assign(opportunity_id="X", rep_id="R2")], ignore_index=True)
    reps = pd.DataFrame({"rep_id": ["R1", "R2"], "name": ["Ann", "Bob"]})
    acme = tables(deals, "2026-06-30", reps=reps)
    found = signals(known_history(acme, "2026-06", by="rep", kpis=["deals_won"]), acme)
    now = of_month(found, "2026-06").set_index("unit")
    assert now.loc["R1", "months"] == 17 and now.loc["R1", "signal"] == 0


def test_scales_follow_the_kind_of_figure():
    known = registry()
    names = ("bookings", "deals_won", "win_rate", "deal_size", "sales_cycle", "win_rate_value")
    pairs = {name: scale(known[name], known[name].default) for name in names}
    assert pairs == {"bookings": ("sum", False), "deals_won": ("count", False), "win_rate": ("rate", True),
                     "deal_size": ("typical", True), "sales_cycle": ("typical", True),
                     "win_rate_value": ("share", True)}
    assert scale(known["call_bias"], known["call_bias"].default, negative=True) == ("signed", False)


def test_maven_compares_december_with_other_quarter_ends(cases):
    maven = load("tests/cases/maven", month="2017-12")
    history = known_history(maven, "2017-12", kpis=["win_rate", "deals_created", "pipeline_created"])
    now = of_month(signals(history, maven), "2017-12").set_index("kpi")
    rate = now.loc["win_rate"]
    assert rate["basis"] == "the same month of other quarters" and rate["signal"] == 0
    assert rate["usual"] == pytest.approx(0.81, abs=0.02)
    assert now.loc["pipeline_created", "signal"] == -1 and now.loc["pipeline_created", "good"] == -1
