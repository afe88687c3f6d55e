"""After TACE: viable diameters measured with line markups, and the patient's row in the site's own cohort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import slicer

from ..cohort import (
    Case,
    CaseKey,
    ClinicalRecord,
    is_objective_response,
    mrecist_category,
    read_manifest,
    replace_file,
    write_manifest,
)
from ..features import FeatureVector, append_to_feature_table, provenance_path
from ..workflow import FEATURES_FILE
from .volumes import checkNoTransform

COHORT_FILE = "cohort.csv"


class UnfinishedLineError(ValueError):
    """A line that lacks an end."""


def addLine(name: str) -> slicer.vtkMRMLMarkupsLineNode:
    """A new line markup in which the diameter is to be drawn."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsLineNode", name)
    node.CreateDefaultDisplayNodes()
    return node


def sumOfDiametersMm(lines: Sequence[slicer.vtkMRMLMarkupsLineNode]) -> float:
    """Sum of the lengths of the lines.

    Raises ValueError naming one that is transformed, and `UnfinishedLineError` one without two ends or of length 0.
    """
    for line in lines:
        checkNoTransform(line, "line")
        # Of the ends that are placed: one that was unset still counts as a control point.
        if line.GetNumberOfDefinedControlPoints() < 2 or not line.GetLineLengthWorld() > 0:
            raise UnfinishedLineError(f"The line {line.GetName()} has no second end; place it or delete the line.")
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
    tumourCount: int | None = None,
    lesionDiameterMm: float | None = None,
) -> Case:
    """The patient's row of a cohort table: facts, diameters and the mRECIST category that follows from them.

    ``tumourCount`` and ``lesionDiameterMm``, the largest diameter of the VOI, are for the cohort's description.
    """
    category = mrecist_category(baselineMm, followUpMm, smallestMm, newLesion, nonTarget)
    # Not rounded: the category must follow from the diameters again when the table is read.
    columns = {"baseline_mm": f"{baselineMm:.12g}", "follow_up_mm": f"{followUpMm:.12g}"}
    if smallestMm is not None:
        columns["smallest_mm"] = f"{smallestMm:.12g}"
    if newLesion:
        columns["new_lesion"] = "yes"
    if nonTarget is not None:
        columns["non_target"] = nonTarget
    if tumourCount is not None:
        columns["tumour_count"] = str(tumourCount)
    if lesionDiameterMm is not None:
        columns["lesion_diameter_mm"] = f"{lesionDiameterMm:.1f}"
    return Case(
        key=key,
        clinical=clinical,
        objective_response=is_objective_response(category),
        mrecist={"": category},
        columns=columns,
    )


def addToCohort(folder: Path, row: Case, features: FeatureVector | None) -> int:
    """Append the patient to ``cohort.csv`` and ``features.csv`` of a folder; both are made if they are not there.

    Returns the number of patients then. Raises ValueError if the case is in it already, if the features are another
    case's or were made with other settings than the others', or if a table cannot be read or written; the cohort then
    is as it was.
    """
    if features is not None and features.key != row.key:
        raise ValueError(f"The features are those of {features.key}, the row is of {row.key}; predict again.")
    path = folder / COHORT_FILE
    cases = read_manifest(path) if path.exists() else []
    if any(case.key == row.key for case in cases):
        raise ValueError(f"{row.key.label} is in {path.name} already; remove that row first, or give another session.")
    table = folder / FEATURES_FILE
    before = {file: file.read_bytes() if file.exists() else None for file in (table, provenance_path(table))}
    try:
        if features is not None:
            append_to_feature_table(table, features)
        write_manifest(path, [*cases, replace(row, sources={})])
    except ValueError:
        for file, content in before.items():
            _restore(file, content)
        raise
    return len(cases) + 1


def _restore(file: Path, content: bytes | None) -> None:
    """Put a file back as it was, if it was changed."""
    if content is None:
        if file.exists():
            file.unlink()
    elif file.read_bytes() != content:
        replace_file(file, content)
