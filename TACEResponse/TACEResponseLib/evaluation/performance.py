"""How a model did on patients whom it did not learn from, with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .calibration import Calibration, calibration
from .intervals import Estimate, auc_interval, wilson_interval


@dataclass(frozen=True)
class Performance:
    """AUC, the shares at a threshold, and calibration; ``sensitivity`` is of OR, ``specificity`` of NOR."""

    auc: Estimate
    accuracy: Estimate
    sensitivity: Estimate
    specificity: Estimate
    calibration: Calibration


def frozen_performance(
    ranking: np.ndarray, probability: np.ndarray, predicted: np.ndarray, outcome: np.ndarray
) -> Performance:
    """Of a frozen model on new patients: the AUC with `auc_interval`, the shares with Wilson's.

    Parameters
    ----------
    ranking : array (n,)
        Orders the patients.
    probability : array (n,)
        Of OR, 0-1.
    predicted : bool array (n,)
        True where the model's threshold predicts OR.
    outcome : bool array (n,)
    """
    right = predicted == outcome
    return Performance(
        auc=auc_interval(ranking, outcome),
        accuracy=_share(right),
        sensitivity=_share(right[outcome]),
        specificity=_share(right[~outcome]),
        calibration=calibration(probability, outcome),
    )


def _share(members: np.ndarray) -> Estimate:
    return Estimate(float(members.mean()), *wilson_interval(int(members.sum()), members.size))
