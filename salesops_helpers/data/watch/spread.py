"""Which amounts are far from their like: robust, on the scale of factors."""

from __future__ import annotations

import numpy as np
import pandas as pd

LEAST_FACTOR, SPREADS, LEAST_ROWS = 8.0, 4.5, 8
AROUND, SLIP, BEYOND = 13, 0.2, 4.0  # months; how near a power of ten (in its log10); spreads out
COUNTABLE = 30  # a usual value below which a low month is chance
MAD = 1.4826


def far(values: pd.Series, group: pd.Series) -> pd.Series:
    """Values that are LEAST_FACTOR times above or below the median of their group, and beyond its own spread.

    Spread is 1.4826 × the median absolute deviation of log10, in the group or, where that is larger, over all groups;
    a value must lie SPREADS of them out. Groups of fewer than LEAST_ROWS values are judged by the median of all.

    Returns
    -------
    Series
        Factor (value ÷ usual value) of the values that are far, on their index.
    """
    logs = np.log10(values[values > 0].astype(float))
    by = group[logs.index]
    size = logs.groupby(by).transform("size")
    enough = size >= LEAST_ROWS
    usual = logs.groupby(by).transform("median").where(enough, logs.median())
    off = logs - usual
    own = MAD * off.abs().groupby(by).transform("median")
    spread = np.maximum(own, MAD * off.abs().median()) if len(off) else own
    spread = spread.where(enough, MAD * (logs - logs.median()).abs().median())
    hit = (off.abs() >= np.log10(LEAST_FACTOR)) & (off.abs() > SPREADS * spread) & (len(logs) >= LEAST_ROWS)
    return 10 ** off[hit]


def slipped(values: pd.Series, group: pd.Series, month: pd.Series) -> pd.Series:
    """Values that are about 10, 100 or 1,000 times (or that part of) the median of their group in the months around.

    "About": the factor's log10 is within SLIP, or two spreads where that is more, of a whole number other than 0, and
    more than BEYOND robust spreads of the group out; small counts have the spread of counting beside, and are never
    too low.

    Returns
    -------
    Series
        Factor (value ÷ usual value), on the index of the values.
    """
    frame = pd.DataFrame({"value": values, "group": group, "month": month})
    frame = frame[frame["value"] > 0].sort_values(["group", "month"], kind="stable")
    around = frame.groupby("group")["value"].rolling(AROUND, center=True, min_periods=4).median()
    usual = around.droplevel(0).reindex(frame.index)
    off = np.log10(frame["value"].astype(float) / usual)
    spread = MAD * off.abs().groupby(frame["group"]).transform("median")
    counting = 0.434 / np.sqrt(usual)
    power = off.round()
    noise = np.hypot(spread, counting)
    hit = (power != 0) & ((off - power).abs() <= np.maximum(SLIP, 2 * noise)) & (off.abs() > BEYOND * noise)
    hit &= (off > 0) | (usual >= COUNTABLE)
    return 10 ** off[hit]
