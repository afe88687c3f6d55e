"""From predictions to the numbers of a report: plain dictionaries, ready for results.json."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from ..evaluation import (
    Z_95,
    at_threshold,
    auc,
    bootstrap_interval,
    calibration,
    compare_auc,
    corrected_resampled_interval,
    decision_curve,
    delong_auc,
    holm,
    wilson_interval,
    youden_threshold,
)
from ..models import expit
from .honest import ExternalPredictions, HonestSettings, OuterPredictions
from .paper import PaperPredictions

Numbers = dict[str, object]


def honest_numbers(
    predictions: OuterPredictions, outcome: np.ndarray, settings: HonestSettings, patients: np.ndarray | None = None
) -> Numbers:
    """Performance on outer predictions only.

    ``auc`` is the mean over outer folds with the corrected resampled-t interval; ``auc_these_predictions`` DeLong's of
    the predictions averaged over repeats, model fixed. Shares are means over repeats; Wilson intervals of n patients.
    Where ``patients`` (n,) says that some have several lesions, both come from a bootstrap of patients instead.
    """
    folds = fold_aucs(predictions, outcome)
    test_share = 1 / (settings.outer_folds - 1)
    mean, low, high = corrected_resampled_interval(folds, test_share)
    average = predictions.ranking.mean(axis=0)
    repeats = [calibration(expit(log_odds), outcome) for log_odds in predictions.log_odds]
    right = predictions.said_or == outcome
    members = {"accuracy": np.ones_like(outcome), "sensitivity": outcome, "specificity": ~outcome}
    shares = {name: float(right[:, own].mean()) for name, own in members.items()}
    if patients is None or len(np.unique(patients)) == len(outcome):
        fixed = delong_auc(average, outcome)
        fixed_interval = [fixed.low, fixed.high]
        intervals = {name: wilson_interval(shares[name] * own.sum(), int(own.sum())) for name, own in members.items()}
    else:
        seed = settings.seed
        fixed_interval = bootstrap_interval(lambda rows: auc(average[rows], outcome[rows]), outcome, seed, patients)
        intervals = {
            name: bootstrap_interval(lambda rows, own=own: right[:, rows[own[rows]]].mean(), outcome, seed, patients)
            for name, own in members.items()
        }
    return {
        "auc": mean,
        "auc_low": low,
        "auc_high": high,
        "auc_these_predictions": [auc(average, outcome), *fixed_interval],
        **shares,
        **{f"{name}_interval": list(interval) for name, interval in intervals.items()},
        **{
            f"calibration_{name}": float(np.mean([getattr(one, name) for one in repeats]))
            for name in ("intercept", "slope", "ici", "brier")
        },
        "calibration_can_be_judged": repeats[0].can_be_judged,
        "penalised_parts": predictions.penalised_parts,
    }


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
    predictions: list[OuterPredictions], outcome: np.ndarray, settings: HonestSettings
) -> list[dict[str, object]]:
    """Pairs of models by their AUCs on the same outer folds: corrected resampled t, p corrected by Holm."""
    from scipy.stats import t

    aucs = {one.model.title: fold_aucs(one, outcome) for one in predictions if not one.model.is_control}
    rows = []
    for first, second in combinations(aucs, 2):
        difference = aucs[first] - aucs[second]
        error = np.sqrt((1 / difference.size + 1 / (settings.outer_folds - 1)) * difference.var(ddof=1))
        mean = float(difference.mean())
        p = 1.0 if error == 0 else float(2 * t.sf(abs(mean / error), difference.size - 1))
        half = float(t.ppf(0.975, difference.size - 1) * error)
        rows.append(
            {"first": first, "second": second, "difference": mean, "low": mean - half, "high": mean + half, "p": p}
        )
    for row, corrected in zip(rows, holm(np.array([row["p"] for row in rows])), strict=True):
        row["p_holm"] = float(corrected)
    return rows


def delong_comparisons(scores: dict[str, np.ndarray], outcome: np.ndarray) -> list[dict[str, object]]:
    """Pairs of frozen models (title -> scores (n,)) on the same patients: DeLong's test, p corrected by Holm."""
    rows = []
    for first, second in combinations(scores, 2):
        result = compare_auc(scores[first], scores[second], outcome)
        half = Z_95 * result.standard_error
        low, high = result.difference - half, result.difference + half
        rows.append(
            {
                "first": first,
                "second": second,
                "difference": result.difference,
                "low": low,
                "high": high,
                "p": result.p,
            }
        )
    for row, corrected in zip(rows, holm(np.array([row["p"] for row in rows])), strict=True):
        row["p_holm"] = float(corrected)
    return rows


