"""VOIs kept in the archive, DICOM SEG and RTSTRUCT: what they were drawn on, which is the tumour, and its voxels."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..cohort import ImageGeometry
from .archive import ArchiveSeries
from .contours import filled_contours

_TUMOUR = re.compile(
    r"tumou?r|lesion|l[aäé]sion|\bhcc|neoplas|\bmass\b|\bgtv|carcinom|karzinom|肿瘤|腫瘍|종양|опухол", re.IGNORECASE
)


@dataclass(frozen=True)
class DicomVoi:
    """A VOI object of the archive: the images that it refers to, and the names of what is drawn in it."""

    path: Path
    modality: str
    image_uids: frozenset[str]
    names: tuple[str, ...]

    def tumour(self) -> str:
        """The name of the tumour's segment or contour. Raises ValueError with the list if it cannot be told."""
        chosen = [name for name in self.names if _TUMOUR.search(name)] or list(self.names)
        if len(chosen) != 1:
            listed = ", ".join(self.names) or "nothing"
            raise ValueError(f"{self.modality} {self.path.name} holds {listed}; which is the tumour cannot be told.")
        return chosen[0]


def read_voi_objects(series: ArchiveSeries) -> list[DicomVoi]:
    """What each SEG or RTSTRUCT file of a series refers to. Raises ValueError naming a damaged one."""
    import pydicom

    objects = []
    for one in series.files:
        try:
            dataset = pydicom.dcmread(one.path, stop_before_pixels=True)
            images = {
                str(element.value) for element in dataset.iterall() if element.keyword == "ReferencedSOPInstanceUID"
            }
            if one["Modality"] == "SEG":
                names = [str(segment.SegmentLabel) for segment in dataset.SegmentSequence]
            else:
                names = [str(structure.ROIName) for structure in dataset.StructureSetROISequence]
        except Exception as error:
            raise ValueError(f"{one['Modality']} {one.path.name} is damaged or cut off ({error}).") from error
        objects.append(DicomVoi(one.path, one["Modality"], frozenset(images), tuple(names)))
    return objects


def voi_mask(voi: DicomVoi, geometry: ImageGeometry, shape: tuple[int, int, int]) -> tuple[np.ndarray, ImageGeometry]:
    """The tumour's voxels of a VOI object.

    Parameters
    ----------
    voi : DicomVoi
    geometry : ImageGeometry
        Of the image that it was drawn on.
    shape : tuple of int
        (K, J, I) of that image.

    Returns
    -------
    mask : ndarray, uint8, (K, J, I)
    geometry : ImageGeometry
        The SEG's own, whose extent may differ from the image's; the image's for an RTSTRUCT.

    Raises
    ------
    ValueError
        If the tumour cannot be told from other segments, a SEG is fractional, contours are not closed in the planes of
        the slices, or nothing is drawn.
    """
    name = voi.tumour()
    try:
        mask, own = (
            _seg_mask(voi, name) if voi.modality == "SEG" else (_contour_mask(voi, name, geometry, shape), geometry)
        )
    except ValueError:
        raise
    except Exception as error:
        raise ValueError(f"{voi.modality} {voi.path.name} is damaged or cut off ({error}).") from error
    if not mask.any():
        raise ValueError(f"{voi.modality} {voi.path.name}: {name} is empty.")
    return mask, own


def _seg_mask(voi: DicomVoi, name: str) -> tuple[np.ndarray, ImageGeometry]:
    try:
        import highdicom
    except ImportError as error:
        raise ValueError(
            "a DICOM SEG needs the package highdicom: pip install highdicom, or export the VOI as .seg.nrrd."
        ) from error
    segmentation = highdicom.seg.segread(voi.path)
    if segmentation.segmentation_type == highdicom.seg.SegmentationTypeValues.FRACTIONAL:
        raise ValueError(f"SEG {voi.path.name} is fractional; export the VOI as a binary segmentation.")
    number = voi.names.index(name) + 1
    volume = segmentation.get_volume(segment_numbers=[segmentation.segment_numbers[number - 1]])
    mask = np.ascontiguousarray(volume.array[..., 0] > 0, dtype=np.uint8)
    # highdicom's axes are slice, row, column; ours I, J, K are column, row, slice.
    axes = volume.affine[:3, [2, 1, 0]]
    spacing_mm = np.linalg.norm(axes, axis=0)
    return mask, ImageGeometry(
        tuple(float(value) for value in spacing_mm),
        tuple(float(value) for value in volume.affine[:3, 3]),
        tuple(float(value) for value in (axes / spacing_mm).ravel()),
    )


def _contour_mask(voi: DicomVoi, name: str, geometry: ImageGeometry, shape: tuple[int, int, int]) -> np.ndarray:
    import pydicom

    dataset = pydicom.dcmread(voi.path)
    [number] = [one.ROINumber for one in dataset.StructureSetROISequence if str(one.ROIName) == name]
    contours = [
        np.array(contour.ContourData, dtype=float).reshape(-1, 3)
        for structure in dataset.ROIContourSequence
        if structure.ReferencedROINumber == number
        for contour in structure.get("ContourSequence", [])
        if _closed(contour, voi)
    ]
    try:
        return filled_contours(contours, geometry, shape)
    except ValueError as error:
        raise ValueError(f"RTSTRUCT {voi.path.name}: {error}") from error


def _closed(contour, voi: DicomVoi) -> bool:
    kind = str(contour.get("ContourGeometricType", ""))
    if kind == "POINT":
        return False
    if kind not in ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR"):
        raise ValueError(
            f"RTSTRUCT {voi.path.name} has contours of the type {kind or 'unknown'}; closed ones are needed."
        )
    return True
