"""One run of the chain "inner out-of-fold scores, refit, second stage" as jobs that many runs can share (honesty.md).

A `ChainPlan` lists the fits that one training part needs; all plans of a study go to the learner together, which trains
networks in batches; then each plan takes its own results.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..cohort import Progress
from ..evaluation.calibration import intercept_offset, log_likelihood
from ..models import logit
from ..models.fitting import Fit, FitJob, FittedScore, Learner
from ..models.folds import stratified_folds
from ..models.logistic import LogisticFit, fit_logistic


@dataclass(frozen=True, eq=False)
class ChainPlan:
    """What one training part asks for.

    ``rows`` (n_train,) are the training rows, repeats allowed, ``outcome`` bool (n_train,) theirs; ``folds`` (n_train,)
    their inner fold; ``test_rows`` are scored once by the refit; ``seeds`` name the members of the ensemble;
    ``keep_models`` keeps the refitted models; ``patients`` (n_train,) numbers the patient of each training row.
    """

    rows: np.ndarray
    outcome: np.ndarray
    patients: np.ndarray
    folds: np.ndarray
    test_rows: np.ndarray
    seeds: tuple[tuple[int, ...], ...]
    keep_models: bool = False

    def jobs(self) -> list[FitJob]:
        """Inner fits, fold by fold and seed by seed, then the refits on all rows."""
        inner = [
            fold_job(self.rows, self.outcome, self.patients, self.folds, fold, (*seed, 1 + fold))
            for fold in range(self.folds.max() + 1)
            for seed in self.seeds
        ]
        refits = [
            FitJob(self.rows, self.outcome, (*seed, 0), self.test_rows, self.keep_models, self.patients)
            for seed in self.seeds
        ]
        return inner + refits

    def scores(self, fits: Sequence[Fit]) -> ChainScores:
        """The scores from the fits of `jobs`, averaged over the ensemble."""
        out_of_fold = np.empty(len(self.rows))
        members = len(self.seeds)
        fold_count = self.folds.max() + 1
        for fold in range(fold_count):
            part = fits[fold * members : (fold + 1) * members]
            out_of_fold[self.folds == fold] = np.mean([fit.scores for fit in part], axis=0)
        refits = fits[fold_count * members :]
        test = np.mean([fit.scores for fit in refits], axis=0)
        models = tuple(fit.model for fit in refits if fit.model is not None)
        columns = getattr(models[0], "used_columns", None) if len(models) == 1 else None
        selected = None if columns is None else tuple(int(column) for column in columns)
        return ChainScores(out_of_fold, test, models, selected)


@dataclass(frozen=True, eq=False)
class ChainScores:
    """``out_of_fold`` (n_train,) scores of the training rows, ``test`` scores of the test rows, and kept models.

    ``selected`` are the columns that the refit uses, None if it uses all or was not kept.
    """

    out_of_fold: np.ndarray
    test: np.ndarray
    models: tuple[FittedScore, ...] = ()
    selected: tuple[int, ...] | None = None


def plan_chain(
    outcome: np.ndarray,
    rows: np.ndarray,
    test_rows: np.ndarray,
    inner_folds: int,
    ensemble_size: int,
    seed: tuple[int, ...],
    keep_models: bool = False,
    patients: np.ndarray | None = None,
) -> ChainPlan:
    """Plan one training part; ``seed`` names its folds and, with the member's number, each of its fits.

    ``patients`` (n,) numbers the patient of every row of the cohort; by default each row is one.
    """
    random = np.random.default_rng([*seed, 0])
    own = rows if patients is None else patients[rows]
    folds = stratified_folds(outcome[rows], inner_folds, random, own)
    seeds = tuple((*seed, 1 + member) for member in range(ensemble_size))
    return ChainPlan(rows, outcome[rows], own, folds, test_rows, seeds, keep_models)


def fold_job(
    rows: np.ndarray, outcome: np.ndarray, patients: np.ndarray, folds: np.ndarray, fold: int, seed: tuple[int, ...]
) -> FitJob:
    """The fit that leaves out one fold of ``rows`` and scores it; all arrays are (n_rows,)."""
    inside = folds != fold
    return FitJob(rows[inside], outcome[inside], seed, rows[~inside], patients=patients[inside])


def run_plans(
    features: np.ndarray, learner: Learner, plans: Sequence[ChainPlan], progress: Progress | None = None
) -> list[ChainScores]:
    """Run all plans with one learner, their fits side by side."""
    jobs = [plan.jobs() for plan in plans]
    fits = learner.fit_many(features, [job for part in jobs for job in part], progress)
    results, start = [], 0
    for plan, part in zip(plans, jobs, strict=True):
        results.append(plan.scores(fits[start : start + len(part)]))
        start += len(part)
    return results


@dataclass(frozen=True, eq=False)
class SecondStage:
    """Logistic regression of scores and facts; ``fill`` (n_terms,) replaces unknown values: the training means."""

    fit: LogisticFit
    fill: np.ndarray

    def filled(self, values: np.ndarray) -> np.ndarray:
        """Rows (n, n_terms) with the unknown values replaced."""
        return np.where(np.isnan(values), self.fill, values)

    def log_odds(self, values: np.ndarray) -> np.ndarray:
        """Log odds (n,) of rows (n, n_terms), NaN for unknown."""
        return self.fit.log_odds(self.filled(values))


def fit_second_stage(values: np.ndarray, outcome: np.ndarray) -> SecondStage:
    """Fit on training rows (n, n_terms); unknown facts count as the share of those training rows that have it."""
    known = ~np.isnan(values)
    fill = np.where(known, values, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return SecondStage(fit_logistic(np.where(known, values, fill), outcome), fill)


DISTINGUISHABLE = 0.1
"""Largest p value of the likelihood ratio at which a model's second stage counts as better than chance."""


