"""A company in which every name and text is an attack, made from the sample company, two of its teams alone."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pandas as pd

PAYLOADS = (
    "<script>window.struck=1</script>", "<img src=x onerror=window.struck=1>", '"><svg onload=window.struck=1>',
    "<a href='javascript:window.struck=1'>go</a>", "]]><script>window.struck=1</script>", "=cmd|'/C calc'!A0",
    "+1+cmd|' /C calc'!A0", "@SUM(1+1)*cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "{{ 7*7 }}{% raw %}",
    "${7*7}#{7*7}", "\u202egnirts\u202c \u2066left\u2069", "../../../../tmp/struck", "..\\..\\struck",
    "$\\frac{1}{0}$ $x^2$",
    "<iframe src='https://a.example/x'></iframe>", "<!--", "</style></title><base href='https://a.example/'>",
    "a\x00b\x1bc", "' onmouseover='window.struck=1",
)
TEXTS = {
    "reps": ("name", "manager", "territory"), "accounts": ("name", "industry"), "tool_feedback": ("comment",),
    "opportunities": ("product", "segment", "lead_source", "next_step"), "leads": ("source",),
    "products": ("product", "family"), "product_prices": ("product",), "demand": ("product",), "supply": ("product",),
}
UNITS = ("team", "region")
STAGE, NASTY_STAGE = "Discovery", "<img src=x onerror=window.struck=1> stage"
COMPANY = "Acme <script>window.struck=1</script> & =cmd|'/C calc'!A0"


def company(sample: Path, place: Path) -> Path:
    """Write the company to `place`; gives it."""
    shutil.copytree(sample, place)
    toml = (place / "company.toml").read_text(encoding="utf-8").split("[values")[0]
    toml = re.sub(r"^name = .*$", lambda _: f"name = {json.dumps(COMPANY)}", toml, flags=re.MULTILINE)
    toml = toml.replace(json.dumps(STAGE), json.dumps(NASTY_STAGE))
    (place / "company.toml").write_text(toml, encoding="utf-8")
    reps = pd.read_csv(place / "reps.csv", dtype=str)
    kept_reps = reps.loc[reps["team"].isin(reps["team"].unique()[:2]), "rep_id"]
    frames = {path.stem: pd.read_csv(path, dtype=str, keep_default_na=False) for path in place.glob("*.csv")}
    names: dict[tuple[str, str], str] = {}
    for name, frame in frames.items():
        kept = _of(frame, kept_reps, whole=name == "splits") if "rep_id" in frame else frame
        for column in [*TEXTS.get(name, ()), *(c for c in UNITS if c in kept)]:
            kept = kept.assign(**{column: _attacked(kept[column], column, names)})
        if "stage" in kept:
            kept = kept.assign(stage=kept["stage"].replace(STAGE, NASTY_STAGE))
        kept.to_csv(place / f"{name}.csv", index=False)
    return place


def _of(rows: pd.DataFrame, reps: pd.Series, whole: bool = False) -> pd.DataFrame:
    """The rows of these reps; `whole`: of a deal only where all its rows are, as shares of one deal add up to 1."""
    theirs = rows["rep_id"].isin(reps)
    return rows[theirs.groupby(rows["opportunity_id"]).transform("all") if whole else theirs]


def _attacked(values: pd.Series, column: str, names: dict[tuple[str, str], str]) -> pd.Series:
    """Each value replaced by a payload of its own, the same value by the same one in every table."""
    for value in values[values != ""].unique():
        key = (column, value)
        if key not in names:
            same = sum(other == column for other, _ in names)
            names[key] = f"{PAYLOADS[(same + len(column)) % len(PAYLOADS)]} {same}" if same >= len(PAYLOADS) else \
                PAYLOADS[(same + len(column)) % len(PAYLOADS)]
    return values.map(lambda value: names.get((column, value), value))
