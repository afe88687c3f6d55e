"""The headers of the DICOM images in a folder: what is needed to put one volume together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..cohort import named_and_more
from .acquisition_tags import DICOM_TAGS, clean_text

_SERIES_UID = "0020|000e"
_SERIES_NUMBER = "0020|0011"
_POSITION = "0020|0032"
_ORIENTATION = "0020|0037"
_PIXEL_SPACING = "0028|0030"
_NUMBER_OF_FRAMES = "0028|0008"
_SAMPLES_PER_PIXEL = "0028|0002"
_PHASE_TAGS = {
    "0020|0100": "temporal position",
    "0020|0012": "acquisition",
    "0018|1060": "trigger time",
    "0008|0032": "acquisition time",
    "0018|0081": "echo time",
    "0008|0008": "image type",
}
_KEPT = (
    _SERIES_UID,
    _SERIES_NUMBER,
    _POSITION,
    _ORIENTATION,
    _PIXEL_SPACING,
    _NUMBER_OF_FRAMES,
    _SAMPLES_PER_PIXEL,
    *_PHASE_TAGS,
    *DICOM_TAGS.values(),
)


@dataclass(frozen=True, eq=False)
class DicomSlice:
    """The header of one DICOM image.

    ``position_mm`` is ImagePositionPatient; ``row_direction`` and ``column_direction`` are ImageOrientationPatient;
    ``pixel_spacing_mm`` is (along a row, down a column), ``size`` likewise. ``metadata`` holds the kept tags as text.
    """

    path: Path
    position_mm: np.ndarray
    row_direction: np.ndarray
    column_direction: np.ndarray
    pixel_spacing_mm: tuple[float, float]
    size: tuple[int, int]
    metadata: dict[str, str]

    @property
    def series_uid(self) -> str:
        """SeriesInstanceUID, empty if absent."""
        return self.metadata.get(_SERIES_UID, "")

    @property
    def series_name(self) -> str:
        """Number and description of the series, as a person knows it."""
        number = self.metadata.get(_SERIES_NUMBER, "")
        description = self.metadata.get(DICOM_TAGS["SeriesDescription"], "")
        return f"series {number or 'without number'}, {description or 'no description'}"


def phases_of(slices: list[DicomSlice]) -> str:
    """In which tag, and by which values, slices at the same place differ; empty if in none of those known."""
    for tag, name in _PHASE_TAGS.items():
        values = sorted({one.metadata.get(tag, "") for one in slices})
        if len(values) > 1:
            return f"{name} {', '.join(value or 'none' for value in values)}"
    return ""


def read_dicom_headers(folder: Path) -> list[DicomSlice]:
    """Read the header of every DICOM image directly in ``folder``; other files are passed over.

    Raises ValueError if there is no DICOM image, or if one is damaged, multi-frame, in colour or without a position in
    the patient.
    """
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file() and path.name.upper() != "DICOMDIR")
    except OSError as error:
        raise ValueError(f"the folder {folder} cannot be opened: {error.strerror}.") from error
    slices = read_headers(files)
    if not slices:
        below = sorted(path.name for path in folder.iterdir() if path.is_dir())
        found = f"; it holds the folders {named_and_more(below)}: give the one with the series" if below else ""
        raise ValueError(f"the folder {folder} holds no DICOM images{found}.")
    return slices


def read_headers(paths: Sequence[Path]) -> list[DicomSlice]:
    """Read the headers of these files; those that are no DICOM are passed over. Raises as `read_dicom_headers`."""
    return [one for path in paths if (one := _read_header(path)) is not None]


def _read_header(path: Path) -> DicomSlice | None:
    import SimpleITK as sitk

    reader = sitk.ImageFileReader()
    reader.SetImageIO("GDCMImageIO")
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        with path.open("rb") as file:
            if file.read(132)[128:] != b"DICM":
                return None
        raise ValueError(
            f"{path} is a damaged or cut-off DICOM image, or no image at all; copy it again, or remove it."
        ) from error
    metadata = {key: clean_text(reader.GetMetaData(key)) for key in _KEPT if reader.HasMetaDataKey(key)}
    if int(metadata.get(_NUMBER_OF_FRAMES) or 1) > 1:
        raise ValueError(
            f"{path} is an enhanced (multi-frame) DICOM file, which is not read; load it in 3D Slicer and "
            "save the volume as .nrrd."
        )
    if int(metadata.get(_SAMPLES_PER_PIXEL) or 1) != 1:
        raise ValueError(f"{path} is a colour image; give the series with one grey value per pixel.")
    position = _numbers(metadata, _POSITION, 3)
    orientation = _numbers(metadata, _ORIENTATION, 6)
    pixel_spacing = _numbers(metadata, _PIXEL_SPACING, 2)
    if position is None or orientation is None or pixel_spacing is None:
        raise ValueError(
            f"{path} does not say where it lies in the patient (position, orientation or pixel spacing is missing); "
            "export the original series again."
        )
    return DicomSlice(
        path=path,
        position_mm=position,
        row_direction=orientation[:3],
        column_direction=orientation[3:],
        pixel_spacing_mm=(float(pixel_spacing[1]), float(pixel_spacing[0])),
        size=tuple(reader.GetSize()[:2]),
        metadata=metadata,
    )


def _numbers(metadata: dict[str, str], tag: str, count: int) -> np.ndarray | None:
    """A DICOM decimal string of ``count`` values, or None if absent, incomplete or not numbers."""
    try:
        values = np.array([float(text) for text in metadata.get(tag, "").split("\\")])
    except ValueError:
        return None
    return values if values.size == count and np.isfinite(values).all() else None
