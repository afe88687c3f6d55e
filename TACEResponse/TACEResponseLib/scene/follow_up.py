"""After TACE: viable diameters measured with line markups, and the patient's row in the site's own cohort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import slicer

from ..batch.extract_job import FEATURES_FILE
from ..cohort import (
    Case,
    CaseKey,
    ClinicalRecord,
    is_objective_response,
    mrecist_category,
    read_manifest,
    write_manifest,
)
from ..features import FeatureVector, append_to_feature_table

COHORT_FILE = "cohort.csv"


def addLine(name: str) -> slicer.vtkMRMLMarkupsLineNode:
    """A new line markup in which the diameter is to be drawn."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsLineNode", name)
    node.CreateDefaultDisplayNodes()
    return node


def sumOfDiametersMm(lines: Sequence[slicer.vtkMRMLMarkupsLineNode]) -> float:
    """Sum of the lengths of the lines that have both ends. Raises ValueError naming one that has not."""
    for line in lines:
        if line.GetNumberOfControlPoints() < 2:
            raise ValueError(f"The line {line.GetName()} has no second end; place it or delete the line.")
    return float(sum(line.GetLineLengthWorld() for line in lines))


def followUpSumMm(lines: Sequence[slicer.vtkMRMLMarkupsLineNode], nothingViable: bool) -> float:
    """The sum after TACE; 0 only if the reader says that nothing viable is left.

    Raises ValueError if nothing was measured and nothing was said, or if both contradict each other.
    """
    if lines and nothingViable:
        raise ValueError("Viable tumour was measured after TACE; untick that none is left, or delete the lines.")
    if not lines and not nothingViable:
        raise ValueError("Measure the viable diameters after TACE, or tick that no viable tumour is left.")
    return sumOfDiametersMm(lines)


def responseRow(
    key: CaseKey,
    clinical: ClinicalRecord,
    baselineMm: float,
    followUpMm: float,
    smallestMm: float | None = None,
    newLesion: bool = False,
    nonTarget: str | None = None,
) -> Case:
    """The patient's row of a cohort table: facts, diameters and the mRECIST category that follows from them."""
    category = mrecist_category(baselineMm, followUpMm, smallestMm, newLesion, nonTarget)
    # Not rounded: the category must follow from the diameters again when the table is read.
    columns = {"baseline_mm": f"{baselineMm:.12g}", "follow_up_mm": f"{followUpMm:.12g}"}
    if smallestMm is not None:
        columns["smallest_mm"] = f"{smallestMm:.12g}"
    if newLesion:
        columns["new_lesion"] = "yes"
    if nonTarget is not None:
        columns["non_target"] = nonTarget
    return Case(
        key=key,
        clinical=clinical,
        objective_response=is_objective_response(category),
        mrecist={"": category},
        columns=columns,
    )


def addToCohort(folder: Path, row: Case, features: FeatureVector | None) -> int:
    """Append the patient to ``cohort.csv`` and ``features.csv`` of a folder; both are made if they are not there.

    Returns the number of patients then. Raises ValueError if the case is in it already, or if its features were made
    with other settings than the others', or if a table cannot be read or written; the cohort then is as it was.
    """
    path = folder / COHORT_FILE
    cases = read_manifest(path) if path.exists() else []
    if any(case.key == row.key for case in cases):
        raise ValueError(f"{row.key.label} is in {path.name} already; remove that row first, or give another session.")
    if features is not None:
        append_to_feature_table(folder / FEATURES_FILE, features)
    write_manifest(path, [*cases, replace(row, sources={})])
    return len(cases) + 1
