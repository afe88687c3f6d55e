"""Z-score: each feature minus its training mean, over its training standard deviation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# A column whose spread is rounding noise of its own size is constant: dividing by it would make features of noise.
_CONSTANT_RELATIVE_SPREAD = 1e-12


@dataclass(frozen=True, eq=False)
class ZScore:
    """Means and divisors of the training patients, both (n_features,).

    A constant feature has divisor 1, so that it is 0 in training and stays in its place in every array; ``constant``
    marks it, (n_features,) bool.
    """

    mean: np.ndarray
    scale: np.ndarray
    constant: np.ndarray

    def apply(self, features: np.ndarray) -> np.ndarray:
        """Scaled features, (..., n_features) float64."""
        scaled: np.ndarray = (np.asarray(features, dtype=float) - self.mean) / self.scale
        return scaled


def fit_z_score(features: np.ndarray) -> ZScore:
    """Fit on training rows (n, n_features); the standard deviation is that of the n values (divisor n).

    The same numbers as scikit-learn's ``StandardScaler``.
    """
    values = np.asarray(features, dtype=float)
    mean = values.mean(axis=0)
    spread = values.std(axis=0)
    constant = spread <= _CONSTANT_RELATIVE_SPREAD * np.abs(values).max(axis=0)
    return ZScore(mean, np.where(constant, 1.0, spread), constant)
