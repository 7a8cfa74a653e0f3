"""The hazard model on deals whose rates are known, and what it refuses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from salesops_helpers.errors import SalesOpsError
from salesops_helpers.forecast import hazard

AS_OF = pd.Timestamp("2026-06-30")


def panel(deals: int, stage_ends: dict[str, float], win: float = 0.5, seed: int = 1) -> pd.DataFrame:
    """Deals open on the ends of the twelve months before June 2026; each month a deal of a stage ends with the chance
    given, and is won with `win`."""
    rng = np.random.default_rng(seed)
    cuts = pd.date_range(end=AS_OF, periods=13, freq="ME")
    rows = pd.DataFrame({"cut": np.tile(cuts, deals), "opportunity_id": np.arange(deals * 13).astype(str)})
    n = len(rows)
    rows["stage"] = rng.choice(list(stage_ends), n)
    step = rng.geometric(rows["stage"].map(stage_ends))
    over = (AS_OF.year - rows["cut"].dt.year) * 12 + AS_OF.month - rows["cut"].dt.month
    ended = step <= over
    won = rng.random(n) < win
    return rows.assign(end=np.where(ended, np.where(won, "won", "lost"), "open"), step=np.where(ended, step, np.nan),
                       age=30.0, in_stage=np.nan, pushes=np.nan, activity=np.nan, size=np.nan, rep_odds=0.0,
                       place=rows["cut"].dt.month % 3, expected_close_on=pd.NaT)


def test_rates_that_are_known_are_found_by_stage_and_month():
    rows = panel(400, {"Early": 0.1, "Late": 0.4})
    model = hazard.fit(rows, AS_OF)
    now = rows[rows["cut"] == AS_OF]
    chance = pd.DataFrame(hazard.chances(model, now)).groupby(now["stage"].to_numpy()).mean()
    for stage, ends in (("Early", 0.1), ("Late", 0.4)):
        truth = 0.5 * (1 - (1 - ends) ** np.arange(1, 7))
        np.testing.assert_allclose(chance.loc[stage], truth, atol=0.035)


def test_chances_do_not_fall_and_are_no_more_than_one():
    rows = panel(60, {"Only": 0.3}, win=0.9)
    chance = hazard.chances(hazard.fit(rows, AS_OF), rows[rows["cut"] == AS_OF])
    assert (np.diff(chance, axis=1) >= 0).all() and chance.min() > 0 and chance.max() < 1


def test_months_that_are_not_over_are_not_used():
    rows = panel(3, {"Only": 0.3})
    day = pd.Timestamp("2026-04-30")
    followed = hazard.months(rows[rows["cut"] < day], day)
    last = followed["cut"].dt.to_period("M") + followed["ahead"]
    assert last.max() == pd.Period("2026-04", "M")


def test_a_deal_is_followed_to_its_end_and_no_further():
    rows = panel(1, {"Only": 0.3}).iloc[:1].assign(cut=pd.Timestamp("2026-01-31"), step=3.0, end="lost")
    followed = hazard.months(rows, AS_OF)
    assert followed["outcome"].tolist() == ["open", "open", "lost"] and followed["ahead"].tolist() == [1, 2, 3]


def test_the_end_of_the_quarter_hurries_late_stages_alone():
    late, early = (panel(400, {name: 0.15}, seed=seed) for seed, name in enumerate(("Late", "Early")))
    rows = pd.concat([late, early], ignore_index=True).assign(opportunity_id=lambda frame: frame.index.astype(str))
    hurried = (rows["stage"] == "Late") & (rows["place"] == 2)  # the first month ahead is the quarter's last
    rows.loc[hurried & (rows["cut"] < AS_OF), ["end", "step"]] = ["won", 1.0]
    now = rows[rows["cut"] == AS_OF]
    model = hazard.fit(rows, AS_OF)
    first = {place: pd.Series(hazard.chances(model, now.assign(place=place))[:, 0]).groupby(
        now["stage"].to_numpy()).mean() for place in (0, 2)}
    assert first[2]["Late"] > 3 * first[0]["Late"]
    assert first[2]["Early"] < 1.7 * first[0]["Early"]


def test_a_stage_never_seen_before_is_no_fault():
    rows = panel(40, {"Early": 0.2, "Late": 0.4})
    model = hazard.fit(rows, AS_OF)
    strange = rows[rows["cut"] == AS_OF].head(3).assign(stage="Brand new")
    assert hazard.chances(model, strange).shape == (3, 6)


def test_what_past_deals_do_not_show_is_left_out():
    rows = panel(40, {"Only": 0.3})
    rows["stage"] = rows["stage"].where(rows["cut"] == AS_OF)
    assert set(hazard.fit(rows, AS_OF).columns) == {"age"}


def test_too_few_ended_deals_are_refused_with_their_number():
    rows = panel(1, {"Only": 0.3})
    with pytest.raises(SalesOpsError, match="deals that were open .*allowed: 40 or more"):
        hazard.fit(rows, AS_OF)


def test_the_input_stays_as_it_was():
    rows = panel(40, {"Only": 0.3})
    before = rows.copy()
    hazard.chances(hazard.fit(rows, AS_OF), rows[rows["cut"] == AS_OF])
    pd.testing.assert_frame_equal(rows, before)
