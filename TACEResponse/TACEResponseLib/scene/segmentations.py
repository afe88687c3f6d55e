"""The tumour's segment as an array on its own voxel grid, and VOIs that are made, copied and shifted."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import slicer

from ..cohort import ImageGeometry
from ..imaging.bounding_box import bounding_box
from .volumes import checkNoTransform, contentDigest, geometryOfMatrix, volumeArray, volumeGeometry

TUMOUR_NAME = "Tumour"

NEOPLASM_CODE = "108369006"

TUMOUR_TERMINOLOGY = (
    "Segmentation category and type - 3D Slicer General Anatomy list~SCT^49755003^Morphologically Altered Structure"
    f"~SCT^{NEOPLASM_CODE}^Neoplasm~^^~Anatomic codes - DICOM master list~SCT^10200004^Liver~^^"
)
"""Neoplasm, liver."""

TUMOUR_COLOUR = (0.9, 0.75, 0.2)

FILL_OPACITY = 0.2

READER_TAG, SESSION_TAG = "Reader", "Session"

COPIED_TAG = "TACEResponse.Copied"
"""Tag of a segment that was copied from another sequence: which one, and the digest of what was copied."""

_PARALLEL_TOLERANCE = 1e-9
_OUTSIDE = "a part of the VOI lies outside the image of the other sequence; draw it there."
_BETWEEN = "no voxel of the other sequence lies in the VOI; draw it there."


class EmptyVoiError(ValueError):
    """A VOI in which nothing is drawn."""


def segmentArray(
    segmentationNode: slicer.vtkMRMLSegmentationNode, segmentId: str | None = None
) -> tuple[np.ndarray, ImageGeometry]:
    """The tumour's voxels (K, J, I) as bool and their voxel grid: the labelmap's own, nothing is resampled.

    ``arrayFromSegmentBinaryLabelmap`` would resample to the reference geometry in silence. Raises ValueError for no or
    several segments, an empty one, a segmentation that is not drawn as voxels, or one under a transform.
    """
    from vtk.util.numpy_support import vtk_to_numpy

    checkNoTransform(segmentationNode, "segmentation")
    segmentId = segmentId or tumourSegmentId(segmentationNode)
    segmentation = segmentationNode.GetSegmentation()
    if segmentation.GetSourceRepresentationName() != _binaryLabelmapName():
        raise ValueError(
            f"the segmentation {segmentationNode.GetName()} is stored as "
            f"{segmentation.GetSourceRepresentationName() or 'nothing'}; make the binary labelmap its source "
            "(module Segmentations, Representations)."
        )
    labelmap = segmentationNode.GetBinaryLabelmapInternalRepresentation(segmentId)
    if labelmap is None or 0 in labelmap.GetDimensions():
        raise EmptyVoiError(f"the segmentation {segmentationNode.GetName()} is empty; draw the lesion.")
    scalars = vtk_to_numpy(labelmap.GetPointData().GetScalars()).reshape(labelmap.GetDimensions()[::-1])
    mask = scalars == segmentation.GetSegment(segmentId).GetLabelValue()
    if not mask.any():
        raise EmptyVoiError(f"the segmentation {segmentationNode.GetName()} is empty; draw the lesion.")
    return mask, _labelmapGeometry(labelmap)


def tumourSegmentId(segmentationNode: slicer.vtkMRMLSegmentationNode) -> str:
    """The only segment, or the only one that is called Tumour or has the terminology neoplasm.

    Raises ValueError with the segments' names if there is none or it cannot be told.
    """
    segmentation = segmentationNode.GetSegmentation()
    segmentIds = [segmentation.GetNthSegmentID(number) for number in range(segmentation.GetNumberOfSegments())]
    if not segmentIds:
        raise ValueError(f"the segmentation {segmentationNode.GetName()} has no segment; draw the lesion.")
    if len(segmentIds) == 1:
        return segmentIds[0]
    tumours = [segmentId for segmentId in segmentIds if _isTumour(segmentation.GetSegment(segmentId))]
    if len(tumours) != 1:
        names = ", ".join(segmentation.GetSegment(segmentId).GetName() for segmentId in segmentIds)
        raise ValueError(
            f"the segmentation {segmentationNode.GetName()} has several segments ({names}), and which is the tumour "
            f"cannot be told; keep one, or call the one {TUMOUR_NAME}."
        )
    return tumours[0]


def voiDigest(segmentationNode: slicer.vtkMRMLSegmentationNode) -> str:
    """Equal for equal labelled voxels in equal places, whatever the labelmap's extent. Raises as `segmentArray`."""
    return contentDigest(*croppedToVoi(*segmentArray(segmentationNode)))


