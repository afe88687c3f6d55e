"""Protocol "published": as in the paper - one split, in-sample scores in the merged models, thresholds of each set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..cohort import Progress
from ..models.fitting import FitJob, Learner
from .chain import fit_second_stage
from .protocol_models import Covariates, ProtocolModel
from .study_data import StudyData

TEST_SHARE = 0.2


@dataclass(frozen=True, eq=False)
class PublishedPredictions:
    """What a model predicts, by set ("train", "test" and, where there is one, "external").

    ``values`` are scores, or probabilities of the logistic regressions; ``rows`` the patients of each set;
    ``accuracy_threshold`` the value at which accuracy is taken (our guess from the printed numbers: .5, or 0 for the
    SVM's decision function). ``penalised``: the terms separated the training set, so that the fit needed a penalty.
    """

    model: ProtocolModel
    values: dict[str, np.ndarray]
    rows: dict[str, np.ndarray]
    accuracy_threshold: float
    penalised: bool


def run_published(
    data: StudyData,
    covariates: Covariates,
    learners: Sequence[Learner],
    seed: int,
    external: np.ndarray,
    progress: Progress | None = None,
) -> list[PublishedPredictions]:
    """One random 8:2 split of the patients who are not ``external`` (bool (n,)); one seed for the DNN.

    Raises ValueError if the training set has one outcome only.
    """
    development = np.flatnonzero(~external)
    patients = data.patients[development]
    shuffled = np.random.default_rng([seed, 20]).permutation(np.unique(patients))
    in_test = np.isin(patients, shuffled[: round(TEST_SHARE * shuffled.size)])
    rows = {"train": development[~in_test], "test": development[in_test]}
    if external.any():
        rows["external"] = np.flatnonzero(external)
    train_outcome = data.outcome[rows["train"]]
    if train_outcome.all() or not train_outcome.any():
        raise ValueError(
            "The training set of the published protocol's split has one outcome only; take another --seed, or more "
            "patients."
        )
    everyone = np.concatenate(list(rows.values()))
    scores = {}
    for learner in learners:
        job = FitJob(rows["train"], train_outcome, (seed, 21), everyone, patients=data.patients[rows["train"]])
        (fit,) = learner.fit_many(data.features, [job], progress)
        by_row = np.empty(len(data.outcome))
        by_row[everyone] = fit.scores
        scores[learner.name] = by_row
    return [_predict(data, covariates, model, scores, rows) for model in covariates.models if not model.is_control]


def _predict(
    data: StudyData,
    covariates: Covariates,
    model: ProtocolModel,
    scores: dict[str, np.ndarray],
    rows: dict[str, np.ndarray],
) -> PublishedPredictions:
    if not model.covariates and model.score is not None:
        values = {name: scores[model.score][members] for name, members in rows.items()}
        return PublishedPredictions(model, values, rows, 0.0 if model.score == "svm" else 0.5, False)
    terms = {
        name: covariates.values(model, members, None if model.score is None else scores[model.score][members])
        for name, members in rows.items()
    }
    stage = fit_second_stage(terms["train"], data.outcome[rows["train"]])
    values = {name: 1 / (1 + np.exp(-stage.log_odds(part))) for name, part in terms.items()}
    return PublishedPredictions(model, values, rows, 0.5, stage.fit.penalised)
