"""A year of monthly runs: what is locked stays, and what changes afterwards is booked in the open month."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest
from pay_case import Tables, assigned, company, months, part, plan, stated, tiers

from salesops_helpers.comp.book import Book, book_folder, lock, read_book, what_changed
from salesops_helpers.comp.statements import statements
from salesops_helpers.errors import SalesOpsError

STEPS = tiers([("0%", "5%"), ("100%", "8%")])
PLANS = [
    plan([part(f"kind: retroactive, unit: attainment, tie: upper, {STEPS}")], name="whole",
         more="clawback: {window_days: 120, method: recompute_period}").model_copy(update={"status": "approved"}),
    plan([part("kind: flat, rate: 10%")], name="flat",
         more="draw: {amount: 500, kind: recoverable, recovery: above_draw, ends: 2026-12-31}").model_copy(
             update={"status": "approved", "approved_by": "Vera Vogt"}),
]
ASSIGNED = assigned(("a", "2026-01-01", "whole"), ("b", "2026-01-01", "whole"), ("b", "2026-04-16", "flat"),
                    ("c", "2026-01-01", "flat"))
REPS = [{"rep_id": r, "name": r.upper(), "team": "T", "left_on": left} for r, left in
        (("a", None), ("b", None), ("c", "2026-05-20"))]
DEALS = [(f"{r}{m}", r, f"2026-{m:02d}-10", 1000.0 * (m + 5) + 10 * n)
         for n, r in enumerate("abc") for m in range(1, 13) if not (r == "c" and m > 2)]
QUOTAS = [q for r in "abc" for q in months(r, 10_000)]


def known(month: int, changed: bool = True):
    """The tables at a month's end: c leaves owing, a's January is corrected in March, a's April is cancelled in June,
    and a deal of b's February belongs to a from May on."""
    end = pd.Timestamp(2026, month, 1) + pd.offsets.MonthEnd(1)
    deals = [list(d) for d in DEALS if pd.Timestamp(d[2]) <= end]
    gone = {r["rep_id"]: r["left_on"] for r in REPS if r["left_on"] and pd.Timestamp(r["left_on"]) <= end}
    reps = [{**r, "left_on": gone.get(r["rep_id"])} for r in REPS]
    for d in deals if changed else ():
        if d[0] == "a1" and month >= 3:
            d[3] = 9999.99
        if d[0] == "b2" and month >= 5:
            d[1] = "a"
    tables = company(reps, deals, QUOTAS, as_of=str(end.date()), plan_assignments=ASSIGNED)
    if changed and month >= 6:
        deals = tables.opportunities
        gone = deals["opportunity_id"] == "a4"
        deals = deals.assign(status=deals["status"].mask(gone, "lost"), closed_on=deals["closed_on"].mask(
            gone, pd.Timestamp("2026-06-12")))
        tables = Tables(tables.company, {**tables._frames, "opportunities": deals}, tables.as_of)
    return tables


@pytest.fixture(scope="module")
def year(tmp_path_factory):
    """Twelve months, each stated on what was known, and locked."""
    folder = tmp_path_factory.mktemp("pay")
    made = {}
    for m in range(1, 13):
        tables = known(m)
        made[m] = stated(PLANS, tables, f"2026-{m:02d}", read_book(folder))
        lock(made[m], tables, folder, "Ann Lee")
    return folder, made


def test_locked_months_never_change(year):
    folder, made = year
    book = read_book(folder)
    assert len(book.months) == 12 and {one.by for one in book.locked} == {"Ann Lee"}
    for m, month in made.items():
        again = stated(PLANS, known(m), f"2026-{m:02d}", book.before(month.month))
        assert not len(what_changed(again, known(m), book.of(month.month)))
    paid = book.paid.groupby("month")["paid"].sum()
    assert [int(v) for v in paid] == [int(made[m].summary["paid"].sum()) for m in range(1, 13)]


def test_what_was_paid_and_is_owed_is_what_was_earned(year):
    _, made = year
    last = made[12]
    every = pd.concat([last.paid, last.summary.assign(earned=last.summary["earned"] + last.summary["corrected"])])
    sums = every.groupby("rep_id")[["earned", "paid", "forgiven"]].sum().astype("int64")
    owed = every.sort_values("month").groupby("rep_id")["owed"].last().astype("int64")
    assert (sums["paid"] == sums["earned"] + sums["forgiven"] + owed).all()
    truth = stated(PLANS, known(12), "2026-12", None)
    fresh = pd.concat([truth.paid["earned"], truth.summary["earned"] + truth.summary["corrected"]]).sum()
    assert sums["earned"].sum() == fresh  # twelve months with corrections pay what one look back would


