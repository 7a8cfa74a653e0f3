"""A year of monthly reports made later from what was known then: the page shows how good their forecasts were."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from salesops_helpers.report.month import report

MONTHS = pd.date_range("2021-01-01", "2022-08-01", freq="MS")
SOLD = (1000 * np.tile([8, 9, 14, 7, 9, 15, 6, 5, 13, 8, 9, 18], 2)[: len(MONTHS)]
        * np.random.default_rng(3).lognormal(0.1, 0.15, len(MONTHS))).round()
COMPANY = """
name = "Acme"
currency = "EUR"
stages = ["Open", "Won", "Lost"]
won_stages = ["Won"]
lost_stages = ["Lost"]
extract_date = 2022-08-31
"""


def write(folder: Path, sold: np.ndarray) -> None:
    days = MONTHS + pd.Timedelta(days=14)
    deals = pd.DataFrame({"opportunity_id": [f"d{i}" for i in range(len(MONTHS))], "rep_id": "r1", "stage": "Won",
                          "account_id": "a", "created_on": days - pd.Timedelta(days=40), "closed_on": days,
                          "amount": sold})
    folder.mkdir(exist_ok=True)
    deals.to_csv(folder / "opportunities.csv", index=False)
    (folder / "reps.csv").write_text("rep_id,name,team,hired_on\nr1,Ann,North,2020-01-01\n")
    (folder / "company.toml").write_text(COMPANY)


def frozen() -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(Path(os.environ["SALESOPS_STATE"]).rglob("*.parquet"))}


def page(folder: Path, month: str, out: Path, **options) -> str:
    index, results = report(str(folder), month, out, only=["forecast_modeling"], **options)
    assert [r.status for r in results if r.entry.stem == "forecast_modeling"] == ["complete"], results
    text = BeautifulSoup((index.parent / "forecast_modeling.html").read_text("utf-8"), "html.parser").get_text(" ")
    return re.sub(r"\s+", " ", text)


@pytest.mark.slow
def test_twelve_replayed_months_are_scored_on_the_page_and_never_change(here, tmp_path):
    write(tmp_path / "acme", SOLD)
    for month in MONTHS[-13:-1]:
        page(tmp_path / "acme", f"{month:%Y-%m}", tmp_path / "out")
    kept = frozen()
    said = page(tmp_path / "acme", f"{MONTHS[-1]:%Y-%m}", tmp_path / "out")
    rows = pd.concat([pd.read_parquet(path) for path in kept]).query("step == 1").sort_values("month")
    came = SOLD[-12:]
    held = ((rows["q_10"] <= came) & (came <= rows["q_90"])).sum()
    miss, bias = (rows["q_50"] - came).abs().sum() / came.sum(), (rows["q_50"] - came).sum() / came.sum()
    word = f"{'over' if bias > 0 else 'under'}-forecast by {abs(bias):.0%}".replace("%", " %")
    found = re.search(r"80 % ranges held (\d+) of 12 months \(forecasts replayed later from what was known then, one "
                      r"month ahead; the true share may be (\d+) to (\d+) %\), ([a-z -]+\d+ %), usual miss "
                      r"([\d.]+) %", said)
    assert found, said[:1500]
    assert int(found[1]) == held and int(found[2]) < 100 * held / 12 <= int(found[3])
    assert found[4] == word and float(found[5]) == round(100 * miss, 1)
    assert len(kept) == 12 and {path: data for path, data in frozen().items() if path in kept} == kept

    write(tmp_path / "acme", SOLD * 3)
    page(tmp_path / "acme", f"{MONTHS[-6]:%Y-%m}", tmp_path / "out", force=True)
    later = frozen()
    assert len(later) == 14 and {path: data for path, data in later.items() if path in kept} == kept
