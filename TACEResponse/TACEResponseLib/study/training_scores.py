"""All radiomics scores that training a bundle needs, fitted in one go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..cohort import Progress
from ..models import ScoreModel
from ..models.fitting import FittedScore, Learner
from ..models.folds import stratified_folds
from .chain import plan_chain, run_plans
from .study_data import StudyData
from .training_settings import TrainingSettings


@dataclass(frozen=True, eq=False)
class OuterPart:
    """One part of the outer cross-validation: its training rows with their inner out-of-fold scores, and its test rows
    with the scores of the refit on the training rows."""

    train_rows: np.ndarray
    test_rows: np.ndarray
    train_scores: np.ndarray
    test_scores: np.ndarray


@dataclass(frozen=True, eq=False)
class TrainingScores:
    """Scores of every part of the training; arrays of scores are empty for a model without images.

    ``out_of_fold`` (n,) are those of all patients, each from models that did not see that patient. ``bootstraps`` lists
    the rows of each bootstrap and their out-of-fold scores within it: what a second stage is fitted to never comes from
    a model that learnt from that patient. ``deployed`` and ``refitted`` hold the ensemble and the bootstraps' models by
    name.
    """

    outer: tuple[OuterPart, ...]
    out_of_fold: np.ndarray
    bootstraps: tuple[tuple[np.ndarray, np.ndarray], ...]
    deployed: dict[str, ScoreModel]
    refitted: dict[str, ScoreModel]


def learn_scores(
    data: StudyData, learner: Learner, settings: TrainingSettings, progress: Progress | None = None
) -> TrainingScores:
    """Fit the learner for the outer parts, for all patients and for the bootstraps; the fits run side by side."""
    everyone, nobody = np.arange(len(data.outcome)), np.empty(0, dtype=int)
    parts, samples = _outer_rows(data, settings), bootstrap_rows(data.outcome, settings)
    members, inner = learner.ensemble_size, settings.inner_folds
    plans = [
        plan_chain(data.outcome, train, test, inner, members, (settings.seed, 1, number))
        for number, (train, test) in enumerate(parts)
    ]
    plans.append(plan_chain(data.outcome, everyone, nobody, inner, members, (settings.seed, 2), keep_models=True))
    plans += [
        plan_chain(data.outcome, rows, nobody, settings.refit_folds, 1, (settings.seed, 3, number), keep_models=True)
        for number, rows in enumerate(samples)
    ]
    done = run_plans(data.features, learner, plans, progress)
    outer, main, refits = done[: len(parts)], done[len(parts)], done[len(parts) + 1 :]
    return TrainingScores(
        outer=tuple(
            OuterPart(*rows, scores.out_of_fold, scores.test) for rows, scores in zip(parts, outer, strict=True)
        ),
        out_of_fold=main.out_of_fold,
        bootstraps=tuple((rows, scores.out_of_fold) for rows, scores in zip(samples, refits, strict=True)),
        deployed={learner.name: _stored(main.models, data, is_refit=False)},
        refitted={learner.name: _stored([scores.models[0] for scores in refits], data, is_refit=True)},
    )


def no_scores(data: StudyData, settings: TrainingSettings) -> TrainingScores:
    """The same parts and bootstraps for a model of clinical facts alone."""
    empty = np.empty(0)
    return TrainingScores(
        outer=tuple(OuterPart(*rows, empty, empty) for rows in _outer_rows(data, settings)),
        out_of_fold=empty,
        bootstraps=tuple((rows, empty) for rows in bootstrap_rows(data.outcome, settings)),
        deployed={},
        refitted={},
    )


def _outer_rows(data: StudyData, settings: TrainingSettings) -> list[tuple[np.ndarray, np.ndarray]]:
    folds = stratified_folds(data.outcome, settings.outer_folds, np.random.default_rng([settings.seed, 0]))
    return [(np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)) for fold in range(settings.outer_folds)]


def bootstrap_rows(outcome: np.ndarray, settings: TrainingSettings) -> list[np.ndarray]:
    """Sorted rows of each bootstrap of patients (n,).

    Patients are drawn whatever their outcome, so that the share of OR, which the intercept needs, varies as it would in
    another cohort. A draw with too few distinct patients of one outcome for its folds is drawn again.
    """
    random = np.random.default_rng([settings.seed, 4])
    samples: list[np.ndarray] = []
    while len(samples) < settings.refits:
        rows = np.sort(random.integers(0, len(outcome), len(outcome)))
        distinct = np.unique(rows)
        if min(outcome[distinct].sum(), (~outcome[distinct]).sum()) >= settings.refit_folds:
            samples.append(rows)
    return samples


def _stored(models: Sequence[FittedScore], data: StudyData, is_refit: bool) -> ScoreModel:
    """One model of the single members of several, as a bundle holds it."""
    members = [model for model in models if isinstance(model, ScoreModel)]
    return type(members[0]).join(members).stored(data.features, is_refit)
