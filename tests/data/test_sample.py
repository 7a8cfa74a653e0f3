"""The sample company: the same bytes from the same seed, believable, its truth recoverable, its dirt found."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from salesops_helpers import SalesOpsError, Tables, load, measures
from salesops_helpers.data.company import read_company
from salesops_helpers.data.quality import Checker
from salesops_helpers.data.sample import generate, write
from salesops_helpers.data.tables import TABLES

COMMITTED = Path(__file__).parents[2] / "data" / "sample"
HOSTILE = ("<script>", "=cmd|", "<img src=x", "$x^2$")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, dict]:
    """The folder and the truth that the default seed gives."""
    home = tmp_path_factory.mktemp("sample")
    write(home / "company", truth=home / "truth.json")
    return home / "company", json.loads((home / "truth.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def tables(made) -> Tables:
    """The tables as generated, without dirt."""
    return Tables.from_frames(read_company(made[0]), generate()[0])


@pytest.fixture(scope="module")
def checked(made) -> dict:
    checker = Checker(read_company(made[0]))
    return {name: checker.table(name) for name in checker.names}


def files(folder: Path) -> dict[str, bytes]:
    """Name → bytes, the plans left out."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def text(folder: Path, table: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{table}.csv", dtype=str, keep_default_na=False)


def rates(deals: pd.DataFrame, by: str) -> pd.DataFrame:
    """Closed deals and win rate by a column."""
    closed = deals[deals["status"] != "open"]
    return (closed["status"] == "won").groupby(closed[by]).agg(["size", "mean"])


# ---- bytes ----


def test_same_seed_gives_same_bytes(made, tmp_path):
    write(tmp_path / "again")
    assert files(tmp_path / "again") == files(made[0])


def test_other_seed_gives_other_bytes(made, tmp_path):
    write(tmp_path / "other", seed=7)
    first, other = files(made[0]), files(tmp_path / "other")
    assert first.keys() == other.keys()
    big = [f"{name}.csv" for name in ("opportunities", "activities", "leads", "reps")]
    assert all(first[name] != other[name] for name in big)


def test_committed_folder_is_what_write_makes(made):
    differ = [name for name, content in files(made[0]).items() if files(COMMITTED).get(name) != content]
    stray = files(COMMITTED).keys() - files(made[0]).keys()
    assert not differ and not stray, f"data/sample is out of date ({differ or stray}); run: salesops sample data/sample"


def test_committed_folder_is_small():
    assert sum(path.stat().st_size for path in COMMITTED.rglob("*") if path.is_file()) < 6e6


def test_lines_end_in_a_line_feed_alone(made):
    assert all(b"\r" not in content and content.endswith(b"\n") for content in files(made[0]).values())


def test_every_table_has_exactly_its_columns(made):
    for name, table in TABLES.items():
        header = (made[0] / f"{name}.csv").read_text(encoding="utf-8").split("\n", 1)[0]
        assert header == ",".join(table.names)


def test_truth_is_not_in_the_folder(made):
    content = b"".join(files(made[0]).values())
    assert not any(word in content for word in (b"skill", b"forgotten", b"planted", b"better", b"fate"))
    assert set(files(made[0])) == {f"{name}.csv" for name in TABLES} | {"company.toml", "audiences.toml"}


def test_the_plans_that_reps_are_assigned_to_come_along(made):
    written = {path.name: path.read_bytes() for path in (made[0] / "plans").iterdir()}
    assert set(written) > {"individual-team.yaml", "individual-plus-team-bonus.yaml"}
    assert written == {path.name: path.read_bytes() for path in (COMMITTED / "plans").iterdir()}


def test_plans_are_left_alone(tmp_path):
    plan = tmp_path / "plans" / "mine.yaml"
    plan.parent.mkdir()
    plan.write_text("plan: mine\n")
    write(tmp_path)
    assert plan.read_text() == "plan: mine\n"


