"""A whole study: both protocols, their gap, and what else a reader must know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..cohort import Progress
from ..models.classifiers import get_learner
from ..models.fitting import Learner
from .centres import centres_of, leave_one_centre_out
from .checkpoints import Checkpoints
from .cohort_summary import cohort_summary, cohort_tables, reader_agreement
from .harmonised import harmonised
from .metrics import (
    comparisons,
    delong_comparisons,
    external_performance,
    nested_cv_performance,
    optimism,
    outer_decision_curves,
    published_performance,
)
from .nested_cv import check_fold_sizes, run_nested_cv
from .permutation_null import CHEAP_PERMUTATIONS, DNN_PERMUTATIONS, permutation_null
from .protocol_models import Covariates, make_covariates
from .published import run_published
from .repeating_features import check_repeats, within_training_parts
from .results import NestedCvResult, PermutationNull, PublishedResult, SelectedFeature, SetSize, StudyResult
from .study_data import StudyData
from .study_progress import StudyProgress, part_name, work_of_fits
from .study_settings import PROTOCOLS, StudySettings

_PUBLISHED_PART = "published protocol"
_NULL_PART = "shuffled outcomes"

EXTERNAL_SET = "external"


def run_study(
    data: StudyData,
    settings: StudySettings,
    work: Path | None = None,
    progress: Progress | None = None,
) -> StudyResult:
    """Run a study.

    Parameters
    ----------
    data : StudyData
        Rows whose column ``set`` says "external" take no part in anything but the external validation.
    settings : StudySettings
    work : Path, optional
        Folder where finished parts are kept, so that a killed study goes on where it stopped; parts of other data or
        settings are not used.
    progress : callable, optional
        ``progress(done, total, text)`` over the whole study.

    Raises
    ------
    ValueError
        For an unknown protocol and for cohorts too small for the folds, before anything is computed.
    """
    _check_settings(settings)
    external = np.array([case.columns.get("set", "") == EXTERNAL_SET for case in data.cases])
    development = np.flatnonzero(~external)
    own = data.subset(development)
    if settings.is_nested_cv:
        check_fold_sizes(own, settings.nested_cv)
    learners = [get_learner(name, settings.nested_cv.ensemble_size, settings.recipe) for name in settings.scores]
    if not data.feature_names:
        learners = []
    repeating = _repeating(data, learners, settings)
    remarks = list(data.remarks)
    if settings.repeats is not None:
        remarks.append(check_repeats(own, settings.repeats))
    if external.any() and not _has_both(data.outcome[external]):
        remarks.append("All external patients have the same outcome, so that no model can be tested on them.")
    covariates = make_covariates(data, [learner.name for learner in learners])
    if not covariates.models:
        raise ValueError(
            "There is nothing to learn from: no features, and every clinical fact is unknown or the same in all "
            "patients. Give --features, or fill in a column of clinical facts, such as child_pugh or ast_u_l."
        )
    tracker = StudyProgress(progress, _work(settings, learners, external))
    nested_cv = published = None
    if settings.is_published:
        # First, as it takes seconds and may find that the cohort does not allow it.
        published = _published(data, covariates, learners, settings, external, tracker)
        for name, one in published.sets.items() if published else ():
            if name != EXTERNAL_SET and one.responders in (0, one.patients):
                remarks.append(f"The {name} set of the published protocol has one outcome only and is not analysed.")
    if settings.is_nested_cv:
        checkpoints = Checkpoints(data, settings, work, tracker)
        nested_cv = _nested_cv(data, covariates, repeating, settings, external, checkpoints)
        own_checkpoints, own_learners = Checkpoints(own, settings, work, tracker), _repeating(own, learners, settings)
        if settings.leave_one_centre_out:
            centres = leave_one_centre_out(own, own_learners, settings.nested_cv, own_checkpoints.run_plans)
            nested_cv = replace(nested_cv, centres=centres)
        if settings.permutations:
            null = {one.name: _null(own, one, settings, own_checkpoints, tracker) for one in own_learners}
            nested_cv = replace(nested_cv, permutation_null=null)
    return StudyResult(
        data=data,
        development=development,
        settings=settings,
        learner_settings={learner.name: learner.settings for learner in repeating},
        cohort=cohort_summary(data, external),
        remarks=remarks,
        nested_cv=nested_cv,
        published=published,
        optimism=optimism(nested_cv.models, published.models) if nested_cv and published else None,
        tables=cohort_tables(data, development, covariates),
    )


def _check_settings(settings: StudySettings) -> None:
    if settings.protocol not in PROTOCOLS:
        raise ValueError(f"There is no protocol {settings.protocol!r}; choose one of {', '.join(PROTOCOLS)}.")
    if settings.combat and settings.leave_one_centre_out:
        raise ValueError("A centre that is left out is unknown to ComBat; choose ComBat or leaving one centre out.")


def _has_both(outcome: np.ndarray) -> bool:
    return bool(outcome.any() and not outcome.all())


def _repeating(data: StudyData, learners: list[Learner], settings: StudySettings) -> list[Learner]:
    """Learners of the features that repeat in each training part of these data, where drawings were repeated."""
    if settings.combat:
        learners = [harmonised(learner, centres_of(data)) for learner in learners]
    if settings.repeats is None:
        return learners
    patients = [case.key.patient_id for case in data.cases]
    return [within_training_parts(learner, patients, settings.repeats) for learner in learners]


def _nested_cv(
    data: StudyData,
    covariates: Covariates,
    learners: Sequence[Learner],
    settings: StudySettings,
    external: np.ndarray,
    checkpoints: Checkpoints,
) -> NestedCvResult:
    """Nested cross-validation of all models, without what must be asked for (centres, permutations)."""
    done = run_nested_cv(data, covariates, learners, settings.nested_cv, external, checkpoints.run_plans)
    development, outside = np.flatnonzero(~external), data.outcome[external]
    outcome, patients = data.outcome[development], data.patients[development]
    frozen = done.frozen if _has_both(outside) else ()
    return NestedCvResult(
        predictions=done.outer,
        models={
            one.model.title: nested_cv_performance(one, outcome, settings.nested_cv, patients) for one in done.outer
        },
        comparisons=comparisons(done.outer, outcome, settings.nested_cv),
        decision_curves=outer_decision_curves(done.outer, outcome),
        readers=reader_agreement(data, development, done.outer),
        selected_features={
            score: [SelectedFeature(data.feature_names[column], share) for column, share in shares.items()]
            for score, shares in done.selection_shares.items()
        },
        external={one.model.title: external_performance(one, outside) for one in frozen},
        external_comparisons=delong_comparisons(
            {one.model.title: one.ranking for one in frozen if not one.model.is_control}, outside
        ),
        centres=None,
        permutation_null=None,
    )


def _published(
    data: StudyData,
    covariates: Covariates,
    learners: Sequence[Learner],
    settings: StudySettings,
    external: np.ndarray,
    tracker: StudyProgress,
) -> PublishedResult | None:
    """The published protocol; None where all models are controls."""
    single = [replace(learner, ensemble_size=1) for learner in learners]
    seed, progress = settings.nested_cv.seed, tracker.part(_PUBLISHED_PART)
    done = run_published(data, covariates, single, seed, external, progress)
    tracker.finished(_PUBLISHED_PART)
    if not done:
        return None
    sets = {name: (rows, data.outcome[rows]) for name, rows in done[0].rows.items()}
    return PublishedResult(
        predictions=tuple(done),
        sets={name: _set_size(data.patients[rows], outcome) for name, (rows, outcome) in sets.items()},
        models={one.model.title: published_performance(one, data.outcome) for one in done},
        comparisons={
            name: delong_comparisons({one.model.title: one.values[name] for one in done}, outcome)
            for name, (_, outcome) in sets.items()
            if _has_both(outcome)
        },
    )


def _set_size(patients: np.ndarray, outcome: np.ndarray) -> SetSize:
    first = np.unique(patients, return_index=True)[1]
    return SetSize(int(first.size), int(outcome[first].sum()))


def _null(
    own: StudyData, learner: Learner, settings: StudySettings, checkpoints: Checkpoints, tracker: StudyProgress
) -> PermutationNull:
    rows, folds = np.arange(len(own.cases)), settings.nested_cv

    def compute() -> PermutationNull:
        progress = tracker.part(part_name(learner.name, _NULL_PART))
        return permutation_null(own, rows, learner, _permutations(learner), folds.seed, folds.outer_folds, progress)

    return checkpoints.permutation_null(learner, _NULL_PART, own.patients.tobytes(), compute)


def _work(settings: StudySettings, learners: Sequence[Learner], external: np.ndarray) -> dict[str, float]:
    """Part of the study -> its share of the work."""
    own, parts = settings.nested_cv, {}
    for learner in learners:
        if settings.is_nested_cv:
            chain = (own.inner_folds + 1) * learner.ensemble_size
            for repeat in range(own.repeats):
                fits = chain * own.outer_folds
                parts[part_name(learner.name, f"repeat {repeat + 1}")] = work_of_fits(learner.name, fits)
            if external.any():
                parts[part_name(learner.name, "frozen")] = work_of_fits(learner.name, chain)
            if settings.permutations:
                fits = (1 + _permutations(learner)) * own.outer_folds
                parts[part_name(learner.name, _NULL_PART)] = work_of_fits(learner.name, fits)
    if settings.is_published:
        parts[_PUBLISHED_PART] = sum(work_of_fits(learner.name, 1) for learner in learners)
    return parts


def _permutations(learner: Learner) -> int:
    return DNN_PERMUTATIONS if learner.name == "dnn" else CHEAP_PERMUTATIONS