def test_each_correction_refers_to_what_was_paid_and_says_why(year):
    _, made = year
    march = made[3].lines[made[3].lines["refers"] < made[3].month]
    assert march["opportunity_id"].tolist() == ["a1"]
    assert march["why"].tolist() == ["the deal's amount was corrected"]
    assert march["minor"].tolist() == [round(9999.99 * 5) - 6000 * 5]  # 5 % in cents
    may = made[5].lines[made[5].lines["refers"] < made[5].month]
    moved = may[may["opportunity_id"] == "b2"].set_index("rep_id")
    assert set(moved["why"]) == {"the deal belongs to another rep now"} and set(moved.index) == {"a", "b"}
    other = may[may["opportunity_id"] != "b2"]  # with it a reaches the rate of 8 % for the whole of February
    assert other[["rep_id", "opportunity_id"]].to_numpy().tolist() == [["a", "a2"]]
    assert other["minor"].tolist() == [7000 * 3] and moved["minor"].to_dict() == {"a": 7010 * 8, "b": -7010 * 5}
    june = made[6].lines[made[6].lines["refers"] < made[6].month]
    assert june["why"].tolist() == ["the deal was cancelled after it was paid"]
    assert june["minor"].tolist() == [-9000 * 5]
    assert made[6].summary.set_index("rep_id").loc["a", "corrected"] == -45000
    assert sum(len(m.lines[m.lines["refers"] < m.month]) for m in made.values()) == len(march) + len(may) + len(june)


def test_a_plan_that_changes_in_the_middle_of_a_month_pays_each_part(year):
    _, made = year
    b = made[4].components[made[4].components["rep_id"] == "b"].set_index("plan")
    assert b.loc["whole", "quota"] == pytest.approx(10_000 * 15 / 30)
    assert set(b.index) == {"whole", "flat"}
    assert b.loc["whole", "attainment"] == pytest.approx(9010 / 5000) and b.loc["flat", "bookings"] == 0
    terms = made[4].summary.set_index("rep_id")
    assert terms.loc["b", "paid"] == 9010 * 8  # above the draw of 250 for 15 of 30 days


def test_a_leaver_with_a_draw_owes_what_was_not_earned(year):
    _, made = year
    c = {m: made[m].summary.set_index("rep_id").loc["c"] for m in range(1, 6)}
    assert [int(c[m]["paid"]) for m in range(1, 6)] == [60200, 70200, 50000, 50000, round(50000 * 20 / 31)]
    assert int(c[5]["owed"]) == 50000 + 50000 + round(50000 * 20 / 31)
    assert "c" not in set(made[8].summary["rep_id"])


def test_taking_back_every_deal_returns_to_nothing():
    tables = known(2, changed=False)
    keep = {"plan_assignments": assigned(("a", "2026-01-01", "whole"), ("b", "2026-01-01", "whole"))}
    tables = Tables(tables.company, {**tables._frames, **keep_types(tables, keep)}, tables.as_of)
    january = stated(PLANS, tables, "2026-01")
    book = in_memory(january, tables)
    deals = tables.opportunities.assign(status="lost", closed_on=pd.Timestamp("2026-02-20"))
    gone = Tables(tables.company, {**tables._frames, "opportunities": deals}, tables.as_of)
    february = stated(PLANS, gone, "2026-02", book)
    totals = pd.concat([january.lines, february.lines]).groupby("rep_id")["minor"].sum()
    assert january.summary["paid"].sum() > 0 and (totals == 0).all()
    assert (february.summary["owed"] == january.summary["paid"]).all()


def test_a_deal_cancelled_after_the_window_stays_paid():
    book = in_memory(stated(PLANS, known(1, False), "2026-01"), known(1, False))
    late = known(12, False)
    deals = late.opportunities
    gone = deals["opportunity_id"] == "a1"
    for day, lost in (("2026-05-10", True), ("2026-05-11", False)):  # 120 and 121 days
        changed = deals.assign(status=deals["status"].mask(gone, "lost"),
                               closed_on=deals["closed_on"].mask(gone, pd.Timestamp(day)))
        made = stated(PLANS, Tables(late.company, {**late._frames, "opportunities": changed}, late.as_of), "2026-12",
                      book)
        assert ("a1" in set(made.lines["opportunity_id"])) == lost