@dataclass(frozen=True, eq=False)
class DeployedStage:
    """The second stage as it ships: its log odds drawn towards the prevalence, or the prevalence for every patient.

    Over ``plain``, the maximum likelihood fit, ``chi_squared`` is the likelihood ratio of its ``terms`` varying terms
    against none and ``p_value`` that of the test. Its linear predictor is multiplied by ``factor``, (chi2 - terms + 1)
    / chi2 but 0 unless p < `DISTINGUISHABLE`, and ``intercept`` makes the mean probability the share of OR.
    Docs/design/decisions/2026-11-28-recalibration.md has the experiment that decided this.
    """

    plain: SecondStage
    terms: int
    chi_squared: float
    p_value: float
    factor: float
    intercept: float

    @property
    def coefficients(self) -> np.ndarray:
        """Log odds a unit of each term (n_terms,)."""
        return np.asarray(self.factor * self.plain.fit.coefficients)

    def log_odds(self, values: np.ndarray) -> np.ndarray:
        """Log odds (n,) of rows (n, n_terms), NaN for unknown."""
        return np.asarray(self.intercept + self.plain.filled(values) @ self.coefficients)

    def ranking(self, values: np.ndarray) -> np.ndarray:
        """What orders patients (n,) even where the model gives all of them the prevalence: the plain log odds."""
        return self.plain.log_odds(values)


def deploy_second_stage(values: np.ndarray, outcome: np.ndarray, is_score_alone: bool) -> DeployedStage:
    """The second stage of training rows (n, n_terms), NaN for unknown, as a bundle ships it.

    A score alone is tested one-sided: it may flatten, but never reverse.
    """
    from scipy.special import chdtrc

    plain = fit_second_stage(values, outcome)
    filled = plain.filled(values)
    terms = int((np.ptp(filled, axis=0) > 0).sum())
    share = np.full(len(outcome), logit(outcome.mean()))
    chi_squared = max(0.0, 2 * (log_likelihood(plain.log_odds(values), outcome) - log_likelihood(share, outcome)))
    p_value = float(chdtrc(terms, chi_squared)) if terms else 1.0
    if is_score_alone and terms:
        p_value = p_value / 2 if plain.fit.coefficients[0] > 0 else 1 - p_value / 2
    factor = max(0.0, (chi_squared - (terms - 1)) / chi_squared) if p_value < DISTINGUISHABLE else 0.0
    intercept = intercept_offset(filled @ (factor * plain.fit.coefficients), outcome)
    return DeployedStage(plain, terms, chi_squared, p_value, factor, intercept)
