"""Penalised models of deals that are fitted on some reps and used on others."""

from __future__ import annotations

import numpy as np
import pandas as pd

from salesops_helpers.performance.rep_given import design

FOLDS, STRENGTHS = 5, (1e-5, 3e-3, 3e-2, 0.3, 3.0)


def folds_of(rep_ids: pd.Series) -> np.ndarray:
    """The fold of each deal: whole reps, spread so that folds hold about as many deals."""
    counts = rep_ids.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    folds = min(FOLDS, len(counts))
    place = np.arange(len(counts)) % (2 * folds)
    return rep_ids.map(pd.Series(np.minimum(place, 2 * folds - 1 - place), counts.index)).to_numpy(int)


def fitted(model, frame: pd.DataFrame, y: np.ndarray, folds: np.ndarray, known: np.ndarray):
    """Predictions with the slopes of the other folds and one level for all, at the strength that predicts best.

    Parameters
    ----------
    model : Logistic or Gamma
    frame : DataFrame
        Features, one row a case; see `performance.rep_given.given`.
    y, folds, known : ndarray
        Outcome, fold (`folds_of`), and whether the outcome can be learnt from.

    Returns
    -------
    found : ndarray
        The prediction of each case.
    parts : dict
        Feature → its part in each prediction, on the model's scale.
    """
    from threadpoolctl import threadpool_limits

    columns, owner = design(frame)
    best = None
    with threadpool_limits(limits=1):  # threads cost such small matrices five times what they save
        learnt = [(folds != fold) & known for fold in range(folds.max() + 1)]
        paths = [model.path(columns[learn], y[learn]) for learn in learnt]
        for at in range(len(STRENGTHS)):
            parts = np.zeros((len(y), len(frame.columns)))
            for fold, slopes in enumerate(paths):
                parts[folds == fold] = _by_feature(columns[folds == fold], slopes[at], owner, parts)
            found = model.levelled(parts.sum(axis=1), y, known)
            lost = model.loss(y[known], found[known])
            if best is None or lost < best[0] - 1e-12:
                best = (lost, found, parts)
    return best[1], {name: best[2][:, at] for at, name in enumerate(frame)}


def _by_feature(columns: np.ndarray, weights: np.ndarray, owner: np.ndarray, parts: np.ndarray) -> np.ndarray:
    member = (owner[:, None] == np.arange(parts.shape[1])).astype(float)
    return (columns * weights) @ member


def newton(curve, columns: np.ndarray, y: np.ndarray, start: float, penalties) -> np.ndarray:
    """Slopes that make loss + ½ penalty × Σ slope² least, the level left free, by Newton's method.

    Parameters
    ----------
    curve : callable
        (linear, y) → the loss of each case, its first and its second derivative by the linear part.
    start : float
        Level to begin at.
    penalties : sequence of float
        The strongest first: each fit begins where the one before ended.

    Returns
    -------
    ndarray
        Penalties × columns.
    """
    from scipy.linalg import cho_factor, cho_solve

    full = np.column_stack([np.ones(len(y)), columns])
    at, path = np.r_[start, np.zeros(columns.shape[1])], []
    for penalty in penalties:
        ridge = np.r_[1e-9 * len(y), np.full(columns.shape[1], penalty)]

        def total(b, ridge=ridge):
            return curve(full @ b, y)[0].sum() + 0.5 * ridge @ b**2

        now = total(at)
        for _ in range(100):
            _, first, second = curve(full @ at, y)
            root = full * np.sqrt(second)[:, None]
            down = full.T @ first + ridge * at
            step = cho_solve(cho_factor(root.T @ root + np.diag(ridge)), down)
            if down @ step < 1e-7 * len(y):
                break
            while (then := total(at - step)) > now and np.abs(step).max() > 1e-9:
                step = step / 2
            at, now = at - step, then
        path.append(at[1:])
    return np.array(path)


class Logistic:
    """Chance of a win; the level is that at which chances add up to the wins of all."""

    @staticmethod
    def path(columns, y) -> np.ndarray:
        """Slopes at each strength, the inverse of the penalty (rows)."""
        if columns.shape[1] == 0 or len(y) == 0 or np.ptp(y) == 0:
            return np.zeros((len(STRENGTHS), columns.shape[1]))
        mean = y.mean()
        return newton(Logistic._curve, columns, y, np.log(mean / (1 - mean)), [1 / s for s in STRENGTHS])

    @staticmethod
    def _curve(linear, y):
        from scipy.special import expit

        chance = expit(linear)
        return np.logaddexp(0, linear) - y * linear, chance - y, chance * (1 - chance)

    @staticmethod
    def levelled(linear, y, known) -> np.ndarray:
        from scipy.optimize import brentq
        from scipy.special import expit

        wanted = np.clip(y.mean(), 0.5 / len(y), 1 - 0.5 / len(y))
        reach = 40 + np.abs(linear).max(initial=0)
        return expit(linear + brentq(lambda c: expit(linear + c).mean() - wanted, -reach, reach)).clip(1e-6, 1 - 1e-6)

    @staticmethod
    def loss(y, found) -> float:
        return float(-(y * np.log(found) + (1 - y) * np.log1p(-found)).mean())


class Gamma:
    """Amount of a won deal; the level is that at which amounts add up."""

    @staticmethod
    def path(columns, y) -> np.ndarray:
        """Slopes at each strength, a thousandth of the inverse of the penalty of a case (rows)."""
        if columns.shape[1] == 0 or len(y) == 0:
            return np.zeros((len(STRENGTHS), columns.shape[1]))
        return newton(Gamma._curve, columns, y / y.mean(), 0.0, [1e-3 * len(y) / s for s in STRENGTHS])

    @staticmethod
    def _curve(linear, y):
        ratio = y * np.exp(-linear)
        return ratio + linear, 1 - ratio, ratio

    @staticmethod
    def levelled(linear, y, known) -> np.ndarray:
        size = np.exp(linear - linear.max(initial=0))
        return size * (y[known].sum() / size[known].sum()) if known.any() else size

    @staticmethod
    def loss(y, found) -> float:
        return float((np.log(found / y) + y / found).mean()) if len(y) else 0.0
