"""A public CRM export: known figures that nobody on this project computed."""

from __future__ import annotations

from pathlib import Path

import pytest

from salesops_helpers.data.check import check
from salesops_helpers.data.load import load
from salesops_helpers.measures import bookings

HOME = Path(__file__).parent / "maven"
WON = {"2017-03": 1134672, "2017-04": 721932, "2017-05": 1025713, "2017-06": 1338466, "2017-07": 696932,
       "2017-08": 1050059, "2017-09": 1235264, "2017-10": 731980, "2017-11": 938943, "2017-12": 1131573}


@pytest.fixture(scope="module")
def report(cases, tmp_path_factory):
    return check(HOME, tmp_path_factory.mktemp("maven"))


def test_every_row_is_used_or_set_aside(report):
    counts = report.counts.set_index("table").loc["opportunities"]
    assert counts["rows_in"] == 8800 == counts["used"] + counts["set_aside"]
    found = report.flags.groupby("rule").size().to_dict()
    assert found == {"no date": 500, "open without an amount": 2089, "no customer": 1425}
    assert "Lost deals carry no amount" in report.text and "Open deals carry no amount" in report.text
    mapped = report.mapped.set_index("was")
    assert mapped.loc["GTXPro", ["now", "rows"]].tolist() == ["GTX Pro", 1480]


def test_the_first_look_shows_the_published_figures(report):
    assert "Closed win rate: 63.15 % (4,238 won of 6,711 closed)" in report.text
    assert all(f"{month}  {value:>16,.2f}" in report.text for month, value in WON.items())


def test_won_value_by_month_to_the_unit(cases):
    frame = bookings(load(HOME, month="2017-12"))
    assert dict(zip(frame["month"].dt.strftime("%Y-%m"), frame["bookings"], strict=True)) == WON


def test_closed_win_rate_and_open_deals(cases):
    deals = load(HOME).opportunities
    counts = deals["status"].value_counts()
    assert (counts["won"], counts["lost"], counts["open"]) == (4238, 2473, 2089)
    assert round(counts["won"] / (counts["won"] + counts["lost"]), 4) == 0.6315
    assert deals[deals["status"] == "open"]["amount"].isna().all()
    assert set(deals["product"]) <= set(load(HOME).products["product"])
