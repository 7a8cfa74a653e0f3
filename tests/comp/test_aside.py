"""A deal that cannot be paid as it stands is set aside with its reason, is counted, and stops nobody else's pay."""

from __future__ import annotations

import json
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pay_case import assigned, company, part, plan, stated
from pay_examples import locked
from pay_laws import through_tables

from salesops_helpers import comp
from salesops_helpers.comp.aside import account, aside_words, payable, unpaid
from salesops_helpers.comp.book import Book, content_of, digest, lock, read_book
from salesops_helpers.comp.credit import exact_credit
from salesops_helpers.errors import SalesOpsError

TEN = plan([part("kind: flat, rate: 10%")], more="clawback: {window_days: 90, method: recompute_period}").model_copy(
    update={"status": "approved"})
TURNS = assigned(*((rep, "2026-01-01", "test") for rep in "abc"))
DEALS = [("1", "a", "2026-01-05", 1000.0), ("2", "c", "2026-01-06", 500.0), ("3", "a", "2026-01-07", None),
         ("4", "b", "2026-01-08", 70.0), ("5", "b", "2026-01-09", 300.0)]
WRONG = [("1", "a", 0.6, 0.6, False), ("1", "b", 0.3, 0.4, False), ("4", "c", 0.5, 0.5, True),
         ("5", "a", 0.5, 0.25, False), ("5", "b", 0.5, 0.75, False), ("5", "c", 0.4, 0.4, True)]
MENDED = [("1", "a", 0.6, 0.6, False), ("1", "b", 0.4, 0.4, False), *WRONG[2:]]


def known(splits, deals=DEALS, as_of="2026-01-31"):
    rows = pd.DataFrame(splits, columns=["opportunity_id", "rep_id", "quota_share", "commission_share", "overlay"])
    return company(list("abc"), deals, as_of=as_of, splits=rows, plan_assignments=TURNS)


def corrected(made) -> dict[str, int]:
    """What the lines that correct earlier months pay, by rep, in minor units."""
    lines = made.lines[made.lines["refers"] < made.month]
    return {rep: int(minor) for rep, minor in lines.groupby("rep_id")["minor"].sum().items()}


def test_a_deal_that_cannot_be_paid_stops_nobody_elses_pay():
    tables = known(WRONG)
    made = stated(TEN, tables, "2026-01")
    found = made.aside.set_index(["opportunity_id", "rep_id"])
    assert list(found.index) == [("1", "a"), ("1", "b"), ("3", "a"), ("4", "c")]
    assert found["reason"].tolist() == ["its quota shares add up to 90 %"] * 2 + [
        "it has no amount", "it has overlay shares alone, and none of its owners"]
    assert found["allowed"].iloc[0] == "shares that add up to 100 %, beside those with overlay: true"
    assert found["do"].iloc[0] == "correct the table splits, or mark the share beside the owners' as overlay"
    assert set(found["status"]) == {"not yet paid"} and found["quota_share"].tolist()[:2] == [0.6, 0.3]
    assert made.summary.set_index("rep_id")["paid"].to_dict() == {"a": 1500, "b": 1500, "c": 5000 + 1200}
    rows = account(made.aside, tables, made.month)
    assert rows[["deals", "amount"]].to_numpy().tolist() == [[2, 800], [3, 1070], [5, 1870]]
    assert comp.account_words(made.aside, tables, made.month) == (
        "Of the 5 deals of EUR 1,870.00 won in January 2026, 2 deals of EUR 800.00 are used for pay and 3 deals of "
        "EUR 1,070.00 are set aside.")


def test_both_sums_are_told_and_none_is_rounded_to_the_whole():
    both = stated(TEN, known([("1", "a", 0.5, 0.6, False), ("1", "b", 0.6, 0.6, False)]), "2026-01")
    assert both.aside["reason"].iloc[0] == "its quota shares add up to 110 % and its commission shares add up to 120 %"
    near = stated(TEN, known([("1", r, 0.3333333, 1.0 if r == "a" else 0.0, False) for r in "abc"]), "2026-01")
    assert near.aside["reason"].iloc[0] == "its quota shares add up to 99.99999 %"
    nobody = stated(TEN, known([("1", "a", 0.0, 0.0, False)]), "2026-01")  # shares of 0 say that it counts for nobody
    assert "1" not in set(nobody.aside["opportunity_id"])


def test_the_statements_of_those_whom_the_deal_names_say_so():
    made = stated(TEN, known(WRONG, DEALS[:1]), "2026-01")
    said = "Set aside and not yet paid: 1 deal of EUR 1,000.00; 1: its quota shares add up to 90 %."
    for rep in ("a", "b", ""):
        assert comp.statement_sentences(made, rep)[-1] == said
    assert len(comp.statement_sentences(made, "c")) == 1 and aside_words(made.aside, "c") == []
    assert comp.aside_of(made.aside, "b")[["rep_id", "reason"]].to_numpy().tolist() == [
        ["b", "its quota shares add up to 90 %"]]


