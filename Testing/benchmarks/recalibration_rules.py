"""Rules of recalibration that `bench_recalibration` compares: each makes a predictor of the same out-of-fold scores."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2
from TACEResponseLib.evaluation.calibration import intercept_offset, log_likelihood
from TACEResponseLib.models import expit, logit
from TACEResponseLib.study.chain import deploy_second_stage

FOLDS = 5
BOOTSTRAPS = 30
RIDGE_STRENGTHS = 1 / np.logspace(-2, 2.5, 10)
_NO_RIDGE = 1e-4


@dataclass(frozen=True, eq=False)
class Cohort:
    """What a rule may see: ``values`` (n, k) of the second stage, the score out of fold, and ``outcome`` (n,); the
    same of ``new`` patients; ``nested`` (n,), log odds from the outer cross-validation, or None; whether the only term
    is a score; and a generator."""

    values: np.ndarray
    outcome: np.ndarray
    new: np.ndarray
    nested: np.ndarray | None
    is_score_alone: bool
    random: np.random.Generator


Rule = Callable[[Cohort], np.ndarray | None]
"""Log odds of the new patients; None where the draw has no outer cross-validation and the rule needs it."""


def fit(values: np.ndarray, outcome: np.ndarray, ridge: float = _NO_RIDGE) -> tuple[float, np.ndarray]:
    """Intercept and coefficients of a logistic regression, a ridge penalty on the standardised terms (Newton)."""
    mean, spread = values.mean(axis=0), values.std(axis=0)
    spread = np.where(spread > 1e-12, spread, np.inf)
    design = np.column_stack([np.ones(len(values)), (values - mean) / spread])
    penalty = ridge * np.diag([0.0] + [1.0] * values.shape[1])
    solution = np.zeros(design.shape[1])
    solution[0] = logit(np.clip(outcome.mean(), 1e-3, 1 - 1e-3))
    for _ in range(50):
        share = expit(design @ solution)
        slope = design.T @ (outcome - share) - penalty @ solution
        curvature = (design * (share * (1 - share))[:, None]).T @ design + penalty + 1e-9 * np.eye(len(solution))
        step = np.linalg.solve(curvature, slope)
        largest = np.abs(step).max()
        solution += step * min(1.0, 4 / max(largest, 1e-12))
        if largest < 1e-7:
            break
    coefficients = solution[1:] / spread
    return float(solution[0] - coefficients @ mean), coefficients


def slope_of(log_odds: np.ndarray, outcome: np.ndarray) -> float:
    """Calibration slope; 0 where the log odds do not differ."""
    return 0.0 if log_odds.std() < 1e-9 else float(fit(log_odds[:, None], outcome)[1][0])


def prevalence(cohort: Cohort) -> np.ndarray:
    """The cohort's share of OR for everybody."""
    return np.full(len(cohort.new), float(logit(cohort.outcome.mean())))


def scaled(cohort: Cohort, factor: float) -> np.ndarray:
    """The maximum likelihood fit, its coefficients multiplied; a score alone is never reversed."""
    coefficients = fit(cohort.values, cohort.outcome)[1] * factor
    if factor <= 0 or (cohort.is_score_alone and coefficients[0] < 0):
        return prevalence(cohort)
    shift = intercept_offset(cohort.values @ coefficients, cohort.outcome)
    return np.asarray(cohort.new @ coefficients + shift)


def likelihood_ratio(cohort: Cohort) -> float:
    """Of the second stage against none."""
    intercept, coefficients = fit(cohort.values, cohort.outcome)
    none = np.full(len(cohort.outcome), float(logit(cohort.outcome.mean())))
    fitted = intercept + cohort.values @ coefficients
    return 2 * (log_likelihood(fitted, cohort.outcome) - log_likelihood(none, cohort.outcome))


def nested_slope(cohort: Cohort) -> np.ndarray | None:
    """The rule until 2026-11: slope of the outer cross-validation, clipped to 0..1."""
    if cohort.nested is None:
        return None
    factor = float(np.clip(slope_of(cohort.nested, cohort.outcome), 0, 1))
    coefficients = factor * fit(cohort.values, cohort.outcome)[1]
    shift = intercept_offset(cohort.values @ coefficients, cohort.outcome)
    return np.asarray(cohort.new @ coefficients + shift)


def nested_intercept_and_slope(cohort: Cohort) -> np.ndarray | None:
    """Both from the outer cross-validation, the slope not clipped but never below 0."""
    if cohort.nested is None:
        return None
    outer, slope = fit(cohort.nested[:, None], cohort.outcome)
    if slope[0] <= 0:
        return prevalence(cohort)
    intercept, coefficients = fit(cohort.values, cohort.outcome)
    return np.asarray(outer + slope[0] * (intercept + cohort.new @ coefficients))


