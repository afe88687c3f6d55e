"""Leave-one-centre-out: models frozen on all other centres are tested on each, as on a new centre."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..cohort import Progress
from ..models.fitting import Learner
from .chain import ChainPlan, ChainScores
from .metrics import external_performance
from .nested_cv import ExternalPredictions, NestedCvSettings, RunPlans, run_nested_cv
from .protocol_models import make_covariates
from .results import Centre
from .study_data import StudyData

CENTRE_COLUMN = "site"

_FEWEST = 2
"""Patients of each outcome that a centre needs for an AUC with an interval."""


def leave_one_centre_out(
    data: StudyData,
    learners: Sequence[Learner],
    settings: NestedCvSettings,
    run: RunPlans | None = None,
    progress: Progress | None = None,
) -> dict[str, Centre]:
    """Freeze all models on the other centres and test them on each centre in turn.

    Parameters
    ----------
    data : StudyData
        Development rows; their column ``site`` names the centre.
    learners : list of Learner
    settings : NestedCvSettings
        Inner folds and seeds as in the cross-validation.
    run : callable, optional
        How plans are run; the part's name holds the centre's, so that a killed study goes on.
    progress : callable, optional

    Returns
    -------
    dict of Centre
        By name; its models are None where it has fewer than two patients of an outcome.

    Raises
    ------
    ValueError
        For rows without a centre, a single centre, or a patient in two.
    """
    centres = centres_of(data)
    results = {}
    for centre in sorted(set(centres)):
        inside = centres == centre
        own = data.outcome[inside]
        models = None
        if min(own.sum(), (~own).sum()) >= _FEWEST:
            models = {
                one.model.title: external_performance(one, own)
                for one in _frozen(data, learners, settings, inside, _named(run, centre), progress)
            }
        results[str(centre)] = Centre(int(inside.sum()), int(own.sum()), models)
    return results


def _frozen(
    data: StudyData,
    learners: Sequence[Learner],
    settings: NestedCvSettings,
    inside: np.ndarray,
    run: RunPlans | None,
    progress: Progress | None,
) -> tuple[ExternalPredictions, ...]:
    """The models frozen on the rows outside the centre, on those ``inside``."""
    covariates = make_covariates(data, [learner.name for learner in learners])
    return run_nested_cv(data, covariates, learners, replace(settings, repeats=0), inside, run, progress).frozen


def _named(run: RunPlans | None, centre: str) -> RunPlans | None:
    if run is None:
        return None

    def run_of_centre(learner: Learner, name: str, plans: Sequence[ChainPlan]) -> list[ChainScores]:
        return run(learner, f"without centre {centre}, {name}", plans)

    return run_of_centre


def centres_of(data: StudyData) -> np.ndarray:
    """The centre (n,) of each row. Raises ValueError for rows without one, a single centre, or a patient in two."""
    centres = np.array([case.columns.get(CENTRE_COLUMN, "") for case in data.cases])
    missing = int((centres == "").sum())
    if missing:
        raise ValueError(
            f"{missing} of {len(centres)} rows name no centre; fill the column {CENTRE_COLUMN} to compare centres."
        )
    if len(set(centres)) < 2:
        raise ValueError(f"All patients are of the centre {centres[0]}; two are needed at least.")
    for patient in np.unique(data.patients):
        own = sorted(set(centres[data.patients == patient]))
        if len(own) > 1:
            name = data.cases[int(np.flatnonzero(data.patients == patient)[0])].key.patient_id
            raise ValueError(f"Patient {name} has rows of the centres {' and '.join(own)}; a patient has one centre.")
    return centres
