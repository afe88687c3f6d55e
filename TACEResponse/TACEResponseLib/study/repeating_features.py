"""Learning from features that repeat: a list from other patients, or one estimated within each training part."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..cohort import Progress
from ..features import FeatureTable
from ..models.fitting import Fit, FitJob, FittedScore, Learner
from ..repeatability import DEFAULT_FORM, GOOD_ICC, ICC_FORMS, StableFeatures, stable_features
from .study_data import StudyData


def keep_stable(data: StudyData, chosen: StableFeatures, tested: Collection[str]) -> StudyData:
    """The same data with the features of a list only, in their order.

    Parameters
    ----------
    data : StudyData
    chosen : StableFeatures
    tested : collection of str
        Identifiers of the patients on whom the model is tested: in a study all, in training those of other sets.

    Raises
    ------
    ValueError
        If the list was estimated on a patient who is tested or on phantoms for patients, or holds a feature that the
        table has not, or none.
    """
    if chosen.phantoms != data.is_phantom:
        raise ValueError(
            f"The list of stable features was estimated on {'phantoms' if chosen.phantoms else 'patients'}, the cohort "
            f"holds {'phantoms' if data.is_phantom else 'patients'}; make a list from drawings of the same kind."
        )
    known = sorted(chosen.patients & set(tested))
    if known:
        raise ValueError(
            f"The list of stable features was estimated on patients who are in a test set here, such as {known[0]} "
            f"({len(known)} in all). Estimate it within each training part instead (study --repeats), or take a list "
            "that was estimated on training patients or on patients of another cohort."
        )
    missing = [name for name in chosen.names if name not in data.feature_names]
    if missing or not chosen.names:
        what = f"{missing[0]}, which is not in the feature table" if missing else "no feature"
        raise ValueError(f"The list of stable features holds {what}; make a list from the same sequences and features.")
    columns = _columns(data.feature_names, chosen.names)
    learnt = len(chosen.patients & {case.key.patient_id for case in data.cases})
    remark = (
        f"{len(columns)} of {len(data.feature_names)} features are used, those of a list of stable features "
        f"({chosen.rule}; {len(chosen.patients)} patients drawn again, {learnt} of them training patients here)."
    )
    if learnt:
        remark += " The cross-validation did not repeat this choice."
    return replace(
        data,
        feature_names=tuple(data.feature_names[column] for column in columns),
        features=data.features[:, columns],
        remarks=(*data.remarks, remark),
    )


def check_repeats(data: StudyData, repeats: FeatureTable) -> str:
    """A remark on features that are selected within each training part; refuses a table that does not fit the cohort.

    Raises ValueError for other columns or settings than the cohort's features, and as `stable_features` does.
    """
    if repeats.names != data.feature_names:
        raise ValueError(
            "The table of repeated drawings has other features than the cohort's; extract both with the same "
            "sequences and feature set."
        )
    settings = {repeats.settings, None if data.table is None else data.table.settings}
    if None not in settings and len(settings) > 1:
        raise ValueError(
            "The features of the repeated drawings were extracted with other settings; extract them again."
        )
    patients = {case.key.patient_id for case in data.cases}
    names = stable_features(repeats, patients)
    return (
        f"Nested cross-validation uses only features with {ICC_FORMS[DEFAULT_FORM]} > {GOOD_ICC:g} over the repeated "
        f"drawings of the training patients, selected anew in every training part (on all patients: {len(names)} of "
        f"{len(repeats.names)}). The published protocol uses all features."
    )


def within_training_parts(learner: Learner, patients: Sequence[str], repeats: FeatureTable) -> Learner:
    """The learner on those features alone that repeat in the patients of each job.

    ``patients`` (n,) are the identifiers of the rows of the features. Jobs with the same features run side by side.
    """
    chosen: dict[frozenset[str], np.ndarray] = {}

    def columns_of(rows: np.ndarray) -> np.ndarray:
        learnt = frozenset(patients[row] for row in rows)
        if learnt not in chosen:
            columns = _columns(repeats.names, stable_features(repeats, learnt))
            if not columns.size:
                raise ValueError(
                    f"No feature repeats (ICC > {GOOD_ICC:g}) in a training part of {len(learnt)} patients; more of "
                    "them must be drawn again."
                )
            chosen[learnt] = columns
        return chosen[learnt]

    def fit_many(features: np.ndarray, jobs: Sequence[FitJob], progress: Progress | None = None) -> list[Fit]:
        groups: dict[bytes, list[int]] = {}
        columns = [columns_of(job.train_rows) for job in jobs]
        for number, own in enumerate(columns):
            groups.setdefault(own.tobytes(), []).append(number)
        fits: dict[int, Fit] = {}
        for numbers in groups.values():
            own = columns[numbers[0]]
            done = learner.fit_many(features[:, own], [jobs[number] for number in numbers], progress)
            for number, fit in zip(numbers, done, strict=True):
                model = None if fit.model is None else OnColumns(fit.model, own)
                fits[number] = Fit(fit.scores, model)
        return [fits[number] for number in range(len(jobs))]

    drawings = hashlib.sha256(repr(repeats.keys).encode() + np.ascontiguousarray(repeats.values).tobytes()).hexdigest()
    rule = f"{ICC_FORMS[DEFAULT_FORM]} > {GOOD_ICC:g} in the repeated drawings of the patients learnt from"
    return replace(
        learner, fit_many=fit_many, settings={**learner.settings, "features": rule, "repeats_sha256": drawings}
    )


@dataclass(frozen=True, eq=False)
class OnColumns:
    """A fitted model of some of the columns, given all of them; it is validated, never stored in a bundle."""

    model: FittedScore
    columns: np.ndarray

    @property
    def used_columns(self) -> np.ndarray | None:
        """Columns that the model selected, None if it uses all that it was given."""
        own = getattr(self.model, "used_columns", None)
        return None if own is None else self.columns[own]

    def member_scores(self, features: np.ndarray) -> np.ndarray:
        """As `ScoreModel.member_scores`."""
        return self.model.member_scores(features[:, self.columns])


def _columns(names: Sequence[str], chosen: Collection[str]) -> np.ndarray:
    wanted = set(chosen)
    return np.array([column for column, name in enumerate(names) if name in wanted], dtype=int)
