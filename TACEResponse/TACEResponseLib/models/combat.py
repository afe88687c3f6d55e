"""ComBat: the shift and spread that a centre adds to each feature, estimated on training rows only.

Johnson, Li, Rabinovic, Biostatistics 2007;8:118-127 (parametric empirical Bayes), the form that Fortin et al. brought
to imaging (NeuroImage 2018;167:104-120; their neuroCombat gives the same numbers). No covariates: preserving the
outcome would leak it into the features of those who are judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_CONVERGED = 1e-4

_MOST_ITERATIONS = 1000

_CONSTANT_RELATIVE_SPREAD = 1e-12


@dataclass(frozen=True, eq=False)
class ComBat:
    """What was learnt from the training rows.

    ``batches`` are the centres' names; ``shift`` and ``spread`` (n_batches, n_features) their adjusted location and
    variance in units of ``scale``; ``mean`` and ``scale`` (n_features,) the pooled ones. A feature without spread
    within the centres is left as it is (``constant``, (n_features,) bool).
    """

    batches: tuple[str, ...]
    mean: np.ndarray
    scale: np.ndarray
    shift: np.ndarray
    spread: np.ndarray
    constant: np.ndarray

    def apply(self, features: np.ndarray, batch: Sequence[str]) -> np.ndarray:
        """Features (n, n_features) of rows of these centres, harmonised.

        Raises ValueError for a centre that was not among the training rows: nothing is known of its shift.
        """
        unseen = sorted(set(batch) - set(self.batches))
        if unseen:
            raise ValueError(
                f"The centre {unseen[0]} was not among those that ComBat was fitted on ({', '.join(self.batches)}); "
                "its features cannot be harmonised. Fit with patients of that centre, or use features without ComBat."
            )
        features = np.asarray(features, dtype=float)
        rows = np.array([self.batches.index(name) for name in batch], dtype=int)
        standard = (features - self.mean) / self.scale
        harmonised = (standard - self.shift[rows]) / np.sqrt(self.spread[rows]) * self.scale + self.mean
        return np.where(self.constant, features, harmonised)


def fit_combat(features: np.ndarray, batch: Sequence[str]) -> ComBat:
    """Fit on training rows.

    Parameters
    ----------
    features : float array (n, n_features)
        Without NaN.
    batch : sequence of str (n,)
        The centre, or scanner, of each row.

    Raises
    ------
    ValueError
        For a single centre, or one with fewer than 3 rows.
    """
    features = np.asarray(features, dtype=float)
    names, rows, counts = np.unique(np.asarray(batch, dtype=str), return_inverse=True, return_counts=True)
    if len(names) < 2:
        raise ValueError("ComBat needs patients of at least two centres; there is one.")
    if counts.min() < 3:
        small = names[counts.argmin()]
        raise ValueError(f"ComBat needs at least 3 patients of each centre; of {small} there are {counts.min()}.")
    own_means = np.array([features[rows == number].mean(axis=0) for number in range(len(names))])
    mean = counts @ own_means / counts.sum()
    residual_variance = ((features - own_means[rows]) ** 2).mean(axis=0)
    constant = np.sqrt(residual_variance) <= _CONSTANT_RELATIVE_SPREAD * np.abs(features).max(axis=0)
    scale = np.where(constant, 1.0, np.sqrt(residual_variance))
    standard = (features - mean) / scale
    shift, spread = np.zeros_like(own_means), np.ones_like(own_means)
    for number in range(len(names)):
        own = standard[rows == number][:, ~constant]
        if own.size:
            shift[number, ~constant], spread[number, ~constant] = _posterior(own)
    return ComBat(tuple(map(str, names)), mean, scale, shift, spread, constant)


def _posterior(own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Location and variance of one centre, drawn towards those of its other features (Johnson 2007, eq. 3.1)."""
    count = len(own)
    shift_raw, spread_raw = own.mean(axis=0), own.var(axis=0, ddof=1)
    if own.shape[1] < 2:
        # One feature has no others to be drawn towards.
        return shift_raw, np.maximum(spread_raw, np.finfo(float).tiny)
    prior_mean, prior_variance = shift_raw.mean(), shift_raw.var(ddof=1)
    spread_mean, spread_variance = spread_raw.mean(), spread_raw.var(ddof=1)
    if spread_variance == 0 or prior_variance == 0:
        return shift_raw, spread_raw
    prior_shape = (2 * spread_variance + spread_mean**2) / spread_variance
    prior_scale = (spread_mean * spread_variance + spread_mean**3) / spread_variance
    shift, spread = shift_raw, spread_raw
    for _ in range(_MOST_ITERATIONS):
        new_shift = (prior_variance * count * shift_raw + spread * prior_mean) / (prior_variance * count + spread)
        squares = ((own - new_shift) ** 2).sum(axis=0)
        new_spread = (0.5 * squares + prior_scale) / (count / 2 + prior_shape - 1)
        change = max(
            np.max(np.abs(new_shift - shift) / np.maximum(np.abs(shift), np.finfo(float).tiny)),
            np.max(np.abs(new_spread - spread) / spread),
        )
        shift, spread = new_shift, new_spread
        if change <= _CONVERGED:
            break
    return shift, spread