def voiCentre(segmentationNode: slicer.vtkMRMLSegmentationNode) -> tuple[float, float, float] | None:
    """Centre (RAS, mm) of the voxel of the tumour that is nearest to its middle; None where nothing is drawn."""
    try:
        mask, geometry = croppedToVoi(*segmentArray(segmentationNode))
    except ValueError:
        return None
    axes = np.reshape(geometry.direction, (3, 3)) * geometry.spacing_mm
    count = np.count_nonzero(mask)
    middle = [
        mask.sum(axis=tuple(other for other in range(3) if other != axis)) @ np.arange(length) / count
        for axis, length in enumerate(mask.shape)
    ]
    index = np.rint(middle).astype(int)
    if not mask[tuple(index)]:
        labelled = np.argwhere(mask)
        index = labelled[np.linalg.norm((labelled - middle) @ axes[:, ::-1].T, axis=1).argmin()]
    left, posterior, superior = (axes @ index[::-1] + geometry.origin_mm).tolist()
    return -left, -posterior, superior


def croppedToVoi(mask: np.ndarray, geometry: ImageGeometry) -> tuple[np.ndarray, ImageGeometry]:
    """The box of the labelled voxels and its voxel grid."""
    box = bounding_box(mask)
    axes = np.reshape(geometry.direction, (3, 3)) * geometry.spacing_mm
    origin = np.add(geometry.origin_mm, axes @ [part.start for part in reversed(box)])
    return mask[box], ImageGeometry(geometry.spacing_mm, tuple(origin.tolist()), geometry.direction)


def createVoi(
    volumeNode: slicer.vtkMRMLVolumeNode, sequence: str, reader: str = "1", session: str = "1"
) -> slicer.vtkMRMLSegmentationNode:
    """An empty segmentation for one sequence with that volume as its reference geometry."""
    volumeGeometry(volumeNode)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", f"VOI {sequence}")
    node.CreateDefaultDisplayNodes()
    # What is drawn must be seen through the drawing.
    node.GetDisplayNode().SetOpacity2DFill(FILL_OPACITY)
    node.SetReferenceImageGeometryParameterFromVolumeNode(volumeNode)
    segment = slicer.vtkSegment()
    segment.SetName(TUMOUR_NAME)
    segment.SetColor(*TUMOUR_COLOUR)
    segment.SetTag(slicer.vtkSegment.GetTerminologyEntryTagName(), TUMOUR_TERMINOLOGY)
    segment.SetTag(READER_TAG, reader.strip())
    segment.SetTag(SESSION_TAG, session.strip())
    node.GetSegmentation().AddSegment(segment, TUMOUR_NAME)
    return node


def isEmptyVoi(segmentationNode: slicer.vtkMRMLSegmentationNode) -> bool:
    """Nothing was drawn yet, so that nothing is lost by filling it.

    Raises ValueError, as `segmentArray`, for one of which that cannot be told.
    """
    try:
        segmentArray(segmentationNode)
    except EmptyVoiError:
        return True
    return False


def showVoi(segmentationNode: slicer.vtkMRMLSegmentationNode) -> None:
    """Make the tumour's segment visible: nobody draws what is not seen."""
    display = segmentationNode.GetDisplayNode()
    if display is not None:
        display.SetVisibility(True)
        display.SetSegmentVisibility(tumourSegmentId(segmentationNode), True)


def setVoiArray(
    segmentationNode: slicer.vtkMRMLSegmentationNode, volumeNode: slicer.vtkMRMLVolumeNode, mask: np.ndarray
) -> None:
    """Replace the tumour's voxels by a mask on the volume's voxel grid."""
    segmentationNode.SetReferenceImageGeometryParameterFromVolumeNode(volumeNode)
    slicer.util.updateSegmentBinaryLabelmapFromArray(
        mask.astype(np.uint8), segmentationNode, tumourSegmentId(segmentationNode), volumeNode
    )


