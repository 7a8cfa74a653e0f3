"""Tiny notebooks and companies for the tests of the report."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import time

import nbformat
import pytest


@pytest.fixture
def notebook(tmp_path):
    """Write a notebook: each given source a code cell, ``# …`` texts that begin with ``md:`` markdown cells."""

    def write(*sources, name="tiny.ipynb", parameters='source = ""\nmonth = "2026-01"', tags=None, before=""):
        cells = [_cell("before", before, "code", [])] if before else []
        cells += [_cell("parameters", parameters, "code", ["parameters"])] if parameters is not None else []
        for number, source in enumerate(sources):
            kind = "markdown" if source.startswith("md:") else "code"
            cells.append(_cell(f"c{number}", source.removeprefix("md:"), kind, (tags or {}).get(number, [])))
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({
            "cells": cells, "nbformat": 4, "nbformat_minor": 5,
            "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        }), encoding="utf-8")
        return path

    return write


def _cell(name, source, kind, tags):
    cell = {"id": name, "cell_type": kind, "metadata": {"tags": tags} if tags else {}, "source": source}
    return cell | ({"outputs": [], "execution_count": None} if kind == "code" else {})


@pytest.fixture
def here(monkeypatch):
    """Notebooks run in this process, without a kernel: for tests of what comes before and after."""
    from salesops_helpers.report import runner

    def execute(path, parameters, limit):
        found = nbformat.read(path, as_version=4)
        names, started, cell = {}, time.monotonic(), None
        for number, cell in enumerate(found.cells, 1):
            if cell.cell_type != "code":
                continue
            if "explorer" in cell.metadata.get("tags", []):  # no batch runs it
                cell.execution_count = number
                continue
            said = io.StringIO()
            try:
                with contextlib.redirect_stdout(said):
                    shown = _evaluated(cell.source, names)
            except Exception as error:
                return runner.Run(None, 0.1, f"cell {number} ({cell.id})", f"{type(error).__name__}: {error}")
            if "parameters" in cell.metadata.get("tags", []):
                names.update(parameters)
            cell.execution_count = number
            data = {"text/plain": repr(shown)} | ({"text/html": shown.html} if hasattr(shown, "html") else {})
            cell.outputs = [nbformat.v4.new_output("stream", text=said.getvalue())] if said.getvalue() else []
            cell.outputs += [nbformat.v4.new_output("display_data", data)] if shown is not None else []
        return runner.Run(found, time.monotonic() - started)

    monkeypatch.setattr(runner, "execute", execute)
    monkeypatch.setenv("SALESOPS_PLAIN_KERNELS", "1")


def _evaluated(source, names):
    """Run a cell; the value of its last line, where that is an expression."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names) if last else None


COMPANY = """
name = "Acme <b>& Sons</b>"
currency = "EUR"
stages = ["Open", "Won", "Lost"]
won_stages = ["Won"]
lost_stages = ["Lost"]
extract_date = 2026-03-31
"""
REPS = "rep_id,name,team,hired_on\nr1,Ann,North,2025-01-01\nr2,<script>alert(1)</script>,South,2025-01-01\n"
DEALS = """opportunity_id,account_id,rep_id,created_on,stage,amount,closed_on
d1,a1,r1,2026-01-05,Won,1000,2026-02-03
d2,a1,r2,2026-01-06,Lost,0,2026-02-10
d3,a2,r1,2026-02-01,Open,,
d4,a2,r2,2026-02-01,Won,-5,2026-03-01
"""


@pytest.fixture
def company(tmp_path):
    """A company folder with two reps and four deals, one of which cannot be used."""
    folder = tmp_path / "acme"
    folder.mkdir()
    for name, text in {"company.toml": COMPANY, "reps.csv": REPS, "opportunities.csv": DEALS}.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


GOOD = (
    "md:# Do we sell?\n\nFor **everyone**.",
    "from salesops_helpers import load\nfrom salesops_helpers.show import answer, note, table\n"
    "tables = load(source, month=month)",
    'answer(f"We have {len(tables.opportunities)} deals.", "That is <all>.")',
    "md:## The reps\n\nEach has a name.",
    'table(tables.reps, {"rep_id": "text", "name": "text"})',
    "from salesops_helpers.publish import publish\npublish(tables.reps, 'reps', published)",
)
PARAMETERS = 'source = ""\nmonth = "2026-01"\npublished = ""'


@pytest.fixture
def kit(monkeypatch, notebook, tmp_path):
    """A kit of two good notebooks, ``one`` and ``two``; the second can be written anew with other cells."""
    from salesops_helpers.report import catalog

    entries = (catalog.Entry("one", "First", "Do we sell?", "everyone"), catalog.Entry("two", "Second", "And?", "us"))
    monkeypatch.setattr(catalog, "CATALOG", entries)
    monkeypatch.setattr(catalog, "notebooks_folder", lambda: tmp_path / "kit")

    def write(*cells, name="two", **more):
        return notebook(*cells, name=f"kit/{name}.ipynb", **{"parameters": PARAMETERS, **more})

    write(*GOOD, name="one")
    write("md:# And?", "from salesops_helpers.show import answer", "answer('It is 42.')")
    return write
