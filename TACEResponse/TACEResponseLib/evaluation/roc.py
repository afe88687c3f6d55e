"""ROC: area under the curve, DeLong's variance and comparison, and what a threshold gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Z_95 = 1.959963984540054


@dataclass(frozen=True)
class Auc:
    """Area under the ROC curve with DeLong's standard error and 95 % interval, cut at 0 and 1.

    The interval is that of these predictions of a fixed model; it does not include the variation of training.
    """

    value: float
    standard_error: float
    low: float
    high: float


@dataclass(frozen=True)
class AucDifference:
    """Difference of two AUCs of the same patients (first minus second), DeLong's z and two-sided p."""

    difference: float
    standard_error: float
    z: float
    p: float


@dataclass(frozen=True)
class ThresholdResult:
    """Counts and shares at one threshold; ``positive`` and ``negative`` are the patients with OR and NOR."""

    threshold: float
    true_positive: int
    true_negative: int
    positive: int
    negative: int

    @property
    def sensitivity(self) -> float:
        """Share of OR predicted to be OR."""
        return self.true_positive / self.positive

    @property
    def specificity(self) -> float:
        """Share of NOR predicted to be NOR."""
        return self.true_negative / self.negative

    @property
    def accuracy(self) -> float:
        """Share of patients predicted correctly."""
        return (self.true_positive + self.true_negative) / (self.positive + self.negative)


def auc(score: np.ndarray, outcome: np.ndarray) -> float:
    """Area under the ROC curve: share of (OR, NOR) pairs in the right order, ties counting half.

    ``score`` (n,), ``outcome`` bool (n,), True for OR. Raises ValueError if an outcome is missing.
    """
    _check(score, outcome)
    return float(_placements(score, outcome)[0].mean())


def delong_auc(score: np.ndarray, outcome: np.ndarray) -> Auc:
    """AUC with DeLong's interval (DeLong, DeLong, Clarke-Pearson, Biometrics 1988)."""
    _check(score, outcome)
    in_or, in_nor = _placements(score, outcome)
    value = float(in_or.mean())
    variance = in_or.var(ddof=1) / in_or.size + in_nor.var(ddof=1) / in_nor.size
    error = float(np.sqrt(variance))
    return Auc(value, error, max(0.0, value - Z_95 * error), min(1.0, value + Z_95 * error))


def compare_auc(first: np.ndarray, second: np.ndarray, outcome: np.ndarray) -> AucDifference:
    """DeLong's test of two scores of the same patients; z = 0 and p = 1 if they order all pairs alike."""
    from scipy.stats import norm

    placements = [_placements(score, outcome) for score in (first, second)]
    difference = float(placements[0][0].mean() - placements[1][0].mean())
    variance = sum(
        np.var(one - other, ddof=1) / one.size for one, other in zip(placements[0], placements[1], strict=True)
    )
    if variance <= 0:
        return AucDifference(difference, 0.0, 0.0, 1.0)
    z = difference / float(np.sqrt(variance))
    return AucDifference(difference, float(np.sqrt(variance)), z, float(2 * norm.sf(abs(z))))


def holm(p_values: np.ndarray) -> np.ndarray:
    """p values corrected for their number by Holm's step-down method, at most 1."""
    p_values = np.asarray(p_values, dtype=float)
    order = np.argsort(p_values)
    factors = len(p_values) - np.arange(len(p_values))
    corrected = np.empty(len(p_values))
    corrected[order] = np.minimum(np.maximum.accumulate(p_values[order] * factors), 1.0)
    return corrected


def at_threshold(score: np.ndarray, outcome: np.ndarray, threshold: float) -> ThresholdResult:
    """What "OR if the score is at least ``threshold``" gives."""
    _check(score, outcome)
    predicted = score >= threshold
    positive = int(outcome.sum())
    return ThresholdResult(
        float(threshold),
        int((predicted & outcome).sum()),
        int((~predicted & ~outcome).sum()),
        positive,
        len(outcome) - positive,
    )


def youden_threshold(score: np.ndarray, outcome: np.ndarray) -> float:
    """The threshold with the largest sensitivity + specificity, midway between two patients' scores.

    On the patients on whom it was chosen it is optimistic: Youden's J was .40 where the truth is .34 (honesty.md).
    """
    _check(score, outcome)
    distinct = np.unique(score)
    candidates = np.concatenate([distinct[:1], (distinct[1:] + distinct[:-1]) / 2])
    predicted = score[None, :] >= candidates[:, None]
    youden = predicted[:, outcome].mean(axis=1) - predicted[:, ~outcome].mean(axis=1)
    return float(candidates[np.argmax(youden)])


def roc_curve(score: np.ndarray, outcome: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(1 - specificity, sensitivity) from (0, 0) to (1, 1), a point for each distinct score."""
    _check(score, outcome)
    thresholds = np.unique(score)[::-1]
    predicted = score[None, :] >= thresholds[:, None]
    false_positive = np.concatenate([[0.0], predicted[:, ~outcome].mean(axis=1)])
    true_positive = np.concatenate([[0.0], predicted[:, outcome].mean(axis=1)])
    return false_positive, true_positive


def _placements(score: np.ndarray, outcome: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each OR patient the share of NOR below, for each NOR patient the share of OR above; ties half."""
    positive, negative = np.asarray(score)[outcome], np.asarray(score)[~outcome]
    return _share_below(positive, negative), 1.0 - _share_below(negative, positive)


def _share_below(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """For each value the share of ``others`` that are smaller, ties counting half."""
    ordered = np.sort(others)
    counts = np.searchsorted(ordered, values, side="left") + np.searchsorted(ordered, values, side="right")
    return counts / (2 * len(ordered))


def _check(score: np.ndarray, outcome: np.ndarray) -> None:
    if len(score) != len(outcome) or not np.isfinite(score).all():
        raise ValueError("Every patient needs a finite score.")
    if outcome.all() or not outcome.any():
        raise ValueError("All patients have the same outcome; an ROC curve needs both OR and NOR.")
