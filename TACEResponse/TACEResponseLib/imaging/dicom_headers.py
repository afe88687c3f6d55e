"""The headers of the DICOM images in a folder: what is needed to put one volume together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..cohort import named_and_more, private
from .acquisition_tags import DICOM_TAGS
from .dicom_frames import FRAME_KEYWORDS, image_tags
from .dicom_objects import DAMAGED, open_dicom
from .pixel_format import FORMAT_KEYWORDS, PixelFormat

_PHASE_KEYWORDS = {
    "TemporalPositionIdentifier": "temporal position",
    "StackID": "stack",
    "AcquisitionNumber": "acquisition",
    "TriggerTime": "trigger time",
    "AcquisitionTime": "acquisition time",
    "EchoTime": "echo time",
    "ImageType": "image type",
}
_KEYWORDS = (
    "SOPInstanceUID",
    "SeriesInstanceUID",
    "SeriesNumber",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "RescaleSlope",
    "RescaleIntercept",
    *_PHASE_KEYWORDS,
    *DICOM_TAGS,
)
_READ = (*_KEYWORDS, *FRAME_KEYWORDS, *FORMAT_KEYWORDS)


@dataclass(frozen=True, eq=False)
class DicomSlice:
    """The header of one DICOM image, or of one frame of a multi-frame object.

    ``frame`` counts from 0. ``position_mm`` is ImagePositionPatient; ``row_direction`` and ``column_direction`` are
    ImageOrientationPatient; ``pixel_spacing_mm`` is (along a row, down a column). ``metadata`` holds the kept tags as
    text by DICOM keyword.
    """

    path: Path
    frame: int
    position_mm: np.ndarray
    row_direction: np.ndarray
    column_direction: np.ndarray
    pixel_spacing_mm: tuple[float, float]
    pixels: PixelFormat
    metadata: dict[str, str]

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        return self.pixels.columns, self.pixels.rows

    @property
    def series_uid(self) -> str:
        """SeriesInstanceUID, empty if absent."""
        return self.metadata.get("SeriesInstanceUID", "")

    @property
    def series_name(self) -> str:
        """Number and description of the series, as a person knows it."""
        number = self.metadata.get("SeriesNumber", "")
        description = self.metadata.get("SeriesDescription", "")
        return f"series {number or 'without number'}, {private(description) if description else 'no description'}"


def phases_of(slices: list[DicomSlice]) -> str:
    """In which tag, and by which values, slices at the same place differ; empty if in none of those known."""
    for keyword, name in _PHASE_KEYWORDS.items():
        values = sorted({one.metadata.get(keyword, "") for one in slices})
        if len(values) > 1:
            return f"{name} {', '.join(value or 'none' for value in values)}"
    return ""


def read_dicom_headers(folder: Path) -> list[DicomSlice]:
    """Read the header of every DICOM image directly in ``folder``; other files are passed over.

    Raises ValueError if there is no DICOM image, or as `read_headers`.
    """
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file() and path.name.upper() != "DICOMDIR")
        slices = read_headers(files)
    except OSError as error:
        raise ValueError(f"the folder {folder} cannot be opened: {error.strerror}.") from error
    if not slices:
        below = sorted(path.name for path in folder.iterdir() if path.is_dir())
        found = f"; it holds the folders {named_and_more(below)}: give the one with the series" if below else ""
        raise ValueError(f"the folder {folder} holds no DICOM images{found}.")
    return slices


def read_headers(paths: Sequence[Path]) -> list[DicomSlice]:
    """Read the headers of the images in these files; those that are not DICOM are passed over.

    Raises ValueError for a file that is damaged, not an image, in colour, or that does not say where its images lie.
    """
    return [one for path in paths for one in _read_header(path)]


def _read_header(path: Path) -> list[DicomSlice]:
    dataset = open_dicom(path, keywords=_READ)
    if dataset is None:
        return []
    if "Rows" not in dataset or "Columns" not in dataset:
        raise ValueError(f"{path} {DAMAGED}")
    try:
        pixels = PixelFormat.of(dataset)
        frames = image_tags(dataset, _KEYWORDS)
    except ValueError as error:
        raise ValueError(f"{path} cannot be read: {error}; export the original series again.") from error
    return [_slice(path, frame, pixels, tags) for frame, tags in enumerate(frames)]


def _slice(path: Path, frame: int, pixels: PixelFormat, tags: dict[str, str]) -> DicomSlice:
    position = _numbers(tags, "ImagePositionPatient", 3)
    orientation = _numbers(tags, "ImageOrientationPatient", 6)
    pixel_spacing = _numbers(tags, "PixelSpacing", 2)
    if position is None or orientation is None or pixel_spacing is None:
        raise ValueError(
            f"{path} does not say where it lies in the patient (position, orientation or pixel spacing is missing); "
            "export the original series again."
        )
    return DicomSlice(
        path=path,
        frame=frame,
        position_mm=position,
        row_direction=orientation[:3],
        column_direction=orientation[3:],
        pixel_spacing_mm=(float(pixel_spacing[1]), float(pixel_spacing[0])),
        pixels=pixels,
        metadata=tags,
    )


def _numbers(tags: dict[str, str], keyword: str, count: int) -> np.ndarray | None:
    """A DICOM decimal string of ``count`` values, or None if absent, incomplete or not numbers."""
    try:
        values = np.array([float(text) for text in tags.get(keyword, "").split("\\")])
    except ValueError:
        return None
    return values if values.size == count and np.isfinite(values).all() else None
