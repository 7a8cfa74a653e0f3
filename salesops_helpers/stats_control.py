"""Control charts: has a figure moved by more than it usually does?

Limits come from the series' own past alone, as in an XmR chart, with four things seen to: small counts (variance-
stabilising scales, weights, never narrower than the counts allow), the calendar (months compared with the same month of
other quarters where the past shows a difference), a trend, and that limits learnt from few months are themselves
uncertain.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

WINDOW, LEAST, LOOKS, ALARMS, POWER = 24, 9, 12, 0.05, 0.80
SCALES = ("rate", "count", "share", "sum", "typical", "signed")
_ROOT = {"sum": 0.5, "typical": 0.1, "signed": 1.0}
# Part of the factor that each scale needs: counts with a floor under their sigma less, skewed figures more.
_PART = {"rate": 0.94, "count": 0.94, "sum": 1.06, "typical": 1.06}
_SEASON, _TREND = 0.01, 0.002
_MEAN_RANGE = 2 / np.sqrt(np.pi)
# By `simulate_factor` with 100,000 years each, for 9 to 24 months.
FACTORS = {
    "level": (4.29, 4.12, 3.96, 3.85, 3.77, 3.69, 3.62, 3.54, 3.51, 3.46, 3.42, 3.39, 3.36, 3.33, 3.31, 3.30),
    "season": (4.47, 4.17, 3.94, 3.81, 3.69, 3.59, 3.52, 3.46, 3.42, 3.37, 3.33, 3.30, 3.27, 3.24, 3.23, 3.20),
    "trend": (4.39, 4.16, 3.99, 3.87, 3.78, 3.68, 3.61, 3.55, 3.51, 3.47, 3.43, 3.39, 3.35, 3.35, 3.32, 3.30),
    "both": (4.95, 4.49, 4.18, 3.94, 3.82, 3.68, 3.60, 3.52, 3.45, 3.40, 3.36, 3.33, 3.30, 3.28, 3.25, 3.23),
}
_COLUMNS = ["value", "centre", "low", "high", "distance", "signal", "seen_low", "seen_high", "months", "season",
            "trend"]


def simulate_factor(months: int, season=False, trend=False, years: int = 20_000, seed: int = 1) -> float:
    """How many estimated sigmas a limit must lie from the centre for 5 % false alarms in a stable year of 12 looks.

    Each look has the `months` months before it to learn from, moved on by one month a look; sigma is the mean moving
    range of the residuals ÷ 1.128, and the distance of the new month counts the uncertainty of its expectation too.

    Parameters
    ----------
    months : int
        Months to learn from, 5 more than the terms at least.
    season, trend : bool
        Whether the expectation holds a level for each month of the quarter, a straight line.
    years, seed : int
        Simulated years of independent normal months, and the seed.
    """
    series = np.random.default_rng(seed).standard_normal((years, months + LOOKS))
    farthest = np.zeros(years)
    for look in range(LOOKS):
        design = _design((np.arange(months + 1) + look) % 3)[:, _terms(season, trend)]
        past, now = design[:-1], design[-1]
        solve = np.linalg.solve(past.T @ past, past.T)
        known = series[:, look:look + months]
        residuals = known - known @ solve.T @ past.T
        left = months - design.shape[1]
        sigma = _ranges(np.abs(np.diff(residuals, axis=1)).mean(axis=1), (residuals**2).sum(axis=1), left, season)
        far = (series[:, look + months] - known @ solve.T @ now) / np.sqrt(1 + now @ solve @ solve.T @ now)
        farthest = np.maximum(farthest, np.abs(far) / sigma)
    return float(np.quantile(farthest, 1 - ALARMS))


def _ranges(mean_range, squares, left, season) -> np.ndarray:
    """Sigma: from the moving ranges, or, where the calendar is in the expectation, from all residuals together."""
    return np.where(season, np.sqrt(squares / np.maximum(left, 1)), mean_range / _MEAN_RANGE)


def _terms(season: bool, trend: bool) -> list[int]:
    return [0, *([1, 2] if season else []), *([3] if trend else [])]


def _design(place: np.ndarray) -> np.ndarray:
    """Level, second and third month of the quarter, and a line over the months; the last row is the month looked at."""
    line = (np.arange(len(place)) - len(place) / 2) / len(place)
    return np.column_stack([np.ones(len(place)), place == 1, place == 2, line]).astype(float)


def limits(value, n, place, scale: str, looks: int = LOOKS, stock: bool = False) -> pd.DataFrame:
    """Control limits of many series for each of their last months, from up to 24 months before that month.

    Parameters
    ----------
    value : array of float, series × months
        The figures; missing where there is none.
    n : array of float, series × months, or None
        What each figure rests on: trials of a rate, deals behind a share, mean or median. None: months weigh the same.
    place : array of int, months
        0, 1, 2: first, second, third month of the fiscal quarter.
    scale : {"rate", "count", "share", "sum", "typical", "signed"}
        rate: successes ÷ trials, on Anscombe's arcsine scale; count: on the square-root scale; both never vary less
        than binomial and Poisson counts do. share: 0 to 1, arcsine; sum (money): square root; typical (mean, median,
        ratio): tenth root, which is nearly a logarithm and takes 0; signed: as it is.
    looks : int
        For how many of the last months.
    stock : bool
        True for what is read off at a month's end (open pipeline): a month is compared with the one before.

    Returns
    -------
    DataFrame
        One row a series and month looked at: series, at (positions in `value`), value, centre, low, high (expectation
        and limits), distance (from the centre, 1 at a limit), signal (−1, 0, 1), seen_low, seen_high (a true level here
        would be found with a chance of 80 %), months (learnt from), season, trend (whether they are in the
        expectation). Limits are missing with fewer than 9 months.

    Notes
    -----
    On the scale, expectation = weighted least squares on a level, where the past shows it (F test, 1 %) one for each
    month of the quarter, and (0.2 %) a line; sigma = mean moving range of standardised residuals ÷ 1.128. Limits =
    expectation ± factor × sigma × √(1 ÷ weight + variance of the expectation); the factor (`simulate_factor`) gives 5 %
    false alarms in a stable year of 12 looks. Rates and counts take 0.94 of it, which by simulation (no to threefold
    overdispersion) gives at most 5 % and 1 to 2 % where chance is all there is; sums and typical figures 1.06, for they
    stay a little skewed on their scale.

    References
    ----------
    Wheeler, Chambers (1992), Understanding Statistical Process Control; Laney (2002), Improved control charts for
    attributes, Quality Engineering 14; Anscombe (1948), The transformation of Poisson, binomial and negative-binomial
    data, Biometrika 35.
    """
    value = np.asarray(value, float)
    size = np.ones_like(value) if n is None else np.nan_to_num(np.asarray(n, float))
    here = np.isfinite(value) & (size > 0)
    y, weight = _forward(np.where(here, value, 0.0), size, scale)
    y, weight = np.where(here, y, np.nan), np.where(here, weight, 0.0)
    first = max(value.shape[1] - looks, 0)
    frames = [_look(value, y, weight, size, np.asarray(place), scale, at, stock)
              for at in range(first, value.shape[1])]
    if not frames:
        return pd.DataFrame(columns=["series", "at", *_COLUMNS])
    return pd.concat(frames, ignore_index=True).sort_values(["series", "at"], ignore_index=True)


def _look(value, y, weight, size, place, scale: str, at: int, stock: bool) -> pd.DataFrame:
    """The limits of month `at` for every series."""
    start = max(at - WINDOW, 0)
    part, mass = y[:, start:at + 1], weight[:, start:at + 1].copy()
    base = np.zeros(len(y))
    if stock:
        base, part = part[:, -2] if part.shape[1] > 1 else base * np.nan, np.diff(part, axis=1, prepend=np.nan)
        mass = np.isfinite(part).astype(float)
    part, design = np.nan_to_num(part), _design(place[start:at + 1])
    if scale in ("rate", "count") and not stock:
        mass = _with_months(part, mass, design)
    now = mass[:, -1].copy()
    mass[:, -1] = 0.0
    fit = _expectation(part, mass, design)
    sigma = _sigma(part, mass, fit, scale, stock)
    reach = sigma * np.sqrt(1 / np.where(now > 0, now, np.nan) + fit["variance"])
    factor = _factor(fit["months"], fit["season"], fit["trend"]) * (1.0 if stock else _PART.get(scale, 1.0))
    centre = fit["now"] + base
    seen = factor * reach + 0.8416 * reach
    back = [_back(centre + far, size[:, at], scale) for far in (0, -factor * reach, factor * reach, -seen, seen)]
    distance = (part[:, -1] + base - centre) / (factor * reach)
    far = np.nan_to_num(distance)
    signal = np.where(far > 1, 1, np.where(far < -1, -1, 0))
    known = np.isfinite(factor * reach)
    columns = [value[:, at], *(np.where(known, b, np.nan) for b in back[:3]), np.where(known, distance, np.nan), signal,
               *(np.where(known, b, np.nan) for b in back[3:]), fit["months"], fit["season"], fit["trend"]]
    return pd.DataFrame({"series": np.arange(len(value)), "at": at, **dict(zip(_COLUMNS, columns, strict=True))})


def _with_months(y: np.ndarray, weight: np.ndarray, design: np.ndarray) -> np.ndarray:
    """Weights 1 ÷ (variance of counting + variance between months), the latter by moments from the past months."""
    past = weight.copy()
    past[:, -1] = 0.0
    left = (past > 0).sum(axis=1) - design.shape[1]
    squares = _fit(y, past, design, (1, 1))["squares"]
    total = past.sum(axis=1)
    spare = total - (past**2).sum(axis=1) / np.maximum(total, 1e-12)
    between = np.where((left > 4) & (spare > 0), np.maximum(squares - left, 0) / np.maximum(spare, 1e-12), 0.0)
    between *= np.maximum(left + design.shape[1] - 1, 1) / np.maximum(left, 1)
    return np.where(weight > 0, 1 / (1 / np.where(weight > 0, weight, 1) + between[:, None]), 0.0)


def _expectation(y: np.ndarray, weight: np.ndarray, design: np.ndarray) -> dict[str, np.ndarray]:
    """Level, calendar and trend by weighted least squares, the latter two where the past shows them."""
    from scipy.special import fdtrc

    months = (weight > 0).sum(axis=1)
    fits = {terms: _fit(y, weight, design, terms) for terms in ((0, 0), (1, 0), (0, 1), (1, 1))}

    def shown(fewer, more, level):
        added = len(_terms(*more)) - len(_terms(*fewer))
        left = np.maximum(months - len(_terms(*more)), 1)
        gain, rest = fits[fewer]["squares"] - fits[more]["squares"], fits[more]["squares"]
        ratio = np.maximum(gain, 0) / added / np.maximum(rest / left, 1e-12)
        return (months >= LEAST) & fits[more]["solved"] & (gain > 1e-9) & (fdtrc(added, left, ratio) < level)

    season = np.where(shown((0, 0), (0, 1), _TREND), shown((0, 1), (1, 1), _SEASON), shown((0, 0), (1, 0), _SEASON))
    trend = np.where(season, shown((1, 0), (1, 1), _TREND), shown((0, 0), (0, 1), _TREND))
    choice = season + 2 * trend
    kept = {key: np.choose(choice if fits[0, 0][key].ndim == 1 else choice[:, None],
                           [fits[terms][key] for terms in ((0, 0), (1, 0), (0, 1), (1, 1))])
            for key in ("now", "variance", "residuals", "squares")}
    return {**kept, "months": months, "season": season.astype(bool), "trend": trend.astype(bool)}


def _fit(y: np.ndarray, weight: np.ndarray, design: np.ndarray, terms: tuple[int, int]) -> dict[str, np.ndarray]:
    columns = design[:, _terms(*terms)]
    cross = np.einsum("sm,mi,mj->sij", weight, columns, columns)
    held = np.einsum("sm,mi->si", (weight > 0).astype(float), np.abs(columns) > 0)
    solved = (held >= 2).all(axis=1)
    safe = np.where(solved[:, None, None], cross, np.eye(columns.shape[1]))
    inverse = np.linalg.pinv(safe, hermitian=True)
    beta = np.einsum("sij,sm,mj->si", inverse, weight * y, columns)
    residuals = (y - beta @ columns.T) * np.sqrt(weight)
    now = columns[-1]
    return {"now": np.where(solved, beta @ now, np.nan), "residuals": residuals, "solved": solved,
            "variance": np.where(solved, np.einsum("i,sij,j->s", now, inverse, now), np.nan),
            "squares": (residuals**2).sum(axis=1)}


def _sigma(y, weight, fit, scale: str, stock: bool) -> np.ndarray:
    """Sigma of a month, from neighbouring months that have a figure; at least that of the counts."""
    both = (weight[:, 1:] > 0) & (weight[:, :-1] > 0)
    ranges = np.abs(np.diff(fit["residuals"], axis=1))
    mean = np.where(both, ranges, 0).sum(axis=1) / np.maximum(both.sum(axis=1), 1)
    mean = _ranges(mean, fit["squares"], fit["months"] - 1 - 2 * fit["season"] - fit["trend"], fit["season"])
    mean = np.where(both.sum(axis=1) >= LEAST // 2, mean, np.nan)
    if scale in ("rate", "count") and not stock:
        return np.maximum(mean, 1.0)
    return np.where(mean > 0, mean, np.nan)


def _factor(months: np.ndarray, season: np.ndarray, trend: np.ndarray) -> np.ndarray:
    table = np.array(list(FACTORS.values())).T
    kept = np.clip(months, LEAST, WINDOW) - LEAST
    return np.where(months >= LEAST, table[kept, season + 2 * trend], np.nan)


def _forward(value: np.ndarray, n: np.ndarray, scale: str) -> tuple[np.ndarray, np.ndarray]:
    """The figure on its scale, and its weight there."""
    if scale == "rate":
        share = (value * n + 0.375) / (n + 0.75)
        return np.arcsin(np.sqrt(np.clip(share, 0, 1))), 4 * n + 2
    if scale == "count":
        return np.sqrt(np.maximum(value, 0) + 0.375), np.full_like(value, 4.0)
    if scale == "share":
        return np.arcsin(np.sqrt(np.clip(value, 0, 1))), n
    return np.sign(value) * np.abs(value) ** _ROOT[scale], n


def _back(y: np.ndarray, n: np.ndarray, scale: str) -> np.ndarray:
    if scale in ("rate", "share"):
        share = np.sin(np.clip(y, 0, np.pi / 2)) ** 2
        size = np.where(n > 0, n, np.nan)
        return np.clip((share * (size + 0.75) - 0.375) / size, 0, 1) if scale == "rate" else share
    if scale == "count":
        return np.maximum(np.maximum(y, 0) ** 2 - 0.375, 0)
    return np.sign(y) * np.abs(y) ** (1 / _ROOT[scale])
