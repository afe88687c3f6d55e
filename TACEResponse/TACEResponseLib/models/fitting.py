"""What is asked of anything that learns a radiomics score: many fits, each on its own rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..cohort import Json, Progress
from .score_model import ScoreModel


@dataclass(frozen=True, eq=False)
class FitJob:
    """One model to fit.

    ``train_rows`` are the rows of the feature matrix that it learns from (a bootstrap repeats some), ``outcome`` bool
    (n_train,) theirs, ``seed`` numbers that name all its random draws, ``score_rows`` the rows it then scores,
    ``keep_model`` whether the model itself is wanted too. ``patients`` (n_train,) numbers the patient of each training
    row, where patients have several lesions; by default equal rows are one patient.
    """

    train_rows: np.ndarray
    outcome: np.ndarray
    seed: tuple[int, ...]
    score_rows: np.ndarray
    keep_model: bool = False
    patients: np.ndarray | None = None


class FittedScore(Protocol):
    """What a fitted model is asked for while it is validated; a `ScoreModel` of one member is one."""

    def member_scores(self, features: np.ndarray) -> np.ndarray:
        """Scores (n, member_count) of patients (n, n_features), unscaled."""


@dataclass(frozen=True, eq=False)
class Fit:
    """What a job gives: scores (n_score_rows,) of its ``score_rows``, and the one-member model if it was to be kept."""

    scores: np.ndarray
    model: FittedScore | None


FitMany = Callable[[np.ndarray, Sequence[FitJob], Progress | None], list[Fit]]


@dataclass(frozen=True)
class Learner:
    """A way to learn a score.

    ``name`` is that of the score in bundles and reports. ``ensemble_size`` is the number of seeds whose scores are
    averaged; 1 for what has no random part. ``fit_many(features, jobs, progress)`` gives a `Fit` for each job.
    ``settings`` are recorded with every result.
    """

    name: str
    ensemble_size: int
    fit_many: FitMany
    settings: Mapping[str, Json]


def one_by_one(
    fit: Callable[[np.ndarray, np.ndarray, np.ndarray, np.random.Generator], ScoreModel],
) -> FitMany:
    """``fit_many`` of a `Learner` that runs the jobs of a cheap model in turn.

    ``fit(features, outcome, patients, random)`` gives a one-member model; ``patients`` are the job's.
    """

    def fit_many(features: np.ndarray, jobs: Sequence[FitJob], progress: Progress | None = None) -> list[Fit]:
        results = []
        for number, job in enumerate(jobs):
            if progress is not None:
                progress(number, len(jobs), f"{number} of {len(jobs)} models fitted")
            rows = job.train_rows
            patients = rows if job.patients is None else job.patients
            model = fit(features[rows], job.outcome, patients, np.random.default_rng(list(job.seed)))
            scores = model.member_scores(features[job.score_rows])[:, 0] if len(job.score_rows) else np.empty(0)
            results.append(Fit(scores, model if job.keep_model else None))
        if progress is not None:
            progress(len(jobs), len(jobs), f"{len(jobs)} models fitted")
        return results

    return fit_many