def copyVoi(
    source: slicer.vtkMRMLSegmentationNode,
    target: slicer.vtkMRMLSegmentationNode,
    targetVolume: slicer.vtkMRMLVolumeNode,
    sourceSequence: str,
) -> None:
    """Copy a VOI to another sequence, at the same place in the patient; it is unchecked until edited or confirmed.

    Raises ValueError if no voxel of the target lies in it, or if any of it lies outside the target's image.
    """
    shape = volumeArray(targetVolume).shape
    mask = maskOnGeometry(*segmentArray(source), shape, volumeGeometry(targetVolume))
    setVoiArray(target, targetVolume, mask)
    setTag(target, COPIED_TAG, f"{sourceSequence} {voiDigest(target)}")


def isUnchecked(segmentationNode: slicer.vtkMRMLSegmentationNode, content: str) -> bool:
    """Whether the VOI, whose digest is ``content``, is still what was copied: neither edited nor confirmed."""
    copied = tag(segmentationNode, COPIED_TAG)
    return copied is not None and copied.endswith(f" {content}")


def confirmVoi(segmentationNode: slicer.vtkMRMLSegmentationNode) -> None:
    """The reader says that a copied VOI fits as it is."""
    setTag(segmentationNode, COPIED_TAG, None)


def shiftVoi(
    segmentationNode: slicer.vtkMRMLSegmentationNode,
    volumeNode: slicer.vtkMRMLVolumeNode,
    shiftLpsMm: tuple[float, float, float],
) -> tuple[float, float, float]:
    """Move the whole VOI by the nearest whole number of voxels.

    Returns the shift that was made, LPS in mm. Raises ValueError if the VOI would leave the image.
    """
    from ..imaging.mask_geometry import paste_mask

    mask, geometry = segmentArray(segmentationNode)
    axes = np.reshape(geometry.direction, (3, 3)) * geometry.spacing_mm
    made = axes @ np.rint(np.linalg.solve(axes, shiftLpsMm))
    moved = ImageGeometry(geometry.spacing_mm, tuple(np.add(geometry.origin_mm, made).tolist()), geometry.direction)
    image = volumeArray(volumeNode)
    setVoiArray(segmentationNode, volumeNode, paste_mask(mask, moved, image.shape, volumeGeometry(volumeNode)))
    return tuple(made.tolist())


def maskOnGeometry(
    mask: np.ndarray, geometry: ImageGeometry, shape: tuple[int, int, int], target: ImageGeometry
) -> np.ndarray:
    """A mask on another voxel grid: voxels (K, J, I) whose centres lie in a labelled voxel; on its edge, in either.

    Raises ValueError if there are none, or if a labelled voxel's centre lies outside the target.
    """
    axes = np.reshape(geometry.direction, (3, 3)) * geometry.spacing_mm
    targetAxes = np.reshape(target.direction, (3, 3)) * target.spacing_mm
    toSource = np.linalg.solve(axes, targetAxes)
    if np.allclose(toSource, np.diag(np.diag(toSource)), atol=_PARALLEL_TOLERANCE) and (np.diag(toSource) > 0).all():
        firstInSource = np.linalg.solve(axes, np.subtract(target.origin_mm, geometry.origin_mm))
        return _maskOnParallelGeometry(mask, shape, firstInSource, np.diag(toSource))
    centres = np.argwhere(mask)[:, ::-1] @ axes.T + geometry.origin_mm
    indices = np.linalg.solve(targetAxes, (centres - target.origin_mm).T).T
    if (indices < -0.5).any() or (indices > np.array(shape[::-1]) - 0.5).any():
        raise ValueError(_OUTSIDE)
    first = np.floor(indices.min(axis=0) - _reach(axes, targetAxes)).astype(int).clip(0)
    last = np.minimum(np.ceil(indices.max(axis=0) + _reach(axes, targetAxes)).astype(int) + 1, shape[::-1])
    places = np.stack(np.meshgrid(*map(np.arange, first, last), indexing="ij"), axis=-1).reshape(-1, 3)
    points = places @ targetAxes.T + target.origin_mm
    inSource = np.floor(np.linalg.solve(axes, (points - geometry.origin_mm).T).T + 0.5).astype(int)[:, ::-1]
    inside = ((inSource >= 0) & (inSource < mask.shape)).all(axis=1)
    labelled = places[inside][mask[tuple(inSource[inside].T)]]
    if not len(labelled):
        raise ValueError(_BETWEEN)
    result = np.zeros(shape, bool)
    result[tuple(labelled[:, ::-1].T)] = True
    return result


