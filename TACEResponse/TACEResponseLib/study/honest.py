"""Protocol "honest": repeated nested cross-validation in which nothing that learns sees who it is judged on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..evaluation import youden_threshold
from ..models.fitting import Learner, Progress
from ..models.folds import stratified_folds
from .chain import ChainPlan, ChainScores, fit_second_stage, plan_chain, run_plans
from .protocol_models import Covariates, ProtocolModel
from .study_data import StudyData

RunPlans = Callable[[Learner, str, list[ChainPlan]], list[ChainScores]]
"""(learner, name of the part, plans) -> scores: how plans are run, for resuming a study that was killed."""


@dataclass(frozen=True)
class HonestSettings:
    """Size of the nested cross-validation; 5 x 5 outer, 5 inner, 10 seeds by default."""

    seed: int = 1
    repeats: int = 5
    outer_folds: int = 5
    inner_folds: int = 5
    ensemble_size: int = 10


QUICK = HonestSettings(repeats=2, ensemble_size=2)
"""For a first look; marked as such wherever its numbers are shown."""


@dataclass(frozen=True, eq=False)
class OuterPredictions:
    """What a model says of patients it never saw, each scored once a repeat.

    ``log_odds`` (repeats, n) after the second stage, ``said_or`` (repeats, n) at the threshold chosen on the training
    part, ``folds`` (repeats, n). ``penalised_parts`` counts second stages that separated their training part.
    """

    model: ProtocolModel
    log_odds: np.ndarray
    said_or: np.ndarray
    folds: np.ndarray
    penalised_parts: int


@dataclass(frozen=True, eq=False)
class ExternalPredictions:
    """A model frozen on all development patients, on the external ones: ``log_odds`` and ``said_or`` (n_external,)."""

    model: ProtocolModel
    log_odds: np.ndarray
    said_or: np.ndarray


@dataclass(frozen=True, eq=False)
class _Part:
    repeat: int
    train: np.ndarray
    test: np.ndarray


def run_honest(
    data: StudyData,
    covariates: Covariates,
    learners: list[Learner],
    settings: HonestSettings,
    external: np.ndarray,
    run: RunPlans | None = None,
    progress: Progress | None = None,
) -> tuple[list[OuterPredictions], list[ExternalPredictions]]:
    """Cross-validate all models on the patients who are not ``external`` and freeze them for those who are.

    Parameters
    ----------
    data : StudyData
    covariates : Covariates
    learners : list of Learner
        One for each radiomics score that a model needs.
    settings : HonestSettings
    external : bool array (n,)
        Patients who take no part in the cross-validation.
    run : callable, optional
        How plans are run (`RunPlans`).
    progress : callable, optional

    Returns
    -------
    list of OuterPredictions
        Over the development patients, in the order of their rows.
    list of ExternalPredictions
        Empty if nobody is external.
    """
    run = run or (lambda learner, name, plans: run_plans(data.features, data.outcome, learner, plans, progress))
    development, outside = np.flatnonzero(~external), np.flatnonzero(external)
    parts, folds = _parts(data.outcome, development, settings)
    frozen = [_Part(-1, development, outside)] if outside.size else []
    chains = {learner.name: _chains(data, learner, parts + frozen, settings, run) for learner in learners}
    position = np.full(len(data.outcome), -1)
    position[development] = np.arange(development.size)
    results, external_results = [], []
    for model in covariates.models:
        log_odds = np.empty((settings.repeats, development.size))
        said_or = np.empty((settings.repeats, development.size), dtype=bool)
        penalised = 0
        for number, part in enumerate(parts + frozen):
            scores = chains[model.score][number] if model.score else None
            predicted, threshold, was_penalised = _second_stage(data, covariates, model, part, scores)
            penalised += was_penalised
            if part.repeat < 0:
                external_results.append(ExternalPredictions(model, predicted, predicted >= threshold))
            else:
                places = position[part.test]
                log_odds[part.repeat, places], said_or[part.repeat, places] = predicted, predicted >= threshold
        results.append(OuterPredictions(model, log_odds, said_or, folds, penalised))
    return results, external_results


def _parts(outcome: np.ndarray, development: np.ndarray, settings: HonestSettings) -> tuple[list[_Part], np.ndarray]:
    parts, all_folds = [], []
    for repeat in range(settings.repeats):
        random = np.random.default_rng([settings.seed, 10, repeat])
        folds = stratified_folds(outcome[development], settings.outer_folds, random)
        all_folds.append(folds)
        parts += [
            _Part(repeat, development[folds != fold], development[folds == fold])
            for fold in range(settings.outer_folds)
        ]
    return parts, np.array(all_folds)


def _chains(
    data: StudyData, learner: Learner, parts: list[_Part], settings: HonestSettings, run: RunPlans
) -> list[ChainScores]:
    """Chains of all parts, repeat by repeat, so that a killed study loses one repeat of one learner at most."""
    plans = [
        plan_chain(
            data.outcome,
            part.train,
            part.test,
            settings.inner_folds,
            learner.ensemble_size,
            (settings.seed, 11, part.repeat + 1, number),
        )
        for number, part in enumerate(parts)
    ]
    chains: list[ChainScores] = []
    for repeat in dict.fromkeys(part.repeat for part in parts):
        own = [plan for plan, part in zip(plans, parts, strict=True) if part.repeat == repeat]
        chains += run(learner, "frozen" if repeat < 0 else f"repeat {repeat + 1}", own)
    return chains


def _second_stage(
    data: StudyData, covariates: Covariates, model: ProtocolModel, part: _Part, scores: ChainScores | None
) -> tuple[np.ndarray, float, bool]:
    """Log odds of the test part, the threshold chosen on the training part, and whether a penalty was needed."""
    train = covariates.values(model, part.train, None if scores is None else scores.out_of_fold)
    test = covariates.values(model, part.test, None if scores is None else scores.test)
    stage = fit_second_stage(train, data.outcome[part.train])
    threshold = youden_threshold(stage.log_odds(train), data.outcome[part.train])
    return stage.log_odds(test), threshold, stage.fit.penalised
