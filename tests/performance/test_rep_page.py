"""What the page on reps says: nothing about places where nothing differs, and the adjustment in words."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from rep_company import simulated

from salesops_helpers.performance import rep_page, reps
from salesops_helpers.performance.difference import detectable
from salesops_helpers.performance.rep_measures import rep_measures
from salesops_helpers.performance.rep_peers import against_peers, peer_groups

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "rep_benchmarking.ipynb"
RANKING = re.compile("top performer|top quarter|bottom quarter|rank range|best rep|worst rep|better|worse", re.I)
RED_GREEN = re.compile(r"(?:colou?r|background)\s*[:=][^;\"]*\b(?:red|green)\b|#(?:f00|0f0|ff0000|00ff00|008000)\b")


def page(tables, monkeypatch) -> tuple[str, str]:
    """All that the notebook shows of `tables`, as HTML and as text, its cells run one after the other."""
    from salesops_helpers import show

    shown = []
    names = ("answer", "note", "table", "figure")
    kept = {name: getattr(show, name) for name in names}

    def keep(name):
        def call(*given, **more):
            shown.append(kept[name](*given, **more))
            return shown[-1]
        return call

    for name in names:
        monkeypatch.setattr(show, name, keep(name))
    monkeypatch.setattr("salesops_helpers.load", lambda *given, **more: tables)
    space = {}
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        if cell.cell_type == "code" and "explorer" not in cell.metadata.get("tags", []):
            exec(cell.source, space)
    return "\n".join(s.html for s in shown), "\n".join(s.text for s in shown)


def test_the_page_of_a_null_company_shows_no_ranking(monkeypatch):
    html, text = page(simulated(4, reps=20, deals=40)[0], monkeypatch)
    assert "no detectable difference" in text
    assert RANKING.findall(text) == []
    assert RED_GREEN.findall(html) == []
    names = re.findall(r"Rep \d{4}", re.sub(r"<img[^>]*>", "", html))
    assert names == sorted(names[:20]) * (len(names) // 20)


def test_the_page_of_a_company_that_differs_shows_places(monkeypatch):
    html, text = page(simulated(4, reps=20, deals=80, skill=0.8)[0], monkeypatch)
    assert "no detectable difference" not in text
    assert "in top quarter" in text and "rank range" in text


def test_adjustment_in_words():
    mix = rep_page.adjustment(simulated(3, reps=16, deals=80, mix=0.6)[0])
    assert not mix.differs and len(mix.frame) == 16 and mix.frame["name"].is_monotonic_increasing
    assert "of the deals given accounts for it" in mix.sentences[1]
    skill = rep_page.adjustment(simulated(3, reps=16, deals=80, mix=0.6, skill=0.8)[0])
    assert skill.differs and skill.frame["value_mean"].is_monotonic_decreasing
    assert all("reps still differ by more than chance" in said for said in skill.sentences)


def test_one_rep_is_said_and_nothing_fails():
    tables, _ = simulated(3, reps=1, deals=30)
    found = rep_page.adjustment(tables)
    assert found.frame.empty and found.sentences[0].startswith("Nothing is adjusted: 1 rep closed deals")
    assert rep_page.measure_sentence(rep_measures(tables)) == "There are no two reps to compare."
    rates = reps.win_rates(tables)
    assert rep_page.needed_sentence(rates) == rep_page.groups_sentence(rates, True) == ""
    assert rep_page.peers_sentence(against_peers(rates, peer_groups(tables))) == ""


def test_measures_in_one_table():
    found = rep_measures(simulated(3, reps=16, deals=60, skill=0.9)[0])
    table = rep_page.measure_summary(found, "EUR").set_index("title")
    assert table.loc["Win rate", "verdict"] == "differs by more than chance" and table.loc["Win rate", "reps"] == 16
    assert table.loc["Won value per closed deal", "typical"].startswith("EUR ")
    assert rep_page.measure_sentence(found).startswith("Of 4 measures, before anything is adjusted, reps differ by ")


def test_how_many_more_deals():
    rates = pd.DataFrame({"rep_id": ["a", "b", "c"], "won": [60, 50, 50], "closed": [100] * 3, "mean": [0.6, 0.5, 0.5]})
    assert rep_page.more_deals(rates, "a", "b") == 285
    assert np.isinf(rep_page.more_deals(rates, "b", "c"))
    assert rep_page.more_deals(rates.assign(mean=[0.9, 0.2, 0.5]), "a", "b") == 0
    assert "about 389 closed deals for 10 points" in rep_page.needed_sentence(rates.assign(won=50))


@pytest.mark.parametrize("differs", [True, False])
def test_columns_of_places_only_where_reps_differ(differs):
    formats = {"name": "text", "p_top_quarter": "percent", "rank_range": "text", "raw": "percent"}
    assert set(formats) - set(rep_page.without_ranking(formats, differs)) == (
        set() if differs else {"p_top_quarter", "rank_range"})


def test_groups_are_said_only_where_reps_differ():
    rates = reps.win_rates(simulated(4, reps=20, deals=80, skill=0.8)[0])
    assert detectable(rates).difference
    assert rep_page.groups_sentence(rates, True).startswith("Reps fall into ")
    assert rep_page.groups_sentence(rates, False) == ""
    three = pd.DataFrame({"won": [420, 400, 200], "closed": [540, 540, 540]})
    assert rep_page.groups_sentence(three, True) == (
        "Reps fall into 2 groups within which no two can be told apart; the largest holds 2 reps, and no rep stands in "
        "two.")


@pytest.mark.parametrize("differs", [True, False])
def test_a_long_table_keeps_who_stands_out_and_says_what_it_leaves_out(differs):
    frame = pd.DataFrame({"name": [f"Rep {at:04d}" for at in range(300)]})
    out = pd.Series(np.isin(np.arange(300), [150, 160]))
    some, said = rep_page.shortened(frame, out, differs, "the table rep_win_rates of this month")
    ends = [*range(24), 150, 160, *range(276, 300)] if differs else [*range(48), 150, 160]
    assert some.index.tolist() == ends
    assert said.startswith("Shown are 50 of 300 reps: ") and said.endswith("in the table rep_win_rates of this month.")
    assert "those who stand out, and of the others those" in said
    many, said = rep_page.shortened(frame, pd.Series(frame.index < 90), differs, "x")
    assert len(many) == 50 and many.index.max() < 90 and "of the 90 who stand out those" in said
    short, nothing = rep_page.shortened(frame.head(50), out.head(50), differs, "")
    assert len(short) == 50 and nothing == ""


@pytest.mark.parametrize(("raw", "often"), [
    ([0.1], "less often"), ([0.9], "more often"), ([0.1, 0.2], "less often"), ([0.1, 0.9], "more or less often")])
def test_peers_are_named_with_the_side_that_they_are_on(raw, often):
    names = ["Ann", "Bob"][:len(raw)]
    apart = pd.DataFrame({"name": names, "raw": raw, "others_raw": 0.5, "apart": True, "like": "role"})
    rows = pd.concat([apart, apart.assign(name=["Cid", "Dee"][:len(raw)], apart=False)], ignore_index=True)
    said = rep_page.peers_sentence(rows)
    who = "Ann (below) and Bob (above)" if len(set(np.sign(np.array(raw) - 0.5))) == 2 else " and ".join(names)
    assert said.endswith(f": {who} won {often} than their peers by more than chance.")


def test_the_headline_says_what_the_adjustment_leaves():
    rates = pd.DataFrame({"rep_id": list("abc"), "name": ["Ann", "Bob", "Cid"], "won": [10, 60, 60], "closed": 100,
                          "mean": [0.1, 0.6, 0.6], "low": [0.05, 0.5, 0.5], "high": [0.2, 0.7, 0.7]})
    found = detectable(rates)
    frame = rates.assign(win_low=[0.7, 0.8, 0.9], win_high=[1.1, 1.2, 1.3])
    made = rep_page.Adjustment(frame, pd.DataFrame(), [], False)
    assert rep_page.headline(found, made) == (
        found.headline + " Once what they were given is taken out, no single rep stands apart.")
    off = frame.assign(win_high=[0.9, 1.2, 1.3], win_low=[0.7, 1.1, 1.2])
    left = rep_page.Adjustment(off, pd.DataFrame(), [], True)
    assert rep_page.headline(found, left).endswith(
        "taken out, Bob and Cid stand above what was to be expected; Ann stands below what was to be expected "
        "(90 % range).")
    nothing = rep_page.Adjustment(frame.iloc[:0], pd.DataFrame(), [], False)
    alike = detectable(rates.assign(won=50))
    assert rep_page.headline(found, nothing) == found.headline
    assert rep_page.headline(alike, made) == alike.headline
