"""A bundle fitted to another place: intercept and slope on local patients, with the bundle's lineage kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from ..evaluation import (
    Calibration,
    Recalibration,
    calibration,
    patients_for_recalibration,
    patients_for_slope,
    recalibrate,
)
from ..models import LinearPredictor, ModelBundle, expit, logit
from ..models.folds import stratified_folds
from .evaluate import Evaluation
from .training_settings import FEWEST_PATIENTS

_FOLDS = 10


@dataclass(frozen=True, eq=False)
class SiteRecalibration:
    """The new ``bundle``, how its log odds follow from those of the old one, and calibration ``before`` and ``after``.

    ``after_is`` is how "after" was estimated. ``patients_for_intercept`` and ``patients_for_slope`` are needed to
    know either well; None where no number would do.
    """

    bundle: ModelBundle
    fitted: Recalibration
    before: Calibration
    after: Calibration
    after_is: str
    patients_for_intercept: int
    patients_for_slope: int | None


def recalibrate_bundle(evaluation: Evaluation, name: str, seed: int = 1) -> SiteRecalibration:
    """Recalibrate a bundle on the patients of an evaluation.

    Each of the bundle's refits is recalibrated on its own bootstrap of the local patients, so that the interval of a
    prediction includes how few they were. "After" is a 10-fold cross-validation of the recalibration, as calibration on
    the patients to whom it was fitted would be optimistic.

    Raises ValueError for fewer than 10 patients of an outcome, and for a model of phantoms on patients or the other way
    round.
    """
    old, outcome, log_odds = evaluation.bundle, evaluation.data.outcome, evaluation.log_odds
    rarer = int(min(outcome.sum(), (~outcome).sum()))
    if rarer < FEWEST_PATIENTS:
        raise ValueError(
            f"Of {len(outcome)} patients {int(outcome.sum())} have OR; recalibrating needs at least {FEWEST_PATIENTS} "
            "patients with OR and as many with NOR."
        )
    if old.demonstration != evaluation.data.is_phantom:
        raise ValueError(
            f"The model {old.name} was trained on {'phantoms' if old.demonstration else 'patients'}, these are "
            f"{'phantoms' if evaluation.data.is_phantom else 'patients'}; recalibration cannot turn one into the other."
        )
    main = recalibrate(log_odds, outcome)
    random = np.random.default_rng([seed, 40])
    samples = [_sample(outcome, random) for _ in range(evaluation.refit_log_odds.shape[1])]
    cross_validated = _cross_validated(log_odds, outcome, random)
    score_only = old.score_only
    if score_only is not None:
        own, own_refits = _score_only_log_odds(evaluation)
        score_only = _changed(score_only, recalibrate(own, outcome), own_refits, outcome, samples)
    lineage = {
        "parent": {"name": old.name, "sha256": old.sha256},
        "recalibration": {
            **asdict(main),
            "responders": int(outcome.sum()),
            "cohort_sha256": evaluation.data.sha256(),
            "rule": "intercept and slope on local patients, shrunk towards no change by (chi2 - 2) / chi2",
        },
    }
    threshold = float(expit(main.intercept + main.slope * logit(old.threshold)))
    bundle = replace(
        old,
        predictor=_changed(old.predictor, main, evaluation.refit_log_odds, outcome, samples),
        score_only=score_only,
        name=name,
        sha256="",
        threshold=threshold,
        threshold_rule=f"{old.threshold_rule}; moved with the recalibration",
        prevalence=float(expit(main.intercept + main.slope * log_odds).mean()),
        calibration={**old.calibration, "local": lineage["recalibration"]},
        provenance={**old.provenance, "lineage": [*old.provenance.get("lineage", []), lineage]},
        card=_card(old, name, main, evaluation),
    )
    if bundle.position_score == "probability":
        bundle = replace(
            bundle,
            training_scores={
                level: np.sort(expit(main.intercept + main.slope * logit(np.clip(values, 1e-9, 1 - 1e-9))))
                for level, values in old.training_scores.items()
            },
        )
    return SiteRecalibration(
        bundle=bundle,
        fitted=main,
        before=calibration(expit(log_odds), outcome),
        after=calibration(expit(cross_validated), outcome),
        after_is=f"{_FOLDS}-fold cross-validation of the recalibration",
        patients_for_intercept=patients_for_recalibration(float(outcome.mean())),
        patients_for_slope=patients_for_slope(main.intercept + main.slope * log_odds),
    )


def _changed(
    predictor: LinearPredictor,
    main: Recalibration,
    refit_log_odds: np.ndarray,
    outcome: np.ndarray,
    samples: Sequence[np.ndarray],
) -> LinearPredictor:
    refits = [recalibrate(refit_log_odds[rows, number], outcome[rows]) for number, rows in enumerate(samples)]
    return predictor.recalibrated(
        main.intercept,
        main.slope,
        np.array([refit.intercept for refit in refits]),
        np.array([refit.slope for refit in refits]),
    )


def _score_only_log_odds(evaluation: Evaluation) -> tuple[np.ndarray, np.ndarray]:
    bundle, data = evaluation.bundle, evaluation.data
    columns = [data.feature_names.index(name) for name in bundle.feature_names]
    pairs = [bundle.log_odds(row, {}, score_only=True) for row in data.features[:, columns]]
    return np.array([log_odds for log_odds, _ in pairs]), np.array([refits for _, refits in pairs])


def _sample(outcome: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A bootstrap of patients with both outcomes."""
    while True:
        rows = random.integers(0, len(outcome), len(outcome))
        if outcome[rows].any() and not outcome[rows].all():
            return rows


def _cross_validated(log_odds: np.ndarray, outcome: np.ndarray, random: np.random.Generator) -> np.ndarray:
    folds = stratified_folds(outcome, _FOLDS, random)
    after = np.empty(len(outcome))
    for fold in range(_FOLDS):
        fitted = recalibrate(log_odds[folds != fold], outcome[folds != fold])
        after[folds == fold] = fitted.intercept + fitted.slope * log_odds[folds == fold]
    return after


def _card(old: ModelBundle, name: str, main: Recalibration, evaluation: Evaluation) -> str:
    subjects = "phantoms" if evaluation.data.is_phantom else "patients"
    return f"""# {name}

{old.name} recalibrated on {main.patients} local {subjects}, {int(evaluation.data.outcome.sum())} with objective \
response: log odds = {main.intercept:+.3f} + {main.slope:.3f} * log odds
of {old.name} (drawn towards no change; {main.shrinkage:.2f} of the fitted change was kept). It orders patients as \
{old.name} does. Its probabilities
have not been tested on other patients.

What follows is the card of {old.name}.

---

{old.card}"""
