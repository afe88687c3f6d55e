"""Overlap of the patients tested with the training patients, found without naming any in the bundle."""

from __future__ import annotations

import hashlib

import numpy as np

from ..models import ModelBundle
from .study_data import StudyData

_MARKED = 8
"""Features of a patient that are marked."""

_ENOUGH = 0.75
"""Share of the marks that must fit: a value on the edge of rounding hides nobody."""

_SIGNIFICANT_DIGITS = 9
"""The last digits differ between versions of a library and between processors."""

_EXACT_MARK_DIGITS = 16
"""Length of a mark of models made before 2026-11-29: one hash of all features to the last bit."""


def patient_marks(features: np.ndarray) -> list[str]:
    """Marks of each row of features (n, p): hashes of some of its rounded values, joined by hyphens.

    The same images and VOI give the same marks but for a few on the edge of rounding. Features do not identify a
    patient, as identifiers would, and two patients never share most of them.
    """
    columns = np.unique(np.linspace(0, features.shape[1] - 1, _MARKED).round().astype(int))
    return [
        "-".join(_hash(f"{c}:{row[c]:.{_SIGNIFICANT_DIGITS - 1}e}".encode())[:8] for c in columns) for row in features
    ]


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _fits(mark: str, known: str) -> bool:
    own, other = mark.split("-"), known.split("-")
    return len(own) == len(other) and sum(map(str.__eq__, own, other)) >= _ENOUGH * len(own)


def _trained_on(features: np.ndarray, bundle: ModelBundle) -> list[bool]:
    """Whether each row is a training patient's."""
    known = bundle.provenance.get("patient_marks", [])
    exact = [_hash(np.ascontiguousarray(row, dtype=float).tobytes())[:_EXACT_MARK_DIGITS] for row in features]
    marks = patient_marks(features)
    return [old in known or any(_fits(mark, one) for one in known) for old, mark in zip(exact, marks, strict=True)]


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
    found = zip(data.cases, _trained_on(features, bundle), strict=True)
    shared = [case.key.patient_id for case, is_known in found if is_known]
    if shared:
        raise ValueError(
            f"{len(shared)} of {len(data.cases)} patients, such as {shared[0]}, have the features of training "
            f"patients of the model {bundle.name}; leave them out and evaluate the model on others."
        )


def recalibration_remarks(data: StudyData, bundle: ModelBundle) -> list[str]:
    """A warning if the bundle was recalibrated on exactly these patients."""
    cohorts = {step["recalibration"]["cohort_sha256"] for step in bundle.provenance.get("lineage", [])}
    if data.sha256() not in cohorts:
        return []
    return ["The model was recalibrated on these very patients: its calibration here is optimistic, its AUC is not."]
