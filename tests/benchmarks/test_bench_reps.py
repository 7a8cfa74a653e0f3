"""The benchmark of reps on fewer data sets: the gates that small numbers can bear."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import bench_reps


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(bench_reps, "SETS", 60)
    monkeypatch.setattr(bench_reps, "REPS", (6, 30))
    monkeypatch.setattr(bench_reps, "DEALS", (10, 130))


def values(rows) -> dict[str, float]:
    return {row["name"].removeprefix("reps."): row["value"] for row in rows}


def test_identical_reps_are_rarely_said_to_differ(few):
    # 4 cells × 60 sets at 5 %: three standard deviations are 0.042.
    assert values(bench_reps.bench_false_announcements())["false_announcements"] <= 0.05 + 0.042


def test_ranges_hold_what_they_say(few):
    found = values(bench_reps.bench_coverage())
    assert found["coverage_null"] >= 0.90
    assert found["coverage_min"] >= 0.84 - 0.04 and found["coverage_max"] <= 0.96 + 0.04
    assert 0.87 <= found["coverage_mean"] <= 0.95


def test_order_and_next_half(few):
    ranking, ahead = values(bench_reps.bench_ranking()), values(bench_reps.bench_next_half())
    assert ranking["rank_correlation"] >= 0.80 and ranking["top_tenth_found"] >= 0.50
    assert ahead["next_half_vs_raw"] <= 0.70 and ahead["next_half_vs_pooled"] <= 0.97


def test_baseball():
    found = values(bench_reps.bench_baseball())
    assert found["baseball_sse"] <= 0.0225 and round(found["baseball_sse_pooled"], 4) == 0.0243
    assert np.isclose(found["baseball_sse_raw"], 0.0755, atol=5e-5)


def test_maven(cases):
    assert values(bench_reps.bench_maven(cases))["maven_vs_pooled"] <= 1.02
