"""The Lasso score: a linear combination of the features that the Lasso kept. No probability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np

from .scaler import fit_z_score

ALPHA_FOLDS = 5


@dataclass(frozen=True, eq=False)
class LassoScore:
    """m members: ``mean`` and ``scale`` (m, p) of all features, ``coefficients`` (m, p), ``intercepts`` and ``alphas``
    (m,)."""

    mean: np.ndarray
    scale: np.ndarray
    coefficients: np.ndarray
    intercepts: np.ndarray
    alphas: np.ndarray

    type_name: ClassVar[str] = "lasso"

    @property
    def member_count(self) -> int:
        """Number of members."""
        return len(self.coefficients)

    @property
    def feature_count(self) -> int:
        """Number of features that a patient needs."""
        return self.coefficients.shape[1]

    def member_scores(self, features: np.ndarray) -> np.ndarray:
        """Scores (n, m) of patients (n, n_features), unscaled."""
        features = np.asarray(features, dtype=float)
        slopes = self.coefficients / self.scale
        return features @ slopes.T + (self.intercepts - (slopes * self.mean).sum(axis=1))

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Arrays by name, for a bundle."""
        return {name: getattr(self, name) for name in [field.name for field in fields(self)]}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> LassoScore:
        """Inverse of `to_arrays`."""
        return cls(**{name: arrays[name] for name in [field.name for field in fields(cls)]})

    @classmethod
    def join(cls, members: list[LassoScore]) -> LassoScore:
        """One model of the members of several."""
        names = [field.name for field in fields(cls)]
        return cls(**{name: np.concatenate([getattr(member, name) for member in members]) for name in names})


def fit_lasso(
    features: np.ndarray, outcome: np.ndarray, random: np.random.Generator, alpha: float | None = None
) -> LassoScore:
    """Z-score and scikit-learn's Lasso on the outcome as 0 and 1 (study.md); one member.

    The paper states no ``alpha``: by default the one with the least squared error in a stratified cross-validation
    within these patients. A bootstrap's repeated patients stay in one fold.
    """
    from sklearn.linear_model import Lasso, lasso_path

    scaler = fit_z_score(features)
    scaled = scaler.apply(features)
    target = outcome.astype(float)
    if alpha is None:
        alphas = np.geomspace(0.3, 0.01, 30) * 1.0
        errors = np.zeros(len(alphas))
        folds = _folds(features, outcome, random)
        for fold in range(ALPHA_FOLDS):
            train, test = folds != fold, folds == fold
            centre = target[train].mean()
            middle = scaled[train].mean(axis=0)
            _, slopes, _ = lasso_path(scaled[train] - middle, target[train] - centre, alphas=alphas, tol=1e-3)
            predicted = (scaled[test] - middle) @ slopes + centre
            errors += ((predicted - target[test, None]) ** 2).sum(axis=0)
        alpha = float(alphas[np.argmin(errors)])
    fitted = Lasso(alpha=alpha, max_iter=5000).fit(scaled, target)
    return LassoScore(
        mean=scaler.mean[None],
        scale=scaler.scale[None],
        coefficients=fitted.coef_[None],
        intercepts=np.array([fitted.intercept_]),
        alphas=np.array([alpha]),
    )


def _folds(features: np.ndarray, outcome: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Stratified fold of each row; equal rows, a bootstrap's repeats, share one."""
    _, patient = np.unique(features[:, : min(features.shape[1], 20)], axis=0, return_inverse=True)
    fold_of_patient = np.empty(patient.max() + 1, dtype=int)
    first = np.unique(patient, return_index=True)[1]
    for level in (False, True):
        members = np.flatnonzero(outcome[first] == level)
        fold_of_patient[random.permutation(members)] = np.arange(len(members)) % ALPHA_FOLDS
    return fold_of_patient[patient]
