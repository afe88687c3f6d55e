"""Cohorts of numbers without images: hundreds in a second, for testing what statistics claim.

Within an outcome, the latent response is normal; some features measure it with error, others are correlated noise in
blocks, as radiomic features are. Facts follow Table 1 and do not depend on the images within outcome.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..models.published_clinical import FACT_COUNTS
from .table1 import PREVALENCE, share
from .truth import LATENT_SHIFT

_BLOCK = 8
_BLOCK_CORRELATION = 0.7


@dataclass(frozen=True, eq=False)
class SimulatedCohort:
    """``features`` (n, p), ``facts`` (n, 4) in the order of `published_clinical.FACT_COUNTS`,
    ``outcome`` (n,); bool."""

    features: np.ndarray
    facts: np.ndarray
    outcome: np.ndarray


def simulate_cohort(
    patient_count: int,
    rng: np.random.Generator,
    feature_count: int = 440,
    informative_count: int = 12,
    reliability: float = 0.3,
    latent_shift: float = LATENT_SHIFT,
) -> SimulatedCohort:
    """Draw patients.

    Parameters
    ----------
    patient_count, feature_count, informative_count : int
        The first ``informative_count`` features measure the latent response.
    rng : numpy Generator
    reliability : float
        Share of an informative feature's variance within outcome that is the latent response, 0-1.
    latent_shift : float
        Distance of the outcomes' means in standard deviations of the latent response; 0 makes pure noise.
    """
    outcome = rng.random(patient_count) < PREVALENCE
    latent = rng.standard_normal(patient_count) + latent_shift * (outcome - 0.5)
    features = rng.standard_normal((patient_count, feature_count))
    blocks = rng.standard_normal((patient_count, -(-feature_count // _BLOCK)))
    shared = np.repeat(blocks, _BLOCK, axis=1)[:, :feature_count]
    noise = features * math.sqrt(1 - _BLOCK_CORRELATION) + shared * math.sqrt(_BLOCK_CORRELATION)
    informative = slice(0, informative_count)
    own = features[:, informative]
    noise[:, informative] = math.sqrt(reliability) * latent[:, None] + math.sqrt(1 - reliability) * own
    shares = np.array([[share(fact, response) for fact in FACT_COUNTS] for response in (False, True)])
    facts = rng.random((patient_count, len(FACT_COUNTS))) < shares[outcome.astype(int)]
    return SimulatedCohort(noise, facts, outcome)


def attainable_auc(informative_count: int = 12, reliability: float = 0.3, latent_shift: float = LATENT_SHIFT) -> float:
    """AUC of the best rule on the features alone, that of a linear discriminant with known parameters.

    Mahalanobis distance squared = shift^2 k r / (1 - r + k r) for k features of reliability r; AUC = Phi(distance /
    sqrt 2).
    """
    total = informative_count * reliability
    distance = latent_shift * math.sqrt(total / (1 - reliability + total))
    return 0.5 * (1 + math.erf(distance / 2))
