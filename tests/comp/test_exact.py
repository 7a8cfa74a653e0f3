from __future__ import annotations

from decimal import ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesops_helpers.comp.exact import floored, minor, ratio, rounded, shares, spread
from salesops_helpers.errors import SalesOpsError

MODES = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "half_down": ROUND_HALF_DOWN}


def test_minor_units_come_out_as_python_integers():
    assert minor(pd.Series([10.8, 0.07, -3.0, None]), 2, "amount").tolist() == [1080, 7, -300, 0]
    assert type(minor(pd.Series([1e11]), 2, "amount")[0]) is int


def test_an_amount_finer_than_the_minor_unit_is_refused():
    with pytest.raises(SalesOpsError, match="opportunities.amount = 10.005 is finer than the minor unit"):
        minor(pd.Series([1.0, 10.005]), 2, "opportunities.amount")


def test_shares_are_the_decimals_that_were_written():
    assert shares(pd.Series([0.1, 0.3333, None])).tolist() == [Fraction(1, 10), Fraction(3333, 10000), 1]


@pytest.mark.parametrize("mode", MODES)
@given(values=st.lists(st.decimals(-(10**9), 10**9, places=3), min_size=1, max_size=20))
def test_rounding_is_that_of_decimal(mode, values):
    exact = np.array([Fraction(v) for v in values], dtype=object)
    wanted = [int(v.quantize(Decimal("0.01"), MODES[mode]).scaleb(2)) for v in values]
    assert rounded(exact, 2, mode).tolist() == wanted


def test_half_a_cent_goes_away_from_zero():
    ties = np.array([Fraction("1.935"), Fraction("-1.935"), Fraction("0.125")], dtype=object)
    assert rounded(ties, 2, "half_up").tolist() == [194, -194, 13]


def test_floored_never_passes_the_exact_value():
    assert floored(np.array([Fraction("1.999"), Fraction("-1.001")], dtype=object), 2).tolist() == [199, -101]


def test_spread_gives_the_spare_cent_to_the_largest_remainder_then_to_the_smallest_key():
    lines = spread(
        np.array([100] * 3, object), np.array([1, 1, 1], object), pd.Series([0] * 3), pd.Series(["b", "a", "c"])
    )
    assert lines.tolist() == [33, 34, 33]
    lines = spread(np.array([645, 645], object), np.array([30, 70], object), pd.Series([0, 0]), pd.Series(["a", "b"]))
    assert lines.tolist() == [194, 451]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 10**7)), min_size=1, max_size=30),
    st.integers(-(10**8), 10**8),
    st.randoms(),
)
def test_spread_adds_up_in_every_order(pairs, total, random):
    frame = pd.DataFrame({"group": [g for g, _ in pairs], "part": [p for _, p in pairs]})
    frame["key"] = [f"k{n:02d}" for n in range(len(frame))]

    def cut(lines):
        totals, parts = np.array([total] * len(lines), object), lines["part"].to_numpy(object)
        return pd.Series(spread(totals, parts, lines["group"], lines["key"]), index=lines["key"])

    once = cut(frame)
    assert (once.groupby(frame.set_index("key")["group"]).sum() == total).all()
    order = list(frame.index)
    random.shuffle(order)
    assert cut(frame.loc[order]).sort_index().tolist() == once.sort_index().tolist()
    whole = frame.groupby("group")["part"].transform("sum")
    exact = [Fraction(total * p, w) for p, w in zip(frame["part"], whole, strict=True)]
    assert all(abs(line - e) < 1 for line, e in zip(once, exact, strict=True))


def test_spread_takes_returns_among_the_deals():
    lines = spread(
        np.array([500, 500], object), np.array([15000, -5000], object), pd.Series([0, 0]), pd.Series(["a", "b"])
    )
    assert lines.tolist() == [750, -250]
    lines = spread(np.array([-100] * 2, object), np.array([-1, -2], object), pd.Series([0, 0]), pd.Series(["a", "b"]))
    assert lines.tolist() == [-33, -67]


def test_ratio_is_exact():
    assert ratio(np.array([1, 2], object), 3).tolist() == [Fraction(1, 3), Fraction(2, 3)]
