"""Tiny notebooks and companies for the tests of the report."""

from __future__ import annotations

import json

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
