"""The one door to the data: a source and a day in, trusted tables out."""

from __future__ import annotations

from pathlib import Path

from salesops_helpers.data.container import Tables


def load(source: str | Path, as_of=None, month: str | None = None) -> Tables:
    raise NotImplementedError
