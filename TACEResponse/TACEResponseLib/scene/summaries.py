"""What the panel shows of volumes and VOIs while they are drawn: size, problems, warnings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import slicer

from ..cohort import ArraySource, CaseKey, ImageGeometry
from ..imaging import Voi, canonical_voi, check_between_sequences, largest_in_plane_diameter_mm, volume_ml
from ..imaging.bounding_box import bounding_box
from ..imaging.input_checks import check_drawing
from ..imaging.mask_geometry import paste_mask
from .segmentations import croppedToVoi, isUnchecked, segmentArray
from .volumes import contentDigest, volumeGeometry, volumeTags

_NOT_OF_THE_PANEL = ("same_image",)
"""Here the VOI stands for its image, so that this warning would say nothing."""


@dataclass(frozen=True, eq=False)
class VoiSummary:
    """One VOI; ``voi`` is None and the numbers 0 if there is none that could be measured, then ``problem`` says why."""

    content: str
    volumeMl: float = 0.0
    diameterMm: float = 0.0
    isUnchecked: bool = False
    problem: str | None = None
    warnings: tuple[str, ...] = ()
    voi: Voi | None = None


def summariseVoi(
    sequence: str, volumeNode: slicer.vtkMRMLVolumeNode, segmentationNode: slicer.vtkMRMLSegmentationNode
) -> VoiSummary:
    """Measure a VOI on its native voxels and check that it lies on the volume's voxel grid."""
    try:
        mask, geometry = croppedToVoi(*segmentArray(segmentationNode))
        content = contentDigest(mask, geometry)
        unchecked = isUnchecked(segmentationNode, content)
    except ValueError as error:
        return VoiSummary("", problem=str(error))
    try:
        shape = volumeNode.GetImageData().GetDimensions()[::-1] if volumeNode.GetImageData() else (0, 0, 0)
        box = bounding_box(paste_mask(mask, geometry, shape, volumeGeometry(volumeNode)))
        voi = _voiAlone(sequence, mask, geometry, volumeNode)
        warnings = [warning.text for warning in check_drawing(voi)]
        volume, diameter = volume_ml(voi), largest_in_plane_diameter_mm(voi)
    except ValueError as error:
        return VoiSummary(content, isUnchecked=unchecked, problem=str(error))
    if any(part.start == 0 or part.stop == size for part, size in zip(box, shape, strict=True)):
        warnings.append("It touches the border of the image; the lesion may continue outside it.")
    drawnOn = segmentationNode.GetNodeReference(segmentationNode.GetReferenceImageGeometryReferenceRole())
    if drawnOn is not None and drawnOn is not volumeNode:
        warnings.append(f"It was drawn on {drawnOn.GetName()}; check that it matches this image.")
    return VoiSummary(content, volume, diameter, unchecked, None, tuple(warnings), voi)


def summariseBetween(summaries: Mapping[str, VoiSummary]) -> tuple[str, ...]:
    """Warnings between the VOIs that are there (clinical.md, "Which lesion"); refusals are the panel's own to show."""
    vois = {sequence: summary.voi for sequence, summary in summaries.items() if summary.voi is not None}
    if len(vois) < 2:
        return ()
    try:
        warnings = check_between_sequences(CaseKey("here"), vois)
    except ValueError:
        return ()
    return tuple(warning.text for warning in warnings if warning.code not in _NOT_OF_THE_PANEL)


def _voiAlone(sequence: str, mask: np.ndarray, geometry: ImageGeometry, volumeNode: slicer.vtkMRMLVolumeNode) -> Voi:
    """The VOI in canonical form without its image, whose place the mask takes."""
    tags = volumeTags(volumeNode)
    source = ArraySource(mask, mask, geometry.spacing_mm, geometry.origin_mm, geometry.direction, tags=tags)
    return canonical_voi(sequence, source)