DECISION_THRESHOLDS = np.linspace(0.05, 0.90, 86)


def decision_curves(predictions: list[OuterPredictions], outcome: np.ndarray) -> Numbers:
    """Net benefit of the calibrated outer predictions of the first repeat, of treating all and of treating none."""
    probabilities = {one.model.title: expit(one.log_odds[0]) for one in predictions if not one.model.is_control}
    if not probabilities:
        return {}
    curves = decision_curve(probabilities, outcome, DECISION_THRESHOLDS)
    return {
        "thresholds": DECISION_THRESHOLDS.tolist(),
        "net_benefit": {title: benefit.tolist() for title, benefit in curves.items()},
    }


def external_numbers(predictions: ExternalPredictions, outcome: np.ndarray) -> Numbers:
    """Performance of a frozen model on patients who took no part in anything."""
    result = delong_auc(predictions.ranking, outcome)
    fit = calibration(expit(predictions.log_odds), outcome)
    right = predictions.said_or == outcome
    shares = {
        "accuracy": right,
        "sensitivity": right[outcome],
        "specificity": right[~outcome],
    }
    return {
        "auc": result.value,
        "auc_low": result.low,
        "auc_high": result.high,
        **{name: float(members.mean()) for name, members in shares.items()},
        **{f"{name}_interval": list(wilson_interval(members.sum(), members.size)) for name, members in shares.items()},
        **{f"calibration_{name}": getattr(fit, name) for name in ("intercept", "slope", "ici", "brier")},
        "calibration_can_be_judged": fit.can_be_judged,
    }


def paper_numbers(predictions: PaperPredictions, outcome: np.ndarray) -> dict[str, Numbers]:
    """As published, by set: DeLong, sensitivity and specificity at the set's own Youden threshold, accuracy at .5.

    Sets with one outcome only are left out.
    """
    numbers = {}
    for name, rows in predictions.rows.items():
        values, own = predictions.values[name], outcome[rows]
        if own.all() or not own.any():
            continue
        result = delong_auc(values, own)
        chosen = at_threshold(values, own, youden_threshold(values, own))
        numbers[name] = {
            "auc": result.value,
            "auc_low": result.low,
            "auc_high": result.high,
            "sensitivity": chosen.sensitivity,
            "specificity": chosen.specificity,
            "accuracy": at_threshold(values, own, predictions.accuracy_threshold).accuracy,
            "penalised": predictions.penalised,
        }
    return numbers


def leak_audit(honest: dict[str, Numbers], paper: dict[str, dict[str, Numbers]]) -> list[dict[str, object]]:
    """Both protocols' AUC of each model, and how much the published way says too much (training AUC minus honest)."""
    rows = []
    for title, numbers in honest.items():
        sets = paper.get(title)
        if sets is not None:
            rows.append(
                {
                    "model": title,
                    **{f"paper_{name}": sets[name]["auc"] if name in sets else None for name in ("train", "test")},
                    "honest": numbers["auc"],
                    "honest_low": numbers["auc_low"],
                    "honest_high": numbers["auc_high"],
                    "gap": sets["train"]["auc"] - numbers["auc"],
                }
            )
    return rows
