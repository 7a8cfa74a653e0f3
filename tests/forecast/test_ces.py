"""Complex exponential smoothing: the library's own answer, without its loop."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from statsforecast.models import AutoCES

from salesops_helpers.forecast import ces

RNG = np.random.default_rng(7)
SERIES = {
    "seasonal": 100 + 20 * np.sin(np.arange(57) * np.pi / 6) + RNG.normal(0, 5, 57),
    "short": 50 + RNG.normal(0, 10, 12),
    "trend": np.arange(30.0) * 3 + RNG.normal(0, 4, 30),
    "zeros": np.where(RNG.random(40) < 0.5, 0.0, RNG.gamma(2, 50, 40)),
    "constant": np.full(24, 7.0),
}


@pytest.mark.parametrize("season", [3, 12])
@pytest.mark.parametrize("name", SERIES)
def test_the_answer_is_that_of_the_library(name, season):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        said = AutoCES(season_length=season).forecast(y=SERIES[name], h=18, level=[80])
        found = ces.forecast(SERIES[name], 18, season, 80)
    for key in ("mean", "lo-80", "hi-80"):
        np.testing.assert_allclose(found[key], said[key], rtol=1e-10, atol=1e-9)
