"""Intervals for shares, for cross-validated means, and by resampling patients."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Estimate(NamedTuple):
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


def wilson_interval(successes: float, patients: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927). ``patients`` counts patients, never patients times repeats."""
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(successes, patients, method="wilson")
    return float(low), float(high)


def corrected_resampled_interval(fold_values: np.ndarray, test_share: float) -> Estimate:
    """Mean over the test parts of a repeated cross-validation with its 95 % interval (Nadeau and Bengio 2003).

    Parameters
    ----------
    fold_values : array (repeats * folds,)
    test_share : float
        Test over training patients, e.g. 0.25 for five folds. Parts share training patients, so that the variance of
        the mean is (1/J + test_share) times that of the values.

    Returns
    -------
    Estimate
        Cut at 0 and 1.
    """
    from scipy.stats import t

    values = np.asarray(fold_values, dtype=float)
    mean = float(values.mean())
    error = float(np.sqrt((1 / values.size + test_share) * values.var(ddof=1)))
    half = float(t.ppf(0.975, values.size - 1)) * error
    return Estimate(mean, max(0.0, mean - half), min(1.0, mean + half))


def bootstrap_interval(
    statistic: Callable[[np.ndarray], float],
    outcome: np.ndarray,
    seed: int,
    patients: np.ndarray | None = None,
    draws: int = 1000,
) -> tuple[float, float]:
    """95 % percentile interval of ``statistic(rows)`` over bootstraps of patients within each outcome.

    ``patients`` (n,) names the patient of each row where patients have several lesions: all rows of one are drawn
    together (cluster bootstrap).
    """
    random = np.random.default_rng(seed)
    patients = np.arange(len(outcome)) if patients is None else np.asarray(patients)
    distinct, first = np.unique(patients, return_index=True)
    rows_of = [np.flatnonzero(patients == patient) for patient in distinct]
    levels = [np.flatnonzero(outcome[first] == level) for level in (True, False)]
    values = []
    for _ in range(draws):
        drawn = np.concatenate([random.choice(members, len(members)) for members in levels])
        values.append(statistic(np.concatenate([rows_of[patient] for patient in drawn])))
    low, high = np.percentile(values, (2.5, 97.5))
    return float(low), float(high)


def permutation_p(observed: float, permuted: np.ndarray) -> float:
    """(1 + number at least as large) / (1 + number of permutations); its resolution is the reciprocal of the latter."""
    permuted = np.asarray(permuted, dtype=float)
    return float((1 + np.count_nonzero(permuted >= observed)) / (1 + permuted.size))
