"""Penalised models of deals that are fitted on some reps and used on others (scikit-learn, imported late)."""

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
        for strength in STRENGTHS:
            parts = np.zeros((len(y), len(frame.columns)))
            for fold in range(folds.max() + 1):
                here, learn = folds == fold, (folds != fold) & known
                slopes = model.slopes(columns[learn], y[learn], strength)
                parts[here] = _by_feature(columns[here], slopes, owner, parts)
            found = model.levelled(parts.sum(axis=1), y, known)
            lost = model.loss(y[known], found[known])
            if best is None or lost < best[0] - 1e-12:
                best = (lost, found, parts)
    return best[1], {name: best[2][:, at] for at, name in enumerate(frame)}


def _by_feature(columns: np.ndarray, weights: np.ndarray, owner: np.ndarray, parts: np.ndarray) -> np.ndarray:
    member = (owner[:, None] == np.arange(parts.shape[1])).astype(float)
    return (columns * weights) @ member


class Logistic:
    """Chance of a win; the level is that at which chances add up to the wins of all."""

    @staticmethod
    def slopes(columns, y, strength: float) -> np.ndarray:
        from sklearn.linear_model import LogisticRegression

        if columns.shape[1] == 0 or len(y) == 0 or np.ptp(y) == 0:
            return np.zeros(columns.shape[1])
        return LogisticRegression(C=strength, max_iter=500).fit(columns, y).coef_[0]

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
    def slopes(columns, y, strength: float) -> np.ndarray:
        from sklearn.linear_model import GammaRegressor

        if columns.shape[1] == 0 or len(y) == 0:
            return np.zeros(columns.shape[1])
        return GammaRegressor(alpha=1e-3 / strength, max_iter=500).fit(columns, y / y.mean()).coef_

    @staticmethod
    def levelled(linear, y, known) -> np.ndarray:
        size = np.exp(linear - linear.max(initial=0))
        return size * (y[known].sum() / size[known].sum()) if known.any() else size

    @staticmethod
    def loss(y, found) -> float:
        return float((np.log(found / y) + y / found).mean()) if len(y) else 0.0
