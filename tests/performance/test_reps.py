"""Reps side by side: counts by hand, the answer in words, false alarms, and the power to find and name a rep."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salesops_helpers import SalesOpsError, Tables, load
from salesops_helpers.data.company import Company
from salesops_helpers.performance import reps
from salesops_helpers.performance.difference import alarm, detectable, in_order, summary

ACME = Company(name="Acme", currency="EUR", stages=["Open", "Won", "Lost"], won_stages=["Won"], lost_stages=["Lost"])
PHRASE = "no detectable difference"
SIZES = np.array([336, 153, 261, 160, 229, 187, 553, 275, 126, 123, 232, 152, 206, 264, 272, 335, 231, 227, 194, 213,
                  195, 175, 237, 110, 121, 264, 347, 193, 79, 261])
COUNTS = st.lists(
    st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=2, max_size=9
)


def deals(*rows) -> pd.DataFrame:
    """Closed deals from (rep, status, closed on, amount)."""
    frame = pd.DataFrame(rows, columns=["rep_id", "status", "closed_on", "amount"])
    return frame.assign(
        opportunity_id=[f"D{i}" for i in range(len(frame))], created_on=pd.Timestamp("2026-01-01"),
        stage=frame["status"].str.title(), closed_on=pd.to_datetime(frame["closed_on"]),
    )


def acme(*rows, as_of="2026-03-31", people=None) -> Tables:
    people = people or {"rep_id": ["R1", "R2", "R3", "R4"], "name": ["Zoe", "Ann", "Ann", "Cy"],
                        "team": ["East", "West", None, "East"], "region": ["E", "W", "W", "E"],
                        "left_on": pd.to_datetime([None, None, None, "2026-01-31"])}
    return Tables.from_frames(ACME, {"opportunities": deals(*rows), "reps": pd.DataFrame(people)}, as_of=as_of)


def rates(won, closed) -> pd.DataFrame:
    names = [f"Rep {i:02d}" for i in range(len(closed))]
    return reps.with_ranges(pd.DataFrame({"rep_id": names, "name": names, "won": won, "closed": closed}))


ROWS = [
    ("R1", "won", "2026-01-31", 100.0), ("R1", "won", "2026-02-01", 300.0), ("R1", "lost", "2026-02-28", None),
    ("R2", "lost", "2026-03-31", 0.0), ("R3", "won", "2026-03-01", 40.0), (None, "lost", "2026-03-05", None),
]


def test_counts_by_hand():
    found = reps.closed_by_rep(acme(*ROWS))
    assert found["rep_id"].tolist() == ["R2", "R3", "R1"]
    assert found["name"].tolist() == ["Ann (R2)", "Ann (R3)", "Zoe"]
    assert found["team"].fillna("-").tolist() == ["West", "-", "East"]
    assert found["won"].tolist() == [0, 1, 2]
    assert found["closed"].tolist() == [1, 1, 3]
    assert found["won_value"].tolist() == [0, 40, 400]
    assert found["deal_size"].fillna(-1).tolist() == [-1, 40, 200]


def test_only_the_months_asked_for():
    found = reps.win_rates(acme(*ROWS), "2026-02", "2026-02")
    assert found[["name", "won", "closed", "raw"]].to_numpy().tolist() == [["Zoe", 1, 2, 0.5]]


def test_nobody_is_dropped_for_few_deals():
    found = reps.win_rates(acme(*ROWS))
    assert len(found) == 3
    assert (found.set_index("name")["high"] - found.set_index("name")["low"])["Ann (R3)"] > 0.4


def test_what_is_left_out_is_said():
    tables = acme(*ROWS)
    said = reps.left_out(tables, reps.win_rates(tables), "2026-01", "2026-03")
    assert said == ["1 rep has no deal that closed in the period and so no win rate: Cy.",
                    "1 closed deal without a rep count only in the company's rate."]
    # Cy left in January and so is not missed in February.
    assert "Cy" not in reps.left_out(tables, reps.win_rates(tables), "2026-02", "2026-03")[0]


def test_period_uses_what_there_is_and_says_so():
    tables = acme(*ROWS)
    assert str(reps.period(tables, 2)) == "February 2026 to March 2026 (2 months)"
    assert str(reps.period(tables, 1)) == "March 2026 (1 month)"
    assert str(reps.period(tables, 12)) == (
        "January 2026 to March 2026 (3 months; 12 were asked for, the data holds no more)"
    )
    for wrong in (0, -1, 1.5, True):
        with pytest.raises(SalesOpsError, match="no length of a period"):
            reps.period(tables, wrong)


def test_chosen_team_and_least_number():
    tables = acme(*ROWS)
    assert reps.chosen(tables, 12, 2)["name"].tolist() == ["Zoe"]
    assert reps.chosen(tables, 12, 1, "West")["name"].tolist() == ["Ann (R2)"]


def test_no_deal_closed_and_one_rep():
    nobody = detectable(reps.win_rates(acme(*ROWS), "2026-01", "2026-01").iloc[:0])
    assert nobody.headline == "0 reps closed 0 deals: there are no two reps to compare."
    one = detectable(reps.win_rates(acme(*ROWS), "2026-02", "2026-02"))
    assert one.headline == "1 rep closed 2 deals, 50.0 % of them won: there are no two reps to compare."
    assert not one.difference and one.sentences == []
    assert summary(one)["probability"].tolist() == ["–"]
    empty = reps.win_rates(acme(*ROWS[:1]), "2026-03", "2026-03")
    assert len(empty) == 0 and {"raw", "low", "outside"} <= set(empty)
    assert len(reps.readable(empty)) == 0


def test_equal_reps_are_not_told_apart():
    found = detectable(rates([50, 52, 49, 51], [100, 100, 100, 100]))
    assert found.headline == f"Win rates: {PHRASE} between the 4 reps, who together won 50.5 % of 400 closed deals."
    assert len(found.better) + len(found.worse) + len(found.leaning) == 0
    assert found.chi_square == pytest.approx(5 / (100 * 0.505 * 0.495))


@pytest.mark.parametrize(("won", "closed"), [([5, 5, 5], [5, 5, 5]), ([0, 0], [9, 3]), ([0, 1], [1, 1])])
def test_all_won_all_lost_and_almost_nothing(won, closed):
    assert PHRASE in detectable(rates(won, closed)).headline


def test_better_and_worse_are_named_with_rate_range_and_number():
    found = detectable(rates([50, 50, 50, 90, 10, 50], [100] * 6))
    assert found.difference and PHRASE not in " ".join([found.headline, *found.sentences])
    assert found.better["name"].tolist() == ["Rep 03"] and found.worse["name"].tolist() == ["Rep 04"]
    for side, who in (("more", found.better), ("less", found.worse)):
        rep = who.iloc[0]
        said = (f"{rep['name']} ({rep['won']} of 100 closed deals won; true rate about {rep['mean'] * 100:.0f} %, "
                f"range {rep['low'] * 100:.0f} to {rep['high'] * 100:.0f} %) won {side} often")
        assert said in found.headline


def test_order_is_by_name_unless_there_is_a_difference():
    same = rates([52, 50, 49], [100] * 3).iloc[[2, 0, 1]]
    ordered = in_order(same, detectable(same))
    assert ordered["name"].tolist() == ["Rep 00", "Rep 01", "Rep 02"] and set(ordered["stands"]) == {""}
    apart = rates([50, 90, 10, 50], [100] * 4)
    ordered = in_order(apart, detectable(apart))
    assert ordered["name"].tolist() == ["Rep 01", "Rep 00", "Rep 03", "Rep 02"]
    assert ordered["stands"].tolist() == ["better", "", "", "worse"]


def test_outside_agrees_with_the_lines_of_the_funnel():
    frame = rates([60, 77, 62, 8, 2], [100, 100, 100, 14, 2])
    lines = reps.funnel(frame).set_index("closed")
    for rep in frame.itertuples():
        low, high = (np.interp(rep.closed, lines.index, lines[c]) for c in ("low_95", "high_95"))
        assert (rep.outside == "no") == (low <= rep.raw <= high)
    assert frame["outside"].tolist() == ["no", "95 %", "no", "no", "no"]
    assert rates([60, 90, 62], [100] * 3)["outside"].tolist() == ["95 %", "99.8 %", "no"]
    assert reps.funnel_sentence(frame).startswith("1 of 5 reps lies outside the 95 % limits and 0 outside the 99.8 %")


@settings(max_examples=25, deadline=None)
@given(COUNTS, st.randoms(use_true_random=False))
def test_order_of_reps_changes_nothing(pairs, random):
    won, closed = np.array(pairs).T
    frame = rates(won, closed)
    mixed = frame.sample(frac=1, random_state=random.randrange(1000))
    first, second = detectable(frame), detectable(mixed)
    assert first.headline == second.headline and first.sentences == second.sentences
    again = reps.with_ranges(mixed[["rep_id", "name", "won", "closed"]])
    pd.testing.assert_frame_equal(again.sort_index(), frame)
    assert (PHRASE in first.headline) == (not first.difference)


def test_input_is_untouched():
    counts = pd.DataFrame({"rep_id": ["a", "b"], "name": ["A", "B"], "won": [1, 2], "closed": [3, 4]})
    before = counts.copy()
    found = reps.with_ranges(counts)
    in_order(found, detectable(found))
    pd.testing.assert_frame_equal(counts, before)


def alarms(seed: int, sets: int, closed: np.ndarray, rate: float) -> int:
    rng = np.random.default_rng(seed)
    return sum(alarm(rng.binomial(closed, rate), closed)[0] for _ in range(sets))


# 5 % of 300 is 15; three standard deviations of that binomial count are 11.
@pytest.mark.parametrize(("closed", "rate"), [(SIZES, 0.63), (SIZES // 12 + 1, 0.3)], ids=["many", "few"])
def test_false_alarms_stay_under_five_percent(closed, rate):
    assert alarms(7, 300, closed, rate) <= 15 + 11


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.2, 0.63])
@pytest.mark.parametrize("closed", [SIZES, SIZES // 12 + 1, SIZES[:10], SIZES[:3]], ids=["30", "few", "10", "3"])
def test_false_alarms_in_long_simulations(closed, rate):
    assert alarms(29, 2_000, closed, rate) <= 100 + 29


def test_general_spread_is_found():
    rng = np.random.default_rng(3)
    truth = rng.beta(0.6 * 60, 0.4 * 60, (20, 30))
    found = [detectable(rates(rng.binomial(220, p), np.full(30, 220))).difference for p in truth]
    assert np.mean(found) >= 0.9


def test_one_raised_rep_among_thirty_is_found_and_named():
    rng, hits = np.random.default_rng(4), 0
    for rep in range(30):
        p = np.full(30, 0.6)
        p[rep] += 0.25
        found = detectable(rates(rng.binomial(220, p), np.full(30, 220)))
        hits += found.difference and PHRASE not in found.headline and f"Rep {rep:02d}" in found.headline
    assert hits >= 29


@pytest.fixture(scope="module")
def maven(cases) -> Tables:
    return load("tests/cases/maven", month="2017-12")


def test_maven_reps_do_not_differ(maven):
    window = reps.period(maven, 12)
    found = detectable(reps.win_rates(maven, window.start, window.end))
    assert window.months == 10
    assert (found.reps, found.won, found.closed, found.degrees) == (30, 4_238, 6_711, 29)
    assert found.chi_square == pytest.approx(33.3, abs=0.05)
    assert found.headline == (
        "Win rates: no detectable difference between the 30 reps, who together won 63.2 % of 6,711 closed deals."
    )


def test_maven_ranks_are_noise(maven):
    found = reps.win_rates(maven)
    assert (found["rank_high"] - found["rank_low"]).median() >= 23
    assert found["p_top_quarter"].max() < 0.7


@pytest.mark.parametrize("rep", [0, 7, 16, 23, 28])
def test_maven_with_one_rep_raised_names_that_rep(maven, rep):
    deals = maven.opportunities.copy()
    name = reps.closed_by_rep(maven)["rep_id"][rep]
    mine = deals[(deals["rep_id"] == name) & deals["status"].isin(["won", "lost"])]
    lost = mine.index[mine["status"] == "lost"][: round(0.25 * len(mine))]
    deals.loc[lost, "status"] = "won"
    raised = Tables.from_frames(maven.company, {"opportunities": deals, "reps": maven.reps}, as_of=maven.as_of)
    found = detectable(reps.win_rates(raised))
    assert PHRASE not in found.headline
    assert found.headline.startswith(f"Win rates differ: {name} (") and "won more often" in found.headline
