"""The ledger of forecasts as the run sees it: where it lies, what a page may read of it, what is put into it.

It lies in the company's state folder (`data.home.state_folder`), a folder per unit. A page reads what was frozen as of
earlier days alone, so that it does not depend on whether its own forecast was frozen before.
"""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from salesops_helpers.data.home import state_folder
from salesops_helpers.report import inputs
from salesops_helpers.report.units import Unit

if TYPE_CHECKING:
    from salesops_helpers.report.request import Asked, Request

LEDGER = "ledger"


def place(asked: Asked, company: str, unit: Unit) -> Path:
    """The folder of the frozen forecasts of a company's unit; it need not be there yet."""
    kept = inputs.Home.of(asked.home).settings.get("state")
    state = state_folder(asked.home, str(kept) if kept else None, company)
    return state / "forecasts" / (unit.folder or "company")


def earlier(folder: Path, as_of: object) -> dict[str, str]:
    """The forecasts in a ledger made as of a day before `as_of` (``YYYY-MM-DD``): file name → hash."""
    return {path.name: inputs.digest(path) for path in _earlier(folder, as_of)}


def hand_over(folder: Path, as_of: object, to: Path) -> None:
    """Copy these forecasts to where a notebook may read them."""
    to.mkdir(parents=True, exist_ok=True)
    for path in _earlier(folder, as_of):
        shutil.copyfile(path, to / path.name)


def freeze(table: str, staging: Path, folder: Path, request: Request, run_at: dt.datetime) -> None:
    """Put the forecasts that a notebook published as `table` into the ledger; nothing where it published none."""
    import pandas as pd

    from salesops_helpers.forecast import ledger
    from salesops_helpers.publish import published

    frame = published(table, str(staging / "tables"))
    if frame is not None and len(frame):
        ledger.freeze(frame, folder, str(request.facts["as_of"]), pd.Timestamp(run_at), request.inputs.data_hash)


def _earlier(folder: Path, as_of: object) -> list[Path]:
    return [path for path in sorted(folder.glob("[0-9]*.parquet")) if path.name.split("--")[0] < str(as_of)]
