"""Whether a score's AUC is more than chance: the same chain on permuted outcomes."""

from __future__ import annotations

import numpy as np

from ..cohort import Progress
from ..evaluation import auc, permutation_p
from ..models.fitting import Learner
from ..models.folds import stratified_folds
from .chain import fold_job
from .results import PermutationNull
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
) -> PermutationNull:
    """One cross-validation (one repeat, one seed) of the score against the same with permuted outcomes.

    Selection, scaling and fit are repeated for each permutation. The resolution of p is 1 / (1 + permutations).
    """
    outcome = data.outcome[rows]
    _, first, patients = np.unique(data.patients[rows], return_index=True, return_inverse=True)
    random = np.random.default_rng([seed, 30])
    # Patients exchange their outcomes; several lesions of one keep the same.
    outcomes = [outcome, *(random.permutation(outcome[first])[patients] for _ in range(permutations))]
    places = np.arange(len(rows))
    jobs = []
    for number, own in enumerate(outcomes):
        folds = stratified_folds(own, fold_count, np.random.default_rng([seed, 31, number, 0]), patients)
        jobs += [
            fold_job(places, own, patients, folds, fold, (seed, 31, number, fold + 1)) for fold in range(fold_count)
        ]
    fits = learner.fit_many(data.features[rows], jobs, progress)
    own_outcomes = np.repeat(outcomes, fold_count, axis=0)
    areas = [auc(fit.scores, own[job.score_rows]) for fit, job, own in zip(fits, jobs, own_outcomes, strict=True)]
    values = np.reshape(areas, (len(outcomes), fold_count)).mean(axis=1)
    return PermutationNull(
        auc=float(values[0]),
        permutations=permutations,
        p=permutation_p(values[0], values[1:]),
        null_mean=float(np.mean(values[1:])),
        null_95th=float(np.percentile(values[1:], 95)),
    )
