"""What else tells whether a result is one: permuted outcomes, readers against each other, redundant features."""

from __future__ import annotations

import numpy as np

from ..cohort import Progress
from ..evaluation import auc, permutation_p
from ..models.fitting import FitJob, Learner
from ..models.folds import stratified_folds
from .study_data import StudyData

CHEAP_PERMUTATIONS = 200

DNN_PERMUTATIONS = 20


def permutation_null(
    data: StudyData,
    rows: np.ndarray,
    learner: Learner,
    permutations: int,
    seed: int,
    fold_count: int = 5,
    progress: Progress | None = None,
) -> dict[str, object]:
    """One cross-validation (one repeat, one seed) of the score against the same with shuffled outcomes.

    Selection, scaling and fit are repeated for each shuffle. The resolution of p is 1 / (1 + permutations).
    """
    outcome = data.outcome[rows]
    _, first, patients = np.unique(data.patients[rows], return_index=True, return_inverse=True)
    random = np.random.default_rng([seed, 30])
    # Patients exchange their outcomes; several lesions of one keep the same.
    outcomes = [outcome, *(random.permutation(outcome[first])[patients] for _ in range(permutations))]
    # Each shuffle is a column block of one long cohort: the learner sees rows, and every outcome its own copy of them.
    features = np.tile(data.features[rows], (len(outcomes), 1)) if learner.name == "dnn" else data.features[rows]
    values = []
    if learner.name == "dnn":
        values = _tiled(features, outcomes, patients, learner, seed, fold_count, progress)
    else:
        for number, outcome in enumerate(outcomes):
            if progress is not None:
                progress(number, len(outcomes), f"permutation {number} of {permutations} ({learner.name})")
            values.append(_cross_validated_auc(features, outcome, patients, learner, (seed, 31, number), fold_count))
    return {
        "auc": float(values[0]),
        "permutations": permutations,
        "p": permutation_p(values[0], np.array(values[1:])),
        "null_mean": float(np.mean(values[1:])),
        "null_95th": float(np.percentile(values[1:], 95)),
    }


def _cross_validated_auc(
    features: np.ndarray,
    outcome: np.ndarray,
    patients: np.ndarray,
    learner: Learner,
    seed: tuple[int, ...],
    fold_count: int,
) -> float:
    folds = stratified_folds(outcome, fold_count, np.random.default_rng([*seed, 0]), patients)
    jobs = [
        FitJob(np.flatnonzero(folds != f), (*seed, f + 1), np.flatnonzero(folds == f), patients=patients[folds != f])
        for f in range(fold_count)
    ]
    fits = learner.fit_many(features, outcome, jobs, None)
    return float(np.mean([auc(fit.scores, outcome[job.score_rows]) for fit, job in zip(fits, jobs, strict=True)]))


def _tiled(
    features: np.ndarray,
    outcomes: list[np.ndarray],
    patients: np.ndarray,
    learner: Learner,
    seed: int,
    fold_count: int,
    progress: Progress | None,
) -> list[float]:
    """All shuffles in one call of the learner, so that networks are trained in batches."""
    size = len(outcomes[0])
    outcome = np.concatenate(outcomes)
    jobs = []
    for number, own in enumerate(outcomes):
        folds = stratified_folds(own, fold_count, np.random.default_rng([seed, 31, number, 0]), patients)
        for fold in range(fold_count):
            train, test = (size * number + np.flatnonzero(mask) for mask in (folds != fold, folds == fold))
            jobs.append(FitJob(train, (seed, 31, number, fold + 1), test))
    fits = learner.fit_many(features, outcome, jobs, progress)
    each = [auc(fit.scores, outcome[job.score_rows]) for fit, job in zip(fits, jobs, strict=True)]
    return [float(np.mean(each[start : start + fold_count])) for start in range(0, len(each), fold_count)]
