"""From predictions to the numbers of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from ..evaluation import (
    Z_95,
    Calibration,
    DecisionCurves,
    Estimate,
    Performance,
    at_threshold,
    auc,
    bootstrap_interval,
    calibration,
    compare_auc,
    corrected_resampled_interval,
    decision_curves,
    delong_auc,
    frozen_performance,
    holm,
    wilson_interval,
    youden_threshold,
)
from ..models import expit
from .nested_cv import ExternalPredictions, NestedCvSettings, OuterPredictions
from .published import PublishedPredictions
from .results import Comparison, NestedCvPerformance, Optimism, PublishedPerformance


def nested_cv_performance(
    predictions: OuterPredictions, outcome: np.ndarray, settings: NestedCvSettings, patients: np.ndarray | None = None
) -> NestedCvPerformance:
    """Performance on outer predictions only.

    Shares are means over repeats, with Wilson intervals of n patients; ``auc_these_predictions`` has DeLong's interval.
    Where ``patients`` (n,) says that some have several lesions, these come from a bootstrap of patients instead.
    """
    folds = fold_aucs(predictions, outcome)
    average = predictions.ranking.mean(axis=0)
    right = predictions.predicted_or == outcome
    members = (np.ones_like(outcome), outcome, ~outcome)
    shares = [float(right[:, own].mean()) for own in members]
    if patients is None or len(np.unique(patients)) == len(outcome):
        fixed = delong_auc(average, outcome)
        fixed_interval = (fixed.low, fixed.high)
        intervals = [
            wilson_interval(share * own.sum(), int(own.sum())) for share, own in zip(shares, members, strict=True)
        ]
    else:

        def share_of(own: np.ndarray) -> tuple[float, float]:
            return bootstrap_interval(
                lambda rows: float(right[:, rows[own[rows]]].mean()), outcome, settings.seed, patients
            )

        fixed_interval = bootstrap_interval(
            lambda rows: auc(average[rows], outcome[rows]), outcome, settings.seed, patients
        )
        intervals = [share_of(own) for own in members]
    accuracy, sensitivity, specificity = (
        Estimate(share, *interval) for share, interval in zip(shares, intervals, strict=True)
    )
    return NestedCvPerformance(
        auc=corrected_resampled_interval(folds, 1 / (settings.outer_folds - 1)),
        accuracy=accuracy,
        sensitivity=sensitivity,
        specificity=specificity,
        calibration=_mean_calibration([calibration(expit(one), outcome) for one in predictions.log_odds]),
        auc_these_predictions=Estimate(auc(average, outcome), *fixed_interval),
        penalised_parts=predictions.penalised_parts,
    )


def _mean_calibration(repeats: Sequence[Calibration]) -> Calibration:
    return Calibration(
        intercept=float(np.mean([one.intercept for one in repeats])),
        slope=float(np.mean([one.slope for one in repeats])),
        ici=float(np.mean([one.ici for one in repeats])),
        brier=float(np.mean([one.brier for one in repeats])),
        events=repeats[0].events,
    )


def fold_aucs(predictions: OuterPredictions, outcome: np.ndarray) -> np.ndarray:
    """AUC of each outer test part, repeat by repeat."""
    return np.array(
        [
            auc(ranking[folds == fold], outcome[folds == fold])
            for ranking, folds in zip(predictions.ranking, predictions.folds, strict=True)
            for fold in range(folds.max() + 1)
        ]
    )


def comparisons(
    predictions: Sequence[OuterPredictions], outcome: np.ndarray, settings: NestedCvSettings
) -> list[Comparison]:
    """Pairs of models by their AUCs on the same outer folds: corrected resampled t, p corrected by Holm."""
    from scipy.stats import t

    aucs = {one.model.title: fold_aucs(one, outcome) for one in predictions if not one.model.is_control}
    found = []
    for first, second in combinations(aucs, 2):
        differences = aucs[first] - aucs[second]
        error = np.sqrt((1 / differences.size + 1 / (settings.outer_folds - 1)) * differences.var(ddof=1))
        mean = float(differences.mean())
        p = 1.0 if error == 0 else float(2 * t.sf(abs(mean / error), differences.size - 1))
        half = float(t.ppf(0.975, differences.size - 1) * error)
        found.append(Comparison(first, second, mean, mean - half, mean + half, p, p))
    return _corrected(found)


def delong_comparisons(scores: Mapping[str, np.ndarray], outcome: np.ndarray) -> list[Comparison]:
    """Pairs of frozen models (title -> scores (n,)) on the same patients: DeLong's test, p corrected by Holm."""
    found = []
    for first, second in combinations(scores, 2):
        one = compare_auc(scores[first], scores[second], outcome)
        half = Z_95 * one.standard_error
        found.append(
            Comparison(first, second, one.difference, one.difference - half, one.difference + half, one.p, one.p)
        )
    return _corrected(found)


def _corrected(found: Sequence[Comparison]) -> list[Comparison]:
    corrected = holm(np.array([one.p for one in found]))
    return [replace(one, p_holm=float(p)) for one, p in zip(found, corrected, strict=True)]


def outer_decision_curves(predictions: Sequence[OuterPredictions], outcome: np.ndarray) -> DecisionCurves | None:
    """Net benefit of the calibrated outer predictions of the first repeat; None if there are only controls."""
    probabilities = {one.model.title: expit(one.log_odds[0]) for one in predictions if not one.model.is_control}
    return decision_curves(probabilities, outcome) if probabilities else None


def external_performance(predictions: ExternalPredictions, outcome: np.ndarray) -> Performance:
    """Performance of a frozen model on patients who took no part in anything."""
    return frozen_performance(predictions.ranking, expit(predictions.log_odds), predictions.predicted_or, outcome)


def published_performance(predictions: PublishedPredictions, outcome: np.ndarray) -> dict[str, PublishedPerformance]:
    """As published, by set; sets with one outcome only are left out."""
    sets = {}
    for name, rows in predictions.rows.items():
        values, own = predictions.values[name], outcome[rows]
        if own.all() or not own.any():
            continue
        area = delong_auc(values, own)
        chosen = at_threshold(values, own, youden_threshold(values, own))
        sets[name] = PublishedPerformance(
            auc=Estimate(area.value, area.low, area.high),
            sensitivity=chosen.sensitivity,
            specificity=chosen.specificity,
            accuracy=at_threshold(values, own, predictions.accuracy_threshold).accuracy,
            penalised=predictions.penalised,
        )
    return sets


def optimism(
    nested_cv: Mapping[str, Performance], published: Mapping[str, Mapping[str, PublishedPerformance]]
) -> list[Optimism]:
    """Both protocols' AUC of each model, and how far the published training AUC is above nested cross-validation."""
    rows = []
    for title, own in nested_cv.items():
        if title in published:
            sets = published[title]
            test = sets["test"].auc.value if "test" in sets else None
            train = sets["train"].auc.value
            rows.append(Optimism(title, train, test, own.auc, train - own.auc.value))
    return rows
