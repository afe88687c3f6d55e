"""Overlap of the patients tested with the training patients, found without naming any in the bundle."""

from __future__ import annotations

import hashlib

import numpy as np

from ..models import ModelBundle
from .study_data import StudyData

_MARK_DIGITS = 16


def patient_marks(features: np.ndarray) -> list[str]:
    """A mark of each row of features (n, p), the beginning of its hash; the same images and VOI give the same mark.

    Features do not identify a patient, as identifiers would, and two patients never share all of them.
    """
    return [
        hashlib.sha256(np.ascontiguousarray(row, dtype=float).tobytes()).hexdigest()[:_MARK_DIGITS] for row in features
    ]


def check_no_overlap(data: StudyData, features: np.ndarray | None, bundle: ModelBundle) -> None:
    """Raise ValueError if the bundle was trained on any of these patients, naming one of them.

    ``features`` (n, p) are in the order of the model, None if it needs none: then only a whole cohort is noticed.
    """
    if data.sha256() == bundle.provenance.get("cohort_sha256"):
        raise ValueError(
            f"These are the training patients of the model {bundle.name}; evaluate it on others, or use tace-response "
            "study."
        )
    if features is None:
        return
    known = set(bundle.provenance.get("patient_marks", []))
    shared = [
        case.key.patient_id for case, mark in zip(data.cases, patient_marks(features), strict=True) if mark in known
    ]
    if shared:
        raise ValueError(
            f"{len(shared)} of {len(data.cases)} patients, such as {shared[0]}, have exactly the features of training "
            f"patients of the model {bundle.name}; leave them out and evaluate the model on others."
        )


def recalibration_remarks(data: StudyData, bundle: ModelBundle) -> list[str]:
    """A warning if the bundle was recalibrated on exactly these patients."""
    cohorts = {step["recalibration"]["cohort_sha256"] for step in bundle.provenance.get("lineage", [])}
    if data.sha256() not in cohorts:
        return []
    return ["The model was recalibrated on these very patients: its calibration here is optimistic, its AUC is not."]