def test_an_adjustment_of_a_locked_month_is_paid_with_the_open_one():
    def fixed(*rows):
        frame = pd.DataFrame(rows, columns=["rep_id", "month", "reason", "amount"])
        return {"adjustments": frame.assign(month=pd.to_datetime(frame["month"] + "-01"))}

    def with_rows(month, *rows):
        tables = known(month, False)
        return Tables(tables.company, {**tables._frames, **keep_types(tables, fixed(*rows))}, tables.as_of)

    first = ("a", "2026-01", "referral", 10.0)
    january = with_rows(1, first)
    made = stated(PLANS, january, "2026-01")
    book = in_memory(made, january)
    assert made.summary.set_index("rep_id").loc["a", "corrected"] == 1000
    later = with_rows(2, ("a", "2026-01", "referral", 12.5), ("b", "2026-01", "forgotten", 7.0),
                      ("b", "2026-02", "new", 1.0))
    lines = stated(PLANS, later, "2026-02", book).lines
    found = lines[lines["component"] == "adjustment"]
    assert found[["rep_id", "why", "minor"]].sort_values("why").to_numpy().tolist() == [
        ["b", "forgotten", 700], ["b", "new", 100], ["a", "referral", 250]]
    assert not len(stated(PLANS, with_rows(2, first), "2026-02", book).lines.query("component == 'adjustment'"))


def keep_types(tables, frames):
    return Tables.from_frames(tables.company, frames, as_of=tables.as_of)._frames


def flat_only(made):
    """The statements of those on the plan that names its approver."""
    return replace(made, lines=made.lines[made.lines["plan"] == "flat"])


def in_memory(made, tables) -> Book:
    from pay_examples import locked

    return locked(made, tables)


def test_refusals_of_the_book(year, tmp_path):
    folder, made = year
    tables = known(3)
    other = stated(PLANS, known(3, changed=False), "2026-03", read_book(folder))
    with pytest.raises(SalesOpsError, match="2026-03 was locked by Ann Lee on .* would be paid otherwise now"):
        lock(other, tables, folder, "Bo")
    assert lock(made[3], tables, folder, "Bo").by == "Ann Lee"  # the same content is locked once
    with pytest.raises(SalesOpsError, match="nobody locks the month"):
        lock(made[1], known(1), tmp_path, " ")
    lock(made[1], known(1), tmp_path, "Ann")
    with pytest.raises(SalesOpsError, match="2026-03 does not follow 2026-01, the last locked month"):
        lock(made[3], tables, tmp_path, "Ann")
    with pytest.raises(SalesOpsError, match="vera vogt approved plan 'flat' version 1 and would lock the month"):
        lock(flat_only(made[2]), known(2), tmp_path, "vera vogt", separate=True)
    with pytest.raises(SalesOpsError, match="plan 'whole' version 1 does not say who approved it"):
        lock(made[2], known(2), tmp_path, "Ann", separate=True)
    drafts = [p.model_copy(update={"status": "draft"}) for p in PLANS]
    with pytest.raises(SalesOpsError, match="plan 'flat' version 1 is a draft"):
        lock(stated(drafts, known(1), "2026-01"), known(1), tmp_path / "other", "Ann")
    without = Tables(tables.company, {n: f for n, f in tables._frames.items() if n != "quotas"}, tables.as_of)
    with pytest.raises(SalesOpsError, match="pay of rep 'a' on plan 'whole' is not computed: no quota"):
        lock(stated(PLANS, without, "2026-03"), tables, tmp_path / "third", "Ann")
    path = tmp_path / "2026-01.json"
    given = json.loads(path.read_text())
    given["content"]["paid"][0][-3] += 1
    path.write_text(json.dumps(given))
    with pytest.raises(SalesOpsError, match="2026-01.json is not as it was locked"):
        read_book(tmp_path)
    assert read_book(tmp_path / "nowhere").months == []
    assert book_folder(tables.company).name == "pay"


def test_a_plan_that_is_not_there_is_refused():
    with pytest.raises(SalesOpsError, match="names the plan 'whole', which is not there; allowed: flat"):
        statements(known(1), "2026-01", {"flat": [PLANS[1]]})
