"""The page on one rep: hand-computed standing, deals that ask for something, pay; whoever it is about gets a page."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from feedback_company import HOSTILE, NAMES, cases, company, deals, people

from salesops_helpers import publish, show
from salesops_helpers.data.veil import Sight, veiled
from salesops_helpers.errors import SalesOpsError
from salesops_helpers.performance import coaching, feedback, feedback_words

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "rep_feedback.ipynb"
HEADINGS = ["Bookings against quota", "What goes well", "One thing to work on", "Every comparison",
            "Open deals that need attention", "Pay of the month", "What this page cannot say"]
RANKING = re.compile(r"top performer|top quarter|bottom|rank(?!ed)|best rep|worst|better than|worse", re.I)
ANN = {"a": (2, 40)} | dict.fromkeys("bcdeh", (20, 40))


def quotas(amount: float = 5_000.0) -> pd.DataFrame:
    months = pd.date_range("2026-01-01", "2026-06-01", freq="MS")
    return pd.DataFrame([(rep, month, amount) for rep in NAMES for month in months],
                        columns=["rep_id", "month", "amount"])


def page(tables, monkeypatch, **given) -> tuple[str, str]:
    """All that the notebook shows, as HTML and as text, its cells run one after the other."""
    shown = []

    def keep(made):
        def call(*values, **more):
            shown.append(made(*values, **more))
            return shown[-1]
        return call

    for name in ("answer", "note", "table", "figure"):
        monkeypatch.setattr(show, name, keep(getattr(show, name)))
    monkeypatch.setattr("salesops_helpers.load", lambda *values, **more: tables)
    space: dict = {}
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            exec(cell.source, space)
            if "parameters" in cell.metadata.get("tags", []):
                space.update(given)
    heads = [cell.source.splitlines()[0].lstrip("# ") for cell in notebook.cells if cell.source.startswith("## ")]
    assert heads == HEADINGS
    monkeypatch.undo()
    return "\n".join(s.html for s in shown), "\n".join(s.text for s in shown)


def test_standing_by_hand():
    tables = company(quotas=quotas(4_000.0))
    months = feedback.standing(tables, "a")
    february = months[months["month"] == "2026-02-01"].iloc[0]
    assert len(months) == 12 and (february["bookings"], february["wins"]) == (10_000, 10)
    assert (february["quota"], february["attainment"]) == (4_000, 2.5)
    assert months["quota"].isna().sum() == 6 and months["bookings"].sum() == 10_000
    assert feedback.standing(tables)["bookings"].sum() == 60_000, "all reps together"
    rows = feedback.spans(tables, "a").set_index("span")
    assert list(rows.index) == ["June 2026", "quarter so far", "fiscal year so far"]
    assert rows.loc["fiscal year so far", "attainment"] == pytest.approx(10_000 / 24_000)
    assert (rows.loc["quarter so far", "bookings"], rows.loc["quarter so far", "quota"]) == (0, 12_000)
    assert feedback_words.standing_sentence(tables, "a") == (
        "Ann: nothing booked in June 2026, 0 % of quota; fiscal year so far EUR 10.0 k booked with 10 deals, 42 % of "
        "quota.")
    assert feedback_words.standing_alt(months, "EUR") == (
        "EUR 10.0 k booked in 12 months; the quota was reached in 1 of 6 months that have one.")


def test_standing_without_quotas_and_of_a_new_hire():
    tables = company(reps=people(hired_on={"a": pd.Timestamp("2026-04-15")}))
    months = feedback.standing(tables, "a")
    assert list(months["month"].dt.month) == [4, 5, 6], "no month before the month of hire"
    assert months["attainment"].isna().all()
    assert feedback_words.standing_alt(months, "EUR").endswith("no month has a quota.")
    assert "no quota is known" in feedback_words.standing_sentence(tables, "a")


def test_attention_by_hand():
    some = deals()
    some.loc[some["opportunity_id"] == "b-open", ["created_on", "expected_close_on"]] = [
        pd.Timestamp("2026-05-20"), pd.Timestamp("2026-06-20")]
    tables = company(opportunities=some)
    found = feedback.attention(tables, "a")
    assert list(found["opportunity_id"]) == ["a-open"]
    assert found["why"].iloc[0] == (
        "open for 176 days, longer than nine of ten wins took; expected close passed 60 days ago")
    assert found["ask"].iloc[0] == "ask whether it is still alive; if not, close it", "all that closed took 51 days"
    young = feedback.attention(tables, "b").iloc[0]
    assert young["why"] == "expected close passed 10 days ago"
    assert young["ask"] == "agree a date that the customer confirms"
    assert len(feedback.attention(tables)) == 6
    assert feedback_words.attention_sentence(found, "EUR") == (
        "1 open deal asks for something now, worth EUR 500: 1 has stopped.")
    assert feedback_words.attention_sentence(feedback.attention(tables), "EUR").endswith(
        ": 5 have stopped and 1 is silent, past the expected close or put off twice.")
    assert feedback_words.attention_sentence(found.iloc[:0], "EUR") == "No open deal asks for something now."


def test_attention_sees_silence_and_long_stays():
    entered = [(f"{rep}{n}", pd.Timestamp("2026-02-02"), "Demo") for rep in NAMES for n in range(20)]
    moves = pd.DataFrame([*entered, ("a-open", pd.Timestamp("2026-02-02"), "Demo")],
                         columns=["opportunity_id", "changed_at", "stage"])
    activities = pd.DataFrame([("x", "a", "a-open", pd.Timestamp("2026-05-01 10:00")),
                               ("y", "b", "b-open", pd.Timestamp("2026-06-29 10:00"))],
                              columns=["activity_id", "rep_id", "opportunity_id", "occurred_at"])
    found = feedback.attention(company(stage_history=moves, activities=activities))
    mine = found[found["rep_id"] == "a"].iloc[0]
    # 60 wins left Demo after 20 days; the deal stands there since 2 February, and was last spoken about on 1 May
    assert mine["why"] == ("for 148 days in Demo (nine of ten wins: at most 20); no activity for 60 days; expected "
                           "close passed 60 days ago")
    assert mine["ask"] == "ask whether it is still alive; if not, close it"
    assert "no activity" not in found[found["rep_id"] == "b"]["why"].iloc[0]


def test_pay_is_what_another_page_published(tmp_path):
    rows = pd.DataFrame({"rep_id": ["a", "b", "a"], "name": "x", "month": ["2026-06", "2026-06", "2026-05"],
                         "currency": "EUR", "earned": [1200.5, 9.0, 7.0], "draw": [0.0, 0.0, 0.0],
                         "paid": [1200.5, 9.0, 7.0]})
    publish.publish(rows, "payroll", str(tmp_path))
    paid = feedback.pay(company(), "a", str(tmp_path))
    assert list(paid.itertuples(index=False, name=None)) == [
        ("earned this month", 1200.5, "EUR"), ("paid with this month's payroll", 1200.5, "EUR")]
    assert feedback.pay(company(), "", str(tmp_path)).empty and feedback.pay(company(), "a", "").empty
    assert feedback.pay(company(), "c", str(tmp_path)).empty
    assert feedback_words.pay_sentence(paid.iloc[:0], "a").startswith("No page of this month has published pay")
    assert feedback_words.pay_sentence(paid, "").startswith("Pay is on the page of pay statements")


def test_the_overview_is_in_the_order_of_names_and_ranks_nobody():
    tables = company(reps=people(left_on={"b": pd.Timestamp("2026-03-01"), "c": pd.Timestamp("2026-03-01")}),
                     opportunities=deals().query("opportunity_id != 'c-open'"))
    found = coaching.looks(tables, 12, cases(ANN))
    rows = feedback.overview(tables, found, feedback.attention(tables), 12)
    assert list(rows["name"]) == [HOSTILE, "Ann", "Bob", "Dee", "Eve"], "Cid left no deal behind"
    ann = rows.set_index("rep_id").loc["a"]
    assert (ann["closed"], ann["attention"], ann["focus"]) == (20, 1, "Demo: moving on")
    assert re.fullmatch(r"EUR [\d.,]+ (k )?to [\d.,]+( k)?", ann["worth"]) and pd.isna(ann["strengths"])
    said = feedback_words.sentences(tables, "", found, feedback.attention(tables), 12)
    assert said[0].startswith("A coaching focus stands out for 1 of 4 reps, and no strength;")
    assert feedback.columns("", "EUR")[0].keys() <= set(rows)
    assert feedback.columns("a", "EUR")[0].keys() <= set(feedback.all_looks(found, "a"))
    assert len(feedback.compared(found, "a")) == 1


def test_the_largest_gap_to_the_quota_of_the_quarter_stands_first():
    some = quotas()
    some.loc[some["rep_id"] == "d", "amount"] = 9_000.0
    tables = company(quotas=some[some["rep_id"] != "e"])
    found = coaching.looks(tables, 12, cases(ANN))
    rows = feedback.overview(tables, found, feedback.attention(tables), 12)
    assert list(rows["rep_id"])[0] == "d" and list(rows["rep_id"])[-1] == "e", "without a quota there is no gap"
    assert rows.loc[0, ["booked", "quota", "attainment"]].tolist() == [0, 27_000, 0]
    said = feedback_words.order_sentence(tables, rows)
    assert "the largest gap first. The table holds 6 reps of 6: 6 who are here and 0" in said
    assert "strengths" not in feedback.columns("", "EUR", rows)[0] and "quota" in feedback.columns("", "EUR", rows)[0]


def test_whom_the_page_is_about():
    tables = company()
    assert feedback.shown_rep(tables) == "" and feedback.shown_rep(tables, "rep", "a") == "a"
    with pytest.raises(SalesOpsError, match="rep 'zz' is not in reps"):
        feedback.shown_rep(tables, "rep", "zz")
    with pytest.raises(SalesOpsError, match="by = 'team'"):
        feedback.shown_rep(tables, "team", "North")
    alone = veiled(tables, Sight("rep", "a", True))
    assert feedback.shown_rep(alone) == "a"


def test_who_it_is_about_is_said():
    tables = company(reps=people(hired_on={"a": pd.Timestamp("2026-05-01")}, left_on={"b": pd.Timestamp("2026-03-01")}),
                     opportunities=deals().query("rep_id != 'c' or stage != 'Lost'"))
    nobody = coaching.looks(tables, 12, cases(ANN).iloc[:0])
    said = {rep: " ".join(feedback_words.sentences(tables, rep, nobody, feedback.attention(tables, rep), 12))
            for rep in "abcd"}
    assert "Joined on 1 May 2026: in the first 12 months the comparison is with others who are new" in said["a"]
    assert "Left on 1 March 2026: the figures end there, and open deals need a new owner." in said["b"]
    assert "Only 10 deals closed in" in said["c"] and "too few to tell skill from chance" in said["c"]
    assert "Only" not in said["d"] and "Joined" not in said["d"] and "must not be used alone" in said["d"]


@pytest.mark.parametrize("rep", ["a", "h", "n"])
def test_a_bare_company_gives_each_rep_a_full_page(rep, monkeypatch):
    reps = people(hired_on={"a": pd.NaT}, role={"a": np.nan})
    new = {"rep_id": "n", "name": "Nia", "role": "Agent", "hired_on": pd.Timestamp("2026-06-20")}
    reps = pd.DataFrame([*reps.to_dict("records"), new])
    html, text = page(company(reps=reps), monkeypatch, by="rep", unit=rep, month="2026-06")
    for table in ("quotas", "stage_history", "leads", "activities"):
        assert f"The table {table} is missing" in text
    assert "<script>" not in html and RANKING.findall(text) == []
    assert "No focus" in text and "must not be used alone" in text
    if rep == "h":
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_a_leaver_and_the_page_of_all(monkeypatch):
    tables = company(reps=people(left_on={"b": pd.Timestamp("2026-03-01")}), quotas=quotas())
    html, text = page(tables, monkeypatch, by="rep", unit="b", month="2026-06")
    assert "Left on 1 March 2026" in text and "b-open" in text and "The table quotas" not in text
    html, text = page(tables, monkeypatch, month="2026-06")
    names = re.findall(r"<td class=\"text\">(Ann|Bob|Cid|Dee|Eve)</td><td class=\"text\">North", html)
    assert names == ["Ann", "Bob", "Cid", "Dee", "Eve"] and RANKING.findall(text) == []
    assert "<script>" not in html and "&lt;script&gt;" in html


def test_a_rep_alone_is_compared_with_nobody(monkeypatch):
    alone = veiled(company(quotas=quotas()), Sight("rep", "a", True))
    html, text = page(alone, monkeypatch, month="2026-06")
    assert text.count("Nothing is compared with colleagues here: these tables hold no other rep with cases.") == 3
    assert "Ann: nothing booked in June 2026" in text
    html = re.sub(r'src="data:[^"]+"', "", html)
    assert not any(name in html for name in ("Bob", "Cid", "Dee", "Eve"))


def test_deals_without_a_rep_have_nobody_to_talk_to(monkeypatch):
    some = deals()
    some.loc[some["opportunity_id"] == "a-open", "rep_id"] = np.nan
    html, text = page(company(opportunities=some), monkeypatch, by="rep", unit="(none)", month="2026-06")
    assert text.startswith("1 open deal without a rep asks for something now.")
