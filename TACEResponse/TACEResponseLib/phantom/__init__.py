"""Synthetic patients with known truth, for demonstrations and tests; never clinical data."""

from .feature_level import SimulatedCohort, attainable_auc, simulate_cohort
from .patient import PhantomPatient, make_patient
from .truth import LATENT_SHIFT, ORACLE_AUC, PatientTruth
from .write_cohort import write_cohort

__all__ = [
    "LATENT_SHIFT",
    "ORACLE_AUC",
    "PatientTruth",
    "PhantomPatient",
    "SimulatedCohort",
    "attainable_auc",
    "make_patient",
    "simulate_cohort",
    "write_cohort",
]
