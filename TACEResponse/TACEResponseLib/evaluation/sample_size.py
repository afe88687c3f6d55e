"""What a cohort of this size can and cannot show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SampleSize:
    """Sizes to compare with the number of patients.

    ``auc_half_width`` is half the 95 % interval of an AUC of 0.75 with these patients (Hanley and McNeil 1982),
    ``needed_for_slope`` the patients that a model with ``parameters`` candidate parameters needs for an expected
    shrinkage of 0.9 (Riley et al. 2019, criterion 1), ``needed_for_prevalence`` those for the share of OR to ±0.05.
    """

    patients: int
    responders: int
    parameters: int
    auc_half_width: float
    needed_for_slope: int
    needed_for_prevalence: int

    def sentence(self) -> str:
        """The statement for a report."""
        return (
            f"{self.patients} patients, {self.responders} with response: an AUC of 0.75 is known to about "
            f"±{self.auc_half_width:.2f}. A model of {self.parameters} parameters needs about "
            f"{self.needed_for_slope} patients to shrink by no more than a tenth; the share of responders is known to "
            f"±0.05 with {self.needed_for_prevalence} patients."
        )


def sample_size(patients: int, responders: int, parameters: int, expected_r2: float = 0.15) -> SampleSize:
    """Statement for a cohort; ``expected_r2`` is the Cox-Snell R2 hoped for (0.15 is typical of an AUC of 0.72)."""
    prevalence = responders / patients
    needed = parameters / ((0.9 - 1) * np.log(1 - expected_r2 / 0.9))
    return SampleSize(
        patients,
        responders,
        parameters,
        1.96 * hanley_mcneil_error(0.75, responders, patients - responders),
        int(np.ceil(needed)),
        int(np.ceil(1.96**2 * prevalence * (1 - prevalence) / 0.05**2)),
    )


def hanley_mcneil_error(auc: float, positive: int, negative: int) -> float:
    """Standard error of an AUC expected before the patients are seen (Hanley and McNeil 1982)."""
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (positive - 1) * (q1 - auc**2) + (negative - 1) * (q2 - auc**2)
    return float(np.sqrt(variance / (positive * negative)))
