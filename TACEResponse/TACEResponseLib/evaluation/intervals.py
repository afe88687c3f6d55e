"""Intervals for shares, for cross-validated means, and by resampling patients."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .roc import Z_95, auc, delong_auc


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


def auc_interval(score: np.ndarray, outcome: np.ndarray) -> Estimate:
    """AUC of a fixed model on new patients with its 95 % interval, for sets of 14 patients of each outcome and more.

    Each end is the one further out of DeLong's interval on the logit scale (Pepe 2003, The Statistical Evaluation of
    Medical Tests; here with Student's quantile for n - 2) and of Newcombe's score interval (method 5; Stat Med
    2006;25:559-573). Either alone covers too seldom: DeLong's variance is too small near 1, Newcombe's assumes scores
    of similar spread (Testing/benchmarks/bench_auc_coverage.py). At an AUC of 1 or 0 DeLong's variance is 0, and
    `exact_low` takes its place; one patient has no variance, and Newcombe alone counts.

    ``score`` (n,), ``outcome`` bool (n,), True for OR. Raises ValueError if a score is not finite or an outcome is
    missing.
    """
    area, sizes = auc(score, outcome), (int(outcome.sum()), int((~outcome).sum()))
    error = delong_auc(score, outcome).standard_error if min(sizes) > 1 else float("nan")

    def low(value: float) -> float:
        if value <= 0:
            return 0.0
        other = exact_low(*sizes) if value >= 1 else delong_logit_low(value, error, *sizes)
        return float(np.fmin(other, newcombe_low(value, *sizes)))

    return Estimate(area, low(area), 1 - low(1 - area))


def exact_low(responders: int, non_responders: int) -> float:
    """Lower 95 % bound of an AUC of 1: .025 ** (1/m), m patients in the smaller group.

    An AUC of 1 means that each of m disjoint pairs of an OR and a NOR patient is in the right order. They are
    independent, so that its probability is at most AUC ** m, whatever the distribution of the scores: Clopper and
    Pearson's bound of m successes in m.
    """
    return float(0.025 ** (1 / min(responders, non_responders)))


def delong_logit_low(value: float, standard_error: float, responders: int, non_responders: int) -> float:
    """Lower end on the logit scale of an AUC between 0 and 1; NaN if ``standard_error`` is."""
    from scipy.special import expit, logit, stdtrit

    half = stdtrit(responders + non_responders - 2, 0.975) * standard_error / (value * (1 - value))
    return float(expit(logit(value) - half))


def newcombe_low(value: float, responders: int, non_responders: int) -> float:
    """Lower end by Newcombe's method 5: the AUC that is 1.96 of its own standard errors below ``value`` (above 0)."""
    from scipy.optimize import brentq

    mean_size = (responders + non_responders) / 2 - 1

    def excess(area: float) -> float:
        spread = 1 + mean_size * ((1 - area) / (2 - area) + area / (1 + area))
        return (value - area) ** 2 - Z_95**2 * area * (1 - area) * spread / (responders * non_responders)

    # At an AUC of 1 the variance is 0 at 1 too, which is not the root that is sought.
    return float(brentq(excess, 0.0, min(value, 1 - 1e-9)))


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
