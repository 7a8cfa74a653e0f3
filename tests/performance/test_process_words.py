"""The sentences and tables of the sales-process page, on a company that can be followed by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from process_company import company
from test_stages import LOG

from salesops_helpers.performance import process_captions as below
from salesops_helpers.performance import process_tables as tabled
from salesops_helpers.performance import process_words as said
from salesops_helpers.performance import slippage, stages, stale, transitions, waterfall
from salesops_helpers.performance.coverage import coverage_needed
from salesops_helpers.performance.velocity import velocity

YEAR = (pd.Timestamp("2026-01-01"), pd.Timestamp("2026-12-31"))


@pytest.fixture
def tables():
    return company(LOG, "2026-03-01")


def verdict(tables) -> list[str]:
    return said.verdict(
        tables, stages.where_value_waits(tables), stale.stalled(tables), velocity(tables),
        stages.created_to_closed(tables), stale.inflation(tables),
        stages.time_in_stage(tables, *YEAR), slippage.slip_rates(slippage.due_deals(tables)),
        transitions.transitions(tables, *YEAR))


def test_the_answer_begins_with_where_deals_wait(tables):
    sentences = verdict(tables)
    assert sentences[0] == "Deals wait in A: EUR 1.00 k in 1 deal has stood there for a median of 29 days."
    assert sentences[1] == "1 deal stands in A, for a median of 29 days: 91 % of all open money × days."
    assert sentences[2].startswith("The stage that takes longest is B: half of the stays last more than 10 days (")
    # 4 deals closed in 3 months, mean won amount (120 + 10) ÷ 2 = 65: 4 ÷ 3 × 0.01 × 65 = 0.87
    assert "one point of win rate EUR 1 (" in sentences[4] and len(sentences) == 5


def test_the_answer_of_a_dead_pipeline_says_that_first():
    log = [("w", "2026-01-01", "A", 5), ("w", "2026-01-05", "Won"), ("x", "2026-01-01", "A", 5),
           ("y", "2026-01-02", "A", 5)]
    first = verdict(company(log, "2026-03-01", history=False))[0]
    assert first == ("2 of 2 open deals with a date are older than any deal that ever closed (4 days), 2 older than "
                     "nearly all (4 days).")


def test_without_history_the_cycle_stands_in_for_the_stages():
    sentences = verdict(company(LOG, "2026-03-01", history=False))
    assert any(s.startswith("Of 6 deals created in the last 24 months, half are closed within 10 days (90 % range ")
               and "half are won within 40 days" in s for s in sentences)
    assert not any("slipped" in s for s in sentences)


def test_no_open_deal_is_said():
    tables = company([("a", "2026-01-01", "A", 5), ("a", "2026-01-09", "Lost")], "2026-02-28")
    assert verdict(tables)[0] == "0 deals are open, so none waits."
    assert "Nothing was won in the period" in " ".join(verdict(tables))


def test_differences_are_named_with_how_many_were_looked_at():
    cells = pd.DataFrame({"stage": "A", "dimension": "lead_source", "value": ["Web", "Fair"], "n": [40, 60],
                          "rate": [0.75, 0.5], "company": [0.6, 0.6], "p_all": [0.01, 0.2]})
    assert said.cells_sentences(cells) == [
        "Beyond chance (2 combinations of stage and segment looked at): Web (lead source): 75 % of 40 deals move on "
        "from A, 60 % would at the company's rates."]
    assert "No step of any" in said.cells_sentences(cells.assign(p_all=1.0))[0]
    assert said.cells_sentences(cells.head(0)) == []


def test_captions(tables):
    lines = waterfall.waterfall(tables, "2026-01-15")
    assert below.waterfall_sentence(lines, "2026-01-15", "2026-03-01", "EUR") == (
        "The open pipeline went from EUR 175 on 15 January 2026 to EUR 1.05 k on 1 March 2026: +EUR 1.00 k new, "
        "EUR −120 won and EUR −5 lost.")
    flow = stages.flow(tables, *YEAR)
    assert below.flow_sentence(flow).startswith("B loses most: of 3 deals that entered it 33 % moved on")
    steps = stages.step_product(tables, *YEAR)
    assert below.steps_sentence(steps).endswith("2 were won, because deals skip stages and come back.")
    assert below.velocity_sentence(velocity(tables), "EUR").endswith("a month was won.")
    assert below.list_price_sentence(stages.where_value_waits(tables), tables) == ""


def test_coverage_is_said_with_its_range_and_its_quota():
    needed = coverage_needed(pd.DataFrame({"place": 0, "needed": [2.0] * 4, "pipeline": 100.0, "won_from_it": 50.0}))
    april = pd.Timestamp("2026-04-01")
    now = pd.Series({"quarter": april, "last": pd.Timestamp("2026-06-30"), "place": 0, "pipeline": 400.0, "deals": 3,
                     "quota": 100.0, "quota_of": april, "won": 0.0, "coverage": 4.0})
    assert below.coverage_sentence(now, needed, "EUR") == (
        "EUR 400 of open pipeline is expected to close by 30 June 2026. At this place in the quarter it took 2.0 of "
        "pipeline for each 1 that was then won (90 % range 2.0 to 2.0), over 4 quarters: that would be EUR 200 (200 to "
        "200) in the rest of the quarter, by this rule of thumb; the figure to plan by is the forecast's. "
        "Coverage: 4.0 times the quota still to win.")
    assert "the quarter before (this quarter's is not known yet)" in below.coverage_sentence(
        pd.concat([now.drop("quota_of"), pd.Series({"quota_of": april - pd.DateOffset(months=3)})]), needed, "EUR")
    assert below.coverage_sentence(now, needed.head(0), "EUR") == ""


def test_tables_for_reading(tables):
    levers = velocity(tables)
    assert tabled.levers_table(levers)["step"].tolist() == ["+1 point", "+1 %", "−1 day", "−1 day"]
    factors = tabled.factors_table(levers).set_index("factor")
    assert factors.loc["win rate (won ÷ closed)", ["text", "n"]].tolist() == ["50.0 %", 4]
    teams = tabled.by_unit(waterfall.waterfall(tables, "2026-01-15", by="team")).set_index("unit")
    row = teams.loc["North"]
    assert row["opening"] + row[["new", "won", "lost", "revalued", "moved", "other"]].sum() == row["closing"] == 1050


def test_the_list_puts_work_before_cleaning_up():
    deals = pd.DataFrame({"opportunity_id": list("abcd"), "amount": [1.0, 9.0, 5.0, 7.0],
                          "owner": ["x", "x", None, "y"], "stalled": [True, True, True, False],
                          "advice": ["work on", "requalify", "work on", "work on"]})
    assert tabled.flagged_list(deals)["opportunity_id"].tolist() == ["c", "a", "b"]
    assert tabled.flagged_list(deals, 1, 0)["opportunity_id"].tolist() == ["c"]
    owners = tabled.stalled_by_owner(deals).set_index("owner")
    assert owners.loc["x"].tolist() == [2, 2, 10, 10] and owners.loc["(none)"].tolist() == [1, 1, 5, 5]
    assert below.list_sentence(deals, tabled.flagged_list(deals)) == (
        f"3 deals that have stopped ({below.STOPPED}).")
