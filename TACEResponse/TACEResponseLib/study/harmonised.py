"""Learning from features harmonised between centres: ComBat is fitted anew on the rows of every training part."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..cohort import Progress
from ..models.combat import fit_combat
from ..models.fitting import Fit, FitJob, Learner


def harmonised(learner: Learner, centres: Sequence[str] | np.ndarray) -> Learner:
    """The learner on features harmonised by a `ComBat` of each job's own training rows.

    ``centres`` (n,) are those of the rows of the features. Jobs with the same training rows run side by side. Models
    that are kept expect harmonised features: they list the columns they use and are never stored in a bundle.

    Its fits raise ValueError, as `fit_combat` does, and for a row of a centre that its training part has not.
    """
    names = np.asarray(centres, dtype=str)

    def fit_many(features: np.ndarray, jobs: Sequence[FitJob], progress: Progress | None = None) -> list[Fit]:
        groups: dict[bytes, list[int]] = {}
        for number, job in enumerate(jobs):
            groups.setdefault(np.ascontiguousarray(job.train_rows).tobytes(), []).append(number)
        fits: dict[int, Fit] = {}
        for numbers in groups.values():
            train = jobs[numbers[0]].train_rows
            combat = fit_combat(features[train], names[train])
            needed = np.unique(np.concatenate([train, *(jobs[number].score_rows for number in numbers)]))
            values = np.full(features.shape, np.nan)
            values[needed] = combat.apply(features[needed], names[needed])
            done = learner.fit_many(values, [jobs[number] for number in numbers], progress)
            fits |= dict(zip(numbers, done, strict=True))
        return [fits[number] for number in range(len(jobs))]

    rule = "parametric, by centre, fitted on each training part, no covariates"
    of_rows = hashlib.sha256("\n".join(names).encode()).hexdigest()
    settings = {**learner.settings, "combat": rule, "centres_sha256": of_rows}
    return replace(learner, fit_many=fit_many, settings=settings)
