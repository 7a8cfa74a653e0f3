"""KPIs: do ranges and limits keep their word; speed against SQL written by hand, and how it grows."""

from __future__ import annotations

from pathlib import Path


def bench_scorecard(tmp_path: Path) -> list[dict]:
    """Company, 8 teams and 40 reps over 24 months."""
    from kpis_speed import speed

    return speed(tmp_path)


def bench_truth() -> list[dict]:
    """400 simulated companies whose true figures are known."""
    from kpis_truth import figures

    return figures()
