"""What the tests of hostile cells, hostile parameters, kills and clusters share: a small company, the command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
COMPANY = """
name = "Acme"
currency = "EUR"
stages = ["Open", "Won", "Lost"]
won_stages = ["Won"]
lost_stages = ["Lost"]
extract_date = 2026-03-31
"""
MONTH = "2026-02"
PARAMETERS = 'source = ""\nmonth = "2026-01"\npublished = ""'
ANSWER = ("from salesops_helpers import load\nfrom salesops_helpers.show import answer\n"
          "tables = load(source, month=month)\nanswer(f'We have {len(tables.opportunities)} deals.')")
PUBLISH = ("from salesops_helpers.publish import publish\n"
           "publish(tables.opportunities[['opportunity_id', 'amount']], {name!r}, published)")


def company_folder(folder: Path, deals: int = 20) -> Path:
    """A company without notebooks of its own."""
    (folder / "notebooks").mkdir(parents=True)
    numbers = pd.Series(range(1, deals + 1))
    pd.DataFrame({
        "opportunity_id": "d" + numbers.astype(str), "account_id": "a1", "rep_id": "r1", "created_on": "2026-01-05",
        "stage": "Won", "amount": 100 * numbers, "closed_on": "2026-02-03",
    }).to_csv(folder / "opportunities.csv", index=False)
    (folder / "reps.csv").write_text("rep_id,name,team,hired_on\nr1,Ann,North,2025-01-01\n")
    (folder / "company.toml").write_text(COMPANY)
    return folder


def add_notebook(company: Path, name: str, *cells: str, parameters: str = PARAMETERS) -> None:
    """A notebook of the company: heading, parameters (cell 2), then the given code cells ``c0``, ``c1`` … (from 3)."""
    coded = [("parameters", parameters, ["parameters"])] + [(f"c{n}", text, []) for n, text in enumerate(cells)]
    heading = {"id": "title", "cell_type": "markdown", "metadata": {}, "source": f"# Is {name} good?"}
    content = [heading] + [
        {"id": key, "cell_type": "code", "metadata": {"tags": tags} if tags else {}, "source": text, "outputs": [],
         "execution_count": None} for key, text, tags in coded]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    text = json.dumps({"cells": content, "nbformat": 4, "nbformat_minor": 5, "metadata": kernel})
    (company / "notebooks" / f"{name}.ipynb").write_text(text, encoding="utf-8")


def command(*arguments) -> list[str]:
    return [sys.executable, "-m", "salesops_helpers.cli", *map(str, arguments)]


def salesops(*arguments, timeout: float = 600, **environment) -> subprocess.CompletedProcess:
    """The command, run to its end."""
    return subprocess.run(command(*arguments), capture_output=True, text=True, timeout=timeout, cwd=ROOT,
                          env={**os.environ, "PYTHONPATH": str(ROOT), **environment}, stdin=subprocess.DEVNULL)
