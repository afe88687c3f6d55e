"""Protocol "nested-cv": repeated nested cross-validation, in which nothing learns from the patients it is tested on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..cohort import Progress
from ..evaluation import youden_threshold
from ..models.fitting import Learner
from ..models.folds import stratified_folds
from .chain import ChainPlan, ChainScores, deploy_second_stage, plan_chain, run_plans
from .protocol_models import Covariates, ProtocolModel
from .study_data import StudyData

RunPlans = Callable[[Learner, str, Sequence[ChainPlan]], list[ChainScores]]
"""(learner, name of the part, plans) -> scores: how plans are run, for resuming a study that was killed."""


@dataclass(frozen=True)
class NestedCvSettings:
    """Size of the nested cross-validation; 5 x 5 outer, 5 inner, 10 seeds by default."""

    seed: int = 1
    repeats: int = 5
    outer_folds: int = 5
    inner_folds: int = 5
    ensemble_size: int = 10


QUICK = NestedCvSettings(repeats=2, ensemble_size=2)
"""For a first look; marked as such wherever its numbers are shown."""


@dataclass(frozen=True, eq=False)
class OuterPredictions:
    """What a model predicts for patients it never saw, each scored once a repeat.

    ``ranking`` (repeats, n) is what ROC curves order patients by: the score itself of a score alone, otherwise the log
    odds. ``log_odds`` (repeats, n) after the second stage, ``predicted_or`` (repeats, n) at the threshold chosen on the
    training part, ``folds`` (repeats, n). ``penalised_parts`` counts second stages that separated their training part.
    """

    model: ProtocolModel
    ranking: np.ndarray
    log_odds: np.ndarray
    predicted_or: np.ndarray
    folds: np.ndarray
    penalised_parts: int


@dataclass(frozen=True, eq=False)
class ExternalPredictions:
    """A model frozen on all development patients, on the external ones: ``ranking``, ``log_odds`` and ``predicted_or``
    (n_external,)."""

    model: ProtocolModel
    ranking: np.ndarray
    log_odds: np.ndarray
    predicted_or: np.ndarray


@dataclass(frozen=True, eq=False)
class NestedCvPredictions:
    """``outer`` predictions of the development patients in the order of their rows, ``frozen`` ones of the external
    patients (empty if there are none), and for each score that selects features, column -> share of the outer
    training parts in which it was selected, most frequent first."""

    outer: tuple[OuterPredictions, ...]
    frozen: tuple[ExternalPredictions, ...]
    selection_shares: dict[str, dict[int, float]]


@dataclass(frozen=True, eq=False)
class _Part:
    repeat: int
    train: np.ndarray
    test: np.ndarray


def check_fold_sizes(data: StudyData, settings: NestedCvSettings) -> None:
    """Raise ValueError if the rarer outcome has too few patients for folds within folds."""
    first = np.unique(data.patients, return_index=True)[1]
    responders = int(data.outcome[first].sum())
    rarer = min(responders, first.size - responders)
    needed = settings.outer_folds
    while needed - -(-needed // settings.outer_folds) < settings.inner_folds:
        needed += 1
    if rarer < needed:
        raise ValueError(
            f"Of {first.size} patients {responders} have OR and {first.size - responders} NOR; {settings.outer_folds} "
            f"outer and {settings.inner_folds} inner folds need at least {needed} patients of each outcome."
        )


def run_nested_cv(
    data: StudyData,
    covariates: Covariates,
    learners: Sequence[Learner],
    settings: NestedCvSettings,
    external: np.ndarray,
    run: RunPlans | None = None,
    progress: Progress | None = None,
) -> NestedCvPredictions:
    """Cross-validate all models on the patients who are not ``external`` and freeze them for those who are.

    Parameters
    ----------
    data : StudyData
    covariates : Covariates
    learners : list of Learner
        One for each radiomics score that a model needs.
    settings : NestedCvSettings
    external : bool array (n,)
        Patients who take no part in the cross-validation.
    run : callable, optional
        How plans are run (`RunPlans`).
    progress : callable, optional

    Returns
    -------
    NestedCvPredictions
    """
    run = run or (lambda learner, name, plans: run_plans(data.features, learner, plans, progress))
    development, outside = np.flatnonzero(~external), np.flatnonzero(external)
    parts, folds = _parts(data, development, settings)
    frozen = [_Part(-1, development, outside)] if outside.size else []
    chains = {learner.name: _chains(data, learner, parts + frozen, settings, run) for learner in learners}
    position = np.full(len(data.outcome), -1)
    position[development] = np.arange(development.size)
    results, external_results = [], []
    for model in covariates.models:
        ranking, log_odds = (np.empty((settings.repeats, development.size)) for _ in range(2))
        predicted_or = np.empty((settings.repeats, development.size), dtype=bool)
        penalised = 0
        for number, part in enumerate(parts + frozen):
            scores = chains[model.score][number] if model.score else None
            ranked, predicted, threshold, was_penalised = _second_stage(data, covariates, model, part, scores)
            penalised += was_penalised
            if part.repeat < 0:
                external_results.append(ExternalPredictions(model, ranked, predicted, ranked >= threshold))
            else:
                places = position[part.test]
                ranking[part.repeat, places], log_odds[part.repeat, places] = ranked, predicted
                predicted_or[part.repeat, places] = ranked >= threshold
        results.append(OuterPredictions(model, ranking, log_odds, predicted_or, folds, penalised))
    return NestedCvPredictions(tuple(results), tuple(external_results), _selection_shares(chains, len(parts)))


def _selection_shares(chains: dict[str, list[ChainScores]], part_count: int) -> dict[str, dict[int, float]]:
    shares = {}
    for name, own in chains.items():
        selections = [scores.selected for scores in own[:part_count] if scores.selected is not None]
        if len(selections) == part_count:
            counts = Counter(column for selection in selections for column in selection)
            shares[name] = {column: count / part_count for column, count in counts.most_common()}
    return shares


def _parts(data: StudyData, development: np.ndarray, settings: NestedCvSettings) -> tuple[list[_Part], np.ndarray]:
    parts, all_folds = [], []
    for repeat in range(settings.repeats):
        random = np.random.default_rng([settings.seed, 10, repeat])
        folds = stratified_folds(data.outcome[development], settings.outer_folds, random, data.patients[development])
        all_folds.append(folds)
        parts += [
            _Part(repeat, development[folds != fold], development[folds == fold])
            for fold in range(settings.outer_folds)
        ]
    return parts, np.array(all_folds)


def _chains(
    data: StudyData, learner: Learner, parts: list[_Part], settings: NestedCvSettings, run: RunPlans
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
            keep_models=learner.ensemble_size == 1,
            patients=data.patients,
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
) -> tuple[np.ndarray, np.ndarray, float, bool]:
    """What ranks the test part, its log odds, the threshold of the former chosen on the training part, and whether a
    penalty was needed."""
    train = covariates.values(model, part.train, None if scores is None else scores.out_of_fold)
    test = covariates.values(model, part.test, None if scores is None else scores.test)
    outcome = data.outcome[part.train]
    is_score_alone = not model.covariates
    stage = deploy_second_stage(train, outcome, is_score_alone)
    ranked = (train[:, 0], test[:, 0]) if is_score_alone else (stage.ranking(train), stage.ranking(test))
    return ranked[1], stage.log_odds(test), youden_threshold(ranked[0], outcome), stage.plain.fit.penalised
