"""Every notebook keeps the rules of the house, and the check refuses one that does not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from structure import faults, main

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PARAMETERS = 'source = "data/sample"  # company folder\nmonth = "2026-09"  # YYYY-MM\npublished = ""  # folder\n'


def good():
    """A notebook that keeps every rule."""
    return new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}, "language_info": {"name": "python"}},
        cells=[
            new_markdown_cell("# Who sold most?\n\nFor managers.", id="title"),
            new_code_cell(PARAMETERS, id="parameters", metadata={"tags": ["parameters"]}),
            new_code_cell("tables = load(source, month=month)", id="load"),
            new_code_cell('answer("Ann sold 3 deals.")', id="answer"),
            new_markdown_cell("Deals by rep.", id="words"),
            new_code_cell('table(deals, {"n": "count"})', id="deals"),
            new_code_cell("explorer(draw, n=slider)", id="explore", metadata={"tags": ["explorer"]}),
            new_code_cell('table(scenario, {"n": "count"})', id="scenario"),
        ],
    )


def without(notebook, name):
    notebook.cells = [cell for cell in notebook.cells if cell.id != name]


def cell(notebook, name):
    return next(c for c in notebook.cells if c.id == name)


def move_answer_last(notebook):
    found = cell(notebook, "answer")
    without(notebook, "answer")
    notebook.cells.append(found)


BROKEN = {
    "not 'python3'": lambda n: n.metadata.kernelspec.update(name="conda-env-x"),
    "not 4.5": lambda n: n.update(nbformat_minor=4, cells=[{k: v for k, v in c.items() if k != "id"} for c in n.cells]),
    "metadata holds ['widgets']": lambda n: n.metadata.update(widgets={}),
    "no readable name": lambda n: cell(n, "load").update(id="3fa85f64"),
    "holds outputs": lambda n: cell(n, "load").update(outputs=[new_output("stream", text="x")]),
    "execution count": lambda n: cell(n, "load").update(execution_count=1),
    "metadata holds ['collapsed']": lambda n: cell(n, "load").metadata.update(collapsed=True),
    "changes what nbval checks": lambda n: cell(n, "load").metadata.update(tags=["nbval-skip"]),
    "absolute path '/home": lambda n: cell(n, "load").update(source='tables = load("/home/ann/data")'),
    "absolute path 'C:": lambda n: cell(n, "words").update(source="Kept in C:\\data"),
    "34 cells, at most 30": lambda n: n.cells.extend(new_markdown_cell("x", id=f"more-{i}") for i in range(26)),
    "median code cell of 6 lines": lambda n: [
        c.update(source=c.source + "\nx = 1" * 5) for c in n.cells if c.cell_type == "code" and c.id != "parameters"
    ],
    "16 code lines": lambda n: cell(n, "load").update(source="\n".join(f"x{i} = {i}" for i in range(16))),
    "asks a question": lambda n: cell(n, "title").update(source="# Sales by rep\n\nWho sold most?"),
    "0 cells tagged parameters": lambda n: without(n, "parameters"),
    "2 cells tagged parameters": lambda n: cell(n, "load").metadata.update(tags=["parameters"]),
    "not the first code cell": lambda n: n.cells.insert(1, new_code_cell("x = 1", id="early")),
    "is not one name = literal": lambda n: cell(n, "parameters").update(source=PARAMETERS + "n = 2 * top  # many"),
    "plain_name = literal": lambda n: cell(n, "parameters").update(source=PARAMETERS + "n: int = 2  # many"),
    "unit or allowed values": lambda n: cell(n, "parameters").update(source=PARAMETERS + "n = 2"),
    "begins with ['month'": lambda n: cell(n, "parameters").update(source=PARAMETERS.partition("\n")[2]),
    "is no plain Python": lambda n: cell(n, "load").update(source="%matplotlib inline"),
    "defines rank": lambda n: cell(n, "load").update(source="def rank(x):\n    return x"),
    "defines Rank": lambda n: cell(n, "load").update(source="class Rank:\n    pass"),
    "assigns a lambda": lambda n: cell(n, "load").update(source="rank = lambda x: x"),
    "0 calls of answer": lambda n: without(n, "answer"),
    "2 calls of answer": lambda n: n.cells.append(new_code_cell('show.answer("more")', id="again")),
    "before the answer": move_answer_last,
    "no sentence above": lambda n: without(n, "words"),
    "default scenario": lambda n: without(n, "scenario"),
}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_keeps_the_rules(path):
    assert faults(path) == []


def test_there_are_notebooks():
    assert {p.stem for p in NOTEBOOKS} >= {"rep_benchmarking", "forecast_modeling", "comp_scenarios"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_stripping_would_change_nothing(path):
    strip = [sys.executable, "-m", "nbstripout", "--keep-id", "--verify", str(path)]
    assert subprocess.run(strip, capture_output=True, text=True).returncode == 0


def test_good_notebook_passes(tmp_path):
    nbformat.write(good(), tmp_path / "good.ipynb")
    assert faults(tmp_path / "good.ipynb") == []
    assert main([str(tmp_path / "good.ipynb")]) == 0


@pytest.mark.parametrize("said", BROKEN)
def test_bad_notebook_is_refused(tmp_path, said, capsys):
    notebook = good()
    BROKEN[said](notebook)
    path = tmp_path / "bad.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    assert any(said in fault for fault in faults(path)), faults(path)
    assert main([str(path)]) == 1
    assert said in capsys.readouterr().err


def test_what_is_no_notebook_is_refused(tmp_path):
    (tmp_path / "x.ipynb").write_text("not json", encoding="utf-8")
    assert faults(tmp_path / "x.ipynb")[0].startswith("is no valid notebook")
