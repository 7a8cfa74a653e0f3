"""The notebooks that are made for regions and teams also say something true where there is next to nothing to say."""

import contextlib
import io
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from IPython.display import display

from salesops_helpers.report.catalog import entries

SMALL = {
    "one deal": lambda deals: deals.head(1),
    "five deals of old": lambda deals: deals[deals["created_on"] < "2024-06"].head(5),
    "nothing before the last weeks": lambda deals: deals[deals["created_on"] > "2026-08-25"].head(40),
    "nothing open": lambda deals: deals[deals["status"] != "open"].head(20),
    "no history": lambda deals: deals[deals["created_on"] > "2026-06"].head(3),
}
UNIT_PAGES = [entry for entry in entries() if "team" in entry.by]


def code_cells(path: Path) -> list[tuple[str, list[str], str]]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [(c["id"], c["metadata"].get("tags", []), "".join(c["source"])) for c in cells if c["cell_type"] == "code"]


@pytest.mark.parametrize("entry", UNIT_PAGES, ids=[entry.stem for entry in UNIT_PAGES])
@pytest.mark.parametrize("kind", [
    pytest.param(kind, marks=[] if kind in ("one deal", "nothing before the last weeks") else pytest.mark.slow)
    for kind in SMALL])
def test_a_page_of_next_to_nothing(kind, entry, tmp_path):
    company = tmp_path / "company"
    shutil.copytree("data/sample", company)
    deals = pd.read_csv(company / "opportunities.csv", dtype=str)
    SMALL[kind](deals).to_csv(company / "opportunities.csv", index=False)
    if kind == "no history":
        (company / "stage_history.csv").unlink()
    names: dict = {"display": display}
    for cell, tags, source in code_cells(entry.path):
        if "explorer" in tags:
            continue
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(source, cell, "exec"), names)
        if "parameters" in tags:
            names["source"] = str(company)
    assert names["tables"].company.name
