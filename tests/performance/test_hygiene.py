"""Hygiene in money, on a small company whose figures can be added up by hand."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from salesops_helpers import Tables
from salesops_helpers.data.company import Company
from salesops_helpers.data.engine import InFrames
from salesops_helpers.performance import hygiene, hygiene_trend, hygiene_words
from salesops_helpers.performance.aside import aside_deals

ACME = Company(name="Acme", currency="EUR", stages=["Open", "Won", "Lost"], won_stages=["Won"], lost_stages=["Lost"])
REPS = [("r1", "Ada", None), ("r2", "Bo", "2026-03-31"), ("r3", "Cy", None)]


class Aside:
    """What a checker holds, as given."""

    def __init__(self, rows):
        frame = pd.DataFrame(rows, columns=["table", "key", "rule", "dated", "row"])
        self.rows = frame.assign(
            file="f.csv",
            source_line=range(2, len(rows) + 2),
            reason=frame["rule"] + ": x",
            dated=pd.to_datetime(frame["dated"]),
        )

    def set_aside(self):
        return self.rows

    def places(self, name, keys):
        return pd.DataFrame({"key": [], "file": [], "source_line": []})

    def flags(self):
        return pd.DataFrame(columns=["table", "file", "source_line", "key", "rule", "reason", "dated", "doubts"])


def deals(*rows) -> pd.DataFrame:
    names = ["opportunity_id", "rep_id", "status", "amount", "created_on", "closed_on", "expected_close_on", "product"]
    return pd.DataFrame(rows, columns=names).assign(stage=lambda f: f["status"].str.capitalize())


DEALS = deals(
    ("w1", "r1", "won", 600.0, "2026-04-01", "2026-06-10", None, "P"),
    ("w2", "r2", "won", 400.0, "2026-02-01", "2026-06-11", None, "P"),  # closed after r2 left: owner in doubt
    ("w3", "r1", "won", 1000.0, "2026-02-01", "2026-05-11", None, "P"),
    ("l1", "r1", "lost", 500.0, "2026-02-01", "2026-06-12", None, "P"),
    ("o1", "r1", "open", 300.0, "2026-06-01", None, "2026-09-01", "P"),
    ("o2", "r1", "open", 700.0, "2025-06-01", None, "2025-09-01", "P"),  # expected close long past
    ("o3", "r3", "open", None, "2026-06-01", None, "2026-09-01", "P"),  # without an amount
)


def company(rows=DEALS, aside=(), **frames) -> Tables:
    frames = {name: pd.DataFrame(frame) for name, frame in frames.items()}
    reps = pd.DataFrame(REPS, columns=["rep_id", "name", "left_on"])
    products = pd.DataFrame({"product": ["P"], "list_price": [1000.0]})
    made = Tables.from_frames(ACME, {"opportunities": rows, "reps": reps, "products": products, **frames}, "2026-06-30")
    made.engine = InFrames(lambda name: getattr(made, name)) if len(aside) else None
    if made.engine is not None:
        made.engine.checker = Aside(list(aside))
    return made


def figure(frame, name):
    return frame.set_index("figure").loc[name]


def test_how_much_rests_on_flagged_rows():
    risk = hygiene.at_risk(company())
    assert risk["figure"].tolist() == ["pipeline", "bookings", "history", "pay"]
    assert figure(risk, "bookings")[["total", "flagged", "share", "deals", "flagged_deals"]].tolist() == [
        1000.0,
        400.0,
        0.4,
        2,
        1,
    ]
    assert figure(risk, "pipeline")[["total", "flagged", "share"]].tolist() == [2000.0, 1700.0, 0.85]
    assert figure(risk, "history")[["total", "flagged", "share"]].tolist() == [2000.0, 400.0, 0.2]
    assert figure(risk, "pay")[["total", "flagged"]].tolist() == [1000.0, 400.0]


def test_history_reaches_as_far_as_asked():
    assert figure(hygiene.at_risk(company(), months=1), "history")["total"] == 1000.0


def test_gaps_in_the_record_are_counted_apart():
    log = [{"activity_id": "a", "rep_id": "r1", "occurred_at": "2026-01-01", "opportunity_id": "w2"}]
    risk = hygiene.at_risk(company(activities=log))
    assert figure(risk, "bookings")[["flagged", "record", "record_share"]].tolist() == [400.0, 600.0, 0.6]


def test_shares_that_do_not_add_up_count_for_their_deal():
    splits = [
        {"opportunity_id": "w1", "rep_id": rep, "quota_share": 0.6, "commission_share": 0.6} for rep in ("r1", "r3")
    ]
    risk = hygiene.at_risk(company(splits=splits))
    assert figure(risk, "bookings")[["total", "flagged"]].tolist() == pytest.approx([1120.0, 1120.0])


def test_pay_rests_on_the_quota_as_well():
    months = pd.date_range("2025-09-01", periods=12, freq="MS")
    quotas = pd.DataFrame({"rep_id": "r1", "month": months, "amount": 100.0})
    quotas.loc[quotas["month"] == "2026-06-01", "amount"] = 1000.0
    tables = company(quotas=quotas)
    assert figure(hygiene.at_risk(tables), "pay")["flagged"] == 1000.0
    assert figure(hygiene.at_risk(tables), "bookings")["flagged"] == 400.0
    rules = hygiene.by_rule(tables).set_index("rule")
    assert rules.loc["quota far from usual", ["pay", "bookings"]].tolist() == [600.0, 0.0]


def test_money_by_rule():
    rules = hygiene.by_rule(company()).set_index("rule")
    assert rules.loc["closed outside employment", ["deals", "bookings", "history", "pay", "pipeline"]].tolist() == [
        1,
        400.0,
        400.0,
        400.0,
        0.0,
    ]
    assert rules.loc["expected close long past", "pipeline"] == 700.0
    assert rules.loc["open without an amount", "pipeline"] == 1000.0
    assert rules.index[0] == "open without an amount"
    assert (rules["means"].str.len() > 0).all()


def test_how_far_the_headline_moves():
    moved = hygiene.moves(company()).set_index("figure")
    assert moved.loc["bookings", ["reported", "without", "change_without"]].tolist() == [1000.0, 600.0, -400.0]
    assert moved.loc["win_rate", ["reported", "without"]].tolist() == [2 / 3, 1 / 2]
    assert moved.loc["pipeline", ["reported", "without"]].tolist() == [2000.0, 300.0]
    chosen = hygiene.moves(company(), ["expected close long past"]).set_index("figure")
    assert chosen.loc["pipeline", "without"] == 1300.0 and chosen.loc["bookings", "change_without"] == 0
    assert (hygiene.moves(company(), []).set_index("figure")["change_without"] == 0).all()


def given(**values):
    return json.dumps(values)


ASIDE = [
    (
        "opportunities",
        "x1",
        "unknown in reps",
        "2026-05-01",
        given(stage="Won", status="", closed_on="2026-06-20", amount="50.5", rep_id="r9"),
    ),
    ("opportunities", "x2", "too fine", "2026-05-01", given(stage="Open", status="open", closed_on="", amount="7.001")),
    ("opportunities", "x3", "not an amount", "2026-05-01", given(stage="Won", closed_on="2026-06-20", amount="many")),
    ("opportunities", "x4", "closed without a date", "2026-05-01", given(stage="Won", closed_on="", amount="9")),
    ("opportunities", "", "unreadable record", None, "a,b"),
    ("opportunities", "x5", "unknown in reps", "2026-05-01", given(stage="Lost", closed_on="2026-06-20", amount="3")),
    ("quotas", "q", "negative", None, given(amount="-5")),
]


def test_what_set_aside_rows_would_add():
    tables = company(aside=ASIDE)
    moved = hygiene.moves(tables).set_index("figure")
    assert moved.loc["bookings", "change_within"] == pytest.approx(50.5)
    assert moved.loc["win_rate", "within"] == pytest.approx(4 / 6)
    assert moved.loc["pipeline", "change_within"] == pytest.approx(7.001)
    found = aside_deals(tables)
    assert found["key"].tolist() == ["x1", "x2", "x3", "x4", "x5"]
    assert found["status"].tolist() == ["won", "open", "won", "won", "lost"]
    assert aside_deals(company()).empty


def test_the_verdict_names_the_shares():
    said = hygiene_words.verdict(company(aside=ASIDE))
    assert said[0] == (
        "The bookings of June 2026 cannot be trusted as they stand, and the open pipeline cannot be trusted as it "
        "stands: 40.0 % of EUR 1.00 k booked and 85.0 % of EUR 2.00 k open rest on rows whose amount, date, stage or "
        "owner is in doubt."
    )
    assert "bookings of the month would be EUR 600 instead of EUR 1.00 k" in said[1]
    assert "7 rows could not be used and are in no figure, 6 of them deals" in said[-1]
    clean = company(DEALS[DEALS["opportunity_id"].isin(["w1", "w3", "l1", "o1"])])
    said = hygiene_words.verdict(clean)
    assert said[0].startswith(
        "The bookings of June 2026 can be trusted, and the open pipeline can be trusted: 0.0 % of"
    )
    assert "stay as they are" in said[1] and said[-1] == "No row had to be set aside."
    closed = company(DEALS[DEALS["opportunity_id"].isin(["w1", "w3"])])
    assert hygiene_words.verdict(closed)[0].endswith("is in doubt; no deal is open.")


@pytest.mark.parametrize(
    ("share", "grade"),
    [
        (0.0, "sound"),
        (0.02, "sound"),
        (0.0201, "careful"),
        (0.1, "careful"),
        (0.1001, "doubtful"),
        (float("nan"), "sound"),
    ],
)
def test_grades(share, grade):
    assert hygiene_words.grade(share) == grade


def test_deals_by_month_of_creation():
    frame = hygiene_trend.by_month(company(aside=ASIDE), months=2).set_index("month")
    assert frame.loc["2026-06-01", ["rows", "set_aside", "flagged"]].tolist() == [2, 0, 1]
    assert frame.loc["2026-05-01", ["rows", "set_aside", "flagged"]].tolist() == [5, 5, 0]
    assert frame.loc["2026-05-01", "share_aside"] == 1.0 and frame.loc["2026-05-01", "low_aside"] > 0.5


def test_the_pipeline_as_it_was_flagged_then():
    history = [
        {
            "opportunity_id": key,
            "changed_at": when,
            "stage": "Open",
            "amount": amount,
            "rep_id": "r1",
            "expected_close_on": expected,
        }
        for key, when, amount, expected in (
            ("o2", "2025-06-01", 500.0, "2025-09-01"),
            ("o2", "2026-06-15", 700.0, "2025-09-01"),
            ("w3", "2026-02-01", 900.0, "2026-04-01"),
            ("w1", "2026-04-01", 600.0, "2026-04-30"),
        )
    ]
    then = hygiene_trend.pipeline_then(company(stage_history=history), months=2).set_index("month")
    assert then.loc["2026-05-01", ["open", "flagged", "flagged_value"]].tolist()[2] == 500.0
    assert then.loc["2026-06-01", "flagged_value"] == 1700.0
    alone = hygiene_trend.pipeline_then(company(), months=2)
    assert len(alone) == 1 and "stage_history is missing" in hygiene_trend.trend_sentence(alone)


def test_owners_with_their_ranges():
    many = pd.concat(
        [DEALS.head(0)]
        + [
            deals(
                *[
                    (f"{rep}{i}", rep, "open", 10.0, "2026-06-01", None, "2025-09-01" if i < bad else "2026-09-01", "P")
                    for i in range(100)
                ]
            )
            for rep, bad in (("r1", 5), ("r3", 60), ("r2", 100))
        ],
        ignore_index=True,
    )
    owners = hygiene_trend.by_owner(company(many)).set_index("rep_id")
    assert owners["deals"].tolist() == [100] * 3
    assert owners.loc["r1", "flagged"] == 5 and owners.loc["r1", ["low", "high"]].between(0.01, 0.12).all()
    assert owners.index.tolist() == ["r2", "r3", "r1"]
    assert "clearly more with Bo" in hygiene_trend.owners_sentence(owners.reset_index())
    alike = many[many["rep_id"].isin(["r1", "r3"])].assign(expected_close_on="2026-09-01")
    alike = hygiene_trend.by_owner(company(alike))
    assert hygiene_trend.owners_sentence(alike).startswith("No detectable difference between the 2 owners")
    assert hygiene_trend.by_owner(company(DEALS.assign(rep_id=None))).empty


def test_the_tables_are_left_alone():
    tables = company(aside=ASIDE)
    before = {name: getattr(tables, name).copy() for name in tables.available}
    hygiene.at_risk(tables), hygiene.moves(tables), hygiene_trend.by_owner(tables), hygiene_trend.by_month(tables)
    for name, frame in before.items():
        pd.testing.assert_frame_equal(getattr(tables, name), frame)
