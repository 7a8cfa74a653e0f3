"""Duplicate detection on febrl dataset 1: 1,000 person records, 500 of them altered copies of the others."""

from __future__ import annotations

import time
from pathlib import Path

import pandas as pd

from salesops_helpers.data.duplicates import probable_duplicates

TRUE_PAIRS = 500


def febrl_scores(cases: Path) -> tuple[float, float, float]:
    """Precision and recall (shares) of the pairs found among the records in the folder `cases`, and the seconds."""
    path = Path(cases) / "duplicates" / "febrl_dataset1.csv"
    people = pd.read_csv(path, dtype=str, skipinitialspace=True)
    begin = time.perf_counter()
    pairs = probable_duplicates(people, "rec_id", [c for c in people if c != "rec_id"])
    seconds = time.perf_counter() - begin
    person = pairs[["left", "right"]].apply(lambda side: side.str.split("-").str[1])
    right = int((person["left"] == person["right"]).sum())
    return right / max(len(pairs), 1), right / TRUE_PAIRS, seconds
