"""Times until something ends, where some have not ended yet: Kaplan–Meier curves and medians with their ranges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from salesops_helpers.errors import SalesOpsError
from salesops_helpers.stats import LEVEL

_ROUND = 1e-9


@dataclass(frozen=True)
class Curve:
    """Answer of `kaplan_meier`, one place a distinct time, ascending.

    Attributes
    ----------
    days : ndarray
        Times at which something ended or was last seen.
    at_risk, ended : ndarray of int
        How many had lasted up to that time, how many ended at it.
    survival, low, high : ndarray
        Share that lasts longer than that time, and its pointwise range (log-log).
    """

    days: np.ndarray
    at_risk: np.ndarray
    ended: np.ndarray
    survival: np.ndarray
    low: np.ndarray
    high: np.ndarray


class Median(NamedTuple):
    """A median time with its range; missing where the curve, or its range, does not come down to one half."""

    median: float
    low: float
    high: float


def kaplan_meier(days, ended, level: float = LEVEL) -> Curve:
    """Share that lasts longer than each time, those that have not ended yet taken as lasting at least so long.

    Parameters
    ----------
    days : array-like of float
        How long each has lasted, 0 or more (any unit of time).
    ended : array-like of bool
        Did it end then; if not, it was last seen then (censored).
    level : float
        Probability inside the range at each time.

    Raises
    ------
    SalesOpsError
        Where a time is missing or negative.

    Notes
    -----
    S(t) = Π (1 − ended ÷ at risk) over times up to t, with Greenwood's variance; the range is symmetric for
    log(−log S), so that it stays between 0 and 1. Something that ends on the day on which another was last seen is
    taken to end first.

    References
    ----------
    Kaplan, Meier (1958), Nonparametric estimation from incomplete observations, JASA 53; Kalbfleisch, Prentice (2002),
    The Statistical Analysis of Failure Time Data, section 1.4.
    """
    curve = _curves(days, ended, np.zeros(len(np.asarray(days)), int), level)
    return Curve(**{name: curve[name].to_numpy() for name in Curve.__dataclass_fields__})


def median(days, ended, level: float = LEVEL) -> Median:
    """Kaplan–Meier median with its range: the first times at which the curve, its lower and its upper bound are at one
    half or below. Arguments and errors as in `kaplan_meier`.

    References
    ----------
    Brookmeyer, Crowley (1982), A confidence interval for the median survival time, Biometrics 38.
    """
    found = medians(days, ended, np.zeros(len(np.asarray(days)), int), level)
    return Median(*found.loc[0, ["median", "low", "high"]]) if len(found) else Median(*[float("nan")] * 3)


def medians(days, ended, groups, level: float = LEVEL) -> pd.DataFrame:
    """`median` of each group at once.

    Parameters
    ----------
    groups : array-like
        The group of each; those without a group (missing) are left out.

    Returns
    -------
    DataFrame
        On the sorted groups: n, ended (counts), median, low, high (in the unit of `days`; missing where not reached).
    """
    groups = pd.Series(np.asarray(groups) if not isinstance(groups, pd.Series) else groups.to_numpy())
    curve = _curves(days, ended, groups, level)
    half = {"median": "survival", "low": "low", "high": "high"}
    reached = {name: curve["days"].where(curve[bound] <= 0.5 + _ROUND) for name, bound in half.items()}
    by = curve["group"]
    counts = {"n": curve.groupby(by)["at_risk"].max(), "ended": curve.groupby(by)["ended"].sum()}
    return pd.DataFrame(counts | {name: times.groupby(by).min() for name, times in reached.items()})


def _curves(days, ended, groups, level: float) -> pd.DataFrame:
    """The curve of each group, one row a group and distinct time."""
    from scipy.special import ndtri

    frame = pd.DataFrame({"days": np.asarray(days, float), "ended": np.asarray(ended, bool)}).assign(
        group=np.asarray(groups) if not isinstance(groups, pd.Series) else groups.to_numpy())
    if not (frame["days"] >= 0).all():
        wrong = int((~(frame["days"] >= 0)).sum())
        raise SalesOpsError(f"{wrong} of {len(frame)} times are missing or negative", "times of 0 or more",
                            "leave out rows without both dates, and correct dates in the wrong order")
    found = frame.groupby(["group", "days"], dropna=True)["ended"].agg(ended="sum", seen="size").reset_index()
    by = found["group"]
    left = found.groupby(by)["seen"].cumsum() - found["seen"]
    risk = found.groupby(by)["seen"].transform("sum") - left
    died = found["ended"]
    survival = (1 - died / risk).groupby(by).cumprod()
    greenwood = (died / (risk * (risk - died)).where(risk > died)).fillna(0.0).groupby(by).cumsum()
    inside = survival.where((survival > _ROUND) & (survival < 1 - _ROUND), 0.5)
    error = ndtri((1 + level) / 2) * np.sqrt(greenwood) / np.abs(np.log(inside))
    low, high = (inside ** np.exp(side * error) for side in (1, -1))
    certain = (survival <= _ROUND) | (survival >= 1 - _ROUND)
    return found.assign(at_risk=risk, survival=survival, low=low.mask(certain, survival),
                        high=high.mask(certain, survival))[
        ["group", "days", "at_risk", "ended", "survival", "low", "high"]]
