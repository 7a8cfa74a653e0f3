"""What a run freezes, what a later page may read of it, and that pages stay the same bytes."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from salesops_helpers.forecast import ledger
from salesops_helpers.report import catalog
from salesops_helpers.report.month import report

PARAMETERS = 'source = ""\nmonth = "2026-02"\npublished = ""\nledger = ""'
CELLS = (
    "md:# What comes?",
    "import pandas as pd\nfrom salesops_helpers import load\nfrom salesops_helpers.publish import publish\n"
    "from salesops_helpers.forecast.ledger import MADE, frozen\nfrom salesops_helpers.show import answer\n"
    "tables = load(source, month=month)",
    "last = pd.Timestamp(f'{month}-01')\nrow = dict.fromkeys(MADE, 100.0) | {'by': 'company', 'unit': '007',"
    " 'method': 'mean', 'made_of': '=x', 'month': last + pd.offsets.MonthBegin(1), 'last_month': last, 'step': 1}\n"
    "publish(pd.DataFrame([row]), 'to_keep', published)",
    "days = frozen(ledger, tables.as_of)['as_of']\n"
    "answer(f'{len(days)} forecasts were frozen before, the last as of {days.max()}.')",
)


@pytest.fixture
def forecasts(kit, monkeypatch):
    """A kit whose second notebook forecasts 100 and says what it read of the ledger."""
    kit(*CELLS, parameters=PARAMETERS)
    one, two = catalog.CATALOG
    kept = catalog.Entry(two.stem, two.title, two.question, two.reader, publishes=("to_keep",), freezes="to_keep")
    monkeypatch.setattr(catalog, "CATALOG", (one, kept))


def status(results):
    return {result.entry.stem: result.status for result in results}["two"]


def frozen_in(folder=None):
    return sorted(Path(folder or os.environ["SALESOPS_STATE"]).rglob("*.parquet"))


def test_a_forecast_is_frozen_when_its_page_is_made_and_read_by_later_months(forecasts, here, company, tmp_path):
    out = tmp_path / "out"
    index, results = report(str(company), "2026-02", out)
    assert status(results) == "complete" and "0 forecasts were frozen before" in (index.parent / "two.html").read_text()
    (path,) = frozen_in()
    assert path.parent == next(Path(os.environ["SALESOPS_STATE"]).iterdir()) / "forecasts" / "company"
    found = ledger.frozen(path.parent)
    assert found[["unit", "made_of", "q_50"]].values.tolist() == [["007", "=x", 100.0]]
    index, _ = report(str(company), "2026-03", out)
    assert "1 forecasts were frozen before, the last as of 2026-02-28" in (index.parent / "two.html").read_text()


def test_two_runs_give_the_same_page_and_one_file(forecasts, here, company, tmp_path):
    out = tmp_path / "out"
    for month in ("2026-02", "2026-03"):
        report(str(company), month, out)
    pages, files = [], frozen_in()
    before = [path.read_bytes() for path in files]
    for _ in range(2):
        index, results = report(str(company), "2026-03", out, force=True)
        pages.append((index.parent / "two.ipynb").read_bytes())
    assert pages[0] == pages[1] and str(tmp_path).encode() not in pages[0].replace(str(company).encode(), b"")
    assert frozen_in() == files and [path.read_bytes() for path in files] == before
    assert status(report(str(company), "2026-03", out)[1]) == "kept"
    assert status(report(str(company), "2026-03", out, verify=True)[1]) == "reproduced"
    assert frozen_in() == files


def test_an_earlier_forecast_that_is_added_later_is_an_input(forecasts, here, company, tmp_path):
    out = tmp_path / "out"
    report(str(company), "2026-03", out)
    report(str(company), "2026-02", out)
    _, results = report(str(company), "2026-03", out, verify=True)
    reason = next(result.reason for result in results if result.entry.stem == "two")
    assert "earlier forecasts in the ledger" in reason
    index, results = report(str(company), "2026-03", out)
    assert status(results) == "complete" and "1 forecasts were frozen before" in (index.parent / "two.html").read_text()
    assert status(report(str(company), "2026-02", out)[1]) == "kept", "a later forecast is no input of an earlier page"


def test_the_state_folder_of_company_toml_holds_the_ledger(forecasts, here, company, tmp_path):
    with (company / "company.toml").open("a") as file:
        file.write('state = "../kept"\n')
    report(str(company), "2026-02", tmp_path / "out")
    (path,) = frozen_in(tmp_path / "kept")
    assert path.parent == tmp_path / "kept/forecasts/company" and not frozen_in() and not frozen_in(tmp_path / "out")


def test_a_page_whose_forecast_cannot_be_frozen_is_not_shown(forecasts, here, company, tmp_path):
    with (company / "company.toml").open("a") as file:
        file.write('state = "../kept"\n')
    (tmp_path / "kept").write_text("a file where a folder should be")
    index, results = report(str(company), "2026-02", tmp_path / "out")
    assert status(results) == "failed" and not (index.parent / "two.html").exists()
    assert pd.Series([r.reason for r in results]).str.contains("could not be put in place").any()
