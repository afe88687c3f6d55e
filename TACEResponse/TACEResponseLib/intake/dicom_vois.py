"""The voxels of what is drawn in a SEG or RTSTRUCT, on the image that it was drawn on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..cohort import ImageGeometry
from ..imaging.dicom_objects import open_dicom
from ..imaging.mask_geometry import paste_mask
from .contours import filled_contours
from .voi_objects import Structure, VoiObject

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

Mask = NDArray[np.uint8]

_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
_NOT_AN_AREA = ("POINT",)


def voi_mask(voi: VoiObject, structure: Structure, geometry: ImageGeometry, shape: tuple[int, int, int]) -> Mask:
    """The voxels of one structure of a VOI object.

    Parameters
    ----------
    voi : VoiObject
    structure : Structure
        One of its structures.
    geometry : ImageGeometry
        Of the image that it was drawn on.
    shape : tuple of int
        (K, J, I) of that image.

    Returns
    -------
    ndarray, uint8, (K, J, I), on the image's voxel grid.

    Raises
    ------
    ValueError
        If a SEG is fractional or lies on another voxel grid than the image, contours are not closed in the planes of
        the slices, or nothing is drawn.
    """
    try:
        dataset = open_dicom(voi.path, stop_before_pixels=False)
        if dataset is None:
            raise ValueError("it is not DICOM any more")
        if voi.modality == "SEG":
            mask = _seg_mask(dataset, structure, geometry, shape)
        else:
            mask = _contour_mask(dataset, structure, geometry, shape)
    except ValueError as error:
        raise ValueError(f"{voi.text}: {error}") from error
    except Exception as error:
        # pydicom and highdicom raise many kinds for what makes no sense.
        raise ValueError(f"{voi.text} is damaged or cut off ({error}); export it again.") from error
    if not mask.any():
        raise ValueError(f"{voi.text}: {structure.name} is empty; draw the VOI.")
    return mask


def _seg_mask(dataset: Dataset, structure: Structure, geometry: ImageGeometry, shape: tuple[int, int, int]) -> Mask:
    try:
        import highdicom
    except ImportError as error:
        raise ValueError(
            "a DICOM SEG needs the package highdicom: pip install highdicom, or export the VOI as .seg.nrrd."
        ) from error
    segmentation = highdicom.seg.Segmentation.from_dataset(dataset, copy=False)
    if segmentation.segmentation_type == highdicom.seg.SegmentationTypeValues.FRACTIONAL:
        raise ValueError("it is fractional; export the VOI as a binary segmentation.")
    volume = segmentation.get_volume(segment_numbers=[structure.number])
    drawn = np.ascontiguousarray(volume.array[..., 0] > 0)
    # highdicom's axes are slice, row, column; ours I, J, K are column, row, slice.
    axes = volume.affine[:3, [2, 1, 0]]
    spacing_mm = np.linalg.norm(axes, axis=0)
    own = ImageGeometry(
        (float(spacing_mm[0]), float(spacing_mm[1]), float(spacing_mm[2])),
        (float(volume.affine[0, 3]), float(volume.affine[1, 3]), float(volume.affine[2, 3])),
        tuple(float(value) for value in (axes / spacing_mm).ravel()),
    )
    return paste_mask(drawn, own, shape, geometry).astype(np.uint8)


def _contour_mask(dataset: Dataset, structure: Structure, geometry: ImageGeometry, shape: tuple[int, int, int]) -> Mask:
    plain: list[NDArray[np.float64]] = []
    exclusive: list[NDArray[np.float64]] = []
    for drawn in dataset.ROIContourSequence:
        if drawn.ReferencedROINumber != structure.number:
            continue
        for contour in drawn.get("ContourSequence") or ():
            kind = str(contour.get("ContourGeometricType", "")).strip()
            if kind in _NOT_AN_AREA:
                continue
            if kind not in _CLOSED:
                raise ValueError(f"it has contours of the type {kind or 'unknown'}; closed ones are needed.")
            points = np.array(contour.ContourData, dtype=float).reshape(-1, 3)
            (exclusive if kind == "CLOSEDPLANAR_XOR" else plain).append(points)
    return filled_contours(plain, geometry, shape, exclusive)