def test_another_company_is_not_overwritten(tmp_path):
    (tmp_path / "company.toml").write_text('name = "Acme"\n')
    with pytest.raises(SalesOpsError, match="holds another company"):
        write(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["company.toml"]


def test_truth_inside_the_folder_is_refused(tmp_path):
    with pytest.raises(SalesOpsError, match="lies inside the company folder"):
        write(tmp_path / "company", truth=tmp_path / "company" / "truth.json")
    assert not (tmp_path / "company").exists()


@pytest.mark.parametrize("seed", [-1, 1.5, "x", True])
def test_a_seed_that_is_none_is_refused(seed):
    with pytest.raises(SalesOpsError, match="seed"):
        generate(seed)


def test_a_file_in_the_way_is_said(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(SalesOpsError, match="cannot be written"):
        write(tmp_path / "taken")


# ---- dirt ----


def test_quality_control_finds_every_planted_row(made, checked):
    planted = pd.DataFrame(made[1]["planted"])
    found = {(name, line) for name, table in checked.items() for line in table.set_aside["source_line"]}
    marked = {(name, line) for name, table in checked.items() for line in table.flags["source_line"]}
    rows = set(zip(planted["table"], planted["line"], strict=True))
    wrong = planted[planted["handling"] == "set aside"]
    flagged = planted[planted["handling"] == "flagged"]
    assert found == set(zip(wrong["table"], wrong["line"], strict=True))
    assert set(zip(flagged["table"], flagged["line"], strict=True)) <= marked
    assert marked <= rows
    assert wrong["kind"].nunique() + flagged["kind"].nunique() >= 12


def test_clean_rows_are_seldom_flagged(made, checked):
    """Deals that were let lie are no false alarms: they are part of the company. Everything else is counted here."""
    tables = load(made[0])
    planted = {" / ".join(key["key"].values()) for key in made[1]["planted"]}
    flags = tables.flags[~tables.flags["key"].isin(planted)]
    found = flags.groupby("rule").size().to_dict()
    left_lying = {"expected close long past", "no activity", "open without an amount"}
    others = flags[~flags["rule"].isin(left_lying)]
    twins = others["rule"].eq("probable duplicate") & others["table"].eq("leads")
    assert len(others[~twins]) == 0, found
    assert twins.sum() <= 10
    forgotten = {key for key, known in made[1]["open_deals"].items() if known["forgotten"]}
    past = flags.loc[flags["rule"] == "expected close long past", "key"]
    assert past.isin(forgotten).mean() > 0.5


def test_planted_rows_stand_where_the_truth_says(made):
    for table, rows in pd.DataFrame(made[1]["planted"]).groupby("table"):
        frame = text(made[0], table)
        keys = pd.DataFrame(list(rows["key"]))
        assert (frame.iloc[rows["line"] - 2][list(keys)].to_numpy() == keys.to_numpy()).all()


def test_dirt_is_about_a_hundredth_of_the_deals(checked):
    share = {name: len(table.set_aside) / table.rows_in for name, table in checked.items()}
    assert 0.004 < share["opportunities"] < 0.015
    assert max(share.values()) < 0.015
    assert all(table.rows_in == len(table.used) + len(table.set_aside) for table in checked.values())


def test_a_misspelt_product_is_mended(made, checked):
    spelt = text(made[0], "opportunities")["product"] == "Station S-2"
    assert spelt.sum() >= 20
    assert set(checked["opportunities"].used["product"]) == set(checked["products"].used["product"])


def test_hostile_texts_are_used(checked):
    places = {"accounts": "name", "opportunities": "next_step", "tool_feedback": "comment", "activities": "contact"}
    for table, column in places.items():
        values = checked[table].used[column].dropna().astype(object)
        seen = {word for word in HOSTILE if values.str.contains(word, regex=False).any()}
        assert len(seen) >= 3, (table, column)
    names = checked["reps"].used["name"].astype(object)
    assert names.str.contains("<", regex=False).any() and names.str.contains('"', regex=False).any()
    attacked = checked["accounts"].used.query("name == '<script>alert(1)</script>'")["account_id"]
    assert checked["opportunities"].used["account_id"].isin(attacked).any()


def test_references_hold_among_used_rows(checked):
    for name, table in TABLES.items():
        for column in table.columns:
            if column.refers_to and not (name, column.name) == ("leads", "rep_id"):
                values = checked[name].used[column.name].dropna()
                key = TABLES[column.refers_to].key[0]
                assert values.isin(checked[column.refers_to].used[key]).all(), (name, column.name)


# ---- believable ----


def test_size_and_calendar(tables):
    months = measures.months_of(tables)
    assert (months[0], months[-1], len(months)) == (pd.Timestamp("2023-10-01"), pd.Timestamp("2026-09-01"), 36)
    assert 5500 < len(tables.opportunities) < 6800
    assert 400 < (tables.opportunities["status"] == "open").sum() < 900
    assert 24_000 < len(tables.activities) < 31_000 and 5000 < len(tables.leads) < 7000
    assert len(tables.accounts) == 608 and len(tables.reps) == 40
    assert tables.reps["region"].nunique() == 4 and tables.reps["team"].nunique() == 8


def test_win_rates(tables):
    by_kind = rates(tables.opportunities, "kind")["mean"]
    assert 0.25 < by_kind["new"] < 0.35
    assert by_kind["new"] < by_kind["expansion"] < by_kind["renewal"]


def test_attainment(tables):
    sold = measures.bookings(tables).set_index("month")["bookings"]
    quota = tables.quotas.groupby("month")["amount"].sum()
    for year in ("2024", "2025", "2026"):
        assert 0.85 < sold[year].sum() / quota[year].sum() < 1.05, year
    reps = measures.attainment(tables, "2025-01", "2025-12")["attainment"].dropna()
    assert 0.25 < (reps >= 1).mean() < 0.65
    assert 0.5 < (reps >= 0.8).mean() < 0.85


def test_rush_at_the_quarters_end_and_season(tables):
    won = measures.won_deals(tables)
    left = (won["closed_on"] + pd.offsets.QuarterEnd(0) - won["closed_on"]).dt.days
    assert 0.40 < won.loc[won["closed_on"].dt.month % 3 == 0, "amount"].sum() / won["amount"].sum() < 0.55
    assert won.loc[left < 14, "amount"].sum() / won["amount"].sum() > 0.25
    monthly = measures.bookings(tables).set_index("month")["bookings"]
    season = monthly.groupby(monthly.index.month).mean() / monthly.mean()
    assert season[8] < 0.8 and season[12] > 1.25
    years = monthly.groupby(np.arange(36) // 12).sum()
    assert 1.0 < (years[2] / years[0]) ** 0.5 < 1.15


def test_cycle_and_pipeline_inflation(tables):
    deals = tables.opportunities
    won, still_open = deals[deals["status"] == "won"], deals[deals["status"] == "open"]
    days = (won["closed_on"] - won["created_on"]).dt.days
    assert 60 <= days.median() <= 90
    assert days.quantile(0.95) > 2 * days.median()
    age = (tables.as_of - still_open["created_on"]).dt.days
    assert 0.12 < (age > days.quantile(0.99)).mean() < 0.5
    assert (still_open["expected_close_on"] < tables.as_of).mean() > 0.1


def test_deals_skip_return_slip_and_change_hands(tables):
    log = tables.stage_history.sort_values(["opportunity_id", "changed_at"])
    place = log["stage"].map({stage: k for k, stage in enumerate(tables.company.stages)})
    step = place.groupby(log["opportunity_id"]).diff()
    still_open = place < 4
    assert (still_open & (step >= 2)).sum() > 200  # skips
    assert (still_open & (step < 0)).sum() > 200  # returns, and closed ones reopened
    date = log.groupby("opportunity_id")["expected_close_on"]
    assert (log["expected_close_on"] > date.shift()).sum() > 2000
    owner = log.groupby("opportunity_id")["rep_id"]
    assert (owner.shift().notna() & (log["rep_id"] != owner.shift())).sum() > 100
    amount = log.groupby("opportunity_id")["amount"]
    assert (amount.shift().notna() & (log["amount"] != amount.shift())).sum() > 1000


def test_a_deal_is_the_last_row_of_its_history(tables):
    log = tables.stage_history.sort_values("changed_at", kind="stable")
    deals = tables.opportunities.set_index("opportunity_id")
    last = log.groupby("opportunity_id").tail(1).set_index("opportunity_id").reindex(deals.index)
    for column in ("stage", "rep_id", "amount", "expected_close_on"):
        assert (deals[column].eq(last[column]) | (deals[column].isna() & last[column].isna())).all(), column
    closed = deals["status"] != "open"
    assert (last.loc[closed, "changed_at"].dt.normalize() == deals.loc[closed, "closed_on"]).all()
    first = log.groupby("opportunity_id")["changed_at"].min().dt.normalize().reindex(deals.index)
    assert (first == deals["created_on"]).all()


def test_nobody_acts_before_being_hired_or_after_leaving(tables):
    reps = tables.reps.set_index("rep_id")
    for table, day in (("activities", "occurred_at"), ("stage_history", "changed_at"), ("forecast_calls", "called_on")):
        frame = getattr(tables, table)
        hired, left = (frame["rep_id"].map(reps[column]) for column in ("hired_on", "left_on"))
        assert (frame[day].dt.normalize() >= hired).all(), table
        assert (left.isna() | (frame[day].dt.normalize() <= left)).all(), table


def test_plans_cover_each_rep_without_overlap(tables):
    plans = tables.plan_assignments.sort_values(["rep_id", "starts_on"])
    assert set(plans["plan"]) == {"individual-team", "individual-plus-team-bonus"}
    following = plans.groupby("rep_id")["starts_on"].shift(-1)
    assert (following.isna() | (following == plans["ends_on"] + pd.Timedelta(days=1))).all()
    last = plans.groupby("rep_id").tail(1).set_index("rep_id")["ends_on"]
    assert last.eq(tables.reps.set_index("rep_id")["left_on"].reindex(last.index)).where(last.notna(), True).all()


def test_shares_of_a_deal_sum_to_one(tables):
    owned = tables.splits[~tables.splits["overlay"]]
    sums = owned.groupby("opportunity_id")[["quota_share", "commission_share"]].sum()
    assert np.allclose(sums, 1) and tables.splits["overlay"].sum() >= 10


def test_leads_run_in_order(tables):
    leads = tables.leads
    assert (leads["assigned_at"].isna() | (leads["assigned_at"] >= leads["created_at"])).all()
    assert (leads["first_touch_at"].isna() | (leads["first_touch_at"] >= leads["assigned_at"])).all()
    qualified = leads.dropna(subset="qualified_on").merge(tables.opportunities, on="opportunity_id")
    assert (qualified["qualified_on"] == qualified["created_on"]).all()
    assert (qualified["first_touch_at"].dt.normalize() <= qualified["qualified_on"]).all()
    assert 0.04 < leads["first_touch_at"].isna().mean() < 0.15


# ---- truth ----


def test_skill_shows_in_raw_win_rates(tables, made):
    deals = tables.opportunities
    by_rep = rates(deals[deals["kind"] == "new"], "rep_id")
    truth = pd.DataFrame(made[1]["reps"]).T
    by_rep = by_rep[by_rep["size"] > 60].join(truth)
    assert len(by_rep) > 20
    assert np.corrcoef(by_rep["mean"], by_rep["skill"].astype(float))[0, 1] > 0.5
    groups = by_rep.groupby("group")["mean"].mean()
    assert groups["worse"] < groups["alike"] < groups["better"]
    assert truth["group"].value_counts().to_dict() == {"alike": 31, "better": 5, "worse": 4}


def test_poor_leads_look_like_a_poor_rep(tables, made):
    deals = tables.opportunities
    by_rep = rates(deals[deals["kind"] == "new"], "rep_id")["mean"]
    unlucky = next(rep for rep, known in made[1]["reps"].items() if known["luck"] == "poor")
    assert abs(made[1]["reps"][unlucky]["skill"]) < 0.25
    assert by_rep[unlucky] < by_rep.median()


def test_sources_differ_as_they_truly_do(tables, made):
    qualified = tables.leads["qualified_on"].notna().groupby(tables.leads["source"]).mean()
    truth = pd.Series({name: known["qualified"] for name, known in made[1]["sources"].items() if "qualified" in known})
    assert (qualified - truth).abs().max() < 0.08


def test_open_deals_have_their_true_chance(tables, made):
    truth = pd.DataFrame(made[1]["open_deals"]).T
    still_open = tables.opportunities.query("status == 'open'")["opportunity_id"]
    assert set(truth.index) == set(still_open)
    chance = truth["now"].astype(float)
    assert chance.between(0, 1).all()
    spread = np.sqrt((chance * (1 - chance)).sum())
    assert abs((truth["fate"] == "won").sum() - chance.sum()) < 3 * spread


def test_stock_runs_out_once_and_holds_demand_back(tables, made):
    short = tables.supply[tables.supply["stocked_out"]]
    known = pd.DataFrame(made[1]["stock_out"])
    assert short["product"].nunique() == 1 and 1 <= len(short) <= 6
    assert (short["on_hand"] == 0).all()
    assert list(known["month"]) == list(short["month"].dt.strftime("%Y-%m"))
    assert (known["held_back"] > 0).all()
    sold = tables.demand[tables.demand["product"] == short["product"].iloc[0]].set_index("month")["units"]
    assert sold[short["month"]].mean() < 0.6 * sold.drop(short["month"]).mean()


def test_reps_are_optimistic_and_some_are_not(tables, made):
    bias = pd.Series(made[1]["forecast_bias"])
    assert bias.mean() > 0.05 and (bias < -0.1).sum() >= 2
    calls = tables.forecast_calls.merge(
        measures.bookings(tables, "rep").rename(columns={"unit": "rep_id"}), on=["rep_id", "month"])
    first = calls.sort_values("called_on").groupby(["rep_id", "month"]).head(1)
    assert first["commit"].sum() > 1.05 * first["bookings"].sum()
    assert (tables.forecast_calls["best_case"] >= tables.forecast_calls["commit"]).all()
    assert tables.forecast_calls.groupby(["rep_id", "month"]).size().median() == 3