def test_a_month_with_deals_set_aside_is_locked_only_by_a_word_for_it(tmp_path):
    tables = known(WRONG)
    made = stated(TEN, tables, "2026-01")
    with pytest.raises(SalesOpsError) as told:
        lock(made, tables, tmp_path, "Ann")
    assert str(told.value) == (
        "3 deals of EUR 1,070.00 set aside and not yet paid, 1: its quota shares add up to 90 %; 3: it has no amount; "
        "4: it has overlay shares alone, and none of its owners; allowed: a month in which every deal is paid, or "
        "--with-set-aside; do: mend the deals, or lock the month without them with --with-set-aside: they are paid "
        "once they are mended")
    assert read_book(tmp_path).months == []
    lock(made, tables, tmp_path, "Ann", with_set_aside=True)
    book = read_book(tmp_path)
    assert book.aside["opportunity_id"].tolist() == ["1", "1", "3", "4"]
    february = stated(TEN, known(MENDED, as_of="2026-02-28"), "2026-02", book)
    lines = february.lines[february.lines["opportunity_id"] == "1"]
    assert lines[["rep_id", "minor", "why"]].sort_values("rep_id").to_numpy().tolist() == [
        ["a", 6000, "the deal was set aside when the month was paid"],
        ["b", 4000, "the deal was set aside when the month was paid"]]
    assert unpaid(february.aside)["opportunity_id"].tolist() == ["3", "4"]
    assert stated(TEN, known(WRONG), "2026-01", book).summary.equals(made.summary)


def test_a_deal_that_a_locked_month_paid_stays_as_it_was_paid_until_it_is_mended(tmp_path):
    deals = [DEALS[0], DEALS[1]]
    tables = known(MENDED[:2], deals)
    lock(stated(TEN, tables, "2026-01"), tables, tmp_path, "Ann")
    tables = known(WRONG[:2], [("1", "a", "2026-01-05", 800.0), DEALS[1]], "2026-02-28")
    february = stated(TEN, tables, "2026-02", read_book(tmp_path))
    assert february.aside["status"].tolist() == ["stays as it was paid"] * 2 and not corrected(february)
    assert comp.statement_sentences(february)[-1] == (
        "Paid as in an earlier month until it is mended: 1: its quota shares add up to 90 %.")
    lock(february, tables, tmp_path, "Ann")
    even = known([("1", "a", 0.5, 0.5, False), ("1", "b", 0.5, 0.5, False)], deals, "2026-03-31")
    march = stated(TEN, even, "2026-03", read_book(tmp_path))
    assert corrected(march) == {"a": -1000, "b": 1000} and not len(march.aside)


def test_a_deal_cancelled_after_the_window_keeps_the_shares_it_was_paid_with(tmp_path):
    tables = known(MENDED[:2], DEALS[:2])
    book = locked(stated(TEN, tables, "2026-01"), tables)
    later = known(WRONG[:2], DEALS[:2], "2026-12-31")
    gone = later.opportunities["opportunity_id"] == "1"
    deals = later.opportunities.assign(status=later.opportunities["status"].mask(gone, "lost"))
    deals = deals.assign(closed_on=deals["closed_on"].mask(gone, pd.Timestamp("2026-12-01")))
    later = type(tables)(later.company, {**later._frames, "opportunities": deals}, later.as_of)
    assert not corrected(stated(TEN, later, "2026-12", book))


deal = st.tuples(st.integers(1, 10_000_000), st.sampled_from(["whole", "shared", "short", "over", "alone", "none"]),
                 st.integers(1, 99))


def shared(name: str, kind: str, share: int) -> list[tuple]:
    """The rows of splits of a deal of one of six kinds; the last four are set aside, or have no rows."""
    left = {"shared": 100 - share, "short": 99 - share, "over": 101 - share}.get(kind)
    if kind == "alone":
        return [(name, "b", share / 100, share / 100, True)]
    if left is None:
        return []
    return [(name, r, n / 100, n / 100, False) for r, n in (("a", share), ("b", left)) if n]


@through_tables(100)
@given(st.lists(deal, min_size=100, max_size=100))
def test_credit_used_and_credit_set_aside_are_the_credit_of_all_deals(drawn):
    """100 deals in each example: what is used and what is set aside add up to all, and pay is that of a company that
    has no such deals."""
    deals = [(f"d{n:03d}", "abc"[n % 3], f"2026-01-{n % 31 + 1:02d}", None if kind == "none" else cents / 100)
             for n, (cents, kind, _) in enumerate(drawn)]
    splits = [row for n, (_, kind, share) in enumerate(drawn) for row in shared(f"d{n:03d}", kind, share)]
    tables = known(splits, deals)
    made = stated(TEN, tables, "2026-01")
    gone = set(made.aside["opportunity_id"])
    assert gone == {f"d{n:03d}" for n, (_, kind, _) in enumerate(drawn) if kind not in ("whole", "shared")}
    credit, grain = exact_credit(payable(tables, made.aside))
    used = Fraction(int(credit.loc[~credit["overlay"], "bookings"].sum()), grain)
    cents = {f"d{n:03d}": 0 if kind == "none" else c for n, (c, kind, _) in enumerate(drawn)}
    aside = sum(cents[d] for d in gone)
    assert used + Fraction(aside, 100) == Fraction(sum(cents.values()), 100)
    assert round(unpaid(made.aside)["amount"].sum() * 100) == aside
    clean = known([row for row in splits if row[0] not in gone], [d for d in deals if d[0] not in gone])
    pd.testing.assert_frame_equal(made.summary, stated(TEN, clean, "2026-01").summary)


def test_a_month_that_an_earlier_version_locked_is_refused(tmp_path):
    tables = known(MENDED[:2], DEALS[:2])
    made = stated(TEN, tables, "2026-01")
    content = {name: rows for name, rows in content_of(made, tables).items() if name not in ("aside", "splits")}
    given = {"by": "Ann", "at": "2026-02-01T00:00:00Z", "digest": digest(content), "content": content}
    (tmp_path / "2026-01.json").write_text(json.dumps(given))
    with pytest.raises(SalesOpsError, match="2026-01.json lacks aside and splits: it was locked by an earlier version"):
        read_book(tmp_path)


def test_a_book_of_no_months_has_nothing_set_aside():
    assert not len(Book().aside) and not len(Book().splits)
