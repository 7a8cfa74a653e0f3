"""The figures of the data-quality page: what they draw, and names that are no markup."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from salesops_helpers import show
from salesops_helpers.charts.quality import owners, risk, trend

MONTHS = pd.date_range("2026-01-01", periods=6, freq="MS")
RISK = pd.DataFrame(
    {
        "figure": ["pipeline", "bookings"],
        "total": [2e6, 0.0],
        "flagged": [5e5, 0.0],
        "share": [0.25, float("nan")],
        "record_share": [0.1, float("nan")],
    }
)
NAMES = {"pipeline": "open pipeline", "bookings": "bookings of the month"}
CREATED = pd.DataFrame(
    {
        "month": MONTHS,
        **{
            f"{what}_{name}": value
            for name in ("aside", "flagged")
            for what, value in (("share", 0.1), ("low", 0.05), ("high", 0.2))
        },
    }
)


def people(n: int = 3) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "rep_id": [f"r{i}" for i in range(n)],
            "name": [f"Rep $x_{i}$ <b>" for i in range(n)],
            "deals": 10,
            "flagged": 2,
            "share": 0.2,
            "mean": 0.2,
            "low": 0.1,
            "high": 0.3,
        }
    )


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def test_money_stands_beside_each_bar():
    ax = risk(RISK, NAMES, "EUR").axes[0]
    assert [t.get_text() for t in ax.texts] == ["EUR 500 k of EUR 2.00 m in doubt", "EUR 0 of EUR 0 in doubt"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["Open pipeline", "Bookings of the month"]
    assert ax.get_xlabel() == "share of the figure"
    assert [bar.get_width() for bar in ax.patches] == pytest.approx([0.25, 0.0, 0.1, 0.0])


def test_trend_has_both_views_with_units():
    left, right = trend(pd.DataFrame({"month": MONTHS, "share": 0.2}), CREATED).axes
    assert left.get_ylabel() == "share of its value" and "90 % range" in right.get_ylabel()
    assert left.get_ylim()[0] == 0 and {t.get_text() for t in right.get_legend().get_texts()} == {
        "flagged today",
        "set aside",
    }


def test_owners_by_name_without_markup():
    ax = owners(people()).axes[0]
    labels = ax.get_yticklabels()
    assert [t.get_text() for t in labels] == [f"Rep $x_{i}$ <b>  (10)" for i in range(3)]
    assert not any(t.get_parse_math() for t in labels)
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


@pytest.mark.filterwarnings("error")
def test_all_can_be_shown_with_little_data():
    one = pd.DataFrame({"month": MONTHS[:1], "share": [float("nan")]})
    for fig in (risk(RISK, NAMES, "EUR"), trend(one, CREATED.head(1)), owners(people(1)), owners(people(200))):
        assert show.figure(fig, alt="<x>").html.count("&lt;x&gt;") == 1
