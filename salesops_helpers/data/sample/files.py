"""The sample's tables as text: one fixed way to write each type, so that the same values are the same bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from salesops_helpers.data.columns import Column
from salesops_helpers.data.sample.catalog import COMPANY, STAGES
from salesops_helpers.data.tables import TABLES

PLANS = Path(__file__).parent / "plans"
AUDIENCES = Path(__file__).parent / "audiences.toml"
SPELLING = ("Station S-2", "Station S2")  # as found in some rows, as it should be
COMPANY_TOML = f"""\
# A sample company. Written together with the tables beside it by: salesops sample DIR
name = "{COMPANY}"
currency = "EUR"
fiscal_year_start = 1
stages = [{", ".join(f'"{stage}"' for stage in STAGES)}]
won_stages = ["Won"]
lost_stages = ["Lost"]
extract_date = 2026-09-30

[values.opportunities.product]
"{SPELLING[0]}" = "{SPELLING[1]}"
"""


def as_text(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The table `name` with its declared columns, every value as the text that is written; missing as empty."""
    return pd.DataFrame({c.name: _text(frame[c.name], c) for c in TABLES[name].columns}).astype(object)


def _text(values: pd.Series, column: Column) -> np.ndarray:
    if column.type == "text":
        return values.fillna("").to_numpy(object)
    if column.type == "boolean":
        return np.where(values, "true", "false").astype(object)
    if column.type in ("money", "number"):
        numbers = values.to_numpy(float)
        written = np.char.mod("%.12g", np.nan_to_num(numbers)).astype(object)
    else:
        unit = {"date": "D", "moment": "s", "month": "M"}[column.type]
        written = np.datetime_as_string(values.to_numpy("datetime64[ns]"), unit=unit).astype(object)
    return np.where(values.isna(), "", written)


def write_folder(folder: Path, texts: dict[str, pd.DataFrame]) -> None:
    """One CSV a table, company.toml, and audiences.toml and the pay plans where they are not there yet; what else lies
    there is left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in texts.items():
        (folder / f"{name}.csv").write_bytes(frame.to_csv(index=False, lineterminator="\n").encode())
    (folder / "company.toml").write_bytes(COMPANY_TOML.encode())
    if not (folder / AUDIENCES.name).exists():
        (folder / AUDIENCES.name).write_bytes(AUDIENCES.read_bytes())
    (folder / "plans").mkdir(exist_ok=True)
    for plan in PLANS.glob("*.yaml"):
        if not (folder / "plans" / plan.name).exists():
            (folder / "plans" / plan.name).write_bytes(plan.read_bytes())
