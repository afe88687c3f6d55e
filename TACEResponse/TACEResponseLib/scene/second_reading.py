"""A VOI drawn again: what it changes, and the nodes by which a second reader is blinded and both are seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import slicer

from ..features import FeatureVector
from ..imaging import CaseImages
from ..models import ModelBundle
from ..prediction import Prediction
from ..repeatability import Overlap, overlap
from .display import BLINDED, hideNodes
from .segmentations import createVoi, drawnBy, tumourSegmentId

MOVED_SD = 0.5
"""A feature has moved if it differs by more than this share of its standard deviation in training."""

SECOND_COLOUR = (0.2, 0.75, 0.95)

Predicted = tuple[Prediction, CaseImages, FeatureVector]


@dataclass(frozen=True, eq=False)
class SecondReading:
    """Two drawings of one sequence compared.

    ``moved`` are the features that differ by more than `MOVED_SD` training standard deviations, with the signed
    difference in these (second minus first), the largest first; ``judged`` is the number of features whose standard
    deviation the model knows. ``first`` and ``second`` are the predictions with either drawing.
    """

    overlap: Overlap
    moved: tuple[tuple[str, float], ...]
    judged: int
    first: Prediction
    second: Prediction


def compareReadings(sequence: str, first: Predicted, second: Predicted, bundle: ModelBundle) -> SecondReading:
    """Compare two predictions that differ in the VOI of one sequence; plain data, no node is touched.

    Raises ValueError for VOIs on different voxel grids.
    """
    (prediction, images, features), (otherPrediction, otherImages, otherFeatures) = first, second
    agreement = overlap(images.vois[sequence], otherImages.vois[sequence], (images.key, otherImages.key))
    deviations = trainingDeviations(bundle)
    values, others = (dict(zip(one.names, one.values, strict=True)) for one in (features, otherFeatures))
    judged = [name for name in features.names if name in deviations and name.startswith(f"{sequence}_")]
    shifts = {name: (others[name] - values[name]) / deviations[name] for name in judged}
    moved = sorted(
        ((name, shift) for name, shift in shifts.items() if abs(shift) > MOVED_SD), key=lambda one: -abs(one[1])
    )
    return SecondReading(agreement, tuple(moved), len(judged), prediction, otherPrediction)


def trainingDeviations(bundle: ModelBundle) -> dict[str, float]:
    """Standard deviation of each feature in training, where the model's scores scale by it and it is not constant."""
    deviations: dict[str, float] = {}
    for model in bundle.scores.values():
        arrays = model.to_arrays()
        if "scale" not in arrays:
            continue
        scale = np.atleast_2d(arrays["scale"])
        columns = np.atleast_2d(arrays["columns"]) if "columns" in arrays else np.arange(scale.shape[1])[None]
        for member, values in enumerate(scale):
            for column, value in zip(columns[min(member, len(columns) - 1)], values, strict=True):
                deviations.setdefault(bundle.feature_names[int(column)], float(value))
    low, high = bundle.feature_minimum, bundle.feature_maximum
    constant = {name for name, least, most in zip(bundle.feature_names, low, high, strict=True) if least == most}
    return {name: value for name, value in deviations.items() if name not in constant and value > 0}


def beginSecondReading(
    volumeNode: slicer.vtkMRMLVolumeNode, sequence: str, reader: str, session: str
) -> slicer.vtkMRMLSegmentationNode:
    """An empty VOI for the same volume, in another colour."""
    node = createVoi(volumeNode, sequence, reader, session)
    node.SetName(f"VOI {sequence}, reader {reader}, session {session}")
    node.GetSegmentation().GetSegment(tumourSegmentId(node)).SetColor(*SECOND_COLOUR)
    return node


def hideOtherVois(shown: slicer.vtkMRMLSegmentationNode, others: Iterable[slicer.vtkMRMLDisplayableNode] = ()) -> None:
    """Hide every VOI of another reader or session than that of ``shown``, and what else shows the lesion.

    ``others`` are the case's first VOIs, whatever they state, and the lines that measure it. `showHidden` of `BLINDED`
    shows all of them again.
    """
    vois = [node for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode") if node is not shown]
    hideNodes([*(node for node in vois if drawnBy(node) != drawnBy(shown)), *others], BLINDED)


def showOutlines(nodes: list[slicer.vtkMRMLSegmentationNode]) -> None:
    """Show VOIs as outlines over the image, so that both are seen."""
    for node in nodes:
        display = node.GetDisplayNode()
        if display is not None:
            display.SetVisibility(True)
            display.SetVisibility2DFill(False)
            display.SetVisibility2DOutline(True)
            display.SetSliceIntersectionThickness(2)