def _maskOnParallelGeometry(
    mask: np.ndarray, shape: tuple[int, int, int], firstInSource: np.ndarray, step: np.ndarray
) -> np.ndarray:
    """`maskOnGeometry` axis by axis, for parallel voxel grids: a large lesion takes seconds voxel by voxel.

    ``firstInSource`` (I, J, K) is the target's first voxel in indices of the source, ``step`` its voxels' size in them.
    """
    box, places, sources = bounding_box(mask), [], []
    for part, length, first, size in zip(box, shape, firstInSource[::-1], step[::-1], strict=True):
        # Centres of the outermost labelled voxels, in indices of the target.
        lowest, highest = ((edge - first) / size for edge in (part.start, part.stop - 1))
        if lowest < -0.5 or highest > length - 0.5:
            raise ValueError(_OUTSIDE)
        source = np.floor(first + size * np.arange(length) + 0.5).astype(int)
        inside = (source >= part.start) & (source < part.stop)
        places.append(np.flatnonzero(inside))
        sources.append(source[inside])
    result = np.zeros(shape, bool)
    result[np.ix_(*places)] = mask[np.ix_(*sources)]
    if not result.any():
        raise ValueError(_BETWEEN)
    return result


def setTag(segmentationNode: slicer.vtkMRMLSegmentationNode, name: str, value: str | None) -> None:
    """Set a tag of the tumour's segment, or take it away with None."""
    segment = segmentationNode.GetSegmentation().GetSegment(tumourSegmentId(segmentationNode))
    if value is None:
        segment.RemoveTag(name)
    else:
        segment.SetTag(name, value)


def tag(segmentationNode: slicer.vtkMRMLSegmentationNode, name: str) -> str | None:
    """A tag of the tumour's segment; None if it has none."""
    import vtk

    value = vtk.mutable("")
    segment = segmentationNode.GetSegmentation().GetSegment(tumourSegmentId(segmentationNode))
    return str(value) if segment.GetTag(name, value) else None


def drawnBy(segmentationNode: slicer.vtkMRMLSegmentationNode) -> tuple[str | None, str | None] | None:
    """Reader and session of a VOI, each None if it does not say; None for a segmentation that is no VOI."""
    try:
        stated = tag(segmentationNode, READER_TAG), tag(segmentationNode, SESSION_TAG)
    except ValueError:
        return None
    return tuple(None if one is None else one.strip() for one in stated)


def renameReader(segmentationNodes: Iterable[slicer.vtkMRMLSegmentationNode], name: str, before: str, now: str) -> None:
    """Let VOIs follow their case's reader or session (``name`` is the tag), if they are all of the one before.

    Among VOIs of several readers none changes its owner.
    """
    vois = [node for node in segmentationNodes if drawnBy(node) is not None]
    place = (READER_TAG, SESSION_TAG).index(name)
    stated = [drawnBy(node)[place] for node in vois]
    if all(one in (None, before.strip()) for one in stated):
        for node, one in zip(vois, stated, strict=True):
            if one is not None:
                setTag(node, name, now.strip())


def _reach(axes: np.ndarray, targetAxes: np.ndarray) -> np.ndarray:
    """How far, in target voxels, a source voxel reaches from its centre."""
    return np.abs(np.linalg.solve(targetAxes, axes)).sum(axis=1) / 2


def _isTumour(segment: slicer.vtkSegment) -> bool:
    import vtk

    terminology = vtk.mutable("")
    segment.GetTag(slicer.vtkSegment.GetTerminologyEntryTagName(), terminology)
    return segment.GetName() == TUMOUR_NAME or f"^{NEOPLASM_CODE}^" in str(terminology)


def _labelmapGeometry(labelmap: slicer.vtkOrientedImageData) -> ImageGeometry:
    import vtk

    ijkToRas = vtk.vtkMatrix4x4()
    labelmap.GetImageToWorldMatrix(ijkToRas)
    extent = labelmap.GetExtent()
    return geometryOfMatrix(ijkToRas, (extent[0], extent[2], extent[4]))


def _binaryLabelmapName() -> str:
    return slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
