"""Bootstrap by account: deals of one customer are won, lost and late together, so customers are drawn, not deals."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from salesops_helpers.stats import SEED

_WORK, _CELLS = 400_000_000, 1 << 22
MOST, FEWEST = 1_000, 200


def account_codes(deals: pd.DataFrame) -> np.ndarray:
    """A number for the account of each deal (account_id); a deal without an account is one of its own."""
    codes, known = pd.factorize(deals["account_id"])
    alone = codes < 0
    codes[alone] = len(known) + np.arange(alone.sum())
    return codes


def draws(deals: pd.DataFrame, seed: int = SEED) -> Iterator[np.ndarray]:
    """How often each deal is in each of 1,000 draws (at least 200 for large frames), in blocks of draws × deals."""
    codes = account_codes(deals)
    accounts = int(codes.max()) + 1 if len(codes) else 0
    rng = np.random.default_rng(seed)
    wanted = int(np.clip(_WORK // max(len(codes), 1), FEWEST, MOST)) if accounts else 0
    block = max(1, _CELLS // max(len(codes), 1))
    for first in range(0, wanted, block):
        size = (min(block, wanted - first), accounts)
        picked = rng.integers(0, accounts, size) + np.arange(size[0])[:, None] * accounts
        yield np.bincount(picked.ravel(), minlength=size[0] * accounts).reshape(size)[:, codes]


def ratio_ranges(deals: pd.DataFrame, pairs: dict[str, tuple[str, str]], level: float = 0.9) -> pd.DataFrame:
    """Ranges of Σ a ÷ Σ b over the deals, for named pairs of columns (a, b); missing where there is no deal.

    Returns
    -------
    DataFrame
        Indexed by the names: low, high.
    """
    columns = sorted({c for pair in pairs.values() for c in pair})
    values = deals[columns].to_numpy(dtype=float)
    blocks = [weights @ values for weights in draws(deals)]
    sums = pd.DataFrame(np.concatenate(blocks) if blocks else np.empty((0, len(columns))), columns=columns)
    drawn = pd.DataFrame({n: sums[a] / sums[b].where(sums[b] > 0) for n, (a, b) in pairs.items()})
    return pd.DataFrame({"low": drawn.quantile((1 - level) / 2), "high": drawn.quantile((1 + level) / 2)})