def nested_gate(cohort: Cohort) -> np.ndarray | None:
    """No factor where the slope of the outer cross-validation is above 0 (Wald, one-sided p < .05), else prevalence."""
    if cohort.nested is None:
        return None
    intercept, slope = fit(cohort.nested[:, None], cohort.outcome)
    share = expit(intercept + slope[0] * cohort.nested)
    weight = share * (1 - share)
    centred = cohort.nested - np.average(cohort.nested, weights=weight)
    z = slope[0] * np.sqrt(float((weight * centred**2).sum()))
    return scaled(cohort, 1.0) if z > 1.645 else prevalence(cohort)


def _parts(cohort: Cohort) -> list[np.ndarray]:
    fold = np.empty(len(cohort.outcome), dtype=int)
    for level in (True, False):
        members = cohort.random.permutation(np.flatnonzero(cohort.outcome == level))
        fold[members] = np.arange(len(members)) % FOLDS
    return [fold != number for number in range(FOLDS)]


def cross_validated_slope(cohort: Cohort) -> np.ndarray:
    """Slope of the second stage alone, cross-validated three times on the out-of-fold scores, clipped to 0..1."""
    slopes = []
    for _ in range(3):
        log_odds = np.empty(len(cohort.outcome))
        for train in _parts(cohort):
            intercept, coefficients = fit(cohort.values[train], cohort.outcome[train])
            log_odds[~train] = intercept + cohort.values[~train] @ coefficients
        slopes.append(slope_of(log_odds, cohort.outcome))
    return scaled(cohort, float(np.clip(np.mean(slopes), 0, 1)))


def bootstrap_shrinkage(cohort: Cohort) -> np.ndarray:
    """Harrell's: the mean slope, in the cohort, of second stages fitted to bootstraps of it, clipped to 0..1."""
    slopes = []
    for _ in range(BOOTSTRAPS):
        rows = cohort.random.integers(0, len(cohort.outcome), len(cohort.outcome))
        if 0 < cohort.outcome[rows].sum() < len(rows):
            intercept, coefficients = fit(cohort.values[rows], cohort.outcome[rows])
            slopes.append(slope_of(intercept + cohort.values @ coefficients, cohort.outcome))
    return scaled(cohort, float(np.clip(np.mean(slopes), 0, 1)))


def penalised(cohort: Cohort) -> np.ndarray:
    """A ridge penalty whose strength, or the prevalence alone, has the least cross-validated loss."""
    loss = np.zeros(len(RIDGE_STRENGTHS) + 1)
    for _ in range(2):
        for train in _parts(cohort):
            learnt, rest = cohort.outcome[train], cohort.outcome[~train]
            for number, strength in enumerate(RIDGE_STRENGTHS):
                intercept, coefficients = fit(cohort.values[train], learnt, strength)
                loss[number] -= log_likelihood(intercept + cohort.values[~train] @ coefficients, rest)
            loss[-1] -= log_likelihood(np.full(len(rest), float(logit(learnt.mean()))), rest)
    best = int(np.argmin(loss))
    if best == len(RIDGE_STRENGTHS):
        return prevalence(cohort)
    intercept, coefficients = fit(cohort.values, cohort.outcome, RIDGE_STRENGTHS[best])
    if cohort.is_score_alone and coefficients[0] < 0:
        return prevalence(cohort)
    return np.asarray(intercept + cohort.new @ coefficients)


def by_likelihood_ratio(spared_terms: int, level: float = 1.0) -> Rule:
    """Factor (chi2 - k + ``spared_terms``) / chi2 if the test of the ratio has p < ``level``."""

    def rule(cohort: Cohort) -> np.ndarray:
        ratio, terms = likelihood_ratio(cohort), cohort.values.shape[1]
        p = float(chi2.sf(ratio, terms))
        if cohort.is_score_alone:
            p = p / 2 if fit(cohort.values, cohort.outcome)[1][0] > 0 else 1 - p / 2
        factor = max(0.0, (ratio - max(0, terms - spared_terms)) / ratio) if ratio > 0 else 0.0
        return scaled(cohort, factor) if p < level else prevalence(cohort)

    return rule


def shipped(cohort: Cohort) -> np.ndarray:
    """What the product does."""
    return deploy_second_stage(cohort.values, cohort.outcome, cohort.is_score_alone).log_odds(cohort.new)


RULES: dict[str, Rule] = {
    "nested slope (old)": nested_slope,
    "no factor": lambda cohort: scaled(cohort, 1.0),
    "nested a + b": nested_intercept_and_slope,
    "nested gate": nested_gate,
    "CV slope": cross_validated_slope,
    "bootstrap": bootstrap_shrinkage,
    "ridge": penalised,
    "LR, k": by_likelihood_ratio(0),
    "LR, k-1": by_likelihood_ratio(1),
    "LR, k-1, p<.05": by_likelihood_ratio(1, 0.05),
    "LR, k-1, p<.2": by_likelihood_ratio(1, 0.2),
    "shipped": shipped,
}
