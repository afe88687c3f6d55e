"""A whole study: both protocols, their gap, and what else a reader must know; one dictionary of plain numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..cohort import Progress
from ..models.fitting import Learner
from ..models.learners import get_learner
from .centres import centres_of, leave_one_centre_out
from .cohort_numbers import cohort_numbers, reader_numbers, table_numbers
from .controls import CHEAP_PERMUTATIONS, DNN_PERMUTATIONS, permutation_null
from .harmonised import harmonised
from .honest import ExternalPredictions, OuterPredictions, check_fold_sizes, run_honest
from .judgements import (
    comparisons,
    decision_curves,
    delong_comparisons,
    external_numbers,
    honest_numbers,
    leak_audit,
    paper_numbers,
)
from .kept_parts import KeptParts
from .paper import PaperPredictions, run_paper
from .protocol_models import make_covariates
from .repeating_features import check_repeats, within_training_parts
from .study_data import StudyData
from .study_progress import StudyProgress, part_name, work_of_fits
from .study_settings import PROTOCOLS, StudySettings, settings_numbers

_PAPER_PART = "published protocol"
_NULL_PART = "shuffled outcomes"

EXTERNAL_SET = "external"


@dataclass(frozen=True, eq=False)
class StudyResult:
    """``numbers`` is what results.json holds, the predictions are for the figures; ``development`` are rows judged."""

    numbers: Mapping[str, object]
    data: StudyData
    development: np.ndarray
    external: np.ndarray
    honest: tuple[OuterPredictions, ...]
    frozen: tuple[ExternalPredictions, ...]
    paper: tuple[PaperPredictions, ...]


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
    if settings.is_honest:
        check_fold_sizes(own, settings.honest)
    learners = [get_learner(name, settings.honest.ensemble_size, settings.recipe) for name in settings.scores]
    if not data.feature_names:
        learners = []
    repeating = _repeating(data, learners, settings)
    remarks = list(data.remarks)
    if settings.repeats is not None:
        remarks.append(check_repeats(own, settings.repeats))
    if external.any() and not _has_both(data.outcome[external]):
        remarks.append("All external patients have the same outcome, so that no model can be judged on them.")
    covariates = make_covariates(data, [learner.name for learner in learners])
    if not covariates.models:
        raise ValueError(
            "There is nothing to learn from: no features, and every clinical fact is unknown or the same in all "
            "patients. Give --features, or fill in child_pugh, portal_venous_invasion, afp_ng_ml or ast_u_l."
        )
    tracker = StudyProgress(progress, _work(settings, learners, external))
    numbers: dict[str, object] = {
        "schema": 1,
        "cohort": cohort_numbers(data, external),
        "settings": settings_numbers(settings, repeating, data),
        "remarks": remarks,
    }
    honest: list[OuterPredictions] = []
    frozen: list[ExternalPredictions] = []
    paper: list[PaperPredictions] = []
    if settings.is_published:
        # First, as it takes seconds and may find that the cohort does not allow it.
        single = [replace(learner, ensemble_size=1) for learner in learners]
        paper = run_paper(data, covariates, single, settings.honest.seed, external, tracker.part(_PAPER_PART))
        tracker.finished(_PAPER_PART)
        for name, rows in paper[0].rows.items() if paper else ():
            if name != EXTERNAL_SET and not _has_both(data.outcome[rows]):
                remarks.append(f"The {name} set of the published protocol has one outcome only and is not judged.")
    if settings.is_honest:
        kept = KeptParts(data, settings, work, tracker)
        judged = run_honest(data, covariates, repeating, settings.honest, external, kept.run)
        honest, frozen = judged.outer, judged.frozen
        numbers |= _honest_numbers(data, development, honest, settings)
        numbers["selected_features"] = {
            score: [
                {"feature": data.feature_names[column], "share_of_training_parts": share}
                for column, share in shares.items()
            ]
            for score, shares in judged.selection_shares.items()
        }
        numbers |= _external_numbers(frozen, data.outcome[external])
        kept_of_own = KeptParts(own, settings, work, tracker)
        own_learners = _repeating(own, learners, settings)
        if settings.leave_one_centre_out:
            numbers["leave_one_centre_out"] = leave_one_centre_out(own, own_learners, settings.honest, kept_of_own.run)
        if settings.permutations:
            numbers["permutation_null"] = _null_numbers(own, own_learners, settings, kept_of_own, tracker)
    if paper:
        numbers["paper_sets"] = {
            name: _counts(data.patients[rows], data.outcome[rows]) for name, rows in paper[0].rows.items()
        }
        numbers["paper"] = {one.model.title: paper_numbers(one, data.outcome) for one in paper}
        numbers["paper_comparisons"] = {
            name: delong_comparisons({one.model.title: one.values[name] for one in paper}, data.outcome[rows])
            for name, rows in paper[0].rows.items()
            if _has_both(data.outcome[rows])
        }
    if honest and paper:
        numbers["leak_audit"] = leak_audit(numbers["honest"], numbers["paper"])
    numbers |= table_numbers(data, development, covariates)
    return StudyResult(numbers, data, development, np.flatnonzero(external), tuple(honest), tuple(frozen), tuple(paper))


def _check_settings(settings: StudySettings) -> None:
    if settings.protocol not in PROTOCOLS:
        raise ValueError(f"There is no protocol {settings.protocol!r}; choose one of {', '.join(PROTOCOLS)}.")
    if settings.combat and settings.leave_one_centre_out:
        raise ValueError("A centre that is left out is unknown to ComBat; choose ComBat or leaving one centre out.")


def _counts(patients: np.ndarray, outcome: np.ndarray) -> dict[str, int]:
    first = np.unique(patients, return_index=True)[1]
    return {"patients": int(first.size), "responders": int(outcome[first].sum())}


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


def _honest_numbers(
    data: StudyData, development: np.ndarray, honest: list[OuterPredictions], settings: StudySettings
) -> dict[str, object]:
    outcome, patients = data.outcome[development], data.patients[development]
    return {
        "honest": {one.model.title: honest_numbers(one, outcome, settings.honest, patients) for one in honest},
        "honest_comparisons": comparisons(honest, outcome, settings.honest),
        "decision_curves": decision_curves(honest, outcome) if honest else {},
        "readers": reader_numbers(data, development, honest),
    }


def _external_numbers(frozen: list[ExternalPredictions], outcome: np.ndarray) -> dict[str, object]:
    if not _has_both(outcome):
        return {"external": {}, "external_comparisons": []}
    judged = {one.model.title: one.ranking for one in frozen if not one.model.is_control}
    return {
        "external": {one.model.title: external_numbers(one, outcome) for one in frozen},
        "external_comparisons": delong_comparisons(judged, outcome),
    }


def _null_numbers(
    own: StudyData, learners: list[Learner], settings: StudySettings, kept: KeptParts, tracker: StudyProgress
) -> dict[str, object]:
    rows, honest = np.arange(len(own.cases)), settings.honest

    def of(learner: Learner) -> dict[str, object]:
        tell = tracker.part(part_name(learner.name, _NULL_PART))
        count = _permutations(learner)
        return permutation_null(own, rows, learner, count, honest.seed, honest.outer_folds, tell)

    return {
        learner.name: kept.keep(learner, _NULL_PART, own.patients.tobytes(), lambda learner=learner: of(learner))
        for learner in learners
    }


def _work(settings: StudySettings, learners: list[Learner], external: np.ndarray) -> dict[str, float]:
    """Part of the study -> its share of the work."""
    honest, parts = settings.honest, {}
    for learner in learners:
        if settings.is_honest:
            chain = (honest.inner_folds + 1) * learner.ensemble_size
            for repeat in range(honest.repeats):
                fits = chain * honest.outer_folds
                parts[part_name(learner.name, f"repeat {repeat + 1}")] = work_of_fits(learner.name, fits)
            if external.any():
                parts[part_name(learner.name, "frozen")] = work_of_fits(learner.name, chain)
            if settings.permutations:
                fits = (1 + _permutations(learner)) * honest.outer_folds
                parts[part_name(learner.name, _NULL_PART)] = work_of_fits(learner.name, fits)
    if settings.is_published:
        parts[_PAPER_PART] = sum(work_of_fits(learner.name, 1) for learner in learners)
    return parts


def _permutations(learner: Learner) -> int:
    return DNN_PERMUTATIONS if learner.name == "dnn" else CHEAP_PERMUTATIONS
