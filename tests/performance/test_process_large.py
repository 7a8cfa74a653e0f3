"""The sales process of tables too large for a frame of all their rows is that of the frames."""

from __future__ import annotations

import pandas as pd
import pytest

from salesops_helpers import load
from salesops_helpers.data import decide, engine
from salesops_helpers.performance import coverage, slippage, stages, stale, transitions, waterfall
from salesops_helpers.performance.stays import stays
from salesops_helpers.performance.velocity import velocity

FIRST, LAST = pd.Timestamp("2025-10-01"), pd.Timestamp("2026-03-31")


LOOKS = {
    "stays": lambda t: stays(t, FIRST),
    "flow": lambda t: stages.flow(t, FIRST, LAST),
    "created_to_closed": stages.created_to_closed,
    "where_value_waits": stages.where_value_waits,
    "transitions": lambda t: transitions.transitions(t, FIRST, LAST),
    "waterfall": lambda t: waterfall.waterfall(t, "2025-12-31", by="team"),
    "due": lambda t: waterfall.waterfall(t, "2026-02-28", due_by="2026-03-31"),
    "due_deals": lambda t: slippage.due_deals(t, "month", 2).sort_values("opportunity_id", ignore_index=True),
    "pushes": slippage.pushes,
    "by_pushes": lambda t: slippage.by_pushes(t, FIRST),
    "inflation": stale.inflation,
    "stalled": stale.stalled,
    "coverage_history": lambda t: coverage.coverage_history(t, 1),
    "coverage_now": lambda t: coverage.coverage_now(t).to_frame().T.astype(str),
    "created_by_place": coverage.created_by_place,
    "factors": lambda t: velocity(t).factors[["factor", "value", "n"]],
}


@pytest.fixture(scope="module")
def expected() -> dict[str, pd.DataFrame]:
    small = load("data/sample", month="2026-03")
    assert not small.large("opportunities")
    return {name: look(small) for name, look in LOOKS.items()}


@pytest.fixture(scope="module")
def large(expected):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "LARGE", 0)
        patch.setattr(decide, "HELD", 0)
        yield load("data/sample", month="2026-03")


@pytest.mark.parametrize("name", LOOKS)
def test_the_same_is_found_and_no_frame_of_all_rows_is_made(expected, large, name):
    assert large.large("opportunities") and len(expected[name])
    pd.testing.assert_frame_equal(expected[name], LOOKS[name](large), check_dtype=False, rtol=1e-9)
    assert "opportunities" not in large._frames._made and "stage_history" not in large._frames._made
