"""The Lasso score: a linear combination of the features that the Lasso kept. No probability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np

from .folds import stratified_folds
from .scaler import fit_z_score

ALPHA_FOLDS = 5

ALPHAS = 30

SMALLEST_ALPHA_SHARE = 0.03
"""Smallest alpha tried, as a share of the smallest one that leaves no feature; the largest tried is that one."""

MOST_ITERATIONS = 5000

_FINAL_ITERATIONS = 50_000


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

    @property
    def used_columns(self) -> np.ndarray:
        """Sorted columns of the features with a coefficient in any member."""
        return np.flatnonzero((self.coefficients != 0).any(axis=0))

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
    features: np.ndarray,
    outcome: np.ndarray,
    patients: np.ndarray,
    random: np.random.Generator,
    alpha: float | None = None,
) -> LassoScore:
    """Z-score and scikit-learn's Lasso on the outcome as 0 and 1 (paper.md); one member.

    The paper states no ``alpha``: by default the one of `ALPHAS` values with the least squared error in a stratified
    cross-validation within these patients (``LassoCV``), in as many folds as the rarer outcome has patients if those
    are fewer than `ALPHA_FOLDS`. Rows with the same number in ``patients`` (n,), a bootstrap's repeats, share a fold.
    """
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import Lasso, LassoCV

    scaler = fit_z_score(features)
    scaled = scaler.apply(features)
    target = outcome.astype(float)
    if alpha is None:
        fold_count = min(ALPHA_FOLDS, *(len(np.unique(patients[outcome == level])) for level in (True, False)))
        folds = stratified_folds(outcome, fold_count, random, patients)
        parts = [(np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)) for fold in range(fold_count)]
        search = LassoCV(alphas=ALPHAS, eps=SMALLEST_ALPHA_SHARE, cv=parts, tol=1e-3, max_iter=MOST_ITERATIONS)
        with warnings.catch_warnings():
            # Of 150 fits the smallest alphas may stop short of the last digit, which does not move the choice.
            warnings.simplefilter("ignore", ConvergenceWarning)
            alpha = float(search.fit(scaled, target).alpha_)
    fitted = Lasso(alpha=alpha, max_iter=_FINAL_ITERATIONS).fit(scaled, target)
    return LassoScore(
        mean=scaler.mean[None],
        scale=scaler.scale[None],
        coefficients=fitted.coef_[None],
        intercepts=np.array([fitted.intercept_]),
        alphas=np.array([alpha]),
    )
