"""One stream of random numbers per name, so that a change in one table does not reshuffle the others."""

from __future__ import annotations

from zlib import crc32

import numpy as np


class Streams:
    """Independent generators, children of one seed, found by name: ``streams("leads")`` is the same every time."""

    def __init__(self, seed: int):
        self.seed = seed

    def __call__(self, name: str) -> np.random.Generator:
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(crc32(name.encode()),)))


def pick(rng: np.random.Generator, weights: np.ndarray) -> np.ndarray:
    """One column per row of `weights` (rows × choices, not negative), drawn in proportion to the weights."""
    ends = np.cumsum(weights, axis=1)
    draw = rng.random(len(weights)) * ends[:, -1]
    return np.minimum((draw[:, None] >= ends).sum(axis=1), weights.shape[1] - 1)
