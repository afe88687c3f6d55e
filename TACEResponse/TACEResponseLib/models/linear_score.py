"""What the linear scores have in common: a weighted sum of the features. No probability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from .array_rules import FINITE, POSITIVE, Rule
from .scaler import ZScore
from .score_model import ScoreModel


@dataclass(frozen=True, eq=False)
class LinearScore(ScoreModel):
    """m members: ``mean`` and ``scale`` (m, p) of all features, ``coefficients`` (m, p) of the scaled features and
    ``intercepts`` (m,)."""

    mean: np.ndarray
    scale: np.ndarray
    coefficients: np.ndarray
    intercepts: np.ndarray

    rules: ClassVar[Mapping[str, Rule]] = {
        "mean": (FINITE, "mf"),
        "scale": (POSITIVE, "mf"),
        "coefficients": (FINITE, "mf"),
        "intercepts": (FINITE, "m"),
    }

    @property
    def feature_count(self) -> int:
        """Number of features that a patient needs."""
        return int(self.coefficients.shape[1])

    @property
    def used_columns(self) -> np.ndarray:
        """Sorted columns of the features with a coefficient in any member."""
        return np.flatnonzero((self.coefficients != 0).any(axis=0))

    def member_scores(self, features: np.ndarray) -> np.ndarray:
        """Scores (n, m) of patients (n, n_features), unscaled."""
        features = np.asarray(features, dtype=float)
        slopes = self.coefficients / self.scale
        scores: np.ndarray = features @ slopes.T + (self.intercepts - (slopes * self.mean).sum(axis=1))
        return scores


def linear_arrays(scaler: ZScore, estimator: Any) -> dict[str, np.ndarray]:
    """The arrays of a `LinearScore` of one member from a fitted scikit-learn estimator of the scaled features."""
    return {
        "mean": scaler.mean[None],
        "scale": scaler.scale[None],
        "coefficients": np.reshape(estimator.coef_, (1, -1)),
        "intercepts": np.reshape(estimator.intercept_, 1),
    }
