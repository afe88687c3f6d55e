"""Who a phantom is: outcome, latent response, clinical facts, and what of them the images will show."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .random_streams import Purpose, random_stream
from .table1 import PREVALENCE, Table1Draw, draw_table1

LATENT_SHIFT = 1.4656
"""Distance between the means of the latent response of OR and NOR, in its standard deviations: the best that images
could ever do is AUC = Phi(shift / sqrt 2) = 0.850."""

ORACLE_AUC = 0.5 * (1 + math.erf(LATENT_SHIFT / 2))

_MRECIST = {True: (("CR", "PR"), (0.35, 0.65)), False: (("SD", "PD"), (0.6, 0.4))}


@dataclass(frozen=True)
class PatientTruth:
    """What is known of a phantom by construction.

    ``latent_response`` is normal with standard deviation 1 around +-`LATENT_SHIFT` / 2. A lesion that will respond
    enhances more and is more even: ``heterogeneity`` is the standard deviation of its texture relative to its signal,
    ``arterial_enhancement`` its arterial signal over the liver's, ``necrotic_share`` the share of its volume.
    """

    patient_id: str
    objective_response: bool
    mrecist: str
    latent_response: float
    heterogeneity: float
    arterial_enhancement: float
    washout: float
    necrotic_share: float
    has_capsule: bool
    facts: Table1Draw


def draw_truth(seed: int, index: int) -> PatientTruth:
    """The patient number ``index`` (from 0) of a seed; the same in a cohort of any size."""
    rng = random_stream(seed, index, Purpose.RECORD)
    response = bool(rng.random() < PREVALENCE)
    within = rng.standard_normal()
    latent = within + (LATENT_SHIFT / 2 if response else -LATENT_SHIFT / 2)
    # Uneven lesions have the rougher margin, but not more often than Table 1 says of their outcome.
    margin_quantile = 0.5 * (1 + math.erf(-within / math.sqrt(2)))
    facts = draw_table1(rng, response, margin_quantile)
    names, shares = _MRECIST[response]
    return PatientTruth(
        patient_id=f"PHANTOM-{index + 1:04d}",
        objective_response=response,
        mrecist=str(rng.choice(names, p=shares)),
        latent_response=float(latent),
        heterogeneity=float(0.13 * math.exp(-0.32 * latent + 0.08 * rng.standard_normal())),
        arterial_enhancement=float(1.55 + 0.10 * latent + 0.08 * rng.standard_normal()),
        washout=float(np.clip(0.86 + 0.05 * rng.standard_normal(), 0.7, 1.0)),
        necrotic_share=float(np.clip(0.10 - 0.05 * latent + 0.05 * rng.standard_normal(), 0.0, 0.35)),
        has_capsule=bool(rng.random() < 0.6),
        facts=facts,
    )
